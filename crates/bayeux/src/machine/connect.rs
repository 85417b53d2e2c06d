//! The connect loop, broken connections, and the end of a session.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::{Closing, Effect, ExchangeId, Lane, Machine, Next, Outcome, Ticket};
use crate::advice::Reconnect;
use crate::channel::Channel;
use crate::error::{Error, Failure, FailureKind, PublishError, Refusal};
use crate::event::{Event, State};
use crate::message::Incoming;
use crate::options::TransportKind;

impl Machine {
    /// Sends the one outstanding connect.
    pub(super) fn connect(&mut self, now: Instant) {
        self.next = Next::Nothing;
        if self.client_id.is_none() || self.connect_in_flight() || self.renewing || self.closing.is_some() {
            return;
        }
        if self.gate().is_some_and(|gate| gate > now) {
            self.next = Next::Connect(now);
            return;
        }
        let transport = self.transport();
        let mut message = self.message(&Channel::fixed("/meta/connect"));
        message.fields.insert("connectionType".into(), json!(transport.name()));
        let mut hold = self.advice.timeout.unwrap_or(self.setup.options.connect_hold);
        if self.prompt {
            hold = self.opening(transport);
            message.fields.insert("advice".into(), json!({"timeout": 0}));
        }
        self.ack.connect_leaves();
        if let Some(batch) = self.ack.to_send() {
            message.fields.insert("ext".into(), json!({"ack": batch}));
        }
        let deadline = now + hold + self.setup.options.max_network_delay;
        self.send_one(transport, Lane::Connect, message, deadline);
    }

    pub(super) fn connect_in_flight(&self) -> bool {
        self.held.is_some()
    }

    pub(super) fn forget_connect(&mut self) {
        if let Some(id) = self.held
            && let Some(open) = self.end_exchange(id)
        {
            self.effect(Effect::Drop { transport: open.transport, exchange: id });
        }
    }

    /// The reply to the outstanding connect.
    pub(super) fn connected(&mut self, reply: &Incoming, now: Instant) {
        if reply.successful() != Some(true) {
            let refusal = reply.refusal();
            return match self.advice.reconnect {
                Some(Reconnect::None) if self.closing.is_none() => self.finish(Error::Refused(refusal), true),
                _ if self.closing.is_some() => self.check_closed(now),
                Some(Reconnect::Handshake) => self.session_lost(refusal, now),
                _ if refusal.is_unknown_session() => self.session_lost(refusal, now),
                _ => self.connect_failed(Error::Refused(refusal), now),
            };
        }
        if self.closing.is_some() {
            return self.check_closed(now);
        }
        match self.advice.reconnect {
            Some(Reconnect::None) => return self.finish(Error::ClosedByServer, true),
            Some(Reconnect::Handshake) => return self.session_lost(reply.refusal(), now),
            _ if self.advice.never => return self.finish(Error::ClosedByServer, true),
            _ => {}
        }
        self.connects += 1;
        self.failures = 0;
        self.stillborn = 0;
        self.refusals = 0;
        self.prompt = false;
        self.candidates[self.current].worked = true;
        if self.state != State::Connected {
            let again = self.state == State::Broken;
            self.state = State::Connected;
            self.broken_since = None;
            let gap = std::mem::take(&mut self.gap);
            if again {
                self.counters.reconnects += 1;
            }
            self.tell(Event::Connected { again, gap });
            for ticket in std::mem::take(&mut self.opens) {
                self.effect(Effect::Done { ticket, outcome: Ok(Outcome::Done) });
            }
        }
        let wait = self.advice.interval.unwrap_or_default();
        self.next = Next::Connect(now + wait);
        if wait.is_zero() {
            self.connect(now);
        }
    }

    /// The transport failed under the connect.
    pub(super) fn connect_broken(&mut self, transport: TransportKind, failure: Failure, now: Instant) {
        if self.closing.is_some() {
            return self.check_closed(now);
        }
        if let FailureKind::Status(status @ (401 | 403)) | FailureKind::Upgrade(status @ (401 | 403)) = failure.kind {
            self.prompt = true;
            if self.renew(status) {
                return;
            }
            // It may be the session that is not accepted any more: a new one, or a final word, by a handshake.
            self.connects = 0;
            return self.session_lost(refused_by_http(status), now);
        }
        if !self.next_transport(transport, &failure) {
            return self.finish(Error::Transport(failure), false);
        }
        if self.state == State::Connected {
            self.state = State::Broken;
            // Without acknowledgement, what was on its way is gone.
            self.gap |= !self.ack.active();
            self.tell(Event::Broken { failure: failure.clone() });
        }
        self.connect_failed(Error::Transport(failure), now);
    }

    fn connect_failed(&mut self, error: Error, now: Instant) {
        self.prompt = true;
        if self.advice.never {
            return self.finish(error, false);
        }
        self.failures = self.failures.saturating_add(1);
        let since = *self.broken_since.get_or_insert(now);
        if self.state == State::Connected {
            self.state = State::Broken;
        }
        let interval = self.advice.interval.unwrap_or_default();
        if let Some(longest) = self.advice.max_interval {
            let hold = self.advice.timeout.unwrap_or(self.setup.options.connect_hold);
            if now >= since + hold + interval + longest {
                return self.session_lost(
                    Refusal { text: "broken for longer than maxInterval".into(), ..Refusal::default() },
                    now,
                );
            }
        }
        let wait = interval + self.backoff(self.failures);
        self.tell(Event::Retrying { attempt: self.failures, wait, error });
        self.next = Next::Connect(now + wait);
    }

