//! The crash certificate: short stories, cut off at every boundary that their process comes to, and at every pair of two
//! (the second one counted from the recovery). Killed and taken up by a successor; frozen, taken over by another process, and
//! woken up late.

use std::time::Duration;

use serde::Serialize;

use crate::campaign::{Tally, on_every_core};
use crate::run::run;
use crate::shorts;
use crate::story::{How, Stop, Story};

/// The ways of being cut off.
const WAYS: [How; 2] = [
    How::Killed { down: Duration::from_millis(700) },
    How::Frozen { down: Duration::from_millis(300), thaws: Duration::from_millis(2_500) },
];

/// How far it goes.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How many seeds each story is played with.
    pub seeds: u64,
    /// Every pair whose number is a multiple of this; 0 for none, 1 for all.
    pub every_pair: u64,
    /// How many threads.
    pub threads: usize,
}

/// What was cut off, and what came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Certificate {
    /// How many short stories.
    pub stories: usize,
    /// How many seeds.
    pub seeds: u64,
    /// Boundaries of the stories when nothing is cut off, all seeds together.
    pub points: u64,
    /// What was seen.
    #[serde(flatten)]
    pub tally: Tally,
}

impl std::fmt::Display for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} points of {} stories × {} seeds × {} conversations = {} crashes, {} violations",
            self.points,
            self.stories,
            self.seeds,
            self.tally.conversations,
            self.tally.crashes,
            self.tally.violations()
        )
    }
}

/// Cuts off, judges, and counts. `done` hears of each point, and says whether to go on.
pub fn certify(plan: Plan, done: impl Fn(&Tally) -> bool + Sync) -> Certificate {
    let pieces = points(plan.seeds);
    let stories = shorts::all(1).len();
    let points = (pieces.len() / WAYS.len()) as u64;
    let tally = on_every_core(pieces.len() as u64, plan.threads, |number| cut(&pieces, number, plan.every_pair), done);
    Certificate { stories, seeds: plan.seeds, points, tally }
}

/// How many points there are to be done, for whoever shows the progress.
pub fn count(seeds: u64) -> u64 {
    points(seeds).len() as u64
}

/// Every boundary of every story, in every way.
fn points(seeds: u64) -> Vec<(Story, Stop)> {
    let mut pieces = Vec::new();
    for seed in 1..=seeds {
        for (_, story) in shorts::all(seed) {
            let boundaries = run(&story).boundaries.first().and_then(|lives| lives.first()).copied().unwrap_or(0);
            for at in 1..=boundaries {
                pieces.extend(WAYS.map(|how| (story.clone(), Stop::at(0, at, how))));
            }
        }
    }
    pieces
}

/// One cut, and the pairs that begin with it.
fn cut(pieces: &[(Story, Stop)], number: u64, every_pair: u64) -> Tally {
    let mut tally = Tally::default();
    let Some((story, first)) = usize::try_from(number).ok().and_then(|number| pieces.get(number)) else { return tally };
    let once = Story { stops: vec![*first], ..story.clone() };
    let ran = tally.play(&once);
    let after = ran.boundaries.first().and_then(|lives| lives.get(1)).copied().unwrap_or(0);
    if every_pair == 0 {
        return tally;
    }
    let mut pair = number; // spreads a sample over all places
    for at in 1..=after {
        for how in WAYS {
            pair += 1;
            if pair.is_multiple_of(every_pair) {
                let _ = tally.play(&Story { stops: vec![*first, Stop::at(0, at, how)], ..story.clone() });
            }
        }
    }
    tally
}

/// The short stories, by name.
pub fn stories(seed: u64) -> Vec<(&'static str, Story)> {
    shorts::all(seed)
}

/// The short stories without a cut: they must be right before anything is cut off.
pub fn uncut(seed: u64) -> Tally {
    let mut tally = Tally::default();
    for (_, story) in shorts::all(seed) {
        let _ = tally.play(&story);
    }
    tally
}
