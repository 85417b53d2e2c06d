//! A base that changes while chats are running.

use std::path::Path;
use std::time::Duration;

use attendant::Rehearsal;
use faq_bot::bot::{FaqBot, Options};
use faq_bot::knowledge::{Part, model_file};
use faq_bot::live::{Live, Look};
use faq_bot::matcher::TrainOptions;
use faq_bot::{Knowledge, KnowledgeBase, Language, knowledge};

fn base(answer: &str) -> String {
    format!("answers:\n  - {{id: open, questions: [when are you open, opening hours, what time], answer: {answer}}}\n")
}

/// Writes with another size each time, so that the change shows whatever the clock of the file system.
fn write(path: &Path, text: &str, round: usize) {
    std::fs::write(path, format!("{text}{}\n", "#".repeat(round))).unwrap();
}

/// What the look finds after the one that sees the change first.
fn settled(live: &Live) -> Look {
    assert_eq!(live.look(), Look::Unsettled, "a change may go on");
    live.look()
}

#[test]
fn a_base_that_is_being_written_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("base.yaml");
    write(&path, &base("at nine"), 1);
    let live = Live::open(&path, knowledge::Options::default()).unwrap();
    // Half a file that would be a base of its own, then the rest: nobody ever answers from the half.
    write(&path, &base("at ten"), 2);
    assert_eq!(live.look(), Look::Unsettled);
    let whole = format!(
        "{}  - {{id: where, questions: [where are you, address, which street], answer: here}}\n",
        base("at ten")
    );
    write(&path, &whole, 3);
    assert_eq!((live.look(), live.generation()), (Look::Unsettled, 1));
    assert_eq!((live.look(), live.generation()), (Look::Replaced, 2));
    assert_eq!(live.knowledge().base().answers.len(), 2);
    // Written back as it was before anybody read it: nothing to do.
    let before = std::fs::metadata(&path).unwrap().modified().unwrap();
    write(&path, &base("x"), 4);
    assert_eq!(live.look(), Look::Unsettled);
    write(&path, &whole, 3);
    std::fs::File::options().append(true).open(&path).unwrap().set_modified(before).unwrap();
    assert_eq!((live.look(), live.generation()), (Look::Same, 2));
}

#[tokio::test]
async fn a_running_chat_goes_on_with_the_new_base_and_never_with_a_broken_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("base.yaml");
    write(&path, &base("at nine"), 1);
    let live = Live::open(&path, knowledge::Options::default()).unwrap();
    let mut chat = Rehearsal::new(FaqBot::on(live.clone(), Options::default())).start().await;
    assert_eq!(chat.say("when are you open").await, ["at nine"]);
    assert_eq!(live.look(), Look::Same);

    write(&path, &base("at ten"), 2);
    assert_eq!(settled(&live), Look::Replaced);
    assert_eq!(chat.say("opening hours").await, ["at ten"]);

    write(&path, "answers:\n  - id: open\n    questions: [when are\n", 3);
    assert_eq!(settled(&live), Look::Kept);
    assert!(live.problem().is_some());
    assert_eq!(chat.say("when are you open").await, ["at ten"]);
    assert_eq!(live.look(), Look::Same, "a broken base is read once");

    std::fs::remove_file(&path).unwrap();
    assert_eq!(settled(&live), Look::Kept);
    assert_eq!(chat.say("when are you open").await, ["at ten"]);

    write(&path, &base("at eleven"), 5);
    assert_eq!(settled(&live), Look::Replaced);
    assert!(live.problem().is_none());
    assert_eq!(chat.say("when are you open").await, ["at eleven"]);
    assert_eq!(live.generation(), 3);
    assert!(chat.is_open() && chat.failures().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_gone_does_not_hurt_a_chat_that_had_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("base.yaml");
    std::fs::write(&path, faq_bot::DEMO).unwrap();
    let live = Live::open(&path, knowledge::Options::default()).unwrap();
    let mut chat = Rehearsal::new(FaqBot::on(live.clone(), Options::default())).start().await;
    chat.say("Wann haben Sie geöffnet?").await;
    write(&path, &base("at nine"), 1);
    assert_eq!(settled(&live), Look::Replaced);
    // Neither its context nor its language is there any more.
    assert_eq!(chat.say("opening hours").await, ["at nine"]);
    assert!(chat.failures().is_empty());
}

#[test]
fn the_watcher_sees_a_change_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("base.yaml");
    write(&path, &base("at nine"), 1);
    let live = Live::open(&path, knowledge::Options::default()).unwrap();
    let watcher = live.watch(Duration::from_millis(10)).unwrap();
    write(&path, &base("at ten"), 2);
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    for _ in 0..1_000 {
        if live.generation() == 2 {
            break;
        }
        // Nobody sends: this is the wait between two looks, with a bound on all of them.
        let _ = receiver.recv_timeout(Duration::from_millis(10));
    }
    drop(sender);
    assert_eq!(live.generation(), 2);
    drop(watcher);
}

#[test]
fn models_are_used_where_they_fit_and_only_there() {
    let folder = tempfile::tempdir().unwrap();
    let options = TrainOptions::default();
    let read = |text: &str| KnowledgeBase::parse("b.yaml", text).unwrap();
    let knowledge = Knowledge::train(read(&base("x")), &options).unwrap();
    knowledge.save(folder.path()).unwrap();
    let trained = |text: &str| {
        let options = knowledge::Options { models: Some(folder.path().to_owned()), ..knowledge::Options::default() };
        Knowledge::open(read(text), &options).unwrap().1.len()
    };
    assert_eq!(trained(&base("x")), 0);
    assert_eq!(trained(&base("another answer")), 0, "answers may change without training");
    assert_eq!(trained(&base("x").replace("what time", "at what time")), 1);
    let file = model_file(folder.path(), &Language::new("en"), Part::Main);
    let whole = std::fs::read(&file).unwrap();
    // A model of a version that read messages in another way: its fingerprint stands behind the format.
    let mut other_reading = whole.clone();
    other_reading[12] ^= 1;
    for broken in [&b""[..], b"not a model", &whole[..100], &other_reading] {
        std::fs::write(&file, broken).unwrap();
        assert_eq!(trained(&base("x")), 1);
    }
}
