//! What a centre is made of: agents, queues, skills, and how long things take. Read from a configuration or built in code.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::words::AgentName;
use crate::people::Script;

/// A contact centre.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Centre {
    /// The id that customers send as `ContactCenterId`.
    pub id: String,
    /// Who works here.
    pub agents: Vec<AgentProfile>,
    /// Where chats come in. The first one is the default.
    pub queues: Vec<QueueProfile>,
}

impl Default for Centre {
    fn default() -> Self {
        Self {
            id: "7c0c1b7e-55b5-4b0b-9d6e-0f6f3c1d2a10".into(),
            agents: Vec::new(),
            queues: vec![QueueProfile::new("chat_in")],
        }
    }
}

impl Centre {
    /// Adds an agent.
    #[must_use]
    pub fn with_agent(mut self, agent: AgentProfile) -> Self {
        self.agents.push(agent);
        self
    }

    /// Adds a queue; the default queue `chat_in` goes as soon as there is one of your own.
    #[must_use]
    pub fn with_queue(mut self, queue: QueueProfile) -> Self {
        if self.queues == [QueueProfile::new("chat_in")] {
            self.queues.clear();
        }
        self.queues.push(queue);
        self
    }

    /// Every skill that somebody has or some queue needs, in order.
    pub fn skills(&self) -> BTreeSet<String> {
        self.agents
            .iter()
            .flat_map(|agent| agent.skills.iter())
            .chain(self.queues.iter().flat_map(|queue| queue.skills.iter()))
            .cloned()
            .collect()
    }
}

/// An agent login.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentProfile {
    /// The user name.
    pub user: AgentName,
    /// The password. Invented: this is a simulator.
    #[serde(default)]
    pub password: String,
    /// First name.
    #[serde(default)]
    pub first_name: String,
    /// Last name.
    #[serde(default)]
    pub last_name: String,
    /// What this agent can do.
    #[serde(default)]
    pub skills: BTreeSet<String>,
    /// How many chats at a time.
    #[serde(default = "one")]
    pub capacity: usize,
    /// How the simulator plays this agent until somebody real signs in with the user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<Script>,
}

fn one() -> usize {
    1
}

impl AgentProfile {
    /// An agent with one slot, no skills, and the user name as first name.
    pub fn new(user: impl AsRef<str>, password: impl Into<String>) -> Self {
        let user = user.as_ref();
        Self {
            user: AgentName::new(user),
            password: password.into(),
            first_name: user.into(),
            last_name: String::new(),
            skills: BTreeSet::new(),
            capacity: 1,
            script: None,
        }
    }

    /// First and last name.
    #[must_use]
    pub fn named(mut self, first: impl Into<String>, last: impl Into<String>) -> Self {
        (self.first_name, self.last_name) = (first.into(), last.into());
        self
    }

    /// Adds a skill.
    #[must_use]
    pub fn skilled(mut self, skill: impl Into<String>) -> Self {
        self.skills.insert(skill.into());
        self
    }

    /// How many chats at a time.
    #[must_use]
    pub fn capacity(mut self, capacity: usize) -> Self {
        self.capacity = capacity;
        self
    }

    /// Plays this agent by a script.
    #[must_use]
    pub fn scripted(mut self, script: Script) -> Self {
        self.script = Some(script);
        self
    }

    /// The id of the user resource, derived from the user name: 32 hexadecimal characters.
    pub fn id(&self) -> String {
        stable_id(self.user.as_str())
    }

    /// The employee id, derived from the user name.
    pub fn employee_id(&self) -> String {
        format!("E-{}", self.user)
    }
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueProfile {
    /// Its name; customers come in through the endpoint `Environment:<name>`.
    pub name: String,
    /// What an agent must be able to do to serve it: all of these.
    #[serde(default)]
    pub skills: BTreeSet<String>,
}

impl QueueProfile {
    /// A queue that everybody serves.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), skills: BTreeSet::new() }
    }

    /// Needs a skill.
    #[must_use]
    pub fn needing(mut self, skill: impl Into<String>) -> Self {
        self.skills.insert(skill.into());
        self
    }

    /// The id of the queue resource.
    pub fn id(&self) -> String {
        stable_id(&format!("queue {}", self.name))
    }
}

/// An id that is the same in every run: 32 hexadecimal characters from a name.
pub fn stable_id(name: &str) -> String {
    format!("{:016x}{:016x}", stable_hash(name), hash(name, 0x6c62_272e_07bb_0142))
}

/// A number that is the same in every run, from a name.
pub(crate) fn stable_hash(name: &str) -> u64 {
    hash(name, 0xcbf2_9ce4_8422_2325)
}

/// FNV-1a.
fn hash(name: &str, begin: u64) -> u64 {
    name.bytes().fold(begin, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// How long things take in the centre. Defaults are those of Interaction Server where it has one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// An offer that nobody answers is taken back after this time.
    #[serde(with = "crate::options::millis")]
    pub offer_deadline: Duration,
    /// Whether an agent who let an offer run out is made NotReady.
    pub not_ready_after_missed_offer: bool,
    /// How long a chat is not offered again to an agent who declined, missed or gave it away.
    #[serde(with = "crate::options::millis")]
    pub offer_again_after: Duration,
    /// A chat whose agent does nothing to it for this time is taken away and routed again.
    #[serde(with = "crate::options::millis")]
    pub handling_deadline: Duration,
    /// How many finished chats are kept to be read; older ones go.
    pub finished_chats_kept: usize,
    /// The longest message, in bytes; longer ones are refused.
    pub message_bytes: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            offer_deadline: Duration::from_secs(30),
            not_ready_after_missed_offer: false,
            offer_again_after: Duration::from_secs(5),
            handling_deadline: Duration::from_secs(180 * 60),
            finished_chats_kept: 10_000,
            message_bytes: 4096,
        }
    }
}
