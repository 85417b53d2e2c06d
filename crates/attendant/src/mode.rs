//! How much a bot does by itself: everything, drafts for people, or nothing that anybody sees.

use serde::{Deserialize, Serialize};

use crate::{InteractionId, Next, UnixMillis};

/// How much a bot does by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// It holds the conversation.
    #[default]
    Auto,
    /// Beside a person: it writes what it would say to the agents' side only, and the person sends.
    Draft,
    /// Beside a person: it cannot send anything to anybody; what it would have said is kept beside what the person said.
    Shadow,
}

impl Mode {
    /// What it does, in plain words.
    pub fn says(self) -> &'static str {
        match self {
            Self::Auto => "answers customers by itself",
            Self::Draft => {
                "writes drafts that only people see, and a person sends; says nothing to customers, and passes a chat in \
                 which no person is on to the fallback"
            }
            Self::Shadow => {
                "cannot send anything to anybody; keeps what it would have said beside what the person said, and passes a \
                 chat in which no person is on to the fallback"
            }
        }
    }

    /// Whether a person holds the conversation and the bot is beside them.
    pub(crate) fn is_beside(self) -> bool {
        self != Self::Auto
    }
}

/// What a bot beside a person would have done with the customer's words, and what the person did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// In which conversation.
    pub interaction: InteractionId,
    /// When the bot was asked, in milliseconds since 1970.
    pub at: i64,
    /// What the customer said.
    pub asked: Vec<String>,
    /// What the bot would have said.
    pub bot: Vec<String>,
    /// What it would have done then.
    pub next: Next,
    /// Why it has no answer, in words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// What people said until the customer's next words were answered, or the chat was over.
    pub person: Vec<String>,
}

impl Comparison {
    pub(crate) fn new(interaction: InteractionId, at: UnixMillis, asked: Vec<String>) -> Self {
        let (bot, person) = (Vec::new(), Vec::new());
        Self { interaction, at: at.0, asked, bot, next: Next::Listen, failed: None, person }
    }
}

/// Where comparisons go. Called from the loop of the service, so it must not wait.
pub trait Comparisons: Send + Sync + 'static {
    /// Keeps one.
    fn keep(&self, comparison: Comparison);
}

const _: Option<&dyn Comparisons> = None; // object safe
