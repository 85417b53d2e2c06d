//! Messages on their way to the server: kept in order, sent together, each with one of three outcomes.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Command, Effect, Lane, Machine, Outcome, Publish, StreamId, Ticket};
use crate::channel::Channel;
use crate::error::{Error, Failure, FailureKind, PublishError};
use crate::event::{Event, State};
use crate::message::{Incoming, Outgoing};
use crate::options::{Offline, TransportKind};

/// What a message is for.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Subscribe { channels: Vec<Channel> },
    Unsubscribe,
    Publish { ticket: Ticket, resend: bool, call: bool },
}

#[derive(Debug)]
pub(super) struct Item {
    pub kind: Kind,
    pub message: Outgoing,
    pub stream: Option<StreamId>,
    /// The exchange it is in.
    pub exchange: u64,
    /// The session in which it was last sent.
    pub session: u64,
    pub attempts: u32,
    pub attempts_left: u32,
    pub deadline: Option<Instant>,
    /// Whether it may have reached the server.
    pub maybe_sent: bool,
    /// Whether the credentials were renewed for it once.
    pub renewed: bool,
}

/// How often a subscribe is sent before its failure is reported.
const SUBSCRIBE_ATTEMPTS: u32 = 5;

/// Subscriptions that are restored leave before everything else.
const RESTORED: u8 = 0;
const USUAL: u8 = 1;

#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: BTreeMap<(u8, u64), Item>,
    /// Sent, not answered.
    flying: BTreeMap<u64, Item>,
    /// Remote calls whose publish was taken, and whose answer is still to come.
    calls: BTreeMap<u64, Item>,
    failures: u32,
    blocked_until: Option<Instant>,
    /// No message expires before this.
    earliest: Option<Instant>,
}

impl Outbox {
    pub fn len(&self) -> usize {
        self.queue.len() + self.flying.len() + self.calls.len()
    }

    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.flying.is_empty() && self.calls.is_empty()
    }

    pub fn is_flying(&self, id: u64) -> bool {
        self.flying.contains_key(&id)
    }

    pub fn awaits_replies(&self) -> bool {
        !self.flying.is_empty()
    }

    /// Whether a message with data is the answer to a remote call.
    pub fn is_call(&self, id: u64, channel: &str) -> bool {
        self.flying.get(&id).or_else(|| self.calls.get(&id)).is_some_and(|item| {
            matches!(item.kind, Kind::Publish { call: true, .. }) && item.message.channel.as_str() == channel
        })
    }

    /// The exchange that a message is in.
    pub fn exchange_of(&self, id: u64) -> Option<u64> {
        self.flying.get(&id).map(|item| item.exchange)
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.earliest.into_iter().chain(self.blocked_until).min()
    }

    fn find_earliest(&mut self) {
        let items = self.queue.values().chain(self.flying.values()).chain(self.calls.values());
        self.earliest = items.filter_map(|item| item.deadline).min();
    }

    /// In a new session the old subscribe messages mean nothing.
    pub fn forget_subscriptions(&mut self) {
        self.queue.retain(|_, item| matches!(item.kind, Kind::Publish { .. }));
        self.flying.retain(|_, item| matches!(item.kind, Kind::Publish { .. }));
    }

    fn put(&mut self, rank: u8, item: Item) {
        self.earliest = self.earliest.into_iter().chain(item.deadline).min();
        self.queue.insert((rank, item.message.id), item);
    }
}

impl Machine {
    pub(super) fn commands(&mut self, commands: Vec<Command>, now: Instant) {
        for command in commands {
            match command {
                Command::Subscribe { ticket, stream, channels, has_fields } => {
                    if self.closing.is_some() {
                        let outcome = Err(PublishError::NotDelivered(Error::Closed));
                        self.effect(Effect::Done { ticket, outcome });
                        continue;
                    }
                    self.topics.add(stream, channels, has_fields, ticket);
                    self.reconcile();
                }
                Command::Unsubscribe { stream } => {
                    if let Some(ticket) = self.topics.remove(stream) {
                        self.effect(Effect::Done { ticket, outcome: Err(PublishError::NotDelivered(Error::Gone)) });
                    }
                    self.reconcile();
                }
                Command::Publish(publish) => self.publish(publish, now),
            }
        }
    }

