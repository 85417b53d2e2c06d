//! Training: from examples to a matcher, with thresholds from questions that were held out.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};

use super::calibration::{Calibration, HeldOut};
use super::centroid::Centroid;
use super::direct;
use super::features::Sources;
use super::hash::{Hash, checksum};
use super::learning::{self, Lesson};
use super::network::{Network, Trained};
use super::normalise::{Text, Word};
use super::random::Random;
use super::reading;
use super::recipe::Recipe;
use super::spelling::Spelling;
use super::vocabulary::{Buffers, Vocabulary, Weighted};
use super::{Error, Example, FORMAT, Leads, Matcher, Method, Model, Scratch, TrainOptions};

const MAX_EXAMPLES: usize = 2_000_000;
const MAX_ANSWERS: usize = 100_000;
const FEWEST_FOLDS: usize = 5;
/// There are as many folds as keep a fold about so small.
const FOLD: usize = 1_000;

/// What training found out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// The method that was chosen, never `Auto`.
    pub method: Method,
    /// How many examples were learnt from.
    pub examples: usize,
    /// How many were left out because they have no words.
    pub skipped: usize,
    /// The share of held-out examples that the chosen method matched with their own answer.
    pub accuracy: f32,
    /// The same for the method that was not chosen, where it was tried.
    pub other_accuracy: Option<f32>,
    /// Identifies examples and options: see [`fingerprint`].
    pub fingerprint: u64,
}

/// Identifies what a matcher is trained from: where it differs from that of a saved model, the model is out of date.
pub fn fingerprint(examples: &[Example<'_>], out_of_scope: &[&str], options: &TrainOptions) -> u64 {
    let mut hash =
        Hash::new(u64::from(FORMAT)).then(reading::fingerprint()).then(options.seed).then(options.method as u64);
    hash = hash.then(u64::from(options.precision.to_bits())).then(examples.len() as u64);
    for example in examples {
        hash = hash.then(checksum(example.text.as_bytes())).then(checksum(example.answer.as_bytes()));
    }
    for message in out_of_scope {
        hash = hash.then(checksum(message.as_bytes()));
    }
    hash.mixed()
}

/// A question that was read, with the number of its answer.
struct Question {
    text: Text,
    words: Vec<Word>,
    /// None for one that is known to be out of scope.
    answer: Option<u32>,
    fold: usize,
    several_sentences: bool,
}

/// A question that was held out: the answer it belongs to, and the one that was found with its confidence.
type Trial = (Option<u32>, Option<(u32, f32)>);

/// The questions with their features, as one method sees them.
struct Course<'q> {
    method: Method,
    vocabulary: Vocabulary,
    weighted: Vec<Vec<Weighted>>,
    /// The words that the features come from. Empty for methods that do not ask.
    sources: Vec<Vec<Sources>>,
    questions: &'q [Question],
    answers: usize,
}

