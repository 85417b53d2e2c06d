//! Scripted people: agents played by the simulator, until somebody real signs in with their user name. Pure, like the
//! model: told what the agents are told, they say what they want to do and when.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{
    AgentName, ChatId, ChatView, Command, EntryKind, Moment, Notice, Operation, Presence, SeatState, Side, Target,
    Visibility,
};

/// How a person is played.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// How long until an offer is taken.
    #[serde(with = "crate::options::millis")]
    pub accept_after: Duration,
    /// Said first. `{name}` is the person's first name, `{note}` what the giver left as a note (or "nothing").
    pub greeting: String,
    /// Said in answer to the customer, one line after the other; the last one again and again.
    pub lines: Vec<String>,
    /// How long until the greeting and each answer; the person is typing meanwhile.
    #[serde(with = "crate::options::millis")]
    pub answer_after: Duration,
    /// What happens after this many answers.
    pub then: Then,
    /// How many answers.
    pub answers: usize,
    /// How long the after-call work takes.
    #[serde(with = "crate::options::millis")]
    pub wrap_up: Duration,
    /// The disposition set before completing.
    pub disposition: Option<String>,
    /// The key of attached data that says in milliseconds how long a chat takes; then it is brought to its end, whatever was
    /// answered.
    pub talk_key: Option<String>,
    /// The keys of attached data that may hold the note, in order of preference.
    pub note_keys: Vec<String>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            accept_after: Duration::from_secs(2),
            greeting: "Hello, this is {name}. I have read the note: {note}".into(),
            lines: vec!["Let me look at that for you.".into(), "I have taken care of it.".into()],
            answer_after: Duration::from_millis(1500),
            then: Then::Stay,
            answers: 2,
            wrap_up: Duration::from_secs(1),
            disposition: None,
            talk_key: None,
            note_keys: ["BotNote", "Note", "note", "HandoffNote"].map(Into::into).to_vec(),
        }
    }
}

/// What a person does after the last answer of the script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Then {
    /// Goes on answering until the customer leaves.
    Stay,
    /// Says goodbye and completes.
    Complete,
    /// Gives the chat to a queue.
    ToQueue(String),
    /// Gives the chat to somebody with a skill.
    ToSkill(String),
    /// Leaves the conference, if it is one.
    Leave,
}

/// Something a person will do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Intent {
    Accept,
    Greet,
    Answer,
    Move,
    WrapUp,
}

#[derive(Debug, Clone, Default)]
struct Talk {
    last: u64,
    given: usize,
    /// Customer lines not yet answered.
    open: usize,
    note: Option<String>,
}

#[derive(Debug, Clone)]
struct Person {
    script: Script,
    first_name: String,
    played: bool,
    talks: BTreeMap<ChatId, Talk>,
}

/// The people whom the simulator plays.
#[derive(Debug, Clone, Default)]
pub struct People {
    persons: BTreeMap<AgentName, Person>,
    agenda: BTreeSet<(Moment, AgentName, ChatId, Intent)>,
}

impl People {
    /// Adds a person. Not played until `play`.
    pub fn add(&mut self, name: AgentName, first_name: String, script: Script) {
        self.persons.insert(name, Person { script, first_name, played: false, talks: BTreeMap::new() });
    }

    /// Whether the simulator plays this person now; nothing if it never does.
    pub fn is_played(&self, name: &AgentName) -> Option<bool> {
        self.persons.get(name).map(|person| person.played)
    }

    /// Who there is.
    pub fn names(&self) -> impl Iterator<Item = &AgentName> {
        self.persons.keys()
    }

    /// Begins to play a person: signs in and is ready.
    pub fn play(&mut self, name: &AgentName) -> Vec<Command> {
        match self.persons.get_mut(name) {
            Some(person) if !person.played => {
                person.played = true;
                vec![Command::SignIn(name.clone()), Command::SetPresence(name.clone(), Presence::Ready)]
            }
            _ => Vec::new(),
        }
    }

    /// Stops playing a person; their chats stay theirs, for whoever signed in.
    pub fn stop(&mut self, name: &AgentName) -> bool {
        match self.persons.get_mut(name) {
            Some(person) if person.played => {
                person.played = false;
                person.talks.clear();
                self.agenda.retain(|(_, who, _, _)| who != name);
                true
            }
            _ => false,
        }
    }

    /// A person does not see to a chat any more.
    pub fn forget(&mut self, name: &AgentName, chat: &ChatId) {
        if let Some(person) = self.persons.get_mut(name) {
            person.talks.remove(chat);
        }
    }

    /// When somebody wants to do something next.
    pub fn next_deadline(&self) -> Option<Moment> {
        self.agenda.first().map(|(at, ..)| *at)
    }

