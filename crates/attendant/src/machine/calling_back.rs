//! A call-back: the choice of a handoff that needs nobody. Asks for a number unless it is known, keeps it with the
//! interaction, says so, and ends the chat or goes on.

use super::{Asking, Conversation, State, Timer, after};
use crate::handoff::{fill, number_in};
use crate::journal::Record;
use crate::options::Afterwards;
use crate::{CallBack, Event, HandoffFailure, Target, UnixMillis};

impl Conversation {
    /// What the choice says, as far as it says anything.
    fn call_back(&self) -> Option<CallBack> {
        match &self.state.attempt()?.choice()?.target {
            Target::CallBack(call_back) => Some(call_back.clone()),
            _ => None,
        }
    }

    pub(super) fn go_on_calling_back(&mut self, now: UnixMillis) -> bool {
        let State::CallingBack(_, asking) = self.state else { return false };
        if !self.still_ours() {
            return false; // `look_at_people` takes it from here
        }
        if !self.outbox.is_empty() {
            return self.send(now);
        }
        if self.close_lips(now) {
            return true;
        }
        if !self.errands.is_empty() {
            return self.run_an_errand(now);
        }
        if asking.kept {
            return self.call_back_is_agreed(now);
        }
        let Some(call_back) = self.call_back() else { return false };
        if asking.asked == 0 {
            match call_back.number.clone().or_else(|| self.known_number()) {
                Some(number) => self.keep(&number, Vec::new(), "", now),
                None => self.ask_for_a_number(0, Vec::new(), now),
            }
            return true;
        }
        if self.unanswered.is_empty() || self.timers.has(Timer::Burst) {
            return false; // the customer's move, until the deadline of the choice
        }
        let lines = std::mem::take(&mut self.unanswered);
        self.burst_began = None;
        self.taken.extend(lines.keys());
        let indexes = lines.keys().copied().collect();
        let words = lines.into_values().collect::<Vec<_>>().join("\n");
        match number_in(&words) {
            Some(number) => self.keep(&number, indexes, &words, now),
            None if asking.asked < self.options.call_back.asks => self.ask_for_a_number(asking.asked, indexes, now),
            None => {
                self.append(Record::CallBack { asked: asking.asked, lines: indexes, number: None }, now);
                self.choice_failed(HandoffFailure::NoNumber, now);
            }
        }
        true
    }

    fn known_number(&self) -> Option<String> {
        let key = &self.options.call_back.known_key;
        if key.is_empty() { None } else { self.data.get(key).and_then(number_in) }
    }

    fn ask_for_a_number(&mut self, asked: u32, lines: Vec<u64>, now: UnixMillis) {
        let options = &self.options.call_back;
        let words = match (asked, self.call_back().and_then(|call_back| call_back.ask)) {
            (0, Some(own)) => own,
            (0, None) => options.ask.clone(),
            _ => options.ask_again.clone(),
        };
        let within = options.answer_within;
        let asked = asked + 1;
        self.append(Record::CallBack { asked, lines, number: None }, now);
        self.utter(&words, false, now);
        self.is_asking(Asking { asked, kept: false });
        let own = self.state.attempt().and_then(|attempt| attempt.choice()?.deadline);
        self.timers.set(Timer::Choice, after(now, own.unwrap_or(within)));
    }

    fn keep(&mut self, number: &str, lines: Vec<u64>, words: &str, now: UnixMillis) {
        let (thanks, asked) = match (&self.state, self.call_back().and_then(|call_back| call_back.thanks)) {
            (State::CallingBack(_, asking), thanks) => (thanks, asking.asked),
            _ => return,
        };
        let options = &self.options.call_back;
        let thanks = fill(thanks.as_ref().unwrap_or(&options.thanks), &[("number", Some(number))]);
        let mut pairs = std::collections::BTreeMap::from([(options.number_key.clone(), number.to_owned())]);
        if !words.is_empty() {
            pairs.insert(options.words_key.clone(), words.to_owned());
        }
        self.append(Record::CallBack { asked, lines, number: Some(number.to_owned()) }, now);
        self.attach(pairs, now);
        self.utter(&thanks, false, now);
        self.is_asking(Asking { asked, kept: true });
        self.timers.set(Timer::Choice, after(now, self.options.call_back.answer_within));
    }

    pub(super) fn is_asking(&mut self, how_far: Asking) {
        if let State::CallingBack(_, asking) = &mut self.state {
            *asking = how_far;
        }
    }

    /// The number is kept and the customer knows. What they have said meanwhile is for the bot to answer.
    fn call_back_is_agreed(&mut self, now: UnixMillis) -> bool {
        self.timers.clear(Timer::Choice);
        if self.options.call_back.then == Afterwards::Finish && self.unanswered.is_empty() {
            self.end(self.options.call_back.disposition.clone(), now);
        } else {
            self.append(Record::CallBackAgreed, now);
            self.enter(State::Active);
            self.events.push_back(Event::CallBackAgreed);
            self.look_at_people(now);
        }
        true
    }
}
