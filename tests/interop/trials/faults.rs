//! Our client behind the fault proxy, in front of the current Java server. Each kind of trouble meets four sessions at once:
//! one that receives with ack, one that receives without, one that publishes, one that publishes with resending on.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, ensure};
use attendant_tests::interop::{Kind, Needs, Server, Settings, url_at};
use attendant_tests::proxy::{Fault, FaultProxy};
use bayeux::{Client, Event, Options, PublishError, Subscription, TransportKind};
use libtest_mimic::Trial;
use serde_json::json;
use tokio::sync::OnceCell;
use tokio::time::sleep;

use super::scene::{self, Log, in_order, numbers, soon};
use super::trial;

/// Messages in each direction.
const COUNT: u64 = 200;
/// One after the other at this distance.
const EVERY: Duration = Duration::from_millis(10);
/// Trouble begins when some messages have passed.
const BEFORE: Duration = Duration::from_millis(400);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// All connections are reset, three times.
    Resets,
    /// Answers vanish for a while, then the connections are reset.
    SwallowedAnswers,
    /// Answers vanish, and the connections stay open and mute: the client has to find out by itself.
    MuteConnections,
    /// Nothing passes for 2 s, what was sent is gone, and the old connections stay dead.
    BlackHole,
    /// Nothing passes for 2 s, then everything does.
    Stall,
    /// A few bytes at a time.
    SlowBytes,
}

impl Trouble {
    const ALL: [Self; 6] =
        [Self::Resets, Self::SwallowedAnswers, Self::MuteConnections, Self::BlackHole, Self::Stall, Self::SlowBytes];

    fn name(self) -> &'static str {
        match self {
            Self::Resets => "resets",
            Self::SwallowedAnswers => "swallowed_answers",
            Self::MuteConnections => "mute_connections",
            Self::BlackHole => "black_hole",
            Self::Stall => "stall",
            Self::SlowBytes => "slow_bytes",
        }
    }

    /// Bytes are bound to be lost.
    fn loses_bytes(self) -> bool {
        matches!(self, Self::SwallowedAnswers | Self::MuteConnections | Self::BlackHole)
    }

    async fn happens_to(self, proxy: &FaultProxy) {
        match self {
            Self::Resets => {
                for _ in 0..3 {
                    proxy.reset_all();
                    sleep(Duration::from_millis(400)).await;
                }
            }
            Self::SwallowedAnswers => {
                proxy.set(Fault::SwallowAnswers);
                sleep(Duration::from_millis(500)).await;
                proxy.set(Fault::None);
                proxy.reset_all();
            }
            Self::MuteConnections => {
                proxy.set(Fault::SwallowAnswers);
                sleep(Duration::from_millis(500)).await;
                proxy.set(Fault::None);
            }
            Self::BlackHole => {
                proxy.set(Fault::BlackHole);
                sleep(Duration::from_secs(2)).await;
                proxy.set(Fault::None);
            }
            Self::Stall => {
                proxy.set(Fault::Hold);
                sleep(Duration::from_secs(2)).await;
                proxy.set(Fault::None);
            }
            Self::SlowBytes => {
                proxy.set(Fault::Slow { piece: 200, pause: Duration::from_millis(2) });
                sleep(Duration::from_secs(2)).await;
                proxy.set(Fault::None);
            }
        }
    }
}

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for way in scene::transports(Kind::JavaCurrent) {
        for trouble in Trouble::ALL {
            let name = format!("fault::{}::{}", way.name(), trouble.name());
            trials.push(trial(&name, &[Needs::Java], move || meets(way, trouble)));
        }
        let name = format!("fault::{}::server_killed", way.name());
        trials.push(trial(&name, &[Needs::Java], move || server_killed(way)));
    }
    trials
}

/// Short holds, so that a mute connection is found out soon; sessions live through every trouble here.
fn settings() -> Settings {
    Settings { timeout: Duration::from_secs(1), max_interval: Duration::from_secs(20), ..Settings::default() }
}

fn options(ack: bool, resend: bool) -> anyhow::Result<Options> {
    Ok(Options { max_network_delay: Duration::from_secs(1), ack, resend, ..scene::options()? })
}

