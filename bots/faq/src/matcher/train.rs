//! Training: from examples to a matcher.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::calibration::{Calibration, HeldOut};
use super::centroid::Centroid;
use super::hash::{Hash, checksum};
use super::normalise::{Text, Word};
use super::random::Random;
use super::vocabulary::{Buffers, Vocabulary, Weighted};
use super::{Error, Example, FORMAT, Matcher, Method, Model, Scratch, TrainOptions};

const MAX_EXAMPLES: usize = 2_000_000;
const MAX_ANSWERS: usize = 100_000;
const FOLDS: usize = 5;

/// What training found out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// The method that was chosen, never `Auto`.
    pub method: Method,
    /// How many examples were learnt from.
    pub examples: usize,
    /// How many were left out because they have no words.
    pub skipped: usize,
    /// The share of held-out examples that were matched with their own answer.
    pub accuracy: f32,
    /// Identifies examples and options: see [`fingerprint`].
    pub fingerprint: u64,
}

/// Identifies what a matcher is trained from: where it differs from that of a saved model, the model is out of date.
pub fn fingerprint(examples: &[Example<'_>], out_of_scope: &[&str], options: &TrainOptions) -> u64 {
    let mut hash = Hash::new(u64::from(FORMAT)).then(options.seed).then(options.method as u64);
    hash = hash.then(u64::from(options.precision.to_bits())).then(examples.len() as u64);
    for example in examples {
        hash = hash.then(checksum(example.text.as_bytes())).then(checksum(example.answer.as_bytes()));
    }
    for message in out_of_scope {
        hash = hash.then(checksum(message.as_bytes()));
    }
    hash.mixed()
}

/// A question that was read, with the number of its answer.
struct Question {
    text: Text,
    words: Vec<Word>,
    /// None for one that is known to be out of scope.
    answer: Option<usize>,
    fold: usize,
}

impl Matcher {
    /// Learns which questions go with which answers. Messages known to be out of scope help it to keep silent.
    ///
    /// Examples without a word in them are skipped and counted. Two answers with the same question are allowed: both are offered.
    pub fn train(examples: &[Example<'_>], out_of_scope: &[&str], options: &TrainOptions) -> Result<Self, Error> {
        options.validate()?;
        let limit =
            |what, found, limit| if found > limit { Err(Error::TooMuch { what, found, limit }) } else { Ok(()) };
        limit("example questions", examples.len() + out_of_scope.len(), MAX_EXAMPLES)?;
        let mut answers: Vec<String> = Vec::new();
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let mut questions = Vec::with_capacity(examples.len() + out_of_scope.len());
        let mut skipped = 0;
        let mut scratch = Scratch::default();
        let with_answers = examples.iter().map(|example| (example.text, Some(example.answer)));
        for (message, answer) in with_answers.chain(out_of_scope.iter().map(|message| (*message, None))) {
            scratch.read(message);
            if scratch.kept.is_empty() {
                skipped += 1;
                continue;
            }
            let answer = answer.map(|id| {
                *numbers.entry(id).or_insert_with(|| {
                    answers.push(id.to_owned());
                    answers.len() - 1
                })
            });
            let words = std::mem::take(&mut scratch.kept);
            questions.push(Question { text: std::mem::take(&mut scratch.text), words, answer, fold: 0 });
        }
        limit("answers", answers.len(), MAX_ANSWERS)?;
        if answers.is_empty() {
            return Err(Error::NothingToLearn);
        }
        assign_folds(&mut questions, options.seed);
        let known = questions.iter().filter(|question| question.answer.is_some());
        let vocabulary = Vocabulary::learn(known.map(|question| (&question.text, &question.words[..])));
        let mut buffers = Buffers::default();
        let weighted: Vec<Vec<Weighted>> = questions
            .iter()
            .map(|question| {
                let mut weighted = Vec::new();
                vocabulary.weigh(&question.text, &question.words, &mut buffers, &mut weighted);
                weighted
            })
            .collect();
        let learn = |left_out: Option<usize>| {
            let taken = questions.iter().zip(&weighted).filter(|(question, _)| Some(question.fold) != left_out);
            let taken = taken.filter_map(|(question, weighted)| Some((&weighted[..], question.answer?)));
            Model::Centroid(Centroid::learn(vocabulary.len(), answers.len(), taken))
        };
        let mut held_out = Vec::with_capacity(questions.len());
        let mut scores = vec![0.0; answers.len()];
        for fold in 0..FOLDS {
            let model = learn(Some(fold));
            for (question, weighted) in questions.iter().zip(&weighted).filter(|(question, _)| question.fold == fold) {
                model.score(weighted, &mut scores);
                held_out.push((question.answer, best(&scores)));
            }
        }
        let in_scope = held_out.iter().filter(|(answer, _)| answer.is_some()).count();
        let right = held_out.iter().filter(|(answer, best)| *answer == Some(best.0)).count();
        let held_out: Vec<HeldOut> = held_out
            .into_iter()
            .map(|(answer, best)| HeldOut { confidence: best.1, right: answer == Some(best.0) })
            .collect();
        let calibration = Calibration::fit(&held_out);
        let model = learn(None);
        let accuracy = right as f32 / in_scope as f32;
        let training = Training {
            method: Method::Centroid,
            examples: in_scope,
            skipped,
            accuracy,
            fingerprint: fingerprint(examples, out_of_scope, options),
        };
        let thresholds = calibration.thresholds(&held_out, options.precision);
        Ok(Self { answers, vocabulary, model, calibration, thresholds, training })
    }
}

fn best(scores: &[f32]) -> (usize, f32) {
    scores.iter().enumerate().fold(
        (0, f32::NEG_INFINITY),
        |best, (answer, &score)| {
            if score > best.1 { (answer, score) } else { best }
        },
    )
}

/// Every answer's questions are spread evenly over the folds, in an order drawn from the seed.
fn assign_folds(questions: &mut [Question], seed: u64) {
    let mut random = Random::new(seed, 1);
    let mut order: Vec<usize> = (0..questions.len()).collect();
    random.shuffle(&mut order);
    let mut next: HashMap<Option<usize>, usize> = HashMap::new();
    for index in order {
        let next = next.entry(questions[index].answer).or_insert_with(|| random.below(FOLDS));
        questions[index].fold = *next;
        *next = (*next + 1) % FOLDS;
    }
}
