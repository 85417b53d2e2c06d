//! How good a knowledge base is: what its matcher gets right, when it keeps silent, and which questions are in each other's way.
//!
//! [`cross_validate`] holds every example out once and asks a matcher that has not seen it. [`evaluate`] asks questions from
//! elsewhere, such as real ones that somebody put in order. Both give a [`Report`], which is a text, JSON, or a page for a browser.

#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "shares of counts"
)]

mod duplicates;
pub mod measure;
mod page;
mod plot;
mod table;

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::matcher::{Error, Example, Matcher, Method, Scratch, Thresholds, TrainOptions, Zone};
use measure::{Outcome, percent};

/// With fewer questions an answer is hard to recognise.
const ENOUGH_QUESTIONS: usize = 5;
/// Lists in a report are no longer than this.
const LONGEST_LIST: usize = 100;
const FOLDS: usize = 5;

/// A question with the answer it should get; none if it is out of scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question<'a> {
    /// What a customer wrote.
    pub text: &'a str,
    /// The id of the right answer.
    pub answer: Option<&'a str>,
}

/// What became of the questions in scope, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct InScope {
    /// How many questions there were.
    pub questions: usize,
    /// The right answer comes first, whatever the threshold.
    pub accuracy: f64,
    /// The right answer is among the first three.
    pub accuracy_of_three: f64,
    /// Answered, and rightly.
    pub answered_right: f64,
    /// Answered, and wrongly.
    pub answered_wrong: f64,
    /// Choices were offered and the right one was among them.
    pub offered_right: f64,
    /// Choices were offered and all were wrong.
    pub offered_wrong: f64,
    /// Left to a person.
    pub left: f64,
}

/// What became of the questions out of scope, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct OutOfScope {
    /// How many questions there were.
    pub questions: usize,
    /// Not answered, as it should be.
    pub recall: f64,
    /// The share of those out of scope among all questions that were not answered.
    pub precision: f64,
    /// How well the score tells the two kinds apart: 100 is perfect, 50 is chance.
    pub auroc: f64,
    /// Choices were offered, all wrong.
    pub offered: f64,
}

/// What a threshold would do, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// Answers below this score are not given.
    pub threshold: f32,
    /// Of questions in scope: answered, and rightly.
    pub right: f64,
    /// Of questions in scope: answered, and wrongly.
    pub wrong: f64,
    /// Of questions out of scope: answered.
    pub out_of_scope: Option<f64>,
}

/// An answer that was given in the place of another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Confusion {
    /// The right answer.
    pub expected: String,
    /// The one that came first.
    pub found: String,
    /// How often.
    pub count: usize,
    /// Some of the questions.
    pub questions: Vec<String>,
}

/// How one answer did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnswerReport {
    /// Its id.
    pub answer: String,
    /// How many questions it was tested with.
    pub questions: usize,
    /// For how many of them it came first, in percent.
    pub accuracy: f64,
}

/// Two questions of different answers that read alike.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    /// A question.
    pub question: String,
    /// Its answer.
    pub answer: String,
    /// A question of another answer.
    pub other_question: String,
    /// That answer.
    pub other_answer: String,
    /// How much of their words they share, up to 1.
    pub likeness: f64,
}

/// An answer with few questions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Thin {
    /// Its id.
    pub answer: String,
    /// How many questions it has.
    pub questions: usize,
}

/// The scores of questions in scope and out of scope, in twenty steps from 0 to 1, in percent of each kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores {
    /// Best answer right.
    pub right: Vec<f64>,
    /// Best answer wrong.
    pub wrong: Vec<f64>,
    /// Out of scope.
    pub out_of_scope: Vec<f64>,
}

/// How good a knowledge base is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Where the questions came from.
    pub source: String,
    /// The method of the matcher.
    pub method: Method,
    /// How many answers there are.
    pub answers: usize,
    /// How many example questions they have.
    pub examples: usize,
    /// The thresholds in force.
    pub thresholds: Thresholds,
    /// What became of questions in scope.
    pub in_scope: InScope,
    /// What became of questions out of scope, if there were any.
    pub out_of_scope: Option<OutOfScope>,
    /// The effect of the answer threshold.
    pub curve: Vec<Point>,
    /// How the scores are spread.
    pub scores: Scores,
    /// Answers given in the place of others, the most frequent first.
    pub confusions: Vec<Confusion>,
    /// The answers that did worst first.
    pub by_answer: Vec<AnswerReport>,
    /// The same question for different answers.
    pub contradictions: Vec<Pair>,
    /// Nearly the same question for different answers.
    pub near_duplicates: Vec<Pair>,
    /// Answers with too few questions.
    pub thin: Vec<Thin>,
}

/// What a matcher said about one question.
struct Trial<'a> {
    question: Question<'a>,
    found: Option<String>,
    score: f32,
    zone: Zone,
    among_three: bool,
    offered: bool,
}

