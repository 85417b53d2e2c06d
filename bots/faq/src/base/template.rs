//! Texts with placeholders: `{Name}`, `{Name|there}` with a default, `{{` and `}}` for the braces themselves.

/// Longest value that is put into a text; what a customer wrote can be longer.
const VALUE: usize = 200;

/// Where the values of placeholders come from.
pub trait Values {
    /// The value of a name.
    fn value(&self, name: &str) -> Option<&str>;
}

/// No values.
impl Values for () {
    fn value(&self, _: &str) -> Option<&str> {
        None
    }
}

/// One value after the other: the first source that knows a name wins.
impl<A: Values, B: Values> Values for (A, B) {
    fn value(&self, name: &str) -> Option<&str> {
        self.0.value(name).or_else(|| self.1.value(name))
    }
}

impl Values for &dyn Values {
    fn value(&self, name: &str) -> Option<&str> {
        (**self).value(name)
    }
}

impl Values for attendant::AttachedData {
    fn value(&self, name: &str) -> Option<&str> {
        self.get(name)
    }
}

impl Values for &[(String, String)] {
    fn value(&self, name: &str) -> Option<&str> {
        self.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl<const N: usize> Values for [(&str, &str); N] {
    fn value(&self, name: &str) -> Option<&str> {
        self.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }
}

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    source: String,
    lines: Vec<Vec<Piece>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Slot { name: String, default: Option<String> },
}

impl Template {
    /// Reads a text. The error says what is wrong with a brace.
    pub fn parse(source: &str) -> Result<Self, String> {
        let source = source.trim();
        let lines = source.lines().map(|line| pieces(line.trim_end())).collect::<Result<_, _>>()?;
        Ok(Self { source: source.to_owned(), lines })
    }

    /// A text in which braces mean nothing.
    pub fn literal(text: &str) -> Self {
        let text = text.trim();
        let lines = text.lines().map(|line| vec![Piece::Text(line.trim_end().to_owned())]).collect();
        Self { source: text.replace('{', "{{").replace('}', "}}"), lines }
    }

    /// The text as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The placeholders: name, and whether there is a default.
    pub fn slots(&self) -> impl Iterator<Item = (&str, bool)> {
        self.lines.iter().flatten().filter_map(|piece| match piece {
            Piece::Slot { name, default } => Some((name.as_str(), default.is_some())),
            Piece::Text(_) => None,
        })
    }

    /// The text with values. A line whose placeholder has neither a value nor a default is left out, so that a customer
    /// never reads a half-filled sentence.
    pub fn fill(&self, values: &dyn Values) -> String {
        let lines = self.lines.iter().filter_map(|pieces| fill(pieces, values)).collect::<Vec<_>>();
        lines.join("\n").trim().to_owned()
    }
}

fn fill(pieces: &[Piece], values: &dyn Values) -> Option<String> {
    let mut line = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => line.push_str(text),
            Piece::Slot { name, default } => {
                let value = values.value(name).map(clean).filter(|value| !value.is_empty());
                line.push_str(value.as_deref().or(default.as_deref())?);
            }
        }
    }
    Some(line)
}

/// One line, without control characters, of bounded length.
fn clean(value: &str) -> String {
    let text: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).take(VALUE).collect();
    text.trim().to_owned()
}

fn pieces(line: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        let after = &rest[at + 1..];
        if let Some(tail) = after.strip_prefix(brace) {
            text.push_str(brace);
            rest = tail;
            continue;
        }
        let ("{", Some((inside, tail))) = (brace, after.split_once('}')) else {
            return Err(format!("a single `{brace}` in a text; write `{brace}{brace}` for the brace itself"));
        };
        let (name, default) = match inside.split_once('|') {
            Some((name, default)) => (name.trim(), Some(default.trim().to_owned())),
            None => (inside.trim(), None),
        };
        if !is_name(name) {
            return Err(format!(
                "`{{{inside}}}` is not a placeholder: a name has letters, digits, `_`, `-` and `.`; write `{{{{` for a brace"
            ));
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut text)));
        }
        pieces.push(Piece::Slot { name: name.to_owned(), default });
        rest = tail;
    }
    text.push_str(rest);
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Ok(pieces)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_defaults_and_braces() {
        let text = Template::parse("Hello {Name|there}, {{ok}}\nYour parcel {Number} is on its way.").unwrap();
        assert_eq!(text.fill(&()), "Hello there, {ok}");
        assert_eq!(
            text.fill(&[("Name", "Ada"), ("Number", "DE\n1")]),
            "Hello Ada, {ok}\nYour parcel DE 1 is on its way."
        );
        assert_eq!(text.slots().collect::<Vec<_>>(), [("Name", true), ("Number", false)]);
    }

    #[test]
    fn a_stray_brace_is_refused() {
        for text in ["a { b", "a } b", "{}", "{a b}", "{ |x}", "{Name"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_literal_survives_being_read_again() {
        let text = Template::literal("x {y} z");
        assert_eq!(text.fill(&()), "x {y} z");
        assert_eq!(Template::parse(text.source()).unwrap().fill(&()), "x {y} z");
    }

    #[test]
    fn a_long_value_is_cut() {
        let text = Template::parse("{x}").unwrap();
        assert_eq!(text.fill(&[("x", "y".repeat(1000).as_str())]).len(), VALUE);
    }
}
