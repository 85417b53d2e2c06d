//! A customer who says nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::sight::{Firing, Sight};
use crate::Event;

/// The customer has been silent for so long. Asked whenever the silence wakes the bot; fires once for one silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silent {
    /// How long.
    #[serde(with = "humantime_serde")]
    pub lasts: Duration,
}

impl Silent {
    pub(super) fn fires(&self, sight: &Sight<'_>, fired: Option<&Firing>) -> bool {
        let Event::Silent(silent) = sight.event else { return false };
        let since = sight.now.0.saturating_sub(i64::try_from(silent.as_millis()).unwrap_or(i64::MAX));
        *silent >= self.lasts && fired.is_none_or(|firing| firing.at < since)
    }

    pub(super) fn validate(&self) -> Result<(), String> {
        if self.lasts.is_zero() { Err("silent.lasts: must be longer than zero".to_owned()) } else { Ok(()) }
    }
}
