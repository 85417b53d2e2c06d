//! Imports of what teams have, and the export back.

use faq_bot::base::Kind;
use faq_bot::import::{self, Encoding, Format, Options, Source};
use faq_bot::{KnowledgeBase, Language, ProblemKind, Problems, demo, export};

fn import(name: &str, text: impl AsRef<[u8]>, format: Option<Format>) -> Result<KnowledgeBase, Problems> {
    let sources = [Source { name: name.to_owned(), bytes: text.as_ref().to_vec() }];
    import::read(&sources, &Options { format, ..Options::default() })
}

fn questions(base: &KnowledgeBase, index: usize) -> Vec<&str> {
    base.answers[index].questions.values().flatten().map(String::as_str).collect()
}

fn text(base: &KnowledgeBase, index: usize) -> String {
    base.answers[index].text.values().flatten().map(|text| text.fill(&())).collect::<Vec<_>>().join("|")
}

#[test]
fn csv_with_a_heading_and_german_semicolons() {
    let table = "Frage;Antwort;Kategorie\n\"Wann; offen?\";\"Von 9\nbis 17\";Zeiten\nBis wann?;\"Von 9\nbis 17\";Zeiten\nWo?;Hier;\n";
    let base = import("x.csv", table, None).unwrap();
    assert_eq!(base.answers.len(), 2);
    assert_eq!(questions(&base, 0), ["Wann; offen?", "Bis wann?"]);
    assert_eq!(text(&base, 0), "Von 9\nbis 17");
    assert_eq!(base.answers[0].category.as_deref(), Some("Zeiten"));
    assert_eq!(base.answers[0].id, "wann-offen");
}

#[test]
fn tsv_of_text_and_label() {
    let base = import("x.tsv", "where is \"it\"\tlost\nmy \"card\"\tlost\npin\tpin {x\n", None).unwrap();
    assert_eq!(questions(&base, 0), ["where is \"it\"", "my \"card\""]);
    // A brace that is no placeholder stays a brace.
    assert_eq!(text(&base, 1), "pin {x");
}

#[test]
fn tsv_from_a_spreadsheet_has_cells_with_several_lines() {
    let base =
        import("x.tsv", "question\tanswer\n\"where\nhow far\"\t\"Here.\nNot \"\"there\"\".\"\nwhen\tNow\n", None)
            .unwrap();
    assert_eq!(questions(&base, 0), ["where", "how far"]);
    assert_eq!((text(&base, 0).as_str(), text(&base, 1).as_str()), ("Here.\nNot \"there\".", "Now"));
}

#[test]
fn csv_with_ids_languages_and_follow_ups() {
    let table = "id,parent,language,question,answer,kind\n\
                 open,,en,When?,At 9,answer\nopen,,de,Wann?,Um 9,answer\nsun,open,en,Sunday?,Closed,answer\nhi,,en,Hello,Hi,chit-chat\n";
    let base = import("x.csv", table, None).unwrap();
    assert_eq!(base.languages, [Language::new("en"), Language::new("de")]);
    let ids: Vec<(&str, Option<&str>)> =
        base.answers.iter().map(|answer| (answer.id.as_str(), answer.parent.as_deref())).collect();
    assert_eq!(ids, [("open", None), ("sun", Some("open")), ("hi", None)]);
    assert_eq!(base.answers[2].kind, Kind::ChitChat);
}

#[test]
fn dialogflow_has_no_heading() {
    let base = import("x.csv", "question,answer\nWhy?,Because\n", Some(Format::Dialogflow)).unwrap();
    assert_eq!(base.answers.len(), 2);
    assert_eq!(questions(&base, 0), ["question"]);
}

#[test]
fn qna_maker_with_prompts_and_metadata() {
    let table = "Question\tAnswer\tSource\tMetadata\tSuggestedQuestions\tIsContextOnly\tPrompts\tQnaId\tSourceDisplayName\n\
        How do I pay?\tBy card.\\nOr cash.\tEditorial\tcategory:money|level:2\t[]\tFalse\t[{\"displayOrder\":0,\"qnaId\":2,\"displayText\":\"In cash\"}]\t1\tEditorial\n\
        Payment\tBy card.\\nOr cash.\tEditorial\tcategory:money|level:2\t[]\tFalse\t[{\"displayOrder\":0,\"qnaId\":2,\"displayText\":\"In cash\"}]\t1\tEditorial\n\
        Cash how\tAt the counter.\tEditorial\t\t[]\tTrue\t[]\t2\tEditorial\n";
    let base = import("kb.tsv", table, None).unwrap();
    assert_eq!(base.answers.len(), 2);
    assert_eq!(questions(&base, 0), ["How do I pay?", "Payment"]);
    assert_eq!(text(&base, 0), "By card.\nOr cash.");
    assert_eq!(base.answers[0].category.as_deref(), Some("money"));
    assert_eq!(base.answers[1].parent.as_deref(), Some(base.answers[0].id.as_str()));
    assert_eq!(questions(&base, 1), ["Cash how", "In cash"]);
    assert!(
        base.warnings.iter().any(|warning| warning.kind == ProblemKind::LeftOut && warning.message.contains("level"))
    );
}

