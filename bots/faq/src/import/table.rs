//! CSV and TSV. With a heading line the columns have names; without one there are two: question and answer.

use std::sync::Arc;

use super::builder::Builder;
use crate::Language;
use crate::base::Kind;
use crate::problem::{Place, Problem, ProblemKind, Problems};

/// Which table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Commas or semicolons.
    Csv,
    /// Tabs.
    Tsv,
    /// Question and answer, never a heading line.
    Dialogflow,
}

/// The columns, with the names under which they are known.
const COLUMNS: &[(&str, &[&str])] = &[
    ("question", &["question", "questions", "variant", "utterance", "text", "phrase", "frage"]),
    ("answer", &["answer", "response", "reply", "label", "antwort"]),
    ("id", &["id", "answer_id", "answer-id", "intent", "key", "name"]),
    ("title", &["title", "titel"]),
    ("category", &["category", "topic", "group", "kategorie"]),
    ("language", &["language", "lang", "locale", "sprache"]),
    ("kind", &["kind", "type"]),
    ("parent", &["parent", "follows", "follow_up_of"]),
    ("disposition", &["disposition"]),
];
/// Most wrong lines that are listed.
const LISTED: usize = 20;

/// A line of a table, with its number.
pub struct Row {
    pub place: Place,
    pub cells: Vec<String>,
}

/// The rows of a table. Where cells are not `quoted`, quotes stand for themselves unless a cell begins and ends with one.
pub fn rows(file: &Arc<str>, text: &str, delimiter: u8, quoted: bool) -> Result<Vec<Row>, Problems> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .quoting(quoted)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(0, |position| usize::try_from(position.line()).unwrap_or(0));
            let place = Place { file: Arc::clone(file), line, column: 0 };
            Problem::error(place, ProblemKind::Syntax, format!("this is not a table: {error}"))
        })?;
        let line = record.position().map_or(0, |position| {
            // The position is before the blank lines that were skipped on the way to the record.
            let rest = usize::try_from(position.byte()).ok().and_then(|byte| text.get(byte..)).unwrap_or_default();
            let blank =
                rest.bytes().take_while(|byte| matches!(byte, b'\r' | b'\n')).filter(|byte| *byte == b'\n').count();
            usize::try_from(position.line()).unwrap_or(0) + blank
        });
        let cells: Vec<String> = record
            .iter()
            .map(|cell| {
                let cell = cell.trim();
                match cell.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|_| !quoted) {
                    Some(inside) => inside.replace("\"\"", "\""),
                    None => cell.to_owned(),
                }
            })
            .collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            rows.push(Row { place: Place { file: Arc::clone(file), line, column: 0 }, cells });
        }
    }
    Ok(rows)
}

pub fn read(file: &Arc<str>, text: &str, shape: Shape, builder: &mut Builder) -> Result<(), Problems> {
    let delimiter = match shape {
        Shape::Tsv => b'\t',
        Shape::Csv | Shape::Dialogflow => separator(text),
    };
    let mut rows = rows(file, text, delimiter, delimiter != b'\t')?;
    if shape == Shape::Tsv && !is_even(&rows) {
        // Spreadsheets put cells with several lines into quotes, in tables with tabs too.
        match self::rows(file, text, delimiter, true) {
            Ok(quoted) if is_even(&quoted) => rows = quoted,
            _ => {}
        }
    }
    let Some(first) = rows.first() else {
        return Err(Problem::error(Place::whole(file), ProblemKind::Empty, "the table is empty").into());
    };
    let columns = if shape == Shape::Dialogflow { None } else { heading(first)? };
    let columns = match columns {
        Some(columns) => {
            rows.remove(0);
            columns
        }
        None => vec!["question", "answer"],
    };
    widths(&rows, columns.len())?;
    let cell = |row: &Row, name: &str| -> String {
        columns.iter().position(|column| *column == name).map_or_else(String::new, |index| row.cells[index].clone())
    };
    let mut parents = Vec::new();
    for row in &rows {
        let (question, answer, id) = (cell(row, "question"), cell(row, "answer"), cell(row, "id"));
        let language = match cell(row, "language").as_str() {
            "" => builder.language(),
            tag => Language::new(tag),
        };
        if !language.is_well_formed() {
            return Err(Problem::error(
                row.place.clone(),
                ProblemKind::WrongValue,
                format!("`{language}` is not a language tag"),
            )
            .into());
        }
        // Rows belong together by their id, or else by their answer.
        let key = if id.is_empty() { format!("answer {answer}") } else { format!("id {id}") };
        let title = cell(row, "title");
        let name = [&id, &title, &question].into_iter().find(|name| !name.is_empty()).cloned().unwrap_or_default();
        if id.is_empty() && answer.is_empty() {
            builder.left_out(&row.place, "a line without an answer");
            continue;
        }
        let index = builder.answer(&key, &name, &row.place);
        for question in question.lines() {
            builder.question(index, &language, question, &row.place);
        }
        builder.text(index, &language, &answer, &row.place);
        let kind = match cell(row, "kind").to_lowercase().as_str() {
            "" | "answer" => Kind::Answer,
            "chit-chat" | "chitchat" | "small talk" => Kind::ChitChat,
            "not-handled" => Kind::NotHandled,
            other => {
                return Err(Problem::error(
                    row.place.clone(),
                    ProblemKind::WrongValue,
                    format!("there is no kind `{other}`"),
                )
                .hint("a kind is answer, chit-chat or not-handled")
                .into());
            }
        };
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        let entry = builder.get(index);
        entry.kind = kind;
        entry.category = entry.category.take().or(some(cell(row, "category")));
        entry.disposition = entry.disposition.take().or(some(cell(row, "disposition")));
        if let Some(title) = some(title) {
            entry.title.entry(language).or_insert(title);
        }
        if let Some(parent) = some(cell(row, "parent")) {
            parents.push((index, parent, row.place.clone()));
        }
    }
    for (index, parent, place) in parents {
        match builder.find(&format!("id {parent}")) {
            Some(found) if found != index => {
                let id = builder.get(found).id.clone();
                builder.get(index).parent = Some(id);
            }
            _ => builder.left_out(&place, format!("there is no other answer `{parent}` to follow up")),
        }
    }
    Ok(())
}

