//! Adds questions to a base as it is written, so that comments and order stay.

use std::path::Path;
use std::sync::Arc;

use super::write::in_quotes;
use super::yaml::{self, Node, Value};
use super::{KnowledgeBase, load};
use crate::Language;
use crate::problem::{Place, Problem, ProblemKind, Problems};

/// Adds questions to an answer of a file or folder. The file is replaced only if the base is valid afterwards; tells which
/// file it was.
pub fn add_questions(path: &Path, answer: &str, language: &Language, questions: &[String]) -> Result<String, Problems> {
    let base = KnowledgeBase::load(path)?;
    let Some(entry) = base.answer(answer) else {
        let ids = base.answers.iter().map(|answer| answer.id.as_str());
        let place = Place::whole(&path.display().to_string());
        return Err(Problem::error(place, ProblemKind::UnknownName, format!("there is no answer `{answer}`"))
            .nearest(answer, ids)
            .into());
    };
    let file = Arc::clone(&entry.place.file);
    let unreadable = |error: std::io::Error| {
        Problems::from(Problem::error(
            Place::whole(&file),
            ProblemKind::Unreadable,
            format!("cannot be changed: {error}"),
        ))
    };
    let text = std::fs::read_to_string(&*file).map_err(unreadable)?;
    let changed = insert(&file, &text, answer, language, base.default_language(), questions)?;
    // Try the whole base with the changed file before it is in force.
    load::load_with(path, &file, &changed)?;
    let beside = format!("{file}.{}.new", std::process::id());
    std::fs::write(&beside, changed).map_err(unreadable)?;
    std::fs::rename(&beside, &*file).map_err(unreadable)?;
    Ok(file.to_string())
}

/// The text with the questions put before the first one of the answer.
fn insert(
    file: &Arc<str>,
    text: &str,
    answer: &str,
    language: &Language,
    default: &Language,
    questions: &[String],
) -> Result<String, Problem> {
    let missing =
        |message: &str| Problem::error(Place::whole(file), ProblemKind::Missing, format!("`{answer}` {message}"));
    let root = yaml::parse(file, text)?.ok_or_else(|| missing("is not in this file"))?;
    let node = find(&root, answer).ok_or_else(|| missing("is not in this file"))?;
    let asked = get(node, "questions").ok_or_else(|| missing("has no list of questions to add to"))?;
    let list = match &asked.value {
        Value::Map(entries) => entries
            .iter()
            .find(|(key, _)| key.text().is_some_and(|tag| Language::new(tag) == *language))
            .map(|(_, value)| value),
        _ if language == default => Some(asked),
        _ => None,
    };
    let Some(Value::List(items)) = list.map(|list| &list.value) else {
        return Err(missing(&format!("has no list of questions in `{language}` to add to")));
    };
    let Some(first) = items.first() else { return Err(missing("has an empty list of questions")) };
    let offset = text.strip_prefix('\u{feff}').map_or(0, |_| '\u{feff}'.len_utf8());
    let start: usize =
        offset + text[offset..].split_inclusive('\n').take(first.place.line - 1).map(str::len).sum::<usize>();
    let line = &text[start..];
    let column = line.char_indices().nth(first.place.column - 1).map_or(line.len(), |(at, _)| at);
    let before = &line[..column];
    let block = before.trim_start().strip_prefix('-').is_some_and(|rest| rest.trim().is_empty());
    let mut new = String::new();
    for question in questions {
        let question = in_quotes(question);
        if block {
            new.extend([before, &question, "\n"]);
        } else {
            new.extend([question.as_str(), ", "]);
        }
    }
    let at = if block { start } else { start + column };
    Ok(format!("{}{new}{}", &text[..at], &text[at..]))
}

fn find<'n>(node: &'n Node, id: &str) -> Option<&'n Node> {
    match &node.value {
        Value::Map(entries) => {
            if get(node, "id").and_then(Node::text).map(str::trim) == Some(id) {
                return Some(node);
            }
            entries.iter().find_map(|(_, value)| find(value, id))
        }
        Value::List(items) => items.iter().find_map(|item| find(item, id)),
        Value::Scalar { .. } => None,
    }
}

fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_added_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("base.yaml");
        let text = "# mine\nlanguages: [en, de]\nanswers:\n  - id: a\n    questions:\n      en:\n        -   \"x: 1\" # first\n      \
                    de: [ja, nein]\n    answer: {en: yes, de: ja}\n";
        std::fs::write(&path, text).unwrap();
        let (en, de) = (Language::new("en"), Language::new("de"));
        add_questions(&path, "a", &en, &["why: \"not\"?".to_owned(), "so".to_owned()]).unwrap();
        add_questions(&path, "a", &de, &["doch".to_owned()]).unwrap();
        let base = KnowledgeBase::load(&path).unwrap();
        assert_eq!(base.answers[0].questions[&en], ["why: \"not\"?", "so", "x: 1"]);
        assert_eq!(base.answers[0].questions[&de], ["doch", "ja", "nein"]);
        let now = std::fs::read_to_string(&path).unwrap();
        assert!(now.starts_with("# mine\n") && now.contains("# first"), "{now}");
    }

    #[test]
    fn an_answer_that_is_not_there_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("base.yaml");
        std::fs::write(&path, "answers: [{id: abcd, questions: [x], answer: y}]").unwrap();
        let problems = add_questions(&path, "abce", &Language::new("en"), &["z".to_owned()]).unwrap_err();
        assert_eq!(problems.first().unwrap().kind, ProblemKind::UnknownName);
        let problems = add_questions(&path, "abcd", &Language::new("fr"), &["z".to_owned()]).unwrap_err();
        assert_eq!(problems.first().unwrap().kind, ProblemKind::Missing);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "answers: [{id: abcd, questions: [x], answer: y}]");
    }
}
