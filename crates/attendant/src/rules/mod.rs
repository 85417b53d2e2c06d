//! When to hand over: rules with names, beside whatever a bot decides itself. They wrap any bot, and are written in the
//! configuration as they are here.
//!
//! A rule has a name, says when it fires, and what happens then: to whom, with which words, whether it must be. The order of
//! the list is the order in which they are asked; the first that fires wins. Most look at what the customer said, before the
//! bot does; `confidence` looks at how sure the bot was, after it; `closed` looks at every handoff, whoever wants it.
//!
//! ```
//! # use attendant::{Bot, BotError, Event, Next, Rehearsal, Turn, async_trait};
//! # struct Parrot;
//! # #[async_trait]
//! # impl Bot for Parrot {
//! #     async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
//! #         if let Event::Said(words) = turn.event() {
//! #             turn.say(words.text()).await?;
//! #         }
//! #         Ok(Next::Listen)
//! #     }
//! # }
//! use attendant::options::Place;
//! use attendant::rules::{Rule, Rules, When};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let asked = Rule::new("asked", When::AskedForPerson).to(Place::skill("service")).saying("One moment.");
//! let mut chat = Rehearsal::new(Parrot.with_rules(Rules::new([asked]))).start().await;
//! assert_eq!(chat.say("nice weather").await, ["nice weather"]);
//! assert_eq!(chat.say("I want to talk to a person").await, ["One moment."]);
//! assert_eq!(chat.handoff().unwrap().rule.as_deref(), Some("asked"));
//! # }
//! ```
//!
//! A decision looks only at what the journal keeps and at the attached data, and what it has done is journaled before it
//! shows: a turn that is run again after a crash decides the same. A rule fires once for a line, and never while a person
//! holds the chat, for then nobody asks.

mod confidence;
mod data;
mod hours;
mod layer;
mod length;
pub mod names;
mod person;
mod sight;
mod silence;
mod wording;
mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Handoff;
use crate::options::Place;

pub use confidence::Confidence;
pub use data::Data;
pub use hours::{Holiday, Hours, Of, Opening, Zone};
pub use layer::Ruled;
pub use length::Length;
pub use person::asks_for_person;
pub use silence::Silent;
pub use wording::Wording;
pub use words::Words;

pub(crate) use confidence::{MEMORY as CONFIDENCE, REMEMBERED, read as confidences};

/// The rules of a bot, in order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rules {
    rules: Vec<Rule>,
    /// Where a rule hands over to that does not say.
    #[serde(skip)]
    fallback: Option<Place>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// As the journal, the log, the counters and the note call it.
    pub name: String,
    /// When it fires.
    pub when: When,
    /// What happens then.
    #[serde(default)]
    pub then: Then,
    /// To whom; the fallback of the conversation if it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Place>,
    /// Said to the customer.
    #[serde(default, skip_serializing_if = "Wording::is_empty")]
    pub words: Wording,
    /// Attached to the interaction, where routing and reports see it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attach: BTreeMap<String, String>,
    /// The disposition, if it ends the chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<String>,
    /// Neither a policy nor the hours may put it off.
    #[serde(default)]
    pub must: bool,
    /// Off: it is as if it were not there.
    #[serde(default = "yes")]
    pub on: bool,
}

fn yes() -> bool {
    true
}

/// When a rule fires.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum When {
    /// The customer asks for a person, in any of [the languages that are known](asks_for_person).
    AskedForPerson,
    /// The customer says one of these words.
    Words(Words),
    /// The attached data says so. Once in a chat.
    Data(Data),
    /// The bot was unsure several times in a row.
    Confidence(Confidence),
    /// The chat is long.
    Length(Length),
    /// The customer is silent.
    Silent(Silent),
    /// It is out of hours.
    Closed(Hours),
}

/// What a rule does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Then {
    /// Hand over.
    #[default]
    HandOver,
    /// Say the words, attach the data, and listen on: to take a call-back down, for one.
    Stay,
    /// Say the words and end the chat.
    Finish,
}

impl Rule {
    /// A rule that hands over to the fallback.
    pub fn new(name: impl Into<String>, when: When) -> Self {
        Self {
            name: name.into(),
            when,
            then: Then::default(),
            to: None,
            words: Wording::default(),
            attach: BTreeMap::new(),
            disposition: None,
            must: false,
            on: true,
        }
    }

