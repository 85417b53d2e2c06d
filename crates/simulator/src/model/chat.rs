//! One chat: its transcript, who is in it, and where it stands for each agent; and what its customer does.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::words::{
    AgentName, ChatId, ChatView, CustomerKey, Entry, EntryKind, FactEvent, Moment, Notice, Notification, Participant,
    Refusal, SeatState, SeatState as State, Side, UserData, Visibility,
};
use super::{Model, Timer};

/// How an agent came to an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// By routing, or by a transfer.
    Routed,
    /// Invited (or only consulted) by an agent in the chat, whose operation had this reference.
    Conference { by: AgentName, reference: Option<i64>, hidden: bool },
}

/// What one agent has of a chat.
#[derive(Debug, Clone)]
pub(super) struct Seat {
    pub(super) state: State,
    pub(super) why: Why,
    /// The number of the offer, while it is one.
    pub(super) offer: u64,
    pub(super) participant: Option<Participant>,
    pub(super) touched: Moment,
    /// When its offer runs out, or when it is looked at whether the agent has forgotten it.
    pub(super) due: Option<Moment>,
    /// Order of joining.
    pub(super) joined: u64,
}

/// Where a waiting chat wants to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    Queue,
    Skill(String),
}

#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "facts that hold independently of each other")]
pub(super) struct Chat {
    pub(super) id: ChatId,
    pub(super) key: CustomerKey,
    pub(super) queue: Arc<str>,
    pub(super) wish: Wish,
    pub(super) received: Moment,
    pub(super) data: Arc<UserData>,
    pub(super) entries: Vec<Arc<Entry>>,
    pub(super) next_index: u64,
    pub(super) customer: Participant,
    pub(super) customer_in: bool,
    /// The session goes on: the customer is in and nobody has ended it.
    pub(super) live: bool,
    pub(super) seats: BTreeMap<AgentName, Seat>,
    pub(super) owner: Option<AgentName>,
    /// Its place among the waiting, while it waits.
    pub(super) waiting: Option<(Moment, u64)>,
    /// Who is not offered it again before when.
    pub(super) declined: BTreeMap<AgentName, Moment>,
    pub(super) finished: bool,
    /// The session was over when it was given away: whoever takes it does the after-call work.
    pub(super) after_work_owed: bool,
}

/// What can be done in a state, in the words of the wire.
pub fn capabilities(state: SeatState, conference: bool) -> &'static [&'static str] {
    match (state, conference) {
        (SeatState::Invited, _) => &["Accept", "Reject"],
        (SeatState::Chatting, _) => &[
            "Transfer",
            "Leave",
            "Invite",
            "Consult",
            "SetInFocus",
            "SetDisposition",
            "AttachUserData",
            "DeleteUserData",
            "UpdateUserData",
            "Complete",
            "SendMessage",
            "SendToAgents",
            "SendUrl",
            "SendStartTypingNotification",
            "SendStopTypingNotification",
        ],
        (SeatState::LeftChat, _) => &[
            "Transfer",
            "Complete",
            "Leave",
            "InFocus",
            "SetDisposition",
            "AttachUserData",
            "DeleteUserData",
            "UpdateUserData",
        ],
        (SeatState::JoinFailed, _) => {
            &["Complete", "SetDisposition", "AttachUserData", "DeleteUserData", "UpdateUserData"]
        }
        (SeatState::Completed | SeatState::Revoked, _) => &[],
    }
}

impl Chat {
    pub(super) fn participants(&self) -> impl Iterator<Item = &Participant> {
        let mut agents: Vec<&Seat> = self.seats.values().filter(|seat| seat.state == State::Chatting).collect();
        agents.sort_by_key(|seat| seat.joined);
        let customer = self.customer_in.then_some(&self.customer);
        customer.into_iter().chain(agents.into_iter().filter_map(|seat| seat.participant.as_ref()))
    }

    pub(super) fn present(&self) -> Vec<AgentName> {
        let mut in_session: Vec<_> = self.seats.iter().filter(|(_, seat)| seat.state == State::Chatting).collect();
        in_session.sort_by_key(|(_, seat)| seat.joined);
        in_session.into_iter().map(|(name, _)| name.clone()).collect()
    }

