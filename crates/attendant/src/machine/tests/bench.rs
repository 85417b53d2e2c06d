//! A bench: the machine, a room as its platform, a bot that says something different every time, and checks on everything
//! that comes out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::guard::{Guard, Guards};
use crate::journal::{Line, Record};
use crate::machine::{Answer, Conversation, Effect, Input, Outcome, Picture, Ticket, Timer, Token};
use crate::options::{Options, Place};
use crate::room::Room;
use crate::turn::TurnId;
use crate::{
    AttachedData, EntryKind, Interaction, InteractionState, Next, Operation, PlatformError, PlatformErrorKind,
    PlatformLimits, Role, UnixMillis, Verdict, Visibility,
};

pub const LIMITS: PlatformLimits = PlatformLimits { message_bytes: 4096, agent_only_messages: true, disposition: true };

/// What can become of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Performed and answered.
    Taken,
    /// Performed, but the answer is lost.
    AnswerLost,
    /// Not performed, and nobody knows.
    Lost,
    /// Refused with this kind.
    Refused(PlatformErrorKind),
}

#[expect(clippy::struct_excessive_bools, reason = "a bench of independent observations")]
pub struct Bench {
    pub machine: Conversation,
    guards: Guards,
    pub room: Room,
    pub now: UnixMillis,
    pub journal: Vec<Line>,
    pub operations: VecDeque<(Ticket, Operation)>,
    pub reads: VecDeque<Ticket>,
    pub turn: Option<TurnId>,
    pub screening: bool,
    pub closed: bool,
    /// Everything that was performed, by the name of the operation.
    pub performed: Vec<&'static str>,
    durable: u64,
    tokens: u64,
    said: u64,
    /// People whose words the machine has been given, and who have not left since, as far as it was told.
    pub spoken: BTreeSet<crate::ParticipantId>,
    typing: bool,
    completed: bool,
    /// Which turn took a customer's line; lines of a turn that was silenced are free again.
    taken: BTreeMap<u64, u64>,
    open_lines: Vec<u64>,
    pub acknowledged: Vec<Token>,
    pub compared: Vec<crate::Comparison>,
    pub told: Vec<u64>,
}

pub fn options() -> Options {
    Options { fallback: Some(Place { skill: Some("people".into()), ..Place::default() }), ..Options::default() }
}

pub fn name(operation: &Operation) -> &'static str {
    match operation {
        Operation::Accept { .. } => "accept",
        Operation::Reject => "reject",
        Operation::Say { visibility: Visibility::Agents, .. } => "note",
        Operation::Say { .. } => "say",
        Operation::TypingStart => "typing start",
        Operation::TypingStop => "typing stop",
        Operation::RequestTranscript => "transcript",
        Operation::Invite(_) => "invite",
        Operation::Transfer(_) => "transfer",
        Operation::LeaveConference => "leave",
        Operation::EndSession => "end",
        Operation::SetDisposition(_) => "disposition",
        Operation::Attach(_) => "attach",
        Operation::Complete => "complete",
    }
}

impl Bench {
    /// A chat that has just been offered.
    pub fn new(options: Options) -> Self {
        let now = UnixMillis(1_000_000);
        let room = Room::new("chat-1".into(), "Ada", AttachedData::default(), now);
        let (machine, effects) = Conversation::offered(&room.interaction, Arc::new(options), LIMITS, now);
        let mut bench = Self::around(machine, room, now);
        bench.perform(effects);
        bench
    }

    /// The same, on a platform that may have no messages for agents only.
    pub fn limited(options: Options, agent_only_messages: bool) -> Self {
        let now = UnixMillis(1_000_000);
        let room = Room::new("chat-1".into(), "Ada", AttachedData::default(), now);
        let limits = PlatformLimits { agent_only_messages, ..LIMITS };
        let (machine, effects) = Conversation::offered(&room.interaction, Arc::new(options), limits, now);
        let mut bench = Self::around(machine, room, now);
        bench.perform(effects);
        bench
    }

