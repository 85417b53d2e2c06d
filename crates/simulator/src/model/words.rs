//! The words of the model: identifiers, moments, what can be done, what is told, and why something is refused.

mod command;
mod fact;
mod names;
mod told;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use command::*;
pub use fact::*;
pub use names::*;
pub use told::*;

/// Whether offers are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Presence {
    /// Offers are wanted.
    Ready,
    /// No new offers.
    NotReady,
    /// No contact-centre session.
    LoggedOut,
}

/// Who sees an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Visibility {
    /// Everybody.
    All,
    /// The agents' side alone.
    Agents,
}

/// Which side a participant is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// The customer.
    Customer,
    /// An agent, by user name.
    Agent(AgentName),
}

/// Somebody in a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// Hexadecimal, 16 characters. A new one at every join.
    pub id: Arc<str>,
    /// The name shown.
    pub nickname: Arc<str>,
    /// Which side.
    pub side: Side,
    /// `Agents` for somebody who was only consulted: the customer does not see them.
    pub visibility: Visibility,
}

/// One line of a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Place in the transcript, from 1, growing, not always without gaps.
    pub index: u64,
    /// When.
    pub at: Moment,
    /// Who caused it.
    pub from: Participant,
    /// Who sees it.
    pub visibility: Visibility,
    /// What happened.
    pub kind: EntryKind,
}

/// What an entry tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// Words, with the free label that the sender gave.
    Text(String, Option<String>),
    /// Came in.
    Joined,
    /// Went out.
    Left,
    /// Began to type.
    TypingStarted,
    /// Stopped typing.
    TypingStopped,
    /// A link.
    Url(String),
    /// A notice of the platform.
    Notice(String),
    /// A notice of an agent's desktop.
    CustomNotice(String),
    /// Another nickname.
    Nickname(String),
}

/// Attached data. Values are strings, numbers or null, as the wire has them.
pub type UserData = BTreeMap<String, Value>;

/// Where a chat stands for one agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SeatState {
    /// Offered.
    Invited,
    /// In the live session.
    Chatting,
    /// After-call work: the session is over, the interaction is still owned.
    LeftChat,
    /// Finished for this agent.
    Completed,
    /// Taken back.
    Revoked,
    /// The session could not be joined.
    JoinFailed,
}

impl SeatState {
    /// The spelling on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "Invited",
            Self::Chatting => "Chatting",
            Self::LeftChat => "LeftChat",
            Self::Completed => "Completed",
            Self::Revoked => "Revoked",
            Self::JoinFailed => "JoinFailed",
        }
    }

    /// Nothing can be done any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Revoked)
    }
}
