//! The transcript: the ordered entries of one chat.

use crate::{AgentId, ParticipantId};

/// Milliseconds since 1970-01-01 UTC, as the platform's clock had them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(pub i64);

/// One entry. Entries of a chat are ordered by `index`; indexes may have gaps and may arrive twice or out of order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Place in the transcript, from 1.
    pub index: u64,
    /// Who caused it.
    pub from: Participant,
    /// Who can see it.
    pub visibility: Visibility,
    /// When, by the platform's clock; some platforms do not say.
    pub at: Option<UnixMillis>,
    /// What happened.
    pub kind: EntryKind,
}

/// What an entry tells.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryKind {
    /// Words.
    Text(String),
    /// Came in, for the first time or again.
    Joined,
    /// Went out.
    Left,
    /// Began to type.
    TypingStarted,
    /// Stopped typing without sending.
    TypingStopped,
    /// Pushed a link.
    Url(String),
    /// A notice of the platform (idle control, removal from a conference, …).
    Notice(String),
    /// Anything else, by its name on the wire.
    Other(String),
}

/// Who can see an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Visibility {
    /// Everybody.
    #[default]
    All,
    /// People and bots on the agents' side, not the customer.
    Agents,
}

/// Somebody in a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// Stable while they stay in.
    pub id: ParticipantId,
    /// Which side they are on. The adapter tells `Me` from other agents, by participant id, never by nickname.
    pub role: Role,
    /// The name shown in the chat.
    pub nickname: String,
    /// Who the agent is, if it is one and the platform says so.
    pub agent: Option<AgentId>,
}

/// Which side a participant is on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// The customer.
    Customer,
    /// This login.
    Me,
    /// Another agent: a person or another bot.
    Agent,
    /// A supervisor.
    Supervisor,
    /// The platform itself.
    System,
    /// Anything else, as spelt on the wire.
    Other(String),
}
