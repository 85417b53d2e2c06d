//! Faults: what goes wrong, where, how often. Switched on and off while the simulator runs; a seed decides about chances.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::chance::Chance;
use crate::model::{AgentName, ChatId, Command, Operation, stable_hash};

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    /// The CometD session is gone: 402 at the next connect; a held connect is answered so at once.
    DropSession,
    /// The operation is done, but the connection is cut before the answer.
    LoseAnswer,
    /// HTTP 500 with status code 4; nothing was done.
    InternalError,
    /// HTTP 503; nothing was done.
    Unavailable {
        /// `Retry-After`, in seconds.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// The answer comes late.
    Slow {
        /// By how many milliseconds.
        millis: u64,
    },
    /// The operation is done, the answer is a page of HTML.
    NotJson,
    /// The operation is done, the answer has neither `statusCode` nor `status`.
    NoStatus,
    /// Status codes are strings.
    StringStatus,
    /// HTTP 403, as if the CSRF token were wrong; the token is a new one from now on.
    RefuseCsrf,
    /// The HTTP session is over: HTTP 403 with code 20, and the CometD sessions of the login are gone too.
    ExpireSession,
    /// StartContactCenterSession succeeds for voice and fails for chat: code 7.
    PartialSignIn,
    /// The offer is taken back while it is being accepted.
    WithdrawOffer,
    /// The offer is accepted, the chat session cannot be joined.
    FailJoin,
    /// Notifications come twice.
    Duplicate,
    /// Notifications come late.
    Delay {
        /// By how many milliseconds.
        millis: u64,
    },
    /// A notification is overtaken by the next one.
    Reorder,
    /// Indexes of the transcript have holes.
    SkipIndex {
        /// How many indexes are left out.
        #[serde(default = "one")]
        by: u64,
    },
    /// Notifications come in the replies to other messages too.
    DeliverInReplies,
    /// A scripted person does not take offers and invitations.
    NeverJoin,
    /// The customer goes as soon as the agent begins to answer.
    CustomerLeaves,
}

fn one() -> u64 {
    1
}

/// A fault with its scope. Every condition that is given must hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: Kind,
    /// For this login alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// For this interaction alone, by the id of the agents' side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interaction: Option<String>,
    /// For this operation alone: an `operationName`, `GET` for reads, or `/meta/connect` and its like for CometD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Not before this many occasions have passed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub after: u64,
    /// At most this often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// With this chance, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Fault {
    /// A fault that strikes always and everywhere.
    pub fn new(kind: Kind) -> Self {
        Self { kind, login: None, interaction: None, operation: None, after: 0, count: None, probability: None }
    }

    /// For this login alone.
    #[must_use]
    pub fn login(mut self, login: impl Into<String>) -> Self {
        self.login = Some(login.into());
        self
    }

    /// For this interaction alone.
    #[must_use]
    pub fn interaction(mut self, id: impl Into<String>) -> Self {
        self.interaction = Some(id.into());
        self
    }

    /// For this operation alone.
    #[must_use]
    pub fn operation(mut self, name: impl Into<String>) -> Self {
        self.operation = Some(name.into());
        self
    }

    /// Not before this many occasions have passed.
    #[must_use]
    pub fn after(mut self, occasions: u64) -> Self {
        self.after = occasions;
        self
    }

    /// At most this often.
    #[must_use]
    pub fn times(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    /// With this chance.
    #[must_use]
    pub fn chance(mut self, probability: f64) -> Self {
        self.probability = Some(probability);
        self
    }
}

/// Where something is about to happen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub login: Option<&'a AgentName>,
    pub interaction: Option<&'a ChatId>,
    pub operation: Option<&'a str>,
}

/// What becomes of an operation: what happens first, and what it has turned into.
#[derive(Debug)]
pub(crate) struct Meddled {
    pub before: Vec<Command>,
    pub operation: Operation,
}

/// What happens to one notification.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tampering {
    pub duplicate: bool,
    pub reorder: bool,
    pub delay: Option<Duration>,
}

#[derive(Debug)]
struct Active {
    id: u64,
    fault: Fault,
    /// What dice are thrown for: the same kind of fault has the same dice, whichever others there are.
    thing: u64,
    occasions: u64,
    struck: u64,
}

#[derive(Debug)]
struct Inner {
    active: Vec<Active>,
    made: u64,
    chance: Chance,
    on_change: Option<Arc<tokio::sync::Notify>>,
}

