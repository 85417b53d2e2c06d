//! What a report must say about a small knowledge base with known faults.

use super::*;
use crate::matcher::Example;

fn base() -> Vec<(String, String)> {
    let topics = ["parcel", "password", "invoice", "refund", "contract"];
    let frames =
        ["where is my #", "i need a new #", "the # is wrong", "can i change the #", "tell me about the #", "lost #"];
    let make = |topic: &str, frame: &str| (frame.replace('#', topic), topic.to_owned());
    let mut base: Vec<_> = topics.iter().flat_map(|topic| frames.iter().map(move |frame| make(topic, frame))).collect();
    base.push(("Where is my parcel?".to_owned(), "thin <b>".to_owned()));
    base
}

fn examples(base: &[(String, String)]) -> Vec<Example<'_>> {
    base.iter().map(|(text, answer)| Example::new(text, answer)).collect()
}

fn report() -> Report {
    let base = base();
    let out_of_scope = ["how is the weather", "sing me a song", "who won the match", "what is love", "two plus two"];
    let mut done = Vec::new();
    let report =
        cross_validate(&examples(&base), &out_of_scope, &TrainOptions::default(), |share| done.push(share)).unwrap();
    assert!(done.is_sorted() && done.last() == Some(&1.0));
    report
}

#[test]
fn cross_validation_finds_what_is_wrong_with_a_base() {
    let report = report();
    assert_eq!((report.in_scope.questions, report.answers), (31, 6));
    assert!(report.in_scope.accuracy > 60.0, "{:?}", report.in_scope);
    let InScope { answered_right, answered_wrong, offered_right, offered_wrong, left, .. } = report.in_scope;
    assert!((answered_right + answered_wrong + offered_right + offered_wrong + left - 100.0).abs() < 1e-6);
    assert_eq!(report.out_of_scope.map(|outside| outside.questions), Some(5));
    assert_eq!(report.contradictions.len(), 1);
    assert_eq!(report.thin, [Thin { answer: "thin <b>".to_owned(), questions: 1 }]);
    // The only question of an answer is never found when it is held out.
    assert!(report.by_answer.iter().any(|answer| answer.answer == "thin <b>" && answer.accuracy.abs() < 1e-9));
    assert!(report.confusions.iter().any(|confusion| confusion.expected == "thin <b>" && confusion.found == "parcel"));
    assert!(report.curve.windows(2).all(|pair| pair[1].right <= pair[0].right && pair[1].wrong <= pair[0].wrong));
}

#[test]
fn a_test_file_is_judged_by_the_matcher_as_it_is() {
    let base = base();
    let matcher = Matcher::train(&examples(&base), &[], &TrainOptions::default()).unwrap();
    let questions = [
        Question { text: "my password is lost", answer: Some("password") },
        Question { text: "where's the refund", answer: Some("no such answer") },
        Question { text: "кошка", answer: None },
    ];
    let report = evaluate(&matcher, &examples(&base), &questions, "a file");
    assert!((report.in_scope.accuracy - 50.0).abs() < 1e-9);
    assert_eq!(report.out_of_scope.map(|outside| (outside.questions, outside.recall)), Some((1, 100.0)));
    let nothing = evaluate(&matcher, &[], &[], "nothing");
    assert_eq!((nothing.in_scope, nothing.out_of_scope), (InScope::default(), None));
    assert!(nothing.table().contains("0 questions"));
}

#[test]
fn every_form_has_the_figures_and_the_page_is_safe() {
    let report = report();
    let json: serde_json::Value = serde_json::from_str(&report.json().unwrap()).unwrap();
    assert_eq!(json["in_scope"]["questions"], 31);
    assert_eq!(json["contradictions"][0]["other_answer"], "thin <b>");
    let table = report.table();
    assert!(table.contains("thin <b>") && table.contains("AUROC"));
    let page = report.page("A base <script>");
    assert!(page.contains("thin &lt;b&gt;") && !page.contains("<script") && !page.contains("<b>\""));
    let precision = report.out_of_scope.unwrap().precision;
    assert!(page.contains(&format!("<b>{precision:.1} %</b><span>of the questions not answered are strange")));
    // Without colours: dashes and marks on the lines, hatching in the columns, a name for each cell on a narrow screen.
    assert!(page.contains("<circle class=\"right\"") && page.contains("class=\"hatch\""));
    assert!(page.contains("stroke-dasharray: 7 4") && page.contains("data-column=\"right answer\""));
    for tag in ["svg", "section", "table", "thead", "tbody", "td", "span", "div", "ul", "main", "details"] {
        let (open, closed) = (page.matches(&format!("<{tag}")).count(), page.matches(&format!("</{tag}>")).count());
        assert_eq!(open, closed, "{tag}");
    }
    assert!(!page.contains("NaN") && !page.contains("inf"));
}
