//! What the stories share: servers that stay up for all trials, clients in their usual set-up, and waiting with a deadline.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use attendant_tests::interop::{Kind, Server, Settings};
use bayeux::{Backoff, Client, ClientBuilder, Event, Events, Growth, Options, Subscription, TransportKind};
use serde::Deserialize;
use tokio::sync::{Mutex, OnceCell};

/// How long something that is bound to happen may take.
pub const SOON: Duration = Duration::from_secs(20);

/// The payload of a burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Numbered {
    /// Its place in the burst.
    pub n: u64,
}

/// The server of a kind that all trials may use, and none may break.
pub async fn shared(kind: Kind) -> anyhow::Result<&'static Server> {
    static SERVERS: [OnceCell<Server>; 4] = [const { OnceCell::const_new() }; 4];
    let place = Kind::ALL.iter().position(|other| *other == kind).context("a kind that is not listed")?;
    SERVERS[place].get_or_try_init(|| Server::start(kind, Settings::default())).await
}

/// The transports of a kind of server.
pub fn transports(kind: Kind) -> Vec<TransportKind> {
    let mut transports = vec![TransportKind::LongPolling];
    if kind.has_websocket() {
        transports.push(TransportKind::WebSocket);
    }
    transports
}

/// A channel that no other trial uses.
pub fn channel(root: &str) -> String {
    static LAST: AtomicU32 = AtomicU32::new(0);
    format!("/{root}/{}", LAST.fetch_add(1, Ordering::Relaxed))
}

/// Options with short waits.
pub fn options() -> anyhow::Result<Options> {
    Ok(Options {
        max_network_delay: Duration::from_millis(1500),
        backoff: Backoff::new(Duration::from_millis(100), Duration::from_secs(1), Growth::Exponential, 0.5)?,
        inbox_limit: 20_000,
        ..Options::default()
    })
}

/// A client on one transport, not connected yet.
pub fn client(url: &str, transport: TransportKind) -> anyhow::Result<ClientBuilder> {
    Ok(Client::builder(url).options(options()?).transports([transport]))
}

/// Waits for something that is bound to happen.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> anyhow::Result<T> {
    tokio::time::timeout(SOON, future).await.with_context(|| format!("{what}: not within {SOON:?}"))
}

/// Asks again and again until the answer is yes.
pub async fn until<F, T>(what: &str, mut ask: F) -> anyhow::Result<()>
where
    F: FnMut() -> T,
    T: Future<Output = anyhow::Result<bool>>,
{
    soon(what, async {
        while !ask().await? {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        anyhow::Ok(())
    })
    .await?
}

/// Reads numbers until `count` have come.
pub async fn numbers(stream: &mut Subscription, count: usize) -> anyhow::Result<Vec<u64>> {
    let mut numbers = Vec::with_capacity(count);
    while numbers.len() < count {
        let next = tokio::time::timeout(SOON, stream.next()).await;
        let next = next.with_context(|| format!("{} of {count} came, then nothing", numbers.len()))?;
        let Some(delivery) = next else { bail!("the stream ended: {:?}", stream.end()) };
        numbers.push(delivery.parse::<Numbered>()?.n);
    }
    Ok(numbers)
}

/// Makes sure that numbers are `0..count`, each once, in order.
pub fn in_order(numbers: &[u64], count: u64) -> anyhow::Result<()> {
    let times = numbers.iter().fold(BTreeMap::<u64, u32>::new(), |mut times, number| {
        *times.entry(*number).or_default() += 1;
        times
    });
    let lost = (0..count).filter(|number| !times.contains_key(number)).count();
    let doubled = times.values().filter(|times| **times > 1).count();
    let reordered = numbers.windows(2).filter(|pair| pair[0] > pair[1]).count();
    ensure!(
        numbers.len() as u64 == count && lost + doubled + reordered == 0,
        "of {count}: {} came, {lost} lost, {doubled} doubled, {reordered} out of order: {:?}",
        numbers.len(),
        steps(numbers)
    );
    Ok(())
}

/// The places where a number does not follow its predecessor, the first few.
fn steps(numbers: &[u64]) -> Vec<(u64, u64)> {
    numbers.windows(2).filter(|pair| pair[0] + 1 != pair[1]).map(|pair| (pair[0], pair[1])).take(8).collect()
}

/// Everything a client told about itself, kept by a task that reads along.
#[derive(Debug)]
pub struct Log {
    events: Mutex<(Events, Vec<Event>)>,
}

impl Log {
    /// Begins to listen.
    pub async fn of(client: &Client) -> Self {
        Self { events: Mutex::new((client.events().await, Vec::new())) }
    }

    /// Waits until an event is as asked; the ones before it count as well.
    pub async fn wait(&self, what: &str, is: impl Fn(&Event) -> bool) -> anyhow::Result<()> {
        let mut held = self.events.lock().await;
        let (events, seen) = &mut *held;
        if seen.iter().any(&is) {
            return Ok(());
        }
        let waited = tokio::time::timeout(SOON, async {
            while let Some(event) = events.next().await {
                let found = is(&event);
                seen.push(event);
                if found {
                    return true;
                }
            }
            false
        });
        let found = waited.await.unwrap_or(false);
        ensure!(found, "{what}: did not happen; what happened was {:#?}", brief(seen));
        Ok(())
    }

    /// Whether an event is as asked among those that have come.
    pub async fn has(&self, is: impl Fn(&Event) -> bool) -> bool {
        let mut held = self.events.lock().await;
        let (events, seen) = &mut *held;
        while let Ok(Some(event)) = tokio::time::timeout(Duration::from_millis(1), events.next()).await {
            seen.push(event);
        }
        seen.iter().any(is)
    }

    /// Forgets what has come so far.
    pub async fn forget(&self) {
        self.has(|_| false).await;
        self.events.lock().await.1.clear();
    }
}

fn brief(events: &[Event]) -> Vec<&dyn Debug> {
    events.iter().filter(|event| !matches!(event, Event::Advised(_))).map(|event| event as &dyn Debug).collect()
}
