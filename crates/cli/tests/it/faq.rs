//! `attendant faq …`: what a team that keeps a knowledge base types, and what it gets.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use super::tool::{Ran, attendant, file, finish, run};

const SHOP: &str = "\
name: Shop
answers:
  - id: hours
    title: Opening hours
    questions: [When are you open?, opening hours, what time do you close, are you open on monday, until when can I come]
    answer: From 9 to 17.
  - id: place
    title: Address
    questions: [Where are you?, your address, which street, how do I get there, the way to you]
    answer: In Linden Street.
  - id: refund
    title: Refunds
    questions: [I want my money back, refund please, how long does a refund take, return my payment, give back my money]
    answer: In five days.
out-of-scope: [what is the weather, tell me a joke, who won the match]
";

fn shop(folder: &tempfile::TempDir) -> String {
    file(folder.path(), "shop.yaml", SHOP)
}

/// The keys of JSON, nested, with the kind of each value: what a script that reads it relies on.
fn shape(value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(fields) => {
            fields.iter().map(|(key, field)| (key.clone(), shape(field))).collect::<serde_json::Map<_, _>>().into()
        }
        serde_json::Value::Array(items) => items.first().map(shape).into_iter().collect::<Vec<_>>().into(),
        serde_json::Value::String(_) => "text".into(),
        serde_json::Value::Number(_) => "number".into(),
        serde_json::Value::Bool(_) => "yes or no".into(),
        serde_json::Value::Null => "nothing".into(),
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    for command in ["check", "train", "ask", "eval", "bench", "suggest", "import", "export"] {
        let ran = run(&["faq", command, "--help"]);
        assert_eq!(ran.status, Some(0));
        assert!(ran.out.contains("Example") && ran.out.contains(&format!("attendant faq {command}")), "{ran:?}");
        assert!(!ran.out.contains('\u{1b}'));
        assert_eq!(run(&["faq", command, "--no-such-flag"]).status, Some(2), "{command}");
    }
    assert_eq!(run(&["faq", "no-such-command"]).status, Some(2));
}

