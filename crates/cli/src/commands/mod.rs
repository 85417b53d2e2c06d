//! The commands, one module each: its arguments, and `run`.

pub mod completions;

use crate::args::{Cli, Command};
use crate::exit::{ExitStatus, Failure};

/// What every command knows of the global flags.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// Show no progress.
    pub quiet: bool,
}

/// Runs one command to its end.
pub async fn run(cli: Cli) -> Result<ExitStatus, Failure> {
    match cli.command {
        Command::Completions(arguments) => completions::run(&arguments),
    }
}
