//! A language, by its tag.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A language tag such as `en`, `de` or `pt-br`, in lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub struct Language(Arc<str>);

impl Language {
    /// Wraps a tag; `EN_gb` becomes `en-gb`.
    pub fn new(tag: &str) -> Self {
        Self(tag.trim().to_lowercase().replace('_', "-").into())
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the first hyphen: `pt` of `pt-br`.
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }

    /// Whether the tag looks like one: two or three letters, then parts of up to eight letters or digits.
    pub fn is_well_formed(&self) -> bool {
        let mut parts = self.0.split('-');
        parts
            .next()
            .is_some_and(|part| (2..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase()))
            && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.0.to_string()
    }
}

impl From<String> for Language {
    fn from(tag: String) -> Self {
        Self::new(&tag)
    }
}
