//! What agents do to chats: each operation checked against the state of the agent's seat, then done and told in the
//! order in which the platform tells it.

use std::sync::Arc;

use serde_json::Value;

use super::Model;
use super::chat::{Why, Wish};
use super::words::{
    Absent, AgentName, ChatId, EntryKind, FactEvent, Notice, Operation, Participant, Refusal, SeatState as State, Side,
    Target, UserData, Visibility,
};

impl Model {
    #[expect(clippy::too_many_lines, reason = "one row an operation: a table, easier to read in one piece")]
    pub(super) fn operate(
        &mut self,
        name: &AgentName,
        id: &ChatId,
        operation: Operation,
        reference: Option<i64>,
    ) -> Result<(), Refusal> {
        let now = self.now;
        let chat = self.chats.get_mut(id).ok_or_else(|| Refusal::unknown("no such interaction"))?;
        let seat =
            chat.seats.get_mut(name).ok_or_else(|| Refusal::permission("the interaction belongs to somebody else"))?;
        seat.touched = now;
        let state = seat.state;
        let in_states = |allowed: &[State]| {
            if allowed.contains(&state) {
                Ok(())
            } else {
                Err(Refusal::state(format!("not possible in state {}", state.as_str())))
            }
        };
        let live = || in_states(&[State::Chatting]);
        let owned = || in_states(&[State::Chatting, State::LeftChat, State::JoinFailed]);
        match operation {
            Operation::Accept { nickname } => {
                in_states(&[State::Invited])?;
                self.accept(id, name, nickname.as_deref(), reference);
            }
            Operation::AcceptInVain => {
                in_states(&[State::Invited])?;
                self.fail_to_join(id, name, reference);
            }
            Operation::Reject => {
                in_states(&[State::Invited])?;
                self.end_offer(id, name, State::Completed, reference);
            }
            Operation::Say { text, visibility, label } => {
                live()?;
                self.say(id, name, text, visibility, label)?;
            }
            Operation::PushUrl(url) => self.speak(id, name, live(), Visibility::All, EntryKind::Url(url))?,
            Operation::Type { on, visibility } => {
                let kind = if on { EntryKind::TypingStarted } else { EntryKind::TypingStopped };
                self.speak(id, name, live(), visibility, kind)?;
                if visibility == Visibility::All {
                    self.fact(id, FactEvent::Typing { agent: name.clone(), on });
                }
            }
            Operation::Notify(text, visibility) => {
                self.speak(id, name, live(), visibility, EntryKind::CustomNotice(text))?;
            }
            Operation::Rename(nickname) => {
                live()?;
                if let Some(who) = self.participant_mut(id, name) {
                    who.nickname = nickname.as_str().into();
                }
                self.speak(id, name, Ok(()), Visibility::All, EntryKind::Nickname(nickname))?;
            }
            Operation::Invite(target) => {
                live()?;
                self.invite(id, name, &target, false, reference)?;
            }
            Operation::Consult(target) => {
                live()?;
                self.invite(id, name, &target, true, reference)?;
            }
            Operation::Remove(who) => {
                live()?;
                self.remove(id, name, &who)?;
            }
            Operation::Transfer(target) => {
                in_states(&[State::Chatting, State::LeftChat])?;
                self.transfer(id, name, &target, reference)?;
            }
            Operation::LeaveConference { agent } => {
                live()?;
                if self.aliases.get(&agent) != Some(name) {
                    return Err(Refusal::permission("an agent can only take itself out of a conference"));
                }
                if self.companions(id, name) == 0 {
                    return Err(Refusal::state("there is nobody else in the conference"));
                }
                self.go_out(id, name, reference);
            }
            Operation::Leave => {
                in_states(&[State::Chatting, State::LeftChat])?;
                if state == State::LeftChat {
                    self.tell_view(id, name, reference, Notice::Status);
                } else if self.companions(id, name) > 0 || !self.is_owner(id, name) {
                    self.go_out(id, name, reference);
                } else {
                    self.end_session(id, Some(name), reference);
                }
            }
            Operation::EndSession => {
                live()?;
                if !self.is_owner(id, name) {
                    return Err(Refusal::permission("only the owner can end the session"));
                }
                self.end_session(id, Some(name), reference);
            }
            Operation::Complete { queue } => {
                owned()?;
                self.complete(id, name, queue, reference)?;
            }
            Operation::RequestHistory { from } => {
                owned()?;
                let entries = self.transcript(id, name)?;
                let start = entries.partition_point(|entry| entry.index < from.unwrap_or(0));
                self.tell(name, reference, Notice::Entries(id.clone(), entries[start..].to_vec()));
            }
            Operation::SetDisposition { key, value } => {
                owned()?;
                let key = key.unwrap_or_else(|| "DispositionCode".into());
                self.change_data(id, name, reference, |data| vec![set(data, key, value)]);
            }
            Operation::Attach(pairs) | Operation::Update(pairs) => {
                owned()?;
                self.change_data(id, name, reference, |data| {
                    pairs.into_iter().map(|(key, value)| set(data, key, value)).collect()
                });
            }
            Operation::Delete(keys) => {
                owned()?;
                self.change_data(id, name, reference, |data| {
                    keys.into_iter().filter(|key| data.remove(key).is_some()).collect()
                });
            }
            Operation::Focus => owned()?,
        }
        Ok(())
    }

