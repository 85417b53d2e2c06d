//! What comes through CometD: the `data` of an event, of either family.

use serde::Deserialize;

use super::directory::{ChannelState, Named};
use super::interaction::{Interaction, last_segment};
use super::lenient;
use super::message::Message;
use crate::{Refusal, StatusCode};

/// A notification.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Notification {
    /// A chat is new or has changed. Only what the server told is set.
    Interaction {
        /// Set if a request of this login caused it.
        reference: Option<i64>,
        /// What it told.
        interaction: Interaction,
    },
    /// Entries of a transcript, old ones too.
    Messages {
        /// Whose.
        interaction: String,
        /// Set if a request of this login caused it.
        reference: Option<i64>,
        /// In the order they came. Entries that cannot be decoded are left out.
        messages: Vec<Message>,
    },
    /// An operation that was taken has failed.
    Failed {
        /// The chat with what else the server told about it.
        interaction: Option<Interaction>,
        /// The number of the receipt.
        reference: Option<i64>,
        /// Why.
        refusal: Refusal,
    },
    /// The media of this login have changed.
    Channels(Vec<ChannelState>),
    /// Something else.
    Other {
        /// Its `messageType`, empty if it has none.
        message_type: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Data {
    #[serde(deserialize_with = "lenient::text")]
    message_type: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    message_type_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    notification_type: Option<String>,
    #[serde(deserialize_with = "lenient::integer")]
    reference_id: Option<i64>,
    #[serde(deserialize_with = "lenient::maybe")]
    chat: Option<Interaction>,
    #[serde(deserialize_with = "lenient::maybe")]
    interaction: Option<Interaction>,
    #[serde(deserialize_with = "lenient::text")]
    interaction_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    chat_path: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    chat_uri: Option<String>,
    #[serde(deserialize_with = "lenient::optional_list")]
    messages: Option<Vec<Message>>,
    #[serde(deserialize_with = "lenient::optional_list")]
    channels: Option<Vec<ChannelState>>,
    #[serde(deserialize_with = "lenient::integer")]
    error_code: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    error_message: Option<String>,
    #[serde(deserialize_with = "lenient::integer")]
    status_code: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    status_message: Option<String>,
}

impl Notification {
    /// From the `data` of an event. `None` if it is not an object.
    pub fn decode(json: &str) -> Option<Self> {
        // Serde takes a list for a struct as well.
        let json = json.trim_start();
        let mut data: Data = json.starts_with('{').then(|| serde_json::from_str(json).ok()).flatten()?;
        let reference = data.reference_id;
        let interaction = data.chat.take().or_else(|| data.interaction.take());
        // Some versions put the fields of the interaction right into `data`.
        let flat = || serde_json::from_str::<Interaction>(json).ok().filter(|flat| flat.state.is_some());
        let interaction = interaction.or_else(flat).map(Named::named).filter(|one| !one.id.is_empty());
        let id = || {
            let address = data.chat_path.as_deref().or(data.chat_uri.as_deref());
            let named = data.interaction_id.as_deref().or_else(|| address.and_then(last_segment));
            named.map(str::to_owned).or_else(|| interaction.as_ref().map(|one| one.id.clone()))
        };
        if data.notification_type.as_deref() == Some("Error") {
            let code = data.error_code.or(data.status_code).map(StatusCode::from_number);
            let message = data.error_message.or(data.status_message).unwrap_or_default();
            let refusal = Refusal { code, message: message.chars().take(300).collect(), http: 200, retry_after: None };
            return Some(Self::Failed { interaction, reference, refusal });
        }
        if let (Some(messages), Some(interaction)) = (data.messages.take(), id()) {
            return Some(Self::Messages { interaction, reference, messages });
        }
        Some(match (interaction, data.channels) {
            (Some(interaction), _) => Self::Interaction { reference, interaction },
            (None, Some(channels)) => Self::Channels(channels),
            (None, None) => {
                let message_type = data.message_type.or(data.message_type_name).unwrap_or_default();
                Self::Other { message_type }
            }
        })
    }
}