    pub(super) fn view(&self, agent: &AgentName) -> Option<ChatView> {
        let seat = self.seats.get(agent)?;
        let shown = matches!(seat.state, State::Chatting | State::LeftChat);
        Some(ChatView {
            id: self.id.clone(),
            state: seat.state,
            capabilities: capabilities(seat.state, self.present().len() > 1),
            participants: if shown { self.participants().cloned().collect() } else { Vec::new() },
            data: Arc::clone(&self.data),
            queue: Arc::clone(&self.queue),
            received: self.received,
        })
    }
}

impl Model {
    pub(super) fn request_chat(
        &mut self,
        key: CustomerKey,
        nickname: &str,
        subject: Option<String>,
        queue: Option<String>,
        mut data: UserData,
    ) -> Result<ChatId, Refusal> {
        let queue = match queue {
            Some(name) => self.queues.iter().find(|queue| queue.name == name),
            None => self.queues.first(),
        };
        let queue = queue.ok_or_else(|| Refusal::unknown("no such queue"))?.name.clone();
        if self.keys.contains_key(&key) {
            return Err(Refusal::state("this chat exists already"));
        }
        self.chats_made += 1;
        let id = ChatId::new(format!("0000Xb{:0>10}", base36(self.chats_made)));
        if let Some(subject) = subject {
            data.insert("Subject".into(), Value::String(subject));
        }
        data.entry("FirstName".into()).or_insert_with(|| Value::String(nickname.to_owned()));
        data.insert("ServiceType".into(), Value::String("default".into()));
        data.insert("RTenant".into(), Value::String("Environment".into()));
        let customer = Participant {
            id: self.participant_id(),
            nickname: nickname.into(),
            side: Side::Customer,
            visibility: Visibility::All,
        };
        let chat = Chat {
            id: id.clone(),
            key: key.clone(),
            queue: queue.as_str().into(),
            wish: Wish::Queue,
            received: self.now,
            data: Arc::new(data),
            entries: Vec::new(),
            next_index: 1,
            customer: customer.clone(),
            customer_in: true,
            live: true,
            seats: BTreeMap::new(),
            owner: None,
            waiting: None,
            declined: BTreeMap::new(),
            finished: false,
            after_work_owed: false,
        };
        self.keys.insert(key, id.clone());
        self.chats.insert(id.clone(), chat);
        self.fact(&id, FactEvent::Requested { nickname: nickname.to_owned(), queue });
        self.append(&id, customer, Visibility::All, EntryKind::Joined);
        self.enqueue(&id, Wish::Queue);
        Ok(id)
    }

    /// The chat, if its session is live and the customer is in it.
    fn live(&self, id: &ChatId) -> Result<&Chat, Refusal> {
        let chat = self.chats.get(id).ok_or_else(|| Refusal::unknown("no such chat"))?;
        if chat.live { Ok(chat) } else { Err(Refusal::state("the chat is over")) }
    }

    pub(super) fn customer_says(&mut self, id: &ChatId, text: String) -> Result<(), Refusal> {
        let customer = self.live(id)?.customer.clone();
        let index = self.append(id, customer, Visibility::All, EntryKind::Text(text.clone(), None));
        self.fact(id, FactEvent::CustomerLine { index, text });
        Ok(())
    }

    pub(super) fn customer_types(&mut self, id: &ChatId, on: bool) -> Result<(), Refusal> {
        let customer = self.live(id)?.customer.clone();
        let kind = if on { EntryKind::TypingStarted } else { EntryKind::TypingStopped };
        self.append(id, customer, Visibility::All, kind);
        Ok(())
    }

    pub(super) fn customer_leaves(&mut self, id: &ChatId) -> Result<(), Refusal> {
        let customer = self.live(id)?.customer.clone();
        if let Some(chat) = self.chats.get_mut(id) {
            chat.customer_in = false;
        }
        self.fact(id, FactEvent::CustomerLeft);
        self.append(id, customer, Visibility::All, EntryKind::Left);
        self.tell_participants(id, None);
        self.end_session(id, None, None);
        Ok(())
    }

    /// Ends the live session. The owner keeps the interaction for after-call work, everybody else is done with it, and
    /// offers are taken back.
    pub(super) fn end_session(&mut self, id: &ChatId, by: Option<&AgentName>, reference: Option<i64>) {
        let Some(chat) = self.chats.get_mut(id) else { return };
        if !chat.live {
            return;
        }
        chat.live = false;
        let owner = chat.owner.clone();
        let offered: Vec<AgentName> =
            chat.seats.iter().filter(|(_, seat)| seat.state == State::Invited).map(|(name, _)| name.clone()).collect();
        self.stop_waiting(id);
        for name in offered {
            self.settle(id, &name, State::Revoked, None);
            self.fact(id, FactEvent::Revoked { agent: name });
        }
        for name in self.present(id) {
            self.leave_entry(id, &name);
            let mine = if by == Some(&name) { reference } else { None };
            let state = if owner.as_ref() == Some(&name) { State::LeftChat } else { State::Completed };
            self.settle(id, &name, state, mine);
        }
        self.fact(id, FactEvent::SessionEnded);
        self.told.push(Notification::Customer { chat: id.clone() });
        self.finish_if_nobody_has_it(id);
    }

