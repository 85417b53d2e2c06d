//! The bot was unsure, several times in a row.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How many confidences a conversation remembers.
pub(crate) const REMEMBERED: usize = 16;
/// Under which key its memory keeps them, oldest first.
pub(crate) const MEMORY: &str = "attendant.confidence";

/// The bot [said](crate::Turn::set_confidence) so many times in a row that it is less sure than this. Turns in which it does
/// not say do not count. What it says in the turn that is one too many is not sent, if it tells its confidence first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confidence {
    /// From 0 to 1.
    pub below: f32,
    /// How many times in a row; twice if it does not say.
    #[serde(default = "twice")]
    pub times: usize,
}

/// What a memory keeps, as numbers.
#[expect(clippy::cast_possible_truncation, reason = "it was an f32")]
pub(crate) fn read(value: &Value) -> Vec<f32> {
    let all = value.as_array().into_iter().flatten();
    all.filter_map(Value::as_f64).map(|one| one as f32).collect()
}

fn twice() -> usize {
    2
}

impl Confidence {
    pub(super) fn fires(&self, confidences: &[f32]) -> bool {
        self.times <= confidences.len()
            && confidences[confidences.len() - self.times..].iter().all(|one| *one < self.below)
    }

    pub(super) fn last_straw(&self, earlier: &[f32]) -> Option<f32> {
        let unsure = earlier.iter().rev().take_while(|one| **one < self.below).count();
        (unsure + 1 >= self.times).then_some(self.below)
    }

    pub(super) fn validate(&self) -> Result<(), String> {
        if !(self.below > 0.0 && self.below <= 1.0) {
            return Err("confidence.below: must be more than 0, and at most 1".to_owned());
        }
        if self.times == 0 || self.times > REMEMBERED {
            return Err(format!("confidence.times: must be from 1 to {REMEMBERED}"));
        }
        Ok(())
    }
}
