//! `attendant faq check BASE`.

use std::path::PathBuf;

use clap::Args;
use faq_bot::{KnowledgeBase, Problem};
use serde_json::json;

use super::problem_line;
use crate::exit::{ExitStatus, Failure};
use crate::output::{self, BAD, GOOD};

/// Check a knowledge base: every problem with its file, its line, and what to do.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit status: 0 when the base can be used, 2 when it cannot (with --strict also when there are warnings).

Examples:
  attendant faq check shop.yaml
  attendant faq check knowledge/ --strict
  attendant faq check shop.yaml --json")]
pub struct Arguments {
    /// The base: a YAML file, or a folder of them.
    base: PathBuf,
    /// Warnings count as errors.
    #[arg(long)]
    strict: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Checks.
pub fn run(arguments: &Arguments) -> Result<ExitStatus, Failure> {
    let (base, problems): (Option<KnowledgeBase>, Vec<Problem>) = match KnowledgeBase::load(&arguments.base) {
        Ok(base) => {
            let warnings = base.warnings.clone();
            (Some(base), warnings)
        }
        Err(problems) => (None, problems.0),
    };
    let good = base.is_some() && (problems.is_empty() || !arguments.strict);
    let questions = |base: &KnowledgeBase| -> usize {
        base.answers.iter().map(|answer| answer.questions.values().map(Vec::len).sum::<usize>()).sum()
    };
    if arguments.json {
        output::json(&json!({
            "valid": good,
            "answers": base.as_ref().map(|base| base.answers.len()),
            "questions": base.as_ref().map(questions),
            "languages": base.as_ref().map(|base| base.languages.clone()),
            "problems": problems,
        }))?;
    } else {
        for problem in &problems {
            output::line(problem_line(problem))?;
        }
        match &base {
            Some(base) if good => output::line(format!(
                "{GOOD}good{GOOD:#}: {} answers, {} questions, {}",
                base.answers.len(),
                questions(base),
                base.languages.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "),
            ))?,
            _ => output::line(format!("{BAD}not good{BAD:#}: {} problems", problems.len()))?,
        }
    }
    Ok(if good { ExitStatus::Done } else { ExitStatus::Usage })
}
