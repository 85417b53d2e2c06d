//! The contact centre itself: pure. `apply(command, now)` changes the state and says who is told what and what happened.
//! No clock, no I/O, no randomness, ordered maps only: the same commands at the same moments give the same bytes.
//!
//! What is not here: the wire (the two endpoint families and their JSON are the server's), passwords, connections.

mod centre;
mod chat;
mod crew;
mod operate;
mod routing;
#[cfg(test)]
mod tests;
mod words;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

pub(crate) use centre::stable_hash;
pub use centre::{AgentProfile, Centre, QueueProfile, Rules, stable_id};
use chat::Chat;
pub use chat::capabilities;
pub use crew::Crew;
pub use words::{
    Absent, AgentName, Applied, ChatId, ChatView, Command, CustomerKey, Entry, EntryKind, Fact, FactEvent, Moment,
    Notice, Notification, Operation, Participant, Presence, Refusal, SeatState, Side, Target, UserData, Visibility,
};

/// An agent login in the centre.
#[derive(Debug, Clone)]
struct Agent {
    profile: Arc<AgentProfile>,
    presence: Presence,
    do_not_disturb: bool,
    /// The chats that take up capacity: offered, live, in after-call work, or not joined.
    holds: BTreeSet<ChatId>,
    /// Who has been idle longest is offered first.
    idle_since: Moment,
}

impl Agent {
    /// Ready for chats, were there room.
    fn is_here(&self) -> bool {
        self.presence == Presence::Ready && !self.do_not_disturb
    }

    fn is_free(&self) -> bool {
        self.is_here() && self.holds.len() < self.profile.capacity
    }
}

/// What waits for its time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// An offer runs out. The number tells it from later offers of the same chat.
    Offer(ChatId, AgentName, u64),
    /// An agent has not touched a live chat for too long.
    Handling(ChatId, AgentName),
    /// A chat may be offered again to somebody who declined it.
    Route,
}

/// The state of a contact centre.
#[derive(Debug, Clone)]
pub struct Model {
    rules: Rules,
    queues: Vec<centre::QueueProfile>,
    agents: BTreeMap<AgentName, Agent>,
    /// User name, employee id and user id of every agent.
    aliases: BTreeMap<String, AgentName>,
    chats: BTreeMap<ChatId, Chat>,
    keys: BTreeMap<CustomerKey, ChatId>,
    /// Chats that nobody has and nobody is offered, by when they began to wait.
    waiting: BTreeSet<(Moment, u64, ChatId)>,
    /// Agents with room for one more, so that a crowd of waiting chats costs nothing while everybody is busy.
    free: BTreeSet<AgentName>,
    timers: BTreeSet<(Moment, Timer)>,
    finished: VecDeque<ChatId>,
    chats_made: u64,
    participants_made: u64,
    offers_made: u64,
    queued: u64,
    now: Moment,
    told: Vec<Notification>,
    facts: Vec<Fact>,
}

impl Model {
    /// An empty centre: nobody is signed in, nobody waits.
    pub fn new(centre: &Centre, rules: Rules) -> Self {
        let mut aliases = BTreeMap::new();
        let mut agents = BTreeMap::new();
        for profile in &centre.agents {
            for alias in [profile.user.as_str().to_owned(), profile.employee_id(), profile.id()] {
                aliases.insert(alias, profile.user.clone());
            }
            let agent = Agent {
                profile: Arc::new(profile.clone()),
                presence: Presence::LoggedOut,
                do_not_disturb: false,
                holds: BTreeSet::new(),
                idle_since: Moment::default(),
            };
            agents.insert(profile.user.clone(), agent);
        }
        Self {
            rules,
            queues: centre.queues.clone(),
            agents,
            aliases,
            chats: BTreeMap::new(),
            keys: BTreeMap::new(),
            waiting: BTreeSet::new(),
            free: BTreeSet::new(),
            timers: BTreeSet::new(),
            finished: VecDeque::new(),
            chats_made: 0,
            participants_made: 0,
            offers_made: 0,
            queued: 0,
            now: Moment::default(),
            told: Vec::new(),
            facts: Vec::new(),
        }
    }

    /// Does one thing. Deadlines that have passed by then are dealt with first. A moment that lies before the last one
    /// counts as the last one. A refused command has changed nothing but what those deadlines changed.
    pub fn apply(&mut self, command: Command, now: Moment) -> Applied {
        self.now = self.now.max(now);
        self.deal_with_deadlines();
        let answer = self.dispatch(command);
        self.route();
        Applied { answer, notifications: std::mem::take(&mut self.told), facts: std::mem::take(&mut self.facts) }
    }

    /// When something happens on its own next, if nothing else happens before.
    pub fn next_deadline(&self) -> Option<Moment> {
        self.timers.first().map(|(at, _)| *at)
    }

