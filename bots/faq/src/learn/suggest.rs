//! From lessons to suggestions: questions that mean the same together, with the answer that they most likely want. A person
//! accepts or refuses them.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use super::mask::without_marks;
use super::{Lesson, LessonKind};
use crate::base::plain;
use crate::knowledge::{Knowledge, Question};
use crate::matcher::Zone;
use crate::{Language, text};

/// How much two questions must have in common to be one group (cosine of their words, rare ones counting more).
const ALIKE: f64 = 0.45;
/// A nearest answer below this is no suggestion.
const NEAR: f32 = 0.15;
/// A nearest answer that is not this far ahead of the next one, in log odds, is none either.
const AHEAD: f32 = 0.3;
/// Most lessons that are looked at, newest first.
const LESSONS: usize = 20_000;
/// Most different questions of one group that are listed.
const LISTED: usize = 10;

/// What a person is asked to decide.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suggestion {
    /// What kind of decision.
    #[serde(flatten)]
    pub advice: Advice,
    /// In which language.
    pub language: Language,
    /// How many chats say so.
    pub count: usize,
    /// The questions, the most frequent first.
    pub questions: Vec<Counted>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "advice", rename_all = "kebab-case")]
pub enum Advice {
    /// Customers picked this answer for these questions: add them to it.
    AddPicked {
        /// The answer.
        answer: String,
    },
    /// Nobody was sure, and this answer is the nearest: add them to it, if it is right.
    AddNearest {
        /// The answer.
        answer: String,
    },
    /// Nothing is near: write a new answer.
    NewAnswer,
    /// The answer was given, and a person took over all the same: look whether it is good.
    LookAt {
        /// The answer.
        answer: String,
    },
}

/// A question, and how often it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// The question, masked.
    pub text: String,
    /// How often.
    pub count: usize,
}

/// Groups lessons and finds the answers that they want. What the base answers by now is left out.
pub fn suggest(lessons: &[Lesson], knowledge: &Knowledge) -> Vec<Suggestion> {
    let newest = &lessons[lessons.len().saturating_sub(LESSONS)..];
    let known: HashSet<(&Language, String)> = knowledge
        .base()
        .languages
        .iter()
        .flat_map(|language| knowledge.base().questions(language).map(move |(question, _)| (language, plain(question))))
        .collect();
    let mut sure: BTreeMap<(Advice, Language), Counts> = BTreeMap::new();
    let mut open: BTreeMap<Language, Counts> = BTreeMap::new();
    for lesson in newest {
        let question = without_marks(&lesson.question);
        if !knowledge.base().languages.contains(&lesson.language)
            || text::words(&question).is_empty()
            || known.contains(&(&lesson.language, plain(&question)))
        {
            continue;
        }
        let there = |answer: &String| knowledge.answer(answer).is_some();
        match &lesson.kind {
            LessonKind::Picked { answer } if there(answer) => {
                let key = (Advice::AddPicked { answer: answer.clone() }, lesson.language.clone());
                sure.entry(key).or_default().add(&question);
            }
            LessonKind::HandedOver { answer, .. } if there(answer) => {
                let key = (Advice::LookAt { answer: answer.clone() }, lesson.language.clone());
                sure.entry(key).or_default().add(&question);
            }
            LessonKind::Unanswered { .. } | LessonKind::NoneOfThese { .. } => {
                open.entry(lesson.language.clone()).or_default().add(&question);
            }
            _ => {} // the answer is gone from the base
        }
    }
    let mut suggestions: Vec<Suggestion> =
        sure.into_iter().map(|((advice, language), counts)| suggestion(advice, language, counts.sorted())).collect();
    for (language, counts) in open {
        let questions =
            counts.sorted().into_iter().filter(|question| !is_answered(&question.text, &language, knowledge));
        for group in groups(questions.collect(), knowledge.base().questions(&language).map(|(question, _)| question)) {
            let advice = match nearest(&group[0].text, &language, knowledge) {
                Some(answer) => Advice::AddNearest { answer },
                None => Advice::NewAnswer,
            };
            suggestions.push(suggestion(advice, language.clone(), group));
        }
    }
    suggestions.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.advice.cmp(&b.advice)));
    suggestions
}

fn suggestion(advice: Advice, language: Language, mut questions: Vec<Counted>) -> Suggestion {
    let count = questions.iter().map(|question| question.count).sum();
    questions.truncate(LISTED);
    Suggestion { advice, language, count, questions }
}

#[derive(Default)]
struct Counts(HashMap<String, (String, usize)>);

impl Counts {
    fn add(&mut self, question: &str) {
        self.0.entry(plain(question)).or_insert_with(|| (question.to_owned(), 0)).1 += 1;
    }

    fn sorted(self) -> Vec<Counted> {
        let mut counted: Vec<Counted> = self.0.into_values().map(|(text, count)| Counted { text, count }).collect();
        counted.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.text.cmp(&b.text)));
        counted
    }
}

fn ask<'a>(text: &'a str, language: &'a Language) -> Question<'a> {
    Question { text, language, data: &(), context: None }
}

fn is_answered(question: &str, language: &Language, knowledge: &Knowledge) -> bool {
    knowledge.find(ask(question, language)).zone == Zone::Answer
}

fn nearest(question: &str, language: &Language, knowledge: &Knowledge) -> Option<String> {
    let found = knowledge.find(ask(question, language));
    let best = found.best()?;
    let log_odds = |score: f32| (score / (1.0 - score).max(f32::EPSILON)).ln();
    let ahead = found.hits.get(1).is_none_or(|next| log_odds(best.score) - log_odds(next.score) >= AHEAD);
    (best.score >= NEAR && ahead).then(|| knowledge.base().answers[best.answer].id.clone())
}

