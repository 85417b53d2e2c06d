//! Why the matcher says what it says: how a question was read, which part of it decided, and which words spoke for which answer.

use serde::Serialize;

use super::{Matcher, Method, Ranking, Reason, Scratch, Thresholds, Zone};

/// A word, or a text, as it was written and as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// As it was written, in plain lower case.
    pub written: String,
    /// With known words in the place of misspelt ones.
    pub read_as: String,
}

/// A part of the message that was matched by itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// The part.
    #[serde(flatten)]
    pub text: Reading,
    /// Whether it is the whole message, or else one of its sentences.
    pub is_whole: bool,
    /// The best answer to this part alone.
    pub answer: Option<String>,
    /// How sure the matcher is of it, from 0 to 1.
    pub score: f32,
    /// How far this part is ahead of others because of its place, in log odds.
    pub lead: f32,
    /// Whether this part decided.
    pub won: bool,
}

/// What a word did for an answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Witness {
    /// The word.
    #[serde(flatten)]
    pub word: Reading,
    /// Whether examples have the word as it was read.
    pub known: bool,
    /// How much the log odds of the answer would fall without the word; below zero it speaks against the answer.
    pub weight: f32,
}

/// An answer, and what spoke for it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Case {
    /// The id of the answer.
    pub answer: String,
    /// How sure the matcher is, from 0 to 1.
    pub score: f32,
    /// The number behind the score.
    pub confidence: f32,
    /// The words of the part that decided, in their order.
    pub words: Vec<Witness>,
}

/// Why the matcher says what it says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// What was left of the message without greetings and polite frames.
    #[serde(flatten)]
    pub text: Reading,
    /// The message and its sentences, each matched by itself.
    pub parts: Vec<Part>,
    /// The candidates, best first.
    pub candidates: Vec<Case>,
    /// What should be done.
    pub zone: Zone,
    /// Why.
    pub reason: Reason,
    /// Where the zones begin.
    pub thresholds: Thresholds,
    /// How questions are compared with answers.
    pub method: Method,
}

impl Matcher {
    /// Why a question is ranked as it is, among the answers that are allowed. It costs as much as a ranking for each word.
    pub fn explain(&self, question: &str, allowed: impl Fn(usize) -> bool) -> Explanation {
        let mut scratch = Scratch::default();
        let ranking = self.rank_among(question, &mut scratch, &allowed);
        let mut explanation = Explanation {
            text: reading(&scratch, 0, scratch.kept.len()),
            parts: Vec::new(),
            candidates: Vec::new(),
            zone: ranking.zone,
            reason: ranking.reason,
            thresholds: self.thresholds,
            method: self.training.method,
        };
        if ranking.candidates().is_empty() {
            return explanation;
        }
        let mut decisive: Option<(f32, Ranking, (usize, usize))> = None;
        for index in 0..=scratch.sentences.len() {
            let Some((start, end, lead)) = self.part(&scratch, index) else { continue };
            if !self.score(&mut scratch, start, end) {
                continue;
            }
            let own = self.choose(&scratch.scores, &allowed, false);
            let weight = self.calibration.log_odds(own.confidence()) + lead;
            if decisive.as_ref().is_none_or(|best| weight > best.0) {
                explanation.parts.iter_mut().for_each(|part| part.won = false);
                decisive = Some((weight, own, (start, end)));
            }
            explanation.parts.push(Part {
                text: reading(&scratch, start, end),
                is_whole: index == 0,
                answer: own.best().map(|best| self.answers[best.answer].clone()),
                score: own.best().map_or(0.0, |best| best.score),
                lead,
                won: decisive.as_ref().is_some_and(|best| best.2 == (start, end)),
            });
        }
        if let Some((_, own, range)) = decisive {
            explanation.candidates = self.cases(&mut scratch, &own, range);
        }
        explanation
    }

    /// Leaves out one word after the other, and sees what changes.
    fn cases(&self, scratch: &mut Scratch, ranking: &Ranking, (start, end): (usize, usize)) -> Vec<Case> {
        let case = |candidate: &super::Candidate| Case {
            answer: self.answers[candidate.answer].clone(),
            score: candidate.score,
            confidence: candidate.confidence,
            words: Vec::with_capacity(end - start),
        };
        let mut cases: Vec<Case> = ranking.candidates().iter().map(case).collect();
        for place in start..end {
            let word = reading(scratch, place, place + 1);
            let known = self.spelling.knows(scratch.meant[place]);
            let taken = (scratch.kept.remove(place), scratch.meant.remove(place));
            let is_scored = self.score(scratch, start, end - 1);
            for (case, candidate) in cases.iter_mut().zip(ranking.candidates()) {
                let without = if is_scored { scratch.scores[candidate.answer] } else { 0.0 };
                let weight = (candidate.confidence - without) * self.calibration.slope;
                case.words.push(Witness { word: word.clone(), known, weight });
            }
            scratch.kept.insert(place, taken.0);
            scratch.meant.insert(place, taken.1);
        }
        cases
    }
}

fn reading(scratch: &Scratch, start: usize, end: usize) -> Reading {
    Reading {
        written: scratch.text.plain(&scratch.kept[start..end]),
        read_as: scratch.text.plain(&scratch.meant[start..end]),
    }
}
