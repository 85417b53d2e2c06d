//! Taking a story up again from the journal, after a crash or a deploy. The lines give what was meant; a look at the
//! platform, before anything else, gives what has become of it.

use std::collections::BTreeMap;
use std::mem::discriminant;
use std::sync::Arc;

use super::sending::Status;
use super::turns::{OpenTurn, Phase};
use super::{Asking, Attempt, Conversation, Effect, Finishing, Holder, Past, State, Step, Timer, after};
use crate::journal::{Line, Record};
use crate::options::Options;
use crate::{Event, HandoffFailure, Next, ParticipantId, PlatformLimits, Target, UnixMillis, Visibility};

impl Conversation {
    /// Takes up the story of these lines: all of one story, by number. `None` if there are none, or it is closed. The first
    /// effect is a look at the platform.
    pub fn recovered(
        lines: &[Line],
        options: Arc<Options>,
        limits: PlatformLimits,
        now: UnixMillis,
    ) -> Option<(Self, Vec<Effect>)> {
        let first = lines.first()?;
        let mut old = Self::blank(first.key.clone(), options, limits);
        for line in lines {
            old.relive(&line.record, line.at);
            old.appended = line.number;
        }
        old.durable = old.appended;
        if let State::Closed(_) = old.state {
            return None;
        }
        old.last_heard = now;
        old.start_reading(now, true);
        let effects = std::mem::take(&mut old.effects);
        Some((old, effects))
    }

    /// What a story that was handed over leaves to a later one of the same interaction. `None` if it was not, or is not over.
    pub fn past_of(lines: &[Line], options: Arc<Options>, limits: PlatformLimits) -> Option<Past> {
        let (first, last) = (lines.first()?, lines.last()?);
        let mut old = Self::blank(first.key.clone(), options, limits);
        for line in lines {
            old.relive(&line.record, line.at);
        }
        old.past(last.at)
    }

    fn relive(&mut self, record: &Record, at: UnixMillis) {
        match record {
            Record::Offered => self.state = State::Offered,
            Record::CameBack { memory, handoffs, gave_back } => {
                let gave_back = gave_back.iter().map(|(target, at)| (target.clone(), UnixMillis(*at))).collect();
                self.take_over(&Past { memory: memory.clone(), handoffs: *handoffs, gave_back });
            }
            Record::Accepting => {
                self.relive_silence();
                self.state = State::Accepting(Step::Waiting);
                self.timers.set(Timer::Open, after(at, self.options.offers.open_within));
            }
            Record::Rejecting { .. } => {
                self.state = State::Rejecting(Step::Waiting);
                self.timers.set(Timer::Open, after(at, self.options.offers.open_within));
            }
            Record::Live => {
                self.timers.clear_all();
                self.state = State::Active;
                let first = self.turns == 0 && !self.came_back;
                self.events.push_back(if first { Event::Started } else { Event::Returned });
            }
            Record::TurnStarted { turn, event, lines } => self.relive_start(*turn, event, lines, at),
            Record::Said { turn, words, first, parts } => {
                if let Some(open) = self.turn.as_mut().filter(|open| open.number == *turn) {
                    open.said.push(words.clone());
                }
                self.relive_post(*first, parts, Visibility::All, at);
            }
            Record::Drafted { turn, words, first, parts } => {
                if let Some(open) = self.turn.as_mut().filter(|open| open.number == *turn) {
                    open.said.push(words.clone());
                }
                if *first > 0 {
                    self.relive_post(*first, parts, Visibility::Agents, at);
                }
            }
            Record::Uttered { first, parts, agents_only } => {
                self.relive_post(*first, parts, if *agents_only { Visibility::Agents } else { Visibility::All }, at);
            }
            Record::Stepped { turn, step, occurrence, value } => {
                if let Some(open) = self.turn.as_mut().filter(|open| open.number == *turn) {
                    open.steps.insert((step.clone(), *occurrence), value.clone());
                }
            }
            Record::Attaching { pairs } => {
                self.left_trail |= pairs.contains_key(&self.options.handoff.trail_key);
                self.errands.push_back(pairs.clone());
            }
            Record::Attached => drop(self.errands.pop_front()),
            Record::TurnEnded { next, memory, .. } => {
                if self.turn.take().is_some() {
                    self.failures = 0;
                }
                self.remember(memory.clone());
                self.decided = self.wait_or(next.clone());
            }
            Record::TurnFailed { .. } => {
                self.turn = None;
                self.failures += 1;
            }
            Record::Reconsidered => {
                if let Some(Next::HandOff(_)) = self.decided.take() {
                    self.events.push_back(Event::HandoffFailed(HandoffFailure::Circles));
                }
            }
            Record::Confirmed { message, index } => {
                self.outbox.retain(|outgoing| outgoing.number != *message);
                self.last_own = *index;
            }
            Record::Withdrawn { messages, .. } => self.outbox.retain(|outgoing| !messages.contains(&outgoing.number)),
            Record::Trying { choice } => self.relive_try(*choice, at),
            Record::ChoiceFailed { why, last, .. } => {
                if *last {
                    self.timers.clear(Timer::Choice);
                    self.state = State::Active;
                    self.events.push_back(Event::HandoffFailed(why.clone()));
                }
            }
            Record::CallBack { asked, lines, number } => {
                self.taken.extend(lines);
                self.is_asking(Asking { asked: *asked, kept: number.is_some() });
                self.timers.set(Timer::Choice, after(at, self.options.call_back.answer_within));
            }
            Record::CallBackAgreed => {
                self.timers.clear(Timer::Choice);
                self.state = State::Active;
                self.events.push_back(Event::CallBackAgreed);
            }
            other => self.relive_end(other, at),
        }
    }

