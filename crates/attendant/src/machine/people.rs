//! People: who is in the chat beside the customer and the bot, and who holds the conversation. Looked at as a whole after
//! every change, so that entries that come twice or late cannot confuse it.

use std::collections::BTreeSet;

use super::operating::Task;
use super::{Attempt, Conversation, Holder, Lips, Remark, State, Step, Timer, after};
use crate::guard::Guard;
use crate::handoff::fill;
use crate::journal::Record;
use crate::mode::Mode;
use crate::{Entry, EntryKind, Event, HandoffFailure, Operation, Participant, ParticipantId, Role, Target, UnixMillis};

/// The clock of the platform may be behind ours by so much. Who is taken for present for that long too much is only waited for.
const CLOCKS_DIFFER: i64 = 5_000;

/// Somebody on the agents' side who is in the chat.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    who: Participant,
    /// Has said something to the customer.
    spoken: bool,
    /// Was in for so long without a word that the bot went on; counts again when they speak.
    idle: bool,
    /// The bot has heard of them.
    announced: bool,
}

impl Person {
    pub fn who(&self) -> &Participant {
        &self.who
    }
}

impl Conversation {
    pub(super) fn came_in(&mut self, who: &Participant) {
        if who.role == Role::Agent || who.role == Role::Supervisor {
            let person = Person { who: who.clone(), spoken: false, idle: false, announced: false };
            self.people.entry(who.id.clone()).or_insert(person);
        }
    }

    /// A person spoke to the customer: what the customer said before is theirs now.
    pub(super) fn person_spoke(&mut self, entry: &Entry, now: UnixMillis) {
        // What a shadow is still to answer is answered by a person all the time.
        if self.options.mode != Mode::Shadow || self.joined_at == 0 {
            self.consider_answered(entry.index);
            self.draft_is_late(now);
        }
        if self.did_later(entry, &EntryKind::Left) {
            return; // an old line, heard late
        }
        self.came_in(&entry.from);
        if let Some(person) = self.people.get_mut(&entry.from.id) {
            person.spoken = true;
        }
    }

    pub(super) fn person_joined(&mut self, entry: &Entry) {
        if self.did_later(entry, &EntryKind::Left) {
            return; // an old line, heard late
        }
        self.came_in(&entry.from);
        // Who came in before they were found to be silent, and is in still, is silent still: the customer has waited for them
        // once.
        let found_silent = self.gone.get(&entry.from.nickname).copied();
        if let (Some(since), Some(came)) = (found_silent, entry.at)
            && came <= since
            && let Some(person) = self.people.get_mut(&entry.from.id)
        {
            (person.idle, person.announced) = (true, true);
        }
    }

    pub(super) fn person_left(&mut self, entry: &Entry) {
        if !self.did_later(entry, &EntryKind::Joined) {
            self.people.remove(&entry.from.id);
        }
    }

    /// Whether the same participant did this after that entry, as far as the transcript is known: entries may be heard in
    /// any order.
    fn did_later(&self, entry: &Entry, kind: &EntryKind) -> bool {
        let later = self.transcript.iter().rev().take_while(|other| other.index > entry.index);
        later.into_iter().any(|other| other.from.id == entry.from.id && other.kind == *kind)
    }

    /// After a look at the platform: who is not among the participants has left while nobody was listening. But the list was
    /// read before the transcript, and what was heard meanwhile is younger than both: who has done something since the look
    /// began is in.
    pub(super) fn only_these_are_in(&mut self, participants: &[Participant], since: UnixMillis) {
        if participants.is_empty() {
            return;
        }
        let since = UnixMillis(since.0.saturating_sub(CLOCKS_DIFFER));
        let recent = self.transcript.iter().rev().take_while(|entry| entry.at.is_none_or(|at| at >= since));
        let recent: BTreeSet<&ParticipantId> = recent.map(|entry| &entry.from.id).collect();
        self.people.retain(|id, _| recent.contains(id) || participants.iter().any(|participant| participant.id == *id));
    }

    /// The person who holds the conversation, if anybody does.
    pub(super) fn holder(&self) -> Option<&Person> {
        if self.is_beside() {
            return None; // a person has it all along, and nobody falls silent for them
        }
        let inviting = matches!(&self.state, State::Inviting(_) | State::HumanPresent(Holder { invited: Some(_), .. }));
        let on_join = self.options.handoff.silent_on_join || inviting;
        let mut people = self.people.values().filter(|person| inviting || !self.is_bot(&person.who));
        people.find(|person| person.spoken || (person.who.role == Role::Agent && !person.idle && on_join))
    }

    /// Does what the presence of people asks for: falls silent, leaves, or wakes up.
    pub(super) fn look_at_people(&mut self, now: UnixMillis) {
        if self.reading.is_some() {
            return; // after the look
        }
        if !self.guards.stands(Guard::Ownership) && self.state == State::Active {
            return;
        }
        match self.state.clone() {
            State::Active | State::CallingBack(..) => {
                if let Some(person) = self.holder().cloned() {
                    self.hold(&person, None, now);
                } else if self.state == State::Active {
                    self.announce_people();
                }
            }
            State::Inviting(attempt) => {
                if let Some(person) = self.holder().cloned() {
                    let invited = Some(attempt).filter(|attempt| is_invited(attempt, &person.who));
                    self.hold(&person, invited, now);
                }
            }
            State::HumanPresent(holder) => self.look_at_the_holder(holder, now),
            State::Leaving(holder, Step::Owed) if !self.people.contains_key(&holder.id) => self.released(holder, now),
            _ => {}
        }
    }

