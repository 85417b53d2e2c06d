//! Sending: each message once, in order, typed at a human pace, and believed when the transcript shows it.

use super::{Conversation, Remark, State, Timer, after, between};
use crate::guard::Guard;
use crate::journal::{Record, TurnFailure};
use crate::mode::Mode;
use crate::text::{same_words, split};
use crate::{EntryKind, Operation, PlatformError, PlatformErrorKind as Kind, Role, UnixMillis, Visibility};

use super::operating::Task;

/// A message on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    pub number: u64,
    pub text: String,
    pub visibility: Visibility,
    /// When it was meant to be said.
    pub at: UnixMillis,
    pub status: Status,
    /// How often it has been performed and then shown not to be there.
    pub tries: u32,
    /// The last index of the transcript that was known when it was performed.
    pub behind: u64,
}

/// How far it is. Only the first message of the outbox is ever beyond `Owed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// To be sent.
    Owed,
    /// Being performed.
    Performing,
    /// Taken by the platform; its echo is waited for.
    Sent,
    /// Perhaps taken: the answer was lost.
    Unknown,
    /// From the journal of an earlier process, which may have sent it.
    Restored,
}

/// Whether the customer sees us typing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lips {
    /// No.
    Closed,
    /// Yes.
    Typing,
    /// A message has followed, which ends it on most platforms.
    Spoken,
}

impl Conversation {
    /// Puts words of the bot into the outbox, and their intent into the journal.
    pub(super) fn post_said(&mut self, turn: u64, words: String, now: UnixMillis) {
        let parts = split(&words, self.limits.message_bytes);
        let first = self.messages + 1;
        self.post(&parts, Visibility::All, now);
        self.append(Record::Said { turn, words, first, parts }, now);
    }

    /// Puts words of the runtime itself into the outbox, and their intent into the journal. Empty words are none.
    pub(super) fn utter(&mut self, words: &str, agents_only: bool, now: UnixMillis) {
        let parts = split(words, self.limits.message_bytes);
        let silent = match self.options.mode {
            Mode::Auto => false,
            Mode::Draft => !agents_only,
            Mode::Shadow => true,
        };
        if parts.is_empty() || silent {
            return;
        }
        let first = self.messages + 1;
        self.post(&parts, if agents_only { Visibility::Agents } else { Visibility::All }, now);
        self.append(Record::Uttered { first, parts, agents_only }, now);
    }

    pub(super) fn post(&mut self, parts: &[String], visibility: Visibility, at: UnixMillis) {
        for text in parts {
            self.messages += 1;
            let (number, text) = (self.messages, text.clone());
            self.outbox.push_back(Outgoing { number, text, visibility, at, status: Status::Owed, tries: 0, behind: 0 });
        }
    }

    /// Moves the first message of the outbox on. Called only while the bot owns the conversation.
    pub(super) fn send(&mut self, now: UnixMillis) -> bool {
        let Some(front) = self.outbox.front() else { return false };
        if front.status != Status::Owed {
            return false; // its echo, or a look at the transcript, moves it on
        }
        let (number, visibility) = (front.number, front.visibility);
        // An introduction is said at once: the person is about to speak.
        let introduces = matches!(self.state, State::HumanPresent(_));
        if self.options.pace.on && visibility == Visibility::All && !introduces {
            if self.lips != Lips::Typing {
                self.lips = Lips::Typing;
                let until = after(self.pace_from, self.time_to_type(&front.text)).max(now);
                self.timers.set(Timer::Pace, until);
                self.perform(Task::Typing, Operation::TypingStart, now);
                return true;
            }
            if self.timers.has(Timer::Pace) {
                return false;
            }
        }
        if !self.is_durable() {
            return false;
        }
        let text = front.text.clone();
        if let Some(front) = self.outbox.front_mut() {
            front.status = Status::Performing;
            front.behind = self.transcript.last().map_or(0, |entry| entry.index);
        }
        self.perform(Task::Say(number, visibility), Operation::Say { text, visibility }, now);
        true
    }

