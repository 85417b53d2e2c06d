//! What is wrong with a run, by the centre's own log: the promises that can be seen from outside, one rule each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::Serialize;
use simulator::faults::Kind;
use simulator::model::{Fact, FactEvent, Moment, SeatState, Visibility};

use crate::bot::{answer_to, fails};
use crate::run::Ran;
use crate::story::{How, Story, is_bot};

/// A promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Every line of a customer is answered, handed over, or closed with words.
    Answered,
    /// Once.
    Once,
    /// In order.
    InOrder,
    /// Nothing of the bot after a person took over.
    Silent,
    /// Typing that was started is followed by a stop or by the message.
    Typing,
    /// No operation after the interaction was completed.
    NothingAfterComplete,
    /// Nothing is left in the list of a bot.
    NoGhost,
    /// The bot leaves a conference only after the person has spoken.
    NeverAlone,
    /// Lines that waited too long are not answered as new.
    NotOld,
    /// On a good day nobody is told that something went wrong, unless it did.
    NoFalseAlarm,
    /// The runtime itself: no input where none can come, an orderly end, a process that lost its login ends.
    Runtime,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answered => "answered",
            Self::Once => "once",
            Self::InOrder => "in order",
            Self::Silent => "silent beside a person",
            Self::Typing => "typing ends",
            Self::NothingAfterComplete => "nothing after complete",
            Self::NoGhost => "no ghost",
            Self::NeverAlone => "never alone",
            Self::NotOld => "nothing old as new",
            Self::NoFalseAlarm => "no false alarm",
            Self::Runtime => "runtime",
        })
    }
}

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wrong {
    /// Which promise.
    pub rule: Rule,
    /// In which chat, if in one.
    pub chat: Option<String>,
    /// What happened.
    pub what: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.chat {
            Some(chat) => write!(f, "{}: {} (chat {chat})", self.rule, self.what),
            None => write!(f, "{}: {}", self.rule, self.what),
        }
    }
}

/// How long a customer may wait for the answer to a line before it counts as unanswered, if nothing stands in the way.
const SOON: Duration = Duration::from_secs(90);
/// The age policy of the runtime, as its options have it.
const OLD: Duration = Duration::from_secs(600);
/// How long a person may be in without a word before the bot goes on, as the options of the runtime have it.
const SPEAKS_WITHIN: Duration = Duration::from_secs(90);
/// A process that was paused for no longer than this has only been slow.
const NOT_NOTICED: Duration = Duration::from_millis(1_500);
/// What the runtime says when a bot has failed.
const APOLOGY: &str = "I am sorry, something went";
/// What the runtime says of its own; it stands for the answer.
const OWN_WORDS: [&str; 4] = [APOLOGY, "I am sorry for the wait", "I have not heard", "I have to go now"];

/// What is wrong with a run. Empty if all is well.
pub fn judge(story: &Story, ran: &Ran) -> Vec<Wrong> {
    let mut chats: BTreeMap<&str, Vec<&Fact>> = BTreeMap::new();
    for fact in ran.log.facts() {
        chats.entry(fact.chat.as_str()).or_default().push(fact);
    }
    let patience = Patience::of(story);
    let mut wrong: Vec<Wrong> = Vec::new();
    for (chat, facts) in chats {
        let mut judge = Judge { patience, ..Judge::default() };
        for fact in &facts {
            judge.see(fact);
        }
        judge.end(facts.last().map_or(Moment::default(), |fact| fact.at));
        wrong.extend(judge.wrong.into_iter().map(|(rule, what)| Wrong { rule, chat: Some(chat.to_owned()), what }));
    }
    for (bot, chat) in &ran.held {
        let what = format!("{bot} never completed it");
        wrong.push(Wrong { rule: Rule::NoGhost, chat: Some(chat.as_str().to_owned()), what });
    }
    wrong.extend(ran.wrong.iter().map(|what| Wrong { rule: Rule::Runtime, chat: None, what: what.clone() }));
    wrong
}

/// What a story allows for: how long things may take in it.
#[derive(Debug, Clone, Copy, Default)]
struct Patience {
    /// Until an answer.
    soon: Duration,
    /// Until the bot knows what has happened, and what it had sent before has arrived.
    knows: Duration,
    /// Nothing goes wrong in it, but for what the bot does.
    good_day: bool,
}

