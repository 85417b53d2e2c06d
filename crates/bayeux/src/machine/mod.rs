//! The session: a machine without I/O, clock or chance of its own. `handle(input, now)` gives the effects to carry out.

mod ack;
mod connect;
mod effect;
mod exchanges;
mod handshake;
mod input;
mod outbox;
mod receive;
mod topics;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde_json::Map;
use tokio::time::Instant;

use crate::advice::Advice;
use crate::channel::Channel;
use crate::error::Error;
use crate::event::{Event, State};
use crate::message::Outgoing;
use crate::options::{Options, TransportKind};
use crate::snapshot::Resume;

pub use effect::{Effect, Exchange, Lane, Outcome};
pub use input::{Command, HookFailure, Input, Publish};

use ack::Ack;
use exchanges::Open;
use outbox::Outbox;
use topics::Topics;

/// Names a call that waits for its outcome.
pub type Ticket = u64;
/// Names a subscription.
pub type StreamId = u64;
/// Names a request, or the frames that take its place.
pub type ExchangeId = u64;

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
}
