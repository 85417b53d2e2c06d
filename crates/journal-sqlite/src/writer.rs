//! The one thread that has the file. It takes whatever waits, writes it in one transaction, commits once, and only then
//! tells everybody: group commit.

use std::path::{Path, PathBuf};
use std::time::Duration;

use attendant::journal::{Error, ErrorKind, Fence, Held, Line, Record, StoryKey};
use attendant::{InteractionId, LoginId, UnixMillis};
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use tokio::sync::{mpsc, oneshot};

use crate::index::{Index, Story};
use crate::schema::{RECORDS, upgrade};
use crate::{Durability, Options};

/// The most appends in one commit: enough to be far past the cost of the commit, few enough to answer soon.
const BATCH: usize = 1024;

/// Between two looks for finished conversations that are old enough to go.
const SWEEP: Duration = Duration::from_secs(3600);

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
    counters: Counters,
    sync: Option<Sync>,
    retention: Duration,
    swept: std::time::Instant,
}

/// Durability `interval`: the write-ahead log goes to the disk from time to time.
struct Sync {
    log: PathBuf,
    every: Duration,
    last: std::time::Instant,
}

impl Writer {
    pub fn new(connection: Connection, options: &Options) -> Self {
        connection.set_prepared_statement_cache_capacity(32);
        let sync = (options.durability == Durability::Interval).then(|| {
            let mut log = options.path.clone().into_os_string();
            log.push("-wal");
            Sync { log: log.into(), every: options.interval, last: now() }
        });
        let (index, counters) = (Index::default(), Counters::default());
        Self { connection, index, counters, sync, retention: options.retention, swept: now() }
    }

