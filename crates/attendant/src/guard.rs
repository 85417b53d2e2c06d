//! The guards that keep the promises, each with a switch that only tests have: a suite that stays green without a guard
//! does not test it.

/// Something that stands between a fault and the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Guard {
    /// An intent is durable before its operation is performed.
    Intent,
    /// Who owns the conversation is looked at again right before a message is sent.
    Ownership,
    /// Own lines in the transcript are matched with intents before anything is sent again.
    Matching,
    /// What was heard or answered before is known by its index.
    Dedupe,
    /// Who has lost the login can write nothing, and sends nothing.
    Fencing,
    /// Lines that waited too long are not answered as new.
    Age,
    /// A timer that was stopped while it was in the mailbox does nothing.
    Mailbox,
}

impl Guard {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Intent, Self::Ownership, Self::Matching, Self::Dedupe, Self::Fencing, Self::Age, Self::Mailbox];
}

/// Which guards stand. All of them, except in tests.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Guards {
    #[cfg(any(test, feature = "test-util"))]
    out: Option<Guard>,
}

impl Guards {
    /// Takes one out.
    #[cfg(any(test, feature = "test-util"))]
    pub fn without(guard: Guard) -> Self {
        Self { out: Some(guard) }
    }

    #[cfg(any(test, feature = "test-util"))]
    pub fn stands(self, guard: Guard) -> bool {
        self.out != Some(guard)
    }

    #[cfg(not(any(test, feature = "test-util")))]
    #[expect(clippy::unused_self, reason = "the same call with and without the switch")]
    pub const fn stands(self, _: Guard) -> bool {
        true
    }
}
