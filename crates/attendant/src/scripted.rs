//! A platform that does what a test says: chats in memory, with every operation written down, and mishaps on demand.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::room::Room;
use crate::{
    AttachedData, Entry, EntryKind, Interaction, InteractionId, InteractionState, Link, LoginId, Operation,
    Participant, Platform, PlatformError, PlatformErrorKind, PlatformEvent, PlatformEvents, PlatformLimits, Presence,
    Receipt, Role, UnixMillis, Visibility,
};

/// Events that may wait for the runtime. A test that makes more of them has a loop in it.
const EVENTS: usize = 4096;

/// A platform that does what a test says. Clones are the same platform.
///
/// Its time is tokio's, so tests run on a paused clock. A transfer or an invitation is taken, and nothing comes of it until
/// the test says so.
#[derive(Clone)]
pub struct ScriptedPlatform {
    login: LoginId,
    limits: PlatformLimits,
    began: Instant,
    inner: Arc<Mutex<Inner>>,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Inner {
    rooms: BTreeMap<InteractionId, Room>,
    events: Option<mpsc::Sender<PlatformEvent>>,
    performed: Vec<(InteractionId, Operation)>,
    presence: Option<Presence>,
    signed_in: u32,
    signed_out: u32,
    mishaps: VecDeque<(Match, Mishap)>,
    refuse_sign_in: VecDeque<PlatformErrorKind>,
    down: bool,
    latency: Duration,
}

type Match = Box<dyn Fn(&Operation) -> bool + Send>;

/// What goes wrong with an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// It is performed, but the answer is lost.
    AnswerLost,
    /// It is not performed, and nobody knows.
    Lost,
    /// It is refused with this kind.
    Refused(PlatformErrorKind),
    /// It is taken, and fails later.
    FailsLater(PlatformErrorKind),
    /// It is performed and answered, but the events it makes never come.
    EventsLost,
    /// It is taken, and puts the interaction into JoinFailed.
    JoinFails,
}

impl ScriptedPlatform {
    /// A platform for this login, with everything that a platform can have.
    pub fn new(login: &str) -> Self {
        Self {
            login: LoginId::from(login),
            limits: PlatformLimits { message_bytes: 4096, agent_only_messages: true, disposition: true },
            began: Instant::now(),
            inner: Arc::default(),
            changed: watch::Sender::new(0),
        }
    }

