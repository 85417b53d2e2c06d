//! What the bot does when it is sure, when it is not, and when it has no answer; and what small talk and patterns change.

use std::sync::LazyLock;

use attendant::Rehearsal;
use faq_bot::KnowledgeBase;
use faq_bot::bot::{FaqBot, Options};
use faq_bot::live::Live;

/// Two answers that only one word tells apart, and one that is like neither.
const ADDRESSES: &str = r"
answers:
  - id: delivery
    title: Delivery address
    questions: [change the delivery address, my delivery address is wrong, a new delivery address, where do I see the delivery address]
    answer: The parcel goes elsewhere.
  - id: invoice
    title: Invoice address
    questions: [change the invoice address, my invoice address is wrong, a new invoice address, where do I see the invoice address]
    answer: The bill goes elsewhere.
  - id: hours
    title: Opening hours
    questions: [when are you open, what are your opening hours, what time do you close, are you open on sunday]
    answer: From 9 to 17.
chit-chat:
  - id: thanks
    questions: [thanks, thank you very much, great thanks, ok thank you]
    answer: You are welcome.
  - id: how-are-you
    questions: [how are you, how are you doing, are you well, how is it going]
    answer: I am fine.
";

static TRAINED: LazyLock<Live> = LazyLock::new(|| crate::trained(ADDRESSES));

async fn chat() -> Rehearsal {
    Rehearsal::new(FaqBot::on(TRAINED.clone(), Options::default())).start().await
}

/// A chat in which the bot has asked which address is meant.
async fn asked_which() -> Rehearsal {
    let mut chat = chat().await;
    let said = chat.say("change the address").await;
    assert_eq!(said.len(), 1, "{said:?}");
    let lines: Vec<&str> = said[0].lines().skip(1).collect();
    assert!(lines.contains(&"1. Delivery address") || lines.contains(&"2. Delivery address"), "{said:?}");
    assert!(lines.contains(&"1. Invoice address") || lines.contains(&"2. Invoice address"), "{said:?}");
    assert!(lines.last().is_some_and(|line| line.ends_with("None of these")), "{said:?}");
    chat
}

#[tokio::test]
async fn the_three_zones_are_an_answer_a_question_back_and_a_person() {
    let mut chat = asked_which().await;
    assert_eq!(chat.say("what time do you close").await, ["From 9 to 17."]);
    assert!(chat.handoff().is_none());
    // No answer is for these: once the customer may say it otherwise, the second time a person is offered.
    let first = chat.say("my violin needs new strings for the orchestra").await;
    assert!(!first[0].contains("colleague") && !first[0].contains("1."), "{first:?}");
    let second = chat.say("the saxophone is out of tune as well").await;
    assert!(second[0].contains("colleague"), "{second:?}");
    chat.say("yes").await;
    assert!(chat.handoff().is_some());
}

#[tokio::test]
async fn a_choice_is_picked_by_a_word_of_it() {
    for (word, answer) in [
        ("invoice", "The bill goes elsewhere."),
        ("the delivery one please", "The parcel goes elsewhere."),
        ("I meant the Invoice", "The bill goes elsewhere."),
        ("delivrey", "The parcel goes elsewhere."),
    ] {
        let mut chat = asked_which().await;
        assert_eq!(chat.say(word).await, [answer], "{word}");
        assert!(chat.is_open());
    }
}

#[tokio::test]
async fn none_of_the_choices_asks_for_other_words_and_leaves_no_choice_open() {
    for none in ["none", "none of these", "neither", "something else", "3"] {
        let mut chat = asked_which().await;
        let said = chat.say(none).await;
        assert!(said[0].contains("other words"), "{none}: {said:?}");
        // The number is no pick any more.
        let said = chat.say("1").await;
        assert!(!said.iter().any(|words| words.contains("elsewhere")), "{none}: {said:?}");
    }
}

