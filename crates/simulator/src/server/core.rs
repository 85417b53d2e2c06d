//! What every part of the server holds: the state behind its lock, and the options.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::state::State;
use crate::options::Options;

/// Shared by all connections. A clone means the same server.
#[derive(Clone)]
pub struct Core {
    state: Arc<Mutex<State>>,
    options: Arc<Options>,
    base: Arc<str>,
}

impl Core {
    pub fn new(state: State) -> Self {
        let (options, base) = (Arc::clone(&state.options), state.base.as_str().into());
        Self { state: Arc::new(Mutex::new(state)), options, base }
    }

    /// The state. Never held across an await: the guard is not `Send`.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn options(&self) -> &Options {
        &self.options
    }

    /// `http://host:port`.
    pub fn base(&self) -> &str {
        &self.base
    }
}
