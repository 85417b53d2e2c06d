//! Handing a conversation over to people: one value that says to whom, how, and with which words. In serde, because the
//! journal keeps what was decided; its golden file guards the names.

mod call_back;
mod failure;
mod words;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use call_back::CallBack;
pub(crate) use call_back::number_in;
pub use failure::HandoffFailure;
pub(crate) use words::fill;
pub use words::{Meanwhile, Waiting};

use crate::AgentId;

/// To whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Target {
    /// One agent.
    Agent(AgentId),
    /// Anybody with this skill.
    Skill(String),
    /// Back to this queue; routing decides.
    Queue(String),
    /// To nobody now: a number is kept, and somebody calls back.
    CallBack(CallBack),
}

/// How.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    /// SingleStepTransfer: the bot is out as soon as the platform has taken it.
    #[default]
    Cold,
    /// InviteUser: the bot stays until the person is in and has spoken, then leaves the conference.
    Warm,
}

/// One choice of a handoff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// To whom.
    pub target: Target,
    /// How.
    pub manner: Manner,
    /// How long to wait for it before the next choice; `None` takes the deadline of the configuration.
    pub deadline: Option<Duration>,
}

/// A handoff: choices in order of preference, with words for the customer and a note for the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handoff {
    /// Tried in order. Never empty.
    pub choices: Vec<Choice>,
    /// Said to the customer before the first choice is tried.
    pub words: Option<String>,
    /// Said again and again while a choice is waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meanwhile: Option<Meanwhile>,
    /// Said when an invited person has come in and before they speak.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduction: Option<String>,
    /// For the person who takes over; the customer does not see it.
    pub note: Option<String>,
    /// The name of the rule that asks for it, as the journal, the log and the note tell it. `None` is the bot's own wish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// A policy may put a handoff off when people are rare, or shed it; never one that must be.
    #[serde(default, skip_serializing_if = "is_false")]
    pub must: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

impl Handoff {
    /// To one agent.
    pub fn to_agent(agent: impl Into<AgentId>) -> Self {
        Self::to(Target::Agent(agent.into()))
    }

    /// To anybody with this skill.
    pub fn to_skill(skill: impl Into<String>) -> Self {
        Self::to(Target::Skill(skill.into()))
    }

    /// To a queue.
    pub fn to_queue(queue: impl Into<String>) -> Self {
        Self::to(Target::Queue(queue.into()))
    }

    /// A call-back instead of a person. Good as the last choice: it needs nobody.
    pub fn to_call_back(call_back: CallBack) -> Self {
        Self::to(Target::CallBack(call_back))
    }

    fn to(target: Target) -> Self {
        let choices = vec![Choice { target, manner: Manner::Cold, deadline: None }];
        Self { choices, words: None, meanwhile: None, introduction: None, note: None, rule: None, must: false }
    }

    /// Makes the last choice warm: invite, stay, leave when the person has spoken.
    #[must_use]
    pub fn warm(mut self) -> Self {
        if let Some(choice) = self.choices.last_mut() {
            choice.manner = Manner::Warm;
        }
        self
    }

    /// Gives the last choice a deadline of its own.
    #[must_use]
    pub fn within(mut self, deadline: Duration) -> Self {
        if let Some(choice) = self.choices.last_mut() {
            choice.deadline = Some(deadline);
        }
        self
    }

    /// What to try if this does not work: the choices of the other handoff come after these.
    #[must_use]
    pub fn or_else(mut self, other: Self) -> Self {
        self.choices.extend(other.choices);
        self
    }

    /// If nothing else works: a call-back, as the configuration has it.
    #[must_use]
    pub fn or_call_back(self) -> Self {
        self.or_else(Self::to_call_back(CallBack::new()))
    }

    /// Words for the customer, said first. `{place}` and `{minutes}` are put in as with [`meanwhile`](Self::meanwhile).
    #[must_use]
    pub fn saying(mut self, words: impl Into<String>) -> Self {
        self.words = Some(words.into());
        self
    }

    /// Words for the customer while a choice is waited for, so often. `{place}` is the place in the queue and `{minutes}`
    /// the wait, where the platform tells them; what stands in square brackets with one of them is left out where it does
    /// not: `"Still looking for a colleague.[ You are number {place}.]"`.
    #[must_use]
    pub fn meanwhile(mut self, words: impl Into<String>, every: Duration) -> Self {
        self.meanwhile = Some(Meanwhile { words: words.into(), every });
        self
    }

    /// Words for the customer when an invited person is in, with `{name}` for who it is: `"{name} is here now, I leave you
    /// with her."` Said before the person speaks or not at all.
    #[must_use]
    pub fn after(mut self, words: impl Into<String>) -> Self {
        self.introduction = Some(words.into());
        self
    }

    /// A note for the person.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Names the rule that asks for it.
    #[must_use]
    pub fn because(mut self, rule: impl Into<String>) -> Self {
        self.rule = Some(rule.into());
        self
    }

    /// No policy may put it off.
    #[must_use]
    pub fn must(mut self) -> Self {
        self.must = true;
        self
    }
}