    /// What leads away from the bot: people, and the end.
    fn relive_end(&mut self, record: &Record, at: UnixMillis) {
        match record {
            Record::PersonHolds { nickname } => self.relive_hold(nickname, at),
            Record::PersonGone { nickname } => {
                self.timers.clear(Timer::Person);
                self.gone.insert(nickname.clone(), at);
                if let State::HumanPresent(Holder { invited: Some(attempt), .. }) = &self.state {
                    self.state = attempt.clone().into_state();
                } else {
                    self.events.push_back(Event::PersonLeft(nickname.clone()));
                    self.state = State::Active;
                }
            }
            Record::Leaving => {
                if let State::HumanPresent(holder) | State::Leaving(holder, _) = self.state.clone() {
                    self.state = State::Leaving(Holder { invited: None, ..holder }, Step::Waiting);
                }
            }
            Record::Ending { disposition } => {
                self.timers.clear_all();
                self.relive_silence();
                self.state = State::Ending { disposition: disposition.clone(), step: Step::Waiting };
            }
            Record::Ended { disposition } => {
                self.timers.clear_all();
                self.relive_silence();
                self.timers.set(Timer::AfterCall, after(at, self.options.closing.after_call_within));
                self.state = State::Ended { disposition: disposition.clone(), step: Finishing::Disposition };
            }
            Record::Closed { how } => self.state = State::Closed(*how),
            _ => {}
        }
    }

    fn relive_start(&mut self, number: u64, event: &Event, lines: &[u64], at: UnixMillis) {
        if let Some(place) = self.events.iter().position(|waiting| {
            // A beginning becomes a return when the transcript shows that we were here before.
            let beginning = |event: &Event| matches!(event, Event::Started | Event::Returned);
            discriminant(waiting) == discriminant(event) || (beginning(waiting) && beginning(event))
        }) {
            self.events.remove(place);
        }
        self.turns = number;
        self.taken.extend(lines);
        self.turn = Some(OpenTurn {
            number,
            event: event.clone(),
            lines: lines.to_vec(),
            said: Vec::new(),
            steps: BTreeMap::new(),
            began: at,
            retries: 0,
            phase: Phase::Interrupted,
        });
    }

    fn relive_post(&mut self, first: u64, parts: &[String], visibility: Visibility, at: UnixMillis) {
        self.messages = first - 1;
        self.post(parts, visibility, at);
        for outgoing in self.outbox.iter_mut().filter(|outgoing| outgoing.number >= first) {
            outgoing.status = Status::Restored;
        }
    }

    fn relive_try(&mut self, choice: usize, at: UnixMillis) {
        let handoff = match (self.decided.take(), &self.state) {
            (Some(Next::HandOff(handoff)), _) => handoff,
            (_, state) => match state.attempt() {
                Some(attempt) => attempt.handoff.clone(),
                None => return, // not written by this machine; the bot goes on
            },
        };
        self.handoffs += u32::from(choice == 0);
        let attempt = Attempt { handoff, choice, step: Step::Unsure };
        if let Some(choice) = attempt.choice() {
            let within = choice.deadline.unwrap_or(self.usual_deadline(&choice.target));
            self.timers.set(Timer::Choice, after(at, within));
            if !matches!(choice.target, Target::CallBack(_)) {
                self.last_target = Some(choice.target.clone());
            }
        }
        self.state = attempt.into_state();
    }

    fn relive_hold(&mut self, nickname: &str, at: UnixMillis) {
        self.relive_silence();
        let invited = match &self.state {
            State::Inviting(attempt) => Some(attempt.clone()),
            _ => None,
        };
        // Participants have other ids after a restart; the look at the platform finds the person again.
        let holder = Holder { id: ParticipantId::from(""), nickname: nickname.to_owned(), since: at, invited };
        self.timers.clear_all();
        self.timers.set(Timer::Person, after(at, self.options.handoff.speak_within));
        self.state = State::HumanPresent(holder);
    }

    fn relive_silence(&mut self) {
        if let Some(turn) = self.turn.take() {
            for index in turn.lines {
                self.taken.remove(&index);
            }
        }
        self.decided = None;
        self.events.clear();
    }
}
