//! What can be set: where the server is, which endpoint family it speaks, and what its pages leave open.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::{Error, Retry};

/// The two generations of endpoints for chats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// 8.5.1: `POST /me/interactions/{id}`.
    #[default]
    Interactions,
    /// 8.5.2 and later: `POST /me/chats/{id}`.
    Chats,
}

impl Family {
    /// As in paths: `interactions` or `chats`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Interactions => "interactions",
            Self::Chats => "chats",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How to talk to one server. Durations are written with their unit in configuration
/// files: `"300ms"`, `"15s"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Up to and including `/api/v2`.
    pub base_url: Url,
    /// Which endpoints for chats.
    #[serde(default)]
    pub family: Family,
    /// Where notifications come from, relative to the base URL.
    #[serde(default = "notification_path")]
    pub notification_path: String,
    /// What is subscribed to.
    #[serde(default)]
    pub topics: Topics,
    /// The transports for notifications, in order of preference. Servers from 8.5.2 on have no WebSockets.
    #[serde(default = "transports")]
    pub transports: Vec<bayeux::TransportKind>,
    /// Ask for acknowledged delivery of notifications, which a server without it ignores. Wins over `bayeux.ack`.
    #[serde(default = "yes")]
    pub acknowledge: bool,
    /// The CometD client.
    #[serde(default)]
    pub bayeux: bayeux::Options,
    /// The name of the medium: the channel that StartContactCenterSession opens and that is made ready.
    #[serde(default = "medium")]
    pub medium: String,
    /// The field names of SingleStepTransfer, which the reference pages leave open.
    #[serde(default)]
    pub transfer_fields: TransferFields,
    /// What `agentId` is; the reference pages say "a unique agent identifier".
    #[serde(default)]
    pub agent_naming: AgentNaming,
    /// The key of the disposition code.
    #[serde(default = "disposition_key")]
    pub disposition_key: String,
    /// How a disposition is set where SetDisposition does not exist (`interactions`).
    #[serde(default)]
    pub disposition_by: DispositionBy,
    /// The parameter of DeleteUserData, which the reference pages leave open.
    #[serde(default = "delete_field")]
    pub delete_field: String,
    /// How long things may take.
    #[serde(default)]
    pub timeouts: Timeouts,
    /// When a call is made again.
    #[serde(default)]
    pub retry: Retry,
    /// How much is taken and sent.
    #[serde(default)]
    pub limits: Limits,
}

fn notification_path() -> String {
    "notifications".into()
}

fn transports() -> Vec<bayeux::TransportKind> {
    vec![bayeux::TransportKind::LongPolling]
}

fn yes() -> bool {
    true
}

fn medium() -> String {
    "chat".into()
}

fn disposition_key() -> String {
    "DispositionCode".into()
}

fn delete_field() -> String {
    "keys".into()
}

impl Options {
    /// Defaults for a server at this base URL.
    pub fn new(base_url: Url) -> Self {
        Self {
            base_url,
            family: Family::default(),
            notification_path: notification_path(),
            topics: Topics::default(),
            transports: transports(),
            acknowledge: true,
            bayeux: bayeux::Options::default(),
            medium: medium(),
            transfer_fields: TransferFields::default(),
            agent_naming: AgentNaming::default(),
            disposition_key: disposition_key(),
            disposition_by: DispositionBy::default(),
            delete_field: delete_field(),
            timeouts: Timeouts::default(),
            retry: Retry::default(),
            limits: Limits::default(),
        }
    }

    /// With another endpoint family.
    #[must_use]
    pub fn with_family(mut self, family: Family) -> Self {
        self.family = family;
        self
    }

    /// Refuses what cannot work.
    pub fn validate(&self) -> Result<(), Error> {
        let wrong = |what: &str| Err(Error::Config(what.into()));
        if !matches!(self.base_url.scheme(), "http" | "https") || self.base_url.cannot_be_a_base() {
            return wrong("the base URL must begin with http:// or https://");
        }
        if !self.base_url.username().is_empty() || self.base_url.password().is_some() {
            return wrong("the base URL must not hold credentials");
        }
        if self.transports.is_empty() {
            return wrong("at least one transport is needed");
        }
        if self.timeouts.request.is_zero() || self.timeouts.connect.is_zero() {
            return wrong("time-outs must not be zero");
        }
        if self.limits.message_bytes < 4 || self.limits.answer_bytes == 0 {
            return wrong("limits must not be zero, and a message needs room for one character");
        }
        if self.medium.is_empty() || self.disposition_key.is_empty() || self.delete_field.is_empty() {
            return wrong("names must not be empty");
        }
        self.bayeux.validate().map_err(|error| Error::Config(error.to_string()))
    }

