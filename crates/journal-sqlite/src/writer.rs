//! The one thread that has the file. It takes whatever waits, writes it in one transaction, commits once, and only then
//! tells everybody: group commit.

use std::path::{Path, PathBuf};
use std::time::Duration;

use attendant::journal::{Error, ErrorKind, Fence, Held, Line, StoryKey};
use attendant::{InteractionId, LoginId, UnixMillis};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::index::{Index, Story};
use crate::rows::{self, Pen, Stored, told};
use crate::tails::Tails;
use crate::{Durability, Options};

/// The most appends in one commit: enough to be far past the cost of the commit, few enough to answer soon.
const BATCH: usize = 1024;

/// Between two looks for finished conversations that are old enough to go.
const SWEEP: Duration = Duration::from_secs(3600);
/// The most finished conversations that go at once: appends wait meanwhile.
const SLICE: usize = 500;

type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// A call to the writer.
#[derive(Debug)]
pub(crate) enum Command {
    Take {
        login: LoginId,
        reply: Reply<Held>,
    },
    Append {
        login: LoginId,
        fence: Fence,
        lines: Vec<Line>,
        reply: Reply<()>,
    },
    Story {
        login: LoginId,
        key: StoryKey,
        reply: Reply<Vec<Line>>,
    },
    Latest {
        login: LoginId,
        interaction: InteractionId,
        reply: Reply<Vec<Line>>,
    },
    Forget {
        closed_before: UnixMillis,
        reply: Reply<u64>,
    },
    Counters(oneshot::Sender<Counters>),
    #[cfg(test)]
    LimitPages {
        most: Option<u32>,
        reply: oneshot::Sender<()>,
    },
}

/// What has been written since the file was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Appends that are durable.
    pub appends: u64,
    /// Lines in them.
    pub lines: u64,
    /// Commits that it took.
    pub commits: u64,
    /// Commits that failed; their appends were refused.
    pub failed_commits: u64,
}

/// The writer's state.
pub(crate) struct Writer {
    connection: Connection,
    index: Index,
    tails: Tails,
    counters: Counters,
    sync: Option<Sync>,
    retention: Duration,
    /// When everything old was gone.
    swept: Option<std::time::Instant>,
}

/// Durability `interval`: the write-ahead log goes to the disk from time to time.
struct Sync {
    log: PathBuf,
    every: Duration,
    last: std::time::Instant,
}

impl Writer {
    pub fn new(connection: Connection, options: &Options) -> rusqlite::Result<Self> {
        connection.set_prepared_statement_cache_capacity(32);
        let sync = (options.durability == Durability::Interval).then(|| {
            let mut log = options.path.clone().into_os_string();
            log.push("-wal");
            Sync { log: log.into(), every: options.interval, last: now() }
        });
        Ok(Self {
            tails: Tails::open(&connection)?,
            connection,
            index: Index::default(),
            counters: Counters::default(),
            sync,
            retention: options.retention,
            swept: None,
        })
    }

    /// Works until the last sender is gone and everything is written.
    pub fn run(mut self, mut waiting: mpsc::Receiver<Command>) {
        let mut batch = Vec::with_capacity(BATCH);
        self.sweep();
        while waiting.blocking_recv_many(&mut batch, BATCH) > 0 {
            self.work(batch.drain(..));
            self.sync_if_due();
            if self.swept.is_none_or(|swept| swept.elapsed() >= SWEEP) {
                self.sweep();
            }
        }
        if let Err(error) = self.connection.close() {
            tracing::warn!(error = %error.1, "the journal was not closed well");
        }
    }

    /// Appends that follow each other share a commit; any other call comes between two commits.
    fn work(&mut self, commands: impl Iterator<Item = Command>) {
        let mut appends = Vec::new();
        for command in commands {
            match command {
                Command::Append { login, fence, lines, reply } => appends.push((login, fence, lines, reply)),
                other => {
                    self.commit(std::mem::take(&mut appends));
                    self.answer(other);
                }
            }
        }
        self.commit(appends);
    }

    fn answer(&mut self, command: Command) {
        // A caller that no longer waits does not need the answer.
        match command {
            Command::Take { login, reply } => drop(reply.send(self.take(&login))),
            Command::Story { login, key, reply } => {
                drop(reply.send(self.whole(rows::find(&self.connection, &login, &key))));
            }
            Command::Latest { login, interaction, reply } => {
                drop(reply.send(self.whole(rows::latest(&self.connection, &login, &interaction))));
            }
            Command::Forget { closed_before, reply } => drop(reply.send(self.forget(closed_before))),
            Command::Counters(reply) => drop(reply.send(self.counters)),
            #[cfg(test)]
            Command::LimitPages { most, reply } => {
                self.connection.pragma_update(None, "max_page_count", most.unwrap_or(u32::MAX - 1)).unwrap();
                let _ = reply.send(());
            }
            Command::Append { .. } => {}
        }
    }