impl Patience {
    fn of(story: &Story) -> Self {
        let mut knows = Duration::from_millis(100); // a notification, and an operation that had left already
        for fault in &story.faults {
            knows += match fault.kind {
                Kind::Delay { millis } => Duration::from_millis(millis),
                Kind::Reorder => Duration::from_millis(100),
                Kind::DropSession | Kind::ExpireSession => Duration::from_secs(2),
                _ => Duration::ZERO,
            };
        }
        if !story.outages.is_empty() {
            knows += Duration::from_secs(2); // until the connection is back
        }
        if story.stops.iter().any(|stop| matches!(stop.how, How::Frozen { .. })) {
            knows += NOT_NOTICED;
        }
        let slow = story.journal.way_most * 8;
        let good_day = story.faults.is_empty() && story.outages.is_empty() && story.stops.is_empty();
        Self { soon: SOON + story.down() * 2 + slow, knows: knows + Duration::from_millis(20), good_day }
    }
}

#[derive(Debug)]
struct Line {
    at: Moment,
    text: String,
    answers: usize,
    /// Handed over, or closed with words.
    is_settled: bool,
}

#[derive(Debug, Default)]
struct Judge {
    patience: Patience,
    wrong: Vec<(Rule, String)>,
    lines: Vec<Line>,
    last_answered: usize,
    /// Who is in, since when, and whether they have spoken.
    people: BTreeMap<String, (Moment, bool)>,
    bots: BTreeSet<String>,
    /// When the last bot came in.
    bot_came: Moment,
    /// Since when a bot is in and nobody else.
    alone_with_bot: Option<Moment>,
    typing: BTreeMap<String, Moment>,
    /// Words that can be said only once have been said.
    said: BTreeSet<String>,
    /// The same of words for agents: those of one handoff.
    noted: BTreeSet<String>,
    completed: BTreeSet<String>,
    /// Who has just given the chat away.
    gave_away: Option<String>,
    left: Option<String>,
    is_over: bool,
    customer_left: bool,
}

impl Judge {
    fn say(&mut self, rule: Rule, what: impl Into<String>) {
        self.wrong.push((rule, what.into()));
    }

    fn see(&mut self, fact: &Fact) {
        let at = fact.at;
        match &fact.event {
            FactEvent::CustomerLine { text, .. } => {
                let with_person = self.people.values().any(|(_, spoken)| *spoken);
                self.lines.push(Line { at, text: text.clone(), answers: 0, is_settled: with_person });
            }
            FactEvent::AgentLine { agent, text, visibility, .. } if is_bot(agent.as_str()) => {
                self.bot_said(agent.as_str(), text, *visibility, at);
            }
            FactEvent::AgentLine { agent, visibility: Visibility::All, .. } => {
                if let Some(person) = self.people.get_mut(agent.as_str()) {
                    person.1 = true;
                }
                self.settle_all();
            }
            FactEvent::Typing { agent, on } => {
                if *on && is_bot(agent.as_str()) {
                    self.typing.entry(agent.as_str().to_owned()).or_insert(at);
                } else {
                    self.typing_ends(agent.as_str(), at);
                }
            }
            FactEvent::Offered { agent } => drop(self.completed.remove(agent.as_str())),
            FactEvent::Accepted { agent } => self.came(agent.as_str(), at),
            FactEvent::AgentLeft { agent } => self.went(agent.as_str(), at),
            FactEvent::Transferred { from, .. } => {
                self.gave_away = Some(from.as_str().to_owned());
                self.noted.clear(); // should it come back, the next handoff has a note of its own
                self.settle_all();
            }
            FactEvent::Completed { agent } => self.completed(agent.as_str()),
            FactEvent::Refused { agent, operation, state: Some(SeatState::Completed) }
                if self.completed.contains(agent.as_str()) =>
            {
                self.say(Rule::NothingAfterComplete, format!("{agent} tried to {operation}"));
            }
            FactEvent::CustomerLeft => {
                self.look_for_unanswered(at);
                self.customer_left = true;
            }
            FactEvent::SessionEnded => {
                if !self.customer_left {
                    self.look_for_unanswered(at);
                }
                self.is_over = true;
                self.alone_with_bot = None;
                for bot in self.bots.clone() {
                    self.typing_ends(&bot, at);
                }
            }
            _ => {}
        }
        if !matches!(fact.event, FactEvent::Transferred { .. } | FactEvent::AgentLeft { .. }) {
            (self.gave_away, self.left) = (None, None);
        }
    }