    fn publish(&mut self, publish: Publish, now: Instant) {
        let options = &self.setup.options;
        let online =
            matches!(self.state, State::Connected) || (self.state == State::Connecting && self.broken_since.is_none());
        let fault = if self.closing.is_some() {
            Some(Error::Closed)
        } else if self.outbox.len() >= options.outbox_limit {
            Some(Error::OutboxFull { limit: options.outbox_limit })
        } else if options.offline == Offline::Fail && !online {
            Some(Error::NotConnected)
        } else if publish.deadline.is_some_and(|deadline| deadline <= now) {
            Some(Error::Expired)
        } else {
            None
        };
        let limit = options.max_send_size;
        let Publish { ticket, channel, data, mut fields, resend, attempts, deadline, call } = publish;
        for name in ["channel", "id", "clientId", "data"] {
            fields.remove(name);
        }
        let mut message = self.message(&channel);
        message.data = Some(data);
        message.fields = fields;
        let size = message.size();
        let fault = fault.or((size > limit).then_some(Error::TooLarge { size, limit }));
        if let Some(error) = fault {
            return self.effect(Effect::Done { ticket, outcome: Err(PublishError::NotDelivered(error)) });
        }
        let item = Item {
            kind: Kind::Publish { ticket, resend, call },
            message,
            stream: None,
            exchange: 0,
            session: 0,
            attempts: 0,
            attempts_left: attempts.max(1),
            deadline,
            maybe_sent: false,
            renewed: false,
        };
        self.outbox.put(USUAL, item);
    }

    /// Sends the subscribe and unsubscribe messages that are missing.
    pub(super) fn reconcile(&mut self) {
        if self.client_id.is_none() {
            // They are sent when there is a session.
            return;
        }
        let (wanted, unwanted) = self.topics.plan(self.setup.options.cover_subscriptions);
        let rank = if self.connects == 0 { RESTORED } else { USUAL };
        for (channels, stream) in wanted {
            let mut message = self.message(&Channel::fixed("/meta/subscribe"));
            let names: Vec<&str> = channels.iter().map(Channel::as_str).collect();
            let subscription = if let [one] = names.as_slice() { json!(one) } else { json!(names) };
            message.fields.insert("subscription".into(), subscription);
            self.put(rank, Kind::Subscribe { channels }, message, stream);
        }
        for channel in unwanted {
            let mut message = self.message(&Channel::fixed("/meta/unsubscribe"));
            message.fields.insert("subscription".into(), json!(channel.as_str()));
            self.put(rank, Kind::Unsubscribe, message, None);
        }
        self.settle();
    }

    fn put(&mut self, rank: u8, kind: Kind, message: Outgoing, stream: Option<StreamId>) {
        let item = Item {
            kind,
            message,
            stream,
            exchange: 0,
            session: 0,
            attempts: 0,
            attempts_left: SUBSCRIBE_ATTEMPTS,
            deadline: None,
            maybe_sent: false,
            renewed: false,
        };
        self.outbox.put(rank, item);
    }

    /// Tells the subscribers whose channels are all confirmed.
    pub(super) fn settle(&mut self) {
        for ticket in self.topics.settled() {
            self.effect(Effect::Done { ticket, outcome: Ok(Outcome::Done) });
        }
        if self.topics.is_restored() {
            self.tell(Event::Resubscribed);
        }
    }

    /// Sends what may be sent now.
    pub(super) fn flush(&mut self, now: Instant) {
        let ready = match self.state {
            State::Connected | State::Disconnecting => true,
            State::Connecting => self.broken_since.is_none(),
            _ => false,
        };
        if !ready || self.client_id.is_none() || self.renewing {
            return;
        }
        if self.outbox.blocked_until.is_some_and(|until| until > now) {
            return;
        }
        self.outbox.blocked_until = None;
        loop {
            let transport = self.transport();
            let busy = self.exchanges.len() > usize::from(self.held.is_some());
            if self.outbox.queue.is_empty() || (busy && transport == TransportKind::LongPolling) {
                break;
            }
            let mut size = 0;
            let mut messages = Vec::new();
            let mut streams = Vec::new();
            while let Some(entry) = self.outbox.queue.first_entry() {
                size += entry.get().message.size();
                if size > self.setup.options.max_request_size && !messages.is_empty() {
                    break;
                }
                let mut item = entry.remove();
                item.attempts += 1;
                item.attempts_left = item.attempts_left.saturating_sub(1);
                item.session = self.counters.sessions;
                item.exchange = self.last_exchange + 1;
                item.maybe_sent = true;
                item.message.client_id.clone_from(&self.client_id);
                if let Kind::Publish { ticket, resend: true, .. } = item.kind {
                    mark(&mut item.message, ticket, item.attempts, self.setup.seed);
                }
                streams.push(item.stream);
                messages.push(item.message.clone());
                self.outbox.flying.insert(item.message.id, item);
            }
            let deadline = now + self.setup.options.max_network_delay;
            self.send(transport, Lane::Command, messages, streams, deadline);
        }
        self.say_goodbye(now);
    }

