//! What the platform tells: the interaction, the transcript, and when the customer's lines are a turn.

use std::sync::Arc;

use super::{Conversation, Lips, Outcome, State, StateKind, Step, Timer, after};
use crate::guard::Guard;
use crate::journal::{Closed, Record, TurnFailure};
use crate::{
    Entry, EntryKind, Event, HandoffFailure, Interaction, InteractionState, Next, Role, UnixMillis, Verdict, Visibility,
};

impl Conversation {
    pub(super) fn screened(&mut self, verdict: Result<Verdict, TurnFailure>, now: UnixMillis) -> Outcome {
        if self.state != State::Offered {
            return Outcome::Stale;
        }
        self.timers.clear(Timer::Screen);
        match verdict {
            Ok(Verdict::Accept) => self.accept(now),
            Ok(Verdict::Reject { reason }) => self.reject(&reason, now),
            Err(failure) => self.reject(&failure.to_string(), now),
        }
        Outcome::Done
    }

    pub(super) fn screen_ran_out(&mut self, now: UnixMillis) {
        if self.state == State::Offered {
            self.reject("the bot took too long to decide", now);
        }
    }

    fn accept(&mut self, now: UnixMillis) {
        self.append(Record::Accepting, now);
        self.enter(State::Accepting(Step::Owed));
        self.timers.set(Timer::Open, after(now, self.options.offers.open_within));
    }

    pub(super) fn reject(&mut self, reason: &str, now: UnixMillis) {
        self.append(Record::Rejecting { reason: reason.to_owned() }, now);
        self.enter(State::Rejecting(Step::Owed));
        self.timers.clear(Timer::Screen);
        self.timers.set(Timer::Open, after(now, self.options.offers.open_within));
    }

    /// The platform told about the interaction.
    pub(super) fn told(&mut self, interaction: &Interaction, now: UnixMillis) {
        let given_away = matches!(&self.state, State::Transferring(attempt) if attempt.step != Step::Owed);
        if given_away && interaction.state == InteractionState::LeftChat {
            // The customer has gone, before it was given away or after: whose the rest is, only a look can tell.
            self.look_again(now);
        } else {
            self.changed(interaction, now);
        }
    }

    /// The interaction is like this.
    pub(super) fn changed(&mut self, interaction: &Interaction, now: UnixMillis) {
        if *self.data != interaction.data {
            self.data = Arc::new(interaction.data.clone());
        }
        self.look_at_the_wait();
        for participant in &interaction.participants {
            self.came_in(participant);
        }
        match &interaction.state {
            InteractionState::Chatting => match self.state {
                State::Offered | State::Accepting(_) => self.live(now),
                _ => {}
            },
            InteractionState::LeftChat => match &self.state {
                State::Ending { disposition, .. } => {
                    let disposition = disposition.clone();
                    self.session_ended(disposition, now);
                }
                State::Offered
                | State::Accepting(_)
                | State::Active
                | State::Transferring(_)
                | State::Inviting(_)
                | State::CallingBack(..) => {
                    let disposition = self.disposition_of_a_lost_session();
                    self.call_the_search_off(HandoffFailure::CustomerLeft, now);
                    self.session_ended(disposition, now);
                }
                State::HumanPresent(_) | State::Leaving(..) => {
                    self.session_ended(String::new(), now); // the person sets it
                }
                _ => {}
            },
            InteractionState::Completed => {
                let guest = self.is_beside() && self.state == State::Active;
                self.close(if guest { Closed::HandedOver } else { self.state.end_if_gone() }, now);
            }
            InteractionState::Revoked => {
                let how = match self.state.kind() {
                    StateKind::Rejecting => Closed::Rejected,
                    _ => Closed::Revoked,
                };
                self.close(how, now);
            }
            InteractionState::JoinFailed => {
                if !matches!(self.state, State::JoinFailed(_)) {
                    self.drop_everything(now);
                    self.lips = Lips::Closed;
                    self.enter(State::JoinFailed(Step::Owed));
                    self.timers.set(Timer::Step, after(now, self.options.closing.step_within));
                }
            }
            InteractionState::Invited | InteractionState::Other(_) => {}
        }
        self.look_at_people(now);
    }

