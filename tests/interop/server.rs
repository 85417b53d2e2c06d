//! A CometD server that nobody here wrote, as a fixture: started on a free port, asked about what arrived, killed, restarted.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value;
use tokio::process::Command;

use super::control;
use super::needs::Needs;
use super::program::{Program, java, node};

/// Whose server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// CometD for Java, a current release.
    JavaCurrent,
    /// CometD for Java, a 5.x release.
    Java5,
    /// cometd-nodejs-server.
    Nodejs,
    /// Faye.
    Faye,
}

/// How the server is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long a `/meta/connect` is held.
    pub timeout: Duration,
    /// How long a session may be without a `/meta/connect`.
    pub max_interval: Duration,
    /// Whether the ack extension is there, where the server has one.
    pub ack: bool,
    /// A file that keeps what arrived through a kill (the Java servers only).
    pub book: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(2), max_interval: Duration::from_secs(10), ack: true, book: None }
    }
}

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub struct Server {
    kind: Kind,
    settings: Settings,
    program: Program,
    port: u16,
    control: u16,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 4] = [Kind::JavaCurrent, Kind::Java5, Kind::Nodejs, Kind::Faye];

    /// A short name for trials and tables.
    pub fn name(self) -> &'static str {
        match self {
            Kind::JavaCurrent => "java",
            Kind::Java5 => "java5",
            Kind::Nodejs => "nodejs",
            Kind::Faye => "faye",
        }
    }

    /// What it needs on this machine.
    pub fn needs(self) -> Needs {
        match self {
            Kind::JavaCurrent | Kind::Java5 => Needs::Java,
            Kind::Nodejs | Kind::Faye => Needs::Node,
        }
    }

    /// Whether it has a WebSocket transport.
    pub fn has_websocket(self) -> bool {
        self != Kind::Nodejs
    }

    /// Whether it has the ack extension.
    pub fn has_ack(self) -> bool {
        self != Kind::Faye
    }

    /// Whether it answers on service channels.
    pub fn has_services(self) -> bool {
        self != Kind::Faye
    }

    fn command(self) -> Command {
        match self {
            Kind::JavaCurrent => java("server-current", "lab.CurrentServer"),
            Kind::Java5 => java("server-5", "lab.FiveServer"),
            Kind::Nodejs => node("nodejs-server.mjs"),
            Kind::Faye => node("faye-server.mjs"),
        }
    }
}

impl Server {
    /// Starts a server on a free loopback port and waits until it is ready.
    pub async fn start(kind: Kind, settings: Settings) -> anyhow::Result<Self> {
        let (program, port, control) = launch(kind, &settings, 0).await?;
        Ok(Self { kind, settings, program, port, control })
    }

    /// Kills it: connections are reset or closed by the system, sessions are gone.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        self.program.kill().await
    }

    /// Starts it again on the same port, after [`Server::kill`]. It knows nothing of earlier sessions.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        let (program, port, control) = launch(self.kind, &self.settings, self.port).await?;
        ensure!(port == self.port, "started again on port {port} instead of {}", self.port);
        self.program = program;
        self.control = control;
        Ok(())
    }

    /// Whose server it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The process id, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.program.id()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// Its Bayeux URL.
    pub fn url(&self) -> String {
        url_at(self.address())
    }

    /// Publishes `{n, t}` for n in `from..from + count` on `channel`, `every` apart. Returns when it has begun.
    pub async fn burst(&self, channel: &str, from: u64, count: u64, every: Duration) -> anyhow::Result<()> {
        let every = every.as_micros();
        let path = format!("/burst?channel={channel}&from={from}&count={count}&everyMicros={every}");
        control::get(self.control, &path).await.map(drop)
    }

    /// The numbers `n` that arrived on `channel` (`/in/…` or `/service/in`), in the order of their arrival.
    pub async fn seen(&self, channel: &str) -> anyhow::Result<Vec<i64>> {
        let all: Value = serde_json::from_str(&control::get(self.control, "/seen").await?)?;
        let numbers = all.get(channel).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        numbers.iter().map(|number| number.as_i64().context("not a number")).collect()
    }

    /// Ends every session from the server's side; says how many.
    pub async fn kick(&self) -> anyhow::Result<u64> {
        Ok(control::get(self.control, "/kick").await?.parse()?)
    }

    /// How many sessions it has.
    pub async fn sessions(&self) -> anyhow::Result<u64> {
        Ok(control::get(self.control, "/sessions").await?.parse()?)
    }
}

/// The Bayeux URL of a server, or of a proxy in front of it.
pub fn url_at(address: SocketAddr) -> String {
    format!("http://{address}/cometd")
}

async fn launch(kind: Kind, settings: &Settings, port: u16) -> anyhow::Result<(Program, u16, u16)> {
    let book = settings.book.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    let words = [
        ("book", book),
        ("port", port.to_string()),
        ("timeout", settings.timeout.as_millis().to_string()),
        ("maxInterval", settings.max_interval.as_millis().to_string()),
        ("ack", settings.ack.to_string()),
    ];
    let mut program = Program::start(kind.command(), &words)?;
    let ready = program.announced("READY").await?;
    let number = |key: &str| {
        let number = ready.get(key).and_then(Value::as_u64).and_then(|number| u16::try_from(number).ok());
        number.with_context(|| format!("no {key} in {ready}"))
    };
    Ok((program, number("port")?, number("control")?))
}
