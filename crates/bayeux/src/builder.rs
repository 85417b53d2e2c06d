//! Building a client.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use url::Url;

use crate::client::Client;
use crate::cookies::CookieJar;
use crate::driver::{Driver, HandshakeHook, Tasks};
use crate::error::Error;
use crate::event::State;
use crate::hooks::{Authenticator, Extension};
use crate::late::{Late, LateHook};
use crate::machine::{Machine, Setup};
use crate::options::{Options, TransportKind};
use crate::snapshot::Snapshot;
use crate::transport::Transport;

/// Sets a [`Client`] up. Only the URL is needed.
#[must_use = "a client comes out of build()"]
pub struct ClientBuilder {
    url: String,
    urls: Vec<(TransportKind, String)>,
    options: Options,
    http: Option<reqwest::Client>,
    http_for: Vec<(TransportKind, reqwest::Client)>,
    jar: CookieJar,
    transports: Vec<TransportKind>,
    handshake_on: Option<TransportKind>,
    #[cfg(any(feature = "long-polling", feature = "websocket"))]
    headers: Option<crate::transport::http::HeaderHook>,
    #[cfg(feature = "websocket")]
    protocol: Option<String>,
    authenticator: Option<Arc<dyn Authenticator>>,
    handshake_fields: Option<HandshakeHook>,
    late: Option<LateHook>,
    extensions: Vec<Arc<dyn Extension>>,
    ack_when_done: bool,
    resume: Option<Snapshot>,
    seed: Option<u64>,
    #[cfg(feature = "test-util")]
    scripted: Vec<Box<dyn Transport>>,
}

impl ClientBuilder {
    pub(crate) fn new(url: String) -> Self {
        Self {
            url,
            urls: Vec::new(),
            options: Options::default(),
            http: None,
            http_for: Vec::new(),
            jar: CookieJar::new(),
            transports: Vec::new(),
            handshake_on: None,
            #[cfg(any(feature = "long-polling", feature = "websocket"))]
            headers: None,
            #[cfg(feature = "websocket")]
            protocol: None,
            authenticator: None,
            handshake_fields: None,
            late: None,
            extensions: Vec::new(),
            ack_when_done: false,
            resume: None,
            seed: None,
            #[cfg(feature = "test-util")]
            scripted: Vec::new(),
        }
    }

    /// Limits, waits and policies.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Asks the server for acknowledged delivery: what is lost with a connection is then sent again. Shorthand for
    /// [`Options::ack`].
    pub fn ack(mut self, ack: bool) -> Self {
        self.options.ack = ack;
        self
    }

    /// Acknowledged delivery where a batch counts as taken only when [`Delivery::done`](crate::Delivery::done) was called for
    /// everything in it: what a crashed process had not finished is delivered again to the one that resumes its session.
    pub fn ack_when_done(mut self) -> Self {
        self.options.ack = true;
        self.ack_when_done = true;
        self
    }

    /// The HTTP client for both transports: build it with [`http_client`](crate::http_client), and share it between sessions.
    pub fn http(mut self, client: reqwest::Client) -> Self {
        self.http = Some(client);
        self
    }

    /// Another HTTP client for one of the transports. A client that speaks HTTP/2 (feature `http2`) cannot open WebSockets to
    /// servers that speak it too: give WebSockets one that is built with `http1_only()`.
    pub fn http_for(mut self, transport: TransportKind, client: reqwest::Client) -> Self {
        self.http_for.push((transport, client));
        self
    }

    /// The cookie jar: one for each session, and the same one for everything else that is sent for that login.
    pub fn cookies(mut self, jar: CookieJar) -> Self {
        self.jar = jar;
        self
    }

    /// The transports to use, in order of preference. Without this call: WebSocket, then long-polling, as far as they are
    /// compiled in.
    pub fn transports(mut self, transports: impl IntoIterator<Item = TransportKind>) -> Self {
        self.transports = Vec::new();
        for kind in transports {
            if !self.transports.contains(&kind) {
                self.transports.push(kind);
            }
        }
        self
    }

