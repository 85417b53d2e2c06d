//! WebSocket: one socket for everything. The upgrade is made by the HTTP client, so that TLS, proxies, cookies and headers are
//! those of the other transport.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Sink, Stream};
use http::{HeaderValue, StatusCode, header};
use tokio::time::Sleep;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::Utf8Bytes;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};
use url::Url;

use super::http::{Way, failure};
use super::{Arrival, Request, Transport};
use crate::error::{Failure, FailureKind};
use crate::machine::ExchangeId;
use crate::options::TransportKind;

type Socket = WebSocketStream<reqwest::Upgraded>;
type Opening = Pin<Box<dyn Future<Output = Result<Socket, Failure>> + Send>>;

/// Buffers of a socket: a thousand of them must not need much memory.
const READ_BUFFER: usize = 16 * 1024;
/// How long the closing words may take.
const CLOSE_WAIT: Duration = Duration::from_secs(2);

enum Line {
    Idle,
    Opening(Opening),
    Open(Box<Socket>),
}

pub(crate) struct WebSocket {
    way: Way,
    open_timeout: Duration,
    protocol: Option<HeaderValue>,
    line: Line,
    /// Not handed to the socket yet.
    waiting: VecDeque<(ExchangeId, Bytes)>,
    unflushed: bool,
    arrivals: VecDeque<Arrival>,
    /// A socket that is saying good-bye, and until when.
    leaving: Option<(Box<Socket>, Pin<Box<Sleep>>, bool)>,
    waker: Option<Waker>,
}

impl WebSocket {
    pub fn new(way: Way, open_timeout: Duration, protocol: Option<HeaderValue>) -> Self {
        Self {
            way,
            open_timeout,
            protocol,
            line: Line::Idle,
            waiting: VecDeque::new(),
            unflushed: false,
            arrivals: VecDeque::new(),
            leaving: None,
            waker: None,
        }
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// The socket is gone. What was not handed to it was certainly not sent.
    fn broken(&mut self, failure: Failure) {
        self.line = Line::Idle;
        self.unflushed = false;
        for (exchange, _) in self.waiting.drain(..) {
            let failure = Failure { maybe_sent: false, ..failure.clone() };
            self.arrivals.push_back(Arrival::Failed { exchange: Some(exchange), failure });
        }
        self.arrivals.push_back(Arrival::Failed { exchange: None, failure });
    }

    fn poll_open(&mut self, context: &mut Context<'_>, read: bool) -> Poll<()> {
        let Line::Open(socket) = &mut self.line else { return Poll::Pending };
        let mut socket = Pin::new(socket.as_mut());
        while !self.waiting.is_empty() {
            match socket.as_mut().poll_ready(context) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => {
                    self.broken(from_socket(&error));
                    return Poll::Ready(());
                }
                Poll::Pending => break,
            }
            let Some((_, body)) = self.waiting.pop_front() else { break };
            // The body was encoded as JSON by this crate.
            let Ok(text) = Utf8Bytes::try_from(body) else { continue };
            if let Err(error) = socket.as_mut().start_send(Message::Text(text)) {
                self.broken(from_socket(&error));
                return Poll::Ready(());
            }
            self.unflushed = true;
        }
        if self.unflushed {
            match socket.as_mut().poll_flush(context) {
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(error)) => {
                    self.broken(from_socket(&error));
                    return Poll::Ready(());
                }
                Poll::Pending => {}
            }
        }
        if !read {
            return Poll::Pending;
        }
        loop {
            let Poll::Ready(frame) = socket.as_mut().poll_next(context) else { return Poll::Pending };
            match frame {
                Some(Ok(Message::Text(text))) => {
                    self.arrivals.push_back(Arrival::Body { exchange: None, body: text.into() });
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Ok(Message::Binary(_))) => self.broken(Failure::sent(FailureKind::BadBody, "a binary frame")),
                Some(Ok(Message::Close(_))) | None => {
                    self.broken(Failure::sent(FailureKind::Broken, "the server closed the socket"));
                }
                Some(Err(error)) => self.broken(from_socket(&error)),
            }
            return Poll::Ready(());
        }
    }

    fn poll_leaving(&mut self, context: &mut Context<'_>) {
        let Some((socket, deadline, said)) = &mut self.leaving else { return };
        let mut socket = Pin::new(socket.as_mut());
        let over = deadline.as_mut().poll(context).is_ready();
        if !*said {
            let frame = CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::default() };
            match socket.as_mut().poll_ready(context) {
                Poll::Ready(Ok(())) => *said = socket.as_mut().start_send(Message::Close(Some(frame))).is_ok(),
                Poll::Ready(Err(_)) => {
                    self.leaving = None;
                    return;
                }
                Poll::Pending => {}
            }
        }
        let done = match socket.as_mut().poll_flush(context) {
            // The server closes in its turn, and what it still sends is of no interest.
            Poll::Ready(Ok(())) => loop {
                match socket.as_mut().poll_next(context) {
                    Poll::Ready(Some(Ok(_))) => {}
                    Poll::Ready(_) => break true,
                    Poll::Pending => break false,
                }
            },
            Poll::Ready(Err(_)) => true,
            Poll::Pending => false,
        };
        if done || over {
            self.leaving = None;
        }
    }
}

