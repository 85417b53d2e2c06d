//! Customers with a need, who judge what they get: satisfied by an answer, tired by useless ones, patient for so long in a
//! queue. They tell what became of them. Pure, like the crowd; what is said is known by [marks](mark) in the words.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use crate::model::{ChatId, Command, CustomerKey, EntryKind, Model, Moment, Side, UserData};

/// What guests understand, wherever it stands in a line of an agent.
pub mod mark {
    /// The need is met.
    pub const SOLVED: &str = "[solved]";
    /// Somebody will come: from here on it is waiting.
    pub const QUEUED: &str = "[queued]";
    /// Somebody has come.
    pub const PERSON: &str = "[person]";
    /// A number may be left for a call-back.
    pub const NUMBER: &str = "[number?]";
    /// The number is noted.
    pub const NOTED: &str = "[noted]";
    /// Nobody comes after all.
    pub const BACK: &str = "[back]";
    /// Not worth a reaction.
    pub const ASIDE: &str = "[aside]";
}

/// The key of the attached data that says how long a person needs for it, in milliseconds.
pub const TALK_KEY: &str = "TalkMillis";

/// How long a satisfied guest stays.
const LINGER: Duration = Duration::from_secs(3);

/// A customer to come.
#[derive(Debug, Clone, PartialEq)]
pub struct Guest {
    /// The name shown.
    pub nickname: String,
    /// Which queue; the first one of the centre if nothing is said.
    pub queue: Option<String>,
    /// What is said, again and again until it is answered.
    pub question: String,
    /// How long a person needs for it.
    pub talk: Duration,
    /// Goes after so many useless answers.
    pub useless_most: u32,
    /// Goes after waiting this long for a person, and for a bot to begin.
    pub patience: Duration,
    /// Leaves a number when asked for one.
    pub takes_call_back: bool,
    /// How long until each line.
    pub think: Duration,
}

/// How a visit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// Still here.
    Open,
    /// The bot met the need.
    Bot,
    /// A person did.
    Person,
    /// Somebody will call.
    CallBack,
    /// Waited too long for a person.
    GaveUpWaiting,
    /// Had enough of useless answers.
    GaveUpTalking,
    /// Nobody answered at all.
    Unanswered,
    /// The chat was ended by the other side.
    SentAway,
}

/// What became of a guest.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// When they came.
    pub came: Moment,
    /// When they went.
    pub went: Moment,
    /// How long they waited for a person, if they had to.
    pub waited: Option<Duration>,
    /// How long a person needs for it.
    pub talk: Duration,
    /// How it ended.
    pub end: End,
    /// For a moment nobody looked after them, and nobody who could was there.
    pub left_alone: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    /// Not answered yet.
    Hopeful,
    /// Answered by a bot.
    Talking,
    /// Waits for a person since.
    Queued(Moment),
    /// Talks with one.
    WithPerson,
    /// Has what was wanted.
    Content(End),
}

#[derive(Debug, Clone)]
struct Stay {
    guest: Guest,
    came: Moment,
    mood: Mood,
    useless: u32,
    waited: Option<Duration>,
    read: u64,
    speak_at: Option<(Moment, bool)>,
    go_at: Option<(Moment, End)>,
    left_alone: bool,
}

/// All guests.
#[derive(Debug, Clone, Default)]
pub struct Guests {
    coming: BTreeMap<(Moment, CustomerKey), Guest>,
    at_the_door: BTreeMap<CustomerKey, Guest>,
    stays: BTreeMap<ChatId, Stay>,
    agenda: BTreeSet<(Moment, ChatId)>,
    gone: Vec<Visit>,
}

impl Guests {
    /// Somebody will come at that moment, under a key of the caller's choice.
    pub fn invite(&mut self, at: Moment, key: CustomerKey, guest: Guest) {
        self.coming.insert((at, key), guest);
    }

    /// How many are still to come or here.
    pub fn len(&self) -> usize {
        self.coming.len() + self.at_the_door.len() + self.stays.len()
    }

    /// Whether nobody is still to come or here.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Who has gone, in the order of going.
    pub fn gone(&self) -> &[Visit] {
        &self.gone
    }

    /// When somebody does something next.
    pub fn next_deadline(&self) -> Option<Moment> {
        let coming = self.coming.keys().next().map(|(at, _)| *at);
        [coming, self.agenda.first().map(|(at, _)| *at)].into_iter().flatten().min()
    }

