//! The one task of a session: it feeds the machine with what comes from the application, the transports and the clock, and
//! carries its effects out.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, OnceLock, Weak};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, Sleep};

use crate::cookies::CookieJar;
use crate::error::{Error, Failure, FailureKind, PublishError};
use crate::event::{Event, State};
use crate::hooks::{Authenticator, Extension};
use crate::late::{Late, LateHook};
use crate::machine::{Command, Effect, Exchange, ExchangeId, Input, Machine, Outcome, StreamId, Ticket};
use crate::message::{Incoming, decode};
use crate::options::{Options, Overflow, TransportKind};
use crate::queue::{Queue, WhenFull};
use crate::snapshot::Snapshot;
use crate::status::Status;
use crate::subscription::{Batch, Delivery, Receipt};
use crate::transport::{Arrival, Request, Transport};

mod hooks;

use hooks::{Hook, HookResult, hook_result};

/// How a call learns its outcome.
pub(crate) type Answer = oneshot::Sender<Result<Outcome, PublishError>>;
/// Produces the fields of a subscribe message, afresh for each one.
pub(crate) type FieldsHook = Arc<dyn Fn() -> Map<String, Value> + Send + Sync>;
/// Produces the fields of a handshake; gets the number of the attempt.
pub(crate) type HandshakeHook = Arc<dyn Fn(u32) -> Map<String, Value> + Send + Sync>;

/// A call of the application.
pub(crate) enum Call {
    Open(Answer),
    Commands(Vec<(Command, Option<Answer>)>, Vec<NewStream>),
    Close(Duration, Answer),
    Abort(oneshot::Sender<()>),
    Snapshot(oneshot::Sender<Option<Snapshot>>),
    Status(oneshot::Sender<Status>),
    Listen(Weak<Queue<Event>>, oneshot::Sender<()>),
    ListenMeta(crate::Channel, Weak<Queue<Incoming>>, oneshot::Sender<()>),
    Prefer(TransportKind),
    Aim(url::Url),
}

pub(crate) struct NewStream {
    pub id: StreamId,
    pub queue: Arc<Queue<Delivery>>,
    pub end: Arc<OnceLock<Error>>,
    pub fields: Option<FieldsHook>,
}

/// What readers tell; few, and never waited for.
#[derive(Debug)]
pub(crate) enum Notice {
    Unsubscribe(StreamId),
    Room,
    Taken(u64),
    Abandoned,
}

struct Slot {
    queue: Arc<Queue<Delivery>>,
    end: Arc<OnceLock<Error>>,
    fields: Option<FieldsHook>,
}

pub(crate) struct Driver {
    pub machine: Machine,
    pub options: Options,
    pub transports: Vec<Box<dyn Transport>>,
    pub jar: CookieJar,
    pub authenticator: Option<Arc<dyn Authenticator>>,
    pub handshake_fields: Option<HandshakeHook>,
    pub late: Option<LateHook>,
    pub extensions: Vec<Arc<dyn Extension>>,
    pub calls: mpsc::Receiver<Call>,
    pub notices: mpsc::UnboundedReceiver<Notice>,
    pub notice_sender: mpsc::UnboundedSender<Notice>,
    pub state: watch::Sender<State>,
    pub listeners: Vec<Weak<Queue<Event>>>,
    pub tasks: Tasks,
}

/// What the driver keeps while it runs.
#[derive(Default)]
pub(crate) struct Tasks {
    answers: HashMap<Ticket, Answer>,
    streams: HashMap<StreamId, Slot>,
    meta_listeners: Vec<(crate::Channel, Weak<Queue<Incoming>>)>,
    hook: Option<Hook>,
    batch: Option<Arc<Batch>>,
    touched: Vec<StreamId>,
    full: bool,
    dropped: u64,
    asked: Option<(ExchangeId, u32)>,
}

impl Drop for Driver {
    fn drop(&mut self) {
        for slot in self.tasks.streams.values() {
            let _ = slot.end.set(Error::Gone);
            slot.queue.end();
        }
        for listener in self.listeners.iter().filter_map(Weak::upgrade) {
            listener.end();
        }
        for listener in self.tasks.meta_listeners.iter().filter_map(|(_, queue)| queue.upgrade()) {
            listener.end();
        }
    }
}

