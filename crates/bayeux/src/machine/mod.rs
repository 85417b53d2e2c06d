//! The session: a machine without I/O, clock or chance of its own. `handle(input, now)` gives the effects to carry out.

mod ack;
mod connect;
mod handshake;
mod outbox;
mod receive;
mod topics;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::advice::Advice;
use crate::channel::Channel;
use crate::error::{Error, Failure, PublishError};
use crate::event::{Event, State};
use crate::message::{Incoming, Outgoing};
use crate::options::{Options, TransportKind};
use crate::snapshot::Resume;

use ack::Ack;
use outbox::Outbox;
use topics::Topics;

/// Names a call that waits for its outcome.
pub type Ticket = u64;
/// Names a subscription.
pub type StreamId = u64;
/// Names a request, or the frames that take its place.
pub type ExchangeId = u64;

/// What happens to the machine.
#[derive(Debug)]
pub enum Input {
    /// Open the session.
    Open {
        /// Told when the session is connected, or will not be.
        ticket: Ticket,
    },
    /// The hooks for a handshake have run.
    Prepared(Result<Map<String, Value>, HookFailure>),
    /// The credentials were renewed after a refusal, or not.
    Renewed(Result<(), HookFailure>),
    /// Calls of the application. Several of them leave together, in order.
    Commands(Vec<Command>),
    /// Messages came in: the answer to an exchange, or (WebSocket) a frame.
    Received {
        /// Where from.
        transport: TransportKind,
        /// The exchange that ends with this answer.
        exchange: Option<ExchangeId>,
        /// In the order of the array.
        messages: Vec<Incoming>,
    },
    /// An exchange failed; without one, the whole transport.
    Failed {
        /// Which transport.
        transport: TransportKind,
        /// Which exchange.
        exchange: Option<ExchangeId>,
        /// How.
        failure: Failure,
    },
    /// Extensions took these messages out before they were sent.
    Removed(Vec<u64>),
    /// A subscription is full, or no subscription is full any more.
    Pressure(bool),
    /// The application is done with the deliveries of all batches up to this one.
    Taken(u64),
    /// The application will not be done with them: let the server send them again.
    Abandoned,
    /// The application wants to wait on for a late answer, for this long.
    Extend {
        /// The exchange.
        exchange: ExchangeId,
        /// How long from now.
        by: Duration,
    },
    /// The application does not want to wait on for a late answer.
    GiveUp(ExchangeId),
    /// Go on over this transport from the next connect on, if the server has it.
    Prefer(TransportKind),
    /// A moment has come that [`Machine::deadline`] named.
    Tick,
    /// Close the session: send what waits, say good-bye, for at most this long.
    Close {
        /// Told when it is done.
        ticket: Ticket,
        /// The longest time for it.
        within: Duration,
    },
    /// End the session at once, without a word.
    Abort,
}

/// A hook's failure.
#[derive(Debug, Clone)]
pub struct HookFailure {
    /// What it said.
    pub reason: String,
    /// Whether there is no point in trying again.
    pub is_final: bool,
}

/// A call of the application.
#[derive(Debug, Clone)]
pub enum Command {
    /// Subscribe a stream to channels.
    Subscribe {
        /// Told when all of them are confirmed, or one is refused.
        ticket: Ticket,
        /// The stream.
        stream: StreamId,
        /// Its channels.
        channels: Vec<Channel>,
        /// Whether the subscribe messages carry fields of the caller: such ones are always sent.
        has_fields: bool,
    },
    /// Take a stream away.
    Unsubscribe {
        /// The stream.
        stream: StreamId,
    },
    /// Publish a message.
    Publish(Publish),
}

impl Command {
    /// The call that waits for the outcome.
    pub fn ticket(&self) -> Option<Ticket> {
        match self {
            Self::Subscribe { ticket, .. } => Some(*ticket),
            Self::Publish(publish) => Some(publish.ticket),
            Self::Unsubscribe { .. } => None,
        }
    }
}

/// A message to be published.
#[derive(Debug, Clone)]
pub struct Publish {
    /// Told the outcome.
    pub ticket: Ticket,
    /// Where to.
    pub channel: Channel,
    /// JSON text.
    pub data: Bytes,
    /// Further fields, such as `ext`.
    pub fields: Map<String, Value>,
    /// Whether to send it again when it was, or may have been, lost.
    pub resend: bool,
    /// How often it may be sent.
    pub attempts: u32,
    /// When to give up.
    pub deadline: Option<Instant>,
    /// Whether the outcome is the answer with data (remote call) instead of the reply.
    pub call: bool,
}