/// A semicolon where the first line has more of them than of commas: tables from spreadsheets in half of Europe.
fn separator(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    if first.matches(';').count() > first.matches(',').count() { b';' } else { b',' }
}

/// The names of the columns, if the first line is a heading: when it names a question or an answer column.
fn heading(first: &Row) -> Result<Option<Vec<&'static str>>, Problems> {
    let names: Vec<Option<&str>> = first
        .cells
        .iter()
        .map(|cell| {
            let cell = cell.to_lowercase();
            COLUMNS.iter().find(|(_, names)| names.contains(&cell.as_str())).map(|(column, _)| *column)
        })
        .collect();
    let known = names.iter().flatten().count();
    if known == 0
        || (known == 1 && names.len() > 2)
        || !(names.contains(&Some("question")) || names.contains(&Some("answer")))
    {
        if first.cells.len() == 2 {
            return Ok(None);
        }
        return Err(Problem::error(
            first.place.clone(),
            ProblemKind::Columns,
            format!("{} columns without a heading line that names them", first.cells.len()),
        )
        .hint("either two columns, question and answer, or a first line with names such as id, question, answer, language")
        .into());
    }
    let mut columns = Vec::new();
    for (cell, name) in first.cells.iter().zip(names) {
        match name {
            Some(name) if columns.contains(&name) => {
                let message = format!("two columns are the {name}: `{cell}` is the second");
                return Err(Problem::error(first.place.clone(), ProblemKind::Columns, message).into());
            }
            Some(name) => columns.push(name),
            None => {
                let known = COLUMNS.iter().flat_map(|(_, names)| names.iter().copied());
                return Err(Problem::error(
                    first.place.clone(),
                    ProblemKind::Columns,
                    format!("the column `{cell}` is not known"),
                )
                .nearest(&cell.to_lowercase(), known)
                .into());
            }
        }
    }
    for needed in ["question", "answer"] {
        if !columns.contains(&needed) {
            let message = format!("there is no column `{needed}`");
            return Err(Problem::error(first.place.clone(), ProblemKind::Columns, message).into());
        }
    }
    Ok(Some(columns))
}

/// Whether all rows have as many cells as the first.
fn is_even(rows: &[Row]) -> bool {
    rows.windows(2).all(|pair| pair[0].cells.len() == pair[1].cells.len())
}

/// Every line must have as many columns as the heading.
fn widths(rows: &[Row], expected: usize) -> Result<(), Problems> {
    let wrong: Vec<&Row> = rows.iter().filter(|row| row.cells.len() != expected).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let problems = wrong.iter().take(LISTED).map(|row| {
        let message = format!("{} columns, expected {expected}", row.cells.len());
        Problem::error(row.place.clone(), ProblemKind::Columns, message)
            .hint("put cells that hold the separator in quotes")
    });
    Err(Problems(problems.collect()))
}
