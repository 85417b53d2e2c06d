//! Where the application takes part: credentials, handshake fields, and extensions that see every message.

use std::fmt;

use async_trait::async_trait;
use serde_json::{Map, Value};

/// An error of the application's own.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why credentials are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// A handshake is about to be sent. `attempt` counts from 1, and again from 1 when a handshake has worked.
    Handshake {
        /// Which attempt.
        attempt: u32,
    },
    /// The server refused a request with this HTTP status (401 or 403): what it was given is no good any more.
    Refused {
        /// The status.
        status: u16,
    },
}

/// An authenticator's failure.
#[derive(Debug)]
pub enum AuthError {
    /// It did not work now; try again later.
    Temporary(BoxError),
    /// There is no point in trying again: the session ends.
    Final(BoxError),
}

impl<E: Into<BoxError>> From<E> for AuthError {
    fn from(error: E) -> Self {
        Self::Temporary(error.into())
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Temporary(error) | Self::Final(error) => error.fmt(formatter),
        }
    }
}

/// Gets or renews credentials: signs in for a cookie, fetches a token that the header hook then sends.
///
/// Called before each handshake attempt and whenever the server answers 401 or 403; after a refusal the request is sent once
/// more. A call may take [`Options::hook_timeout`](crate::Options::hook_timeout).
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// Makes the credentials good for the next request.
    async fn authenticate(&self, occasion: Occasion) -> Result<(), AuthError>;
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on, as it is now.
    Pass,
    /// It is taken out. An outgoing publish then fails with [`Error::Dropped`](crate::Error::Dropped).
    Drop,
}

/// Sees messages as JSON objects, and may change them or take them out.
///
/// Outgoing messages pass the extension that was registered last first, incoming ones the one that was registered first. A hook
/// that fails is reported by [`Event::HookFailed`](crate::Event::HookFailed), and the message passes unchanged by it. Hooks
/// run in the session's own task: one that waits holds its session up, and no other, for at most
/// [`Options::hook_timeout`](crate::Options::hook_timeout) or half of the network delay.
#[async_trait]
pub trait Extension: Send + Sync + 'static {
    /// A name for events and logs.
    fn name(&self) -> &'static str;

    /// Whether only messages on `/meta/` channels are of interest. Deliveries are then not built up as JSON objects.
    fn meta_only(&self) -> bool {
        false
    }

    /// A message is about to leave; one that is sent again passes again.
    async fn outgoing(&self, message: &mut Map<String, Value>) -> Result<Verdict, BoxError> {
        let _ = message;
        Ok(Verdict::Pass)
    }

    /// A message came in.
    async fn incoming(&self, message: &mut Map<String, Value>) -> Result<Verdict, BoxError> {
        let _ = message;
        Ok(Verdict::Pass)
    }
}

/// Objects of these traits are what the client holds.
const _: fn(&dyn Authenticator, &dyn Extension) = |_, _| {};
