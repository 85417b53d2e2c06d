//! The commands, one module each: its arguments, and `run`.

mod bots;
pub mod chat;
pub mod check;
pub mod compare;
pub mod completions;
pub mod demo;
pub mod faq;
pub mod run;
pub mod simulate;
pub mod torture;

use clap::ValueEnum;

use crate::args::{Cli, Command};
use crate::exit::{ExitStatus, Failure};

/// What every command knows of the global flags.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// Show no progress.
    pub quiet: bool,
}

/// The endpoint family, on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Family {
    /// 8.5.1: `/me/interactions`.
    Interactions,
    /// 8.5.2 and later: `/me/chats`.
    Chats,
}

/// How to talk to a simulator.
fn gws_options(server: &simulator::Handle, family: Family) -> Result<gws::Options, Failure> {
    let url = format!("{}/api/v2", server.base_url());
    let url = url.parse().map_err(|error| Failure::new(ExitStatus::Failed, anyhow::anyhow!("{url}: {error}")))?;
    Ok(gws::Options::new(url).with_family(match family {
        Family::Interactions => gws::Family::Interactions,
        Family::Chats => gws::Family::Chats,
    }))
}

/// One HTTP client for all simulated customers.
fn http_client() -> Result<reqwest::Client, Failure> {
    bayeux::http_client().build().map_err(|error| Failure::new(ExitStatus::Failed, error))
}

/// Runs one command to its end.
pub async fn run(cli: Cli) -> Result<ExitStatus, Failure> {
    let context = Context { quiet: cli.quiet };
    match cli.command.unwrap_or_else(|| Command::Demo(demo::Arguments::without_flags())) {
        Command::Demo(arguments) => demo::run(arguments, context).await,
        Command::Run(arguments) => run::run(arguments, context).await,
        Command::Check(arguments) => check::run(arguments, context).await,
        Command::Simulate(arguments) => Box::pin(simulate::run(arguments, context)).await,
        Command::Torture(arguments) => torture::run(arguments, context).await,
        Command::Chat(arguments) => Box::pin(chat::run(arguments, context)).await,
        Command::Faq(arguments) => faq::run(arguments, context),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
    }
}