    /// An exchange, or all of a transport's, failed.
    pub(super) fn failed(
        &mut self,
        transport: TransportKind,
        exchange: Option<ExchangeId>,
        failure: Failure,
        now: Instant,
    ) {
        self.counters.failures += 1;
        let ids: Vec<ExchangeId> = if let Some(id) = exchange {
            vec![id]
        } else {
            self.ack.discard();
            self.exchanges.iter().filter(|(_, open)| open.transport == transport).map(|(id, _)| *id).collect()
        };
        let idle_socket = exchange.is_none() && self.held.is_none() && transport == self.transport();
        let mut connect = false;
        let mut handshake = false;
        let mut disconnect = false;
        let mut command = false;
        for id in ids {
            let alone = self.alone == Some(id);
            let Some(open) = self.end_exchange(id) else { continue };
            connect |= open.lane == Lane::Connect;
            command |= open.lane == Lane::Command && !alone;
            for id in open.waiting {
                if self.outbox.is_flying(id) {
                    self.unanswered(id, &failure, now);
                } else if alone {
                    handshake |= matches!(self.state, State::Handshaking | State::Rehandshaking);
                    disconnect |= self.closing.is_some();
                }
            }
        }
        if disconnect {
            self.finish(Error::Closed, true);
        } else if handshake {
            self.handshake_broken(transport, failure, now);
        } else if connect || (idle_socket && self.state == State::Connected) {
            self.connect_broken(transport, failure, now);
        } else if command && failure.maybe_sent && !self.ack.active() && self.state == State::Connected {
            self.tell(Event::Gap);
        }
    }

    pub(super) fn close(&mut self, ticket: Ticket, within: Duration, now: Instant) {
        if self.state == State::Disconnected {
            return self.effect(Effect::Done { ticket, outcome: Ok(Outcome::Done) });
        }
        if let Some(closing) = &mut self.closing {
            closing.tickets.push(ticket);
            closing.deadline = closing.deadline.min(now + within);
            return;
        }
        self.closing = Some(Closing { tickets: vec![ticket], deadline: now + within, said: false });
        if self.client_id.is_none() || self.state == State::Broken && within.is_zero() {
            return self.finish(Error::Closed, false);
        }
        self.state = State::Disconnecting;
        self.next = Next::Nothing;
    }

    /// Says good-bye as soon as everything else has been said.
    pub(super) fn say_goodbye(&mut self, now: Instant) {
        let Some(closing) = &mut self.closing else { return };
        if closing.said || !self.outbox.is_idle() || self.client_id.is_none() {
            return;
        }
        closing.said = true;
        let deadline = closing.deadline.min(now + self.setup.options.max_network_delay);
        let message = self.message(&Channel::fixed("/meta/disconnect"));
        self.send_one(self.transport(), Lane::Command, message, deadline);
    }

    /// The server has answered the good-bye; the held connect gets a moment to be answered too.
    pub(super) fn said_goodbye(&mut self, now: Instant) {
        if let Some(closing) = &mut self.closing {
            closing.deadline = closing.deadline.min(now + Duration::from_secs(1));
        }
        self.check_closed(now);
    }

    pub(super) fn check_closed(&mut self, _now: Instant) {
        if self.closing.as_ref().is_some_and(|closing| closing.said) && self.exchanges.is_empty() {
            self.finish(Error::Closed, true);
        }
    }

    /// The session is over: nothing is left open, whoever waits is told.
    pub(super) fn finish(&mut self, reason: Error, gracefully: bool) {
        if self.state == State::Disconnected {
            return;
        }
        let exchanges = std::mem::take(&mut self.exchanges);
        for (exchange, open) in exchanges {
            self.effect(Effect::Drop { transport: open.transport, exchange });
        }
        for position in 0..self.candidates.len() {
            let transport = self.candidates[position].kind;
            self.effect(Effect::Shut { transport, gracefully });
        }
        self.held = None;
        self.alone = None;
        self.state = State::Disconnected;
        self.next = Next::Nothing;
        self.client_id = None;
        self.preparing = false;
        self.renewing = false;
        self.pressure = None;
        self.ack.reset();
        self.fail_everything(&reason);
        for (stream, ticket) in self.topics.clear() {
            if let Some(ticket) = ticket {
                let outcome = Err(PublishError::NotDelivered(reason.clone()));
                self.effect(Effect::Done { ticket, outcome });
            }
            self.effect(Effect::End { stream, reason: reason.clone() });
        }
        for ticket in std::mem::take(&mut self.opens) {
            let outcome = Err(PublishError::NotDelivered(reason.clone()));
            self.effect(Effect::Done { ticket, outcome });
        }
        for ticket in self.closing.take().map(|closing| closing.tickets).unwrap_or_default() {
            self.effect(Effect::Done { ticket, outcome: Ok(Outcome::Done) });
        }
        self.tell(Event::Closed { reason });
    }
}

fn refused_by_http(status: u16) -> Refusal {
    Refusal { code: Some(status), args: String::new(), text: "refused by HTTP".into() }
}
