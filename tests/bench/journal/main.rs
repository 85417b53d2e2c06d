//! What the journal costs and what it gives back:
//!
//! ```text
//! cargo bench -p attendant-tests --bench journal -- [--runs N] [--seconds S] [--chats N] [--only appends,turns,recovery]
//! ```
//!
//! Of the turns, `sockets` and `process` are those over sockets and those in this process.
//! Prints medians of several runs. What is compared takes turns, so that a busy machine is busy for both.

mod appends;
mod recovery;
mod turns;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};

/// What to measure, how often, and for how long each.
#[derive(Debug, Clone)]
struct Plan {
    runs: usize,
    time: Duration,
    /// Chats that are open when the program is killed.
    chats: usize,
    only: Option<String>,
}

impl Plan {
    fn read(mut words: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut plan = Self { runs: 5, time: Duration::from_secs(4), chats: 10_000, only: None };
        while let Some(word) = words.next() {
            let mut next = || words.next().with_context(|| format!("{word} wants a value"));
            match word.as_str() {
                "--bench" => {} // from cargo
                "--runs" => plan.runs = next()?.parse()?,
                "--seconds" => plan.time = Duration::from_secs(next()?.parse()?),
                "--chats" => plan.chats = next()?.parse()?,
                "--only" => plan.only = Some(next()?),
                other => bail!("unknown: {other}"),
            }
        }
        Ok(plan)
    }

    fn wants(&self, what: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.split(',').any(|one| one == what))
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn rate(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

/// A folder on the disk of the build: that of temporary files may be memory.
fn folder() -> anyhow::Result<tempfile::TempDir> {
    let here = std::env::current_exe()?;
    Ok(tempfile::tempdir_in(here.parent().context("a target directory")?)?)
}

async fn measure(plan: Plan) -> anyhow::Result<()> {
    if plan.wants("appends") {
        appends::measure(&plan).await?;
    }
    if ["turns", "sockets", "process"].iter().any(|what| plan.wants(what)) {
        turns::measure(&plan).await?;
    }
    if plan.wants("recovery") {
        recovery::measure(&plan).await?;
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a program of the command line")]
fn main() -> ExitCode {
    let outcome = Plan::read(std::env::args().skip(1)).and_then(|plan| {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(measure(plan))
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "a program of the command line")]
fn tell(line: std::fmt::Arguments<'_>) {
    println!("{line}");
}
