//! The knowledge in force, and its replacement when the files change. A chat that is running goes on with the next turn on
//! the new base; a base that is broken never replaces one that works.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use crate::base::files;
use crate::knowledge::Options;
use crate::{Knowledge, KnowledgeBase, Problems, matcher};

/// A base could not be made ready.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The base is not valid.
    #[error("the knowledge base cannot be used")]
    Base(#[source] Problems),
    /// No matcher could be trained from it.
    #[error("no matcher could be trained from the knowledge base")]
    Training(#[source] matcher::Error),
    /// The sentence encoder cannot be used.
    #[cfg(feature = "encoder")]
    #[error("the sentence encoder cannot be used")]
    Encoder(#[source] crate::encoder::Error),
}

/// The knowledge in force.
#[derive(Debug, Clone)]
pub struct Live(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: RwLock<State>,
    source: Option<Source>,
}

#[derive(Debug)]
struct Source {
    path: PathBuf,
    options: Options,
}

#[derive(Debug)]
struct State {
    knowledge: Arc<Knowledge>,
    /// How the files looked when they were read last, whether they were good or not.
    seen: Option<Stamp>,
    /// How they look since the last look, while they are being written.
    changing: Option<Stamp>,
    /// What is wrong with the files now, if anything.
    problem: Option<Arc<Error>>,
    generation: u64,
}

/// How files look from outside.
type Stamp = Vec<(PathBuf, Option<SystemTime>, u64)>;

/// What a look at the files showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// Nothing has changed.
    Same,
    /// Something is being written just now; look again.
    Unsettled,
    /// The new base is in force.
    Replaced,
    /// The new base is broken, and the old one stays in force.
    Kept,
}

impl Live {
    /// Knowledge that does not change.
    pub fn fixed(knowledge: Knowledge) -> Self {
        let state = State { knowledge: Arc::new(knowledge), seen: None, changing: None, problem: None, generation: 1 };
        Self(Arc::new(Inner { state: RwLock::new(state), source: None }))
    }

    /// Reads a base from a file or folder. The files are looked at again by [`Live::look`], or on their own with
    /// [`Live::watch`].
    pub fn open(path: impl Into<PathBuf>, options: Options) -> Result<Self, Error> {
        let source = Source { path: path.into(), options };
        let seen = stamp(&source.path);
        let knowledge = Arc::new(source.read()?);
        let state = State { knowledge, seen: Some(seen), changing: None, problem: None, generation: 1 };
        Ok(Self(Arc::new(Inner { state: RwLock::new(state), source: Some(source) })))
    }

    /// Looks at the files from time to time, on a thread of its own that ends with the last clone of this value or with
    /// the watcher, whichever comes first.
    pub fn watch(&self, every: Duration) -> std::io::Result<Watcher> {
        let (stop, stopped) = mpsc::channel::<()>();
        let live = Arc::downgrade(&self.0);
        std::thread::Builder::new().name("faq-base".to_owned()).spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(every) {
                let Some(inner) = live.upgrade() else { return };
                Live(inner).look();
            }
        })?;
        Ok(Watcher { _stop: stop })
    }

    /// The knowledge in force. A turn takes it once and uses it to its end.
    pub fn knowledge(&self) -> Arc<Knowledge> {
        Arc::clone(&self.0.state.read().unwrap_or_else(PoisonError::into_inner).knowledge)
    }

    /// Counts up with every replacement.
    pub fn generation(&self) -> u64 {
        self.0.state.read().unwrap_or_else(PoisonError::into_inner).generation
    }

    /// What is wrong with the files, while an older base stays in force.
    pub fn problem(&self) -> Option<Arc<Error>> {
        self.0.state.read().unwrap_or_else(PoisonError::into_inner).problem.clone()
    }

    /// Looks whether the files have changed and looked the same at the look before: only then nobody is writing them any
    /// more. If so, reads and trains; that takes as long as training takes, and meanwhile the old base answers.
    pub fn look(&self) -> Look {
        let Some(source) = &self.0.source else { return Look::Same };
        let before = stamp(&source.path);
        {
            let mut state = self.0.state.write().unwrap_or_else(PoisonError::into_inner);
            if state.seen.as_ref() == Some(&before) {
                state.changing = None;
                return Look::Same;
            }
            if state.changing.as_ref() != Some(&before) {
                state.changing = Some(before);
                return Look::Unsettled;
            }
        }
        let outcome = source.read();
        if stamp(&source.path) != before {
            return Look::Unsettled; // written while it was read
        }
        let mut state = self.0.state.write().unwrap_or_else(PoisonError::into_inner);
        state.seen = Some(before);
        match outcome {
            Ok(knowledge) => {
                tracing::info!(base.path = %source.path.display(), base.answers = knowledge.base().answers.len(), "knowledge base replaced");
                state.knowledge = Arc::new(knowledge);
                state.generation += 1;
                state.problem = None;
                Look::Replaced
            }
            Err(error) => {
                let detail = match &error {
                    Error::Base(problems) => problems.to_string(),
                    Error::Training(source) => source.to_string(),
                    #[cfg(feature = "encoder")]
                    Error::Encoder(source) => source.to_string(),
                };
                tracing::warn!(base.path = %source.path.display(), %detail, "the changed knowledge base is broken; the old one stays in force");
                state.problem = Some(Arc::new(error));
                Look::Kept
            }
        }
    }
}

impl Source {
    fn read(&self) -> Result<Knowledge, Error> {
        let base = KnowledgeBase::load(&self.path).map_err(Error::Base)?;
        Knowledge::open(base, &self.options).map(|(knowledge, _)| knowledge).map_err(Error::Training)
    }
}

fn stamp(path: &Path) -> Stamp {
    let files = files(path).unwrap_or_else(|_| vec![path.to_owned()]);
    files
        .into_iter()
        .map(|file| {
            let metadata = std::fs::metadata(&file).ok();
            let written = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
            let size = metadata.map_or(0, |metadata| metadata.len());
            (file, written, size)
        })
        .collect()
}

/// Keeps looking at the files until it is dropped. A training that is under way then ends on its own.
#[derive(Debug)]
pub struct Watcher {
    _stop: mpsc::Sender<()>,
}