impl Transport for WebSocket {
    fn kind(&self) -> TransportKind {
        TransportKind::WebSocket
    }

    fn send(&mut self, request: Request) {
        self.waiting.push_back((request.exchange, request.body));
        if matches!(self.line, Line::Idle) {
            self.line = Line::Opening(Box::pin(open(self.way.clone(), self.open_timeout, self.protocol.clone())));
        }
        self.wake();
    }

    fn forget(&mut self, exchange: ExchangeId) {
        self.waiting.retain(|(id, _)| *id != exchange);
    }

    fn shut(&mut self, gracefully: bool) {
        let line = std::mem::replace(&mut self.line, Line::Idle);
        self.waiting.clear();
        self.arrivals.clear();
        self.unflushed = false;
        if let (Line::Open(socket), true) = (line, gracefully) {
            self.leaving = Some((socket, Box::pin(tokio::time::sleep(CLOSE_WAIT)), false));
        }
        self.wake();
    }

    fn poll(&mut self, context: &mut Context<'_>, read: bool) -> Poll<Arrival> {
        self.poll_leaving(context);
        loop {
            if let Some(arrival) = self.arrivals.pop_front() {
                return Poll::Ready(arrival);
            }
            if let Line::Opening(opening) = &mut self.line {
                match opening.as_mut().poll(context) {
                    Poll::Ready(Ok(socket)) => self.line = Line::Open(Box::new(socket)),
                    Poll::Ready(Err(failure)) => {
                        self.broken(failure);
                        continue;
                    }
                    Poll::Pending => {}
                }
            }
            if self.poll_open(context, read).is_pending() {
                self.waker = Some(context.waker().clone());
                return Poll::Pending;
            }
        }
    }

    fn move_to(&mut self, host: &str) {
        self.way.move_to(host);
    }

    fn aim(&mut self, url: &Url) {
        self.way.url = url.clone();
    }
}

/// Opens a socket. Nothing of a session has been sent when this fails.
async fn open(way: Way, within: Duration, protocol: Option<HeaderValue>) -> Result<Socket, Failure> {
    match tokio::time::timeout(within, upgrade(way, protocol)).await {
        Ok(Ok(socket)) => Ok(socket),
        Ok(Err(failure)) => Err(Failure { maybe_sent: false, ..failure }),
        Err(_) => Err(Failure::unsent(FailureKind::Timeout, "opening a WebSocket")),
    }
}

async fn upgrade(way: Way, protocol: Option<HeaderValue>) -> Result<Socket, Failure> {
    let refused = |detail: &'static str| Failure::unsent(FailureKind::Unusable, detail);
    let mut url = way.url.clone();
    let scheme = match url.scheme() {
        "ws" => "http",
        "wss" => "https",
        other => other,
    }
    .to_owned();
    url.set_scheme(&scheme).map_err(|()| refused("the URL is not of a WebSocket"))?;
    let key = generate_key();
    let mut headers = way.headers(&url);
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    headers.insert(header::SEC_WEBSOCKET_KEY, HeaderValue::from_str(&key).map_err(|_| refused("no key"))?);
    if let Some(protocol) = &protocol {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol.clone());
    }
    let request = way.client.get(url).version(http::Version::HTTP_11).headers(headers);
    let response = request.send().await.map_err(failure)?;
    way.jar.store(response.url(), response.headers());
    let status = response.status();
    if status != StatusCode::SWITCHING_PROTOCOLS {
        // A server that is overloaded or restarting may well have WebSockets a moment later.
        let kind = if status.is_server_error() {
            FailureKind::Status(status.as_u16())
        } else {
            FailureKind::Upgrade(status.as_u16())
        };
        return Err(Failure::unsent(kind, ""));
    }
    let answer = response.headers();
    if answer.get(header::SEC_WEBSOCKET_ACCEPT).map(HeaderValue::as_bytes)
        != Some(derive_accept_key(key.as_bytes()).as_bytes())
    {
        return Err(refused("the server did not accept the key"));
    }
    let chosen = answer.get(header::SEC_WEBSOCKET_PROTOCOL);
    if chosen.is_some() && chosen != protocol.as_ref() {
        return Err(refused("the server chose a subprotocol that was not offered"));
    }
    let limit = way.max_receive_size;
    let stream = response.upgrade().await.map_err(failure)?;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(limit))
        .max_frame_size(Some(limit));
    Ok(WebSocketStream::from_raw_socket(stream, Role::Client, Some(config)).await)
}

fn from_socket(error: &tungstenite::Error) -> Failure {
    let kind = match error {
        tungstenite::Error::Capacity(_) => FailureKind::TooLarge,
        tungstenite::Error::Utf8(_) => FailureKind::BadBody,
        _ => FailureKind::Broken,
    };
    Failure::sent(kind, error.to_string())
}
