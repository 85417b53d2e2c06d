//! What can be seen only in the whole base: ids, categories, and questions that two answers share.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Answer, Escalation, Kind, KnowledgeBase, Values};
use crate::problem::{Place, Problem, ProblemKind};

/// An answer with fewer questions in a language is mentioned.
const FEW: usize = 3;
/// How many problems of one kind are listed one by one.
const LISTED: usize = 20;

/// All problems of the base.
pub fn problems(base: &KnowledgeBase) -> Vec<Problem> {
    let mut problems = Vec::new();
    if base.answers.is_empty() {
        problems.push(
            Problem::error(Place::whole(&base.name), ProblemKind::Empty, "the knowledge base has no answers")
                .hint("add at least one answer under `answers`, with `id`, `questions` and `answer`"),
        );
    }
    ids(base, &mut problems);
    categories(base, &mut problems);
    placeholders(base, &mut problems);
    languages(base, &mut problems);
    few(base, &mut problems);
    shared(base, &mut problems);
    problems
}

fn ids(base: &KnowledgeBase, problems: &mut Vec<Problem>) {
    let mut seen: HashMap<&str, &Place> = HashMap::new();
    for answer in base.answers.iter().filter(|answer| !answer.id.is_empty()) {
        if let Some(first) = seen.insert(&answer.id, &answer.place) {
            problems.push(Problem::error(
                answer.place.clone(),
                ProblemKind::Duplicate,
                format!("the id `{}` is there twice, first at {first}", answer.id),
            ));
        }
    }
}

fn categories(base: &KnowledgeBase, problems: &mut Vec<Problem>) {
    if base.categories.is_empty() {
        return; // labels only; nothing is declared, so nothing can be misspelt
    }
    for answer in &base.answers {
        if let Some(category) = &answer.category
            && !base.categories.contains_key(category)
        {
            problems.push(
                Problem::error(
                    answer.place.clone(),
                    ProblemKind::UnknownName,
                    format!("`{}` is in the category `{category}`, which is not declared", answer.id),
                )
                .nearest(category, base.categories.keys().map(String::as_str)),
            );
        }
    }
}

/// Lines whose placeholder has no value are left out; an answer that only a pattern can fill must not be left without any.
fn placeholders(base: &KnowledgeBase, problems: &mut Vec<Problem>) {
    for answer in base.answers.iter().filter(|answer| !answer.questions.is_empty()) {
        let captured: BTreeSet<&str> = answer.patterns.iter().flat_map(super::Pattern::names).collect();
        for texts in answer.text.values() {
            let lost = texts.iter().all(|text| text.fill(&AllBut(&captured)).is_empty());
            if lost && !captured.is_empty() {
                problems.push(
                    Problem::warning(
                        answer.place.clone(),
                        ProblemKind::WrongValue,
                        format!("nothing is left of `{}` when it is asked for without its pattern", answer.id),
                    )
                    .hint("give its placeholders a default, such as {number|of yours}, or add a line without them"),
                );
            }
        }
    }
}

/// A value for every name but some.
struct AllBut<'a>(&'a BTreeSet<&'a str>);

impl Values for AllBut<'_> {
    fn value(&self, name: &str) -> Option<&str> {
        (!self.0.contains(name)).then_some("x")
    }
}

fn languages(base: &KnowledgeBase, problems: &mut Vec<Problem>) {
    for answer in &base.answers {
        let silent = answer.text.is_empty()
            && (answer.kind == Kind::NotHandled || matches!(answer.escalation, Escalation::Now(_)));
        for language in answer.questions.keys() {
            if !silent && !answer.text.contains_key(language) {
                problems.push(
                    Problem::error(
                        answer.place.clone(),
                        ProblemKind::Untranslated,
                        format!("`{}` can be asked in `{language}` but has no answer in it", answer.id),
                    )
                    .hint(format!("add `{language}` under its `answer`")),
                );
            }
        }
    }
    for language in &base.languages {
        let missing: Vec<&Answer> = base
            .answers
            .iter()
            .filter(|answer| !answer.questions.is_empty() && !answer.questions.contains_key(language))
            .collect();
        if let Some(first) = missing.first() {
            let some = missing.iter().take(5).map(|answer| answer.id.as_str()).collect::<Vec<_>>().join(", ");
            let dots = if missing.len() > 5 { ", …" } else { "" };
            problems.push(Problem::warning(
                first.place.clone(),
                ProblemKind::Untranslated,
                format!(
                    "{} of {} answers cannot be asked in `{language}`: {some}{dots}",
                    missing.len(),
                    base.answers.len()
                ),
            ));
        }
    }
}

