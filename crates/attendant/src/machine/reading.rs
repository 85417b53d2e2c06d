//! Reading the platform again: after a gap, after a restart, and whenever the outcome of an operation is not known. Nothing
//! is performed meanwhile; then what is there is compared with what was meant.

use super::sending::{Outgoing, Status};
use super::{
    Conversation, Effect, Finishing, Lips, Outcome, Picture, Remark, State, Step, Ticket, Timer, after, between,
};
use crate::journal::{Closed, Record};
use crate::{HandoffFailure, Interaction, InteractionState, UnixMillis};

/// A look at the platform that is going on.
#[derive(Debug)]
pub struct Reading {
    ticket: Ticket,
    since: UnixMillis,
    /// When this try began.
    asked: UnixMillis,
    /// How often it was tried in vain.
    tries: u32,
    /// Lines may have waited while nobody was there: the age policy counts.
    after_a_gap: bool,
}

impl Conversation {
    /// Looks at the platform because something is not known.
    pub(super) fn look_again(&mut self, now: UnixMillis) {
        self.start_reading(now, false);
    }

    /// Looks at the platform, from now on; an earlier look does not count any more.
    pub(super) fn start_reading(&mut self, now: UnixMillis, after_a_gap: bool) {
        let since = self.reading.as_ref().map_or(now, |reading| reading.since);
        let after_a_gap = after_a_gap || self.reading.as_ref().is_some_and(|reading| reading.after_a_gap);
        self.tickets += 1;
        self.reading = Some(Reading { ticket: self.tickets, since, asked: now, tries: 0, after_a_gap });
        self.timers.clear(Timer::Echo);
        self.ask(now);
    }

    fn ask(&mut self, now: UnixMillis) {
        if let Some(reading) = &mut self.reading {
            reading.asked = now;
            self.effects.push(Effect::Read { ticket: reading.ticket });
            self.timers.set(Timer::Read, after(now, self.options.sending.perform_within));
        }
    }

    /// No answer, or time to try again.
    pub(super) fn read_ran_out(&mut self, now: UnixMillis) {
        let give_up = self.options.recovery.give_up_after;
        let Some(reading) = &mut self.reading else { return };
        if between(reading.since, now) >= give_up {
            self.close(Closed::GivenUp, now);
            return;
        }
        self.tickets += 1;
        reading.ticket = self.tickets;
        self.ask(now);
    }

    pub(super) fn read(&mut self, ticket: Ticket, picture: Picture, now: UnixMillis) -> Outcome {
        let again = self.options.sending.again_after;
        let Some(reading) = self.reading.as_mut().filter(|reading| reading.ticket == ticket) else {
            return Outcome::Stale;
        };
        match picture {
            Picture::Failed(error) => {
                reading.tries += 1;
                let wait = error.retry_after().unwrap_or(again * (1 << reading.tries.min(5)));
                self.timers.set(Timer::Read, after(now, wait));
            }
            Picture::Gone => self.close(self.gone(), now),
            Picture::Found { interaction, transcript } => {
                let (after_a_gap, since, asked) = (reading.after_a_gap, reading.since, reading.asked);
                self.heard(transcript, now);
                self.is_whole_now();
                self.only_these_are_in(&interaction.participants, since);
                if self.is_too_early(asked) {
                    self.changed(&interaction, now); // perhaps it shows what is waited for
                    if self.is_too_early(asked) {
                        self.read_once_more(now);
                        return Outcome::Done;
                    }
                }
                if !matches!(self.state, State::Closed(_)) {
                    self.found(&interaction, after_a_gap, now);
                }
            }
        }
        Outcome::Done
    }

    /// Whether an operation that has left may show its effect after this look, which began then: one that is on its way, or
    /// was until a moment ago. What a look does not show counts as not done only if it began later than that.
    fn is_too_early(&mut self, asked: UnixMillis) -> bool {
        (self.is_doing_what_shows() || asked < self.shows_from) && self.waits_for_an_effect()
    }

    /// Whether the platform is yet to show what became of an operation.
    fn waits_for_an_effect(&mut self) -> bool {
        let sent = |front: &Outgoing| matches!(front.status, Status::Performing | Status::Sent | Status::Unknown);
        if self.outbox.front().is_some_and(sent) {
            return true;
        }
        match &mut self.state {
            State::Closed(_) => false,
            State::Transferring(attempt) => attempt.step != Step::Owed,
            State::Inviting(attempt) => matches!(attempt.step, Step::Unsure | Step::Doubtful(_)),
            State::Ended { step, .. } => *step == Finishing::Waiting,
            state => state.step_mut().is_some_and(|step| *step == Step::Waiting),
        }
    }

    fn read_once_more(&mut self, now: UnixMillis) {
        let again = self.options.sending.again_after;
        let Some(reading) = &mut self.reading else { return };
        reading.tries += 1;
        let wait = after(now, again * (1 << reading.tries.min(5)));
        let at = if self.doing.is_some() { wait } else { self.shows_from.max(now) };
        self.timers.set(Timer::Read, at);
    }

    fn gone(&self) -> Closed {
        match self.state.end_if_gone() {
            Closed::Taken => Closed::Gone,
            how => how,
        }
    }

    /// The transcript has been taken in; what it means for what was meant.
    fn found(&mut self, interaction: &Interaction, after_a_gap: bool, now: UnixMillis) {
        if after_a_gap {
            self.look_at_the_lips();
        }
        self.reading = None;
        self.timers.clear(Timer::Read);
        self.timers.clear(Timer::Again);
        if interaction.state == InteractionState::Invited && self.turns > 0 {
            self.came_back(now);
            return;
        }
        self.settle_sends(now);
        if after_a_gap {
            self.drop_what_is_old(now);
        }
        self.changed(interaction, now);
        self.settle_step(interaction, now);
        self.look_at_people(now);
    }

    /// It is offered to us again although the story is not over: take it up where it was.
    fn came_back(&mut self, now: UnixMillis) {
        self.drop_everything(now);
        self.lips = Lips::Closed;
        self.append(Record::Accepting, now);
        self.enter(State::Accepting(Step::Owed));
        self.timers.set(Timer::Open, after(now, self.options.offers.open_within));
    }

    /// The platform does not show the effect of the state's operation.
    fn settle_step(&mut self, interaction: &Interaction, now: UnixMillis) {
        let chatting = interaction.state == InteractionState::Chatting;
        match &mut self.state {
            State::Transferring(attempt) | State::Inviting(attempt) => {
                match attempt.step.clone() {
                    Step::Doubtful(why) => self.choice_failed(why, now),
                    Step::Unsure => {
                        attempt.step = Step::Owed;
                        self.tries += 1;
                        if self.tries >= self.options.sending.tries {
                            self.choice_failed(HandoffFailure::TimedOut, now);
                        }
                    }
                    Step::Owed | Step::Waiting => {} // until its deadline
                }
                return;
            }
            State::Ending { .. } | State::Leaving(..) if !chatting => return,
            State::Ended { step, .. } => match step {
                Finishing::Waiting => *step = Finishing::Complete,
                Finishing::Complete | Finishing::Disposition => return,
            },
            state => match state.step_mut() {
                Some(step) if *step == Step::Waiting => *step = Step::Owed,
                _ => return,
            },
        }
        // It will be performed again; but not for ever.
        self.tries += 1;
        if self.tries >= self.options.sending.tries {
            self.remark(Remark::LeftOut { operation: "step" });
            self.step_is_hopeless(now);
        }
    }
}
