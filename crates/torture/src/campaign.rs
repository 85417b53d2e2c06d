//! Many stories, on every core: one thread each, and on each thread one story after the other, so that no story is
//! disturbed by another and memory does not grow.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::judge::{Wrong, judge};
use crate::run::run;
use crate::story::Story;

/// After so many stories with something wrong in them, the campaign ends: there is enough to look at.
const ENOUGH: usize = 8;

/// A story, and what was wrong in it.
#[derive(Debug, Clone, Serialize)]
pub struct Broken {
    /// The story.
    pub story: Story,
    /// What was wrong.
    pub wrong: Vec<Wrong>,
}

/// What a campaign has seen.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Tally {
    /// Stories that were played.
    pub stories: u64,
    /// Conversations in them.
    pub conversations: u64,
    /// Boundaries that processes came to.
    pub boundaries: u64,
    /// Processes that were killed or frozen.
    pub crashes: u64,
    /// Things that happened in the centre.
    pub facts: u64,
    /// Stories with something wrong in them.
    pub broken: Vec<Broken>,
}

impl Tally {
    /// Broken promises, all stories together.
    pub fn violations(&self) -> usize {
        self.broken.iter().map(|broken| broken.wrong.len()).sum()
    }

    /// Plays one story, and counts what was seen in it. Gives the run for whoever wants to know more.
    pub fn play(&mut self, story: &Story) -> crate::Ran {
        let ran = run(story);
        self.stories += 1;
        self.conversations += story.visits.len() as u64;
        self.boundaries += ran.boundaries.iter().flatten().sum::<u64>();
        self.crashes += ran.cut;
        self.facts += ran.log.len();
        let wrong = judge(story, &ran);
        if !wrong.is_empty() {
            self.broken.push(Broken { story: story.clone(), wrong });
        }
        ran
    }

    /// Adds what another has seen.
    pub fn add(&mut self, other: Self) {
        self.stories += other.stories;
        self.conversations += other.conversations;
        self.boundaries += other.boundaries;
        self.crashes += other.crashes;
        self.facts += other.facts;
        self.broken.extend(other.broken);
    }
}

/// Does so many pieces of work on so many threads, each by its number, and counts what was seen. `done` hears of
/// each piece, and says whether to go on. Ends early when enough is broken. The threads log to where the caller's thread does.
pub fn on_every_core(
    pieces: u64,
    threads: usize,
    work: impl Fn(u64) -> Tally + Sync,
    done: impl Fn(&Tally) -> bool + Sync,
) -> Tally {
    let (next, broken) = (AtomicU64::new(0), AtomicUsize::new(0));
    let all = Mutex::new(Tally::default());
    let log = tracing::dispatcher::get_default(Clone::clone);
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                let _here = tracing::dispatcher::set_default(&log);
                let mut mine = Tally::default();
                loop {
                    let piece = next.fetch_add(1, Ordering::Relaxed);
                    if piece >= pieces || broken.load(Ordering::Relaxed) >= ENOUGH {
                        break;
                    }
                    let seen = work(piece);
                    broken.fetch_add(seen.broken.len(), Ordering::Relaxed);
                    let go_on = done(&seen);
                    mine.add(seen);
                    if !go_on {
                        break;
                    }
                }
                all.lock().unwrap_or_else(PoisonError::into_inner).add(mine);
            });
        }
    });
    let mut all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    all.broken.sort_by_key(|broken| broken.story.seed);
    all
}
