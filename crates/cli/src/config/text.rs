//! Reading a configuration file into a type, with errors that name the file, the line, and the nearest valid key.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

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

    /// Adds the place of the first line that holds this text, for errors found after parsing.
    #[must_use]
    pub fn at(mut self, text: &str, needle: &str) -> Self {
        if let Some((number, line)) = text.lines().enumerate().find(|(_, line)| line.contains(needle)) {
            self.place = Some((number + 1, line.find(needle).map_or(1, |byte| line[..byte].chars().count() + 1)));
            self.line = Some(line.to_owned());
        }
        self
    }

    /// Adds the place of a key in a table, or of the table's heading where the key is not in it.
    #[must_use]
    pub fn at_key(self, text: &str, heading: &str, key: &str) -> Self {
        let Some(start) = text.lines().position(|line| line.trim() == heading) else { return self };
        let mut of_table = text.lines().enumerate().skip(start + 1).take_while(|(_, line)| !is_heading(line));
        let found = of_table.find(|(_, line)| is_key(line, key)).map_or(start, |(number, _)| number);
        self.at_line(text, found)
    }

    /// Adds the place of a setting below a table, by its key with dots: in a table of its own, as a key with dots, or within
    /// an inline table; else of the nearest heading.
    #[must_use]
    pub fn at_setting(mut self, text: &str, table: &str, key: &str) -> Self {
        let parts: Vec<&str> = key.split('.').collect();
        let headings = (0..=parts.len()).rev().map(|depth| {
            let heading = [&[table], &parts[..depth]].concat().join(".");
            (format!("[{heading}]"), &parts[depth..])
        });
        let mut nearest = None;
        for (heading, rest) in headings {
            let Some(start) = text.lines().position(|line| line.trim() == heading) else { continue };
            let of_table = || text.lines().enumerate().skip(start + 1).take_while(|(_, line)| !is_heading(line));
            let found = (1..=rest.len()).rev().find_map(|keep| {
                let key = rest[..keep].join(".");
                of_table().find(|(_, line)| is_key(line, &key)).map(|(number, _)| number)
            });
            if let Some(number) = found.or_else(|| rest.is_empty().then_some(start)) {
                return self.at_line(text, number);
            }
            nearest.get_or_insert(start);
        }
        if let Some(number) = nearest {
            self = self.at_line(text, number);
        }
        self
    }

    /// Adds the place of a key in the table that is the so-manieth of its heading, from 0: `[[bots.shop.rules]]`.
    #[must_use]
    pub fn at_nth(self, text: &str, heading: &str, number: usize, key: &str) -> Self {
        let mut headings = text.lines().enumerate().filter(|(_, line)| line.trim() == heading);
        let Some((start, _)) = headings.nth(number) else { return self };
        let mut of_table = text.lines().enumerate().skip(start + 1).take_while(|(_, line)| !is_heading(line));
        let found = of_table.find(|(_, line)| is_key(line, key)).map_or(start, |(number, _)| number);
        self.at_line(text, found)
    }

    fn at_line(mut self, text: &str, number: usize) -> Self {
        if let Some(line) = text.lines().nth(number) {
            self.place = Some((number + 1, indent(line) + 1));
            self.line = Some(line.to_owned());
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
    let span = error.span();
    let place = span.map(|span| {
        let before = &text[..span.start.min(text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
        (line, column)
    });
    // Of a table whose kind decides its keys, only the heading is told: the key is found below it.
    let key = unknown_name(said).and_then(|(given, _)| {
        let from = place.map_or(0, |(line, _)| line - 1);
        text.lines().enumerate().skip(from).find(|(_, line)| is_key(line, given))
    });
    let place = key.map_or(place, |(number, line)| Some((number + 1, indent(line) + 1)));
    let line = place.and_then(|(line, _)| text.lines().nth(line - 1)).map(str::to_owned);
    Error { file: file.to_owned(), place, line, message, nearest }
}

fn is_heading(line: &str) -> bool {
    line.trim_start().starts_with('[')
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
            let error = Error::new(Path::new("a.toml"), "wrong").at_setting(text, "conversation", key);
            error.place.map(|place| place.0)
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
        assert_eq!(line("[server]\n", "mode"), None);
    }

    #[test]
    fn broken_syntax_names_its_line() {
        assert_eq!(error("[server]\nurl = \"x\nfamily = 1").place.map(|place| place.0), Some(2));
    }
}
