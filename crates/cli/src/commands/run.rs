//! `attendant run`: the logins of a configuration, until a signal stops them.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};

use super::Context;
use crate::config::Config;
use crate::exit::{ExitStatus, Failure};
use crate::fleet::{self, Fleet};
use crate::signals::Signals;
use crate::{output, wiring};

/// Between two sign-ins: twenty a second.
const BETWEEN: Duration = Duration::from_millis(50);

/// Between two lines in the log that say how things stand.
const STANDS_EVERY: Duration = Duration::from_secs(60);

/// Run bots against a server, as a configuration file says.
#[derive(Debug, Args)]
#[command(after_help = "\
The first SIGTERM or SIGINT drains: no new chats, those going on are finished or handed over, then every login signs out.
The second one stops at once.

Examples:
  attendant run --config attendant.toml
  ATTENDANT__SERVER__BASE_URL=http://localhost:8090/api/v2 attendant run --config attendant.toml -v")]
pub struct Arguments {
    /// The configuration file.
    #[arg(short, long, value_name = "FILE", env = "ATTENDANT_CONFIG")]
    config: PathBuf,
}

/// Runs until stopped, or until no login is left.
pub async fn run(arguments: Arguments, _context: Context) -> Result<ExitStatus, Failure> {
    let config = Config::load(&arguments.config).map_err(wiring::config_failure)?;
    let mut signals = Signals::listen()?;
    let seats = wiring::seats(&config).await?;
    let logins = seats.all.len();
    let journal = wiring::journal(&config)?;
    let mut fleet = Fleet::start(seats.all, &journal, BETWEEN)?;
    // Ends with this function.
    let mut companions = JoinSet::new();
    if let Some(photographer) = seats.photographer {
        companions.spawn(photographer.run());
    }
    tracing::info!(logins, server = %config.server.base_url, "started");
    let mut refused = None;
    let mut stands = tokio::time::interval_at(Instant::now() + STANDS_EVERY, STANDS_EVERY);
    stands.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            ended = fleet.ended() => match ended {
                Some((login, Ok(_))) => tracing::info!(agent.login = %login, "stopped"),
                Some((login, Err(error))) => {
                    let failure = fleet::refused(&login, error);
                    output::failure(&failure);
                    refused = Some(failure);
                }
                None => break,
            },
            _ = stands.tick() => fleet.log(),
            () = signals.next() => {
                fleet.log();
                return stop(fleet, &mut signals).await;
            }
        }
    }
    // Every login has ended by itself, so at least one was refused.
    Err(refused.unwrap_or_else(|| Failure::new(ExitStatus::Failed, anyhow::anyhow!("no login is left"))))
}

/// Drains until all is done, or stops at once at the next signal.
pub async fn stop(mut fleet: Fleet, signals: &mut Signals) -> Result<ExitStatus, Failure> {
    let (_, chats) = fleet.totals();
    tracing::warn!(chats, "draining; a second signal stops at once");
    fleet.drain();
    let ended = tokio::select! {
        ended = fleet.wait() => ended,
        () = signals.next() => {
            fleet.abort();
            tracing::warn!("stopped at once");
            return Ok(ExitStatus::Interrupted);
        }
    };
    if ended.left > 0 {
        tracing::warn!(chats = ended.left, "stopped with chats that the next start takes up");
    }
    match ended.failed.into_iter().next() {
        Some((login, error)) => Err(fleet::refused(&login, error)),
        None => Ok(ExitStatus::Done),
    }
}