    fn time_to_type(&self, text: &str) -> std::time::Duration {
        let pace = &self.options.pace;
        let characters = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        (std::time::Duration::from_secs(1) * characters / pace.speed.max(1))
            .clamp(pace.least, pace.most.max(pace.least))
    }

    /// Nothing more to say for now: no typing is left standing.
    pub(super) fn close_lips(&mut self, now: UnixMillis) -> bool {
        let lips = std::mem::replace(&mut self.lips, Lips::Closed);
        if lips == Lips::Closed || (lips == Lips::Spoken && !self.options.pace.stop_after_message) {
            return false;
        }
        self.timers.clear(Timer::Pace);
        self.perform(Task::Typing, Operation::TypingStop, now);
        true
    }

    /// Whether the customer sees us typing, as far as the transcript tells: an earlier process may have begun.
    pub(super) fn look_at_the_lips(&mut self) {
        let mut own = self.transcript.iter().rev().filter(|entry| entry.from.role == Role::Me);
        let last = own.find(|entry| {
            matches!(
                entry.kind,
                EntryKind::Text(_) | EntryKind::TypingStarted | EntryKind::TypingStopped | EntryKind::Left
            )
        });
        if self.lips == Lips::Closed && last.is_some_and(|entry| entry.kind == EntryKind::TypingStarted) {
            self.lips = Lips::Typing;
        }
    }

    /// The message whose echo is waited for.
    pub(super) fn sent_message(&self) -> Option<u64> {
        self.outbox.front().filter(|front| front.status == Status::Sent).map(|front| front.number)
    }

    pub(super) fn say_was_taken(&mut self, message: u64, visibility: Visibility, now: UnixMillis) {
        self.pace_from = now;
        // A note ends no typing, for the customer does not see it.
        if self.lips == Lips::Typing && visibility == Visibility::All {
            self.lips = Lips::Spoken;
        }
        let wait = self.options.sending.echo_within;
        if let Some(front) = self.performing(message) {
            front.status = Status::Sent;
            self.timers.set(Timer::Echo, after(now, wait));
        }
    }

    pub(super) fn say_was_refused(&mut self, message: u64, error: &PlatformError, now: UnixMillis) {
        let (settle, matching) = (self.options.sending.settle_within, self.guards.stands(Guard::Matching));
        let Some(front) = self.performing(message) else {
            return; // its echo was faster, or it is withdrawn
        };
        match error.kind() {
            Kind::Unknown if !matching => front.status = Status::Owed,
            Kind::Unknown | Kind::Protocol => {
                front.status = Status::Unknown;
                self.timers.set(Timer::Echo, after(now, settle));
            }
            Kind::WrongState | Kind::NotFound => {
                front.status = Status::Unknown;
                self.look_again(now);
            }
            Kind::Invalid if front.text.len() > 64 => self.say_in_halves(now),
            _ => {
                front.status = Status::Owed;
                if !self.try_again(error, now) {
                    self.undeliverable(now);
                }
            }
        }
    }

    fn performing(&mut self, message: u64) -> Option<&mut Outgoing> {
        self.outbox
            .front_mut()
            .filter(|front| front.number == message && matches!(front.status, Status::Performing | Status::Sent))
    }

    /// The platform finds it too long, whatever it had told about its limits.
    fn say_in_halves(&mut self, now: UnixMillis) {
        let Some(long) = self.outbox.pop_front() else { return };
        let agents_only = long.visibility == Visibility::Agents;
        self.append(Record::Withdrawn { messages: vec![long.number], why: "too long for the platform".into() }, now);
        let rest = std::mem::take(&mut self.outbox);
        let parts = split(&long.text, (long.text.len() / 2).max(32));
        let first = self.messages + 1;
        self.post(&parts, long.visibility, now);
        self.append(Record::Uttered { first, parts, agents_only }, now);
        self.outbox.extend(rest);
    }

