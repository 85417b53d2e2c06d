//! Turns a second with a journal and without, at a thousand conversations: each customer says the next line as soon as the
//! answer to the last one was taken.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use attendant::service::Service;
use attendant::{
    Bot, BotError, Entry, Event, Interaction, InteractionId, Journal, LoginId, MemoryJournal, Next, Operation,
    Platform, PlatformError, PlatformEvents, PlatformLimits, Presence, Receipt, Turn, async_trait,
};
use journal_sqlite::{Durability, SqliteJournal};
use serde_json::{Value, json};
use simulator::model::{ChatId, FactEvent, UserData};
use simulator::{AgentProfile, Centre, QueueProfile, Server, in_process};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::{Plan, median, tell};

const CHATS: usize = 1000;
const LOGINS: usize = 4;
const WARM_UP: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(120);

/// Where what is owed is kept.
const KINDS: [(&str, Option<Durability>); 4] = [
    ("in memory", None),
    ("off", Some(Durability::Off)),
    ("interval", Some(Durability::Interval)),
    ("always", Some(Durability::Always)),
];

pub async fn measure(plan: &Plan) -> Result<()> {
    for (sockets, wanted) in [(true, "sockets"), (false, "process")] {
        if !plan.wants("turns") && !plan.wants(wanted) {
            continue;
        }
        let mut figures = vec![Vec::new(); KINDS.len()];
        for _ in 0..plan.runs {
            for ((_, durability), figures) in KINDS.iter().zip(&mut figures) {
                figures.push(run(sockets, *durability, plan.time).await?);
            }
        }
        let medians: Vec<f64> = figures.into_iter().map(median).collect();
        let face = if sockets { "over sockets" } else { "in process" };
        for ((name, _), turns) in KINDS.iter().zip(&medians) {
            let share = 100.0 * turns / medians[0];
            tell(format_args!("turns a second {face}, journal {name:<9}: {turns:9.0}  {share:5.1} %"));
        }
    }
    Ok(())
}

async fn run(sockets: bool, durability: Option<Durability>, time: Duration) -> Result<f64> {
    let folder = crate::folder()?;
    let journal = journal(folder.path(), durability)?;
    let (spoke, spoken) = mpsc::channel(CHATS * 2);
    let turns = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    let drop_ends_it = CancellationToken::new();
    let _end = drop_ends_it.clone().drop_guard();
    let prompt = |inner: Arc<dyn Platform>| Arc::new(Prompter { inner, spoke: spoke.clone(), turns: turns.clone() });
    let user = |number: usize| format!("bot-{number}");
    if sockets {
        let server = Server::start(simulator::Options::default().with_centre(centre())).await?;
        let options =
            gws::Options::new(format!("{}/api/v2", server.base_url()).parse()?).with_family(gws::Family::Chats);
        let client = gws::Client::new(options)?;
        for number in 0..LOGINS {
            let credentials = gws::Credentials::new(user(number), "secret");
            let login =
                platform_gws::Login::new(user(number).into(), &client, credentials, platform_gws::Options::default());
            begin(&mut tasks, prompt(Arc::new(login)), &journal)?;
        }
        let door = Door::open(&server)?;
        for _ in 0..CHATS {
            door.enter().await?;
        }
        door.all_accepted(&server).await?;
        tasks.spawn(door.prompt_all(server.clone(), spoken));
        let figure = count(&turns, time).await;
        server.shutdown().await;
        return figure;
    }
    let none = Duration::ZERO;
    let options = in_process::Options { latency_least: none, latency_most: none, ..in_process::Options::default() };
    let centre = in_process::open(options.with_centre(centre()));
    for number in 0..LOGINS {
        let login = centre.login(&user(number)).context("no such login")?;
        begin(&mut tasks, prompt(Arc::new(login)), &journal)?;
    }
    for _ in 0..CHATS {
        let chat =
            centre.request_chat("Ada", Some("chat_in"), UserData::default()).map_err(|no| anyhow::anyhow!("{no:?}"))?;
        centre.customer_says(&chat, "hello").map_err(|no| anyhow::anyhow!("{no:?}"))?;
    }
    tasks.spawn(prompt_in_process(centre, spoken));
    count(&turns, time).await
}

fn journal(folder: &Path, durability: Option<Durability>) -> Result<Arc<dyn Journal>> {
    Ok(match durability {
        None => Arc::new(MemoryJournal::new()),
        Some(durability) => {
            let options = journal_sqlite::Options::new(folder.join("journal")).with_durability(durability);
            Arc::new(SqliteJournal::open(&options)?)
        }
    })
}

fn centre() -> Centre {
    let mut centre = Centre::default().with_queue(QueueProfile::new("chat_in").needing("bot"));
    for number in 0..LOGINS {
        let profile = AgentProfile::new(format!("bot-{number}"), "secret").skilled("bot");
        centre = centre.with_agent(profile.capacity(CHATS.div_ceil(LOGINS)));
    }
    centre
}

fn begin(tasks: &mut JoinSet<()>, platform: Arc<dyn Platform>, journal: &Arc<dyn Journal>) -> Result<()> {
    let mut options = attendant::Options { nickname: "Robo".to_owned(), ..attendant::Options::default() };
    options.pace.on = false;
    options.listening.quiet = Duration::ZERO;
    options.loop_guard.turns_a_minute = usize::MAX;
    options.loop_guard.same_words = usize::MAX;
    options.offers.most = CHATS;
    let (service, _) = Service::new(platform, Arc::new(Answerer), journal.clone(), options)
        .map_err(|wrong| anyhow::anyhow!("{wrong:?}"))?;
    tasks.spawn(async move { drop(service.run(CancellationToken::new(), CancellationToken::new()).await) });
    Ok(())
}

