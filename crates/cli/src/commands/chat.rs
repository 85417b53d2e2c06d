//! `attendant chat`: talk with a bot in the terminal, without a contact centre.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use attendant::{Bot, HandoffFailure, Rehearsal, Target};
use clap::{Args, ValueEnum};
use echo_bot::Echo;
use faq_bot::bot::{FaqBot, Options};
use faq_bot::knowledge::Question;
use faq_bot::learn::{FileLearner, LARGEST};
use faq_bot::live::Live;

use super::{Context, faq};
use crate::exit::{ExitStatus, Failure};
use crate::output::{self, BAD, GOOD, NAME, QUIET};

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
  attendant chat --base shop.yaml --data FirstName=Ada --debug
  printf 'when are you open?\\nand on sunday?\\n' | attendant chat")]
pub struct Arguments {
    /// Which bot.
    #[arg(long, value_enum, default_value_t = Which::Faq)]
    bot: Which,
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

/// The bots that can be talked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    /// Answers from a knowledge base.
    Faq,
    /// Says back what it hears.
    Echo,
}

/// Talks.
pub async fn run(arguments: Arguments, context: Context) -> Result<ExitStatus, Failure> {
    match arguments.bot {
        Which::Echo => talk(Echo::default(), &arguments, None).await,
        Which::Faq => {
            let base = faq::load(arguments.base.as_deref())?;
            let live = Live::fixed(faq::prepare(base, None, context)?);
            let mut bot = FaqBot::on(live.clone(), Options::default());
            if let Some(file) = &arguments.learn {
                bot = bot.learning(FileLearner::open(file, LARGEST)?);
            }
            talk(bot, &arguments, Some(&live)).await
        }
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
    say(chat.greeting(), by_hand)?;
    let mut input = io::stdin().lock().lines();
    let mut burst: Vec<String> = Vec::new();
    loop {
        if by_hand {
            anstream::print!("{GOOD}you{GOOD:#}> ");
            io::stdout().flush()?;
        }
        let Some(line) = input.next() else { break };
        let line = line?;
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
                burst.push(line);
                if let Some(known) = known.filter(|_| debug) {
                    think(known, &burst.join("\n"), arguments)?;
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

/// The candidates, as the bot sees them.
fn think(live: &Live, words: &str, arguments: &Arguments) -> io::Result<()> {
    let knowledge = live.knowledge();
    let base = knowledge.base();
    let given = arguments.language.as_ref().and_then(|tag| base.language(tag));
    let language = knowledge.language_of(words).or(given).unwrap_or(base.default_language());
    let data: attendant::AttachedData = arguments.data.iter().cloned().collect();
    let found = knowledge.find(Question { text: words, language, data: &data, context: None });
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
