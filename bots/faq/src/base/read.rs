//! From the YAML tree to the parts of a knowledge base. One file at a time; what needs the whole base is in `check`.

use std::collections::BTreeMap;

use attendant::Target;

use super::fields::{self, Fields, Findings};
use super::yaml::{Node, Value};
use super::{
    Answer, Category, Destination, Dispositions, Escalation, Filter, Kind, Localized, Pattern, Phrase, Template,
};
use crate::language::Language;
use crate::problem::{Place, Problem, ProblemKind};

/// Longest question, answer or title.
const QUESTION: usize = 1_000;
const TEXT: usize = 20_000;

/// What one file says. Settings stand in one file of a folder only.
#[derive(Debug, Default)]
pub struct Part {
    pub settings: BTreeMap<&'static str, Place>,
    pub name: Option<String>,
    pub languages: Option<Vec<Language>>,
    pub language_key: Option<String>,
    pub handoff: Option<Destination>,
    pub categories: Vec<(String, Category, Place)>,
    pub phrases: Vec<(Language, Phrase, Template, Place)>,
    pub dispositions: Option<Dispositions>,
    pub answers: Vec<Answer>,
    pub out_of_scope: Vec<String>,
}

/// The languages that a file declares, before anything else of it is read.
pub fn languages(root: &Node, findings: &Findings) -> Option<Vec<Language>> {
    let Value::Map(entries) = &root.value else { return None };
    let (_, node) = entries.iter().find(|(key, _)| key.text() == Some("languages"))?;
    let mut languages = Vec::new();
    for (tag, item) in fields::texts(node, "languages", findings) {
        let language = Language::new(tag);
        if !language.is_well_formed() {
            findings.add(
                Problem::error(item.place.clone(), ProblemKind::WrongValue, format!("`{tag}` is not a language tag"))
                    .hint("use tags such as en, de or pt-br"),
            );
        } else if languages.contains(&language) {
            findings.error(item, ProblemKind::Duplicate, format!("the language `{tag}` is there twice"));
        } else {
            languages.push(language);
        }
    }
    Some(languages).filter(|languages| !languages.is_empty())
}

/// Reads a file.
pub fn part(root: &Node, languages: &[Language], findings: &Findings) -> Part {
    let reader = Reader { languages, findings };
    let mut part = Part::default();
    let Some(fields) = Fields::of(root, "a knowledge base", findings) else { return part };
    for key in ["name", "languages", "language-from", "handoff", "dispositions"] {
        if let Some(node) = fields.get(key) {
            part.settings.insert(key, node.place.clone());
        }
    }
    part.name = fields.text("name").map(str::to_owned);
    part.languages = fields.get("languages").map(|_| languages.to_vec());
    part.language_key = fields.text("language-from").map(str::to_owned);
    part.handoff = fields.get("handoff").and_then(|node| reader.destination(node));
    part.dispositions = fields.get("dispositions").and_then(|node| reader.dispositions(node));
    if let Some(node) = fields.get("categories") {
        reader.categories(node, &mut part);
    }
    if let Some(node) = fields.get("phrases") {
        reader.phrases(node, &mut part);
    }
    for (key, kind) in [("answers", Kind::Answer), ("chit-chat", Kind::ChitChat), ("not-handled", Kind::NotHandled)] {
        if let Some(node) = fields.get(key) {
            for item in fields::items(node, key, findings) {
                reader.answer(item, kind, None, &mut part.answers);
            }
        }
    }
    if let Some(node) = fields.get("out-of-scope") {
        let texts = fields::texts(node, "out-of-scope", findings);
        part.out_of_scope = texts.into_iter().map(|(text, _)| text.trim().to_owned()).collect();
    }
    fields.finish("a knowledge base");
    part
}

struct Reader<'a> {
    languages: &'a [Language],
    findings: &'a Findings,
}

