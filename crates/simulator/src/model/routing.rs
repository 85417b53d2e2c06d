//! Who is offered which chat: queues, skills, capacity, offers that run out, and chats that come back.

use super::chat::{Seat, Why, Wish};
use super::words::{AgentName, ChatId, FactEvent, Moment, Refusal, SeatState as State};
use super::{Agent, Model, Timer};

impl Model {
    /// Lets a live chat wait for somebody.
    pub(super) fn enqueue(&mut self, id: &ChatId, wish: Wish) {
        self.queued += 1;
        let place = (self.now, self.queued);
        let Some(chat) = self.chats.get_mut(id) else { return };
        if chat.waiting.is_some() {
            return;
        }
        chat.wish = wish;
        chat.waiting = Some(place);
        let queue = chat.queue.to_string();
        self.waiting.insert((place.0, place.1, id.clone()));
        self.fact(id, FactEvent::Queued { queue });
    }

    pub(super) fn stop_waiting(&mut self, id: &ChatId) {
        if let Some(chat) = self.chats.get_mut(id)
            && let Some((at, number)) = chat.waiting.take()
        {
            self.waiting.remove(&(at, number, id.clone()));
        }
    }

    /// Back to where it came from, if nobody is left who looks after a live chat.
    pub(super) fn rescue(&mut self, id: &ChatId) {
        let Some(chat) = self.chats.get(id) else { return };
        let looked_after = chat.seats.values().any(|seat| {
            let visible = !matches!(seat.why, Why::Conference { hidden: true, .. });
            let routed = seat.why == Why::Routed;
            (seat.state == State::Chatting && visible) || (seat.state == State::Invited && routed)
        });
        if looked_after || !(chat.live || self.owes_after_work(id)) {
            return;
        }
        let leftover: Vec<AgentName> = chat
            .seats
            .iter()
            .filter(|(_, seat)| matches!(seat.state, State::Invited | State::Chatting))
            .map(|(name, _)| name.clone())
            .collect();
        let wish = chat.wish.clone();
        for name in leftover {
            let was = self.chats[id].seats[&name].state;
            if was == State::Chatting {
                self.leave_entry(id, &name);
            }
            let state = if was == State::Invited { State::Revoked } else { State::Completed };
            self.settle(id, &name, state, None);
        }
        self.enqueue(id, wish);
    }

    /// A chat whose session is over, that was transferred in after-call work and not yet taken.
    fn owes_after_work(&self, id: &ChatId) -> bool {
        self.chats.get(id).is_some_and(|chat| !chat.live && chat.after_work_owed)
    }

    pub(super) fn skills_fit(&self, id: &ChatId, agent: &Agent) -> bool {
        let Some(chat) = self.chats.get(id) else { return false };
        match &chat.wish {
            Wish::Skill(skill) => agent.profile.skills.contains(skill),
            Wish::Queue => self
                .queues
                .iter()
                .find(|queue| queue.name == *chat.queue)
                .is_some_and(|queue| queue.skills.is_subset(&agent.profile.skills)),
        }
    }

    /// Offers waiting chats, oldest first, to free agents: who has the fewest chats, then who has been idle longest.
    pub(super) fn route(&mut self) {
        if self.free.is_empty() || self.waiting.is_empty() {
            return;
        }
        let mut place: Option<(Moment, u64, ChatId)> = None;
        loop {
            let next = match &place {
                None => self.waiting.first(),
                Some(last) => {
                    self.waiting.range((std::ops::Bound::Excluded(last.clone()), std::ops::Bound::Unbounded)).next()
                }
            };
            let Some(next) = next.cloned() else { return };
            if let Some(name) = self.best_agent(&next.2) {
                self.stop_waiting(&next.2);
                self.offer(&next.2, &name, Why::Routed);
                if self.free.is_empty() {
                    return;
                }
            }
            place = Some(next);
        }
    }

    fn best_agent(&self, id: &ChatId) -> Option<AgentName> {
        let chat = self.chats.get(id)?;
        let candidates = self.free.iter().filter_map(|name| Some((name, self.agents.get(name)?)));
        candidates
            .filter(|(name, agent)| {
                self.skills_fit(id, agent)
                    && chat.declined.get(*name).is_none_or(|until| *until <= self.now)
                    && chat.seats.get(*name).is_none_or(|seat| seat.state.is_final())
            })
            .min_by_key(|(name, agent)| (agent.holds.len(), agent.idle_since, *name))
            .map(|(name, _)| name.clone())
    }

    /// Offers a chat to an agent who has room for it.
    pub(super) fn offer(&mut self, id: &ChatId, name: &AgentName, why: Why) {
        self.offers_made += 1;
        let offer = self.offers_made;
        let now = self.now;
        let Some(chat) = self.chats.get_mut(id) else { return };
        if let std::collections::btree_map::Entry::Vacant(selected) =
            std::sync::Arc::make_mut(&mut chat.data).entry("RTargetAgentSelected".into())
        {
            selected.insert(name.as_str().into());
        } else if why == Why::Routed {
            std::sync::Arc::make_mut(&mut chat.data).insert("RTargetAgentSelected".into(), name.as_str().into());
        }
        let deadline = now.after(self.rules.offer_deadline);
        let due = Some(deadline);
        let seat = Seat { state: State::Invited, why, offer, participant: None, touched: now, due, joined: 0 };
        chat.seats.insert(name.clone(), seat);
        if let Some(agent) = self.agents.get_mut(name) {
            agent.holds.insert(id.clone());
        }
        self.refresh_free(name);
        self.timers.insert((deadline, Timer::Offer(id.clone(), name.clone(), offer)));
        self.fact(id, FactEvent::Offered { agent: name.clone() });
        self.tell_view(id, name, None, super::Notice::Status);
    }

