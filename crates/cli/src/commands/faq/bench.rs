//! `attendant faq bench --data FOLDER`.

use std::path::PathBuf;

use clap::Args;
use faq_bot::bench;

use super::Context;
use crate::exit::{ExitStatus, Failure};
use crate::output;

/// Measure the matcher on public data sets, beside what others have published.
#[derive(Debug, Args)]
#[command(after_help = "\
The folder has clinc150/, banking77/ and banking77-oos/ with files of `text<TAB>label`.
Exit status: 0 when every goal is met, 1 when one is missed.

Examples:
  attendant faq bench --data ../shared/data
  attendant faq bench --data ../shared/data --json")]
pub struct Arguments {
    /// The folder with the data sets.
    #[arg(short, long, value_name = "FOLDER")]
    data: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Measures.
pub fn run(arguments: &Arguments, context: Context) -> Result<ExitStatus, Failure> {
    let bar = output::progress(1, "measuring", context.quiet);
    let report = bench::run(&arguments.data, |what| bar.set_message(what.to_owned()));
    bar.finish_and_clear();
    let report = report.map_err(Failure::usage)?;
    let text = if arguments.json {
        report.json().map_err(|error| Failure::new(ExitStatus::Failed, error))?
    } else {
        report.table()
    };
    output::line(text.trim_end())?;
    Ok(if report.all_met() { ExitStatus::Done } else { ExitStatus::Failed })
}
