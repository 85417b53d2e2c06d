//! What the server knows, behind one short lock: the world, the HTTP sessions, the CometD sessions and the log. Nothing in
//! here waits.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::cometd::{OVERTAKE_WITHIN, Registry};
use super::wire::{self, Family};
use crate::faults::{Faults, Kind, Place, Tampering};
use crate::log::Log;
use crate::model::{AgentName, Applied, ChatId, Command, Moment, Notice, Notification, Refusal, SeatState};
use crate::options::Options;
use crate::world::World;

/// A sign-in of an agent, by cookie.
#[derive(Debug)]
pub struct HttpSession {
    pub agent: AgentName,
    pub csrf: String,
    pub used: Instant,
}

/// How long an HTTP session lives without a request.
const HTTP_SESSION_IDLE: Duration = Duration::from_secs(1800);
/// No more HTTP sessions than this.
const HTTP_SESSIONS_MOST: usize = 16_384;

/// Everything that changes.
pub struct State {
    pub world: World,
    pub http: HashMap<String, HttpSession>,
    pub cometd: Registry,
    pub log: Log,
    pub faults: Faults,
    pub options: Arc<Options>,
    pub base: String,
    /// What each customer has fetched already, and who waits for more.
    pub customers: HashMap<ChatId, CustomerCursor>,
    customers_most: usize,
    /// Messages that a fault holds back, by when they go on.
    pub late: BTreeMap<(Instant, u64), Late>,
    late_made: u64,
    faults_seen: u64,
    chance: SmallRng,
    next_reference: i64,
    start: Instant,
    start_at: Moment,
    /// Woken when a deadline may have moved nearer.
    alarm: Arc<Notify>,
    /// Until when the time keeper sleeps.
    armed: Option<Instant>,
}

/// A message that goes on later.
pub struct Late {
    pub client: String,
    pub channel: String,
    pub message: Arc<str>,
}

/// What a customer has fetched.
#[derive(Default)]
pub struct CustomerCursor {
    pub next: u64,
    pub news: Arc<Notify>,
}

impl State {
    pub fn new(options: Arc<Options>, base: String, start_at: Moment, alarm: Arc<Notify>) -> Self {
        let chance = options.seed.map_or_else(SmallRng::from_os_rng, SmallRng::seed_from_u64);
        Self {
            world: World::new(&options.centre, options.rules.clone()),
            http: HashMap::new(),
            cometd: Registry::default(),
            log: Log::new(options.log_facts, options.log_words),
            faults: Faults::new(options.seed.unwrap_or(0)),
            options,
            base,
            customers: HashMap::new(),
            customers_most: 1024,
            late: BTreeMap::new(),
            late_made: 0,
            faults_seen: 0,
            chance,
            next_reference: 0,
            start: Instant::now(),
            start_at,
            alarm,
            armed: None,
        }
    }

    /// The model's moment of now.
    pub fn now(&self) -> Moment {
        self.start_at.after(self.start.elapsed())
    }

    /// When a moment of the model is.
    pub fn instant(&self, moment: Moment) -> Instant {
        self.start + moment.since(self.start_at)
    }

    /// A token that nobody guesses: 32 hexadecimal characters.
    pub fn token(&mut self) -> String {
        format!("{:032x}", self.chance.random::<u128>())
    }

