//! `attendant faq import` and `attendant faq export`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use clap::builder::PossibleValuesParser;
use faq_bot::import::{self, Encoding, Format, Options, Source};
use faq_bot::{Language, export};

use super::problem_line;
use crate::exit::{ExitStatus, Failure};
use crate::output;

/// Make a knowledge base from what you have: CSV, TSV, QnA Maker or Azure TSV, Rasa YAML, Dialogflow FAQ CSV.
#[derive(Debug, Args)]
#[command(after_help = "\
Tables have a heading line with columns such as id, question, answer, language, category, title, kind, parent, or no
heading line and two columns: question and answer. What could not be brought over is told on standard error.

Examples:
  attendant faq import faq.csv --out shop.yaml
  attendant faq import qnamaker.tsv --format qna-maker --out shop.yaml
  attendant faq import data/nlu.yml domain.yml --format rasa --language de --out shop.yaml
  attendant faq import excel.csv --encoding windows-1252 > shop.yaml")]
pub struct Import {
    /// The files; those of a Rasa project all at once.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// What the files are; guessed from name and heading if it is not said.
    #[arg(short, long, value_parser = PossibleValuesParser::new(Format::ALL.iter().map(|(name, _)| *name)))]
    format: Option<String>,
    /// How their bytes are to be read, if they are neither UTF-8 nor UTF-16 with a mark.
    #[arg(short, long, value_parser = PossibleValuesParser::new(Encoding::ALL.iter().map(|(name, _)| *name)))]
    encoding: Option<String>,
    /// The language of the texts.
    #[arg(short, long, default_value = "en")]
    language: String,
    /// What the base is called.
    #[arg(short, long, default_value = "Imported")]
    name: String,
    /// Where the base goes; standard output if it is not said. A file that is there is not overwritten.
    #[arg(short, long)]
    out: Option<PathBuf>,
}

/// Write a knowledge base as CSV, one line a question.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  attendant faq export shop.yaml --out shop.csv")]
pub struct Export {
    /// The base: a YAML file, or a folder of them.
    base: PathBuf,
    /// Where the table goes; standard output if it is not said.
    #[arg(short, long)]
    out: Option<PathBuf>,
}

/// Imports.
pub fn import(arguments: &Import) -> Result<ExitStatus, Failure> {
    let language = Language::new(&arguments.language);
    if !language.is_well_formed() {
        return Err(Failure::usage(anyhow::anyhow!("`{}` is not a language tag", arguments.language))
            .hint("such as en, de or pt-br"));
    }
    if let Some(out) = arguments.out.as_ref().filter(|out| out.exists()) {
        return Err(Failure::usage(anyhow::anyhow!("{} is there already", out.display())).hint("choose another name"));
    }
    let sources = arguments.files.iter().map(|file| source(file)).collect::<Result<Vec<_>, _>>()?;
    let by_name = |name: &String| Format::ALL.iter().find(|(known, _)| known == name).map(|(_, format)| *format);
    let options = Options {
        format: arguments.format.as_ref().and_then(by_name),
        encoding: arguments
            .encoding
            .as_ref()
            .and_then(|name| Encoding::ALL.iter().find(|(known, _)| known == name).map(|(_, encoding)| *encoding)),
        language,
        name: arguments.name.clone(),
    };
    let base = import::read(&sources, &options).map_err(|problems| super::refused(&problems))?;
    for warning in &base.warnings {
        output::remark(problem_line(warning));
    }
    write(arguments.out.as_deref(), &base.to_yaml())?;
    output::remark(format!("{} answers imported", base.answers.len()));
    Ok(ExitStatus::Done)
}

/// Exports.
pub fn export(arguments: &Export) -> Result<ExitStatus, Failure> {
    let base = super::load(Some(&arguments.base))?;
    for line in export::left_out(&base) {
        output::remark(format!("a table has no place for: {line}"));
    }
    write(arguments.out.as_deref(), &export::to_csv(&base))?;
    Ok(ExitStatus::Done)
}

fn source(file: &Path) -> Result<Source, Failure> {
    let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display())).map_err(Failure::usage)?;
    Ok(Source { name: file.display().to_string(), bytes })
}

fn write(out: Option<&Path>, text: &str) -> Result<(), Failure> {
    match out {
        Some(out) => std::fs::write(out, text).with_context(|| format!("writing {}", out.display()))?,
        None => output::line(text.trim_end())?,
    }
    Ok(())
}
