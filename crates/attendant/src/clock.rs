//! The clock of a service: the wall clock read once, then tokio's time, so that it never jumps back and tests can own it.

use tokio::time::Instant;

use crate::UnixMillis;

/// Wall-clock time that runs with tokio's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    began: Instant,
    unix: UnixMillis,
}

impl Clock {
    /// Runs from this moment on, which is now.
    pub fn starting_at(unix: UnixMillis) -> Self {
        Self { began: Instant::now(), unix }
    }

    /// Runs from the time of the machine.
    pub fn of_the_wall() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place where the wall clock is read")]
        let now = std::time::SystemTime::now();
        let since = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self::starting_at(UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
    }

    pub fn now(&self) -> UnixMillis {
        let passed = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        UnixMillis(self.unix.0.saturating_add(passed))
    }

    /// When that is, for a timer.
    pub fn instant(&self, at: UnixMillis) -> Instant {
        let wait = u64::try_from(at.0.saturating_sub(self.unix.0)).unwrap_or(0);
        self.began + std::time::Duration::from_millis(wait)
    }
}