    /// Hands over to this place.
    #[must_use]
    pub fn to(mut self, place: Place) -> Self {
        self.to = Some(place);
        self
    }

    /// With these words for the customer.
    #[must_use]
    pub fn saying(mut self, words: impl Into<Wording>) -> Self {
        self.words = words.into();
        self
    }

    /// Attaches this when it fires.
    #[must_use]
    pub fn attaching(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.attach.insert(key.into(), value.into());
        self
    }

    /// Does something else than handing over.
    #[must_use]
    pub fn then(mut self, then: Then) -> Self {
        self.then = then;
        self
    }

    /// Nothing may put it off.
    #[must_use]
    pub fn must(mut self) -> Self {
        self.must = true;
        self
    }

    /// In one line, for people: `vip → skill gold`.
    pub fn summary(&self, fallback: Option<&Place>) -> String {
        let does = match self.then {
            Then::HandOver => self.to.as_ref().or(fallback).map_or_else(|| "nowhere".to_owned(), Place::summary),
            Then::Stay => "words".to_owned(),
            Then::Finish => "the end".to_owned(),
        };
        let must = if self.must { ", must be" } else { "" };
        let off = if self.on { "" } else { ", off" };
        format!("{} → {does}{must}{off}", self.name)
    }
}

/// What is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rule `{rule}`: {why}")]
pub struct InvalidRule {
    /// Its name.
    pub rule: String,
    /// Its place among the rules, from 0.
    pub number: usize,
    /// The key of it that has to be changed; its name if one is missing.
    pub key: &'static str,
    /// For people.
    pub why: String,
}

impl Rules {
    /// These rules, in this order.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        Self { rules: rules.into_iter().collect(), fallback: None }
    }

    /// Where a rule hands over to that does not say.
    #[must_use]
    pub fn fallback(mut self, place: Option<Place>) -> Self {
        self.fallback = place;
        self
    }

    /// The rules, in order; those that are off too.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// A bot that keeps to these rules. A rule that does not know to whom it should hand over never fires.
    pub fn around<B>(self, bot: B) -> Ruled<B> {
        Ruled::new(Arc::new(self), bot)
    }

    /// To whom a rule hands over.
    fn place(&self, rule: &Rule) -> Option<Handoff> {
        rule.to.as_ref().or(self.fallback.as_ref()).and_then(Place::handoff)
    }

    fn can(&self, rule: &Rule) -> bool {
        rule.then != Then::HandOver || self.place(rule).is_some()
    }

    /// Says everything that cannot work; empty if all is well.
    pub fn validate(&self) -> Vec<InvalidRule> {
        let mut found = Vec::new();
        for (place, rule) in self.rules.iter().enumerate() {
            let mut wrong =
                |key, why: String| found.push(InvalidRule { rule: rule.name.clone(), number: place, key, why });
            if rule.name.trim().is_empty() {
                wrong("name", "needs a name".to_owned());
            }
            if names::ALL.contains(&rule.name.as_str()) {
                wrong("name", format!("`{}` is a name that the runtime uses itself", rule.name));
            }
            if self.rules[..place].iter().any(|other| other.name == rule.name) {
                wrong("name", "there is another rule of this name".to_owned());
            }
            if let Err(why) = rule.when.validate() {
                wrong("when", why);
            }
            if rule.to.as_ref().is_some_and(|to| to.handoff().is_none()) {
                wrong("to", "to: needs exactly one of agent, skill and queue".to_owned());
            }
            match rule.then {
                Then::HandOver if rule.to.is_none() && self.fallback.is_none() => {
                    wrong("name", "needs `to`, or a fallback in [conversation]".to_owned());
                }
                Then::Stay if rule.words.is_empty() => wrong("then", "then = \"stay\" needs words".to_owned()),
                Then::Stay if rule.must => wrong("must", "must is for handing over".to_owned()),
                _ => {}
            }
        }
        found
    }
}

impl When {
    fn validate(&self) -> Result<(), String> {
        match self {
            Self::AskedForPerson => Ok(()),
            Self::Words(words) => words.validate(),
            Self::Data(data) => data.validate(),
            Self::Confidence(confidence) => confidence.validate(),
            Self::Length(length) => length.validate(),
            Self::Silent(silent) => silent.validate(),
            Self::Closed(hours) => hours.validate(),
        }
    }
}