    /// Sends handshakes over this transport, whichever carries the session afterwards.
    pub fn handshake_on(mut self, transport: TransportKind) -> Self {
        self.handshake_on = Some(transport);
        self
    }

    /// Another URL for one of the transports.
    pub fn url_for(mut self, transport: TransportKind, url: impl Into<String>) -> Self {
        self.urls.push((transport, url.into()));
        self
    }

    /// Adds headers to every request and to the upgrade to a WebSocket; asked anew each time.
    #[cfg(any(feature = "long-polling", feature = "websocket"))]
    pub fn headers(mut self, hook: impl Fn(&mut http::HeaderMap) + Send + Sync + 'static) -> Self {
        self.headers = Some(Arc::new(hook));
        self
    }

    /// Offers a WebSocket subprotocol. A server that chooses none is accepted.
    #[cfg(feature = "websocket")]
    pub fn websocket_protocol(mut self, protocol: impl Into<String>) -> Self {
        self.protocol = Some(protocol.into());
        self
    }

    /// Gets credentials before each handshake and after each refusal.
    pub fn authenticator(mut self, authenticator: impl Authenticator) -> Self {
        self.authenticator = Some(Arc::new(authenticator));
        self
    }

    /// Adds fields (such as `ext`) to each handshake, produced afresh: the hook gets the number of the attempt.
    pub fn handshake_fields(mut self, hook: impl Fn(u32) -> Map<String, Value> + Send + Sync + 'static) -> Self {
        self.handshake_fields = Some(Arc::new(hook));
        self
    }

    /// Is asked when an answer has not come within [`Options::max_network_delay`] (beyond the time for which the server holds a
    /// connect): how much longer to wait, or `None` to give the request up, as happens without a hook.
    pub fn on_late(mut self, hook: impl Fn(Late) -> Option<Duration> + Send + Sync + 'static) -> Self {
        self.late = Some(Arc::new(hook));
        self
    }

    /// Lets an extension see all messages. Can be called several times.
    pub fn extension(mut self, extension: impl Extension) -> Self {
        self.extensions.push(Arc::new(extension));
        self
    }

    /// Goes on with a session of an earlier process instead of opening one. If the server does not know it any more, a new one
    /// is opened, and [`Event::SessionLost`](crate::Event::SessionLost) tells.
    pub fn resume(mut self, snapshot: Snapshot) -> Self {
        self.resume = Some(snapshot);
        self
    }

    /// Makes the jitter repeatable.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Uses scripted transports, of the kinds given by [`ClientBuilder::transports`], in place of the real ones.
    #[cfg(feature = "test-util")]
    pub fn scripted(mut self, script: &mut crate::transport::scripted::Script) -> Self {
        self.scripted =
            [TransportKind::LongPolling, TransportKind::WebSocket].map(|kind| script.transport(kind)).into();
        self
    }

