//! Comparisons of drafts and shadows with people, read back.

use super::tool::{file, run};

const LINES: &str = concat!(
    r#"{"interaction":"A1","at":1,"asked":["how much?"],"bot":["Five euros."],"next":"listen","person":["five euros"]}"#,
    "\n",
    r#"{"interaction":"A1","at":2,"asked":["and by post?"],"bot":["Six euros by post."],"next":"listen","person":["It is six euros by post."]}"#,
    "\n\n",
    r#"{"interaction":"B2","at":3,"asked":["my card 4111 is broken"],"bot":["We open at nine."],"next":"listen","person":["I am sorry to hear that."]}"#,
    "\n",
    r#"{"interaction":"B2","at":4,"asked":["a human!"],"bot":[],"next":{"hand-off":{"choices":[],"words":null,"note":null,"rule":"asked"}},"person":["I am one."]}"#,
    "\n",
    r#"{"interaction":"C3","at":5,"asked":["hm"],"bot":["Pardon?"],"next":"listen","person":[]}"#,
    "\n",
    r#"{"interaction":"C3","at":6,"asked":["hm?"],"bot":[],"next":"listen","failed":"the bot panicked","person":["Hello."]}"#,
    "\n",
);

#[test]
fn how_often_the_bot_said_what_the_person_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "c.jsonl", LINES);
    let json = run(&["compare", &path, "--json"]).json();
    let count = |key: &str| json[key].as_u64().unwrap_or_else(|| panic!("{key} in {json}"));
    assert_eq!((count("comparisons"), count("both")), (6, 3));
    assert_eq!((count("same"), count("alike"), count("different")), (1, 1, 1));
    assert_eq!((count("left_it"), count("bot_failed"), count("person_silent"), count("bot_silent")), (1, 1, 1, 0));
    assert!((json["agreed"].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-9);
    let shown = json["shown"].as_array().unwrap();
    assert_eq!(shown[2]["line"], 4, "an empty line counts as a line");
    assert_eq!((&shown[3]["verdict"], &shown[3]["interaction"]), (&"left-it".into(), &"B2".into()));
    // Stricter, and nothing is alike any more.
    let strict = run(&["compare", &path, "--json", "--alike", "1"]).json();
    assert_eq!((strict["alike"].as_u64(), strict["different"].as_u64()), (Some(0), Some(2)));
}

#[test]
fn people_see_both_side_by_side_as_the_file_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "c.jsonl", LINES);
    let ran = run(&["compare", &path]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let row = ran.out.lines().find(|line| line.contains("We open at nine.")).unwrap();
    assert!(row.contains('│') && row.ends_with("I am sorry to hear that."), "{row}");
    assert!(ran.out.contains("> my card 4111 is broken"), "nothing is masked: {}", ran.out);
    assert!(ran.out.contains("(would hand over, rule asked)"), "{}", ran.out);
    assert!(ran.out.contains("the same words") && ran.out.contains("33.3 %"), "{}", ran.out);
    let only = run(&["compare", &path, "--only", "different", "--last", "1"]);
    assert!(only.out.contains("We open at nine.") && !only.out.contains("Six euros"), "{only:?}");
    assert!(!run(&["compare", &path, "--summary"]).out.contains("We open"));
    assert!(run(&["compare", "--help"]).out.contains("Examples:"));
}

#[test]
fn what_is_no_comparison_names_its_line() {
    let folder = tempfile::tempdir().unwrap();
    for (text, place, hint) in [
        (LINES.replacen("\"at\":2", "\"at\":two", 1), "c.jsonl:2:", ""),
        (LINES.replacen("\"asked\":[\"hm\"],", "", 1), "c.jsonl:6:", ""),
        (LINES[..LINES.len() - 30].to_owned(), "c.jsonl:7:", "cut off"),
        ("\u{0}\n".to_owned(), "c.jsonl:1:", ""),
    ] {
        let ran = run(&["compare", &file(folder.path(), "c.jsonl", &text)]);
        assert_eq!(ran.status, Some(2), "{ran:?}");
        assert!(ran.err.contains(place) && ran.err.contains(hint), "{place}: {ran:?}");
        assert!(ran.out.is_empty());
    }
    let missing = run(&["compare", "/no/such/file"]);
    assert!(missing.status == Some(2) && missing.err.contains("/no/such/file"), "{missing:?}");
    let empty = run(&["compare", &file(folder.path(), "empty.jsonl", "")]);
    assert!(empty.status == Some(0) && empty.out.contains("no comparison"), "{empty:?}");
    assert_eq!(run(&["compare", &file(folder.path(), "c.jsonl", LINES), "--alike", "2"]).status, Some(2));
}
