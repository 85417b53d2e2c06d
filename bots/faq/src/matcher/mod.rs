//! The matcher: finds the answer that fits a question, and knows when none does.
//!
//! It is trained from example questions, in seconds and without a network, and answers in microseconds. The same examples,
//! options and seed give the same model, byte for byte.
//!
//! ```
//! use faq_bot::matcher::{Example, Matcher, Scratch, TrainOptions};
//!
//! let examples = [
//!     Example::new("when are you open", "hours"),
//!     Example::new("what are your opening hours", "hours"),
//!     Example::new("where is my parcel", "parcel"),
//!     Example::new("my parcel has not arrived", "parcel"),
//! ];
//! let matcher = Matcher::train(&examples, &[], &TrainOptions::default())?;
//! let mut scratch = Scratch::default();
//! let ranking = matcher.rank("Hello, could you tell me your opening hours, please?", &mut scratch);
//! let best = ranking.best().expect("some answer is the nearest");
//! assert_eq!(matcher.answer(best.answer), "hours");
//! # Ok::<(), faq_bot::matcher::Error>(())
//! ```

#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are limited far below the limits"
)]

mod calibration;
mod centroid;
mod direct;
mod error;
mod explain;
mod features;
mod file;
mod frames;
mod gibberish;
mod hash;
mod learning;
mod network;
mod normalise;
mod options;
mod random;
mod ranking;
mod reading;
pub(crate) mod recipe;
mod rows;
mod scratch;
mod spelling;
mod train;
mod vector;
mod vocabulary;

use calibration::Calibration;
use centroid::Centroid;
use network::Network;
use spelling::Spelling;
use vocabulary::{Vocabulary, Weighted};

pub use error::Error;
pub use explain::{Case, Explanation, Part, Reading, Witness};
pub use file::FORMAT;
pub use frames::{Courtesy, courtesy};
pub use options::{Example, Method, TrainOptions};
pub use ranking::{Candidate, MAX_CANDIDATES, Ranking, Reason, Thresholds, Zone};
pub use scratch::{Scratch, plain};
pub use train::{Training, fingerprint};

#[cfg(test)]
mod tests;

/// How much the parts of a message count, in log odds, when it has several sentences.
///
/// People tell first and ask last, so that the last sentence is ahead of the others. The whole message is ahead too, and more so
/// where the examples themselves have several sentences: then the whole is what was learnt.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Leads {
    whole: f32,
    last: f32,
}

impl Leads {
    /// From the share of examples with several sentences.
    fn of(share: f32, recipe: &recipe::Recipe) -> Self {
        let talkative = (share * 5.0).min(1.0);
        let between = |[seldom, often]: [f32; 2]| seldom + (often - seldom) * talkative;
        Self { whole: between(recipe.whole), last: between(recipe.last) }
    }
}

/// How far a sentence of one word is behind others, in log odds.
const SINGLE: f32 = -2.0;

/// What a message says as it was written counts so much where some of its words were corrected.
const AS_WRITTEN: f32 = 1.0 / 3.0;

/// Finds the answer that fits a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Matcher {
    answers: Vec<String>,
    vocabulary: Vocabulary,
    spelling: Spelling,
    model: Model,
    calibration: Calibration,
    thresholds: Thresholds,
    leads: Leads,
    training: Training,
}

#[derive(Debug, Clone, PartialEq)]
enum Model {
    Centroid(Centroid),
    Network(Network),
}

impl Model {
    /// How sure the model is of each answer.
    fn score(&self, question: &[Weighted], answers: usize, hidden: &mut Vec<f32>, scores: &mut Vec<f32>) {
        match self {
            Self::Centroid(centroid) => centroid.score(question, answers, scores),
            Self::Network(network) => network.score(question, hidden, scores),
        }
    }
}

/// Two answers that are this near to each other, in log odds, are a question back and not a guess.
const TIE: f32 = 0.3;

impl Matcher {
    /// How many answers there are to choose from.
    pub fn answers(&self) -> usize {
        self.answers.len()
    }

    /// The id of an answer, by the index that a [`Candidate`] has.
    ///
    /// # Panics
    /// When the index is of another matcher and this one has fewer answers.
    pub fn answer(&self, index: usize) -> &str {
        &self.answers[index]
    }

    /// The index of an answer, by its id.
    pub fn index_of(&self, id: &str) -> Option<usize> {
        self.answers.iter().position(|answer| answer == id)
    }

    /// About how much memory the matcher takes, in bytes.
    pub fn memory(&self) -> usize {
        let model = match &self.model {
            Model::Centroid(centroid) => centroid.memory(),
            Model::Network(network) => network.memory(),
        };
        let answers: usize = self.answers.iter().map(|answer| answer.len() + size_of::<String>()).sum();
        model + answers + self.vocabulary.memory() + self.spelling.memory()
    }

    /// What training found out.
    pub fn training(&self) -> &Training {
        &self.training
    }

    /// Where the zones begin.
    pub fn thresholds(&self) -> Thresholds {
        self.thresholds
    }

    /// Moves the zones, for a team that wants fewer wrong answers, or fewer questions left to people.
    pub fn set_thresholds(&mut self, thresholds: Thresholds) -> Result<(), Error> {
        for (option, value) in [("threshold answer", thresholds.answer), ("threshold suggest", thresholds.suggest)] {
            if !(0.0..=1.0).contains(&value) {
                return Err(Error::Option { option, value: f64::from(value), expected: "a number from 0 to 1" });
            }
        }
        if thresholds.suggest > thresholds.answer {
            let value = f64::from(thresholds.suggest);
            return Err(Error::Option {
                option: "threshold suggest",
                value,
                expected: "not above the threshold to answer",
            });
        }
        self.thresholds = thresholds;
        Ok(())
    }

