//! The TSV of QnA Maker and of Azure's custom question answering: one line a question; lines of one answer share its
//! number. Prompts become follow-ups where their target is for that context only.

use std::sync::Arc;

use serde::Deserialize;

use super::builder::Builder;
use super::table;
use crate::base::plain;
use crate::problem::{Place, Problem, ProblemKind, Problems};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Prompt {
    qna_id: Option<i64>,
    #[serde(default)]
    display_text: String,
}

pub fn read(file: &Arc<str>, text: &str, builder: &mut Builder) -> Result<(), Problems> {
    let rows = table::rows(file, text, b'\t', false)?;
    let Some((heading, rows)) = rows.split_first() else {
        return Err(Problem::error(Place::whole(file), ProblemKind::Empty, "the table is empty").into());
    };
    let column = |name: &str| heading.cells.iter().position(|cell| cell.eq_ignore_ascii_case(name));
    let (Some(question), Some(answer)) = (column("Question"), column("Answer")) else {
        return Err(Problem::error(heading.place.clone(), ProblemKind::Columns, "no columns `Question` and `Answer`")
            .hint("export the project from QnA Maker or Azure as TSV; the first line holds the names of the columns")
            .into());
    };
    let (id, prompts, context, metadata) =
        (column("QnaId"), column("Prompts"), column("IsContextOnly"), column("Metadata"));
    let needed = question.max(answer) + 1;
    let mut links: Vec<(usize, Prompt, Place)> = Vec::new();
    let mut only_in_context = Vec::new();
    for row in rows {
        if row.cells.len() < needed || row.cells.len() > heading.cells.len() {
            let message = format!("{} columns, the first line has {}", row.cells.len(), heading.cells.len());
            return Err(Problem::error(row.place.clone(), ProblemKind::Columns, message)
                .hint("a tab or a line break inside of a cell must be written as \\t or \\n")
                .into());
        }
        let cell = |column: Option<usize>| column.and_then(|column| row.cells.get(column)).map_or("", String::as_str);
        let (question, answer) = (cell(Some(question)), unescaped(cell(Some(answer))));
        let language = builder.language();
        let key = match cell(id) {
            "" => format!("answer {answer}"),
            number => format!("qna {number}"),
        };
        let new = builder.find(&key).is_none();
        let index = builder.answer(&key, question, &row.place);
        builder.question(index, &language, question, &row.place);
        builder.text(index, &language, &answer, &row.place);
        if cell(context).eq_ignore_ascii_case("true") {
            only_in_context.push(index);
        }
        if !new {
            continue; // the rest is the same on every line of an answer
        }
        for pair in cell(metadata).split('|').filter(|pair| !pair.trim().is_empty()) {
            match pair.split_once(':') {
                Some((key, value)) if key.trim().eq_ignore_ascii_case("category") => {
                    builder.get(index).category = Some(value.trim().to_owned());
                }
                _ => builder
                    .left_out(&row.place, format!("the metadata `{}`; use `when` if it is a filter", pair.trim())),
            }
        }
        let found = cell(prompts);
        if !found.is_empty() {
            match serde_json::from_str::<Vec<Prompt>>(found) {
                Ok(found) => links.extend(found.into_iter().map(|prompt| (index, prompt, row.place.clone()))),
                Err(error) => builder.left_out(&row.place, format!("prompts that cannot be read: {error}")),
            }
        }
    }
    for (parent, prompt, place) in links {
        let target = prompt.qna_id.and_then(|number| builder.find(&format!("qna {number}")));
        let Some(target) = target.filter(|target| *target != parent) else {
            builder.left_out(&place, format!("the prompt `{}` leads nowhere", prompt.display_text));
            continue;
        };
        let language = builder.language();
        let shown = prompt.display_text.trim().to_owned();
        if !shown.is_empty() {
            builder.get(target).title.entry(language.clone()).or_insert_with(|| shown.clone());
        }
        if only_in_context.contains(&target) && builder.get(target).parent.is_none() {
            let id = builder.get(parent).id.clone();
            builder.get(target).parent = Some(id);
            // In its context, the words of the button are a way to ask.
            if !plain(&shown).is_empty() {
                builder.question(target, &language, &shown, &place);
            }
        }
    }
    Ok(())
}

/// Line breaks and tabs are written as `\n` and `\t` in these files.
fn unescaped(cell: &str) -> String {
    cell.replace("\\r", "").replace("\\n", "\n").replace("\\t", "\t")
}
