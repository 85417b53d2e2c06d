//! `attendant compare`: how often a bot beside people would have said what they said.

mod judge;
mod read;
mod table;

use std::path::PathBuf;

use attendant::Comparison;
use clap::Args;
use serde::Serialize;

use self::judge::{Verdict, judge};
use crate::exit::{ExitStatus, Failure};
use crate::output;

/// How often a draft or a shadow would have said what people said.
#[derive(Debug, Args)]
#[command(after_help = "\
Reads the file that `comparisons` of a configuration names, a line for each thing that customers
said to a bot in draft or shadow mode. It counts how often the bot's words and the person's were
the same, how often they were alike, and how often they were not, and shows them side by side.
Case, punctuation and spaces do not count. Nothing is masked: the words are as the file has
them, so look at who can see your screen.

Examples:
  attendant compare comparisons.jsonl
  attendant compare comparisons.jsonl --only different --last 20
  attendant compare comparisons.jsonl --json > comparisons.json")]
pub struct Arguments {
    /// The file of comparisons.
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Show only these; may be said more than once.
    #[arg(long, value_enum, value_name = "VERDICT")]
    only: Vec<Verdict>,

    /// Show only so many, the last ones of the file. All are counted.
    #[arg(long, value_name = "COUNT")]
    last: Option<usize>,

    /// How alike is alike, from 0 to 1: the share of pairs of letters that both have.
    #[arg(long, value_name = "SHARE", default_value_t = 0.6)]
    alike: f64,

    /// Count only, and show none.
    #[arg(long, conflicts_with_all = ["only", "last"])]
    summary: bool,

    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

/// What was counted. The keys of the JSON form are part of the interface.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Counts {
    comparisons: usize,
    /// Both said something.
    both: usize,
    same: usize,
    alike: usize,
    different: usize,
    /// The bot would have handed over or ended the chat without a word.
    left_it: usize,
    bot_silent: usize,
    bot_failed: usize,
    person_silent: usize,
    /// Of those in which both said something: the same, or alike. None if there is none.
    agreed: Option<f64>,
}

/// One comparison, judged.
#[derive(Debug, Serialize)]
struct Judged<'a> {
    line: usize,
    verdict: Verdict,
    /// How alike the words are, if both said something.
    likeness: Option<f64>,
    #[serde(flatten)]
    comparison: &'a Comparison,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    counts: Counts,
    shown: Vec<Judged<'a>>,
}

/// Compares.
pub fn run(arguments: &Arguments) -> Result<ExitStatus, Failure> {
    if !(0.0..=1.0).contains(&arguments.alike) {
        return Err(Failure::usage(anyhow::anyhow!("--alike must be a share between 0 and 1")));
    }
    let comparisons = read::read(&arguments.file)?;
    let judged: Vec<Judged<'_>> = comparisons
        .iter()
        .map(|(line, comparison)| {
            let (verdict, likeness) = judge(comparison, arguments.alike);
            Judged { line: *line, verdict, likeness, comparison }
        })
        .collect();
    let counts = count(&judged);
    let wanted = |one: &Judged<'_>| arguments.only.is_empty() || arguments.only.contains(&one.verdict);
    let mut shown: Vec<Judged<'_>> = judged.into_iter().filter(|one| !arguments.summary && wanted(one)).collect();
    if let Some(last) = arguments.last {
        shown.drain(..shown.len().saturating_sub(last));
    }
    if arguments.json {
        output::json(&Report { counts, shown })?;
    } else {
        for one in &shown {
            output::line(table::side_by_side(one, table::WIDTH))?;
        }
        output::line(table::summary(&counts))?;
    }
    Ok(ExitStatus::Done)
}

fn count(judged: &[Judged<'_>]) -> Counts {
    let of = |verdict| judged.iter().filter(|one| one.verdict == verdict).count();
    let (same, alike, different) = (of(Verdict::Same), of(Verdict::Alike), of(Verdict::Different));
    let both = same + alike + different;
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let agreed = (both > 0).then(|| (same + alike) as f64 / both as f64);
    Counts {
        comparisons: judged.len(),
        both,
        same,
        alike,
        different,
        left_it: of(Verdict::LeftIt),
        bot_silent: of(Verdict::BotSilent),
        bot_failed: of(Verdict::BotFailed),
        person_silent: of(Verdict::PersonSilent),
        agreed,
    }
}
