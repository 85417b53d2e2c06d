//! Days: which customers come when, and what they are like.

use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use simulator::Guest;

use super::roster::{self, Roster};
use super::shape::Shape;

/// A day to be played.
#[derive(Debug, Clone)]
pub struct Day {
    /// Who comes when.
    pub guests: Vec<(Duration, Guest)>,
    /// The people, by user name.
    pub people: Vec<String>,
    /// Who works when.
    pub roster: Roster,
}

/// What customers and people are like; the same for all days.
#[derive(Debug, Clone, Copy)]
pub struct Manners {
    /// The share of customers of whose question the bot is unsure.
    pub unsure: f64,
    /// The mean time of a person for one chat; lognormal with a spread of 0.6.
    pub talk: Duration,
    /// How long customers wait for a person, in the mean; exponential.
    pub patience: Duration,
    /// The chance that a customer goes after a useless answer.
    pub tired: f64,
    /// The share of customers who leave a number when they are asked for one.
    pub call_back: f64,
    /// The hours of people that are planned, as a share of the work that is expected for them.
    pub people: f64,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            unsure: 0.5,
            talk: Duration::from_secs(300),
            patience: Duration::from_secs(360),
            tired: 0.25,
            call_back: 0.0,
            people: 1.0,
        }
    }
}

impl Day {
    /// Draws a day. The same seed gives the same day, whatever the policy.
    pub fn draw(shape: Shape, chats: usize, manners: &Manners, seed: u64) -> Self {
        let mut chance = SmallRng::seed_from_u64(seed ^ shape as u64);
        let guests = arrivals(shape, chats, &mut chance);
        let guests =
            guests.into_iter().enumerate().map(|(number, at)| (at, guest(number, manners, &mut chance))).collect();
        let (people, roster) = roster::roster(shape, chats, manners);
        Self { guests, people, roster }
    }
}

/// A Poisson process whose rate follows the hours, straight lines between their middles.
fn arrivals(shape: Shape, chats: usize, chance: &mut SmallRng) -> Vec<Duration> {
    let hours = shape.hours();
    let total: f64 = hours.iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let scale = chats as f64 / total;
    let rate = |hour: f64| {
        let place = (hour - 0.5).rem_euclid(24.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 24")]
        let (low, part) = (place.floor() as usize % 24, place.fract());
        (hours[low] * (1.0 - part) + hours[(low + 1) % 24] * part) * scale
    };
    let most = hours.iter().copied().fold(0.0, f64::max) * scale;
    let (mut hour, mut found) = (0.0, Vec::with_capacity(chats));
    loop {
        hour += exponential(chance) / most;
        if hour >= 24.0 {
            return found;
        }
        // Thinning: keep each with the chance that its hour has.
        if chance.random::<f64>() * most < rate(hour) {
            found.push(Duration::from_secs_f64(hour * 3600.0));
        }
    }
}

fn guest(number: usize, manners: &Manners, chance: &mut SmallRng) -> Guest {
    // Everything is drawn for everybody, so that one share changes nothing else.
    let (unsure, sure, first, second) =
        (chance.random::<f64>(), chance.random::<f64>(), chance.random::<f64>(), chance.random::<f64>());
    let (confidence, solved) = if unsure < manners.unsure {
        let confidence = sure * 0.9;
        // The bot's doubt is honest: one more question helps as often as it is sure, a second one half as often.
        let solved = if first < confidence {
            1
        } else if second < confidence / 2.0 {
            2
        } else {
            99
        };
        (confidence, solved)
    } else {
        (0.95, 0)
    };
    let talk = manners.talk.mul_f64((normal(chance) * 0.6 - 0.18).exp());
    let tired = chance.random::<f64>().ln() / (1.0 - manners.tired).ln();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 5")]
    let useless_most = tired.ceil().clamp(1.0, 5.0) as u32;
    Guest {
        nickname: format!("Guest {number}"),
        queue: None,
        question: super::bot::question(confidence, solved),
        talk: talk.clamp(Duration::from_secs(30), Duration::from_secs(3600)),
        useless_most,
        patience: manners.patience.mul_f64(exponential(chance)).max(Duration::from_secs(20)),
        takes_call_back: chance.random::<f64>() < manners.call_back,
        think: Duration::from_secs_f64(4.0 + 16.0 * chance.random::<f64>()),
    }
}

fn exponential(chance: &mut SmallRng) -> f64 {
    -chance.random_range(1e-12..1.0_f64).ln()
}

/// Box and Muller.
fn normal(chance: &mut SmallRng) -> f64 {
    let (one, two): (f64, f64) = (chance.random_range(1e-12..1.0), chance.random());
    (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * two).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_its_customers_in_its_hours_and_its_seed() {
        for shape in Shape::PUBLISHED {
            let day = Day::draw(shape, 2000, &Manners::default(), 1);
            assert!((1800..2200).contains(&day.guests.len()), "{shape:?}: {}", day.guests.len());
            assert!(day.guests.is_sorted_by_key(|(at, _)| *at));
            assert_eq!(day.guests, Day::draw(shape, 2000, &Manners::default(), 1).guests);
            assert_ne!(day.guests, Day::draw(shape, 2000, &Manners::default(), 2).guests);
        }
        let outage = Day::draw(Shape::Outage, 2000, &Manners::default(), 1).guests;
        let in_hour = |hour: u64| outage.iter().filter(|(at, _)| at.as_secs() / 3600 == hour).count();
        assert!(in_hour(14) > 3 * in_hour(11));
    }
}
