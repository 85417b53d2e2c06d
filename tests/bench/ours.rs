//! Our client in the benchmark: the same scenarios as in `interop/node/peer.mjs`.

use std::collections::HashMap;
use std::io::BufRead;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use bayeux::{Backoff, Client, Growth, Options, Subscription, TransportKind};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The payload of a burst.
#[derive(Debug, Deserialize)]
struct Numbered {
    n: u64,
    t: u64,
}

/// The command line.
#[derive(Clone)]
struct Given {
    words: Arc<HashMap<String, String>>,
    http: reqwest::Client,
}

impl Given {
    fn text(&self, key: &str) -> anyhow::Result<&str> {
        self.words.get(key).map(String::as_str).with_context(|| format!("{key} is missing"))
    }

    fn number(&self, key: &str) -> anyhow::Result<u64> {
        Ok(self.text(key)?.parse()?)
    }

    /// Opens a session, with a cookie jar of its own and the process's one HTTP client.
    async fn open(&self) -> anyhow::Result<Client> {
        let transport = match self.text("transport")? {
            "websocket" => TransportKind::WebSocket,
            _ => TransportKind::LongPolling,
        };
        let options = Options {
            ack: self.text("ack")? == "true",
            inbox_limit: 20_000,
            // As the others are set up: 200 ms, a little more each time.
            backoff: Backoff::new(Duration::from_millis(200), Duration::from_secs(5), Growth::Linear, 0.0)?,
            ..Options::default()
        };
        let builder = Client::builder(self.text("url")?).options(options).transports([transport]);
        let client = builder.http(self.http.clone()).build()?;
        client.connect().await?;
        Ok(client)
    }
}

/// Reads the command line, waits for the word to begin, and says what came out.
#[expect(clippy::print_stdout, reason = "announcements to the one that measures")]
pub fn main(words: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let pairs = words.filter_map(|word| word.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned())));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let given = Given { words: Arc::new(pairs.collect()), http: bayeux::http_client().build()? };
    println!("BEGIN");
    told()?;
    let result = runtime.block_on(async {
        match given.text("scenario")? {
            "burst" => burst(&given).await,
            "echo" => echo(&given).await,
            "crowd" => crowd(&given).await,
            _ => recovery(&given).await,
        }
    })?;
    println!("RESULT {result}");
    told()
}

/// Waits for a line from the one that measures.
fn told() -> anyhow::Result<()> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(())
}

async fn next(stream: &mut Subscription) -> anyhow::Result<Numbered> {
    let delivery = stream.next().await.with_context(|| format!("the stream ended: {:?}", stream.end()))?;
    Ok(delivery.parse()?)
}

async fn burst(given: &Given) -> anyhow::Result<Value> {
    let count = given.number("count")?;
    let client = given.open().await?;
    let mut stream = client.subscribe("/burst").await?;
    let mut seconds = Vec::new();
    let mut disordered = 0;
    for _ in 0..given.number("runs")? {
        let begun = Instant::now();
        let asked = client.publish("/service/burst", &json!({ "channel": "/burst", "count": count })).send().await?;
        for expected in 0..count {
            disordered += u64::from(next(&mut stream).await?.n != expected);
        }
        seconds.push(begun.elapsed().as_secs_f64());
        asked.await?;
    }
    client.disconnect(Duration::from_secs(5)).await?;
    Ok(json!({ "seconds": seconds, "disordered": disordered }))
}

async fn echo(given: &Given) -> anyhow::Result<Value> {
    let (warmup, count) = (given.number("warmup")?, given.number("count")?);
    let client = given.open().await?;
    let mut stream = client.subscribe("/service/echo").await?;
    let mut micros = Vec::new();
    for n in 0..warmup + count {
        let begun = Instant::now();
        let asked = client.publish("/service/echo", &json!({ "n": n, "t": 0 })).send().await?;
        ensure!(next(&mut stream).await?.n == n, "another answer");
        if n >= warmup {
            micros.push(u64::try_from(begun.elapsed().as_micros())?);
        }
        drop(asked);
    }
    client.disconnect(Duration::from_secs(5)).await?;
    Ok(summary(micros))
}

async fn crowd(given: &Given) -> anyhow::Result<Value> {
    let (sessions, count) = (given.number("sessions")?, given.number("count")?);
    let begun = Instant::now();
    let together = Arc::new(Semaphore::new(usize::try_from(given.number("together")?)?));
    let mut opening = JoinSet::new();
    for _ in 0..sessions {
        let (given, together) = (given.clone(), together.clone());
        opening.spawn(async move {
            let _turn = together.acquire_owned().await?;
            let client = given.open().await?;
            let stream = client.subscribe("/crowd").await?;
            anyhow::Ok((client, stream))
        });
    }
    let mut clients = Vec::new();
    let mut readers = JoinSet::new();
    while let Some(opened) = opening.join_next().await {
        let (client, mut stream) = opened??;
        clients.push(client);
        readers.spawn(async move {
            let mut micros = Vec::new();
            let mut disordered = 0;
            for expected in 0..count {
                let came = next(&mut stream).await?;
                micros.push(wall_micros()?.saturating_sub(came.t));
                disordered += u64::from(came.n != expected);
            }
            anyhow::Ok((stream, micros, disordered))
        });
    }
    let setup = begun.elapsed();
    let every = given.number("everyMicros")?;
    let ask = json!({ "channel": "/crowd", "count": count, "everyMicros": every });
    clients.first().context("no sessions")?.publish("/service/burst", &ask).await?;
    let mut all = Vec::new();
    let mut disordered = 0;
    let mut streams = Vec::new();
    while let Some(read) = readers.join_next().await {
        let (stream, micros, mixed) = read??;
        streams.push(stream);
        all.extend(micros);
        disordered += mixed;
    }
    let deliveries = all.len();
    let mut result = summary(all);
    result["setupSeconds"] = json!(setup.as_secs_f64());
    result["deliveries"] = json!(deliveries);
    result["disordered"] = json!(disordered);
    Ok(result)
}

#[expect(clippy::print_stdout, reason = "announcements to the one that measures")]
async fn recovery(given: &Given) -> anyhow::Result<Value> {
    let client = given.open().await?;
    let mut stream = client.subscribe("/tick").await?;
    println!("SUBSCRIBED");
    told()?;
    println!("WAITING");
    next(&mut stream).await?;
    Ok(json!({ "firstMicros": wall_micros()? }))
}

fn summary(mut micros: Vec<u64>) -> Value {
    micros.sort_unstable();
    let share = |hundredths: usize| micros.get((micros.len() * hundredths / 100).min(micros.len().saturating_sub(1)));
    json!({ "p50Micros": share(50), "p99Micros": share(99), "maxMicros": micros.last() })
}

/// The wall clock: the one clock that processes share.
#[expect(clippy::disallowed_methods, reason = "compares moments of two processes")]
fn wall_micros() -> anyhow::Result<u64> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(u64::try_from(since.as_micros())?)
}