/// The good outcome of a call.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Done.
    Done,
    /// The server's reply to a publish, or the answer to a remote call.
    Reply(Incoming),
}

/// What is to be done now, in this order.
#[derive(Debug)]
pub enum Effect {
    /// Run the hooks for a handshake and come back with [`Input::Prepared`].
    Prepare {
        /// Counts the attempts in a row, from 1.
        attempt: u32,
        /// The HTTP status with which the credentials were refused.
        refused: Option<u16>,
    },
    /// Renew the credentials and come back with [`Input::Renewed`].
    Renew {
        /// The HTTP status with which they were refused.
        status: u16,
    },
    /// Send messages together.
    Send(Exchange),
    /// Forget an exchange; whatever still comes for it must not be handed in.
    Drop {
        /// On which transport.
        transport: TransportKind,
        /// Which one.
        exchange: ExchangeId,
    },
    /// An answer is late: ask the application, and come back with [`Input::Extend`] or [`Input::GiveUp`].
    Late {
        /// Which one.
        exchange: ExchangeId,
        /// What it is for.
        lane: Lane,
    },
    /// Close a transport and forget all its exchanges.
    Shut {
        /// Which one.
        transport: TransportKind,
        /// With the proper closing words, or just so.
        gracefully: bool,
    },
    /// Hand a message to a stream.
    Deliver {
        /// The stream.
        stream: StreamId,
        /// The message.
        message: Incoming,
        /// The batch it belongs to, if the application has to say when it is done with it.
        batch: Option<u64>,
    },
    /// A call has its outcome.
    Done {
        /// The call.
        ticket: Ticket,
        /// Its outcome.
        outcome: Result<Outcome, PublishError>,
    },
    /// The stream ends: it was refused, or the session is over.
    End {
        /// The stream.
        stream: StreamId,
        /// Why.
        reason: Error,
    },
    /// Tell the listeners.
    Tell(Box<Event>),
    /// A message on a `/meta/` channel, for local listeners.
    Meta(Incoming),
    /// Go over to another server of the same sessions (`advice.hosts`).
    MoveTo {
        /// Its host name, with a port if it is not the usual one.
        host: String,
    },
}

/// Messages that leave together.
#[derive(Debug)]
pub struct Exchange {
    /// Its name.
    pub id: ExchangeId,
    /// The transport to use.
    pub transport: TransportKind,
    /// What it is for.
    pub lane: Lane,
    /// The messages, in order.
    pub messages: Vec<Outgoing>,
    /// For each message, the stream whose subscribe fields belong to it.
    pub streams: Vec<Option<StreamId>>,
}

/// What an exchange is for. Each lane carries one request at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// The held connect.
    Connect,
    /// Everything else.
    Command,
}

/// Which transports there are, and how each has done so far.
#[derive(Debug)]
struct Candidate {
    kind: TransportKind,
    usable: bool,
    worked: bool,
}

/// What the machine waits for before it goes on with the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Nothing,
    Handshake(Instant),
    Connect(Instant),
}

/// Counts since the client was built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages sent.
    pub sent: u64,
    /// Deliveries received.
    pub received: u64,
    /// Sessions opened.
    pub sessions: u64,
    /// Times that a broken connection came back.
    pub reconnects: u64,
    /// Failures of exchanges and transports.
    pub failures: u64,
}

/// How a machine is set up.
#[derive(Debug)]
pub struct Setup {
    /// Limits and waits.
    pub options: Options,
    /// Transports in order of preference.
    pub transports: Vec<TransportKind>,
    /// The transport for handshakes, if it is not the first usable one.
    pub handshake_on: Option<TransportKind>,
    /// Whether there is an authenticator to ask for new credentials.
    pub can_renew: bool,
    /// Whether the application says when it is done with a delivery.
    pub ack_when_done: bool,
    /// Whether to ask the application about answers that are late.
    pub ask_when_late: bool,
    /// The host of the URL, as `advice.hosts` would name it.
    pub host: String,
    /// A session to go on with.
    pub resume: Option<Resume>,
    /// For jitter.
    pub seed: u64,
}