async fn connected(proxy: &FaultProxy, way: TransportKind, options: Options) -> anyhow::Result<(Client, Log)> {
    let client = Client::builder(url_at(proxy.address())).options(options).transports([way]).build()?;
    let log = Log::of(&client).await;
    soon("connecting", client.connect()).await??;
    Ok((client, log))
}

async fn meets(way: TransportKind, trouble: Trouble) -> anyhow::Result<()> {
    static SERVER: OnceCell<Server> = OnceCell::const_new();
    let server = SERVER.get_or_try_init(|| Server::start(Kind::JavaCurrent, settings())).await?;
    tokio::try_join!(
        async { received(server, way, trouble, true).await.context("receiving with ack") },
        async { received(server, way, trouble, false).await.context("receiving without ack") },
        async { published(server, way, trouble, false).await.context("publishing") },
        async { published(server, way, trouble, true).await.context("publishing with resend") },
    )?;
    Ok(())
}

/// With ack nothing is lost, doubled or reordered. Without, nothing is doubled or reordered, and a loss is told.
async fn received(server: &Server, way: TransportKind, trouble: Trouble, ack: bool) -> anyhow::Result<()> {
    let proxy = FaultProxy::start(server.address()).await?;
    let (client, log) = connected(&proxy, way, options(ack, false)?).await?;
    let channel = scene::channel("fault");
    let mut stream = client.subscribe(channel.as_str()).await?;
    server.burst(&channel, 0, COUNT, EVERY).await?;
    sleep(BEFORE).await;
    trouble.happens_to(&proxy).await;
    if trouble.loses_bytes() {
        ensure!(proxy.lost_bytes() > 0, "the proxy lost nothing: this shows nothing");
    }

    if ack {
        in_order(&numbers(&mut stream, usize::try_from(COUNT)?).await?, COUNT)?;
    } else {
        sleep(EVERY * u32::try_from(COUNT)?).await;
        let came = up_to_marker(server, &channel, &mut stream).await?;
        judge(&came, &log).await?;
    }
    soon("disconnecting", client.disconnect(scene::SOON)).await??;
    Ok(())
}

/// What came before a last message that is published until it comes.
async fn up_to_marker(server: &Server, channel: &str, stream: &mut Subscription) -> anyhow::Result<Vec<u64>> {
    let mut came = Vec::new();
    soon("the last message", async {
        loop {
            server.burst(channel, COUNT, 1, Duration::ZERO).await?;
            while let Ok(next) = tokio::time::timeout(Duration::from_millis(500), numbers(stream, 1)).await {
                match next?.first() {
                    Some(number) if *number < COUNT => came.push(*number),
                    _ => return Ok(std::mem::take(&mut came)),
                }
            }
        }
    })
    .await?
}

/// Nothing twice, nothing out of order; and if something is missing, the client said that it may be.
async fn judge(came: &[u64], log: &Log) -> anyhow::Result<()> {
    ensure!(came.windows(2).all(|pair| pair[0] < pair[1]), "doubled or out of order: {came:?}");
    let lost = COUNT - came.len() as u64;
    if lost > 0 {
        let gap = |event: &Event| {
            matches!(
                event,
                Event::Connected { gap: true, .. } | Event::Established { gap: true, .. } | Event::Dropped { .. }
            )
        };
        ensure!(log.has(gap).await, "{lost} of {COUNT} were lost, and nobody said so");
    }
    Ok(())
}

/// What the client says of each message agrees with what the server saw; with resend everything arrives, in order.
async fn published(server: &Server, way: TransportKind, trouble: Trouble, resend: bool) -> anyhow::Result<()> {
    let proxy = FaultProxy::start(server.address()).await?;
    let (client, _log) = connected(&proxy, way, options(false, resend)?).await?;
    let channel = scene::channel("in/fault");
    let (outcomes, ()) = tokio::join!(publish_all(&client, &channel), async {
        sleep(BEFORE).await;
        trouble.happens_to(&proxy).await;
    });
    agree(&outcomes?, &server.seen(&channel).await?, resend)?;
    soon("disconnecting", client.disconnect(scene::SOON)).await??;
    Ok(())
}

