//! A journal in memory: for tests, for rehearsals, and for a service whose operator does not want one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Error, ErrorKind, Fence, Held, Journal, Line, StoryKey};
use crate::{InteractionId, LoginId, UnixMillis};

/// A journal in memory. Clones share it, so a test can drop a service and start another on the same journal.
#[derive(Debug, Clone, Default)]
pub struct MemoryJournal {
    logins: Arc<Mutex<BTreeMap<LoginId, Login>>>,
    keep_closed: bool,
}

#[derive(Debug, Default)]
struct Login {
    fence: u64,
    stories: BTreeMap<StoryKey, Vec<Line>>,
}

impl MemoryJournal {
    /// An empty journal that forgets a story as soon as it is closed.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty journal that keeps closed stories until [`Journal::forget`].
    pub fn keeping() -> Self {
        Self { keep_closed: true, ..Self::default() }
    }

    /// Everything it holds about an interaction, whoever wrote it, in the order of time: for whoever has to find out what
    /// happened.
    pub fn about(&self, interaction: &InteractionId) -> Vec<Line> {
        let logins = self.logins();
        let stories = logins.values().flat_map(|held| held.stories.iter());
        let about = stories.filter(|(key, _)| key.interaction == *interaction);
        let mut lines: Vec<Line> = about.flat_map(|(_, story)| story.iter().cloned()).collect();
        lines.sort_by_key(|line| line.at);
        lines
    }

    fn logins(&self) -> MutexGuard<'_, BTreeMap<LoginId, Login>> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner) // every change is whole or not begun
    }
}

fn is_closed(story: &[Line]) -> bool {
    story.last().is_some_and(|line| line.record.is_last())
}

impl Login {
    /// Whether the lines continue their stories, each at its next place.
    fn check(&self, lines: &[Line]) -> Result<(), Error> {
        let mut next: BTreeMap<&StoryKey, u64> = BTreeMap::new();
        for line in lines {
            let stored = || self.stories.get(&line.key).map_or(0, Vec::len) as u64;
            let place = next.entry(&line.key).or_insert_with(stored);
            *place += 1;
            if line.number != *place {
                let words = format!("{} expects line {place}, not {}", line.key.interaction, line.number);
                return Err(Error::new(ErrorKind::OutOfStep, words));
            }
            if self.stories.get(&line.key).is_some_and(|story| is_closed(story)) {
                return Err(Error::new(ErrorKind::OutOfStep, format!("{} is closed", line.key.interaction)));
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn take(&self, login: &LoginId) -> Result<Held, Error> {
        let mut logins = self.logins();
        let login = logins.entry(login.clone()).or_default();
        login.fence += 1;
        let mut stories: Vec<_> = login.stories.values().filter(|story| !is_closed(story)).cloned().collect();
        stories.sort_by_key(|story| story.first().map(|line| line.key.began));
        Ok(Held { fence: Fence(login.fence), stories, alone: login.fence == 1 })
    }

    async fn append(&self, login: &LoginId, fence: Fence, lines: Vec<Line>) -> Result<(), Error> {
        let mut logins = self.logins();
        let Some(held) = logins.get_mut(login).filter(|held| held.fence == fence.0) else {
            return Err(Error::new(ErrorKind::Fenced, format!("{login} is held by somebody else")));
        };
        held.check(&lines)?;
        for line in lines {
            let key = line.key.clone();
            let story = held.stories.entry(key.clone()).or_default();
            story.push(line);
            if is_closed(story) && !self.keep_closed {
                held.stories.remove(&key);
            }
        }
        Ok(())
    }

    async fn story(&self, login: &LoginId, key: &StoryKey) -> Result<Vec<Line>, Error> {
        Ok(self.logins().get(login).and_then(|held| held.stories.get(key)).cloned().unwrap_or_default())
    }

    async fn latest(&self, login: &LoginId, interaction: &InteractionId) -> Result<Vec<Line>, Error> {
        let first = StoryKey { interaction: interaction.clone(), began: UnixMillis(i64::MIN) };
        let last = StoryKey { interaction: interaction.clone(), began: UnixMillis(i64::MAX) };
        let logins = self.logins();
        let latest = logins.get(login).and_then(|held| held.stories.range(first..=last).next_back());
        Ok(latest.map(|(_, story)| story.clone()).unwrap_or_default())
    }

    async fn forget(&self, closed_before: UnixMillis) -> Result<u64, Error> {
        let mut forgotten = 0;
        for held in self.logins().values_mut() {
            held.stories.retain(|_, story| {
                let old = is_closed(story) && story.last().is_some_and(|line| line.at < closed_before);
                forgotten += u64::from(old);
                !old
            });
        }
        Ok(forgotten)
    }
}

#[cfg(test)]
mod tests {
    crate::journal_contract!(async || super::MemoryJournal::keeping());
}