    fn bot_said(&mut self, bot: &str, text: &str, visibility: Visibility, at: Moment) {
        self.typing_ends(bot, at);
        let said = if visibility == Visibility::All { &mut self.said } else { &mut self.noted };
        if text.contains('[') && !text.starts_with("About: ") && !said.insert(text.to_owned()) {
            self.say(Rule::Once, format!("said twice: {text}"));
        }
        if text == "Hello." && !self.said.insert(format!("{bot}: {text}")) {
            self.say(Rule::Once, format!("{bot} greets twice"));
        }
        if visibility != Visibility::All {
            return;
        }
        for (person, (since, spoken)) in self.people.clone() {
            let quiet_for_long = !spoken && at.since(since) >= SPEAKS_WITHIN;
            if at.since(since) > self.patience.knows && !quiet_for_long {
                self.say(Rule::Silent, format!("{bot} said \"{text}\" beside {person}"));
            }
        }
        if let Some(place) = self.lines.iter().position(|line| answer_to(&line.text) == text) {
            self.answered(place, at);
        } else if OWN_WORDS.iter().any(|words| text.starts_with(words)) {
            self.settle_all();
            if text.starts_with(APOLOGY) && self.patience.good_day && !self.lines.iter().any(|line| fails(&line.text)) {
                self.say(Rule::NoFalseAlarm, format!("{bot} said \"{text}\""));
            }
        }
    }

    fn answered(&mut self, place: usize, at: Moment) {
        let line = &mut self.lines[place];
        line.answers += 1;
        // Somebody who has only just come in answers what has waited at the door.
        let asked = line.at.max(self.bot_came);
        let (answers, text, waited) = (line.answers, line.text.clone(), at.since(asked));
        if answers > 1 {
            self.say(Rule::Once, format!("answered {answers} times: {text}"));
            return;
        }
        if place < self.last_answered {
            self.say(Rule::InOrder, format!("answered too late: {text}"));
        }
        if waited > OLD + Duration::from_secs(60) {
            self.say(Rule::NotOld, format!("answered after {} s: {text}", waited.as_secs()));
        }
        self.last_answered = self.last_answered.max(place);
    }

    fn settle_all(&mut self) {
        for line in &mut self.lines {
            line.is_settled = true;
        }
    }

    fn came(&mut self, agent: &str, at: Moment) {
        if is_bot(agent) {
            self.bot_came = at;
            self.bots.insert(agent.to_owned());
        } else {
            self.people.insert(agent.to_owned(), (at, false));
        }
        self.look_who_is_there(at);
    }

    fn went(&mut self, agent: &str, at: Moment) {
        self.typing_ends(agent, at);
        self.bots.remove(agent);
        self.people.remove(agent);
        self.left = Some(agent.to_owned());
        self.look_who_is_there(at);
    }

    fn look_who_is_there(&mut self, at: Moment) {
        let alone = !self.bots.is_empty() && self.people.is_empty() && !self.is_over;
        self.alone_with_bot = if alone { self.alone_with_bot.or(Some(at)) } else { None };
    }

    fn completed(&mut self, agent: &str) {
        let gave_away = self.gave_away.as_deref() == Some(agent);
        let has_left = self.left.as_deref() == Some(agent);
        if is_bot(agent) && has_left && !gave_away && !self.is_over && !self.people.values().any(|(_, spoken)| *spoken)
        {
            self.say(Rule::NeverAlone, format!("{agent} left before a person has spoken"));
        }
        self.completed.insert(agent.to_owned());
    }

    fn typing_ends(&mut self, agent: &str, at: Moment) {
        if let Some(since) = self.typing.remove(agent)
            && at.since(since) > self.patience.soon
        {
            self.say(Rule::Typing, format!("{agent} typed for {} s", at.since(since).as_secs()));
        }
    }

    /// The chat ends now, for one side or the other.
    fn look_for_unanswered(&mut self, at: Moment) {
        let Some(alone) = self.alone_with_bot else { return };
        for line in &self.lines {
            let waited = at.since(line.at.max(alone));
            if line.answers == 0 && !line.is_settled && waited > self.patience.soon {
                self.wrong.push((Rule::Answered, format!("unanswered for {} s: {}", waited.as_secs(), line.text)));
            }
        }
    }

    fn end(&mut self, at: Moment) {
        if !self.is_over {
            self.look_for_unanswered(at);
        }
        for agent in self.typing.keys().cloned().collect::<Vec<_>>() {
            self.typing_ends(&agent, at);
        }
    }
}
