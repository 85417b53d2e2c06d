//! Writes a base as YAML that reads back the same.

use std::fmt::Write as _;

use attendant::Target;

use super::{Answer, Destination, Dispositions, Escalation, Filter, Kind, KnowledgeBase, Localized};
use crate::language::Language;

pub fn to_yaml(base: &KnowledgeBase) -> String {
    let mut out = Out { text: String::new(), base };
    out.line(0, &format!("name: {}", quoted(&base.name)));
    let languages = base.languages.iter().map(|language| quoted(language.as_str())).collect::<Vec<_>>();
    out.line(0, &format!("languages: [{}]", languages.join(", ")));
    if base.language_key != "Language" {
        out.line(0, &format!("language-from: {}", quoted(&base.language_key)));
    }
    if base.handoff != Destination::default() {
        out.line(0, &format!("handoff: {}", destination(&base.handoff, false)));
    }
    if base.dispositions != Dispositions::default() {
        out.line(0, "dispositions:");
        out.line(1, &format!("answered: {}", quoted(&base.dispositions.answered)));
        out.line(1, &format!("unanswered: {}", quoted(&base.dispositions.unanswered)));
    }
    if !base.categories.is_empty() {
        out.line(0, "categories:");
        for (name, category) in &base.categories {
            out.line(1, &format!("{}:", quoted(name)));
            if let Some(title) = &category.title {
                out.line(2, &format!("title: {}", quoted(title)));
            }
            out.filter(2, &category.when);
        }
    }
    if base.phrases.values().any(|phrases| !phrases.is_empty()) {
        out.line(0, "phrases:");
        for (language, phrases) in &base.phrases {
            out.line(1, &format!("{}:", quoted(language.as_str())));
            for (phrase, template) in phrases {
                out.line(2, &format!("{}: {}", phrase.key(), quoted(template.source())));
            }
        }
    }
    for (key, kind) in [("answers", Kind::Answer), ("chit-chat", Kind::ChitChat), ("not-handled", Kind::NotHandled)] {
        let top: Vec<&Answer> =
            base.answers.iter().filter(|answer| answer.kind == kind && answer.parent.is_none()).collect();
        if !top.is_empty() {
            out.line(0, &format!("\n{key}:"));
            for answer in top {
                out.answer(1, answer);
            }
        }
    }
    if !base.out_of_scope.is_empty() {
        out.line(0, "\nout-of-scope:");
        for text in &base.out_of_scope {
            out.line(1, &format!("- {}", quoted(text)));
        }
    }
    out.text
}

struct Out<'a> {
    text: String,
    base: &'a KnowledgeBase,
}

impl Out<'_> {
    fn line(&mut self, depth: usize, text: &str) {
        let _ = writeln!(self.text, "{}{text}", "  ".repeat(depth));
    }

    fn answer(&mut self, depth: usize, answer: &Answer) {
        self.line(depth, &format!("- id: {}", quoted(&answer.id)));
        let depth = depth + 1;
        self.localized(depth, "title", &answer.title, |title| vec![title.clone()]);
        if let Some(category) = &answer.category {
            self.line(depth, &format!("category: {}", quoted(category)));
        }
        self.filter(depth, &answer.when);
        self.localized(depth, "questions", &answer.questions, Clone::clone);
        if !answer.patterns.is_empty() {
            self.line(depth, "patterns:");
            for pattern in &answer.patterns {
                self.line(depth + 1, &format!("- {}", quoted(pattern.source())));
            }
        }
        self.localized(depth, "answer", &answer.text, |texts| {
            texts.iter().map(|text| text.source().to_owned()).collect()
        });
        match &answer.escalation {
            Escalation::None => {}
            Escalation::Offer(None) => self.line(depth, "handoff: offer"),
            Escalation::Now(None) => self.line(depth, "handoff: yes"),
            Escalation::Offer(Some(to)) => self.line(depth, &format!("handoff: {}", destination(to, true))),
            Escalation::Now(Some(to)) => self.line(depth, &format!("handoff: {}", destination(to, false))),
        }
        if let Some(disposition) = &answer.disposition {
            self.line(depth, &format!("disposition: {}", quoted(disposition)));
        }
        let base = self.base;
        let mut children = base.answers.iter().filter(|child| child.parent.as_deref() == Some(&answer.id)).peekable();
        if children.peek().is_some() {
            self.line(depth, "follow-ups:");
            for child in children {
                self.answer(depth + 1, child);
            }
        }
    }

    fn localized<T>(&mut self, depth: usize, key: &str, values: &Localized<T>, texts: impl Fn(&T) -> Vec<String>) {
        let default = self.base.default_language().clone();
        if values.is_empty() {
            return;
        }
        if values.len() == 1
            && let Some(value) = values.get(&default)
        {
            self.texts(depth, key, &texts(value));
            return;
        }
        self.line(depth, &format!("{key}:"));
        for (language, value) in values {
            let language: &Language = language;
            self.texts(depth + 1, &quoted(language.as_str()), &texts(value));
        }
    }

    fn texts(&mut self, depth: usize, key: &str, texts: &[String]) {
        if let [text] = texts {
            if text.contains('\n') && is_plain_block(text) {
                self.line(depth, &format!("{key}: |-"));
                for line in text.lines() {
                    self.line(if line.is_empty() { 0 } else { depth + 1 }, line);
                }
            } else {
                self.line(depth, &format!("{key}: {}", quoted(text)));
            }
            return;
        }
        self.line(depth, &format!("{key}:"));
        for text in texts {
            self.line(depth + 1, &format!("- {}", quoted(text)));
        }
    }

    fn filter(&mut self, depth: usize, filter: &Filter) {
        if filter.0.is_empty() {
            return;
        }
        self.line(depth, "when:");
        for (key, values) in &filter.0 {
            let values = values.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(", ");
            self.line(depth + 1, &format!("{}: [{values}]", quoted(key)));
        }
    }
}

fn destination(to: &Destination, offer: bool) -> String {
    let (kind, name) = match &to.target {
        Target::Agent(agent) => ("agent", agent.as_str()),
        Target::Queue(queue) => ("queue", queue.as_str()),
        Target::Skill(skill) => ("skill", skill.as_str()),
        _ => ("skill", "service"),
    };
    let warm = if to.warm { ", warm: yes" } else { "" };
    let offer = if offer { ", offer: yes" } else { "" };
    format!("{{{kind}: {}{warm}{offer}}}", quoted(name))
}

/// A block keeps its lines only if none of them starts with a space or holds what a block cannot.
fn is_plain_block(text: &str) -> bool {
    text.lines().all(|line| !line.starts_with([' ', '\t']))
        && !text
            .chars()
            .any(|c| (c.is_control() && c != '\n') || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}'))
}

/// A scalar: bare where that is safe, else in double quotes.
pub fn quoted(text: &str) -> String {
    let bare = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.ends_with(' ')
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '?' | '!' | '\''))
        && !matches!(text.to_lowercase().as_str(), "null" | "true" | "false" | "yes" | "no" | "on" | "off");
    if bare {
        return text.to_owned();
    }
    in_quotes(text)
}

/// A scalar in double quotes.
pub fn in_quotes(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