    /// With other limits. For a new platform only: earlier clones keep theirs.
    #[must_use]
    pub fn with_limits(mut self, limits: PlatformLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Every operation and read takes this long from now on.
    pub fn set_latency(&self, latency: Duration) {
        self.inner().latency = latency;
    }

    /// The next sign-ins are refused like this, one each.
    pub fn refuse_sign_in(&self, kinds: impl IntoIterator<Item = PlatformErrorKind>) {
        self.inner().refuse_sign_in.extend(kinds);
    }

    /// While down, everything is refused as unavailable.
    pub fn set_down(&self, down: bool) {
        self.inner().down = down;
    }

    /// The next operation that matches meets with this mishap.
    pub fn mishap(&self, matches: impl Fn(&Operation) -> bool + Send + 'static, mishap: Mishap) {
        self.inner().mishaps.push_back((Box::new(matches), mishap));
    }

    /// A customer asks for a chat, and it is offered to this login.
    pub fn offer(&self, id: &str, customer: &str) {
        self.offer_with(id, customer, AttachedData::default());
    }

    /// The same, with attached data.
    pub fn offer_with(&self, id: &str, customer: &str, data: AttachedData) {
        let room = Room::new(InteractionId::from(id), customer, data, self.now());
        self.inner().rooms.insert(InteractionId::from(id), room);
        self.tell();
    }

    /// The customer says something.
    pub fn customer_says(&self, id: &str, words: &str) {
        self.act_as(id, &Role::Customer, EntryKind::Text(words.to_owned()));
    }

    /// The customer does something else (types, stops typing).
    pub fn customer_does(&self, id: &str, kind: EntryKind) {
        self.act_as(id, &Role::Customer, kind);
    }

    /// The customer leaves.
    pub fn customer_leaves(&self, id: &str) {
        let now = self.now();
        self.in_room(id, |room| {
            if let Some(who) = room.somebody(&Role::Customer) {
                room.leave(&who, now);
            }
        });
    }

    /// A person joins.
    pub fn person_joins(&self, id: &str, nickname: &str) {
        let now = self.now();
        self.in_room(id, |room| drop(room.join(Role::Agent, nickname, now)));
    }

    /// The person says something to the customer.
    pub fn person_says(&self, id: &str, words: &str) {
        self.act_as(id, &Role::Agent, EntryKind::Text(words.to_owned()));
    }

    /// The person leaves.
    pub fn person_leaves(&self, id: &str) {
        let now = self.now();
        self.in_room(id, |room| {
            if let Some(who) = room.somebody(&Role::Agent) {
                room.leave(&who, now);
            }
        });
    }

    /// The platform puts the interaction into this state: a transfer that works, an offer taken back.
    pub fn set_state(&self, id: &str, state: InteractionState) {
        self.in_room(id, |room| room.set_state(state));
    }

    /// Changes a chat without telling anybody: what happens while the connection is down.
    pub fn silently(&self, change: impl FnOnce(&Self)) {
        let events = self.inner().events.take();
        change(self);
        let mut inner = self.inner();
        inner.events = events;
        for room in inner.rooms.values_mut() {
            let _ = room.news();
        }
    }

    /// Sends an event as it is.
    pub fn send(&self, event: PlatformEvent) {
        let events = self.inner().events.clone();
        if let Some(events) = events {
            let _ = events.try_send(event); // nobody listens any more, or the test floods
        }
    }

    /// The connection breaks and comes back.
    pub fn reconnect(&self, gap: bool) {
        self.send(PlatformEvent::Link(Link::Lost { reason: "scripted".to_owned() }));
        self.send(PlatformEvent::Link(Link::Restored { gap }));
    }

    /// The session is over for good; the adapter gives up.
    pub fn close_session(&self) {
        self.send(PlatformEvent::Link(Link::Closed { reason: "scripted".to_owned() }));
    }

    /// Everything that was asked for, whatever came of it, in order.
    pub fn performed(&self) -> Vec<(InteractionId, Operation)> {
        self.inner().performed.clone()
    }

    /// What was asked for in one chat.
    pub fn performed_in(&self, id: &str) -> Vec<Operation> {
        let of = InteractionId::from(id);
        self.performed().into_iter().filter(|(chat, _)| *chat == of).map(|(_, operation)| operation).collect()
    }

    /// What this login has said to the customer, as the transcript has it.
    pub fn said(&self, id: &str) -> Vec<String> {
        self.texts(id, Visibility::All)
    }

    /// What this login has said to the agents' side alone.
    pub fn notes(&self, id: &str) -> Vec<String> {
        self.texts(id, Visibility::Agents)
    }

    /// A chat as the platform has it.
    pub fn interaction(&self, id: &str) -> Option<Interaction> {
        self.inner().rooms.get(&InteractionId::from(id)).map(|room| room.interaction.clone())
    }

    /// The disposition that was set.
    pub fn disposition(&self, id: &str) -> Option<String> {
        self.inner().rooms.get(&InteractionId::from(id)).and_then(|room| room.disposition.clone())
    }

    /// The presence that was asked for last.
    pub fn presence(&self) -> Option<Presence> {
        self.inner().presence
    }

    /// How often somebody signed in, and out.
    pub fn sessions(&self) -> (u32, u32) {
        let inner = self.inner();
        (inner.signed_in, inner.signed_out)
    }

    /// Waits until this holds, looked at after everything that happens here. On a paused clock that takes no time; a test
    /// that would wait for more than ten minutes panics.
    #[expect(clippy::missing_panics_doc, reason = "for tests")]
    pub async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let mut changed = self.changed.subscribe();
        let waiting = async {
            while !holds(self) {
                let _ = changed.changed().await; // the sender lives in self
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(600), waiting).await;
        assert!(waited.is_ok(), "waited in vain until {what}; performed: {:#?}", self.performed());
    }

    fn texts(&self, id: &str, visibility: Visibility) -> Vec<String> {
        let inner = self.inner();
        let Some(room) = inner.rooms.get(&InteractionId::from(id)) else { return Vec::new() };
        let own = room.entries.iter().filter(|entry| entry.from.role == Role::Me && entry.visibility == visibility);
        own.filter_map(|entry| match &entry.kind {
            EntryKind::Text(text) => Some(text.clone()),
            _ => None,
        })
        .collect()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> UnixMillis {
        UnixMillis(i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX))
    }

    fn act_as(&self, id: &str, role: &Role, kind: EntryKind) {
        let now = self.now();
        self.in_room(id, |room| {
            if let Some(who) = room.somebody(role) {
                room.act(&who, Visibility::All, kind, now);
            }
        });
    }

    fn in_room(&self, id: &str, change: impl FnOnce(&mut Room)) {
        if let Some(room) = self.inner().rooms.get_mut(&InteractionId::from(id)) {
            change(room);
        }
        self.tell();
    }

    /// Tells the runtime what is new.
    fn tell(&self) {
        let mut inner = self.inner();
        let inner = &mut *inner;
        if let Some(events) = &inner.events {
            for (id, room) in &mut inner.rooms {
                let (changed, entries) = room.news();
                if let Some(changed) = changed {
                    let _ = events.try_send(PlatformEvent::Interaction(changed));
                }
                if !entries.is_empty() {
                    let _ = events.try_send(PlatformEvent::Entries { interaction: id.clone(), entries });
                }
            }
        }
        self.changed.send_modify(|count| *count += 1);
    }

    async fn pass(&self) -> Result<(), PlatformError> {
        let (latency, down) = {
            let inner = self.inner();
            (inner.latency, inner.down)
        };
        wait(latency).await;
        if down { Err(PlatformError::new(PlatformErrorKind::Unavailable, "down")) } else { Ok(()) }
    }
}

#[async_trait]
impl Platform for ScriptedPlatform {
    fn login(&self) -> &LoginId {
        &self.login
    }

