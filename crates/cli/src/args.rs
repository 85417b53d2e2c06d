//! The command line, as clap sees it. Each command's own arguments live beside its code.

use clap::{Parser, Subcommand, ValueEnum};

use crate::commands;

/// Chatbots that sign in to a contact centre as agents, hold conversations, and hand over to people.
#[derive(Debug, Parser)]
#[command(name = "attendant", version, max_term_width = 100, after_help = AFTER_HELP)]
pub struct Cli {
    /// What to do. Without a command: the demo.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Log more: -v what happens to each chat, -vv every request.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// Log errors only, and show no progress.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// How log lines look on standard error.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, env = "ATTENDANT_LOG_FORMAT")]
    pub log_format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for a log collector.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a contact centre in a box with two bots, and two pages to try it.
    Demo(commands::demo::Arguments),
    /// Run bots against a server, as a configuration file says.
    Run(commands::run::Arguments),
    /// Check a configuration file without running it.
    Check(commands::check::Arguments),
    /// Let simulated customers ask real questions through real sockets, and count the answers.
    Simulate(commands::simulate::Arguments),
    /// Torture the runtime on virtual time: faults, crashes, and a judge.
    Torture(commands::torture::Arguments),
    /// Talk with a bot in the terminal.
    Chat(commands::chat::Arguments),
    /// How often a draft or a shadow would have said what people said.
    Compare(commands::compare::Arguments),
    /// Check, train, ask and improve a knowledge base.
    Faq(commands::faq::Arguments),
    /// Print a completion script for a shell.
    Completions(commands::completions::Arguments),
}

impl Command {
    /// Whether it plays whole days on virtual time, with nothing real to warn of.
    pub fn is_played(&self) -> bool {
        matches!(self, Self::Simulate(arguments) if arguments.is_played())
    }
}

const AFTER_HELP: &str = "\
Examples:
  attendant                                       the demo
  attendant check --config attendant.toml         is the configuration right?
  attendant run --config attendant.toml           run the bots; SIGTERM drains them
  attendant simulate --train train.tsv --ask test.tsv --json
  attendant torture --faults --crashes            does the runtime keep its promises?

Exit status:
  0  done   1  failed   2  wrong usage or configuration   3  server not reached or sign-in refused
  130  stopped at once by a signal

Environment:
  ATTENDANT_LOG          log filter, such as `info,gws=debug`
  ATTENDANT_LOG_FORMAT   text or json
  NO_COLOR               no colours";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
