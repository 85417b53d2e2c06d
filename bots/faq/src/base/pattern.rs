//! Patterns: regular expressions that are sure of what was asked, and whose named groups fill placeholders. The engine
//! works in time linear to the text, whatever the pattern; what is bounded here is the size of the compiled pattern.

use regex::{Regex, RegexBuilder};

/// Longest source.
const SOURCE: usize = 1_000;
/// Largest compiled form, in bytes.
const COMPILED: usize = 256 * 1024;
/// How much of a customer's text is looked at.
const TEXT: usize = 4_096;

/// A pattern.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// Compiles a pattern; upper and lower case are the same. The error says why it is refused.
    pub fn parse(source: &str) -> Result<Self, String> {
        if source.len() > SOURCE {
            return Err(format!("the pattern is longer than {SOURCE} bytes"));
        }
        let regex = RegexBuilder::new(source)
            .case_insensitive(true)
            .size_limit(COMPILED)
            .dfa_size_limit(COMPILED)
            .nest_limit(50)
            .build()
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => {
                    "the pattern is too large when compiled; use smaller repetitions".to_owned()
                }
                // The last line holds the reason, the ones before show the place.
                other => other.to_string().lines().last().unwrap_or("not a regular expression").trim().to_owned(),
            })?;
        if regex.is_match("") {
            return Err("the pattern matches every text, even an empty one".to_owned());
        }
        Ok(Self(regex))
    }

    /// The source.
    pub fn source(&self) -> &str {
        self.0.as_str()
    }

    /// The names of its groups.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.capture_names().flatten()
    }

    /// The named groups, if the text matches. Only the beginning of a very long text is looked at.
    pub fn find(&self, text: &str) -> Option<Vec<(String, String)>> {
        let text = crate::text::head(text, TEXT);
        let captures = self.0.captures(text)?;
        Some(
            self.names()
                .filter_map(|name| captures.name(name).map(|found| (name.to_owned(), found.as_str().to_owned())))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_have_names() {
        let pattern = Pattern::parse(r"parcel (?<number>[a-z]{2}\d{4})\b").unwrap();
        assert_eq!(pattern.find("my PARCEL ab1234?"), Some(vec![("number".to_owned(), "ab1234".to_owned())]));
        assert_eq!(pattern.find("parcel x"), None);
    }

    #[test]
    fn runaway_patterns_are_refused_or_harmless() {
        assert!(Pattern::parse(r"(\w{1,1000}){1,1000}").is_err(), "too large");
        assert!(Pattern::parse(r"a*").is_err(), "matches everything");
        assert!(Pattern::parse(r"(a").is_err(), "not a pattern");
        assert!(Pattern::parse(&"a".repeat(SOURCE + 1)).is_err(), "too long");
        // Backtracking engines need 2^n steps for this one.
        let pattern = Pattern::parse(r"^(a+)+$").unwrap();
        assert_eq!(pattern.find(&("a".repeat(4_000_000) + "!")).map(|found| found.len()), Some(0));
    }
}
