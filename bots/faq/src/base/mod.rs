//! The knowledge base: what the bot knows, as teams write it down.

mod check;
mod edit;
mod fields;
mod load;
mod pattern;
mod phrases;
mod read;
mod template;
mod write;
pub(crate) mod yaml;

use std::collections::BTreeMap;

use attendant::{Handoff, Target};

pub(crate) use self::check::plain;
pub use self::edit::add_questions;
pub(crate) use self::load::{assemble, files};
pub use self::pattern::Pattern;
pub use self::phrases::Phrase;
pub use self::template::{Template, Values};
use crate::language::Language;
use crate::problem::{Place, Problem, Problems};

/// A value for each language.
pub type Localized<T> = BTreeMap<Language, T>;

/// What a bot knows. Built by [`KnowledgeBase::load`], [`KnowledgeBase::parse`] or an import; always valid.
#[derive(Debug, Clone)]
pub struct KnowledgeBase {
    /// What it is called.
    pub name: String,
    /// The languages, the default first. Never empty.
    pub languages: Vec<Language>,
    /// The key of the attached data that holds the customer's language, if the centre knows it.
    pub language_key: String,
    /// Where people are.
    pub handoff: Destination,
    /// Groups of answers.
    pub categories: BTreeMap<String, Category>,
    /// The bot's own sentences, where the team wants others than the built-in ones. An empty one is not said.
    pub phrases: Localized<BTreeMap<Phrase, Template>>,
    /// How finished chats are marked.
    pub dispositions: Dispositions,
    /// What it can answer: follow-ups too, each after its parent.
    pub answers: Vec<Answer>,
    /// Examples of what customers say and no answer is for; the matcher learns to keep silent on them.
    pub out_of_scope: Vec<String>,
    /// What somebody should look at.
    pub warnings: Vec<Problem>,
}

/// To whom, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// To whom.
    pub target: Target,
    /// Whether the bot stays until the person is in.
    pub warm: bool,
}

impl Destination {
    /// As a handoff without words and note.
    pub fn handoff(&self) -> Handoff {
        let handoff = match &self.target {
            Target::Agent(agent) => Handoff::to_agent(agent.clone()),
            Target::Queue(queue) => Handoff::to_queue(queue.clone()),
            Target::Skill(skill) => Handoff::to_skill(skill.clone()),
            _ => Handoff::to_skill("service"),
        };
        if self.warm { handoff.warm() } else { handoff }
    }
}

impl Default for Destination {
    fn default() -> Self {
        Self { target: Target::Skill("service".to_owned()), warm: false }
    }
}

/// A group of answers.
#[derive(Debug, Clone, Default)]
pub struct Category {
    /// What it is called.
    pub title: Option<String>,
    /// Who gets to see its answers.
    pub when: Filter,
}

/// Attached data that must be there: for each key one of the values, whatever its case; `*` is any value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter(pub BTreeMap<String, Vec<String>>);

impl Filter {
    /// Whether the attached data fit.
    pub fn matches(&self, data: &dyn Values) -> bool {
        self.0.iter().all(|(key, values)| {
            data.value(key).is_some_and(|value| {
                let value = value.trim().to_lowercase();
                !value.is_empty() && values.iter().any(|wanted| wanted == "*" || wanted.to_lowercase() == value)
            })
        })
    }
}

/// The disposition codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispositions {
    /// The customer was answered and went.
    pub answered: String,
    /// The customer went without an answer.
    pub unanswered: String,
}

impl Default for Dispositions {
    fn default() -> Self {
        Self { answered: "answered".to_owned(), unanswered: "unanswered".to_owned() }
    }
}

/// What an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It answers a question.
    Answer,
    /// Small talk: it does not count as an answered question.
    ChitChat,
    /// A topic that the bot knows it does not handle.
    NotHandled,
}

/// What happens after an answer was given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Escalation {
    /// The customer goes on.
    #[default]
    None,
    /// The bot asks whether a person should take over.
    Offer(Option<Destination>),
    /// A person takes over.
    Now(Option<Destination>),
}

