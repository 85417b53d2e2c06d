//! What the logins of an in-process centre share: the world, the faults, chance, and what is on its way to each login.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use attendant::{Link, PlatformError, PlatformEvent, Receipt};
use rand::Rng;
use rand::seq::IndexedRandom;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Options, login, translate};
use crate::chance::Chance;
use crate::faults::{Faults, Kind, Place};
use crate::log::Log;
use crate::model::{
    AgentName, Applied, ChatId, Command, FactEvent, Moment, Notice, Notification, Operation, Refusal, SeatState,
};
use crate::world::World;

/// What dice are thrown for.
const WAYS: u64 = 0;
const CHOICES: u64 = 1;

pub(super) struct Shared {
    inner: Mutex<Inner>,
    alarm: Arc<Notify>,
}

/// What is on its way to one login.
pub(super) struct Connection {
    /// By when it arrives; in this order unless a fault lets something be overtaken.
    on_the_way: BTreeMap<(Instant, u64), PlatformEvent>,
    /// What was sent last arrives then.
    last: Instant,
    /// Which sign-in this is: an older one hears nothing any more.
    pub(super) generation: u64,
    /// While the link is lost, nothing is told.
    lost_until: Option<Instant>,
    pub(super) news: Arc<Notify>,
}

/// An operation that has left its sender.
pub(super) struct Request {
    pub(super) agent: AgentName,
    pub(super) chat: ChatId,
    /// Its name on the wire.
    pub(super) name: &'static str,
    pub(super) operation: Operation,
    /// At somebody, who may not be there.
    pub(super) aimed: bool,
    pub(super) answer: oneshot::Sender<Result<Receipt, PlatformError>>,
}

pub(super) struct Inner {
    pub(super) world: World,
    pub(super) faults: Faults,
    pub(super) log: Log,
    pub(super) options: Options,
    connections: BTreeMap<AgentName, Connection>,
    /// Operations on their way, by when they arrive.
    requests: BTreeMap<(Instant, u64), Request>,
    chance: Chance,
    /// Customers who are known by their nickname: what happens to their chats follows from it, whoever else is there.
    pub(super) known: BTreeSet<String>,
    sent: u64,
    sign_ins: u64,
    references: i64,
    began: Instant,
    alarm: Arc<Notify>,
}

impl Shared {
    pub(super) fn new(options: Options) -> Self {
        let alarm = Arc::new(Notify::new());
        let faults = Faults::new(options.seed);
        faults.wake_on_change(Arc::clone(&alarm));
        let inner = Inner {
            world: World::new(&options.centre, options.rules.clone()),
            faults,
            log: Log::new(options.log_facts, true),
            connections: BTreeMap::new(),
            requests: BTreeMap::new(),
            chance: Chance::new(options.seed),
            known: BTreeSet::new(),
            sent: 0,
            sign_ins: 0,
            references: 0,
            began: Instant::now(),
            alarm: Arc::clone(&alarm),
            options,
        };
        Self { inner: Mutex::new(inner), alarm }
    }

