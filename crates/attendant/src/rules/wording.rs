//! What a rule says to the customer, in one language or in several.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::words::primary;

/// Words for everybody, or by language (`en`, `de`, `pt-BR`). A customer of another language gets `en`, else the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Wording {
    /// The same for everybody.
    Same(String),
    /// By language.
    ByLanguage(BTreeMap<String, String>),
}

impl Default for Wording {
    fn default() -> Self {
        Self::Same(String::new())
    }
}

impl<T: Into<String>> From<T> for Wording {
    fn from(words: T) -> Self {
        Self::Same(words.into())
    }
}

impl Wording {
    /// Whether there are no words at all.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Same(words) => words.trim().is_empty(),
            Self::ByLanguage(words) => words.values().all(|words| words.trim().is_empty()),
        }
    }

    /// The words for a customer; `None` if there are none.
    pub fn pick(&self, locale: Option<&str>) -> Option<&str> {
        let words = match self {
            Self::Same(words) => Some(words),
            Self::ByLanguage(words) => {
                let tag = locale.unwrap_or("en");
                let own = words.iter().find(|(language, _)| language.eq_ignore_ascii_case(tag)).map(|(_, words)| words);
                own.or_else(|| words.get(&primary(tag))).or_else(|| words.get("en")).or_else(|| words.values().next())
            }
        };
        words.map(String::as_str).filter(|words| !words.trim().is_empty())
    }
}

impl<'de> Deserialize<'de> for Wording {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Wording;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("words, or a table with words for each language")
            }

            fn visit_str<E: de::Error>(self, words: &str) -> Result<Wording, E> {
                Ok(words.into())
            }

            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Wording, A::Error> {
                BTreeMap::deserialize(de::value::MapAccessDeserializer::new(table)).map(Wording::ByLanguage)
            }
        }
        deserializer.deserialize_any(Either)
    }
}
