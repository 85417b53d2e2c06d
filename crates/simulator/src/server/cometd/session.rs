//! One CometD session.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::model::AgentName;

/// One CometD session. Lives until it is disconnected, expires, or overflows.
pub struct Session {
    pub agent: AgentName,
    /// The `BAYEUX_BROWSER` cookie it was made with; other browsers do not get at it by long-polling.
    pub browser: Option<String>,
    pub subscriptions: BTreeSet<String>,
    /// The number of the last batch, if the client acknowledges.
    pub batch: Option<u64>,
    /// Delivered, not yet acknowledged: with the number of the batch.
    pub unacked: VecDeque<(u64, Arc<str>)>,
    pub queue: VecDeque<Arc<str>>,
    pub held_back: Option<(Instant, Arc<str>)>,
    pub news: Arc<Notify>,
    /// Set when the client itself ends the session: a held connect is then answered with "no more", not with 402.
    pub ended: Arc<AtomicBool>,
    /// Counts the connects: an older one that is still held sees that it was superseded.
    pub generation: u64,
    pub holding: bool,
    /// When the session is removed if no connect comes; none while one is held.
    pub expires: Option<Instant>,
}

impl Session {
    pub fn new(agent: AgentName, browser: Option<String>, acknowledges: bool, expires: Instant) -> Self {
        Self {
            agent,
            browser,
            subscriptions: BTreeSet::new(),
            batch: acknowledges.then_some(0),
            unacked: VecDeque::new(),
            queue: VecDeque::new(),
            held_back: None,
            news: Arc::new(Notify::new()),
            ended: Arc::new(AtomicBool::new(false)),
            generation: 0,
            holding: false,
            expires: Some(expires),
        }
    }

    pub fn wants(&self, channel: &str) -> bool {
        self.subscriptions.contains(channel) || self.subscriptions.iter().any(|pattern| matches(pattern, channel))
    }

    pub fn release_held_back(&mut self) {
        if let Some((_, message)) = self.held_back.take() {
            self.queue.push_back(message);
        }
    }

    /// The client has everything up to this batch; what it has not is delivered again.
    pub fn acknowledge(&mut self, batch: Option<u64>) {
        if self.batch.is_none() {
            return;
        }
        let batch = batch.unwrap_or(0);
        while self.unacked.front().is_some_and(|(number, _)| *number <= batch) {
            self.unacked.pop_front();
        }
        while let Some((_, message)) = self.unacked.pop_back() {
            self.queue.push_front(message);
        }
    }

    /// Everything that waits, as one batch, and the number of that batch if the client acknowledges.
    pub fn drain(&mut self) -> (Vec<Arc<str>>, Option<u64>) {
        let messages: Vec<Arc<str>> = self.queue.drain(..).collect();
        if let Some(batch) = &mut self.batch {
            *batch += 1;
            self.unacked.extend(messages.iter().map(|message| (*batch, Arc::clone(message))));
        }
        (messages, self.batch)
    }
}

/// Whether a subscription pattern covers a channel: `*` one segment, `**` one or more, neither the parent itself.
pub fn matches(pattern: &str, channel: &str) -> bool {
    if let Some(parent) = pattern.strip_suffix("/**") {
        return channel.strip_prefix(parent).is_some_and(|rest| rest.starts_with('/') && rest.len() > 1);
    }
    if let Some(parent) = pattern.strip_suffix("/*") {
        return channel
            .strip_prefix(parent)
            .and_then(|rest| rest.strip_prefix('/'))
            .is_some_and(|segment| !segment.is_empty() && !segment.contains('/'));
    }
    pattern == channel
}