    /// Builds the client. Nothing is sent before [`Client::connect`]. Must be called within a tokio runtime.
    pub fn build(mut self) -> Result<Client, Error> {
        self.options.validate()?;
        let url = parse(&self.url)?;
        #[cfg(feature = "test-util")]
        let scripted = !self.scripted.is_empty();
        #[cfg(not(feature = "test-util"))]
        let scripted = false;
        if self.transports.is_empty() {
            self.transports = default_transports();
        }
        let mut transports: Vec<Box<dyn Transport>> = Vec::new();
        if scripted {
            #[cfg(feature = "test-util")]
            transports.append(&mut self.scripted);
            transports.retain(|transport| self.transports.contains(&transport.kind()));
        } else {
            self.real_transports(&url, &mut transports)?;
        }
        if transports.is_empty() {
            return Err(Error::Config("no transport is compiled in".into()));
        }
        if let Some(snapshot) = &self.resume {
            self.jar.load(&snapshot.cookies)?;
        }
        let setup = Setup {
            options: self.options.clone(),
            transports: self.transports,
            handshake_on: self.handshake_on,
            can_renew: self.authenticator.is_some(),
            ack_when_done: self.ack_when_done,
            ask_when_late: self.late.is_some(),
            host: host(&url),
            resume: self.resume.map(Into::into),
            seed: self.seed.unwrap_or_else(rand::random),
        };
        let (call_sender, calls) = mpsc::channel(self.options.outbox_limit);
        let (notice_sender, notices) = mpsc::unbounded_channel();
        let (state_sender, state) = watch::channel(State::Disconnected);
        let driver = Driver {
            machine: Machine::new(setup),
            options: self.options.clone(),
            transports,
            jar: self.jar.clone(),
            authenticator: self.authenticator,
            handshake_fields: self.handshake_fields,
            late: self.late,
            extensions: self.extensions,
            calls,
            notices,
            notice_sender: notice_sender.clone(),
            state: state_sender,
            listeners: Vec::new(),
            tasks: Tasks::default(),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(driver.run());
        Ok(Client::new(call_sender, notice_sender, state, self.jar, self.options, tasks))
    }

    #[cfg(any(feature = "long-polling", feature = "websocket"))]
    fn real_transports(&mut self, url: &Url, into: &mut Vec<Box<dyn Transport>>) -> Result<(), Error> {
        use crate::transport::http::{Way, default_client};

        for kind in &self.transports {
            let own = self.http_for.iter().rev().find(|(other, _)| other == kind);
            let client = match own.map(|(_, client)| client).or(self.http.as_ref()) {
                Some(client) => client.clone(),
                None => default_client(*kind)?,
            };
            let own = self.urls.iter().rev().find(|(other, _)| other == kind);
            let mut url = own.map_or_else(|| Ok(url.clone()), |(_, url)| parse(url))?;
            // One URL serves both transports, whichever scheme it is written with.
            let scheme = if matches!(url.scheme(), "https" | "wss") { "https" } else { "http" };
            url.set_scheme(scheme).map_err(|()| Error::Config("the URL is neither HTTP nor WebSocket".into()))?;
            let way = Way {
                client,
                jar: self.jar.clone(),
                headers: self.headers.clone(),
                url,
                max_receive_size: self.options.max_receive_size,
            };
            match kind {
                #[cfg(feature = "long-polling")]
                TransportKind::LongPolling => {
                    into.push(Box::new(crate::transport::long_polling::LongPolling::new(way, self.options.url_suffix)));
                }
                #[cfg(feature = "websocket")]
                TransportKind::WebSocket => {
                    let protocol = match &self.protocol {
                        Some(protocol) => Some(
                            http::HeaderValue::from_str(protocol)
                                .map_err(|_| Error::Config("the subprotocol has an illegal character".into()))?,
                        ),
                        None => None,
                    };
                    into.push(Box::new(crate::transport::websocket::WebSocket::new(
                        way,
                        self.options.open_timeout,
                        protocol,
                    )));
                }
                #[cfg(not(all(feature = "long-polling", feature = "websocket")))]
                other => return Err(Error::Config(format!("{} is not compiled in", other.name()))),
            }
        }
        Ok(())
    }

    #[cfg(not(any(feature = "long-polling", feature = "websocket")))]
    fn real_transports(&mut self, _url: &Url, _into: &mut Vec<Box<dyn Transport>>) -> Result<(), Error> {
        Err(Error::Config("no transport is compiled in".into()))
    }
}

fn default_transports() -> Vec<TransportKind> {
    let mut transports = Vec::new();
    if cfg!(feature = "websocket") {
        transports.push(TransportKind::WebSocket);
    }
    if cfg!(feature = "long-polling") {
        transports.push(TransportKind::LongPolling);
    }
    transports
}

fn parse(url: &str) -> Result<Url, Error> {
    let parsed = Url::parse(url).map_err(|error| Error::Config(format!("the URL cannot be read: {error}")))?;
    match parsed.scheme() {
        "http" | "https" | "ws" | "wss" if parsed.has_host() => Ok(parsed),
        _ => Err(Error::Config("the URL is neither HTTP nor WebSocket".into())),
    }
}

/// The host of a URL, with its port if that is not the usual one.
fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}

impl std::fmt::Debug for ClientBuilder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ClientBuilder").field("options", &self.options).finish_non_exhaustive()
    }
}
