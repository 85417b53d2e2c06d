//! The bench runs on data that the test makes, and says clearly what is wrong with data.

use std::fs;

use super::*;

#[test]
fn data_that_are_missing_or_broken_are_named() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(run(folder.path(), |_| {}), Err(Error::File { .. })));
    let path = folder.path().join("broken.tsv");
    fs::write(&path, "a question\tlabel\n\nno tab here\n").unwrap();
    assert!(matches!(data::read(&path), Err(Error::Line { line: 3, .. })));
    fs::write(&path, "a\tb\tlabel\n").unwrap();
    assert_eq!(data::read(&path).unwrap(), [Row { text: "a\tb".to_owned(), label: "label".to_owned() }]);
}

#[test]
fn goals_are_judged_in_their_direction() {
    let mut report = Report::default();
    report.add("group", "high", 93.0, "%", Goal::above(92.0, 94.0));
    report.add("group", "fast", 13.0, "µs", Goal::below(30.0, 12.0));
    report.add("group", "same", 0.0, "points", Goal::exactly(0.0));
    assert!(report.all_met());
    assert_eq!(
        report.figures.iter().map(|figure| figure.is_reached).collect::<Vec<_>>(),
        [Some(false), Some(false), Some(true)]
    );
    report.add("group", "changed", 0.3, "points", Goal::exactly(0.0));
    assert!(!report.all_met());
    assert!(report.table().contains("MISSED") && report.table().contains("DialogFlow"));
    assert!(report.json().unwrap().contains("\"is_met\": false"));
}

#[test]
fn noise_is_as_much_as_was_asked_for_and_the_same_each_time() {
    let text = "where is the parcel that i ordered last week ".repeat(50);
    assert_eq!(noise::typos(&text, 0.05, 3), noise::typos(&text, 0.05, 3));
    assert_ne!(noise::typos(&text, 0.05, 3), noise::typos(&text, 0.05, 4));
    assert_eq!(noise::typos(&text, 0.0, 3), text);
    let changed = noise::typos(&text, 0.1, 3);
    assert!(changed.len().abs_diff(text.len()) < text.len() / 20);
}