    /// The platform takes an offer back.
    pub(super) fn withdraw(&mut self, name: &AgentName, id: &ChatId) -> Result<(), Refusal> {
        match self.chats.get(id).and_then(|chat| chat.seats.get(name)).map(|seat| seat.state) {
            Some(State::Invited) => {
                self.end_offer(id, name, State::Revoked, None);
                Ok(())
            }
            _ => Err(Refusal::state("there is no such offer")),
        }
    }

    /// An offer ends without being taken: the agent is told, whoever invited is told, a routed chat goes back.
    pub(super) fn end_offer(&mut self, id: &ChatId, name: &AgentName, state: State, reference: Option<i64>) {
        let Some(seat) = self.chats.get(id).and_then(|chat| chat.seats.get(name)) else { return };
        let why = seat.why.clone();
        self.settle(id, name, state, reference);
        let agent = name.clone();
        self.fact(
            id,
            if state == State::Revoked { FactEvent::Revoked { agent } } else { FactEvent::Rejected { agent } },
        );
        self.not_again_soon(id, name);
        if let Why::Conference { by, reference, .. } = why {
            let refusal = Refusal::state(format!("agent '{name}' did not take the invitation"));
            self.tell_failure(id, &by, reference, refusal);
        }
        self.rescue(id);
        self.finish_if_nobody_has_it(id);
    }

    /// Who declined, missed or gave away a chat is not offered it again at once.
    pub(super) fn not_again_soon(&mut self, id: &ChatId, name: &AgentName) {
        let until = self.now.after(self.rules.offer_again_after);
        if let Some(chat) = self.chats.get_mut(id) {
            chat.declined.insert(name.clone(), until);
            self.timers.insert((until, Timer::Route));
        }
    }

    /// An agent is gone, or did nothing for too long: whatever they had of a chat goes back or is closed.
    pub(super) fn abandon(&mut self, id: &ChatId, name: &AgentName) {
        let Some(seat) = self.chats.get(id).and_then(|chat| chat.seats.get(name)) else { return };
        match seat.state {
            State::Invited => self.end_offer(id, name, State::Revoked, None),
            State::Chatting => {
                self.leave_entry(id, name);
                self.settle(id, name, State::Revoked, None);
                self.fact(id, FactEvent::Revoked { agent: name.clone() });
                self.not_again_soon(id, name);
                self.pass_ownership(id);
                self.tell_participants(id, Some(name));
                self.rescue(id);
            }
            State::LeftChat | State::JoinFailed => {
                self.settle(id, name, State::Completed, None);
                self.fact(id, FactEvent::Completed { agent: name.clone() });
                self.rescue(id);
            }
            State::Completed | State::Revoked => {}
        }
        self.finish_if_nobody_has_it(id);
    }

    pub(super) fn deal_with_deadlines(&mut self) {
        while let Some((at, _)) = self.timers.first()
            && *at <= self.now
        {
            let Some((_, timer)) = self.timers.pop_first() else { return };
            match timer {
                Timer::Offer(id, name, offer) => self.miss_offer(&id, &name, offer),
                Timer::Handling(id, name) => self.look_at_handling(&id, &name),
                Timer::Route => {}
            }
            self.route();
        }
    }

    fn miss_offer(&mut self, id: &ChatId, name: &AgentName, offer: u64) {
        let seat = self.chats.get(id).and_then(|chat| chat.seats.get(name));
        if !seat.is_some_and(|seat| seat.state == State::Invited && seat.offer == offer) {
            return;
        }
        if self.rules.not_ready_after_missed_offer
            && let Some(agent) = self.agents.get_mut(name)
            && agent.presence == super::Presence::Ready
        {
            agent.presence = super::Presence::NotReady;
            self.refresh_free(name);
            self.end_offer(id, name, State::Revoked, None);
            self.tell_presence(name);
        } else {
            self.end_offer(id, name, State::Revoked, None);
        }
    }

    /// Looks at that moment whether an agent has forgotten a chat.
    pub(super) fn watch(&mut self, id: &ChatId, name: &AgentName, due: Moment) {
        let Some(seat) = self.chats.get_mut(id).and_then(|chat| chat.seats.get_mut(name)) else { return };
        if let Some(before) = seat.due.replace(due) {
            self.timers.remove(&(before, Timer::Offer(id.clone(), name.clone(), seat.offer)));
            self.timers.remove(&(before, Timer::Handling(id.clone(), name.clone())));
        }
        self.timers.insert((due, Timer::Handling(id.clone(), name.clone())));
    }

    fn look_at_handling(&mut self, id: &ChatId, name: &AgentName) {
        let Some(seat) = self.chats.get(id).and_then(|chat| chat.seats.get(name)) else { return };
        if seat.state.is_final() || seat.state == State::Invited {
            return;
        }
        let due = seat.touched.after(self.rules.handling_deadline);
        if due <= self.now {
            self.abandon(id, name);
        } else {
            self.watch(id, name, due);
        }
    }
}