    fn participant_mut(&mut self, id: &ChatId, name: &AgentName) -> Option<&mut Participant> {
        self.chats.get_mut(id)?.seats.get_mut(name)?.participant.as_mut()
    }

    fn participant(&self, id: &ChatId, name: &AgentName) -> Option<Participant> {
        self.chats.get(id)?.seats.get(name)?.participant.clone()
    }

    fn is_owner(&self, id: &ChatId, name: &AgentName) -> bool {
        self.chats.get(id).is_some_and(|chat| chat.owner.as_ref() == Some(name))
    }

    /// How many other agents the customer can see in the session.
    fn companions(&self, id: &ChatId, name: &AgentName) -> usize {
        let Some(chat) = self.chats.get(id) else { return 0 };
        let visible = |other: &&Participant| {
            other.visibility == Visibility::All
                && other.side != Side::Customer
                && other.side != Side::Agent(name.clone())
        };
        chat.participants().filter(visible).count()
    }

    fn accept(&mut self, id: &ChatId, name: &AgentName, nickname: Option<&str>, reference: Option<i64>) {
        if !self.chats.get(id).is_some_and(|chat| chat.live) {
            return self.fail_to_join(id, name, reference);
        }
        let participant_id = self.participant_id();
        let shown = nickname
            .map(ToOwned::to_owned)
            .or_else(|| self.agents.get(name).map(|agent| agent.profile.first_name.clone()))
            .unwrap_or_default();
        let now = self.now;
        let handling = now.after(self.rules.handling_deadline);
        let joined = self.participants_made;
        let Some(chat) = self.chats.get_mut(id) else { return };
        let Some(seat) = chat.seats.get_mut(name) else { return };
        let hidden = matches!(seat.why, Why::Conference { hidden: true, .. });
        let visibility = if hidden { Visibility::Agents } else { Visibility::All };
        let participant = Participant {
            id: participant_id,
            nickname: shown.as_str().into(),
            side: Side::Agent(name.clone()),
            visibility,
        };
        chat.declined.clear();
        self.watch(id, name, handling);
        self.fact(id, FactEvent::Accepted { agent: name.clone() });
        // First the bare state with nobody in it, then who is in, then the whole transcript with the own line last.
        if let Some(mut view) = self.view(id, name) {
            view.state = State::Chatting;
            view.capabilities = super::capabilities(State::Chatting, false);
            self.tell(name, reference, Notice::Status(view));
        }
        self.append(id, participant.clone(), visibility, EntryKind::Joined);
        if let Some(chat) = self.chats.get_mut(id)
            && let Some(seat) = chat.seats.get_mut(name)
        {
            (seat.state, seat.participant, seat.joined) = (State::Chatting, Some(participant), joined);
            if chat.owner.is_none() && !hidden {
                chat.owner = Some(name.clone());
                self.fact(id, FactEvent::Owned { agent: name.clone() });
            }
        }
        self.tell_participants(id, None);
        let entries = self.chats.get(id).map(|chat| chat.entries.clone()).unwrap_or_default();
        self.tell(name, None, Notice::Entries(id.clone(), entries));
    }

