//! How busy people are: the wait that is to be expected, and a level that does not flap.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Options;
use crate::UnixMillis;
use crate::availability::Staffing;

/// How busy people are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Nobody knows.
    #[default]
    Unknown,
    /// Somebody is free, or soon will be.
    Calm,
    /// There is a wait.
    Busy,
    /// There is a long one.
    Peak,
    /// Nobody is signed in.
    Nobody,
}

/// How long one more chat would wait: what the platform tells, else an estimate from who is there and who waits.
pub fn expected_wait(staffing: &Staffing, options: &Options) -> Duration {
    let waiting = staffing.queue.unwrap_or(0);
    if let Some(wait) = staffing.wait {
        return wait;
    }
    if staffing.free > waiting {
        return Duration::ZERO;
    }
    // Those before, and this one, are taken one by one as people get through.
    options.handling * (waiting + 1) / staffing.ready.max(1)
}

/// The level of one target over time. Up at once; down only when the wait has stayed well below for a while.
#[derive(Debug, Clone, Copy, Default)]
pub struct Gauge {
    level: Level,
    calmer_since: Option<UnixMillis>,
}

impl Gauge {
    /// Takes a look into account; gives the level, and the one before if it has changed.
    pub fn read(&mut self, seen: Option<&Staffing>, options: &Options, now: UnixMillis) -> (Level, Option<Level>) {
        let before = self.level;
        self.level = match seen {
            None => Level::Unknown,
            Some(staffing) if staffing.signed_in == 0 => Level::Nobody,
            Some(staffing) => self.among_people(expected_wait(staffing, options), options, now),
        };
        if !matches!(self.level, Level::Busy | Level::Peak) {
            self.calmer_since = None;
        }
        (self.level, (self.level != before).then_some(before))
    }

    fn among_people(&mut self, wait: Duration, options: &Options, now: UnixMillis) -> Level {
        let plain = |share: f64| {
            if wait >= options.peak_from.mul_f64(share) {
                Level::Peak
            } else if wait >= options.busy_from.mul_f64(share) {
                Level::Busy
            } else {
                Level::Calm
            }
        };
        let (up, down) = (plain(1.0), plain(options.calmer_below));
        if !matches!(self.level, Level::Busy | Level::Peak) || up >= self.level {
            self.calmer_since = None;
            return up;
        }
        // `down` asks for less than the level itself before it counts as calmer.
        if down >= self.level {
            self.calmer_since = None;
            return self.level;
        }
        let since = *self.calmer_since.get_or_insert(now);
        let long_enough = now.0.saturating_sub(since.0) >= i64::try_from(options.calmer_after.as_millis()).unwrap_or(0);
        if long_enough {
            self.calmer_since = None;
            return down;
        }
        self.level
    }

    /// The level of the last look.
    pub fn level(&self) -> Level {
        self.level
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn waiting(seconds: u64) -> Staffing {
        Staffing { signed_in: 4, ready: 4, wait: Some(Duration::from_secs(seconds)), ..Staffing::default() }
    }

    #[test]
    fn the_wait_is_told_or_estimated() {
        let options = Options { handling: Duration::from_secs(300), ..Options::default() };
        let crew = |ready, free, queue| Staffing { signed_in: 9, ready, free, queue, ..Staffing::default() };
        for (staffing, seconds) in [
            (waiting(77), 77),
            (crew(3, 1, None), 0),
            (crew(3, 2, Some(1)), 0),
            (crew(3, 0, None), 100),
            (crew(3, 0, Some(2)), 300),
            (crew(3, 1, Some(2)), 300),
            (crew(0, 0, None), 300),
        ] {
            assert_eq!(expected_wait(&staffing, &options), Duration::from_secs(seconds), "{staffing:?}");
        }
    }

    #[test]
    fn up_at_once_and_down_only_after_a_while_well_below() {
        let options = Options::default(); // busy from 30 s, peak from 180 s, down below 60 % for 30 s
        let mut gauge = Gauge::default();
        for (at, wait, level) in [
            (0, Some(0), Level::Calm),
            (1, Some(30), Level::Busy),
            (2, Some(29), Level::Busy),
            (3, Some(200), Level::Peak),
            (4, Some(120), Level::Peak),  // below 180, but not below 108
            (50, Some(100), Level::Peak), // from here on calmer
            (70, Some(110), Level::Peak), // not any more
            (80, Some(100), Level::Peak),
            (109, Some(100), Level::Peak),
            (110, Some(100), Level::Busy),
            (111, None, Level::Unknown),
            (112, Some(0), Level::Calm),
        ] {
            let seen = wait.map(waiting);
            assert_eq!(gauge.read(seen.as_ref(), &options, UnixMillis(at * 1000)).0, level, "at {at}");
        }
        assert_eq!(
            gauge.read(Some(&Staffing::default()), &options, UnixMillis(120_000)),
            (Level::Nobody, Some(Level::Calm))
        );
    }

    proptest! {
        /// However the wait jumps, a level below is reached at most once in each `calmer_after`.
        #[test]
        fn it_does_not_flap(waits in prop::collection::vec((0u64..400, 1i64..20), 1..200)) {
            let options = Options::default();
            let mut gauge = Gauge::default();
            let (mut now, mut last_down) = (0, None::<i64>);
            for (wait, step) in waits {
                now += step * 1000;
                let (level, before) = gauge.read(Some(&waiting(wait)), &options, UnixMillis(now));
                if before.is_some_and(|before| before > level && before != Level::Nobody) {
                    prop_assert!(last_down.is_none_or(|last| now - last >= 30_000), "{last_down:?} {now}");
                    last_down = Some(now);
                }
            }
        }
    }
}
