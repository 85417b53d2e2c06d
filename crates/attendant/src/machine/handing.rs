//! Handing over: the choices of a handoff, one after the other, each with a deadline.

use super::{Attempt, Conversation, Remark, State, Step, Timer, after, between};
use crate::journal::Record;
use crate::{Event, Handoff, HandoffFailure, Target, UnixMillis, Visibility, note, rules};

impl Conversation {
    /// The words for the customer and the note for the person go out before the first choice is tried.
    pub(super) fn announce(&mut self, handoff: &Handoff, now: UnixMillis) {
        let note = self.note_of(handoff);
        if let Some(words) = &handoff.words {
            let words = self.waiting.fill(words);
            self.utter(&words, false, now);
        }
        if let Some(note) = note {
            if self.limits.agent_only_messages {
                self.utter(&note, true, now);
            } else {
                self.attach([(self.options.handoff.note_key.clone(), note)].into(), now);
            }
        }
    }

    fn note_of(&self, handoff: &Handoff) -> Option<String> {
        let confidences = self.memory.get(rules::CONFIDENCE).map_or_else(Vec::new, rules::confidences);
        let on_the_way = self.outbox.iter().filter(|outgoing| outgoing.visibility == Visibility::All);
        let heard = note::Heard {
            transcript: &self.transcript,
            on_the_way: on_the_way.map(|outgoing| outgoing.text.as_str()).collect(),
            data: &self.data,
            confidences: &confidences,
        };
        note::write(handoff, &self.options.note, &heard)
    }

    /// Tries the first choice.
    pub(super) fn hand_over(&mut self, handoff: Handoff, now: UnixMillis) {
        self.handoffs += 1;
        if handoff.choices.iter().any(|choice| !matches!(choice.target, Target::CallBack(_))) {
            self.leave_a_trail(now);
        }
        self.try_choice(handoff, 0, now);
    }

    fn try_choice(&mut self, handoff: Handoff, choice: usize, now: UnixMillis) {
        let Some(chosen) = handoff.choices.get(choice) else {
            self.enter(State::Active);
            self.events.push_back(Event::HandoffFailed(HandoffFailure::NoSuchTarget)); // a handoff without any choice
            return;
        };
        let target = chosen.target.clone();
        let within = chosen.deadline.unwrap_or(self.usual_deadline(&target));
        let soon = self.options.handoff.not_again_within;
        let circle = self.gave_back.iter().any(|(place, at)| *place == target && between(*at, now) < soon)
            || self.goes_to_and_fro(&target, handoff.must);
        self.append(Record::Trying { choice }, now);
        self.enter(Attempt { handoff, choice, step: Step::Owed }.into_state());
        if circle {
            self.choice_failed(HandoffFailure::Circles, now);
            return;
        }
        if !matches!(target, Target::CallBack(_)) {
            self.last_target = Some(target);
        }
        self.timers.set(Timer::Choice, after(now, within));
    }

    pub(super) fn usual_deadline(&self, target: &Target) -> std::time::Duration {
        match target {
            Target::CallBack(_) => self.options.call_back.answer_within,
            _ => self.options.handoff.choice_within,
        }
    }

    /// A choice did not work: the next one, or the bot hears of it.
    pub(super) fn choice_failed(&mut self, why: HandoffFailure, now: UnixMillis) {
        let Some(attempt) = self.state.attempt().cloned() else { return };
        let last = attempt.choice + 1 >= attempt.handoff.choices.len();
        self.note_the_failure(why.clone(), last, now);
        self.withdraw_unsent("nobody is looked for there any more", now);
        if last {
            self.enter(State::Active);
            self.events.push_back(Event::HandoffFailed(why));
            self.look_at_people(now);
        } else {
            self.try_choice(attempt.handoff, attempt.choice + 1, now);
        }
    }

    fn note_the_failure(&mut self, why: HandoffFailure, last: bool, now: UnixMillis) {
        let Some(choice) = self.state.attempt().map(|attempt| attempt.choice) else { return };
        self.timers.clear(Timer::Choice);
        self.append(Record::ChoiceFailed { choice, why: why.clone(), last }, now);
        self.remark(Remark::ChoiceFailed(why));
    }

    /// The search for somebody is off; the conversation is the bot's again for as long as the next step takes.
    pub(super) fn call_the_search_off(&mut self, why: HandoffFailure, now: UnixMillis) {
        if self.state.attempt().is_some() {
            self.note_the_failure(why, true, now);
            self.enter(State::Active);
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
