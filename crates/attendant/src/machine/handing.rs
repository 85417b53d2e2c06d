//! Handing over: the choices of a handoff, one after the other, each with a deadline.

use super::{Attempt, Conversation, Remark, State, Step, Timer, after, between};
use crate::journal::Record;
use crate::{Event, Handoff, HandoffFailure, UnixMillis};

impl Conversation {
    /// The words for the customer and the note for the person go out before the first choice is tried.
    pub(super) fn announce(&mut self, handoff: &Handoff, now: UnixMillis) {
        if let Some(words) = &handoff.words {
            self.utter(words, false, now);
        }
        if let Some(note) = &handoff.note {
            if self.limits.agent_only_messages {
                self.utter(note, true, now);
            } else {
                self.attach([(self.options.handoff.note_key.clone(), note.clone())].into(), now);
            }
        }
    }

    /// Tries the first choice.
    pub(super) fn hand_over(&mut self, handoff: Handoff, now: UnixMillis) {
        self.handoffs += 1;
        self.try_choice(handoff, 0, now);
    }

    fn try_choice(&mut self, handoff: Handoff, choice: usize, now: UnixMillis) {
        let Some(chosen) = handoff.choices.get(choice) else {
            self.enter(State::Active);
            self.events.push_back(Event::HandoffFailed(HandoffFailure::NoSuchTarget)); // a handoff without any choice
            return;
        };
        let within = chosen.deadline.unwrap_or(self.options.handoff.choice_within);
        let target = chosen.target.clone();
        let soon = self.options.handoff.not_again_within;
        let circle = self.gave_back.iter().any(|(place, at)| *place == target && between(*at, now) < soon);
        self.append(Record::Trying { choice }, now);
        self.enter(Attempt { handoff, choice, step: Step::Owed }.into_state());
        if circle {
            self.choice_failed(HandoffFailure::Refused("it gave the chat back".to_owned()), now);
            return;
        }
        self.last_target = Some(target);
        self.timers.set(Timer::Choice, after(now, within));
    }

    /// A choice did not work: the next one, or the bot hears of it.
    pub(super) fn choice_failed(&mut self, why: HandoffFailure, now: UnixMillis) {
        let (State::Transferring(attempt) | State::Inviting(attempt)) = &self.state else { return };
        let Attempt { handoff, choice, .. } = attempt.clone();
        let last = choice + 1 >= handoff.choices.len();
        self.timers.clear(Timer::Choice);
        self.append(Record::ChoiceFailed { choice, why: why.clone(), last }, now);
        self.remark(Remark::ChoiceFailed(why.clone()));
        if last {
            self.enter(State::Active);
            self.events.push_back(Event::HandoffFailed(why));
            self.look_at_people(now);
        } else {
            self.try_choice(handoff, choice + 1, now);
        }
    }
}

impl Handoff {
    /// Adds a note unless there is one.
    pub(crate) fn note_unless_set(mut self, note: String) -> Self {
        self.note.get_or_insert(note);
        self
    }
}
