//! Requests on their way: sent, late, given up.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::{Effect, Exchange, ExchangeId, Lane, Machine, Next, StreamId};
use crate::error::{Error, Failure};
use crate::message::Outgoing;
use crate::options::TransportKind;

/// An exchange on its way.
#[derive(Debug)]
pub struct Open {
    pub transport: TransportKind,
    pub lane: Lane,
    pub waiting: BTreeSet<u64>,
    pub deadline: Instant,
}

impl Machine {
    pub(super) fn tick(&mut self, now: Instant) {
        if self.closing.as_ref().is_some_and(|closing| closing.deadline <= now) {
            return self.finish(Error::Closed, true);
        }
        let late: Vec<ExchangeId> =
            self.exchanges.iter().filter(|(_, open)| open.deadline <= now).map(|(id, _)| *id).collect();
        for id in late {
            if self.setup.ask_when_late {
                self.ask_about(id, now);
            } else {
                self.give_up(id, now);
            }
        }
        self.expire(now);
        match self.next {
            Next::Handshake(at) if at <= now => self.prepare(),
            Next::Connect(at) if at <= now && self.gate().is_none_or(|gate| gate <= now) => self.connect(now),
            _ => {}
        }
    }

    /// Asks the application whether to wait on.
    pub(super) fn ask_about(&mut self, exchange: ExchangeId, now: Instant) {
        let guard = now + self.setup.options.max_network_delay;
        let Some(open) = self.exchanges.get_mut(&exchange) else { return };
        open.deadline = guard;
        let lane = open.lane;
        self.effect(Effect::Late { exchange, lane });
    }

    pub(super) fn extend(&mut self, exchange: ExchangeId, by: Duration, now: Instant) {
        if let Some(open) = self.exchanges.get_mut(&exchange) {
            open.deadline = now + by;
        }
    }

    /// The longest time that an answer may take is over.
    pub(super) fn give_up(&mut self, exchange: ExchangeId, now: Instant) {
        // Failing one exchange may have taken others along.
        let Some(transport) = self.exchanges.get(&exchange).map(|open| open.transport) else { return };
        let failure = Failure::sent(crate::FailureKind::Timeout, "");
        if transport == TransportKind::WebSocket {
            // A socket on which an answer is missing is not trusted any more.
            self.effect(Effect::Shut { transport, gracefully: false });
            self.failed(transport, None, failure, now);
        } else {
            self.effect(Effect::Drop { transport, exchange });
            self.failed(transport, Some(exchange), failure, now);
        }
    }

    /// Gives up requests with nothing in them that still means something, so that the next session need not wait for them.
    pub(super) fn forget_idle_exchanges(&mut self) {
        let idle: Vec<(ExchangeId, TransportKind)> = self
            .exchanges
            .iter()
            .filter(|(_, open)| !open.waiting.iter().any(|id| self.outbox.is_flying(*id)))
            .map(|(id, open)| (*id, open.transport))
            .collect();
        for (exchange, transport) in idle {
            self.end_exchange(exchange);
            self.effect(Effect::Drop { transport, exchange });
        }
    }

    /// Takes an exchange off the list.
    pub(super) fn end_exchange(&mut self, id: ExchangeId) -> Option<Open> {
        self.held.take_if(|held| *held == id);
        self.alone.take_if(|alone| *alone == id);
        self.exchanges.remove(&id)
    }

    pub(super) fn send(
        &mut self,
        transport: TransportKind,
        lane: Lane,
        messages: Vec<Outgoing>,
        streams: Vec<Option<StreamId>>,
        deadline: Instant,
    ) {
        self.last_exchange += 1;
        self.counters.sent += messages.len() as u64;
        let waiting = messages.iter().map(|message| message.id).collect();
        let alone = lane == Lane::Command
            && messages
                .first()
                .is_some_and(|message| matches!(&*message.channel, "/meta/handshake" | "/meta/disconnect"));
        match lane {
            Lane::Connect => self.held = Some(self.last_exchange),
            Lane::Command if alone => self.alone = Some(self.last_exchange),
            Lane::Command => {}
        }
        self.exchanges.insert(self.last_exchange, Open { transport, lane, waiting, deadline });
        self.effect(Effect::Send(Exchange { id: self.last_exchange, transport, lane, messages, streams }));
    }

    /// A single message without a stream.
    pub(super) fn send_one(&mut self, transport: TransportKind, lane: Lane, message: Outgoing, deadline: Instant) {
        self.send(transport, lane, vec![message], vec![None], deadline);
    }
}
