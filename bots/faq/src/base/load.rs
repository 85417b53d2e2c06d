//! Reads a base from a text, a file or a folder.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::fields::Findings;
use super::read::{self, Part};
use super::yaml::{self, Node};
use super::{
    Answer, Destination, Dispositions, Escalation, Filter, Kind, KnowledgeBase, Localized, Phrase, Template, check,
};
use crate::language::Language;
use crate::problem::{Place, Problem, ProblemKind, Problems};

/// Largest file, and largest base.
const FILE: u64 = 32 * 1024 * 1024;
/// Most files of a folder.
const FILES: usize = 1_000;
/// Deepest folder below the folder.
const DEPTH: usize = 8;
/// Most answers.
const ANSWERS: usize = 100_000;

pub fn parse(name: &str, text: &str) -> Result<KnowledgeBase, Problems> {
    from_texts(name, vec![(name.into(), text.to_owned())])
}

pub fn load(path: &Path) -> Result<KnowledgeBase, Problems> {
    let texts = files(path)?.into_iter().map(|file| read_text(&file)).collect::<Result<Vec<_>, _>>()?;
    from_texts(&path.display().to_string(), texts)
}

/// Reads a base as if one of its files had another text.
pub fn load_with(path: &Path, file: &str, text: &str) -> Result<KnowledgeBase, Problems> {
    let texts = files(path)?
        .into_iter()
        .map(|found| {
            let name: Arc<str> = found.display().to_string().into();
            if &*name == file { Ok((name, text.to_owned())) } else { read_text(&found) }
        })
        .collect::<Result<Vec<_>, Problem>>()?;
    from_texts(&path.display().to_string(), texts)
}

/// The files of a base, in a fixed order.
pub fn files(path: &Path) -> Result<Vec<PathBuf>, Problem> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !metadata.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    let mut folders = vec![(path.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|error| unreadable(&folder, &error))? {
            let path = entry.map_err(|error| unreadable(&folder, &error))?.path();
            let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if hidden {
                continue;
            }
            if path.is_dir() && depth < DEPTH {
                folders.push((path, depth + 1));
            } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
                found.push(path);
            }
        }
        if found.len() > FILES {
            return Err(Problem::error(place(path), ProblemKind::TooLarge, format!("more than {FILES} files")));
        }
    }
    found.sort();
    Ok(found)
}

fn read_text(path: &Path) -> Result<(Arc<str>, String), Problem> {
    let size = fs::metadata(path).map_err(|error| unreadable(path, &error))?.len();
    if size > FILE {
        let message = format!("the file has {size} bytes; {FILE} are allowed");
        return Err(Problem::error(place(path), ProblemKind::TooLarge, message));
    }
    let bytes = fs::read(path).map_err(|error| unreadable(path, &error))?;
    let name: Arc<str> = path.display().to_string().into();
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + String::from_utf8_lossy(valid).matches('\n').count();
        let place = Place { file: Arc::clone(&name), line, column: 0 };
        Problem::error(place, ProblemKind::Encoding, "the file is not UTF-8").hint("save it again as UTF-8")
    })?;
    Ok((name, text))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::error(place(path), ProblemKind::Unreadable, format!("cannot be read: {error}"))
}

fn place(path: &Path) -> Place {
    Place::whole(&path.display().to_string())
}

fn from_texts(name: &str, texts: Vec<(Arc<str>, String)>) -> Result<KnowledgeBase, Problems> {
    let findings = Findings::default();
    let mut roots: Vec<Node> = Vec::new();
    for (file, text) in texts {
        match yaml::parse(&file, &text) {
            Ok(root) => roots.extend(root),
            Err(problem) => findings.add(problem),
        }
    }
    let languages =
        roots.iter().find_map(|root| read::languages(root, &findings)).unwrap_or_else(|| vec![Language::new("en")]);
    let parts = roots.iter().map(|root| read::part(root, &languages, &findings)).collect::<Vec<_>>();
    let base = join(name, languages, parts, &findings);
    finish(base, findings)
}

fn finish(mut base: KnowledgeBase, findings: Findings) -> Result<KnowledgeBase, Problems> {
    let mut problems = findings.into_problems();
    let broken = problems.iter().any(Problem::is_error);
    // A base that is broken already looks empty for the wrong reason.
    problems.extend(check::problems(&base).into_iter().filter(|problem| !broken || problem.kind != ProblemKind::Empty));
    problems.sort_by(|a, b| {
        (&a.place.file, a.place.line, a.place.column).cmp(&(&b.place.file, b.place.line, b.place.column))
    });
    problems.dedup();
    if problems.iter().any(Problem::is_error) {
        return Err(Problems(problems));
    }
    base.warnings = problems;
    Ok(base)
}