#[test]
fn json_is_valid_and_keeps_its_shape() {
    let folder = tempfile::tempdir().unwrap();
    let shop = shop(&folder);
    let models = folder.path().join("models");
    let lesson =
        r#"{"question":"do you sell stamps","language":"en","at":0,"kind":"unanswered","nearest":null,"score":0.0}"#;
    let log = file(folder.path(), "lessons.jsonl", format!("{lesson}\nnot json\n"));
    // A base and a test that have something to tell in every list.
    let poor =
        "  - {id: shut, questions: [opening hours, what time do you close today], answer: At 17.}\nout-of-scope:";
    let poor = file(folder.path(), "poor.yaml", SHOP.replace("out-of-scope:", poor));
    let tests = file(folder.path(), "test.tsv", "your address\thours\nrefund please\trefund\nplay music\toos\n");
    let train = run(&["faq", "train", &shop, "--out", models.to_str().unwrap(), "--json"]);
    let check = run(&["faq", "check", &shop, "--json"]);
    let eval = run(&["faq", "eval", &poor, "--test", &tests, "--json"]);
    let suggest = run(&["faq", "suggest", &shop, "--log", &log, "--json"]);
    insta::assert_json_snapshot!("train", shape(&train.json()));
    insta::assert_json_snapshot!("check", check.json());
    insta::assert_json_snapshot!("eval", shape(&eval.json()));
    insta::assert_json_snapshot!("suggest", shape(&suggest.json()));
    for ran in [&train, &check, &eval, &suggest] {
        assert_eq!((ran.status, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    }
    let ask = run(&["faq", "ask", "--base", &shop, "--models", models.to_str().unwrap(), "--json", "your address"]);
    assert_eq!(ask.status, Some(0), "{ask:?}");
    let said = ask.json();
    assert_eq!((&said["zone"], &said["candidates"][0]["id"]), (&"answer".into(), &"place".into()), "{said}");
    assert_eq!(said["says"], serde_json::json!(["In Linden Street."]));
}

#[test]
fn text_in_a_pipe_has_no_colours_and_no_progress_and_is_the_same_with_no_color() {
    let folder = tempfile::tempdir().unwrap();
    let shop = shop(&folder);
    let models = folder.path().join("models");
    let commands: [&[&str]; 5] = [
        &["check", &shop],
        &["train", &shop, "--out", models.to_str().unwrap()],
        &["ask", "--base", &shop, "refund please"],
        &["eval", &shop],
        &["export", &shop],
    ];
    for command in commands {
        let plain = finish(attendant().arg("faq").args(command));
        assert_eq!(plain.status, Some(0), "{plain:?}");
        assert!(!plain.out.contains('\u{1b}') && plain.err.is_empty(), "{plain:?}");
        let wanted = finish(attendant().env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").arg("faq").args(command));
        assert!(!wanted.out.contains('\u{1b}'), "NO_COLOR wins: {wanted:?}");
    }
}

#[test]
fn a_pipe_that_is_closed_early_is_no_failure() {
    let commands: [&[&str]; 3] =
        [&["faq", "export", DEMO], &["faq", "check", DEMO, "--json"], &["completions", "bash"]];
    for command in commands {
        let mut child = attendant().args(command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::with_capacity(1, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let left = child.wait_with_output().unwrap();
        let told = String::from_utf8(left.stderr).unwrap();
        assert_eq!(left.status.code(), Some(0), "{command:?}: {told}");
        assert!(!told.contains("error") && !told.contains("panic") && !told.contains("ipe"), "{command:?}: {told}");
    }
}

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../bots/faq/demo/parcel-shop.yaml");

#[test]
fn models_that_were_trained_ahead_are_taken_and_foreign_files_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let shop = shop(&folder);
    let models = folder.path().join("models");
    let train = run(&["faq", "train", &shop, "--out", models.to_str().unwrap()]);
    assert_eq!(train.status, Some(0), "{train:?}");
    assert!(train.out.contains("3 answers") && train.out.contains("15 questions"), "{train:?}");
    let ask = |models: &Path| {
        let models = models.to_str().unwrap();
        finish(attendant().args(["-v", "faq", "ask", "--base", &shop, "--models", models, "--json", "the way to you"]))
    };
    let taken = ask(&models);
    assert!(!taken.err.contains("training anew"), "{taken:?}");
    for entry in std::fs::read_dir(&models).unwrap() {
        std::fs::write(entry.unwrap().path(), "no model").unwrap();
    }
    let anew = ask(&models);
    assert!(anew.err.contains("training anew"), "{anew:?}");
    assert_eq!((anew.status, anew.json()["says"].clone()), (Some(0), taken.json()["says"].clone()));
}

#[test]
fn an_evaluation_is_a_table_json_and_a_page_with_the_same_figures() {
    let folder = tempfile::tempdir().unwrap();
    let shop = shop(&folder);
    let tests = file(
        folder.path(),
        "test.tsv",
        "opening hours please\thours\nwhich street is it\tplace\nplay some music\toos\n",
    );
    let page = folder.path().join("report.html");
    let arguments = ["faq", "eval", &shop, "--test", &tests, "--html", page.to_str().unwrap()];
    let table = run(&arguments);
    let report = finish(attendant().args(arguments).arg("--json")).json();
    assert_eq!(table.status, Some(0), "{table:?}");
    let accuracy = format!("{:.1} %", report["in_scope"]["accuracy"].as_f64().unwrap());
    let recall = format!("{:.1} %", report["out_of_scope"]["recall"].as_f64().unwrap());
    let page = std::fs::read_to_string(page).unwrap();
    for figure in [&accuracy, &recall] {
        assert!(table.out.contains(figure.as_str()) && page.contains(figure.as_str()), "{figure}: {table:?}");
    }
    assert!(
        page.starts_with("<!doctype html>") && !page.contains("http://") && !page.contains("https://"),
        "a page that needs no network"
    );
    for (text, said) in [("a\tours\n", "line 1"), ("a\thours\nno tab\n", "line 2"), ("", "no question")] {
        let wrong = file(folder.path(), "wrong.tsv", text);
        let ran = run(&["faq", "eval", &shop, "--test", &wrong]);
        assert_eq!(ran.status, Some(2), "{ran:?}");
        assert!(ran.err.contains("wrong.tsv") && ran.err.contains(said), "{ran:?}");
    }
    let ran = run(&["faq", "eval", &shop, "--language", "fr"]);
    assert!(ran.status == Some(2) && ran.err.contains("fr"), "{ran:?}");
}

#[test]
fn a_benchmark_without_data_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(&["faq", "bench", "--data", folder.path().to_str().unwrap()]);
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(ran.err.contains(folder.path().to_str().unwrap()), "{ran:?}");
}

fn import(folder: &Path, name: &str, bytes: impl AsRef<[u8]>, more: &[&str]) -> Ran {
    let path = file(folder, name, bytes);
    finish(attendant().args(["faq", "import", &path]).args(more))
}

#[test]
fn every_format_becomes_a_base_that_is_valid_and_goes_back_to_csv() {
    let utf16: Vec<u8> = std::iter::once(0xfeff)
        .chain("question\tanswer\nÖffnungszeiten?\tVon 9 bis 17\n".encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let qna_maker = "Question\tAnswer\tSource\tMetadata\tSuggestedQuestions\tIsContextOnly\tPrompts\tQnaId\n\
                     When?\tAt 9.\tEditorial\tcategory:time\t[]\tFalse\t[]\t1\nWhat time?\tAt 9.\tEditorial\t\t[]\tFalse\t[]\t1\n";
    let rasa = "version: \"3.1\"\nnlu:\n- intent: faq/hours\n  examples: |\n    - When?\n    - What time?\n\
                responses:\n  utter_faq/hours:\n  - text: At 9.\n";
    let cases: [(&str, &[u8], &[&str], &str); 7] = [
        ("a.csv", b"question,answer,id\nWhen?,At 9.,hours\nWhat time?,At 9.,hours\n", &[], "hours"),
        ("b.csv", b"Frage;Antwort\n\"Wann; offen?\";Um 9\n", &["--language", "de"], "wann-offen"),
        ("c.tsv", b"When?\tAt 9.\nWhat time?\tAt 9.\n", &[], "when"),
        ("d.tsv", &utf16, &["--language", "de"], "ffnungszeiten"),
        ("e.tsv", qna_maker.as_bytes(), &["--format", "qna-maker"], "when"),
        ("f.yml", rasa.as_bytes(), &["--format", "rasa"], "hours"),
        ("g.csv", b"When?,At 9.\n", &["--format", "dialogflow"], "when"),
    ];
    for (name, bytes, more, id) in cases {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out.yaml");
        let ran = import(folder.path(), name, bytes, &[more, &["--out", out.to_str().unwrap()]].concat());
        assert_eq!(ran.status, Some(0), "{name}: {ran:?}");
        assert!(ran.err.contains("answers imported") && ran.out.is_empty(), "{name}: {ran:?}");
        let yaml = std::fs::read_to_string(&out).unwrap();
        assert!(yaml.contains(id), "{name}: {yaml}");
        assert_eq!(run(&["faq", "check", out.to_str().unwrap()]).status, Some(0), "{name}: {yaml}");
        let back = run(&["faq", "export", out.to_str().unwrap()]);
        assert!(back.out.starts_with("id,kind,parent,") && back.out.contains(" 9"), "{name}: {back:?}");
        // A second import does not write over the first.
        let twice = import(folder.path(), name, bytes, &[more, &["--out", out.to_str().unwrap()]].concat());
        assert_eq!(twice.status, Some(2), "{name}");
        assert!(twice.err.contains("out.yaml") && twice.err.contains("hint"), "{twice:?}");
        assert_eq!(std::fs::read_to_string(&out).unwrap(), yaml);
    }
}

/// A file's name and content, more arguments, and what is said of it.
type Refused<'a> = (&'a str, &'a [u8], &'a [&'a str], &'a [&'a str]);

#[test]
fn what_cannot_be_imported_is_told_with_file_line_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let bare_utf16: Vec<u8> = "q\ta\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: [Refused<'_>; 10] = [
        ("a.csv", b"", &[], &["a.csv", "empty"]),
        ("b.csv", b"question,answr\nq,a\n", &[], &["b.csv:1", "answr", "answer"]),
        ("c.csv", b"question,answer\nq,a\n\nq,a,b\n", &[], &["c.csv:4", "3 columns", "quotes"]),
        ("d.csv", b"question,answer\nq,gr\xfc\xdfe\n", &[], &["d.csv:2", "not UTF-8", "windows-1252"]),
        ("e.tsv", &bare_utf16, &[], &["e.tsv:1", "UTF-16"]),
        ("f.docx", b"PK", &[], &["f.docx", "qna-maker"]),
        ("g.yml", b"nlu: [", &[], &["g.yml:2", "YAML"]),
        ("h.yml", b"some: thing\n", &[], &["h.yml:1", "nlu"]),
        ("i.tsv", b"one two three\n", &["--format", "qna-maker"], &["i.tsv:1", "Question"]),
        ("j.csv", b"a,b,c\n1,2,3\n", &[], &["j.csv:1", "heading"]),
    ];
    for (name, bytes, more, said) in cases {
        let ran = import(folder.path(), name, bytes, more);
        assert_eq!(ran.status, Some(2), "{name}: {ran:?}");
        for part in said {
            assert!(ran.err.contains(part), "{name}: no {part:?} in {}", ran.err);
        }
        assert!(ran.out.is_empty());
    }
    let latin = import(folder.path(), "k.csv", b"q,gr\xfc\xdfe\n", &["--encoding", "windows-1252"]);
    assert!(latin.status == Some(0) && latin.out.contains("grüße"), "{latin:?}");
    let missing = run(&["faq", "import", "/nowhere/x.csv"]);
    assert!(missing.status == Some(2) && missing.err.contains("/nowhere/x.csv"), "{missing:?}");
    let language = import(folder.path(), "l.csv", b"q,a\n", &["--language", "?"]);
    assert!(language.status == Some(2) && language.err.contains('?'), "{language:?}");
}

#[test]
fn a_broken_base_is_refused_by_every_command_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let broken = file(folder.path(), "broken.yaml", SHOP.replace("    title: Address", "    titel: Address"));
    let log = file(folder.path(), "lessons.jsonl", "");
    let commands: [&[&str]; 5] = [
        &["train", &broken, "--out", folder.path().to_str().unwrap()],
        &["ask", "--base", &broken, "x"],
        &["eval", &broken],
        &["suggest", &broken, "--log", &log],
        &["export", &broken],
    ];
    for command in commands {
        let ran = finish(attendant().arg("faq").args(command));
        assert_eq!(ran.status, Some(2), "{ran:?}");
        assert!(ran.err.contains("broken.yaml:8") && ran.err.contains("title") && ran.out.is_empty(), "{ran:?}");
    }
    let check = run(&["faq", "check", &broken]);
    assert_eq!(check.status, Some(2));
    assert!(check.out.contains("broken.yaml:8") && check.out.contains("title"), "{check:?}");
    let missing = run(&["faq", "suggest", &shop(&folder), "--log", "/nowhere.jsonl"]);
    assert!(missing.status == Some(2) && missing.err.contains("/nowhere.jsonl"), "{missing:?}");
}

#[test]
fn warnings_fail_a_strict_check_only() {
    let folder = tempfile::tempdir().unwrap();
    let thin = file(folder.path(), "thin.yaml", "answers:\n  - {id: a, questions: [one], answer: x}\n");
    let ran = run(&["faq", "check", &thin]);
    assert!(ran.status == Some(0) && ran.out.contains("warning"), "{ran:?}");
    assert_eq!(run(&["faq", "check", &thin, "--strict"]).status, Some(2));
}