impl Reader<'_> {
    fn answer(&self, node: &Node, kind: Kind, parent: Option<&str>, into: &mut Vec<Answer>) {
        let Some(fields) = Fields::of(node, "an answer", self.findings) else { return };
        let id = fields.text("id").map(str::trim).unwrap_or_default().to_owned();
        if id.len() > 200 || id.chars().any(char::is_control) {
            self.findings.error(node, ProblemKind::WrongValue, "an id is one line of at most 200 bytes");
        }
        let questions = fields.get("questions").map(|node| self.questions(node)).unwrap_or_default();
        let patterns = fields.get("patterns").map(|node| self.patterns(node)).unwrap_or_default();
        let mut text = fields.get("answer").map(|node| self.texts(node, "answer")).unwrap_or_default();
        if let Some(node) = fields.get("links") {
            self.links(node, &mut text);
        }
        let escalation = fields.get("handoff").map(|node| self.escalation(node)).unwrap_or_default();
        let title = match fields.get("title") {
            Some(node) => {
                self.localized(node, "title", |node| fields::text(node, "title", self.findings).map(str::to_owned))
            }
            None => Localized::new(),
        };
        let category = fields.text("category").map(str::to_owned);
        let when = fields.get("when").map(|node| self.filter(node)).unwrap_or_default();
        let disposition = fields.text("disposition").map(str::to_owned);
        let follow_ups = fields.get("follow-ups");
        if fields.finish("an answer") {
            self.complete(
                node,
                &id,
                kind,
                [
                    questions.is_empty() && patterns.is_empty(),
                    text.is_empty() && !matches!(escalation, Escalation::Now(_)),
                ],
            );
        }
        into.push(Answer {
            kind,
            parent: parent.map(str::to_owned),
            title,
            questions,
            patterns,
            text,
            category,
            when,
            escalation,
            disposition,
            place: node.place.clone(),
            id: id.clone(),
        });
        if let Some(node) = follow_ups {
            for item in fields::items(node, "follow-ups", self.findings) {
                self.answer(item, kind, Some(&id), into);
            }
        }
    }

    /// Complains about what an answer cannot be without: a name, a way to ask, something to say.
    fn complete(&self, node: &Node, id: &str, kind: Kind, [no_questions, no_text]: [bool; 2]) {
        let missing = |message: String, hint: &str| {
            self.findings.add(Problem::error(node.place.clone(), ProblemKind::Missing, message).hint(hint));
        };
        if id.is_empty() {
            missing("an answer without `id`".to_owned(), "give it a short name of its own, such as opening-hours");
        }
        if no_questions {
            missing(
                format!("nobody can ask for `{id}`"),
                "add `questions` with three to ten ways to ask, or `patterns`",
            );
        }
        if no_text && kind != Kind::NotHandled {
            missing(format!("`{id}` has no `answer`"), "write what the bot should say");
        }
    }

    /// A value for the default language, or a block with one value for each language.
    fn localized<T>(&self, node: &Node, what: &str, read: impl Fn(&Node) -> Option<T>) -> Localized<T> {
        let Value::Map(_) = node.value else {
            return read(node).map(|value| (self.languages[0].clone(), value)).into_iter().collect();
        };
        let Some(fields) = Fields::of(node, what, self.findings) else { return Localized::new() };
        let mut values = Localized::new();
        for (tag, key, value) in fields.all() {
            if let Some(language) = self.language(tag, key)
                && !value.is_null()
                && let Some(value) = read(value)
            {
                values.insert(language, value);
            }
        }
        values
    }

    fn language(&self, tag: &str, node: &Node) -> Option<Language> {
        let language = Language::new(tag);
        if self.languages.contains(&language) {
            return Some(language);
        }
        let known = self.languages.iter().map(Language::as_str).collect::<Vec<_>>();
        self.findings.add(
            Problem::error(
                node.place.clone(),
                ProblemKind::UnknownName,
                format!("`{tag}` is not one of the languages"),
            )
            .hint(format!("the base declares {}; add it to `languages` at the top", known.join(", "))),
        );
        None
    }

    fn questions(&self, node: &Node) -> Localized<Vec<String>> {
        let mut questions = self.localized(node, "questions", |node| {
            let found = fields::texts(node, "questions", self.findings).into_iter().filter_map(|(text, item)| {
                let text = text.trim();
                if text.len() > QUESTION {
                    self.findings.error(
                        item,
                        ProblemKind::TooLarge,
                        format!("a question of {} bytes; {QUESTION} are allowed", text.len()),
                    );
                    return None;
                }
                Some(text.to_owned()).filter(|text| !text.is_empty())
            });
            Some(found.collect::<Vec<_>>())
        });
        questions.retain(|_, questions| !questions.is_empty());
        questions
    }

    fn texts(&self, node: &Node, what: &str) -> Localized<Vec<Template>> {
        let mut texts = self.localized(node, what, |node| {
            let found = fields::texts(node, what, self.findings)
                .into_iter()
                .filter_map(|(text, item)| self.template(text, item));
            Some(found.filter(|text| !text.source().is_empty()).collect::<Vec<_>>())
        });
        texts.retain(|_, texts| !texts.is_empty());
        texts
    }

    fn template(&self, text: &str, node: &Node) -> Option<Template> {
        if text.len() > TEXT {
            self.findings.error(
                node,
                ProblemKind::TooLarge,
                format!("a text of {} bytes; {TEXT} are allowed", text.len()),
            );
            return None;
        }
        Template::parse(text).map_err(|message| self.findings.error(node, ProblemKind::WrongValue, message)).ok()
    }

    /// Links are lines at the end of the last message: a title and an address.
    fn links(&self, node: &Node, texts: &mut Localized<Vec<Template>>) {
        let links = self.localized(node, "links", |node| {
            let mut lines = Vec::new();
            for item in fields::items(node, "links", self.findings) {
                let Some(fields) = Fields::of(item, "a link", self.findings) else { continue };
                let title = fields.text("title").unwrap_or_default();
                match fields.get("url").map(|node| (fields::text(node, "url", self.findings).unwrap_or_default(), node))
                {
                    Some((url, _)) if is_address(url) && title.is_empty() => lines.push(url.to_owned()),
                    Some((url, _)) if is_address(url) => lines.push(format!("{title}: {url}")),
                    Some((url, node)) => self.findings.add(
                        Problem::error(
                            node.place.clone(),
                            ProblemKind::WrongValue,
                            format!("`{url}` is not a web address"),
                        )
                        .hint("it starts with https:// and has no spaces"),
                    ),
                    None => self.findings.error(item, ProblemKind::Missing, "a link without `url`"),
                }
                fields.finish("a link");
            }
            Some(lines)
        });
        for (language, lines) in links {
            let texts = texts.entry(language).or_default();
            let last = texts.pop().map(|text| text.source().to_owned()).unwrap_or_default();
            texts.extend(self.template(&format!("{last}\n{}", lines.join("\n")), node));
        }
    }

    fn patterns(&self, node: &Node) -> Vec<Pattern> {
        let found = fields::texts(node, "patterns", self.findings).into_iter();
        found
            .filter_map(|(source, item)| {
                Pattern::parse(source)
                    .map_err(|message| {
                        self.findings.add(
                            Problem::error(item.place.clone(), ProblemKind::Pattern, message)
                                .hint("put patterns in single quotes, so that YAML leaves the backslashes alone"),
                        );
                    })
                    .ok()
            })
            .collect()
    }

    fn filter(&self, node: &Node) -> Filter {
        let mut filter = Filter::default();
        let Some(fields) = Fields::of(node, "when", self.findings) else { return filter };
        for (key, _, value) in fields.all() {
            let values =
                fields::texts(value, "when", self.findings).into_iter().map(|(text, _)| text.trim().to_owned());
            filter.0.insert(key.to_owned(), values.collect());
        }
        filter
    }

    fn escalation(&self, node: &Node) -> Escalation {
        match node.text() {
            Some("yes" | "true" | "now") => Escalation::Now(None),
            Some("no" | "false") => Escalation::None,
            Some("offer") => Escalation::Offer(None),
            Some(_) => {
                self.findings.add(
                    Problem::error(
                        node.place.clone(),
                        ProblemKind::WrongValue,
                        "`handoff` is yes, no, offer, or a block",
                    )
                    .hint("a block names `skill`, `queue` or `agent`"),
                );
                Escalation::None
            }
            None => {
                let offer = match &node.value {
                    Value::Map(entries) => {
                        entries.iter().any(|(key, value)| key.text() == Some("offer") && is_yes(value))
                    }
                    _ => false,
                };
                let destination = self.destination(node);
                if offer { Escalation::Offer(destination) } else { Escalation::Now(destination) }
            }
        }
    }

    fn destination(&self, node: &Node) -> Option<Destination> {
        let fields = Fields::of(node, "handoff", self.findings)?;
        let skill = fields.text("skill").map(|name| Target::Skill(name.to_owned()));
        let queue = fields.text("queue").map(|name| Target::Queue(name.to_owned()));
        let agent = fields.text("agent").map(|name| Target::Agent(name.into()));
        let warm = fields.get("warm").is_some_and(|node| {
            if !is_yes(node) && !matches!(node.text(), Some("no" | "false")) {
                self.findings.error(node, ProblemKind::WrongValue, "`warm` is yes or no");
            }
            is_yes(node)
        });
        let _ = fields.get("offer");
        let mut targets = [skill, queue, agent].into_iter().flatten();
        let target = targets.next();
        if targets.next().is_some() || target.is_none() {
            self.findings.error(node, ProblemKind::WrongValue, "`handoff` names one of `skill`, `queue` and `agent`");
        }
        fields.finish("handoff");
        target.map(|target| Destination { target, warm })
    }

    fn dispositions(&self, node: &Node) -> Option<Dispositions> {
        let fields = Fields::of(node, "dispositions", self.findings)?;
        let default = Dispositions::default();
        let found = Dispositions {
            answered: fields.text("answered").map_or(default.answered, str::to_owned),
            unanswered: fields.text("unanswered").map_or(default.unanswered, str::to_owned),
        };
        fields.finish("dispositions");
        Some(found)
    }

    fn categories(&self, node: &Node, part: &mut Part) {
        let Some(fields) = Fields::of(node, "categories", self.findings) else { return };
        for (name, key, value) in fields.all() {
            let mut category = Category::default();
            if !value.is_null() {
                let Some(fields) = Fields::of(value, "a category", self.findings) else { continue };
                category.title = fields.text("title").map(str::to_owned);
                category.when = fields.get("when").map(|node| self.filter(node)).unwrap_or_default();
                fields.finish("a category");
            }
            part.categories.push((name.to_owned(), category, key.place.clone()));
        }
    }

    fn phrases(&self, node: &Node, part: &mut Part) {
        let Some(fields) = Fields::of(node, "phrases", self.findings) else { return };
        let by_language = fields.all().all(|(_, _, value)| matches!(value.value, Value::Map(_)));
        if !by_language {
            self.phrases_of(node, &self.languages[0], part);
            return;
        }
        for (tag, key, value) in fields.all() {
            if let Some(language) = self.language(tag, key) {
                self.phrases_of(value, &language, part);
            }
        }
    }

    fn phrases_of(&self, node: &Node, language: &Language, part: &mut Part) {
        let Some(fields) = Fields::of(node, "phrases", self.findings) else { return };
        for phrase in Phrase::ALL {
            // An empty text is a wish here: the sentence is not said.
            let Some((_, key, value)) = fields.all().find(|(name, ..)| *name == phrase.key()) else { continue };
            let text = if value.is_null() { "" } else { value.text().unwrap_or_default() };
            if !matches!(value.value, Value::Scalar { .. }) {
                self.findings.error(value, ProblemKind::WrongValue, format!("`{}` must be a text", phrase.key()));
            }
            if let Some(template) = self.template(text, value) {
                part.phrases.push((language.clone(), *phrase, template, key.place.clone()));
            }
        }
        for (name, key, _) in fields.all() {
            if Phrase::by_key(name).is_none() {
                self.findings.add(
                    Problem::error(key.place.clone(), ProblemKind::UnknownKey, format!("there is no phrase `{name}`"))
                        .nearest(name, Phrase::ALL.iter().map(|phrase| phrase.key())),
                );
            }
        }
    }
}

fn is_yes(node: &Node) -> bool {
    matches!(node.text(), Some("yes" | "true"))
}

fn is_address(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://"))
        && url.len() > 10
        && !url.contains(|c: char| c.is_whitespace() || c.is_control())
}