/// A chat in which the bot was unsure twice, and offers choices and a person.
async fn offered_a_person() -> Rehearsal {
    let mut chat = asked_which().await;
    let said = chat.say("change that address").await;
    let lines: Vec<&str> = said.iter().flat_map(|words| words.lines()).collect();
    assert_eq!(lines.last(), Some(&"4. None of these: bring in a colleague"), "{said:?}");
    chat
}

#[tokio::test]
async fn the_second_time_the_last_choice_is_a_person() {
    for person in ["4", "number four", "none of these", "none", "yes", "a human please"] {
        let mut chat = Box::pin(offered_a_person()).await;
        chat.say(person).await;
        assert!(chat.handoff().is_some(), "{person}");
    }
    for (other, answer) in [("invoice", "goes elsewhere"), ("no thanks", "What else"), ("when are you open", "From 9")]
    {
        let mut chat = Box::pin(offered_a_person()).await;
        let said = chat.say(other).await;
        assert!(said.join(" ").contains(answer) && chat.handoff().is_none(), "{other}: {said:?}");
    }
}

#[tokio::test]
async fn a_courtesy_is_returned_by_a_base_that_has_no_words_for_it() {
    let mut chat = chat().await;
    for (words, answer) in [
        ("Hello!", "What can I do for you?"),
        ("Good morning, I have a question", "What can I do for you?"),
        ("thanks", "You are welcome."),
        ("have a nice day", "You are welcome! If you have another question, just ask."),
    ] {
        assert_eq!(chat.say(words).await, [answer], "{words}");
    }
    // They do not count: this is the first question that is not understood.
    let first = chat.say("my violin needs new strings for the orchestra").await;
    assert!(!first[0].contains("colleague"), "{first:?}");
}

#[tokio::test]
async fn another_question_instead_of_a_pick_is_answered() {
    let mut chat = asked_which().await;
    assert_eq!(chat.say("are you open on sunday").await, ["From 9 to 17."]);
}

#[tokio::test]
async fn small_talk_is_answered_and_does_not_count() {
    let mut chat = chat().await;
    assert_eq!(chat.say("How are you?").await, ["I am fine."]);
    chat.say("my violin needs new strings for the orchestra").await;
    // Small talk between two questions that were not understood: they are still two.
    assert_eq!(chat.say("ok, thank you").await, ["You are welcome."]);
    let second = chat.say("the saxophone is out of tune as well").await;
    assert!(second[0].contains("colleague"), "{second:?}");
}

#[tokio::test]
async fn small_talk_in_front_of_a_question_does_not_hide_it() {
    let mut chat = chat().await;
    assert_eq!(chat.say("How are you? What time do you close?").await, ["From 9 to 17."]);
}

#[tokio::test]
async fn a_runaway_pattern_costs_no_more_than_another() {
    // An engine that backtracks needs 2^n steps for these.
    let yaml = "answers:\n  - {id: a, patterns: ['^(x+x+)+y$', '^(a|aa)+b$'], answer: Found.}\n  \
                - {id: b, questions: [when are you open], answer: Now.}\n";
    let mut chat = Rehearsal::new(FaqBot::on(crate::trained(yaml), Options::default())).start().await;
    assert!(!chat.say("x".repeat(3_000)).await.contains(&"Found.".to_owned()));
    assert_eq!(chat.say(format!("{}y", "x".repeat(3_000))).await, ["Found."]);
    assert_eq!(chat.say("when are you open").await, ["Now."]);
    assert!(chat.failures().is_empty(), "{:?}", chat.failures());
}

#[test]
fn a_pattern_that_is_too_large_is_refused_with_its_line() {
    let yaml = "answers:\n  - id: a\n    patterns: ['(\\w{1,1000}){1,1000}']\n    answer: Found.\n";
    let problems = KnowledgeBase::parse("b.yaml", yaml).unwrap_err();
    let refused = problems.0.iter().find(|problem| problem.kind == faq_bot::ProblemKind::Pattern);
    assert_eq!(refused.map(|problem| problem.place.line), Some(3), "{problems}");
}
