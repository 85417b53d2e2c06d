//! WebSocket: one socket carries a session's messages both ways. Deliveries are frames of their own and do not end the
//! held connect, unless the client acknowledges: then they come with its reply.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use serde_json::Value;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::http::array;
use super::{Caller, Handled, Pending, Step};
use crate::server::core::Core;

struct Socket {
    core: Core,
    stream: WebSocket,
    caller: Caller,
    /// The session that this socket carries, since its handshake or first connect.
    client: Option<(String, Arc<tokio::sync::Notify>)>,
    connect: Option<Pending>,
    /// When the client was heard last.
    heard: Instant,
    /// A client that is silent for so long is gone: it would have connected again by then.
    silence: Duration,
}

type Frame = Option<Result<Message, axum::Error>>;

/// Serves one socket until it closes or the server stops.
pub async fn serve(core: Core, stream: WebSocket, caller: Caller, cancel: CancellationToken) {
    let timing = &core.options().notifications;
    let silence = timing.hold + timing.interval + timing.max_interval;
    let heard = Instant::now();
    let mut socket = Socket { core, stream, caller, client: None, connect: None, heard, silence };
    tokio::select! {
        () = socket.run() => {}
        () = cancel.cancelled() => {}
    }
    if let Some(pending) = socket.connect.take() {
        socket.core.lock().let_go(&pending);
    }
}

impl Socket {
    async fn run(&mut self) {
        loop {
            let news = self.client.as_ref().map(|(_, news)| Arc::clone(news));
            let notified = async {
                match &news {
                    Some(news) => news.notified().await,
                    None => std::future::pending().await,
                }
            };
            tokio::pin!(notified);
            // Polled once, so that it is registered before the look below.
            let ready = futures_util::poll!(notified.as_mut()).is_ready();
            if !self.flush().await {
                return;
            }
            if ready {
                continue;
            }
            let deadline = self.connect.as_ref().map(|pending| pending.deadline);
            let silence = sleep_until(self.heard + self.silence);
            tokio::select! {
                frame = self.stream.recv() => match self.hear(frame) {
                    Some(Ok(Message::Text(text))) => {
                        if !self.take(text.as_str()).await {
                            return;
                        }
                    }
                    // axum answers pings.
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Binary(_) | Message::Close(_)) | Err(_)) | None => return,
                },
                () = notified => {}
                () = silence => return,
                () = async {
                    match deadline {
                        Some(at) => sleep_until(at).await,
                        None => std::future::pending().await,
                    }
                } => {}
            }
        }
    }

    fn hear(&mut self, frame: Frame) -> Frame {
        self.heard = Instant::now();
        frame
    }

    async fn send(&mut self, parts: &[Arc<str>]) -> bool {
        parts.is_empty() || self.stream.send(Message::Text(array(parts).into())).await.is_ok()
    }

    /// Takes a frame. False ends the socket.
    async fn take(&mut self, text: &str) -> bool {
        let messages = match serde_json::from_str::<Value>(text) {
            Ok(Value::Array(messages)) => messages,
            Ok(one @ Value::Object(_)) => vec![one],
            _ => return false,
        };
        let mut replies: Vec<Arc<str>> = Vec::new();
        {
            let mut state = self.core.lock();
            for message in &messages {
                let handled = state.bayeux(message, &mut self.caller);
                match handled {
                    Handled::Reply(reply) => {
                        if reply["channel"] == "/meta/handshake"
                            && let Some(client) = reply["clientId"].as_str()
                            && let Some(session) = state.cometd.get_mut(client)
                        {
                            self.client = Some((client.to_owned(), Arc::clone(&session.news)));
                        }
                        replies.push(reply.to_string().into());
                    }
                    Handled::Connect(pending) => {
                        self.client = Some((pending.client.clone(), Arc::clone(&pending.news)));
                        self.connect = Some(pending);
                    }
                }
            }
        }
        self.send(&replies).await
    }

    /// Sends what is to be sent now. False ends the socket.
    async fn flush(&mut self) -> bool {
        let Some((client, _)) = self.client.clone() else { return true };
        let mut parts = Vec::new();
        {
            let mut state = self.core.lock();
            let acknowledges = state.cometd.get_mut(&client).is_some_and(|session| session.batch.is_some());
            if !acknowledges && self.connect.is_some() {
                parts = state.deliver_in_reply(&client);
            }
            if let Some(pending) = &self.connect {
                match state.step(pending) {
                    Step::Reply(deliveries, reply) => {
                        parts.extend(deliveries);
                        parts.push(reply.to_string().into());
                        self.connect = None;
                    }
                    Step::Superseded => self.connect = None,
                    Step::Wait => {}
                }
            }
        }
        self.send(&parts).await
    }
}