/// Calls that are taken from the queue together, and so leave together.
const CALLS_AT_ONCE: usize = 256;

impl Driver {
    pub async fn run(mut self) {
        let mut sleep: Pin<Box<Sleep>> = Box::pin(tokio::time::sleep_until(Instant::now()));
        let mut calls = Vec::new();
        loop {
            let deadline = self.machine.deadline();
            if let Some(deadline) = deadline
                && sleep.deadline() != deadline
            {
                sleep.as_mut().reset(deadline);
            }
            let read = self.machine.wants_frames(Instant::now());
            let transports = &mut self.transports;
            tokio::select! {
                arrival = std::future::poll_fn(|context| {
                    for (position, transport) in transports.iter_mut().enumerate() {
                        if let Poll::Ready(arrival) = transport.poll(context, read) {
                            return Poll::Ready((position, arrival));
                        }
                    }
                    Poll::Pending
                }) => {
                    let (position, arrival) = arrival;
                    self.arrived(position, arrival).await;
                }
                count = self.calls.recv_many(&mut calls, CALLS_AT_ONCE) => {
                    if count == 0 {
                        return;
                    }
                    self.called(&mut calls).await;
                }
                Some(notice) = self.notices.recv() => self.noticed(notice).await,
                result = hook_result(&mut self.tasks.hook), if self.tasks.hook.is_some() => {
                    self.tasks.hook = None;
                    let input = match result {
                        HookResult::Prepared(result) => Input::Prepared(result),
                        HookResult::Renewed(result) => Input::Renewed(result),
                    };
                    self.feed(input).await;
                }
                () = sleep.as_mut(), if deadline.is_some() => self.feed(Input::Tick).await,
            }
        }
    }

    /// Gives the machine an input and carries the effects out.
    async fn feed(&mut self, input: Input) {
        let effects = self.machine.handle(input, Instant::now());
        // Before anybody hears of what happened: who was told that the session is closed must not read that it is open.
        self.show_state();
        self.carry_out(effects).await;
        let full = std::mem::take(&mut self.tasks.touched)
            .iter()
            .filter_map(|id| self.tasks.streams.get(id))
            .any(|slot| slot.queue.check_full());
        if full && !self.tasks.full {
            self.tasks.full = true;
            let effects = self.machine.handle(Input::Pressure(true), Instant::now());
            self.carry_out(effects).await;
        }
        self.show_state();
    }

    fn show_state(&self) {
        let state = self.machine.state();
        self.state.send_if_modified(|current| std::mem::replace(current, state) != state);
    }

    async fn called(&mut self, calls: &mut Vec<Call>) {
        // Neighbouring publishes and subscribes leave in one request.
        let mut commands = Vec::new();
        for call in calls.drain(..) {
            if let Call::Commands(batch, streams) = call {
                for NewStream { id, queue, end, fields } in streams {
                    self.tasks.streams.insert(id, Slot { queue, end, fields });
                }
                for (command, answer) in batch {
                    if let (Some(ticket), Some(answer)) = (command.ticket(), answer) {
                        self.tasks.answers.insert(ticket, answer);
                    }
                    commands.push(command);
                }
                continue;
            }
            if !commands.is_empty() {
                self.feed(Input::Commands(std::mem::take(&mut commands))).await;
            }
            self.called_one(call).await;
        }
        if !commands.is_empty() {
            self.feed(Input::Commands(commands)).await;
        }
    }

