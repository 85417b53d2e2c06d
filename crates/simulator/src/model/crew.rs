//! Who is there for a target, and how many chats wait for them: what a platform tells about itself.

use super::chat::Wish;
use super::words::{Presence, Target};
use super::{Agent, Chat, Model};

/// The people behind a target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Crew {
    /// Signed in, ready or not.
    pub signed_in: usize,
    /// Want work.
    pub ready: usize,
    /// Ready, with room for one more.
    pub free: usize,
    /// In at least one chat.
    pub busy: usize,
    /// How many chats all who are ready can have at once.
    pub capacity: usize,
    /// Chats that wait for one of them.
    pub queue: usize,
}

impl Model {
    /// The people behind a target. Nothing if there is no such agent or queue, or nobody has such a skill.
    pub fn crew(&self, target: &Target) -> Option<Crew> {
        let queue = match target {
            Target::Queue(name) => Some(self.queues.iter().find(|queue| queue.name == *name)?),
            _ => None,
        };
        let belongs = |agent: &&Agent| match target {
            Target::Agent(name) => self.aliases.get(name) == Some(&agent.profile.user),
            Target::Skill(skill) => agent.profile.skills.contains(skill),
            Target::Queue(_) => queue.is_some_and(|queue| queue.skills.is_subset(&agent.profile.skills)),
        };
        let mut crew = Crew::default();
        let mut known = queue.is_some();
        for agent in self.agents.values().filter(belongs) {
            known = true;
            let ready = agent.presence == Presence::Ready && !agent.do_not_disturb;
            crew.signed_in += usize::from(agent.presence != Presence::LoggedOut);
            crew.ready += usize::from(ready);
            crew.free += usize::from(agent.is_free());
            crew.busy += usize::from(!agent.holds.is_empty());
            crew.capacity += if ready { agent.profile.capacity } else { 0 };
        }
        let waits = |chat: &&Chat| match (target, &chat.wish) {
            (Target::Agent(_), _) => false,
            (Target::Skill(wanted), Wish::Skill(skill)) => wanted == skill,
            (Target::Skill(wanted), Wish::Queue) => self.needs(&chat.queue, wanted),
            (Target::Queue(wanted), Wish::Queue) => *wanted == *chat.queue,
            (Target::Queue(wanted), Wish::Skill(skill)) => self.needs(wanted, skill),
        };
        crew.queue = self.waiting.iter().filter_map(|(_, _, id)| self.chats.get(id)).filter(waits).count();
        known.then_some(crew)
    }

    fn needs(&self, queue: &str, skill: &str) -> bool {
        self.queues.iter().any(|known| known.name == queue && known.skills.contains(skill))
    }

    /// Whether a chat waits for this agent alone: nobody else who is ready could take it.
    pub fn is_the_last_hope(&self, name: &super::AgentName) -> bool {
        let Some(agent) = self.agents.get(name) else { return false };
        self.waiting.iter().any(|(_, _, id)| {
            let other = |(who, other): (&super::AgentName, &Agent)| {
                who != name && other.presence == Presence::Ready && self.skills_fit(id, other)
            };
            self.skills_fit(id, agent) && !self.agents.iter().any(other)
        })
    }

    /// Whether a live chat has nobody to look after it: no agent has it or is offered it, and nobody who could come is
    /// signed in.
    pub fn is_left_alone(&self, id: &super::ChatId) -> bool {
        let Some(chat) = self.chats.get(id).filter(|chat| chat.live) else { return false };
        let held = chat.seats.values().any(|seat| !seat.state.is_final());
        let hope = |agent: &Agent| agent.presence != Presence::LoggedOut && self.skills_fit(id, agent);
        !held && (chat.waiting.is_none() || !self.agents.values().any(hope))
    }
}
