//! What can happen to a conversation: everything comes through its mailbox as one of these, in order.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Ticket, Timer, Token};
use crate::journal::TurnFailure;
use crate::turn::TurnId;
use crate::{Entry, Handoff, Interaction, Next, PlatformError, Receipt, Verdict, Waiting};

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// The platform told about the interaction.
    Changed(Interaction),
    /// Entries of the transcript: new ones, or old ones again, in any order.
    Heard(Vec<Entry>),
    /// The bot has decided on the offer, or failed to.
    Screened(Result<Verdict, TurnFailure>),
    /// The bot says something.
    Said { turn: TurnId, words: String, token: Token },
    /// A step of the bot gave something.
    Stepped { turn: TurnId, step: (String, u32), value: Value, token: Token },
    /// The bot attaches data.
    Attached { turn: TurnId, pairs: BTreeMap<String, String>, token: Token },
    /// The bot, run again, does something else than before.
    Diverged { turn: TurnId, expected: String },
    /// The bot is through.
    TurnOver { turn: TurnId, outcome: Result<Answer, TurnFailure> },
    /// An operation was taken or refused.
    Performed { ticket: Ticket, result: Result<Receipt, PlatformError> },
    /// An operation that was taken has failed after all.
    OperationFailed { reference: Option<i64>, error: PlatformError },
    /// Everything appended up to this line is durable.
    Durable { through: u64 },
    /// A timer has run out.
    Timer(Timer),
    /// The platform was read.
    Read { ticket: Ticket, picture: Picture },
    /// What is known of the wait for a person has changed.
    Waiting(Waiting),
    /// Events may have been lost: read the platform again.
    Gap,
    /// The operator wants something.
    Command(Command),
}

/// What a turn gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub next: Next,
    /// What has changed in the memory of the conversation; `None` is forgotten.
    pub memory: BTreeMap<String, Option<Value>>,
}

/// What the platform showed when it was read.
#[derive(Debug, Clone)]
pub enum Picture {
    /// The interaction is ours, with its whole transcript.
    Found { interaction: Interaction, transcript: Vec<Entry> },
    /// It is not ours, or not at all.
    Gone,
    /// It could not be read.
    Failed(PlatformError),
}

/// What an operator can want of one conversation.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Hand it over.
    HandOver(Handoff),
    /// End it with these words (none if empty).
    End { words: String, disposition: String },
}

/// An input without what is in it: a column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InputKind {
    Changed,
    Heard,
    Screened,
    Reported,
    TurnOver,
    Performed,
    OperationFailed,
    Durable,
    Timer,
    Read,
    Waiting,
    Gap,
    Command,
}

impl InputKind {
    #[cfg(test)]
    pub const ALL: [Self; 13] = [
        Self::Changed,
        Self::Heard,
        Self::Screened,
        Self::Reported,
        Self::TurnOver,
        Self::Performed,
        Self::OperationFailed,
        Self::Durable,
        Self::Timer,
        Self::Read,
        Self::Waiting,
        Self::Gap,
        Self::Command,
    ];
}

impl Input {
    /// The column of the table.
    pub fn kind(&self) -> InputKind {
        match self {
            Self::Changed(_) => InputKind::Changed,
            Self::Heard(_) => InputKind::Heard,
            Self::Screened(_) => InputKind::Screened,
            Self::Said { .. } | Self::Stepped { .. } | Self::Attached { .. } | Self::Diverged { .. } => {
                InputKind::Reported
            }
            Self::TurnOver { .. } => InputKind::TurnOver,
            Self::Performed { .. } => InputKind::Performed,
            Self::OperationFailed { .. } => InputKind::OperationFailed,
            Self::Durable { .. } => InputKind::Durable,
            Self::Timer(_) => InputKind::Timer,
            Self::Read { .. } => InputKind::Read,
            Self::Waiting(_) => InputKind::Waiting,
            Self::Gap => InputKind::Gap,
            Self::Command(_) => InputKind::Command,
        }
    }
}
