//! What comes in: replies find their requests, deliveries their streams, and advice is taken from any message.

use tokio::time::Instant;

use super::{Effect, ExchangeId, Lane, Machine, Next};
use crate::advice::Advice;
use crate::error::{Error, Failure, FailureKind};
use crate::event::{Event, State};
use crate::message::Incoming;
use crate::options::TransportKind;

impl Machine {
    pub(super) fn received(
        &mut self,
        transport: TransportKind,
        exchange: Option<ExchangeId>,
        messages: Vec<Incoming>,
        now: Instant,
    ) {
        // A late answer to an exchange that was given up is left alone as a whole: half of it would be worse.
        if exchange.is_some_and(|id| !self.exchanges.contains_key(&id)) || self.state == State::Disconnected {
            return;
        }
        let connect_id =
            self.held.and_then(|id| self.exchanges.get(&id)).and_then(|open| open.waiting.first().copied());
        let own_connect = messages.iter().find(|message| {
            is_meta_reply(message, "/meta/connect") && message.number().is_some() && message.number() == connect_id
        });
        let stale_connect =
            own_connect.is_none() && messages.iter().any(|message| is_meta_reply(message, "/meta/connect"));
        let accepted = own_connect.is_none_or(|reply| reply.successful() == Some(true));
        let take = !self.ack.active() || (!stale_connect && accepted && self.room());

        let mut replies = Vec::new();
        let mut deliveries = 0;
        for message in messages {
            if message.channel.is_meta() {
                replies.push(message);
            } else if message.data.is_some() {
                deliveries += 1;
                self.delivered(transport, message, take, now);
            } else if message.successful().is_some() {
                self.advised(&message, now);
                self.replied(message, now);
            }
        }
        for reply in replies {
            self.meta((transport, exchange), reply, deliveries, take, now);
            if self.state == State::Disconnected {
                return;
            }
        }
        if self.ack.expected(deliveries) && self.next != Next::Nothing && self.state == State::Connecting {
            self.connect(now);
        }
        if let Some(id) = exchange {
            match self.exchanges.get(&id) {
                Some(open) if open.waiting.is_empty() => drop(self.end_exchange(id)),
                // The answer is complete, and does not answer everything.
                Some(_) => self.failed(transport, Some(id), Failure::sent(FailureKind::NoReply, ""), now),
                None => {}
            }
        }
        self.check_closed(now);
    }

    fn delivered(&mut self, transport: TransportKind, message: Incoming, take: bool, now: Instant) {
        self.advised(&message, now);
        if let Some(id) = message.number()
            && self.outbox.is_call(id, &message.channel)
        {
            return self.answered(id, message);
        }
        self.counters.received += 1;
        if !take {
            return;
        }
        if transport == TransportKind::WebSocket && self.ack.holds_frames() {
            // Acknowledged deliveries count only with the connect reply that closes their batch.
            if self.ack.hold(message) > self.setup.options.max_receive_size {
                self.effect(Effect::Shut { transport, gracefully: false });
                self.failed(transport, None, Failure::sent(FailureKind::TooLarge, "a batch in frames"), now);
            }
            return;
        }
        self.deliver(&message, now);
    }

    fn deliver(&mut self, message: &Incoming, now: Instant) {
        if self.ack.is_repeat(message) {
            return;
        }
        let streams = self.topics.route(&message.channel);
        if streams.is_empty() {
            return;
        }
        let batch = self.ack.open_batch(self.setup.ack_when_done, now);
        if batch.is_some() {
            self.ack.handed_out(message);
        }
        for stream in streams.iter() {
            self.effects.push(Effect::Deliver { stream: *stream, message: message.clone(), batch });
        }
    }

    fn meta(
        &mut self,
        source: (TransportKind, Option<ExchangeId>),
        reply: Incoming,
        deliveries: u64,
        take: bool,
        now: Instant,
    ) {
        let id = reply.number();
        let exchange = id.and_then(|id| {
            let of_item = self.outbox.exchange_of(id);
            let candidates = of_item.into_iter().chain(self.held).chain(self.alone);
            candidates.into_iter().find(|exchange| {
                let own = source.1.is_none_or(|source| source == *exchange);
                let open = self.exchanges.get(exchange);
                open.is_some_and(|open| own && open.transport == source.0 && open.waiting.contains(&id))
            })
        });
        let position = exchange.and_then(|exchange| Some((exchange, self.exchanges.get(&exchange)?.lane)));
        self.effect(Effect::Meta(reply.clone()));
        match (reply.channel.as_str(), position) {
            ("/meta/connect", Some((exchange, Lane::Connect))) => {
                self.end_exchange(exchange);
                self.advised(&reply, now);
                if take && reply.successful() == Some(true) {
                    for message in self.ack.take_held() {
                        self.deliver(&message, now);
                    }
                    self.ack.received(reply.ext(), now);
                } else {
                    self.ack.discard();
                }
                self.connected(&reply, now);
            }
            ("/meta/handshake", Some((exchange, Lane::Command)))
                if matches!(self.state, State::Handshaking | State::Rehandshaking) =>
            {
                self.end_exchange(exchange);
                self.advice = Advice::default();
                self.advised(&reply, now);
                self.handshaken(&reply, deliveries, now);
            }
            ("/meta/subscribe" | "/meta/unsubscribe", Some(_)) => {
                self.advised(&reply, now);
                self.replied(reply, now);
            }
            ("/meta/disconnect", Some((exchange, Lane::Command))) => {
                self.end_exchange(exchange);
                self.said_goodbye(now);
            }
            ("/meta/disconnect", None) if reply.successful() != Some(false) && self.client_id.is_some() => {
                if self.closing.is_some() {
                    self.said_goodbye(now);
                } else {
                    self.finish(Error::ClosedByServer, true);
                }
            }
            ("/meta/connect" | "/meta/handshake" | "/meta/subscribe" | "/meta/unsubscribe" | "/meta/disconnect", _) => {
                self.tell(Event::BadInput { what: "a reply to nothing that waits", count: 1 });
            }
            _ => self.tell(Event::BadInput { what: "an unknown meta channel", count: 1 }),
        }
    }

    /// Takes a message's advice over, if it has any.
    fn advised(&mut self, message: &Incoming, _now: Instant) {
        let Some(value) = message.advice() else { return };
        let Some(advice) = Advice::read(value, self.transport().name()) else { return };
        if !advice.ignored.is_empty() {
            self.tell(Event::BadInput { what: "advice that makes no sense", count: advice.ignored.len() });
        }
        if advice == self.advice {
            return;
        }
        if !advice.hosts.is_empty() {
            self.hosts.clone_from(&advice.hosts);
        }
        self.advice = advice;
        self.tell(Event::Advised(self.advice.clone()));
    }

    /// Whether there is room for another batch.
    fn room(&self) -> bool {
        self.pressure.is_none() && !self.ack.waits_for_application()
    }

    /// Strikes a message off its exchange. Frames end with their last message, a request only with its own answer.
    pub(super) fn strike(&mut self, id: u64) {
        let exchange = self.outbox.exchange_of(id);
        if let Some(exchange) = exchange
            && let Some(open) = self.exchanges.get_mut(&exchange)
        {
            open.waiting.retain(|waiting| *waiting != id);
            if open.waiting.is_empty() && open.transport == TransportKind::WebSocket {
                self.end_exchange(exchange);
            }
        }
    }
}

fn is_meta_reply(message: &Incoming, channel: &str) -> bool {
    message.channel.as_str() == channel
}
