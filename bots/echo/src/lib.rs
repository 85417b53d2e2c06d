//! The smallest bot that is of use: it says back what it hears. For trying a connection out, and for measuring.

use attendant::{Bot, BotError, Event, Handoff, Next, Turn, async_trait};

/// Says every line back, hands over to the skill `service` on "human", and finishes on "bye" or silence.
#[derive(Debug, Clone, Default)]
pub struct Echo {
    /// Said first; nothing if empty.
    pub greeting: String,
}

impl Echo {
    /// An echo that begins with these words.
    pub fn greeting(words: impl Into<String>) -> Self {
        Self { greeting: words.into() }
    }
}

#[async_trait]
impl Bot for Echo {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        match turn.event() {
            Event::Started if !self.greeting.is_empty() => turn.say(self.greeting.as_str()).await?,
            Event::Said(words) if words.contains("human") => {
                return Ok(Next::HandOff(
                    Handoff::to_skill("service").note(format!("echo was asked: {}", words.text())),
                ));
            }
            Event::Said(words) => {
                turn.say(words.text()).await?;
                if words.contains("bye") {
                    return Ok(Next::finish("resolved"));
                }
            }
            Event::Silent(_) => return Ok(Next::finish("silent")),
            Event::HandoffFailed(why) => turn.say(why.apology()).await?,
            _ => {}
        }
        Ok(Next::Listen)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use attendant::{HandoffFailure, Rehearsal};

    use super::*;

    #[tokio::test]
    async fn says_back_what_it_hears() {
        let mut chat = Rehearsal::new(Echo::greeting("Hello!")).start().await;
        assert_eq!(chat.greeting(), ["Hello!"]);
        assert_eq!(chat.say("nice weather").await, ["nice weather"]);
        assert_eq!(chat.burst(["one", "two"]).await, ["one\ntwo"]);
        assert_eq!(chat.say("bye").await, ["bye"]);
        assert_eq!(chat.finished(), Some("resolved"));
    }

    #[tokio::test]
    async fn hands_over_and_goes_on_when_nobody_is_there() {
        let mut chat = Rehearsal::new(Echo::default()).start().await;
        assert!(chat.say("a human, please").await.is_empty());
        assert!(chat.handoff().is_some());
        assert_eq!(chat.fail_handoff(HandoffFailure::NobodyAvailable).await.len(), 1);
        assert!(chat.is_open());
    }

    #[tokio::test]
    async fn finishes_when_the_customer_is_silent() {
        let mut chat = Rehearsal::new(Echo::default()).start().await;
        chat.silence(Duration::from_secs(600)).await;
        assert_eq!(chat.finished(), Some("silent"));
    }
}
