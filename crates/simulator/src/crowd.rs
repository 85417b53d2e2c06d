//! Simulated customers: each comes, says what it has to say, waits for answers as long as its patience lasts, and goes.
//! Pure, like the people on the other side.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::model::{ChatId, Command, CustomerKey, EntryKind, Model, Moment, Side, UserData};

/// A customer to come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visitor {
    /// The name shown.
    pub nickname: String,
    /// Which queue; the first one of the centre if nothing is said.
    #[serde(default)]
    pub queue: Option<String>,
    /// What is said, in order.
    pub lines: Vec<Line>,
    /// Goes after waiting this long for an answer.
    #[serde(with = "crate::options::millis")]
    pub patience: Duration,
    /// Stays this long after the last answer.
    #[serde(with = "crate::options::millis")]
    pub linger: Duration,
}

/// Something a customer says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The words.
    pub text: String,
    /// How long after what it comes.
    #[serde(with = "crate::options::millis")]
    pub after: Duration,
    /// Waits for an answer to what was said before; else it comes after the line before, as in a burst.
    #[serde(default)]
    pub answered: bool,
}

#[derive(Debug, Clone)]
struct Visit {
    visitor: Visitor,
    /// How many lines have been said.
    said: usize,
    /// The transcript was read up to here.
    read: u64,
    speak_at: Option<Moment>,
    give_up_at: Option<Moment>,
    go_at: Option<Moment>,
}

impl Visit {
    fn next(&self) -> Option<Moment> {
        [self.speak_at, self.give_up_at, self.go_at].into_iter().flatten().min()
    }

    /// Plans the next line, if it does not wait for an answer.
    fn plan(&mut self, now: Moment, answered: bool) {
        match self.visitor.lines.get(self.said) {
            Some(line) if answered || !line.answered => {
                self.speak_at = self.speak_at.or(Some(now.after(line.after)));
            }
            None if answered => self.go_at = Some(now.after(self.visitor.linger)),
            _ => {}
        }
    }
}

/// All simulated customers.
#[derive(Debug, Clone, Default)]
pub struct Crowd {
    coming: BTreeMap<(Moment, CustomerKey), Visitor>,
    /// Asked for a chat just now.
    at_the_door: BTreeMap<CustomerKey, Visitor>,
    visits: BTreeMap<ChatId, Visit>,
    agenda: BTreeSet<(Moment, ChatId)>,
}

impl Crowd {
    /// Somebody will come at that moment, under a key of the caller's choice.
    pub fn invite(&mut self, at: Moment, key: CustomerKey, visitor: Visitor) {
        self.coming.insert((at, key), visitor);
    }

    /// How many are still to come or in a chat.
    pub fn len(&self) -> usize {
        self.coming.len() + self.at_the_door.len() + self.visits.len()
    }

    /// When somebody does something next.
    pub fn next_deadline(&self) -> Option<Moment> {
        let coming = self.coming.keys().next().map(|(at, _)| *at);
        [coming, self.agenda.first().map(|(at, _)| *at)].into_iter().flatten().min()
    }

    /// What customers do now.
    pub fn due(&mut self, now: Moment) -> Vec<Command> {
        let mut commands = Vec::new();
        while let Some(entry) = self.coming.first_entry()
            && entry.key().0 <= now
        {
            let ((_, key), visitor) = entry.remove_entry();
            commands.push(Command::RequestChat {
                key: key.clone(),
                nickname: visitor.nickname.clone(),
                subject: None,
                queue: visitor.queue.clone(),
                data: UserData::new(),
            });
            self.at_the_door.insert(key, visitor);
        }
        while self.agenda.first().is_some_and(|(at, _)| *at <= now) {
            let Some((_, chat)) = self.agenda.pop_first() else { break };
            let Some(visit) = self.visits.get_mut(&chat) else { continue };
            if visit.speak_at.is_some_and(|at| at <= now) {
                visit.speak_at = None;
                visit.go_at = None;
                if let Some(line) = visit.visitor.lines.get(visit.said) {
                    commands.push(Command::CustomerSays { chat: chat.clone(), text: line.text.clone() });
                    visit.said += 1;
                    visit.give_up_at = Some(now.after(visit.visitor.patience));
                    visit.plan(now, false);
                }
            } else if [visit.give_up_at, visit.go_at].into_iter().flatten().any(|at| at <= now) {
                commands.push(Command::CustomerLeaves { chat: chat.clone() });
                self.visits.remove(&chat);
                continue;
            }
            self.remember(&chat);
        }
        commands
    }

