//! Operations: one at a time, each with a deadline, and what their outcomes mean.

use std::time::Duration;

use super::{Conversation, Effect, Finishing, Lips, Outcome, Remark, State, Step, Ticket, Timer, after};
use crate::journal::{Closed, Record};
use crate::{HandoffFailure, Operation, PlatformError, PlatformErrorKind as Kind, Receipt, UnixMillis, Visibility};

/// The operation that is being performed.
#[derive(Debug, Clone, Copy)]
pub struct Doing {
    ticket: Ticket,
    task: Task,
}

/// What it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// The operation that the state is about.
    Step,
    /// Send this message.
    Say(u64, Visibility),
    /// Typing start or stop.
    Typing,
    /// Attach the oldest errand.
    Attach,
    /// Set the disposition.
    Disposition,
}

impl Task {
    /// Whether its effect is waited for.
    fn shows(self) -> bool {
        matches!(self, Self::Step | Self::Say(..))
    }
}

impl Conversation {
    pub(super) fn perform(&mut self, task: Task, operation: Operation, now: UnixMillis) {
        self.tickets += 1;
        self.early_failure = None;
        self.doing = Some(Doing { ticket: self.tickets, task });
        self.timers.set(Timer::Operation, after(now, self.options.sending.perform_within));
        self.effects.push(Effect::Perform { ticket: self.tickets, operation });
    }

    pub(super) fn performed(
        &mut self,
        ticket: Ticket,
        result: Result<Receipt, PlatformError>,
        now: UnixMillis,
    ) -> Outcome {
        let Some(doing) = self.doing.take_if(|doing| doing.ticket == ticket) else {
            return Outcome::Stale; // its deadline was faster
        };
        self.timers.clear(Timer::Operation);
        match result {
            Ok(receipt) => {
                self.may_show_later(doing.task, now);
                self.took(doing.task, receipt, now);
            }
            Err(error) => {
                if matches!(error.kind(), Kind::Unknown | Kind::Protocol) {
                    self.may_show_later(doing.task, now);
                }
                self.refused(doing.task, &error, now);
            }
        }
        Outcome::Done
    }

    /// What the platform has taken, or perhaps taken, need not show at once.
    fn may_show_later(&mut self, task: Task, now: UnixMillis) {
        if task.shows() {
            self.shows_from = after(now, self.options.sending.settle_within);
        }
    }

    /// Whether something is on its way that a look at the platform is to show.
    pub(super) fn is_doing_what_shows(&self) -> bool {
        self.doing.is_some_and(|doing| doing.task.shows())
    }

    pub(super) fn operation_ran_out(&mut self, now: UnixMillis) {
        if let Some(doing) = self.doing.take() {
            self.may_show_later(doing.task, now);
            self.refused(doing.task, &PlatformError::new(Kind::Unknown, "no answer in time"), now);
        }
    }

    /// A failure of something that was taken. With a reference it must be that of the step or the last message, whose receipt may
    /// still be on its way; without, it is if that one's effect is still waited for.
    pub(super) fn failed_later(&mut self, reference: Option<i64>, error: &PlatformError, now: UnixMillis) -> Outcome {
        let can_be = |known: Option<i64>| reference.is_none() || reference == known;
        let about_the_step = self.state.step_mut().is_some_and(|step| *step == Step::Waiting);
        if about_the_step && self.doing.is_none_or(|doing| doing.task != Task::Step) && can_be(self.step_reference) {
            self.refused(Task::Step, error, now);
        } else if let Some(message) = self.sent_message().filter(|_| can_be(self.say_reference)) {
            self.say_was_refused(message, error, now);
        } else if let Some(number) = reference.filter(|_| self.doing.is_some()) {
            self.early_failure = Some((number, error.clone())); // the receipt tells whose it is
        } else {
            return Outcome::Stale;
        }
        Outcome::Done
    }

    fn took(&mut self, task: Task, receipt: Receipt, now: UnixMillis) {
        if let Some((number, error)) = self.early_failure.take()
            && receipt.reference == Some(number)
        {
            return self.refused(task, &error, now);
        }
        match task {
            Task::Say(message, visibility) => {
                self.say_reference = receipt.reference;
                self.say_was_taken(message, visibility, now);
            }
            Task::Step => self.step_reference = receipt.reference,
            Task::Typing => {}
            Task::Attach => self.errand_done(now),
            Task::Disposition => self.disposition_done(),
        }
    }

