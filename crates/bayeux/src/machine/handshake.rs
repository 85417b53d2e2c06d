//! Opening a session: hooks, attempts, negotiation, and what is restored in a new session.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{Effect, HookFailure, Lane, Machine, Next, Ticket};
use crate::advice::Reconnect;
use crate::channel::Channel;
use crate::error::{Error, Failure, FailureKind, PublishError, Refusal};
use crate::event::{Event, State};
use crate::message::Incoming;
use crate::options::TransportKind;

/// Fields of a handshake that belong to the protocol, not to the caller.
const RESERVED: [&str; 7] =
    ["channel", "id", "clientId", "version", "minimumVersion", "supportedConnectionTypes", "data"];

impl Machine {
    pub(super) fn open(&mut self, ticket: Ticket, now: Instant) {
        if self.state != State::Disconnected {
            let outcome = Err(PublishError::NotDelivered(Error::AlreadyOpen));
            return self.effect(Effect::Done { ticket, outcome });
        }
        self.opens.push(ticket);
        self.failures = 0;
        self.stillborn = 0;
        self.refusals = 0;
        self.refused = None;
        self.had_session = false;
        self.gap = false;
        self.advice = crate::Advice::default();
        for candidate in &mut self.candidates {
            candidate.usable = true;
            candidate.worked = false;
        }
        self.current = 0;
        let resume = self.setup.resume.take();
        if let Some((resume, position)) = resume.and_then(|resume| {
            let position = self.candidates.iter().position(|candidate| candidate.kind == resume.transport)?;
            Some((resume, position))
        }) {
            self.current = position;
            self.had_session = true;
            self.client_id = Some(resume.client_id.into());
            self.offered = resume.offered;
            self.advice.timeout = resume.hold;
            self.ack.resume(resume.batch);
            self.topics.take_over(resume.channels);
            self.state = State::Connecting;
            self.connects = 0;
            self.prompt = true;
            self.next = Next::Connect(now);
            self.tell(Event::Established { first: true, gap: false, transport: self.transport() });
            self.reconcile();
            return self.connect(now);
        }
        self.state = State::Handshaking;
        self.prepare();
    }

    /// Asks for what the next handshake needs.
    pub(super) fn prepare(&mut self) {
        self.next = Next::Nothing;
        if !self.preparing {
            self.preparing = true;
            let refused = self.refused.take();
            self.effect(Effect::Prepare { attempt: self.failures.saturating_add(1), refused });
        }
    }

    pub(super) fn prepared(&mut self, result: Result<Map<String, Value>, HookFailure>, now: Instant) {
        if !std::mem::take(&mut self.preparing) || !matches!(self.state, State::Handshaking | State::Rehandshaking) {
            return;
        }
        match result {
            Ok(fields) => self.handshake(fields, now),
            Err(failure) if failure.is_final => self.finish(Error::Credentials(failure.reason), false),
            Err(failure) => self.handshake_failed(Error::Credentials(failure.reason), now),
        }
    }

    fn handshake(&mut self, mut fields: Map<String, Value>, now: Instant) {
        for name in RESERVED {
            fields.remove(name);
        }
        let types: Vec<&str> = self
            .candidates
            .iter()
            .filter(|candidate| candidate.usable)
            .map(|candidate| candidate.kind.name())
            .collect();
        fields.insert("version".into(), json!("1.0"));
        fields.insert("minimumVersion".into(), json!("1.0"));
        fields.insert("supportedConnectionTypes".into(), json!(types));
        if self.setup.options.ack
            && let Some(ext) = fields.entry("ext").or_insert_with(|| json!({})).as_object_mut()
        {
            ext.entry("ack").or_insert(json!(true));
        }
        self.client_id = None;
        let mut message = self.message(&Channel::fixed("/meta/handshake"));
        message.fields = fields;
        let transport = self.handshake_transport();
        let deadline = now + self.setup.options.max_network_delay + self.opening(transport);
        self.send_one(transport, Lane::Command, message, deadline);
    }

    fn handshake_transport(&self) -> TransportKind {
        self.setup
            .handshake_on
            .filter(|kind| self.candidates.iter().any(|candidate| candidate.kind == *kind && candidate.usable))
            .unwrap_or_else(|| self.transport())
    }

    /// A WebSocket may have to be opened first.
    pub(super) fn opening(&self, transport: TransportKind) -> Duration {
        if transport == TransportKind::WebSocket { self.setup.options.open_timeout } else { Duration::ZERO }
    }

