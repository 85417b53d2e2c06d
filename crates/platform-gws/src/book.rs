//! What is known about the chats of one login: pictures made whole, and who is who. No I/O.

use std::collections::{BTreeMap, VecDeque};

use attendant::{AgentId, AttachedData, Entry, Interaction, InteractionId, Participant, ParticipantId, Role};
use gws::{AgentNaming, InteractionState as State, ParticipantType, User};

use crate::convert;

/// Finished chats that are remembered, because late entries of them still need their people.
const REMEMBERED: usize = 256;

/// The chats of one login.
#[derive(Debug, Default)]
pub struct Book {
    me: Option<User>,
    /// What the server calls an agent; `None`: the id of the user.
    naming: Option<AgentNaming>,
    chats: BTreeMap<String, Chat>,
    finished: VecDeque<String>,
}

#[derive(Debug, Default)]
struct Chat {
    picture: gws::Interaction,
    /// Participants by their id: whether it is this login. A participant who has left stays known.
    people: BTreeMap<String, bool>,
    /// The first index that was ever seen.
    lowest: Option<u64>,
    disposition: Option<String>,
}

/// How sure a picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Pushed: may come twice or late.
    Notification,
    /// Read on request.
    Read,
}

impl Book {
    pub fn new(me: User, naming: Option<AgentNaming>) -> Self {
        Self { me: Some(me), naming, ..Self::default() }
    }

    /// This login as the server names agents.
    pub fn own_agent(&self) -> String {
        let naming = self.naming.unwrap_or(AgentNaming::Id);
        self.me.as_ref().map(|me| me.agent_id(naming).to_owned()).unwrap_or_default()
    }

    pub fn me(&self) -> Option<&User> {
        self.me.as_ref()
    }

    /// Takes a picture or a part of one over and gives the whole.
    pub fn merge(&mut self, mut later: gws::Interaction, source: Source) -> Interaction {
        let id = later.id.clone();
        self.learn(&id, later.participants.iter().flatten());
        let chat = self.chats.entry(id.clone()).or_default();
        if !follows(chat.picture.state.as_ref(), later.state.as_ref(), source) {
            // Late or twice: its state is history, and so are the people of that time.
            later.state = None;
            later.participants = None;
            later.capabilities = None;
        }
        let returned = later.state == Some(State::Invited) && is_final(chat.picture.state.as_ref());
        if returned {
            *chat = Chat { people: std::mem::take(&mut chat.people), lowest: chat.lowest, ..Chat::default() };
        }
        chat.picture.id.clone_from(&id);
        chat.picture.merge(later);
        if is_final(chat.picture.state.as_ref()) {
            self.finish(&id);
        } else {
            self.finished.retain(|other| *other != id);
        }
        self.whole(&id)
    }

    fn finish(&mut self, id: &str) {
        if self.finished.iter().any(|other| other == id) {
            return;
        }
        self.finished.push_back(id.to_owned());
        if self.finished.len() > REMEMBERED
            && let Some(oldest) = self.finished.pop_front()
        {
            self.chats.remove(&oldest);
        }
    }

    fn whole(&self, id: &str) -> Interaction {
        let chat = self.chats.get(id);
        let picture = chat.map(|chat| &chat.picture);
        let people = picture.and_then(|picture| picture.participants.as_deref()).unwrap_or_default();
        Interaction {
            id: InteractionId::new(id),
            state: convert::state(picture.and_then(|picture| picture.state.as_ref())),
            participants: people.iter().map(|one| self.participant(id, one)).collect(),
            data: AttachedData(picture.and_then(|picture| picture.user_data.clone()).unwrap_or_default().0),
        }
    }