    /// An own line in the transcript: the echo of what was sent, from this process or an earlier one.
    pub(super) fn own_line(&mut self, index: u64, text: &str, visibility: Visibility, now: UnixMillis) {
        if index <= self.last_own && self.guards.stands(Guard::Dedupe) {
            // Confirmed in an earlier life of this process, or said in an earlier story.
            if self.is_from_before(index) && visibility == Visibility::All {
                self.was_here_before(index);
            }
            return;
        }
        let ours = self.outbox.front().is_some_and(|front| {
            let same = front.visibility == visibility && same_words(&front.text, text);
            match front.status {
                // Nobody else writes under this participant, so what comes now is it, even if the platform changed it.
                Status::Performing | Status::Sent | Status::Unknown => {
                    same || (front.visibility == visibility && front.behind > 0 && index > front.behind)
                }
                Status::Restored => same && self.guards.stands(Guard::Matching),
                Status::Owed => same && front.tries > 0,
            }
        });
        if !ours {
            if self.turns > 0 && !self.is_from_before(index) {
                self.remark(Remark::StrayLine { index });
            } else if visibility == Visibility::All {
                self.was_here_before(index);
            }
            return;
        }
        if let Some(front) = self.outbox.pop_front() {
            self.last_own = index;
            self.tries = 0;
            self.timers.clear(Timer::Echo);
            self.append(Record::Confirmed { message: front.number, index }, now);
        }
    }

    /// Whether a line was said before this story began.
    fn is_from_before(&self, index: u64) -> bool {
        let place = self.transcript.binary_search_by_key(&index, |entry| entry.index);
        let entry = place.ok().and_then(|place| self.transcript.get(place));
        entry.and_then(|entry| entry.at).is_some_and(|at| at < self.key.began)
    }

    /// The transcript has been read, and the first message of the outbox is not in it.
    pub(super) fn settle_sends(&mut self, now: UnixMillis) {
        self.timers.clear(Timer::Echo);
        let most = self.options.sending.tries;
        let mut again = None;
        let mut hopeless = false;
        for outgoing in &mut self.outbox {
            match outgoing.status {
                Status::Sent | Status::Unknown => {
                    outgoing.status = Status::Owed;
                    outgoing.tries += 1;
                    again = Some(outgoing.number);
                    hopeless |= outgoing.tries >= most;
                }
                Status::Restored => outgoing.status = Status::Owed,
                Status::Owed | Status::Performing => {}
            }
        }
        if hopeless {
            self.undeliverable(now);
        } else if let Some(message) = again {
            self.remark(Remark::SentAgain { message });
        }
    }

    /// The first message cannot be sent. What follows it makes no sense alone, so the turn has failed.
    fn undeliverable(&mut self, now: UnixMillis) {
        let Some(message) = self.outbox.front().map(|front| front.number) else { return };
        self.remark(Remark::Undeliverable { message });
        self.withdraw("undeliverable", now);
        if self.state == State::Active {
            self.stop_the_turn();
            self.decided = None;
            self.turn_failed_for_good(&TurnFailure::Undeliverable, now);
        }
        self.look_at_people(now); // a person may have been waited for with it
    }

    /// Empties the outbox.
    pub(super) fn withdraw(&mut self, why: &str, now: UnixMillis) {
        self.timers.clear(Timer::Pace);
        self.timers.clear(Timer::Echo);
        if self.outbox.is_empty() {
            return;
        }
        let messages = self.outbox.drain(..).map(|outgoing| outgoing.number).collect();
        self.append(Record::Withdrawn { messages, why: why.to_owned() }, now);
    }

    /// Takes back what is not on its way yet.
    pub(super) fn withdraw_unsent(&mut self, why: &str, now: UnixMillis) {
        let unsent = |outgoing: &Outgoing| outgoing.status == Status::Owed && outgoing.tries == 0;
        let messages: Vec<u64> =
            self.outbox.iter().filter(|outgoing| unsent(outgoing)).map(|outgoing| outgoing.number).collect();
        if !messages.is_empty() {
            self.outbox.retain(|outgoing| !unsent(outgoing));
            self.timers.clear(Timer::Pace);
            self.append(Record::Withdrawn { messages, why: why.to_owned() }, now);
        }
    }

    /// How long ago the turn began, for the bot's own time is part of the pace.
    pub(super) fn think_from(&mut self, now: UnixMillis) {
        debug_assert!(between(self.pace_from, now) >= std::time::Duration::ZERO);
        self.pace_from = now;
    }
}