    /// The reply to a handshake.
    pub(super) fn handshaken(&mut self, reply: &Incoming, deliveries: u64, now: Instant) {
        let rest = reply.rest.clone().unwrap_or_default();
        if rest.successful != Some(true) {
            let refusal = reply.refusal();
            return match (self.advice.reconnect, refusal.code) {
                (Some(Reconnect::None), _) => self.finish(Error::Refused(refusal), false),
                (_, Some(301)) => self.finish(Error::NoTransport { offered: rest.transports }, false),
                _ => self.handshake_failed(Error::Refused(refusal), now),
            };
        }
        let Some(client_id) = rest.client_id.filter(|id| !id.is_empty()) else {
            return self.handshake_failed(no_client_id(), now);
        };
        match self.advice.reconnect {
            Some(Reconnect::None) => return self.finish(Error::ClosedByServer, false),
            Some(Reconnect::Handshake) => return self.handshake_failed(Error::Refused(reply.refusal()), now),
            _ => {}
        }
        if !rest.transports.is_empty() {
            let common = self.candidates.iter().position(|candidate| {
                candidate.usable && rest.transports.iter().any(|name| name == candidate.kind.name())
            });
            match common {
                Some(position) => self.change_transport(position),
                None => return self.finish(Error::NoTransport { offered: rest.transports }, false),
            }
        }
        self.offered = rest.transports;
        self.client_id = Some(client_id.into());
        self.ack.start(rest.ext.as_ref());
        self.failures = 0;
        self.refusals = 0;
        self.connects = 0;
        self.counters.sessions += 1;
        self.state = State::Connecting;
        self.prompt = true;
        self.broken_since = None;
        let first = !self.had_session;
        self.had_session = true;
        self.tell(Event::Established { first, gap: !first, transport: self.transport() });
        if first {
            self.topics.lost();
        } else {
            self.topics.restore();
        }
        self.reconcile();
        let held = rest.held_messages.unwrap_or(0).saturating_sub(deliveries);
        self.ack.expect(held);
        if held == 0 {
            self.next = Next::Connect(now);
            self.flush(now);
            self.connect(now);
        } else {
            // The messages come in frames of their own; if they do not, the session goes on without them.
            self.next = Next::Connect(now + self.setup.options.max_network_delay);
        }
    }

    /// A handshake did not work out; there will be another one.
    pub(super) fn handshake_failed(&mut self, error: Error, now: Instant) {
        if self.closing.is_some() {
            return self.finish(Error::Closed, false);
        }
        if self.advice.never {
            return self.finish(error, false);
        }
        self.failures = self.failures.saturating_add(1);
        // The first retry leaves at once, the others wait.
        let wait = self.backoff(self.failures - 1).max(if self.failures > 1 {
            self.advice.interval.unwrap_or_default()
        } else {
            Duration::ZERO
        });
        self.tell(Event::Retrying { attempt: self.failures, wait, error });
        self.next = Next::Handshake(now + wait);
    }

    /// The transport failed under a handshake.
    pub(super) fn handshake_broken(&mut self, transport: TransportKind, failure: Failure, now: Instant) {
        if let FailureKind::Status(status @ (401 | 403)) | FailureKind::Upgrade(status @ (401 | 403)) = failure.kind {
            self.refusals += 1;
            self.tell(Event::CredentialsRefused { status });
            if self.setup.can_renew && self.refusals < self.setup.options.credential_attempts {
                self.refused = Some(status);
                return self.handshake_failed(Error::Unauthorized(status), now);
            }
            // Some servers and proxies refuse an upgrade in the same words: another transport may be welcome.
            let is_upgrade = matches!(failure.kind, FailureKind::Upgrade(_));
            let mut others = self.candidates.iter().filter(|candidate| candidate.kind != transport);
            if !(is_upgrade && others.any(|candidate| candidate.usable)) {
                return self.finish(Error::Unauthorized(status), false);
            }
            self.refusals = 0;
        }
        if !self.next_transport(transport, &failure) {
            return self.finish(Error::Transport(failure), false);
        }
        self.change_host(true);
        self.handshake_failed(Error::Transport(failure), now);
    }

