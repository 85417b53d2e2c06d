//! Answers that are late: the application may wait on.

use std::sync::Arc;
use std::time::Duration;

use crate::machine::Lane;

/// An answer that has not come in time.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Late {
    /// Whether it is the one to the held connect.
    pub connect: bool,
    /// How often this was asked about the same request before.
    pub asked: u32,
}

impl Late {
    pub(crate) fn new(lane: Lane, asked: u32) -> Self {
        Self { connect: lane == Lane::Connect, asked }
    }
}

/// Says how much longer to wait; `None` gives up.
pub(crate) type LateHook = Arc<dyn Fn(Late) -> Option<Duration> + Send + Sync>;
