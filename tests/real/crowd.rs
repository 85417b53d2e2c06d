//! Customers who speak the customer chat API in raw JSON. Each says a burst of lines, waits for the answer to every one of
//! them, rests, and goes on until told to leave.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::PATIENCE;

/// Most lines in one burst.
const BURST: usize = 3;

pub struct Crowd {
    door: Arc<Door>,
    seed: u64,
    customers: Mutex<JoinSet<Result<()>>>,
    /// How many have had an answer.
    greeted: Arc<AtomicUsize>,
    enough: CancellationToken,
}

struct Door {
    http: reqwest::Client,
    chats: String,
    centre: String,
    rest: Duration,
}

impl Crowd {
    pub fn new(server: &simulator::Handle, rest: Duration, seed: u64) -> Result<Self> {
        let chats = format!("{}/api/v2/chats", server.base_url());
        let http = bayeux::http_client().build()?;
        let door = Arc::new(Door { http, chats, centre: server.contact_center_id(), rest });
        let (customers, greeted) = (Mutex::default(), Arc::default());
        Ok(Self { door, seed, customers, greeted, enough: CancellationToken::new() })
    }

    /// Lets so many customers in, and waits until each has had an answer.
    pub async fn arrive(&self, count: usize) -> Result<()> {
        for number in 0..count {
            let (door, greeted, enough) = (self.door.clone(), self.greeted.clone(), self.enough.clone());
            let chance = SmallRng::seed_from_u64(self.seed ^ ((number as u64 + 1) << 32));
            self.customers.lock().await.spawn(async move { visit(&door, number, chance, &greeted, &enough).await });
        }
        let deadline = Instant::now() + PATIENCE;
        while self.greeted.load(Ordering::SeqCst) < count {
            if let Some(ended) = self.customers.lock().await.try_join_next() {
                ended??;
                bail!("a customer has left");
            }
            ensure!(Instant::now() < deadline, "only {} customers were answered", self.greeted.load(Ordering::SeqCst));
            sleep(Duration::from_millis(20)).await; // looks again, never decides by itself
        }
        Ok(())
    }

    /// Tells everybody to leave, each with their last line answered.
    pub async fn leave(&self) -> Result<()> {
        self.enough.cancel();
        let mut customers = self.customers.lock().await;
        while let Some(ended) = customers.join_next().await {
            ended??;
        }
        Ok(())
    }
}

async fn visit(
    door: &Door,
    number: usize,
    mut chance: SmallRng,
    greeted: &AtomicUsize,
    enough: &CancellationToken,
) -> Result<()> {
    let request = json!({ "operationName": "RequestChat", "nickname": "Customer", "endpoint": "Environment:chat_in" });
    let answer = door.post(&door.chats, &request).await?;
    let chat = format!("{}/{}", door.chats, answer["id"].as_str().context("no id")?);
    let (mut said, mut heard, mut index) = (0, 0, 0);
    loop {
        for _ in 0..chance.random_range(1..=BURST) {
            said += 1;
            let text = format!("customer {number} line {said}");
            door.post(&chat, &json!({ "operationName": "SendMessage", "text": text })).await?;
        }
        let waiting = async {
            while heard < said {
                let (lines, next) = door.listen(&chat, index).await?;
                heard += lines;
                index = next;
            }
            anyhow::Ok(())
        };
        timeout(PATIENCE, waiting)
            .await
            .with_context(|| format!("customer {number} said {said} lines and heard {heard}"))??;
        if said <= BURST {
            greeted.fetch_add(1, Ordering::SeqCst);
        }
        let rest = door.rest.mul_f64(chance.random_range(0.1..1.0));
        if enough.run_until_cancelled(sleep(rest)).await.is_none() {
            break;
        }
    }
    door.post(&chat, &json!({ "operationName": "Complete" })).await.map(drop)
}

impl Door {
    async fn post(&self, url: &str, body: &Value) -> Result<Value> {
        let request = self.http.post(url).header("ContactCenterId", &self.centre).json(body);
        let answer: Value = request.send().await?.json().await?;
        ensure!(answer["statusCode"] == 0, "{answer}");
        Ok(answer)
    }

    /// Waits for news from this place of the transcript on: how many lines of the bot, and where to read on.
    async fn listen(&self, chat: &str, from: u64) -> Result<(usize, u64)> {
        let url = format!("{chat}/messages?index={from}&wait=20000");
        let answer: Value = self.http.get(url).header("ContactCenterId", &self.centre).send().await?.json().await?;
        ensure!(answer["statusCode"] == 0, "{answer}");
        let entries = answer["messages"].as_array().context("no messages")?;
        let next = entries.iter().filter_map(|entry| entry["index"].as_u64()).max().map_or(from, |last| last + 1);
        let by_bot = entries.iter().filter(|entry| entry["type"] == "Text" && entry["from"]["type"] == "Agent");
        let lines = by_bot.filter_map(|entry| entry["text"].as_str()).map(|text| text.lines().count()).sum();
        Ok((lines, next))
    }
}
