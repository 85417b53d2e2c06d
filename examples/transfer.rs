//! Giving a chat away: a cold transfer to an agent, a skill or a queue, with a chain of choices, words for the customer, a
//! note for the person, and another way if nobody is there.

use std::time::Duration;

use attendant::{Bot, BotError, Event, Handoff, Next, Turn, async_trait};

/// Finds out what it is about, and gives the chat to whoever knows.
struct Porter;

#[async_trait]
impl Bot for Porter {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        match turn.event() {
            Event::Started => turn.say("Is it about your bill, or about something technical?").await?,
            Event::Said(words) => {
                let topic = ["bill", "technical"].into_iter().find(|topic| words.contains(topic));
                let Some(topic) = topic else {
                    turn.say("Just say \"bill\" or \"technical\", please.").await?;
                    return Ok(Next::Listen);
                };
                turn.remember("topic", topic)?;
                turn.attach("Topic", topic).await?; // reports and routing see it
                // The colleague who knows it best, then anybody who knows it, then whoever is there.
                let expert = if topic == "bill" { "anna" } else { "carl" };
                let handoff = Handoff::to_agent(expert)
                    .within(Duration::from_secs(20))
                    .or_else(Handoff::to_skill(topic))
                    .or_else(Handoff::to_queue("everybody"))
                    .saying("I pass you on to a colleague who knows all about it.")
                    .note(format!("{}: {}", topic, words.text()));
                return Ok(Next::HandOff(handoff));
            }
            Event::HandoffFailed(why) => {
                turn.say(why.apology()).await?;
                turn.attach("CallBack", "requested").await?;
                turn.say("I have asked for a call back within the day.").await?;
                return Ok(Next::finish("call-back"));
            }
            Event::Returned => turn.say("Here I am again. What else is it?").await?,
            Event::Silent(_) => return Ok(Next::finish("silent")),
            _ => {}
        }
        Ok(Next::Listen)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    attendant_examples::run(Porter).await
}

#[cfg(test)]
mod tests {
    use attendant::journal::Closed;
    use attendant::{HandoffFailure, Manner, Rehearsal, Target};

    use super::*;

    #[tokio::test]
    async fn passes_on_to_whoever_knows() {
        let mut chat = Rehearsal::new(Porter).start().await;
        assert_eq!(chat.say("my bill is wrong").await, ["I pass you on to a colleague who knows all about it."]);
        let choices = &chat.handoff().unwrap().choices;
        assert_eq!(choices[0].target, Target::Agent("anna".into()));
        assert_eq!(choices[1].target, Target::Skill("bill".into()));
        assert!(choices.iter().all(|choice| choice.manner == Manner::Cold));
        assert_eq!(chat.notes(), ["bill: my bill is wrong"]);
        assert_eq!(chat.attached("Topic"), Some("bill"));
        chat.accept_handoff().await;
        assert_eq!(chat.closed(), Some(Closed::HandedOver));
    }

    #[tokio::test]
    async fn offers_a_call_back_when_nobody_is_there() {
        for why in [HandoffFailure::NobodyAvailable, HandoffFailure::NoSuchTarget, HandoffFailure::TimedOut] {
            let mut chat = Rehearsal::new(Porter).start().await;
            chat.say("technical").await;
            let said = chat.fail_handoff(why.clone()).await;
            assert_eq!(said, [why.apology(), "I have asked for a call back within the day."]);
            assert_eq!(chat.attached("CallBack"), Some("requested"));
            assert_eq!(chat.finished(), Some("call-back"));
        }
    }
}
