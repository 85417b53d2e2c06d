//! Waiting for a person together with the customer: what is said meanwhile, and what is known of the wait.

use std::time::Duration;

use super::{Conversation, State, Timer, after};
use crate::{UnixMillis, Waiting};

/// Words of the meantime are never said more often than this.
const SELDOM: Duration = Duration::from_secs(1);

impl Conversation {
    /// Counts the time to the next words of the meantime, if this handoff has any and it is not counted already.
    pub(super) fn mind_the_meantime(&mut self, now: UnixMillis) {
        let every = match &self.state {
            State::Transferring(attempt) | State::Inviting(attempt) => {
                attempt.handoff.meanwhile.as_ref().map(|meanwhile| meanwhile.every)
            }
            _ => None,
        };
        match every {
            Some(every) if !self.timers.has(Timer::Meanwhile) => {
                self.timers.set(Timer::Meanwhile, after(now, every.max(SELDOM)));
            }
            Some(_) => {}
            None => self.timers.clear(Timer::Meanwhile),
        }
    }

    /// Tells the customer that somebody is still looked for.
    pub(super) fn meanwhile_ran_out(&mut self, now: UnixMillis) {
        let Some(meanwhile) = self.state.attempt().and_then(|attempt| attempt.handoff.meanwhile.as_ref()) else {
            return;
        };
        if self.outbox.is_empty() && self.still_ours() {
            let words = self.waiting.fill(&meanwhile.words);
            self.utter(&words, false, now);
        }
    }

    /// Whether nobody else holds the conversation.
    pub(super) fn still_ours(&self) -> bool {
        self.holder().is_none()
    }

    /// What routing has written into the attached data about the wait.
    pub(super) fn look_at_the_wait(&mut self) {
        let options = &self.options.handoff;
        let number = |key: &str| (!key.is_empty()).then(|| self.data.get(key)?.trim().parse::<u32>().ok()).flatten();
        let (place, wait) = (number(&options.place_key), number(&options.wait_key));
        if place.is_some() || wait.is_some() {
            self.waiting = Waiting { place, wait: wait.map(|seconds| Duration::from_secs(seconds.into())) };
        }
    }
}
