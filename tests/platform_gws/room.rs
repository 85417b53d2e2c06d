//! A simulated centre, a login of the adapter in it, and a customer.

use std::fmt;
use std::time::Duration;

use anyhow::{Context, ensure};
use attendant::{
    Entry, EntryKind, Interaction, InteractionId, InteractionState, Link, LoginId, Operation, Platform, PlatformEvent,
    PlatformEvents, Presence, Role, Visibility,
};
use gws::Family;
use platform_gws::{Login, Options};
use serde_json::{Value, json};
use simulator::{AgentProfile, Centre, Handle, QueueProfile, Script, Server};

/// Everything that is waited for comes within this time, or the trial fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    LongPolling,
    WebSocket,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::LongPolling { "long-polling" } else { "websocket" })
    }
}

pub struct Room {
    pub centre: Handle,
    pub login: Login,
    pub family: Family,
    http: reqwest::Client,
    events: Option<PlatformEvents>,
    /// Everything that was told, oldest first.
    pub told: Vec<PlatformEvent>,
}

fn centre() -> Centre {
    let quick = Duration::from_millis(50);
    let script = Script { accept_after: quick, answer_after: quick, wrap_up: quick, ..Script::default() };
    Centre::default()
        .with_agent(AgentProfile::new("bot-01", "s3cret").named("Robo", "One").skilled("bot").capacity(3))
        .with_agent(
            AgentProfile::new("grace", "h0pper").named("Grace", "H").skilled("service").capacity(5).scripted(script),
        )
        .with_queue(QueueProfile::new("chat_in").needing("bot"))
        .with_queue(QueueProfile::new("people").needing("service"))
}

/// How a login talks to a server at this address.
pub fn options(base: &str, family: Family, transport: Transport) -> anyhow::Result<gws::Options> {
    let mut options = gws::Options::new(format!("{base}/api/v2").parse()?).with_family(family);
    options.transports = vec![match transport {
        Transport::LongPolling => bayeux::TransportKind::LongPolling,
        Transport::WebSocket => bayeux::TransportKind::WebSocket,
    }];
    options.timeouts.request = Duration::from_secs(20);
    options.timeouts.history = Duration::from_secs(20);
    options.retry = gws::Retry {
        first: Duration::from_millis(5),
        longest: Duration::from_millis(50),
        deadline: Duration::from_secs(3),
    };
    Ok(options)
}

/// A login of the adapter.
pub fn login(options: gws::Options, user: &str, password: &str) -> anyhow::Result<Login> {
    let client = gws::Client::new(options)?;
    let settings = Options { restart: Duration::from_millis(20), ..Options::default() };
    Ok(Login::new(LoginId::new(user), &client, gws::Credentials::new(user, password), settings))
}

impl Room {
    pub async fn open(family: Family, transport: Transport) -> anyhow::Result<Self> {
        Self::open_with(family, transport, |_| {}).await
    }

    /// With options changed.
    pub async fn open_with(
        family: Family,
        transport: Transport,
        change: impl FnOnce(&mut gws::Options),
    ) -> anyhow::Result<Self> {
        Self::open_in(centre(), family, transport, change).await
    }

    /// In a centre of one's own. The adapter is `bot-01` there, too.
    pub async fn open_in(
        centre: Centre,
        family: Family,
        transport: Transport,
        change: impl FnOnce(&mut gws::Options),
    ) -> anyhow::Result<Self> {
        let mut settings = simulator::Options::default().with_centre(centre).with_csrf(true).with_seed(7);
        settings.notifications.hold = Duration::from_millis(500);
        let centre = Server::start(settings).await?;
        let mut options = options(&centre.base_url(), family, transport)?;
        change(&mut options);
        let login = login(options, "bot-01", "s3cret")?;
        let http = login.session().client().http().clone();
        Ok(Self { centre, login, family, http, events: None, told: Vec::new() })
    }

    pub async fn sign_in(&mut self) -> anyhow::Result<()> {
        self.events = Some(self.login.sign_in().await?);
        Ok(())
    }

    pub async fn ready(&mut self) -> anyhow::Result<()> {
        self.sign_in().await?;
        self.login.set_presence(Presence::Ready).await?;
        Ok(())
    }

    /// The next event that `pick` likes. The others are kept in `told`.
    pub async fn event<T>(&mut self, what: &str, pick: impl Fn(&PlatformEvent) -> Option<T>) -> anyhow::Result<T> {
        let events = self.events.as_mut().context("not signed in")?;
        let wait = async {
            while let Some(event) = events.recv().await {
                let picked = pick(&event);
                self.told.push(event);
                if let Some(picked) = picked {
                    return Ok(picked);
                }
            }
            anyhow::bail!("the events have ended")
        };
        let found = tokio::time::timeout(PATIENCE, wait).await;
        found.unwrap_or_else(|_| Err(anyhow::anyhow!("it did not come"))).with_context(|| format!("waiting for {what}"))
    }