    /// Never held across an await: the guard is not `Send`.
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does what is due in the centre, when it is due.
pub(super) async fn keep_time(shared: Arc<Shared>, cancel: CancellationToken) {
    loop {
        let next = {
            let mut inner = shared.lock();
            inner.take_requests();
            let now = inner.now();
            if inner.world.next_deadline().is_some_and(|due| due <= now) {
                let _ = inner.apply(Command::Tick);
            }
            let due = inner.world.next_deadline().map(|due| inner.began + due.since(inner.options.start));
            let arrives = inner.requests.keys().next().map(|(at, _)| *at);
            [due, arrives].into_iter().flatten().min()
        };
        let due = async {
            match next {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => return,
            () = shared.alarm.notified() => {}
            () = due => {}
        }
    }
}

impl Inner {
    pub(super) fn now(&self) -> Moment {
        self.options.start.after(self.began.elapsed())
    }

    pub(super) fn uuid(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.chance.of(None, 0).random()).into_uuid().to_string()
    }

    pub(super) fn reference(&mut self) -> i64 {
        self.references += 1;
        self.references
    }

    fn between(&mut self, chat: Option<&ChatId>, least: Duration, most: Duration) -> Duration {
        let millis = |wait: Duration| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let (least, most) = (millis(least), millis(most.max(least)));
        Duration::from_millis(self.chance.of(chat, WAYS).random_range(least..=most))
    }

    /// One of several, by chance.
    pub(super) fn one_of<'a, T>(&mut self, chat: Option<&ChatId>, of: &'a [T]) -> Option<&'a T> {
        of.choose(self.chance.of(chat, CHOICES))
    }

    /// How long one way takes, of something about this chat.
    pub(super) fn way(&mut self, chat: Option<&ChatId>) -> Duration {
        self.between(chat, self.options.latency_least, self.options.latency_most)
    }

    pub(super) fn open(&mut self) {
        let now = self.now();
        let applied = self.world.open(now);
        let _ = self.publish(applied);
    }

    pub(super) fn play(&mut self, agent: &AgentName, play: bool) {
        let now = self.now();
        let applied = self.world.play(agent, play, now);
        let _ = self.publish(applied);
    }

    pub(super) fn apply(&mut self, command: Command) -> Result<Option<ChatId>, Refusal> {
        let now = self.now();
        let applied = self.world.apply(command, now);
        self.publish(applied)
    }

    /// A request leaves: it arrives so much later, even if its sender is gone by then.
    pub(super) fn request(&mut self, way: Duration, request: Request) {
        self.sent += 1;
        self.requests.insert((Instant::now() + way, self.sent), request);
        self.wake();
    }

    fn take_requests(&mut self) {
        let now = Instant::now();
        while let Some(entry) = self.requests.first_entry()
            && entry.key().0 <= now
        {
            let Request { agent, chat, name, operation, aimed, answer } = entry.remove();
            let result = self.operate(agent, chat, name, operation, aimed);
            let _ = answer.send(result); // its sender may be gone
        }
    }

    fn operate(
        &mut self,
        agent: AgentName,
        chat: ChatId,
        name: &str,
        operation: Operation,
        aimed: bool,
    ) -> Result<Receipt, PlatformError> {
        let operation = login::name_the_invited(self, &agent, &chat, operation)?;
        let meddled = self.faults.meddle(&agent, &chat, name, operation);
        for command in meddled.before {
            let _ = self.apply(command);
        }
        let reference = self.reference();
        let command = Command::Operate { agent, chat, operation: meddled.operation, reference: Some(reference) };
        self.apply(command).map_err(|refusal| translate::refused(&refusal, aimed))?;
        Ok(Receipt { reference: Some(reference) })
    }

    /// Something may be due earlier than the time keeper thinks.
    pub(super) fn wake(&self) {
        self.alarm.notify_one();
    }

    fn publish(&mut self, applied: Applied) -> Result<Option<ChatId>, Refusal> {
        for fact in &applied.facts {
            if let FactEvent::Requested { nickname, .. } = &fact.event
                && self.known.contains(nickname)
            {
                self.chance.name(fact.chat.clone(), nickname);
                self.faults.name(&fact.chat, nickname);
            }
        }
        self.log.extend(applied.facts);
        for notification in applied.notifications {
            if let Notification::Agent { to, reference, notice } = notification {
                self.maybe_never_join(&to, &notice);
                self.tell(&to, reference, &notice);
            }
        }
        self.alarm.notify_one();
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
        if !self.connections.contains_key(to) {
            return;
        }
        let interaction = match notice {
            Notice::Status(view) | Notice::Participants(view) | Notice::Properties(view) | Notice::Failed(view, _) => {
                Some(&view.id)
            }
            Notice::Entries(id, _) => Some(id),
            Notice::Presence { .. } => None,
        };
        let place = Place { login: Some(to), interaction, operation: None };
        if self.faults.strikes(&place, &Kind::DropSession) {
            self.lose(to, "the session is unknown to the server");
        }
        let Some(event) = translate::event(notice, reference, to) else { return };
        let tampering = self.faults.tamper(&place);
        for _ in 0..=usize::from(tampering.duplicate) {
            let way = self.way(interaction) + tampering.delay.unwrap_or_default();
            let late = tampering.reorder.then(|| self.way(interaction) + self.options.latency_most);
            self.send(to, event.clone(), way, late);
        }
    }

    /// Puts an event on its way. It overtakes nothing; one that is late lets others pass.
    fn send(&mut self, to: &AgentName, event: PlatformEvent, way: Duration, late: Option<Duration>) {
        let now = Instant::now();
        self.sent += 1;
        let number = self.sent;
        let Some(connection) = self.connections.get_mut(to) else { return };
        if connection.lost_until.is_some_and(|until| now < until) {
            return;
        }
        let mut at = (now + way).max(connection.last);
        match late {
            Some(late) => at += late,
            None => connection.last = at,
        }
        connection.on_the_way.insert((at, number), event);
        connection.news.notify_one();
    }

    /// The connection of a login breaks: what was on its way is gone, nothing is told until it is back.
    pub(super) fn lose(&mut self, agent: &AgentName, reason: &str) {
        let most = self.options.reconnect_most;
        let wait = self.between(None, most / 10, most);
        self.sent += 2;
        let number = self.sent;
        let now = Instant::now();
        let Some(connection) = self.connections.get_mut(agent) else { return };
        if connection.lost_until.is_some_and(|until| now < until) {
            return;
        }
        connection.on_the_way.clear();
        let back = now + wait;
        connection.on_the_way.insert((now, number - 1), PlatformEvent::Link(Link::Lost { reason: reason.to_owned() }));
        connection.on_the_way.insert((back, number), PlatformEvent::Link(Link::Restored { gap: true }));
        connection.last = back;
        connection.lost_until = Some(back);
        connection.news.notify_one();
    }

    /// A new connection of a login. Takes the place of an older one.
    pub(super) fn connect(&mut self, agent: &AgentName) -> (u64, Arc<Notify>) {
        self.sign_ins += 1;
        let connection = Connection {
            on_the_way: BTreeMap::new(),
            last: Instant::now(),
            generation: self.sign_ins,
            lost_until: None,
            news: Arc::new(Notify::new()),
        };
        let found = (connection.generation, Arc::clone(&connection.news));
        if let Some(older) = self.connections.insert(agent.clone(), connection) {
            older.news.notify_one();
        }
        found
    }

    /// Takes a connection down.
    pub(super) fn disconnect(&mut self, agent: &AgentName) {
        if let Some(connection) = self.connections.remove(agent) {
            connection.news.notify_one();
        }
    }

    /// What has arrived at a connection, and when something arrives next. Nothing if the connection is gone.
    pub(super) fn arrived(
        &mut self,
        agent: &AgentName,
        generation: u64,
    ) -> Option<(Vec<PlatformEvent>, Option<Instant>)> {
        let connection = self.connections.get_mut(agent).filter(|connection| connection.generation == generation)?;
        let now = Instant::now();
        let later = connection.on_the_way.split_off(&(now, u64::MAX));
        let arrived = std::mem::replace(&mut connection.on_the_way, later);
        let next = connection.on_the_way.keys().next().map(|(at, _)| *at);
        Some((arrived.into_values().collect(), next))
    }
}
