//! What the bot says and does on an event. Pure: the knowledge, the memory and the attached data in; words, the next step
//! and lessons out.

use std::time::Duration;

use attendant::rules::asks_for_person;
use attendant::{Event, Handoff, Next, Said};

use super::memory::{Memory, Outcome, Pending};
use super::reply::{self, Pick};
use super::{Options, WhenUnsure, note};
use crate::base::{Answer, Destination, Escalation, Kind, Phrase, Values};
use crate::knowledge::{By, Found, Hit, Knowledge, Question};
use crate::learn::{Lesson, LessonKind};
use crate::matcher::{Courtesy, Reason, Zone, courtesy};
use crate::{Language, text};

/// Most choices of "did you mean".
const CHOICES: usize = 3;
/// Most answers to one burst of questions.
const ANSWERS: usize = 3;
/// Unsure this often in a row, the bot offers a person.
const TWICE: u32 = 2;
/// Longest message, in words, that gets small talk without being sure.
const SMALL_TALK: usize = 3;
/// Most lines of a burst that are looked at one by one.
const LINES: usize = 20;

/// One turn.
pub struct Dialogue<'a> {
    pub knowledge: &'a Knowledge,
    pub options: &'a Options,
    pub memory: &'a mut Memory,
    pub data: &'a dyn Values,
    /// The customer's language, if somebody knows it.
    pub locale: Option<&'a str>,
    pub reply: Reply,
}

/// What comes out of a turn.
#[derive(Debug, Default)]
pub struct Reply {
    pub messages: Vec<String>,
    pub next: Option<Next>,
    /// How sure the answer is, if there was a question.
    pub confidence: Option<f32>,
    pub lessons: Vec<Lesson>,
}