    /// Agents who are in without holding the conversation: the bot hears of each once.
    fn announce_people(&mut self) {
        if self.is_beside() {
            return;
        }
        let bots = &self.options.handoff.bots;
        let news = |person: &&mut Person| {
            person.who.role == Role::Agent && !person.announced && !bots.contains(&person.who.nickname)
        };
        for person in self.people.values_mut().filter(news) {
            person.announced = true;
            self.events.push_back(Event::PersonJoined(person.who.nickname.clone()));
        }
    }

    /// A person has the conversation from now on: nothing of the bot leaves any more.
    fn hold(&mut self, person: &Person, invited: Option<Attempt>, now: UnixMillis) {
        self.silence_the_bot("a person holds the conversation", now);
        self.events.clear();
        self.timers.clear(Timer::Choice);
        let nickname = person.who.nickname.clone();
        let introduction = invited.as_ref().filter(|_| !person.spoken).and_then(|attempt| {
            let words = attempt.handoff.introduction.as_ref()?;
            Some(fill(words, &[("name", Some(&nickname))]))
        });
        self.append(Record::PersonHolds { nickname: nickname.clone() }, now);
        self.remark(Remark::PersonHolds);
        let holder = Holder { id: person.who.id.clone(), nickname, since: now, invited };
        self.enter(State::HumanPresent(holder.clone()));
        self.timers.set(Timer::Person, after(now, self.options.handoff.speak_within));
        if let Some(words) = introduction {
            self.utter(&words, false, now);
        }
        self.look_at_the_holder(holder, now);
    }

    fn look_at_the_holder(&mut self, mut holder: Holder, now: UnixMillis) {
        let Some(person) = self.people.get(&holder.id) else {
            return match self.holder().cloned() {
                Some(other) => {
                    // Someone else is there: the conversation is theirs.
                    holder.id = other.who.id.clone();
                    holder.nickname.clone_from(&other.who.nickname);
                    self.state = State::HumanPresent(holder.clone());
                    self.look_at_the_holder(holder, now);
                }
                None => self.released(holder, now),
            };
        };
        let introducing = holder.invited.is_some() && !self.outbox.is_empty();
        if !person.spoken && (self.options.handoff.wait_for_words || introducing) {
            return;
        }
        self.withdraw("a person holds the conversation", now);
        holder.invited = None;
        if self.options.handoff.leave {
            self.append(Record::Leaving, now);
            self.timers.clear(Timer::Person);
            self.enter(State::Leaving(holder, Step::Owed));
        } else {
            self.stay(holder, now);
        }
    }

    /// Stays beside the person, silent.
    pub(super) fn stay(&mut self, holder: Holder, now: UnixMillis) {
        let until =
            after(holder.since, self.options.handoff.stay_at_most).max(after(now, std::time::Duration::from_secs(1)));
        self.timers.clear(Timer::Step);
        self.enter(State::HumanPresent(Holder { invited: None, ..holder }));
        self.timers.set(Timer::Person, until);
    }

    /// The person was silent for too long, or we have stayed long enough.
    pub(super) fn person_ran_out(&mut self, now: UnixMillis) {
        if self.is_beside() && self.state == State::Active {
            return self.step_aside(now);
        }
        let State::HumanPresent(holder) = self.state.clone() else { return };
        if self.people.get(&holder.id).is_some_and(|person| person.spoken) {
            self.append(Record::Leaving, now);
            self.enter(State::Leaving(holder, Step::Owed));
            return;
        }
        if let Some(person) = self.people.get_mut(&holder.id) {
            person.idle = true;
            person.announced = true; // by leaving
        }
        self.released(holder, now);
    }

    /// The person is gone, or has never said a word: the customer is ours again.
    fn released(&mut self, holder: Holder, now: UnixMillis) {
        self.timers.clear(Timer::Person);
        self.append(Record::PersonGone { nickname: holder.nickname.clone() }, now);
        if let Some(attempt) = holder.invited {
            self.enter(attempt.into_state());
            self.choice_failed(HandoffFailure::TimedOut, now);
        } else {
            self.enter(State::Active);
            self.events.push_back(Event::PersonLeft(holder.nickname));
            self.look_at_people(now); // there may be another one
        }
        self.drop_what_is_old(now); // it may have waited for the person for long
    }

    /// Stops the bot and takes back everything that has not left yet. The customer's lines it was about to answer are
    /// unanswered again.
    pub(super) fn silence_the_bot(&mut self, why: &str, now: UnixMillis) {
        if let Some(turn) = self.stop_the_turn() {
            for index in turn.lines {
                if let Some(text) = self.text_at(index) {
                    self.taken.remove(&index);
                    self.unanswered.insert(index, text);
                }
            }
        }
        self.decided = None;
        self.firm = false;
        self.withdraw(why, now);
    }

    fn text_at(&self, index: u64) -> Option<String> {
        let place = self.transcript.binary_search_by_key(&index, |entry| entry.index).ok()?;
        match &self.transcript.get(place)?.kind {
            crate::EntryKind::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// Beside a person nothing is said, but for the introduction of whoever was invited, and that only before they have
    /// said anything themselves. A typing that still shows is taken back.
    pub(super) fn go_on_beside_a_person(&mut self, now: UnixMillis) -> bool {
        if !self.outbox.is_empty() && self.people.values().all(|person| !person.spoken) {
            return self.send(now);
        }
        if std::mem::replace(&mut self.lips, Lips::Closed) != Lips::Typing {
            return false;
        }
        self.perform(Task::Typing, Operation::TypingStop, now);
        true
    }
}

/// Whether this is who was invited: any agent, unless one was named and the platform says that this is another.
fn is_invited(attempt: &Attempt, who: &Participant) -> bool {
    match (attempt.choice().map(|choice| &choice.target), &who.agent) {
        (Some(Target::Agent(named)), Some(agent)) => named == agent,
        _ => true,
    }
}
