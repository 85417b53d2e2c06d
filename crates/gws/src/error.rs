//! What can go wrong: every kind tells whether the server may have acted, and whether the same call may work later.

use std::fmt;
use std::time::Duration;

use crate::options::Family;
use crate::wire::ChannelResult;

/// Why a call failed. Neither credentials nor texts of a chat ever enter an error.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The options cannot work.
    #[error("invalid configuration: {0}")]
    Config(String),
    /// No connection could be made; nothing was sent.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// The request was sent, and no whole answer came back.
    #[error("the answer was lost: {0}")]
    AnswerLost(String),
    /// The server does not accept the credentials, also after the session was renewed.
    #[error("the server does not accept the credentials (HTTP {http})")]
    Unauthenticated {
        /// 401 or 403.
        http: u16,
    },
    /// The server does not accept the CSRF token, also after it was renewed.
    #[error("the server does not accept the CSRF token")]
    CsrfRefused,
    /// The server understood and said no; nothing was changed.
    #[error("{0}")]
    Refused(Refusal),
    /// An HTTP status other than success, without a body that says more.
    #[error("HTTP {http}")]
    Http {
        /// The status.
        http: u16,
        /// The server's hint.
        retry_after: Option<Duration>,
    },
    /// The answer is not JSON.
    #[error("the answer (HTTP {http}, {content_type}) is not JSON")]
    NotJson {
        /// The status.
        http: u16,
        /// What the server calls it.
        content_type: String,
    },
    /// The answer has neither `statusCode` nor `status`.
    #[error("the answer has no status")]
    NoStatus,
    /// The answer lacks what was asked for.
    #[error("the answer cannot be used: {0}")]
    Malformed(String),
    /// The answer is longer than [`Limits::answer_bytes`](crate::Limits::answer_bytes).
    #[error("the answer has more than {limit} bytes")]
    AnswerTooLong {
        /// The limit.
        limit: usize,
    },
    /// The message is longer than [`Limits::message_bytes`](crate::Limits::message_bytes); it was not sent.
    #[error("the message has {bytes} bytes, the limit is {limit}")]
    MessageTooLong {
        /// Bytes of UTF-8.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// This endpoint family has no such operation; nothing was sent.
    #[error("{operation} does not exist with the endpoint family {family}")]
    Unsupported {
        /// The name of the operation.
        operation: &'static str,
        /// The family.
        family: Family,
    },
    /// The contact-centre session started, but not for chats.
    #[error("the contact-centre session did not start for chats: {}", failures(.0))]
    PartialStart(Vec<ChannelResult>),
    /// The notifications do not come.
    #[error("notifications: {0}")]
    Notifications(bayeux::Error),
}

fn failures(failed: &[ChannelResult]) -> String {
    let words = |one: &ChannelResult| format!("{}: {}", one.channel, one.refusal);
    failed.iter().map(words).collect::<Vec<_>>().join(", ")
}

/// What became of a call that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Certainly nothing was done.
    NotPerformed,
    /// It may have been done. Read the state before doing it again.
    Unknown,
}

impl Error {
    /// A base URL that cannot be parsed, as a configuration error.
    pub fn base_url(error: impl fmt::Display) -> Self {
        Self::Config(format!("the base URL is not a URL: {error}"))
    }

    /// Whether the server may have acted.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::AnswerLost(_) | Self::NoStatus | Self::Malformed(_) | Self::AnswerTooLong { .. } => Outcome::Unknown,
            // A page instead of an answer: a proxy that refuses says so by its status, everything else may be behind it.
            Self::NotJson { http, .. } | Self::Http { http, .. } => match http {
                408 | 500 | 502 | 504 => Outcome::Unknown,
                300.. => Outcome::NotPerformed,
                _ => Outcome::Unknown,
            },
            Self::Refused(refusal) if refusal.code == Some(StatusCode::Unfinished) => Outcome::Unknown,
            _ => Outcome::NotPerformed,
        }
    }

    /// Whether the same call may work later, with nothing changed on this side. Look at [`Error::outcome`] too: what may have
    /// been done must not be repeated blindly.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::AnswerLost(_) => true,
            Self::Refused(refusal) => refusal.is_retryable(),
            Self::Http { http, .. } | Self::NotJson { http, .. } => matches!(http, 408 | 429 | 500..),
            Self::Notifications(error) => error.is_retryable(),
            Self::PartialStart(failed) => failed.iter().all(|one| one.refusal.is_retryable()),
            _ => false,
        }
    }

    /// The server's hint, if it gave one.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Http { retry_after, .. } => *retry_after,
            Self::Refused(refusal) => refusal.retry_after,
            _ => None,
        }
    }

    /// The status code of the answer, where it had one.
    pub fn code(&self) -> Option<StatusCode> {
        match self {
            Self::Refused(refusal) => refusal.code,
            Self::Unauthenticated { .. } | Self::Notifications(bayeux::Error::Unauthorized(_)) => {
                Some(StatusCode::AccessDenied)
            }
            _ => None,
        }
    }
}

