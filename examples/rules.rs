//! Rules around a bot: when to hand over is written beside it, not in it. The bot below knows nothing of people.
//!
//! Talk to it here: `cargo run -p attendant-examples --example rules`.

use attendant::options::Place;
use attendant::rules::{Confidence, Data, Rule, Rules, When, Words};
use attendant::{Bot, BotError, Event, Next, Turn, async_trait};

struct Prices;

#[async_trait]
impl Bot for Prices {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        match turn.event() {
            Event::Started => turn.say("Hello! Ask me what a parcel costs.").await?,
            Event::Said(words) => {
                let known = words.contains("cost") || words.contains("price");
                turn.set_confidence(if known { 0.9 } else { 0.1 }); // before the answer
                turn.say(if known { "A parcel is 5 euros." } else { "I know prices only. What does what cost?" })
                    .await?;
            }
            Event::HandoffFailed(why) => turn.say(why.apology()).await?,
            Event::Silent(_) => return Ok(Next::finish("silent")),
            _ => {}
        }
        Ok(Next::Listen)
    }
}

/// The first that fires wins.
fn rules() -> Rules {
    let service = || Place::skill("service").warm();
    let gold = Data { key: "Segment".to_owned(), is: Some("gold".to_owned()), one_of: Vec::new() };
    Rules::new([
        Rule::new("legal", When::Words(Words::new(["lawyer", "court"]))).to(Place::skill("legal")).must(),
        Rule::new("vip", When::Data(gold))
            .to(Place::skill("vip"))
            .saying("Welcome back! I pass you on to your adviser."),
        Rule::new("asked", When::AskedForPerson).to(service()).saying("One moment, I fetch a colleague."),
        Rule::new("unsure-twice", When::Confidence(Confidence { below: 0.5, times: 2 }))
            .to(service())
            .saying("I would rather ask a colleague."),
    ])
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    attendant_examples::run(Prices.with_rules(rules())).await
}

#[cfg(test)]
mod tests {
    use attendant::Rehearsal;

    use super::*;

    fn rule(chat: &Rehearsal) -> Option<&str> {
        chat.handoff()?.rule.as_deref()
    }

    #[tokio::test]
    async fn who_asks_for_a_person_gets_one() {
        let mut chat = Rehearsal::new(Prices).rules(rules()).start().await;
        assert_eq!(chat.say("what does a parcel cost?").await, ["A parcel is 5 euros."]);
        assert_eq!(chat.say("can I talk to a human?").await, ["One moment, I fetch a colleague."]);
        assert_eq!(rule(&chat), Some("asked"));
        assert!(chat.notes()[0].contains("“what does a parcel cost?” → “A parcel is 5 euros.”"), "{:?}", chat.notes());
    }

    #[tokio::test]
    async fn a_bot_that_is_unsure_twice_in_a_row_is_relieved() {
        let mut chat = Rehearsal::new(Prices).rules(rules()).start().await;
        assert_eq!(chat.say("where is it?").await, ["I know prices only. What does what cost?"]);
        assert_eq!(chat.say("the parcel!").await, ["I would rather ask a colleague."]);
        assert_eq!(rule(&chat), Some("unsure-twice"));
    }

    #[tokio::test]
    async fn what_must_be_comes_before_what_may() {
        let mut chat = Rehearsal::new(Prices).rules(rules()).start().await;
        chat.say("get me a human, or I go to court").await;
        assert_eq!(rule(&chat), Some("legal"));
        assert!(chat.handoff().unwrap().must);
    }

    #[tokio::test]
    async fn an_important_customer_is_passed_on_at_once() {
        let chat = Rehearsal::new(Prices).rules(rules()).data("Segment", "gold").start().await;
        assert_eq!(chat.greeting(), ["Welcome back! I pass you on to your adviser."]);
        assert_eq!(rule(&chat), Some("vip"));
    }
}
