//! The timers of one conversation: data, not tasks. The host asks for the earliest, and says when it has run out.

use std::time::Duration;

use crate::UnixMillis;

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// The bot's decision on the offer.
    Screen,
    /// The accepted chat to open, the rejected one to go.
    Open,
    /// The history of an accepted chat.
    History,
    /// The end of a burst of lines.
    Burst,
    /// The bot's answer.
    Answer,
    /// The bot's answer, before the customer is told that it takes a moment.
    Patience,
    /// The end of typing.
    Pace,
    /// The own line in the transcript.
    Echo,
    /// The answer to an operation.
    Operation,
    /// The time to try an operation again.
    Again,
    /// The choice of a handoff to work, or the customer's number for a call-back.
    Choice,
    /// A choice of a handoff to work, before the customer is told that somebody is still looked for.
    Meanwhile,
    /// The person to say something, or to be done.
    Person,
    /// The next step of the end.
    Step,
    /// All after-call work to be done.
    AfterCall,
    /// The customer to come back.
    Rejoin,
    /// The customer to say something.
    Silence,
    /// The platform to be read.
    Read,
}

/// The running timers. At most a handful, so a sorted list does.
#[derive(Debug, Clone, Default)]
pub struct Timers(Vec<(UnixMillis, Timer)>);

impl Timers {
    /// Sets a timer, in place of an earlier one of its kind.
    pub fn set(&mut self, timer: Timer, at: UnixMillis) {
        self.clear(timer);
        let place = self.0.partition_point(|entry| *entry < (at, timer));
        self.0.insert(place, (at, timer));
    }

    /// Stops a timer.
    pub fn clear(&mut self, timer: Timer) {
        self.0.retain(|(_, other)| *other != timer);
    }

    /// Stops all.
    pub fn clear_all(&mut self) {
        self.0.clear();
    }

    /// Whether it runs.
    pub fn has(&self, timer: Timer) -> bool {
        self.at(timer).is_some()
    }

    /// When it runs out.
    pub fn at(&self, timer: Timer) -> Option<UnixMillis> {
        self.0.iter().find(|(_, other)| *other == timer).map(|(at, _)| *at)
    }

    /// The first one to run out.
    pub fn next(&self) -> Option<(UnixMillis, Timer)> {
        self.0.first().copied()
    }

    /// Takes a timer out if it has run out by now.
    pub fn take(&mut self, timer: Timer, now: UnixMillis) -> bool {
        let due = self.at(timer).is_some_and(|at| at <= now);
        if due {
            self.clear(timer);
        }
        due
    }
}

/// A moment later.
pub fn after(now: UnixMillis, wait: Duration) -> UnixMillis {
    UnixMillis(now.0.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)))
}

/// How long from one moment to another; nothing if it lies before.
pub fn between(earlier: UnixMillis, later: UnixMillis) -> Duration {
    Duration::from_millis(u64::try_from(later.0.saturating_sub(earlier.0)).unwrap_or(0))
}
