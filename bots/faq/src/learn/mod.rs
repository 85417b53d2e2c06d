//! Learning from chats: what was not answered, or answered in vain, is kept for a person to look at. Nothing is learnt
//! without a person's word.

mod file;
mod mask;
mod suggest;

use serde::{Deserialize, Serialize};

pub use self::file::{FileLearner, LARGEST, read};
pub use self::mask::mask;
pub use self::suggest::{Advice, Counted, Suggestion, suggest};
use crate::{Language, text};

/// Longest question that is kept, in characters.
const QUESTION: usize = 300;

/// Something that a chat taught. The question is masked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lesson {
    /// What the customer said, without what is private.
    pub question: String,
    /// In which language.
    pub language: Language,
    /// When, in milliseconds since 1970; 0 where nobody said.
    #[serde(default)]
    pub at: i64,
    /// What it teaches.
    #[serde(flatten)]
    pub kind: LessonKind,
}

/// What a lesson teaches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum LessonKind {
    /// Nothing was sure enough.
    Unanswered {
        /// The nearest answer.
        nearest: Option<String>,
        /// How near.
        score: f32,
    },
    /// The customer picked this answer among choices.
    Picked {
        /// The answer.
        answer: String,
    },
    /// The customer wanted none of the choices.
    NoneOfThese {
        /// The choices.
        offered: Vec<String>,
    },
    /// The answer was given, and a person took over after it.
    HandedOver {
        /// The answer.
        answer: String,
        /// How sure the bot was.
        score: f32,
    },
}

impl Lesson {
    /// A lesson; the question is masked and shortened here, before anything is kept.
    pub fn new(kind: LessonKind, question: &str, language: &Language) -> Self {
        let question = mask(&text::line(text::head(question, 4 * QUESTION), QUESTION));
        Self { question, language: language.clone(), at: 0, kind }
    }
}

/// Where lessons go.
pub trait Learner: Send + Sync {
    /// Takes a lesson. Never waits and never fails: a lesson that cannot be kept is lost.
    fn learn(&self, lesson: Lesson);
}
