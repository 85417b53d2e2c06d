//! Why a journal cannot be opened: what, where, and what to do.

use std::path::PathBuf;

/// Why a journal cannot be opened. The file has not been changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    #[error("the journal {path} cannot be read; see that this program may read and write it, and its folder")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file cannot be written.
    #[error(
        "the journal {path} cannot be written; see that its folder exists, that this program may write there, and that the disk has room"
    )]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// SQLite refused.
    #[error("the journal {path} cannot be used")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// Another process has it.
    #[error("the journal {path} is in use by another process; stop that one, or give each process a file of its own")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It is not a journal.
    #[error("{path} is not a journal of this program; name another file")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It is damaged.
    #[error(
        "the journal {path} is damaged ({what}); move it away and keep it, its committed lines can be read with `sqlite3 .recover`"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the check found first.
        what: String,
    },
    /// A newer version wrote it.
    #[error(
        "the journal {path} was written by a newer version (format {found}, this one knows up to {known}); use that version"
    )]
    TooNew {
        /// The file.
        path: PathBuf,
        /// The format of the file.
        found: i64,
        /// The newest format that this version knows.
        known: i64,
    },
    /// The writer's thread could not be started.
    #[error("the journal {path} has no thread to write it")]
    Thread {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
