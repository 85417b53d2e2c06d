//! `attendant faq train BASE --out FOLDER`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use tokio::time::Instant;

use super::Context;
use crate::exit::{ExitStatus, Failure};
use crate::output;

/// Train the matchers of a knowledge base ahead, so that a bot starts at once.
#[derive(Debug, Args)]
#[command(after_help = "\
The folder gets one file a language, and one for its follow-up questions. A model that does not fit its base any more is not used: the bot trains anew.

Examples:
  attendant faq train shop.yaml --out models/")]
pub struct Arguments {
    /// The base: a YAML file, or a folder of them.
    base: PathBuf,
    /// The folder for the models; it is made if it is not there.
    #[arg(short, long)]
    out: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Trains.
pub fn run(arguments: &Arguments, context: Context) -> Result<ExitStatus, Failure> {
    let base = super::load(Some(&arguments.base))?;
    std::fs::create_dir_all(&arguments.out)?;
    let begun = Instant::now();
    let knowledge = super::prepare(base, None, context)?;
    let seconds = begun.elapsed().as_secs_f64();
    let saved = knowledge.save(&arguments.out).map_err(|error| Failure::new(ExitStatus::Failed, error))?;
    let mut models = Vec::new();
    for model in &saved {
        models.push(json!({
            "language": model.language,
            "file": model.file,
            "bytes": std::fs::metadata(&model.file)?.len(),
            "answers": model.matcher.answers(),
            "training": model.matcher.training(),
        }));
    }
    if arguments.json {
        output::json(&json!({ "seconds": seconds, "models": models }))?;
        return Ok(ExitStatus::Done);
    }
    for model in &models {
        let training = &model["training"];
        output::line(format!(
            "{}: {} answers, {} questions, method {}, {} % right in cross-validation, {} bytes",
            model["file"].as_str().unwrap_or_default(),
            model["answers"],
            training["examples"],
            training["method"].as_str().unwrap_or_default(),
            training["accuracy"].as_f64().map_or(0.0, |share| (share * 1000.0).round() / 10.0),
            model["bytes"],
        ))?;
    }
    output::line(format!("trained in {seconds:.1} s"))?;
    Ok(ExitStatus::Done)
}
