//! A bounded queue between a session and one reader, filled and drained without a task of its own.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// What happens to an item for which there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenFull {
    /// It is kept all the same: the writer has been told to slow down.
    Keep,
    DropNewest,
    DropOldest,
}

pub(crate) struct Queue<T> {
    limit: usize,
    inner: Mutex<Inner<T>>,
}

struct Inner<T> {
    items: VecDeque<T>,
    waker: Option<Waker>,
    ended: bool,
    dropped: u64,
    /// Whether the writer waits for room.
    full: bool,
}

/// What a reader got.
pub(crate) struct Taken<T> {
    pub item: T,
    /// Items dropped since the last read.
    pub dropped: u64,
    /// The writer was waiting, and there is room again.
    pub roomy: bool,
}

impl<T> Queue<T> {
    pub fn new(limit: usize) -> Self {
        let inner = Inner { items: VecDeque::new(), waker: None, ended: false, dropped: 0, full: false };
        Self { limit, inner: Mutex::new(inner) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an item in. Gives how many items were dropped for it.
    pub fn push(&self, item: T, policy: WhenFull) -> u64 {
        let mut inner = self.lock();
        if inner.ended {
            return 0;
        }
        let mut dropped = 0;
        if inner.items.len() >= self.limit {
            match policy {
                WhenFull::Keep => {}
                WhenFull::DropNewest => {
                    inner.dropped += 1;
                    return 1;
                }
                WhenFull::DropOldest => {
                    inner.items.pop_front();
                    inner.dropped += 1;
                    dropped = 1;
                }
            }
        }
        inner.items.push_back(item);
        if let Some(waker) = inner.waker.take() {
            waker.wake();
        }
        dropped
    }

    /// Whether the limit is reached; the reader will then tell when there is room.
    pub fn check_full(&self) -> bool {
        let mut inner = self.lock();
        inner.full = inner.items.len() >= self.limit && !inner.ended;
        inner.full
    }

    /// Far beyond the limit, which only happens while something else keeps the writer from waiting.
    pub fn is_crowded(&self) -> bool {
        self.lock().items.len() >= self.limit.saturating_mul(8)
    }

    pub fn end(&self) {
        let mut inner = self.lock();
        inner.ended = true;
        if let Some(waker) = inner.waker.take() {
            waker.wake();
        }
    }

    /// Throws away what is there and takes nothing more.
    pub fn abandon(&self) -> Vec<T> {
        let mut inner = self.lock();
        inner.ended = true;
        inner.items.drain(..).collect()
    }

    /// The next item; `None` at the end.
    pub fn poll(&self, context: &mut Context<'_>) -> Poll<Option<Taken<T>>> {
        let mut inner = self.lock();
        if let Some(item) = inner.items.pop_front() {
            let roomy = inner.full && inner.items.len() <= self.limit / 2;
            if roomy {
                inner.full = false;
            }
            if inner.items.is_empty() && inner.items.capacity() > 256 {
                // A burst is over: its memory goes back.
                inner.items = VecDeque::new();
            }
            let dropped = std::mem::take(&mut inner.dropped);
            return Poll::Ready(Some(Taken { item, dropped, roomy }));
        }
        if inner.ended {
            return Poll::Ready(None);
        }
        if !inner.waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            inner.waker = Some(context.waker().clone());
        }
        Poll::Pending
    }

    pub fn len(&self) -> usize {
        self.lock().items.len()
    }
}
