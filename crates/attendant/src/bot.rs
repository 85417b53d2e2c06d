//! What a bot author writes: an implementation of [`Bot`].

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{AttachedData, Handoff, HandoffFailure, InteractionId, UnixMillis};

/// A new interaction that waits for Accept or Reject.
#[derive(Debug, Clone)]
pub struct Offer {
    /// Which one.
    pub interaction: InteractionId,
    /// What is attached to it.
    pub data: AttachedData,
    /// When it came.
    pub at: UnixMillis,
}

impl Offer {
    /// A value of the attached data.
    pub fn data(&self, key: &str) -> Option<&str> {
        self.data.get(key)
    }
}

/// The answer to an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Take it.
    Accept,
    /// Let routing find someone else.
    Reject {
        /// For the log.
        reason: String,
    },
}

impl Verdict {
    /// Take it.
    pub fn accept() -> Self {
        Self::Accept
    }

    /// Let routing find someone else. The reason is for the log.
    pub fn reject(reason: impl Into<String>) -> Self {
        Self::Reject { reason: reason.into() }
    }
}

/// What woke the bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// The chat was accepted and is live. Nothing has been said yet, or all of it is in the transcript.
    Started,
    /// The customer said something: one line, or a burst of lines as one event.
    Said(Said),
    /// The customer has been silent this long.
    Silent(Duration),
    /// The handoff that the bot asked for did not work, and no choice of it is left.
    HandoffFailed(HandoffFailure),
    /// A call-back was agreed, and the chat goes on.
    CallBackAgreed,
    /// Somebody else on the agents' side came in.
    PersonJoined(String),
    /// They left, and the bot is alone with the customer.
    PersonLeft(String),
    /// The chat was handed over earlier and has come back, or the bot finds itself in a chat in which it has spoken before
    /// and of which no journal tells.
    Returned,
}

/// What the customer said: one or more lines, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Said {
    lines: Vec<String>,
}

impl Said {
    /// From lines, oldest first.
    pub fn new(lines: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { lines: lines.into_iter().map(Into::into).collect() }
    }

    /// The lines, oldest first.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// All lines as one text, one a line.
    pub fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// Whether a word or phrase occurs, whatever its case.
    pub fn contains(&self, words: &str) -> bool {
        let words = words.to_lowercase();
        self.lines.iter().any(|line| line.to_lowercase().contains(&words))
    }
}

/// What happens after a turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Next {
    /// Wait for the customer.
    Listen,
    /// Wait for the customer, and wake the bot with [`Event::Silent`] after this long if nothing was said. The customer, who
    /// waits too, is not asked whether they are still there, and the chat is not closed for their silence.
    Wait {
        /// This long; at least a second.
        at_most: Duration,
    },
    /// Hand over to people.
    HandOff(Handoff),
    /// End the chat and complete the interaction.
    Finish {
        /// The disposition code.
        disposition: String,
    },
}

impl Next {
    /// End the chat and complete the interaction with this disposition.
    pub fn finish(disposition: impl Into<String>) -> Self {
        Self::Finish { disposition: disposition.into() }
    }
}

/// Why a turn failed: any error, as with `anyhow`. It hurts this turn only; the failover of the configuration takes over.
pub struct BotError(Box<dyn StdError + Send + Sync>);

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<E> for BotError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for BotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for BotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A bot: decides on offers and answers turns. Object safe, because a fleet holds many kinds; one value serves all chats of
/// its logins at once, so its state is behind `&self`.
#[async_trait]
pub trait Bot: Send + Sync + 'static {
    /// Decides on an offer. The runtime gives it a short deadline of its own and rejects when it runs out.
    async fn screen(&self, offer: &Offer) -> Verdict {
        let _ = offer;
        Verdict::accept()
    }

    /// Answers one event. One call at a time per conversation.
    async fn respond(&self, turn: &mut crate::Turn<'_>) -> Result<Next, BotError>;

    /// The same bot, with rules around it that hand over beside what it decides itself.
    fn with_rules(self, rules: crate::rules::Rules) -> crate::rules::Ruled<Self>
    where
        Self: Sized,
    {
        rules.around(self)
    }
}

#[async_trait]
impl<B: Bot + ?Sized> Bot for std::sync::Arc<B> {
    async fn screen(&self, offer: &Offer) -> Verdict {
        (**self).screen(offer).await
    }

    async fn respond(&self, turn: &mut crate::Turn<'_>) -> Result<Next, BotError> {
        (**self).respond(turn).await
    }
}

#[async_trait]
impl<B: Bot + ?Sized> Bot for Box<B> {
    async fn screen(&self, offer: &Offer) -> Verdict {
        (**self).screen(offer).await
    }

    async fn respond(&self, turn: &mut crate::Turn<'_>) -> Result<Next, BotError> {
        (**self).respond(turn).await
    }
}

const _: Option<&dyn Bot> = None; // object safe