/// Holds every example out once and asks a matcher that was trained without it. `progress` is told the share that is done.
pub fn cross_validate(
    examples: &[Example<'_>],
    out_of_scope: &[&str],
    options: &TrainOptions,
    mut progress: impl FnMut(f64),
) -> Result<Report, Error> {
    let whole = Matcher::train(examples, out_of_scope, options)?;
    let rounds = (FOLDS + 1) as f64;
    progress(1.0 / rounds);
    let options = TrainOptions { method: whole.training().method, ..options.clone() };
    let mut turn: HashMap<&str, usize> = HashMap::new();
    let mut fold_of = |answer| {
        let turn = turn.entry(answer).or_default();
        *turn += 1;
        *turn % FOLDS
    };
    let folds: Vec<usize> = examples.iter().map(|example| fold_of(example.answer)).collect();
    let mut trials = Vec::with_capacity(examples.len() + out_of_scope.len());
    for fold in 0..FOLDS {
        let kept = examples.iter().zip(&folds).filter(|(_, of)| **of != fold).map(|(example, _)| *example);
        let kept: Vec<Example<'_>> = kept.collect();
        let silent = out_of_scope.iter().enumerate();
        let kept_silent: Vec<&str> =
            silent.clone().filter(|(index, _)| index % FOLDS != fold).map(|(_, text)| *text).collect();
        let held = examples.iter().zip(&folds).filter(|(_, of)| **of == fold);
        let held = held.map(|(example, _)| Question { text: example.text, answer: Some(example.answer) });
        let held_silent = silent.filter(|(index, _)| index % FOLDS == fold);
        let held = held.chain(held_silent.map(|(_, text)| Question { text, answer: None }));
        match Matcher::train(&kept, &kept_silent, &options) {
            Ok(mut matcher) => {
                // The scores of the parts are on one scale, and the thresholds are those of the whole.
                matcher.set_thresholds(whole.thresholds())?;
                ask(&matcher, held, &mut trials);
            }
            // Every answer has its only question in this fold: nothing is known without it.
            Err(Error::NothingToLearn) => trials.extend(held.map(Trial::nothing)),
            Err(error) => return Err(error),
        }
        progress((fold + 2) as f64 / rounds);
    }
    Ok(report(&whole, examples, &trials, format!("cross-validation in {FOLDS} parts")))
}

/// Asks a matcher questions that it was not trained with. The examples it was trained with are looked over for duplicates.
pub fn evaluate(matcher: &Matcher, examples: &[Example<'_>], questions: &[Question<'_>], source: &str) -> Report {
    let mut trials = Vec::with_capacity(questions.len());
    ask(matcher, questions.iter().copied(), &mut trials);
    report(matcher, examples, &trials, source.to_owned())
}

impl<'a> Trial<'a> {
    fn nothing(question: Question<'a>) -> Self {
        Self { question, found: None, score: 0.0, zone: Zone::Person, among_three: false, offered: false }
    }

    fn is_right(&self) -> bool {
        self.question.answer.is_some() && self.question.answer == self.found.as_deref()
    }

    fn outcome(&self) -> Outcome {
        Outcome { sure: self.score, right: self.is_right() }
    }
}

fn ask<'a>(matcher: &Matcher, questions: impl Iterator<Item = Question<'a>>, trials: &mut Vec<Trial<'a>>) {
    let mut scratch = Scratch::default();
    for question in questions {
        let ranking = matcher.rank(question.text, &mut scratch);
        let is_expected =
            |candidate: &crate::matcher::Candidate| Some(matcher.answer(candidate.answer)) == question.answer;
        trials.push(Trial {
            question,
            found: ranking.best().map(|best| matcher.answer(best.answer).to_owned()),
            score: ranking.best().map_or(0.0, |best| best.score),
            zone: ranking.zone,
            among_three: ranking.candidates().iter().take(3).any(is_expected),
            offered: ranking.choices().iter().any(is_expected),
        });
    }
}

