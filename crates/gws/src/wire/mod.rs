//! The shapes on the wire, decoded with patience: open enums, absent fields, numbers as strings.

mod directory;
mod interaction;
pub(crate) mod lenient;
mod message;
mod notification;

pub use directory::ChannelResult;
pub use directory::{Activity, ChannelState, Contact, Service, Skill, User};
pub(crate) use directory::{FailedChannel, Named};
pub use interaction::{Interaction, InteractionState, Participant, ParticipantType, UserData};
pub use message::{Message, MessageKind, Visibility};
pub use notification::Notification;