/// A "no" of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Absent in the dialect that says `"status":"error"`.
    pub code: Option<StatusCode>,
    /// The server's words.
    pub message: String,
    /// The HTTP status.
    pub http: u16,
    /// The server's hint.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    fn is_retryable(&self) -> bool {
        match self.code {
            Some(code) => matches!(code, StatusCode::Internal | StatusCode::Unfinished),
            None => matches!(self.http, 429 | 500..),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "{code} (code {})", code.number())?,
            None => f.write_str("refused")?,
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        Ok(())
    }
}

macro_rules! codes {
    ($($name:ident = $number:literal, $words:literal;)*) => {
        /// The platform's table of return values. 8.5.1 publishes 0 to 7, later versions the rest.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum StatusCode {
            $(#[doc = concat!("Code ", $number, ": ", $words, ".")] $name,)*
            /// A code that no table has.
            Other(i64),
        }

        impl StatusCode {
            /// From the wire.
            pub fn from_number(number: i64) -> Self {
                match number {
                    $($number => Self::$name,)*
                    other => Self::Other(other),
                }
            }

            /// As on the wire.
            pub fn number(self) -> i64 {
                match self {
                    $(Self::$name => $number,)*
                    Self::Other(number) => number,
                }
            }
        }

        impl fmt::Display for StatusCode {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$name => f.write_str($words),)*
                    Self::Other(_) => f.write_str("refused"),
                }
            }
        }
    };
}

codes! {
    Success = 0, "success";
    MissingParameter = 1, "a required parameter is missing";
    InvalidState = 2, "a parameter is not valid in the current state";
    Forbidden = 3, "the operation is forbidden";
    Internal = 4, "internal error of the server or a back-end";
    NoPermission = 5, "the login lacks a permission";
    NotFound = 6, "not found";
    Partial = 7, "partial success";
    PasswordChange = 8, "the password must be changed";
    Unfinished = 9, "processing is not finished";
    Invalid = 10, "the input is not valid";
    ReadOnly = 11, "the property is read-only";
    NotRetrieved = 12, "the resource could not be retrieved";
    NotCreated = 13, "the resource could not be created";
    NotDeleted = 14, "the resource could not be deleted";
    NotUpdated = 15, "the resource could not be updated";
    NotAssigned = 16, "the resource could not be assigned";
    NotUnassigned = 17, "the resource could not be unassigned";
    Exists = 18, "the resource exists already";
    InUse = 19, "the resource is in use";
    AccessDenied = 20, "access denied";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_keeps_its_number() {
        for number in -1..=25 {
            assert_eq!(StatusCode::from_number(number).number(), number);
        }
        assert_eq!(StatusCode::from_number(21), StatusCode::Other(21));
    }

    #[test]
    fn the_codes_that_may_pass_are_internal_and_unfinished() {
        let retryable = (0..=21).filter(|&number| {
            let code = Some(StatusCode::from_number(number));
            Error::Refused(Refusal { code, message: String::new(), http: 200, retry_after: None }).is_retryable()
        });
        assert_eq!(retryable.collect::<Vec<_>>(), [4, 9]);
    }

    #[test]
    fn a_lost_answer_is_unknown_and_a_busy_server_did_nothing() {
        assert_eq!(Error::AnswerLost(String::new()).outcome(), Outcome::Unknown);
        assert_eq!(Error::Http { http: 504, retry_after: None }.outcome(), Outcome::Unknown);
        assert_eq!(Error::Http { http: 503, retry_after: None }.outcome(), Outcome::NotPerformed);
        assert_eq!(Error::NotJson { http: 200, content_type: String::new() }.outcome(), Outcome::Unknown);
        assert_eq!(Error::Unreachable(String::new()).outcome(), Outcome::NotPerformed);
    }
}
