//! A raw server on loopback: it reads requests, keeps what it has seen, and answers what the test says.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bayeux::{Client, ClientBuilder, TransportKind};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Message, Role};

use crate::support::SECOND;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    pub connection: usize,
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn messages(&self) -> Vec<Value> {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    pub fn channel(&self) -> String {
        self.messages().first().and_then(|message| message["channel"].as_str()).unwrap_or_default().to_owned()
    }
}

/// What to do with a request.
pub enum Answer {
    /// Write these bytes and keep the connection.
    Raw(Vec<u8>),
    /// Write these bytes and close the connection.
    Last(Vec<u8>),
    /// Say nothing for ever.
    Hold,
    /// Become a WebSocket, with these headers on the answer.
    Upgrade(Vec<String>),
}

impl Answer {
    pub fn status(status: u16, headers: &[&str], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut bytes = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len()).into_bytes();
        for header in headers {
            bytes.extend_from_slice(format!("{header}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(body);
        Self::Raw(bytes)
    }

    pub fn json(messages: &Value) -> Self {
        Self::status(200, &["Content-Type: application/json"], messages.to_string())
    }
}

type Handler = Arc<dyn Fn(&Seen) -> Answer + Send + Sync>;
type FrameHandler = Arc<dyn Fn(Value) -> Vec<Message> + Send + Sync>;

/// The server. Dropping it closes everything.
pub struct Server {
    pub address: SocketAddr,
    pub seen: Arc<Mutex<Vec<Seen>>>,
    pub connections: Arc<Mutex<usize>>,
    pub frames: Arc<Mutex<VecDeque<Value>>>,
    pub closed: Arc<Mutex<Vec<Option<u16>>>>,
    _tasks: JoinSet<()>,
}

impl Server {
    pub async fn start(handler: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        Self::with_frames(handler, |message| vec![text(&standard(&message))]).await
    }

    pub async fn with_frames(
        handler: impl Fn(&Seen) -> Answer + Send + Sync + 'static,
        frames: impl Fn(Value) -> Vec<Message> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, Arc::new(handler), Arc::new(frames), None)
    }

    pub fn on(
        listener: TcpListener,
        handler: Handler,
        frame_handler: FrameHandler,
        tls: Option<tokio_rustls::TlsAcceptor>,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let connections: Arc<Mutex<usize>> = Arc::default();
        let frames: Arc<Mutex<VecDeque<Value>>> = Arc::default();
        let closed: Arc<Mutex<Vec<Option<u16>>>> = Arc::default();
        let mut tasks = JoinSet::new();
        let shared = (seen.clone(), connections.clone(), frames.clone(), closed.clone());
        tasks.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, connections, frames, closed) = shared.clone();
                let number = {
                    let mut connections = connections.lock().unwrap();
                    *connections += 1;
                    *connections
                };
                let (handler, frame_handler, tls) = (handler.clone(), frame_handler.clone(), tls.clone());
                open.spawn(async move {
                    let run = |stream| serve(stream, number, handler, frame_handler, seen, frames, closed);
                    match tls {
                        None => run(Box::new(stream) as Box<dyn Duplex>).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                run(Box::new(stream)).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, seen, connections, frames, closed, _tasks: tasks }
    }

    pub fn url(&self) -> String {
        format!("http://{}/cometd", self.address)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

pub trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

async fn serve(
    mut stream: Box<dyn Duplex>,
    connection: usize,
    handler: Handler,
    frame_handler: FrameHandler,
    seen: Arc<Mutex<Vec<Seen>>>,
    frames: Arc<Mutex<VecDeque<Value>>>,
    closed: Arc<Mutex<Vec<Option<u16>>>>,
) {
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer, connection).await {
        seen.lock().unwrap().push(request.clone());
        match handler(&request) {
            Answer::Raw(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Answer::Last(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Answer::Hold => {}
            Answer::Upgrade(headers) => {
                let accept = derive_accept_key(request.header("sec-websocket-key").unwrap_or_default().as_bytes());
                let mut head = format!(
                    "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n"
                );
                for header in headers {
                    head.push_str(&header);
                    head.push_str("\r\n");
                }
                head.push_str("\r\n");
                stream.write_all(head.as_bytes()).await.unwrap();
                let socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
                return serve_frames(socket, frame_handler, frames, closed).await;
            }
        }
    }
}

async fn serve_frames(
    mut socket: WebSocketStream<Box<dyn Duplex>>,
    handler: FrameHandler,
    frames: Arc<Mutex<VecDeque<Value>>>,
    closed: Arc<Mutex<Vec<Option<u16>>>>,
) {
    while let Some(frame) = socket.next().await {
        match frame {
            Ok(Message::Text(text)) => {
                let messages: Vec<Value> = serde_json::from_str(&text).unwrap();
                for message in messages {
                    frames.lock().unwrap().push_back(message.clone());
                    for answer in handler(message) {
                        if socket.send(answer).await.is_err() {
                            return;
                        }
                    }
                }
            }
            Ok(Message::Close(frame)) => {
                closed.lock().unwrap().push(frame.map(|frame| frame.code.into()));
                let _ = socket.flush().await;
                return;
            }
            Ok(_) => {}
            Err(_) => {
                closed.lock().unwrap().push(None);
                return;
            }
        }
    }
    closed.lock().unwrap().push(None);
}

async fn read_request(stream: &mut Box<dyn Duplex>, buffer: &mut Vec<u8>, connection: usize) -> Option<Seen> {
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).await.ok().filter(|count| *count > 0)?;
        buffer.extend_from_slice(&chunk[..count]);
    };
    let head = String::from_utf8(buffer[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length: usize =
        headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
    while buffer.len() < end + length {
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).await.ok().filter(|count| *count > 0)?;
        buffer.extend_from_slice(&chunk[..count]);
    }
    let body = String::from_utf8(buffer[end..end + length].to_vec()).unwrap();
    buffer.drain(..end + length);
    Some(Seen { connection, method, path, headers, body })
}

/// A frame.
pub fn text(messages: &Value) -> Message {
    let array = if messages.is_array() { messages.clone() } else { json!([messages]) };
    Message::Text(array.to_string().into())
}

/// What a good server answers to one message; a connect is answered at once only if it asks for that.
pub fn standard(message: &Value) -> Value {
    let channel = &message["channel"];
    let mut reply = json!({"channel": channel, "id": message["id"], "successful": true});
    match channel.as_str().unwrap_or_default() {
        "/meta/handshake" => {
            reply["clientId"] = json!("client-1");
            reply["version"] = json!("1.0");
            reply["supportedConnectionTypes"] = json!(["websocket", "long-polling"]);
            reply["advice"] = json!({"reconnect": "retry", "interval": 0, "timeout": 30000});
        }
        "/meta/connect" if message["advice"]["timeout"] != json!(0) => return json!([]),
        "/meta/subscribe" => reply["subscription"] = message["subscription"].clone(),
        _ => {}
    }
    json!([reply])
}

/// The same over HTTP: a held connect is never answered, an upgrade is granted.
pub fn answer(request: &Seen) -> Answer {
    if request.header("upgrade").is_some() {
        return Answer::Upgrade(Vec::new());
    }
    let messages = request.messages();
    let replies: Vec<Value> =
        messages.iter().flat_map(|message| standard(message).as_array().unwrap().clone()).collect();
    if replies.is_empty() { Answer::Hold } else { Answer::json(&json!(replies)) }
}

/// A client of the server.
pub fn client(server: &Server, kind: TransportKind, set_up: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
    set_up(Client::builder(server.url()).transports([kind])).build().unwrap()
}

/// The same with a deadline.
pub async fn soon<T>(what: impl IntoFuture<Output = T>) -> T {
    tokio::time::timeout(10 * SECOND, what.into_future()).await.expect("in time")
}

/// A connected client of the server.
pub async fn opened(server: &Server, kind: TransportKind) -> Client {
    let client = client(server, kind, |builder| builder);
    soon(client.connect()).await.unwrap();
    client
}

/// Waits for what another task does; the deadline is the test's.
pub async fn until(mut condition: impl FnMut() -> bool) {
    soon(async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
