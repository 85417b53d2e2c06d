//! What customers and files can hold: nothing panics, nothing hangs, and the answer is a sensible one.

use attendant::Rehearsal;
use faq_bot::bot::{self, FaqBot};
use faq_bot::import::{self, Format, Options, Source};
use faq_bot::learn::mask;
use faq_bot::{KnowledgeBase, ProblemKind};
use proptest::prelude::*;

const ONE: &str =
    "answers:\n  - {id: only, questions: [when are you open, opening hours, what time], answer: At nine.}\n";

#[test]
fn an_empty_base_is_refused() {
    for text in ["", "\n# nothing\n", "answers: []", "answers:\n", "name: x\n", "null", "{}"] {
        let problems = KnowledgeBase::parse("b.yaml", text).unwrap_err();
        assert!(problems.has(ProblemKind::Empty), "{text:?}: {problems}");
    }
    assert!(KnowledgeBase::from_pairs([("", "x"), ("y", " ")]).unwrap_err().has(ProblemKind::Empty));
    assert!(KnowledgeBase::load("/nowhere/base.yaml").unwrap_err().has(ProblemKind::Unreadable));
    let empty = tempfile::tempdir().unwrap();
    assert!(KnowledgeBase::load(empty.path()).unwrap_err().has(ProblemKind::Empty));
}

#[test]
fn a_base_that_is_not_text_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("base.yaml");
    std::fs::write(&path, b"answers:\n  - id: gr\xfcn\n").unwrap();
    let problems = KnowledgeBase::load(&path).unwrap_err();
    let first = problems.first().unwrap();
    assert_eq!((first.kind, first.place.line), (ProblemKind::Encoding, 2));
}

#[tokio::test]
async fn one_answer_is_enough() {
    let base = KnowledgeBase::parse("b.yaml", ONE).unwrap();
    let mut chat = Rehearsal::new(FaqBot::new(base).unwrap()).start().await;
    assert_eq!(chat.say("when are you open?").await, ["At nine."]);
}

#[tokio::test]
async fn a_base_of_patterns_alone_works() {
    let yaml = "answers:\n  - {id: a, patterns: ['\\border \\d+'], answer: Found.}\n";
    let mut chat = Rehearsal::new(FaqBot::new(KnowledgeBase::parse("b.yaml", yaml).unwrap()).unwrap()).start().await;
    assert_eq!(chat.say("my order 12").await, ["Found."]);
    assert_eq!(chat.say("something else").await.len(), 1);
}

#[tokio::test]
async fn strange_messages_get_one_answer_each() {
    let long = "where is my parcel ".repeat(60_000);
    assert!(long.len() > 1_000_000);
    let marks = "?".repeat(100_000);
    for message in [
        long.as_str(),
        marks.as_str(),
        "",
        " \t ",
        "😀🎉👍",
        "👨‍👩‍👧‍👦",
        "\u{0}\u{1}\u{7f}\u{202e}",
        "where is мой parcel 包裹",
        "\u{202b}أين طردي؟\u{202c}",
        "מתי אתם פתוחים?",
        "ＷＨＥＮ ａｒｅ ｙｏｕ ｏｐｅｎ？",
        "a\u{300}\u{301}\u{302}\u{303}\u{304}",
        "\u{feff}when are you open",
        "{Name} {{ }} {",
        "'; DROP TABLE answers; --",
        "<script>alert(1)</script>",
        "𝖜𝖍𝖊𝖗𝖊 𝖎𝖘 𝖎𝖙",
    ] {
        let mut chat = Rehearsal::new(crate::demo_bot()).start().await;
        let said = chat.say(message).await;
        assert_eq!(said.len(), 1, "{:?}: {said:?}", message.chars().take(40).collect::<String>());
        assert!(!said[0].trim().is_empty() && said[0].len() < 4_000);
        assert!(chat.failures().is_empty());
    }
}

