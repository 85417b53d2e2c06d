//! Where a conversation stands.

use crate::journal::Closed;
use crate::{Handoff, HandoffFailure, Manner, ParticipantId, Target, UnixMillis};

/// Where a conversation stands.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// Offered; the bot is asked whether to take it.
    Offered,
    /// To be accepted, until the platform says that the chat is live.
    Accepting(Step),
    /// To be rejected, until the platform has taken it back.
    Rejecting(Step),
    /// Live, and the bot owns it.
    Active,
    /// A choice of a handoff is a transfer: until the platform has taken the interaction away.
    Transferring(Attempt),
    /// A choice of a handoff is an invitation: until the person is in.
    Inviting(Attempt),
    /// A choice of a handoff is a call-back: until there is a number, and it is kept.
    CallingBack(Attempt, Asking),
    /// A person holds the conversation; the bot is silent.
    HumanPresent(Holder),
    /// The conference is to be left to the person, until the platform has taken the interaction away.
    Leaving(Holder, Step),
    /// The chat is to be ended, until the platform says that it is over.
    Ending { disposition: String, step: Step },
    /// The chat is over; the disposition and the completion are owed.
    Ended { disposition: String, step: Finishing },
    /// The chat could not be opened; only the completion is owed.
    JoinFailed(Step),
    /// Over. Nothing is done any more.
    Closed(Closed),
}

/// How far an operation is that is decided by reading the state.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// To be performed.
    Owed,
    /// Performed, or perhaps performed; its effect has not been seen yet.
    Waiting,
    /// Perhaps performed by an earlier process: if a look at the platform does not show its effect, it is owed.
    Unsure,
    /// It seems to have failed. If a look at the platform does not show its effect, it has, and this is why.
    Doubtful(HandoffFailure),
}

/// How far the end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finishing {
    /// The disposition is to be set.
    Disposition,
    /// The interaction is to be completed.
    Complete,
    /// Completed, or perhaps; it has not been seen yet.
    Waiting,
}

/// One try of one choice of a handoff.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// The handoff.
    pub handoff: Handoff,
    /// The place of the choice, from 0.
    pub choice: usize,
    /// How far.
    pub step: Step,
}

/// How far a call-back is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asking {
    /// How often the customer was asked for a number.
    pub asked: u32,
    /// There is one, and it is to be attached.
    pub kept: bool,
}

/// The person who holds the conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Holder {
    /// Who.
    pub id: ParticipantId,
    /// Their name in the chat.
    pub nickname: String,
    /// Since when.
    pub since: UnixMillis,
    /// The invitation that brought them, while they have not spoken.
    pub invited: Option<Attempt>,
}

/// A state without what is in it: a row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StateKind {
    Offered,
    Accepting,
    Rejecting,
    Active,
    Transferring,
    Inviting,
    CallingBack,
    HumanPresent,
    Leaving,
    Ending,
    Ended,
    JoinFailed,
    /// Any of the above while the platform is being read again.
    Reconciling,
    Closed,
}

impl StateKind {
    #[cfg(test)]
    pub const ALL: [Self; 14] = [
        Self::Offered,
        Self::Accepting,
        Self::Rejecting,
        Self::Active,
        Self::Transferring,
        Self::Inviting,
        Self::CallingBack,
        Self::HumanPresent,
        Self::Leaving,
        Self::Ending,
        Self::Ended,
        Self::JoinFailed,
        Self::Reconciling,
        Self::Closed,
    ];
}

impl State {
    /// The handoff whose choice is being tried, if one is.
    pub fn attempt(&self) -> Option<&Attempt> {
        match self {
            Self::Transferring(attempt) | Self::Inviting(attempt) | Self::CallingBack(attempt, _) => Some(attempt),
            _ => None,
        }
    }

    /// The row of the table.
    pub fn kind(&self) -> StateKind {
        match self {
            Self::Offered => StateKind::Offered,
            Self::Accepting(_) => StateKind::Accepting,
            Self::Rejecting(_) => StateKind::Rejecting,
            Self::Active => StateKind::Active,
            Self::Transferring(_) => StateKind::Transferring,
            Self::Inviting(_) => StateKind::Inviting,
            Self::CallingBack(..) => StateKind::CallingBack,
            Self::HumanPresent(_) => StateKind::HumanPresent,
            Self::Leaving(..) => StateKind::Leaving,
            Self::Ending { .. } => StateKind::Ending,
            Self::Ended { .. } => StateKind::Ended,
            Self::JoinFailed(_) => StateKind::JoinFailed,
            Self::Closed(_) => StateKind::Closed,
        }
    }

    /// The step of the operation that this state is about, if it is about one.
    pub fn step_mut(&mut self) -> Option<&mut Step> {
        match self {
            Self::Accepting(step) | Self::Rejecting(step) | Self::JoinFailed(step) | Self::Leaving(_, step) => {
                Some(step)
            }
            Self::Transferring(attempt) | Self::Inviting(attempt) => Some(&mut attempt.step),
            Self::Ending { step, .. } => Some(step),
            _ => None,
        }
    }

    /// How the story has ended if the interaction is no longer ours.
    pub fn end_if_gone(&self) -> Closed {
        match self {
            Self::Offered | Self::Accepting(_) => Closed::Revoked,
            Self::Rejecting(_) => Closed::Rejected,
            Self::Transferring(_) | Self::Leaving(..) => Closed::HandedOver,
            Self::HumanPresent(holder) if holder.invited.is_none() => Closed::HandedOver,
            Self::Ended { .. } | Self::Ending { .. } => Closed::Completed,
            Self::JoinFailed(_) => Closed::JoinFailed,
            Self::Active | Self::Inviting(_) | Self::CallingBack(..) | Self::HumanPresent(_) => Closed::Taken,
            Self::Closed(how) => *how,
        }
    }
}

impl Attempt {
    /// The choice that is tried.
    pub fn choice(&self) -> Option<&crate::Choice> {
        self.handoff.choices.get(self.choice)
    }

    /// As a state: a transfer, an invitation or a call-back.
    pub fn into_state(self) -> State {
        match self.choice().map(|choice| (&choice.target, choice.manner)) {
            Some((Target::CallBack(_), _)) => State::CallingBack(self, Asking::default()),
            Some((_, Manner::Warm)) => State::Inviting(self),
            _ => State::Transferring(self),
        }
    }
}
