//! The table of behaviours in the crate's docs is made from the doc lines of the tests, and may be neither stale nor incomplete.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::behaviours::{BEHAVIOURS, ELSEWHERE, SECTIONS};

/// Set this variable to write the table instead of checking it.
const UPDATE: &str = "BAYEUX_UPDATE_CONFORMANCE";

#[test]
fn the_table_of_behaviours_is_complete_and_fresh() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut shown: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for folder in ["src", "tests/it"] {
        for file in sources(&root.join(folder)) {
            collect(root, &file, &mut shown);
        }
    }
    let mut table = String::from(
        "# What this client does, and which test shows it\n\n\
         Made by the test `conformance` from the doc lines of the tests.\n",
    );
    let mut missing = Vec::new();
    let mut count = 0;
    for ((prefix, title), behaviours) in SECTIONS.iter().zip(BEHAVIOURS) {
        write!(table, "\n## {title}\n\n| Code | Behaviour | Shown by |\n| --- | --- | --- |\n").unwrap();
        for (index, behaviour) in behaviours.iter().enumerate() {
            count += 1;
            let code = format!("{prefix}{}", index + 1);
            let tests = shown.remove(&code).unwrap_or_default();
            let elsewhere = ELSEWHERE.iter().find(|(other, _)| *other == code).map(|(_, why)| (*why).to_owned());
            if tests.is_empty() && elsewhere.is_none() {
                missing.push(code.clone());
            }
            let tests = tests.iter().map(|test| format!("`{test}`"));
            let by: Vec<String> = tests.chain(elsewhere).collect();
            writeln!(table, "| {code} | {behaviour} | {} |", by.join("<br>")).unwrap();
        }
    }
    assert_eq!(count, 198);
    assert!(missing.is_empty(), "no test names {missing:?}");
    assert!(shown.is_empty(), "codes that nobody knows: {shown:?}");
    let path = root.join("CONFORMANCE.md");
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let present = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(present == table, "CONFORMANCE.md is stale: run the tests once with {UPDATE}=1");
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Finds the doc comments that begin with codes, and the tests below them.
fn collect(root: &Path, file: &Path, shown: &mut BTreeMap<String, Vec<String>>) {
    let text = std::fs::read_to_string(file).unwrap();
    let module = file.strip_prefix(root).unwrap().with_extension("");
    let module = module.to_string_lossy().replace("tests/it/", "").replace('/', "::");
    let mut codes: Vec<String> = Vec::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        if let Some(comment) = line.strip_prefix("/// ") {
            codes.extend(leading_codes(comment));
        } else if line.contains("test") && line.starts_with("#[") {
            is_test = true;
        } else if let Some(name) = line.strip_prefix("fn ").or_else(|| line.strip_prefix("async fn ")) {
            let name = name.split('(').next().unwrap_or_default();
            for code in codes.drain(..).filter(|_| is_test) {
                shown.entry(code).or_default().push(format!("{module}::{name}"));
            }
            is_test = false;
        } else if !line.starts_with("#[") {
            codes.clear();
            is_test = false;
        }
    }
}

/// `AK6, AK8: words` gives `AK6` and `AK8`.
fn leading_codes(comment: &str) -> Vec<String> {
    let end = comment
        .find(|character: char| !(character.is_ascii_alphanumeric() || ", ".contains(character)))
        .unwrap_or(comment.len());
    let codes: Vec<String> = comment[..end].split(", ").map(str::to_owned).collect();
    let is_code = |code: &String| {
        code.len() > 2
            && SECTIONS.iter().any(|(prefix, _)| code.starts_with(prefix))
            && code[2..].chars().all(|character| character.is_ascii_digit())
    };
    if codes.iter().all(is_code) { codes } else { Vec::new() }
}
