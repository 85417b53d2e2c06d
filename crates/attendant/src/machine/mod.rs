//! The conversation machine: our side of one interaction, as data. No I/O, no clock, no randomness of its own; `handle`
//! takes what happened and the time, and gives what is to be done. One mailbox a conversation: everything, timers too,
//! comes through `handle`, in order.
//!
//! An operation that counts is asked for in three beats: its intent is appended to the journal, the journal says that it is
//! durable, and only then, after another look at who owns the conversation, it is performed. What was sent is believed when
//! the transcript shows it; every other operation is believed when the state of the interaction shows it.
#![doc = include_str!("../../MACHINE.md")]

mod age;
mod beginning;
mod beside;
mod calling_back;
mod closing;
mod effect;
mod handing;
mod input;
mod listening;
mod operating;
mod people;
mod reading;
mod recovery;
mod sending;
mod silence;
mod state;
mod table;
#[cfg(test)]
mod tests;
mod timers;
mod trail;
mod turns;
mod waiting;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::guard::{Guard, Guards};
use crate::journal::{Closed, Line, Record, StoryKey};
use crate::options::Options;
use crate::{
    AttachedData, Entry, Event, Next, ParticipantId, PlatformError, PlatformLimits, Target, UnixMillis, Waiting,
};

pub use beginning::Past;
pub use effect::{Effect, Outcome, Remark};
pub use input::{Answer, Command, Input, InputKind, Picture};
pub use state::{Asking, Attempt, Finishing, Holder, State, StateKind, Step};
pub use timers::{Timer, after, between};

use beside::Pending;
use operating::Doing;
use people::Person;
use reading::Reading;
use sending::{Lips, Outgoing};
use table::{Rule, rule};
use timers::Timers;
use turns::OpenTurn;

/// Names an operation or a look at the platform that has been asked for, within one conversation.
pub type Ticket = u64;

/// Names a report of the bot that waits for its acknowledgement. The host chooses it.
pub type Token = u64;

/// One conversation.
pub struct Conversation {
    key: StoryKey,
    options: Arc<Options>,
    limits: PlatformLimits,
    guards: Guards,
    state: State,
    /// Set while the platform is being read again; nothing is performed meanwhile.
    reading: Option<Reading>,

    // What the platform told.
    data: Arc<AttachedData>,
    transcript: Arc<Vec<Entry>>,
    /// No line up to this index is missing: each is there, or a look at the platform has shown that there is none.
    whole_to: u64,
    people: BTreeMap<ParticipantId, Person>,
    /// Who had the conversation in an earlier life of this process, and when they were found to be gone or silent.
    gone: BTreeMap<String, UnixMillis>,

    // Listening.
    unanswered: BTreeMap<u64, String>,
    taken: BTreeSet<u64>,
    burst_began: Option<UnixMillis>,
    events: VecDeque<Event>,
    last_heard: UnixMillis,
    /// How often the customer was asked in this silence whether they are still there.
    prompted: usize,

    // The bot.
    turn: Option<OpenTurn>,
    turns: u64,
    memory: BTreeMap<String, Value>,
    failures: u32,
    decided: Option<Next>,
    /// The bot waits along with the customer, and wants to be woken after so long.
    wake_after: Option<std::time::Duration>,
    /// An operator's end is not put off by what the customer says meanwhile.
    firm: bool,
    handoffs: u32,
    /// What is known of the wait for a person.
    waiting: Waiting,
    /// Places that gave the chat back, and when: not again so soon.
    gave_back: Vec<(Target, UnixMillis)>,
    /// Who was asked last.
    last_target: Option<Target>,
    /// Beside a person: what waits to be compared, whether somebody is in, and since which line we are.
    pending: Option<Pending>,
    in_company: Option<bool>,
    joined_at: u64,
    /// Our name is in the trail of bots by now.
    left_trail: bool,
    /// The chat was here before, and was handed over.
    came_back: bool,
    recent_turns: VecDeque<UnixMillis>,
    same_words: (String, usize),

    // Sending.
    outbox: VecDeque<Outgoing>,
    messages: u64,
    last_own: u64,
    lips: Lips,
    pace_from: UnixMillis,
    errands: VecDeque<BTreeMap<String, String>>,

    // Operations.
    doing: Option<Doing>,
    /// What was done last shows on the platform by then.
    shows_from: UnixMillis,
    tickets: Ticket,
    /// The number of the operation that this state is about, and of the last message.
    step_reference: Option<i64>,
    say_reference: Option<i64>,
    /// A failure that was told before any receipt with its number.
    early_failure: Option<(i64, PlatformError)>,
    /// How often the operation of this state, or the front message, was tried in vain.
    tries: u32,

