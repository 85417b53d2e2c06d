//! The figures of the matcher on public data sets, ours beside those that others published.
//!
//! The data stay where they are: [`run`] takes the folder. Thresholds are chosen on validation data, as the papers did.

#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "figures")]

mod data;
mod noise;
mod report;
mod speed;
mod validation;

use std::path::Path;

use crate::eval::measure::{Outcome, accuracy, auroc, best_threshold, reject, threshold_losing};
use crate::matcher::{self, Example, Matcher, Scratch, TrainOptions};

use data::{Row, Set};
pub use report::{Figure, Goal, Published, Report};
pub use validation::compare;

/// The share of validation questions that the low-loss threshold rejects.
const LOST: f64 = 0.03;

/// The figures could not be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file of the data is missing or cannot be read.
    #[error("data file {path}")]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is not a text and a label with a tab between them.
    #[error("{path}, line {line}: expected a text, a tab and a label")]
    Line {
        /// The file.
        path: std::path::PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// A matcher could not be trained.
    #[error("training")]
    Training(#[from] matcher::Error),
}

/// Measures everything. `progress` is told what comes next; it takes a minute or two.
pub fn run(folder: &Path, mut progress: impl FnMut(&str)) -> Result<Report, Error> {
    let mut report = Report::default();
    clinc(folder, &mut report, &mut progress)?;
    banking(folder, &mut report, &mut progress)?;
    near_and_far(folder, &mut report, &mut progress)?;
    speed::measure(folder, &mut report, &mut progress)?;
    Ok(report)
}

/// The outcomes of questions, with raw confidences, which do not saturate.
fn ask(matcher: &Matcher, rows: &[Row], change: impl Fn(usize, &str) -> String) -> Vec<Outcome> {
    let mut scratch = Scratch::default();
    let outcome = |(index, row): (usize, &Row)| {
        let ranking = matcher.rank(&change(index, &row.text), &mut scratch);
        let right = ranking.best().is_some_and(|best| matcher.answer(best.answer) == row.label);
        Outcome { sure: ranking.confidence(), right }
    };
    rows.iter().enumerate().map(outcome).collect()
}

fn as_it_is(_: usize, text: &str) -> String {
    text.to_owned()
}

fn train(rows: &[Row], out_of_scope: &[Row]) -> Result<Matcher, Error> {
    let examples: Vec<Example<'_>> = rows.iter().map(|row| Example::new(&row.text, &row.label)).collect();
    let silent: Vec<&str> = out_of_scope.iter().map(|row| row.text.as_str()).collect();
    Ok(Matcher::train(&examples, &silent, &TrainOptions::default())?)
}

/// The four figures of a set with questions out of scope.
fn with_rejection(report: &mut Report, name: &str, goals: Option<&[Goal; 6]>, matcher: &Matcher, set: &Set) {
    let validation = ask(matcher, &set.validation, as_it_is);
    let validation_outside = ask(matcher, &set.outside_validation, as_it_is);
    let test = ask(matcher, &set.test, as_it_is);
    let outside = ask(matcher, &set.outside_test, as_it_is);
    let best = reject(&test, &outside, best_threshold(&validation, &validation_outside));
    let low = reject(&test, &outside, threshold_losing(&validation, LOST));
    let figures = [
        ("no reject: accuracy", accuracy(&test)),
        ("best validation threshold: accuracy", best.accuracy),
        ("best validation threshold: out-of-scope recall", best.recall),
        ("3 % of validation rejected: accuracy", low.accuracy),
        ("3 % of validation rejected: out-of-scope recall", low.recall),
        ("AUROC", auroc(&test, &outside)),
    ];
    for (index, (figure, value)) in figures.into_iter().enumerate() {
        report.add(name, figure, value, "%", goals.map_or(Goal::NONE, |goals| goals[index]));
    }
    report.add(name, "best validation threshold: out-of-scope precision", best.precision, "%", Goal::NONE);
}

fn clinc(folder: &Path, report: &mut Report, progress: &mut impl FnMut(&str)) -> Result<(), Error> {
    const FULL: [Goal; 6] = [
        Goal::above(93.0, 94.0),
        Goal::above(92.5, 93.2),
        Goal::above(55.0, 64.0),
        Goal::above(91.8, 92.4),
        Goal::above(78.0, 80.0),
        Goal::above(96.8, 97.2),
    ];
    for (name, kind, known) in [
        ("CLINC150 full", "full", true),
        ("CLINC150 full, nothing out of scope known", "full", false),
        ("CLINC150 small", "small", true),
        ("CLINC150 imbalanced", "imbalanced", true),
    ] {
        progress(name);
        let set = Set::clinc(folder, kind)?;
        let outside: &[Row] = if known { &set.outside_train } else { &[] };
        let matcher = train(&set.train, outside)?;
        let is_the_anchor = kind == "full" && known;
        with_rejection(report, name, is_the_anchor.then_some(&FULL), &matcher, &set);
        if is_the_anchor {
            with_noise(report, &matcher, &set);
        }
    }
    for variants in [5, 10] {
        let name = format!("CLINC150 {variants} examples an answer");
        progress(&name);
        let set = Set::clinc(folder, "full")?;
        let train_rows = data::read(&folder.join(format!("clinc150/fewshot.train_{variants}.tsv")))?;
        let matcher = train(&train_rows, &[])?;
        with_rejection(report, &name, None, &matcher, &set);
    }
    Ok(())
}

/// Questions as people really write them.
fn with_noise(report: &mut Report, matcher: &Matcher, set: &Set) {
    let clean = accuracy(&ask(matcher, &set.test, as_it_is));
    for (name, share, goal) in [
        ("typos in 5 % of characters", 0.05, Goal::above(91.5, 92.5)),
        ("typos in 10 % of characters", 0.1, Goal::above(90.0, 91.5)),
    ] {
        let noisy = ask(matcher, &set.test, |index, text| noise::typos(text, share, index as u64));
        report.add("CLINC150 full, noise", name, accuracy(&noisy), "%", goal);
    }
    for (name, change) in noise::INVARIANCES {
        let changed = accuracy(&ask(matcher, &set.test, |_, text| change(text)));
        report.add("CLINC150 full, noise", &format!("{name}: change"), changed - clean, "points", Goal::exactly(0.0));
    }
    let changes =
        noise::FRAMES.map(|frame| accuracy(&ask(matcher, &set.test, |_, text| frame.replace("{}", text))) - clean);
    let worst =
        changes.into_iter().fold(0.0, |worst: f64, change| if change.abs() > worst.abs() { change } else { worst });
    report.add("CLINC150 full, noise", "14 other frames: the largest change", worst, "points", Goal::exactly(0.0));
    let threshold = threshold_losing(&ask(matcher, &set.validation, as_it_is), LOST);
    let before = ask(matcher, &set.test, noise::unrelated_before);
    let kept = reject(&before, &[], threshold).accuracy;
    report.add("CLINC150 full, noise", "an unrelated sentence before, at 3 %", kept, "%", Goal::above(91.5, 92.0));
}

fn banking(folder: &Path, report: &mut Report, progress: &mut impl FnMut(&str)) -> Result<(), Error> {
    let test = data::read(&folder.join("banking77/test.tsv"))?;
    for (name, file, goal) in [
        ("BANKING77 full", "train", Goal::above(92.5, 93.5)),
        ("BANKING77 10 examples an answer", "fewshot.train_10", Goal::above(77.0, 80.0)),
        ("BANKING77 5 examples an answer", "fewshot.train_5", Goal::NONE),
    ] {
        progress(name);
        let matcher = train(&data::read(&folder.join(format!("banking77/{file}.tsv")))?, &[])?;
        report.add(name, "accuracy", accuracy(&ask(&matcher, &test, as_it_is)), "%", goal);
    }
    Ok(())
}

/// Questions out of scope that are near to the topics, and far from them.
fn near_and_far(folder: &Path, report: &mut Report, progress: &mut impl FnMut(&str)) -> Result<(), Error> {
    progress("BANKING77-OOS");
    let read = |file: &str| data::read(&folder.join(format!("banking77-oos/{file}.tsv")));
    let (validation, test) = (read("valid")?, read("test")?);
    let matcher = train(&read("train")?, &[])?;
    for (name, file) in [("BANKING77-OOS near", "id-oos"), ("BANKING77-OOS far", "ood-oos")] {
        let set = Set {
            train: Vec::new(),
            outside_train: Vec::new(),
            validation: validation.clone(),
            outside_validation: read(&format!("{file}.valid"))?,
            test: test.clone(),
            outside_test: read(&format!("{file}.test"))?,
        };
        with_rejection(report, name, None, &matcher, &set);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