    fn refused(&mut self, task: Task, error: &PlatformError, now: UnixMillis) {
        match task {
            Task::Say(message, _) => self.say_was_refused(message, error, now),
            Task::Typing => {} // no harm done; the message says the same
            Task::Attach => {
                if !self.write_again(error, now) {
                    self.remark(Remark::LeftOut { operation: "attach" });
                    self.errand_done(now);
                }
            }
            Task::Disposition => {
                if !self.write_again(error, now) {
                    self.remark(Remark::LeftOut { operation: "disposition" });
                    self.disposition_done();
                }
            }
            Task::Step => self.step_was_refused(error, now),
        }
    }

    /// Waits before the next try if the error is one that passes. False: it is not, or it has not passed for too long.
    pub(super) fn try_again(&mut self, error: &PlatformError, now: UnixMillis) -> bool {
        self.wait_again(error.is_retryable(), error, now)
    }

    /// The same for what may be done twice without harm: data that is written once more is the same data.
    fn write_again(&mut self, error: &PlatformError, now: UnixMillis) -> bool {
        self.wait_again(error.is_retryable() || error.kind() == Kind::Unknown, error, now)
    }

    fn wait_again(&mut self, it_passes: bool, error: &PlatformError, now: UnixMillis) -> bool {
        if !it_passes || self.tries >= self.options.sending.tries * 4 {
            return false;
        }
        self.tries += 1;
        let longer = 1_u32 << (self.tries - 1).min(4);
        let wait = error.retry_after().unwrap_or(self.options.sending.again_after * longer);
        self.timers.set(Timer::Again, after(now, wait.clamp(Duration::from_millis(1), Duration::from_secs(60))));
        true
    }

    fn errand_done(&mut self, now: UnixMillis) {
        self.tries = 0;
        self.errands.pop_front();
        self.append(Record::Attached, now);
    }

    fn disposition_done(&mut self) {
        self.tries = 0;
        if let State::Ended { step, .. } = &mut self.state {
            *step = Finishing::Complete;
        }
    }

    /// Attaches the oldest errand, if there is one and it is safe in the journal.
    pub(super) fn run_an_errand(&mut self, now: UnixMillis) -> bool {
        let Some(pairs) = self.errands.front().filter(|_| self.is_durable()) else { return false };
        let operation = Operation::Attach(pairs.clone());
        self.perform(Task::Attach, operation, now);
        true
    }

    /// States that are about one operation: performs it once its intent is durable, then waits for its effect.
    pub(super) fn go_on_with_step(&mut self, now: UnixMillis) -> bool {
        let may_attach = matches!(
            self.state,
            State::Transferring(_) | State::Inviting(_) | State::Leaving(..) | State::Ending { .. }
        );
        if may_attach && !self.errands.is_empty() {
            return self.run_an_errand(now);
        }
        if matches!(self.state, State::Transferring(_) | State::Inviting(_)) && self.still_ours() {
            // What is said meanwhile; it is out before the next operation.
            if !self.outbox.is_empty() {
                return self.send(now);
            }
            if self.close_lips(now) {
                return true;
            }
        }
        if !self.is_durable() || self.state.step_mut().is_none_or(|step| *step != Step::Owed) {
            return false;
        }
        let shows = matches!(
            self.state,
            State::Leaving(..) | State::Ending { .. } | State::Transferring(_) | State::Inviting(_)
        );
        if shows && std::mem::replace(&mut self.lips, Lips::Closed) == Lips::Typing {
            self.perform(Task::Typing, Operation::TypingStop, now);
            return true;
        }
        let operation = match &self.state {
            State::Accepting(_) => Operation::Accept { nickname: self.options.nickname.clone() },
            State::Rejecting(_) => Operation::Reject,
            State::Transferring(attempt) | State::Inviting(attempt) => match attempt.choice() {
                Some(choice) if matches!(self.state, State::Inviting(_)) => Operation::Invite(choice.target.clone()),
                Some(choice) => Operation::Transfer(choice.target.clone()),
                None => return false,
            },
            State::Leaving(..) => Operation::LeaveConference,
            State::Ending { .. } => Operation::EndSession,
            State::JoinFailed(_) => Operation::Complete,
            _ => return false,
        };
        if let Some(step) = self.state.step_mut() {
            *step = Step::Waiting;
        }
        self.timers.clear(Timer::Step); // a new wait for every try
        self.perform(Task::Step, operation, now);
        true
    }

