//! Boundaries of a process: the places between what is decided and what is done, at which it could die or be stopped. A
//! simulation puts a [`Probe`] there to count them, and to cut the process off at any one of them.

use std::sync::Arc;

use futures_util::future::BoxFuture;

/// What leaves a service, or comes into it by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Deed {
    /// Lines are appended to the journal.
    Append,
    /// An operation is performed on the platform.
    Operation,
    /// A bot is called.
    Bot,
    /// A timer has run out.
    Timer,
}

/// On which side of the deed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// It is decided, and not done.
    Before,
    /// It is done, and the service has not heard of it.
    After,
}

/// Hears of every boundary that a service comes to.
pub trait Probe: Send + Sync + 'static {
    /// The service comes to this boundary. `None`: it goes on at once. Else it goes on when the future has ended; a
    /// process that was cut off is given one that never does, at this boundary and at all that follow.
    fn reach(&self, deed: Deed, side: Side) -> Option<BoxFuture<'static, ()>>;
}

const _: Option<&dyn Probe> = None; // object safe

/// The place of a probe. Empty except in a simulation.
#[derive(Clone, Default)]
pub(crate) struct Slot(Option<Arc<dyn Probe>>);

impl Slot {
    pub fn with(probe: Arc<dyn Probe>) -> Self {
        Self(Some(probe))
    }

    /// Goes past a boundary.
    pub async fn pass(&self, deed: Deed, side: Side) {
        if let Some(probe) = &self.0
            && let Some(stop) = probe.reach(deed, side)
        {
            stop.await;
        }
    }
}
