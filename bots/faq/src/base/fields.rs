//! Reads the keys of a YAML block: each key once, known keys only, values of the right type. Problems are collected, so
//! that one run shows all of them.

use std::cell::RefCell;

use super::yaml::{Node, Value};
use crate::problem::{Problem, ProblemKind};

/// Collects problems.
#[derive(Debug, Default)]
pub struct Findings(RefCell<Vec<Problem>>);

impl Findings {
    pub fn add(&self, problem: Problem) {
        self.0.borrow_mut().push(problem);
    }

    pub fn error(&self, node: &Node, kind: ProblemKind, message: impl Into<String>) {
        self.add(Problem::error(node.place.clone(), kind, message));
    }

    pub fn into_problems(self) -> Vec<Problem> {
        self.0.into_inner()
    }
}

/// The keys of one block.
pub struct Fields<'n, 'f> {
    entries: Vec<(&'n str, &'n Node, &'n Node)>,
    findings: &'f Findings,
    asked: RefCell<Vec<&'static str>>,
}

impl<'n, 'f> Fields<'n, 'f> {
    /// The block at a node. `what` names it in messages.
    pub fn of(node: &'n Node, what: &str, findings: &'f Findings) -> Option<Self> {
        let Value::Map(pairs) = &node.value else {
            findings.error(
                node,
                ProblemKind::WrongValue,
                format!("{what} must be a block of keys, not {}", node.what()),
            );
            return None;
        };
        let mut entries: Vec<(&str, &Node, &Node)> = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            let Some(name) = key.text() else {
                findings.error(key, ProblemKind::WrongValue, format!("a key of {what} must be a word"));
                continue;
            };
            if let Some((_, first, _)) = entries.iter().find(|(known, ..)| *known == name) {
                findings.error(
                    key,
                    ProblemKind::Duplicate,
                    format!("`{name}` is there twice, first in line {}", first.place.line),
                );
                continue;
            }
            entries.push((name, key, value));
        }
        Some(Self { entries, findings, asked: RefCell::default() })
    }

    /// The value of a key, unless it is empty.
    pub fn get(&self, key: &'static str) -> Option<&'n Node> {
        self.asked.borrow_mut().push(key);
        self.entries.iter().find(|(name, ..)| *name == key).map(|(_, _, value)| *value).filter(|value| !value.is_null())
    }

    /// The text of a key.
    pub fn text(&self, key: &'static str) -> Option<&'n str> {
        text(self.get(key)?, key, self.findings)
    }

    /// All keys and values, whatever they are called.
    pub fn all(&self) -> impl Iterator<Item = (&'n str, &'n Node, &'n Node)> {
        self.entries.iter().copied()
    }

    /// Complains about keys that nobody has asked for. Tells whether all keys are known: if not, what seems to be missing
    /// may be there under a wrong name.
    pub fn finish(self, what: &str) -> bool {
        let asked = self.asked.into_inner();
        let mut all_known = true;
        for (name, key, _) in &self.entries {
            if !asked.contains(name) {
                all_known = false;
                let problem =
                    Problem::error(key.place.clone(), ProblemKind::UnknownKey, format!("{what} has no key `{name}`"))
                        .nearest(name, asked.iter().copied());
                let problem = match problem.hint {
                    Some(_) => problem,
                    None => problem.hint(format!("known keys are {}", asked.join(", "))),
                };
                self.findings.add(problem);
            }
        }
        all_known
    }
}

/// The text of a scalar.
pub fn text<'n>(node: &'n Node, what: &str, findings: &Findings) -> Option<&'n str> {
    let text = node.text();
    if text.is_none() {
        findings.error(node, ProblemKind::WrongValue, format!("{what} must be a text, not {}", node.what()));
    }
    text
}

/// The items of a list; a single text counts as a list of one.
pub fn texts<'n>(node: &'n Node, what: &str, findings: &Findings) -> Vec<(&'n str, &'n Node)> {
    match &node.value {
        Value::List(items) => items
            .iter()
            .filter_map(|item| {
                let found = item.text().map(|text| (text, item));
                if found.is_none() {
                    let problem = Problem::error(
                        item.place.clone(),
                        ProblemKind::WrongValue,
                        format!("an item of {what} must be a text, not {}", item.what()),
                    );
                    findings.add(match item.value {
                        Value::Map(_) => problem.hint("put a text with a colon in quotes"),
                        _ => problem,
                    });
                }
                found
            })
            .collect(),
        Value::Scalar { .. } => text(node, what, findings).map(|text| (text, node)).into_iter().collect(),
        Value::Map(_) => {
            findings.error(node, ProblemKind::WrongValue, format!("{what} must be a text or a list of texts"));
            Vec::new()
        }
    }
}

/// The items of a list of blocks.
pub fn items<'n>(node: &'n Node, what: &str, findings: &Findings) -> &'n [Node] {
    if let Value::List(items) = &node.value {
        return items;
    }
    findings.add(
        Problem::error(
            node.place.clone(),
            ProblemKind::WrongValue,
            format!("{what} must be a list, not {}", node.what()),
        )
        .hint("each item of a list starts with a dash"),
    );
    &[]
}
