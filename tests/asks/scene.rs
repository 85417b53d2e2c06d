//! Where a promise is tried: the in-process centre on virtual time, the processes of bots in it, customers, and people
//! whom the trial plays itself. What happened is read from the centre's own log.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use attendant::journal::ErrorKind;
use attendant::service::{self, Stopped};
use attendant::{
    AgentId, Bot, Comparisons, Guard, InteractionId, MemoryJournal, Operation, Options, Platform, Presence, Service,
    Target, UnixMillis, Visibility,
};
use simulator::faults::Kind;
use simulator::in_process::{self, Handle, Login};
use simulator::model::{ChatId, Fact, FactEvent, Moment, UserData};
use simulator::{AgentProfile, Centre, Fault, Log, QueueProfile};
use tokio::task::{AbortHandle, JoinSet};
use tokio_util::sync::CancellationToken;

/// The endpoint families differ in what they can do; the in-process centre takes over those limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// 8.5.1: no words for the agents' side alone, so a note becomes attached data.
    Interactions,
    /// 8.5.2 and later.
    Chats,
}

pub(super) const BOT: &str = "bot-1";
pub(super) const OTHER_BOT: &str = "bot-2";
/// A person whom the trial plays.
pub(super) const PERSON: &str = "linus";

const START: Moment = Moment(1_700_000_000_000);

/// One run of one promise.
pub(super) struct Scene {
    pub family: Family,
    pub seed: u64,
    /// Something that keeps the promise is taken out, to see that it would be missed.
    pub broken: bool,
    /// Open once the story has said who works there.
    centre: Option<Handle>,
    processes: JoinSet<Result<Stopped, service::Error>>,
    handles: Vec<attendant::Handle>,
    started: u64,
}

/// A process with one bot login.
pub(super) struct Process(AbortHandle);

impl Process {
    /// As `kill -9`: the future is dropped wherever it is.
    pub fn kill(self) {
        self.0.abort();
    }
}

/// What a process is started with.
pub(super) struct Job {
    user: &'static str,
    bot: Arc<dyn Bot>,
    options: Options,
    journal: Arc<MemoryJournal>,
    without: Option<Guard>,
    comparisons: Option<Arc<dyn Comparisons>>,
    through: fn(Login) -> Arc<dyn Platform>,
}

impl Job {
    pub fn new(bot: impl Bot) -> Self {
        Self {
            user: BOT,
            bot: Arc::new(bot),
            options: Options::default(),
            journal: Arc::default(),
            without: None,
            comparisons: None,
            through: |login| Arc::new(login),
        }
    }

    pub fn user(mut self, user: &'static str) -> Self {
        self.user = user;
        self
    }

    pub fn options(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    /// The journal of an earlier process.
    pub fn journal(mut self, journal: &Arc<MemoryJournal>) -> Self {
        self.journal = Arc::clone(journal);
        self
    }

    pub fn without(mut self, guard: Option<Guard>) -> Self {
        self.without = guard;
        self
    }

    /// Where comparisons with people go.
    pub fn comparing(mut self, comparisons: Arc<dyn Comparisons>) -> Self {
        self.comparisons = Some(comparisons);
        self
    }

    /// Puts something between the runtime and the platform.
    pub fn through(mut self, through: fn(Login) -> Arc<dyn Platform>) -> Self {
        self.through = through;
        self
    }
}

/// Two bots, one person who can help, and a queue for each kind.
pub(super) fn centre() -> Centre {
    Centre::default()
        .with_queue(QueueProfile::new("chat_in").needing("bot"))
        .with_queue(QueueProfile::new("people").needing("service"))
        .with_agent(AgentProfile::new(BOT, "").skilled("bot").capacity(30))
        .with_agent(AgentProfile::new(OTHER_BOT, "").skilled("bot").capacity(30))
        .with_agent(AgentProfile::new(PERSON, "").named("Linus", "Moss").skilled("service").capacity(30))
}

impl Scene {
    pub(super) fn new(family: Family, seed: u64, broken: bool) -> Self {
        Self { family, seed, broken, centre: None, processes: JoinSet::new(), handles: Vec::new(), started: 0 }
    }