    fn limits(&self) -> PlatformLimits {
        self.limits
    }

    async fn sign_in(&self) -> Result<PlatformEvents, PlatformError> {
        self.pass().await?;
        let (sender, receiver) = mpsc::channel(EVENTS);
        {
            let mut inner = self.inner();
            if let Some(kind) = inner.refuse_sign_in.pop_front() {
                return Err(PlatformError::new(kind, "scripted"));
            }
            inner.signed_in += 1;
            inner.events = Some(sender);
            for room in inner.rooms.values_mut() {
                let _ = room.news(); // nothing is replayed
            }
        }
        self.tell();
        Ok(receiver)
    }

    async fn set_presence(&self, presence: Presence) -> Result<(), PlatformError> {
        self.pass().await?;
        self.inner().presence = Some(presence);
        self.tell();
        Ok(())
    }

    async fn perform(&self, id: &InteractionId, operation: Operation) -> Result<Receipt, PlatformError> {
        // Half of the time passes on the way there, and half on the way back: a call that is dropped may have been performed.
        let half = self.inner().latency / 2;
        wait(half).await;
        if self.inner().down {
            return Err(PlatformError::new(PlatformErrorKind::Unavailable, "down"));
        }
        let now = self.now();
        let result = {
            let mut inner = self.inner();
            inner.performed.push((id.clone(), operation.clone()));
            let place = inner.mishaps.iter().position(|(matches, _)| matches(&operation));
            let mishap = place.and_then(|place| inner.mishaps.remove(place)).map(|(_, mishap)| mishap);
            let Some(room) = inner.rooms.get_mut(id) else {
                return Err(PlatformError::new(PlatformErrorKind::NotFound, "no such interaction"));
            };
            match mishap {
                Some(Mishap::Refused(kind)) => Err(PlatformError::new(kind, "scripted")),
                Some(Mishap::Lost) => Err(PlatformError::new(PlatformErrorKind::Unknown, "scripted")),
                Some(Mishap::FailsLater(kind)) => {
                    let error = PlatformError::new(kind, "scripted");
                    let event =
                        PlatformEvent::OperationFailed { interaction: Some(id.clone()), reference: None, error };
                    if let Some(events) = &inner.events {
                        let _ = events.try_send(event);
                    }
                    Ok(Receipt::default())
                }
                Some(Mishap::AnswerLost) => room
                    .perform(&operation, "Robo", now)
                    .and(Err(PlatformError::new(PlatformErrorKind::Unknown, "scripted"))),
                Some(Mishap::EventsLost) => {
                    let result = room.perform(&operation, "Robo", now);
                    let _ = room.news();
                    result
                }
                Some(Mishap::JoinFails) => {
                    room.set_state(InteractionState::JoinFailed);
                    Ok(Receipt::default())
                }
                None => room.perform(&operation, "Robo", now),
            }
        };
        wait(half).await;
        self.tell();
        result
    }

    async fn interactions(&self) -> Result<Vec<Interaction>, PlatformError> {
        let half = self.inner().latency / 2; // an answer is as old as its way back
        wait(half).await;
        let list = {
            let inner = self.inner();
            let rooms = inner.rooms.values().map(|room| room.interaction.clone());
            let list = rooms.filter(|interaction| !interaction.state.is_final()).collect();
            if inner.down { Err(PlatformError::new(PlatformErrorKind::Unavailable, "down")) } else { Ok(list) }
        };
        wait(half).await;
        list
    }

    async fn transcript(&self, id: &InteractionId) -> Result<Vec<Entry>, PlatformError> {
        self.pass().await?;
        let inner = self.inner();
        match inner.rooms.get(id) {
            Some(room) if room.interaction.state != InteractionState::Invited => Ok(room.entries.clone()),
            _ => Err(PlatformError::new(PlatformErrorKind::NotFound, "no transcript")),
        }
    }

    async fn sign_out(&self) -> Result<(), PlatformError> {
        self.pass().await?;
        let mut inner = self.inner();
        inner.signed_out += 1;
        inner.events = None;
        Ok(())
    }
}

/// A wait of nothing is none, not even a tick of the timer.
async fn wait(latency: Duration) {
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
}

/// Somebody, for entries that a test makes itself.
pub fn participant(id: &str, role: Role, nickname: &str) -> Participant {
    Participant { id: id.into(), role, nickname: nickname.to_owned(), agent: None }
}