    /// A UUID.
    pub fn uuid(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.chance.random()).into_uuid().to_string()
    }

    /// A number for an operation whose outcome is told later.
    pub fn reference(&mut self) -> i64 {
        self.next_reference += 1;
        self.next_reference
    }

    /// Forgets what the customers of forgotten chats have fetched, when that has become much.
    pub fn forget_customers(&mut self) {
        if self.customers.len() > self.customers_most {
            let model = self.world.model();
            self.customers.retain(|chat, _| model.customer_view(chat).is_some());
            self.customers_most = self.customers.len().saturating_mul(2).max(1024);
        }
    }

    /// The number given out last.
    pub fn last_reference(&self) -> i64 {
        self.next_reference
    }

    /// Does something to the centre and tells everybody.
    pub fn apply(&mut self, command: Command) -> Result<Option<ChatId>, Refusal> {
        let now = self.now();
        let applied = self.world.apply(command, now);
        self.publish(applied)
    }

    /// Begins or stops to play a person.
    pub fn play(&mut self, name: &AgentName, play: bool) {
        let now = self.now();
        let applied = self.world.play(name, play, now);
        let _ = self.publish(applied);
    }

    /// The scripted people come in.
    pub fn open(&mut self) {
        let now = self.now();
        let applied = self.world.open(now);
        let _ = self.publish(applied);
    }

    fn publish(&mut self, applied: Applied) -> Result<Option<ChatId>, Refusal> {
        self.log.extend(applied.facts);
        for notification in applied.notifications {
            match notification {
                Notification::Agent { to, reference, notice } => {
                    self.tell(&to, reference, &notice);
                    self.maybe_never_join(&to, &notice);
                }
                Notification::Customer { chat } => {
                    if let Some(cursor) = self.customers.get(&chat) {
                        cursor.news.notify_waiters();
                    }
                }
            }
        }
        if let Some(due) = self.world.next_deadline() {
            let due = self.instant(due);
            self.arm(due);
        }
        applied.answer
    }

    fn maybe_never_join(&mut self, to: &AgentName, notice: &Notice) {
        if let Notice::Status(view) = notice
            && view.state == SeatState::Invited
            && self.world.is_played(to) == Some(true)
        {
            let place = Place { login: Some(to), interaction: Some(&view.id), operation: None };
            if self.faults.strikes(&place, &Kind::NeverJoin) {
                self.world.ignore_offer(to, &view.id);
            }
        }
    }

    fn tell(&mut self, to: &AgentName, reference: Option<i64>, notice: &Notice) {
        let sessions = self.cometd.sessions_of(to);
        if sessions.is_empty() {
            return;
        }
        if let Notice::Presence { .. } = notice {
            let data = wire::notification(notice, reference, Family::Chats, &self.base);
            self.broadcast(&sessions, wire::CHANNELS, &data, to, None);
            return;
        }
        let interaction = match notice {
            Notice::Status(view) | Notice::Participants(view) | Notice::Properties(view) | Notice::Failed(view, _) => {
                view.id.clone()
            }
            Notice::Entries(id, _) => id.clone(),
            Notice::Presence { .. } => return,
        };
        for family in [Family::Interactions, Family::Chats] {
            let served = match family {
                Family::Interactions => self.options.families.interactions(),
                Family::Chats => self.options.families.chats(),
            };
            if !served || !sessions.iter().any(|client| self.cometd.wants(client, family.topic())) {
                continue;
            }
            let data = wire::notification(notice, reference, family, &self.base);
            self.broadcast(&sessions, family.topic(), &data, to, Some(&interaction));
        }
    }

    fn broadcast(
        &mut self,
        sessions: &[String],
        channel: &str,
        data: &Value,
        to: &AgentName,
        interaction: Option<&ChatId>,
    ) {
        let message: Arc<str> = json!({ "channel": channel, "data": data }).to_string().into();
        for client in sessions {
            let place = Place { login: Some(to), interaction, operation: None };
            let tampering = self.faults.tamper(&place);
            self.push(client, channel, &message, &tampering);
        }
    }

    fn push(&mut self, client: &str, channel: &str, message: &Arc<str>, tampering: &Tampering) {
        for _ in 0..=usize::from(tampering.duplicate) {
            if let Some(delay) = tampering.delay {
                self.late_made += 1;
                let late = Late { client: client.into(), channel: channel.into(), message: Arc::clone(message) };
                let due = Instant::now() + delay;
                self.late.insert((due, self.late_made), late);
                self.arm(due);
            } else {
                self.cometd.push(client, channel, message, tampering.reorder, &self.options.notifications);
                if tampering.reorder {
                    self.arm(Instant::now() + OVERTAKE_WITHIN);
                }
            }
        }
    }

    /// Does what is due: deadlines of the centre, messages held back, sessions that nobody connects any more.
    pub fn tick(&mut self) {
        let moment = self.now();
        if self.world.next_deadline().is_some_and(|due| due <= moment) {
            let _ = self.apply(Command::Tick);
        }
        let faults = self.faults.version();
        if faults != self.faults_seen {
            self.faults_seen = faults;
            self.cometd.wake_all();
        }
        let now = Instant::now();
        while let Some(entry) = self.late.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let late = entry.remove();
            self.cometd.push(&late.client, &late.channel, &late.message, false, &self.options.notifications);
        }
        for agent in self.cometd.sweep(now) {
            // The desk page was closed without a word.
            self.maybe_play_again(&agent);
        }
    }

    /// Something is due then: wakes the time keeper if it would sleep longer.
    pub fn arm(&mut self, due: Instant) {
        if self.armed.is_none_or(|armed| due < armed) {
            self.armed = Some(due);
            self.alarm.notify_one();
        }
    }

    /// A CometD session ends. A scripted person whose real one has closed the desk is played again.
    pub fn end_cometd(&mut self, client: &str) {
        if let Some(agent) = self.cometd.remove(client) {
            self.maybe_play_again(&agent);
        }
    }

    fn maybe_play_again(&mut self, agent: &AgentName) {
        if self.cometd.sessions_of(agent).is_empty() && self.world.is_played(agent) == Some(false) {
            self.play(agent, true);
        }
    }

    /// When `tick` is wanted next; the time keeper sleeps until then.
    pub fn next_deadline(&mut self) -> Option<Instant> {
        let world = self.world.next_deadline().map(|moment| self.instant(moment));
        let late = self.late.keys().next().map(|(at, _)| *at);
        self.armed = [world, late, self.cometd.next_expiry()].into_iter().flatten().min();
        self.armed
    }

    /// A new HTTP session of an agent; its id.
    pub fn new_http_session(&mut self, agent: AgentName) -> String {
        // A client without cookies makes one with every request: when there are too many, the idle ones go.
        for idle in [HTTP_SESSION_IDLE, HTTP_SESSION_IDLE / 30, HTTP_SESSION_IDLE / 1800, Duration::ZERO] {
            if self.http.len() < HTTP_SESSIONS_MOST {
                break;
            }
            self.http.retain(|_, session| session.used.elapsed() < idle);
        }
        let id = format!("node0{}", self.token());
        let csrf = self.uuid();
        self.http.insert(id.clone(), HttpSession { agent, csrf, used: Instant::now() });
        id
    }

    /// The HTTP session with this id, if it lives; using it keeps it alive.
    pub fn http_session(&mut self, id: &str) -> Option<&HttpSession> {
        if self.http.get(id).is_some_and(|session| session.used.elapsed() >= HTTP_SESSION_IDLE) {
            self.http.remove(id);
        }
        let session = self.http.get_mut(id)?;
        session.used = Instant::now();
        Some(session)
    }
}
