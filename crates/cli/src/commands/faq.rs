//! `attendant faq …`: the tools of a team that keeps a knowledge base.

mod ask;
mod bench;
mod check;
mod eval;
mod exchange;
mod suggest;
mod train;

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::{Args, Subcommand};
use faq_bot::{Knowledge, KnowledgeBase, Problem, Problems, Severity, knowledge};

use super::Context;
use crate::exit::{ExitStatus, Failure};
use crate::output::{self, BAD, GOOD, NAME, QUIET};

/// Check, train, ask and improve a knowledge base.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  attendant faq check shop.yaml
  attendant faq ask --base shop.yaml \"when are you open?\"
  attendant faq suggest shop.yaml --log lessons.jsonl
  attendant faq import faq.csv --out shop.yaml")]
pub struct Arguments {
    #[command(subcommand)]
    command: Faq,
}

#[derive(Debug, Subcommand)]
enum Faq {
    Check(check::Arguments),
    Train(train::Arguments),
    Ask(ask::Arguments),
    Eval(eval::Arguments),
    Bench(bench::Arguments),
    Suggest(suggest::Arguments),
    Import(exchange::Import),
    Export(exchange::Export),
}

/// Runs one of them.
pub fn run(arguments: Arguments, context: Context) -> Result<ExitStatus, Failure> {
    match arguments.command {
        Faq::Check(arguments) => check::run(&arguments),
        Faq::Train(arguments) => train::run(&arguments, context),
        Faq::Ask(arguments) => ask::run(&arguments, context),
        Faq::Eval(arguments) => eval::run(&arguments, context),
        Faq::Bench(arguments) => bench::run(&arguments, context),
        Faq::Suggest(arguments) => suggest::run(&arguments, context),
        Faq::Import(arguments) => exchange::import(&arguments),
        Faq::Export(arguments) => exchange::export(&arguments),
    }
}

/// Reads a base, or the demo base where none is named.
pub fn load(path: Option<&Path>) -> Result<KnowledgeBase, Failure> {
    let base = match path {
        Some(path) => KnowledgeBase::load(path),
        None => faq_bot::demo(),
    };
    base.map_err(|problems| refused(&problems))
}

/// Makes a base ready to be asked, with progress. Matchers come from `models` where they fit.
pub fn prepare(base: KnowledgeBase, models: Option<&PathBuf>, context: Context) -> Result<Knowledge, Failure> {
    let bar = output::progress(1, "training", context.quiet);
    let options = knowledge::Options { models: models.cloned(), ..knowledge::Options::default() };
    let knowledge = Knowledge::open(base, &options).map(|(knowledge, _)| knowledge);
    bar.finish_and_clear();
    knowledge.map_err(Failure::usage)
}

/// All problems as one failure.
pub fn refused(problems: &Problems) -> Failure {
    let errors: Vec<&Problem> = problems.0.iter().filter(|problem| problem.is_error()).collect();
    let mut lines: Vec<String> = errors.iter().take(20).map(ToString::to_string).collect();
    if errors.len() > 20 {
        lines.push(format!("and {} more", errors.len() - 20));
    }
    Failure::usage(anyhow!(lines.join("\n  ")))
}

/// One problem for people.
pub fn problem_line(problem: &Problem) -> String {
    let (style, word) = match problem.severity {
        Severity::Error => (BAD, "error"),
        Severity::Warning => (NAME, "warning"),
    };
    let hint = problem.hint.as_ref().map(|hint| format!("\n    {GOOD}hint{GOOD:#}: {hint}")).unwrap_or_default();
    format!("{style}{word}{style:#}: {}: {}{QUIET}{hint}{QUIET:#}", problem.place, problem.message)
}

/// `KEY=VALUE` of a command line.
pub fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE, such as Segment=business".to_owned()),
    }
}
