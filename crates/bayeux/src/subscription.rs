//! What a subscriber holds: an ordered stream of deliveries.

use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use futures_util::Stream;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

use crate::binary::Binary;
use crate::channel::Channel;
use crate::driver::Notice;
use crate::error::Error;
use crate::machine::StreamId;
use crate::message::{Incoming, Json};
use crate::queue::Queue;

/// A message that a server delivered.
#[derive(Debug)]
pub struct Delivery {
    message: Incoming,
    receipt: Option<Receipt>,
}

impl Delivery {
    pub(crate) fn new(message: Incoming, receipt: Option<Receipt>) -> Self {
        Self { message, receipt }
    }

    /// The channel it was published on: with a wildcard subscription not the one subscribed to.
    pub fn channel(&self) -> &Channel {
        &self.message.channel
    }

    /// The payload.
    pub fn data(&self) -> &Json {
        static NULL: OnceLock<Json> = OnceLock::new();
        self.message.data.as_ref().unwrap_or_else(|| NULL.get_or_init(|| Json::new("null")))
    }

    /// The payload, read.
    pub fn parse<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<T, Error> {
        self.data().parse().map_err(|error| Error::Data(error.to_string()))
    }

    /// The payload as binary data, if the message is marked as such.
    pub fn binary(&self) -> Option<Result<Binary, Error>> {
        self.ext().and_then(|ext| ext.get("binary"))?;
        Some(Binary::read(self.data()))
    }

    /// `ext` of the message.
    pub fn ext(&self) -> Option<&Value> {
        self.message.ext()
    }

    /// The id that the server or the publisher gave it.
    pub fn id(&self) -> Option<&str> {
        self.message.id.as_deref()
    }

    /// When the server says it was sent: an HTTP date or ISO 8601.
    pub fn timestamp(&self) -> Option<&str> {
        self.message.timestamp()
    }

    /// Says that the application is done with it. Means something with
    /// [`ClientBuilder::ack_when_done`](crate::ClientBuilder::ack_when_done) only: the server then hears of a batch when every
    /// delivery of it is done with. A delivery that is dropped without this word is delivered again, with its whole batch.
    pub fn done(mut self) {
        if let Some(receipt) = self.receipt.take() {
            receipt.done();
        }
    }
}

/// Counts the deliveries of a batch that are not done with.
#[derive(Debug)]
pub(crate) struct Batch {
    pub name: u64,
    pub open: AtomicUsize,
    pub lost: AtomicBool,
    pub notices: UnboundedSender<Notice>,
}

impl Batch {
    /// One less to be done with; the last one reports.
    pub fn close_one(&self) {
        if self.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            let lost = self.lost.load(Ordering::Acquire);
            let _ = self.notices.send(if lost { Notice::Abandoned } else { Notice::Taken(self.name) });
        }
    }
}

/// A delivery's part of its batch.
#[derive(Debug)]
pub(crate) struct Receipt(Option<Arc<Batch>>);

impl Receipt {
    pub fn new(batch: Arc<Batch>) -> Self {
        batch.open.fetch_add(1, Ordering::AcqRel);
        Self(Some(batch))
    }

    fn done(mut self) {
        if let Some(batch) = self.0.take() {
            batch.close_one();
        }
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if let Some(batch) = self.0.take() {
            batch.lost.store(true, Ordering::Release);
            batch.close_one();
        }
    }
}

/// A stream of deliveries: of all channels of one subscription, in the order in which the server sent them.
///
/// Dropping it unsubscribes. It goes on through broken connections and new sessions, and ends when the session does;
/// [`Subscription::end`] then tells why.
pub struct Subscription {
    id: StreamId,
    queue: Arc<Queue<Delivery>>,
    end: Arc<OnceLock<Error>>,
    notices: UnboundedSender<Notice>,
    dropped: u64,
}

impl Subscription {
    pub(crate) fn new(
        id: StreamId,
        queue: Arc<Queue<Delivery>>,
        end: Arc<OnceLock<Error>>,
        notices: UnboundedSender<Notice>,
    ) -> Self {
        Self { id, queue, end, notices, dropped: 0 }
    }

    /// The next delivery; `None` when the subscription has ended. Cancel safe.
    pub async fn next(&mut self) -> Option<Delivery> {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    /// Reads every payload as a `T`.
    pub fn typed<T: DeserializeOwned>(self) -> Typed<T> {
        Typed { subscription: self, payload: PhantomData }
    }

    /// Why it ended.
    pub fn end(&self) -> Option<&Error> {
        self.end.get()
    }

    /// Deliveries dropped so far because this reader was too slow (see [`Overflow`](crate::Overflow)).
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Deliveries that wait to be read.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Delivery>> {
        let taken = std::task::ready!(self.queue.poll(context));
        Poll::Ready(taken.map(|taken| {
            self.dropped += taken.dropped;
            if taken.roomy {
                let _ = self.notices.send(Notice::Room);
            }
            taken.item
        }))
    }
}

impl Stream for Subscription {
    type Item = Delivery;
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Delivery>> {
        self.poll(context)
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Subscription")
            .field("id", &self.id)
            .field("waiting", &self.waiting())
            .finish_non_exhaustive()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        drop(self.queue.abandon());
        let _ = self.notices.send(Notice::Unsubscribe(self.id));
    }
}

/// A [`Subscription`] whose payloads are read as a `T`. What does not read as one is an error in its place, and the stream
/// goes on. A payload counts as done with when it has been read.
#[derive(Debug)]
pub struct Typed<T> {
    subscription: Subscription,
    payload: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Typed<T> {
    /// The next payload; `None` when the subscription has ended. Cancel safe.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        let delivery = self.subscription.next().await?;
        Some(read(delivery))
    }

    /// The subscription underneath.
    pub fn into_inner(self) -> Subscription {
        self.subscription
    }
}

impl<T: DeserializeOwned> Stream for Typed<T> {
    type Item = Result<T, Error>;
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.subscription.poll(context).map(|delivery| delivery.map(read))
    }
}

fn read<T: DeserializeOwned>(delivery: Delivery) -> Result<T, Error> {
    let value = delivery.parse();
    delivery.done();
    value
}
