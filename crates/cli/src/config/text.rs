//! Reading a configuration file into a type, with errors that name the file, the line, and the nearest valid key.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

/// What is wrong with a configuration file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The file.
    pub file: PathBuf,
    /// Line and column, from 1, where they are known.
    pub place: Option<(usize, usize)>,
    /// The line of the file, where it is known.
    pub line: Option<String>,
    /// What is wrong.
    pub message: String,
    /// The nearest valid key or value.
    pub nearest: Option<String>,
}

impl Error {
    /// An error about a file as a whole.
    pub fn new(file: &Path, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), place: None, line: None, message: message.into(), nearest: None }
    }

    /// Adds the place of a setting, for errors found after parsing: by the keys on the way to it, or the place in a list, from
    /// 0. Where it is not in the file, the place of the nearest table around it.
    #[must_use]
    pub fn at(mut self, text: &str, path: &[&str]) -> Self {
        let Ok(document) = DeTable::parse(text) else { return self };
        let document = DeValue::Table(document.into_inner());
        let mut value = &document;
        let mut found = None;
        for step in path {
            let Some((span, next)) = follow(value, step) else { break };
            (found, value) = (Some(span), next);
        }
        if let Some(span) = found {
            let place = place_of(text, span.start);
            self.place = Some(place);
            self.line = text.lines().nth(place.0 - 1).map(str::to_owned);
        }
        self
    }

    /// Adds the nearest of the valid names, if one is near.
    #[must_use]
    pub fn nearest_of<'a>(mut self, given: &str, valid: impl IntoIterator<Item = &'a str>) -> Self {
        self.nearest = nearest(given, valid);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(line) = &self.line {
            write!(f, "\n    | {}", line.trim_end())?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Parses a file's text. Every type below must refuse unknown fields.
pub fn parse<T: DeserializeOwned>(file: &Path, text: &str) -> Result<T, Error> {
    toml::from_str(text).map_err(|error| located(file, text, &error))
}

/// Parses a table that was put together from the file and the environment.
pub fn parse_table<T: DeserializeOwned>(file: &Path, table: toml::Table) -> Result<T, Error> {
    table.try_into().map_err(|error: toml::de::Error| Error::new(file, error.message()))
}

fn located(file: &Path, text: &str, error: &toml::de::Error) -> Error {
    let said = error.message();
    let (message, nearest) = match unknown_name(said) {
        Some((given, valid)) if valid.is_empty() => (format!("unknown key `{given}`: none is allowed here"), None),
        Some((given, valid)) => {
            let message = format!("unknown key or value `{given}`; valid here: {}", valid.join(", "));
            (message, nearest(given, valid))
        }
        None => (said.to_owned(), None),
    };
    let place = error.span().map(|span| place_of(text, span.start));
    // Of a table whose kind decides its keys, only the heading is told: the key is found below it.
    let key = unknown_name(said).and_then(|(given, _)| {
        let from = place.map_or(0, |(line, _)| line - 1);
        text.lines().enumerate().skip(from).find(|(_, line)| is_key(line, given))
    });
    let place = key.map_or(place, |(number, line)| Some((number + 1, indent(line) + 1)));
    let line = place.and_then(|(line, _)| text.lines().nth(line - 1)).map(str::to_owned);
    Error { file: file.to_owned(), place, line, message, nearest }
}

/// One step on the way to a setting.
fn follow<'d>(value: &'d DeValue<'_>, step: &str) -> Option<(Range<usize>, &'d DeValue<'d>)> {
    match value {
        DeValue::Table(table) => {
            let (key, value) = table.iter().find(|(key, _)| key.get_ref() == step)?;
            Some((key.span(), value.get_ref()))
        }
        DeValue::Array(list) => {
            let value = list.get(step.parse::<usize>().ok()?)?;
            Some((value.span(), value.get_ref()))
        }
        _ => None,
    }
}

/// Line and column of a byte, from 1.
fn place_of(text: &str, byte: usize) -> (usize, usize) {
    let before = &text[..byte.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
    (line, column)
}

/// Whether a line sets this key.
fn is_key(line: &str, key: &str) -> bool {
    line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='))
}

fn indent(line: &str) -> usize {
    line.chars().take_while(|c| c.is_whitespace()).count()
}

/// Takes serde's "unknown field `a`, expected one of `b`, `c`" apart. The form is checked by a test.
fn unknown_name(message: &str) -> Option<(&str, Vec<&str>)> {
    let rest = message.strip_prefix("unknown field ").or_else(|| message.strip_prefix("unknown variant "))?;
    let mut quoted = rest.split('`').skip(1).step_by(2);
    let given = quoted.next()?;
    Some((given, quoted.collect()))
}

/// The nearest of the valid names, if it is near enough to be meant.
pub fn nearest<'a>(given: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<String> {
    valid
        .into_iter()
        .map(|name| (strsim::jaro_winkler(given, name), name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        #[expect(dead_code, reason = "only its presence matters")]
        server: Server,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Server {
        url: String,
        family: Family,
        #[serde(default)]
        port: u16,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Family {
        Interactions,
        Chats,
    }

    fn error(text: &str) -> Error {
        parse::<File>(Path::new("a.toml"), text).unwrap_err()
    }

    #[test]
    fn an_unknown_key_names_its_line_and_the_nearest_key() {
        let error = error("[server]\nurl = \"x\"\nfamly = \"chats\"\n");
        assert_eq!(error.place, Some((3, 1)));
        assert_eq!(error.nearest.as_deref(), Some("family"));
        assert_eq!(error.line.as_deref(), Some("famly = \"chats\""));
    }

    #[test]
    fn an_unknown_value_names_the_nearest_value() {
        let error = error("[server]\nurl = \"x\"\nfamily = \"chat\"\n");
        assert_eq!(error.place.map(|place| place.0), Some(3));
        assert_eq!(error.nearest.as_deref(), Some("chats"));
    }

    #[test]
    fn a_missing_key_and_a_wrong_type_name_their_line() {
        assert!(error("[server]\nurl = \"x\"\n").message.contains("family"));
        assert_eq!(error("\n[server]\nurl = 5\nfamily = \"chats\"").place.map(|place| place.0), Some(3));
        assert_eq!(
            error("[server]\nurl = \"x\"\nfamily = \"chats\"\nport = 70000").place.map(|place| place.0),
            Some(4)
        );
    }

    #[test]
    fn a_setting_is_found_however_it_is_written() {
        let line = |text: &str, key: &str| {
            let path: Vec<&str> = std::iter::once("conversation").chain(key.split('.')).collect();
            Error::new(Path::new("a.toml"), "wrong").at(text, &path).place.map(|place| place.0)
        };
        let tables = "[server]\n[conversation]\nmode = 1\n\n[conversation.bot]\npatience = 2\n[conversation.failover.to]\ndown = 3\n";
        assert_eq!(line(tables, "mode"), Some(3));
        assert_eq!(line(tables, "bot.patience"), Some(6));
        assert_eq!(line(tables, "bot.answer_within"), Some(5), "the nearest heading");
        assert_eq!(line(tables, "failover.to.down"), Some(8));
        assert_eq!(line(tables, "pace.speed"), Some(2));
        assert_eq!(line("[conversation]\nbot.patience = 2\n", "bot.patience"), Some(2));
        assert_eq!(line("[conversation]\nx = 1\nbot = { patience = 2 }\n", "bot.patience"), Some(3));
        assert_eq!(line("[server]\n[conversation.fallback]\nskill = 1\n", "fallback"), Some(2));
        assert_eq!(line("[ conversation . bot ]\n\"patience\" = 2\n", "bot.patience"), Some(2));
        assert_eq!(line("[[conversation.list]]\n[[conversation.list]]\na = 1\n", "list.1.a"), Some(3));
        assert_eq!(line("[[conversation.list]]\n[[conversation.list]]\na = 1\n", "list.1.b"), Some(2));
        assert_eq!(line("[server]\n", "mode"), None);
    }

    #[test]
    fn broken_syntax_names_its_line() {
        assert_eq!(error("[server]\nurl = \"x\nfamily = 1").place.map(|place| place.0), Some(2));
    }
}