    // The journal.
    appended: u64,
    durable: u64,
    waiting_tokens: VecDeque<(u64, Token)>,

    timers: Timers,
    effects: Vec<Effect>,
}

/// Where it stands and what it waits for; never anybody's words.
impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outbox: Vec<_> = self.outbox.iter().map(|outgoing| (outgoing.number, outgoing.status)).collect();
        f.debug_struct("Conversation")
            .field("interaction", &self.key.interaction)
            .field("state", &self.kind())
            .field("reading", &self.reading)
            .field("turn", &self.turn.as_ref().map(|turn| (turn.id(), turn.phase)))
            .field("decided", &self.decided.as_ref().map(std::mem::discriminant))
            .field("events", &self.events.len())
            .field("unanswered", &self.unanswered.keys())
            .field("people", &self.people.len())
            .field("outbox", &outbox)
            .field("lips", &self.lips)
            .field("errands", &self.errands.len())
            .field("doing", &self.doing)
            .field("journal", &(self.durable, self.appended))
            .field("timers", &self.timers)
            .finish_non_exhaustive()
    }
}

/// What `handle` gives.
#[derive(Debug)]
#[must_use]
pub struct Reaction {
    /// What happened to the input.
    pub outcome: Outcome,
    /// What is to be done, in order.
    pub effects: Vec<Effect>,
}

impl Conversation {
    /// Takes what happened, and gives what is to be done.
    pub fn handle(&mut self, input: Input, now: UnixMillis) -> Reaction {
        let (state, kind) = (self.kind(), input.kind());
        let outcome = match rule(state, kind) {
            Rule::Unexpected => Outcome::Unexpected(state, kind),
            Rule::Drops => Outcome::Stale,
            Rule::Takes => self.take(input, now),
        };
        if outcome == Outcome::Done {
            self.go_on(now);
        }
        Reaction { outcome, effects: std::mem::take(&mut self.effects) }
    }

    /// With other guards than all.
    pub fn guarded(mut self, guards: Guards) -> Self {
        self.guards = guards;
        self
    }

    /// The row of the table.
    pub fn kind(&self) -> StateKind {
        match (&self.reading, self.state.kind()) {
            (Some(_), kind) if kind != StateKind::Closed => StateKind::Reconciling,
            (_, kind) => kind,
        }
    }

    /// Where it stands.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Which story it is.
    pub fn key(&self) -> &StoryKey {
        &self.key
    }

    /// What the bot remembers, by key.
    pub fn memory(&self) -> &BTreeMap<String, Value> {
        &self.memory
    }

    /// The next timer to run out.
    pub fn next_timer(&self) -> Option<(UnixMillis, Timer)> {
        self.timers.next()
    }

    /// When a timer runs out.
    pub fn timer(&self, timer: Timer) -> Option<UnixMillis> {
        self.timers.at(timer)
    }

    /// True when it is somebody else's move: the customer's, or that of a person who was asked for.
    pub fn waits_for_others(&self) -> bool {
        let asked = match &self.state {
            State::Transferring(attempt) | State::Inviting(attempt) => attempt.step == Step::Waiting,
            State::CallingBack(_, asking) => asking.asked > 0 && !asking.kept && self.unanswered.is_empty(),
            State::HumanPresent(_) => true,
            _ => false,
        };
        self.is_listening() || (asked && self.is_at_rest())
    }

    /// True when nothing is on its way.
    fn is_at_rest(&self) -> bool {
        self.outbox.is_empty()
            && self.errands.is_empty()
            && self.doing.is_none()
            && self.reading.is_none()
            && self.lips == Lips::Closed
            && self.is_durable()
    }

    /// True when it waits for the customer, and nothing is on its way.
    pub fn is_listening(&self) -> bool {
        self.state == State::Active
            && self.turn.is_none()
            && self.decided.is_none()
            && self.events.is_empty()
            && self.unanswered.is_empty()
            && self.is_at_rest()
    }

    /// Everything heard so far.
    pub fn transcript(&self) -> &Arc<Vec<Entry>> {
        &self.transcript
    }

    /// Whether the bot is at work.
    pub fn is_thinking(&self) -> bool {
        self.turn.is_some() || self.state == State::Offered
    }

