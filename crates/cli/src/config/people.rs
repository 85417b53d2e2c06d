//! Where it is known from who is there for a handoff: `[people]`.

use std::collections::BTreeMap;
use std::time::Duration;

use attendant::availability::Table;
use platform_gws::AvailabilityOptions;
use serde::Deserialize;

/// Where it is known from who is there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "from", rename_all = "kebab-case", deny_unknown_fields)]
pub enum People {
    /// From the contacts of the platform, asked every now and then.
    Platform {
        /// The time between two looks, give or take a fifth.
        #[serde(default = "every", with = "humantime_serde")]
        every: Duration,
        /// How long the server may take for one.
        #[serde(default = "within", with = "humantime_serde")]
        within: Duration,
        /// What is older than this is not known any more.
        #[serde(default = "forget_after", with = "humantime_serde")]
        forget_after: Duration,
        /// Which skills serve a queue; the platform does not tell it.
        #[serde(default)]
        queues: BTreeMap<String, Vec<String>>,
    },
    /// From this table: fixed.
    Table {
        /// By the name of a skill, queue or agent.
        table: Table,
    },
}

fn every() -> Duration {
    AvailabilityOptions::default().every
}

fn within() -> Duration {
    AvailabilityOptions::default().within
}

fn forget_after() -> Duration {
    AvailabilityOptions::default().forget_after
}

impl Default for People {
    fn default() -> Self {
        Self::Platform { every: every(), within: within(), forget_after: forget_after(), queues: BTreeMap::new() }
    }
}

impl People {
    /// The first row of a table that cannot be, and why.
    pub fn wrong(&self) -> Option<(&str, &'static str)> {
        match self {
            Self::Platform { .. } => None,
            Self::Table { table } => table.0.iter().find_map(|(name, row)| Some((name.as_str(), row.wrong()?))),
        }
    }
}
