//! A knowledge base made ready to be asked: one matcher a language, the patterns, and the questions word for word.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
#[cfg(feature = "encoder")]
use std::sync::Arc;

use crate::base::{Answer, KnowledgeBase, Values};
#[cfg(feature = "encoder")]
use crate::encoder::{Encoder, Meanings};
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

/// How a base is made ready.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// How its matchers are trained.
    pub training: TrainOptions,
    /// A folder with matchers that were trained ahead; those that do not fit are trained anew.
    pub models: Option<PathBuf>,
    /// Sentence embeddings that have a say beside the words.
    #[cfg(feature = "encoder")]
    pub encoder: Option<Arc<Encoder>>,
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

/// What answers in one language.
#[derive(Debug, Default)]
struct Voice {
    /// For questions that need no context.
    main: Option<Wing>,
    /// For follow-ups. They have a matcher of their own because they are short and alike ("and abroad?"): only the context
    /// tells them apart, and they would make everything else look unsure.
    follow_ups: Option<Wing>,
    /// Answers by their questions, word for word.
    exact: HashMap<String, Vec<usize>>,
}

/// A matcher, and the index in the base of each of its answers.
#[derive(Debug)]
struct Wing {
    matcher: Matcher,
    answers: Vec<usize>,
    #[cfg(feature = "encoder")]
    meanings: Option<Meanings>,
}

