//! What really happened, in order, so that others can be judged by it.

use std::collections::VecDeque;

use serde_json::Value;

use crate::model::{ChatId, Fact, FactEvent};

/// The ordered facts of a simulator. Bounded: the oldest go, and are counted.
#[derive(Debug, Clone, Default)]
pub struct Log {
    facts: VecDeque<Fact>,
    dropped: u64,
    bound: usize,
    words: bool,
}

impl Log {
    pub(crate) fn new(bound: usize, words: bool) -> Self {
        Self { facts: VecDeque::new(), dropped: 0, bound, words }
    }

    pub(crate) fn extend(&mut self, facts: Vec<Fact>) {
        for mut fact in facts {
            if !self.words
                && let FactEvent::CustomerLine { text, .. } | FactEvent::AgentLine { text, .. } = &mut fact.event
            {
                text.clear();
            }
            self.facts.push_back(fact);
            if self.facts.len() > self.bound {
                self.facts.pop_front();
                self.dropped += 1;
            }
        }
    }

    /// All facts, oldest first.
    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.facts.iter()
    }

    /// The facts of one chat, by either of its two ids.
    pub fn of_chat<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Fact> {
        self.facts.iter().filter(move |fact| fact.chat.as_str() == id || fact.customer_chat.as_str() == id)
    }

    /// Every chat that is spoken of, in order of the first fact.
    pub fn chats(&self) -> Vec<ChatId> {
        let mut seen = std::collections::BTreeSet::new();
        self.facts.iter().filter(|fact| seen.insert(&fact.chat)).map(|fact| fact.chat.clone()).collect()
    }

    /// How many facts there have been, those that are gone included. Use it as `since` to read on.
    pub fn len(&self) -> u64 {
        self.dropped + self.facts.len() as u64
    }

    /// Whether nothing has happened.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The facts from a count on.
    pub fn since(&self, count: u64) -> impl Iterator<Item = &Fact> {
        let skip = usize::try_from(count.saturating_sub(self.dropped)).unwrap_or(usize::MAX);
        self.facts.iter().skip(skip)
    }

    pub(crate) fn to_json(&self, chat: Option<&str>, since: u64) -> Value {
        let facts: Vec<&Fact> = match chat {
            Some(id) => self.of_chat(id).collect(),
            None => self.since(since).collect(),
        };
        serde_json::json!({ "next": self.len(), "dropped": self.dropped, "facts": facts })
    }
}
