//! `attendant chat`: talk with a bot in the terminal, without a contact centre.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use attendant::{Bot, HandoffFailure, Rehearsal, Target};
use clap::Args;
use echo_bot::Echo;
use faq_bot::bot::{FaqBot, MEMORY, Memory, Options};
use faq_bot::knowledge::Question;
use faq_bot::learn::{FileLearner, LARGEST};
use faq_bot::live::Live;
use tokio::sync::mpsc;

use super::{Context, bots, faq};
use crate::config::{self, Config};
use crate::exit::{ExitStatus, Failure};
use crate::output::{self, BAD, GOOD, NAME, QUIET};
use crate::signals::Signals;
use crate::wiring;

/// Talk with a bot in the terminal.
#[derive(Debug, Args)]
#[command(after_help = "\
In the chat:
  a line that ends with \\   goes on in the next line: both reach the bot in one burst
  /silence                  say nothing for two minutes
  /fail                     the handoff fails, and the bot goes on
  /debug                    show or hide what the bot thinks
  /quit                     leave

Piped, each line of the input is a message, and each message of the bot is a line of the output.

Examples:
  attendant chat
  attendant chat --bot echo
  attendant chat --config attendant.toml --bot shop
  attendant chat --base shop.yaml --data FirstName=Ada --debug
  printf 'when are you open?\\nand on sunday?\\n' | attendant chat")]
pub struct Arguments {
    /// Which bot: faq or echo; with --config the name of one of its bots.
    #[arg(long, value_name = "NAME")]
    bot: Option<String>,
    /// Talk with a bot of this configuration, with all that it says of the bot. No login is used.
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["base", "learn"])]
    config: Option<PathBuf>,
    /// The knowledge base of the FAQ bot; the demo base if none is named.
    #[arg(short, long)]
    base: Option<PathBuf>,
    /// Attached data of the chat.
    #[arg(short, long = "data", value_name = "KEY=VALUE", value_parser = faq::pair)]
    data: Vec<(String, String)>,
    /// The customer's language.
    #[arg(short, long)]
    language: Option<String>,
    /// Keep lessons in this file.
    #[arg(long, value_name = "FILE")]
    learn: Option<PathBuf>,
    /// Show what the bot thinks.
    #[arg(long)]
    debug: bool,
}

/// The bots that need no configuration.
const BOTS: [&str; 2] = ["faq", "echo"];

/// Talks.
pub async fn run(arguments: Arguments, context: Context) -> Result<ExitStatus, Failure> {
    if let Some(file) = &arguments.config {
        let config = Config::load(file).map_err(wiring::config_failure)?;
        let name = bots::chosen(arguments.bot.as_deref(), &config)?;
        let bot = &config.bots[name];
        let rules = config.rules(bot);
        return match bot.kind {
            config::Kind::Echo => talk(rules.around(Arc::new(Echo::default())), &arguments, None).await,
            config::Kind::Faq => {
                let made = wiring::faq_bot(bot, &config.folder).map_err(|failure| wiring::in_bot(name, failure))?;
                let live = made.live().clone();
                talk(rules.around(Arc::new(made)), &arguments, Some(&live)).await
            }
        };
    }
    match arguments.bot.as_deref().unwrap_or("faq") {
        "echo" => {
            if arguments.base.is_some() || arguments.learn.is_some() {
                return Err(Failure::usage(anyhow!("the echo bot has no knowledge base and learns nothing")));
            }
            talk(Echo::default(), &arguments, None).await
        }
        "faq" => {
            let base = faq::load(arguments.base.as_deref())?;
            let live = Live::fixed(faq::prepare(base, None, context)?);
            let mut bot = FaqBot::on(live.clone(), Options::default());
            if let Some(file) = &arguments.learn {
                let learner = FileLearner::open(file, LARGEST)
                    .with_context(|| format!("{} cannot be written", file.display()))
                    .map_err(Failure::usage)?;
                bot = bot.learning(learner);
            }
            talk(bot, &arguments, Some(&live)).await
        }
        other => Err(bots::none(other, BOTS).hint("name one of your own with --config FILE --bot NAME")),
    }
}

