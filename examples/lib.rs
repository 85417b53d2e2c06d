//! Small programs, each one file beside this one: `cargo run -p attendant-examples --example NAME`. Here is what their
//! mains share: a chat in the terminal, or a login on a real server.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use attendant::journal::MemoryJournal;
use attendant::{Bot, LoginId, Options, Rehearsal, Service};
use clap::Parser;
use gws::{Credentials, Family};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio_util::sync::CancellationToken;

/// Without `--url` the chat is here, in the terminal.
#[derive(Debug, Parser)]
struct Arguments {
    /// A Genesys Web Services server, up to and including /api/v2.
    #[arg(long, requires = "user")]
    url: Option<url::Url>,
    /// The agent that the bot signs in as.
    #[arg(long, requires = "password_file")]
    user: Option<String>,
    /// A file with the agent's password and nothing else.
    #[arg(long)]
    password_file: Option<PathBuf>,
    /// The generation of endpoints: interactions (8.5.1) or chats (8.5.2 and later).
    #[arg(long, default_value = "interactions")]
    family: String,
}

/// Runs a bot as the command line says.
pub async fn run(bot: impl Bot) -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match (arguments.url, arguments.user, arguments.password_file) {
        (Some(url), Some(user), Some(file)) => serve(bot, url, &user, &file, &arguments.family).await,
        _ => talk(bot).await,
    }
}

/// One login on a server, until Ctrl-C: the first stops gently, the second at once.
async fn serve(bot: impl Bot, url: url::Url, user: &str, file: &Path, family: &str) -> anyhow::Result<()> {
    let family = match family {
        "interactions" => Family::Interactions,
        "chats" => Family::Chats,
        other => bail!("there is no family {other:?}: it is interactions or chats"),
    };
    let password = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let client = gws::Client::new(gws::Options::new(url).with_family(family))?;
    let credentials = Credentials::new(user, password.trim_end());
    let login = platform_gws::Login::new(LoginId::from(user), &client, credentials, platform_gws::Options::default());

    // A program that is to survive its own crash takes a journal on disk.
    let journal = Arc::new(MemoryJournal::new());
    let made = Service::new(Arc::new(login), Arc::new(bot), journal, Options::default());
    let (service, handle) = made.map_err(|wrong| anyhow::anyhow!("the options cannot work: {wrong:?}"))?;
    let (drain, abort) = (CancellationToken::new(), CancellationToken::new());
    let mut running = std::pin::pin!(service.run(drain.clone(), abort.clone()));
    let mut status = handle.watch();
    loop {
        tokio::select! {
            stopped = &mut running => {
                print(&format!("{:?}\n", stopped?)).await?;
                return Ok(());
            }
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                if drain.is_cancelled() { abort.cancel() } else { drain.cancel() }
            }
            Ok(()) = status.changed() => {
                let now = status.borrow_and_update().clone();
                print(&format!("{:?}: {} chats, {} turns\n", now.phase, now.chats, now.counters.turns)).await?;
            }
        }
    }
}

/// A chat in the terminal.
async fn talk(bot: impl Bot) -> anyhow::Result<()> {
    let mut chat = Rehearsal::new(bot).customer("You").start().await;
    show(chat.greeting()).await?;
    print("Write a line. An empty line lets five minutes pass; Ctrl-D ends the chat.\n").await?;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while chat.closed().is_none() {
        let Some(line) = lines.next_line().await? else { break };
        let said = if line.is_empty() { chat.silence(Duration::from_secs(300)).await } else { chat.say(line).await };
        show(&said).await?;
        if let Some(handoff) = chat.handoff() {
            print(&format!("(handing over: {:?}; nobody is here)\n", handoff.choices)).await?;
            show(&chat.fail_handoff(attendant::HandoffFailure::NobodyAvailable).await).await?;
        }
    }
    match (chat.finished(), chat.closed()) {
        (Some(disposition), _) => print(&format!("(finished: {disposition})\n")).await?,
        (None, Some(how)) => print(&format!("({how:?})\n")).await?,
        (None, None) => {}
    }
    Ok(())
}

async fn show(said: &[String]) -> anyhow::Result<()> {
    for words in said {
        print(&format!("Bot: {words}\n")).await?;
    }
    Ok(())
}

async fn print(words: &str) -> anyhow::Result<()> {
    let mut out = tokio::io::stdout();
    out.write_all(words.as_bytes()).await?;
    out.flush().await?;
    Ok(())
}

/// The README of the project: its code is compiled and run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