    fn around(machine: Conversation, room: Room, now: UnixMillis) -> Self {
        Self {
            machine,
            guards: Guards::default(),
            room,
            now,
            journal: Vec::new(),
            operations: VecDeque::new(),
            reads: VecDeque::new(),
            turn: None,
            screening: false,
            closed: false,
            performed: Vec::new(),
            durable: 0,
            tokens: 0,
            said: 0,
            spoken: BTreeSet::new(),
            typing: false,
            completed: false,
            taken: BTreeMap::new(),
            open_lines: Vec::new(),
            acknowledged: Vec::new(),
            compared: Vec::new(),
            told: Vec::new(),
        }
    }

    /// The process dies: what is durable survives, what was on its way is lost, and another takes the story up.
    pub fn crash(&mut self, options: Options) -> bool {
        let durable = usize::try_from(self.durable).unwrap();
        let lines = self.journal[..durable].to_vec();
        let Some((machine, effects)) = Conversation::recovered(&lines, Arc::new(options), LIMITS, self.now) else {
            self.closed = true; // or it was never heard of; the platform offers it again
            return false;
        };
        let room = self.room.clone();
        let (said, guards) = (self.said, self.guards);
        *self = Self::around(machine.guarded(guards), room, self.now);
        self.guards = guards;
        self.said = said;
        self.durable = lines.len() as u64;
        for line in &lines {
            self.note(&line.record);
        }
        self.journal = lines;
        let _ = self.room.news(); // told to the dead one
        self.perform(effects);
        true
    }

    /// With a guard taken out.
    pub fn without(mut self, guard: Guard) -> Self {
        self.guards = Guards::without(guard);
        self.machine = self.machine.guarded(self.guards);
        self
    }

    /// A live chat in which the bot has nothing to do.
    pub fn live(options: Options) -> Self {
        let mut bench = Self::new(options);
        bench.settle();
        assert!(bench.machine.is_listening(), "{:?}", bench.machine.state());
        bench
    }

    pub fn input(&mut self, input: Input) -> Outcome {
        if let Input::Durable { through } = input {
            self.durable = self.durable.max(through);
        }
        let reaction = self.machine.handle(input, self.now);
        self.perform(reaction.effects);
        self.check_that_something_will_happen();
        reaction.outcome
    }

