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
  attendant faq bench --data ../shared/data --json
  attendant faq bench --data ../shared/data --validation          what the settings were chosen by
  attendant faq bench --data ../shared/data --validation --only full --only 0 --only 2 --seeds 3")]
pub struct Arguments {
    /// The folder with the data sets.
    #[arg(short, long, value_name = "FOLDER")]
    data: PathBuf,
    /// Print JSON.
    #[arg(long, conflicts_with = "validation")]
    json: bool,
    /// Compare the settings of training with others, on validation questions only.
    #[arg(long)]
    validation: bool,
    /// Compare on this data only, or this setting only, by its number; can be repeated.
    #[arg(long, requires = "validation", value_name = "NAME|NUMBER")]
    only: Vec<String>,
    /// Train with so many seeds, and show means.
    #[arg(long, requires = "validation", default_value_t = 1)]
    seeds: u64,
}

/// Measures.
pub fn run(arguments: &Arguments, context: Context) -> Result<ExitStatus, Failure> {
    let bar = output::progress(1, "measuring", context.quiet);
    if arguments.validation {
        let only: Vec<&str> = arguments.only.iter().map(String::as_str).collect();
        let table = bench::compare(&arguments.data, arguments.seeds, &only, |what| bar.set_message(what.to_owned()));
        bar.finish_and_clear();
        output::line(table.map_err(Failure::usage)?.trim_end())?;
        return Ok(ExitStatus::Done);
    }
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