    /// The reply to a message of the outbox.
    pub(super) fn replied(&mut self, reply: Incoming, now: Instant) {
        let Some(id) = reply.number() else { return };
        let matches = self.outbox.flying.get(&id).is_some_and(|item| item.message.channel == reply.channel);
        if !matches {
            if self.outbox.calls.contains_key(&id) {
                return;
            }
            return self.tell(Event::BadInput { what: "a reply to nothing that waits", count: 1 });
        }
        self.strike(id);
        let Some(item) = self.outbox.flying.remove(&id) else { return };
        self.outbox.failures = 0;
        if reply.successful() == Some(true) {
            return match item.kind {
                Kind::Subscribe { ref channels } => {
                    self.topics.confirm(channels);
                    self.settle();
                    self.reconcile();
                }
                Kind::Unsubscribe => {}
                Kind::Publish { call: true, .. } => {
                    self.outbox.calls.insert(id, item);
                }
                Kind::Publish { ticket, .. } => {
                    self.effect(Effect::Done { ticket, outcome: Ok(Outcome::Reply(reply)) });
                }
            };
        }
        let refusal = reply.refusal();
        let lost = refusal.is_unknown_session() || self.wants_handshake(&reply);
        let current = item.session == self.counters.sessions && self.client_id.is_some();
        match item.kind {
            Kind::Subscribe { .. } | Kind::Unsubscribe if lost => {}
            Kind::Subscribe { ref channels } => {
                let restored = item.attempts > 0 && self.topics.refuse(channels);
                for (stream, ticket) in self.topics.refused_streams(channels) {
                    let reason = Error::Refused(refusal.clone());
                    let outcome = Err(PublishError::NotDelivered(reason.clone()));
                    self.effect(Effect::Done { ticket, outcome });
                    self.effect(Effect::End { stream, reason });
                }
                if restored {
                    for channel in channels {
                        self.tell(Event::ResubscribeRefused { channel: channel.clone(), refusal: refusal.clone() });
                    }
                }
                self.reconcile();
            }
            Kind::Unsubscribe => {}
            Kind::Publish { resend: true, .. } if lost && item.attempts_left > 0 => {
                self.outbox.put(USUAL, item);
            }
            Kind::Publish { ticket, .. } => {
                let outcome = Err(PublishError::NotDelivered(Error::Refused(refusal.clone())));
                self.effect(Effect::Done { ticket, outcome });
            }
        }
        if lost && current && self.state != State::Rehandshaking {
            self.session_lost(refusal, now);
        }
    }

    fn wants_handshake(&self, reply: &Incoming) -> bool {
        reply.advice().is_some() && self.advice.reconnect == Some(crate::advice::Reconnect::Handshake)
    }

    /// The answer, with data, to a remote call.
    pub(super) fn answered(&mut self, id: u64, answer: Incoming) {
        self.strike(id);
        let item = self.outbox.flying.remove(&id).or_else(|| self.outbox.calls.remove(&id));
        if let Some(Item { kind: Kind::Publish { ticket, .. }, .. }) = item {
            self.effect(Effect::Done { ticket, outcome: Ok(Outcome::Reply(answer)) });
        }
    }

    /// No reply: the transport failed under the message.
    pub(super) fn unanswered(&mut self, id: u64, failure: &Failure, now: Instant) {
        let Some(mut item) = self.outbox.flying.remove(&id) else { return };
        let refused = matches!(failure.kind, FailureKind::Status(400..=407 | 409..=499));
        let maybe_sent = failure.maybe_sent && !refused;
        if let FailureKind::Status(status @ (401 | 403)) = failure.kind
            && !item.renewed
            && self.renew(status)
        {
            item.renewed = true;
            item.attempts_left += 1;
            return self.outbox.put(USUAL, item);
        }
        let error = match failure.kind {
            FailureKind::Status(status @ (401 | 403)) => Error::Unauthorized(status),
            _ => Error::Transport(failure.clone()),
        };
        let again = item.attempts_left > 0
            && self.client_id.is_some()
            && !(refused && matches!(item.kind, Kind::Publish { .. }));
        match item.kind {
            Kind::Subscribe { .. } | Kind::Unsubscribe if again => self.retry(item, now),
            // Somebody listens who would never hear anything again: it is tried as long as there is a session.
            Kind::Subscribe { ref channels } if self.client_id.is_some() && self.topics.are_restored(channels) => {
                self.retry(item, now);
            }
            Kind::Subscribe { ref channels } => {
                for (stream, ticket) in self.topics.refused_streams(channels) {
                    self.effect(Effect::Done { ticket, outcome: Err(PublishError::Unknown(error.clone())) });
                    self.effect(Effect::End { stream, reason: error.clone() });
                }
            }
            Kind::Unsubscribe => {}
            Kind::Publish { resend: true, .. } if item.attempts_left > 0 && !refused && self.closing.is_none() => {
                self.retry(item, now);
            }
            // What never left waits for the connection, as if it had been published now.
            Kind::Publish { .. } if !maybe_sent && !refused && self.may_wait() && item.attempts_left > 0 => {
                self.retry(item, now);
            }
            Kind::Publish { ticket, .. } => {
                let error = if maybe_sent { PublishError::Unknown(error) } else { PublishError::NotDelivered(error) };
                self.effect(Effect::Done { ticket, outcome: Err(error) });
            }
        }
    }

