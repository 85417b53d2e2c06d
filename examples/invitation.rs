//! Bringing a person in: the bot invites, stays with the customer, and leaves the conference only after the person has
//! spoken. If nobody comes it goes on; if the person leaves again it takes up where it was.

use std::time::Duration;

use attendant::{Bot, BotError, Event, Handoff, Next, Turn, async_trait};

/// Orders coffee, and knows when it needs somebody with hands.
struct Barista;

#[async_trait]
impl Bot for Barista {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        match turn.event() {
            Event::Started => turn.say("Good morning! What can I get you?").await?,
            Event::Said(words) if words.contains("spilled") || words.contains("human") => {
                let orders = turn.recall::<u32>("orders")?.unwrap_or(0);
                let handoff = Handoff::to_agent("anna")
                    .warm()
                    .within(Duration::from_secs(30))
                    .or_else(Handoff::to_skill("service").warm())
                    .saying("I fetch somebody. I stay with you until they are here.")
                    .note(format!("{orders} orders so far; now: {}", words.text()));
                return Ok(Next::HandOff(handoff));
            }
            Event::Said(words) => {
                let orders = turn.recall::<u32>("orders")?.unwrap_or(0) + 1;
                turn.remember("orders", orders)?;
                turn.say(format!("{} is coming. That is order number {orders}.", words.text())).await?;
            }
            Event::HandoffFailed(why) => turn.say(why.apology()).await?,
            Event::PersonLeft(name) => {
                turn.say(format!("{name} has left, but I am still here. Anything else?")).await?;
            }
            Event::Silent(_) => return Ok(Next::finish("served")),
            _ => {}
        }
        Ok(Next::Listen)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    attendant_examples::run(Barista).await
}

#[cfg(test)]
mod tests {
    use attendant::journal::Closed;
    use attendant::{HandoffFailure, Rehearsal};

    use super::*;

    async fn spilled() -> Rehearsal {
        let mut chat = Rehearsal::new(Barista).start().await;
        assert_eq!(chat.say("An espresso").await, ["An espresso is coming. That is order number 1."]);
        assert_eq!(chat.say("I spilled it").await, ["I fetch somebody. I stay with you until they are here."]);
        chat
    }

    #[tokio::test]
    async fn stays_until_the_person_has_spoken() {
        let mut chat = spilled().await;
        assert_eq!(chat.notes(), ["1 orders so far; now: I spilled it"]);
        chat.person_joins("anna").await;
        assert_eq!(chat.closed(), None, "in, but silent");
        chat.person_says("Here I come with a cloth").await;
        assert_eq!(chat.closed(), Some(Closed::HandedOver));
    }

    #[tokio::test]
    async fn goes_on_if_nobody_comes() {
        let mut chat = spilled().await;
        assert_eq!(chat.fail_handoff(HandoffFailure::TimedOut).await, [HandoffFailure::TimedOut.apology()]);
        assert_eq!(chat.say("A tea").await, ["A tea is coming. That is order number 2."]);
    }

    #[tokio::test]
    async fn goes_on_if_the_person_barges_in_and_out() {
        let mut chat = Rehearsal::new(Barista).start().await;
        chat.person_joins("Bo").await;
        assert!(chat.say("A tea").await.is_empty(), "it is Bo's now");
        let said = chat.person_leaves().await;
        assert_eq!(said[0], "Bo has left, but I am still here. Anything else?");
        assert_eq!(said[1], "A tea is coming. That is order number 1.");
    }
}