    fn take(&mut self, input: Input, now: UnixMillis) -> Outcome {
        match input {
            Input::Changed(interaction) => self.told(&interaction, now),
            Input::Heard(entries) => self.heard(entries, now),
            Input::Screened(verdict) => return self.screened(verdict, now),
            Input::Said { turn, words, token } => return self.said(turn, words, token, now),
            Input::Stepped { turn, step, value, token } => return self.stepped(turn, step, value, token, now),
            Input::Attached { turn, pairs, token } => return self.attached(turn, pairs, token, now),
            Input::Diverged { turn, expected } => self.remark(Remark::Diverged { turn: turn.number, expected }),
            Input::TurnOver { turn, outcome } => return self.turn_over(turn, outcome, now),
            Input::Performed { ticket, result } => return self.performed(ticket, result, now),
            Input::OperationFailed { reference, error } => return self.failed_later(reference, &error, now),
            Input::Durable { through } => self.became_durable(through),
            Input::Timer(timer) => return self.ran_out(timer, now),
            Input::Read { ticket, picture } => return self.read(ticket, picture, now),
            Input::Waiting(waiting) => self.waiting = waiting,
            Input::Gap => self.start_reading(now, true),
            Input::Command(command) => self.command(command, now),
        }
        Outcome::Done
    }

    /// Does what the state wants done next, until it has to wait for something.
    fn go_on(&mut self, now: UnixMillis) {
        // Each round performs, appends or changes the state; the bound is for the day when one does not.
        for _ in 0..64 {
            if self.reading.is_some() || self.doing.is_some() || self.timers.has(Timer::Again) {
                break;
            }
            let moved = match self.state {
                State::Offered | State::Closed(_) => false,
                State::Active => self.go_on_active(now),
                State::CallingBack(..) => self.go_on_calling_back(now),
                State::HumanPresent(_) => self.go_on_beside_a_person(now),
                State::Ended { .. } => self.go_on_ended(now),
                _ => self.go_on_with_step(now),
            };
            if !moved {
                break;
            }
        }
        self.time_the_step(now);
        self.mind_the_meantime(now);
        self.mind_the_company(now);
        self.mind_the_silence(now);
    }

    fn append(&mut self, record: Record, now: UnixMillis) {
        self.appended += 1;
        self.effects.push(Effect::Append(Line { key: self.key.clone(), number: self.appended, at: now, record }));
    }

    fn is_durable(&self) -> bool {
        self.durable >= self.appended || !self.guards.stands(Guard::Intent)
    }

    fn became_durable(&mut self, through: u64) {
        self.durable = self.durable.max(through);
        while let Some((number, token)) = self.waiting_tokens.front().copied()
            && number <= self.durable
        {
            self.waiting_tokens.pop_front();
            self.effects.push(Effect::Acknowledge(token));
        }
    }

    /// The bot hears of it when what has been appended by now is durable.
    fn acknowledge_when_durable(&mut self, token: Token) {
        self.waiting_tokens.push_back((self.appended, token));
    }

    fn remark(&mut self, remark: Remark) {
        self.effects.push(Effect::Remark(remark));
    }

    /// A new state: what was tried in vain in the old one is forgotten.
    fn enter(&mut self, state: State) {
        self.state = state;
        self.tries = 0;
        self.step_reference = None;
        self.timers.clear(Timer::Again);
    }

    fn ran_out(&mut self, timer: Timer, now: UnixMillis) -> Outcome {
        if !self.timers.take(timer, now) && self.guards.stands(Guard::Mailbox) {
            return Outcome::Stale; // stopped or set anew while it was in the mailbox
        }
        match timer {
            Timer::Screen => self.screen_ran_out(now),
            Timer::Open | Timer::Step | Timer::Choice => self.step_ran_out(now),
            Timer::History | Timer::Burst | Timer::Pace | Timer::Again => {} // `go_on` sees that it is gone
            Timer::Answer => self.answer_ran_out(now),
            Timer::Patience => self.patience_ran_out(now),
            Timer::Echo => self.look_again(now),
            Timer::Meanwhile => self.meanwhile_ran_out(now),
            Timer::AfterCall => self.after_call_ran_out(now),
            Timer::Operation => self.operation_ran_out(now),
            Timer::Person => self.person_ran_out(now),
            Timer::Rejoin => self.customer_is_gone(now),
            Timer::Silence => self.silence_ran_out(now),
            Timer::Read => self.read_ran_out(now),
        }
        Outcome::Done
    }

    fn close(&mut self, how: Closed, now: UnixMillis) {
        if self.turn.take().is_some() {
            self.effects.push(Effect::Silence);
        }
        self.compare();
        self.enter(State::Closed(how));
        self.append(Record::Closed { how }, now);
        self.reading = None;
        self.doing = None;
        self.outbox.clear();
        self.errands.clear();
        self.events.clear();
        self.waiting_tokens.clear();
        self.timers.clear_all();
        self.effects.push(Effect::Close(how));
    }
}