/// One thing the bot can say, and the ways to ask for it.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its name in the base, in reports and in the learning log.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// A follow-up is considered only while this answer was the last one.
    pub parent: Option<String>,
    /// What it is called when the customer has to choose.
    pub title: Localized<String>,
    /// The ways to ask.
    pub questions: Localized<Vec<String>>,
    /// Patterns that are sure. They come before the matcher.
    pub patterns: Vec<Pattern>,
    /// What is said: one message or several.
    pub text: Localized<Vec<Template>>,
    /// Its group.
    pub category: Option<String>,
    /// Who gets to see it, besides what its category says.
    pub when: Filter,
    /// Whether a person takes over.
    pub escalation: Escalation,
    /// How the chat is marked if this was the last answer.
    pub disposition: Option<String>,
    /// Where it is written.
    pub place: Place,
}

impl Answer {
    /// What the customer reads when choosing: the title, or the first question.
    pub fn title(&self, language: &Language) -> &str {
        self.title
            .get(language)
            .or_else(|| self.questions.get(language).and_then(|questions| questions.first()))
            .or_else(|| self.title.values().next())
            .or_else(|| self.questions.values().flatten().next())
            .unwrap_or(&self.id)
    }
}

impl KnowledgeBase {
    /// Reads a base from a YAML text. `name` is the file in messages.
    pub fn parse(name: &str, text: &str) -> Result<Self, Problems> {
        load::parse(name, text)
    }

    /// Reads a base from a YAML file, or from all `.yaml` and `.yml` files of a folder.
    pub fn load(path: impl AsRef<std::path::Path>) -> Result<Self, Problems> {
        load::load(path.as_ref())
    }

    /// A base in memory from pairs of a question and its answer; the answer is its own id. The bot's own greeting is off.
    /// Fails when there is no pair.
    pub fn from_pairs<Q: Into<String>, A: Into<String>>(
        pairs: impl IntoIterator<Item = (Q, A)>,
    ) -> Result<Self, Problems> {
        load::from_pairs(pairs.into_iter().map(|(question, answer)| (question.into(), answer.into())))
    }

    /// The base as YAML that [`KnowledgeBase::parse`] reads again.
    pub fn to_yaml(&self) -> String {
        write::to_yaml(self)
    }

    /// The language that counts when nothing is known of the customer's.
    pub fn default_language(&self) -> &Language {
        &self.languages[0]
    }

    /// The language of the base that fits a tag: the same, or the same without its region.
    pub fn language(&self, tag: &str) -> Option<&Language> {
        let wanted = Language::new(tag);
        self.languages
            .iter()
            .find(|language| **language == wanted)
            .or_else(|| self.languages.iter().find(|language| language.primary() == wanted.primary()))
    }

    /// An answer by its id.
    pub fn answer(&self, id: &str) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.id == id)
    }

    /// Whether an answer is for a customer with these attached data.
    pub fn is_visible(&self, answer: &Answer, data: &dyn Values) -> bool {
        answer.when.matches(data)
            && answer
                .category
                .as_ref()
                .and_then(|category| self.categories.get(category))
                .is_none_or(|category| category.when.matches(data))
    }

    /// All pairs of a question and the id of its answer in one language.
    pub fn questions<'a>(&'a self, language: &'a Language) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.answers.iter().flat_map(move |answer| {
            let questions = answer.questions.get(language).map_or(&[][..], Vec::as_slice);
            questions.iter().map(|question| (question.as_str(), answer.id.as_str()))
        })
    }

    /// One of the bot's own sentences, filled.
    pub fn phrase(&self, phrase: Phrase, language: &Language, values: &dyn Values) -> String {
        match self.phrases.get(language).and_then(|phrases| phrases.get(&phrase)) {
            Some(template) => template.fill(values),
            None => Template::parse(phrase.text(language)).map_or_else(|_| String::new(), |text| text.fill(values)),
        }
    }
}