    fn dispatch(&mut self, command: Command) -> Result<Option<ChatId>, Refusal> {
        match command {
            Command::RequestChat { key, nickname, subject, queue, data } => {
                return self.request_chat(key, &nickname, subject, queue, data).map(Some);
            }
            Command::CustomerSays { chat, text } => self.customer_says(&chat, text)?,
            Command::CustomerTypes { chat, on } => self.customer_types(&chat, on)?,
            Command::CustomerLeaves { chat } => self.customer_leaves(&chat)?,
            Command::SignIn(agent) => self.sign_in(&agent)?,
            Command::SignOut(agent) => self.sign_out(&agent)?,
            Command::SetPresence(agent, presence) => self.set_presence(&agent, presence)?,
            Command::SetDoNotDisturb(agent, on) => self.set_do_not_disturb(&agent, on)?,
            Command::Operate { agent, chat, operation, reference } => {
                let name = operation.name();
                if let Err(refusal) = self.operate(&agent, &chat, operation, reference) {
                    let state = self.chats.get(&chat).and_then(|chat| chat.seats.get(&agent)).map(|seat| seat.state);
                    self.fact(&chat, FactEvent::Refused { agent, operation: name, state });
                    return Err(refusal);
                }
            }
            Command::Tick => {}
            Command::Withdraw { agent, chat } => self.withdraw(&agent, &chat)?,
            Command::SkipIndexes { chat, by } => {
                let chat = self.chats.get_mut(&chat).ok_or_else(|| Refusal::unknown("no such chat"))?;
                chat.next_index += by;
            }
        }
        Ok(None)
    }

    // What can be read.

    /// A chat as an agent sees it; nothing if the agent never had it.
    pub fn view(&self, chat: &ChatId, agent: &AgentName) -> Option<ChatView> {
        self.chats.get(chat)?.view(agent)
    }

    /// The chats that an agent has now, finished ones left out.
    pub fn views(&self, agent: &AgentName) -> Vec<ChatView> {
        let held = self.agents.get(agent).into_iter().flat_map(|agent| agent.holds.iter());
        held.filter_map(|chat| self.view(chat, agent)).collect()
    }

    /// The transcript as an agent may read it: only of chats that the agent is or was in.
    pub fn transcript(&self, chat: &ChatId, agent: &AgentName) -> Result<Vec<Arc<Entry>>, Refusal> {
        let found = self.chats.get(chat).ok_or_else(|| Refusal::unknown("no such interaction"))?;
        match found.seats.get(agent).map(|seat| seat.state) {
            Some(SeatState::Chatting | SeatState::LeftChat | SeatState::JoinFailed) => Ok(found.entries.clone()),
            _ => Err(Refusal::permission("only participants may read the transcript")),
        }
    }

    /// Which chat a customer's id means.
    pub fn chat_of(&self, key: &str) -> Option<&ChatId> {
        self.keys.get(key)
    }

    /// The customer's id of a chat.
    pub fn key_of(&self, chat: &ChatId) -> Option<&CustomerKey> {
        self.chats.get(chat).map(|chat| &chat.key)
    }

    /// A chat as its customer sees it: the state's name, who is in, whether it is live.
    pub fn customer_view(&self, chat: &ChatId) -> Option<(&'static str, Vec<Participant>, bool)> {
        let chat = self.chats.get(chat)?;
        let seen: Vec<_> = chat.participants().filter(|who| who.visibility == Visibility::All).cloned().collect();
        let state = match (chat.live, seen.iter().any(|who| who.side != Side::Customer)) {
            (false, _) => "Completed",
            (true, true) => "Chatting",
            (true, false) => "WaitingForAgent",
        };
        Some((state, seen, chat.live))
    }

    /// What the customer may read of the transcript, from an index on.
    pub fn customer_transcript(&self, chat: &ChatId, from: u64) -> Vec<Arc<Entry>> {
        let Some(chat) = self.chats.get(chat) else { return Vec::new() };
        let start = chat.entries.partition_point(|entry| entry.index < from);
        chat.entries[start..].iter().filter(|entry| entry.visibility == Visibility::All).cloned().collect()
    }

    /// The place of a chat among those that wait for the same people, from 1; nothing if it does not wait.
    pub fn place_in_line(&self, chat: &ChatId) -> Option<usize> {
        let own = self.chats.get(chat)?;
        let at = own.waiting?;
        let before = self.waiting.iter().take_while(|(since, number, _)| (*since, *number) < at);
        let same =
            |other: &Chat| other.wish == own.wish && (other.wish != chat::Wish::Queue || other.queue == own.queue);
        Some(before.filter(|(_, _, id)| self.chats.get(id).is_some_and(same)).count() + 1)
    }

    /// An agent's presence and whether not to disturb.
    pub fn presence(&self, agent: &AgentName) -> Option<(Presence, bool)> {
        self.agents.get(agent).map(|agent| (agent.presence, agent.do_not_disturb))
    }