#[test]
fn rasa_from_two_files() {
    let nlu = "version: \"3.1\"\nnlu:\n- intent: faq/ask_hours\n  examples: |\n    - When are you open?\n    - open on [Sunday](day)?\n\
        - intent: greet\n  examples: |\n    - hi\n    - hello\n- intent: lost\n  examples: |\n    - x\n- synonym: y\n  examples: |\n    - z\n";
    let domain = "responses:\n  utter_faq/ask_hours:\n  - text: From 9 to 17.\n  utter_hello:\n  - text: Hi {name}!\n  - text: Hey!\n\
        rules:\n- rule: greet\n  steps:\n  - intent: greet\n  - action: utter_hello\n";
    let sources = [("nlu.yml", nlu), ("domain.yml", domain)]
        .map(|(name, text)| Source { name: name.to_owned(), bytes: text.as_bytes().to_vec() });
    let base = import::read(&sources, &Options::default()).unwrap();
    assert_eq!(base.answers.len(), 2);
    assert_eq!(questions(&base, 0), ["When are you open?", "open on Sunday?"]);
    assert_eq!(base.answers[0].category.as_deref(), Some("faq"));
    assert_eq!(questions(&base, 1), ["hi", "hello"]);
    let left_out = base.warnings.iter().filter(|warning| warning.kind == ProblemKind::LeftOut).count();
    assert_eq!(left_out, 3, "{:#?}", base.warnings);
}

#[test]
fn wrong_columns_and_encodings_are_told_with_their_line() {
    let kind = |name: &str, bytes: &[u8], format| {
        let problems = import(name, bytes, format).unwrap_err();
        let first = problems.first().unwrap().clone();
        (first.kind, first.place.line)
    };
    assert_eq!(kind("x.csv", b"a,b,c\n1,2,3\n", None), (ProblemKind::Columns, 1));
    assert_eq!(kind("x.csv", b"question,answr\nq,a\n", None), (ProblemKind::Columns, 1));
    assert_eq!(kind("x.csv", b"question,answer\nq,a\n\nq,a,b\n", None), (ProblemKind::Columns, 4));
    assert_eq!(kind("x.csv", b"question,question,answer\nq,r,a\n", None), (ProblemKind::Columns, 1));
    assert_eq!(kind("x.csv", b"question,answer\nq,gr\xfc\xdfe\n", None), (ProblemKind::Encoding, 2));
    assert_eq!(kind("x.csv", b"", None), (ProblemKind::Empty, 0));
    assert_eq!(kind("x.tsv", b"Question\tAnswer\tQnaId\nq\n", None), (ProblemKind::Columns, 2));
    assert_eq!(kind("x.tsv", b"one two three\n", Some(Format::QnaMaker)), (ProblemKind::Columns, 1));
    assert_eq!(kind("x.yml", b"some: thing\n", None), (ProblemKind::Columns, 1));
    assert_eq!(kind("x.yml", b"nlu: [", None).0, ProblemKind::Syntax);
    assert_eq!(kind("x.docx", b"PK", None), (ProblemKind::WrongValue, 0));
    let latin = Source { name: "x.csv".to_owned(), bytes: b"q,gr\xfc\xdfe\n".to_vec() };
    let options = Options { encoding: Some(Encoding::Windows1252), ..Options::default() };
    assert_eq!(text(&import::read(&[latin], &options).unwrap(), 0), "grüße");
}

#[test]
fn the_demo_base_goes_through_a_table_and_back() {
    let base = demo().unwrap();
    let back = import("demo.csv", export::to_csv(&base), Some(Format::Csv)).unwrap();
    assert_eq!(back.answers.len(), base.answers.len());
    for answer in &base.answers {
        let same = back.answer(&answer.id).unwrap_or_else(|| panic!("{} is lost", answer.id));
        assert_eq!((&same.questions, same.kind, &same.parent), (&answer.questions, answer.kind, &answer.parent));
        for (language, texts) in &answer.text {
            if answer.questions.contains_key(language) {
                assert_eq!(same.text.get(language), Some(texts), "{}", answer.id);
            }
        }
    }
    // What a table has no place for is told.
    assert!(export::left_out(&base).iter().any(|line| line.starts_with("track-parcel")));
}