    fn remember(&mut self, chat: &ChatId) {
        if let Some(at) = self.visits.get(chat).and_then(Visit::next) {
            self.agenda.insert((at, chat.clone()));
        }
    }

    /// Somebody was let in.
    pub fn let_in(&mut self, key: &CustomerKey, chat: &ChatId, now: Moment) {
        let Some(visitor) = self.at_the_door.remove(key) else { return };
        let give_up_at = Some(now.after(visitor.patience));
        let mut visit = Visit { visitor, said: 0, read: 0, speak_at: None, give_up_at, go_at: None };
        visit.plan(now, false);
        self.visits.insert(chat.clone(), visit);
        self.remember(chat);
    }

    /// Somebody was not let in.
    pub fn turn_away(&mut self, key: &CustomerKey) {
        self.at_the_door.remove(key);
    }

    /// There is something new for a customer to read.
    pub fn read(&mut self, chat: &ChatId, model: &Model, now: Moment) {
        let Some(visit) = self.visits.get_mut(chat) else { return };
        if !model.customer_view(chat).is_some_and(|(_, _, live)| live) {
            self.visits.remove(chat);
            return;
        }
        let news = model.customer_transcript(chat, visit.read + 1);
        let Some(last) = news.last() else { return };
        visit.read = last.index;
        let answered =
            news.iter().any(|entry| matches!(entry.kind, EntryKind::Text(..)) && entry.from.side != Side::Customer);
        if answered {
            visit.give_up_at = None;
            visit.plan(now, true);
            self.remember(chat);
        }
    }
}

/// Customers as they come in the course of a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Traffic {
    /// How many.
    pub visitors: usize,
    /// The mean time between two; they come independently of each other.
    #[serde(with = "crate::options::millis")]
    pub every: Duration,
    /// What they ask; drawn again and again.
    pub questions: Vec<String>,
    /// How many lines at most.
    pub lines_most: usize,
    /// The chance that a line follows the one before without waiting for an answer.
    pub burst: f64,
    /// The chance of a customer whose patience is a tenth.
    pub hasty: f64,
    /// How long the others wait.
    #[serde(with = "crate::options::millis")]
    pub patience: Duration,
    /// How long they think at most before they say something.
    #[serde(with = "crate::options::millis")]
    pub think_most: Duration,
    /// Where they come in.
    pub queue: Option<String>,
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            visitors: 100,
            every: Duration::from_secs(2),
            questions: vec![
                "Where is my parcel?".into(),
                "When do you open?".into(),
                "I want to speak to a human".into(),
            ],
            lines_most: 4,
            burst: 0.25,
            hasty: 0.05,
            patience: Duration::from_secs(180),
            think_most: Duration::from_secs(8),
            queue: None,
        }
    }
}

impl Traffic {
    /// Who comes when, counted from the beginning. The same seed gives the same customers.
    pub fn draw(&self, seed: u64) -> Vec<(Duration, Visitor)> {
        let mut chance = SmallRng::seed_from_u64(seed);
        let mut at = Duration::ZERO;
        let mut drawn = Vec::with_capacity(self.visitors);
        for number in 1..=self.visitors {
            // Exponential times between arrivals; the uniform draw is kept away from zero.
            let uniform: f64 = chance.random_range(1e-9..1.0);
            at += self.every.mul_f64(-uniform.ln());
            let count = chance.random_range(1..=self.lines_most.max(1));
            let lines = (0..count).map(|place| self.line(place, number, &mut chance)).collect();
            let hasty = chance.random_bool(self.hasty.clamp(0.0, 1.0));
            let patience = if hasty { self.patience / 10 } else { self.patience };
            let linger = self.think(&mut chance);
            let nickname = format!("Visitor {number}");
            drawn.push((at, Visitor { nickname, queue: self.queue.clone(), lines, patience, linger }));
        }
        drawn
    }

    fn line(&self, place: usize, visitor: usize, chance: &mut SmallRng) -> Line {
        let question = self.questions.choose(chance).cloned().unwrap_or_default();
        let burst = chance.random_bool(self.burst.clamp(0.0, 1.0));
        // Every line is told apart, so that each answer can be.
        let text = format!("{question} [{visitor}.{place}]");
        Line { text, after: self.think(chance), answered: place > 0 && !burst }
    }

    fn think(&self, chance: &mut SmallRng) -> Duration {
        self.think_most.mul_f64(chance.random::<f64>())
    }
}
