//! Transports: they carry bytes there and back, know nothing of sessions, and never decide anything.

#[cfg(any(feature = "long-polling", feature = "websocket"))]
pub(crate) mod http;
#[cfg(feature = "long-polling")]
pub(crate) mod long_polling;
#[cfg(feature = "test-util")]
pub mod scripted;
#[cfg(feature = "websocket")]
pub(crate) mod websocket;

use std::task::{Context, Poll};

use bytes::Bytes;
use url::Url;

use crate::error::Failure;
use crate::machine::{ExchangeId, Lane};
use crate::options::TransportKind;

/// A request, or the frame that takes its place.
#[derive(Debug)]
pub struct Request {
    /// Names it in the answer.
    pub exchange: ExchangeId,
    /// Which lane it uses: the lanes do not wait for each other.
    #[cfg_attr(not(feature = "test-util"), allow(dead_code, reason = "a scripted transport shows it"))]
    pub lane: Lane,
    /// A JSON array of messages.
    pub body: Bytes,
    /// `handshake`, `connect` or `disconnect`, if that is what the only message is.
    #[cfg_attr(
        not(any(feature = "test-util", feature = "long-polling")),
        allow(dead_code, reason = "a matter of URLs")
    )]
    pub step: Option<&'static str>,
}

/// What comes back.
#[derive(Debug)]
pub enum Arrival {
    /// A whole body or frame.
    Body {
        /// The request that is answered with it.
        exchange: Option<ExchangeId>,
        /// The body, decompressed.
        body: Bytes,
    },
    /// A request, or without one the whole transport, failed.
    Failed {
        /// The request.
        exchange: Option<ExchangeId>,
        /// How.
        failure: Failure,
    },
}

/// Carries requests to a server. Everything is driven by `poll`; a transport has no tasks of its own.
pub trait Transport: Send {
    /// Which one it is.
    fn kind(&self) -> TransportKind;

    /// Takes a request. Nothing is sent before the next `poll`.
    fn send(&mut self, request: Request);

    /// Forgets a request; its answer never comes out of `poll`.
    fn forget(&mut self, exchange: ExchangeId);

    /// Closes all connections and forgets all requests. The transport can be used again.
    fn shut(&mut self, gracefully: bool);

    /// Moves everything on. With `read` off, unasked frames are left where they are.
    fn poll(&mut self, context: &mut Context<'_>, read: bool) -> Poll<Arrival>;

    /// Goes over to another host of the same service.
    fn move_to(&mut self, host: &str);

    /// Goes over to another address.
    fn aim(&mut self, url: &Url);
}
