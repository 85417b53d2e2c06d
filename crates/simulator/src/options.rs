//! What the simulator is started with.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{Centre, Rules};

/// What the simulator is started with. Every field has a default; build with `Options::default()` and the `with_` methods,
/// or read from a configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Where to listen. Port 0 takes a free one.
    pub address: SocketAddr,
    /// Who works there, and where chats come in.
    pub centre: Centre,
    /// How long things take in the centre.
    pub rules: Rules,
    /// How notifications travel.
    pub notifications: Notifications,
    /// Whether POST, PUT and DELETE of agents need the CSRF header.
    pub csrf: bool,
    /// Which endpoint families are served.
    pub families: Families,
    /// The seed of everything that is random: session ids, tokens, faults with a probability. `None` takes a new one.
    pub seed: Option<u64>,
    /// Whether the log keeps the words of lines. Without them it stays small.
    pub log_words: bool,
    /// How many facts the log keeps; the oldest go.
    pub log_facts: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            centre: Centre::default(),
            rules: Rules::default(),
            notifications: Notifications::default(),
            csrf: false,
            families: Families::default(),
            seed: None,
            log_words: true,
            log_facts: 1_000_000,
        }
    }
}

impl Options {
    /// Where to listen.
    #[must_use]
    pub fn with_address(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Who works there.
    #[must_use]
    pub fn with_centre(mut self, centre: Centre) -> Self {
        self.centre = centre;
        self
    }

    /// How long things take.
    #[must_use]
    pub fn with_rules(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// How notifications travel.
    #[must_use]
    pub fn with_notifications(mut self, notifications: Notifications) -> Self {
        self.notifications = notifications;
        self
    }

    /// Whether the CSRF header is needed.
    #[must_use]
    pub fn with_csrf(mut self, csrf: bool) -> Self {
        self.csrf = csrf;
        self
    }

    /// Which endpoint families are served.
    #[must_use]
    pub fn with_families(mut self, families: Families) -> Self {
        self.families = families;
        self
    }

    /// The seed of everything random.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }
}

/// Which endpoint families are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Families {
    /// Both at once; a client that subscribes to both topics is told everything twice.
    #[default]
    Both,
    /// 8.5.1: `/me/interactions`.
    Interactions,
    /// 8.5.2 and later: `/me/chats`.
    Chats,
}

impl Families {
    /// Whether `/me/interactions` is served.
    pub fn interactions(self) -> bool {
        self != Self::Chats
    }

    /// Whether `/me/chats` is served.
    pub fn chats(self) -> bool {
        self != Self::Interactions
    }
}

/// How notifications travel: the CometD side. Defaults are those of the Java server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notifications {
    /// How long a `/meta/connect` is held.
    #[serde(with = "millis")]
    pub hold: Duration,
    /// A session without a `/meta/connect` for this time is removed.
    #[serde(with = "millis")]
    pub max_interval: Duration,
    /// How long clients are asked to wait between two connects.
    #[serde(with = "millis")]
    pub interval: Duration,
    /// How long a second session of one browser is asked to wait.
    #[serde(with = "millis")]
    pub multi_session_interval: Duration,
    /// How many sessions of one browser may hold a connect at once.
    pub max_sessions_per_browser: usize,
    /// Messages waiting for one client beyond this number end its session: the client reads state again after 402.
    pub max_queue: usize,
    /// Whether long-polling is offered.
    pub long_polling: bool,
    /// Whether WebSocket is offered.
    pub websocket: bool,
    /// How the acknowledgement extension answers.
    pub acknowledgement: Acknowledgement,
    /// The longest body or frame taken, in bytes.
    pub max_message: usize,
}

impl Default for Notifications {
    fn default() -> Self {
        Self {
            hold: Duration::from_secs(30),
            max_interval: Duration::from_secs(10),
            interval: Duration::ZERO,
            multi_session_interval: Duration::from_secs(2),
            max_sessions_per_browser: 1,
            max_queue: 20_000,
            long_polling: true,
            websocket: true,
            acknowledgement: Acknowledgement::Plain,
            max_message: 1024 * 1024,
        }
    }
}

/// How the acknowledgement extension answers a handshake that asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Acknowledgement {
    /// Not at all.
    Off,
    /// `"ack": true`.
    #[default]
    Plain,
    /// `"ack": {"enabled": true, "batch": n}`, as newer servers do.
    Detailed,
}

/// Durations in configurations: milliseconds.
pub(crate) mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
