//! A useful bot in 25 lines: it knows the opening hours, and when to fetch a person.
//!
//! Talk to it here: `cargo run -p attendant-examples --example opening_hours`. Put it on a contact centre:
//! `… --example opening_hours -- --url https://gws.example/api/v2 --user bot-01 --password-file FILE --family chats`.

use attendant::{Bot, BotError, Event, Handoff, Next, Offer, Turn, Verdict, async_trait};

struct OpeningHours;

#[async_trait]
impl Bot for OpeningHours {
    async fn screen(&self, offer: &Offer) -> Verdict {
        if offer.data("Subject").is_some_and(|subject| subject.contains("complaint")) {
            Verdict::reject("a person should take complaints")
        } else {
            Verdict::accept()
        }
    }

    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        match turn.event() {
            Event::Started => turn.say("Hello! Ask me about our opening hours.").await?,
            Event::Said(words) if words.contains("human") => {
                return Ok(Next::HandOff(Handoff::to_skill("service").warm().note("asked for a person")));
            }
            Event::Said(_) => turn.say("We are open from 9 to 17.").await?,
            Event::Silent(_) => return Ok(Next::finish("resolved")),
            Event::HandoffFailed(why) => turn.say(why.apology()).await?,
            _ => {}
        }
        Ok(Next::Listen)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    attendant_examples::run(OpeningHours).await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use attendant::{HandoffFailure, Rehearsal};

    use super::*;

    #[tokio::test]
    async fn tells_the_hours_and_fetches_a_person() {
        let mut chat = Rehearsal::new(OpeningHours).start().await;
        assert_eq!(chat.greeting(), ["Hello! Ask me about our opening hours."]);
        assert_eq!(chat.say("When are you open?").await, ["We are open from 9 to 17."]);
        chat.say("I want a human").await;
        assert_eq!(chat.notes(), ["asked for a person"]);
        let why = HandoffFailure::NobodyAvailable;
        assert_eq!(chat.fail_handoff(why.clone()).await, [why.apology()]);
        assert!(chat.is_open());
    }

    #[tokio::test]
    async fn leaves_complaints_to_people() {
        let chat = Rehearsal::new(OpeningHours).data("Subject", "A complaint, or two complaints").start().await;
        assert!(matches!(chat.verdict(), Some(Verdict::Reject { .. })));
    }

    #[tokio::test]
    async fn ends_a_chat_that_has_fallen_silent() {
        let mut chat = Rehearsal::new(OpeningHours).start().await;
        chat.silence(Duration::from_secs(300)).await;
        assert_eq!(chat.finished(), Some("resolved"));
    }
}
