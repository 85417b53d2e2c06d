//! One chat as a platform keeps it, in memory: for rehearsals and for scripted platforms. Deliberately plain; the real
//! behaviour of a contact centre, with routing and faults, is the simulator's.

use std::collections::BTreeMap;

use crate::{
    AgentId, AttachedData, Entry, EntryKind, Interaction, InteractionId, InteractionState, Operation, Participant,
    ParticipantId, PlatformError, PlatformErrorKind, Receipt, Role, UnixMillis, Visibility,
};

/// One chat, and what it has to tell.
#[derive(Debug, Clone)]
pub struct Room {
    pub interaction: Interaction,
    pub entries: Vec<Entry>,
    /// Dispositions that were set.
    pub disposition: Option<String>,
    participants_so_far: u32,
    /// Entries that nobody was told of yet.
    told: usize,
    changed: bool,
}

impl Room {
    pub fn new(id: InteractionId, customer: &str, data: AttachedData, now: UnixMillis) -> Self {
        let interaction = Interaction { id, state: InteractionState::Invited, participants: Vec::new(), data };
        let mut room = Self {
            interaction,
            entries: Vec::new(),
            disposition: None,
            participants_so_far: 0,
            told: 0,
            changed: true,
        };
        room.join(Role::Customer, customer, now);
        room
    }

    /// What has changed since the last call.
    pub fn news(&mut self) -> (Option<Interaction>, Vec<Entry>) {
        let entries = match self.interaction.state {
            InteractionState::Invited => Vec::new(), // the history comes with the accepted chat
            _ => self.entries[std::mem::replace(&mut self.told, self.entries.len())..].to_vec(),
        };
        (std::mem::take(&mut self.changed).then(|| self.interaction.clone()), entries)
    }

    pub fn set_state(&mut self, state: InteractionState) {
        self.interaction.state = state;
        self.changed = true;
    }

    pub fn join(&mut self, role: Role, nickname: &str, now: UnixMillis) -> ParticipantId {
        self.participants_so_far += 1;
        let id = ParticipantId::from(format!("{nickname}-{}", self.participants_so_far));
        let agent = (role == Role::Agent).then(|| AgentId::from(nickname));
        let who = Participant { id: id.clone(), role, nickname: nickname.to_owned(), agent };
        self.interaction.participants.push(who.clone());
        self.changed = true;
        self.enter(who, Visibility::All, EntryKind::Joined, now);
        id
    }

    pub fn leave(&mut self, id: &ParticipantId, now: UnixMillis) {
        if let Some(place) = self.interaction.participants.iter().position(|who| who.id == *id) {
            let who = self.interaction.participants.remove(place);
            self.changed = true;
            self.enter(who, Visibility::All, EntryKind::Left, now);
        }
    }

    /// Somebody who is in does something. Nothing happens if they are not.
    pub fn act(&mut self, id: &ParticipantId, visibility: Visibility, kind: EntryKind, now: UnixMillis) {
        if let Some(who) = self.interaction.participants.iter().find(|who| who.id == *id).cloned() {
            self.enter(who, visibility, kind, now);
        }
    }

    pub fn somebody(&self, role: &Role) -> Option<ParticipantId> {
        self.interaction.participants.iter().find(|who| who.role == *role).map(|who| who.id.clone())
    }

    fn enter(&mut self, from: Participant, visibility: Visibility, kind: EntryKind, now: UnixMillis) {
        let index = self.entries.len() as u64 + 1;
        self.entries.push(Entry { index, from, visibility, at: Some(now), kind });
    }

    /// Does what the login asks for. Transfers and invitations are taken, and nothing comes of them by itself.
    pub fn perform(
        &mut self,
        operation: &Operation,
        nickname: &str,
        now: UnixMillis,
    ) -> Result<Receipt, PlatformError> {
        let state = self.interaction.state.clone();
        let chatting = state == InteractionState::Chatting;
        let allowed = match operation {
            Operation::Accept { .. } | Operation::Reject => state == InteractionState::Invited,
            Operation::SetDisposition(_) | Operation::Attach(_) | Operation::Complete => !state.is_final(),
            _ => chatting,
        };
        if !allowed {
            return Err(PlatformError::new(PlatformErrorKind::WrongState, format!("the interaction is {state:?}")));
        }
        let me = self.somebody(&Role::Me);
        match (operation, me) {
            (Operation::Accept { .. }, _) => {
                self.join(Role::Me, nickname, now);
                self.set_state(InteractionState::Chatting);
            }
            (Operation::Reject | Operation::Complete, _) => self.set_state(InteractionState::Completed),
            (Operation::Say { text, visibility }, Some(me)) => {
                self.act(&me, *visibility, EntryKind::Text(text.clone()), now);
            }
            (Operation::TypingStart, Some(me)) => self.act(&me, Visibility::All, EntryKind::TypingStarted, now),
            (Operation::TypingStop, Some(me)) => self.act(&me, Visibility::All, EntryKind::TypingStopped, now),
            (Operation::LeaveConference, Some(me)) => {
                self.leave(&me, now);
                self.set_state(InteractionState::Completed);
            }
            (Operation::EndSession, Some(me)) => {
                self.leave(&me, now);
                self.set_state(InteractionState::LeftChat);
            }
            (Operation::SetDisposition(code), _) => self.disposition = Some(code.clone()),
            (Operation::Attach(pairs), _) => self.attach(pairs),
            _ => {}
        }
        Ok(Receipt::default())
    }

    fn attach(&mut self, pairs: &BTreeMap<String, String>) {
        self.interaction.data.0.extend(pairs.clone());
        self.changed = true;
    }
}
