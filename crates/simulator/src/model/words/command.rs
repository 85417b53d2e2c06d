//! What can be done, and why something is refused.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AgentName, ChatId, CustomerKey, Presence, UserData, Visibility};

/// To whom a chat goes. Agents are named by user name, employee id or user id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// One agent.
    Agent(String),
    /// Anybody with a skill.
    Skill(String),
    /// Anybody who serves a queue.
    Queue(String),
}

/// Something that happens to the centre from outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// A customer asks for a chat. The key is chosen outside, for the model has no randomness.
    RequestChat {
        /// The id that the customer will know.
        key: CustomerKey,
        /// The name shown.
        nickname: String,
        /// What it is about; becomes attached data `Subject`.
        subject: Option<String>,
        /// Which queue; the first one of the centre if nothing is said.
        queue: Option<String>,
        /// Attached data.
        data: UserData,
    },
    /// The customer writes.
    CustomerSays {
        /// Which chat.
        chat: ChatId,
        /// The words.
        text: String,
    },
    /// The customer begins or stops to type.
    CustomerTypes {
        /// Which chat.
        chat: ChatId,
        /// Begins.
        on: bool,
    },
    /// The customer goes. The session ends.
    CustomerLeaves {
        /// Which chat.
        chat: ChatId,
    },
    /// An agent starts the contact-centre session.
    SignIn(AgentName),
    /// An agent ends the contact-centre session.
    SignOut(AgentName),
    /// An agent says whether offers are wanted.
    SetPresence(AgentName, Presence),
    /// Do not disturb: nothing is offered, whatever the presence.
    SetDoNotDisturb(AgentName, bool),
    /// An agent does something to a chat.
    Operate {
        /// Who.
        agent: AgentName,
        /// To which chat.
        chat: ChatId,
        /// What.
        operation: Operation,
        /// Repeated in the notifications that this causes.
        reference: Option<i64>,
    },
    /// Time has passed: deadlines are looked at. Every other command does that, too.
    Tick,
    /// The platform takes an offer back although nobody answered it.
    Withdraw {
        /// From whom.
        agent: AgentName,
        /// Which chat.
        chat: ChatId,
    },
    /// The next entry of a chat leaves a hole in the indexes.
    SkipIndexes {
        /// Which chat.
        chat: ChatId,
        /// How many indexes stay unused.
        by: u64,
    },
}

/// What an agent can do to a chat.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Take an offer.
    Accept {
        /// The name shown; the agent's own if nothing is said.
        nickname: Option<String>,
    },
    /// Take an offer whose chat session then cannot be joined. Only faults do this.
    AcceptInVain,
    /// Decline an offer.
    Reject,
    /// Send words.
    Say {
        /// The words.
        text: String,
        /// Who sees them.
        visibility: Visibility,
        /// A free label.
        label: Option<String>,
    },
    /// Send a link.
    PushUrl(String),
    /// Begin or stop to type.
    Type {
        /// Begin.
        on: bool,
        /// Who sees it.
        visibility: Visibility,
    },
    /// Send a notice that desktops understand.
    Notify(String, Visibility),
    /// Another nickname.
    Rename(String),
    /// Bring an agent in.
    Invite(Target),
    /// Bring an agent in whom the customer does not see.
    Consult(Target),
    /// Put an agent out of the conference.
    Remove(String),
    /// Give the chat away.
    Transfer(Target),
    /// Go out of a conference.
    LeaveConference {
        /// Who leaves: oneself.
        agent: String,
    },
    /// Go out: of a conference, or end the session if nobody else is in it.
    Leave,
    /// End the session and keep the interaction for after-call work.
    EndSession,
    /// Finish, or put into another queue instead.
    Complete {
        /// The queue to put it into.
        queue: Option<String>,
    },
    /// Ask for the transcript.
    RequestHistory {
        /// The first index wanted.
        from: Option<u64>,
    },
    /// Set the disposition.
    SetDisposition {
        /// Under which key; `DispositionCode` if nothing is said.
        key: Option<String>,
        /// The code.
        value: Value,
    },
    /// Add attached data.
    Attach(UserData),
    /// Change attached data.
    Update(UserData),
    /// Remove attached data.
    Delete(Vec<String>),
    /// The agent looks at this chat now.
    Focus,
}

impl Operation {
    /// What it is called in the log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accept { .. } | Self::AcceptInVain => "accept",
            Self::Reject => "reject",
            Self::Say { .. } => "say",
            Self::PushUrl(_) => "push url",
            Self::Type { .. } => "type",
            Self::Notify(..) => "notify",
            Self::Rename(_) => "rename",
            Self::Invite(_) => "invite",
            Self::Consult(_) => "consult",
            Self::Remove(_) => "remove",
            Self::Transfer(_) => "transfer",
            Self::LeaveConference { .. } | Self::Leave => "leave",
            Self::EndSession => "end session",
            Self::Complete { .. } => "complete",
            Self::RequestHistory { .. } => "request history",
            Self::SetDisposition { .. } => "set disposition",
            Self::Attach(_) | Self::Update(_) | Self::Delete(_) => "change data",
            Self::Focus => "focus",
        }
    }
}

/// Why something was refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// The status code of the wire.
    pub code: u8,
    /// For people.
    pub message: String,
    /// Why somebody who was asked for cannot come. Not on the wire.
    pub absent: Option<Absent>,
}

/// Why somebody who was asked for cannot come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// Signed in, and without room.
    Busy,
    /// Not signed in, or not ready.
    Away,
}

impl Refusal {
    /// A required parameter is missing.
    pub const MISSING: u8 = 1;
    /// Not in this state.
    pub const STATE: u8 = 2;
    /// No permission.
    pub const PERMISSION: u8 = 5;
    /// Not found.
    pub const UNKNOWN: u8 = 6;

    /// Any other code.
    pub fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), absent: None }
    }

    /// Nobody comes.
    pub fn absent(absent: Absent, message: impl Into<String>) -> Self {
        Self { absent: Some(absent), ..Self::state(message) }
    }

    /// A required parameter is missing.
    pub fn missing(what: &str) -> Self {
        Self::new(Self::MISSING, format!("required parameter '{what}' is missing"))
    }

    /// Not in this state.
    pub fn state(message: impl Into<String>) -> Self {
        Self::new(Self::STATE, message)
    }

    /// No permission.
    pub fn permission(message: impl Into<String>) -> Self {
        Self::new(Self::PERMISSION, message)
    }

    /// Not found.
    pub fn unknown(message: impl Into<String>) -> Self {
        Self::new(Self::UNKNOWN, message)
    }
}
