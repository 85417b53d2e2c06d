//! The `attendant` binary: reads the arguments, runs one command, and turns its outcome into an exit status.

mod args;
mod commands;
mod comparisons;
mod config;
mod exit;
mod fleet;
mod logging;
mod output;
mod signals;
mod wiring;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;
use crate::exit::{ExitStatus, Failure};

fn main() -> ExitCode {
    let cli = Cli::parse();
    // A played day is full of what would be a warning elsewhere: a handoff that fails is what it is about.
    let played = cli.command.as_ref().is_some_and(args::Command::is_played);
    logging::start(cli.verbose, cli.quiet || (played && cli.verbose == 0), cli.log_format);
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(ExitStatus::Failed, error))
        .and_then(|runtime| runtime.block_on(commands::run(cli)));
    match outcome {
        Ok(status) => status.into(),
        // Who closes the pipe, as `head` does, has seen enough.
        Err(failure) if failure.is_broken_pipe() => ExitStatus::Done.into(),
        Err(failure) => {
            output::failure(&failure);
            failure.status.into()
        }
    }
}
