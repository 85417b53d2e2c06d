//! The simulator's server under clients that nobody here wrote: sign-in by password, a wildcard subscription, an offer, ack,
//! and a session that is dropped.

use std::time::Duration;

use anyhow::{Context, ensure};
use attendant_tests::interop::{Needs, Program, java, node};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use simulator::faults::Kind as Wrong;
use simulator::{AgentProfile, Centre, Fault, Handle, Options, QueueProfile, Server};
use tokio::process::Command;

use super::trial;

const USER: &str = "bot-01";
const PASSWORD: &str = "s3cret";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visitor {
    JavaScript,
    Faye,
    Java,
}

impl Visitor {
    fn name(self) -> &'static str {
        match self {
            Self::JavaScript => "cometd_javascript",
            Self::Faye => "faye",
            Self::Java => "cometd_java",
        }
    }

    fn needs(self) -> Needs {
        if self == Self::Java { Needs::Java } else { Needs::Node }
    }

    fn command(self) -> Command {
        match self {
            Self::JavaScript => node("visit-cometd.mjs"),
            Self::Faye => node("visit-faye.mjs"),
            Self::Java => java("client", "lab.Visit"),
        }
    }
}

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for visitor in [Visitor::JavaScript, Visitor::Faye, Visitor::Java] {
        for transport in ["long-polling", "websocket"] {
            let name = format!("simulator::{}::{transport}", visitor.name());
            trials.push(trial(&name, &[visitor.needs()], move || visit(visitor, transport)));
        }
    }
    trials
}

async fn visit(visitor: Visitor, transport: &'static str) -> anyhow::Result<()> {
    let bot = AgentProfile::new(USER, PASSWORD).named("Robo", "One").skilled("bot").capacity(3);
    let centre = Centre::default().with_agent(bot).with_queue(QueueProfile::new("chat_in").needing("bot"));
    let mut options = Options::default().with_centre(centre).with_csrf(false);
    options.notifications.hold = Duration::from_secs(1);
    options.notifications.websocket = true;
    let centre = Server::start(options).await?;
    let house = House { http: bayeux::http_client().build()?, centre };

    let mut guest = start(visitor, transport, &house, PASSWORD)?;
    let handshaken = guest.announced("HANDSHAKEN").await?;
    if visitor != Visitor::Faye {
        ensure!(handshaken["ack"] == true, "no ack: {handshaken}");
    }
    guest.announced("SUBSCRIBED").await?;
    house.ready().await?;
    house.ask("Ada").await?;
    offer(&mut guest).await?;

    // The session is gone: 402 at the next connect, a new handshake, and the next offer comes through it.
    let dropped = house.centre.faults().scoped(Fault::new(Wrong::DropSession).times(1));
    let lost = guest.announced("LOST").await?;
    let error = lost["error"].as_str().unwrap_or_default();
    ensure!(error.starts_with("402"), "lost by {lost}");
    guest.announced("HANDSHAKEN").await?;
    guest.announced("SUBSCRIBED").await?;
    ensure!(dropped.struck() == 1, "the fault struck {} times", dropped.struck());
    house.ask("Brian").await?;
    offer(&mut guest).await?;

    guest.tell("enough").await?;
    guest.announced("CLOSED").await?;

    // A wrong password lets nobody in.
    let mut stranger = start(visitor, transport, &house, "wrong")?;
    let let_in = stranger.announced_within("SUBSCRIBED", Duration::from_secs(2)).await;
    ensure!(let_in.is_err(), "a wrong password was let in");
    house.centre.shutdown().await;
    Ok(())
}

fn start(visitor: Visitor, transport: &str, house: &House, password: &str) -> anyhow::Result<Program> {
    let words = [
        ("url", format!("{}/api/v2/notifications", house.centre.base_url())),
        ("transport", transport.to_owned()),
        ("ack", "true".to_owned()),
        ("user", USER.to_owned()),
        ("password", password.to_owned()),
    ];
    Program::start(visitor.command(), &words)
}

/// Waits for a chat that is offered; other notifications are passed over.
async fn offer(guest: &mut Program) -> anyhow::Result<()> {
    loop {
        let data = guest.announced("DELIVERY").await.context("an offer")?;
        let chat = [&data["chat"], &data["interaction"]].into_iter().find(|chat| chat.is_object());
        if chat.is_some_and(|chat| chat["state"] == "Invited") {
            return Ok(());
        }
    }
}

/// The centre, and what a test does in it by REST.
struct House {
    http: reqwest::Client,
    centre: Handle,
}

impl House {
    /// The agent login takes chats.
    async fn ready(&self) -> anyhow::Result<()> {
        self.post("/api/v2/me", &json!({ "operationName": "StartContactCenterSession", "channels": ["chat"] })).await?;
        self.post("/api/v2/me/channels/chat", &json!({ "operationName": "Ready" })).await
    }

    /// A customer asks for a chat.
    async fn ask(&self, nickname: &str) -> anyhow::Result<()> {
        let ask = json!({ "operationName": "RequestChat", "nickname": nickname, "subject": "parcel" });
        self.post("/api/v2/chats", &ask).await
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<()> {
        let request = self.http.post(format!("{}{path}", self.centre.base_url())).basic_auth(USER, Some(PASSWORD));
        let request = request.header("ContactCenterId", self.centre.contact_center_id());
        let request = request.header("Content-Type", "application/json").body(body.to_string());
        let answer = request.send().await?.text().await?;
        let answer: Value = serde_json::from_str(&answer).with_context(|| format!("reading {answer}"))?;
        ensure!(answer["statusCode"] == 0, "{path} was answered with {answer}");
        Ok(())
    }
}
