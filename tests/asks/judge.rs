//! What is wrong with a run in which bots say "About: …" to every line, by the centre's log alone.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use attendant::{Bot, BotError, EntryKind, Event, Handoff, Next, Turn, Visibility, async_trait};
use simulator::Log;
use simulator::model::{Fact, FactEvent};

use super::scene::{BOT, OTHER_BOT};

/// How long a customer may wait for the answer to a line before it counts as unanswered.
pub(super) const SOON: Duration = Duration::from_secs(90);

/// Says one thing about each line, so that each answer can be told apart; hands over who asks for a human.
#[derive(Default)]
pub(super) struct Answerer {
    /// Before each answer.
    pub thinks: Duration,
    /// A flaw: the last line first.
    pub backwards: bool,
    /// A flaw: it has no case for what does not come from the customer.
    pub deaf: bool,
}

#[async_trait]
impl Bot for Answerer {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        match turn.event() {
            Event::Started => turn.say("Hello.").await?,
            Event::Said(said) => {
                let mut answers: Vec<String> = said.lines().iter().map(|line| answer_to(line)).collect();
                if self.backwards {
                    answers.reverse();
                }
                tokio::time::sleep(self.thinks).await;
                for answer in answers {
                    turn.say(answer).await?;
                }
                if let Some(name) = said.text().strip_prefix("I am ") {
                    turn.remember("name", name)?;
                }
                if said.contains("human") {
                    return Ok(Next::HandOff(Handoff::to_skill("service").note("wants a person")));
                }
            }
            Event::Silent(_) => return Ok(Next::finish("silent")),
            _ if self.deaf => {}
            Event::HandoffFailed(_) => turn.say("Nobody is free right now.").await?,
            Event::Returned => {
                let name = turn.recall::<String>("name")?.unwrap_or_default();
                turn.say(format!("I am back, {name}. So far: {}", story(turn))).await?;
            }
            Event::PersonLeft(_) => turn.say("I am here again.").await?,
            _ => {}
        }
        Ok(Next::Listen)
    }
}

/// All that has been said so far, as the bot knows it.
fn story(turn: &Turn<'_>) -> String {
    let lines = turn.transcript().iter().filter(|entry| entry.visibility == Visibility::All);
    let texts = lines.filter_map(|entry| match &entry.kind {
        EntryKind::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join(" | ")
}

pub(super) fn answer_to(line: &str) -> String {
    format!("About: {line}")
}

pub(super) fn is_bot(agent: &str) -> bool {
    agent == BOT || agent == OTHER_BOT
}

fn chats(log: &Log) -> BTreeMap<&str, Vec<&Fact>> {
    let mut chats: BTreeMap<&str, Vec<&Fact>> = BTreeMap::new();
    for fact in log.facts() {
        chats.entry(fact.chat.as_str()).or_default().push(fact);
    }
    chats
}

fn bot_line(fact: &Fact) -> Option<&str> {
    match &fact.event {
        FactEvent::AgentLine { agent, text, .. } if is_bot(agent.as_str()) => Some(text),
        _ => None,
    }
}

/// Anything that a bot said twice in one chat.
pub(super) fn doubled(log: &Log) -> Vec<String> {
    let mut found = Vec::new();
    for (chat, facts) in chats(log) {
        let mut said = BTreeSet::new();
        for text in facts.iter().filter_map(|fact| bot_line(fact)) {
            if text.starts_with("About") && !said.insert(text) {
                found.push(format!("{chat}: said twice: {text}"));
            }
        }
    }
    found
}

/// Lines of customers that nobody answered, took over, or closed.
pub(super) fn unanswered(log: &Log) -> Vec<String> {
    let mut found = Vec::new();
    for (chat, facts) in chats(log) {
        let Some(end) = facts.last().map(|fact| fact.at) else { continue };
        for (place, fact) in facts.iter().enumerate() {
            let FactEvent::CustomerLine { text, .. } = &fact.event else { continue };
            let wanted = answer_to(text);
            let cared_for = facts.iter().enumerate().any(|(other_place, other)| match &other.event {
                FactEvent::AgentLine { text, .. } => *text == wanted,
                // From here on somebody else speaks, or is being looked for.
                FactEvent::Transferred { .. } => other_place < place || other.at.since(fact.at) < SOON,
                FactEvent::Accepted { agent } => !is_bot(agent.as_str()),
                _ => false,
            });
            if !cared_for && end.since(fact.at) > SOON {
                found.push(format!("{chat}: unanswered: {text}"));
            }
        }
    }
    found
}

/// Answers that came before the answer to an earlier line.
pub(super) fn out_of_order(log: &Log) -> Vec<String> {
    let mut found = Vec::new();
    for (chat, facts) in chats(log) {
        let mut last = 0;
        for fact in &facts {
            let FactEvent::CustomerLine { text, .. } = &fact.event else { continue };
            let wanted = answer_to(text);
            let Some(place) = facts.iter().position(|other| bot_line(other) == Some(&wanted)) else { continue };
            if place < last {
                found.push(format!("{chat}: out of order: {text}"));
            }
            last = last.max(place);
        }
    }
    found
}

/// Chats that a bot still holds at the end.
pub(super) fn ghosts(log: &Log) -> Vec<String> {
    let mut found = Vec::new();
    for (chat, facts) in chats(log) {
        for bot in [BOT, OTHER_BOT] {
            let held = facts.iter().fold(false, |held, fact| match &fact.event {
                FactEvent::Accepted { agent } | FactEvent::JoinFailed { agent } if agent.as_str() == bot => true,
                FactEvent::Completed { agent } | FactEvent::Revoked { agent } if agent.as_str() == bot => false,
                _ => held,
            });
            if held {
                found.push(format!("{chat}: a ghost: {bot} never completed it"));
            }
        }
    }
    found
}
