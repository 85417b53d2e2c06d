//! What the journal is opened with.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What the journal is opened with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The file. SQLite keeps two more beside it, `-wal` and `-shm`, while it is open.
    pub path: PathBuf,
    /// When an append counts as durable.
    #[serde(default)]
    pub durability: Durability,
    /// With durability `interval`: how much may be lost at a power cut. Written with its unit, `"1s"`.
    #[serde(default = "second", with = "humantime_serde")]
    pub interval: Duration,
    /// How long finished conversations are kept. They are dropped when the file is opened, and from hour to hour.
    #[serde(default = "month", with = "humantime_serde")]
    pub retention: Duration,
}

fn second() -> Duration {
    Duration::from_secs(1)
}

fn month() -> Duration {
    Duration::from_secs(30 * 24 * 3600)
}

impl Options {
    /// The defaults, in this file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), durability: Durability::default(), interval: second(), retention: month() }
    }

    /// With another durability.
    #[must_use]
    pub fn with_durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }
}

/// When an append counts as durable. A crash of the process alone loses nothing at any level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Durability {
    /// When the disk has it: a power cut loses nothing.
    #[default]
    Always,
    /// When the operating system has it; the disk gets it at every interval. A power cut loses at most one interval.
    Interval,
    /// When the operating system has it, and the disk whenever. A power cut may lose more.
    Off,
}