#[tokio::test]
async fn a_burst_of_many_lines_gets_a_bounded_answer() {
    let mut chat = Rehearsal::new(crate::demo_bot()).start().await;
    let said = chat.burst(vec!["When are you open? Where are you?"; 500]).await;
    assert!((1..=3).contains(&said.len()), "{said:?}");
}

#[tokio::test]
async fn what_a_customer_writes_never_becomes_a_placeholder() {
    let yaml = "answers:\n  - {id: a, patterns: ['call me (?<name>.+)'], answer: 'Hello {name}, {Secret|friend}.'}\n";
    let bot = FaqBot::new(KnowledgeBase::parse("b.yaml", yaml).unwrap()).unwrap();
    let mut chat = Rehearsal::new(bot).data("Secret", "42").start().await;
    assert_eq!(chat.say("call me {Secret}").await, ["Hello {Secret}, 42."]);
    let said = chat.say("call me Ada\u{202e}\n\u{7}").await;
    assert!(!said[0].contains('\u{7}'));
}

/// Text that is like a base, and breaks in all places.
fn yaml_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("answers:\n".to_owned()),
        Just("  - id: a\n".to_owned()),
        Just("    questions: [x, y]\n".to_owned()),
        Just("    answer: {en: z}\n".to_owned()),
        Just("    patterns: ['(a', b]\n".to_owned()),
        Just("    handoff: {skill: }\n".to_owned()),
        Just("languages: [en, de]\n".to_owned()),
        Just("phrases: {en: {greeting: }}\n".to_owned()),
        Just("    follow-ups:\n      - id: b\n".to_owned()),
        Just("{---".to_owned()),
        Just("\"\\x".to_owned()),
        Just("? - : &a *a !!b |\n >\n".to_owned()),
        "[ -~\n\t\u{0}ä😀{}\\[\\]:,'\"#&*!|>%@`-]{0,20}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_base_or_has_a_problem(text in yaml_like()) {
        match KnowledgeBase::parse("b.yaml", &text) {
            Ok(base) => prop_assert!(!base.answers.is_empty()),
            Err(problems) => prop_assert!(problems.first().is_some()),
        }
    }

    #[test]
    fn any_bytes_are_a_table_or_have_a_problem(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b','), Just(b'\t'), Just(b'\n'), Just(b'"')], 0..300),
        format in prop::sample::select(Format::ALL.to_vec()),
    ) {
        let source = Source { name: "x.csv".to_owned(), bytes };
        if let Err(problems) = import::read(&[source], &Options { format: Some(format.1), ..Options::default() }) {
            prop_assert!(problems.first().is_some());
        }
    }

    #[test]
    fn what_is_imported_can_be_written_and_read(
        pairs in prop::collection::vec(("[a-z?'\" :#{}äß-]{1,20}", "\\PC{1,20}"), 1..6),
    ) {
        if let Ok(base) = KnowledgeBase::from_pairs(pairs) {
            let yaml = base.to_yaml();
            if let Ok(again) = KnowledgeBase::parse("again.yaml", &yaml) {
                prop_assert_eq!(again.to_yaml(), yaml);
            } else {
                // The only thing that pairs may have and a file may not: two answers with the same questions.
                let problems = KnowledgeBase::parse("again.yaml", &yaml).unwrap_err();
                prop_assert!(problems.has(ProblemKind::SameQuestions), "{problems}\n{yaml}");
            }
        }
    }

    #[test]
    fn any_words_are_read_without_harm(words in "\\PC{0,200}", choices in prop::collection::vec("\\PC{0,30}", 0..4)) {
        let titles: Vec<&str> = choices.iter().map(String::as_str).collect();
        if let Some(bot::Pick::One(index)) = bot::pick(&words, &titles) {
            prop_assert!(index < titles.len());
        }
        bot::yes_or_no(&words);
        attendant::rules::asks_for_person(&words);
        let masked = mask(&words);
        prop_assert_eq!(mask(&masked), masked.clone());
    }
}
