//! What the matcher says about a question: the best answers, how sure it is, and what should be done.

use serde::{Deserialize, Serialize};

/// How many candidates a ranking holds at most.
pub const MAX_CANDIDATES: usize = 5;

/// What should be done with a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Zone {
    /// Give the best answer.
    Answer,
    /// Offer the best answers to pick from.
    DidYouMean,
    /// Leave it to a person.
    Person,
}

/// Why a question is in its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The best answer is above the answer threshold.
    Sure,
    /// The best answer is between the thresholds, or the next one is as good.
    Unsure,
    /// The best answer is below both thresholds: a question the knowledge base has no answer for.
    NotCovered,
    /// Words, but none that the knowledge base knows.
    UnknownWords,
    /// Keys hit at random, or one letter over and over.
    Gibberish,
    /// No words at all: nothing, white space, punctuation or emoji alone.
    NoWords,
    /// The filter leaves no answer.
    NothingAllowed,
}

impl Reason {
    /// Not understood, as opposed to understood and not handled.
    pub fn is_not_understood(self) -> bool {
        matches!(self, Self::UnknownWords | Self::Gibberish | Self::NoWords)
    }
}

/// An answer that may fit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Candidate {
    /// The answer, as an index for [`Matcher::answer`](super::Matcher::answer).
    pub answer: usize,
    /// How sure the matcher is, from 0 to 1: about the share of such questions for which this answer is right.
    pub score: f32,
    /// The number behind the score. It is comparable between questions, for one matcher only.
    pub confidence: f32,
}

/// What the matcher says about a question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranking {
    pub(super) candidates: [Candidate; MAX_CANDIDATES],
    pub(super) len: usize,
    /// What should be done.
    pub zone: Zone,
    /// Why.
    pub reason: Reason,
    /// Whether words were read as if they were spelt otherwise.
    pub corrected: bool,
    /// Whether the question was too long, so that its end was not read.
    pub cut: bool,
}

impl Ranking {
    pub(super) fn nothing(reason: Reason, cut: bool) -> Self {
        Self { candidates: Default::default(), len: 0, zone: Zone::Person, reason, corrected: false, cut }
    }

    /// The best answers, best first.
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates[..self.len]
    }

    /// The best answer, if there is any.
    pub fn best(&self) -> Option<&Candidate> {
        self.candidates().first()
    }

    /// The choices for "did you mean": up to three, fewer where the rest is far behind.
    pub fn choices(&self) -> &[Candidate] {
        let Some(best) = self.best() else { return &[] };
        let near = self.candidates().iter().take(3).take_while(|c| c.score >= best.score * 0.2).count();
        &self.candidates()[..near]
    }

    /// The threshold that would just let the best answer through; the smallest number when there is none.
    pub fn confidence(&self) -> f32 {
        self.best().map_or(f32::MIN, |best| best.confidence)
    }

    /// Keys hit at random, or one letter over and over.
    pub fn is_gibberish(&self) -> bool {
        self.reason == Reason::Gibberish
    }
}

/// The scores at which a question changes its zone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// At or above this score the answer is given.
    pub answer: f32,
    /// At or above this score choices are offered.
    pub suggest: f32,
}