    /// The best answers to a question, and what should be done with it.
    pub fn rank(&self, question: &str, scratch: &mut Scratch) -> Ranking {
        self.rank_among(question, scratch, |_| true)
    }

    /// The best of those answers that are allowed here: of a language, a category, or those that a follow-up expects.
    pub fn rank_among(&self, question: &str, scratch: &mut Scratch, allowed: impl Fn(usize) -> bool) -> Ranking {
        self.rank_with_leads(question, scratch, allowed, &[])
    }

    /// The same, where answers have a lead over others, in log odds, from elsewhere. Answers beyond the end of the list have none.
    pub(crate) fn rank_with_leads(
        &self,
        question: &str,
        scratch: &mut Scratch,
        allowed: impl Fn(usize) -> bool,
        leads: &[f32],
    ) -> Ranking {
        scratch.read_and_correct(question, &self.spelling, &self.vocabulary);
        let cut = scratch.text.cut;
        if scratch.kept.is_empty() {
            return Ranking::nothing(Reason::NoWords, cut);
        }
        if gibberish::is_gibberish(&scratch.text, &scratch.corrected, &self.spelling) {
            return Ranking::nothing(Reason::Gibberish, cut);
        }
        // A few letters in common are no reason to guess, unless somebody else knows more.
        let is_foreign = || {
            !scratch.meant.iter().any(|word| self.spelling.knows(*word))
                && !self.vocabulary.has_long_piece(&scratch.text, &scratch.meant)
        };
        if leads.is_empty() && is_foreign() {
            return Ranking::nothing(Reason::UnknownWords, cut);
        }
        let mut best = Ranking::nothing(Reason::UnknownWords, cut);
        let mut best_weight = f32::NEG_INFINITY;
        for index in 0..=scratch.sentences.len() {
            let Some((start, end, ahead)) = self.part(scratch, index) else { continue };
            if self.score(scratch, start, end) {
                for (score, lead) in scratch.scores.iter_mut().zip(leads) {
                    *score += lead / self.calibration.slope;
                }
                let ranking = self.choose(&scratch.scores, &allowed, cut);
                let weight = self.calibration.log_odds(ranking.confidence()) + ahead;
                if weight > best_weight || best.len == 0 {
                    (best, best_weight) = (ranking, weight);
                }
            }
        }
        best.corrected = scratch.kept != scratch.meant;
        best
    }

    /// A part of the message to be scored by itself, with its lead: the whole message is the first, then come its sentences.
    fn part(&self, scratch: &Scratch, index: usize) -> Option<(usize, usize, f32)> {
        let Some(sentence) = index.checked_sub(1) else { return Some((0, scratch.kept.len(), self.leads.whole)) };
        let (start, end) = scratch.sentences[sentence];
        let lead = if index == scratch.sentences.len() { self.leads.last } else { 0.0 };
        // A word by itself may be all that was meant, if it is one that is known, but less often than not.
        let lead = if end - start == 1 { lead + SINGLE } else { lead };
        let counts = end - start > 1 || self.spelling.knows(scratch.meant[start]);
        (scratch.sentences.len() > 1 && counts).then_some((start, end, lead))
    }

    /// Scores a range of words, as they were written and as they were meant; false if none of them is known.
    fn score(&self, scratch: &mut Scratch, start: usize, end: usize) -> bool {
        let answers = self.answers.len();
        let Scratch { text, kept, meant, buffers, weighted, hidden, scores, raw_scores, .. } = scratch;
        let (kept, meant) = (&kept[start..end], &meant[start..end]);
        self.vocabulary.weigh(text, meant, buffers, weighted);
        if weighted.is_empty() {
            return false;
        }
        self.model.score(weighted, answers, hidden, scores);
        if kept != meant {
            self.vocabulary.weigh(text, kept, buffers, weighted);
            if !weighted.is_empty() {
                self.model.score(weighted, answers, hidden, raw_scores);
                for (score, raw) in scores.iter_mut().zip(raw_scores.iter()) {
                    *score += (raw - *score) * AS_WRITTEN;
                }
            }
        }
        true
    }

    fn choose(&self, scores: &[f32], allowed: impl Fn(usize) -> bool, cut: bool) -> Ranking {
        let mut ranking = Ranking::nothing(Reason::NothingAllowed, cut);
        let mut worst = f32::NEG_INFINITY;
        for (answer, &confidence) in scores.iter().enumerate() {
            if ranking.len == MAX_CANDIDATES && confidence <= worst || !allowed(answer) {
                continue;
            }
            // The earlier of equals stays ahead, so that the order is the same everywhere.
            let place =
                ranking.candidates().iter().position(|other| other.confidence < confidence).unwrap_or(ranking.len);
            ranking.len = (ranking.len + 1).min(MAX_CANDIDATES);
            ranking.candidates[place..ranking.len].rotate_right(1);
            ranking.candidates[place] = Candidate { answer, confidence, score: 0.0 };
            worst = ranking.candidates[ranking.len - 1].confidence;
        }
        for candidate in &mut ranking.candidates[..ranking.len] {
            candidate.score = self.calibration.score(candidate.confidence);
        }
        if let Some(best) = ranking.best() {
            let odds = |candidate: &Candidate| self.calibration.log_odds(candidate.confidence);
            let tie = matches!(ranking.candidates(), [best, next, ..] if odds(best) - odds(next) < TIE);
            (ranking.zone, ranking.reason) = if best.score >= self.thresholds.answer && !tie {
                (Zone::Answer, Reason::Sure)
            } else if best.score >= self.thresholds.suggest {
                (Zone::DidYouMean, Reason::Unsure)
            } else {
                (Zone::Person, Reason::NotCovered)
            };
        }
        ranking
    }
}
