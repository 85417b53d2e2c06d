//! The Journal port on SQLite: one file, one thread that writes, and one commit for all appends that came while the last
//! commit was under way.
//!
//! An append is durable when it returns, as [`Durability`] defines it. The file is held by one process at a time. A file that
//! is damaged, foreign, or written by a newer version is refused when it is opened, with what to do, and is not touched.

mod error;
mod index;
mod options;
mod rows;
mod schema;
mod tails;
mod writer;

use std::thread::JoinHandle;

use async_trait::async_trait;
use attendant::journal::{Error as JournalError, ErrorKind, Fence, Held, Line, StoryKey};
use attendant::{InteractionId, Journal, LoginId, UnixMillis};
use tokio::sync::{mpsc, oneshot};

pub use error::Error;
pub use options::{Durability, Options};
pub use writer::Counters;

use writer::{Command, Writer};

/// How many calls may wait for the writer. A call beyond that waits for a place: nothing is dropped or refused.
const QUEUE: usize = 4096;

/// A journal in an SQLite file. Cheap calls from any number of tasks; dropping it writes what is waiting and closes the file.
#[derive(Debug)]
pub struct SqliteJournal {
    commands: Option<mpsc::Sender<Command>>,
    writer: Option<JoinHandle<()>>,
}

impl SqliteJournal {
    /// Opens the file, or makes it. Checks that it is whole and ours before anything is written, which reads all of it: about
    /// three seconds a gigabyte that is in the page cache. Blocks on the disk.
    pub fn open(options: &Options) -> Result<Self, Error> {
        let connection = schema::open(options)?;
        let (commands, waiting) = mpsc::channel(QUEUE);
        let writer = Writer::new(connection, options).map_err(|error| schema::sqlite(&options.path, error))?;
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.run(waiting))
            .map_err(|error| Error::Thread { path: options.path.clone(), source: error })?;
        Ok(Self { commands: Some(commands), writer: Some(thread) })
    }

    /// Whether the file could be opened, or made where there is none. Changes nothing and leaves nothing behind, not even a
    /// new file. Blocks on the disk.
    pub fn check(options: &Options) -> Result<(), Error> {
        schema::check(options)
    }

    /// What has been written since the file was opened.
    pub async fn counters(&self) -> Result<Counters, JournalError> {
        self.call(Command::Counters).await
    }

    #[cfg(test)]
    async fn limit_pages(&self, most: Option<u32>) {
        self.call(|reply| Command::LimitPages { most, reply }).await.unwrap();
    }

    async fn call<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, JournalError> {
        let gone = || JournalError::new(ErrorKind::Unavailable, "the journal is closed");
        let (reply, answer) = oneshot::channel();
        let commands = self.commands.as_ref().ok_or_else(gone)?;
        commands.send(command(reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())
    }
}

impl Drop for SqliteJournal {
    fn drop(&mut self) {
        self.commands = None; // the writer ends when it has written what waits
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the journal's thread panicked");
        }
    }
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn take(&self, login: &LoginId) -> Result<Held, JournalError> {
        let login = login.clone();
        self.call(|reply| Command::Take { login, reply }).await?
    }

    async fn append(&self, login: &LoginId, fence: Fence, lines: Vec<Line>) -> Result<(), JournalError> {
        let login = login.clone();
        self.call(|reply| Command::Append { login, fence, lines, reply }).await?
    }

    async fn story(&self, login: &LoginId, key: &StoryKey) -> Result<Vec<Line>, JournalError> {
        let (login, key) = (login.clone(), key.clone());
        self.call(|reply| Command::Story { login, key, reply }).await?
    }

    async fn latest(&self, login: &LoginId, interaction: &InteractionId) -> Result<Vec<Line>, JournalError> {
        let (login, interaction) = (login.clone(), interaction.clone());
        self.call(|reply| Command::Latest { login, interaction, reply }).await?
    }

    async fn forget(&self, closed_before: UnixMillis) -> Result<u64, JournalError> {
        self.call(|reply| Command::Forget { closed_before, reply }).await?
    }
}

#[cfg(test)]
mod tests;
