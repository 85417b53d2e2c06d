//! A knowledge base made ready to be asked: one matcher a language, the patterns, and the questions word for word.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use crate::base::{Answer, KnowledgeBase, Values};
use crate::matcher::{self, Example, Matcher, Ranking, Reason, Scratch, TrainOptions, Zone};
use crate::tongue::Tongues;
use crate::{Language, text};

/// How much of a question is read, in bytes.
pub const QUESTION: usize = 8 * 1024;
/// How far ahead (in score) an answer must be to win over a follow-up of what was just talked about.
const FOLLOW_UP: f32 = 0.15;

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// A base that can be asked.
#[derive(Debug)]
pub struct Knowledge {
    base: KnowledgeBase,
    voices: BTreeMap<Language, Voice>,
    tongues: Tongues,
    indexes: HashMap<String, usize>,
    /// The answers that have patterns.
    patterned: Vec<usize>,
}

#[derive(Debug)]
struct Voice {
    matcher: Option<Matcher>,
    /// The index in the base of each answer of the matcher.
    answers: Vec<usize>,
    /// Answers by their questions, word for word.
    exact: HashMap<String, Vec<usize>>,
}

/// A question, with what decides which answers are considered.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// What was asked.
    pub text: &'a str,
    /// In which language.
    pub language: &'a Language,
    /// The attached data.
    pub data: &'a dyn Values,
    /// The id of the answer that was given last.
    pub context: Option<&'a str>,
}

/// How an answer was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// A pattern.
    Pattern,
    /// The question stands in the base, word for word.
    SameWords,
    /// The matcher.
    Matcher,
}

/// An answer that may fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Its index in the base.
    pub answer: usize,
    /// How sure, from 0 to 1.
    pub score: f32,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// How.
    pub by: By,
    /// The answers, best first.
    pub hits: Vec<Hit>,
    /// How many of them are worth offering as a choice.
    pub choices: usize,
    /// What should be done.
    pub zone: Zone,
    /// Why.
    pub reason: Reason,
    /// What the groups of a pattern caught.
    pub captures: Vec<(String, String)>,
    /// Whether words were read as if they were spelt otherwise.
    pub corrected: bool,
}

impl Found {
    /// The best answer.
    pub fn best(&self) -> Option<Hit> {
        self.hits.first().copied()
    }

    fn sure(by: By, answer: usize, captures: Vec<(String, String)>) -> Self {
        Self {
            by,
            hits: vec![Hit { answer, score: 1.0 }],
            choices: 1,
            zone: Zone::Answer,
            reason: Reason::Sure,
            captures,
            corrected: false,
        }
    }
}

impl Knowledge {
    /// Trains matchers for all languages of a base.
    pub fn train(base: KnowledgeBase, options: &TrainOptions) -> Result<Self, matcher::Error> {
        Self::build(base, options, None).map(|(knowledge, _)| knowledge)
    }

    /// Takes the matchers from a folder where they fit the base, and trains the others. Tells for which languages it had to.
    pub fn open(
        base: KnowledgeBase,
        options: &TrainOptions,
        models: &Path,
    ) -> Result<(Self, Vec<Language>), matcher::Error> {
        Self::build(base, options, Some(models))
    }

    fn build(
        base: KnowledgeBase,
        options: &TrainOptions,
        models: Option<&Path>,
    ) -> Result<(Self, Vec<Language>), matcher::Error> {
        let mut voices = BTreeMap::new();
        let mut trained = Vec::new();
        let indexes: HashMap<String, usize> =
            base.answers.iter().enumerate().map(|(index, answer)| (answer.id.clone(), index)).collect();
        let patterned = (0..base.answers.len()).filter(|index| !base.answers[*index].patterns.is_empty()).collect();
        for language in &base.languages {
            let examples: Vec<Example<'_>> =
                base.questions(language).map(|(question, id)| Example::new(question, id)).collect();
            let mut exact: HashMap<String, Vec<usize>> = HashMap::new();
            for example in &examples {
                let owners = exact.entry(crate::base::plain(example.text)).or_default();
                let index = indexes[example.answer];
                if !owners.contains(&index) {
                    owners.push(index);
                }
            }
            let out_of_scope: Vec<&str> = base.out_of_scope.iter().map(String::as_str).collect();
            let matcher = if examples.is_empty() {
                None
            } else if let Some(matcher) =
                models.and_then(|models| fitting(models, language, &examples, &out_of_scope, options))
            {
                Some(matcher)
            } else {
                trained.push(language.clone());
                match Matcher::train(&examples, &out_of_scope, options) {
                    Ok(matcher) => Some(matcher),
                    Err(matcher::Error::NothingToLearn) => None, // questions without a word; found word for word only
                    Err(error) => return Err(error),
                }
            };
            let answers = matcher
                .as_ref()
                .map(|matcher| (0..matcher.answers()).map(|index| indexes[matcher.answer(index)]).collect())
                .unwrap_or_default();
            voices.insert(language.clone(), Voice { matcher, answers, exact });
        }
        let tongues = Tongues::learn(&base);
        Ok((Self { base, voices, tongues, indexes, patterned }, trained))
    }

    /// Writes the matchers to a folder, one file a language, and tells their names.
    pub fn save(&self, models: &Path) -> Result<Vec<PathBuf>, matcher::Error> {
        let mut files = Vec::new();
        for (language, voice) in &self.voices {
            if let Some(matcher) = &voice.matcher {
                let file = model_file(models, language);
                matcher.save(&file)?;
                files.push(file);
            }
        }
        Ok(files)
    }

