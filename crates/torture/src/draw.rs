//! Stories drawn from a seed.

use std::time::Duration;

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use simulator::faults::Kind;
use simulator::{Fault, Line, Visitor};

use crate::story::{How, Outage, Stop, Story};

/// What kind of stories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// How many customers come.
    pub visitors: usize,
    /// The centre has faults, and the journal too.
    pub faults: bool,
    /// Processes are killed and frozen.
    pub crashes: bool,
}

/// What customers say, and so what the bot does; plain questions come more often than the rest.
const QUESTIONS: [&str; 18] = [
    "Where is my parcel?",
    "When do you open?",
    "Do you have it in blue?",
    "Where is my parcel?",
    "When do you open?",
    "Do you have it in blue?",
    "Please think hard",
    "Can you look up the price?",
    "Make a note of that",
    "I want to speak to a human",
    "Get me your colleague",
    "The manager please",
    "Somebody silent will do",
    "I want to speak to a human",
    "Somebody tardy will do",
    "Give me to linus",
    "This goes boom",
    "Thank you and bye",
];

/// Customers stay so long after the last answer: longer than an answer may take, so that a missing one is seen.
const STAY: Duration = Duration::from_secs(110);
/// Longer than the age policy of the runtime.
const OUTAGE: Duration = Duration::from_secs(13 * 60);

impl Shape {
    /// The story of a seed: the same one always.
    pub fn draw(self, seed: u64) -> Story {
        let mut chance = SmallRng::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut story = Story::empty(seed);
        story.bots = chance.random_range(1..=3);
        story.pace = chance.random_bool(0.8);
        story.journal.way_most = Duration::from_millis(*[0, 5, 30, 250].choose(&mut chance).unwrap_or(&0));
        if self.faults {
            story.faults = faults(&mut chance);
            story.journal.fails = if chance.random_bool(0.3) { 0.02 } else { 0.0 };
            if chance.random_bool(0.2) {
                let from = Duration::from_millis(chance.random_range(0..60_000));
                story.outages.push(Outage { from, lasts: Duration::from_millis(chance.random_range(500..40_000)) });
            }
        }
        if self.crashes {
            story.stops = stops(story.bots, self.visitors, &mut chance);
        }
        let outage = story.stops.iter().any(|stop| stop.how.down() >= OUTAGE);
        let mut at = Duration::ZERO;
        for number in 1..=self.visitors {
            at += Duration::from_millis(chance.random_range(0..2_000));
            story.visits.push((at, visitor(number, outage, &mut chance)));
        }
        story
    }
}

fn visitor(number: usize, outage: bool, chance: &mut SmallRng) -> Visitor {
    let count = chance.random_range(1..=4);
    let lines = (0..count).map(|place| line(number, place, chance)).collect();
    let patience = match chance.random_range(0..20) {
        0 => Duration::from_secs(4), // leaves in the middle of a turn
        1 => Duration::from_secs(15),
        _ if outage => OUTAGE * 2,
        _ => Duration::from_secs(180),
    };
    Visitor { nickname: format!("Visitor {number}"), queue: None, lines, patience, linger: STAY }
}

fn line(visitor: usize, place: usize, chance: &mut SmallRng) -> Line {
    let question = QUESTIONS.choose(chance).copied().unwrap_or_default();
    let burst = chance.random_bool(0.3);
    let after = match chance.random_range(0..40) {
        0 => chance.random_range(125_000..260_000), // a silence, in which the bot is woken
        _ if burst => chance.random_range(0..1_500),
        _ => chance.random_range(0..8_000),
    };
    Line {
        text: format!("{question} [{visitor}.{place}]"), // told apart, so that each answer can be
        after: Duration::from_millis(after),
        answered: place > 0 && !burst,
    }
}

/// Everything that the in-process centre can do wrong, each now and then; a story has some of it.
fn faults(chance: &mut SmallRng) -> Vec<Fault> {
    let all = [
        (Kind::LoseAnswer, 0.02),
        (Kind::InternalError, 0.02),
        (Kind::Unavailable { retry_after: Some(1) }, 0.02),
        (Kind::Slow { millis: 3000 }, 0.02),
        (Kind::NotJson, 0.01),
        (Kind::NoStatus, 0.01),
        (Kind::ExpireSession, 0.002),
        (Kind::PartialSignIn, 0.3),
        (Kind::Duplicate, 0.05),
        (Kind::Reorder, 0.05),
        // Longer than a burst of lines is gathered: a line that was overtaken shows as a hole in the indexes.
        (Kind::Delay { millis: 900 }, 0.05),
        (Kind::DropSession, 0.002),
        (Kind::WithdrawOffer, 0.02),
        (Kind::FailJoin, 0.02),
        (Kind::CustomerLeaves, 0.005),
        (Kind::NeverJoin, 0.05),
        (Kind::SkipIndex { by: 3 }, 0.05),
    ];
    let mut drawn: Vec<Fault> = Vec::new();
    for (kind, how_often) in all {
        if chance.random_bool(0.6) {
            drawn.push(Fault::new(kind).chance(how_often));
        }
    }
    drawn
}

fn stops(bots: usize, visitors: usize, chance: &mut SmallRng) -> Vec<Stop> {
    let spread = (visitors as u64 * 60 / bots as u64).max(40);
    let mut stops = Vec::new();
    for bot in 0..bots {
        for _ in 0..chance.random_range(0..=4) {
            let down = match chance.random_range(0..30) {
                0 => OUTAGE,
                1..6 => Duration::ZERO,
                _ => Duration::from_millis(chance.random_range(50..20_000)),
            };
            let how = if down < OUTAGE && chance.random_bool(0.35) {
                How::Frozen { down, thaws: Duration::from_millis(chance.random_range(0..40_000)) }
            } else {
                How::Killed { down }
            };
            stops.push(Stop::at(bot, chance.random_range(1..=spread), how));
        }
    }
    stops
}
