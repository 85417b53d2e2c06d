//! The knowledge base as text: what is said about what is wrong, and that nothing is lost on the way.

use faq_bot::base::{Escalation, Kind, Phrase};
use faq_bot::{KnowledgeBase, Language, Problem, ProblemKind, demo};

fn problems(yaml: &str) -> Vec<Problem> {
    match KnowledgeBase::parse("b.yaml", yaml) {
        Ok(base) => base.warnings,
        Err(problems) => problems.0,
    }
}

/// The kind, the line and the hint of the only error.
fn only_error(yaml: &str) -> (ProblemKind, usize, String) {
    let errors: Vec<Problem> = problems(yaml).into_iter().filter(Problem::is_error).collect();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    (errors[0].kind, errors[0].place.line, errors[0].hint.clone().unwrap_or_default())
}

const GOOD: &str = "answers:\n  - id: a\n    questions: [one, two, three]\n    answer: yes indeed\n";

#[test]
fn a_small_base_needs_little() {
    let base = KnowledgeBase::parse("b.yaml", GOOD).unwrap();
    assert_eq!(base.answers.len(), 1);
    assert!(base.warnings.is_empty(), "{:?}", base.warnings);
}

#[test]
fn a_wrong_key_gets_its_line_and_the_nearest_right_one() {
    // The questions are not told to be missing as well.
    let (kind, line, hint) = only_error(&GOOD.replace("questions", "quesions"));
    assert_eq!((kind, line), (ProblemKind::UnknownKey, 3));
    assert!(hint.contains("questions"), "{hint}");
}

#[test]
fn every_mistake_is_named() {
    let cases: &[(&str, ProblemKind, usize)] = &[
        ("answers:\n  - id: a\n    questions: [x]\n    answer: y\n    patern: z\n", ProblemKind::UnknownKey, 5),
        ("answers:\n  - id: a\n    questions: [x]\n    answer: y\n    answer: z\n", ProblemKind::Duplicate, 5),
        ("answers:\n  - questions: [x]\n    answer: y\n", ProblemKind::Missing, 2),
        ("answers:\n  - id: a\n    answer: y\n", ProblemKind::Missing, 2),
        ("answers:\n  - id: a\n    questions: [x]\n", ProblemKind::Missing, 2),
        ("answers:\n  - id: a\n    questions: [x]\n    answer: hello {Name\n", ProblemKind::WrongValue, 4),
        ("answers:\n  - id: a\n    questions: [x]\n    answer: y\n    handoff: perhaps\n", ProblemKind::WrongValue, 5),
        (
            "answers:\n  - id: a\n    questions: [x]\n    answer: y\n    handoff: {skil: z}\n",
            ProblemKind::WrongValue,
            5,
        ),
        ("answers:\n  - id: a\n    patterns: ['(']\n    answer: y\n", ProblemKind::Pattern, 3),
        ("answers:\n  - id: a\n    patterns: ['x*']\n    answer: y\n", ProblemKind::Pattern, 3),
        ("answers:\n  - id: a\n    questions: {de: [x]}\n    answer: y\n", ProblemKind::UnknownName, 3),
        (
            "languages: [en, \"?\"]\nanswers:\n  - id: a\n    questions: [x]\n    answer: y\n",
            ProblemKind::WrongValue,
            1,
        ),
        (
            "languages: [en, de]\nanswers:\n  - id: a\n    questions: {en: [x], de: [y]}\n    answer: z\n",
            ProblemKind::Untranslated,
            3,
        ),
        (
            "categories: {shop: {}}\nanswers:\n  - id: a\n    category: shoop\n    questions: [x]\n    answer: y\n",
            ProblemKind::UnknownName,
            3,
        ),
        (
            "phrases: {greting: hi}\nanswers:\n  - id: a\n    questions: [x]\n    answer: y\n",
            ProblemKind::UnknownKey,
            1,
        ),
        (
            "answers:\n  - id: a\n    questions: [x]\n    answer: y\n    links: [{url: \"javascript:x\"}]\n",
            ProblemKind::WrongValue,
            5,
        ),
        ("answers:\n  id: a\n", ProblemKind::WrongValue, 2),
        ("answers:\n  - id: a\n    questions: [x: y]\n    answer: z\n", ProblemKind::WrongValue, 3),
        ("- just\n- a list\n", ProblemKind::WrongValue, 1),
        ("answers:\n  - id: a\n   questions: [x]\n", ProblemKind::Syntax, 3),
    ];
    for (yaml, kind, line) in cases {
        let found = problems(yaml);
        assert!(
            found.iter().any(|problem| problem.is_error() && problem.kind == *kind && problem.place.line == *line),
            "{yaml}\n{found:#?}"
        );
        assert!(
            found.iter().all(|problem| problem.place.file.as_ref() == "b.yaml" || problem.place.line == 0),
            "{found:#?}"
        );
    }
}

#[test]
fn the_nearest_right_name_is_in_the_hint() {
    let hint = |yaml: &str| problems(yaml).into_iter().find_map(|problem| problem.hint).unwrap_or_default();
    assert!(hint("answer:\n  - id: a\n").contains("answers"));
    assert!(hint("categories: {delivery: {}}\nanswers:\n  - id: a\n    category: delivry\n    questions: [x, y, z]\n    answer: y\n").contains("delivery"));
    assert!(
        hint("phrases: {not_understood: x}\nanswers:\n  - id: a\n    questions: [x, y, z]\n    answer: y\n")
            .contains("not-understood")
    );
}

