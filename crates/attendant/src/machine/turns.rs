//! Turns: when the bot is called, what it reports, what it decides, and what happens when it fails.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::{Answer, Command, Conversation, Effect, Outcome, Remark, State, Timer, Token, after, between};
use crate::guard::Guard;
use crate::journal::{Record, TurnFailure};
use crate::options::Then;
use crate::rules::names;
use crate::turn::{Scene, TurnId};
use crate::{Event, HandoffFailure, Next, Said, UnixMillis};

/// The turn that is going on.
#[derive(Debug, Clone)]
pub struct OpenTurn {
    pub number: u64,
    pub event: Event,
    pub lines: Vec<u64>,
    pub said: Vec<String>,
    pub steps: BTreeMap<(String, u32), Value>,
    pub began: UnixMillis,
    /// How often it has been run again.
    pub retries: u32,
    pub phase: Phase,
}

/// Whether the bot is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Running,
    /// An earlier process was interrupted in it: it is to be run again.
    Interrupted,
}

impl OpenTurn {
    /// The run that is going on.
    pub fn id(&self) -> TurnId {
        TurnId { number: self.number, run: self.retries }
    }
}

impl Conversation {
    /// The bot owns the conversation: sends what is to be sent, does what was decided, and calls the bot, in this order.
    pub(super) fn go_on_active(&mut self, now: UnixMillis) -> bool {
        if self.holder().is_some() && self.guards.stands(Guard::Ownership) {
            return false; // a person is there; `look_at_people` takes it from here
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
        match self.turn.as_ref().map(|turn| turn.phase) {
            Some(Phase::Running) => return false,
            Some(Phase::Interrupted) => {
                self.call_the_bot(now);
                return true;
            }
            None => {}
        }
        if let Some(next) = self.decided.take() {
            return self.do_what_was_decided(next, now);
        }
        self.begin_a_turn(now)
    }

    fn begin_a_turn(&mut self, now: UnixMillis) -> bool {
        if self.timers.has(Timer::History) {
            return false;
        }
        if self.is_beside() {
            self.events.clear(); // only the customer's words are worth a draft
        }
        let (event, lines) = if let Some(event) = self.events.pop_front() {
            (event, Vec::new())
        } else if !self.unanswered.is_empty() && !self.timers.has(Timer::Burst) {
            let lines = std::mem::take(&mut self.unanswered);
            self.burst_began = None;
            self.taken.extend(lines.keys());
            let indexes = lines.keys().copied().collect();
            (Event::Said(Said::new(lines.into_values())), indexes)
        } else {
            return false;
        };
        let circles = self.turns_in_circles(&event, now);
        self.turns += 1;
        self.append(Record::TurnStarted { turn: self.turns, event: event.clone(), lines: lines.clone() }, now);
        let asked = if let Event::Said(said) = &event { said.lines().to_vec() } else { Vec::new() };
        self.turn = Some(OpenTurn {
            number: self.turns,
            event,
            lines: lines.clone(),
            said: Vec::new(),
            steps: BTreeMap::new(),
            began: now,
            retries: 0,
            phase: Phase::Running,
        });
        self.begin_to_compare(asked, &lines, now);
        if circles && !self.is_beside() {
            self.turn_failed_for_good(&TurnFailure::Circles, now);
        } else {
            self.call_the_bot(now);
        }
        true
    }

    /// Calls the bot for the open turn, for the first time or again.
    pub(super) fn call_the_bot(&mut self, now: UnixMillis) {
        let Some(turn) = &mut self.turn else { return };
        turn.phase = Phase::Running;
        let locale = self.data.get(&self.options.locale_key).map(str::to_owned).or_else(|| self.options.locale.clone());
        let scene = Scene {
            key: self.key.clone(),
            turn: turn.id(),
            event: turn.event.clone(),
            transcript: self.transcript.clone(),
            data: self.data.clone(),
            memory: self.memory.clone(),
            locale,
            now: turn.began,
            lines: turn.lines.clone(),
            seed: seed(self.key.interaction.as_str(), self.key.began, turn.number),
            said: turn.said.clone(),
            steps: turn.steps.clone(),
        };
        self.think_from(now);
        self.timers.set(Timer::Answer, after(now, self.options.bot.answer_within));
        if !self.options.bot.patience_words.is_empty() {
            self.timers.set(Timer::Patience, after(now, self.options.bot.patience));
        }
        self.effects.push(Effect::Respond(Box::new(scene)));
    }

    fn turns_in_circles(&mut self, event: &Event, now: UnixMillis) -> bool {
        let guard = &self.options.loop_guard;
        while self.recent_turns.front().is_some_and(|then| between(*then, now).as_secs() >= 60) {
            self.recent_turns.pop_front();
        }
        self.recent_turns.push_back(now);
        if let Event::Said(words) = event {
            let text = words.text();
            if self.same_words.0 == text {
                self.same_words.1 += 1;
            } else {
                self.same_words = (text, 1);
            }
        }
        self.recent_turns.len() > guard.turns_a_minute || self.same_words.1 > guard.same_words
    }

    fn open_turn(&mut self, id: TurnId) -> Option<&mut OpenTurn> {
        self.turn.as_mut().filter(|turn| turn.id() == id && turn.phase == Phase::Running)
    }

    pub(super) fn said(&mut self, turn: TurnId, words: String, token: Token, now: UnixMillis) -> Outcome {
        let Some(open) = self.open_turn(turn) else { return Outcome::Stale };
        open.said.push(words.clone());
        self.timers.clear(Timer::Patience);
        if self.is_beside() {
            self.draft(turn.number, words, now);
        } else {
            self.post_said(turn.number, words, now);
        }
        self.acknowledge_when_durable(token);
        Outcome::Done
    }

    pub(super) fn stepped(
        &mut self,
        turn: TurnId,
        step: (String, u32),
        value: Value,
        token: Token,
        now: UnixMillis,
    ) -> Outcome {
        let Some(open) = self.open_turn(turn) else { return Outcome::Stale };
        open.steps.insert(step.clone(), value.clone());
        let ((step, occurrence), turn) = (step, turn.number);
        self.append(Record::Stepped { turn, step, occurrence, value }, now);
        self.acknowledge_when_durable(token);
        Outcome::Done
    }

    pub(super) fn attached(
        &mut self,
        turn: TurnId,
        pairs: BTreeMap<String, String>,
        token: Token,
        now: UnixMillis,
    ) -> Outcome {
        if self.open_turn(turn).is_none() {
            return Outcome::Stale;
        }
        if self.options.mode != crate::Mode::Shadow {
            self.attach(pairs, now);
        }
        self.acknowledge_when_durable(token);
        Outcome::Done
    }

    pub(super) fn attach(&mut self, pairs: BTreeMap<String, String>, now: UnixMillis) {
        self.append(Record::Attaching { pairs: pairs.clone() }, now);
        self.errands.push_back(pairs);
    }

    pub(super) fn turn_over(&mut self, id: TurnId, outcome: Result<Answer, TurnFailure>, now: UnixMillis) -> Outcome {
        let Some(open) = self.open_turn(id) else { return Outcome::Stale };
        let failure = match outcome {
            Ok(answer) => {
                let waits = matches!(open.event, Event::Said(_) | Event::HandoffFailed(_));
                let nothing = waits && open.said.is_empty() && matches!(answer.next, Next::Listen | Next::Wait { .. });
                if !(nothing && self.options.failover.silence_fails && !self.is_beside()) {
                    self.turn_succeeded(answer, now);
                    return Outcome::Done;
                }
                TurnFailure::SaidNothing
            }
            Err(failure) => failure,
        };
        self.turn_failed(failure, now);
        Outcome::Done
    }

    fn turn_succeeded(&mut self, mut answer: Answer, now: UnixMillis) {
        if self.is_beside() {
            self.suggest(&answer.next, now);
            answer.next = Next::Listen; // whatever it is, the person does it
        }
        let Some(turn) = self.stop_timing_the_turn() else { return };
        self.failures = 0;
        self.append(
            Record::TurnEnded { turn: turn.number, next: answer.next.clone(), memory: answer.memory.clone() },
            now,
        );
        self.remember(answer.memory);
        self.decide(answer.next, now);
    }

    pub(super) fn remember(&mut self, changed: BTreeMap<String, Option<Value>>) {
        for (key, value) in changed {
            match value {
                Some(value) => drop(self.memory.insert(key, value)),
                None => drop(self.memory.remove(&key)),
            }
        }
    }

    /// What comes after the words are out. The words and the note of a handoff are among the words.
    fn decide(&mut self, next: Next, now: UnixMillis) {
        if let Next::HandOff(handoff) = &next {
            if self.handoffs >= self.options.handoff.most {
                self.append(Record::Reconsidered, now);
                self.events.push_back(Event::HandoffFailed(HandoffFailure::Circles));
                return;
            }
            self.announce(handoff, now);
        }
        self.decided = self.wait_or(next);
    }

    /// What is left to be done: waiting is no deed.
    pub(super) fn wait_or(&mut self, next: Next) -> Option<Next> {
        self.wake_after = match next {
            Next::Wait { at_most } => Some(at_most.max(Duration::from_secs(1))),
            _ => None,
        };
        (!matches!(next, Next::Listen | Next::Wait { .. })).then_some(next)
    }

    fn do_what_was_decided(&mut self, next: Next, now: UnixMillis) -> bool {
        match next {
            Next::HandOff(handoff) => self.hand_over(handoff, now),
            Next::Finish { disposition } => {
                if self.unanswered.is_empty() || self.firm {
                    self.end(disposition, now);
                } else {
                    self.append(Record::Reconsidered, now); // the customer spoke before the door was shut
                }
            }
            Next::Listen | Next::Wait { .. } => {}
        }
        true
    }

    pub(super) fn answer_ran_out(&mut self, now: UnixMillis) {
        if self.turn.is_some() {
            self.effects.push(Effect::Silence);
            self.turn_failed(TurnFailure::TooLate, now);
        }
    }

    pub(super) fn patience_ran_out(&mut self, now: UnixMillis) {
        if self.turn.is_some() && self.outbox.is_empty() && self.state == State::Active {
            let words = self.options.bot.patience_words.clone();
            self.utter(&words, false, now);
        }
    }

    fn turn_failed(&mut self, why: TurnFailure, now: UnixMillis) {
        let retries = self.options.failover.retries;
        if let Some(turn) = self.turn.as_mut().filter(|turn| turn.retries < retries && why != TurnFailure::SaidNothing)
        {
            turn.retries += 1;
            self.remark(Remark::TurnFailed(why));
            self.call_the_bot(now);
            return;
        }
        self.turn_failed_for_good(&why, now);
    }

    pub(super) fn turn_failed_for_good(&mut self, why: &TurnFailure, now: UnixMillis) {
        let turn = self.stop_timing_the_turn();
        self.remark(Remark::TurnFailed(why.clone()));
        self.append(Record::TurnFailed { turn: self.turns, why: why.clone() }, now);
        if self.is_beside() {
            return self.compare_failure(&why.to_string());
        }
        self.failures += 1;
        let failover = &self.options.failover;
        let too_often =
            self.failures >= failover.most_in_a_row || matches!(why, TurnFailure::Circles | TurnFailure::Undeliverable);
        let name = names::of_failure(why, too_often);
        let named = failover.to.handoff(name);
        let hands_over = named.is_some() || (too_often && failover.then != Then::Finish);
        let then = if hands_over { Then::HandOff } else { failover.then };
        let apology = match turn.map(|turn| turn.event) {
            Some(Event::HandoffFailed(why)) => why.apology().to_owned(),
            _ => failover.apology.clone(),
        };
        if *why != TurnFailure::Undeliverable {
            self.utter(&apology, false, now);
        }
        let way_out = named.or_else(|| self.options.fallback()).filter(|_| self.handoffs < self.options.handoff.most);
        match (then, way_out) {
            (Then::Listen, _) => {}
            (Then::HandOff, Some(handoff)) => {
                let handoff = handoff.note_unless_set(format!("The assistant stopped: {why}."));
                self.decide(Next::HandOff(handoff.because(name)), now);
            }
            (Then::HandOff, None) if !too_often => {}
            (Then::HandOff | Then::Finish, _) => {
                self.decided = Some(Next::finish(self.options.closing.failed_disposition.clone()));
            }
        }
        if let Some(next) = self.decided.clone() {
            // What the runtime decides for a bot that cannot is journaled like what a bot decides.
            self.append(Record::TurnEnded { turn: self.turns, next, memory: BTreeMap::new() }, now);
        }
    }

    fn stop_timing_the_turn(&mut self) -> Option<OpenTurn> {
        self.timers.clear(Timer::Answer);
        self.timers.clear(Timer::Patience);
        self.turn.take()
    }

    /// Stops the bot. Its lines are given back by whoever wants them answered after all.
    pub(super) fn stop_the_turn(&mut self) -> Option<OpenTurn> {
        let turn = self.stop_timing_the_turn()?;
        self.effects.push(Effect::Silence);
        Some(turn)
    }

    pub(super) fn command(&mut self, command: Command, now: UnixMillis) {
        if let State::CallingBack(..) = self.state {
            self.call_the_search_off(HandoffFailure::Refused("the operator has decided otherwise".to_owned()), now);
        }
        match self.state {
            State::Offered => self.reject("the operator does not want it", now),
            State::Active if self.is_beside() => self.step_aside(now),
            State::Active if !self.firm => {
                self.stop_the_turn();
                self.withdraw("the operator has decided otherwise", now);
                self.events.clear();
                let next = match command {
                    Command::HandOver(handoff) => Next::HandOff(handoff),
                    Command::End { words, disposition } => {
                        self.utter(&words, false, now);
                        self.firm = true;
                        Next::finish(disposition)
                    }
                };
                self.append(Record::TurnEnded { turn: self.turns, next: next.clone(), memory: BTreeMap::new() }, now);
                self.decided = None;
                self.decide(next, now);
            }
            _ => {} // on its way out already, or a person's
        }
    }
}

/// The seed of a turn's dice: the same for the same turn, in this process and in the next (FNV-1a).
fn seed(interaction: &str, began: UnixMillis, turn: u64) -> u64 {
    let bytes = interaction.bytes().chain(began.0.to_le_bytes()).chain(turn.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
