//! The table: what every state does with every input. `handle` looks here first, so the table in the docs, which a test
//! writes from this function, is the machine's behaviour and not a picture of it.

use super::{InputKind, StateKind};

/// What a state does with an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Takes it.
    Takes,
    /// Drops it: it can come, but no longer matters.
    Drops,
    /// It cannot come; if it does, it is reported, and changes nothing.
    Unexpected,
}

/// What a state does with an input.
#[expect(clippy::match_same_arms, reason = "one arm a thought, not one arm a result")]
pub fn rule(state: StateKind, input: InputKind) -> Rule {
    use InputKind as I;
    use StateKind as S;
    match (state, input) {
        // After the end everything is late.
        (S::Closed, _) => Rule::Drops,

        (_, I::Changed | I::Heard | I::Durable | I::Timer | I::Waiting | I::Gap | I::Command) => Rule::Takes,

        (S::Offered | S::Reconciling, I::Screened) => Rule::Takes,
        // The deadline, an operator or the platform was faster: an accept of an earlier process may have worked, or not.
        (_, I::Screened) => Rule::Drops,

        (S::Active | S::Reconciling, I::Reported | I::TurnOver) => Rule::Takes,
        // The turn was stopped; what it had already put into the mailbox comes late.
        (
            S::Transferring
            | S::Inviting
            | S::CallingBack
            | S::HumanPresent
            | S::Leaving
            | S::Ending
            | S::Ended
            | S::JoinFailed
            | S::Accepting,
            I::Reported | I::TurnOver,
        ) => Rule::Drops,
        (S::Offered | S::Rejecting, I::Reported | I::TurnOver) => Rule::Unexpected,

        (S::Offered, I::Performed) => Rule::Unexpected, // nothing has been asked for
        (S::Offered, I::OperationFailed) => Rule::Drops, // without a reference it may be another conversation's
        (_, I::Performed | I::OperationFailed) => Rule::Takes,

        (S::Reconciling, I::Read) => Rule::Takes,
        (_, I::Read) => Rule::Drops, // asked for before a newer look, or before a change of state
    }
}
