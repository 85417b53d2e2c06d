//! The Availability port: how many people there are for a handoff, how long the queue is, and how old that knowledge is.

#[cfg(any(test, feature = "test-util"))]
pub mod contract;
mod table;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Target;

pub use table::{Row, Table};

/// Tells who is there. A look answers at once, from the last picture: whoever asks is in the middle of a turn, so pictures
/// are taken elsewhere, ahead of time.
pub trait Availability: Send + Sync + 'static {
    /// The people behind this target. `None`: nothing is known, or what was known is too old to be used.
    fn people(&self, target: &Target) -> Option<Staffing>;
}

const _: Option<&dyn Availability> = None; // object safe

/// The people behind one target, as they were a moment ago.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staffing {
    /// Signed in, ready or not. Nobody: a handoff would wait in a void.
    pub signed_in: u32,
    /// Wants work, with room for more or not.
    pub ready: u32,
    /// Ready, with room for one more chat.
    pub free: u32,
    /// In at least one chat.
    pub busy: u32,
    /// Chats that wait for them, where the platform tells it.
    pub queue: Option<u32>,
    /// How long a chat that is handed over now would wait, where the platform tells it.
    pub wait: Option<Duration>,
    /// How old this is.
    pub age: Duration,
}

impl<T: Availability + ?Sized> Availability for Arc<T> {
    fn people(&self, target: &Target) -> Option<Staffing> {
        (**self).people(target)
    }
}

/// Nobody knows: for platforms that tell nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unknown;

impl Availability for Unknown {
    fn people(&self, _: &Target) -> Option<Staffing> {
        None
    }
}
