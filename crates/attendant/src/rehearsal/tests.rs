//! Rehearsals of small bots.

use super::*;
use crate::{BotError, Event, Next, Turn};

/// Counts in its memory, looks things up, fails and panics and hangs on demand.
struct Clerk;

#[async_trait::async_trait]
impl Bot for Clerk {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        let words = match turn.event() {
            Event::Said(words) => words,
            Event::HandoffFailed(why) => {
                turn.say(why.apology()).await?;
                return Ok(Next::Listen);
            }
            Event::PersonLeft(name) => {
                turn.say(format!("{name} is gone, I am back.")).await?;
                return Ok(Next::Listen);
            }
            _ => return Ok(Next::Listen),
        };
        let count = turn.recall::<u32>("count")?.unwrap_or(0) + 1;
        turn.remember("count", count)?;
        match words.text().as_str() {
            "fail" => return Err("out of order".into()),
            "panic" => panic!("on purpose"),
            "hang" => std::future::pending().await,
            "nothing" => return Ok(Next::Listen),
            "bye" => return Ok(Next::finish("resolved")),
            _ => {}
        }
        let price: u32 = turn.step("price", || async { Ok::<_, BotError>(42) }).await?;
        turn.attach("price", price.to_string()).await?;
        turn.say(format!("{count}: {price}")).await?;
        if words.contains("human") {
            let handoff = Handoff::to_agent("anna").warm().or_else(Handoff::to_skill("service"));
            return Ok(Next::HandOff(handoff.saying("One moment.").note("is angry")));
        }
        Ok(Next::Listen)
    }
}

async fn chat() -> Rehearsal {
    Rehearsal::new(Clerk).start().await
}

#[tokio::test(start_paused = true)]
async fn a_turn_has_memory_steps_and_attached_data() {
    let mut chat = chat().await;
    assert_eq!(chat.say("price?").await, ["1: 42"]);
    assert_eq!(chat.burst(["and", "now?"]).await, ["2: 42"]);
    assert_eq!(chat.attached("price"), Some("42"));
    assert_eq!(chat.steps().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_fails_hurts_itself_only() {
    for words in ["fail", "panic", "hang", "nothing"] {
        let mut chat = chat().await;
        assert_eq!(chat.say(words).await.len(), 1, "{words}: an apology");
        assert_eq!(chat.failures().len(), 1, "{words}");
        assert_eq!(chat.say("again").await, ["1: 42"], "{words}: its memory is undone");
    }
}

#[tokio::test(start_paused = true)]
async fn a_handoff_that_fails_comes_back_to_the_bot() {
    let mut chat = chat().await;
    assert_eq!(chat.say("a human please").await, ["1: 42", "One moment."]);
    assert_eq!(chat.handoff().map(|handoff| handoff.choices.len()), Some(2));
    assert_eq!(chat.notes(), ["is angry"]);
    assert!(!chat.is_open());
    assert_eq!(chat.fail_handoff(HandoffFailure::TimedOut).await, [HandoffFailure::TimedOut.apology()]);
    assert!(chat.is_open());
    assert_eq!(chat.say("so?").await, ["2: 42"]);
}

#[tokio::test(start_paused = true)]
async fn a_person_who_was_invited_takes_over_when_they_speak() {
    let mut chat = chat().await;
    chat.say("a human please").await;
    assert!(chat.person_joins("anna").await.is_empty());
    assert_eq!(chat.closed(), None);
    assert!(chat.say("hello?").await.is_empty());
    assert!(chat.person_says("hello, I am Anna").await.is_empty());
    assert_eq!(chat.closed(), Some(Closed::HandedOver));
}

#[tokio::test(start_paused = true)]
async fn a_person_who_barges_in_silences_the_bot_until_they_leave() {
    let mut options = Options::default();
    options.handoff.leave = false;
    let mut chat = Rehearsal::new(Clerk).options(options).start().await;
    chat.person_joins("Bo").await;
    assert!(chat.say("who are you?").await.is_empty());
    assert!(chat.person_says("Bo").await.is_empty());
    assert_eq!(chat.person_leaves().await, ["Bo is gone, I am back."]);
}

#[tokio::test(start_paused = true)]
async fn a_chat_ends_by_the_bot_by_silence_or_by_the_customer() {
    let mut chat = self::chat().await;
    chat.say("bye").await;
    assert_eq!((chat.finished(), chat.closed()), (Some("resolved"), Some(Closed::Completed)));

    let mut chat = self::chat().await;
    assert_eq!(chat.silence(Duration::from_secs(1000)).await.len(), 1);
    assert_eq!((chat.finished(), chat.closed()), (Some("silent"), Some(Closed::Completed)));

    let mut chat = self::chat().await;
    chat.customer_leaves().await;
    assert_eq!((chat.finished(), chat.closed()), (Some("customer-left"), Some(Closed::Completed)));
}
