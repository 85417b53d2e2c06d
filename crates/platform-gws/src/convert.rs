//! Words of the wire into words of the runtime.

use attendant::{EntryKind, InteractionState, PlatformError, PlatformErrorKind as Kind, UnixMillis, Visibility};
use gws::{MessageKind, Outcome, StatusCode};

/// What failed, because the same words of a server mean different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Reading changes nothing: a lost answer is no riddle.
    Read,
    /// An operation on an interaction.
    Operation,
    /// An operation that names an agent, a skill or a queue.
    Target,
}

/// An error of the client as the runtime sees it.
pub fn error(error: &gws::Error, doing: Doing) -> PlatformError {
    let kind = kind(error, doing);
    let converted = PlatformError::new(kind, error.to_string());
    match error.retry_after() {
        Some(wait) => converted.with_retry_after(wait),
        None => converted,
    }
}

fn kind(error: &gws::Error, doing: Doing) -> Kind {
    match error {
        gws::Error::Refused(refusal) => refused(refusal.code, refusal.http, doing),
        gws::Error::Unauthenticated { .. } | gws::Error::CsrfRefused => Kind::NotAllowed,
        gws::Error::MessageTooLong { .. } | gws::Error::Config(_) => Kind::Invalid,
        gws::Error::Unsupported { .. } => Kind::Unsupported,
        gws::Error::PartialStart(_) if !error.is_retryable() => Kind::NotAllowed,
        gws::Error::Notifications(_) if error.code() == Some(StatusCode::AccessDenied) => Kind::NotAllowed,
        _ if error.outcome() == Outcome::Unknown && doing != Doing::Read => Kind::Unknown,
        _ if error.is_retryable() => Kind::Unavailable,
        gws::Error::Http { http: 404, .. } => Kind::NotFound,
        _ => Kind::Protocol,
    }
}

/// A refusal, of an answer or of a later notification.
pub fn refused(code: Option<StatusCode>, http: u16, doing: Doing) -> Kind {
    use StatusCode as Code;
    match code {
        Some(Code::Internal | Code::Partial) => Kind::Unavailable,
        Some(Code::Unfinished) if doing == Doing::Read => Kind::Unavailable,
        Some(Code::Unfinished) => Kind::Unknown,
        Some(Code::NoPermission | Code::PasswordChange | Code::AccessDenied) => Kind::NotAllowed,
        Some(Code::NotFound) if doing == Doing::Target => Kind::UnknownTarget,
        // The dialect without codes: for an invitation its one reason is that the agent does not come.
        None if doing == Doing::Target => Kind::NoTarget,
        Some(Code::NotFound | Code::NotRetrieved) => Kind::NotFound,
        Some(Code::MissingParameter | Code::Invalid) => Kind::Invalid,
        None if http >= 500 => Kind::Unavailable,
        _ => Kind::WrongState,
    }
}

pub fn state(state: Option<&gws::InteractionState>) -> InteractionState {
    use gws::InteractionState as Wire;
    match state {
        Some(Wire::Invited) => InteractionState::Invited,
        Some(Wire::Chatting) => InteractionState::Chatting,
        Some(Wire::LeftChat) => InteractionState::LeftChat,
        Some(Wire::Completed) => InteractionState::Completed,
        Some(Wire::Revoked) => InteractionState::Revoked,
        Some(Wire::JoinFailed) => InteractionState::JoinFailed,
        Some(Wire::Other(word)) => InteractionState::Other(word.clone()),
        Some(other) => InteractionState::Other(format!("{other:?}")),
        None => InteractionState::Other(String::new()),
    }
}

pub fn visibility(visibility: gws::Visibility) -> Visibility {
    match visibility {
        gws::Visibility::All => Visibility::All,
        gws::Visibility::Agents => Visibility::Agents,
    }
}

pub fn kind_of(message: &gws::Message) -> EntryKind {
    let content = || message.content().to_owned();
    match &message.kind {
        MessageKind::Text => EntryKind::Text(content()),
        MessageKind::ParticipantJoined | MessageKind::ParticipantRejoined => EntryKind::Joined,
        MessageKind::ParticipantLeft => EntryKind::Left,
        MessageKind::TypingStarted => EntryKind::TypingStarted,
        MessageKind::TypingStopped => EntryKind::TypingStopped,
        MessageKind::PushUrl => EntryKind::Url(content()),
        MessageKind::Notice | MessageKind::CustomNotice => EntryKind::Notice(content()),
        MessageKind::Other(word) => EntryKind::Other(word.clone()),
        other => EntryKind::Other(format!("{other:?}")),
    }
}

pub fn at(message: &gws::Message) -> Option<UnixMillis> {
    message.at_millis.map(UnixMillis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: i64) -> gws::Error {
        let code = Some(StatusCode::from_number(code));
        gws::Error::Refused(gws::Refusal { code, message: "words".into(), http: 200, retry_after: None })
    }

    #[test]
    fn codes_become_what_the_runtime_acts_on() {
        for (code, expected) in [
            (1, Kind::Invalid),
            (2, Kind::WrongState),
            (3, Kind::WrongState),
            (4, Kind::Unavailable),
            (5, Kind::NotAllowed),
            (6, Kind::NotFound),
            (7, Kind::Unavailable),
            (9, Kind::Unknown),
            (10, Kind::Invalid),
            (20, Kind::NotAllowed),
            (99, Kind::WrongState),
        ] {
            assert_eq!(error(&refusal(code), Doing::Operation).kind(), expected, "{code}");
        }
        assert_eq!(error(&refusal(6), Doing::Target).kind(), Kind::UnknownTarget);
    }

    #[test]
    fn a_lost_answer_is_a_riddle_for_an_operation_only() {
        let lost = gws::Error::AnswerLost("x".into());
        assert_eq!(error(&lost, Doing::Operation).kind(), Kind::Unknown);
        assert_eq!(error(&lost, Doing::Read).kind(), Kind::Unavailable);
        let page = gws::Error::NotJson { http: 200, content_type: "text/html".into() };
        assert_eq!(error(&page, Doing::Operation).kind(), Kind::Unknown);
        assert_eq!(error(&page, Doing::Read).kind(), Kind::Protocol);
        let busy = gws::Error::Http { http: 503, retry_after: Some(std::time::Duration::from_secs(2)) };
        assert!(error(&busy, Doing::Operation).is_retryable());
        assert_eq!(error(&busy, Doing::Operation).retry_after(), Some(std::time::Duration::from_secs(2)));
    }
}
