//! `attendant torture`: what it prints, and how it ends.

use crate::tool::run;

#[test]
fn a_good_run_is_told_as_a_table_and_as_json() {
    let ran = run(&["torture", "--conversations", "60", "--a-story", "20", "--faults", "--crashes"]);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    assert!(ran.out.contains("Every promise was kept."), "{}", ran.out);
    assert!(ran.err.is_empty(), "quiet when piped: {}", ran.err);
    let ran = run(&["torture", "--conversations", "60", "--a-story", "20", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.status, &told["conversations"], &told["violations"]), (Some(0), &60.into(), &0.into()));
}

#[test]
fn it_ends_after_so_many_steps() {
    let ran = run(&["torture", "--steps", "2000", "--a-story", "10", "--threads", "1", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    assert!((2_000..6_000).contains(&told["boundaries"].as_u64().unwrap()), "{told}");
}

#[test]
fn a_certificate_is_one_line_and_what_processes_log_is_no_part_of_it() {
    let ran = run(&["torture", "--certificate", "--every-pair", "0"]);
    assert_eq!(ran.status, Some(0), "{}", ran.out);
    assert!(ran.out.contains("crashes, 0 violations"), "{}", ran.out);
    assert!(ran.err.is_empty(), "quiet when piped: {}", &ran.err[..ran.err.len().min(1000)]);
}

#[test]
fn the_certificate_has_no_story_of_its_own() {
    let ran = run(&["torture", "--certificate", "--faults"]);
    assert_eq!(ran.status, Some(2));
}