impl Matcher {
    /// Learns which questions go with which answers. Messages known to be out of scope help it to keep silent.
    ///
    /// Examples without a word in them are skipped and counted. Two answers with the same question are allowed: both are offered.
    pub fn train(examples: &[Example<'_>], out_of_scope: &[&str], options: &TrainOptions) -> Result<Self, Error> {
        Self::train_with(examples, out_of_scope, options, &Recipe::default())
    }

    pub(crate) fn train_with(
        examples: &[Example<'_>],
        out_of_scope: &[&str],
        options: &TrainOptions,
        recipe: &Recipe,
    ) -> Result<Self, Error> {
        options.validate()?;
        let (answers, questions) = read(examples, out_of_scope, options.seed)?;
        let known = questions.iter().filter(|question| question.answer.is_some()).count();
        let methods: &[Method] = match options.method {
            Method::Auto if !is_worth_a_network(known, answers.len(), recipe) => &[Method::Centroid],
            Method::Auto => &[Method::Centroid, Method::Network],
            Method::Centroid => &[Method::Centroid],
            Method::Network => &[Method::Network],
        };
        let courses: Vec<Course<'_>> =
            methods.iter().map(|method| Course::new(*method, &questions, answers.len(), recipe)).collect();
        let all_folds = folds(known);
        let folds = recipe.held_out.div_ceil((known / all_folds).max(1)).min(all_folds);
        let tried = parallel(options.threads, courses.len() * folds, |job| {
            courses[job / folds].try_fold(job % folds, folds == 1, options.seed, recipe)
        });
        let mut outcomes: Vec<Outcome> = tried.chunks(folds).map(Outcome::of).collect();
        let chosen = usize::from(outcomes.len() > 1 && outcomes[1].accuracy > outcomes[0].accuracy);
        let other_accuracy = (outcomes.len() > 1).then(|| outcomes[1 - chosen].accuracy);
        let outcome = outcomes.swap_remove(chosen);
        let course = courses.into_iter().nth(chosen).ok_or(Error::NothingToLearn)?;
        let training = Training {
            method: course.method,
            examples: known,
            skipped: examples.len() + out_of_scope.len() - questions.len(),
            accuracy: outcome.accuracy,
            other_accuracy,
            fingerprint: fingerprint(examples, out_of_scope, options),
        };
        let members = (recipe.rows / course.vocabulary.len().max(1)).clamp(1, recipe.members);
        let lessons = course.lessons(None);
        let model = course.learn(&lessons, recipe.rounds(known), members, options.threads, options.seed, recipe);
        let calibration = Calibration::fit(&outcome.held_out);
        let thresholds = calibration.thresholds(&outcome.held_out, options.precision);
        let spelling = Spelling::learn(questions.iter().map(|question| &question.text));
        let several = questions.iter().filter(|question| question.several_sentences).count();
        let leads = Leads::of(several as f32 / questions.len() as f32, recipe);
        drop(lessons);
        Ok(Self { answers, vocabulary: course.vocabulary, spelling, model, calibration, thresholds, leads, training })
    }
}

/// Reads the examples: the ids of the answers, and the questions with their folds.
fn read(examples: &[Example<'_>], out_of_scope: &[&str], seed: u64) -> Result<(Vec<String>, Vec<Question>), Error> {
    let limit = |what, found, limit| if found > limit { Err(Error::TooMuch { what, found, limit }) } else { Ok(()) };
    limit("example questions", examples.len() + out_of_scope.len(), MAX_EXAMPLES)?;
    let mut answers: Vec<String> = Vec::new();
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let mut questions = Vec::with_capacity(examples.len() + out_of_scope.len());
    let mut scratch = Scratch::default();
    let with_answers = examples.iter().map(|example| (example.text, Some(example.answer)));
    for (message, answer) in with_answers.chain(out_of_scope.iter().map(|message| (*message, None))) {
        scratch.read(message);
        if scratch.kept.is_empty() {
            continue;
        }
        let answer = answer.map(|id| {
            *numbers.entry(id).or_insert_with(|| {
                answers.push(id.to_owned());
                answers.len() as u32 - 1
            })
        });
        let several_sentences = scratch.sentences.iter().filter(|(start, end)| end - start > 1).count() > 1;
        let words = std::mem::take(&mut scratch.kept);
        questions.push(Question { text: std::mem::take(&mut scratch.text), words, answer, fold: 0, several_sentences });
    }
    limit("answers", answers.len(), MAX_ANSWERS)?;
    if answers.is_empty() {
        return Err(Error::NothingToLearn);
    }
    let known = questions.iter().filter(|question| question.answer.is_some()).count();
    assign_folds(&mut questions, folds(known), seed);
    Ok((answers, questions))
}

fn folds(known: usize) -> usize {
    (known / FOLD).max(FEWEST_FOLDS)
}

/// Every answer's questions are spread evenly over the folds, in an order drawn from the seed.
fn assign_folds(questions: &mut [Question], folds: usize, seed: u64) {
    let mut random = Random::new(seed, 1);
    let mut order: Vec<usize> = (0..questions.len()).collect();
    random.shuffle(&mut order);
    let mut next: HashMap<Option<u32>, usize> = HashMap::new();
    for index in order {
        let next = next.entry(questions[index].answer).or_insert_with(|| random.below(folds));
        questions[index].fold = *next;
        *next = (*next + 1) % folds;
    }
}

/// A network needs more than one answer, and more than a question or two each; with very many answers it would take too long.
fn is_worth_a_network(examples: usize, answers: usize, recipe: &Recipe) -> bool {
    let work = recipe.rounds(examples) as f32 * examples as f32 * answers as f32;
    answers > 1 && examples >= 2 * answers && work <= recipe.most_work
}

impl<'q> Course<'q> {
    fn new(method: Method, questions: &'q [Question], answers: usize, recipe: &Recipe) -> Self {
        let known = questions.iter().filter(|question| question.answer.is_some());
        let (least, across) = match method {
            Method::Network => (recipe.least, known.clone().count() as f32 >= recipe.across_from * answers as f32),
            Method::Centroid | Method::Auto => (1, false),
        };
        let vocabulary = Vocabulary::learn(least, across, known.map(|question| (&question.text, &question.words[..])));
        let mut buffers = Buffers::default();
        let mut weigh = |question: &Question| {
            let mut weighted = Vec::new();
            vocabulary.weigh(&question.text, &question.words, &mut buffers, &mut weighted);
            weighted
        };
        let weighted: Vec<_> = questions.iter().map(&mut weigh).collect();
        let mut all = Vec::new();
        let sources = |(question, weighted): (&Question, &Vec<Weighted>)| {
            vocabulary.sources(&question.text, &question.words, weighted, &mut all)
        };
        let sources = match method {
            Method::Network => questions.iter().zip(&weighted).map(sources).collect(),
            Method::Centroid | Method::Auto => Vec::new(),
        };
        Self { method, vocabulary, weighted, sources, questions, answers }
    }

    /// What is learnt from: all questions, or all but those of a fold.
    fn lessons(&self, left_out: Option<usize>) -> Vec<Lesson<'_>> {
        let taken = self.questions.iter().zip(&self.weighted).enumerate();
        let taken = taken.filter(|(_, (question, weighted))| Some(question.fold) != left_out && !weighted.is_empty());
        let lessons = taken.map(|(index, (question, weighted))| Lesson {
            weighted,
            sources: self.sources.get(index).map_or(&[], Vec::as_slice),
            answer: question.answer,
        });
        lessons.collect()
    }

    fn centroid(&self, lessons: &[Lesson<'_>]) -> Model {
        let known = lessons.iter().filter_map(|lesson| Some((lesson.weighted, lesson.answer? as usize)));
        Model::Centroid(Centroid::learn(self.vocabulary.len(), self.answers, known))
    }

    /// Learns from some questions.
    fn learn(
        &self,
        lessons: &[Lesson<'_>],
        rounds: usize,
        members: usize,
        threads: usize,
        seed: u64,
        recipe: &Recipe,
    ) -> Model {
        if self.method != Method::Network {
            return self.centroid(lessons);
        }
        let trained: Vec<Trained> = parallel(threads, members, |member| {
            let seed = seed.wrapping_add(member as u64);
            learning::learn(self.vocabulary.len(), self.answers, lessons, rounds, seed, recipe)
        });
        let features = self.vocabulary.len();
        let weight = recipe.direct_weight(known(lessons));
        let direct = (weight > 0.0 && lessons.len() * self.answers <= recipe.most_holds)
            .then(|| direct::learn(features, self.answers, lessons, recipe.direct_rounds(rounds), seed, recipe));
        Model::Network(Network::vote(self.answers, &trained, direct.as_ref(), weight))
    }

    /// What a model that has not seen them says about the questions of a fold.
    fn try_fold(&self, fold: usize, alone: bool, seed: u64, recipe: &Recipe) -> Vec<Trial> {
        let lessons = self.lessons(Some(fold));
        let rounds = recipe.rounds(known(&lessons));
        // Where there are many examples, a network shows after a part of the rounds what it is going to be.
        let rounds = if alone && known(&lessons) >= recipe.rehearsal_from {
            (rounds as f32 * recipe.rehearsal) as usize
        } else {
            rounds
        };
        let model = self.learn(&lessons, rounds.max(1), 1, 1, seed, recipe);
        self.ask(fold, &model)
    }

    /// What a model says about the questions of a fold.
    fn ask(&self, fold: usize, model: &Model) -> Vec<Trial> {
        let (mut hidden, mut scores) = (Vec::new(), Vec::new());
        let held_out = self.questions.iter().zip(&self.weighted).filter(|(question, _)| question.fold == fold);
        let outcome = held_out.map(|(question, weighted)| {
            if weighted.is_empty() {
                return (question.answer, None);
            }
            model.score(weighted, self.answers, &mut hidden, &mut scores);
            (question.answer, Some(best(&scores)))
        });
        outcome.collect()
    }
}

fn known(lessons: &[Lesson<'_>]) -> usize {
    lessons.iter().filter(|lesson| lesson.answer.is_some()).count()
}

fn best(scores: &[f32]) -> (u32, f32) {
    let all = scores.iter().zip(0..);
    all.fold((0, f32::NEG_INFINITY), |best, (&score, answer)| if score > best.1 { (answer, score) } else { best })
}

/// How a method did on held-out questions.
struct Outcome {
    accuracy: f32,
    held_out: Vec<HeldOut>,
}

impl Outcome {
    fn of(folds: &[Vec<Trial>]) -> Self {
        let all = || folds.iter().flatten();
        let known = all().filter(|(answer, _)| answer.is_some()).count();
        let is_right =
            |answer: Option<u32>, found: Option<(u32, f32)>| answer.is_some() && answer == found.map(|found| found.0);
        let right = all().filter(|&&(answer, found)| is_right(answer, found)).count();
        let held_out =
            all().filter_map(|&(answer, found)| Some(HeldOut { confidence: found?.1, right: is_right(answer, found) }));
        Self { accuracy: right as f32 / known.max(1) as f32, held_out: held_out.collect() }
    }
}

/// Does jobs on several threads. The outcome is in the order of the jobs and does not depend on the number of threads.
fn parallel<T: Send>(threads: usize, jobs: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    if threads.min(jobs) <= 1 {
        return (0..jobs).map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::with_capacity(jobs));
    std::thread::scope(|scope| {
        for _ in 0..threads.min(jobs) {
            scope.spawn(|| {
                loop {
                    let job = next.fetch_add(1, Ordering::Relaxed);
                    if job >= jobs {
                        break;
                    }
                    let outcome = work(job);
                    done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((job, outcome));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(job, _)| *job);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}
