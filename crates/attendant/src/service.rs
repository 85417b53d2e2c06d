//! One agent login at work: a platform, a bot and a journal, and the machines of its conversations.
//!
//! All conversations of a login live in one loop: an idle conversation is data in a table with one entry in the timer list.
//! There is a task only while a bot thinks.

mod conversations;
mod drain;
mod hold;
mod offers;
mod presence;
mod reads;
mod run;
mod status;
#[cfg(test)]
mod tests;
mod writer;

use std::sync::Arc;

use rand::SeedableRng;
use rand::rngs::SmallRng;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::guard::Guards;
use crate::journal::{self, Journal};
use crate::machine::Command;
use crate::mode::Comparisons;
use crate::options::InvalidOption;
use crate::probe::{self, Probe};
use crate::{Bot, Handoff, InteractionId, LoginId, Options, Platform, PlatformError, UnixMillis, Waiting, rules};

pub use status::{Counters, Handoffs, Phase, Status, Summary};

/// Requests of handles that may wait; a handle that asks for more waits with them.
const REQUESTS: usize = 64;

/// One agent login, ready to run.
pub struct Service {
    login: LoginId,
    platform: Arc<dyn Platform>,
    bot: Arc<dyn Bot>,
    journal: Arc<dyn Journal>,
    options: Arc<Options>,
    clock: Option<UnixMillis>,
    dice: SmallRng,
    guards: Guards,
    comparisons: Option<Arc<dyn Comparisons>>,
    probe: probe::Slot,
    status: watch::Sender<Status>,
    requests: mpsc::Receiver<Request>,
}

/// Looks at a service and asks things of it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Handle {
    login: LoginId,
    status: watch::Receiver<Status>,
    requests: mpsc::Sender<Request>,
}

#[derive(Debug)]
enum Request {
    Command(InteractionId, Command),
    Waiting(InteractionId, Waiting),
    Summaries(oneshot::Sender<Vec<Summary>>),
}

/// Why a service ended before it was told to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The platform refuses the login; trying again would not help.
    #[error("the platform refuses the login")]
    SignIn(#[source] PlatformError),
    /// The journal cannot be used: fenced off, out of step, corrupt.
    #[error("the journal cannot be used")]
    Journal(#[source] journal::Error),
}

/// How a service ended that was told to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// No conversation was left.
    Clean,
    /// This many were left as they were; the next start takes them up from the journal.
    Left(usize),
}

impl Service {
    /// A service, and a handle to it. Fails with everything that is wrong with the options.
    pub fn new(
        platform: Arc<dyn Platform>,
        bot: Arc<dyn Bot>,
        journal: Arc<dyn Journal>,
        options: Options,
    ) -> Result<(Self, Handle), Vec<InvalidOption>> {
        let wrong = options.validate();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let login = platform.login().clone();
        let (status, watched) = watch::channel(Status::default());
        let (sender, requests) = mpsc::channel(REQUESTS);
        let handle = Handle { login: login.clone(), status: watched, requests: sender };
        let options = Arc::new(options);
        let dice = SmallRng::from_os_rng();
        Ok((
            Self {
                login,
                platform,
                bot,
                journal,
                options,
                clock: None,
                dice,
                guards: Guards::default(),
                comparisons: None,
                probe: probe::Slot::default(),
                status,
                requests,
            },
            handle,
        ))
    }

    /// Starts the clock at this time instead of the machine's, and rolls these dice: the same run twice.
    #[must_use]
    pub fn reproducible(mut self, at: UnixMillis, seed: u64) -> Self {
        self.clock = Some(at);
        self.dice = SmallRng::seed_from_u64(seed);
        self
    }

    /// Lets a simulation see, and cut, every boundary that this process comes to.
    #[must_use]
    pub fn probed(mut self, probe: Arc<dyn Probe>) -> Self {
        self.probe = probe::Slot::with(probe);
        self
    }

    /// Keeps what a draft or a shadow would have done beside what people did.
    #[must_use]
    pub fn comparing(mut self, comparisons: Arc<dyn Comparisons>) -> Self {
        self.comparisons = Some(comparisons);
        self
    }

    /// Takes a guard out, to see that the tests notice.
    #[cfg(any(test, feature = "test-util"))]
    #[must_use]
    pub fn without(mut self, guard: crate::Guard) -> Self {
        self.guards = Guards::without(guard);
        self
    }

    /// Signs in, holds conversations, and stops when told to.
    ///
    /// `drain` stops gently: no more offers, conversations finish or are handed over within the time of the options, then
    /// the login signs out. `abort` stops at once and leaves everything to the next start. Dropping the future is an abort.
    pub async fn run(self, drain: CancellationToken, abort: CancellationToken) -> Result<Stopped, Error> {
        let clock = self.clock.map_or_else(Clock::of_the_wall, Clock::starting_at);
        run::Running::new(self, clock).run(drain, abort).await
    }
}

impl Handle {
    /// Which login it is.
    pub fn login(&self) -> &LoginId {
        &self.login
    }

    /// How it is now.
    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// Follows how it is.
    pub fn watch(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// What its conversations are doing. Empty once the service has ended.
    pub async fn conversations(&self) -> Vec<Summary> {
        let (sender, answer) = oneshot::channel();
        if self.requests.send(Request::Summaries(sender)).await.is_err() {
            return Vec::new();
        }
        answer.await.unwrap_or_default()
    }

    /// Hands a conversation over now, by the rule `operator` unless another is named. Nothing happens if the bot does not
    /// own it.
    pub async fn hand_over(&self, interaction: InteractionId, mut handoff: Handoff) {
        handoff.rule.get_or_insert_with(|| rules::names::OPERATOR.to_owned());
        self.command(interaction, Command::HandOver(handoff)).await;
    }

    /// Ends a conversation now, with these words. Nothing happens if the bot does not own it.
    pub async fn end(&self, interaction: InteractionId, words: impl Into<String>, disposition: impl Into<String>) {
        let command = Command::End { words: words.into(), disposition: disposition.into() };
        self.command(interaction, command).await;
    }

    /// Tells a conversation what is known of the wait for a person, for the words of its handoff.
    pub async fn tell_the_wait(&self, interaction: InteractionId, waiting: Waiting) {
        // A service that has ended has no conversations to tell.
        let _ = self.requests.send(Request::Waiting(interaction, waiting)).await;
    }

    async fn command(&self, interaction: InteractionId, command: Command) {
        // A service that has ended has no conversations to command.
        let _ = self.requests.send(Request::Command(interaction, command)).await;
    }
}
