//! What really happened.

use serde::Serialize;

use super::{AgentName, ChatId, CustomerKey, Moment, SeatState, Target, Visibility};

/// One thing that really happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// When.
    pub at: Moment,
    /// In which chat.
    pub chat: ChatId,
    /// The customer's id of that chat.
    pub customer_chat: CustomerKey,
    /// What.
    #[serde(flatten)]
    pub event: FactEvent,
}

/// What happened in a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum FactEvent {
    /// A customer asked for a chat.
    Requested {
        /// The name shown.
        nickname: String,
        /// Through which queue.
        queue: String,
    },
    /// The customer wrote.
    CustomerLine {
        /// Place in the transcript.
        index: u64,
        /// The words.
        text: String,
    },
    /// An agent wrote.
    AgentLine {
        /// Who.
        agent: AgentName,
        /// Place in the transcript.
        index: u64,
        /// The words.
        text: String,
        /// Who sees them.
        visibility: Visibility,
    },
    /// An agent began or stopped to type, for the customer to see.
    Typing {
        /// Who.
        agent: AgentName,
        /// Began.
        on: bool,
    },
    /// An agent's operation was refused.
    Refused {
        /// Whose operation.
        agent: AgentName,
        /// What.
        operation: &'static str,
        /// Where the chat stood for this agent, if the agent ever had it.
        state: Option<SeatState>,
    },
    /// Put into a queue, or back into it.
    Queued {
        /// Which.
        queue: String,
    },
    /// Offered to an agent.
    Offered {
        /// To whom.
        agent: AgentName,
    },
    /// Taken by an agent.
    Accepted {
        /// By whom.
        agent: AgentName,
    },
    /// Declined by an agent.
    Rejected {
        /// By whom.
        agent: AgentName,
    },
    /// Taken back from an agent.
    Revoked {
        /// From whom.
        agent: AgentName,
    },
    /// Taken by an agent, but the session could not be joined.
    JoinFailed {
        /// By whom.
        agent: AgentName,
    },
    /// Another agent was invited into the chat.
    Invited {
        /// By whom.
        by: AgentName,
        /// Who.
        agent: AgentName,
    },
    /// Given away.
    Transferred {
        /// By whom.
        from: AgentName,
        /// To whom.
        to: Target,
    },
    /// An operation that had been taken failed after all.
    Failed {
        /// Whose operation.
        agent: AgentName,
        /// Why.
        reason: String,
    },
    /// An agent went out of the session.
    AgentLeft {
        /// Who.
        agent: AgentName,
    },
    /// The customer went.
    CustomerLeft,
    /// The session is over.
    SessionEnded,
    /// Another agent owns the chat now.
    Owned {
        /// Who.
        agent: AgentName,
    },
    /// Attached data was set.
    Data {
        /// By whom.
        agent: AgentName,
        /// Which keys.
        keys: Vec<String>,
    },
    /// Finished by an agent.
    Completed {
        /// By whom.
        agent: AgentName,
    },
}
