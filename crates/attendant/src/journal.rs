//! The Journal port: what must survive a crash is here before it happens.
//!
//! One story a conversation, one [`Line`] a fact, numbered from 1 without a gap. A login is held with a [`Fence`]: whoever
//! takes it later has a higher one, and appends with a lower one are refused, so a process that was paused and wakes up
//! late can write nothing, and what cannot be written is not sent.

#[cfg(any(test, feature = "test-util"))]
pub mod contract;
mod memory;
mod record;

use async_trait::async_trait;

use crate::{InteractionId, LoginId, UnixMillis};

pub use memory::MemoryJournal;
pub use record::{Closed, Record, TurnFailure};

/// A durable log of conversations. Appends of many logins come at the same time; an implementation gathers them into one
/// commit.
#[async_trait]
pub trait Journal: Send + Sync + 'static {
    /// Takes the login: every earlier holder is fenced off. Gives the stories that are not closed, oldest first.
    async fn take(&self, login: &LoginId) -> Result<Held, Error>;

    /// Appends lines, all or none, in order. They are durable when this returns `Ok`, as far as the implementation was
    /// told to be. Without any lines it tells whether the login is still held. Not cancel safe: a dropped call may or may
    /// not have appended.
    async fn append(&self, login: &LoginId, fence: Fence, lines: Vec<Line>) -> Result<(), Error>;

    /// One story in full, closed or not; empty if there is none.
    async fn story(&self, login: &LoginId, key: &StoryKey) -> Result<Vec<Line>, Error>;

    /// The latest story of an interaction in full, closed or not; empty if there is none, or none any more.
    async fn latest(&self, login: &LoginId, interaction: &InteractionId) -> Result<Vec<Line>, Error>;

    /// Drops stories that were closed before this time, and says how many.
    async fn forget(&self, closed_before: UnixMillis) -> Result<u64, Error>;
}

const _: Option<&dyn Journal> = None; // object safe

/// Which story: an interaction, from the moment it was offered. An interaction that is given away and comes back is
/// another story.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoryKey {
    /// The interaction.
    pub interaction: InteractionId,
    /// When it was offered.
    pub began: UnixMillis,
}

/// One fact of a story.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Which story.
    pub key: StoryKey,
    /// Place in it, from 1, without a gap. An append at any other place than the next is refused.
    pub number: u64,
    /// When.
    pub at: UnixMillis,
    /// What.
    pub record: Record,
}

/// The right to write for a login. Higher is later.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence(pub u64);

/// A login that has been taken.
#[derive(Debug, Clone)]
pub struct Held {
    /// Goes with every append.
    pub fence: Fence,
    /// The stories that are not closed, oldest first, each whole.
    pub stories: Vec<Vec<Line>>,
    /// Whether everybody who held it before is certainly gone, so that nothing more is sent on the strength of an earlier
    /// fence. A journal that only one process can have open knows that of all other processes.
    pub alone: bool,
}

/// An error of the journal: a kind that the runtime acts on, and words for people.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{kind}: {message}")]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

impl Error {
    /// An error of this kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// What to act on.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the same call may succeed later, and has certainly left nothing behind now.
    pub fn is_retryable(&self) -> bool {
        self.kind == ErrorKind::Unavailable
    }
}

/// What kind of error it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Somebody has taken the login since. Stop.
    #[error("fenced off")]
    Fenced,
    /// The story is not where the writer thinks. Stop.
    #[error("out of step")]
    OutOfStep,
    /// Not now, and nothing was appended: the disk is full, the server is away.
    #[error("unavailable")]
    Unavailable,
    /// What is stored cannot be read.
    #[error("corrupt")]
    Corrupt,
}
