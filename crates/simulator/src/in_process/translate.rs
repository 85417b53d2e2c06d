//! From the model's words to the runtime's.

use attendant::{
    AgentId, AttachedData, Entry, EntryKind, Interaction, InteractionId, InteractionState, LoginId, Participant,
    ParticipantId, PlatformError, PlatformErrorKind, PlatformEvent, Presence, Role, UnixMillis, Visibility,
};
use serde_json::Value;

use crate::model::{self, Absent, AgentName, ChatView, Notice, Refusal, SeatState, Side};

/// What an agent is told, as an event. A presence of somebody without a session is none.
pub(super) fn event(notice: &Notice, reference: Option<i64>, me: &AgentName) -> Option<PlatformEvent> {
    Some(match notice {
        Notice::Status(view) | Notice::Participants(view) | Notice::Properties(view) => {
            PlatformEvent::Interaction(interaction(view, me))
        }
        Notice::Failed(view, refusal) => PlatformEvent::OperationFailed {
            interaction: Some(id(view)),
            reference,
            // What is taken and then fails is the search for somebody.
            error: PlatformError::new(
                match refusal.absent {
                    Some(Absent::Busy) => PlatformErrorKind::Busy,
                    Some(Absent::Away) => PlatformErrorKind::NobodySignedIn,
                    None => PlatformErrorKind::NoTarget,
                },
                refusal.message.clone(),
            ),
        },
        Notice::Entries(chat, entries) => PlatformEvent::Entries {
            interaction: InteractionId::new(chat.as_str()),
            entries: entries.iter().map(|line| entry(line, me)).collect(),
        },
        Notice::Presence { presence, do_not_disturb } => match (presence, do_not_disturb) {
            (model::Presence::Ready, false) => PlatformEvent::Presence(Presence::Ready),
            (model::Presence::Ready, true) | (model::Presence::NotReady, _) => {
                PlatformEvent::Presence(Presence::NotReady)
            }
            (model::Presence::LoggedOut, _) => return None,
        },
    })
}

fn id(view: &ChatView) -> InteractionId {
    InteractionId::new(view.id.as_str())
}

/// An interaction as a login sees it.
pub(super) fn interaction(view: &ChatView, me: &AgentName) -> Interaction {
    let state = match view.state {
        SeatState::Invited => InteractionState::Invited,
        SeatState::Chatting => InteractionState::Chatting,
        SeatState::LeftChat => InteractionState::LeftChat,
        SeatState::Completed => InteractionState::Completed,
        SeatState::Revoked => InteractionState::Revoked,
        SeatState::JoinFailed => InteractionState::JoinFailed,
    };
    let data = view.data.iter().filter_map(|(key, value)| match value {
        Value::Null => None,
        Value::String(text) => Some((key.clone(), text.clone())),
        other => Some((key.clone(), other.to_string())),
    });
    Interaction {
        id: id(view),
        state,
        participants: view.participants.iter().map(|who| participant(who, me)).collect(),
        data: data.collect::<AttachedData>(),
    }
}

fn participant(who: &model::Participant, me: &AgentName) -> Participant {
    let (role, agent) = match &who.side {
        Side::Customer => (Role::Customer, None),
        Side::Agent(name) if name == me => (Role::Me, Some(AgentId::new(name.as_str()))),
        Side::Agent(name) => (Role::Agent, Some(AgentId::new(name.as_str()))),
    };
    Participant { id: ParticipantId::new(&*who.id), role, nickname: who.nickname.to_string(), agent }
}

/// A transcript entry as a login sees it.
pub(super) fn entry(line: &model::Entry, me: &AgentName) -> Entry {
    let kind = match &line.kind {
        model::EntryKind::Text(text, _) => EntryKind::Text(text.clone()),
        model::EntryKind::Joined => EntryKind::Joined,
        model::EntryKind::Left => EntryKind::Left,
        model::EntryKind::TypingStarted => EntryKind::TypingStarted,
        model::EntryKind::TypingStopped => EntryKind::TypingStopped,
        model::EntryKind::Url(url) => EntryKind::Url(url.clone()),
        model::EntryKind::Notice(text) => EntryKind::Notice(text.clone()),
        model::EntryKind::CustomNotice(_) => EntryKind::Other("CustomNotice".into()),
        model::EntryKind::Nickname(_) => EntryKind::Other("NicknameUpdated".into()),
    };
    Entry {
        index: line.index,
        from: participant(&line.from, me),
        visibility: match line.visibility {
            model::Visibility::All => Visibility::All,
            model::Visibility::Agents => Visibility::Agents,
        },
        at: Some(UnixMillis(i64::try_from(line.at.0).unwrap_or(i64::MAX))),
        kind,
    }
}

/// What a refusal means to the runtime. A target that is not there is not an interaction that is not there.
pub(super) fn refused(refusal: &Refusal, aimed: bool) -> PlatformError {
    let kind = match refusal.code {
        Refusal::STATE => PlatformErrorKind::WrongState,
        Refusal::UNKNOWN if aimed => PlatformErrorKind::UnknownTarget,
        Refusal::UNKNOWN => PlatformErrorKind::NotFound,
        Refusal::PERMISSION | 20 => PlatformErrorKind::NotAllowed,
        3 => PlatformErrorKind::Unsupported,
        Refusal::MISSING | 10 => PlatformErrorKind::Invalid,
        _ => PlatformErrorKind::Unknown,
    };
    PlatformError::new(kind, refusal.message.clone())
}

/// The login of an agent.
pub(super) fn login(agent: &AgentName) -> LoginId {
    LoginId::new(agent.as_str())
}
