//! What the machine wants to be done.

use super::{ExchangeId, StreamId, Ticket};
use crate::error::{Error, PublishError};
use crate::event::Event;
use crate::message::{Incoming, Outgoing};
use crate::options::TransportKind;

/// The good outcome of a call.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Done.
    Done,
    /// The server's reply to a publish, or the answer to a remote call.
    Reply(Incoming),
}

/// What is to be done now, in this order.
#[derive(Debug)]
pub enum Effect {
    /// Run the hooks for a handshake and come back with [`Input::Prepared`].
    Prepare {
        /// Counts the attempts in a row, from 1.
        attempt: u32,
        /// The HTTP status with which the credentials were refused.
        refused: Option<u16>,
    },
    /// Renew the credentials and come back with [`Input::Renewed`].
    Renew {
        /// The HTTP status with which they were refused.
        status: u16,
    },
    /// Send messages together.
    Send(Exchange),
    /// Forget an exchange; whatever still comes for it must not be handed in.
    Drop {
        /// On which transport.
        transport: TransportKind,
        /// Which one.
        exchange: ExchangeId,
    },
    /// An answer is late: ask the application, and come back with [`Input::Extend`] or [`Input::GiveUp`].
    Late {
        /// Which one.
        exchange: ExchangeId,
        /// What it is for.
        lane: Lane,
    },
    /// Close a transport and forget all its exchanges.
    Shut {
        /// Which one.
        transport: TransportKind,
        /// With the proper closing words, or just so.
        gracefully: bool,
    },
    /// Hand a message to a stream.
    Deliver {
        /// The stream.
        stream: StreamId,
        /// The message.
        message: Incoming,
        /// The batch it belongs to, if the application has to say when it is done with it.
        batch: Option<u64>,
    },
    /// A call has its outcome.
    Done {
        /// The call.
        ticket: Ticket,
        /// Its outcome.
        outcome: Result<Outcome, PublishError>,
    },
    /// The stream ends: it was refused, or the session is over.
    End {
        /// The stream.
        stream: StreamId,
        /// Why.
        reason: Error,
    },
    /// Tell the listeners.
    Tell(Box<Event>),
    /// A message on a `/meta/` channel, for local listeners.
    Meta(Incoming),
    /// Go over to another server of the same sessions (`advice.hosts`).
    MoveTo {
        /// Its host name, with a port if it is not the usual one.
        host: String,
    },
}

/// Messages that leave together.
#[derive(Debug)]
pub struct Exchange {
    /// Its name.
    pub id: ExchangeId,
    /// The transport to use.
    pub transport: TransportKind,
    /// What it is for.
    pub lane: Lane,
    /// The messages, in order.
    pub messages: Vec<Outgoing>,
    /// For each message, the stream whose subscribe fields belong to it.
    pub streams: Vec<Option<StreamId>>,
}

/// What an exchange is for. Each lane carries one request at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// The held connect.
    Connect,
    /// Everything else.
    Command,
}