    fn may_wait(&self) -> bool {
        self.setup.options.offline == Offline::Hold && self.closing.is_none()
    }

    fn retry(&mut self, item: Item, now: Instant) {
        if self.outbox.blocked_until.is_none() {
            self.outbox.failures = self.outbox.failures.saturating_add(1);
            let wait = self.backoff(self.outbox.failures);
            self.outbox.blocked_until = Some(now + wait);
        }
        self.outbox.put(USUAL, item);
    }

    /// Extensions took messages out.
    pub(super) fn removed(&mut self, ids: &[u64]) {
        for id in ids {
            let exchange = self.outbox.exchange_of(*id);
            self.strike(*id);
            // Nothing of it was sent.
            if let Some(exchange) =
                exchange.filter(|id| self.exchanges.get(id).is_some_and(|open| open.waiting.is_empty()))
            {
                self.end_exchange(exchange);
            }
            if let Some(Item { kind: Kind::Publish { ticket, .. }, .. }) = self.outbox.flying.remove(id) {
                self.effect(Effect::Done { ticket, outcome: Err(PublishError::NotDelivered(Error::Dropped)) });
            }
        }
    }

    /// Gives up messages whose deadline has passed.
    pub(super) fn expire(&mut self, now: Instant) {
        self.outbox.blocked_until.take_if(|until| *until <= now);
        if self.outbox.earliest.is_none_or(|earliest| earliest > now) {
            return;
        }
        let late = |item: &Item| item.deadline.is_some_and(|deadline| deadline <= now);
        let mut expired = Vec::new();
        let queued: Vec<(u8, u64)> =
            self.outbox.queue.iter().filter(|(_, item)| late(item)).map(|(key, _)| *key).collect();
        expired.extend(queued.iter().filter_map(|key| self.outbox.queue.remove(key)));
        let flying: Vec<u64> = self.outbox.flying.iter().filter(|(_, item)| late(item)).map(|(id, _)| *id).collect();
        // Their requests go on: the lane is not free before the server has answered.
        expired.extend(flying.iter().filter_map(|id| self.outbox.flying.remove(id)));
        let calls: Vec<u64> = self.outbox.calls.iter().filter(|(_, item)| late(item)).map(|(id, _)| *id).collect();
        expired.extend(calls.iter().filter_map(|id| self.outbox.calls.remove(id)));
        for item in expired {
            if let Kind::Publish { ticket, .. } = item.kind {
                let error = if item.maybe_sent {
                    PublishError::Unknown(Error::Expired)
                } else {
                    PublishError::NotDelivered(Error::Expired)
                };
                self.effect(Effect::Done { ticket, outcome: Err(error) });
            }
        }
        self.outbox.find_earliest();
    }

    pub(super) fn fail_everything(&mut self, reason: &Error) {
        let queue = std::mem::take(&mut self.outbox.queue).into_values();
        let flying = std::mem::take(&mut self.outbox.flying).into_values();
        let calls = std::mem::take(&mut self.outbox.calls).into_values();
        for item in queue.chain(flying).chain(calls) {
            if let Kind::Publish { ticket, .. } = item.kind {
                let reason = reason.clone();
                let error =
                    if item.maybe_sent { PublishError::Unknown(reason) } else { PublishError::NotDelivered(reason) };
                self.effects.push(Effect::Done { ticket, outcome: Err(error) });
            }
        }
        self.outbox.blocked_until = None;
        self.outbox.earliest = None;
        self.outbox.failures = 0;
    }
}

/// Marks a message that may be sent twice, so that the receiver can tell: the id stays the same over all attempts.
fn mark(message: &mut Outgoing, ticket: Ticket, attempt: u32, seed: u64) {
    let ext = message.fields.entry("ext").or_insert_with(|| json!({}));
    if let Value::Object(ext) = ext {
        ext.insert("resend".into(), json!({"id": format!("{seed:x}-{ticket}"), "attempt": attempt}));
    }
}