    fn commit(&mut self, appends: Vec<(LoginId, Fence, Vec<Line>, Reply<()>)>) {
        if appends.is_empty() {
            return;
        }
        let mut written = Vec::with_capacity(appends.len());
        let mut lines_written = 0;
        let begun = self.connection.execute_batch("BEGIN IMMEDIATE").and_then(|()| self.tails.note(&self.connection));
        let mut outcome = begun.map_err(|error| told(&error));
        for (login, fence, lines, reply) in appends {
            if let Err(error) = &outcome {
                drop(reply.send(Err(error.clone())));
                continue;
            }
            if let Err(refused) = self.check(&login, fence, &lines) {
                drop(reply.send(Err(refused)));
                continue;
            }
            lines_written += lines.len() as u64;
            match self.write(&login, lines) {
                Ok(()) => written.push(reply),
                Err(error) => {
                    drop(reply.send(Err(error.clone())));
                    outcome = Err(error);
                }
            }
        }
        let outcome = outcome.and_then(|()| self.connection.execute_batch("COMMIT").map_err(|error| told(&error)));
        if outcome.is_ok() {
            self.index.keep();
            self.tails.keep();
            self.counters.commits += 1;
            self.counters.appends += written.len() as u64;
            self.counters.lines += lines_written;
        } else {
            // A full disk rolls back by itself; then there is no transaction to roll back.
            if let Err(error) = self.connection.execute_batch("ROLLBACK") {
                tracing::debug!(%error, "nothing to roll back");
            }
            self.index.undo();
            self.tails.undo();
            self.counters.failed_commits += 1;
        }
        for reply in written {
            drop(reply.send(outcome.clone()));
        }
    }

    fn check(&self, login: &LoginId, fence: Fence, lines: &[Line]) -> Result<(), Error> {
        self.index.check(login, fence, lines, |key| {
            let found = rows::find(&self.connection, login, key).map_err(|error| told(&error))?;
            Ok(found.is_some_and(|story| story.closed))
        })
    }

    fn write(&mut self, login: &LoginId, lines: Vec<Line>) -> Result<(), Error> {
        let sqlite = |error| told(&error);
        let mut pen = Pen::new(&self.connection).map_err(sqlite)?;
        for line in lines {
            let (story, previous) = match self.index.story(login, &line.key) {
                Some(story) => (story.id, Some(story.tail)),
                None => (rows::begin(&self.connection, login, &line.key).map_err(sqlite)?, None),
            };
            let record = serde_json::to_string(&line.record)
                .map_err(|error| Error::new(ErrorKind::Corrupt, format!("a record cannot be stored: {error}")))?;
            let place = self.tails.place(story);
            pen.write(place, story, previous, &line, &record).map_err(sqlite)?;
            let stands = if line.record.is_last() {
                rows::close(&self.connection, story, line.at, place).map_err(sqlite)?;
                None
            } else {
                Some(Story { id: story, tail: place, last: line.number })
            };
            self.index.advance(login, &line.key, stands);
        }
        Ok(())
    }

    fn take(&mut self, login: &LoginId) -> Result<Held, Error> {
        let fence = rows::next_fence(&self.connection, login).map_err(|error| told(&error))?;
        let open = rows::open_stories(&self.connection, login).map_err(|error| told(&error))?;
        let mut stories = Vec::with_capacity(open.len());
        let mut stands = Vec::with_capacity(open.len());
        for story in open {
            let (tail, lines) = rows::lines(&self.connection, &self.tails, &story)?;
            stands.push((story.key, Story { id: story.id, tail, last: lines.len() as u64 }));
            stories.push(lines);
        }
        // The file is held by one process at a time: what another process had of it is over.
        let alone = !self.index.is_taken(login);
        self.index.take(login, fence, stands);
        Ok(Held { fence, stories, alone })
    }

    fn whole(&self, found: rusqlite::Result<Option<Stored>>) -> Result<Vec<Line>, Error> {
        let found = found.map_err(|error| told(&error))?;
        let Some(story) = found else { return Ok(Vec::new()) };
        rows::lines(&self.connection, &self.tails, &story).map(|(_, lines)| lines)
    }

    fn forget(&mut self, closed_before: UnixMillis) -> Result<u64, Error> {
        let mut forgotten = 0;
        loop {
            let gone = self.forget_some(closed_before).map_err(|error| told(&error))?;
            forgotten += gone as u64;
            if gone < SLICE {
                return Ok(forgotten);
            }
        }
    }

    fn forget_some(&mut self, closed_before: UnixMillis) -> rusqlite::Result<usize> {
        let transaction = self.connection.transaction()?;
        let gone = rows::forget(&transaction, closed_before, SLICE)?;
        transaction.commit()?;
        // Gives the space back to the file system, a bit at a time.
        self.connection.execute_batch("PRAGMA incremental_vacuum(1000)")?;
        Ok(gone)
    }

    /// Drops what was finished longer ago than it is kept, a slice at a time: the next one comes after the next batch.
    fn sweep(&mut self) {
        let kept = i64::try_from(self.retention.as_millis()).unwrap_or(i64::MAX);
        let gone = match self.forget_some(UnixMillis(wall_clock().saturating_sub(kept))) {
            Ok(gone) => gone,
            Err(error) => {
                tracing::warn!(%error, "finished conversations could not be dropped from the journal");
                0
            }
        };
        if gone > 0 {
            tracing::info!(stories = gone, "finished conversations were dropped from the journal");
        }
        self.swept = (gone < SLICE).then(now);
    }

    fn sync_if_due(&mut self) {
        let Some(sync) = &mut self.sync else { return };
        if sync.last.elapsed() < sync.every {
            return;
        }
        sync.last = now();
        if let Err(error) = sync_file(&sync.log) {
            tracing::warn!(%error, "the journal could not be brought to the disk");
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a thread of its own, outside of any runtime; only spaces out disk syncs"
)]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

/// Milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the age of stored lines is measured by the clock that stamped them")]
fn wall_clock() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn sync_file(path: &Path) -> std::io::Result<()> {
    std::fs::File::open(path)?.sync_data()
}
