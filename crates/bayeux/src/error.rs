//! What can go wrong: errors of calls, failures of transports, and refusals of servers, each told apart by kind.

use std::fmt;
use std::time::Duration;

/// Why a call failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The client cannot be built from what was given.
    #[error("invalid configuration: {0}")]
    Config(String),
    /// A channel that must not be used so.
    #[error("channel {channel:?} {why}")]
    Channel {
        /// The name as given.
        channel: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The data does not become JSON.
    #[error("the data does not become JSON: {0}")]
    Data(String),
    /// A message is larger than [`Options::max_send_size`](crate::Options::max_send_size).
    #[error("the message has {size} bytes, the limit is {limit}")]
    TooLarge {
        /// Bytes of the encoded message.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// The server answered, and the answer is no.
    #[error("the server refused: {0}")]
    Refused(Refusal),
    /// The connection failed under the call.
    #[error("{0}")]
    Transport(Failure),
    /// The server does not accept the credentials (HTTP 401 or 403), also after they were renewed.
    #[error("the server does not accept the credentials (HTTP {0})")]
    Unauthorized(u16),
    /// The authenticator gave up.
    #[error("no credentials: {0}")]
    Credentials(String),
    /// Client and server have no transport in common.
    #[error("no transport in common: the server offers {offered:?}")]
    NoTransport {
        /// What the server listed.
        offered: Vec<String>,
    },
    /// The session is up or coming up already.
    #[error("the session is already open")]
    AlreadyOpen,
    /// The session is not open, and the caller asked not to wait for it.
    #[error("the session is not connected")]
    NotConnected,
    /// The session was closed on this side.
    #[error("the session was closed")]
    Closed,
    /// The server ended the session.
    #[error("the server closed the session")]
    ClosedByServer,
    /// The client was dropped.
    #[error("the client is gone")]
    Gone,
    /// Too many messages wait to be sent.
    #[error("the outbox is full ({limit} messages)")]
    OutboxFull {
        /// The limit.
        limit: usize,
    },
    /// The message's own deadline or number of attempts is used up.
    #[error("the message expired before it was answered")]
    Expired,
    /// No answer to a remote call in time. Its code is `406`.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// An extension took the message out. Its code is `404`.
    #[error("an extension dropped the message")]
    Dropped,
}

impl Error {
    /// Whether the same call may work later, with nothing changed on this side.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Transport(failure) => failure.kind.is_retryable(),
            Self::NotConnected | Self::OutboxFull { .. } | Self::Timeout(_) | Self::Expired => true,
            Self::Refused(refusal) => matches!(refusal.code, Some(402 | 408 | 500..)),
            _ => false,
        }
    }

    /// The Bayeux error code, of the server or of the client, where there is one.
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => refusal.code,
            Self::NoTransport { .. } => Some(405),
            Self::Dropped => Some(404),
            Self::Timeout(_) => Some(406),
            _ => None,
        }
    }
}

/// What became of a message that has no good answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PublishError {
    /// The server certainly did not take it: it was never sent, or the server refused it.
    #[error("not delivered: {0}")]
    NotDelivered(Error),
    /// It was sent, and the answer got lost: the server may have taken it or not.
    #[error("sent, but the answer is unknown: {0}")]
    Unknown(Error),
}

impl PublishError {
    /// The reason, whatever became of the message.
    pub fn reason(&self) -> &Error {
        match self {
            Self::NotDelivered(error) | Self::Unknown(error) => error,
        }
    }

    /// Whether the message may have arrived all the same.
    pub fn may_have_arrived(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }
}

/// An `error` field: `code:args:text`, or free text.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Refusal {
    /// `402` in `402::session_unknown`.
    pub code: Option<u16>,
    /// `id` in `401:id:Unknown client`.
    pub args: String,
    /// The words.
    pub text: String,
}

impl Refusal {
    /// Reads an `error` field. Free text becomes `text`.
    pub fn parse(error: &str) -> Self {
        let mut parts = error.splitn(3, ':');
        if let (Some(code), Some(args), Some(text)) = (parts.next(), parts.next(), parts.next())
            && code.len() == 3
            && let Ok(code) = code.parse()
        {
            return Self { code: Some(code), args: args.to_owned(), text: text.to_owned() };
        }
        Self { code: None, args: String::new(), text: error.to_owned() }
    }

