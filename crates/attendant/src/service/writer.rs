//! The journal writer of a login: gathers the lines of all its conversations while one append is on its way, and writes
//! them as the next.

use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::run::{Happened, Running};
use crate::guard::Guard;
use crate::journal::{Error, ErrorKind, Line};
use crate::probe::{Deed, Side};

/// Lines that wait, and the append that is on its way.
#[derive(Debug, Default)]
pub struct Writer {
    waiting: Vec<Line>,
    busy: bool,
    /// Appends that failed in a row.
    failures: u32,
}

impl Writer {
    pub fn push(&mut self, line: Line) {
        self.waiting.push(line);
    }

    /// Whether everything is written.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && !self.busy
    }

    pub fn is_healthy(&self) -> bool {
        self.failures == 0
    }
}

impl Running {
    /// Starts an append if lines wait and none is on its way.
    pub(super) fn write(&mut self) {
        if self.writer.busy || self.writer.waiting.is_empty() {
            return;
        }
        self.writer.busy = true;
        let lines = std::mem::take(&mut self.writer.waiting);
        self.append(lines, Duration::ZERO);
    }

    fn append(&mut self, lines: Vec<Line>, wait: Duration) {
        let (journal, login, fence) = (self.journal.clone(), self.login.clone(), self.hold.fence);
        let probe = self.probe.clone();
        let append: BoxFuture<'static, Happened> = Box::pin(async move {
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            probe.pass(Deed::Append, Side::Before).await;
            let asked = Instant::now();
            // The lines are needed afterwards: to say what is durable, or to try again.
            let result = journal.append(&login, fence, lines.clone()).await;
            probe.pass(Deed::Append, Side::After).await;
            Happened::Appended { lines, asked, result }
        });
        self.work.push(append);
    }

    /// An append has ended. What it wrote is durable, or it is tried again, or it is the end of this service.
    pub(super) fn appended(
        &mut self,
        lines: Vec<Line>,
        asked: Instant,
        result: Result<(), Error>,
    ) -> Result<(), Error> {
        match result {
            Ok(()) => {
                self.writer.busy = false;
                self.writer.failures = 0;
                self.hold.granted(asked);
                self.tell_what_is_durable(&lines);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::Fenced && !self.guards.stands(Guard::Fencing) => {
                self.writer.busy = false;
                self.tell_what_is_durable(&lines);
                Ok(())
            }
            Err(error) if error.is_retryable() => {
                self.writer.failures += 1;
                let wait = Duration::from_millis(100 << self.writer.failures.min(6));
                tracing::warn!(agent.login = %self.login, %error, "the journal cannot be written; nothing is sent");
                self.append(lines, wait);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}