    fn fail_to_join(&mut self, id: &ChatId, name: &AgentName, reference: Option<i64>) {
        self.fact(id, FactEvent::JoinFailed { agent: name.clone() });
        let handling = self.now.after(self.rules.handling_deadline);
        self.watch(id, name, handling);
        if let Some(chat) = self.chats.get_mut(id) {
            chat.after_work_owed = false;
        }
        self.settle(id, name, State::JoinFailed, reference);
    }

    fn say(
        &mut self,
        id: &ChatId,
        name: &AgentName,
        text: String,
        visibility: Visibility,
        label: Option<String>,
    ) -> Result<(), Refusal> {
        if text.len() > self.rules.message_bytes {
            return Err(Refusal::new(10, format!("longer than {} bytes", self.rules.message_bytes)));
        }
        let Some(from) = self.participant(id, name) else { return Ok(()) };
        // Somebody whom the customer does not see cannot speak to the customer.
        let visibility = if from.visibility == Visibility::Agents { Visibility::Agents } else { visibility };
        let index = self.append(id, from, visibility, EntryKind::Text(text.clone(), label));
        self.fact(id, FactEvent::AgentLine { agent: name.clone(), index, text, visibility });
        Ok(())
    }

    fn speak(
        &mut self,
        id: &ChatId,
        name: &AgentName,
        allowed: Result<(), Refusal>,
        visibility: Visibility,
        kind: EntryKind,
    ) -> Result<(), Refusal> {
        allowed?;
        if let Some(from) = self.participant(id, name) {
            let visibility = if from.visibility == Visibility::Agents { Visibility::Agents } else { visibility };
            self.append(id, from, visibility, kind);
        }
        Ok(())
    }

    fn find_agent(&self, who: &str) -> Result<AgentName, Refusal> {
        self.aliases.get(who).cloned().ok_or_else(|| Refusal::unknown(format!("no such agent '{who}'")))
    }

    /// Why an agent cannot take one more chat now.
    fn unavailable(&self, id: &ChatId, name: &AgentName) -> Option<Refusal> {
        let agent = self.agents.get(name)?;
        let has_it = self.chats.get(id)?.seats.get(name).is_some_and(|seat| !seat.state.is_final());
        if has_it {
            Some(Refusal::state(format!("agent '{name}' has this chat already")))
        } else if agent.is_free() {
            None
        } else {
            let absent = if agent.is_here() { Absent::Busy } else { Absent::Away };
            Some(Refusal::absent(absent, format!("agent '{name}' is not available")))
        }
    }

    fn invite(
        &mut self,
        id: &ChatId,
        by: &AgentName,
        target: &Target,
        hidden: bool,
        reference: Option<i64>,
    ) -> Result<(), Refusal> {
        let name = match target {
            Target::Agent(who) => self.find_agent(who)?,
            Target::Skill(_) | Target::Queue(_) => {
                return Err(Refusal::new(3, "only an agent can be invited"));
            }
        };
        if let Some(refusal) = self.unavailable(id, &name) {
            // Taken, and failed afterwards: that is how the platform tells it.
            self.tell_failure(id, by, reference, refusal);
            return Ok(());
        }
        self.fact(id, FactEvent::Invited { by: by.clone(), agent: name.clone() });
        self.offer(id, &name, Why::Conference { by: by.clone(), reference, hidden });
        Ok(())
    }

    fn remove(&mut self, id: &ChatId, by: &AgentName, who: &str) -> Result<(), Refusal> {
        let name = self.find_agent(who)?;
        if !self.is_owner(id, by) || name == *by {
            return Err(Refusal::permission("only the owner can put others out"));
        }
        if !self.present(id).contains(&name) {
            return Err(Refusal::state(format!("agent '{name}' is not in the conference")));
        }
        if let Some(from) = self.participant(id, by) {
            let user = self.agents.get(&name).map(|agent| agent.profile.id()).unwrap_or_default();
            let notice = format!("REMOVE_PARTICIPANT_FROM_CONFERENCE{user}");
            self.append(id, from, Visibility::Agents, EntryKind::Notice(notice));
        }
        self.go_out(id, &name, None);
        Ok(())
    }

