//! An interaction as the platform last told it.

use std::collections::BTreeMap;

use crate::{InteractionId, Participant};

/// Where the platform says an interaction stands. Open: platforms have states that nobody documented.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InteractionState {
    /// Offered to this login and waiting for Accept or Reject.
    Invited,
    /// Accepted: the chat session is live.
    Chatting,
    /// The chat session is over, the interaction is still owned: after-call work.
    LeftChat,
    /// Finished for this login.
    Completed,
    /// Taken back by the platform before it was accepted.
    Revoked,
    /// The platform could not join the chat session. Only Complete and attached data are left.
    JoinFailed,
    /// Anything else, as spelt on the wire.
    Other(String),
}

impl InteractionState {
    /// True when nothing can be done with the interaction any more.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Completed | Self::Revoked)
    }
}

/// A full picture of one interaction: adapters merge partial notifications before they pass it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interaction {
    /// Whose picture this is.
    pub id: InteractionId,
    /// Where it stands.
    pub state: InteractionState,
    /// Who is in the chat now, as far as the platform said.
    pub participants: Vec<Participant>,
    /// The attached data (user data).
    pub data: AttachedData,
}

/// Attached data: a flat map. Numbers are kept as they were written, absent and null are the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttachedData(pub BTreeMap<String, String>);

impl AttachedData {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for AttachedData {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}
