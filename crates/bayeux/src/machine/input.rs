//! What happens to the machine.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{ExchangeId, StreamId, Ticket};
use crate::channel::Channel;
use crate::error::Failure;
use crate::message::Incoming;
use crate::options::TransportKind;

/// What happens to the machine.
#[derive(Debug)]
pub enum Input {
    /// Open the session.
    Open {
        /// Told when the session is connected, or will not be.
        ticket: Ticket,
    },
    /// The hooks for a handshake have run.
    Prepared(Result<Map<String, Value>, HookFailure>),
    /// The credentials were renewed after a refusal, or not.
    Renewed(Result<(), HookFailure>),
    /// Calls of the application. Several of them leave together, in order.
    Commands(Vec<Command>),
    /// Messages came in: the answer to an exchange, or (WebSocket) a frame.
    Received {
        /// Where from.
        transport: TransportKind,
        /// The exchange that ends with this answer.
        exchange: Option<ExchangeId>,
        /// In the order of the array.
        messages: Vec<Incoming>,
    },
    /// An exchange failed; without one, the whole transport.
    Failed {
        /// Which transport.
        transport: TransportKind,
        /// Which exchange.
        exchange: Option<ExchangeId>,
        /// How.
        failure: Failure,
    },
    /// Extensions took these messages out before they were sent.
    Removed(Vec<u64>),
    /// A subscription is full, or no subscription is full any more.
    Pressure(bool),
    /// The application is done with the deliveries of all batches up to this one.
    Taken(u64),
    /// The application will not be done with them: let the server send them again.
    Abandoned,
    /// The application wants to wait on for a late answer, for this long.
    Extend {
        /// The exchange.
        exchange: ExchangeId,
        /// How long from now.
        by: Duration,
    },
    /// The application does not want to wait on for a late answer.
    GiveUp(ExchangeId),
    /// Go on over this transport from the next connect on, if the server has it.
    Prefer(TransportKind),
    /// A moment has come that [`Machine::deadline`] named.
    Tick,
    /// Close the session: send what waits, say good-bye, for at most this long.
    Close {
        /// Told when it is done.
        ticket: Ticket,
        /// The longest time for it.
        within: Duration,
    },
    /// End the session at once, without a word.
    Abort,
}

/// A hook's failure.
#[derive(Debug, Clone)]
pub struct HookFailure {
    /// What it said.
    pub reason: String,
    /// Whether there is no point in trying again.
    pub is_final: bool,
}

/// A call of the application.
#[derive(Debug, Clone)]
pub enum Command {
    /// Subscribe a stream to channels.
    Subscribe {
        /// Told when all of them are confirmed, or one is refused.
        ticket: Ticket,
        /// The stream.
        stream: StreamId,
        /// Its channels.
        channels: Vec<Channel>,
        /// Whether the subscribe messages carry fields of the caller: such ones are always sent.
        has_fields: bool,
    },
    /// Take a stream away.
    Unsubscribe {
        /// The stream.
        stream: StreamId,
    },
    /// Publish a message.
    Publish(Publish),
}

impl Command {
    /// The call that waits for the outcome.
    pub fn ticket(&self) -> Option<Ticket> {
        match self {
            Self::Subscribe { ticket, .. } => Some(*ticket),
            Self::Publish(publish) => Some(publish.ticket),
            Self::Unsubscribe { .. } => None,
        }
    }
}

/// A message to be published.
#[derive(Debug, Clone)]
pub struct Publish {
    /// Told the outcome.
    pub ticket: Ticket,
    /// Where to.
    pub channel: Channel,
    /// JSON text.
    pub data: Bytes,
    /// Further fields, such as `ext`.
    pub fields: Map<String, Value>,
    /// Whether to send it again when it was, or may have been, lost.
    pub resend: bool,
    /// How often it may be sent.
    pub attempts: u32,
    /// When to give up.
    pub deadline: Option<Instant>,
    /// Whether the outcome is the answer with data (remote call) instead of the reply.
    pub call: bool,
}
