//! Our CometD client beside three others, all against the current Java server, each client a process of its own:
//!
//! ```text
//! cargo run --release -p attendant-tests --bin cometd-bench -- [--json] [--runs N] [--only burst,echo,crowd,recovery]
//! ```
//!
//! Prints a table of medians and the ratios of ours to the best of the others. Clients take turns, so that a busy machine is
//! busy for all of them. Needs what `tests/run` installs.

mod measure;
mod ours;
mod table;

use std::process::ExitCode;

use anyhow::{Context, bail};
use measure::Scenario;

/// What to measure, how often, and how to print it.
#[derive(Debug)]
struct Plan {
    runs: usize,
    json: bool,
    scenarios: Vec<Scenario>,
}

impl Plan {
    fn read(mut words: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut plan = Self { runs: 3, json: false, scenarios: Scenario::ALL.to_vec() };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--json" => plan.json = true,
                "--runs" => plan.runs = words.next().context("--runs wants a number")?.parse()?,
                "--only" => {
                    let names = words.next().context("--only wants names")?;
                    let one = |name| Scenario::ALL.into_iter().find(|scenario| scenario.name() == name);
                    let all: Option<Vec<_>> = names.split(',').map(one).collect();
                    plan.scenarios = all.context("--only wants names of scenarios")?;
                }
                other => bail!("unknown: {other}"),
            }
        }
        Ok(plan)
    }
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program of the command line")]
fn main() -> ExitCode {
    let mut words = std::env::args().skip(1).peekable();
    // The same program is our client when it is told so: it has to be a process of its own.
    let outcome = if words.peek().is_some_and(|word| word == "client") {
        ours::main(words.skip(1))
    } else {
        Plan::read(words).and_then(|plan| {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
            let results = runtime.block_on(measure::all(&plan.scenarios, plan.runs))?;
            if plan.json {
                println!("{}", serde_json::to_string_pretty(&table::json(&results))?);
            } else {
                print!("{}", table::text(&results));
            }
            Ok(())
        })
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