fn few(base: &KnowledgeBase, problems: &mut Vec<Problem>) {
    let few: Vec<&Answer> = base
        .answers
        .iter()
        .filter(|answer| answer.patterns.is_empty() && answer.questions.values().any(|questions| questions.len() < FEW))
        .collect();
    for answer in few.iter().take(LISTED) {
        let least = answer.questions.values().map(Vec::len).min().unwrap_or(0);
        problems.push(
            Problem::warning(
                answer.place.clone(),
                ProblemKind::FewQuestions,
                format!("`{}` has {least} {} only", answer.id, if least == 1 { "question" } else { "questions" }),
            )
            .hint("five to ten ways to ask make an answer easy to find"),
        );
    }
    more(few.len(), ProblemKind::FewQuestions, "answers with few questions", base, problems);
}

/// A question of two answers is a coin toss; two answers with the same questions can never be told apart.
fn shared(base: &KnowledgeBase, problems: &mut Vec<Problem>) {
    type Scope<'a> = (&'a crate::language::Language, Option<&'a str>, String, String);
    let mut owners: BTreeMap<Scope<'_>, Vec<(usize, &str)>> = BTreeMap::new();
    let mut sizes = vec![0_usize; base.answers.len()];
    for (index, answer) in base.answers.iter().enumerate() {
        let condition = format!("{:?}{:?}", answer.when, answer.category.as_ref().and_then(|c| base.categories.get(c)));
        for (language, questions) in &answer.questions {
            let mut own = BTreeSet::new();
            for question in questions {
                let plain = plain(question);
                if own.insert(plain.clone()) {
                    sizes[index] += 1;
                    let scope = (language, answer.parent.as_deref(), condition.clone(), plain);
                    owners.entry(scope).or_default().push((index, question));
                }
            }
        }
    }
    let mut pairs: BTreeMap<(usize, usize), (usize, &str)> = BTreeMap::new();
    for answers in owners.values().filter(|answers| answers.len() > 1) {
        let (first, question) = answers[0];
        for (other, _) in &answers[1..] {
            pairs.entry((first, *other)).or_insert((0, question)).0 += 1;
        }
    }
    let mut listed = 0;
    for ((first, second), (count, question)) in pairs {
        let (one, two) = (&base.answers[first], &base.answers[second]);
        if count == sizes[first] && count == sizes[second] && one.patterns.is_empty() && two.patterns.is_empty() {
            problems.push(
                Problem::error(
                    two.place.clone(),
                    ProblemKind::SameQuestions,
                    format!("`{}` has the same questions as `{}` at {}", two.id, one.id, one.place),
                )
                .hint("join the two answers, or give each its own questions or `when`"),
            );
            continue;
        }
        listed += 1;
        if listed <= LISTED {
            problems.push(
                Problem::warning(
                    two.place.clone(),
                    ProblemKind::SharedQuestion,
                    format!("`{}` and `{}` share {count}: \"{question}\"", two.id, one.id),
                )
                .hint("leave each question with one answer"),
            );
        }
    }
    more(listed, ProblemKind::SharedQuestion, "pairs of answers that share a question", base, problems);
}

fn more(count: usize, kind: ProblemKind, what: &str, base: &KnowledgeBase, problems: &mut Vec<Problem>) {
    if count > LISTED {
        let message = format!("{} more {what}", count - LISTED);
        problems.push(Problem::warning(Place::whole(&base.name), kind, message));
    }
}

/// A question without case, punctuation and spaces.
pub fn plain(question: &str) -> String {
    let words = question.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let text = words.map(str::to_lowercase).collect::<Vec<_>>().join(" ");
    if text.is_empty() { question.trim().to_owned() } else { text }
}
