//! Which chats to take: by attached data, by the time of day, and by how many are taken already. What is rejected goes back
//! to routing at once, which finds somebody else.

use std::sync::atomic::{AtomicUsize, Ordering};

use attendant::{Bot, BotError, Event, Next, Offer, Turn, UnixMillis, Verdict, async_trait};

/// Takes billing questions in the daytime, and nobody's who is a VIP.
#[derive(Default)]
struct Picky {
    rejected: AtomicUsize,
}

impl Picky {
    fn decide(offer: &Offer) -> Verdict {
        if offer.data("CustomerSegment") == Some("VIP") {
            return Verdict::reject("people take care of VIPs");
        }
        match offer.data("Subject") {
            Some(subject) if subject.to_lowercase().contains("invoice") => {}
            Some(_) => return Verdict::reject("not about billing"),
            None => return Verdict::reject("no subject to go by"),
        }
        if !is_daytime(offer.at) {
            return Verdict::reject("the night shift has a queue of its own");
        }
        Verdict::accept()
    }
}

/// From 6 to 22 UTC. A real bot asks a calendar that knows time zones and holidays.
fn is_daytime(at: UnixMillis) -> bool {
    (6..22).contains(&(at.0 / 3_600_000 % 24))
}

#[async_trait]
impl Bot for Picky {
    async fn screen(&self, offer: &Offer) -> Verdict {
        let verdict = Self::decide(offer);
        if verdict != Verdict::Accept {
            self.rejected.fetch_add(1, Ordering::Relaxed);
        }
        verdict
    }

    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        match turn.event() {
            Event::Started => {
                let name = turn.customer_name().unwrap_or("there");
                turn.say(format!("Hello {name}! Which invoice is it about?")).await?;
            }
            Event::Said(words) if words.contains("thank") => {
                turn.say("You are welcome. Goodbye!").await?;
                return Ok(Next::finish("billing"));
            }
            Event::Said(_) => turn.say("I have sent you a copy of it by mail.").await?,
            Event::Silent(_) => return Ok(Next::finish("billing")),
            _ => {}
        }
        Ok(Next::Listen)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    attendant_examples::run(Picky::default()).await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use attendant::Rehearsal;

    use super::*;

    const NOON: UnixMillis = UnixMillis(12 * 3_600_000);

    async fn accepts(key: &str, subject: &str, at: UnixMillis) -> bool {
        let chat = Rehearsal::new(Picky::default()).data(key, "VIP").data("Subject", subject).at(at).start().await;
        chat.verdict() == Some(&Verdict::Accept)
    }

    #[tokio::test]
    async fn takes_billing_in_the_daytime_only() {
        assert!(accepts("-", "My invoice", NOON).await);
        assert!(!accepts("-", "My parcel", NOON).await);
        assert!(!accepts("CustomerSegment", "My invoice", NOON).await);
        assert!(!accepts("-", "My invoice", UnixMillis(23 * 3_600_000)).await);
    }

    #[tokio::test]
    async fn counts_what_it_rejects_over_all_chats() {
        let bot = Arc::new(Picky::default());
        for subject in ["A parcel", "An invoice", "A parcel"] {
            Rehearsal::new(bot.clone()).data("Subject", subject).at(NOON).start().await;
        }
        assert_eq!(bot.rejected.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn greets_by_name_and_finishes() {
        let mut chat = Rehearsal::new(Picky::default())
            .data("Subject", "Invoice")
            .data("FirstName", "Grace")
            .at(NOON)
            .start()
            .await;
        assert_eq!(chat.greeting(), ["Hello Grace! Which invoice is it about?"]);
        chat.say("The one of May").await;
        assert_eq!(chat.say("Thank you").await, ["You are welcome. Goodbye!"]);
        assert_eq!(chat.finished(), Some("billing"));
    }
}