    /// Who is who: whatever names a user is remembered for its participant id.
    fn learn<'a>(&mut self, id: &str, people: impl Iterator<Item = &'a gws::Participant>) {
        for one in people {
            if let (Some(user), Some(ParticipantType::Agent)) = (one.user(), &one.kind) {
                let me = self.is_me(user);
                self.chats.entry(id.to_owned()).or_default().people.insert(one.participant_id.clone(), me);
            }
        }
    }

    fn is_me(&self, user: &str) -> bool {
        self.me.as_ref().is_some_and(|me| {
            let names = [me.id.as_str(), me.user_name.as_str(), me.employee_id.as_deref().unwrap_or_default()];
            names.iter().any(|name| !name.is_empty() && *name == user)
        })
    }

    /// Whether an agent among them could be this login, and nothing known tells.
    pub fn has_strangers<'a>(&self, id: &str, people: impl IntoIterator<Item = &'a gws::Participant>) -> bool {
        people.into_iter().any(|one| one.kind == Some(ParticipantType::Agent) && self.known(id, one).is_none())
    }

    fn known(&self, id: &str, one: &gws::Participant) -> Option<bool> {
        if let Some(user) = one.user() {
            return Some(self.is_me(user));
        }
        let chat = self.chats.get(id)?;
        if let Some(me) = chat.people.get(&one.participant_id) {
            return Some(*me);
        }
        // A server that does not name users: the only agent in a chat that this login has accepted is this login.
        let people = chat.picture.participants.as_deref().unwrap_or_default();
        let mut agents = people.iter().filter(|other| other.kind == Some(ParticipantType::Agent));
        let sole = agents.next().filter(|only| only.participant_id == one.participant_id && agents.next().is_none());
        (chat.picture.state == Some(State::Chatting) && sole.is_some()).then_some(true)
    }

    fn participant(&self, id: &str, one: &gws::Participant) -> Participant {
        let role = match &one.kind {
            Some(ParticipantType::Customer) => Role::Customer,
            Some(ParticipantType::Agent) if self.known(id, one) == Some(true) => Role::Me,
            Some(ParticipantType::Agent) => Role::Agent,
            Some(ParticipantType::Supervisor) => Role::Supervisor,
            Some(ParticipantType::System) => Role::System,
            Some(ParticipantType::Other(word)) => Role::Other(word.clone()),
            _ => Role::Other(String::new()),
        };
        let agent = match (&role, one.user()) {
            (Role::Me, _) => Some(AgentId::new(self.own_agent())),
            (Role::Agent | Role::Supervisor, Some(user)) if matches!(self.naming, None | Some(AgentNaming::Id)) => {
                Some(AgentId::new(user))
            }
            _ => None,
        };
        Participant { id: ParticipantId::new(one.participant_id.as_str()), role, nickname: one.nickname.clone(), agent }
    }

    /// Entries of a transcript. Those without an index cannot be placed and are left out.
    pub fn entries(&mut self, id: &str, messages: &[gws::Message]) -> Vec<Entry> {
        self.learn(id, messages.iter().filter_map(|message| message.from.as_ref()));
        let lowest = messages.iter().filter_map(gws::Message::index).min();
        if let (Some(lowest), Some(chat)) = (lowest, self.chats.get_mut(id)) {
            chat.lowest = Some(chat.lowest.map_or(lowest, |known| known.min(lowest)));
        }
        let mut nobody = gws::Participant::default();
        nobody.kind = Some(ParticipantType::System);
        let entry = |message: &gws::Message| {
            let Some(index) = message.index() else {
                tracing::warn!(chat.id = id, "an entry without an index is left out");
                return None;
            };
            Some(Entry {
                index,
                from: self.participant(id, message.from.as_ref().unwrap_or(&nobody)),
                visibility: convert::visibility(message.visibility),
                at: convert::at(message),
                kind: convert::kind_of(message),
            })
        };
        messages.iter().filter_map(entry).collect()
    }

    /// The first index that was ever seen of a chat.
    pub fn lowest(&self, id: &str) -> Option<u64> {
        self.chats.get(id)?.lowest
    }

    /// Whether a chat has a piece of attached data.
    pub fn has_data(&self, id: &str, key: &str) -> bool {
        let data = self.chats.get(id).and_then(|chat| chat.picture.user_data.as_ref());
        data.is_some_and(|data| data.0.contains_key(key))
    }

    /// Keeps a disposition for Complete.
    pub fn set_disposition(&mut self, id: &str, code: String) {
        self.chats.entry(id.to_owned()).or_default().disposition = Some(code);
    }

    /// The disposition that was kept.
    pub fn disposition(&self, id: &str) -> Option<String> {
        self.chats.get(id)?.disposition.clone()
    }
}

fn is_final(state: Option<&State>) -> bool {
    matches!(state, Some(State::Completed | State::Revoked))
}

