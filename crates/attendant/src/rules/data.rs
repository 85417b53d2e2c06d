//! What is attached to the interaction: an important customer, a campaign, a language that the bot does not speak.

use serde::{Deserialize, Serialize};

use crate::AttachedData;

/// A key of the attached data equals a value, is one of several, or is there at all. Fires once in a chat.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// The key.
    pub key: String,
    /// Exactly this value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<String>,
    /// One of these values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<String>,
}

impl Data {
    pub(super) fn fires(&self, data: &AttachedData) -> bool {
        let Some(value) = data.get(&self.key) else { return false };
        match &self.is {
            Some(wanted) => value == wanted,
            None if self.one_of.is_empty() => !value.is_empty(),
            None => self.one_of.iter().any(|wanted| wanted == value),
        }
    }

    pub(super) fn validate(&self) -> Result<(), String> {
        if self.key.is_empty() {
            return Err("data.key: must not be empty".to_owned());
        }
        if self.is.is_some() && !self.one_of.is_empty() {
            return Err("data: say `is` or `one_of`, not both".to_owned());
        }
        Ok(())
    }
}
