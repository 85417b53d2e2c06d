//! What is in the tables, and how it is found. Nothing here begins or ends a transaction.

use attendant::journal::{Error, ErrorKind, Fence, Line, Record, StoryKey};
use attendant::{InteractionId, LoginId, UnixMillis};
use rusqlite::{CachedStatement, Connection, ErrorCode, OptionalExtension, Row, params};

use crate::schema::{RECORDS, upgrade};
use crate::tails::{LineId, StoryId, Tails};

/// A story as the file knows it.
#[derive(Debug)]
pub(crate) struct Stored {
    pub id: StoryId,
    pub key: StoryKey,
    pub closed: bool,
    /// Its last line, if that has been noted.
    pub tail: Option<LineId>,
}

/// Stories with the columns that [`stored`] reads.
macro_rules! select_stories {
    ($which:literal) => {
        concat!("SELECT id, interaction, began, closed_at IS NOT NULL, tail FROM stories ", $which)
    };
}

/// Fences off whoever has the login.
pub(crate) fn next_fence(connection: &Connection, login: &LoginId) -> rusqlite::Result<Fence> {
    let fence: i64 = connection
        .prepare_cached(
            "INSERT INTO logins (login, fence) VALUES (?1, 1)
             ON CONFLICT (login) DO UPDATE SET fence = fence + 1 RETURNING fence",
        )?
        .query_row([login.as_str()], |row| row.get(0))?;
    Ok(Fence(u64::try_from(fence).unwrap_or_default()))
}

/// The stories that are not closed, oldest first.
pub(crate) fn open_stories(connection: &Connection, login: &LoginId) -> rusqlite::Result<Vec<Stored>> {
    connection
        .prepare_cached(select_stories!("WHERE login = ?1 AND closed_at IS NULL ORDER BY began, id"))?
        .query_map([login.as_str()], stored)?
        .collect()
}

/// One story.
pub(crate) fn find(connection: &Connection, login: &LoginId, key: &StoryKey) -> rusqlite::Result<Option<Stored>> {
    connection
        .prepare_cached(select_stories!("WHERE login = ?1 AND interaction = ?2 AND began = ?3"))?
        .query_row(params![login.as_str(), key.interaction.as_str(), key.began.0], stored)
        .optional()
}

/// The latest story of an interaction.
pub(crate) fn latest(
    connection: &Connection,
    login: &LoginId,
    interaction: &InteractionId,
) -> rusqlite::Result<Option<Stored>> {
    connection
        .prepare_cached(select_stories!("WHERE login = ?1 AND interaction = ?2 ORDER BY began DESC LIMIT 1"))?
        .query_row([login.as_str(), interaction.as_str()], stored)
        .optional()
}

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let interaction: String = row.get(1)?;
    let key = StoryKey { interaction: InteractionId::from(interaction), began: UnixMillis(row.get(2)?) };
    Ok(Stored { id: row.get(0)?, key, closed: row.get(3)?, tail: row.get(4)? })
}

/// The row of a story's last line, and all its lines in order. They are read from the last to the first.
pub(crate) fn lines(connection: &Connection, tails: &Tails, story: &Stored) -> Result<(LineId, Vec<Line>), Error> {
    let interaction = &story.key.interaction;
    let broken = |what: String| Error::new(ErrorKind::Corrupt, format!("the story of {interaction} is broken: {what}"));
    let mut select = connection
        .prepare_cached("SELECT story, number, previous, at, version, record FROM lines WHERE id = ?1")
        .map_err(|error| told(&error))?;
    let mut lines: Vec<Line> = Vec::new();
    let tail = tails.last(story).ok_or_else(|| broken("it has no last line".to_owned()))?;
    let mut place = Some(tail);
    while let Some(id) = place {
        let (line, of, previous) = select
            .query_row([id], |row| {
                let (number, at, version): (i64, i64, u32) = (row.get(1)?, row.get(3)?, row.get(4)?);
                let record = read(version, row.get_ref(5)?.as_str()?);
                Ok(((number, at, record), row.get::<_, StoryId>(0)?, row.get(2)?))
            })
            .optional()
            .map_err(|error| told(&error))?
            .ok_or_else(|| broken(format!("row {id} is missing")))?;
        let (number, at, record) = line;
        let number = u64::try_from(number).unwrap_or_default();
        let in_turn = lines.last().is_none_or(|later| later.number == number + 1);
        if of != story.id || !in_turn || (number == 1) != Option::is_none(&previous) {
            return Err(broken(format!("line {number}, row {id}, does not belong there")));
        }
        let record = record.map_err(|why| broken(format!("line {number} cannot be read: {why}")))?;
        lines.push(Line { key: story.key.clone(), number, at: UnixMillis(at), record });
        place = previous;
    }
    lines.reverse();
    Ok((tail, lines))
}

/// Begins a story.
pub(crate) fn begin(connection: &Connection, login: &LoginId, key: &StoryKey) -> rusqlite::Result<StoryId> {
    connection.prepare_cached("INSERT INTO stories (login, interaction, began) VALUES (?1, ?2, ?3)")?.insert(params![
        login.as_str(),
        key.interaction.as_str(),
        key.began.0
    ])
}

/// Writes lines.
pub(crate) struct Pen<'c>(CachedStatement<'c>);

impl<'c> Pen<'c> {
    pub fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        connection.prepare_cached("INSERT INTO lines VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)").map(Self)
    }

    /// Writes one line to its place.
    pub fn write(
        &mut self,
        id: LineId,
        story: StoryId,
        previous: Option<LineId>,
        line: &Line,
        record: &str,
    ) -> rusqlite::Result<()> {
        let number = i64::try_from(line.number).unwrap_or(i64::MAX);
        self.0.execute(params![id, story, number, previous, line.at.0, RECORDS, record]).map(drop)
    }
}

/// Closes a story with its last line.
pub(crate) fn close(connection: &Connection, story: StoryId, at: UnixMillis, tail: LineId) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE stories SET closed_at = ?2, tail = ?3 WHERE id = ?1")?
        .execute(params![story, at.0, tail])
        .map(drop)
}

/// Drops stories that were closed before this time, at most so many, the oldest first. How many.
pub(crate) fn forget(connection: &Connection, closed_before: UnixMillis, most: usize) -> rusqlite::Result<usize> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let old: Vec<(StoryId, Option<LineId>)> = connection
        .prepare_cached("SELECT id, tail FROM stories WHERE closed_at < ?1 ORDER BY closed_at LIMIT ?2")?
        .query_map([closed_before.0, most], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut line = connection.prepare_cached("DELETE FROM lines WHERE id = ?1 RETURNING previous")?;
    let mut story = connection.prepare_cached("DELETE FROM stories WHERE id = ?1")?;
    for (id, tail) in &old {
        let mut place = *tail;
        while let Some(id) = place {
            place = line.query_row([id], |row| row.get(0)).optional()?.flatten();
        }
        story.execute([id])?;
    }
    Ok(old.len())
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
pub(crate) fn told(error: &rusqlite::Error) -> Error {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => ErrorKind::Corrupt,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, error.to_string())
}
