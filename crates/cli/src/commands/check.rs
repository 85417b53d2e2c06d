//! `attendant check`: is a configuration right?

use std::collections::BTreeMap;
use std::path::PathBuf;

use attendant::Mode;
use clap::Args;

use super::Context;
use crate::config::Config;
use crate::exit::{ExitStatus, Failure};
use crate::output::{self, GOOD};
use crate::wiring;

/// Check a configuration file without running it.
#[derive(Debug, Args)]
#[command(after_help = "\
Checks the file, reads every password and knowledge base, looks at the journal, and with --sign-in tries each login on the
server. No login is made ready, so no chat is touched; the journal is not changed.

Examples:
  attendant check --config attendant.toml
  attendant check --config attendant.toml --sign-in --json")]
pub struct Arguments {
    /// The configuration file.
    #[arg(short, long, value_name = "FILE", env = "ATTENDANT_CONFIG")]
    config: PathBuf,

    /// Sign each login in, and out again.
    #[arg(long)]
    sign_in: bool,

    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(serde::Serialize)]
struct Report {
    logins: Vec<String>,
    bots: Vec<String>,
    /// How much each login does by itself.
    modes: BTreeMap<String, Mode>,
    /// The rules of each bot, in order, a line each.
    rules: BTreeMap<String, Vec<String>>,
    signed_in: bool,
    /// Bots run on the journal now.
    journal_in_use: bool,
}

/// Checks, and says what was found good.
pub async fn run(arguments: Arguments, context: Context) -> Result<ExitStatus, Failure> {
    let config = Config::load(&arguments.config).map_err(wiring::config_failure)?;
    let seats = wiring::seats(&config).await?.all;
    let journal_in_use = wiring::check_journal(&config)?;
    let progress = output::progress(seats.len() as u64, "signing in", context.quiet || !arguments.sign_in);
    let (mut logins, mut modes) = (Vec::new(), BTreeMap::new());
    for seat in &seats {
        let login = seat.platform.login();
        if arguments.sign_in {
            let outcome = seat.platform.sign_in().await;
            let signed_out = seat.platform.sign_out().await;
            outcome.map_err(|error| fleet_refused(login, error))?;
            if let Err(error) = signed_out {
                tracing::warn!(agent.login = %login, %error, "signing out failed");
            }
            progress.inc(1);
        }
        modes.insert(login.to_string(), seat.options.mode);
        logins.push(login.to_string());
    }
    progress.finish_and_clear();
    let bots: Vec<String> = config.bots.keys().cloned().collect();
    let fallback = config.conversation.fallback.as_ref();
    let rules: BTreeMap<String, Vec<String>> = config
        .bots
        .iter()
        .map(|(name, bot)| (name.clone(), bot.rules.iter().map(|rule| rule.summary(fallback)).collect()))
        .collect();
    if arguments.json {
        output::json(&Report { logins, bots, modes, rules, signed_in: arguments.sign_in, journal_in_use })?;
    } else {
        let signed_in = if arguments.sign_in { ", and every login signed in" } else { "" };
        let in_use = if journal_in_use { "; its journal is in use, by bots that run" } else { "" };
        output::line(format!(
            "{GOOD}good{GOOD:#}: {} ({} logins, bots: {}){signed_in}{in_use}",
            arguments.config.display(),
            logins.len(),
            bots.join(", ")
        ))?;
        for (login, mode) in modes.iter().filter(|(_, mode)| **mode != Mode::Auto) {
            output::line(format!("{login} {}", mode.says()))?;
        }
        for (name, rules) in rules.iter().filter(|(_, rules)| !rules.is_empty()) {
            output::line(format!("rules of {name}, the first that fires wins:"))?;
            for rule in rules {
                output::line(format!("  {rule}"))?;
            }
        }
    }
    Ok(ExitStatus::Done)
}

fn fleet_refused(login: &attendant::LoginId, error: attendant::PlatformError) -> Failure {
    crate::fleet::refused(login, attendant::service::Error::SignIn(error))
}
