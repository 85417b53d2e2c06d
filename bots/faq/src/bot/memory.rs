//! What the bot keeps of one conversation between turns.

use serde::{Deserialize, Serialize};

use crate::{Language, text};

/// How many questions are kept for the note.
const ASKED: usize = 30;

/// The bot's memory of one conversation. Missing fields are new ones: an older memory still reads.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// The language that the customer writes.
    pub language: Option<Language>,
    /// The answer that was given last.
    pub context: Option<String>,
    /// What the groups of the last pattern caught.
    pub captures: Vec<(String, String)>,
    /// What the customer was asked.
    pub pending: Option<Pending>,
    /// How often in a row the bot was unsure.
    pub unsure: u32,
    /// How often in a row the customer was silent.
    pub silences: u32,
    /// The disposition of the last answer.
    pub disposition: Option<String>,
    /// What was asked, oldest first; bounded.
    pub asked: Vec<Asked>,
}

/// What the customer was asked and has not yet answered.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Pending {
    /// What the customer had said.
    pub question: String,
    /// The ids of the answers to choose from.
    pub choices: Vec<String>,
    /// Whether a yes brings in a person.
    pub person: bool,
    /// Which answer wants the person, and so says where people are.
    pub wanted_by: Option<String>,
}

/// A question, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// What was asked, shortened.
    pub question: String,
    /// What became of it.
    pub outcome: Outcome,
    /// The answer, or the nearest one.
    pub answer: Option<String>,
    /// How sure the bot was, from 0 to 1.
    pub score: f32,
}

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was answered.
    Answered,
    /// The customer picked the answer.
    Picked,
    /// Choices were offered.
    Offered,
    /// It was not understood.
    NotUnderstood,
    /// It could not be read at all.
    Unreadable,
    /// It is not handled here.
    NotHandled,
    /// The answer is for a person to give.
    LeftToPerson,
}

impl Memory {
    /// Keeps a question for the note.
    pub fn keep(&mut self, question: &str, outcome: Outcome, answer: Option<&str>, score: f32) {
        if self.asked.len() >= ASKED {
            self.asked.remove(0);
        }
        let question = text::line(question, 200);
        self.asked.push(Asked { question, outcome, answer: answer.map(str::to_owned), score });
    }

    /// The last question that was answered.
    pub fn last_answered(&self) -> Option<&Asked> {
        self.asked.iter().rev().find(|asked| matches!(asked.outcome, Outcome::Answered | Outcome::Picked))
    }

    /// Whether any question was answered.
    pub fn was_answered(&self) -> bool {
        self.last_answered().is_some()
    }
}
