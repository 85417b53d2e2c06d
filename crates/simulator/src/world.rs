//! The model, the people in it and the customers who come: one pure machine, which both faces of the simulator drive.

use std::collections::VecDeque;

use crate::crowd::{Crowd, Visitor};
use crate::guests::{Guest, Guests, Visit};
use crate::model::{
    AgentName, Applied, Centre, ChatId, Command, CustomerKey, Model, Moment, Notice, Notification, Presence, Rules,
};
use crate::people::People;
use crate::roster::Roster;

/// A centre with people in it.
#[derive(Debug, Clone)]
pub struct World {
    model: Model,
    people: People,
    crowd: Crowd,
    guests: Guests,
    roster: Roster,
}

/// How often everybody may answer each other within one moment before the rest waits for the next.
const ROUNDS: usize = 100_000;

impl World {
    /// A centre whose scripted people are not yet there: see [`World::open`].
    pub fn new(centre: &Centre, rules: Rules) -> Self {
        let mut people = People::default();
        for profile in &centre.agents {
            if let Some(script) = &profile.script {
                people.add(profile.user.clone(), profile.first_name.clone(), script.clone());
            }
        }
        Self {
            model: Model::new(centre, rules),
            people,
            crowd: Crowd::default(),
            guests: Guests::default(),
            roster: Roster::default(),
        }
    }

    /// The scripted people come in.
    pub fn open(&mut self, now: Moment) -> Applied {
        let names: Vec<AgentName> = self.people.names().cloned().collect();
        let commands: Vec<Command> = names.iter().flat_map(|name| self.people.play(name)).collect();
        self.run(Command::Tick, commands, now)
    }

    /// Does one thing, and whatever others do because of it or because their time has come.
    pub fn apply(&mut self, command: Command, now: Moment) -> Applied {
        let due = self.due(now);
        self.run(command, due, now)
    }

    /// A simulated customer will come at that moment, under a key of the caller's choice.
    pub fn invite(&mut self, at: Moment, key: CustomerKey, visitor: Visitor) {
        self.crowd.invite(at, key, visitor);
    }

    /// A guest will come at that moment, under a key of the caller's choice.
    pub fn expect(&mut self, at: Moment, key: CustomerKey, guest: Guest) {
        self.guests.invite(at, key, guest);
    }

    /// Somebody comes, rests or goes at that moment.
    pub fn plan(&mut self, at: Moment, who: AgentName, presence: Presence) {
        self.roster.plan(at, who, presence);
    }

    /// What became of the guests who have gone.
    pub fn visits(&self) -> &[Visit] {
        self.guests.gone()
    }

    /// How many simulated customers are still to come or in a chat.
    pub fn visitors(&self) -> usize {
        self.crowd.len() + self.guests.len()
    }

    /// Plays a person, or stops playing: then whoever is real goes on with the chats.
    pub fn play(&mut self, name: &AgentName, play: bool, now: Moment) -> Applied {
        let mut commands = Vec::new();
        if play && self.people.is_played(name) == Some(false) {
            commands.extend(self.people.play(name));
            // The chats that are there already are seen to as if they had just come.
            for view in self.model.views(name) {
                commands.extend(self.people.hear(name, &Notice::Status(view), now));
            }
        } else if !play {
            self.people.stop(name);
        }
        self.run(Command::Tick, commands, now)
    }

    /// Whether a person is played by the simulator; nothing for agents without a script.
    pub fn is_played(&self, name: &AgentName) -> Option<bool> {
        self.people.is_played(name)
    }

    /// A played person never sees this offer.
    pub fn ignore_offer(&mut self, name: &AgentName, chat: &ChatId) {
        self.people.forget(name, chat);
    }

    /// When something happens on its own next.
    pub fn next_deadline(&self) -> Option<Moment> {
        let deadlines = [
            self.model.next_deadline(),
            self.people.next_deadline(),
            self.crowd.next_deadline(),
            self.guests.next_deadline(),
            self.roster.next_deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// The state of the centre.
    pub fn model(&self) -> &Model {
        &self.model
    }

    fn due(&mut self, now: Moment) -> Vec<Command> {
        let mut due = self.people.due(now);
        due.extend(self.crowd.due(now));
        due.extend(self.guests.due(&self.model, now));
        due.extend(self.roster.due(&self.model, now));
        due
    }

    /// What was due comes first, then the command, whose answer is the answer, then what follows from both.
    fn run(&mut self, command: Command, due: Vec<Command>, now: Moment) -> Applied {
        let mut facts = Vec::new();
        let mut notifications = Vec::new();
        let mut todo: VecDeque<Command> = due.into();
        let mut answer = Ok(None);
        let mut asked = Some(command);
        for _ in 0..ROUNDS {
            let (command, is_the_one) = match (todo.pop_front(), asked.take()) {
                (Some(command), waiting) => {
                    asked = waiting;
                    (command, false)
                }
                (None, Some(command)) => (command, true),
                (None, None) => break,
            };
            let key = match &command {
                Command::RequestChat { key, .. } => Some(key.clone()),
                _ => None,
            };
            let applied = self.model.apply(command, now);
            if let Some(key) = key {
                if let Ok(Some(chat)) = &applied.answer {
                    self.crowd.let_in(&key, chat, now);
                    self.guests.let_in(&key, chat, now);
                } else {
                    self.crowd.turn_away(&key);
                    self.guests.turn_away(&key);
                }
            }
            for notification in &applied.notifications {
                match notification {
                    Notification::Agent { to, notice, .. } => todo.extend(self.people.hear(to, notice, now)),
                    Notification::Customer { chat } => {
                        self.crowd.read(chat, &self.model, now);
                        self.guests.read(chat, &self.model, now);
                    }
                }
            }
            if todo.is_empty() {
                todo.extend(self.due(now));
            }
            notifications.extend(applied.notifications);
            facts.extend(applied.facts);
            if is_the_one {
                answer = applied.answer;
            }
        }
        Applied { answer, notifications, facts }
    }
}