    /// Looks for another transport if this one has never worked, or cannot. Gives false if there is none left.
    pub(super) fn next_transport(&mut self, transport: TransportKind, failure: &Failure) -> bool {
        let Some(position) = self.candidates.iter().position(|candidate| candidate.kind == transport) else {
            return true;
        };
        let unusable = matches!(failure.kind, FailureKind::Upgrade(_) | FailureKind::Unusable);
        if unusable && !(self.candidates[position].worked && self.setup.options.sticky_transport) {
            self.candidates[position].usable = false;
            self.tell(Event::TransportRefused { transport, failure: failure.clone() });
            if !self.candidates.iter().any(|candidate| candidate.usable) {
                return false;
            }
        }
        let stay = self.candidates[position].worked && self.setup.options.sticky_transport;
        if position == self.current && !stay {
            let count = self.candidates.len();
            let other = (1..=count).map(|step| (position + step) % count).find(|other| self.may_use(*other));
            if let Some(other) = other {
                self.change_transport(other);
            }
        }
        true
    }

    /// Within a session only what the server offered can be used.
    fn may_use(&self, position: usize) -> bool {
        let candidate = &self.candidates[position];
        candidate.usable
            && (self.client_id.is_none()
                || self.offered.is_empty()
                || self.offered.iter().any(|name| name == candidate.kind.name()))
    }

    /// The application wants another transport.
    pub(super) fn prefer(&mut self, kind: TransportKind) {
        let position = self.candidates.iter().position(|candidate| candidate.kind == kind);
        if let Some(position) = position.filter(|position| self.may_use(*position)) {
            self.change_transport(position);
        }
    }

    /// Looks for another host, if the server named some (`advice.hosts`) and the present one is not, or does not answer.
    fn change_host(&mut self, present_failed: bool) {
        if !self.setup.options.follow_hosts || self.hosts.is_empty() {
            return;
        }
        let present = self.hosts.iter().position(|host| *host == self.host);
        let next = match present {
            Some(_) if !present_failed => return,
            Some(position) => (position + 1) % self.hosts.len(),
            None => 0,
        };
        if self.hosts[next] != self.host {
            self.host = self.hosts[next].clone();
            let host = self.host.clone();
            self.effect(Effect::MoveTo { host });
        }
    }

    pub(super) fn change_transport(&mut self, position: usize) {
        if position != self.current {
            self.current = position;
            self.tell(Event::TransportChanged { transport: self.transport() });
        }
    }

    /// The server does not know the session any more, or wants a new one.
    pub(super) fn session_lost(&mut self, refusal: Refusal, now: Instant) {
        if self.closing.is_some() {
            return self.finish(Error::Closed, true);
        }
        self.forget_connect();
        self.stillborn = if self.connects == 0 { self.stillborn.saturating_add(1) } else { 0 };
        self.client_id = None;
        self.state = State::Rehandshaking;
        self.ack.reset();
        self.topics.lost();
        self.outbox.forget_subscriptions();
        self.forget_idle_exchanges();
        self.tell(Event::SessionLost { refusal });
        self.change_host(false);
        self.failures = 0;
        // The first time at once. A server that opens sessions and does not know them a moment later is not hammered.
        let wait = self.backoff(self.stillborn).max(if self.stillborn > 0 {
            self.advice.interval.unwrap_or_default()
        } else {
            Duration::ZERO
        });
        if wait.is_zero() {
            self.prepare();
        } else {
            self.next = Next::Handshake(now + wait);
        }
    }

    pub(super) fn renewed(&mut self, result: Result<(), HookFailure>, now: Instant) {
        if !std::mem::take(&mut self.renewing) {
            return;
        }
        match result {
            Ok(()) => {}
            Err(failure) if failure.is_final => return self.finish(Error::Credentials(failure.reason), false),
            Err(failure) => self.tell(Event::HookFailed { hook: "authenticator", reason: failure.reason }),
        }
        if self.client_id.is_some() && !self.connect_in_flight() && self.closing.is_none() && self.next == Next::Nothing
        {
            self.connect(now);
        }
    }

    /// Asks for new credentials. False if that cannot be, or was in vain.
    pub(super) fn renew(&mut self, status: u16) -> bool {
        if self.renewing {
            return true;
        }
        self.tell(Event::CredentialsRefused { status });
        self.refusals += 1;
        if !self.setup.can_renew || self.refusals >= self.setup.options.credential_attempts {
            return false;
        }
        self.renewing = true;
        self.effect(Effect::Renew { status });
        true
    }
}

fn no_client_id() -> Error {
    Error::Refused(Refusal { code: None, args: String::new(), text: "the handshake reply has no clientId".into() })
}