impl Wing {
    fn rank(&self, text: &str, scratch: &mut Scratch, allowed: impl Fn(usize) -> bool) -> Ranking {
        #[cfg(feature = "encoder")]
        if let Some(meanings) = &self.meanings {
            return meanings.rank_among(&self.matcher, text, scratch, allowed);
        }
        self.matcher.rank_among(text, scratch, allowed)
    }
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
        Self::open(base, &Options { training: options.clone(), ..Options::default() }).map(|(knowledge, _)| knowledge)
    }

    /// Takes the matchers from a folder where they fit the base, and trains the others. Tells for which languages it had to.
    pub fn open(base: KnowledgeBase, options: &Options) -> Result<(Self, Vec<Language>), matcher::Error> {
        let mut voices = BTreeMap::new();
        let mut trained = Vec::new();
        let indexes: HashMap<String, usize> =
            base.answers.iter().enumerate().map(|(index, answer)| (answer.id.clone(), index)).collect();
        let patterned = (0..base.answers.len()).filter(|index| !base.answers[*index].patterns.is_empty()).collect();
        for language in &base.languages {
            let mut voice = Voice::default();
            let mut main: Vec<Example<'_>> = Vec::new();
            let mut follow_ups: Vec<Example<'_>> = Vec::new();
            for (question, id) in base.questions(language) {
                let index = indexes[id];
                let follows = base.answers[index].parent.is_some();
                if follows { &mut follow_ups } else { &mut main }.push(Example::new(question, id));
                let owners = voice.exact.entry(crate::base::plain(question)).or_default();
                if !owners.contains(&index) {
                    owners.push(index);
                }
            }
            let out_of_scope: Vec<&str> = base.out_of_scope.iter().map(String::as_str).collect();
            let mut wing = |examples: &[Example<'_>], out_of_scope: &[&str], part: Part| {
                let file = options.models.as_ref().map(|models| model_file(models, language, part));
                let (matcher, is_new) =
                    match file.and_then(|file| fitting(&file, examples, out_of_scope, &options.training)) {
                        Some(matcher) => (matcher, false),
                        None if examples.is_empty() => return Ok(None),
                        None => match Matcher::train(examples, out_of_scope, &options.training) {
                            Ok(matcher) => (matcher, true),
                            // Questions without a word are found word for word only.
                            Err(matcher::Error::NothingToLearn) => return Ok(None),
                            Err(error) => return Err(error),
                        },
                    };
                if is_new && !trained.contains(language) {
                    trained.push(language.clone());
                }
                let answers = (0..matcher.answers()).map(|index| indexes[matcher.answer(index)]).collect();
                Ok(Some(Wing {
                    #[cfg(feature = "encoder")]
                    meanings: options.encoder.as_ref().map(|encoder| Meanings::learn(encoder, &matcher, examples)),
                    matcher,
                    answers,
                }))
            };
            voice.main = wing(&main, &out_of_scope, Part::Main)?;
            voice.follow_ups = wing(&follow_ups, &[], Part::FollowUps)?;
            voices.insert(language.clone(), voice);
        }
        let tongues = Tongues::learn(&base);
        Ok((Self { base, voices, tongues, indexes, patterned }, trained))
    }

    /// Writes the matchers to a folder, and tells the files with what is in them.
    pub fn save(&self, models: &Path) -> Result<Vec<Saved<'_>>, matcher::Error> {
        let mut files = Vec::new();
        for (language, voice) in &self.voices {
            for (part, wing) in [(Part::Main, &voice.main), (Part::FollowUps, &voice.follow_ups)] {
                if let Some(wing) = wing {
                    let file = model_file(models, language, part);
                    wing.matcher.save(&file)?;
                    files.push(Saved { language, part, file, matcher: &wing.matcher });
                }
            }
        }
        Ok(files)
    }

    /// The base.
    pub fn base(&self) -> &KnowledgeBase {
        &self.base
    }

    /// The matcher of a language, for questions that need no context.
    pub fn matcher(&self, language: &Language) -> Option<&Matcher> {
        self.voices.get(language)?.main.as_ref().map(|wing| &wing.matcher)
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
        SCRATCH.with_borrow_mut(|scratch| {
            let mut ask = |wing: &Wing| wing.rank(text, scratch, |index| allowed(wing.answers[index]));
            let main = voice.main.as_ref().map(|wing| (ask(wing), wing));
            if question.context.is_some()
                && let Some(wing) = &voice.follow_ups
            {
                let near = ask(wing);
                let score = |ranking: &Ranking| ranking.best().map_or(0.0, |best| best.score);
                let (lead, sure) = main
                    .as_ref()
                    .map_or((0.0, false), |(main, _)| (score(main) - score(&near), main.zone == Zone::Answer));
                if near.zone == Zone::Answer && lead <= FOLLOW_UP || near.zone == Zone::DidYouMean && !sure {
                    // Few follow-ups are left by the context: the nearest one is the answer.
                    return Found { zone: Zone::Answer, reason: Reason::Sure, ..found(&near, wing) };
                }
            }
            main.map_or_else(nothing, |(ranking, wing)| found(&ranking, wing))
        })
    }

    /// Why the matcher finds what it finds; nothing where patterns or the words of a question decide, or nothing was learnt.
    pub fn explain(&self, question: Question<'_>) -> Option<matcher::Explanation> {
        let found = self.find(question);
        let voice = self.voices.get(question.language)?;
        let best = found.best().map(|best| best.answer);
        let of = |wing: &&Wing| best.is_some_and(|best| wing.answers.contains(&best));
        let wing = voice.follow_ups.as_ref().filter(of).or(voice.main.as_ref()).filter(|_| found.by == By::Matcher)?;
        let lineage = self.lineage(question.context);
        let allowed = |index: usize| {
            let answer = &self.base.answers[index];
            let expected = answer.parent.as_deref().is_none_or(|parent| lineage.contains(&parent));
            expected && self.base.is_visible(answer, question.data)
        };
        let text = text::head(question.text, QUESTION).trim();
        Some(wing.matcher.explain(text, |index| allowed(wing.answers[index])))
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

/// What a model is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Questions that need no context.
    Main,
    /// Follow-ups.
    FollowUps,
}

/// A model that was written to a file.
#[derive(Debug)]
pub struct Saved<'a> {
    /// Its language.
    pub language: &'a Language,
    /// What it is for.
    pub part: Part,
    /// Where it is.
    pub file: PathBuf,
    /// What is in it.
    pub matcher: &'a Matcher,
}

/// The file of a model in a folder.
pub fn model_file(models: &Path, language: &Language, part: Part) -> PathBuf {
    models.join(match part {
        Part::Main => format!("faq.{language}.model"),
        Part::FollowUps => format!("faq.{language}.follow-ups.model"),
    })
}

/// A saved matcher, if it is whole and was trained from just this.
fn fitting(file: &Path, examples: &[Example<'_>], out_of_scope: &[&str], options: &TrainOptions) -> Option<Matcher> {
    if examples.is_empty() {
        return None;
    }
    let wanted = matcher::fingerprint(examples, out_of_scope, options);
    match Matcher::load(file) {
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

fn found(ranking: &Ranking, wing: &Wing) -> Found {
    Found {
        by: By::Matcher,
        hits: ranking
            .candidates()
            .iter()
            .map(|candidate| Hit { answer: wing.answers[candidate.answer], score: candidate.score })
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
