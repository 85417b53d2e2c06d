//! The main job on a small base: real questions through real sockets, for both families and both transports.

use super::tool::{Ran, file, run};

/// A small base: six answers, each asked in a few ways.
fn pairs() -> Vec<(String, &'static str)> {
    let topics = [
        ("opening hours", "hours"),
        ("parcel tracking number", "tracking"),
        ("refund of a return", "refund"),
        ("delivery to a neighbour", "neighbour"),
        ("price of a stamp", "stamps"),
        ("passport photo", "photo"),
    ];
    let frames =
        ["what about the", "I need the", "tell me more of the", "question on the", "do you have a", "help with the"];
    let pair = |(topic, label): (&str, &'static str), frame: &str| (format!("{frame} {topic}"), label);
    topics.iter().flat_map(|topic| frames.iter().map(move |frame| pair(*topic, frame))).collect()
}

fn simulate(more: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<String> = pairs().iter().map(|(text, label)| format!("{text}\t{label}")).collect();
    let train = file(folder.path(), "train.tsv", lines.join("\n"));
    let ask = file(folder.path(), "ask.tsv", lines.join("\n"));
    let mut arguments = vec!["simulate", "--train", &train, "--ask", &ask, "--customers", "6", "--logins", "2"];
    arguments.extend(["--questions-a-chat", "4"]);
    arguments.extend(more);
    run(&arguments)
}

fn is_clean(family: &str, transport: &str) {
    let ran = simulate(&["--family", family, "--transport", transport, "--json"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let count = |key: &str| report[key].as_u64().unwrap_or_else(|| panic!("{key} in {report}"));
    assert_eq!(count("questions"), 36);
    assert_eq!(count("right") + count("wrong") + count("handed_over"), 36);
    assert!(count("right") > 18, "{report}");
    assert_eq!((count("unanswered"), count("answered_twice"), count("out_of_order")), (0, 0, 0));
}

#[test]
fn interactions_by_long_polling() {
    is_clean("interactions", "long-polling");
}

#[test]
fn interactions_by_websocket() {
    is_clean("interactions", "websocket");
}

#[test]
fn chats_by_long_polling() {
    is_clean("chats", "long-polling");
}

#[test]
fn chats_by_websocket() {
    is_clean("chats", "websocket");
}

#[test]
fn the_table_is_for_people() {
    let ran = simulate(&["--limit", "5"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    for row in ["answered rightly", "handed over", "answered twice", "round trip p99"] {
        assert!(ran.out.contains(row), "{ran:?}");
    }
}

#[test]
fn wrong_files_end_with_status_2_and_name_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let good = file(folder.path(), "good.tsv", "a b\tx\nc d\ty\n");
    let bad = file(folder.path(), "bad.tsv", "a b\tx\nno tab\n");
    for (train, ask) in [(&bad, &good), (&good, &bad)] {
        let ran = run(&["simulate", "--train", train, "--ask", ask]);
        assert_eq!(ran.status, Some(2), "{ran:?}");
        assert!(ran.err.contains("bad.tsv") && ran.err.contains("line 2"), "{ran:?}");
    }
    assert_eq!(run(&["simulate", "--train", "/no/such/file", "--ask", &good]).status, Some(2));
}

#[test]
fn a_busy_day_is_played_under_each_policy_and_adaptive_loses_the_fewest() {
    let days = |more: &[&str]| {
        let mut arguments = vec!["simulate", "--peak", "--day", "bank", "--chats", "400", "--json", "--quiet"];
        arguments.extend(more);
        let ran = run(&arguments);
        assert_eq!(ran.status, Some(0), "nobody is left alone: {ran:?}");
        serde_json::from_str::<serde_json::Value>(&ran.out).unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("day.svg");
    let day = days(&["--svg", picture.to_str().unwrap()]);
    let rows = day[0]["rows"].as_array().unwrap();
    let abandoned: Vec<f64> = rows.iter().map(|row| row["abandoned"].as_f64().unwrap()).collect();
    let [people_first, bot_first, adaptive] = abandoned[..] else { panic!("three policies: {day}") };
    assert!(adaptive < people_first && adaptive < bot_first, "{abandoned:?}");
    for row in rows {
        let share = |key: &str| row[key].as_f64().unwrap();
        let all = share("by_bot") + share("by_person") + share("call_backs") + share("abandoned");
        assert!((all - 1.0).abs() < 1e-9 && share("left_alone") == 0.0, "{row}");
    }
    let svg = std::fs::read_to_string(picture).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("people-first") && svg.contains("prefers-color-scheme:dark"));
    assert_eq!(days(&[]), day, "the same seed gives the same day");
}