    /// Rule: every wait has a deadline.
    fn check_that_something_will_happen(&self) {
        let waits_for_the_journal = self.durable < self.journal.len() as u64;
        assert!(
            self.closed || self.machine.next_timer().is_some() || waits_for_the_journal,
            "waits for ever: {:?}",
            self.machine
        );
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            assert!(!self.closed, "{effect:?} after the end");
            match effect {
                Effect::Append(line) => {
                    assert_eq!(line.number, self.journal.len() as u64 + 1);
                    self.note(&line.record);
                    self.journal.push(line);
                }
                Effect::Perform { ticket, operation } => {
                    self.check(&operation);
                    self.performed.push(name(&operation));
                    self.operations.push_back((ticket, operation));
                    assert_eq!(self.operations.len(), 1, "one operation at a time");
                }
                Effect::Screen(_) => self.screening = true,
                Effect::Respond(scene) => {
                    assert!(self.turn.is_none_or(|turn| turn != scene.turn), "called twice for one run");
                    self.turn = Some(scene.turn);
                }
                Effect::Silence => self.turn = None,
                Effect::Acknowledge(token) => self.acknowledged.push(token),
                Effect::Read { ticket } => self.reads.push_back(ticket),
                Effect::Compared(comparison) => self.compared.push(*comparison),
                Effect::Remark(_) => {}
                Effect::Close(_) => self.closed = true,
            }
        }
    }

    fn note(&mut self, record: &Record) {
        match record {
            Record::TurnStarted { turn, lines, .. } => {
                for line in lines {
                    // Rule: one answer.
                    assert_eq!(self.taken.insert(*line, *turn), None, "line {line} is answered twice");
                }
                self.open_lines.clone_from(lines);
            }
            Record::CallBack { lines, .. } => {
                for line in lines {
                    assert_eq!(self.taken.insert(*line, 0), None, "line {line} is answered twice");
                }
            }
            Record::TurnEnded { .. } | Record::TurnFailed { .. } => self.open_lines.clear(),
            Record::PersonHolds { .. } | Record::Accepting => {
                for line in self.open_lines.drain(..) {
                    self.taken.remove(&line);
                }
            }
            _ => {}
        }
    }

    fn check(&mut self, operation: &Operation) {
        let durable = self.durable == self.journal.len() as u64;
        let visible = matches!(operation, Operation::Say { visibility: Visibility::All, .. });
        // Rule: intent before operation.
        assert!(
            durable || matches!(operation, Operation::TypingStart | Operation::TypingStop),
            "{operation:?} before its intent is durable"
        );
        // Rule: nothing is sent after a person took over.
        assert!(!visible || self.spoken.is_empty(), "{operation:?} although {:?} spoke", self.spoken);
        // Rule: no operation after Complete, but for another Complete if it has not worked.
        assert!(!self.completed || *operation == Operation::Complete, "{operation:?} after Complete");
        match operation {
            // Rule: typing start, then stop or message.
            Operation::TypingStart => {
                assert!(!self.typing, "typing starts twice");
                self.typing = true;
            }
            Operation::TypingStop | Operation::Say { visibility: Visibility::All, .. } => self.typing = false,
            Operation::Transfer(_) | Operation::Invite(_) | Operation::EndSession | Operation::LeaveConference => {
                assert!(!self.typing, "{operation:?} while typing shows");
            }
            _ => {}
        }
    }

    /// The journal has written everything so far.
    pub fn write(&mut self) {
        if self.durable < self.journal.len() as u64 && !self.closed {
            self.input(Input::Durable { through: self.journal.len() as u64 });
        }
    }

    /// The operation that is on its way meets its fate.
    pub fn answer(&mut self, fate: Fate) {
        let Some((ticket, operation)) = self.operations.pop_front() else { return };
        let result = match fate {
            Fate::Taken | Fate::AnswerLost => {
                let result = self.room.perform(&operation, "Robo", self.now);
                self.check_the_room();
                if fate == Fate::Taken { result } else { Err(PlatformError::new(PlatformErrorKind::Unknown, "lost")) }
            }
            Fate::Lost => Err(PlatformError::new(PlatformErrorKind::Unknown, "lost")),
            Fate::Refused(kind) => Err(PlatformError::new(kind, "refused")),
        };
        if operation == Operation::Complete && result.is_ok() {
            self.completed = true;
        }
        if !self.closed {
            self.input(Input::Performed { ticket, result });
        }
    }

    /// Rule: one answer, once, in order. What the bot says is numbered, so that the room shows it.
    fn check_the_room(&self) {
        let own = self.room.entries.iter().filter(|entry| entry.from.role == Role::Me);
        let numbers: Vec<u64> = own
            .filter_map(|entry| match &entry.kind {
                EntryKind::Text(text) => text.strip_prefix("say ").and_then(|number| number.parse().ok()),
                _ => None,
            })
            .collect();
        assert!(numbers.is_sorted_by(|one, other| one < other), "out of order or twice: {numbers:?}");
    }

    /// The room tells what is new.
    pub fn tell(&mut self) {
        let (changed, entries) = self.room.news();
        if let Some(changed) = changed {
            self.changed(changed);
        }
        if !entries.is_empty() {
            self.hear(entries);
        }
    }

    pub fn changed(&mut self, interaction: Interaction) {
        if !self.closed {
            self.input(Input::Changed(interaction));
        }
    }

    pub fn hear(&mut self, entries: Vec<crate::Entry>) {
        if self.closed {
            return;
        }
        self.told.extend(entries.iter().map(|entry| entry.index));
        self.count_who_spoke();
        self.input(Input::Heard(entries));
    }

    fn count_who_spoke(&mut self) {
        self.spoken.clear();
        for entry in self.room.entries.iter().filter(|entry| self.told.contains(&entry.index)) {
            match (&entry.from.role, &entry.kind) {
                (Role::Agent, EntryKind::Text(_)) => drop(self.spoken.insert(entry.from.id.clone())),
                (Role::Agent, EntryKind::Left) => drop(self.spoken.remove(&entry.from.id)),
                _ => {}
            }
        }
    }

    /// The look at the platform that is on its way shows what there is.
    pub fn look(&mut self, works: bool) {
        let Some(ticket) = self.reads.pop_front() else { return };
        let picture = if !works {
            Picture::Failed(PlatformError::new(PlatformErrorKind::Unavailable, "down"))
        } else if self.room.interaction.state.is_final() {
            Picture::Gone
        } else {
            self.told.extend(self.room.entries.iter().map(|entry| entry.index));
            self.count_who_spoke();
            let transcript = match self.room.interaction.state {
                InteractionState::Invited => Vec::new(),
                _ => self.room.entries.clone(),
            };
            Picture::Found { interaction: self.room.interaction.clone(), transcript }
        };
        if !self.closed {
            self.input(Input::Read { ticket, picture });
        }
    }

    /// The next timer runs out.
    pub fn ring(&mut self) {
        if let Some((at, timer)) = self.machine.next_timer() {
            self.now = self.now.max(at);
            if timer == Timer::Operation {
                self.operations.clear(); // it never arrived
            }
            self.input(Input::Timer(timer));
        }
    }

    pub fn customer_says(&mut self, words: &str) {
        self.say_as(&Role::Customer, words);
    }

    pub fn say_as(&mut self, role: &Role, words: &str) {
        if let Some(id) = self.room.somebody(role) {
            self.room.act(&id, Visibility::All, EntryKind::Text(words.to_owned()), self.now);
        }
    }

    /// The bot says the next number.
    pub fn bot_says(&mut self) -> Outcome {
        let Some(turn) = self.turn else { return Outcome::Stale };
        self.said += 1;
        self.tokens += 1;
        let (words, token) = (format!("say {}", self.said), self.tokens);
        self.input(Input::Said { turn, words, token })
    }

    pub fn bot_ends(&mut self, next: Next) -> Outcome {
        let Some(turn) = self.turn.take() else { return Outcome::Stale };
        self.input(Input::TurnOver { turn, outcome: Ok(Answer { next, memory: BTreeMap::new() }) })
    }

    pub fn screen(&mut self, verdict: Verdict) {
        if std::mem::take(&mut self.screening) && !self.closed {
            self.input(Input::Screened(Ok(verdict)));
        }
    }

    /// Everything goes well from here, until it is the customer's move or all is over.
    pub fn settle(&mut self) {
        for _ in 0..500 {
            if !self.go_well() {
                return;
            }
        }
        panic!("does not come to rest: {:?}, {:?}", self.machine, self.performed);
    }

    /// One thing goes well. False: it is the customer's move, or all is over.
    pub fn go_well(&mut self) -> bool {
        self.tell();
        self.write();
        if self.closed {
            return false;
        }
        if self.screening {
            self.screen(Verdict::Accept);
        } else if !self.operations.is_empty() {
            self.answer(Fate::Taken);
        } else if !self.reads.is_empty() {
            self.look(true);
        } else if self.turn.is_some() {
            self.bot_says();
            self.bot_ends(Next::Listen);
        } else if self.machine.waits_for_others() {
            return false;
        } else {
            self.ring();
        }
        true
    }

    /// The customer's lines that no turn has taken.
    pub fn unanswered(&self) -> Vec<u64> {
        let spoken_by_person = self
            .room
            .entries
            .iter()
            .filter(|entry| entry.from.role == Role::Agent && matches!(entry.kind, EntryKind::Text(_)))
            .map(|entry| entry.index)
            .max()
            .unwrap_or(0);
        self.room
            .entries
            .iter()
            .filter(|entry| entry.from.role == Role::Customer && matches!(entry.kind, EntryKind::Text(_)))
            // Older ones fall under the age policy once somebody has looked away.
            .filter(|entry| entry.at.is_some_and(|at| self.now.0 - at.0 < 600_000))
            .map(|entry| entry.index)
            .filter(|index| *index > spoken_by_person && !self.taken.contains_key(index))
            .collect()
    }
}