    /// Opens the centre.
    pub fn open(&mut self, centre: Centre) {
        let options = in_process::Options {
            start: START,
            agent_only_messages: self.family == Family::Chats,
            ..in_process::Options::default()
        };
        self.centre = Some(in_process::open(options.with_centre(centre).with_seed(self.seed)));
    }

    #[expect(clippy::expect_used, reason = "every story begins with it")]
    pub fn centre(&self) -> &Handle {
        self.centre.as_ref().expect("the scene is open")
    }

    pub fn log(&self) -> Log {
        self.centre().log()
    }

    /// What goes wrong between the centre and a bot on a bad day. Nothing that changes what the story is about: no offer
    /// is withdrawn, no customer leaves.
    pub fn bad_day(&self, user: &str) {
        self.troubled(user);
        // A line that was overtaken by more than a burst shows as a hole in the indexes.
        for (kind, chance) in [(Kind::Delay { millis: 900 }, 0.05), (Kind::DropSession, 0.01)] {
            self.centre().faults().add(Fault::new(kind).login(user).chance(chance));
        }
    }

    /// The same without what delays the news for long.
    pub fn troubled(&self, user: &str) {
        for (kind, chance) in [
            (Kind::LoseAnswer, 0.05),
            (Kind::Unavailable { retry_after: Some(1) }, 0.03),
            (Kind::Slow { millis: 3000 }, 0.03),
            (Kind::Duplicate, 0.1),
            (Kind::Reorder, 0.1),
            (Kind::SkipIndex { by: 3 }, 0.05),
        ] {
            self.centre().faults().add(Fault::new(kind).login(user).chance(chance));
        }
        // Not at Invite and Transfer: nobody can see whether one was done, so its deadline is waited for, and the story
        // would be about that.
        for operation in
            ["GET", "Accept", "SendMessage", "SendToAgents", "AttachUserData", "LeaveConference", "Complete"]
        {
            self.centre().faults().add(Fault::new(Kind::InternalError).login(user).operation(operation).chance(0.03));
        }
    }

    /// Starts a process.
    pub fn start(&mut self, job: Job) -> Result<Process> {
        let login = self.centre().login(job.user).with_context(|| format!("no login {}", job.user))?;
        let (service, handle) = Service::new((job.through)(login), Arc::new(job.bot), job.journal, job.options)
            .map_err(|wrong| anyhow::anyhow!("{wrong:?}"))?;
        self.started += 1;
        let now = UnixMillis(i64::try_from(self.centre().now().0)?);
        let mut service = service.reproducible(now, self.seed ^ (self.started << 32));
        if let Some(comparisons) = job.comparisons {
            service = service.comparing(comparisons);
        }
        if let Some(guard) = job.without {
            service = service.without(guard);
        }
        self.handles.push(handle);
        Ok(Process(self.processes.spawn(service.run(CancellationToken::new(), CancellationToken::new()))))
    }

    /// A number from the seed, below `below`: other moments in every run.
    pub fn spread(&self, salt: u64, below: u64) -> u64 {
        let mixed = (self.seed.wrapping_add(1)).wrapping_mul(0x9E37_79B9_7F4A_7C15 ^ salt.wrapping_mul(0xD1B5_4A32));
        (mixed >> 17) % below.max(1)
    }

    pub async fn pass(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }

    pub async fn pass_millis(&self, wait: u64) {
        self.pass(Duration::from_millis(wait)).await;
    }

    /// Waits until it is so, at most so long.
    pub async fn until(&self, what: &str, within: Duration, done: impl Fn() -> bool) -> Result<()> {
        until(what, within, done).await
    }

