//! `attendant chat` with each bot, by a pipe and by signals.

use super::tool::{Ran, Running, attendant, feed, file, run};

const SHOP: &str = "\
handoff: {queue: help}
phrases: {en: {greeting: Welcome., handing-over: One moment.}}
answers:
  - id: hours
    questions: [When are you open?, opening hours, what time do you close]
    answer: From 9 to 17.
    follow-ups:
      - id: sunday
        questions: [and on sunday?, what about sunday, sundays too?]
        answer: Closed.
  - id: place
    questions: [Where are you?, your address, which street]
    answer: \"Linden Street.\\nhttps://shop.example/map\"
";

fn talk(arguments: &[&str], input: impl AsRef<[u8]>) -> Ran {
    feed(attendant().arg("chat").args(arguments), input)
}

fn shop(folder: &tempfile::TempDir) -> String {
    file(folder.path(), "shop.yaml", SHOP)
}

#[test]
fn each_line_of_a_pipe_is_a_message_and_the_end_of_input_ends_the_chat() {
    let folder = tempfile::tempdir().unwrap();
    let ran = talk(&["--base", &shop(&folder)], "when are you open?\n\nand on sunday?\nyour address");
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert_eq!(ran.out, "Welcome.\nFrom 9 to 17.\nClosed.\nLinden Street.\nhttps://shop.example/map\n");
    assert_eq!(ran.err, "");
}

#[test]
fn a_line_that_goes_on_is_one_burst_also_when_the_input_ends_in_it() {
    let folder = tempfile::tempdir().unwrap();
    for input in ["when are you open? \\\nyour address\n", "when are you open? \\\nyour address \\"] {
        let ran = talk(&["--base", &shop(&folder)], input);
        assert_eq!(ran.out, "Welcome.\nFrom 9 to 17.\nLinden Street.\nhttps://shop.example/map\n", "{input:?}");
    }
}

#[test]
fn the_echo_bot_needs_nothing_and_says_what_it_is_told() {
    let ran = talk(&["--bot", "echo"], "hello there\n");
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.out.contains("hello there"), "{ran:?}");
    let ran = talk(&["--bot", "echo", "--base", "x.yaml"], "");
    assert_eq!(ran.status, Some(2), "{ran:?}");
}

#[test]
fn the_debug_view_shows_candidates_context_note_and_handoff() {
    let folder = tempfile::tempdir().unwrap();
    let ran = talk(&["--base", &shop(&folder), "--debug"], "when are you open?\nwhat about sunday\nI want a human\n");
    assert_eq!(ran.status, Some(0), "{ran:?}");
    for part in ["100.0 % hours", "after hours", "100.0 % sunday", "note:", "→ handed over to the queue help"] {
        assert!(ran.out.contains(part), "no {part:?} in {}", ran.out);
    }
    assert!(!ran.out.contains('\u{1b}'), "no colours in a pipe");
    let plain = talk(&["--base", &shop(&folder)], "/debug\nwhen are you open?\n/debug\nyour address\n");
    assert_eq!(plain.out.matches(" % ").count(), 1, "{}", plain.out);
}

#[test]
fn commands_play_what_a_customer_cannot_type() {
    let folder = tempfile::tempdir().unwrap();
    let ran = talk(&["--base", &shop(&folder)], "/silence\n/silence\n");
    assert_eq!(ran.status, Some(0));
    assert!(ran.out.contains("→ finished: unanswered"), "{ran:?}");
    let ran = talk(&["--base", &shop(&folder)], "/nonsense\n/quit\nwhen are you open?\n");
    assert!(ran.out.contains("there is no /nonsense") && !ran.out.contains("From 9"), "{ran:?}");
}

