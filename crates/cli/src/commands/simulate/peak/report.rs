//! What the days gave: a row a policy, and where each stands against the best that a fixed price can do.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;
use simulator::guests::End;

use super::play::Played;
use crate::output::{GOOD, HEADING, QUIET};

/// One policy on one day, or the mean over several.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Row {
    /// The policy.
    pub policy: String,
    /// Customers.
    pub customers: f64,
    /// The median wait for a person, of those who had to wait or got one, in seconds.
    pub wait_p50: f64,
    /// The same, 95 of 100.
    pub wait_p95: f64,
    /// Share of customers who went without what they wanted.
    pub abandoned: f64,
    /// Share of all customers who gave up waiting for a person.
    pub gave_up_waiting: f64,
    /// Share of all customers who gave up on the bot.
    pub gave_up_talking: f64,
    /// Share of customers whom the bot helped.
    pub by_bot: f64,
    /// Share of customers whom a person helped.
    pub by_person: f64,
    /// Share of customers who will be called back.
    pub call_backs: f64,
    /// What people worked, in minutes, call-backs included.
    pub minutes: f64,
    /// Transfers that failed.
    pub failed: f64,
    /// Customers whom nobody looked after.
    pub left_alone: f64,
}

impl Row {
    /// Counts.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub fn new(policy: &str, played: &Played) -> Self {
        let all = played.visits.len() as f64;
        let share = |fits: &dyn Fn(End) -> bool| {
            played.visits.iter().filter(|visit| fits(visit.end)).count() as f64 / all.max(1.0)
        };
        let mut waits: Vec<Duration> = played.visits.iter().filter_map(|visit| visit.waited).collect();
        waits.sort_unstable();
        let place = |percent: usize| (waits.len() * percent).div_ceil(100).saturating_sub(1);
        let wait = |percent| waits.get(place(percent)).copied().unwrap_or_default().as_secs_f64();
        let (by_bot, by_person) = (share(&|end| end == End::Bot), share(&|end| end == End::Person));
        let call_backs = share(&|end| end == End::CallBack);
        Self {
            policy: policy.to_owned(),
            customers: all,
            wait_p50: wait(50),
            wait_p95: wait(95),
            abandoned: 1.0 - by_bot - by_person - call_backs,
            gave_up_waiting: share(&|end| end == End::GaveUpWaiting),
            gave_up_talking: share(&|end| end == End::GaveUpTalking),
            by_bot,
            by_person,
            call_backs,
            minutes: played.work.as_secs_f64() / 60.0,
            failed: played.failed as f64,
            left_alone: played.visits.iter().filter(|visit| visit.left_alone).count() as f64,
        }
    }

    /// The mean of several days.
    pub fn mean(rows: &[Self]) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a handful")]
        let mean = |of: fn(&Self) -> f64| rows.iter().map(of).sum::<f64>() / rows.len().max(1) as f64;
        Self {
            policy: rows.first().map(|row| row.policy.clone()).unwrap_or_default(),
            customers: mean(|row| row.customers),
            wait_p50: mean(|row| row.wait_p50),
            wait_p95: mean(|row| row.wait_p95),
            abandoned: mean(|row| row.abandoned),
            gave_up_waiting: mean(|row| row.gave_up_waiting),
            gave_up_talking: mean(|row| row.gave_up_talking),
            by_bot: mean(|row| row.by_bot),
            by_person: mean(|row| row.by_person),
            call_backs: mean(|row| row.call_backs),
            minutes: mean(|row| row.minutes),
            failed: mean(|row| row.failed),
            left_alone: mean(|row| row.left_alone),
        }
    }
}

/// One shape of a day under all policies.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The shape.
    pub day: String,
    /// The seeds that were played.
    pub seeds: Vec<u64>,
    /// People-first, bot-first, adaptive.
    pub rows: Vec<Row>,
    /// Fixed prices between people-first and bot-first, if they were asked for.
    pub fixed: Vec<Row>,
    /// What the best mixture of fixed prices abandons with the minutes that adaptive needed.
    pub fixed_at_equal_minutes: Option<f64>,
    /// What adaptive abandons.
    pub adaptive: f64,
    /// On how many of the single days, one a seed, adaptive abandons less than the best mixture for that very day.
    pub days_ahead: Option<usize>,
}

