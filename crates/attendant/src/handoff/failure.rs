//! Why a handoff did not happen: one value a reason, as far as the platform tells reasons apart.

use serde::{Deserialize, Serialize};

/// Why a handoff did not happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum HandoffFailure {
    /// There is no such agent, skill or queue.
    NoSuchTarget,
    /// Nobody there can take it now; the platform does not say why.
    NobodyAvailable,
    /// There are people, and all of them are busy.
    Busy,
    /// Nobody who could take it is signed in.
    NobodySignedIn,
    /// The person declined, or the platform refused.
    Refused(String),
    /// Nobody came within the deadline, or whoever came never said a word.
    TimedOut,
    /// The chat went round in circles: this place gave it back a moment ago, it was handed over too often, or two bots pass
    /// it to and fro.
    Circles,
    /// The customer left no number for a call-back.
    NoNumber,
    /// The customer left while somebody was looked for. Only the journal hears of it: there is nobody to answer.
    CustomerLeft,
}

impl HandoffFailure {
    /// A sentence that can be said to the customer as it is.
    pub fn apology(&self) -> &'static str {
        match self {
            Self::NoSuchTarget | Self::Refused(_) | Self::Circles => {
                "I am sorry, I could not reach a colleague. Can I help you with something else?"
            }
            Self::NobodyAvailable | Self::Busy => {
                "I am sorry, all my colleagues are busy right now. Can I help you with something else?"
            }
            Self::NobodySignedIn => {
                "I am sorry, none of my colleagues is here right now. Can I help you with something else?"
            }
            Self::TimedOut | Self::CustomerLeft => {
                "I am sorry, no colleague has answered. Can I help you with something else?"
            }
            Self::NoNumber => "I am sorry, I cannot have you called back then. Can I help you with something else?",
        }
    }
}
