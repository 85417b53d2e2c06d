//! Who works when: people come, take breaks and go. Whoever goes finishes their chats first, and the last one to go stays
//! while somebody waits. Pure.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::{AgentName, Command, Model, Moment, Presence};

/// How often it is looked whether somebody who wants to go has finished.
const LOOK: Duration = Duration::from_secs(10);

/// Who works when.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    coming: BTreeSet<(Moment, AgentName, Presence)>,
    /// Want to go, and still have chats.
    going: BTreeSet<AgentName>,
    look_at: Option<Moment>,
}

impl Roster {
    /// Somebody is ready, rests (NotReady) or goes (LoggedOut) from this moment on.
    pub fn plan(&mut self, at: Moment, who: AgentName, presence: Presence) {
        self.coming.insert((at, who, presence));
    }

    /// When something happens next.
    pub fn next_deadline(&self) -> Option<Moment> {
        let coming = self.coming.first().map(|(at, _, _)| *at);
        [coming, self.look_at].into_iter().flatten().min()
    }

    /// What people do now.
    pub fn due(&mut self, model: &Model, now: Moment) -> Vec<Command> {
        let mut commands = Vec::new();
        while self.coming.first().is_some_and(|(at, _, _)| *at <= now) {
            let Some((_, who, presence)) = self.coming.pop_first() else { break };
            self.going.remove(&who);
            match presence {
                Presence::Ready => {
                    commands.push(Command::SignIn(who.clone()));
                    commands.push(Command::SetPresence(who, Presence::Ready));
                }
                Presence::NotReady => commands.push(Command::SetPresence(who, Presence::NotReady)),
                Presence::LoggedOut => {
                    self.going.insert(who);
                    self.look_at = Some(now);
                }
            }
        }
        if self.look_at.is_some_and(|at| at <= now) {
            let (mut done, mut last) = (Vec::new(), false);
            for who in &self.going {
                // One at a time: two who are each other's hope must not both go.
                let ready = model.presence(who).is_some_and(|(presence, _)| presence == Presence::Ready);
                if last {
                    continue;
                }
                if model.is_the_last_hope(who) {
                    if !ready {
                        commands.push(Command::SetPresence(who.clone(), Presence::Ready));
                    }
                } else if ready {
                    commands.push(Command::SetPresence(who.clone(), Presence::NotReady));
                    last = model.waiting() > 0;
                } else if model.load(who) == 0 {
                    done.push(who.clone());
                    commands.push(Command::SignOut(who.clone()));
                }
            }
            for who in done {
                self.going.remove(&who);
            }
            self.look_at = (!self.going.is_empty()).then(|| now.after(LOOK));
        }
        commands
    }
}
