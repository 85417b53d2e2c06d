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

/// A configuration with a rule, and with what is written after it.
fn config(folder: &std::path::Path, rule: &str, more: &str) -> String {
    let text = format!(
        "[server]\nbase_url = \"http://127.0.0.1:9/api/v2\"\n\n[bots.shop]\nkind = \"echo\"\n\n[[bots.shop.rules]]\n{rule}\n\n\
         [[logins]]\nuser = \"a\"\npassword = {{ env = \"NOT_NEEDED\" }}\nbot = \"shop\"\n\n{more}"
    );
    file(folder, "attendant.toml", text)
}

#[test]
fn customers_meet_the_rules_and_the_policy_of_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let rule = "name = \"stamps\"\nwhen.words = [\"stamp\"]\nto = { skill = \"postage\", warm = true, introduction = \"{name}!\" }";
    let config = config(folder.path(), rule, "[peak]\npolicy = \"people-first\"\n");
    let handed_over = |more: &[&str]| {
        let ran = simulate(&[&["--json"], more].concat());
        assert_eq!(ran.status, Some(0), "{ran:?}");
        ran.json()["handed_over"].as_u64().unwrap()
    };
    // Six questions are about stamps; a person who can do "postage" takes them.
    assert!(handed_over(&["--config", &config]) >= handed_over(&[]) + 5);
}

#[test]
fn days_are_played_with_the_rules_and_the_policy_of_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let day = |more: &[&str]| {
        let arguments = [&["simulate", "--peak", "--day", "bank", "--chats", "200", "--json"], more].concat();
        let ran = run(&arguments);
        assert_eq!((ran.status, ran.err.as_str()), (Some(0), ""), "a clean screen: {ran:?}");
        let json = ran.json();
        let row = |number: usize, key: &str| json[0]["rows"][number][key].as_f64().unwrap();
        ["gave_up_talking", "by_person"].map(|key| (row(1, key), row(2, key)))
    };
    let [(talking, _), (_, by_person)] = day(&[]);
    assert!(talking > 0.1, "bot-first wears customers out: {talking}");
    // The rule must be obeyed whatever the policy is, and the words of its place are not an answer.
    let rule = "name = \"unsure\"\nwhen.confidence = { below = 0.9, times = 1 }\nmust = true\n\
                to = { skill = \"service\", words = \"One moment.\" }";
    let [(ruled, _), _] = day(&["--config", &config(folder.path(), rule, "")]);
    assert!(ruled < talking / 2.0, "{ruled} of {talking}");
    // Whoever is never unsure enough hands nobody over early.
    let rule = "name = \"never\"\nwhen.words = [\"no such word\"]\nto = { skill = \"service\" }";
    let [_, (_, reluctant)] = day(&["--config", &config(folder.path(), rule, "[peak]\nunsure_below = 0.0\n")]);
    assert!(reluctant < 0.8 * by_person, "{reluctant} of {by_person}");
    let wrong = run(&["simulate", "--peak", "--config", &config(folder.path(), "name = \"a\"\nwen = 1", "")]);
    assert!(wrong.status == Some(2) && wrong.err.contains("attendant.toml:9"), "{wrong:?}");
}
