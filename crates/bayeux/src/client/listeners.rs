//! Streams of what a session tells about itself.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::Stream;

use crate::event::Event;
use crate::message::Incoming;
use crate::queue::Queue;

/// A stream of [`Event`]s.
pub struct Events {
    pub(super) queue: Arc<Queue<Event>>,
    pub(super) held: Option<Event>,
}

impl Events {
    /// The next event; `None` when the client is gone. Cancel safe.
    pub async fn next(&mut self) -> Option<Event> {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Event>> {
        if let Some(event) = self.held.take() {
            return Poll::Ready(Some(event));
        }
        let taken = std::task::ready!(self.queue.poll(context));
        Poll::Ready(taken.map(|taken| {
            if taken.dropped > 0 {
                self.held = Some(taken.item);
                return Event::Missed { count: taken.dropped };
            }
            taken.item
        }))
    }
}

impl Stream for Events {
    type Item = Event;
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.poll(context)
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Events").finish_non_exhaustive()
    }
}

/// A stream of messages on `/meta/` channels.
pub struct MetaMessages {
    pub(super) queue: Arc<Queue<Incoming>>,
}

impl MetaMessages {
    /// The next message; `None` when the client is gone. Cancel safe.
    pub async fn next(&mut self) -> Option<Incoming> {
        std::future::poll_fn(|context| self.queue.poll(context)).await.map(|taken| taken.item)
    }
}

impl std::fmt::Debug for MetaMessages {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("MetaMessages").finish_non_exhaustive()
    }
}
