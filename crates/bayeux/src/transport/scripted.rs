//! A transport that a test plays by hand: every request is seen, every answer is the test's own. Works on virtual time.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::mpsc;
use url::Url;

use super::{Arrival, Request, Transport};
use crate::error::Failure;
use crate::machine::{ExchangeId, Lane};
use crate::options::TransportKind;

/// The server's side of scripted transports. Pass it to
/// [`ClientBuilder::scripted`](crate::ClientBuilder::scripted), and answer what comes out of [`Script::next`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), bayeux::Error> {
/// use bayeux::{Client, TransportKind, test::Script};
/// use serde_json::json;
///
/// let mut server = Script::new();
/// let client = Client::builder("http://scripted.test/")
///     .transports([TransportKind::LongPolling])
///     .scripted(&mut server)
///     .build()?;
/// let opening = { let client = client.clone(); async move { client.connect().await } };
/// let serving = async {
///     server.accept_session("client-1").await;
///     server
/// };
/// let (opened, _server) = tokio::join!(opening, serving);
/// opened?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Script {
    to_test: mpsc::UnboundedSender<Call>,
    from_client: mpsc::UnboundedReceiver<Call>,
    lines: Lines,
    ended: Arc<Mutex<Vec<Ended>>>,
}

/// The ways back to the client.
type Lines = Arc<Mutex<Vec<(TransportKind, mpsc::UnboundedSender<Arrival>)>>>;

/// Something that the client did to a transport without sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It gave a request up.
    Forgotten(TransportKind, ExchangeId),
    /// It closed the transport.
    Shut(TransportKind),
    /// It went over to another host or address.
    MovedTo(String),
}

impl Default for Script {
    fn default() -> Self {
        Self::new()
    }
}

impl Script {
    /// A server that has heard nothing yet.
    pub fn new() -> Self {
        let (to_test, from_client) = mpsc::unbounded_channel();
        Self { to_test, from_client, lines: Arc::default(), ended: Arc::default() }
    }

    pub(crate) fn transport(&self, kind: TransportKind) -> Box<dyn Transport> {
        let (sender, arrivals) = mpsc::unbounded_channel();
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push((kind, sender.clone()));
        Box::new(Scripted {
            kind,
            to_test: self.to_test.clone(),
            sender,
            arrivals,
            ended: self.ended.clone(),
            forgotten: Vec::new(),
        })
    }

    /// The next request. Never ends, so give it a time-out where none may come.
    pub async fn next(&mut self) -> Call {
        match self.from_client.recv().await {
            Some(call) => call,
            None => std::future::pending().await,
        }
    }

    /// The next request, if there is one already.
    pub fn try_next(&mut self) -> Option<Call> {
        self.from_client.try_recv().ok()
    }

    /// The next request, which must be on this channel.
    ///
    /// # Panics
    /// If it is on another one: the test fails.
    pub async fn expect(&mut self, channel: &str) -> Call {
        let call = self.next().await;
        assert_eq!(call.channel(), channel, "{:?}", call.messages);
        call
    }

    /// Sends a frame that answers nothing, on the last transport of this kind.
    #[expect(clippy::needless_pass_by_value, reason = "reads well with json!")]
    pub fn push(&self, kind: TransportKind, messages: Value) {
        self.put(kind, Arrival::Body { exchange: None, body: messages.to_string().into() });
    }

    /// Breaks a transport, as a socket breaks.
    pub fn break_line(&self, kind: TransportKind, failure: Failure) {
        self.put(kind, Arrival::Failed { exchange: None, failure });
    }

    fn put(&self, kind: TransportKind, arrival: Arrival) {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, line)) = lines.iter().rev().find(|(other, _)| *other == kind) {
            let _ = line.send(arrival);
        }
    }

    /// What the client has given up or closed so far.
    pub fn ended(&self) -> Vec<Ended> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers a handshake and the first connect, and gives the handshake.
    pub async fn accept_session(&mut self, client_id: &str) -> Call {
        let handshake = self.expect("/meta/handshake").await;
        let types = handshake.messages[0]["supportedConnectionTypes"].clone();
        handshake.reply(serde_json::json!({"clientId": client_id, "version": "1.0", "supportedConnectionTypes": types,
            "advice": {"reconnect": "retry", "interval": 0, "timeout": 30000}}));
        // What the application had waiting may leave before the connect.
        loop {
            let call = self.next().await;
            let connect = call.channel() == "/meta/connect";
            call.reply(serde_json::json!({}));
            if connect {
                return handshake;
            }
        }
    }
}

