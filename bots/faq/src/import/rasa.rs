//! Rasa training data: `nlu` with examples, `responses`, and `rules` that join the two. The pieces may be spread over files.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use regex::Regex;

use super::builder::Builder;
use crate::base::yaml::{self, Node, Value};
use crate::problem::{Place, Problem, ProblemKind};

/// What the files of a project say.
#[derive(Default)]
pub struct Project {
    intents: Vec<(String, Vec<String>, Place)>,
    responses: BTreeMap<String, String>,
    /// Which action answers an intent.
    rules: BTreeMap<String, String>,
}

impl Project {
    /// Takes one file.
    pub fn add(&mut self, file: &Arc<str>, text: &str, builder: &mut Builder) -> Result<(), Problem> {
        let Some(root) = yaml::parse(file, text)? else {
            return Err(Problem::error(Place::whole(file), ProblemKind::Empty, "the file is empty"));
        };
        let mut useful = false;
        for section in ["nlu", "responses", "rules", "stories"] {
            let Some(node) = get(&root, section) else { continue };
            useful = true;
            match section {
                "nlu" => self.nlu(node, builder)?,
                "responses" => self.responses(node, builder)?,
                _ => self.rules(node),
            }
        }
        if !useful {
            return Err(Problem::error(root.place, ProblemKind::Columns, "this is not Rasa training data")
                .hint("expected `nlu:` with intents and examples, or `responses:`"));
        }
        Ok(())
    }

    fn nlu(&mut self, node: &Node, builder: &mut Builder) -> Result<(), Problem> {
        for item in list(node, "nlu")? {
            let Some(intent) = get(item, "intent").and_then(Node::text) else {
                builder.left_out(&item.place, "an item of `nlu` that is no intent (synonyms, lookups, regexes)");
                continue;
            };
            let Some(examples) = get(item, "examples") else {
                builder.left_out(&item.place, format!("the intent `{intent}` without examples"));
                continue;
            };
            let found: Vec<String> = match &examples.value {
                Value::Scalar { text, .. } => {
                    text.lines().filter_map(|line| line.trim().strip_prefix('-')).map(without_entities).collect()
                }
                Value::List(items) => items
                    .iter()
                    .filter_map(|item| item.text().or_else(|| get(item, "text").and_then(Node::text)))
                    .map(|text| without_entities(text.trim().trim_start_matches("- ")))
                    .collect(),
                Value::Map(_) => Vec::new(),
            };
            self.intents.push((intent.to_owned(), found, item.place.clone()));
        }
        Ok(())
    }

    fn responses(&mut self, node: &Node, builder: &mut Builder) -> Result<(), Problem> {
        let Value::Map(entries) = &node.value else {
            return Err(Problem::error(
                node.place.clone(),
                ProblemKind::WrongValue,
                "`responses` must be a block of keys",
            ));
        };
        for (name, value) in entries {
            let Some(name) = name.text() else { continue };
            let texts: Vec<&str> = list(value, name)?.iter().filter_map(|item| get(item, "text")?.text()).collect();
            match texts.as_slice() {
                [] => builder.left_out(&value.place, format!("the response `{name}` has no text")),
                [first, rest @ ..] => {
                    if !rest.is_empty() {
                        builder.left_out(
                            &value.place,
                            format!("{} more texts of `{name}`; the first is kept", rest.len()),
                        );
                    }
                    self.responses.insert(name.to_owned(), (*first).to_owned());
                }
            }
        }
        Ok(())
    }

    fn rules(&mut self, node: &Node) {
        let Value::List(rules) = &node.value else { return };
        for rule in rules {
            let Some(Value::List(steps)) = get(rule, "steps").map(|steps| &steps.value) else { continue };
            for pair in steps.windows(2) {
                let intent = get(&pair[0], "intent").and_then(Node::text);
                let action = get(&pair[1], "action").and_then(Node::text);
                if let (Some(intent), Some(action)) = (intent, action)
                    && action.starts_with("utter_")
                {
                    self.rules.entry(intent.to_owned()).or_insert_with(|| action.to_owned());
                }
            }
        }
    }

    /// Joins the pieces.
    pub fn finish(self, builder: &mut Builder) {
        for (intent, examples, place) in self.intents {
            let action = self.rules.get(&intent).cloned().unwrap_or_else(|| format!("utter_{intent}"));
            let Some(text) = self.responses.get(&action) else {
                builder.left_out(&place, format!("the intent `{intent}`: there is no response `{action}`"));
                continue;
            };
            let language = builder.language();
            let index = builder.answer(&format!("intent {intent}"), &intent.replace(['/', '_'], " "), &place);
            for example in &examples {
                builder.question(index, &language, example, &place);
            }
            builder.text(index, &language, text, &place);
            if let Some((category, _)) = intent.split_once('/') {
                builder.get(index).category = Some(category.to_owned());
            }
        }
    }
}

/// `book a table for [two]{"entity": "number"}` → `book a table for two`.
fn without_entities(example: &str) -> String {
    static MARK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})").ok());
    match &*MARK {
        Some(mark) => mark.replace_all(example.trim(), "$1").into_owned(),
        None => example.trim().to_owned(),
    }
}

fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
}

fn list<'n>(node: &'n Node, what: &str) -> Result<&'n [Node], Problem> {
    match &node.value {
        Value::List(items) => Ok(items),
        _ => Err(Problem::error(node.place.clone(), ProblemKind::WrongValue, format!("`{what}` must be a list"))),
    }
}