/// Questions that have most of their words in common. Each joins the first group whose leader is alike; the leader is the
/// most frequent question of its group.
fn groups<'a>(questions: Vec<Counted>, of_base: impl Iterator<Item = &'a str>) -> Vec<Vec<Counted>> {
    let bags: Vec<HashMap<String, f64>> = weighted(&questions, of_base);
    let mut groups: Vec<(usize, Vec<usize>)> = Vec::new();
    let mut by_word: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, bag) in bags.iter().enumerate() {
        let mut best: Option<(usize, f64)> = None;
        let near: HashSet<usize> =
            bag.keys().flat_map(|word| by_word.get(word.as_str()).into_iter().flatten().copied()).collect();
        for group in near {
            let likeness = cosine(bag, &bags[groups[group].0]);
            let better = best.is_none_or(|(other, score)| likeness > score || (likeness >= score && group < other));
            if likeness >= ALIKE && better {
                best = Some((group, likeness));
            }
        }
        if let Some((group, _)) = best {
            groups[group].1.push(index);
        } else {
            groups.push((index, vec![index]));
            for word in bag.keys() {
                by_word.entry(word).or_default().push(groups.len() - 1);
            }
        }
    }
    let mut questions: Vec<Option<Counted>> = questions.into_iter().map(Some).collect();
    groups
        .into_iter()
        .map(|(_, members)| members.into_iter().filter_map(|index| questions[index].take()).collect::<Vec<_>>())
        .filter(|group| !group.is_empty())
        .collect()
}

/// The words of each question with their weights. How common a word is, the questions of the base tell, too.
#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn weighted<'a>(questions: &[Counted], of_base: impl Iterator<Item = &'a str>) -> Vec<HashMap<String, f64>> {
    let words: Vec<HashSet<String>> = questions.iter().map(|question| stems(&question.text)).collect();
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut all = questions.len();
    let mut count = |words: &HashSet<String>| words.iter().for_each(|word| *seen.entry(word.clone()).or_default() += 1);
    words.iter().for_each(&mut count);
    for question in of_base {
        count(&stems(question));
        all += 1;
    }
    let weight = |word: &String| (1.0 + all as f64 / seen[word] as f64).ln();
    words.iter().map(|words| words.iter().map(|word| (word.clone(), weight(word))).collect()).collect()
}

/// The beginnings of the words: `rent` and `renting` are one.
fn stems(question: &str) -> HashSet<String> {
    text::words(question).into_iter().map(|word| word.chars().take(4).collect()).collect()
}

fn cosine(a: &HashMap<String, f64>, b: &HashMap<String, f64>) -> f64 {
    let dot: f64 = a.iter().filter_map(|(word, weight)| b.get(word).map(|other| weight * other)).sum();
    let norm = |bag: &HashMap<String, f64>| bag.values().map(|weight| weight * weight).sum::<f64>().sqrt();
    let norms = norm(a) * norm(b);
    if norms > 0.0 { dot / norms } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::KnowledgeBase;
    use crate::matcher::{Method, TrainOptions};

    fn knowledge() -> Knowledge {
        let base = crate::demo().unwrap();
        let options = TrainOptions { method: Method::Centroid, ..TrainOptions::default() };
        Knowledge::train(base, &options).unwrap()
    }

    fn lesson(kind: LessonKind, question: &str) -> Lesson {
        Lesson::new(kind, question, &Language::new("en"))
    }

    fn unanswered(question: &str) -> Lesson {
        lesson(LessonKind::Unanswered { nearest: None, score: 0.0 }, question)
    }

    #[test]
    fn the_same_question_in_other_words_is_one_group() {
        let lessons: Vec<Lesson> = [
            "do you rent out electric bikes",
            "can I rent electric bikes here",
            "renting electric bikes",
            "are dogs allowed inside",
            "do you rent out electric bikes",
        ]
        .map(unanswered)
        .to_vec();
        let suggestions = suggest(&lessons, &knowledge());
        assert_eq!(suggestions[0].count, 4, "{suggestions:#?}");
        assert_eq!(
            suggestions[0].questions[0],
            Counted { text: "do you rent out electric bikes".to_owned(), count: 2 }
        );
    }

    #[test]
    fn picks_count_and_known_questions_do_not() {
        let picked = |question| lesson(LessonKind::Picked { answer: "opening-hours".to_owned() }, question);
        let lessons = [picked("till when"), picked("till when"), picked("When are you open?")];
        let suggestions = suggest(&lessons, &knowledge());
        assert_eq!(suggestions.len(), 1);
        assert_eq!(suggestions[0].advice, Advice::AddPicked { answer: "opening-hours".to_owned() });
        assert_eq!(suggestions[0].count, 2);
        let gone = [lesson(LessonKind::Picked { answer: "gone".to_owned() }, "x y z")];
        assert!(suggest(&gone, &knowledge()).is_empty());
        assert!(suggest(&[], &knowledge()).is_empty());
    }

    #[test]
    fn answers_in_vain_are_shown() {
        let kind = LessonKind::HandedOver { answer: "refund".to_owned(), score: 0.9 };
        let suggestions = suggest(&[lesson(kind, "my money please now")], &knowledge());
        assert_eq!(suggestions[0].advice, Advice::LookAt { answer: "refund".to_owned() });
    }

    #[test]
    fn languages_that_are_gone_are_left_out() {
        let base = KnowledgeBase::from_pairs([("a b", "x"), ("c d", "y")]).unwrap();
        let knowledge = Knowledge::train(base, &TrainOptions::default()).unwrap();
        let kind = LessonKind::Unanswered { nearest: None, score: 0.0 };
        assert!(suggest(&[Lesson::new(kind, "bonjour", &Language::new("fr"))], &knowledge).is_empty());
    }
}
