//! YAML as a tree in which every node knows its place. Anchors, aliases and a second document are refused: a base stays
//! readable, and no input grows when it is read.

use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use crate::problem::{Place, Problem, ProblemKind};

/// Deepest nesting.
const DEPTH: usize = 32;

/// A value and its place.
#[derive(Debug, Clone)]
pub struct Node {
    pub place: Place,
    pub value: Value,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub enum Value {
    /// Text; `plain` when it was written without quotes.
    Scalar { text: String, plain: bool },
    /// A list.
    List(Vec<Node>),
    /// Keys and values, in order.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// What it is, in words.
    pub fn what(&self) -> &'static str {
        match &self.value {
            Value::Scalar { .. } if self.is_null() => "nothing",
            Value::Scalar { .. } => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a block of keys",
        }
    }

    /// Whether nothing is written here.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if text.is_empty() || text == "~" || text == "null")
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }
}

enum Open {
    List { place: Place, items: Vec<Node> },
    Map { place: Place, entries: Vec<(Node, Node)>, key: Option<Node> },
}

/// Reads one document. `None` when the text holds nothing.
pub fn parse(file: &Arc<str>, text: &str) -> Result<Option<Node>, Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parser = Parser::new_from_str(text);
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            let place = Place { file: Arc::clone(file), line: error.marker().line(), column: error.marker().col() + 1 };
            Problem::error(place, ProblemKind::Syntax, format!("this is not YAML: {}", error.info())).hint(
                "texts with a colon, a # or a leading quote must be put in quotes; check the indentation above, too",
            )
        })?;
        let place = place(file, span);
        let done = match event {
            Event::Scalar(text, style, ..) => Some(Node {
                place,
                value: Value::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain },
            }),
            Event::SequenceStart(..) => {
                open.push(Open::List { place, items: Vec::new() });
                None
            }
            Event::MappingStart(..) => {
                open.push(Open::Map { place, entries: Vec::new(), key: None });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(|open| match open {
                Open::List { place, items } => Node { place, value: Value::List(items) },
                Open::Map { place, entries, .. } => Node { place, value: Value::Map(entries) },
            }),
            Event::Alias(_) => {
                return Err(Problem::error(place, ProblemKind::Syntax, "aliases (*name) are not supported here")
                    .hint("write the text again, or quote it if the * belongs to it"));
            }
            Event::DocumentStart(_) if root.is_some() => {
                return Err(Problem::error(place, ProblemKind::Syntax, "a second document starts here")
                    .hint("remove the line `---`, or put the rest into a file of its own"));
            }
            _ => None,
        };
        if open.len() > DEPTH {
            let place = match open.pop() {
                Some(Open::List { place, .. } | Open::Map { place, .. }) => place,
                None => Place::whole(file),
            };
            return Err(Problem::error(place, ProblemKind::TooLarge, format!("nested deeper than {DEPTH} levels")));
        }
        let Some(node) = done else { continue };
        match open.last_mut() {
            None => root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { entries, key, .. }) => match key.take() {
                None => *key = Some(node),
                Some(name) => entries.push((name, node)),
            },
        }
    }
    Ok(root.filter(|node| !node.is_null()))
}

fn place(file: &Arc<str>, span: Span) -> Place {
    Place { file: Arc::clone(file), line: span.start.line(), column: span.start.col() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Node>, Problem> {
        parse(&"x.yaml".into(), text)
    }

    #[test]
    fn knows_places_of_keys_and_values() {
        let root = read("a: 1\nlist:\n  - x\n  - \"y: z\"\n").unwrap().unwrap();
        let Value::Map(entries) = &root.value else { panic!("a map") };
        let Value::List(items) = &entries[1].1.value else { panic!("a list") };
        assert_eq!((items[1].place.line, items[1].place.column), (4, 5));
        assert_eq!(items[1].text(), Some("y: z"));
    }

    #[test]
    fn refuses_what_would_grow_or_hide() {
        assert_eq!(read("a: &x [1]\nb: *x\n").unwrap_err().kind, ProblemKind::Syntax);
        assert_eq!(read("a: 1\n---\nb: 2\n").unwrap_err().kind, ProblemKind::Syntax);
        assert_eq!(read(&"[".repeat(DEPTH + 1)).unwrap_err().kind, ProblemKind::TooLarge);
        assert!(read(&"[".repeat(1_000_000)).is_err());
        assert!(read(&"- ".repeat(100_000)).is_err());
        assert_eq!(read("a: 1\n  b: [\n").unwrap_err().kind, ProblemKind::Syntax);
    }

    #[test]
    fn nothing_is_none() {
        for text in ["", "   \n", "# only a comment\n", "---\n", "\u{feff}"] {
            assert!(read(text).unwrap().is_none(), "{text:?}");
        }
    }
}
