//! Beside a person: drafts that only people see, and shadows that nobody sees. The conversation is the person's, whatever
//! they do; where there is none, the chat is passed on, for this bot has no voice of its own.

use std::collections::BTreeMap;

use super::{Conversation, Effect, Holder, Remark, State, Step, Timer, after};
use crate::journal::Record;
use crate::mode::{Comparison, Mode};
use crate::rules::names;
use crate::text::split;
use crate::{Entry, EntryKind, Handoff, HandoffFailure, Manner, Next, Role, Target, UnixMillis, Visibility};

/// A comparison that waits for what the person says.
#[derive(Debug, Clone)]
pub struct Pending {
    comparison: Comparison,
    /// The last line of the customer that it is about.
    after: u64,
}

impl Conversation {
    pub(super) fn is_beside(&self) -> bool {
        self.options.mode.is_beside()
    }

    /// What the bot would say.
    pub(super) fn draft(&mut self, turn: u64, words: String, now: UnixMillis) {
        if let Some(pending) = &mut self.pending {
            pending.comparison.bot.push(words.clone());
        }
        self.write_a_draft(turn, words, now);
    }

    fn write_a_draft(&mut self, turn: u64, words: String, now: UnixMillis) {
        let quiet = Record::Drafted { turn, words: words.clone(), first: 0, parts: Vec::new() };
        match self.options.mode {
            Mode::Draft if self.limits.agent_only_messages => {
                let parts = split(&format!("{}{words}", self.options.draft.prefix), self.limits.message_bytes);
                let first = self.messages + 1;
                self.post(&parts, Visibility::Agents, now);
                self.append(Record::Drafted { turn, words, first, parts }, now);
            }
            Mode::Draft => {
                self.append(quiet, now);
                let all = self.turn.as_ref().map(|turn| turn.said.join("\n")).unwrap_or_default();
                self.attach([(self.options.draft.key.clone(), all)].into(), now);
            }
            _ => self.append(quiet, now),
        }
    }

    /// What the bot would do: told to people in a draft, and never done.
    pub(super) fn suggest(&mut self, next: &Next, now: UnixMillis) {
        if let Some(pending) = &mut self.pending {
            pending.comparison.next = next.clone();
        }
        let words = match next {
            Next::HandOff(handoff) => handoff.choices.first().map(|choice| match &choice.target {
                Target::Agent(name) => format!("hand over to {name}"),
                Target::Skill(name) => format!("hand over to somebody with the skill {name}"),
                Target::Queue(name) => format!("hand over to the queue {name}"),
                Target::CallBack(_) => "offer a call-back".to_owned(),
            }),
            Next::Finish { disposition } => Some(format!("end the chat as {disposition}")),
            Next::Listen | Next::Wait { .. } => None,
        };
        if let Some(words) = words.filter(|_| self.options.mode == Mode::Draft)
            && let Some(turn) = &mut self.turn
        {
            let (number, words) = (turn.number, format!("({words})"));
            turn.said.push(words.clone());
            self.write_a_draft(number, words, now);
        }
    }

    /// The bot is asked: what it does is held against what the person does.
    pub(super) fn begin_to_compare(&mut self, asked: Vec<String>, lines: &[u64], now: UnixMillis) {
        self.compare();
        if self.is_beside() {
            let comparison = Comparison::new(self.key.interaction.clone(), now, asked);
            self.pending = Some(Pending { comparison, after: lines.last().copied().unwrap_or_default() });
        }
    }

    pub(super) fn compare_failure(&mut self, why: &str) {
        if let Some(pending) = &mut self.pending {
            pending.comparison.failed = Some(why.to_owned());
        }
    }

    /// The time of one comparison is over.
    pub(super) fn compare(&mut self) {
        let Some(Pending { mut comparison, after }) = self.pending.take() else { return };
        // Up to the next line of the customer that the person's words do not answer any more.
        let until = self.turn.as_ref().and_then(|turn| turn.lines.first().copied()).unwrap_or(u64::MAX);
        let said = self.transcript.iter().filter(|entry| entry.index > after && entry.index < until);
        comparison.person = said.filter_map(words_of_a_person).map(str::to_owned).collect();
        self.effects.push(Effect::Compared(Box::new(comparison)));
    }

    /// A person answered while the bot was writing: the draft has come too late.
    pub(super) fn draft_is_late(&mut self, now: UnixMillis) {
        if self.options.mode != Mode::Draft {
            return;
        }
        if self.stop_the_turn().is_some() {
            self.append(Record::TurnEnded { turn: self.turns, next: Next::Listen, memory: BTreeMap::new() }, now);
        }
        self.withdraw_unsent("a person has answered", now);
    }

    /// Who is in decides how long the bot stays: beside a person as long as the options say, alone not at all.
    pub(super) fn mind_the_company(&mut self, now: UnixMillis) {
        if !self.is_beside() || self.state != State::Active {
            return;
        }
        let company = self.company().is_some();
        if self.in_company == Some(company) && self.timers.has(Timer::Person) {
            return;
        }
        let again = self.in_company == Some(company);
        self.in_company = Some(company);
        let wait = match (company, again) {
            (true, _) => self.options.handoff.stay_at_most,
            (false, false) => self.options.draft.alone_within,
            (false, true) => self.options.handoff.choice_within, // passing it on has failed a moment ago
        };
        self.timers.set(Timer::Person, after(now, wait));
    }

    fn company(&self) -> Option<Holder> {
        let person = self.people.values().map(super::people::Person::who).find(|who| !self.is_bot(who))?;
        let since = self.key.began;
        Some(Holder { id: person.id.clone(), nickname: person.nickname.clone(), since, invited: None })
    }

    /// Goes: out of a conference with a person, else by passing the chat on.
    pub(super) fn step_aside(&mut self, now: UnixMillis) {
        self.silence_the_bot("the bot steps aside", now);
        if let Some(holder) = self.company() {
            self.append(Record::PersonHolds { nickname: holder.nickname.clone() }, now);
            self.append(Record::Leaving, now);
            self.timers.clear(Timer::Person);
            self.enter(State::Leaving(holder, Step::Owed));
        } else if let Some(handoff) = self.options.fallback().and_then(without_a_word) {
            let handoff = handoff.because(names::ALONE);
            let next = Next::HandOff(handoff.clone());
            self.append(Record::TurnEnded { turn: self.turns, next, memory: BTreeMap::new() }, now);
            self.hand_over(handoff, now);
        } else {
            self.remark(Remark::ChoiceFailed(HandoffFailure::NoSuchTarget));
        }
    }
}

/// A handoff that needs no voice.
fn without_a_word(mut handoff: Handoff) -> Option<Handoff> {
    handoff.choices.retain(|choice| !matches!(choice.target, Target::CallBack(_)));
    for choice in &mut handoff.choices {
        choice.manner = Manner::Cold;
    }
    let choices = std::mem::take(&mut handoff.choices);
    let quiet = Handoff { choices, words: None, meanwhile: None, introduction: None, ..handoff };
    (!quiet.choices.is_empty()).then_some(quiet)
}

fn words_of_a_person(entry: &Entry) -> Option<&str> {
    match (&entry.from.role, &entry.kind, entry.visibility) {
        (Role::Agent | Role::Supervisor, EntryKind::Text(text), Visibility::All) => Some(text),
        _ => None,
    }
}
