//! `attendant faq eval BASE`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use faq_bot::eval::{self, Question, Report};
use faq_bot::matcher::{Example, TrainOptions};
use faq_bot::{Knowledge, Language};

use super::Context;
use crate::exit::{ExitStatus, Failure};
use crate::output;

/// See how good a knowledge base is: what it gets right, when it keeps silent, which questions are in each other's way.
#[derive(Debug, Args)]
#[command(after_help = "\
Without --test every question of the base is held out once and asked to a bot that has not seen it. A test file has one
question a line, a tab, and the id of its answer; `oos` in the place of the id is a question that no answer is for.

Examples:
  attendant faq eval shop.yaml
  attendant faq eval shop.yaml --html report.html
  attendant faq eval shop.yaml --test real-questions.tsv --json")]
pub struct Arguments {
    /// The base: a YAML file, or a folder of them.
    base: PathBuf,
    /// Questions with their answers, instead of cross-validation.
    #[arg(short, long, value_name = "TSV")]
    test: Option<PathBuf>,
    /// Which language of the base; its first one if it is not said.
    #[arg(short, long)]
    language: Option<String>,
    /// Write a page with pictures.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Evaluates.
pub fn run(arguments: &Arguments, context: Context) -> Result<ExitStatus, Failure> {
    let base = super::load(Some(&arguments.base))?;
    let language = match &arguments.language {
        Some(tag) => {
            base.language(tag).ok_or_else(|| Failure::usage(anyhow!("the base does not speak `{tag}`")))?.clone()
        }
        None => base.default_language().clone(),
    };
    let report = match &arguments.test {
        None => {
            // Follow-ups are asked in their context only; alone nobody could tell them apart.
            let alone = |id: &str| base.answer(id).is_some_and(|answer| answer.parent.is_none());
            let examples: Vec<Example<'_>> = base
                .questions(&language)
                .filter(|(_, id)| alone(id))
                .map(|(question, id)| Example::new(question, id))
                .collect();
            let out_of_scope: Vec<&str> = base.out_of_scope.iter().map(String::as_str).collect();
            let bar = output::progress(100, "evaluating", context.quiet);
            let report = eval::cross_validate(&examples, &out_of_scope, &TrainOptions::default(), |share| {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a hundred")]
                bar.set_position((share * 100.0) as u64);
            });
            bar.finish_and_clear();
            report.map_err(Failure::usage)?
        }
        Some(file) => {
            let knowledge = super::prepare(base, None, context)?;
            tested(&knowledge, &language, file)?
        }
    };
    if let Some(file) = &arguments.html {
        let title = arguments.base.display().to_string();
        std::fs::write(file, report.page(&title)).with_context(|| format!("writing {}", file.display()))?;
    }
    let text = if arguments.json {
        report.json().map_err(|error| Failure::new(ExitStatus::Failed, error))?
    } else {
        report.table()
    };
    output::line(text.trim_end())?;
    Ok(ExitStatus::Done)
}

fn tested(knowledge: &Knowledge, language: &Language, file: &Path) -> Result<Report, Failure> {
    let matcher = knowledge
        .matcher(language)
        .ok_or_else(|| Failure::usage(anyhow!("the base has no questions in `{language}`")))?;
    let text =
        std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display())).map_err(Failure::usage)?;
    let questions =
        parse(&text, |id| knowledge.answer(id).is_some()).with_context(|| file.display().to_string()).map_err(
            |error| Failure::usage(error).hint("each line is a question, a tab, and the id of its answer or `oos`"),
        )?;
    let examples: Vec<Example<'_>> =
        knowledge.base().questions(language).map(|(question, id)| Example::new(question, id)).collect();
    Ok(eval::evaluate(matcher, &examples, &questions, &file.display().to_string()))
}

fn parse(text: &str, known: impl Fn(&str) -> bool) -> anyhow::Result<Vec<Question<'_>>> {
    let mut questions = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let number = index + 1;
        match line.split_once('\t').map(|(question, id)| (question, id.trim())) {
            Some((question, "oos" | "-" | "")) => questions.push(Question { text: question, answer: None }),
            Some((question, id)) if known(id) => questions.push(Question { text: question, answer: Some(id) }),
            Some((_, id)) => bail!("line {number}: the base has no answer `{id}`"),
            None => bail!("line {number} has no tab"),
        }
    }
    if questions.is_empty() {
        bail!("there is no question in it");
    }
    Ok(questions)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_test_file_names_its_answers() {
        let questions = parse("when?\thours\n\nrain?\toos\n", |id| id == "hours").unwrap();
        assert_eq!((questions[0].answer, questions[1].answer), (Some("hours"), None));
        for (wrong, line) in [("a\thours\nb\tours", "line 2"), ("\nno tab", "line 2")] {
            assert!(parse(wrong, |id| id == "hours").unwrap_err().to_string().contains(line));
        }
        assert!(parse("\n", |_| true).is_err());
    }
}
