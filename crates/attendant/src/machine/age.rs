//! The age policy: what waited for too long while nobody was there is not said or answered as if it were new.

use super::turns::Phase;
use super::{Conversation, Remark, State, Timer, between};
use crate::guard::Guard;
use crate::journal::{Record, TurnFailure};
use crate::{Event, UnixMillis, Visibility};

impl Conversation {
    /// Drops the customer's lines, the turn and the words that are too old. If nothing younger is there to answer, the
    /// customer hears that somebody is back.
    pub(super) fn drop_what_is_old(&mut self, now: UnixMillis) {
        if !self.guards.stands(Guard::Age) {
            return;
        }
        let dropped = [self.drop_the_old_turn(now), self.drop_old_words(now), self.drop_old_lines(now)];
        if !dropped.contains(&true) || self.state != State::Active {
            return;
        }
        if self.unanswered.is_empty() && self.turn.is_none() && self.outbox.is_empty() {
            let words = self.options.recovery.words.clone();
            self.utter(&words, false, now);
        }
    }

    fn is_old(&self, at: UnixMillis, now: UnixMillis) -> bool {
        between(at, now) > self.options.recovery.oldest_line
    }

    fn is_old_line(&self, index: u64, now: UnixMillis) -> bool {
        let place = self.transcript.binary_search_by_key(&index, |entry| entry.index);
        let entry = place.ok().and_then(|place| self.transcript.get(place));
        entry.and_then(|entry| entry.at).is_some_and(|at| self.is_old(at, now))
    }

    /// Lines that nobody has begun to answer.
    fn drop_old_lines(&mut self, now: UnixMillis) -> bool {
        let old: Vec<u64> = self.unanswered.keys().copied().filter(|index| self.is_old_line(*index, now)).collect();
        for index in &old {
            self.unanswered.remove(index);
            self.taken.insert(*index);
        }
        if self.unanswered.is_empty() {
            self.timers.clear(Timer::Burst);
            self.burst_began = None;
        }
        if !old.is_empty() {
            self.remark(Remark::OldLines { count: old.len() });
        }
        !old.is_empty()
    }

    /// A turn that was interrupted before it was through, and all of whose lines are old.
    fn drop_the_old_turn(&mut self, now: UnixMillis) -> bool {
        let old = self.turn.as_ref().is_some_and(|turn| {
            turn.phase == Phase::Interrupted
                && matches!(turn.event, Event::Said(_))
                && turn.lines.iter().all(|index| self.is_old_line(*index, now))
        });
        if !old {
            return false;
        }
        let count = self.turn.take().map_or(0, |turn| turn.lines.len());
        self.append(Record::TurnFailed { turn: self.turns, why: TurnFailure::TooLate }, now);
        self.remark(Remark::OldLines { count });
        true
    }

    /// Words that were meant to be said, and that the transcript does not show.
    fn drop_old_words(&mut self, now: UnixMillis) -> bool {
        let old = self.outbox.iter().filter(|outgoing| {
            outgoing.tries == 0 && outgoing.visibility == Visibility::All && self.is_old(outgoing.at, now)
        });
        let old: Vec<u64> = old.map(|outgoing| outgoing.number).collect();
        if old.is_empty() {
            return false;
        }
        self.outbox.retain(|outgoing| !old.contains(&outgoing.number));
        self.append(Record::Withdrawn { messages: old, why: "too old to be said as new".to_owned() }, now);
        true
    }
}
