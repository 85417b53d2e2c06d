//! Writes a base as a table, one line a question, that [`import`](crate::import) reads again.

use crate::KnowledgeBase;
use crate::base::{Escalation, Kind, Template};

/// What stands between the messages of an answer in a cell.
const BETWEEN: &str = "\n---\n";

/// The base as CSV.
pub fn to_csv(base: &KnowledgeBase) -> String {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    let heading = ["id", "kind", "parent", "category", "language", "title", "question", "answer", "disposition"];
    let mut rows: Vec<[String; 9]> = vec![heading.map(str::to_owned)];
    for answer in &base.answers {
        let kind = match answer.kind {
            Kind::Answer => "answer",
            Kind::ChitChat => "chit-chat",
            Kind::NotHandled => "not-handled",
        };
        for (language, questions) in &answer.questions {
            let texts = answer.text.get(language).into_iter().flatten().map(Template::source).collect::<Vec<_>>();
            for question in questions {
                rows.push([
                    answer.id.clone(),
                    kind.to_owned(),
                    answer.parent.clone().unwrap_or_default(),
                    answer.category.clone().unwrap_or_default(),
                    language.to_string(),
                    answer.title.get(language).cloned().unwrap_or_default(),
                    question.clone(),
                    texts.join(BETWEEN),
                    answer.disposition.clone().unwrap_or_default(),
                ]);
            }
        }
    }
    for row in rows {
        // Writing to memory cannot fail.
        let _ = writer.write_record(&row);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// What a table has no place for, by answer: for the person who exports.
pub fn left_out(base: &KnowledgeBase) -> Vec<String> {
    let mut lines = Vec::new();
    for answer in &base.answers {
        let mut what = Vec::new();
        if !answer.patterns.is_empty() {
            what.push("patterns");
        }
        if !answer.when.0.is_empty() {
            what.push("when");
        }
        if answer.escalation != Escalation::None {
            what.push("handoff");
        }
        if !what.is_empty() {
            lines.push(format!("{}: {}", answer.id, what.join(", ")));
        }
    }
    lines
}
