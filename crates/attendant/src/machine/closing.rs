//! The end: end the session, set the disposition, complete.

use super::operating::Task;
use super::{Conversation, Finishing, Lips, Remark, State, Step, Timer, after};
use crate::journal::Record;
use crate::{Operation, UnixMillis};

impl Conversation {
    /// Ends the chat.
    pub(super) fn end(&mut self, disposition: String, now: UnixMillis) {
        self.append(Record::Ending { disposition: disposition.clone() }, now);
        self.enter(State::Ending { disposition, step: Step::Owed });
        self.timers.set(Timer::Step, after(now, self.options.closing.step_within));
    }

    /// The chat is over.
    pub(super) fn session_ended(&mut self, disposition: String, now: UnixMillis) {
        self.drop_everything(now);
        self.lips = Lips::Closed; // nobody sees it any more
        self.append(Record::Ended { disposition: disposition.clone() }, now);
        if !self.limits.disposition && !disposition.is_empty() {
            self.attach([(self.options.closing.disposition_key.clone(), disposition.clone())].into(), now);
        }
        self.enter(State::Ended { disposition, step: Finishing::Disposition });
        self.timers.clear(Timer::Rejoin);
        self.timers.set(Timer::Step, after(now, self.options.closing.step_within));
        self.timers.set(Timer::AfterCall, after(now, self.options.closing.after_call_within));
    }

    /// After-call work takes too long: what is left of it is left out, so that the slot is free again.
    pub(super) fn after_call_ran_out(&mut self, now: UnixMillis) {
        let State::Ended { step, .. } = &mut self.state else { return };
        if *step == Finishing::Disposition {
            *step = Finishing::Complete;
            self.remark(Remark::LeftOut { operation: "after-call work" });
        }
        for _ in std::mem::take(&mut self.errands) {
            self.append(Record::Attached, now);
        }
        self.timers.clear(Timer::Again);
    }

    pub(super) fn go_on_ended(&mut self, now: UnixMillis) -> bool {
        if !self.errands.is_empty() {
            return self.run_an_errand(now);
        }
        if !self.is_durable() {
            return false;
        }
        let State::Ended { disposition, step } = &mut self.state else { return false };
        match *step {
            Finishing::Disposition if self.limits.disposition && !disposition.is_empty() => {
                let operation = Operation::SetDisposition(disposition.clone());
                self.perform(Task::Disposition, operation, now);
                true
            }
            Finishing::Disposition => {
                *step = Finishing::Complete;
                true
            }
            Finishing::Complete => {
                *step = Finishing::Waiting;
                self.timers.set(Timer::Step, after(now, self.options.closing.step_within));
                self.perform(Task::Step, Operation::Complete, now);
                true
            }
            Finishing::Waiting => false,
        }
    }
}
