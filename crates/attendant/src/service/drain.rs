//! Stopping gently: no more offers; conversations end by themselves, are handed over, or are ended with words.

use std::time::Duration;

use super::run::Running;
use crate::machine::{Command, Input, after};
use crate::rules::names;
use crate::{InteractionId, UnixMillis};

/// How far the stop is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drain {
    /// Not asked for.
    No,
    /// Conversations may end by themselves.
    Finishing(UnixMillis),
    /// They are handed to the fallback.
    HandingOver(UnixMillis),
    /// They are ended with words.
    Ending(UnixMillis),
}

impl Drain {
    /// When the next stage begins.
    pub fn until(self) -> Option<UnixMillis> {
        match self {
            Self::No => None,
            Self::Finishing(at) | Self::HandingOver(at) | Self::Ending(at) => Some(at),
        }
    }
}

impl Running {
    pub(super) fn begin_to_drain(&mut self) {
        let within =
            if self.options.service.keep_on_stop { Duration::ZERO } else { self.options.service.finish_within };
        tracing::info!(agent.login = %self.login, chats = self.conversations.len(), "draining");
        self.drain = Drain::Finishing(after(self.clock.now(), within));
    }

    /// Moves the stop on when its time has come. True: nothing is left to wait for.
    pub(super) fn drained(&mut self) -> bool {
        let now = self.clock.now();
        let Some(until) = self.drain.until() else { return false };
        if self.conversations.is_empty() {
            return true;
        }
        if now < until {
            return false;
        }
        if self.options.service.keep_on_stop {
            return true;
        }
        let within = self.options.service.hand_over_within;
        let fallback = self.options.fallback();
        match (self.drain, fallback) {
            (Drain::Finishing(_), Some(handoff)) => {
                self.drain = Drain::HandingOver(after(now, within));
                let handoff = handoff.note_unless_set("The assistant had to stop.".to_owned()).because(names::DRAIN);
                self.command_all(&Command::HandOver(handoff));
            }
            (Drain::Finishing(_) | Drain::HandingOver(_), _) => {
                self.drain = Drain::Ending(after(now, self.options.closing.step_within));
                let words = self.options.service.stop_words.clone();
                self.command_all(&Command::End { words, disposition: "stopped".to_owned() });
            }
            (Drain::Ending(_), _) => return true,
            (Drain::No, _) => {}
        }
        self.conversations.is_empty()
    }

    fn command_all(&mut self, command: &Command) {
        let all: Vec<InteractionId> = self.conversations.keys().cloned().collect();
        for id in all {
            self.deliver(&id, Input::Command(command.clone()));
        }
    }
}