    /// Whether an agent could be offered a chat now.
    pub fn is_free(&self, agent: &AgentName) -> bool {
        self.agents.get(agent).is_some_and(Agent::is_free)
    }

    /// How many chats an agent has now.
    pub fn load(&self, agent: &AgentName) -> usize {
        self.agents.get(agent).map_or(0, |agent| agent.holds.len())
    }

    /// The profile of every agent, in order.
    pub fn profiles(&self) -> impl Iterator<Item = &Arc<AgentProfile>> {
        self.agents.values().map(|agent| &agent.profile)
    }

    /// One agent's profile, by user name, employee id or user id.
    pub fn profile(&self, name: &str) -> Option<&Arc<AgentProfile>> {
        self.agents.get(self.aliases.get(name)?).map(|agent| &agent.profile)
    }

    /// The queues.
    pub fn queues(&self) -> &[QueueProfile] {
        &self.queues
    }

    /// How many chats wait for somebody.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    // What agents do about themselves.

    fn agent_mut(&mut self, name: &AgentName) -> Result<&mut Agent, Refusal> {
        self.agents.get_mut(name).ok_or_else(|| Refusal::unknown("no such agent"))
    }

    fn sign_in(&mut self, name: &AgentName) -> Result<(), Refusal> {
        let now = self.now;
        let agent = self.agent_mut(name)?;
        if agent.presence == Presence::LoggedOut {
            agent.presence = Presence::NotReady;
            agent.do_not_disturb = false;
            agent.idle_since = now;
            self.tell_presence(name);
        }
        Ok(())
    }

    fn sign_out(&mut self, name: &AgentName) -> Result<(), Refusal> {
        let agent = self.agent_mut(name)?;
        if agent.presence == Presence::LoggedOut {
            return Ok(());
        }
        agent.presence = Presence::LoggedOut;
        let held: Vec<ChatId> = agent.holds.iter().cloned().collect();
        self.refresh_free(name);
        for chat in held {
            self.abandon(&chat, name);
        }
        self.tell_presence(name);
        Ok(())
    }

    fn set_presence(&mut self, name: &AgentName, presence: Presence) -> Result<(), Refusal> {
        let agent = self.agent_mut(name)?;
        if agent.presence == Presence::LoggedOut {
            return Err(Refusal::state("there is no contact-centre session"));
        }
        agent.presence = presence;
        self.refresh_free(name);
        self.tell_presence(name);
        Ok(())
    }

    fn set_do_not_disturb(&mut self, name: &AgentName, on: bool) -> Result<(), Refusal> {
        let agent = self.agent_mut(name)?;
        if agent.presence == Presence::LoggedOut {
            return Err(Refusal::state("there is no contact-centre session"));
        }
        agent.do_not_disturb = on;
        self.refresh_free(name);
        self.tell_presence(name);
        Ok(())
    }

    fn tell_presence(&mut self, name: &AgentName) {
        let Some(agent) = self.agents.get(name) else { return };
        let notice = Notice::Presence { presence: agent.presence, do_not_disturb: agent.do_not_disturb };
        self.told.push(Notification::Agent { to: name.clone(), reference: None, notice });
    }

    fn refresh_free(&mut self, name: &AgentName) {
        if self.agents.get(name).is_some_and(Agent::is_free) {
            self.free.insert(name.clone());
        } else {
            self.free.remove(name);
        }
    }

    // Telling.

    fn tell(&mut self, to: &AgentName, reference: Option<i64>, notice: Notice) {
        self.told.push(Notification::Agent { to: to.clone(), reference, notice });
    }

    fn tell_view(&mut self, id: &ChatId, to: &AgentName, reference: Option<i64>, wrap: fn(ChatView) -> Notice) {
        if let Some(view) = self.view(id, to) {
            self.tell(to, reference, wrap(view));
        }
    }

    /// Tells everybody in the session who is in it, except one.
    fn tell_participants(&mut self, id: &ChatId, except: Option<&AgentName>) {
        for name in self.present(id) {
            if Some(&name) != except {
                self.tell_view(id, &name, None, Notice::Participants);
            }
        }
        self.told.push(Notification::Customer { chat: id.clone() });
    }

    fn tell_failure(&mut self, id: &ChatId, to: &AgentName, reference: Option<i64>, refusal: Refusal) {
        let reason = refusal.message.clone();
        if let Some(view) = self.view(id, to) {
            self.tell(to, reference, Notice::Failed(view, refusal));
            self.fact(id, FactEvent::Failed { agent: to.clone(), reason });
        }
    }

    /// The agents who are in the live session.
    fn present(&self, id: &ChatId) -> Vec<AgentName> {
        self.chats.get(id).map(Chat::present).unwrap_or_default()
    }

    fn fact(&mut self, id: &ChatId, event: FactEvent) {
        if let Some(chat) = self.chats.get(id) {
            self.facts.push(Fact { at: self.now, chat: id.clone(), customer_chat: chat.key.clone(), event });
        }
    }
}
