//! The model and the people in it, as one pure machine: what both faces of the simulator drive.

use crate::model::{AgentName, Applied, Centre, ChatId, Command, Model, Moment, Notice, Notification, Rules};
use crate::people::People;

/// A centre with people in it.
#[derive(Debug, Clone)]
pub struct World {
    model: Model,
    people: People,
}

/// How often people may answer each other within one moment before the rest waits for the next tick.
const ROUNDS: usize = 10_000;

impl World {
    /// A centre whose scripted people are not yet there: see [`World::open`].
    pub fn new(centre: &Centre, rules: Rules) -> Self {
        let mut people = People::default();
        for profile in &centre.agents {
            if let Some(script) = &profile.script {
                people.add(profile.user.clone(), profile.first_name.clone(), script.clone());
            }
        }
        Self { model: Model::new(centre, rules), people }
    }

    /// The scripted people come in.
    pub fn open(&mut self, now: Moment) -> Applied {
        let names: Vec<AgentName> = self.people.names().cloned().collect();
        let commands: Vec<Command> = names.iter().flat_map(|name| self.people.play(name)).collect();
        self.run(Command::Tick, commands, now)
    }

    /// Does one thing, and whatever the people do because of it.
    pub fn apply(&mut self, command: Command, now: Moment) -> Applied {
        let due = self.people.due(now);
        self.run(command, due, now)
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
        [self.model.next_deadline(), self.people.next_deadline()].into_iter().flatten().min()
    }

    /// The state of the centre.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The first command's answer is the answer; what people do comes before it, as it was due earlier or now.
    fn run(&mut self, command: Command, due: Vec<Command>, now: Moment) -> Applied {
        let mut facts = Vec::new();
        let mut notifications = Vec::new();
        let mut todo: std::collections::VecDeque<Command> = due.into();
        let mut answer = Ok(None);
        let mut first = Some(command);
        for _ in 0..ROUNDS {
            let (command, is_the_one) = match (todo.pop_front(), first.take()) {
                (Some(command), waiting) => {
                    first = waiting;
                    (command, false)
                }
                (None, Some(command)) => (command, true),
                (None, None) => break,
            };
            let applied = self.model.apply(command, now);
            for notification in &applied.notifications {
                if let Notification::Agent { to, notice, .. } = notification {
                    todo.extend(self.people.hear(to, notice, now));
                }
            }
            if todo.is_empty() {
                todo.extend(self.people.due(now));
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
