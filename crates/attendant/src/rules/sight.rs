//! What rules look at, and what is remembered of those that have fired. Everything here is in the journal, but for the
//! attached data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Of, Rule, Rules, When};
use crate::{AttachedData, Event, Handoff, UnixMillis};

/// One turn, as rules see it.
#[derive(Debug, Clone)]
pub(super) struct Sight<'a> {
    pub event: &'a Event,
    /// The customer's lines of this turn, without those on which a rule has fired before.
    pub lines: Vec<&'a str>,
    pub data: &'a AttachedData,
    pub locale: Option<&'a str>,
    pub now: UnixMillis,
    /// When the chat was offered.
    pub began: UnixMillis,
    /// The number of the turn.
    pub turn: u64,
}

/// Which rules have fired in this conversation. Part of its memory.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Ledger {
    /// The last line of the customer on which any rule has fired: it and those before it are done with. A chat that comes
    /// back shows them again.
    pub line: u64,
    pub fired: BTreeMap<String, Firing>,
}

/// When a rule fired last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Firing {
    /// In milliseconds of Unix.
    pub at: i64,
    pub turn: u64,
    /// When that story of the chat began: the numbers of its turns count from there.
    pub began: i64,
}

impl Sight<'_> {
    /// Whether the bot is at its usual work: not when a handoff has just failed, or a person came or went.
    pub fn is_usual(&self) -> bool {
        matches!(self.event, Event::Started | Event::Said(_) | Event::Silent(_) | Event::Returned)
    }
}

impl Ledger {
    pub fn note(&mut self, rule: &Rule, sight: &Sight<'_>, last_line: Option<u64>) {
        self.line = self.line.max(last_line.unwrap_or(0));
        let firing = Firing { at: sight.now.0, turn: sight.turn, began: sight.began.0 };
        self.fired.insert(rule.name.clone(), firing);
    }

    /// Its last firing in this story of the chat.
    fn lately(&self, rule: &Rule, sight: &Sight<'_>) -> Option<Firing> {
        self.fired.get(&rule.name).copied().filter(|firing| firing.began == sight.began.0)
    }
}

impl Rules {
    fn working(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|rule| rule.on && self.can(rule))
    }

    /// The first rule that fires before the bot is asked.
    pub(super) fn before(&self, sight: &Sight<'_>, ledger: &Ledger) -> Option<&Rule> {
        self.working().find(|rule| match &rule.when {
            When::AskedForPerson => super::person::fires(&sight.lines),
            When::Words(words) => words.fires(&sight.lines, sight.locale),
            When::Data(data) => sight.is_usual() && !ledger.fired.contains_key(&rule.name) && data.fires(sight.data),
            When::Length(length) => length.fires(sight, ledger.lately(rule, sight)),
            When::Silent(silent) => silent.fires(sight, ledger.fired.get(&rule.name)),
            When::Closed(hours) => {
                hours.of == Of::Chats
                    && sight.is_usual()
                    && ledger.lately(rule, sight).is_none()
                    && !hours.is_open(sight.now)
            }
            When::Confidence(_) => false,
        })
    }

    /// The first rule that fires on how sure the bot was: the newest last, this turn's included.
    pub(super) fn after(&self, confidences: &[f32]) -> Option<&Rule> {
        self.working().find(|rule| matches!(&rule.when, When::Confidence(confidence) if confidence.fires(confidences)))
    }

    /// Below which confidence this turn is the last straw, given those of the turns before it: what the bot says then is
    /// not said, for a rule speaks.
    pub(super) fn last_straw(&self, earlier: &[f32]) -> Option<f32> {
        let straws = self.working().filter_map(|rule| match &rule.when {
            When::Confidence(confidence) => confidence.last_straw(earlier),
            _ => None,
        });
        straws.reduce(f32::max)
    }

    /// The first rule that puts something in the place of a handoff, because people are out.
    pub(super) fn instead_of(&self, handoff: &Handoff, now: UnixMillis) -> Option<&Rule> {
        if handoff.must {
            return None;
        }
        self.working()
            .find(|rule| matches!(&rule.when, When::Closed(hours) if hours.of == Of::Handoffs && !hours.is_open(now)))
    }

    pub(super) fn named(&self, name: &str) -> Option<&Rule> {
        self.working().find(|rule| rule.name == name)
    }
}