    async fn called_one(&mut self, call: Call) {
        match call {
            Call::Commands(..) => {}
            Call::Open(answer) => {
                let ticket = crate::client::next_ticket();
                self.tasks.answers.insert(ticket, answer);
                self.feed(Input::Open { ticket }).await;
            }
            Call::Close(within, answer) => {
                let ticket = crate::client::next_ticket();
                self.tasks.answers.insert(ticket, answer);
                self.feed(Input::Close { ticket, within }).await;
            }
            Call::Abort(done) => {
                self.feed(Input::Abort).await;
                let _ = done.send(());
            }
            Call::Snapshot(answer) => {
                let cookies = || self.jar.save();
                let _ = answer.send(self.machine.resume_point().map(|resume| resume.into_snapshot(cookies())));
            }
            Call::Status(answer) => {
                let _ = answer.send(Status::of(&self.machine));
            }
            Call::Listen(queue, done) => {
                self.listeners.retain(|listener| listener.strong_count() > 0);
                self.listeners.push(queue);
                let _ = done.send(());
            }
            Call::Prefer(kind) => self.feed(Input::Prefer(kind)).await,
            Call::Aim(url) => self.transports.iter_mut().for_each(|transport| transport.aim(&url)),
            Call::ListenMeta(pattern, queue, done) => {
                self.tasks.meta_listeners.push((pattern, queue));
                let _ = done.send(());
            }
        }
    }

    async fn noticed(&mut self, notice: Notice) {
        match notice {
            Notice::Unsubscribe(stream) => {
                if self.tasks.streams.remove(&stream).is_some() {
                    self.feed(Input::Commands(vec![Command::Unsubscribe { stream }])).await;
                }
                self.ease().await;
            }
            Notice::Room => self.ease().await,
            Notice::Taken(batch) => self.feed(Input::Taken(batch)).await,
            Notice::Abandoned => self.feed(Input::Abandoned).await,
        }
    }

    /// Goes on at full speed when no subscription is full any more.
    async fn ease(&mut self) {
        if self.tasks.full && !self.tasks.streams.values().any(|slot| slot.queue.check_full()) {
            self.tasks.full = false;
            if self.tasks.dropped > 0 {
                let count = std::mem::take(&mut self.tasks.dropped);
                self.tell(&Event::Dropped { count });
            }
            self.feed(Input::Pressure(false)).await;
        }
    }

    async fn arrived(&mut self, position: usize, arrival: Arrival) {
        let transport = self.transports[position].kind();
        let (exchange, body) = match arrival {
            Arrival::Body { exchange, body } => (exchange, body),
            Arrival::Failed { exchange, failure } => {
                return self.feed(Input::Failed { transport, exchange, failure }).await;
            }
        };
        match decode(&body) {
            Ok(decoded) => {
                if decoded.rejected > 0 {
                    self.tell(&Event::BadInput { what: "an element that is no message", count: decoded.rejected });
                }
                let messages = self.incoming(decoded.messages).await;
                self.feed(Input::Received { transport, exchange, messages }).await;
            }
            Err(error) => {
                self.tell(&Event::BadInput { what: "a body that is no JSON array of messages", count: 1 });
                let failure = Failure::sent(FailureKind::BadBody, format!("{:?}", error.classify()));
                if exchange.is_none() {
                    self.transports[position].shut(false);
                }
                self.feed(Input::Failed { transport, exchange, failure }).await;
            }
        }
    }