    /// Hears what an agent was told. Says what the person does at once.
    pub fn hear(&mut self, to: &AgentName, notice: &Notice, now: Moment) -> Vec<Command> {
        let Some(person) = self.persons.get_mut(to).filter(|person| person.played) else { return Vec::new() };
        match notice {
            Notice::Status(view) => self.status(to, view, now),
            Notice::Properties(view) => {
                if let Some(talk) = person.talks.get_mut(&view.id) {
                    talk.note = note(&person.script, view).or(talk.note.take());
                }
                Vec::new()
            }
            Notice::Entries(chat, entries) => {
                let Some(talk) = person.talks.get_mut(chat) else { return Vec::new() };
                let mut lines = 0;
                for entry in entries {
                    if entry.index <= talk.last {
                        continue;
                    }
                    let history = talk.last == 0 && entries.len() > 1;
                    match (&entry.kind, &entry.from.side) {
                        (EntryKind::Text(_, _), Side::Customer) if !history => lines += 1,
                        (EntryKind::Text(text, _), Side::Agent(who))
                            if who != to && entry.visibility == Visibility::Agents =>
                        {
                            talk.note = Some(text.clone());
                        }
                        _ => {}
                    }
                }
                talk.last = entries.last().map_or(talk.last, |entry| entry.index.max(talk.last));
                talk.open += lines;
                if lines == 0 {
                    return Vec::new();
                }
                let due = now.after(person.script.answer_after);
                self.agenda.insert((due, to.clone(), chat.clone(), Intent::Answer));
                vec![operate(to, chat, Operation::Type { on: true, visibility: Visibility::All })]
            }
            Notice::Participants(_) | Notice::Failed(..) | Notice::Presence { .. } => Vec::new(),
        }
    }

    fn status(&mut self, to: &AgentName, view: &ChatView, now: Moment) -> Vec<Command> {
        let Some(person) = self.persons.get_mut(to) else { return Vec::new() };
        let script = &person.script;
        match view.state {
            SeatState::Invited => {
                let talk = Talk { note: note(script, view), ..Talk::default() };
                let due = now.after(script.accept_after);
                person.talks.insert(view.id.clone(), talk);
                self.agenda.insert((due, to.clone(), view.id.clone(), Intent::Accept));
                Vec::new()
            }
            SeatState::Chatting => {
                let due = now.after(script.answer_after);
                person.talks.entry(view.id.clone()).or_default();
                let talk = script.talk_key.as_ref().and_then(|key| view.data.get(key)?.as_str()?.parse().ok());
                if let Some(millis) = talk {
                    let over = now.after(Duration::from_millis(millis));
                    self.agenda.insert((over, to.clone(), view.id.clone(), Intent::Move));
                }
                self.agenda.insert((due, to.clone(), view.id.clone(), Intent::Greet));
                vec![operate(to, &view.id, Operation::Type { on: true, visibility: Visibility::All })]
            }
            SeatState::LeftChat | SeatState::JoinFailed => {
                self.agenda.insert((now.after(script.wrap_up), to.clone(), view.id.clone(), Intent::WrapUp));
                Vec::new()
            }
            SeatState::Completed | SeatState::Revoked => {
                person.talks.remove(&view.id);
                Vec::new()
            }
        }
    }

    /// What people do now whose time has come. A command that is refused (the customer has gone meanwhile) is just that.
    pub fn due(&mut self, now: Moment) -> Vec<Command> {
        let mut commands = Vec::new();
        while self.agenda.first().is_some_and(|(at, ..)| *at <= now) {
            let Some((_, name, chat, intent)) = self.agenda.pop_first() else { break };
            self.carry_out(&name, &chat, &intent, now, &mut commands);
        }
        commands
    }

    fn carry_out(
        &mut self,
        name: &AgentName,
        chat: &ChatId,
        intent: &Intent,
        now: Moment,
        commands: &mut Vec<Command>,
    ) {
        let Some(person) = self.persons.get_mut(name).filter(|person| person.played) else { return };
        let Some(talk) = person.talks.get_mut(chat) else { return };
        let script = &person.script;
        let say = |text: String| Operation::Say { text, visibility: Visibility::All, label: None };
        match intent {
            Intent::Accept => {
                commands.push(operate(name, chat, Operation::Accept { nickname: Some(person.first_name.clone()) }));
            }
            Intent::Greet => {
                let words = script.greeting.replace("{name}", &person.first_name);
                let words = words.replace("{note}", talk.note.as_deref().unwrap_or("nothing"));
                commands.push(operate(name, chat, say(words)));
            }
            Intent::Answer => {
                if talk.open == 0 {
                    return;
                }
                talk.open = 0;
                let line = script.lines.get(talk.given).or(script.lines.last()).cloned().unwrap_or_default();
                talk.given += 1;
                if line.is_empty() {
                    commands.push(operate(name, chat, Operation::Type { on: false, visibility: Visibility::All }));
                } else {
                    commands.push(operate(name, chat, say(line)));
                }
                if talk.given >= script.answers && script.then != Then::Stay {
                    let due = now.after(script.answer_after);
                    self.agenda.insert((due, name.clone(), chat.clone(), Intent::Move));
                }
            }
            Intent::Move => {
                let operation = match &script.then {
                    Then::Stay => return,
                    Then::Complete => Operation::EndSession,
                    Then::ToQueue(queue) => Operation::Transfer(Target::Queue(queue.clone())),
                    Then::ToSkill(skill) => Operation::Transfer(Target::Skill(skill.clone())),
                    Then::Leave => Operation::LeaveConference { agent: name.as_str().to_owned() },
                };
                commands.push(operate(name, chat, operation));
            }
            Intent::WrapUp => {
                if let Some(code) = &script.disposition {
                    let value = Value::String(code.clone());
                    commands.push(operate(name, chat, Operation::SetDisposition { key: None, value }));
                }
                commands.push(operate(name, chat, Operation::Complete { queue: None }));
            }
        }
    }
}

fn operate(agent: &AgentName, chat: &ChatId, operation: Operation) -> Command {
    Command::Operate { agent: agent.clone(), chat: chat.clone(), operation, reference: None }
}

fn note(script: &Script, view: &ChatView) -> Option<String> {
    script.note_keys.iter().find_map(|key| Some(view.data.get(key)?.as_str()?.to_owned()))
}
