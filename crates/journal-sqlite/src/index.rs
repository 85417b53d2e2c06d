//! What the writer knows without asking the file: fences, and where each open story stands.

use std::collections::{HashMap, HashSet};

use attendant::LoginId;
use attendant::journal::{Error, ErrorKind, Fence, Line, StoryKey};

use crate::tails::{LineId, StoryId};

/// Fences and open stories of every login that was taken since the file was opened.
#[derive(Debug, Default)]
pub(crate) struct Index {
    logins: HashMap<LoginId, Login>,
    /// What a batch has changed, so that a failed commit can be taken back.
    touched: HashMap<(LoginId, StoryKey), Option<Story>>,
}

#[derive(Debug)]
struct Login {
    fence: Fence,
    stories: HashMap<StoryKey, Story>,
}

/// Where a story stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Story {
    /// Its row.
    pub id: StoryId,
    /// The row of its last line.
    pub tail: LineId,
    /// The number of its last line.
    pub last: u64,
}

impl Index {
    /// Whether somebody has taken the login since the file was opened.
    pub fn is_taken(&self, login: &LoginId) -> bool {
        self.logins.contains_key(login)
    }

    /// A login was taken: who held it before is fenced off.
    pub fn take(&mut self, login: &LoginId, fence: Fence, stories: impl IntoIterator<Item = (StoryKey, Story)>) {
        self.logins.insert(login.clone(), Login { fence, stories: stories.into_iter().collect() });
    }

    /// Whether these lines may be appended. `closed` asks the file whether a story that is not open has been closed before.
    pub fn check(
        &self,
        login: &LoginId,
        fence: Fence,
        lines: &[Line],
        mut closed: impl FnMut(&StoryKey) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let Some(held) = self.logins.get(login).filter(|held| held.fence == fence) else {
            return Err(Error::new(ErrorKind::Fenced, format!("{login} is held by somebody else")));
        };
        let mut next: HashMap<&StoryKey, u64> = HashMap::new();
        let mut ended: HashSet<&StoryKey> = HashSet::new();
        for line in lines {
            let interaction = &line.key.interaction;
            let known = held.stories.get(&line.key);
            let place = match next.get(&line.key) {
                Some(place) => *place,
                None if known.is_none() && closed(&line.key)? => {
                    return Err(Error::new(ErrorKind::OutOfStep, format!("{interaction} is closed")));
                }
                None => known.map_or(0, |story| story.last),
            } + 1;
            if ended.contains(&line.key) {
                return Err(Error::new(ErrorKind::OutOfStep, format!("{interaction} is closed")));
            }
            if line.number != place {
                let words = format!("{interaction} expects line {place}, not {}", line.number);
                return Err(Error::new(ErrorKind::OutOfStep, words));
            }
            next.insert(&line.key, place);
            if line.record.is_last() {
                ended.insert(&line.key);
            }
        }
        Ok(())
    }

    /// Where an open story stands.
    pub fn story(&self, login: &LoginId, key: &StoryKey) -> Option<Story> {
        self.logins.get(login)?.stories.get(key).copied()
    }

    /// A line was written; `None` says that it closed the story.
    pub fn advance(&mut self, login: &LoginId, key: &StoryKey, to: Option<Story>) {
        let Some(held) = self.logins.get_mut(login) else { return };
        let before = match to {
            Some(story) => held.stories.insert(key.clone(), story),
            None => held.stories.remove(key),
        };
        self.touched.entry((login.clone(), key.clone())).or_insert(before);
    }

    /// The batch is durable.
    pub fn keep(&mut self) {
        self.touched.clear();
    }

    /// The batch is not there: everything stands as before it.
    pub fn undo(&mut self) {
        for ((login, key), before) in self.touched.drain() {
            let Some(held) = self.logins.get_mut(&login) else { continue };
            match before {
                Some(story) => held.stories.insert(key, story),
                None => held.stories.remove(&key),
            };
        }
    }
}