    /// Every wait has a deadline: whatever led to this state, it does not last for ever.
    pub(super) fn time_the_step(&mut self, now: UnixMillis) {
        let (timer, within) = match self.state {
            State::Accepting(_) | State::Rejecting(_) => (Timer::Open, self.options.offers.open_within),
            State::Transferring(_) | State::Inviting(_) => (Timer::Choice, self.options.handoff.choice_within),
            State::Leaving(..) | State::Ending { .. } | State::Ended { .. } | State::JoinFailed(_) => {
                (Timer::Step, self.options.closing.step_within)
            }
            State::HumanPresent(_) => (Timer::Person, self.options.handoff.speak_within),
            State::CallingBack(..) => (Timer::Choice, self.options.call_back.answer_within),
            State::Offered => (Timer::Screen, self.options.offers.screen_within),
            State::Active | State::Closed(_) => return,
        };
        if !self.timers.has(timer) {
            self.timers.set(timer, after(now, within));
        }
    }

    /// The effect of the state's operation was not seen in time: look.
    pub(super) fn step_ran_out(&mut self, now: UnixMillis) {
        match &mut self.state {
            State::Transferring(attempt) | State::Inviting(attempt) => {
                attempt.step = Step::Doubtful(HandoffFailure::TimedOut);
            }
            State::CallingBack(..) => return self.choice_failed(HandoffFailure::NoNumber, now),
            State::Offered | State::Active | State::HumanPresent(_) | State::Closed(_) => return,
            _ => {}
        }
        self.look_again(now);
    }

    fn step_was_refused(&mut self, error: &PlatformError, now: UnixMillis) {
        if let State::Ended { step, .. } = &mut self.state {
            *step = Finishing::Complete;
        } else if let Some(step) = self.state.step_mut() {
            *step = Step::Owed;
        }
        if self.try_again(error, now) {
            return;
        }
        let handing = matches!(self.state, State::Transferring(_) | State::Inviting(_));
        match error.kind() {
            // Nothing is known, or something has happened meanwhile: look before anything else.
            Kind::Unknown | Kind::Protocol | Kind::WrongState | Kind::NotFound => {
                let wrong = error.kind() == Kind::WrongState || error.kind() == Kind::NotFound;
                // What is given away is gone; if it is still here, it was not. An invitation does not show so clearly.
                let transfer = matches!(self.state, State::Transferring(_));
                if let Some(step) = self.state.step_mut() {
                    let why = HandoffFailure::Refused(error.to_string());
                    *step = match (handing && wrong, transfer) {
                        (true, _) => Step::Doubtful(why),
                        (false, true) => Step::Unsure,
                        (false, false) => Step::Waiting,
                    };
                }
                if let State::Ended { step, .. } = &mut self.state {
                    *step = Finishing::Waiting;
                }
                self.look_again(now);
            }
            kind if handing => {
                let why = match kind {
                    Kind::NoTarget => HandoffFailure::NobodyAvailable,
                    Kind::UnknownTarget | Kind::Invalid => HandoffFailure::NoSuchTarget,
                    Kind::Busy => HandoffFailure::Busy,
                    Kind::NobodySignedIn => HandoffFailure::NobodySignedIn,
                    _ => HandoffFailure::Refused(error.to_string()),
                };
                self.choice_failed(why, now);
            }
            _ => self.step_is_hopeless(now),
        }
    }

    /// The platform does not do it, and will not. The next best thing.
    pub(super) fn step_is_hopeless(&mut self, now: UnixMillis) {
        match self.state.clone() {
            State::Accepting(_) => self.reject("the platform refuses to accept", now),
            State::Leaving(holder, _) => {
                self.remark(Remark::LeftOut { operation: "leave" });
                self.stay(holder, now);
            }
            State::Ending { disposition, .. } => {
                self.remark(Remark::LeftOut { operation: "end session" }); // completing ends it too
                self.session_ended(disposition, now);
            }
            State::Transferring(_) | State::Inviting(_) | State::CallingBack(..) => {
                self.choice_failed(HandoffFailure::TimedOut, now);
            }
            State::Rejecting(_) => self.close(Closed::Rejected, now),
            State::Closed(_) | State::Offered | State::Active | State::HumanPresent(_) => {}
            State::Ended { .. } | State::JoinFailed(_) => self.close(Closed::GivenUp, now),
        }
    }
}