async fn talk(bot: impl Bot, arguments: &Arguments, known: Option<&Live>) -> Result<ExitStatus, Failure> {
    let mut chat = Rehearsal::new(bot).customer("you");
    for (key, value) in &arguments.data {
        chat = chat.data(key, value);
    }
    if let Some(tag) = &arguments.language {
        chat = chat.locale(tag);
    }
    let mut chat = chat.start().await;
    let mut debug = arguments.debug;
    let by_hand = io::stdin().is_terminal() && io::stdout().is_terminal();
    if by_hand {
        output::line(format!("{QUIET}/quit leaves, /debug shows what the bot thinks, /silence waits{QUIET:#}"))?;
    }
    let mut signals = Signals::listen()?;
    say(chat.greeting(), by_hand)?;
    let mut input = lines();
    let mut burst: Vec<String> = Vec::new();
    loop {
        if by_hand {
            let mut out = anstream::stdout().lock();
            write!(out, "{GOOD}you{GOOD:#}> ")?;
            out.flush()?;
        }
        let line = tokio::select! {
            line = input.recv() => line.transpose()?,
            () = signals.next() => {
                if by_hand {
                    output::line("")?;
                }
                return Ok(ExitStatus::Interrupted);
            }
        };
        let Some(line) = line.or_else(|| (!burst.is_empty()).then(String::new)) else { break };
        if let Some(first) = line.strip_suffix('\\') {
            burst.push(first.trim_end().to_owned());
            continue;
        }
        let answers = match line.trim() {
            "" if burst.is_empty() => continue,
            "/quit" => break,
            "/debug" => {
                debug = !debug;
                continue;
            }
            "/silence" => chat.silence(Duration::from_secs(120)).await,
            "/fail" => chat.fail_handoff(HandoffFailure::NobodyAvailable).await,
            command if command.starts_with('/') => {
                output::line(format!("{BAD}there is no {command}{BAD:#}"))?;
                continue;
            }
            _ => {
                burst.extend(Some(line).filter(|line| !line.is_empty()));
                if let Some(known) = known.filter(|_| debug) {
                    think(known, &burst.join("\n"), arguments, &chat)?;
                }
                chat.burst(std::mem::take(&mut burst)).await
            }
        };
        say(&answers, by_hand)?;
        if debug {
            reveal(&chat)?;
        }
        if !chat.is_open() {
            if let Some(handoff) = chat.handoff() {
                let to = handoff.choices.first().map(|choice| target(&choice.target)).unwrap_or_default();
                output::line(format!("{NAME}→ handed over to {to}{NAME:#}"))?;
                if by_hand {
                    output::line(format!("{QUIET}/fail plays that nobody comes{QUIET:#}"))?;
                    continue;
                }
            }
            if let Some(disposition) = chat.finished() {
                output::line(format!("{NAME}→ finished: {disposition}{NAME:#}"))?;
                break;
            }
        }
    }
    Ok(if chat.failures().is_empty() { ExitStatus::Done } else { ExitStatus::Failed })
}

fn say(messages: &[String], by_hand: bool) -> io::Result<()> {
    for message in messages {
        if by_hand {
            let message = message.replace('\n', "\n     ");
            output::line(format!("{NAME}bot{NAME:#}> {message}"))?;
        } else {
            output::line(message)?;
        }
    }
    Ok(())
}

/// The lines of standard input, read on a thread of their own so that a signal is heard meanwhile. The thread ends with the
/// input or the program. At most one line waits: what is piped is read as fast as the bot answers.
fn lines() -> mpsc::Receiver<io::Result<String>> {
    let (sender, receiver) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in io::stdin().lock().split(b'\n') {
            // Bytes that are no text are for the bot to wonder about, not a reason to end.
            let line = line.map(|line| String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned());
            if sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// The candidates, as the bot sees them: in the language and after the answer that it has in mind.
fn think(live: &Live, words: &str, arguments: &Arguments, chat: &Rehearsal) -> io::Result<()> {
    let knowledge = live.knowledge();
    let base = knowledge.base();
    let memory = chat.remembered(MEMORY).cloned().and_then(|memory| serde_json::from_value::<Memory>(memory).ok());
    let memory = memory.unwrap_or_default();
    let given = arguments.language.as_ref().and_then(|tag| base.language(tag));
    let known = memory.language.as_ref().or(given);
    let language = knowledge.language_of(words).or(known).unwrap_or(base.default_language());
    let data: attendant::AttachedData = arguments.data.iter().cloned().collect();
    let found = knowledge.find(Question { text: words, language, data: &data, context: memory.context.as_deref() });
    if let Some(context) = &memory.context {
        output::line(format!("{QUIET}  after {context}{QUIET:#}"))?;
    }
    output::line(format!("{QUIET}  {:?} by {:?}, {:?}, in {language}{QUIET:#}", found.zone, found.by, found.reason))?;
    for hit in found.hits.iter().take(3) {
        output::line(format!("{QUIET}  {:>5.1} % {}{QUIET:#}", hit.score * 100.0, base.answers[hit.answer].id))?;
    }
    Ok(())
}

fn reveal(chat: &Rehearsal) -> io::Result<()> {
    if let Some(note) = chat.handoff().and_then(|handoff| handoff.note.as_ref()) {
        output::line(format!("{QUIET}  note: {}{QUIET:#}", note.replace('\n', "\n  ")))?;
    }
    for (name, value) in chat.steps() {
        output::line(format!("{QUIET}  step {name}: {value}{QUIET:#}"))?;
    }
    for failure in chat.failures() {
        output::line(format!("{BAD}  the turn failed: {failure}{BAD:#}"))?;
    }
    Ok(())
}

fn target(target: &Target) -> String {
    match target {
        Target::Agent(agent) => format!("the agent {agent}"),
        Target::Skill(skill) => format!("a person with the skill {skill}"),
        Target::Queue(queue) => format!("the queue {queue}"),
        Target::CallBack(_) => "a call-back".to_owned(),
        _ => "a person".to_owned(),
    }
}
