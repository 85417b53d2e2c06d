//! Waiting for a person together with the customer: what is said meanwhile, and what is known of the wait.

use std::time::Duration;

use super::{Attempt, Conversation, State, Timer, after};
use crate::{UnixMillis, Waiting};

/// Words of the meantime are never said more often than this.
const SELDOM: Duration = Duration::from_secs(1);

impl Conversation {
    /// Counts the time to the next words of the meantime, if this handoff has any and it is not counted already.
    pub(super) fn mind_the_meantime(&mut self, now: UnixMillis) {
        let every = match &self.state {
            State::Transferring(attempt) | State::Inviting(attempt) => self.meanwhile(attempt).map(|(_, every)| every),
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
        let Some((words, _)) = self.state.attempt().and_then(|attempt| self.meanwhile(attempt)) else { return };
        if self.outbox.is_empty() && self.still_ours() {
            let words = self.waiting.fill(words);
            self.utter(&words, false, now);
        }
    }

    /// The words of the meantime and how often they are said: the handoff's own, else those of the options. A bot beside a
    /// person has no voice.
    fn meanwhile<'a>(&'a self, attempt: &'a Attempt) -> Option<(&'a str, Duration)> {
        let own = attempt.handoff.meanwhile.as_ref().map(|own| (own.words.as_str(), own.every));
        let usual = (self.options.handoff.meanwhile.as_str(), self.options.handoff.meanwhile_every);
        own.or(Some(usual)).filter(|(words, _)| !words.is_empty() && !self.is_beside())
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