    /// What guests do now.
    pub fn due(&mut self, model: &Model, now: Moment) -> Vec<Command> {
        let mut commands = Vec::new();
        while let Some(entry) = self.coming.first_entry()
            && entry.key().0 <= now
        {
            let ((_, key), guest) = entry.remove_entry();
            let talk = Value::String(guest.talk.as_millis().to_string());
            commands.push(Command::RequestChat {
                key: key.clone(),
                nickname: guest.nickname.clone(),
                subject: None,
                queue: guest.queue.clone(),
                data: UserData::from([(TALK_KEY.to_owned(), talk)]),
            });
            self.at_the_door.insert(key, guest);
        }
        while self.agenda.first().is_some_and(|(at, _)| *at <= now) {
            let Some((_, chat)) = self.agenda.pop_first() else { break };
            let Some(stay) = self.stays.get_mut(&chat) else { continue };
            if matches!(stay.mood, Mood::Hopeful | Mood::Queued(_)) {
                stay.left_alone |= model.is_left_alone(&chat);
            }
            if let Some((_, number)) = stay.speak_at.filter(|(at, _)| *at <= now) {
                stay.speak_at = None;
                let text = if number { "my number is 030 1234567".to_owned() } else { stay.guest.question.clone() };
                commands.push(Command::CustomerSays { chat: chat.clone(), text });
                stay.go_at = Some((now.after(stay.guest.patience), End::Unanswered));
            } else if let Some((_, end)) = stay.go_at.filter(|(at, _)| *at <= now) {
                commands.push(Command::CustomerLeaves { chat: chat.clone() });
                self.leave(&chat, end, now);
                continue;
            }
            self.remember(&chat);
        }
        commands
    }

    fn leave(&mut self, chat: &ChatId, end: End, now: Moment) {
        let Some(stay) = self.stays.remove(chat) else { return };
        let waited = match stay.mood {
            Mood::Queued(since) => Some(now.since(since)),
            _ => stay.waited,
        };
        let (came, talk, left_alone) = (stay.came, stay.guest.talk, stay.left_alone);
        self.gone.push(Visit { came, went: now, waited, talk, end, left_alone });
    }

    fn remember(&mut self, chat: &ChatId) {
        let Some(stay) = self.stays.get(chat) else { return };
        let next = [stay.speak_at.map(|(at, _)| at), stay.go_at.map(|(at, _)| at)].into_iter().flatten().min();
        if let Some(at) = next {
            self.agenda.insert((at, chat.clone()));
        }
    }

    /// Somebody was let in.
    pub fn let_in(&mut self, key: &CustomerKey, chat: &ChatId, now: Moment) {
        let Some(guest) = self.at_the_door.remove(key) else { return };
        let stay = Stay {
            came: now,
            mood: Mood::Hopeful,
            useless: 0,
            waited: None,
            read: 0,
            speak_at: Some((now.after(guest.think), false)),
            go_at: Some((now.after(guest.patience), End::Unanswered)),
            left_alone: false,
            guest,
        };
        self.stays.insert(chat.clone(), stay);
        self.remember(chat);
    }

    /// Somebody was not let in.
    pub fn turn_away(&mut self, key: &CustomerKey) {
        self.at_the_door.remove(key);
    }

    /// There is something new for a guest to read.
    pub fn read(&mut self, chat: &ChatId, model: &Model, now: Moment) {
        let Some(stay) = self.stays.get_mut(chat) else { return };
        if !model.customer_view(chat).is_some_and(|(_, _, live)| live) {
            let end = match stay.mood {
                Mood::WithPerson => End::Person,
                Mood::Content(end) => end,
                _ => End::SentAway,
            };
            self.leave(chat, end, now);
            return;
        }
        let news = model.customer_transcript(chat, stay.read + 1);
        let Some(last) = news.last() else { return };
        stay.read = last.index;
        for entry in &news {
            if let (EntryKind::Text(text, _), Side::Agent(_)) = (&entry.kind, &entry.from.side) {
                stay.hear(text, now);
            }
        }
        self.remember(chat);
    }
}

impl Stay {
    fn hear(&mut self, text: &str, now: Moment) {
        if text.contains(mark::ASIDE) || matches!(self.mood, Mood::Content(_)) {
            return;
        }
        self.speak_at = None;
        if text.contains(mark::BACK) && matches!(self.mood, Mood::Queued(_)) {
            self.mood = Mood::Talking;
        }
        if text.contains(mark::SOLVED) || text.contains(mark::NOTED) {
            let end = if text.contains(mark::NOTED) { End::CallBack } else { End::Bot };
            self.mood = Mood::Content(end);
            self.go_at = Some((now.after(LINGER), end));
        } else if text.contains(mark::PERSON) {
            if let Mood::Queued(since) = self.mood {
                self.waited = Some(now.since(since));
            }
            self.mood = Mood::WithPerson;
            self.go_at = None;
        } else if text.contains(mark::QUEUED) {
            if matches!(self.mood, Mood::Queued(_) | Mood::WithPerson) {
                return;
            }
            self.mood = Mood::Queued(now);
            self.go_at = Some((now.after(self.guest.patience), End::GaveUpWaiting));
        } else if !matches!(self.mood, Mood::Queued(_) | Mood::WithPerson) {
            self.mood = Mood::Talking;
            self.useless += 1;
            let soon = now.after(self.guest.think);
            let number = self.guest.takes_call_back && text.contains(mark::NUMBER);
            if !number && self.useless >= self.guest.useless_most {
                self.go_at = Some((soon, End::GaveUpTalking));
            } else {
                self.go_at = None;
                self.speak_at = Some((soon, number));
            }
        }
    }
}
