//! A chat as the server tells it: whole in reads, in parts in notifications.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::lenient::{self, open_enum};

open_enum! {
    /// Where a chat stands for this login.
    InteractionState {
        /// Offered.
        Invited = "Invited",
        /// Accepted, the session is live.
        Chatting = "Chatting",
        /// The session is over, the interaction is still owned.
        LeftChat = "LeftChat",
        /// Finished for this login.
        Completed = "Completed",
        /// Taken back.
        Revoked = "Revoked",
        /// The session could not be joined; only attached data and Complete are left.
        JoinFailed = "JoinFailed",
    }
}

open_enum! {
    /// Which side somebody is on.
    ParticipantType {
        /// The customer; other components of the platform say "Client".
        Customer = "Customer" | "Client",
        /// An agent.
        Agent = "Agent",
        /// A supervisor.
        Supervisor = "Supervisor",
        /// The platform.
        System = "System",
    }
}

/// A chat. In a notification every field but the id may be absent: merge, do not replace.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Interaction {
    /// Its id on the agents' side; empty if the server left it out.
    #[serde(deserialize_with = "lenient::words")]
    pub id: String,
    /// Where it stands.
    #[serde(deserialize_with = "lenient::maybe")]
    pub state: Option<InteractionState>,
    /// What can be done now, by the names on the wire.
    #[serde(deserialize_with = "lenient::optional_list")]
    pub capabilities: Option<Vec<String>>,
    /// Who is in the chat.
    #[serde(deserialize_with = "lenient::optional_list")]
    pub participants: Option<Vec<Participant>>,
    /// Attached data.
    #[serde(deserialize_with = "lenient::maybe")]
    pub user_data: Option<UserData>,
    /// The medium (`interactions`).
    #[serde(deserialize_with = "lenient::text")]
    pub channel: Option<String>,
    /// The queue it came through (`interactions`).
    #[serde(deserialize_with = "lenient::text")]
    pub current_queue: Option<String>,
    /// Relative to the base URL.
    #[serde(deserialize_with = "lenient::text")]
    pub path: Option<String>,
}

impl Interaction {
    /// Takes over what a later picture tells; what it does not tell stays.
    pub fn merge(&mut self, later: Self) {
        fn take<T>(field: &mut Option<T>, later: Option<T>) {
            if later.is_some() {
                *field = later;
            }
        }
        take(&mut self.state, later.state);
        take(&mut self.capabilities, later.capabilities);
        take(&mut self.participants, later.participants);
        take(&mut self.user_data, later.user_data);
        take(&mut self.channel, later.channel);
        take(&mut self.current_queue, later.current_queue);
        take(&mut self.path, later.path);
    }
}

/// Somebody in a chat.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Participant {
    /// Which side.
    #[serde(rename = "type", deserialize_with = "lenient::maybe")]
    pub kind: Option<ParticipantType>,
    /// The name shown.
    #[serde(deserialize_with = "lenient::words")]
    pub nickname: String,
    /// Of this stay in this chat.
    #[serde(deserialize_with = "lenient::words")]
    pub participant_id: String,
    /// The user, where the server says which.
    #[serde(deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    uri: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    path: Option<String>,
}

impl Participant {
    /// The id of the user, from whichever field holds it.
    pub fn user(&self) -> Option<&str> {
        let last = |address: &Option<String>| address.as_deref().and_then(last_segment).map(str::len);
        if let Some(id) = self.id.as_deref().filter(|id| !id.is_empty()) {
            return Some(id);
        }
        [&self.path, &self.uri]
            .into_iter()
            .find_map(|address| last(address).and(address.as_deref()).and_then(last_segment))
    }
}

/// The last segment of a path or URI that is not empty.
pub(crate) fn last_segment(address: &str) -> Option<&str> {
    let address = address.split(['?', '#']).next().unwrap_or_default();
    address.trim_end_matches('/').rsplit('/').next().filter(|segment| !segment.is_empty())
}

/// Attached data: a flat map. Numbers keep their spelling, null is the same as absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserData(pub BTreeMap<String, String>);

impl<'de> Deserialize<'de> for UserData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = BTreeMap::<String, Box<RawValue>>::deserialize(deserializer)?;
        let spelt = |value: &RawValue| match value.get() {
            "null" => None,
            string if string.starts_with('"') => serde_json::from_str(string).ok(),
            other => Some(other.to_owned()),
        };
        Ok(Self(raw.into_iter().filter_map(|(key, value)| Some((key, spelt(&value)?))).collect()))
    }
}
