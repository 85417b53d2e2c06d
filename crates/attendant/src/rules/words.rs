//! Words that want a person: a complaint, a lawyer. Whole words, whatever their case.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::text::head;

/// Where a list that names no language is kept.
const ANY: &str = "any";
/// How much of a line is looked at, in bytes.
const TEXT: usize = 10_000;

/// Words and phrases, as a list, or as lists by language (`en`, `de`; `any` for all): of these the customer's own is taken
/// if it is known and has a list, else all. A word counts whole; `complain*` counts with any ending. Chinese and Japanese
/// have no spaces, so there a phrase counts wherever it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Words {
    by_language: BTreeMap<String, Vec<String>>,
}

impl Words {
    /// One list, whatever the language.
    pub fn new(list: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::default().of(ANY, list)
    }

    /// A list for one language.
    #[must_use]
    pub fn of(mut self, language: impl Into<String>, list: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.by_language.insert(language.into(), list.into_iter().map(Into::into).collect());
        self
    }

    pub(super) fn fires(&self, lines: &[&str], locale: Option<&str>) -> bool {
        lines.iter().any(|line| self.are_in(line, locale))
    }

    fn are_in(&self, line: &str, locale: Option<&str>) -> bool {
        let line = head(line, TEXT);
        let spaced = format!(" {} ", plain(line));
        let own = locale.map(primary).filter(|own| self.by_language.contains_key(own));
        let lists = self
            .by_language
            .iter()
            .filter(|(language, _)| language.as_str() == ANY || own.as_ref().is_none_or(|own| *language == own));
        lists.flat_map(|(_, list)| list).any(|phrase| is_in(phrase, &spaced))
    }

    pub(super) fn validate(&self) -> Result<(), String> {
        if self.by_language.values().all(Vec::is_empty) {
            return Err("words: the list is empty".to_owned());
        }
        match self.by_language.values().flatten().find(|phrase| plain(phrase).is_empty()) {
            Some(phrase) => Err(format!("words: `{phrase}` has no letters")),
            None => Ok(()),
        }
    }
}

/// `spaced` is plain, with a space before and after.
fn is_in(phrase: &str, spaced: &str) -> bool {
    let wanted = plain(phrase);
    if wanted.is_empty() {
        return false;
    }
    if wanted.chars().any(is_spaceless) {
        return spaced.replace(' ', "").contains(&wanted.replace(' ', ""));
    }
    let end = if phrase.trim_end().ends_with('*') { "" } else { " " };
    spaced.contains(&format!(" {wanted}{end}"))
}

/// Han, Hiragana and Katakana.
fn is_spaceless(letter: char) -> bool {
    matches!(letter, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

/// The language of a BCP 47 tag: `de` of `de-AT`.
pub(super) fn primary(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or_default().to_lowercase()
}

/// The words of a text in lower case with one space between: letters and digits, apostrophes taken out (`don't` → `dont`).
pub(super) fn plain(text: &str) -> String {
    let text = text.replace(['\'', '’'], "").to_lowercase();
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A list, or a table of lists: told apart by what is written, so that a mistake names its own line.
impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Lists;
        impl<'de> Visitor<'de> for Lists {
            type Value = Words;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of words, or a table with such a list for each language")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Words, A::Error> {
                let list = Vec::<String>::deserialize(de::value::SeqAccessDeserializer::new(list))?;
                Ok(Words::new(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Words, A::Error> {
                let by_language = BTreeMap::deserialize(de::value::MapAccessDeserializer::new(table))?;
                Ok(Words { by_language })
            }
        }
        deserializer.deserialize_any(Lists)
    }
}
