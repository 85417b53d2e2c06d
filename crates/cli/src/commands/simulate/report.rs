//! What a simulation found, as a table and as JSON.

use std::time::Duration;

use serde::Serialize;

use super::crowd::{Outcome, Seen};
use super::judge::Faults;
use crate::output;

/// What a simulation found. The keys of the JSON form are part of the interface.
#[derive(Debug, Serialize)]
pub struct Report {
    chats: usize,
    questions: usize,
    right: usize,
    wrong: usize,
    handed_over: usize,
    unanswered: usize,
    answered_twice: usize,
    out_of_order: usize,
    round_trip_p50_ms: f64,
    round_trip_p99_ms: f64,
    questions_a_second: f64,
    training_seconds: f64,
    seconds: f64,
}

impl Report {
    /// Counts. A question counts as unanswered if its customer gave up or the record shows no answer, whichever is more.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub fn new(seen: &Seen, faults: Faults, training: Duration, took: Duration) -> Self {
        let count = |outcome| seen.asked.iter().filter(|asked| asked.outcome == outcome).count();
        let mut trips: Vec<Duration> = seen.asked.iter().filter_map(|asked| asked.round_trip).collect();
        trips.sort_unstable();
        Self {
            chats: seen.chats,
            questions: seen.asked.len(),
            right: count(Outcome::Right),
            wrong: count(Outcome::Wrong),
            handed_over: count(Outcome::HandedOver),
            unanswered: count(Outcome::Unanswered).max(faults.unanswered),
            answered_twice: faults.answered_twice,
            out_of_order: faults.out_of_order,
            round_trip_p50_ms: millis(percentile(&trips, 50)),
            round_trip_p99_ms: millis(percentile(&trips, 99)),
            questions_a_second: seen.asked.len() as f64 / took.as_secs_f64().max(f64::EPSILON),
            training_seconds: training.as_secs_f64(),
            seconds: took.as_secs_f64(),
        }
    }

    /// Whether every question was answered or handed over, once, in order.
    pub fn is_clean(&self) -> bool {
        self.unanswered == 0 && self.answered_twice == 0 && self.out_of_order == 0
    }

    /// For people.
    pub fn table(&self) -> String {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let share = |count: usize| format!("{:.1} %", 100.0 * count as f64 / self.questions.max(1) as f64);
        let row = |name: &str, value: String, remark: String| (name.to_owned(), value, remark);
        output::table(&[
            row("chats", self.chats.to_string(), String::new()),
            row("questions", self.questions.to_string(), format!("in {:.1} s", self.seconds)),
            row("answered rightly", self.right.to_string(), share(self.right)),
            row("answered wrongly", self.wrong.to_string(), share(self.wrong)),
            row("handed over", self.handed_over.to_string(), share(self.handed_over)),
            row("unanswered", self.unanswered.to_string(), String::new()),
            row("answered twice", self.answered_twice.to_string(), String::new()),
            row("out of order", self.out_of_order.to_string(), String::new()),
            row("round trip p50", format!("{:.1} ms", self.round_trip_p50_ms), "as the customer sees it".to_owned()),
            row("round trip p99", format!("{:.1} ms", self.round_trip_p99_ms), String::new()),
            row("questions a second", format!("{:.0}", self.questions_a_second), String::new()),
            row("training", format!("{:.2} s", self.training_seconds), String::new()),
        ])
    }
}

fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e5).round() / 100.0
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let trips: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(percentile(&trips, 50), Duration::from_millis(50));
        assert_eq!(percentile(&trips, 99), Duration::from_millis(99));
        assert_eq!(percentile(&[], 99), Duration::ZERO);
    }

    #[test]
    fn one_unanswered_question_is_not_clean() {
        let faults = Faults { unanswered: 1, ..Faults::default() };
        let second = Duration::from_secs(1);
        assert!(!Report::new(&Seen::default(), faults, second, second).is_clean());
        assert!(Report::new(&Seen::default(), Faults::default(), second, second).is_clean());
    }
}
