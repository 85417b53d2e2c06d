//! One entry of a chat's transcript.

use serde::Deserialize;

use super::interaction::Participant;
use super::lenient::{self, open_enum};

/// Who sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Visibility {
    /// Everybody.
    #[default]
    All,
    /// The agents' side alone. Whatever is not for all is told as this: nothing internal is ever taken for public.
    Agents,
}

impl<'de> Deserialize<'de> for Visibility {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = lenient::text(deserializer)?;
        Ok(if word.is_none_or(|word| word.eq_ignore_ascii_case("all")) { Self::All } else { Self::Agents })
    }
}

open_enum! {
    /// What happened.
    MessageKind {
        /// Words; other components of the platform say "Message".
        Text = "Text" | "Message",
        /// Came in.
        ParticipantJoined = "ParticipantJoined",
        /// Came in again.
        ParticipantRejoined = "ParticipantRejoined",
        /// Went out.
        ParticipantLeft = "ParticipantLeft",
        /// Began to type.
        TypingStarted = "TypingStarted",
        /// Stopped typing.
        TypingStopped = "TypingStopped",
        /// A link.
        PushUrl = "PushUrl",
        /// A notice of the platform.
        Notice = "Notice",
        /// A notice of a desktop.
        CustomNotice = "CustomNotice",
        /// Another nickname.
        NicknameUpdated = "NicknameUpdated",
    }
}

/// An entry. Order entries by `index` and drop what is known: indexes have gaps and come twice.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Place in the transcript, from 1.
    #[serde(default, deserialize_with = "lenient::unsigned")]
    index: Option<u64>,
    /// What RequestChatHistory counts by (`interactions`).
    #[serde(default, deserialize_with = "lenient::unsigned")]
    pub event_id: Option<u64>,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: MessageKind,
    /// Who did it.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub from: Option<Participant>,
    /// Who sees it.
    #[serde(default)]
    pub visibility: Visibility,
    #[serde(default, deserialize_with = "lenient::text")]
    text: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    notice_text: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    url: Option<String>,
    /// Milliseconds since 1970, in spite of its name on the wire.
    #[serde(default, rename = "timestampSeconds", deserialize_with = "lenient::integer")]
    pub at_millis: Option<i64>,
}

impl Message {
    /// Place in the transcript; the event id where a server counts by that alone.
    pub fn index(&self) -> Option<u64> {
        self.index.or(self.event_id)
    }

    /// The words, the notice or the link.
    pub fn content(&self) -> &str {
        [&self.text, &self.notice_text, &self.url].into_iter().find_map(|field| field.as_deref()).unwrap_or_default()
    }
}