impl Report {
    /// Compares. `days` has a list for each policy, with a row for each seed; the first `named` are the three policies, the
    /// others fixed prices, which include both fixed policies. Mixtures of two of them lie on the line between.
    pub fn new(day: &str, seeds: Vec<u64>, days: &[Vec<Row>], named: usize) -> Self {
        let mut rows: Vec<Row> = days.iter().map(|days| Row::mean(days)).collect();
        let fixed = rows.split_off(named);
        let adaptive = rows.last().cloned().unwrap_or_default();
        let equal = at_equal_minutes(&points(&fixed), adaptive.minutes);
        let ahead = (0..seeds.len()).filter(|seed| {
            let of_seed = |days: &[Vec<Row>]| days.iter().filter_map(|days| days.get(*seed).cloned()).collect();
            let (rows, fixed): (Vec<Row>, Vec<Row>) = (of_seed(&days[..named]), of_seed(&days[named..]));
            rows.last().is_some_and(|adaptive| {
                at_equal_minutes(&points(&fixed), adaptive.minutes).is_none_or(|rival| adaptive.abandoned < rival)
            })
        });
        let days_ahead = (!fixed.is_empty()).then(|| ahead.count());
        let (day, adaptive) = (day.to_owned(), adaptive.abandoned);
        Self { day, seeds, rows, fixed, fixed_at_equal_minutes: equal, adaptive, days_ahead }
    }

    /// For people.
    pub fn table(&self) -> String {
        let mut text = format!(
            "{HEADING}{}{HEADING:#}  {QUIET}{:.0} customers, seeds {:?}{QUIET:#}\n",
            self.day,
            self.rows.first().map_or(0.0, |row| row.customers),
            self.seeds
        );
        let _ = writeln!(
            text,
            "  {:<14}{:>9}{:>9}{:>11}{:>9}{:>9}{:>8}{:>8}{:>10}{:>10}{:>8}{:>7}",
            "policy",
            "wait p50",
            "p95",
            "abandoned",
            "waiting",
            "talking",
            "by bot",
            "person",
            "call-back",
            "minutes",
            "failed",
            "alone"
        );
        for row in self.rows.iter().chain(&self.fixed) {
            let percent = |share: f64| format!("{:.1} %", share * 100.0);
            let _ = writeln!(
                text,
                "  {:<14}{:>9}{:>9}{:>11}{:>9}{:>9}{:>8}{:>8}{:>10}{:>10.0}{:>8.1}{:>7.1}",
                row.policy,
                format!("{:.0} s", row.wait_p50),
                format!("{:.0} s", row.wait_p95),
                percent(row.abandoned),
                percent(row.gave_up_waiting),
                percent(row.gave_up_talking),
                percent(row.by_bot),
                percent(row.by_person),
                percent(row.call_backs),
                row.minutes,
                row.failed,
                row.left_alone,
            );
        }
        if let Some(equal) = self.fixed_at_equal_minutes {
            let _ = writeln!(
                text,
                "  {GOOD}at equal minutes of people:{GOOD:#} adaptive {:.2} % abandoned, the best fixed price {:.2} %; \
                 adaptive is ahead on {} of {} single days",
                self.adaptive * 100.0,
                equal * 100.0,
                self.days_ahead.unwrap_or(0),
                self.seeds.len()
            );
        }
        text
    }
}

/// Minutes of people, and what is abandoned with them.
fn points(fixed: &[Row]) -> Vec<(f64, f64)> {
    fixed.iter().map(|row| (row.minutes, row.abandoned)).collect()
}

/// The lowest share that any mixture of two points has at these minutes or fewer. `None`: no point needs so few.
pub fn at_equal_minutes(points: &[(f64, f64)], minutes: f64) -> Option<f64> {
    let within = points.iter().filter(|point| point.0 <= minutes).map(|point| point.1);
    let between = points.iter().filter(|low| low.0 <= minutes).flat_map(|low| {
        points.iter().filter(|high| high.0 > minutes).map(move |high| {
            let share = (minutes - low.0) / (high.0 - low.0);
            low.1 + (high.1 - low.1) * share
        })
    });
    within.chain(between).min_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_days_are_compared_each_with_its_own_rivals() {
        let row = |minutes, abandoned| Row { abandoned, minutes, ..Row::default() };
        // Two seeds: on the first adaptive is ahead, on the second it is not.
        let adaptive = vec![row(100.0, 0.10), row(100.0, 0.30)];
        let fixed = vec![row(100.0, 0.20), row(90.0, 0.25)];
        let report = Report::new("bank", vec![1, 2], &[adaptive, fixed], 1);
        assert_eq!(report.days_ahead, Some(1));
        assert!((report.adaptive - 0.2).abs() < 1e-9, "{report:?}");
        assert_eq!(Report::new("bank", vec![1], &[vec![row(1.0, 0.1)]], 1).days_ahead, None);
    }

    #[test]
    fn mixtures_lie_on_the_lower_line() {
        let points = [(100.0, 0.4), (200.0, 0.3), (300.0, 0.1), (400.0, 0.2)];
        let at = |minutes| at_equal_minutes(&points, minutes).map(|share| (share * 1000.0).round());
        assert_eq!(at(50.0), None);
        assert_eq!(at(100.0), Some(400.0));
        // Between 100 and 300, below the point at 200.
        assert_eq!(at(200.0), Some(250.0));
        assert_eq!(at(300.0), Some(100.0));
        assert_eq!(at(350.0), Some(100.0), "who may use more may use less");
        assert_eq!(at(900.0), Some(100.0));
    }
}