/// Whether a state can come after another. States only go forward; a finished chat may be offered again.
fn follows(now: Option<&State>, later: Option<&State>, source: Source) -> bool {
    fn rank(state: &State) -> Option<u8> {
        Some(match state {
            State::Invited => 0,
            State::Chatting | State::JoinFailed => 1,
            State::LeftChat => 2,
            State::Completed | State::Revoked => 3,
            _ => return None,
        })
    }
    let (Some(now), Some(later)) = (now, later) else { return true };
    if is_final(Some(now)) && (*later == State::Invited || source == Source::Read) {
        return true;
    }
    match (rank(now), rank(later)) {
        (Some(now), Some(later)) => later >= now,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use attendant::InteractionState;
    use serde_json::{Value, json};

    use super::*;

    fn book() -> Book {
        let me = json!({ "id": "u-bot", "userName": "bot-01", "employeeId": "E1" });
        Book::new(serde_json::from_value(me).unwrap(), Some(AgentNaming::UserName))
    }

    fn told(book: &mut Book, chat: Value) -> Interaction {
        book.merge(serde_json::from_value(chat).unwrap(), Source::Notification)
    }

    fn heard(book: &mut Book, messages: Value) -> Vec<Entry> {
        book.entries("A1", &serde_json::from_value::<Vec<gws::Message>>(messages).unwrap())
    }

    #[test]
    fn parts_become_a_whole_and_missing_user_data_stays() {
        let mut book = book();
        told(&mut book, json!({ "id": "A1", "state": "Invited", "userData": { "Subject": "x" } }));
        let whole =
            told(&mut book, json!({ "id": "A1", "participants": [{ "type": "Customer", "participantId": "1" }] }));
        assert_eq!(whole.state, InteractionState::Invited);
        assert_eq!(whole.data.get("Subject"), Some("x"));
        assert_eq!(whole.participants[0].role, Role::Customer);
    }

    #[test]
    fn i_am_told_by_ids_and_never_by_nickname() {
        let mut book = book();
        let whole = told(
            &mut book,
            json!({ "id": "A1", "state": "Chatting", "participants": [
            { "type": "Agent", "nickname": "Robo", "participantId": "7", "path": "/users/u-other" },
            { "type": "Agent", "nickname": "Robo", "participantId": "8", "uri": "http://x/api/v2/users/u-bot" },
        ] }),
        );
        let roles: Vec<&Role> = whole.participants.iter().map(|one| &one.role).collect();
        assert_eq!(roles, [&Role::Agent, &Role::Me]);
        assert_eq!(whole.participants[1].agent, Some(AgentId::new("bot-01")));
        let entries = heard(
            &mut book,
            json!([
                { "index": 1, "type": "Text", "text": "a", "from": { "type": "Agent", "nickname": "Robo", "participantId": "7" } },
                { "index": 2, "type": "Text", "text": "b", "from": { "type": "Agent", "nickname": "Robo", "participantId": "8" } },
            ]),
        );
        assert_eq!((&entries[0].from.role, &entries[1].from.role), (&Role::Agent, &Role::Me));
    }

    #[test]
    fn where_no_user_is_named_the_sole_agent_of_an_accepted_chat_is_me_and_nobody_else_is() {
        let mut book = book();
        let agent = |id: &str| json!({ "type": "Agent", "nickname": "Robo", "participantId": id });
        let people = [serde_json::from_value::<gws::Participant>(agent("8")).unwrap()];
        told(&mut book, json!({ "id": "A1", "state": "Invited" }));
        assert!(book.has_strangers("A1", &people));
        told(&mut book, json!({ "id": "A1", "state": "Chatting", "participants": [agent("8")] }));
        assert!(!book.has_strangers("A1", &people));
        let whole = told(&mut book, json!({ "id": "A1", "participants": [agent("8"), agent("9")] }));
        assert_eq!(whole.participants[1].role, Role::Agent);
    }

    #[test]
    fn a_late_or_repeated_state_does_not_take_a_chat_back() {
        let mut book = book();
        let state = |book: &mut Book, state: &str| told(book, json!({ "id": "A1", "state": state })).state;
        assert_eq!(state(&mut book, "Invited"), InteractionState::Invited);
        assert_eq!(state(&mut book, "Chatting"), InteractionState::Chatting);
        assert_eq!(state(&mut book, "Invited"), InteractionState::Chatting);
        assert_eq!(state(&mut book, "LeftChat"), InteractionState::LeftChat);
        assert_eq!(state(&mut book, "Chatting"), InteractionState::LeftChat);
        assert_eq!(state(&mut book, "Completed"), InteractionState::Completed);
        assert_eq!(state(&mut book, "LeftChat"), InteractionState::Completed);
        // Transferred away and back again.
        assert_eq!(state(&mut book, "Invited"), InteractionState::Invited);
        assert_eq!(state(&mut book, "Chatting"), InteractionState::Chatting);
    }

    #[test]
    fn finished_chats_are_forgotten_in_the_end() {
        let mut book = book();
        for number in 0..REMEMBERED + 10 {
            told(&mut book, json!({ "id": format!("A{number}"), "state": "Completed" }));
        }
        assert_eq!(book.chats.len(), REMEMBERED);
    }

    #[test]
    fn entries_keep_gaps_and_what_has_no_index_is_left_out() {
        let mut book = book();
        told(&mut book, json!({ "id": "A1", "state": "Chatting" }));
        let entries = heard(
            &mut book,
            json!([
                { "index": 5, "type": "Text", "text": "x", "visibility": "Agents" },
                { "type": "Text", "text": "nowhere" },
                { "index": 3, "type": "Hologram" },
            ]),
        );
        assert_eq!(entries.iter().map(|entry| entry.index).collect::<Vec<_>>(), [5, 3]);
        assert_eq!(entries[0].visibility, attendant::Visibility::Agents);
        assert_eq!(book.lowest("A1"), Some(3));
    }
}
