//! A journal with a way to it: what is written is durable only after a while, so that "intent before operation" matters. As
//! with a file that dies with its process, who takes a login is told to be alone unless a process sleeps somewhere.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use attendant::journal::{Error, ErrorKind, Fence, Held, Line, StoryKey};
use attendant::{InteractionId, Journal, LoginId, MemoryJournal, UnixMillis};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::time::Instant;

use crate::story::SlowJournal;

/// A journal in memory that takes its time. The processes of one login share it. What it does hangs on the seed and the
/// moment alone, so that a story that has become shorter finds it as it was.
pub(crate) struct Slow {
    inner: MemoryJournal,
    times: SlowJournal,
    seed: u64,
    began: Instant,
    a_process_sleeps: AtomicBool,
}

/// What dice are thrown for.
const WAYS: u64 = 0;
const FAILURES: u64 = 1;

impl Slow {
    pub fn new(times: SlowJournal, seed: u64) -> Self {
        Self {
            inner: MemoryJournal::keeping(),
            times,
            seed,
            began: Instant::now(),
            a_process_sleeps: AtomicBool::new(false),
        }
    }

    /// The journal at the end of the way.
    pub fn inner(&self) -> MemoryJournal {
        self.inner.clone()
    }

    /// A process that has had a login may wake up some day.
    pub fn a_process_sleeps(&self) {
        self.a_process_sleeps.store(true, Ordering::Relaxed);
    }

    /// The dice of this moment.
    fn dice(&self, thing: u64) -> SmallRng {
        let moment = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        SmallRng::seed_from_u64(self.seed.wrapping_add(moment << 1 | thing))
    }

    async fn travel(&self) {
        let most = u64::try_from(self.times.way_most.as_millis()).unwrap_or(u64::MAX);
        if most > 0 {
            let way = self.dice(WAYS).random_range(1..=most);
            tokio::time::sleep(Duration::from_millis(way)).await;
        }
    }

    fn fails(&self) -> bool {
        self.times.fails > 0.0 && self.dice(FAILURES).random_bool(self.times.fails.min(1.0))
    }
}

#[async_trait]
impl Journal for Slow {
    async fn take(&self, login: &LoginId) -> Result<Held, Error> {
        self.travel().await;
        let held = self.inner.take(login).await?;
        self.travel().await;
        Ok(Held { alone: !self.a_process_sleeps.load(Ordering::Relaxed), ..held })
    }

    async fn append(&self, login: &LoginId, fence: Fence, lines: Vec<Line>) -> Result<(), Error> {
        self.travel().await;
        if self.fails() {
            return Err(Error::new(ErrorKind::Unavailable, "as the story says"));
        }
        let appended = self.inner.append(login, fence, lines).await;
        self.travel().await;
        appended
    }

    async fn story(&self, login: &LoginId, key: &StoryKey) -> Result<Vec<Line>, Error> {
        self.inner.story(login, key).await
    }

    async fn latest(&self, login: &LoginId, interaction: &InteractionId) -> Result<Vec<Line>, Error> {
        self.travel().await;
        let story = self.inner.latest(login, interaction).await;
        self.travel().await;
        story
    }

    async fn forget(&self, closed_before: UnixMillis) -> Result<u64, Error> {
        self.inner.forget(closed_before).await
    }
}
