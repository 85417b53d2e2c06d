//! A customer who speaks the customer chat API in raw JSON.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// How long a customer waits for anything.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Customer {
    http: reqwest::Client,
    chat: String,
    centre: String,
}

impl Customer {
    pub async fn arrives(server: &simulator::Handle, name: &str) -> anyhow::Result<Self> {
        let http = bayeux::http_client().build()?;
        let centre = server.contact_center_id();
        let address = format!("{}/api/v2/chats", server.base_url());
        let body = json!({ "operationName": "RequestChat", "nickname": name, "endpoint": "Environment:chat_in" });
        let answer: Value =
            http.post(&address).header("ContactCenterId", &centre).json(&body).send().await?.json().await?;
        let id = answer["id"].as_str().with_context(|| format!("no id in {answer}"))?;
        Ok(Self { chat: format!("{address}/{id}"), http, centre })
    }

    pub async fn says(&self, text: &str) -> anyhow::Result<()> {
        let answer = self.post(json!({ "operationName": "SendMessage", "text": text })).await?;
        ensure!(answer["statusCode"] == 0, "{answer}");
        Ok(())
    }

    pub async fn leaves(&self) -> anyhow::Result<()> {
        self.post(json!({ "operationName": "Complete" })).await.map(drop)
    }

    /// An operation with its whole answer.
    pub async fn post(&self, body: Value) -> anyhow::Result<Value> {
        let answer = self.http.post(&self.chat).header("ContactCenterId", &self.centre).json(&body).send().await?;
        Ok(answer.json().await?)
    }

    /// The transcript from the start.
    pub async fn transcript(&self) -> anyhow::Result<Vec<Value>> {
        let address = format!("{}/messages?index=0", self.chat);
        let answer: Value = self.http.get(address).header("ContactCenterId", &self.centre).send().await?.json().await?;
        Ok(answer["messages"].as_array().cloned().unwrap_or_default())
    }

    /// What agents said so far: who, and what.
    pub async fn heard(&self) -> anyhow::Result<Vec<(String, String)>> {
        let of = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let said = |line: &Value| line["type"] == "Text" && line["from"]["type"] == "Agent";
        let lines = self.transcript().await?;
        Ok(lines
            .iter()
            .filter(|line| said(line))
            .map(|line| (of(&line["from"], "nickname"), of(line, "text")))
            .collect())
    }

    /// Waits until agents have said this many lines, and gives them all.
    pub async fn hears(&self, lines: usize) -> anyhow::Result<Vec<String>> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let heard = self.heard().await?;
            if heard.len() >= lines {
                return Ok(heard.into_iter().map(|(_, text)| text).collect());
            }
            if Instant::now() > deadline {
                bail!("heard {heard:?}, waited for {lines} lines");
            }
            sleep(Duration::from_millis(20)).await; // looks again, never decides by itself
        }
    }
}