    async fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Prepare { attempt, refused } => self.prepare(attempt, refused),
                Effect::Renew { status } => self.renew(status),
                Effect::Send(exchange) => self.send(exchange).await,
                Effect::Drop { transport, exchange } => {
                    self.each(transport, |transport| transport.forget(exchange));
                }
                Effect::Late { exchange, lane } => {
                    let asked = self.tasks.asked.filter(|(id, _)| *id == exchange).map_or(0, |(_, asked)| asked);
                    self.tasks.asked = Some((exchange, asked + 1));
                    let more = self.late.as_ref().and_then(|hook| hook(Late::new(lane, asked)));
                    let input = more.map_or(Input::GiveUp(exchange), |by| Input::Extend { exchange, by });
                    let effects = self.machine.handle(input, Instant::now());
                    Box::pin(self.carry_out(effects)).await;
                }
                Effect::Shut { transport, gracefully } => self.each(transport, |transport| transport.shut(gracefully)),
                Effect::Deliver { stream, message, batch } => self.deliver(stream, message, batch),
                Effect::Done { ticket, outcome } => {
                    if let Some(answer) = self.tasks.answers.remove(&ticket) {
                        let _ = answer.send(outcome);
                    }
                }
                Effect::End { stream, reason } => {
                    if let Some(slot) = self.tasks.streams.remove(&stream) {
                        let _ = slot.end.set(reason);
                        slot.queue.end();
                    }
                }
                Effect::Tell(event) => self.tell(&event),
                Effect::Meta(message) => self.tasks.meta_listeners.retain(|(pattern, queue)| {
                    let Some(queue) = queue.upgrade() else { return false };
                    if pattern.covers(&message.channel) {
                        queue.push(message.clone(), WhenFull::DropOldest);
                    }
                    true
                }),
                Effect::MoveTo { host } => self.transports.iter_mut().for_each(|transport| transport.move_to(&host)),
            }
        }
        // The receipts of this round hold the batch open from here on.
        if let Some(batch) = self.tasks.batch.take() {
            batch.close_one();
        }
    }

    fn each(&mut self, kind: TransportKind, mut action: impl FnMut(&mut dyn Transport)) {
        for transport in self.transports.iter_mut().filter(|transport| transport.kind() == kind) {
            action(transport.as_mut());
        }
    }

    fn deliver(&mut self, stream: StreamId, message: Incoming, batch: Option<u64>) {
        let Some(slot) = self.tasks.streams.get(&stream) else { return };
        let receipt = batch.map(|name| {
            let batch = self.tasks.batch.get_or_insert_with(|| {
                let notices = self.notice_sender.clone();
                Arc::new(Batch { name, open: AtomicUsize::new(1), lost: AtomicBool::new(false), notices })
            });
            Receipt::new(batch.clone())
        });
        let crowded = slot.queue.is_crowded() && !self.machine.is_acknowledged();
        let drop = self.tasks.full && (crowded || self.machine.may_drop(Instant::now()));
        let policy = match self.options.overflow {
            _ if !drop => WhenFull::Keep,
            Overflow::DropNewest => WhenFull::DropNewest,
            Overflow::DropOldest => WhenFull::DropOldest,
        };
        self.tasks.dropped += slot.queue.push(Delivery::new(message, receipt), policy);
        if self.tasks.touched.last() != Some(&stream) {
            self.tasks.touched.push(stream);
        }
    }

    fn tell(&mut self, event: &Event) {
        tracing::debug!(event = ?event, "bayeux session");
        self.listeners.retain(|listener| {
            let Some(queue) = listener.upgrade() else { return false };
            queue.push(event.clone(), WhenFull::DropOldest);
            true
        });
    }

    async fn send(&mut self, exchange: Exchange) {
        let Exchange { id, transport, lane, messages, streams } = exchange;
        let step = match messages.as_slice() {
            [one] => one.channel.strip_prefix("/meta/").and_then(|step| match step {
                "handshake" => Some("handshake"),
                "connect" => Some("connect"),
                "disconnect" => Some("disconnect"),
                _ => None,
            }),
            _ => None,
        };
        let mut body =
            Vec::with_capacity(messages.iter().map(|message| 96 + message.data.as_ref().map_or(0, Bytes::len)).sum());
        let mut removed = Vec::new();
        body.push(b'[');
        for (mut message, stream) in messages.into_iter().zip(streams) {
            let fields =
                stream.and_then(|stream| self.tasks.streams.get(&stream)).and_then(|slot| slot.fields.as_ref());
            if let Some(fields) = fields {
                let fields = catch_unwind(AssertUnwindSafe(|| fields()));
                for (name, value) in fields.unwrap_or_default() {
                    if !["channel", "id", "clientId", "subscription"].contains(&name.as_str()) {
                        message.fields.insert(name, value);
                    }
                }
            }
            let start = body.len();
            if start > 1 {
                body.push(b',');
            }
            let number = message.id;
            let encoded = if self.extensions.is_empty() {
                message.encode(&mut body);
                true
            } else {
                self.outgoing(&message, &mut body).await
            };
            if !encoded {
                body.truncate(start);
                removed.push(number);
            }
        }
        body.push(b']');
        if body.len() > 2 {
            self.each(transport, |transport| {
                transport.send(Request { exchange: id, lane, body: Bytes::from(std::mem::take(&mut body)), step });
            });
        }
        if !removed.is_empty() {
            let effects = self.machine.handle(Input::Removed(removed), Instant::now());
            Box::pin(self.carry_out(effects)).await;
        }
    }
}