    /// The chat is open.
    pub(super) fn live(&mut self, now: UnixMillis) {
        self.timers.clear(Timer::Open);
        self.timers.clear(Timer::Screen);
        self.append(Record::Live, now);
        self.enter(State::Active);
        self.last_heard = now;
        let first = self.turns == 0 && !self.came_back;
        self.events.push_back(if first { Event::Started } else { Event::Returned });
        let mut customers = self.transcript.iter().rev().filter(|entry| entry.from.role == Role::Customer);
        if customers.next().is_some_and(|last| last.kind == EntryKind::Left) {
            self.timers.set(Timer::Rejoin, after(now, self.options.closing.rejoin_within));
        }
        if self.transcript.is_empty() {
            self.timers.set(Timer::History, after(now, self.options.listening.history_within));
        }
    }

    /// Entries of the transcript: sorts them in, drops what is known, and looks at the new ones by index.
    pub(super) fn heard(&mut self, entries: Vec<Entry>, now: UnixMillis) {
        let dedupe = self.guards.stands(Guard::Dedupe);
        let mut fresh = entries;
        if dedupe {
            fresh.retain(|entry| self.place_of(entry.index).is_err());
        }
        fresh.sort_by_key(|entry| entry.index);
        if dedupe {
            fresh.dedup_by_key(|entry| entry.index);
        }
        if fresh.is_empty() {
            return;
        }
        self.timers.clear(Timer::History);
        for entry in fresh {
            if let Err(place) = self.place_of(entry.index) {
                Arc::make_mut(&mut self.transcript).insert(place, entry.clone());
            }
            self.heard_one(&entry, now);
        }
        self.look_at_people(now);
        // A line before those that wait may be on its way: it is to be answered with them, not after them.
        let is_torn = !self.is_whole();
        if is_torn && self.state == State::Active && self.reading.is_none() && !self.unanswered.is_empty() {
            self.look_again(now);
        }
    }

    /// Whether no index is missing, from the first there can be: 0 or 1. Some platforms leave indexes out, so what a look did
    /// not show is not missed.
    fn is_whole(&mut self) -> bool {
        let Some(last) = self.transcript.last().map(|entry| entry.index) else { return true };
        while self.whole_to < last && self.place_of(self.whole_to + 1).is_ok() {
            self.whole_to += 1;
        }
        self.whole_to >= last
    }

    /// The platform has shown all there is.
    pub(super) fn is_whole_now(&mut self) {
        self.whole_to = self.transcript.last().map_or(self.whole_to, |entry| entry.index);
    }

    fn place_of(&self, index: u64) -> Result<usize, usize> {
        match self.transcript.last() {
            Some(last) if last.index < index => Err(self.transcript.len()),
            _ => self.transcript.binary_search_by_key(&index, |entry| entry.index),
        }
    }

    fn heard_one(&mut self, entry: &Entry, now: UnixMillis) {
        match (&entry.from.role, &entry.kind) {
            (Role::Me, EntryKind::Text(text)) => self.own_line(entry.index, text, entry.visibility, now),
            (Role::Customer, EntryKind::Text(text)) if entry.visibility == Visibility::All => {
                self.customer_spoke(entry.index, text, now);
            }
            (Role::Me, EntryKind::Joined) => self.joined_at = entry.index,
            (Role::Customer, EntryKind::Joined) => self.timers.clear(Timer::Rejoin),
            (Role::Customer, EntryKind::Left) => {
                self.timers.set(Timer::Rejoin, after(now, self.options.closing.rejoin_within));
            }
            (Role::Customer, EntryKind::TypingStarted) => self.customer_types(self.options.listening.typing, now),
            (Role::Customer, EntryKind::TypingStopped) => self.customer_types(self.options.listening.quiet, now),
            (Role::Agent | Role::Supervisor, EntryKind::Text(_)) if entry.visibility == Visibility::All => {
                self.person_spoke(entry, now);
            }
            (Role::Agent, EntryKind::Joined) => self.person_joined(entry),
            (Role::Agent | Role::Supervisor, EntryKind::Left) => self.person_left(entry),
            _ => {}
        }
    }

