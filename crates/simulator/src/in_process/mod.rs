//! The in-process face: the same model without a socket, on tokio's clock. With the clock paused and everything on one
//! thread, one seed gives one run, byte for byte: latencies, faults, people and customers all follow from it.
//!
//! What is not here: the wire. What the adapter of the real platform hides (cookies, CSRF, JSON) cannot go wrong here, so
//! faults of that kind do nothing, or come out as what an adapter makes of them.

mod login;
mod people;
mod shared;
#[cfg(test)]
mod tests;
mod translate;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use login::Login;
pub use people::People;
use shared::Shared;

use crate::crowd::Visitor;
use crate::faults::Faults;
use crate::guests::{Guest, Visit};
use crate::log::Log;
use crate::model::{Centre, ChatId, Command, CustomerKey, Moment, Refusal, Rules, UserData};
use crate::options::millis;

/// What an in-process centre is opened with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Who works there, and where chats come in.
    pub centre: Centre,
    /// How long things take in the centre.
    pub rules: Rules,
    /// Everything random follows from it.
    pub seed: u64,
    /// The moment at which it is opened.
    pub start: Moment,
    /// The shortest way of a request, an answer or a notification.
    #[serde(with = "millis")]
    pub latency_least: Duration,
    /// The longest way.
    #[serde(with = "millis")]
    pub latency_most: Duration,
    /// How long it takes at most until a lost connection is back; at least a tenth of it.
    #[serde(with = "millis")]
    pub reconnect_most: Duration,
    /// Whether words can be sent to the agents' side alone.
    pub agent_only_messages: bool,
    /// Whether a disposition is an operation of its own.
    pub disposition: bool,
    /// How many facts the log keeps; the oldest go.
    pub log_facts: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            centre: Centre::default(),
            rules: Rules::default(),
            seed: 0,
            start: Moment(1_700_000_000_000),
            latency_least: Duration::from_millis(2),
            latency_most: Duration::from_millis(40),
            reconnect_most: Duration::from_secs(2),
            agent_only_messages: true,
            disposition: true,
            log_facts: 1_000_000,
        }
    }
}

impl Options {
    /// Who works there.
    #[must_use]
    pub fn with_centre(mut self, centre: Centre) -> Self {
        self.centre = centre;
        self
    }

    /// How long things take.
    #[must_use]
    pub fn with_rules(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// Everything random follows from it.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
}

/// A centre in this process. A clone means the same one; it closes when the last clone and the last login are gone.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
    tasks: TaskTracker,
    stop: Arc<Stop>,
}

struct Stop(CancellationToken);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Opens a centre; the scripted people come in. Needs a tokio runtime: with `start_paused` time costs nothing.
pub fn open(options: Options) -> Handle {
    let cancel = CancellationToken::new();
    let tasks = TaskTracker::new();
    let shared = Arc::new(Shared::new(options));
    shared.lock().open();
    tasks.spawn(shared::keep_time(Arc::clone(&shared), cancel.clone()));
    Handle { shared, tasks, stop: Arc::new(Stop(cancel)) }
}

impl Handle {
    /// The platform of one agent login; nothing if nobody has this user name. A login can be had again, as by a process
    /// that was started anew: its `sign_in` then takes the connection over, and the older one hears nothing any more.
    pub fn login(&self, user: &str) -> Option<Login> {
        let known = self.shared.lock().world.model().profile(user).map(|profile| profile.user.clone())?;
        Some(Login::new(
            Arc::clone(&self.shared),
            known,
            self.tasks.clone(),
            self.stop.0.clone(),
            Arc::clone(&self.stop),
        ))
    }

    /// What goes wrong.
    pub fn faults(&self) -> Faults {
        self.shared.lock().faults.clone()
    }

    /// What really happened until now: a copy.
    pub fn log(&self) -> Log {
        self.shared.lock().log.clone()
    }

    /// What really happened until now, taken out: the log begins anew.
    pub fn take_log(&self) -> Log {
        let mut inner = self.shared.lock();
        let fresh = Log::new(inner.options.log_facts, true);
        std::mem::replace(&mut inner.log, fresh)
    }

    /// The chats that an agent has now, finished ones left out.
    pub fn held(&self, user: &str) -> Vec<ChatId> {
        let views = self.shared.lock().world.model().views(&crate::model::AgentName::new(user));
        views.into_iter().map(|view| view.id).collect()
    }