fn report(matcher: &Matcher, examples: &[Example<'_>], trials: &[Trial<'_>], source: String) -> Report {
    let (inside, outside): (Vec<&Trial<'_>>, Vec<&Trial<'_>>) =
        trials.iter().partition(|trial| trial.question.answer.is_some());
    let inside_outcomes: Vec<Outcome> = inside.iter().map(|trial| trial.outcome()).collect();
    let outside_outcomes: Vec<Outcome> = outside.iter().map(|trial| trial.outcome()).collect();
    let share =
        |which: &dyn Fn(&Trial<'_>) -> bool| percent(inside.iter().filter(|trial| which(trial)).count(), inside.len());
    let in_scope = InScope {
        questions: inside.len(),
        accuracy: share(&|trial| trial.is_right()),
        accuracy_of_three: share(&|trial| trial.among_three),
        answered_right: share(&|trial| trial.zone == Zone::Answer && trial.is_right()),
        answered_wrong: share(&|trial| trial.zone == Zone::Answer && !trial.is_right()),
        offered_right: share(&|trial| trial.zone == Zone::DidYouMean && trial.offered),
        offered_wrong: share(&|trial| trial.zone == Zone::DidYouMean && !trial.offered),
        left: share(&|trial| trial.zone == Zone::Person),
    };
    let silent = outside.iter().filter(|trial| trial.zone != Zone::Answer).count();
    let held_back = inside.iter().filter(|trial| trial.zone != Zone::Answer).count();
    let out_of_scope = (!outside.is_empty()).then(|| OutOfScope {
        questions: outside.len(),
        recall: percent(silent, outside.len()),
        precision: percent(silent, silent + held_back),
        auroc: measure::auroc(&inside_outcomes, &outside_outcomes),
        offered: percent(outside.iter().filter(|trial| trial.zone == Zone::DidYouMean).count(), outside.len()),
    });
    let (mut contradictions, mut near_duplicates) = duplicates::find(examples);
    contradictions.truncate(LONGEST_LIST);
    near_duplicates.truncate(LONGEST_LIST);
    Report {
        source,
        method: matcher.training().method,
        answers: matcher.answers(),
        examples: examples.len(),
        thresholds: matcher.thresholds(),
        in_scope,
        out_of_scope,
        curve: (0..=100).map(|step| point(&inside_outcomes, &outside_outcomes, step as f32 / 100.0)).collect(),
        scores: Scores {
            right: spread(inside_outcomes.iter().filter(|one| one.right), inside.len()),
            wrong: spread(inside_outcomes.iter().filter(|one| !one.right), inside.len()),
            out_of_scope: spread(outside_outcomes.iter(), outside.len()),
        },
        confusions: confusions(&inside),
        by_answer: by_answer(&inside),
        contradictions,
        near_duplicates,
        thin: thin(examples),
    }
}

fn point(inside: &[Outcome], outside: &[Outcome], threshold: f32) -> Point {
    let answered = |right: bool| inside.iter().filter(|one| one.sure >= threshold && one.right == right).count();
    let wrongly = outside.iter().filter(|one| one.sure >= threshold).count();
    Point {
        threshold,
        right: percent(answered(true), inside.len()),
        wrong: percent(answered(false), inside.len()),
        out_of_scope: (!outside.is_empty()).then(|| percent(wrongly, outside.len())),
    }
}

fn spread<'o>(outcomes: impl Iterator<Item = &'o Outcome>, whole: usize) -> Vec<f64> {
    const STEPS: usize = 20;
    let mut counts = vec![0; STEPS];
    for one in outcomes {
        counts[((one.sure * STEPS as f32) as usize).min(STEPS - 1)] += 1;
    }
    counts.into_iter().map(|count| percent(count, whole)).collect()
}

fn confusions(inside: &[&Trial<'_>]) -> Vec<Confusion> {
    let mut all: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for trial in inside.iter().filter(|trial| !trial.is_right()) {
        if let (Some(expected), Some(found)) = (trial.question.answer, trial.found.as_deref()) {
            all.entry((expected, found)).or_default().push(trial.question.text.to_owned());
        }
    }
    let mut confusions: Vec<Confusion> = all
        .into_iter()
        .map(|((expected, found), mut questions)| {
            let count = questions.len();
            questions.truncate(3);
            Confusion { expected: expected.to_owned(), found: found.to_owned(), count, questions }
        })
        .collect();
    confusions.sort_by_key(|confusion| std::cmp::Reverse(confusion.count));
    confusions.truncate(LONGEST_LIST);
    confusions
}

fn by_answer(inside: &[&Trial<'_>]) -> Vec<AnswerReport> {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for trial in inside {
        let count = counts.entry(trial.question.answer.unwrap_or_default()).or_default();
        *count = (count.0 + 1, count.1 + usize::from(trial.is_right()));
    }
    let report = |(answer, (questions, right)): (&str, _)| AnswerReport {
        answer: answer.to_owned(),
        questions,
        accuracy: percent(right, questions),
    };
    let mut all: Vec<AnswerReport> = counts.into_iter().map(report).collect();
    all.sort_by(|one, other| one.accuracy.total_cmp(&other.accuracy).then(other.questions.cmp(&one.questions)));
    all
}

fn thin(examples: &[Example<'_>]) -> Vec<Thin> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for example in examples {
        *counts.entry(example.answer).or_default() += 1;
    }
    let few = counts.into_iter().filter(|(_, questions)| *questions < ENOUGH_QUESTIONS);
    let mut thin: Vec<Thin> = few.map(|(answer, questions)| Thin { answer: answer.to_owned(), questions }).collect();
    thin.sort_by_key(|thin| thin.questions);
    thin.truncate(LONGEST_LIST);
    thin
}

#[cfg(test)]
mod tests;