    /// The line that somebody went out, seen by all who are still in, and by the one who goes.
    pub(super) fn leave_entry(&mut self, id: &ChatId, name: &AgentName) {
        let participant = self.chats.get(id).and_then(|chat| chat.seats.get(name)?.participant.clone());
        if let Some(participant) = participant {
            let visibility = participant.visibility;
            self.append(id, participant, visibility, EntryKind::Left);
            self.fact(id, FactEvent::AgentLeft { agent: name.clone() });
        }
    }

    /// Appends to the transcript and shows it to everybody in the session.
    pub(super) fn append(&mut self, id: &ChatId, from: Participant, visibility: Visibility, kind: EntryKind) -> u64 {
        let now = self.now;
        let Some(chat) = self.chats.get_mut(id) else { return 0 };
        let index = chat.next_index;
        chat.next_index += 1;
        let entry = Arc::new(Entry { index, at: now, from, visibility, kind });
        chat.entries.push(Arc::clone(&entry));
        for name in chat.present() {
            self.tell(&name, None, Notice::Entries(id.clone(), vec![Arc::clone(&entry)]));
        }
        if visibility == Visibility::All {
            self.told.push(Notification::Customer { chat: id.clone() });
        }
        index
    }

    /// Puts an agent's seat into a state and tells the agent. Final states free capacity.
    pub(super) fn settle(&mut self, id: &ChatId, name: &AgentName, state: State, reference: Option<i64>) {
        let now = self.now;
        let Some(chat) = self.chats.get_mut(id) else { return };
        let Some(seat) = chat.seats.get_mut(name) else { return };
        seat.state = state;
        seat.touched = now;
        if state.is_final() {
            if let Some(due) = seat.due.take() {
                // An offer has its number in the timer, the watch over handling has not.
                self.timers.remove(&(due, Timer::Handling(id.clone(), name.clone())));
                self.timers.remove(&(due, Timer::Offer(id.clone(), name.clone(), seat.offer)));
            }
            if chat.owner.as_ref() == Some(name) {
                chat.owner = None;
            }
            if let Some(agent) = self.agents.get_mut(name) {
                agent.holds.remove(id);
                agent.idle_since = now;
            }
            self.refresh_free(name);
        }
        self.tell_view(id, name, reference, Notice::Status);
    }

    /// When the owner is out and others are in, the one who came last owns the chat.
    pub(super) fn pass_ownership(&mut self, id: &ChatId) {
        let Some(chat) = self.chats.get_mut(id) else { return };
        if chat.owner.is_some() {
            return;
        }
        let heir = chat
            .present()
            .into_iter()
            .rfind(|name| chat.seats[name].participant.as_ref().is_some_and(|who| who.visibility == Visibility::All));
        if let Some(name) = heir {
            chat.owner = Some(name.clone());
            self.fact(id, FactEvent::Owned { agent: name });
        }
    }

    pub(super) fn finish_if_nobody_has_it(&mut self, id: &ChatId) {
        let Some(chat) = self.chats.get_mut(id) else { return };
        let over = !chat.live && chat.waiting.is_none() && chat.seats.values().all(|seat| seat.state.is_final());
        if over && !chat.finished {
            chat.finished = true;
            self.finished.push_back(id.clone());
            while self.finished.len() > self.rules.finished_chats_kept {
                if let Some(old) = self.finished.pop_front()
                    && let Some(chat) = self.chats.remove(&old)
                {
                    self.keys.remove(&chat.key);
                }
            }
        }
    }

    pub(super) fn participant_id(&mut self) -> Arc<str> {
        self.participants_made += 1;
        format!("0073{:012X}", self.participants_made).into()
    }
}

fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(char::from_digit(u32::try_from(number % 36).unwrap_or(0), 36).unwrap_or('0').to_ascii_uppercase());
        number /= 36;
        if number == 0 {
            break digits.into_iter().rev().collect();
        }
    }
}
