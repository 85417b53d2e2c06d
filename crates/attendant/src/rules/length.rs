//! A chat that goes on for too long.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::sight::{Firing, Sight};
use crate::machine::between;
use crate::{Event, UnixMillis};

/// The customer writes, and the chat has had so many turns, or has lasted so long; since the rule fired last, if it has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Length {
    /// Turns of the bot, the greeting included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turns: Option<u64>,
    /// Since the chat was offered.
    #[serde(default, with = "humantime_serde", skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Duration>,
}

impl Length {
    pub(super) fn fires(&self, sight: &Sight<'_>, lately: Option<Firing>) -> bool {
        if !matches!(sight.event, Event::Said(_)) || sight.lines.is_empty() {
            return false;
        }
        let (turn, since) = lately.map_or((0, sight.began), |firing| (firing.turn, UnixMillis(firing.at)));
        self.turns.is_some_and(|most| sight.turn.saturating_sub(turn) > most)
            || self.lasts.is_some_and(|most| between(since, sight.now) > most)
    }

    pub(super) fn validate(&self) -> Result<(), String> {
        match (self.turns, self.lasts) {
            (None, None) => Err("length: say `turns`, `lasts` or both".to_owned()),
            (Some(0), _) => Err("length.turns: must be at least 1".to_owned()),
            (_, Some(Duration::ZERO)) => Err("length.lasts: must be longer than zero".to_owned()),
            _ => Ok(()),
        }
    }
}
