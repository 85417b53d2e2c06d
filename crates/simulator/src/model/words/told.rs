//! What is told to whom.

use std::sync::Arc;

use super::{AgentName, ChatId, Entry, Fact, Moment, Participant, Presence, Refusal, SeatState, UserData};

/// A chat as one agent sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatView {
    /// Which chat.
    pub id: ChatId,
    /// Where it stands for this agent.
    pub state: SeatState,
    /// What this agent can do now, in the words of the wire's `capabilities`.
    pub capabilities: &'static [&'static str],
    /// Who is in.
    pub participants: Vec<Participant>,
    /// Attached data.
    pub data: Arc<UserData>,
    /// The queue it came through.
    pub queue: Arc<str>,
    /// When the customer asked.
    pub received: Moment,
}

/// Something the centre tells somebody.
#[derive(Debug, Clone, PartialEq)]
pub enum Notification {
    /// To an agent.
    Agent {
        /// To whom.
        to: AgentName,
        /// The number of the operation that caused it, if it was this agent's own.
        reference: Option<i64>,
        /// What.
        notice: Notice,
    },
    /// To a customer: there is something new to fetch.
    Customer {
        /// Which chat.
        chat: ChatId,
    },
}

/// What an agent is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// The state changed.
    Status(ChatView),
    /// Who is in changed.
    Participants(ChatView),
    /// Attached data changed.
    Properties(ChatView),
    /// An operation that was taken has failed.
    Failed(ChatView, Refusal),
    /// New entries, or old ones on request.
    Entries(ChatId, Vec<Arc<Entry>>),
    /// The own presence.
    Presence {
        /// Ready or not.
        presence: Presence,
        /// Do not disturb.
        do_not_disturb: bool,
    },
}

/// What a command led to.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// Taken or refused. `RequestChat` answers the new chat's id.
    pub answer: Result<Option<ChatId>, Refusal>,
    /// Who is told what, in order.
    pub notifications: Vec<Notification>,
    /// What really happened, in order.
    pub facts: Vec<Fact>,
}
