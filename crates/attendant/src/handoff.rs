//! Handing a conversation over to people: one value that says to whom, how, and with which words. In serde, because the
//! journal keeps what was decided; its golden file guards the names.

use std::time::Duration;

use serde::{Deserialize, Serialize};

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

    fn to(target: Target) -> Self {
        let choices = vec![Choice { target, manner: Manner::Cold, deadline: None }];
        Self { choices, words: None, note: None, rule: None, must: false }
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

    /// Words for the customer, said first.
    #[must_use]
    pub fn saying(mut self, words: impl Into<String>) -> Self {
        self.words = Some(words.into());
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

/// Why a handoff did not happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum HandoffFailure {
    /// There is no such agent, skill or queue.
    NoSuchTarget,
    /// Nobody there can take it now.
    NobodyAvailable,
    /// The person declined, or the platform refused.
    Refused(String),
    /// Nobody came within the deadline.
    TimedOut,
}

impl HandoffFailure {
    /// A sentence that can be said to the customer as it is.
    pub fn apology(&self) -> &'static str {
        match self {
            Self::NoSuchTarget | Self::Refused(_) => {
                "I am sorry, I could not reach a colleague. Can I help you with something else?"
            }
            Self::NobodyAvailable => {
                "I am sorry, all my colleagues are busy right now. Can I help you with something else?"
            }
            Self::TimedOut => "I am sorry, no colleague has answered. Can I help you with something else?",
        }
    }
}
