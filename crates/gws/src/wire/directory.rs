//! Users, skills, contacts with availability, channels, services.

use std::fmt;

use serde::Deserialize;

use super::interaction::{Interaction, last_segment};
use super::lenient::{self, open_enum};
use crate::{AgentNaming, Refusal, StatusCode};

/// A user: this login, or somebody else.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct User {
    /// The last segment of its URI.
    #[serde(deserialize_with = "lenient::words")]
    pub id: String,
    /// The name used to sign in.
    #[serde(deserialize_with = "lenient::words")]
    pub user_name: String,
    /// The employee id.
    #[serde(deserialize_with = "lenient::text")]
    pub employee_id: Option<String>,
    /// First name.
    #[serde(deserialize_with = "lenient::words")]
    pub first_name: String,
    /// Last name.
    #[serde(deserialize_with = "lenient::words")]
    pub last_name: String,
    /// `ROLE_AGENT` and its like.
    #[serde(deserialize_with = "lenient::list")]
    pub roles: Vec<String>,
    /// What they know, where it was asked for.
    #[serde(deserialize_with = "lenient::list")]
    pub skills: Vec<Skill>,
    /// The state of their media, where it was asked for.
    #[serde(deserialize_with = "lenient::list")]
    pub channels: Vec<ChannelState>,
    /// Their chats, where they were asked for (`interactions`).
    #[serde(deserialize_with = "lenient::list")]
    pub interactions: Vec<Interaction>,
    /// Their chats, where they were asked for (`chats`).
    #[serde(deserialize_with = "lenient::list")]
    pub chats: Vec<Interaction>,
}

impl User {
    /// What the server calls `agentId`.
    pub fn agent_id(&self, naming: AgentNaming) -> &str {
        name(naming, &self.id, &self.user_name, self.employee_id.as_deref())
    }
}

fn name<'a>(naming: AgentNaming, id: &'a str, user_name: &'a str, employee_id: Option<&'a str>) -> &'a str {
    match naming {
        AgentNaming::Id => id,
        AgentNaming::UserName => user_name,
        AgentNaming::EmployeeId => employee_id.unwrap_or_default(),
    }
}

/// A skill, of the centre or of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Skill {
    /// The last segment of its URI.
    #[serde(deserialize_with = "lenient::words")]
    pub id: String,
    /// Its name.
    #[serde(deserialize_with = "lenient::words")]
    pub name: String,
    /// How well, of a user.
    #[serde(deserialize_with = "lenient::integer")]
    pub level: Option<i64>,
}

open_enum! {
    /// What somebody does on a medium.
    Activity {
        /// Nothing.
        Idle = "Idle",
    }
}

/// A medium of somebody: ready or not, free or not.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ChannelState {
    /// The medium: `chat`, `voice`, …
    #[serde(deserialize_with = "lenient::words")]
    pub channel: String,
    /// Whether one more can come to them, as far as the server says (contacts).
    #[serde(deserialize_with = "lenient::switch")]
    pub available: bool,
    /// What they do (contacts).
    #[serde(deserialize_with = "lenient::maybe")]
    pub user_activity: Option<Activity>,
    /// `On` or `Off`.
    #[serde(rename = "dndState", deserialize_with = "lenient::switch")]
    pub do_not_disturb: bool,
    #[serde(deserialize_with = "lenient::maybe")]
    user_state: Option<UserState>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct UserState {
    #[serde(deserialize_with = "lenient::words")]
    id: String,
    #[serde(deserialize_with = "lenient::words")]
    state: String,
}

/// The ids of the two states that every centre has.
const READY: &str = "9430250E-0A1B-421F-B372-F29E69366DED";
const NOT_READY: &str = "900D55CC-2BB0-431F-8BF9-D3525B383BE6";

impl ChannelState {
    /// Whether work is wanted. `None`: the server did not say.
    pub fn is_ready(&self) -> Option<bool> {
        let state = self.user_state.as_ref()?;
        match state.state.as_str() {
            "Ready" => Some(true),
            "" if state.id.eq_ignore_ascii_case(READY) => Some(true),
            "" if !state.id.eq_ignore_ascii_case(NOT_READY) => None,
            _ => Some(false),
        }
    }

    /// Whether there is no contact-centre session on this medium.
    pub fn is_logged_out(&self) -> bool {
        self.user_state.as_ref().is_some_and(|state| state.state == "LoggedOut")
    }
}

