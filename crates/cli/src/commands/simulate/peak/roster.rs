//! Who works when: people are planned by one rule for all days, from the arrivals that are expected.

use std::time::Duration;

use simulator::model::Presence;

use super::day::Manners;
use super::shape::Shape;

/// A shift, in hours.
const SHIFT: usize = 8;
/// Of a person's time for one chat: what comes after it.
pub const AFTER_CALL: Duration = Duration::from_secs(20);

/// Who comes and goes when.
pub type Roster = Vec<(Duration, String, Presence)>;

/// In which hours shifts begin. There are as many hours of people as it takes to serve everybody of whom the bot is unsure, or
/// the share of it that is wanted, and each next shift begins where it meets most of the load that has nobody yet. The day is a circle: who begins late works
/// on after midnight, and somebody who began the evening before is there in the morning.
pub fn shifts(expected: [f64; 24], chats: usize, manners: &Manners) -> Vec<usize> {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let hours_of_work = chats as f64 * manners.unsure * (manners.talk + AFTER_CALL).as_secs_f64() / 3600.0;
    let all: f64 = expected.iter().sum();
    let mut open = expected.map(|came| came / all * hours_of_work);
    #[expect(clippy::cast_precision_loss, reason = "eight")]
    let whole = (manners.people * hours_of_work / SHIFT as f64).round().max(1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small, and at least 1")]
    let count = whole as usize;
    let mut begins = Vec::with_capacity(count);
    for _ in 0..count {
        let met = |begin: usize| (begin..begin + SHIFT).map(|hour| open[hour % 24].clamp(0.0, 1.0)).sum::<f64>();
        let mut best = 0;
        for begin in 1..24 {
            if met(begin) > met(best) + 1e-9 {
                best = begin;
            }
        }
        for hour in best..best + SHIFT {
            open[hour % 24] -= 1.0;
        }
        begins.push(best);
    }
    begins.sort_unstable();
    begins
}

/// The people of a day and their plan, with half an hour's break in the middle of each whole shift.
pub fn roster(shape: Shape, chats: usize, manners: &Manners) -> (Vec<String>, Roster) {
    let begins = shifts(shape.expected(), chats, manners);
    let (mut people, mut roster) = (Vec::new(), Roster::new());
    for (number, begin) in begins.iter().enumerate() {
        // Breaks are spread, so that not everybody has one at once.
        #[expect(clippy::cast_precision_loss, reason = "small")]
        let pause = *begin as f64 + 3.0 + 2.0 * (number as f64 / begins.len() as f64);
        #[expect(clippy::cast_precision_loss, reason = "small")]
        let whole = (*begin as f64, (begin + SHIFT) as f64);
        // Who began the evening before.
        for back in [0.0, 24.0] {
            let (from, to) = ((whole.0 - back).max(0.0), whole.1 - back);
            if to <= from {
                continue;
            }
            let user = format!("person-{:02}", people.len() + 1);
            let mut plan = |hour: f64, presence| {
                roster.push((Duration::from_secs_f64(hour * 3600.0), user.clone(), presence));
            };
            plan(from, Presence::Ready);
            if pause - back > from {
                plan(pause - back, Presence::NotReady);
                plan(pause - back + 0.5, Presence::Ready);
            }
            plan(to, Presence::LoggedOut);
            people.push(user);
        }
    }
    (people, roster)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_lie_where_the_customers_are() {
        let manners = Manners::default();
        let bank = shifts(Shape::Bank.expected(), 2000, &manners);
        // 2,000 customers, half of them for people, 320 seconds each: 88.9 hours, eleven shifts.
        assert_eq!(bank.len(), 11);
        assert!(bank.iter().all(|begin| (7..=14).contains(begin)), "{bank:?}");
        let ambulance = shifts(Shape::Ambulance.expected(), 2000, &manners);
        let at_four = |begin: &usize| (*begin..begin + SHIFT).any(|hour| hour % 24 == 4);
        assert!(ambulance.iter().any(at_four), "somebody is there by night: {ambulance:?}");
        assert_eq!(shifts(Shape::Taxi.expected(), 10, &manners).len(), 1);
        let half = Manners { people: 0.5, ..manners };
        assert_eq!(shifts(Shape::Bank.expected(), 2000, &half).len(), 6);
    }

    #[test]
    fn who_comes_also_goes_and_who_works_past_midnight_was_there_before() {
        for shape in Shape::PUBLISHED {
            let (people, roster) = roster(shape, 2000, &Manners::default());
            for person in &people {
                let mut plan: Vec<_> = roster.iter().filter(|(_, who, _)| who == person).collect();
                plan.sort_by_key(|(at, _, _)| *at);
                assert_eq!(plan.first().map(|entry| entry.2), Some(Presence::Ready), "{shape:?}");
                assert_eq!(plan.last().map(|entry| entry.2), Some(Presence::LoggedOut), "{shape:?}");
            }
            // What is worked after midnight has been worked before the morning, by those who began the evening before.
            let ends: Vec<f64> = roster
                .iter()
                .filter(|(_, _, presence)| *presence == Presence::LoggedOut)
                .map(|(at, ..)| at.as_secs_f64() / 3600.0)
                .collect();
            let late: f64 = ends.iter().map(|end| (end - 24.0).max(0.0)).sum();
            let early: f64 = ends.iter().filter(|end| **end < 8.0).sum();
            assert!((late - early).abs() < 1e-6, "{shape:?}: {late} hours after midnight, {early} before");
        }
    }
}
