//! The file: how it is recognised, checked, made, and brought up to date.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use serde_json::Value;

use crate::{Durability, Error, Options};

/// Marks the file as ours: "Attd".
const APPLICATION_ID: i64 = 0x4174_7464;
/// The format that this version writes. Files of older formats are brought up to date by [`MIGRATIONS`].
pub(crate) const FORMAT: i64 = 2;
/// Pages of the write-ahead log, of 4 KiB, after which it is brought into the file. With SQLite's own
/// number it would happen every few dozen commits when much is going on.
const CHECKPOINT: i64 = 8_000;
/// Makes format `n + 1` of format `n`. Format 0 is an empty file.
const MIGRATIONS: [&str; 2] = [include_str!("format-1.sql"), include_str!("format-2.sql")];

/// The version of records that this version writes. Older ones are brought up to date as they are read.
pub(crate) const RECORDS: u32 = 1;
/// Makes version `n + 1` of a record of version `n`. The first one would be for records of version 1.
const UPGRADES: [Upgrade; 0] = [];

/// One step that brings a record up to date.
pub(crate) type Upgrade = fn(Value) -> Value;

/// Brings a stored record up to date.
pub(crate) fn upgrade(version: u32, record: Value) -> Option<Value> {
    upgrade_by(&UPGRADES, version, record)
}

fn upgrade_by(upgrades: &[Upgrade], version: u32, record: Value) -> Option<Value> {
    let done = usize::try_from(version).ok()?.checked_sub(1)?;
    Some(upgrades.get(done..)?.iter().fold(record, |record, step| step(record)))
}

/// Opens the file and takes it for this process. Nothing is written to a file that is not ours or not whole.
pub(crate) fn open(options: &Options) -> Result<Connection, Error> {
    connect(options, |connection| {
        let format = examine(connection, &options.path)?;
        prepare(connection, options, format)
    })
}

/// The same without making or changing anything: whether the file could be opened, or made where there is none.
pub(crate) fn check(options: &Options) -> Result<(), Error> {
    let path = &options.path;
    if path.exists() {
        return connect(options, |connection| examine(connection, path).map(drop)).map(drop);
    }
    let io = |source| Error::Io { path: path.clone(), source };
    std::fs::File::create_new(path).map_err(io)?;
    std::fs::remove_file(path).map_err(io)
}

fn connect(options: &Options, work: impl FnOnce(&mut Connection) -> Result<(), Failure>) -> Result<Connection, Error> {
    let path = &options.path;
    recognise(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(|error| sqlite(path, error))?;
    work(&mut connection).map_err(|failure| match failure {
        Failure::Sqlite(error) => sqlite(path, error),
        Failure::Told(error) => error,
    })?;
    Ok(connection)
}

enum Failure {
    Sqlite(rusqlite::Error),
    Told(Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Looks at the first bytes: SQLite itself would only say "not a database" much later, or make a database of an empty file
/// that it cannot write.
fn recognise(path: &Path) -> Result<(), Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let mut head = [0; 16];
    let mut file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io(error)),
    };
    let length = std::io::Read::read(&mut file, &mut head).map_err(io)?;
    if length == 0 || head == *b"SQLite format 3\0" { Ok(()) } else { Err(Error::Foreign { path: path.to_owned() }) }
}

/// Whether the file is whole and ours, or new. Its format.
fn examine(connection: &Connection, path: &Path) -> Result<i64, Failure> {
    let path = || path.to_owned();
    // Whoever has the file keeps it: waiting would not help.
    connection.busy_timeout(std::time::Duration::from_millis(50))?;
    // An exclusive lock is taken by the first read and kept until the file is closed; it also spares the shared-memory file.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (application != 0 || !is_empty(connection)?) {
        return Err(Failure::Told(Error::Foreign { path: path() }));
    }
    let format: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if format > FORMAT {
        return Err(Failure::Told(Error::TooNew { path: path(), found: format, known: FORMAT }));
    }
    let check: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if check != "ok" {
        return Err(Failure::Told(Error::Damaged { path: path(), what: check }));
    }
    Ok(format)
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

/// Brings the file up to date and makes it durable as wanted.
fn prepare(connection: &mut Connection, options: &Options, format: i64) -> Result<(), Failure> {
    if is_empty(connection)? {
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?; // only possible before the first table
    }
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    let synchronous = match options.durability {
        Durability::Always => "FULL",
        Durability::Interval => "NORMAL",
        Durability::Off => "OFF",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT)?;
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Exclusive)?;
    for (number, migration) in (1..).zip(MIGRATIONS) {
        if format < number {
            transaction.execute_batch(migration)?;
        }
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()?;
    Ok(())
}

/// What SQLite said while the file was opened, as it is told to people.
pub(crate) fn sqlite(path: &Path, error: rusqlite::Error) -> Error {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::InUse { path },
        Some(ErrorCode::NotADatabase) => Error::Foreign { path },
        Some(ErrorCode::DatabaseCorrupt) => Error::Damaged { path, what: error.to_string() },
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure,
        ) => Error::Unwritable { path, source: error },
        _ => Error::Sqlite { path, source: error },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_goes_through_every_upgrade_that_it_has_not_had() {
        let upgrades: [Upgrade; 2] = [|_| json!("second"), |record| json!([record, "third"])];
        assert_eq!(upgrade_by(&upgrades, 1, json!("first")), Some(json!(["second", "third"])));
        assert_eq!(upgrade_by(&upgrades, 2, json!("second")), Some(json!(["second", "third"])));
        assert_eq!(upgrade_by(&upgrades, 3, json!("third")), Some(json!("third")));
    }

    #[test]
    fn a_version_that_nobody_wrote_is_refused() {
        assert_eq!(upgrade(0, json!(1)), None);
        assert_eq!(upgrade(RECORDS + 1, json!(1)), None);
    }
}
