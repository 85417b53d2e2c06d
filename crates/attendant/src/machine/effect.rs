//! What a conversation wants done.

use super::{InputKind, StateKind, Ticket, Token};
use crate::journal::{Closed, Line, TurnFailure};
use crate::mode::Comparison;
use crate::turn::Scene;
use crate::{HandoffFailure, Offer, Operation};

/// Something to do. In order; nothing here has to wait for anything else: an operation that must not happen before a line
/// is durable is not asked for before `Input::Durable` has said so.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Append to the journal, and say `Durable` when it is.
    Append(Line),
    /// Perform on the platform, and say `Performed`.
    Perform { ticket: Ticket, operation: Operation },
    /// Ask the bot about the offer, and say `Screened`.
    Screen(Offer),
    /// Call the bot, pass its reports on, and say `TurnOver`.
    Respond(Box<Scene>),
    /// Stop the bot; nothing of this turn is wanted any more.
    Silence,
    /// Tell the bot that what it reported under this token is safe.
    Acknowledge(Token),
    /// Read the interaction and its transcript, and say `Read`.
    Read { ticket: Ticket },
    /// What a bot beside a person did, and what the person did.
    Compared(Box<Comparison>),
    /// For the log and the metrics.
    Remark(Remark),
    /// The conversation is over. Comes last.
    Close(Closed),
}

/// What happened to an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken.
    Done,
    /// It came too late to matter, or for the second time.
    Stale,
    /// It should not be able to happen here: a defect of the platform's adapter, the host or the machine.
    Unexpected(StateKind, InputKind),
}

/// Something that an operator may want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// A turn that was run again does something else than before. The journal stands.
    Diverged { turn: u64, expected: String },
    /// An own line in the transcript that nobody here meant to send now.
    StrayLine { index: u64 },
    /// A message is sent again, for the transcript has shown that it is not there.
    SentAgain { message: u64 },
    /// A message could not be sent.
    Undeliverable { message: u64 },
    /// A turn has failed.
    TurnFailed(TurnFailure),
    /// A person holds the conversation now.
    PersonHolds,
    /// A choice of a handoff has failed.
    ChoiceFailed(HandoffFailure),
    /// Customer's lines that are too old to be answered as new.
    OldLines { count: usize },
    /// An operation was refused and left out.
    LeftOut { operation: &'static str },
}
