//! The words of the model: identifiers, moments, what can be done, what is told, and why something is refused.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A point in time: milliseconds since 1970-01-01 UTC. The model never asks for it, it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(pub u64);

impl Moment {
    /// This moment and a while, saturating.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)))
    }

    /// How long from an earlier moment to this one; zero if it is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps a spelling.
            pub fn new(name: impl Into<Arc<str>>) -> Self {
                Self(name.into())
            }

            /// The spelling.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", &self.0)
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self::new(name)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name! {
    /// An agent, by user name.
    AgentName
}
name! {
    /// A chat, by the id of the agents' side: 16 characters.
    ChatId
}
name! {
    /// A chat, by the id that its customer knows: a UUID.
    CustomerKey
}

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
