//! What a session tells about itself: its state, and the events on its way.

use std::time::Duration;

use crate::advice::Advice;
use crate::channel::Channel;
use crate::error::{Error, Failure, Refusal};
use crate::options::TransportKind;

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Not opened yet, or ended.
    Disconnected,
    /// The first handshake is under way, attempts and waits included.
    Handshaking,
    /// The session exists, its first connect is not answered yet.
    Connecting,
    /// The server answers.
    Connected,
    /// The connection failed; the session may still be alive, and the client tries to go on with it.
    Broken,
    /// The session is lost; a new one is being opened.
    Rehandshaking,
    /// The session is being closed from this side.
    Disconnecting,
}

/// Something that happened to a session.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A session was opened by a handshake, or taken over from a snapshot.
    Established {
        /// The first session of this client, or one that replaces a lost one.
        first: bool,
        /// Messages may have been missed between the old session and this one: read your state again.
        gap: bool,
        /// Its transport.
        transport: TransportKind,
    },
    /// The first successful connect of a session, or the first one after a failure.
    Connected {
        /// After a failure, with the same session as before.
        again: bool,
        /// Deliveries may have been lost while the connection was broken. Never with acknowledged delivery.
        gap: bool,
    },
    /// The connection failed for the first time since it worked.
    Broken {
        /// How.
        failure: Failure,
    },
    /// An attempt to handshake or connect failed, and there will be another one.
    Retrying {
        /// Failures in a row.
        attempt: u32,
        /// The wait before the next attempt.
        wait: Duration,
        /// What failed.
        error: Error,
    },
    /// The server lost or ended the session, and a new one is being opened. Its subscriptions are restored by themselves.
    SessionLost {
        /// What the server said.
        refusal: Refusal,
    },
    /// The session that replaces a lost one has everything that was subscribed to again, but for what was refused. Deliveries
    /// before that were missed, also those after `Connected`.
    Resubscribed,
    /// The server refused a subscription that was to be restored. The stream stays; it is tried again with the next session.
    ResubscribeRefused {
        /// The channel.
        channel: Channel,
        /// What the server said.
        refusal: Refusal,
    },
    /// A transport cannot be used here; the next one is tried.
    TransportRefused {
        /// Which one.
        transport: TransportKind,
        /// Why.
        failure: Failure,
    },
    /// The session goes on over another transport.
    TransportChanged {
        /// The new one.
        transport: TransportKind,
    },
    /// An answer was lost that may have carried deliveries, and the session goes on. Never with acknowledged delivery.
    Gap,
    /// New advice is in force.
    Advised(Advice),
    /// The server refused the credentials with this HTTP status.
    CredentialsRefused {
        /// 401 or 403.
        status: u16,
    },
    /// The server sent something that cannot be used; it was skipped.
    BadInput {
        /// What is wrong with it.
        what: &'static str,
        /// How many times in this body.
        count: usize,
    },
    /// An extension or another hook of the application failed; the session went on without it.
    HookFailed {
        /// Which one.
        hook: &'static str,
        /// What it said.
        reason: String,
    },
    /// A subscription is full; the session slows down.
    Full,
    /// Deliveries were dropped, for a subscription stayed full.
    Dropped {
        /// How many in a row.
        count: u64,
    },
    /// This listener was too slow; events were dropped.
    Missed {
        /// How many.
        count: u64,
    },
    /// The session has ended and will not come back by itself.
    Closed {
        /// Why.
        reason: Error,
    },
}