    /// The server does not know the session (any more).
    pub fn is_unknown_session(&self) -> bool {
        match self.code {
            Some(402) => true,
            Some(401 | 403) => self.text.to_ascii_lowercase().contains("unknown client"),
            _ => false,
        }
    }
}

impl fmt::Debug for Refusal {
    /// Without the arguments, for the reason given at `Display`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Refusal").field("code", &self.code).field("text", &self.text).finish_non_exhaustive()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The arguments are left out: Faye puts the client id there, which is as good as a key.
        match self.code {
            Some(code) => write!(formatter, "{code} {}", self.text),
            None if self.text.is_empty() => formatter.write_str("no reason given"),
            None => formatter.write_str(&self.text),
        }
    }
}

/// How a transport failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What it was.
    pub kind: FailureKind,
    /// Whether some of the request may have reached the server.
    pub maybe_sent: bool,
    /// Words for a person. Never a URL, a header or a body.
    pub detail: String,
}

impl Failure {
    /// A failure after the request may have left.
    pub fn sent(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self { kind, maybe_sent: true, detail: detail.into() }
    }

    /// A failure before anything left.
    pub fn unsent(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self { kind, maybe_sent: false, detail: detail.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.detail.is_empty() {
            write!(formatter, "{}", self.kind)
        } else {
            write!(formatter, "{}: {}", self.kind, self.detail)
        }
    }
}

/// The kinds of failure that a caller may want to tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// The host name does not resolve.
    Dns,
    /// Nobody listens there, or there is no way.
    Refused,
    /// The TLS handshake failed.
    Tls,
    /// No connection, or no answer, in time.
    Timeout,
    /// The connection broke.
    Broken,
    /// An HTTP status that is no answer.
    Status(u16),
    /// A redirect to another origin, or too many.
    Redirect,
    /// The server does not upgrade to a WebSocket (with the status it gave).
    Upgrade(u16),
    /// The answer is no Bayeux message: HTML, cut short, not JSON, a binary frame.
    BadBody,
    /// The answer is larger than [`Options::max_receive_size`](crate::Options::max_receive_size).
    TooLarge,
    /// The answer came, without a reply to this message.
    NoReply,
    /// The transport cannot be used with this address or this client.
    Unusable,
}

impl FailureKind {
    fn is_retryable(self) -> bool {
        !matches!(self, Self::Status(400..=499) | Self::Redirect | Self::Upgrade(_) | Self::Unusable)
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns => formatter.write_str("the host name does not resolve"),
            Self::Refused => formatter.write_str("the connection was refused"),
            Self::Tls => formatter.write_str("the TLS handshake failed"),
            Self::Timeout => formatter.write_str("no answer in time"),
            Self::Broken => formatter.write_str("the connection broke"),
            Self::Status(status) => write!(formatter, "HTTP status {status}"),
            Self::Redirect => formatter.write_str("a redirect that is not followed"),
            Self::Upgrade(status) => write!(formatter, "no WebSocket there (HTTP {status})"),
            Self::BadBody => formatter.write_str("the answer is no Bayeux message"),
            Self::TooLarge => formatter.write_str("the answer is too large"),
            Self::NoReply => formatter.write_str("the answer has no reply to this message"),
            Self::Unusable => formatter.write_str("the transport cannot be used"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// MF14
    #[test]
    fn errors_are_read_as_code_args_text_with_free_text_as_the_other_way() {
        let java = Refusal::parse("402::session_unknown");
        assert_eq!((java.code, java.args.as_str(), java.text.as_str()), (Some(402), "", "session_unknown"));
        let faye = Refusal::parse("401:abc123:Unknown client");
        assert_eq!((faye.code, faye.args.as_str()), (Some(401), "abc123"));
        assert!(faye.is_unknown_session() && java.is_unknown_session());
        assert!(!faye.to_string().contains("abc123"));
        assert_eq!(Refusal::parse("405:a,b:with: a colon").text, "with: a colon");
        for free in ["no", "", "12:34:56", "a:b:c", "::", "99999::x"] {
            assert_eq!(Refusal::parse(free), Refusal { code: None, args: String::new(), text: free.to_owned() });
        }
        assert!(!Refusal::parse("403::handshake_denied").is_unknown_session());
    }
}