    fn customer_spoke(&mut self, index: u64, text: &str, now: UnixMillis) {
        self.last_heard = now;
        self.prompted = 0;
        self.timers.clear(Timer::Silence);
        self.timers.clear(Timer::Rejoin); // somebody who speaks is there
        if self.taken.contains(&index) && self.guards.stands(Guard::Dedupe) {
            return; // answered in an earlier life of this process
        }
        self.unanswered.insert(index, text.to_owned());
        self.burst_began.get_or_insert(now);
        self.end_burst_after(self.options.listening.quiet, now);
    }

    fn customer_types(&mut self, wait: std::time::Duration, now: UnixMillis) {
        self.last_heard = now;
        self.prompted = 0;
        self.timers.clear(Timer::Silence);
        if self.timers.has(Timer::Burst) {
            self.end_burst_after(wait, now);
        }
    }

    fn end_burst_after(&mut self, wait: std::time::Duration, now: UnixMillis) {
        let cap = after(self.burst_began.unwrap_or(now), self.options.listening.most);
        self.timers.set(Timer::Burst, after(now, wait).min(cap));
    }

    /// Lines that a person has answered, or that are too old, are no longer ours to answer.
    pub(super) fn consider_answered(&mut self, before: u64) {
        let later = self.unanswered.split_off(&before);
        let answered = std::mem::replace(&mut self.unanswered, later);
        self.taken.extend(answered.into_keys());
    }

    /// We spoke in this chat before, and no journal tells how it was: what the customer had said until then is answered, and
    /// nobody is greeted twice.
    pub(super) fn was_here_before(&mut self, index: u64) {
        self.consider_answered(index);
        self.came_back = true;
        for event in self.events.iter_mut().filter(|event| **event == Event::Started) {
            *event = Event::Returned;
        }
    }

    pub(super) fn customer_is_gone(&mut self, now: UnixMillis) {
        match self.state {
            State::HumanPresent(ref holder) => {
                let holder = holder.clone();
                self.append(Record::Leaving, now);
                self.enter(State::Leaving(holder, Step::Owed)); // the rest is the person's
            }
            State::Active if self.is_beside() => {
                self.drop_everything(now);
                self.session_ended(String::new(), now); // completing it is all that is left to a bot beside a person
            }
            State::Active | State::Inviting(_) | State::Transferring(_) | State::CallingBack(..) => {
                let disposition = self.disposition_of_a_lost_session();
                self.call_the_search_off(HandoffFailure::CustomerLeft, now);
                self.drop_everything(now);
                self.end(disposition, now);
            }
            _ => {}
        }
    }

    fn disposition_of_a_lost_session(&self) -> String {
        if self.is_beside() {
            return String::new(); // the person sets it
        }
        match (&self.decided, &self.state) {
            (Some(Next::Finish { disposition }), _) => disposition.clone(),
            (_, State::CallingBack(_, asking)) if asking.kept => self.options.call_back.disposition.clone(),
            _ => self.options.closing.left_disposition.clone(),
        }
    }

    /// Nothing more is said: the session is gone, or nobody is left to say it to.
    pub(super) fn drop_everything(&mut self, now: UnixMillis) {
        self.silence_the_bot("the session is over", now);
        self.events.clear();
        self.timers.clear(Timer::Open);
        self.timers.clear(Timer::Choice);
        self.timers.clear(Timer::Person);
        self.timers.clear(Timer::History);
        self.timers.clear(Timer::Burst);
    }
}
