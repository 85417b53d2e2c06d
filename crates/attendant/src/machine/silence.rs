//! A customer who says nothing: the bot is woken, the customer is nudged, then warned, and the chat is closed.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Conversation, Timer, after, between};
use crate::journal::Record;
use crate::{Event, Next, UnixMillis};

impl Conversation {
    /// While the bot listens and nothing is going on, the customer's silence is timed; else it is not.
    pub(super) fn mind_the_silence(&mut self, now: UnixMillis) {
        if !self.is_listening() || self.is_beside() {
            self.timers.clear(Timer::Silence);
        } else if !self.timers.has(Timer::Silence) && !self.timers.has(Timer::Rejoin) {
            self.timers.set(Timer::Silence, self.next_move_in_silence(now));
        }
    }

    fn next_move_in_silence(&self, now: UnixMillis) -> UnixMillis {
        let silence = &self.options.silence;
        if let Some(wait) = self.wake_after {
            return after(now, wait);
        }
        // What is overdue, for the chat was busy meanwhile, leaves the customer some time all the same.
        let due = |wait: Duration| {
            let at = after(self.last_heard, wait);
            if at > now { at } else { after(now, wait.min(silence.wake_after)) }
        };
        let mut next = due(silence.close_after);
        if let Some((wait, _)) = self.next_prompt() {
            next = next.min(due(wait));
        }
        if silence.wake {
            next = next.min(after(now, silence.wake_after));
        }
        next
    }

    pub(super) fn silence_ran_out(&mut self, now: UnixMillis) {
        let silent = between(self.last_heard, now);
        let silence = &self.options.silence;
        // Who waits for a person may be silent.
        if self.wake_after.is_some() {
            self.events.push_back(Event::Silent(silent));
        } else if silent >= silence.close_after {
            let (words, next) = (silence.words.clone(), Next::finish(silence.disposition.clone()));
            self.utter(&words, false, now);
            // What was told to the customer is kept, whatever happens to this process.
            self.append(Record::TurnEnded { turn: self.turns, next: next.clone(), memory: BTreeMap::new() }, now);
            self.decided = Some(next);
        } else if let Some((_, words)) = self.next_prompt().filter(|(wait, _)| silent >= *wait) {
            let words = words.to_owned();
            self.prompted += 1;
            self.utter(&words, false, now);
        } else if silence.wake {
            self.events.push_back(Event::Silent(silent));
        }
    }

    /// The nudge, then the warning; those that have words, and have not been said in this silence.
    fn next_prompt(&self) -> Option<(Duration, &str)> {
        let silence = &self.options.silence;
        let prompts = [(silence.nudge_after, &silence.nudge), (silence.warn_after, &silence.warning)];
        let mut worded = prompts.into_iter().filter(|(_, words)| !words.trim().is_empty());
        worded.nth(self.prompted).map(|(wait, words)| (wait, words.as_str()))
    }
}