    /// A customer asks for a chat, and the bot takes it.
    pub async fn customer(&self, nickname: &str) -> Result<ChatId> {
        self.customer_with(nickname, UserData::new()).await
    }

    pub async fn customer_with(&self, nickname: &str, data: UserData) -> Result<ChatId> {
        let chat = self.centre().request_chat(nickname, Some("chat_in"), data)?;
        let taken = || self.first(&chat, |event| matches!(event, FactEvent::Accepted { .. })).is_some();
        self.until("a bot takes the chat", Duration::from_secs(120), taken).await?;
        Ok(chat)
    }

    pub fn says(&self, chat: &ChatId, words: &str) -> Result<()> {
        Ok(self.centre().customer_says(chat, words)?)
    }

    /// Waits until the customer of a chat is told something with these words.
    pub async fn is_told(&self, chat: &ChatId, words: &str, within: Duration) -> Result<()> {
        let told = || self.centre().told(chat).iter().any(|line| line.contains(words));
        self.until(&format!("{chat} is told {words:?}"), within, told).await
    }

    /// What a login said to the customer of a chat, and when.
    pub fn said_by(&self, user: &str, chat: &ChatId) -> Vec<(Moment, String)> {
        let log = self.log();
        let lines = log.of_chat(chat.as_str()).filter_map(|fact| match &fact.event {
            FactEvent::AgentLine { agent, text, visibility: simulator::model::Visibility::All, .. }
                if agent.as_str() == user =>
            {
                Some((fact.at, text.clone()))
            }
            _ => None,
        });
        lines.collect()
    }

    /// When something first happened in a chat.
    pub fn first(&self, chat: &ChatId, is_it: impl Fn(&FactEvent) -> bool) -> Option<Moment> {
        self.log().of_chat(chat.as_str()).find(|fact| is_it(&fact.event)).map(|fact| fact.at)
    }

    pub fn count(&self, chat: &ChatId, is_it: impl Fn(&FactEvent) -> bool) -> usize {
        self.log().of_chat(chat.as_str()).filter(|fact| is_it(&fact.event)).count()
    }

    /// A person comes to work.
    pub async fn person(&self, user: &'static str) -> Result<Person> {
        let login = self.centre().login(user).with_context(|| format!("no person {user}"))?;
        login.sign_in().await?;
        login.set_presence(Presence::Ready).await?;
        Ok(Person { centre: self.centre().clone(), user, login })
    }

    /// Somebody on the agents' side brings a person into a chat, without asking the bot.
    pub async fn bring_in(&self, person: &Person, chat: &ChatId) -> Result<()> {
        let seat = self.centre().login(BOT).context("the bot has a login")?;
        let invite = || Operation::Invite(Target::Agent(AgentId::from(person.user)));
        let mut last = Ok(());
        for _ in 0..10 {
            last = seat.perform(&interaction(chat), invite()).await.map(drop);
            if self.count(chat, |event| matches!(event, FactEvent::Invited { .. })) > 0 {
                return person.takes(chat).await;
            }
        }
        last.context("bringing a person in")
    }

    /// What the runtime itself says about the run.
    pub(super) fn check(&mut self) -> Result<()> {
        while let Some(ended) = self.processes.try_join_next() {
            match ended {
                // Another process has the login now.
                Ok(Err(service::Error::Journal(error))) if error.kind() == ErrorKind::Fenced => {}
                Ok(ended) => drop(ended.context("a process ended")?),
                Err(error) if error.is_cancelled() => {}
                Err(error) => return Err(error).context("a process failed"),
            }
        }
        let unexpected: u64 = self.handles.iter().map(|handle| handle.status().counters.unexpected).sum();
        anyhow::ensure!(unexpected == 0, "{unexpected} inputs that no state expects");
        Ok(())
    }

