//! How a service is: its phase, its load, and numbers counted from what it writes to the journal.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::journal::{Closed, Record};
use crate::machine::{Remark, StateKind};
use crate::rules::names;
use crate::{Handoff, InteractionId, UnixMillis, peak};

/// How a service is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// Where it stands.
    pub phase: Phase,
    /// Conversations that are not over.
    pub chats: usize,
    /// Those of them whose place on the platform is being read: after a start, after a gap, or when an answer was lost.
    pub reconciling: usize,
    /// Bots that think at this moment.
    pub thinking: usize,
    /// Whether the connection to the platform is up.
    pub connected: bool,
    /// Whether the journal can be written.
    pub journaling: bool,
    /// What has happened since the start.
    pub counters: Counters,
    /// Handoffs that were decided since the start, by the rule that asked for them; `bot` is the bot's own wish.
    pub handoffs: Handoffs,
}

/// Handoffs by the name of their rule. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Handoffs(Arc<BTreeMap<String, u64>>);

impl Handoffs {
    /// Most names that are counted apart: a bot can make them up.
    const MOST: usize = 200;

    /// How many there were by this rule.
    pub fn by(&self, rule: &str) -> u64 {
        self.0.get(rule).copied().unwrap_or(0)
    }

    /// Rules and how often each has handed over, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(rule, count)| (rule.as_str(), *count))
    }

    /// Adds those of another login.
    pub fn add(&mut self, other: &Self) {
        for (rule, count) in other.iter() {
            self.count(rule, count);
        }
    }

    fn count(&mut self, rule: &str, by: u64) {
        let counts = Arc::make_mut(&mut self.0);
        let rule = if counts.len() < Self::MOST || counts.contains_key(rule) { rule } else { "other" };
        *counts.entry(rule.to_owned()).or_default() += by;
    }

    pub(super) fn decided(&mut self, handoff: &Handoff) {
        self.count(handoff.rule.as_deref().unwrap_or(names::BOT), 1);
    }
}

/// Where a service stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Phase {
    /// Signing in, or signing in again.
    #[default]
    Starting,
    /// The platform may offer chats, and the bot will answer.
    Ready,
    /// Signed in, but no offers are wanted: the journal or the connection is down.
    NotReady,
    /// Stopping.
    Draining,
    /// Ended.
    Stopped,
}

/// What has happened since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Offers that came.
    pub offered: u64,
    /// Offers that were accepted.
    pub accepted: u64,
    /// Offers that were rejected.
    pub rejected: u64,
    /// Conversations taken up from the journal or found on the platform.
    pub resumed: u64,
    /// Turns of the bot.
    pub turns: u64,
    /// Turns that failed for good.
    pub turns_failed: u64,
    /// Messages to be sent.
    pub messages: u64,
    /// Messages seen in the transcript.
    pub confirmed: u64,
    /// Messages that were sent again, for they were not there.
    pub sent_again: u64,
    /// Times that a bot, run again, did something else than before.
    pub diverged: u64,
    /// Handoffs that the peak policy put off.
    pub put_off: u64,
    /// Customers with whom a bot waited for a person.
    pub lined_up: u64,
    /// Conversations that ended with a call-back.
    pub call_backs: u64,
    /// Conversations that a person took or was given.
    pub handed_over: u64,
    /// Conversations that were completed.
    pub completed: u64,
    /// Conversations that ended in any other way.
    pub lost: u64,
    /// Inputs that no state of the machine expects. Not zero: a defect.
    pub unexpected: u64,
}

impl Counters {
    pub(super) fn count(&mut self, record: &Record) {
        match record {
            Record::Offered => self.offered += 1,
            Record::Accepting => self.accepted += 1,
            Record::Rejecting { .. } => self.rejected += 1,
            Record::TurnStarted { .. } => self.turns += 1,
            Record::TurnFailed { .. } => self.turns_failed += 1,
            Record::Said { parts, .. } | Record::Uttered { parts, .. } => self.messages += parts.len() as u64,
            Record::Confirmed { .. } => self.confirmed += 1,
            Record::Stepped { step, value, .. } if step == peak::STEP => self.count_weighed(value),
            Record::Closed { how } => match how {
                Closed::HandedOver => self.handed_over += 1,
                Closed::Completed => self.completed += 1,
                Closed::Rejected => {}
                _ => self.lost += 1,
            },
            _ => {}
        }
    }

    fn count_weighed(&mut self, value: &Value) {
        match serde_json::from_value::<peak::Weighed>(value.clone()).map(|weighed| weighed.choice) {
            Ok(peak::Choice::PutOff | peak::Choice::Nobody) => self.put_off += 1,
            Ok(peak::Choice::Line) => self.lined_up += 1,
            Ok(peak::Choice::CallBack) => self.call_backs += 1,
            _ => {}
        }
    }

    pub(super) fn count_remark(&mut self, remark: &Remark) {
        match remark {
            Remark::SentAgain { .. } => self.sent_again += 1,
            Remark::Diverged { .. } => self.diverged += 1,
            _ => {}
        }
    }
}

/// One conversation in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Which.
    pub interaction: InteractionId,
    /// The state of its machine, by name.
    pub state: String,
    /// When it was offered.
    pub began: UnixMillis,
    /// Lines in its transcript.
    pub entries: usize,
    /// Whether the bot thinks at this moment.
    pub thinking: bool,
}

pub(super) fn name(state: StateKind) -> String {
    format!("{state:?}")
}
