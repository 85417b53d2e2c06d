//! Rules at work: a table for each kind, then what holds for all of them.

mod always;
mod config;
mod each;

use super::{Rule, Rules, When};
use crate::options::Place;
use crate::{Bot, BotError, Event, Next, Rehearsal, Turn};

/// Echoes. A line that ends in a number is answered with that confidence, in percent.
struct Parrot;

#[async_trait::async_trait]
impl Bot for Parrot {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        match turn.event() {
            Event::Started => turn.say("Hello!").await?,
            Event::Said(words) => {
                let text = words.text();
                let sure = text.rsplit(' ').next().and_then(|last| last.parse::<f32>().ok());
                if let Some(sure) = sure {
                    turn.set_confidence(sure / 100.0);
                }
                turn.say(format!("re: {text}")).await?;
                if words.contains("transfer") {
                    return Ok(Next::HandOff(crate::Handoff::to_skill("bots-choice")));
                }
                if words.contains("goodbye") {
                    return Ok(Next::finish("done"));
                }
            }
            Event::HandoffFailed(_) => turn.say("Nobody is there.").await?,
            Event::PersonLeft(_) => turn.say("I am back.").await?,
            _ => {}
        }
        Ok(Next::Listen)
    }
}

/// Hands over to the skill of its own name.
fn rule(name: &str, when: When) -> Rule {
    Rule::new(name, when).to(Place::skill(name)).saying(format!("words of {name}"))
}

fn rehearsal(rules: impl IntoIterator<Item = Rule>) -> Rehearsal {
    let rules = Rules::new(rules);
    assert_eq!(rules.validate(), []);
    Rehearsal::new(Parrot).rules(rules)
}

/// The rule by which the chat is being handed over.
fn rule_of(chat: &Rehearsal) -> Option<&str> {
    chat.handoff().map(|handoff| handoff.rule.as_deref().unwrap_or("bot"))
}
