//! A scripted server: it gives the next prepared answer to every request and keeps what was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gws::{Client, Credentials, Family, Options, Retry, Session};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What the server does with one request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Status, extra header lines, body.
    Say(u16, String, String),
    /// Closes the connection after the request was read.
    HangUp,
}

pub fn ok(body: &str) -> Reply {
    Reply::Say(200, "Content-Type: application/json\r\n".into(), body.into())
}

pub fn says(status: u16, headers: &str, body: &str) -> Reply {
    Reply::Say(status, headers.into(), body.into())
}

pub const ME: &str =
    r#"{"statusCode":0,"user":{"id":"u-bot-01","userName":"bot-01","roles":["ROLE_AGENT"],"enabled":true}}"#;

/// An answer to `GET /me` with a cookie and a CSRF token.
pub fn signed_in(cookie: &str, token: &str) -> Reply {
    let headers = format!(
        "Set-Cookie: JSESSIONID={cookie}; Path=/; HttpOnly\r\nX-CSRF-HEADER: X-CSRF-TOKEN\r\nX-CSRF-TOKEN: {token}\r\n"
    );
    Reply::Say(200, headers, ME.into())
}

#[derive(Debug, Clone)]
pub struct Asked {
    /// `GET /api/v2/me`
    pub line: String,
    /// All header lines, names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

pub struct Server {
    pub base: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    replies: Arc<Mutex<VecDeque<Reply>>>,
    _tasks: JoinSet<()>,
}

impl Server {
    pub async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/api/v2", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let replies = Arc::new(Mutex::new(replies.into_iter().collect::<VecDeque<_>>()));
        let mut tasks = JoinSet::new();
        let (log, script) = (asked.clone(), replies.clone());
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, log.clone(), script.clone()));
            }
        });
        Self { base, asked, replies, _tasks: tasks }
    }

    pub fn options(&self) -> Options {
        let mut options = Options::new(self.base.parse().unwrap()).with_family(Family::Chats);
        let ms = Duration::from_millis;
        options.retry = Retry { first: ms(1), longest: ms(5), deadline: ms(2000) };
        options.timeouts.request = ms(2000);
        options
    }

    pub fn session(&self) -> Session {
        Client::new(self.options()).unwrap().session(Credentials::new("bot-01", "s3cret"))
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The request lines, and a check that the whole script was played.
    pub fn lines(&self) -> Vec<String> {
        assert!(self.replies.lock().unwrap().is_empty(), "answers that nobody asked for");
        self.asked().into_iter().map(|one| one.line).collect()
    }
}

async fn serve(mut stream: TcpStream, log: Arc<Mutex<Vec<Asked>>>, script: Arc<Mutex<VecDeque<Reply>>>) {
    let mut buffer = Vec::new();
    while let Some(asked) = read(&mut stream, &mut buffer).await {
        log.lock().unwrap().push(asked);
        let reply = script.lock().unwrap().pop_front();
        let reply = reply.unwrap_or_else(|| says(599, "", "the script has ended"));
        let Reply::Say(status, headers, body) = reply else { return };
        let text = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len());
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Asked> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(buffer[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let line = lines.next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
    let header = |line: &str| line.split_once(": ").map(|(key, value)| (key.to_lowercase(), value.to_owned()));
    let headers: Vec<_> = lines.filter_map(header).collect();
    let length = headers.iter().find(|(key, _)| key == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
    while buffer.len() < end + 4 + length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8(buffer[end + 4..end + 4 + length].to_vec()).unwrap();
    buffer.drain(..end + 4 + length);
    Some(Asked { line, headers, body })
}