    /// The URL of a path below the base URL, whether it begins with a slash or not.
    pub fn url(&self, path: &str) -> Url {
        let mut url = self.base_url.clone();
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let joined = format!("{}/{}", self.base_url.path().trim_end_matches('/'), path.trim_start_matches('/'));
        url.set_path(&joined);
        url.set_query(query);
        url
    }

    /// Where notifications come from.
    pub fn notification_url(&self) -> Url {
        self.url(&self.notification_path)
    }

    /// The topics to subscribe to.
    pub fn subscriptions(&self) -> Vec<String> {
        let chats = match self.family {
            Family::Interactions => &self.topics.interactions,
            Family::Chats => &self.topics.chats,
        };
        let all = std::iter::once(chats).chain([&self.topics.channels]).chain(&self.topics.more);
        all.filter(|topic| !topic.is_empty()).cloned().collect()
    }
}

/// What is subscribed to. An empty name is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Topics {
    /// Chats, with the family `interactions`.
    pub interactions: String,
    /// Chats, with the family `chats`.
    pub chats: String,
    /// The presence of this login.
    pub channels: String,
    /// Others, `/notifications/services` for example.
    pub more: Vec<String>,
}

impl Default for Topics {
    fn default() -> Self {
        Self {
            interactions: "/v2/me/interactions".into(),
            chats: "/v2/me/chats".into(),
            channels: "/v2/me/channels".into(),
            more: Vec::new(),
        }
    }
}

/// The field names of SingleStepTransfer. An empty name says that the server has no such target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TransferFields {
    /// To one agent.
    pub agent: String,
    /// To the agents with a skill.
    pub skill: String,
    /// To a queue.
    pub queue: String,
}

impl Default for TransferFields {
    fn default() -> Self {
        Self { agent: "agentId".into(), skill: "skill".into(), queue: "queueName".into() }
    }
}

/// Which property of a user the server means by `agentId` (family `interactions`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgentNaming {
    /// The name used to sign in.
    #[default]
    UserName,
    /// The employee id.
    EmployeeId,
    /// The id of the user resource.
    Id,
}

/// How a disposition is set where there is no operation for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DispositionBy {
    /// As attached data under the disposition key.
    #[default]
    AttachedData,
    /// As a parameter of Complete, named by the disposition key.
    CompleteParameter,
}

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
    /// Making a connection.
    #[serde(with = "humantime_serde")]
    pub connect: Duration,
    /// One request with its answer.
    #[serde(with = "humantime_serde")]
    pub request: Duration,
    /// The CometD session with its subscriptions, until the server has agreed.
    #[serde(with = "humantime_serde")]
    pub sign_in: Duration,
    /// A history that comes as a notification after it was asked for.
    #[serde(with = "humantime_serde")]
    pub history: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(5), request: seconds(15), sign_in: seconds(30), history: seconds(10) }
    }
}

/// How much is taken and sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Longest message, in bytes of UTF-8.
    pub message_bytes: usize,
    /// Longest answer, in bytes after decompression.
    pub answer_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { message_bytes: 4096, answer_bytes: 16 << 20 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str) -> Options {
        Options::new(url.parse().unwrap())
    }

    #[test]
    fn paths_are_below_the_base_url_whatever_its_slashes() {
        for base in ["http://gws.test/api/v2", "http://gws.test/api/v2/"] {
            assert_eq!(options(base).url("/me?fields=*").as_str(), "http://gws.test/api/v2/me?fields=*");
            assert_eq!(options(base).notification_url().as_str(), "http://gws.test/api/v2/notifications");
        }
        assert_eq!(options("http://gws.test").url("me").as_str(), "http://gws.test/me");
    }

    #[test]
    fn a_switch_chooses_the_family_and_its_topic() {
        let text =
            r#"{"base_url":"http://gws.test/api/v2","family":"chats","topics":{"more":["/notifications/services"]}}"#;
        let options: Options = serde_json::from_str(text).unwrap();
        assert_eq!(options.family, Family::Chats);
        assert_eq!(options.subscriptions(), ["/v2/me/chats", "/v2/me/channels", "/notifications/services"]);
        assert!(options.validate().is_ok());
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            r#"{"base_url":"http://gws.test/","famly":"chats"}"#,
            r#"{"base_url":"no url"}"#,
            r#"{"base_url":"http://gws.test/","family":"calls"}"#,
        ] {
            assert!(serde_json::from_str::<Options>(text).is_err(), "{text}");
        }
        for url in ["ftp://gws.test/", "http://bot:secret@gws.test/", "mailto:gws@test"] {
            assert!(options(url).validate().is_err(), "{url}");
        }
        let mut none = options("http://gws.test");
        none.transports.clear();
        assert!(none.validate().is_err());
    }
}
