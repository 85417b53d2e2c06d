//! What can be done to an interaction. One model; adapters map it to their endpoint family.

use std::collections::BTreeMap;

use crate::{Target, Visibility};

/// An operation on one interaction.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Take an offer. The nickname is what the customer sees.
    Accept {
        /// Shown in the chat.
        nickname: String,
    },
    /// Decline an offer, so that routing finds someone else.
    Reject,
    /// Send words. Not idempotent: a lost answer is settled by the echo in the transcript, never by a blind retry.
    Say {
        /// At most `PlatformLimits::message_bytes` of UTF-8.
        text: String,
        /// `Agents` only where `PlatformLimits::agent_only_messages` says so.
        visibility: Visibility,
    },
    /// Show that an answer is being written.
    TypingStart,
    /// Take that back.
    TypingStop,
    /// Ask for the transcript. Entries come as events.
    RequestTranscript,
    /// Bring somebody in, and stay.
    Invite(Target),
    /// Give the interaction away.
    Transfer(Target),
    /// Leave to the others in the conference.
    LeaveConference,
    /// End the chat session, keep the interaction for after-call work.
    EndSession,
    /// Set the disposition code.
    SetDisposition(String),
    /// Add or change attached data.
    Attach(BTreeMap<String, String>),
    /// Finish. On a live session the platform ends the session too.
    Complete,
}

/// What the platform answered to an operation that it took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Set when the outcome comes later as [`PlatformEvent::OperationFailed`](crate::PlatformEvent::OperationFailed)
    /// or as a changed interaction that carries the same number (reference §2.4).
    pub reference: Option<i64>,
}