/// A session.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each says one thing about the session beside its state")]
pub struct Machine {
    setup: Setup,
    rng: SmallRng,
    state: State,
    next: Next,
    client_id: Option<Arc<str>>,
    candidates: Vec<Candidate>,
    current: usize,
    offered: Vec<String>,
    advice: Advice,
    /// Failures in a row of handshakes or connects.
    failures: u32,
    /// Sessions in a row that died before a connect succeeded.
    stillborn: u32,
    /// Refusals of the credentials in a row.
    refusals: u32,
    refused: Option<u16>,
    /// Since when the connection is broken.
    broken_since: Option<Instant>,
    preparing: bool,
    renewing: bool,
    /// Whether the next connect asks for an answer at once.
    prompt: bool,
    connects: u64,
    had_session: bool,
    gap: bool,
    opens: Vec<Ticket>,
    closing: Option<Closing>,
    last_id: u64,
    last_exchange: ExchangeId,
    exchanges: BTreeMap<ExchangeId, Open>,
    /// The exchange of the held connect.
    held: Option<ExchangeId>,
    /// The exchange of a handshake or a good-bye.
    alone: Option<ExchangeId>,
    hosts: Vec<String>,
    host: String,
    outbox: Outbox,
    topics: Topics,
    ack: Ack,
    pressure: Option<Instant>,
    counters: Counters,
    effects: Vec<Effect>,
}

/// An exchange on its way.
#[derive(Debug)]
struct Open {
    transport: TransportKind,
    lane: Lane,
    waiting: BTreeSet<u64>,
    deadline: Instant,
}

#[derive(Debug)]
struct Closing {
    tickets: Vec<Ticket>,
    deadline: Instant,
    said: bool,
}

impl Machine {
    /// A session that is not open yet.
    pub fn new(setup: Setup) -> Self {
        let candidates =
            setup.transports.iter().map(|kind| Candidate { kind: *kind, usable: true, worked: false }).collect();
        Self {
            rng: SmallRng::seed_from_u64(setup.seed),
            state: State::Disconnected,
            next: Next::Nothing,
            client_id: None,
            candidates,
            current: 0,
            offered: Vec::new(),
            advice: Advice::default(),
            failures: 0,
            stillborn: 0,
            refusals: 0,
            refused: None,
            broken_since: None,
            preparing: false,
            renewing: false,
            prompt: true,
            connects: 0,
            had_session: false,
            gap: false,
            opens: Vec::new(),
            closing: None,
            last_id: 0,
            last_exchange: 0,
            exchanges: BTreeMap::new(),
            held: None,
            alone: None,
            hosts: Vec::new(),
            host: setup.host.clone(),
            outbox: Outbox::default(),
            topics: Topics::default(),
            ack: Ack::default(),
            pressure: None,
            counters: Counters::default(),
            effects: Vec::new(),
            setup,
        }
    }

    /// Takes an input and gives the effects, in the order in which they are to be carried out.
    pub fn handle(&mut self, input: Input, now: Instant) -> Vec<Effect> {
        match input {
            Input::Open { ticket } => self.open(ticket, now),
            Input::Prepared(result) => self.prepared(result, now),
            Input::Renewed(result) => self.renewed(result, now),
            Input::Commands(commands) => self.commands(commands, now),
            Input::Received { transport, exchange, messages } => self.received(transport, exchange, messages, now),
            Input::Failed { transport, exchange, failure } => self.failed(transport, exchange, failure, now),
            Input::Removed(ids) => self.removed(&ids),
            Input::Pressure(full) => self.pressed(full, now),
            Input::Taken(batch) => self.taken(batch, now),
            Input::Abandoned => self.abandoned(now),
            Input::Extend { exchange, by } => self.extend(exchange, by, now),
            Input::GiveUp(exchange) => self.give_up(exchange, now),
            Input::Prefer(kind) => self.prefer(kind),
            Input::Tick => self.tick(now),
            Input::Close { ticket, within } => self.close(ticket, within, now),
            Input::Abort => self.finish(Error::Closed, false),
        }
        self.flush(now);
        std::mem::take(&mut self.effects)
    }

    /// When the machine wants an [`Input::Tick`].
    pub fn deadline(&self) -> Option<Instant> {
        let next = match self.next {
            Next::Nothing => None,
            Next::Handshake(at) => Some(at),
            Next::Connect(at) => Some(self.gate().map_or(at, |gate| gate.max(at))),
        };
        // Commands all wait for the same time, so the oldest one is the first to be late.
        let held = self.held.and_then(|id| self.exchanges.get(&id));
        let oldest = self.exchanges.iter().find(|(id, _)| Some(**id) != self.held).map(|(_, open)| open);
        let exchange = held.into_iter().chain(oldest).map(|open| open.deadline).min();
        let closing = self.closing.as_ref().map(|closing| closing.deadline);
        [next, exchange, closing, self.outbox.deadline()].into_iter().flatten().min()
    }