/// Turns a second, once every conversation goes on.
async fn count(turns: &AtomicU64, time: Duration) -> Result<f64> {
    let deadline = Instant::now() + PATIENCE;
    while turns.load(Ordering::Relaxed) < 3 * CHATS as u64 {
        ensure!(Instant::now() < deadline, "only {} turns", turns.load(Ordering::Relaxed));
        sleep(Duration::from_millis(20)).await;
    }
    sleep(WARM_UP).await;
    let (from, begun) = (turns.load(Ordering::Relaxed), Instant::now());
    sleep(time).await;
    Ok(crate::rate(turns.load(Ordering::Relaxed) - from, begun.elapsed()))
}

struct Answerer;

#[async_trait]
impl Bot for Answerer {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        if let Event::Said(words) = turn.event() {
            let answer = format!("You said: {}", words.text());
            turn.say(answer).await?;
        }
        Ok(Next::Listen)
    }
}

/// A platform that tells who was just answered.
struct Prompter {
    inner: Arc<dyn Platform>,
    spoke: mpsc::Sender<InteractionId>,
    turns: Arc<AtomicU64>,
}

#[async_trait]
impl Platform for Prompter {
    fn login(&self) -> &LoginId {
        self.inner.login()
    }
    fn limits(&self) -> PlatformLimits {
        self.inner.limits()
    }
    async fn sign_in(&self) -> Result<PlatformEvents, PlatformError> {
        self.inner.sign_in().await
    }
    async fn set_presence(&self, presence: Presence) -> Result<(), PlatformError> {
        self.inner.set_presence(presence).await
    }
    async fn perform(&self, id: &InteractionId, operation: Operation) -> Result<Receipt, PlatformError> {
        let speaks = matches!(operation, Operation::Say { .. });
        let receipt = self.inner.perform(id, operation).await?;
        if speaks {
            self.turns.fetch_add(1, Ordering::Relaxed);
            let _ = self.spoke.send(id.clone()).await;
        }
        Ok(receipt)
    }
    async fn interactions(&self) -> Result<Vec<Interaction>, PlatformError> {
        self.inner.interactions().await
    }
    async fn transcript(&self, id: &InteractionId) -> Result<Vec<Entry>, PlatformError> {
        self.inner.transcript(id).await
    }
    async fn sign_out(&self) -> Result<(), PlatformError> {
        self.inner.sign_out().await
    }
}

async fn prompt_in_process(centre: in_process::Handle, mut spoken: mpsc::Receiver<InteractionId>) {
    while let Some(id) = spoken.recv().await {
        let _ = centre.customer_says(&ChatId::new(id.as_str()), "and what else?");
    }
}

/// Where customers come in.
#[derive(Clone)]
pub struct Door {
    http: reqwest::Client,
    chats: String,
    centre: String,
}

impl Door {
    pub fn open(server: &simulator::Handle) -> Result<Self> {
        let http = bayeux::http_client().build()?;
        Ok(Self { http, chats: format!("{}/api/v2/chats", server.base_url()), centre: server.contact_center_id() })
    }

    pub async fn post(&self, url: &str, body: Value) -> Result<Value> {
        let request = self.http.post(url).header("ContactCenterId", &self.centre).json(&body);
        let answer: Value = request.send().await?.json().await?;
        ensure!(answer["statusCode"] == 0, "{answer}");
        Ok(answer)
    }

    /// A new customer, with a first line.
    pub async fn enter(&self) -> Result<()> {
        let request = json!({ "operationName": "RequestChat", "nickname": "Ada", "endpoint": "Environment:chat_in" });
        let answer = self.post(&self.chats, request).await?;
        self.say(answer["id"].as_str().context("no id")?, "hello").await
    }

    pub async fn say(&self, customer: &str, words: &str) -> Result<()> {
        let body = json!({ "operationName": "SendMessage", "text": words });
        self.post(&format!("{}/{customer}", self.chats), body).await.map(drop)
    }

    async fn all_accepted(&self, server: &simulator::Handle) -> Result<()> {
        let accepted = || server.log().facts().filter(|fact| matches!(fact.event, FactEvent::Accepted { .. })).count();
        let deadline = Instant::now() + PATIENCE;
        while accepted() < CHATS {
            ensure!(Instant::now() < deadline, "only {} chats were accepted", accepted());
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Says the next line of everybody who was answered.
    async fn prompt_all(self, server: simulator::Handle, mut spoken: mpsc::Receiver<InteractionId>) {
        let log = server.log();
        let names: HashMap<String, String> =
            log.facts().map(|fact| (fact.chat.as_str().to_owned(), fact.customer_chat.as_str().to_owned())).collect();
        drop(log);
        let mut saying = JoinSet::new();
        loop {
            tokio::select! {
                id = spoken.recv() => {
                    let Some(customer) = id.and_then(|id| names.get(id.as_str()).cloned()) else { return };
                    let door = self.clone();
                    saying.spawn(async move { door.say(&customer, "and what else?").await });
                }
                Some(_) = saying.join_next(), if !saying.is_empty() => {}
            }
        }
    }
}
