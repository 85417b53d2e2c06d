#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(any(feature = "long-polling", feature = "websocket", feature = "test-util")),
    allow(dead_code, reason = "without a transport there is nothing to carry")
)]

mod advice;
mod binary;
mod builder;
mod channel;
mod client;
mod cookies;
mod driver;
mod error;
mod event;
mod extensions;
mod hooks;
mod late;
pub mod machine;
mod message;
mod options;
mod queue;
mod snapshot;
mod status;
mod subscription;
mod transport;

pub use advice::{Advice, Reconnect};
pub use binary::Binary;
pub use builder::ClientBuilder;
pub use channel::{Channel, Channels};
pub use client::{Batch, Client, Events, MetaMessages, Publish, Receipt, Reply, Subscribe};
pub use cookies::CookieJar;
pub use error::{Error, Failure, FailureKind, PublishError, Refusal};
pub use event::{Event, State};
pub use extensions::{TimeStamps, TimeSync};
pub use hooks::{AuthError, Authenticator, BoxError, Extension, Occasion, Verdict};
pub use late::Late;
pub use message::{Decoded, Incoming, Json, Outgoing, decode};
pub use options::{Backoff, Growth, Offline, Options, Overflow, TransportKind};
pub use snapshot::{Resume, Snapshot};
pub use status::Status;
pub use subscription::{Delivery, Subscription, Typed};
#[cfg(any(feature = "long-polling", feature = "websocket"))]
pub use transport::http::http_client;

/// A transport that a test plays by hand.
#[cfg(feature = "test-util")]
pub mod test {
    pub use crate::machine::Lane;
    pub use crate::transport::scripted::{Call, Ended, Script};
}

#[doc = include_str!("../CONFORMANCE.md")]
pub mod conformance {}