fn join(name: &str, languages: Vec<Language>, parts: Vec<Part>, findings: &Findings) -> KnowledgeBase {
    let mut base = KnowledgeBase {
        name: name.to_owned(),
        languages,
        language_key: "Language".to_owned(),
        handoff: Destination::default(),
        categories: BTreeMap::new(),
        phrases: BTreeMap::new(),
        dispositions: Dispositions::default(),
        answers: Vec::new(),
        out_of_scope: Vec::new(),
        warnings: Vec::new(),
    };
    let mut settings: BTreeMap<&'static str, Place> = BTreeMap::new();
    let twice = |what: String, place: Place, first: &Place| {
        findings.add(Problem::error(place, ProblemKind::Duplicate, format!("{what} is there twice, first at {first}")));
    };
    let mut categories: HashMap<String, Place> = HashMap::new();
    let mut phrases: HashMap<(Language, Phrase), Place> = HashMap::new();
    for part in parts {
        for (key, place) in part.settings {
            if let Some(first) = settings.insert(key, place.clone()) {
                twice(format!("`{key}`"), place, &first);
            }
        }
        base.name = part.name.unwrap_or(base.name);
        base.language_key = part.language_key.unwrap_or(base.language_key);
        base.handoff = part.handoff.unwrap_or(base.handoff);
        base.dispositions = part.dispositions.unwrap_or(base.dispositions);
        for (name, category, place) in part.categories {
            if let Some(first) = categories.insert(name.clone(), place.clone()) {
                twice(format!("the category `{name}`"), place, &first);
            }
            base.categories.insert(name, category);
        }
        for (language, phrase, template, place) in part.phrases {
            if let Some(first) = phrases.insert((language.clone(), phrase), place.clone()) {
                twice(format!("the phrase `{}`", phrase.key()), place, &first);
            }
            base.phrases.entry(language).or_default().insert(phrase, template);
        }
        base.answers.extend(part.answers);
        base.out_of_scope.extend(part.out_of_scope);
    }
    if base.answers.len() > ANSWERS {
        let message = format!("{} answers; {ANSWERS} are allowed", base.answers.len());
        findings.add(Problem::error(Place::whole(&base.name), ProblemKind::TooLarge, message));
    }
    base
}

/// A base from answers that somebody else has put together, checked like any other.
pub fn assemble(
    name: &str,
    languages: Vec<Language>,
    answers: Vec<Answer>,
    problems: Vec<Problem>,
) -> Result<KnowledgeBase, Problems> {
    let findings = Findings::default();
    let mut base = join(name, languages, Vec::new(), &findings);
    base.answers = answers;
    for problem in problems {
        findings.add(problem);
    }
    finish(base, findings)
}

pub fn from_pairs(pairs: impl Iterator<Item = (String, String)>) -> Result<KnowledgeBase, Problems> {
    let name = "pairs";
    let language = Language::new("en");
    let mut base = join(name, vec![language.clone()], Vec::new(), &Findings::default());
    base.phrases.insert(language.clone(), BTreeMap::from([(Phrase::Greeting, Template::literal(""))]));
    let mut places: HashMap<String, usize> = HashMap::new();
    for (question, text) in pairs {
        let question = question.trim();
        let text = text.trim();
        if question.is_empty() || text.is_empty() {
            continue;
        }
        let index = *places.entry(text.to_owned()).or_insert_with(|| {
            base.answers.push(answer(text, &language));
            base.answers.len() - 1
        });
        base.answers[index].questions.entry(language.clone()).or_default().push(question.to_owned());
    }
    if base.answers.is_empty() {
        return Err(
            Problem::error(Place::whole(name), ProblemKind::Empty, "there is no pair of question and answer").into()
        );
    }
    Ok(base)
}

fn answer(text: &str, language: &Language) -> Answer {
    Answer {
        id: text.to_owned(),
        kind: Kind::Answer,
        parent: None,
        title: Localized::new(),
        questions: Localized::new(),
        patterns: Vec::new(),
        text: BTreeMap::from([(language.clone(), vec![Template::literal(text)])]),
        category: None,
        when: Filter::default(),
        escalation: Escalation::None,
        disposition: None,
        place: Place::whole("pairs"),
    }
}
