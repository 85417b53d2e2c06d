//! A client of Genesys Web Services (API v2), agent side: sign-in, session, the operations on chats, reads, notifications.
//!
//! Two endpoint families are behind one model, chosen by [`Options::family`]: `interactions` (8.5.1) and `chats` (8.5.2 and
//! later). One [`Client`] is shared by all logins; a [`Session`] is one login with its own cookies and CSRF token.
//!
//! ```no_run
//! # async fn example() -> Result<(), gws::Error> {
//! use gws::{Client, Credentials, Operation, Options, Presence};
//!
//! let options = Options::new("https://gws.example.test/api/v2".parse().map_err(gws::Error::base_url)?);
//! let session = Client::new(options)?.session(Credentials::new("bot-01", "s3cret"));
//! session.sign_in().await?;
//! // Subscribe to notifications here, so that the first offer is not missed.
//! session.start().await?;
//! session.set_presence(Presence::Ready).await?;
//! for chat in session.interactions().await? {
//!     session.perform(&chat.id, &Operation::Accept { nickname: "Robo".into() }).await?;
//! }
//! session.end().await
//! # }
//! ```

mod answer;
mod client;
mod error;
mod exchange;
mod line;
mod notifications;
mod operation;
mod options;
mod reads;
mod request;
mod retry;
mod session;
mod wire;

pub use answer::Receipt;
pub use client::Client;
pub use error::{Error, Outcome, Refusal, StatusCode};
pub use notifications::{Notifications, Told};
pub use operation::{Operation, Target};
pub use options::{AgentNaming, DispositionBy, Family, Limits, Options, Timeouts, Topics, TransferFields};
pub use reads::ContactQuery;
pub use request::{Repeat, Request};
pub use retry::Retry;
pub use session::{Credentials, Presence, Session, Started};
pub use wire::{
    Activity, ChannelResult, ChannelState, Contact, Interaction, InteractionState, Message, MessageKind, Notification,
    Participant, ParticipantType, Service, Skill, User, UserData, Visibility,
};
