//! Acknowledged delivery: which batch the next connect acknowledges, and what is not taken over yet.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::Machine;
use crate::message::Incoming;

#[derive(Debug, Default)]
pub(super) struct Ack {
    active: bool,
    /// The last batch that is done with.
    acknowledged: u64,
    /// Frames of a batch whose connect reply has not come.
    held: Vec<Incoming>,
    held_size: usize,
    /// Deliveries of the handshake reply that come in frames of their own.
    expected: u64,
    /// Handed out, waiting for the word of the application.
    open: Option<OpenBatch>,
    batches: u64,
    /// What the server will send again, and the application has already.
    skip: VecDeque<Incoming>,
}

/// A batch that the application has and is not done with.
#[derive(Debug)]
struct OpenBatch {
    /// Our name for it.
    name: u64,
    /// The server's number, once the connect reply has told it.
    number: Option<u64>,
    since: Instant,
    messages: VecDeque<Incoming>,
}

impl Ack {
    pub fn active(&self) -> bool {
        self.active
    }

    pub fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// A new session. The server says `true`, or an object with the number of the batch in the handshake reply.
    pub fn start(&mut self, ext: Option<&Value>) {
        let batches = self.batches;
        *self = Self { batches, ..Self::default() };
        match ext.and_then(|ext| ext.get("ack")) {
            Some(Value::Bool(true)) => self.active = true,
            Some(Value::Object(ack)) if ack.get("enabled") == Some(&Value::Bool(true)) => {
                self.active = true;
                self.acknowledged = ack.get("batch").and_then(Value::as_u64).unwrap_or(0);
            }
            _ => {}
        }
    }

    pub fn resume(&mut self, batch: Option<u64>) {
        let batches = self.batches;
        *self = Self { active: batch.is_some(), acknowledged: batch.unwrap_or(0), batches, ..Self::default() };
    }

    pub fn reset(&mut self) {
        self.start(None);
    }

    /// What the next connect carries.
    pub fn to_send(&self) -> Option<u64> {
        self.active.then_some(self.acknowledged)
    }

    pub fn expect(&mut self, deliveries: u64) {
        self.expected = deliveries;
    }

    /// Whether the last of the expected deliveries has just come.
    pub fn expected(&mut self, deliveries: u64) -> bool {
        let waited = self.expected > 0;
        self.expected = self.expected.saturating_sub(deliveries);
        waited && self.expected == 0
    }

    pub fn holds_frames(&self) -> bool {
        self.active && self.expected == 0
    }

    /// Keeps a frame; gives the size of what is kept.
    pub fn hold(&mut self, message: Incoming) -> usize {
        self.held_size += message.data.as_ref().map_or(0, |data| data.bytes().len()) + 64;
        self.held.push(message);
        self.held_size
    }

    pub fn take_held(&mut self) -> Vec<Incoming> {
        self.held_size = 0;
        std::mem::take(&mut self.held)
    }

    pub fn discard(&mut self) {
        self.held_size = 0;
        self.held.clear();
    }

    /// The reply to a connect: its batch is taken over, now or when the application is done with it.
    pub fn received(&mut self, ext: Option<&Value>, now: Instant) {
        self.skip.clear();
        let Some(number) = ext.and_then(|ext| ext.get("ack")).and_then(Value::as_u64).filter(|_| self.active) else {
            return;
        };
        match &mut self.open {
            Some(open) if open.number.is_none() => {
                open.number = Some(number);
                open.since = now;
            }
            _ => self.acknowledged = number,
        }
    }

    /// The name under which the application reports that it is done with a delivery.
    pub fn open_batch(&mut self, when_done: bool, now: Instant) -> Option<u64> {
        if !(self.active && when_done) {
            return None;
        }
        let batches = &mut self.batches;
        let open = self.open.get_or_insert_with(|| {
            *batches += 1;
            OpenBatch { name: *batches, number: None, since: now, messages: VecDeque::new() }
        });
        Some(open.name)
    }

    pub fn handed_out(&mut self, message: &Incoming) {
        if let Some(open) = &mut self.open {
            open.messages.push_back(message.clone());
        }
    }

    /// A connect leaves. If it still carries the old number, the server sends again what the application has already.
    pub fn connect_leaves(&mut self) {
        self.skip = self.open.as_ref().map(|open| open.messages.clone()).unwrap_or_default();
    }

    /// Whether this delivery is one that the application has already got.
    pub fn is_repeat(&mut self, message: &Incoming) -> bool {
        match self.skip.front() {
            Some(first) if first.channel == message.channel && first.data == message.data => {
                self.skip.pop_front();
                true
            }
            Some(_) => {
                self.skip.clear();
                false
            }
            None => false,
        }
    }

    pub fn waits_for_application(&self) -> bool {
        self.open.is_some()
    }

    /// Until when the next connect waits for the application.
    pub fn gate(&self, wait: Duration) -> Option<Instant> {
        self.open.as_ref().map(|open| open.since + wait)
    }
}

impl Machine {
    pub(super) fn taken(&mut self, name: u64, now: Instant) {
        if let Some(open) = self.ack.open.take_if(|open| open.name <= name) {
            if let Some(number) = open.number {
                self.ack.acknowledged = self.ack.acknowledged.max(number);
            }
            self.tick(now);
        }
    }

    /// The application will not finish the batch: the next connect carries the old number, and the server sends it again.
    pub(super) fn abandoned(&mut self, now: Instant) {
        if self.ack.open.take().is_some() {
            self.ack.skip.clear();
            let wait = self.backoff(1);
            if !self.connect_in_flight() && self.client_id.is_some() && self.closing.is_none() {
                self.next = super::Next::Connect(now + wait);
            }
        }
    }
}
