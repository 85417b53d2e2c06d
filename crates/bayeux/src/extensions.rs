//! Extensions that servers have the other half of: the time of the server, and time stamps.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use crate::hooks::{BoxError, Extension, Verdict};

/// Gives milliseconds since 1970.
type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Milliseconds since 1970, by the system's clock.
#[expect(
    clippy::disallowed_methods,
    reason = "wall-clock time is what these extensions are about; tests bring their own"
)]
fn system_clock() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|time| i64::try_from(time.as_millis()).ok()).unwrap_or(0)
}

/// Samples over which lag and offset are averaged.
const SAMPLES: usize = 10;

/// The `timesync` extension: how far the server's clock is from ours, and how long a message takes.
///
/// Keep a clone, and give another one to [`ClientBuilder::extension`](crate::ClientBuilder::extension).
#[derive(Clone)]
pub struct TimeSync {
    clock: Clock,
    /// Pairs of lag and offset in milliseconds.
    samples: Arc<Mutex<VecDeque<(i64, i64)>>>,
}

impl Default for TimeSync {
    fn default() -> Self {
        Self::with_clock(system_clock)
    }
}

impl TimeSync {
    /// By the system's clock.
    pub fn new() -> Self {
        Self::default()
    }

    /// By a clock of the caller's, in milliseconds since 1970.
    pub fn with_clock(clock: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(clock), samples: Arc::default() }
    }

    fn samples(&self) -> MutexGuard<'_, VecDeque<(i64, i64)>> {
        self.samples.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn means(&self) -> (i64, i64) {
        let samples = self.samples();
        let count = i64::try_from(samples.len()).unwrap_or(1).max(1);
        let sum = samples
            .iter()
            .fold((0_i64, 0_i64), |sum, sample| (sum.0.saturating_add(sample.0), sum.1.saturating_add(sample.1)));
        (sum.0 / count, sum.1 / count)
    }

    /// The mean time that a message takes one way.
    pub fn lag(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.means().0).unwrap_or(0))
    }

    /// By how many milliseconds the server's clock is ahead of ours.
    pub fn offset_millis(&self) -> i64 {
        self.means().1
    }

    /// The server's time, in milliseconds since 1970.
    pub fn server_millis(&self) -> i64 {
        (self.clock)().saturating_add(self.offset_millis())
    }
}

impl std::fmt::Debug for TimeSync {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("TimeSync")
            .field("lag", &self.lag())
            .field("offset_millis", &self.offset_millis())
            .finish()
    }
}

#[async_trait]
impl Extension for TimeSync {
    fn name(&self) -> &'static str {
        "timesync"
    }

    fn meta_only(&self) -> bool {
        true
    }

    async fn outgoing(&self, message: &mut Map<String, Value>) -> Result<Verdict, BoxError> {
        let (lag, offset) = self.means();
        let ext = message.entry("ext").or_insert_with(|| json!({}));
        if let Some(ext) = ext.as_object_mut() {
            ext.insert("timesync".into(), json!({"tc": (self.clock)(), "l": lag, "o": offset}));
        }
        Ok(Verdict::Pass)
    }

    async fn incoming(&self, message: &mut Map<String, Value>) -> Result<Verdict, BoxError> {
        let sync = message.get("ext").and_then(|ext| ext.get("timesync"));
        let field = |name: &str| sync.and_then(|sync| sync.get(name)).and_then(Value::as_i64);
        if let (Some(sent), Some(server), Some(processing)) = (field("tc"), field("ts"), field("p")) {
            let lag = (self.clock)().saturating_sub(sent).saturating_sub(processing) / 2;
            let offset = server.saturating_sub(sent).saturating_sub(lag);
            let mut samples = self.samples();
            samples.push_back((lag, offset));
            if samples.len() > SAMPLES {
                samples.pop_front();
            }
        }
        Ok(Verdict::Pass)
    }
}

/// The `timestamp` extension: says in each outgoing message when it left.
#[derive(Clone)]
pub struct TimeStamps {
    clock: Clock,
}

impl Default for TimeStamps {
    fn default() -> Self {
        Self::with_clock(system_clock)
    }
}

impl TimeStamps {
    /// By the system's clock.
    pub fn new() -> Self {
        Self::default()
    }

    /// By a clock of the caller's, in milliseconds since 1970.
    pub fn with_clock(clock: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(clock) }
    }
}

impl std::fmt::Debug for TimeStamps {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TimeStamps")
    }
}

#[async_trait]
impl Extension for TimeStamps {
    fn name(&self) -> &'static str {
        "timestamp"
    }

    async fn outgoing(&self, message: &mut Map<String, Value>) -> Result<Verdict, BoxError> {
        message.insert("timestamp".into(), iso((self.clock)()).into());
        Ok(Verdict::Pass)
    }
}

/// ISO 8601 in UTC, with milliseconds.
fn iso(millis: i64) -> String {
    let (seconds, rest) = (millis.div_euclid(1000), millis.rem_euclid(1000));
    let (days, clock) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // The civil calendar counted from 1 March of year 0, where a leap day is the last day of a year.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let (month, day) =
        (if shifted < 10 { shifted + 3 } else { shifted - 9 }, day_of_year - (153 * shifted + 2) / 5 + 1);
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{rest:03}Z", clock / 3600, clock / 60 % 60, clock % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_iso_8601() {
        assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso(951_827_696_789), "2000-02-29T12:34:56.789Z");
        assert_eq!(iso(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(iso(4_107_542_399_000), "2100-02-28T23:59:59.000Z");
    }
}