impl Dialogue<'_> {
    /// Handles an event.
    pub fn handle(&mut self, event: &Event) {
        match event {
            Event::Started => self.say_phrase(Phrase::Greeting),
            Event::Said(said) => self.said(said),
            Event::Silent(duration) => self.silent(*duration),
            Event::HandoffFailed(_) => {
                self.memory.unsure = 0;
                self.say_phrase(Phrase::NobodyThere);
            }
            Event::PersonLeft(_) | Event::Returned => self.say_phrase(Phrase::BackAgain),
            _ => {}
        }
    }

    fn said(&mut self, said: &Said) {
        self.memory.silences = 0;
        let whole = said.text();
        let whole = text::head(&whole, crate::knowledge::QUESTION);
        self.listen_for_language(whole);
        if let Some(pending) = self.memory.pending.take()
            && self.answers_pending(said, &pending)
        {
            return;
        }
        let found = self.find(whole);
        let certain = found.by != By::Matcher;
        self.reply.confidence = Some(if certain { 1.0 } else { found.best().map_or(0.0, |hit| hit.score) });
        if !certain && asks_for_person(whole) {
            self.hand_over("the customer asked for a person", None, None);
            return;
        }
        let several = if certain { Vec::new() } else { self.several(said) };
        if several.len() > 1 {
            let least = several.iter().filter_map(|(_, found)| found.best()).map(|hit| hit.score).reduce(f32::min);
            self.reply.confidence = least;
            for (question, found) in several {
                if self.reply.next.is_none() {
                    self.answer(&question, &found);
                }
            }
            return;
        }
        self.one(whole, &found);
    }

    fn one(&mut self, question: &str, found: &Found) {
        // A wrong word of small talk hurts nobody, if it answers a few words.
        let small_talk = text::words(question).len() <= SMALL_TALK
            && found.best().is_some_and(|hit| self.entry(hit).kind == Kind::ChitChat);
        if found.zone != Zone::Answer
            && !small_talk
            && let Some(courtesy) = courtesy(question)
        {
            self.say_phrase(match courtesy {
                Courtesy::Greeting => Phrase::WhatIsIt,
                Courtesy::Thanks => Phrase::Welcome,
            });
            return;
        }
        match found.zone {
            Zone::Answer => self.answer(question, found),
            Zone::DidYouMean if self.options.always_answer || small_talk => self.answer(question, found),
            Zone::DidYouMean => self.did_you_mean(question, found),
            Zone::Person if self.options.always_answer && !found.hits.is_empty() => self.answer(question, found),
            Zone::Person => self.unsure(question, found),
        }
    }

    /// Whether what was said answers what the bot has asked.
    fn answers_pending(&mut self, said: &Said, pending: &Pending) -> bool {
        let Some(line) = said.lines().iter().rev().find(|line| !line.trim().is_empty()) else { return false };
        let language = self.language();
        let choices: Vec<(usize, String)> = pending
            .choices
            .iter()
            .filter_map(|id| self.knowledge.answer(id))
            .map(|(index, answer)| (index, answer.title(&language).to_owned()))
            .collect();
        let titles: Vec<&str> = choices.iter().map(|(_, title)| title.as_str()).collect();
        match reply::pick(line, &titles) {
            Some(Pick::One(picked)) => {
                let index = choices[picked].0;
                let id = self.knowledge.base().answers[index].id.clone();
                self.learn(LessonKind::Picked { answer: id }, &pending.question);
                let hit = Hit { answer: index, score: 1.0 };
                self.give(&pending.question, hit, Outcome::Picked, &[]);
                return true;
            }
            // Where a person is the last of the choices, "no" declines, and the number accepts.
            Some(refused @ (Pick::None | Pick::No)) if refused == Pick::None || !pending.person => {
                self.learn(LessonKind::NoneOfThese { offered: pending.choices.clone() }, &pending.question);
                if pending.person {
                    self.hand_over("the customer accepted the offer of a person", None, None);
                } else if self.memory.unsure >= TWICE {
                    self.offer_person(None, None);
                } else {
                    self.say_phrase(Phrase::NonePicked);
                }
                return true;
            }
            _ => {}
        }
        if !pending.person {
            return false;
        }
        match reply::yes_or_no(line) {
            Some(true) => {
                let destination = pending.wanted_by.as_deref().and_then(|id| self.destination_of(id));
                self.hand_over("the customer accepted the offer of a person", destination, None);
                true
            }
            Some(false) => {
                if !pending.choices.is_empty() {
                    self.learn(LessonKind::NoneOfThese { offered: pending.choices.clone() }, &pending.question);
                }
                self.memory.unsure = 0;
                self.say_phrase(Phrase::PersonDeclined);
                true
            }
            None => false,
        }
    }

    /// Several questions at once: lines of a burst, or sentences with a question mark, that each have a sure answer of
    /// their own.
    fn several(&self, said: &Said) -> Vec<(String, Found)> {
        let mut parts: Vec<String> = Vec::new();
        for line in said.lines().iter().take(LINES) {
            let line = text::head(line, crate::knowledge::QUESTION);
            let marks = line.matches(['?', '？', '؟']).count();
            if marks < 2 {
                parts.push(line.to_owned());
            } else {
                parts.extend(line.split_inclusive(['?', '？', '؟']).take(LINES).map(str::to_owned));
            }
        }
        if parts.len() < 2 {
            return Vec::new();
        }
        let mut found: Vec<(String, Found)> = Vec::new();
        for part in parts {
            let one = self.find(&part);
            let Some(best) = one.best().filter(|_| one.zone == Zone::Answer) else { continue };
            let known = found.iter().any(|(_, other)| other.best().is_some_and(|hit| hit.answer == best.answer));
            if self.entry(best).kind != Kind::ChitChat && !known && found.len() < ANSWERS {
                found.push((part.trim().to_owned(), one));
            }
        }
        found
    }

    fn answer(&mut self, question: &str, found: &Found) {
        if let Some(hit) = found.best() {
            self.give(question, hit, Outcome::Answered, &found.captures);
        } else {
            self.unsure(question, found);
        }
    }

    /// Gives an answer, with all that it asks for.
    fn give(&mut self, question: &str, hit: Hit, outcome: Outcome, captures: &[(String, String)]) {
        let knowledge = self.knowledge;
        let answer = &knowledge.base().answers[hit.answer];
        let id = answer.id.as_str();
        if !captures.is_empty() {
            self.memory.captures = captures.to_vec();
        }
        let messages = self.fill(answer);
        let outcome = match (answer.kind, &answer.escalation) {
            (Kind::NotHandled, _) => Outcome::NotHandled,
            (_, Escalation::Now(_)) if messages.is_empty() => Outcome::LeftToPerson,
            _ => outcome,
        };
        if answer.kind != Kind::ChitChat {
            self.memory.keep(question, outcome, Some(id), hit.score);
            self.memory.unsure = 0;
            self.memory.context = (answer.kind == Kind::Answer).then(|| id.to_owned());
            if answer.disposition.is_some() {
                self.memory.disposition.clone_from(&answer.disposition);
            }
        }
        match &answer.escalation {
            Escalation::Now(to) => {
                let why = format!("the answer {id} is for a person");
                self.hand_over(&why, to.clone(), Some(messages));
            }
            Escalation::Offer(_) => {
                self.reply.messages.extend(messages);
                self.offer_person(None, Some(id));
            }
            Escalation::None if !messages.is_empty() => self.reply.messages.extend(messages),
            Escalation::None if answer.kind == Kind::NotHandled => self.say_phrase(Phrase::NotHandled),
            // All of its lines wait for data that this chat does not have.
            Escalation::None => self.offer_person(Some(Phrase::NotUnderstood), None),
        }
    }

    fn fill(&self, answer: &Answer) -> Vec<String> {
        let language = self.language();
        let texts = answer.text.get(&language).or_else(|| answer.text.values().next());
        let captures = self.memory.captures.as_slice();
        let values = (captures, self.data);
        let filled = texts.into_iter().flatten().map(|text| text.fill(&values));
        filled.filter(|text| !text.is_empty()).collect()
    }

    fn did_you_mean(&mut self, question: &str, found: &Found) {
        let language = self.language();
        let mut titles: Vec<&str> = Vec::new();
        let mut choices = Vec::new();
        for hit in found.hits.iter().take(found.choices.min(CHOICES)) {
            let answer = self.entry(*hit);
            let title = answer.title(&language);
            if answer.kind != Kind::ChitChat && !titles.contains(&title) {
                titles.push(title);
                choices.push(answer.id.clone());
            }
        }
        let Some(best) = found.best().filter(|_| !choices.is_empty()) else {
            self.unsure(question, found);
            return;
        };
        let mut lines = vec![self.phrase(Phrase::DidYouMean)];
        lines.extend(
            titles.iter().enumerate().map(|(index, title)| format!("{}. {}", index + 1, text::line(title, 120))),
        );
        let person = self.memory.unsure + 1 >= TWICE;
        let last = if person { Phrase::NoneButPerson } else { Phrase::NoneOfThese };
        lines.push(format!("{}. {}", titles.len() + 1, self.phrase(last)));
        self.memory.unsure += 1;
        let id = self.entry(best).id.clone();
        self.memory.keep(question, Outcome::Offered, Some(&id), best.score);
        self.say(lines.join("\n"));
        self.memory.pending = Some(Pending { question: text::line(question, 500), choices, person, wanted_by: None });
    }

    /// Not understood, or not even readable.
    fn unsure(&mut self, question: &str, found: &Found) {
        let unreadable = matches!(found.reason, Reason::Gibberish | Reason::NoWords);
        let nearest = found.best().map(|hit| (self.entry(hit).id.clone(), hit.score));
        let outcome = if unreadable { Outcome::Unreadable } else { Outcome::NotUnderstood };
        let (id, score) = nearest.map_or((None, 0.0), |(id, score)| (Some(id), score));
        self.memory.keep(question, outcome, id.as_deref().filter(|_| !unreadable), score);
        self.memory.unsure += 1;
        if !unreadable {
            self.learn(LessonKind::Unanswered { nearest: id, score }, question);
        }
        let phrase = if unreadable { Phrase::Rephrase } else { Phrase::NotUnderstood };
        match self.options.when_unsure {
            WhenUnsure::HandOver if !unreadable => self.hand_over("the bot has no answer", None, None),
            WhenUnsure::Offer if !unreadable => self.offer_person(Some(phrase), None),
            _ if self.memory.unsure >= TWICE => self.offer_person(Some(phrase), None),
            _ => self.say_phrase(phrase),
        }
    }

    fn offer_person(&mut self, first: Option<Phrase>, wanted_by: Option<&str>) {
        let mut lines: Vec<String> = first.map(|phrase| self.phrase(phrase)).into_iter().collect();
        lines.push(self.phrase(Phrase::OfferPerson));
        lines.retain(|line| !line.is_empty());
        self.say(lines.join("\n"));
        self.memory.pending =
            Some(Pending { person: true, wanted_by: wanted_by.map(str::to_owned), ..Pending::default() });
    }

    fn hand_over(&mut self, why: &str, to: Option<Destination>, words: Option<Vec<String>>) {
        if let Some(asked) = self.memory.last_answered().cloned()
            && let Some(answer) = asked.answer
        {
            self.learn(LessonKind::HandedOver { answer, score: asked.score }, &asked.question);
        }
        let mut words = words.unwrap_or_default();
        let last = words.pop().unwrap_or_else(|| self.phrase(Phrase::HandingOver));
        for words in words {
            self.say(words);
        }
        let destination = to.unwrap_or_else(|| self.knowledge.base().handoff.clone());
        let mut handoff: Handoff = destination.handoff().note(note::write(why, self.memory));
        if !last.is_empty() {
            handoff = handoff.saying(last);
        }
        self.memory.pending = None;
        self.memory.unsure = 0;
        self.reply.next = Some(Next::HandOff(handoff));
    }

    fn destination_of(&self, id: &str) -> Option<Destination> {
        match &self.knowledge.answer(id)?.1.escalation {
            Escalation::Offer(to) | Escalation::Now(to) => to.clone(),
            Escalation::None => None,
        }
    }

    fn silent(&mut self, _: Duration) {
        self.memory.silences += 1;
        if self.memory.silences == 1 {
            let phrase = self.phrase(Phrase::StillThere);
            if !phrase.is_empty() {
                self.say(phrase);
                return;
            }
        }
        self.say_phrase(Phrase::Goodbye);
        let base = self.knowledge.base();
        let usual =
            if self.memory.was_answered() { &base.dispositions.answered } else { &base.dispositions.unanswered };
        let disposition = self.memory.disposition.as_ref().unwrap_or(usual).clone();
        self.reply.next = Some(Next::finish(disposition));
    }

    /// The language of the conversation: what the customer writes, else what is known of the customer, else the default.
    fn language(&self) -> Language {
        let base = self.knowledge.base();
        let known = self.memory.language.as_ref().filter(|language| base.languages.contains(language)).cloned();
        known.or_else(|| self.given()).unwrap_or_else(|| base.default_language().clone())
    }

    fn given(&self) -> Option<Language> {
        let base = self.knowledge.base();
        let tag = self.data.value(&base.language_key).or(self.locale)?;
        base.language(tag).cloned()
    }

    fn listen_for_language(&mut self, words: &str) {
        let Some(found) = self.knowledge.language_of(words) else { return };
        let known = self.memory.language.clone().or_else(|| self.given());
        // A word or two does not change what is known already.
        if known.is_none() || (known.as_ref() != Some(found) && text::words(words).len() >= 3) {
            self.memory.language = Some(found.clone());
        }
    }

    fn find(&self, words: &str) -> Found {
        let language = self.language();
        let context = self.memory.context.as_deref();
        self.knowledge.find(Question { text: words, language: &language, data: self.data, context })
    }

    fn entry(&self, hit: Hit) -> &Answer {
        &self.knowledge.base().answers[hit.answer]
    }

    fn phrase(&self, phrase: Phrase) -> String {
        self.knowledge.base().phrase(phrase, &self.language(), self.data)
    }

    fn say_phrase(&mut self, phrase: Phrase) {
        let words = self.phrase(phrase);
        self.say(words);
    }

    fn say(&mut self, words: String) {
        if !words.is_empty() {
            self.reply.messages.push(words);
        }
    }

    fn learn(&mut self, kind: LessonKind, question: &str) {
        let language = self.language();
        self.reply.lessons.push(Lesson::new(kind, question, &language));
    }
}