    /// The base.
    pub fn base(&self) -> &KnowledgeBase {
        &self.base
    }

    /// The matcher of a language.
    pub fn matcher(&self, language: &Language) -> Option<&Matcher> {
        self.voices.get(language)?.matcher.as_ref()
    }

    /// The language of a text, if it can be told.
    pub fn language_of(&self, text: &str) -> Option<&Language> {
        self.tongues.find(text)
    }

    /// Finds the answers to a question.
    pub fn find(&self, question: Question<'_>) -> Found {
        let text = text::head(question.text, QUESTION).trim();
        let lineage = self.lineage(question.context);
        let follow_up =
            |index: usize| self.base.answers[index].parent.as_deref().is_some_and(|parent| lineage.contains(&parent));
        let allowed = |index: usize| {
            let answer = &self.base.answers[index];
            (answer.parent.is_none() || follow_up(index)) && self.base.is_visible(answer, question.data)
        };
        if let Some(found) = self.by_pattern(text, question.language, allowed, follow_up) {
            return found;
        }
        let Some(voice) = self.voices.get(question.language) else { return nothing() };
        if let Some(owners) = voice.exact.get(&crate::base::plain(text)) {
            let owners: Vec<usize> = owners.iter().copied().filter(|index| allowed(*index)).collect();
            let of_context: Vec<usize> = owners.iter().copied().filter(|index| follow_up(*index)).collect();
            if let [one] = if of_context.is_empty() { &owners } else { &of_context }.as_slice() {
                return Found::sure(By::SameWords, *one, Vec::new());
            }
        }
        let Some(matcher) = &voice.matcher else { return nothing() };
        SCRATCH.with_borrow_mut(|scratch| {
            let place = |index: usize| voice.answers[index];
            let ranking = matcher.rank_among(text, scratch, |index| allowed(place(index)));
            if question.context.is_some() {
                let near = matcher.rank_among(text, scratch, |index| follow_up(place(index)) && allowed(place(index)));
                let lead = ranking.best().map_or(0.0, |best| best.score) - near.best().map_or(0.0, |best| best.score);
                if near.zone == Zone::Answer && lead <= FOLLOW_UP {
                    return found(&near, place);
                }
            }
            found(&ranking, place)
        })
    }

    fn by_pattern(
        &self,
        text: &str,
        language: &Language,
        allowed: impl Fn(usize) -> bool,
        follow_up: impl Fn(usize) -> bool,
    ) -> Option<Found> {
        let mut best = None;
        for &index in &self.patterned {
            let answer = &self.base.answers[index];
            let speaks = answer.text.is_empty() || answer.text.contains_key(language);
            if !speaks || !allowed(index) {
                continue;
            }
            if let Some(captures) = answer.patterns.iter().find_map(|pattern| pattern.find(text)) {
                let found = Found::sure(By::Pattern, index, captures);
                if follow_up(index) {
                    return Some(found);
                }
                best = best.or(Some(found));
            }
        }
        best
    }

    /// An answer by its id, with its index.
    pub fn answer(&self, id: &str) -> Option<(usize, &Answer)> {
        let index = *self.indexes.get(id)?;
        Some((index, &self.base.answers[index]))
    }

    /// The answer that was given last, and those that led there: what a follow-up may follow up.
    fn lineage<'a>(&'a self, context: Option<&'a str>) -> Vec<&'a str> {
        let mut lineage = Vec::new();
        let mut current = context;
        while let Some(id) = current
            && !lineage.contains(&id)
        {
            lineage.push(id);
            current = self.answer(id).and_then(|(_, answer)| answer.parent.as_deref());
        }
        lineage
    }
}

/// The file of a language's matcher in a folder of models.
pub fn model_file(models: &Path, language: &Language) -> PathBuf {
    models.join(format!("faq.{language}.model"))
}

/// A saved matcher, if it is whole and was trained from just this.
fn fitting(
    models: &Path,
    language: &Language,
    examples: &[Example<'_>],
    out_of_scope: &[&str],
    options: &TrainOptions,
) -> Option<Matcher> {
    let file = model_file(models, language);
    let wanted = matcher::fingerprint(examples, out_of_scope, options);
    match Matcher::load(&file) {
        Ok(matcher) if matcher.training().fingerprint == wanted => Some(matcher),
        Ok(_) => {
            tracing::info!(file = %file.display(), "the model is of another base; training anew");
            None
        }
        Err(error) => {
            tracing::info!(file = %file.display(), %error, "the model cannot be used; training anew");
            None
        }
    }
}

fn found(ranking: &Ranking, place: impl Fn(usize) -> usize) -> Found {
    Found {
        by: By::Matcher,
        hits: ranking
            .candidates()
            .iter()
            .map(|candidate| Hit { answer: place(candidate.answer), score: candidate.score })
            .collect(),
        choices: ranking.choices().len(),
        zone: ranking.zone,
        reason: ranking.reason,
        captures: Vec::new(),
        corrected: ranking.corrected,
    }
}

fn nothing() -> Found {
    Found {
        by: By::Matcher,
        hits: Vec::new(),
        choices: 0,
        zone: Zone::Person,
        reason: Reason::NothingAllowed,
        captures: Vec::new(),
        corrected: false,
    }
}