    /// The stories of the chats that an error names, for whoever has to find out.
    pub(super) fn tell(&self, error: &str) -> String {
        let Some(centre) = &self.centre else { return String::new() };
        let log = centre.log();
        let mut chats: Vec<ChatId> = log.chats().into_iter().filter(|chat| error.contains(chat.as_str())).collect();
        if chats.is_empty() {
            chats = log.chats().into_iter().take(1).collect();
        }
        chats.iter().map(|chat| tell_chat(&log, chat)).collect()
    }
}

fn tell_chat(log: &Log, chat: &ChatId) -> String {
    let line = |fact: &Fact| {
        let seconds = fact.at.since(START).as_secs_f64();
        format!("  {seconds:8.3} {}\n", serde_json::to_string(&fact.event).unwrap_or_default())
    };
    format!("{chat}:\n{}", log.of_chat(chat.as_str()).map(line).collect::<String>())
}

async fn until(what: &str, within: Duration, done: impl Fn() -> bool) -> Result<()> {
    for _ in 0..=200 {
        if done() {
            return Ok(());
        }
        tokio::time::sleep(within / 200).await;
    }
    bail!("not within {within:?}: {what}")
}

pub(super) fn interaction(chat: &ChatId) -> InteractionId {
    InteractionId::new(chat.as_str())
}

/// Somebody at a desk, through the same port as a bot.
pub(super) struct Person {
    centre: Handle,
    pub user: &'static str,
    login: Login,
}

impl Person {
    /// Waits for the chat to be offered, and takes it.
    pub async fn takes(&self, chat: &ChatId) -> Result<()> {
        self.is_offered(chat, Duration::from_secs(180)).await?;
        self.does(chat, Operation::Accept { nickname: self.user.to_owned() }).await
    }

    pub async fn is_offered(&self, chat: &ChatId, within: Duration) -> Result<()> {
        let offered = || self.sees(chat).is_some_and(|state| state == "offered");
        until(&format!("{} is offered {chat}", self.user), within, offered).await
    }

    /// Where the chat stands for this person, by the log.
    fn sees(&self, chat: &ChatId) -> Option<&'static str> {
        let log = self.centre.log();
        log.of_chat(chat.as_str()).fold(None, |seen, fact| match &fact.event {
            FactEvent::Offered { agent } if agent.as_str() == self.user => Some("offered"),
            FactEvent::Accepted { agent } if agent.as_str() == self.user => Some("taken"),
            FactEvent::Rejected { agent } | FactEvent::Revoked { agent } | FactEvent::Completed { agent }
                if agent.as_str() == self.user =>
            {
                Some("gone")
            }
            _ => seen,
        })
    }

    pub async fn says(&self, chat: &ChatId, words: &str) -> Result<()> {
        self.does(chat, Operation::Say { text: words.to_owned(), visibility: Visibility::All }).await
    }

    pub async fn does(&self, chat: &ChatId, operation: Operation) -> Result<()> {
        let words = format!("{}: {operation:?}", self.user);
        self.login.perform(&interaction(chat), operation).await.map(drop).context(words)
    }

    /// What this person finds at the chat: attached data, and words, those for agents only included.
    pub async fn reads(&self, chat: &ChatId) -> Result<(attendant::AttachedData, Vec<attendant::Entry>)> {
        let all = self.login.interactions().await?;
        let found = all.into_iter().find(|one| one.id == interaction(chat)).context("the person does not have it")?;
        Ok((found.data, self.login.transcript(&interaction(chat)).await?))
    }
}

/// Runs a story to its end on virtual time.
pub(super) fn play<F>(mut scene: Scene, story: F) -> Result<()>
where
    F: for<'a> FnOnce(&'a mut Scene) -> std::pin::Pin<Box<dyn Future<Output = Result<()>> + 'a>>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(async {
        let told = story(&mut scene).await.and_then(|()| scene.check());
        told.map_err(|error| {
            let words = format!("{:?}, seed {}: {error:#}", scene.family, scene.seed);
            anyhow::anyhow!("{words}\n{}", scene.tell(&words))
        })
    })
}
