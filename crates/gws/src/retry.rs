//! When a call is made again, and after which wait.

use std::time::Duration;

use rand::Rng;
use serde::{Deserialize, Serialize};

/// Waits that double from `first` up to `longest`, all of them left to chance, until `deadline` after the first attempt. A
/// hint of the server wins over the computed wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// The upper end of the first wait.
    #[serde(with = "humantime_serde")]
    pub first: Duration,
    /// The upper end of every wait.
    #[serde(with = "humantime_serde")]
    pub longest: Duration,
    /// No attempt begins later than this after the first one. Zero: one attempt.
    #[serde(with = "humantime_serde")]
    pub deadline: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { first: Duration::from_millis(200), longest: Duration::from_secs(3), deadline: Duration::from_secs(12) }
    }
}

impl Retry {
    /// One attempt.
    pub const NEVER: Self = Self { first: Duration::ZERO, longest: Duration::ZERO, deadline: Duration::ZERO };

    /// The wait after this many failures, `elapsed` after the first attempt; `None` when the deadline does not allow one more.
    /// `chance` is a random number in `0..1`.
    pub fn wait(&self, failures: u32, elapsed: Duration, hint: Option<Duration>, chance: f64) -> Option<Duration> {
        let doubled = self.first.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
        let jittered = doubled.min(self.longest).mul_f64(chance.clamp(0.0, 1.0));
        let wait = hint.unwrap_or(jittered);
        (!self.deadline.is_zero() && elapsed.saturating_add(wait) < self.deadline).then_some(wait)
    }

    pub(crate) fn next(&self, failures: u32, elapsed: Duration, hint: Option<Duration>) -> Option<Duration> {
        self.wait(failures, elapsed, hint, rand::rng().random())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn waits_double_up_to_the_longest_and_end_with_the_deadline() {
        let retry = Retry { first: 100 * MS, longest: 300 * MS, deadline: 1000 * MS };
        let waits = (1..=4).map(|failures| retry.wait(failures, Duration::ZERO, None, 1.0).unwrap().as_millis());
        assert_eq!(waits.collect::<Vec<_>>(), [100, 200, 300, 300]);
        assert_eq!(retry.wait(1, Duration::ZERO, None, 0.0), Some(Duration::ZERO));
        assert_eq!(retry.wait(1, 950 * MS, None, 1.0), None);
        assert_eq!(retry.wait(u32::MAX, Duration::ZERO, None, 1.0), Some(300 * MS));
    }

    #[test]
    fn the_hint_of_the_server_wins_within_the_deadline() {
        let retry = Retry { first: 100 * MS, longest: 300 * MS, deadline: 1000 * MS };
        assert_eq!(retry.wait(1, Duration::ZERO, Some(700 * MS), 0.0), Some(700 * MS));
        assert_eq!(retry.wait(1, Duration::ZERO, Some(1000 * MS), 0.0), None);
        assert_eq!(Retry::NEVER.wait(1, Duration::ZERO, None, 0.0), None);
    }
}
