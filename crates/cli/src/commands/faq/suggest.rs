//! `attendant faq suggest BASE --log FILE`: what chats taught, for a person to accept.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::Args;
use faq_bot::Knowledge;
use faq_bot::base::add_questions;
use faq_bot::learn::{self, Advice, Suggestion};
use serde_json::json;

use super::Context;
use crate::config::text::nearest;
use crate::exit::{ExitStatus, Failure};
use crate::output::{self, GOOD, HEADING, NAME, QUIET};

/// See what was not answered, grouped, with the answers that it most likely wants; accept what is right.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  attendant faq suggest shop.yaml --log lessons.jsonl
  attendant faq suggest shop.yaml --log lessons.jsonl --accept 1,3
  attendant faq suggest shop.yaml --log lessons.jsonl --accept 2 --to refund
  attendant faq suggest shop.yaml --log lessons.jsonl --json

An accepted group is written into the base; comments and order stay. A bot that runs reads the base again by itself.")]
pub struct Arguments {
    /// The base: a YAML file, or a folder of them.
    base: PathBuf,
    /// The file in which the bot keeps its lessons.
    #[arg(short = 'L', long, value_name = "FILE")]
    log: PathBuf,
    /// Groups that are asked less often are not shown.
    #[arg(long, default_value_t = 1)]
    min: usize,
    /// Most groups that are shown.
    #[arg(long, default_value_t = 30)]
    limit: usize,
    /// Add the questions of these groups to the answers that they suggest.
    #[arg(long, value_delimiter = ',', value_name = "NUMBERS")]
    accept: Vec<usize>,
    /// Add them to this answer instead of the suggested ones.
    #[arg(long, value_name = "ID", requires = "accept")]
    to: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Suggests, or accepts.
pub fn run(arguments: &Arguments, context: Context) -> Result<ExitStatus, Failure> {
    let base = super::load(Some(&arguments.base))?;
    let (lessons, broken) = learn::read(&arguments.log)
        .with_context(|| format!("reading {}", arguments.log.display()))
        .map_err(Failure::usage)?;
    let knowledge = super::prepare(base, None, context)?;
    let mut suggestions = learn::suggest(&lessons, &knowledge);
    suggestions.retain(|suggestion| suggestion.count >= arguments.min);
    if !arguments.accept.is_empty() {
        return accept(arguments, &suggestions, &knowledge);
    }
    let left = suggestions.len().saturating_sub(arguments.limit);
    suggestions.truncate(arguments.limit);
    if arguments.json {
        output::json(&json!({
            "lessons": lessons.len(),
            "unreadable_lines": broken,
            "left_out": left,
            "suggestions": suggestions,
        }))?;
        return Ok(ExitStatus::Done);
    }
    output::line(format!("{HEADING}{} lessons, {} suggestions{HEADING:#}", lessons.len(), suggestions.len() + left))?;
    for (index, suggestion) in suggestions.iter().enumerate() {
        let advice = match &suggestion.advice {
            Advice::AddPicked { answer } => format!("add to {NAME}{answer}{NAME:#}, which customers picked"),
            Advice::AddNearest { answer } => format!("add to {NAME}{answer}{NAME:#}, if that is what they mean"),
            Advice::NewAnswer => "write a new answer".to_owned(),
            Advice::LookAt { answer } => format!("look at {NAME}{answer}{NAME:#}: a person was needed after it"),
        };
        output::line(format!(
            "\n{}. {advice}  {QUIET}({}×, {}){QUIET:#}",
            index + 1,
            suggestion.count,
            suggestion.language
        ))?;
        for question in &suggestion.questions {
            output::line(format!("     {}×  {}", question.count, question.text))?;
        }
    }
    if left > 0 {
        output::line(format!("\n{QUIET}{left} more with --limit{QUIET:#}"))?;
    }
    if broken > 0 {
        output::line(format!("{QUIET}{broken} lines of the file could not be read{QUIET:#}"))?;
    }
    Ok(ExitStatus::Done)
}

fn accept(arguments: &Arguments, suggestions: &[Suggestion], knowledge: &Knowledge) -> Result<ExitStatus, Failure> {
    if let Some(to) = arguments.to.as_ref().filter(|to| knowledge.answer(to).is_none()) {
        let failure = Failure::usage(anyhow!("there is no answer `{to}` in the base"));
        let ids = knowledge.base().answers.iter().map(|answer| answer.id.as_str());
        return Err(match nearest(to, ids) {
            Some(nearest) => failure.hint(format!("did you mean `{nearest}`?")),
            None => failure,
        });
    }
    let mut chosen = Vec::new();
    for number in &arguments.accept {
        let suggestion = number.checked_sub(1).and_then(|index| suggestions.get(index)).ok_or_else(|| {
            Failure::usage(anyhow!("there is no suggestion {number}")).hint("run without --accept to see them")
        })?;
        let answer = match (&arguments.to, &suggestion.advice) {
            (Some(to), _) => to,
            (None, Advice::AddPicked { answer } | Advice::AddNearest { answer }) => answer,
            (None, _) => {
                return Err(Failure::usage(anyhow!("suggestion {number} has no answer to add to"))
                    .hint("name one with --to, or write a new answer with these questions into the base"));
            }
        };
        chosen.push((answer, suggestion));
    }
    for (answer, suggestion) in chosen {
        let questions: Vec<String> = suggestion.questions.iter().map(|question| question.text.clone()).collect();
        let file = add_questions(&arguments.base, answer, &suggestion.language, &questions)
            .map_err(|problems| super::refused(&problems))?;
        output::line(format!("{GOOD}added{GOOD:#} {} questions to {NAME}{answer}{NAME:#} in {file}", questions.len()))?;
    }
    Ok(ExitStatus::Done)
}