    /// The centre's clock.
    pub fn now(&self) -> Moment {
        self.shared.lock().now()
    }

    /// A customer asks for a chat.
    pub fn request_chat(&self, nickname: &str, queue: Option<&str>, data: UserData) -> Result<ChatId, Refusal> {
        let mut inner = self.shared.lock();
        let key = CustomerKey::new(inner.uuid());
        let command = Command::RequestChat {
            key,
            nickname: nickname.to_owned(),
            subject: None,
            queue: queue.map(str::to_owned),
            data,
        };
        inner.apply(command)?.ok_or_else(|| Refusal::unknown("no chat"))
    }

    /// A customer writes.
    pub fn customer_says(&self, chat: &ChatId, text: &str) -> Result<(), Refusal> {
        let mut inner = self.shared.lock();
        if let Some(hole) = inner.faults.skip(None, chat, "SendMessage") {
            inner.apply(hole)?;
        }
        inner.apply(Command::CustomerSays { chat: chat.clone(), text: text.to_owned() }).map(drop)
    }

    /// A customer begins or stops to type.
    pub fn customer_types(&self, chat: &ChatId, on: bool) -> Result<(), Refusal> {
        self.shared.lock().apply(Command::CustomerTypes { chat: chat.clone(), on }).map(drop)
    }

    /// A customer goes.
    pub fn customer_leaves(&self, chat: &ChatId) -> Result<(), Refusal> {
        self.shared.lock().apply(Command::CustomerLeaves { chat: chat.clone() }).map(drop)
    }

    /// Lets simulated customers come: each so long after now. What happens to the chat of one follows from the seed and the
    /// nickname, as far as it does not hang on what others do.
    pub fn invite(&self, visitors: impl IntoIterator<Item = (Duration, Visitor)>) {
        let mut inner = self.shared.lock();
        for (after, visitor) in visitors {
            let key = CustomerKey::new(inner.uuid());
            inner.known.insert(visitor.nickname.clone());
            let at = inner.now().after(after);
            inner.world.invite(at, key, visitor);
        }
        inner.wake();
    }

    /// Lets guests come: each so long after now.
    pub fn expect(&self, guests: impl IntoIterator<Item = (Duration, Guest)>) {
        let mut inner = self.shared.lock();
        for (after, guest) in guests {
            let key = CustomerKey::new(inner.uuid());
            let at = inner.now().after(after);
            inner.world.expect(at, key, guest);
        }
        inner.wake();
    }

    /// Somebody is ready, rests (NotReady) or goes (LoggedOut) so long after now.
    pub fn plan(&self, after: Duration, user: &str, presence: crate::model::Presence) {
        let mut inner = self.shared.lock();
        let at = inner.now().after(after);
        inner.world.plan(at, crate::model::AgentName::new(user), presence);
        inner.wake();
    }

    /// What became of the guests who have gone, in the order of going: a copy.
    pub fn visits(&self) -> Vec<Visit> {
        self.shared.lock().world.visits().to_vec()
    }

    /// Who is there. With a mean time of a chat, it tells a wait, too.
    pub fn people(&self, handling: Option<Duration>) -> People {
        People { shared: Arc::clone(&self.shared), handling }
    }

    /// How many simulated customers are still to come or in a chat.
    pub fn visitors(&self) -> usize {
        self.shared.lock().world.visitors()
    }

    /// A chat as its customer sees it: every entry that is not for the agents' side alone, in order.
    pub fn seen(&self, chat: &ChatId) -> Vec<Arc<crate::model::Entry>> {
        self.shared.lock().world.model().customer_transcript(chat, 0)
    }

    /// What agents have told the customer of a chat, in order.
    pub fn told(&self, chat: &ChatId) -> Vec<String> {
        let inner = self.shared.lock();
        let entries = inner.world.model().customer_transcript(chat, 0);
        let lines = entries.iter().filter(|entry| entry.from.side != crate::model::Side::Customer);
        lines
            .filter_map(|entry| match &entry.kind {
                crate::model::EntryKind::Text(text, _) => Some(text.clone()),
                _ => None,
            })
            .collect()
    }

    /// How busy the centre is.
    pub fn load(&self) -> crate::Load {
        let inner = self.shared.lock();
        crate::Load::of(inner.world.model())
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}
