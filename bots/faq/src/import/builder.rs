//! Puts imported pieces together: answers by their key, questions without doubles, ids that are short and unique.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Options;
use crate::base::{Answer, Escalation, Filter, Kind, KnowledgeBase, Localized, Template};
use crate::problem::{Place, Problem, ProblemKind};
use crate::{Language, Problems, text};

/// Longest question, longest answer, in bytes: what a base allows.
const QUESTION: usize = 1_000;
const ANSWER: usize = 20_000;
/// What stands between the messages of an answer in a table cell.
pub const BETWEEN: &str = "\n---\n";

/// Collects an import.
pub struct Builder {
    options: Options,
    answers: Vec<Answer>,
    by_key: HashMap<String, usize>,
    ids: HashSet<String>,
    seen: HashSet<(usize, Language, String)>,
    languages: Vec<Language>,
    problems: Vec<Problem>,
}

impl Builder {
    pub fn new(options: &Options) -> Self {
        Self {
            options: options.clone(),
            answers: Vec::new(),
            by_key: HashMap::new(),
            ids: HashSet::new(),
            seen: HashSet::new(),
            languages: Vec::new(),
            problems: Vec::new(),
        }
    }

    pub fn language(&self) -> Language {
        self.options.language.clone()
    }

    pub fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    pub fn left_out(&mut self, place: &Place, message: impl Into<String>) {
        self.problem(Problem::warning(place.clone(), ProblemKind::LeftOut, message));
    }

    /// The answer with this key, made if it is new. `name` is what its id is made from.
    pub fn answer(&mut self, key: &str, name: &str, place: &Place) -> usize {
        if let Some(index) = self.by_key.get(key) {
            return *index;
        }
        let id = self.unique(name);
        self.answers.push(Answer {
            id,
            kind: Kind::Answer,
            parent: None,
            title: Localized::new(),
            questions: Localized::new(),
            patterns: Vec::new(),
            text: Localized::new(),
            category: None,
            when: Filter::default(),
            escalation: Escalation::None,
            disposition: None,
            place: place.clone(),
        });
        self.by_key.insert(key.to_owned(), self.answers.len() - 1);
        self.answers.len() - 1
    }

    /// The answer with this key, if there is one.
    pub fn find(&self, key: &str) -> Option<usize> {
        self.by_key.get(key).copied()
    }

    pub fn get(&mut self, index: usize) -> &mut Answer {
        &mut self.answers[index]
    }

    /// Adds a way to ask.
    pub fn question(&mut self, index: usize, language: &Language, question: &str, place: &Place) {
        let question = question.trim();
        if question.is_empty() {
            return;
        }
        if question.len() > QUESTION {
            self.left_out(place, format!("a question of {} bytes; {QUESTION} are allowed", question.len()));
            return;
        }
        self.learn(language);
        if self.seen.insert((index, language.clone(), crate::base::plain(question))) {
            self.answers[index].questions.entry(language.clone()).or_default().push(question.to_owned());
        }
    }

    /// Sets what is said. A second, different text for the same answer is left out.
    pub fn text(&mut self, index: usize, language: &Language, answer: &str, place: &Place) {
        let answer = answer.trim();
        if answer.is_empty() {
            return;
        }
        if answer.len() > ANSWER {
            self.left_out(place, format!("an answer of {} bytes; {ANSWER} are allowed", answer.len()));
            return;
        }
        self.learn(language);
        let texts: Vec<Template> = answer
            .split(BETWEEN)
            .map(|part| Template::parse(part).unwrap_or_else(|_| Template::literal(part)))
            .filter(|text| !text.source().is_empty())
            .collect();
        match self.answers[index].text.get(language) {
            None => drop(self.answers[index].text.insert(language.clone(), texts)),
            Some(known) if *known == texts => {}
            Some(_) => {
                let id = self.answers[index].id.clone();
                self.left_out(place, format!("another text for the answer `{id}`; the first one is kept"));
            }
        }
    }

    pub fn finish(mut self) -> Result<KnowledgeBase, Problems> {
        self.answers.retain(|answer| {
            let complete = !answer.questions.is_empty() && (!answer.text.is_empty() || answer.kind == Kind::NotHandled);
            if !complete {
                let what = if answer.questions.is_empty() { "question" } else { "answer" };
                self.problems.push(Problem::warning(
                    answer.place.clone(),
                    ProblemKind::LeftOut,
                    format!("`{}` is left out: it has no {what}", answer.id),
                ));
            }
            complete
        });
        let known: HashSet<&str> = self.answers.iter().map(|answer| answer.id.as_str()).collect();
        let lost: Vec<usize> = (0..self.answers.len())
            .filter(|index| self.answers[*index].parent.as_deref().is_some_and(|parent| !known.contains(parent)))
            .collect();
        for index in lost {
            self.answers[index].parent = None;
        }
        let languages = if self.languages.is_empty() { vec![self.options.language.clone()] } else { self.languages };
        crate::base::assemble(&self.options.name, languages, in_order(self.answers), self.problems)
    }

    fn learn(&mut self, language: &Language) {
        if !self.languages.contains(language) {
            // The language that the caller named comes first.
            let place = if *language == self.options.language { 0 } else { self.languages.len() };
            self.languages.insert(place, language.clone());
        }
    }

    fn unique(&mut self, name: &str) -> String {
        let stem = slug(name);
        let mut id = stem.clone();
        let mut number = 1;
        while !self.ids.insert(id.clone()) {
            number += 1;
            id = format!("{stem}-{number}");
        }
        id
    }
}

/// Follow-ups stand after their parents, as in a file.
fn in_order(answers: Vec<Answer>) -> Vec<Answer> {
    let mut children: BTreeMap<String, Vec<Answer>> = BTreeMap::new();
    let mut top = Vec::new();
    for answer in answers {
        match &answer.parent {
            Some(parent) => children.entry(parent.clone()).or_default().push(answer),
            None => top.push(answer),
        }
    }
    let mut ordered = Vec::new();
    let mut stack: Vec<Answer> = top.into_iter().rev().collect();
    while let Some(answer) = stack.pop() {
        stack.extend(children.remove(&answer.id).unwrap_or_default().into_iter().rev());
        ordered.push(answer);
    }
    // What is left follows up itself, in a circle; it becomes an answer of its own.
    ordered.extend(children.into_values().flatten().map(|answer| Answer { parent: None, ..answer }));
    ordered
}

/// A short name: `Where is my parcel?` → `where-is-my-parcel`.
fn slug(name: &str) -> String {
    let slug = text::words(text::head(name, 200)).into_iter().take(6).collect::<Vec<_>>().join("-");
    let slug = text::head(&slug, 60).to_owned();
    if slug.is_empty() { "answer".to_owned() } else { slug }
}