    /// Out of a conference: done for this agent, the others go on.
    fn go_out(&mut self, id: &ChatId, name: &AgentName, reference: Option<i64>) {
        self.leave_entry(id, name);
        self.settle(id, name, State::Completed, reference);
        self.fact(id, FactEvent::Completed { agent: name.clone() });
        self.pass_ownership(id);
        self.tell_participants(id, None);
    }

    fn transfer(
        &mut self,
        id: &ChatId,
        name: &AgentName,
        target: &Target,
        reference: Option<i64>,
    ) -> Result<(), Refusal> {
        let taker = match target {
            Target::Agent(who) => {
                let taker = self.find_agent(who)?;
                if let Some(refusal) = self.unavailable(id, &taker) {
                    self.tell_failure(id, name, reference, refusal);
                    return Ok(());
                }
                Some(taker)
            }
            Target::Skill(skill) => {
                let has_it = |agent: &&super::Agent| agent.profile.skills.contains(skill);
                if !self.agents.values().any(|agent| has_it(&agent)) {
                    return Err(Refusal::unknown(format!("no such skill '{skill}'")));
                }
                let ready = self.agents.values().filter(has_it).any(|agent| {
                    agent.presence == super::Presence::Ready && !agent.do_not_disturb && agent.profile.user != *name
                });
                if !ready {
                    let refusal = Refusal::absent(Absent::Away, format!("nobody with skill '{skill}' is ready"));
                    self.tell_failure(id, name, reference, refusal);
                    return Ok(());
                }
                None
            }
            Target::Queue(queue) => {
                if !self.queues.iter().any(|known| known.name == *queue) {
                    return Err(Refusal::unknown(format!("no such queue '{queue}'")));
                }
                None
            }
        };
        let live = self.chats.get(id).is_some_and(|chat| chat.live);
        self.fact(id, FactEvent::Transferred { from: name.clone(), to: target.clone() });
        if live {
            self.leave_entry(id, name);
        }
        if let Some(chat) = self.chats.get_mut(id) {
            chat.after_work_owed = !live;
            match target {
                Target::Agent(_) => {}
                Target::Skill(skill) => chat.wish = Wish::Skill(skill.clone()),
                Target::Queue(queue) => (chat.wish, chat.queue) = (Wish::Queue, queue.as_str().into()),
            }
        }
        self.settle(id, name, State::Completed, reference);
        self.fact(id, FactEvent::Completed { agent: name.clone() });
        self.not_again_soon(id, name);
        if let Some(taker) = taker {
            self.offer(id, &taker, Why::Routed);
        } else if let Some(wish) = self.chats.get(id).map(|chat| chat.wish.clone()) {
            self.enqueue(id, wish);
        }
        if live {
            self.pass_ownership(id);
            self.tell_participants(id, None);
        }
        Ok(())
    }

    fn complete(
        &mut self,
        id: &ChatId,
        name: &AgentName,
        queue: Option<String>,
        reference: Option<i64>,
    ) -> Result<(), Refusal> {
        if let Some(queue) = queue {
            return self.transfer(id, name, &Target::Queue(queue), reference);
        }
        let state = self.chats.get(id).and_then(|chat| chat.seats.get(name)).map(|seat| seat.state);
        if state == Some(State::Chatting) {
            if !self.is_owner(id, name) {
                self.go_out(id, name, reference);
                return Ok(());
            }
            self.end_session(id, Some(name), None);
        }
        self.settle(id, name, State::Completed, reference);
        self.fact(id, FactEvent::Completed { agent: name.clone() });
        // A chat that could not be joined is still live for its customer.
        self.rescue(id);
        self.finish_if_nobody_has_it(id);
        Ok(())
    }

    fn change_data(
        &mut self,
        id: &ChatId,
        name: &AgentName,
        reference: Option<i64>,
        change: impl FnOnce(&mut UserData) -> Vec<String>,
    ) {
        let Some(chat) = self.chats.get_mut(id) else { return };
        let keys = change(Arc::make_mut(&mut chat.data));
        self.fact(id, FactEvent::Data { agent: name.clone(), keys });
        self.tell_view(id, name, reference, Notice::Properties);
        for other in self.present(id) {
            if other != *name {
                self.tell_view(id, &other, None, Notice::Properties);
            }
        }
    }
}

fn set(data: &mut UserData, key: String, value: Value) -> String {
    data.insert(key.clone(), value);
    key
}