/// A request of the client.
#[derive(Debug)]
pub struct Call {
    /// The transport it came on.
    pub transport: TransportKind,
    /// Its lane.
    pub lane: Lane,
    /// Its name.
    pub exchange: ExchangeId,
    /// Its messages.
    pub messages: Vec<Value>,
    /// What would be appended to the URL.
    pub step: Option<&'static str>,
    answer: mpsc::UnboundedSender<Arrival>,
}

impl Call {
    /// The channel of the first message.
    pub fn channel(&self) -> &str {
        self.messages.first().and_then(|message| message["channel"].as_str()).unwrap_or_default()
    }

    /// The channels of all messages.
    pub fn channels(&self) -> Vec<&str> {
        self.messages.iter().filter_map(|message| message["channel"].as_str()).collect()
    }

    /// Replies to each message with success and these fields on top (`"successful": false` makes it a refusal).
    pub fn reply(&self, fields: Value) {
        self.reply_with(fields, serde_json::json!([]));
    }

    /// The same, with deliveries before the replies.
    #[expect(clippy::needless_pass_by_value, reason = "reads well with json!")]
    pub fn reply_with(&self, fields: Value, deliveries: Value) {
        let mut all = deliveries.as_array().cloned().unwrap_or_default();
        all.extend(self.replies(&fields));
        self.body(&Value::Array(all).to_string());
    }

    /// The replies that [`Call::reply`] would send.
    pub fn replies(&self, fields: &Value) -> Vec<Value> {
        let one = |message: &Value| {
            let mut reply = serde_json::json!({"channel": message["channel"], "id": message["id"], "successful": true});
            if let Some(subscription) = message.get("subscription") {
                reply["subscription"] = subscription.clone();
            }
            if let (Some(reply), Some(fields)) = (reply.as_object_mut(), fields.as_object()) {
                reply.extend(fields.clone());
            }
            reply
        };
        self.messages.iter().map(one).collect()
    }

    /// Answers with this text, whatever it is.
    pub fn body(&self, text: &str) {
        self.bytes(Bytes::copy_from_slice(text.as_bytes()));
    }

    /// Answers with these bytes.
    pub fn bytes(&self, body: Bytes) {
        let exchange = (self.transport == TransportKind::LongPolling).then_some(self.exchange);
        let _ = self.answer.send(Arrival::Body { exchange, body });
    }

    /// Lets the request fail.
    pub fn fail(&self, failure: Failure) {
        let _ = self.answer.send(Arrival::Failed { exchange: Some(self.exchange), failure });
    }
}

struct Scripted {
    kind: TransportKind,
    to_test: mpsc::UnboundedSender<Call>,
    sender: mpsc::UnboundedSender<Arrival>,
    arrivals: mpsc::UnboundedReceiver<Arrival>,
    ended: Arc<Mutex<Vec<Ended>>>,
    forgotten: Vec<ExchangeId>,
}

impl Scripted {
    fn note(&self, ended: Ended) {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).push(ended);
    }
}

impl Transport for Scripted {
    fn kind(&self) -> TransportKind {
        self.kind
    }

    fn send(&mut self, request: Request) {
        let messages = serde_json::from_slice(&request.body).unwrap_or_default();
        let _ = self.to_test.send(Call {
            transport: self.kind,
            lane: request.lane,
            exchange: request.exchange,
            messages,
            step: request.step,
            answer: self.sender.clone(),
        });
    }

    fn forget(&mut self, exchange: ExchangeId) {
        self.forgotten.push(exchange);
        self.note(Ended::Forgotten(self.kind, exchange));
    }

    fn shut(&mut self, _gracefully: bool) {
        while self.arrivals.try_recv().is_ok() {}
        self.note(Ended::Shut(self.kind));
    }

    fn poll(&mut self, context: &mut Context<'_>, read: bool) -> Poll<Arrival> {
        loop {
            if !read && self.kind == TransportKind::WebSocket {
                return Poll::Pending;
            }
            match self.arrivals.poll_recv(context) {
                Poll::Ready(Some(
                    Arrival::Body { exchange: Some(exchange), .. } | Arrival::Failed { exchange: Some(exchange), .. },
                )) if self.forgotten.contains(&exchange) => {}
                Poll::Ready(Some(arrival)) => return Poll::Ready(arrival),
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn move_to(&mut self, host: &str) {
        self.note(Ended::MovedTo(host.to_owned()));
    }

    fn aim(&mut self, url: &Url) {
        self.note(Ended::MovedTo(url.to_string()));
    }
}
