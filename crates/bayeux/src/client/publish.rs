//! Messages on their way out: what can be said about one before it is sent, and what becomes of it.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Client, message, next_ticket};
use crate::channel::Channel;
use crate::driver::Answer;
use crate::error::{Error, PublishError};
use crate::machine::{self, Command, Outcome};
use crate::message::Incoming;

/// A message about to be published; await it for the outcome, or [send](Publish::send) it.
#[must_use = "nothing is published before it is awaited or sent"]
pub struct Publish<'a> {
    pub(super) client: &'a Client,
    pub(super) message: Result<(Channel, Bytes), Error>,
    pub(super) resend: bool,
    pub(super) attempts: u32,
    pub(super) within: Option<Duration>,
    pub(super) ext: Option<Map<String, Value>>,
}

impl Publish<'_> {
    /// Sends it again when it was lost, or may have been: it arrives at least once, in order with the others that ask for
    /// this. The message carries `ext.resend`, whose `id` is the same in each attempt, for receivers that must not take it twice.
    pub fn resend(mut self, resend: bool) -> Self {
        self.resend = resend;
        self.attempts = if resend { u32::MAX } else { 3 };
        self
    }

    /// Sends it at most so often.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// Gives it up after this time, whatever it is waiting for.
    pub fn within(mut self, within: Duration) -> Self {
        self.within = Some(within);
        self
    }

    /// Adds `ext` to the message.
    pub fn ext(mut self, ext: Map<String, Value>) -> Self {
        self.ext = Some(ext);
        self
    }

    /// Puts it into the outbox and comes back; the receipt tells the outcome.
    pub async fn send(self) -> Result<Receipt, PublishError> {
        let client = self.client;
        let publish = self.into_command().map_err(PublishError::NotDelivered)?;
        client.enqueue(publish).await
    }

    fn into_command(self) -> Result<machine::Publish, Error> {
        let (channel, data) = self.message?;
        let fields = self.ext.map(|ext| Map::from_iter([("ext".to_owned(), Value::Object(ext))])).unwrap_or_default();
        Ok(machine::Publish {
            ticket: next_ticket(),
            channel,
            data,
            fields,
            resend: self.resend,
            attempts: self.attempts,
            deadline: self.within.map(|within| Instant::now() + within),
            call: false,
        })
    }
}

impl<'a> IntoFuture for Publish<'a> {
    type Output = Result<Reply, PublishError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.send().await?.await })
    }
}

/// The outcome of a published message, when it is known.
#[derive(Debug)]
#[must_use = "the outcome is lost with it"]
pub struct Receipt {
    pub(super) outcome: oneshot::Receiver<Result<Outcome, PublishError>>,
}

impl Future for Receipt {
    type Output = Result<Reply, PublishError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.outcome).poll(context).map(|outcome| match outcome {
            Ok(Ok(Outcome::Reply(message))) => Ok(Reply { message }),
            Ok(Ok(Outcome::Done)) | Err(_) => Err(PublishError::Unknown(Error::Gone)),
            Ok(Err(error)) => Err(error),
        })
    }
}

/// A server's yes to a published message.
#[derive(Debug, Clone)]
pub struct Reply {
    pub(super) message: Incoming,
}

impl Reply {
    /// `ext` of the reply.
    pub fn ext(&self) -> Option<&Value> {
        self.message.ext()
    }

    /// When the server says it answered.
    pub fn timestamp(&self) -> Option<&str> {
        self.message.timestamp()
    }
}

/// Messages that leave together.
#[derive(Debug)]
pub struct Batch {
    pub(super) commands: Vec<(Command, Option<Answer>)>,
}

impl Batch {
    /// Adds a message.
    pub fn publish(&mut self, channel: impl AsRef<str>, data: &(impl Serialize + ?Sized)) -> Result<Receipt, Error> {
        let (channel, data) = message(channel.as_ref(), data)?;
        let (answer, outcome) = oneshot::channel();
        let publish = machine::Publish {
            ticket: next_ticket(),
            channel,
            data,
            fields: Map::new(),
            resend: false,
            attempts: 3,
            deadline: None,
            call: false,
        };
        self.commands.push((Command::Publish(publish), Some(answer)));
        Ok(Receipt { outcome })
    }

    /// A batch within the batch: it leaves with the outer one.
    pub fn batch<R>(&mut self, fill: impl FnOnce(&mut Batch) -> R) -> R {
        fill(self)
    }
}