async fn publish_all(client: &Client, channel: &str) -> anyhow::Result<Vec<Result<(), PublishError>>> {
    let mut receipts = Vec::new();
    for n in 0..COUNT {
        receipts.push(client.publish(channel, &json!({ "n": n })).send().await?);
        sleep(EVERY).await;
    }
    let mut outcomes = Vec::new();
    for receipt in receipts {
        outcomes.push(soon("the outcome of a publish", receipt).await?.map(drop));
    }
    Ok(outcomes)
}

fn agree(outcomes: &[Result<(), PublishError>], seen: &[i64], resend: bool) -> anyhow::Result<()> {
    let mut first_seen = Vec::new();
    let mut arrived = BTreeSet::new();
    for number in seen {
        if arrived.insert(*number) {
            first_seen.push(u64::try_from(*number)?);
        }
    }
    for (number, outcome) in (0_i64..).zip(outcomes) {
        match outcome {
            Ok(()) => ensure!(arrived.contains(&number), "{number} was said to be delivered, and is not"),
            Err(PublishError::NotDelivered(error)) => {
                ensure!(!arrived.contains(&number), "{number} was said to have failed ({error}), and arrived");
            }
            Err(PublishError::Unknown(_)) => {}
        }
    }
    // A message whose answer did not come in time may be on its way still, and overtaken. One that was answered may not.
    let known =
        |number: &&u64| usize::try_from(**number).is_ok_and(|number| outcomes.get(number).is_some_and(Result::is_ok));
    ensure!(first_seen.iter().filter(known).is_sorted(), "arrived out of order: {first_seen:?}");
    if resend {
        in_order(&first_seen, COUNT)?;
        ensure!(outcomes.iter().all(Result::is_ok), "something was resent and not said to be delivered");
    } else {
        ensure!(seen.len() == arrived.len(), "arrived twice, without resend: {seen:?}");
    }
    Ok(())
}

/// The server is killed and started again. What it held is gone with it, so the half that was published before has to be there
/// before it is killed; and everybody is told of a new session.
async fn server_killed(way: TransportKind) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let book = Some(folder.path().join("seen"));
    let mut server = Server::start(Kind::JavaCurrent, Settings { book, ..settings() }).await?;
    let proxy = FaultProxy::start(server.address()).await?;
    let (acked, acked_log) = connected(&proxy, way, options(true, false)?).await?;
    let (plain, plain_log) = connected(&proxy, way, options(false, false)?).await?;
    let (once, _log) = connected(&proxy, way, options(false, false)?).await?;
    let (resender, _log) = connected(&proxy, way, options(false, true)?).await?;
    let mut streams = [acked.subscribe("/restart").await?, plain.subscribe("/restart").await?];

    let half = COUNT / 2;
    server.burst("/restart", 0, half, Duration::ZERO).await?;
    let mut came = [Vec::new(), Vec::new()];
    for (came, stream) in came.iter_mut().zip(&mut streams) {
        *came = numbers(stream, usize::try_from(half)?).await?;
    }
    let (published, resent, killed) =
        tokio::join!(publish_all(&once, "/in/published"), publish_all(&resender, "/in/resent"), async {
            sleep(BEFORE).await;
            server.kill().await?;
            sleep(Duration::from_millis(500)).await;
            server.start_again().await
        });
    killed?;
    for log in [&acked_log, &plain_log] {
        log.wait("told of a new session", |event| matches!(event, Event::Established { first: false, gap: true, .. }))
            .await?;
    }
    agree(&published?, &server.seen("/in/published").await?, false)?;
    agree(&resent?, &server.seen("/in/resent").await?, true)?;

    // What a session publishes comes after its restored subscriptions.
    for client in [&acked, &plain] {
        soon("publishing", client.publish("/in/fence", &json!({ "n": 0 })).into_future()).await??;
    }
    server.burst("/restart", half, half, Duration::ZERO).await?;
    for (came, stream) in came.iter_mut().zip(&mut streams) {
        came.extend(numbers(stream, usize::try_from(half)?).await?);
        in_order(came, COUNT)?;
    }
    Ok(())
}
