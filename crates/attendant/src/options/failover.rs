//! What an operator can set about a bot that fails: what the customer is told, and who gets the chat for which reason.

use serde::{Deserialize, Serialize};

use super::Place;
use crate::Handoff;
use crate::rules::names;

/// What the runtime does for a conversation whose turn has failed for good.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Then {
    /// Apologise and listen on.
    #[default]
    Listen,
    /// Apologise and hand over to the fallback.
    HandOff,
    /// Apologise and end the chat.
    Finish,
}

group! {
    /// What happens when a turn fails: an error, a panic, the deadline, or no answer at all.
    Failover {
        /// How often the turn is run again first. What it has said stays said.
        retries: u32 = 0,
        /// Said to the customer; nothing if empty.
        apology: String = "I am sorry, something went wrong on my side.".to_owned(),
        /// And then?
        then: Then = Then::Listen,
        /// After so many failed turns in a row the chat goes to the fallback, or ends with words if there is none.
        most_in_a_row: u32 = 3,
        /// Whether a turn on the customer's words that says nothing and ends nothing has failed.
        silence_fails: bool = true,
        /// Who gets the chat for which reason. Whoever is named gets it at once, whatever `then` says.
        to: FailoverTo = FailoverTo::default(),
    }
}

/// Who gets the chat of a bot that cannot go on, by the name of the reason. Where nobody is named, it is as
/// [`Failover::then`] says, and the fallback's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct FailoverTo {
    /// A turn failed: an error, a panic, or nothing said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot_failed: Option<Place>,
    /// The bot's deadline passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot_too_slow: Option<Place>,
    /// So many turns failed in a row that the bot counts as down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot_down: Option<Place>,
}

impl FailoverTo {
    /// All that are named, each with the key it is written under.
    pub(super) fn places(&self) -> impl Iterator<Item = (&'static str, &Place)> {
        let all = [
            ("failover.to.bot-failed", &self.bot_failed),
            ("failover.to.bot-too-slow", &self.bot_too_slow),
            ("failover.to.bot-down", &self.bot_down),
        ];
        all.into_iter().filter_map(|(key, place)| Some((key, place.as_ref()?)))
    }

    /// The handoff for a reason, by its name.
    pub(crate) fn handoff(&self, name: &str) -> Option<Handoff> {
        let place = match name {
            names::BOT_FAILED => &self.bot_failed,
            names::BOT_TOO_SLOW => &self.bot_too_slow,
            names::BOT_DOWN => &self.bot_down,
            _ => &None,
        };
        place.as_ref()?.handoff()
    }
}
