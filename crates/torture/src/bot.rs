//! The bot of the stories: says one thing about each line, so that each answer can be told apart, and does as the line says.

use std::time::Duration;

use async_trait::async_trait;
use attendant::{Bot, BotError, Event, Handoff, Next, Said, Turn};
use serde::Serialize;

/// What a bot does wrong, to show that it would be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flaw {
    /// Nothing.
    #[default]
    None,
    /// Does not answer what it was asked.
    Forgets,
    /// Answers twice.
    Repeats,
    /// Answers a burst the wrong way round.
    Swaps,
}

/// Says one thing about each line.
pub(crate) struct Answerer(pub Flaw);

/// Long enough for much to happen meanwhile.
const THINKS: Duration = Duration::from_secs(6);

/// What the bot says about a line.
pub fn answer_to(line: &str) -> String {
    format!("About: {line}")
}

/// Whether the bot fails at this line.
pub(crate) fn fails(line: &str) -> bool {
    line.contains("boom")
}

/// What tells a line from all others: its number in brackets.
fn mark(line: &str) -> &str {
    line.rfind('[').map_or("", |place| &line[place..])
}

#[async_trait]
impl Bot for Answerer {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        match turn.event() {
            Event::Started => turn.say("Hello.").await?,
            Event::Said(said) => return self.answer(turn, said).await,
            Event::HandoffFailed(_) => turn.say("Nobody is free right now.").await?,
            Event::PersonLeft(_) => turn.say("I am back.").await?,
            Event::Silent(_) => turn.say("Are you there?").await?,
            _ => {}
        }
        Ok(Next::Listen)
    }
}

impl Answerer {
    async fn answer(&self, turn: &mut Turn<'_>, said: &Said) -> Result<Next, BotError> {
        let mut answers: Vec<String> = said.lines().iter().map(|line| answer_to(line)).collect();
        match self.0 {
            Flaw::None => {}
            Flaw::Forgets => answers = vec!["Well.".to_owned()],
            Flaw::Repeats => answers.extend(answers.clone()),
            Flaw::Swaps => answers.reverse(),
        }
        if said.lines().iter().any(|line| fails(line)) {
            return Err("as the line says".into());
        }
        if said.contains("think") {
            tokio::time::sleep(THINKS).await;
        }
        if said.contains("look") {
            turn.step("price", || async { Ok::<_, BotError>(42_u32) }).await?;
        }
        if said.contains("note") {
            turn.attach("Note", mark(&said.lines()[0])).await?;
        }
        for answer in answers {
            turn.say(answer).await?;
        }
        Ok(said.lines().iter().find_map(|line| next(line)).unwrap_or(Next::Listen))
    }
}

/// What a line asks for besides an answer.
fn next(line: &str) -> Option<Next> {
    let mark = mark(line);
    let moment = format!("One moment {mark}");
    let wants = format!("wants a person {mark}");
    Some(match line {
        line if line.contains("human") => Next::HandOff(Handoff::to_skill("service").saying(moment).note(wants)),
        line if line.contains("colleague") => {
            let grace = Handoff::to_agent("grace").warm().within(Duration::from_secs(20));
            Next::HandOff(grace.or_else(Handoff::to_skill("service")).note(wants))
        }
        line if line.contains("manager") => {
            let ada = Handoff::to_agent("ada").warm().within(Duration::from_secs(15));
            let nobody = Handoff::to_agent("nobody");
            Next::HandOff(nobody.or_else(ada).or_else(Handoff::to_queue("people")).saying(moment))
        }
        line if line.contains("silent") => {
            Next::HandOff(Handoff::to_agent("mute").warm().within(Duration::from_secs(30)))
        }
        // Comes in when the bot has stopped waiting.
        line if line.contains("tardy") => {
            Next::HandOff(Handoff::to_agent("tardy").warm().within(Duration::from_secs(5)))
        }
        line if line.contains("linus") => Next::HandOff(Handoff::to_agent("linus").note(wants)),
        line if line.contains("bye") => Next::finish("resolved"),
        _ => return None,
    })
}
