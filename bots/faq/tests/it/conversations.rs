//! Conversations with the demo bot, in memory.

use std::sync::LazyLock;
use std::time::Duration;

use attendant::{Bot, HandoffFailure, Manner, Rehearsal, Target};
use faq_bot::KnowledgeBase;
use faq_bot::bot::{FaqBot, Options, WhenUnsure};
use faq_bot::live::Live;

async fn chat() -> Rehearsal {
    Rehearsal::new(crate::demo_bot()).start().await
}

/// The small base, trained once for all tests.
static TRAINED: LazyLock<Live> = LazyLock::new(|| crate::trained(SMALL));

fn small() -> FaqBot {
    FaqBot::on(TRAINED.clone(), Options::default())
}

const SMALL: &str = r#"
languages: [en, de]
answers:
  - id: hours
    title: {en: Opening hours, de: Zeiten}
    questions:
      en: [When are you open, What are your opening hours, What time do you close]
      de: [Wann haben Sie offen, Wie sind Ihre Zeiten, Wann schließen Sie]
    answer: {en: From 9 to 17., de: Von 9 bis 17 Uhr.}
    disposition: told-hours
    follow-ups:
      - id: weekend
        questions: {en: [And at the weekend, What about Saturday, and sunday], de: [Und am Wochenende, Und samstags]}
        answer: {en: Closed at the weekend., de: Am Wochenende geschlossen.}
  - id: order
    title: {en: Your order, de: Bestellung}
    questions: {en: [Where is my order, What is the status of my order, track my order]}
    patterns: ['\border (?<order>\d{4})\b']
    answer: {en: "Hello {FirstName|there}.\nOrder {order} is on its way.\nLook at https://shop.example/orders"}
  - id: gold
    title: {en: Gold members}
    when: {Tier: gold}
    questions: {en: [What do gold members get, gold benefits, advantages of gold]}
    answer: {en: Free delivery.}
  - id: cancel
    title: {en: Cancel the contract}
    questions: {en: [I want to cancel my contract, terminate my contract, end my subscription]}
    answer: {en: A colleague does that with you.}
    handoff: {queue: contracts, warm: yes}
    disposition: cancelled
not-handled:
  - id: taxes
    questions: {en: [Do my taxes, tax advice, help with my tax return]}
"#;

#[tokio::test]
async fn greets_answers_and_keeps_the_context() {
    let mut chat = Rehearsal::new(small()).start().await;
    assert_eq!(chat.greeting().len(), 1);
    assert_eq!(chat.say("when are you open?").await, ["From 9 to 17."]);
    assert_eq!(chat.say("and sunday?").await, ["Closed at the weekend."]);
    assert_eq!(chat.say("What time do you close").await, ["From 9 to 17."]);
    assert!(chat.failures().is_empty());
}

#[tokio::test]
async fn a_follow_up_without_its_context_is_no_answer() {
    let mut chat = Rehearsal::new(small()).start().await;
    let said = chat.say("and at the weekend").await;
    assert!(!said.iter().any(|words| words.contains("Closed")), "{said:?}");
}

#[tokio::test]
async fn patterns_and_attached_data_fill_placeholders() {
    let mut chat = Rehearsal::new(small()).data("FirstName", "Grace").start().await;
    let said = chat.say("hm, what about order 4711 ?").await;
    assert_eq!(said, ["Hello Grace.\nOrder 4711 is on its way.\nLook at https://shop.example/orders"]);
    let mut chat = Rehearsal::new(small()).start().await;
    // Without the number its line is left out.
    assert_eq!(chat.say("track my order").await, ["Hello there.\nLook at https://shop.example/orders"]);
}

#[tokio::test]
async fn attached_data_filter_answers() {
    let mut gold = Rehearsal::new(small()).data("Tier", "Gold").start().await;
    assert_eq!(gold.say("gold benefits").await, ["Free delivery."]);
    let mut other = Rehearsal::new(small()).start().await;
    assert_ne!(other.say("gold benefits").await, ["Free delivery."]);
}

#[tokio::test]
async fn speaks_the_language_of_the_customer() {
    let mut found = Rehearsal::new(small()).start().await;
    assert_eq!(found.say("Wann schließen Sie?").await, ["Von 9 bis 17 Uhr."]);
    assert_eq!(found.say("Und am Wochenende?").await, ["Am Wochenende geschlossen."]);
    assert_eq!(found.say("What are your opening hours please").await, ["From 9 to 17."]);
    let given = Rehearsal::new(small()).data("Language", "DE").start().await;
    assert!(given.greeting()[0].starts_with("Guten Tag"), "{:?}", given.greeting());
    let given = Rehearsal::new(small()).locale("de-AT").start().await;
    assert!(given.greeting()[0].starts_with("Guten Tag"), "{:?}", given.greeting());
}

#[tokio::test]
async fn a_person_is_brought_in_when_asked_for() {
    for wish in ["I want to talk to a human", "Ich möchte mit einem Menschen sprechen", "agent please"] {
        let mut chat = chat().await;
        chat.say("When are you open?").await;
        let said = chat.say(wish).await;
        assert_eq!(said.len(), 1, "{wish}");
        let handoff = chat.handoff().expect(wish);
        assert_eq!(handoff.choices[0].target, Target::Skill("service".to_owned()));
        assert_eq!(handoff.choices[0].manner, Manner::Warm);
        let note = handoff.note.as_deref().unwrap_or_default();
        assert!(note.contains("When are you open?") && note.contains("opening-hours"), "{note}");
    }
}