    /// Where the session stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// The transport in use.
    pub fn transport(&self) -> TransportKind {
        self.candidates[self.current].kind
    }

    /// The advice in force.
    pub fn advice(&self) -> &Advice {
        &self.advice
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Whether deliveries are acknowledged.
    pub fn is_acknowledged(&self) -> bool {
        self.ack.active()
    }

    /// The first characters of the session's name.
    pub fn client_id_hint(&self) -> Option<String> {
        self.client_id.as_ref().map(|id| format!("{}…", id.chars().take(4).collect::<String>()))
    }

    /// Counts since the client was built.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Messages that wait for a reply or to be sent.
    pub fn outbox_len(&self) -> usize {
        self.outbox.len()
    }

    /// What another process needs to go on with this session.
    pub fn resume_point(&self) -> Option<Resume> {
        Some(Resume {
            client_id: self.client_id.as_deref()?.to_owned(),
            batch: self.ack.active().then(|| self.ack.acknowledged()),
            transport: self.transport(),
            offered: self.offered.clone(),
            channels: self.topics.confirmed(),
            hold: self.advice.timeout,
        })
    }

    /// Whether it is time to read on from a WebSocket: not while a subscription is full and may still get room.
    pub fn wants_frames(&self, now: Instant) -> bool {
        // Replies are waited for: whoever reads the deliveries may be the one who waits.
        self.ack.active() || self.outbox.awaits_replies() || self.gate().is_none_or(|gate| gate <= now)
    }

    /// Whether a full subscription has had its time to get room.
    pub fn may_drop(&self, now: Instant) -> bool {
        !self.ack.active() && self.pressure.is_some_and(|since| since + self.setup.options.overflow_wait <= now)
    }

    /// Until when the session waits for a full subscription.
    fn gate(&self) -> Option<Instant> {
        let pressed = self.pressure.map(|since| since + self.setup.options.overflow_wait);
        pressed.max(self.ack.gate(self.setup.options.overflow_wait))
    }

    fn pressed(&mut self, full: bool, now: Instant) {
        match (full, self.pressure) {
            (true, None) => {
                self.pressure = Some(now);
                self.tell(Event::Full);
            }
            (false, Some(_)) => {
                self.pressure = None;
                self.tick(now);
            }
            _ => {}
        }
    }

    fn tick(&mut self, now: Instant) {
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
    fn ask_about(&mut self, exchange: ExchangeId, now: Instant) {
        let guard = now + self.setup.options.max_network_delay;
        let Some(open) = self.exchanges.get_mut(&exchange) else { return };
        open.deadline = guard;
        let lane = open.lane;
        self.effect(Effect::Late { exchange, lane });
    }

    fn extend(&mut self, exchange: ExchangeId, by: Duration, now: Instant) {
        if let Some(open) = self.exchanges.get_mut(&exchange) {
            open.deadline = now + by;
        }
    }

    /// The longest time that an answer may take is over.
    fn give_up(&mut self, exchange: ExchangeId, now: Instant) {
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
    fn forget_idle_exchanges(&mut self) {
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
    fn end_exchange(&mut self, id: ExchangeId) -> Option<Open> {
        self.held.take_if(|held| *held == id);
        self.alone.take_if(|alone| *alone == id);
        self.exchanges.remove(&id)
    }

    fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    fn tell(&mut self, event: Event) {
        self.effects.push(Effect::Tell(Box::new(event)));
    }

    fn chance(&mut self) -> f64 {
        self.rng.random()
    }

    fn backoff(&mut self, failures: u32) -> Duration {
        let chance = self.chance();
        self.setup.options.backoff.wait(failures, chance)
    }

    /// A message of the given kind, ready but for its session.
    fn message(&mut self, channel: &Channel) -> Outgoing {
        self.last_id += 1;
        Outgoing {
            channel: channel.clone(),
            id: self.last_id,
            client_id: self.client_id.clone(),
            data: None,
            fields: Map::new(),
        }
    }

    fn send(
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
    fn send_one(&mut self, transport: TransportKind, lane: Lane, message: Outgoing, deadline: Instant) {
        self.send(transport, lane, vec![message], vec![None], deadline);
    }
}
