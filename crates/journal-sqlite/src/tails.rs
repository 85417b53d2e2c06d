//! The last line of each story, as a row of the table of lines. Noting it in the file with every append would touch a row for
//! each story again, so open stories are noted from time to time; what was written since then is read when the file is
//! opened.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use crate::rows::Stored;

/// So many lines may be written before the tails are noted. When the file is opened, no more than that and one commit are
/// read.
const NOTE_EVERY: i64 = 10_000;

/// A row of the table of lines.
pub(crate) type LineId = i64;
/// A row of the table of stories.
pub(crate) type StoryId = i64;

/// Where the next line goes, and the tails that the file does not know yet.
#[derive(Debug)]
pub(crate) struct Tails {
    next: LineId,
    /// The file knows the tails up to this line.
    noted: LineId,
    unnoted: HashMap<StoryId, LineId>,
    /// What the batch has written, oldest first.
    batch: Vec<(StoryId, LineId)>,
}

impl Tails {
    /// Reads what was written since the tails were noted, and notes it.
    pub fn open(connection: &Connection) -> rusqlite::Result<Self> {
        let transaction = connection.unchecked_transaction()?;
        let noted: LineId = transaction.query_row("SELECT noted FROM tails", [], |row| row.get(0))?;
        transaction.execute(
            "UPDATE stories SET tail = latest.id
             FROM (SELECT story, max(id) AS id FROM lines WHERE id > ?1 GROUP BY story) AS latest
             WHERE stories.id = latest.story",
            [noted],
        )?;
        let noted = transaction.query_row(
            "UPDATE tails SET noted = max(noted, (SELECT coalesce(max(id), 0) FROM lines)) RETURNING noted",
            [],
            |row| row.get(0),
        )?;
        transaction.commit()?;
        Ok(Self { next: noted + 1, noted, unnoted: HashMap::new(), batch: Vec::new() })
    }

    /// The last line of a story.
    pub fn last(&self, story: &Stored) -> Option<LineId> {
        self.unnoted.get(&story.id).copied().or(story.tail)
    }

    /// A place for the next line of a story.
    pub fn place(&mut self, story: StoryId) -> LineId {
        let place = self.next;
        self.next += 1;
        self.batch.push((story, place));
        place
    }

    /// At the beginning of a batch: notes the tails if that is due.
    pub fn note(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if !self.is_due() {
            return Ok(());
        }
        let mut note = connection.prepare_cached("UPDATE stories SET tail = ?2 WHERE id = ?1")?;
        for (story, tail) in &self.unnoted {
            note.execute(params![story, tail])?;
        }
        connection.prepare_cached("UPDATE tails SET noted = ?1")?.execute([self.before_batch()])?;
        Ok(())
    }

    /// The batch is durable.
    pub fn keep(&mut self) {
        if self.is_due() {
            self.unnoted.clear();
            self.noted = self.before_batch();
        }
        self.unnoted.extend(self.batch.drain(..));
    }

    /// The batch is not there. Its places stay empty.
    pub fn undo(&mut self) {
        self.batch.clear();
    }

    /// The last line before the batch.
    fn before_batch(&self) -> LineId {
        self.batch.first().map_or(self.next, |(_, first)| *first) - 1
    }

    /// Whether so much was written before the batch that the batch notes its tails.
    fn is_due(&self) -> bool {
        self.before_batch() - self.noted >= NOTE_EVERY
    }
}