#[tokio::test]
async fn human_resources_are_no_person() {
    let mut chat = chat().await;
    chat.say("I have a question about human resources").await;
    assert!(chat.handoff().is_none());
}

#[tokio::test]
async fn twice_unsure_offers_a_person() {
    let mut chat = chat().await;
    let first = chat.say("my violin needs new strings for the orchestra").await;
    assert_eq!(first.len(), 1);
    assert!(chat.handoff().is_none());
    let second = chat.say("the saxophone is out of tune as well").await;
    assert!(second[0].contains("colleague"), "{second:?}");
    assert!(chat.say("yes please").await[0].contains("colleague"));
    assert!(chat.handoff().is_some());
}

#[tokio::test]
async fn a_declined_person_is_not_forced_upon_anybody() {
    let mut chat = chat().await;
    chat.say("my violin needs new strings for the orchestra").await;
    chat.say("the saxophone is out of tune as well").await;
    chat.say("no thanks").await;
    assert!(chat.is_open());
    assert!(chat.say("When are you open?").await[0].contains("8:00"));
}

#[tokio::test]
async fn gibberish_is_not_the_same_as_not_handled() {
    let mut chat = Rehearsal::new(small()).start().await;
    let unreadable = chat.say("dfgjkhdfgkjh").await;
    let not_handled = chat.say("help with my tax return").await;
    let emoji = chat.say("😀😀😀").await;
    assert_ne!(unreadable, not_handled);
    assert_eq!(unreadable, emoji);
    let mut fresh = Rehearsal::new(small()).start().await;
    let not_understood = fresh.say("my violin needs new strings for the orchestra").await;
    assert_ne!(not_understood, unreadable);
    assert_ne!(not_understood, not_handled);
}

#[tokio::test]
async fn an_answer_can_hand_over_by_itself() {
    let mut chat = Rehearsal::new(small()).start().await;
    assert_eq!(chat.say("I want to cancel my contract").await, ["A colleague does that with you."]);
    let handoff = chat.handoff().unwrap();
    assert_eq!(handoff.choices[0].target, Target::Queue("contracts".to_owned()));
    assert!(chat.fail_handoff(HandoffFailure::NobodyAvailable).await[0].contains("sorry"));
    assert!(chat.is_open());
    assert_eq!(chat.say("when are you open?").await, ["From 9 to 17."]);
}

#[tokio::test]
async fn several_questions_get_several_answers_in_order() {
    let mut chat = Rehearsal::new(small()).start().await;
    let said = chat.burst(["When are you open?", "Where is my order?"]).await;
    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!(said[0], "From 9 to 17.");
    assert!(said[1].contains("orders"));
    let said = chat.say("Where is my order? What are your opening hours?").await;
    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!(said[1], "From 9 to 17.");
    // One question in several lines stays one.
    assert_eq!(chat.burst(["hi", "when are you", "open?"]).await, ["From 9 to 17."]);
}

#[tokio::test]
async fn a_silent_customer_is_asked_once_and_then_let_go() {
    let mut chat = Rehearsal::new(small()).start().await;
    chat.say("when are you open").await;
    assert_eq!(chat.silence(Duration::from_secs(130)).await.len(), 1);
    assert!(chat.is_open());
    assert_eq!(chat.silence(Duration::from_secs(130)).await.len(), 1);
    assert_eq!(chat.finished(), Some("told-hours"));
    let mut nobody = Rehearsal::new(small()).start().await;
    nobody.silence(Duration::from_secs(130)).await;
    nobody.silence(Duration::from_secs(130)).await;
    assert_eq!(nobody.finished(), Some("unanswered"));
}

#[tokio::test]
async fn unsure_can_mean_a_person_at_once() {
    let options = Options { when_unsure: WhenUnsure::HandOver, ..Options::default() };
    let mut chat = Rehearsal::new(FaqBot::on(crate::DEMO.clone(), options)).start().await;
    let said = chat.say("квантовая механика").await;
    assert!(chat.handoff().is_some(), "{said:?}");
}

#[tokio::test]
async fn pairs_answer_with_their_label_and_do_not_greet() {
    let pairs = [
        ("where is my card", "card"),
        ("my card is late", "card"),
        ("change my pin", "pin"),
        ("new pin please", "pin"),
    ];
    let bot = FaqBot::new(KnowledgeBase::from_pairs(pairs).unwrap()).unwrap();
    let mut chat = Rehearsal::new(bot).start().await;
    assert!(chat.greeting().is_empty());
    assert_eq!(chat.say("where is my card").await, ["card"]);
    assert_eq!(chat.say("change my pin").await, ["pin"]);
}

#[tokio::test]
async fn every_question_of_the_demo_base_finds_its_answer() {
    let knowledge = crate::DEMO.knowledge();
    let base = knowledge.base();
    let nothing = ();
    for answer in base.answers.iter().filter(|answer| answer.category.as_deref() != Some("business")) {
        for (language, questions) in &answer.questions {
            for question in questions {
                let asked = faq_bot::knowledge::Question {
                    text: question,
                    language,
                    data: &nothing,
                    context: answer.parent.as_deref(),
                };
                let found = knowledge.find(asked);
                let best = found.best().map(|hit| base.answers[hit.answer].id.as_str());
                assert_eq!(best, Some(answer.id.as_str()), "{question}");
            }
        }
    }
}

#[test]
fn the_bot_is_a_bot() {
    fn takes(_: &dyn Bot) {}
    takes(&FaqBot::demo().unwrap());
}
