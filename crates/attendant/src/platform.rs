//! The Platform port: one agent login on a contact centre.

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::{Entry, Interaction, InteractionId, LoginId, Operation, Receipt};

/// One agent login on a contact centre. Implementations share connections between logins; the runtime owns one value per login.
///
/// The order of calls is: `sign_in` → `set_presence(Ready)` → any number of operations → `set_presence(NotReady)` →
/// `sign_out`. After `Link::Lost { .. }` the implementation reconnects by itself, with jittered backoff, and says
/// `Link::Restored`; the runtime then reads `interactions` and transcripts again, because nothing is replayed.
#[async_trait]
pub trait Platform: Send + Sync + 'static {
    /// Which login this is.
    fn login(&self) -> &LoginId;

    /// What this platform can carry.
    fn limits(&self) -> PlatformLimits;

    /// Signs in, subscribes, and starts the contact-centre session, in this order, so that no offer is missed. The login
    /// is not ready afterwards. Cancel safe: a half-finished sign-in is taken down by the next `sign_in` or `sign_out`.
    async fn sign_in(&self) -> Result<PlatformEvents, Error>;

    /// Says whether offers are wanted. Running chats are not touched.
    async fn set_presence(&self, presence: Presence) -> Result<(), Error>;

    /// Performs an operation. `Ok` means taken, not done: the outcome shows in events. Not cancel safe: a dropped call may
    /// or may not have been performed.
    async fn perform(&self, interaction: &InteractionId, operation: Operation) -> Result<Receipt, Error>;

    /// The interactions that this login owns now, as the platform has them.
    async fn interactions(&self) -> Result<Vec<Interaction>, Error>;

    /// Everything said so far, by index. Waits for the platform at most as long as the adapter's request time-out.
    async fn transcript(&self, interaction: &InteractionId) -> Result<Vec<Entry>, Error>;

    /// Ends the contact-centre session and drops the connection. Idempotent.
    async fn sign_out(&self) -> Result<(), Error>;
}

/// The events of one login, in order. Bounded: a runtime that does not read slows the adapter down, nothing is dropped.
pub type PlatformEvents = mpsc::Receiver<PlatformEvent>;

/// What a platform tells.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum PlatformEvent {
    /// An interaction is new or has changed.
    Interaction(Interaction),
    /// Entries of a transcript: new ones, or old ones again. Sort by index, drop what is known.
    Entries {
        /// Whose transcript.
        interaction: InteractionId,
        /// In the order they came.
        entries: Vec<Entry>,
    },
    /// An operation that was taken has failed after all.
    OperationFailed {
        /// The interaction, where the platform said which.
        interaction: Option<InteractionId>,
        /// The receipt's number, where the platform gave one.
        reference: Option<i64>,
        /// Why.
        error: Error,
    },
    /// The presence of this login as the platform has it; it may change on its own (an offer that ran out).
    Presence(Presence),
    /// The connection.
    Link(Link),
}

/// Whether offers are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Offers are wanted.
    Ready,
    /// No new offers, please.
    NotReady,
}

/// The state of the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Link {
    /// Broken; the adapter is reconnecting. Events may be missing from now on.
    Lost {
        /// For people and logs.
        reason: String,
    },
    /// Back. With a gap, events were or may have been lost: read the state again.
    Restored {
        /// False only if the server kept the session and re-sent what was not acknowledged.
        gap: bool,
    },
    /// Over, and the adapter will not try again (signed out, refused credentials).
    Closed {
        /// For people and logs.
        reason: String,
    },
}

/// What a platform can carry.
#[derive(Debug, Clone, Copy)]
pub struct PlatformLimits {
    /// Longest message, in bytes of UTF-8 (reference §10.1: 4 KB).
    pub message_bytes: usize,
    /// Whether words can be sent to the agents' side alone.
    pub agent_only_messages: bool,
    /// Whether a disposition is an operation of its own; else it is attached data.
    pub disposition: bool,
}

/// An error of the platform: a kind that the runtime acts on, and words for people.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{kind}: {message}")]
pub struct Error {
    kind: ErrorKind,
    message: String,
    retry_after: Option<Duration>,
}

impl Error {
    /// An error of this kind. The message is for people; it never holds a secret or the customer's words.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after: None }
    }

    /// Adds the server's hint.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// What to act on.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the same call may succeed later, and was certainly not performed now.
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, ErrorKind::Unavailable)
    }

    /// The server's hint, if it gave one.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

/// What kind of error it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The operation may or may not have been performed: the answer was lost. Look before doing it again.
    #[error("outcome unknown")]
    Unknown,
    /// Not now, and certainly not performed: the server is down or busy.
    #[error("unavailable")]
    Unavailable,
    /// Not in this state: closed, transferred or taken back meanwhile.
    #[error("not in this state")]
    WrongState,
    /// There is no such interaction for this login.
    #[error("not found")]
    NotFound,
    /// Nobody there can take it now, or there is no such target: the platform does not say which.
    #[error("no such target")]
    NoTarget,
    /// There is no such agent, skill or queue.
    #[error("unknown target")]
    UnknownTarget,
    /// There are people, and all of them are busy.
    #[error("busy")]
    Busy,
    /// Nobody who could take it is signed in.
    #[error("nobody is signed in")]
    NobodySignedIn,
    /// The message is too long or otherwise not acceptable.
    #[error("invalid")]
    Invalid,
    /// The credentials are refused, or the login lacks a permission.
    #[error("not allowed")]
    NotAllowed,
    /// This platform has no such operation.
    #[error("unsupported")]
    Unsupported,
    /// The server said something that makes no sense.
    #[error("protocol error")]
    Protocol,
}