    /// Works until the last sender is gone and everything is written.
    pub fn run(mut self, mut waiting: mpsc::Receiver<Command>) {
        let mut batch = Vec::with_capacity(BATCH);
        self.sweep();
        while waiting.blocking_recv_many(&mut batch, BATCH) > 0 {
            self.work(batch.drain(..));
            self.sync_if_due();
            if self.swept.elapsed() >= SWEEP {
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
            Command::Story { login, key, reply } => drop(reply.send(self.story(&login, &key))),
            Command::Latest { login, interaction, reply } => drop(reply.send(self.latest(&login, &interaction))),
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
        let mut outcome = self.connection.execute_batch("BEGIN IMMEDIATE").map_err(|error| told(&error));
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
            self.counters.commits += 1;
            self.counters.appends += written.len() as u64;
            self.counters.lines += lines_written;
        } else {
            // A full disk rolls back by itself; then there is no transaction to roll back.
            if let Err(error) = self.connection.execute_batch("ROLLBACK") {
                tracing::debug!(%error, "nothing to roll back");
            }
            self.index.undo();
            self.counters.failed_commits += 1;
        }
        for reply in written {
            drop(reply.send(outcome.clone()));
        }
    }

    fn check(&self, login: &LoginId, fence: Fence, lines: &[Line]) -> Result<(), Error> {
        self.index.check(login, fence, lines, |key| {
            let found = self
                .connection
                .prepare_cached("SELECT closed_at FROM stories WHERE login = ?1 AND interaction = ?2 AND began = ?3")
                .and_then(|mut statement| {
                    statement
                        .query_row(params![login.as_str(), key.interaction.as_str(), key.began.0], |row| {
                            row.get::<_, Option<i64>>(0)
                        })
                        .optional()
                })
                .map_err(|error| told(&error))?;
            Ok(found.flatten().is_some())
        })
    }

    fn write(&mut self, login: &LoginId, lines: Vec<Line>) -> Result<(), Error> {
        for line in lines {
            let known = self.index.story(login, &line.key).and_then(|story| story.id);
            let id = match known {
                Some(id) => id,
                None => self.begin(login, &line.key).map_err(|error| told(&error))?,
            };
            let record = serde_json::to_string(&line.record)
                .map_err(|error| Error::new(ErrorKind::Corrupt, format!("a record cannot be stored: {error}")))?;
            self.insert(id, &line, &record).map_err(|error| told(&error))?;
            let stands = Story { id: Some(id), last: line.number };
            self.index.advance(login, &line.key, (!line.record.is_last()).then_some(stands));
        }
        Ok(())
    }

    fn begin(&self, login: &LoginId, key: &StoryKey) -> rusqlite::Result<i64> {
        self.connection
            .prepare_cached("INSERT INTO stories (login, interaction, began) VALUES (?1, ?2, ?3)")?
            .insert(params![login.as_str(), key.interaction.as_str(), key.began.0])
    }

    fn insert(&self, story: i64, line: &Line, record: &str) -> rusqlite::Result<()> {
        let number = i64::try_from(line.number).unwrap_or(i64::MAX);
        self.connection
            .prepare_cached("INSERT INTO lines (story, number, at, version, record) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![story, number, line.at.0, RECORDS, record])?;
        if line.record.is_last() {
            self.connection
                .prepare_cached("UPDATE stories SET closed_at = ?2 WHERE id = ?1")?
                .execute(params![story, line.at.0])?;
        }
        Ok(())
    }

    fn take(&mut self, login: &LoginId) -> Result<Held, Error> {
        let fence: i64 = self
            .connection
            .prepare_cached(
                "INSERT INTO logins (login, fence) VALUES (?1, 1)
                 ON CONFLICT (login) DO UPDATE SET fence = fence + 1 RETURNING fence",
            )
            .and_then(|mut statement| statement.query_row([login.as_str()], |row| row.get(0)))
            .map_err(|error| told(&error))?;
        let fence = Fence(u64::try_from(fence).unwrap_or_default());
        let open = self.open_stories(login).map_err(|error| told(&error))?;
        let mut stories = Vec::with_capacity(open.len());
        let mut stands = Vec::with_capacity(open.len());
        for (id, key) in open {
            let lines = self.lines(id, &key)?;
            stands.push((key, Story { id: Some(id), last: lines.len() as u64 }));
            stories.push(lines);
        }
        self.index.take(login, fence, stands);
        Ok(Held { fence, stories })
    }

    fn open_stories(&self, login: &LoginId) -> rusqlite::Result<Vec<(i64, StoryKey)>> {
        self.connection
            .prepare_cached(
                "SELECT id, interaction, began FROM stories WHERE login = ?1 AND closed_at IS NULL ORDER BY began, id",
            )?
            .query_map([login.as_str()], |row| {
                let interaction: String = row.get(1)?;
                Ok((
                    row.get(0)?,
                    StoryKey { interaction: InteractionId::from(interaction), began: UnixMillis(row.get(2)?) },
                ))
            })?
            .collect()
    }

    fn story(&self, login: &LoginId, key: &StoryKey) -> Result<Vec<Line>, Error> {
        let id: Option<i64> = self
            .connection
            .prepare_cached("SELECT id FROM stories WHERE login = ?1 AND interaction = ?2 AND began = ?3")
            .and_then(|mut statement| {
                statement
                    .query_row(params![login.as_str(), key.interaction.as_str(), key.began.0], |row| row.get(0))
                    .optional()
            })
            .map_err(|error| told(&error))?;
        id.map_or(Ok(Vec::new()), |id| self.lines(id, key))
    }

    fn latest(&self, login: &LoginId, interaction: &InteractionId) -> Result<Vec<Line>, Error> {
        let latest: Option<(i64, i64)> = self
            .connection
            .prepare_cached(
                "SELECT id, began FROM stories WHERE login = ?1 AND interaction = ?2 ORDER BY began DESC LIMIT 1",
            )
            .and_then(|mut statement| {
                statement
                    .query_row([login.as_str(), interaction.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()
            })
            .map_err(|error| told(&error))?;
        let Some((id, began)) = latest else { return Ok(Vec::new()) };
        self.lines(id, &StoryKey { interaction: interaction.clone(), began: UnixMillis(began) })
    }

    fn lines(&self, story: i64, key: &StoryKey) -> Result<Vec<Line>, Error> {
        let rows: Vec<(i64, i64, u32, String)> = self
            .connection
            .prepare_cached("SELECT number, at, version, record FROM lines WHERE story = ?1 ORDER BY number")
            .and_then(|mut statement| {
                statement.query_map([story], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?.collect()
            })
            .map_err(|error| told(&error))?;
        rows.into_iter()
            .map(|(number, at, version, record)| {
                let number = u64::try_from(number).unwrap_or_default();
                let corrupt = |why: String| {
                    Error::new(
                        ErrorKind::Corrupt,
                        format!("line {number} of {} cannot be read: {why}", key.interaction),
                    )
                };
                let record = read(version, &record).map_err(corrupt)?;
                Ok(Line { key: key.clone(), number, at: UnixMillis(at), record })
            })
            .collect()
    }

    fn forget(&mut self, closed_before: UnixMillis) -> Result<u64, Error> {
        let forgotten = self
            .connection
            .execute("DELETE FROM stories WHERE closed_at < ?1", [closed_before.0])
            .map_err(|error| told(&error))?;
        // Gives the space back to the file system, a bit at a time.
        self.connection.execute_batch("PRAGMA incremental_vacuum(1000)").map_err(|error| told(&error))?;
        Ok(forgotten as u64)
    }

    /// Drops what was finished longer ago than it is kept.
    fn sweep(&mut self) {
        self.swept = now();
        let kept = i64::try_from(self.retention.as_millis()).unwrap_or(i64::MAX);
        let kept_from = wall_clock().saturating_sub(kept);
        match self.forget(UnixMillis(kept_from)) {
            Ok(0) => {}
            Ok(stories) => tracing::info!(stories, "finished conversations were dropped from the journal"),
            Err(error) => tracing::warn!(%error, "finished conversations could not be dropped from the journal"),
        }
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

fn read(version: u32, text: &str) -> Result<Record, String> {
    if version == RECORDS {
        return serde_json::from_str(text).map_err(|error| error.to_string());
    }
    let stored = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let record = upgrade(version, stored).ok_or_else(|| format!("its version {version} is unknown"))?;
    serde_json::from_value(record).map_err(|error| error.to_string())
}

/// What SQLite said, as the runtime acts on it. Whatever is not damage may go away, and nothing was left behind.
fn told(error: &rusqlite::Error) -> Error {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => ErrorKind::Corrupt,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, error.to_string())
}