/// Somebody or something that a chat can go to, with availability.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Contact {
    /// The last segment of its URI.
    #[serde(deserialize_with = "lenient::words")]
    pub id: String,
    /// `User`, `Queue` or `Custom`.
    #[serde(rename = "type", deserialize_with = "lenient::words")]
    pub kind: String,
    /// The name of a queue.
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// The name used to sign in, of a user.
    #[serde(deserialize_with = "lenient::words")]
    pub user_name: String,
    /// The employee id, of a user.
    #[serde(deserialize_with = "lenient::text")]
    pub employee_id: Option<String>,
    /// First name.
    #[serde(deserialize_with = "lenient::words")]
    pub first_name: String,
    /// Last name.
    #[serde(deserialize_with = "lenient::words")]
    pub last_name: String,
    /// What they know; not every server says it here.
    #[serde(deserialize_with = "lenient::list")]
    pub skills: Vec<Skill>,
    /// For `targetUri`.
    #[serde(deserialize_with = "lenient::text")]
    pub uri: Option<String>,
    #[serde(deserialize_with = "lenient::maybe")]
    availability: Option<Availability>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Availability {
    #[serde(deserialize_with = "lenient::list")]
    channels: Vec<ChannelState>,
}

impl Contact {
    /// By medium. Empty if the server did not say.
    pub fn channels(&self) -> &[ChannelState] {
        self.availability.as_ref().map_or(&[], |availability| &availability.channels)
    }

    /// Whether one more on this medium can come to them now.
    pub fn is_available(&self, medium: &str) -> bool {
        let fits = |one: &&ChannelState| one.channel.eq_ignore_ascii_case(medium);
        self.channels().iter().find(fits).is_some_and(|channel| channel.available && !channel.do_not_disturb)
    }

    /// What the server calls `agentId`.
    pub fn agent_id(&self, naming: AgentNaming) -> &str {
        name(naming, &self.id, &self.user_name, self.employee_id.as_deref())
    }

    /// Whether this is that user, by any id that both have.
    pub fn is(&self, user: &User) -> bool {
        let same = |left: Option<&str>, right: Option<&str>| left.is_some_and(|id| !id.is_empty() && right == Some(id));
        same(Some(&self.user_name), Some(&user.user_name))
            || same(self.employee_id.as_deref(), user.employee_id.as_deref())
            || same(Some(&self.id), Some(&user.id))
    }
}

/// The health of a back-end.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Service {
    /// Voice, Media, Reporting, Provisioning.
    #[serde(rename = "type", deserialize_with = "lenient::words")]
    pub kind: String,
    /// As spelt on the wire.
    #[serde(deserialize_with = "lenient::text")]
    pub state: Option<String>,
}

/// What became of one medium when the session was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelResult {
    /// The medium, `multimedia` for everything written.
    pub channel: String,
    /// Why it failed.
    pub refusal: Refusal,
}

impl fmt::Display for ChannelResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.channel, self.refusal)
    }
}

/// An element of `failed` or `succeeded`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FailedChannel {
    #[serde(deserialize_with = "lenient::words")]
    pub channel: String,
    #[serde(deserialize_with = "lenient::integer")]
    status_code: Option<i64>,
    #[serde(deserialize_with = "lenient::words")]
    status_message: String,
}

impl From<FailedChannel> for ChannelResult {
    fn from(failed: FailedChannel) -> Self {
        let code = failed.status_code.map(StatusCode::from_number);
        let refusal = Refusal { code, message: failed.status_message, http: 200, retry_after: None };
        Self { channel: failed.channel, refusal }
    }
}

/// Something that may come without its id, which is then in its address.
pub(crate) trait Named {
    fn id_mut(&mut self) -> &mut String;
    fn address(&self) -> Option<&str>;

    fn named(mut self) -> Self
    where
        Self: Sized,
    {
        if let Some(id) = self.address().and_then(last_segment).map(str::to_owned)
            && self.id_mut().is_empty()
        {
            *self.id_mut() = id;
        }
        self
    }
}

impl Named for Interaction {
    fn id_mut(&mut self) -> &mut String {
        &mut self.id
    }

    fn address(&self) -> Option<&str> {
        self.path.as_deref()
    }
}
