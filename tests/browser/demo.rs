//! The real thing: `attendant demo` with its FAQ bot, a customer and a person.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use super::driver::Driver;
use super::scene::{lines, quiet, ready, say};
use crate::binary;

/// How long the demo may take to train its bot and to sign in, in a debug build on a busy machine.
const START: Duration = Duration::from_secs(25);

/// Asks the bot, asks for a person, is taken over with a note, is helped; all on the real pages, the real sockets and the
/// real bot.
pub async fn demo() -> Result<()> {
    let (_demo, base) = start().await?;
    let driver = Driver::start().await?;
    away(&base, "tom").await?;
    let desk = driver.window().await?;
    desk.size(1440, 900, false).await?;
    desk.open(&format!("{base}/desk?user=nora")).await?;
    desk.fill("#password", "demo").await?;
    desk.click("#sign-in-button").await?;
    ready(&desk).await?;

    let ada = driver.window().await?;
    ada.open(&format!("{base}/customer")).await?;
    ada.fill("#name", "Ada Byron").await?;
    ada.click("#start button").await?;
    ada.reads("#log .line.bot", "Hello Ada").await?;
    say(&ada, "When are you open?").await?;
    ada.reads("#log .line.bot:last-of-type", "Monday to Friday").await?;
    say(&ada, "I want to talk to a person").await?;

    desk.reads("#offers", "Ada").await?;
    desk.click("#offers .primary").await?;
    desk.reads("#log", "I want to talk to a person").await?;
    desk.until("document.querySelector('#note-words').textContent.trim()").await?;
    ada.reads("#log", "Nora Linden joined").await?;
    say(&desk, "Hello Ada, I am here now.").await?;
    ada.reads("#log .line.person", "I am here now.").await?;
    desk.until("![...document.querySelectorAll('#people li')].some((who) => who.textContent.includes('assistant'))")
        .await?;

    say(&ada, "Thank you").await?;
    desk.reads("#log", "Thank you").await?;
    say(&desk, "You are welcome").await?;
    ada.reads("#log", "You are welcome").await?;
    desk.click("#leave").await?;
    desk.click("#confirm-yes").await?;
    ada.reads("#over", "ended").await?;
    desk.click("#complete").await?;
    desk.until("document.querySelectorAll('#chats li').length === 0").await?;

    let said = lines(&ada).await?;
    let hours = said.iter().filter(|(_, words)| words.contains("Monday to Friday")).count();
    ensure!(hours == 1, "the answer is there {hours} times: {said:#?}");
    let note = desk.text("#log .agents-only").await?;
    ensure!(note.is_empty() || !said.iter().any(|(_, words)| note.contains(words)), "the customer saw the note");
    let after = said
        .iter()
        .skip_while(|(who, _)| who != "Nora Linden")
        .filter(|(who, _)| who != "You" && who != "Nora Linden")
        .count();
    ensure!(after == 0, "the bot spoke after the person: {said:#?}");
    quiet(&ada).await?;
    quiet(&desk).await
}

/// Signs a person in and makes them not ready, so that nobody plays them and nobody is sent to them.
pub(super) async fn away(base: &str, user: &str) -> Result<()> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    for body in [
        json!({ "operationName": "StartContactCenterSession", "channels": ["chat"] }),
        json!({ "operationName": "NotReady" }),
    ] {
        let request = http.post(format!("{base}/api/v2/me")).basic_auth(user, Some("demo"));
        let answer = request.header("Content-Type", "application/json").body(body.to_string()).send().await?;
        ensure!(answer.status().is_success(), "{user} cannot go away: {}", answer.status());
    }
    Ok(())
}

/// A demo that runs until this is dropped. Its output stays open: a program that cannot print ends.
pub(super) struct Running {
    _process: Child,
    _printed: Lines<BufReader<ChildStdout>>,
}

/// Builds and starts the demo on a free port; gives its address.
pub(super) async fn start() -> Result<(Running, String)> {
    let mut demo = Command::new(binary::build().await?)
        .args(["demo", "--port", "0"])
        .env("NO_COLOR", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("starting the demo")?;
    let mut printed = BufReader::new(demo.stdout.take().context("a pipe")?).lines();
    let base = async {
        while let Some(line) = printed.next_line().await? {
            if let Some(base) = line.split_whitespace().find_map(|word| word.strip_suffix("/customer")) {
                return Ok(base.to_owned());
            }
        }
        anyhow::bail!("the demo ended before it said where it is")
    };
    let base = timeout(START, base).await.context("the demo does not start")??;
    Ok((Running { _process: demo, _printed: printed }, base))
}