/// The faults of a simulator. A clone means the same faults.
#[derive(Debug, Clone)]
pub struct Faults(Arc<Mutex<Inner>>);

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Inner { active: Vec::new(), made: 0, chance: Chance::new(seed), on_change: None })))
    }

    pub(crate) fn wake_on_change(&self, notify: Arc<tokio::sync::Notify>) {
        self.lock().on_change = Some(notify);
    }

    /// What happens to this chat follows from the seed and this name alone.
    pub(crate) fn name(&self, chat: &ChatId, name: &str) {
        self.lock().chance.name(chat.clone(), name);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Switches a fault on. The number switches it off again.
    pub fn add(&self, fault: Fault) -> u64 {
        let mut inner = self.lock();
        inner.made += 1;
        let id = inner.made;
        let thing = stable_hash(&format!("{:?}", fault.kind));
        inner.active.push(Active { id, fault, thing, occasions: 0, struck: 0 });
        if let Some(notify) = &inner.on_change {
            notify.notify_one();
        }
        id
    }

    /// Switches a fault on until the guard is dropped.
    #[must_use = "the fault is switched off when the guard is dropped"]
    pub fn scoped(&self, fault: Fault) -> FaultGuard {
        FaultGuard { faults: self.clone(), id: self.add(fault) }
    }

    /// Switches a fault off. False if it was not on.
    pub fn remove(&self, id: u64) -> bool {
        let mut inner = self.lock();
        let before = inner.active.len();
        inner.active.retain(|active| active.id != id);
        inner.active.len() < before
    }

    /// Switches all faults off.
    pub fn clear(&self) {
        self.lock().active.clear();
    }

    /// The faults that are on: number, fault, how often it struck.
    pub fn list(&self) -> Vec<(u64, Fault, u64)> {
        self.lock().active.iter().map(|active| (active.id, active.fault.clone(), active.struck)).collect()
    }

    /// Changes whenever a fault is added.
    pub(crate) fn version(&self) -> u64 {
        self.lock().made
    }

    /// How often a fault that is still on has struck.
    pub fn struck(&self, id: u64) -> u64 {
        self.lock().active.iter().find(|active| active.id == id).map_or(0, |active| active.struck)
    }

    /// Whether a kind that `wanted` picks strikes here; each fault that picks counts this as an occasion.
    pub(crate) fn strike<T>(&self, place: &Place<'_>, wanted: impl Fn(&Kind) -> Option<T>) -> Option<T> {
        let mut inner = self.lock();
        let Inner { active, chance, .. } = &mut *inner;
        let mut hit = None;
        for one in active {
            let Some(value) = wanted(&one.fault.kind) else { continue };
            if hit.is_some() || !one.fault.covers(place) || one.fault.count.is_some_and(|count| one.struck >= count) {
                continue;
            }
            one.occasions += 1;
            let lucky = one
                .fault
                .probability
                .is_none_or(|chances| chance.of(place.interaction, one.thing).random::<f64>() < chances);
            if one.occasions > one.fault.after && lucky {
                one.struck += 1;
                hit = Some(value);
            }
        }
        hit
    }

    /// Whether exactly this kind strikes here.
    pub(crate) fn strikes(&self, place: &Place<'_>, kind: &Kind) -> bool {
        self.strike(place, |other| (other == kind).then_some(())).is_some()
    }

    /// Lets the faults of the centre itself strike an operation; both faces of the simulator do it here.
    pub(crate) fn meddle(&self, agent: &AgentName, chat: &ChatId, name: &str, operation: Operation) -> Meddled {
        let mut meddled = Meddled { before: Vec::new(), operation };
        if self.is_quiet() {
            return meddled;
        }
        let place = Place { login: Some(agent), interaction: Some(chat), operation: Some(name) };
        if matches!(meddled.operation, Operation::Accept { .. }) {
            if self.strikes(&place, &Kind::WithdrawOffer) {
                meddled.before.push(Command::Withdraw { agent: agent.clone(), chat: chat.clone() });
            } else if self.strikes(&place, &Kind::FailJoin) {
                meddled.operation = Operation::AcceptInVain;
            }
        }
        if matches!(meddled.operation, Operation::Say { .. } | Operation::Type { on: true, .. })
            && self.strikes(&place, &Kind::CustomerLeaves)
        {
            meddled.before.push(Command::CustomerLeaves { chat: chat.clone() });
        }
        meddled.before.extend(self.skip(Some(agent), chat, name));
        meddled
    }

    /// A hole in the indexes before the next line.
    pub(crate) fn skip(&self, agent: Option<&AgentName>, chat: &ChatId, name: &str) -> Option<Command> {
        let place = Place { login: agent, interaction: Some(chat), operation: Some(name) };
        let by = self.strike(&place, |kind| match kind {
            Kind::SkipIndex { by } => Some(*by),
            _ => None,
        });
        by.map(|by| Command::SkipIndexes { chat: chat.clone(), by })
    }

    fn is_quiet(&self) -> bool {
        self.lock().active.is_empty()
    }

    pub(crate) fn tamper(&self, place: &Place<'_>) -> Tampering {
        if self.is_quiet() {
            return Tampering::default();
        }
        Tampering {
            duplicate: self.strikes(place, &Kind::Duplicate),
            reorder: self.strikes(place, &Kind::Reorder),
            delay: self.strike(place, |kind| match kind {
                Kind::Delay { millis } => Some(Duration::from_millis(*millis)),
                _ => None,
            }),
        }
    }
}

impl Fault {
    fn covers(&self, place: &Place<'_>) -> bool {
        let is = |wanted: &Option<String>, here: Option<&str>| wanted.as_deref().is_none_or(|name| here == Some(name));
        is(&self.login, place.login.map(AgentName::as_str))
            && is(&self.interaction, place.interaction.map(ChatId::as_str))
            && is(&self.operation, place.operation)
    }
}

/// Switches its fault off when it is dropped.
#[derive(Debug)]
pub struct FaultGuard {
    faults: Faults,
    id: u64,
}

impl FaultGuard {
    /// How often the fault has struck.
    pub fn struck(&self) -> u64 {
        self.faults.struck(self.id)
    }
}

impl Drop for FaultGuard {
    fn drop(&mut self) {
        self.faults.remove(self.id);
    }
}
