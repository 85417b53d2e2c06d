//! What an operator sets about peaks. Every duration is written with its unit.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::words::Words;
use crate::options::{InvalidOption, Place};

/// How handoffs are weighed against how busy people are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Which policy.
    pub policy: Policy,
    /// What a person costs under `people-first` and `bot-first`, from 0 (nothing) to 1 (too much), instead of their own
    /// 0 and 1. A share between the two.
    pub fixed_price: Option<f64>,
    /// Where an unsure bot hands over to by itself. Without it only the bot's own handoffs are weighed.
    pub to: Option<Place>,
    /// A bot that is less sure than this is unsure.
    pub unsure_below: f32,
    /// How much a handoff is needed that the bot asks for without saying how sure it is.
    pub wish: f64,
    /// How often one chat is put off at most; then it gets its handoff, if anybody is there at all.
    pub put_off_most: u32,
    /// A wait of this long makes a person cost one half; the price grows from 0 with no wait towards 1.
    #[serde(with = "humantime_serde")]
    pub half_price_at: Duration,
    /// How long a person needs for one chat: the base of the wait where the platform does not tell it.
    #[serde(with = "humantime_serde")]
    pub handling: Duration,
    /// From this wait on people are busy.
    #[serde(with = "humantime_serde")]
    pub busy_from: Duration,
    /// From this wait on it is a peak.
    #[serde(with = "humantime_serde")]
    pub peak_from: Duration,
    /// A level is left when the wait has fallen below this share of where the level begins,
    pub calmer_below: f64,
    /// and has stayed there so long.
    #[serde(with = "humantime_serde")]
    pub calmer_after: Duration,
    /// A picture older than this counts as none.
    #[serde(with = "humantime_serde")]
    pub stale_after: Duration,
    /// When people are there, as the customer is told: `Monday to Friday from 8 to 18`.
    pub hours: Option<String>,
    /// Call-backs.
    pub call_back: CallBack,
    /// Waiting with the customer.
    pub line: Line,
    /// The bots' own limit.
    pub bots: Bots,
    /// What is said.
    pub words: Words,
}

/// Which policy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// An unsure bot hands over, however long the queue is.
    PeopleFirst,
    /// The bot goes on as long as it may, however idle people are.
    BotFirst,
    /// The price of a person grows with the queue.
    #[default]
    Adaptive,
}

/// Call-backs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CallBack {
    /// Whether they are offered.
    pub on: bool,
    /// The key of the attached data for the customer's number.
    pub number_key: String,
    /// The key of the attached data for the time of the wish, in milliseconds since 1970.
    pub asked_key: String,
    /// The disposition of a chat that ends with one.
    pub disposition: String,
}

/// Waiting with the customer until somebody is free, instead of leaving them to the queue of the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Line {
    /// Whether the bot waits along.
    pub on: bool,
    /// Only for waits of at least this long.
    #[serde(with = "humantime_serde")]
    pub from: Duration,
    /// How often it looks whether somebody is free.
    #[serde(with = "humantime_serde")]
    pub look_every: Duration,
    /// How often it tells the wait, if the wait has changed.
    #[serde(with = "humantime_serde")]
    pub tell_every: Duration,
    /// After this long the chat goes to the queue of the platform all the same.
    #[serde(with = "humantime_serde")]
    pub most: Duration,
}

/// The bots' own limit: of all logins together that share the bot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bots {
    /// More chats than this are rejected at once, so that routing finds somebody else.
    pub chats_most: Option<usize>,
    /// From this share of it on, chats of which the bot is unsure go to people first.
    pub shed_from: f64,
}

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

impl Default for Options {
    fn default() -> Self {
        Self {
            policy: Policy::Adaptive,
            fixed_price: None,
            to: None,
            unsure_below: 0.5,
            wish: 0.7,
            put_off_most: 2,
            half_price_at: seconds(120),
            handling: seconds(360),
            busy_from: seconds(30),
            peak_from: seconds(180),
            calmer_below: 0.6,
            calmer_after: seconds(30),
            stale_after: seconds(60),
            hours: None,
            call_back: CallBack::default(),
            line: Line::default(),
            bots: Bots::default(),
            words: Words::default(),
        }
    }
}

impl Default for CallBack {
    fn default() -> Self {
        Self {
            on: true,
            number_key: "CallBackNumber".to_owned(),
            asked_key: "CallBackAsked".to_owned(),
            disposition: "call-back".to_owned(),
        }
    }
}

impl Default for Line {
    fn default() -> Self {
        Self { on: false, from: seconds(30), look_every: seconds(10), tell_every: seconds(60), most: seconds(1800) }
    }
}

impl Default for Bots {
    fn default() -> Self {
        Self { chats_most: None, shed_from: 0.9 }
    }
}

impl Options {
    /// Says everything that cannot work; empty if all is well.
    pub fn validate(&self) -> Vec<InvalidOption> {
        let mut found = Vec::new();
        let mut check = |good: bool, key: &'static str, why: &str| {
            if !good {
                found.push(InvalidOption { key, why: why.to_owned() });
            }
        };
        let share = |value: f64| (0.0..=1.0).contains(&value);
        check(self.fixed_price.is_none_or(share), "fixed_price", "must be between 0 and 1");
        check(
            self.fixed_price.is_none() || self.policy != Policy::Adaptive,
            "fixed_price",
            "adaptive finds its price itself; use people-first or bot-first",
        );
        check(
            self.to.as_ref().is_none_or(|to| to.handoff().is_some()),
            "to",
            "needs exactly one of agent, skill and queue",
        );
        check(share(self.unsure_below.into()), "unsure_below", "must be between 0 and 1");
        check(share(self.wish), "wish", "must be between 0 and 1");
        check(
            self.calmer_below > 0.0 && self.calmer_below < 1.0,
            "calmer_below",
            "must lie between 0 and 1: else levels flap",
        );
        for (duration, key) in [
            (self.half_price_at, "half_price_at"),
            (self.handling, "handling"),
            (self.busy_from, "busy_from"),
            (self.stale_after, "stale_after"),
            (self.line.tell_every, "line.tell_every"),
        ] {
            check(duration > Duration::ZERO, key, "must be longer than zero");
        }
        check(self.busy_from < self.peak_from, "busy_from", "must be shorter than peak_from");
        check(self.line.look_every >= seconds(1), "line.look_every", "must be at least 1s");
        check(
            self.line.look_every <= self.line.tell_every,
            "line.look_every",
            "must not be longer than line.tell_every",
        );
        check(self.bots.chats_most != Some(0), "bots.chats_most", "must be at least 1");
        check(share(self.bots.shed_from), "bots.shed_from", "must be between 0 and 1");
        check(
            !self.call_back.on || (!self.call_back.number_key.is_empty() && !self.call_back.disposition.is_empty()),
            "call_back",
            "needs a number_key and a disposition",
        );
        found
    }
}