#[test]
fn ids_are_unique_and_questions_belong_to_one() {
    let twice = "answers:\n  - {id: a, questions: [x], answer: y}\n  - {id: a, questions: [z], answer: y}\n";
    assert_eq!(only_error(twice).0, ProblemKind::Duplicate);
    let same =
        "answers:\n  - {id: a, questions: [How?, why], answer: y}\n  - {id: b, questions: [WHY, how], answer: z}\n";
    assert_eq!((only_error(same).0, only_error(same).1), (ProblemKind::SameQuestions, 3));
    let shared =
        "answers:\n  - {id: a, questions: [x, y, z], answer: a}\n  - {id: b, questions: [x, v, w], answer: b}\n";
    assert!(problems(shared).iter().any(|problem| problem.kind == ProblemKind::SharedQuestion && !problem.is_error()));
    // Different customers may get different answers to the same question.
    let filtered = "answers:\n  - {id: a, questions: [x, y, z], answer: a, when: {Tier: gold}}\n  - {id: b, questions: [x, y, z], answer: b}\n";
    assert!(problems(filtered).is_empty(), "{:?}", problems(filtered));
}

#[test]
fn an_answer_that_only_its_pattern_can_fill_is_noticed() {
    let base = |answer: &str| {
        format!(
            "answers:\n  - id: a\n    questions: [x, y, z]\n    patterns: ['no (?<n>\\d+)']\n    answer: {answer}\n"
        )
    };
    assert_eq!(problems(&base("\"{n} is there\"")).len(), 1);
    assert!(problems(&base("\"{n|It} is there\"")).is_empty());
    assert!(problems(&base("\"{n} is there\\nLook there\"")).is_empty());
}

#[test]
fn the_demo_base_survives_being_written() {
    let base = demo().unwrap();
    let yaml = base.to_yaml();
    let again = KnowledgeBase::parse("again.yaml", &yaml).unwrap_or_else(|problems| panic!("{problems}\n{yaml}"));
    assert_eq!(again.to_yaml(), yaml);
    assert_eq!(again.answers.len(), base.answers.len());
    for (one, two) in base.answers.iter().zip(&again.answers) {
        assert_eq!(
            (&one.id, &one.questions, &one.title, &one.parent),
            (&two.id, &two.questions, &two.title, &two.parent)
        );
        assert_eq!(
            (&one.text, &one.escalation, &one.when, one.kind),
            (&two.text, &two.escalation, &two.when, two.kind)
        );
    }
}

#[test]
fn a_folder_is_one_base() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("a.yaml", "name: Shop\nlanguages: [de]\nhandoff: {queue: help}\n");
    std::fs::create_dir(folder.path().join("more")).unwrap();
    write("more/b.yml", "answers:\n  - {id: b, questions: [x, y, z], answer: hier}\n");
    write("more/c.yaml", "chit-chat:\n  - {id: c, questions: [u, v, w], answer: hallo}\n");
    write("notes.txt", "not: [a base");
    let base = KnowledgeBase::load(folder.path()).unwrap();
    assert_eq!((base.name.as_str(), base.answers.len()), ("Shop", 2));
    assert_eq!(base.answers[1].kind, Kind::ChitChat);
    assert_eq!(base.default_language(), &Language::new("de"));
    write("d.yaml", "name: Other\n");
    let problems = KnowledgeBase::load(folder.path()).unwrap_err();
    assert_eq!(problems.first().unwrap().kind, ProblemKind::Duplicate);
    assert!(problems.first().unwrap().place.file.ends_with("d.yaml"));
}

#[test]
fn phrases_handoff_and_links_are_read() {
    let yaml = "phrases: {greeting: \"\", goodbye: \"Bye {Name|you}\"}\nanswers:\n  - id: a\n    questions: [x, y, z]\n    \
                answer: [one, two]\n    links: [{title: Here, url: \"https://a.example/b\"}]\n    handoff: {skill: s, offer: yes}\n";
    let base = KnowledgeBase::parse("b.yaml", yaml).unwrap();
    let en = Language::new("en");
    assert_eq!(base.phrase(Phrase::Greeting, &en, &()), "");
    assert_eq!(base.phrase(Phrase::Goodbye, &en, &()), "Bye you");
    let texts: Vec<String> = base.answers[0].text[&en].iter().map(|text| text.fill(&())).collect();
    assert_eq!(texts, ["one", "two\nHere: https://a.example/b"]);
    assert!(matches!(&base.answers[0].escalation, Escalation::Offer(Some(_))));
}

#[test]
fn the_examples_of_the_guide_are_valid() {
    let guide = include_str!("../../README.md");
    let examples: Vec<&str> = guide.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= 2);
    for example in examples {
        let base = KnowledgeBase::parse("README.md", example).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(base.warnings.iter().all(|warning| warning.kind == ProblemKind::Untranslated), "{:?}", base.warnings);
    }
}