    pub async fn state(&mut self, state: InteractionState) -> anyhow::Result<Interaction> {
        self.event(&format!("state {state:?}"), |event| match event {
            PlatformEvent::Interaction(one) if one.state == state => Some(one.clone()),
            _ => None,
        })
        .await
    }

    pub async fn entry(&mut self, what: &str, pick: impl Fn(&Entry) -> bool) -> anyhow::Result<Entry> {
        self.event(what, |event| match event {
            PlatformEvent::Entries { entries, .. } => entries.iter().find(|one| pick(one)).cloned(),
            _ => None,
        })
        .await
    }

    /// The entry with these words.
    pub async fn words(&mut self, words: &str) -> anyhow::Result<Entry> {
        self.entry(words, |entry| matches!(&entry.kind, EntryKind::Text(text) if text == words)).await
    }

    pub async fn link(&mut self, what: &str, pick: impl Fn(&Link) -> bool) -> anyhow::Result<Link> {
        self.event(what, |event| match event {
            PlatformEvent::Link(link) if pick(link) => Some(link.clone()),
            _ => None,
        })
        .await
    }

    pub async fn perform(&self, id: &InteractionId, operation: Operation) -> anyhow::Result<()> {
        self.login.perform(id, operation).await.map(drop).map_err(Into::into)
    }

    pub async fn say(&self, id: &InteractionId, words: &str) -> anyhow::Result<()> {
        self.perform(id, Operation::Say { text: words.into(), visibility: Visibility::All }).await
    }

    /// A new customer, the offer, and the accepted chat.
    pub async fn chat(&mut self, nickname: &str) -> anyhow::Result<(Customer, InteractionId)> {
        let customer = self.customer(nickname).await?;
        let id = self.state(InteractionState::Invited).await?.id;
        self.perform(&id, Operation::Accept { nickname: "Robo".into() }).await?;
        self.state(InteractionState::Chatting).await?;
        self.event("myself among the participants", |event| match event {
            PlatformEvent::Interaction(one) => one.participants.iter().any(|one| one.role == Role::Me).then_some(()),
            _ => None,
        })
        .await?;
        Ok((customer, id))
    }

    pub async fn customer(&self, nickname: &str) -> anyhow::Result<Customer> {
        let customer = Customer {
            http: self.http.clone(),
            chats: format!("{}/api/v2/chats", self.centre.base_url()),
            centre: self.centre.contact_center_id(),
            chat: String::new(),
        };
        let request = json!({ "operationName": "RequestChat", "nickname": nickname, "subject": "Invoice",
            "userData": { "FirstName": nickname, "Big": 12_345_678 } });
        let answer = customer.post(&customer.chats, &request).await?;
        let chat = answer["id"].as_str().context("no id")?.to_owned();
        Ok(Customer { chat, ..customer })
    }
}

/// A customer, over the customers' own API.
pub struct Customer {
    http: reqwest::Client,
    chats: String,
    centre: String,
    chat: String,
}

impl Customer {
    async fn post(&self, url: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.http.post(url).header("ContactCenterId", &self.centre);
        let answer = request.header("content-type", "application/json").body(body.to_string()).send().await?;
        let answer: Value = serde_json::from_slice(&answer.bytes().await?)?;
        ensure!(answer["statusCode"] == 0, "{answer}");
        Ok(answer)
    }

    pub async fn operate(&self, operation: Value) -> anyhow::Result<()> {
        self.post(&format!("{}/{}", self.chats, self.chat), &operation).await.map(drop)
    }

    pub async fn says(&self, text: &str) -> anyhow::Result<()> {
        self.operate(json!({ "operationName": "SendMessage", "text": text })).await
    }

    pub async fn leaves(&self) -> anyhow::Result<()> {
        self.operate(json!({ "operationName": "Complete" })).await
    }

    /// All words of the chat so far, as the customer sees them.
    pub async fn sees(&self) -> anyhow::Result<Vec<String>> {
        let url = format!("{}/{}/messages?index=0", self.chats, self.chat);
        let answer = self.http.get(url).header("ContactCenterId", &self.centre).send().await?;
        let answer: Value = serde_json::from_slice(&answer.bytes().await?)?;
        let texts = answer["messages"].as_array().context("no messages")?.iter();
        Ok(texts.filter_map(|one| one["text"].as_str().map(str::to_owned)).collect())
    }
}
