//! A customer's side of a chat over HTTP: the customer chat API of Genesys Web Services (RequestChat, SendMessage,
//! GetMessages, Complete), which needs no login.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// How long one request may take.
const REQUEST_DEADLINE: Duration = Duration::from_secs(30);
/// The first wait between two looks at the messages, and the longest: looks get rarer while nothing happens.
const FIRST_WAIT: Duration = Duration::from_millis(2);
const LONGEST_WAIT: Duration = Duration::from_millis(50);

/// Where chats are requested.
#[derive(Debug, Clone)]
pub struct Door {
    /// The shared HTTP client.
    pub http: reqwest::Client,
    /// `http://host:port`.
    pub base: String,
    /// The `ContactCenterId` header.
    pub contact_centre: String,
    /// Where chats go in, as `tenant:endpoint`.
    pub endpoint: String,
}

/// One chat, as its customer has it.
#[derive(Debug)]
pub struct Chat {
    door: Door,
    address: String,
    seen: u64,
    unread: VecDeque<Line>,
}

/// An entry of the transcript, as the customer sees it.
#[derive(Debug, Clone, Deserialize)]
pub struct Line {
    /// Place in the transcript.
    pub index: u64,
    /// `Text`, `ParticipantJoined`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The words.
    #[serde(default)]
    pub text: String,
    /// Who.
    pub from: From,
}

/// Who said it.
#[derive(Debug, Clone, Deserialize)]
pub struct From {
    /// The name shown.
    #[serde(default)]
    pub nickname: String,
    /// `Customer`, `Agent`, …
    #[serde(rename = "type")]
    pub kind: String,
}

impl Line {
    /// Words of somebody on the agents' side.
    pub fn is_agent_text(&self) -> bool {
        self.kind == "Text" && self.from.kind == "Agent"
    }
}

impl Door {
    /// Requests a chat.
    pub async fn open(&self, nickname: &str, subject: &str) -> anyhow::Result<Chat> {
        let body = json!({
            "operationName": "RequestChat", "nickname": nickname, "subject": subject, "endpoint": self.endpoint,
        });
        let answer = self.call(self.http.post(format!("{}/api/v2/chats", self.base)).json(&body)).await?;
        let id = answer["id"].as_str().context("the answer to RequestChat has no id")?;
        Ok(Chat {
            door: self.clone(),
            address: format!("{}/api/v2/chats/{id}", self.base),
            seen: 0,
            unread: VecDeque::new(),
        })
    }

    async fn call(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
        let response = request.header("ContactCenterId", &self.contact_centre).timeout(REQUEST_DEADLINE).send().await?;
        let status = response.status();
        let body: Value = response.json().await.with_context(|| format!("HTTP {status}, not JSON"))?;
        ensure!(status.is_success() && body["statusCode"] == 0, "HTTP {status}: {}", body["statusMessage"]);
        Ok(body)
    }
}

impl Chat {
    /// Says something.
    pub async fn say(&self, text: &str) -> anyhow::Result<()> {
        self.operate(json!({ "operationName": "SendMessage", "text": text })).await
    }

    /// Ends the chat.
    pub async fn complete(&self) -> anyhow::Result<()> {
        self.operate(json!({ "operationName": "Complete" })).await
    }

    /// Drops the lines that have come and were not asked for, but those to keep: what comes next answers what is said next.
    pub fn skip_unread(&mut self, keep: impl Fn(&Line) -> bool) {
        self.unread.retain(keep);
    }

    async fn operate(&self, body: Value) -> anyhow::Result<()> {
        self.door.call(self.door.http.post(&self.address).json(&body)).await.map(drop)
    }

    /// The lines that are new since the last look, in order.
    async fn look(&mut self) -> anyhow::Result<Vec<Line>> {
        let answer = self.door.call(self.door.http.get(format!("{}/messages", self.address))).await?;
        let mut lines: Vec<Line> =
            serde_json::from_value(answer["messages"].clone()).context("the messages of a chat")?;
        lines.retain(|line| line.index > self.seen);
        lines.sort_by_key(|line| line.index);
        if let Some(last) = lines.last() {
            self.seen = last.index;
        }
        Ok(lines)
    }

    /// The next line that is wanted, in order; `None` when the deadline has passed. Later lines are kept for the next call.
    pub async fn wait(&mut self, deadline: Instant, wanted: impl Fn(&Line) -> bool) -> anyhow::Result<Option<Line>> {
        let mut wait = FIRST_WAIT;
        loop {
            while let Some(line) = self.unread.pop_front() {
                if wanted(&line) {
                    return Ok(Some(line));
                }
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            let new = self.look().await?;
            if new.is_empty() {
                sleep(wait).await;
                wait = (wait * 2).min(LONGEST_WAIT);
            }
            self.unread.extend(new);
        }
    }
}