#[test]
fn a_bot_of_a_configuration_is_talked_with_as_it_is_configured() {
    let folder = tempfile::tempdir().unwrap();
    shop(&folder);
    let text = "[server]\nbase_url = \"http://127.0.0.1:9/api/v2\"\n\n[bots.shop]\nkind = \"faq\"\nbase = \"shop.yaml\"\n\
                learn = \"lessons.jsonl\"\nwhen_unsure = \"hand-over\"\n\n[bots.parrot]\nkind = \"echo\"\n\n[[logins]]\nuser = \"a\"\n\
                password = { env = \"NOT_NEEDED\" }\nbot = \"shop\"\n";
    let config = file(folder.path(), "a.toml", text);
    let ran = talk(&["--config", &config, "--bot", "shop"], "when are you open?\nмоя скрипка\n");
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.out.contains("From 9 to 17.") && ran.out.contains("→ handed over to the queue help"), "{ran:?}");
    assert!(std::fs::read_to_string(folder.path().join("lessons.jsonl")).unwrap().contains("моя скрипка"));
    assert!(talk(&["--config", &config, "--bot", "parrot"], "hello there\n").out.contains("hello there"));
    let unnamed = talk(&["--config", &config], "");
    assert_eq!(unnamed.status, Some(2), "{unnamed:?}");
    assert!(unnamed.err.contains("parrot, shop") && unnamed.err.contains("--bot"), "{unnamed:?}");
    let unknown = talk(&["--config", &config, "--bot", "shpo"], "");
    assert_eq!(unknown.status, Some(2), "{unknown:?}");
    assert!(unknown.err.contains("did you mean `shop`?"), "{unknown:?}");
}

#[test]
fn the_rules_of_a_configuration_are_met_in_the_chat() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[server]\nbase_url = \"http://127.0.0.1:9/api/v2\"\n\n[bots.parrot]\nkind = \"echo\"\n\n\
                [[bots.parrot.rules]]\nname = \"legal\"\nwhen.words = [\"lawyer\"]\nto = { skill = \"legal\" }\nwords = \"One moment.\"\n\n\
                [[logins]]\nuser = \"a\"\npassword = { env = \"NOT_NEEDED\" }\nbot = \"parrot\"\n";
    let config = file(folder.path(), "a.toml", text);
    let ran = talk(&["--config", &config], "hello\nI ask my lawyer\n");
    assert_eq!(ran.status, Some(0), "{ran:?}");
    for part in ["hello", "One moment.", "→ handed over to a person with the skill legal"] {
        assert!(ran.out.contains(part), "no {part:?} in {}", ran.out);
    }
    assert!(!ran.out.contains("I ask my lawyer"), "the bot was not asked: {}", ran.out);
}

#[test]
fn bytes_that_are_no_text_and_no_input_at_all_end_well() {
    let folder = tempfile::tempdir().unwrap();
    let ran = talk(&["--base", &shop(&folder)], b"\xff\xfe\x00caf\xe9\r\nyour address\r\n");
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.out.ends_with("https://shop.example/map\n"), "{ran:?}");
    assert_eq!(talk(&["--base", &shop(&folder)], "").out, "Welcome.\n");
}

#[test]
fn ctrl_c_leaves_the_chat() {
    let folder = tempfile::tempdir().unwrap();
    let mut running = Running::start_talking(attendant().args(["chat", "--base", &shop(&folder)]));
    running.logged("Welcome.");
    running.tell("your address");
    running.logged("Linden Street.");
    running.signal("-INT");
    assert_eq!(running.status(), Some(130));
}

#[test]
fn a_base_or_lesson_file_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let broken = file(folder.path(), "broken.yaml", "answers:\n  - id: a\n    quesions: [x]\n    answer: y\n");
    let ran = run(&["chat", "--base", &broken]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.err.contains("broken.yaml:3") && ran.err.contains("questions"), "{ran:?}");
    let ran = run(&["chat", "--base", &shop(&folder), "--learn", "/nowhere/lessons.jsonl"]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.err.contains("/nowhere/lessons.jsonl"), "{ran:?}");
    assert_eq!(run(&["chat", "--bot", "fqa"]).status, Some(2));
    let help = run(&["chat", "--help"]);
    assert!(help.out.contains("Examples:") && help.out.contains("/silence"), "{help:?}");
}
