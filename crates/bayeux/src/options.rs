//! What can be set: limits, waits, backoff and policies, as values that a configuration file can hold.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Error;

/// A kind of transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TransportKind {
    /// HTTP requests, one of them held by the server.
    LongPolling,
    /// One WebSocket.
    #[serde(rename = "websocket")]
    WebSocket,
}

impl TransportKind {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::LongPolling => "long-polling",
            Self::WebSocket => "websocket",
        }
    }
}

/// Limits, waits and policies of a client. The defaults are right for a server with CometD's defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a configuration file")]
pub struct Options {
    /// How long an answer may take beyond the time for which the server holds it.
    #[serde(with = "humantime_serde")]
    pub max_network_delay: Duration,
    /// How long the server is expected to hold a connect until it says so itself.
    #[serde(with = "humantime_serde")]
    pub connect_hold: Duration,
    /// How long opening a WebSocket may take.
    #[serde(with = "humantime_serde")]
    pub open_timeout: Duration,
    /// The wait between attempts, added to the server's `interval`.
    pub backoff: Backoff,
    /// Once a WebSocket has worked, a later failure stays on WebSockets.
    pub sticky_transport: bool,
    /// Ask for acknowledged delivery (the server's ack extension).
    pub ack: bool,
    /// What happens to a message that is published while the session is not connected.
    pub offline: Offline,
    /// Publish again by itself what was certainly or possibly not taken. Off: the caller decides. A message can ask otherwise.
    pub resend: bool,
    /// Messages that may wait to be sent.
    pub outbox_limit: usize,
    /// Deliveries that may wait in one subscription before the session slows down (see [`Overflow`]).
    pub inbox_limit: usize,
    /// What happens to deliveries for which a subscription has no room.
    pub overflow: Overflow,
    /// Longest wait for an application that does not take its deliveries; then the session goes on by the overflow policy.
    /// Must stay below the server's `maxInterval`.
    #[serde(with = "humantime_serde")]
    pub overflow_wait: Duration,
    /// Bytes of one outgoing message.
    pub max_send_size: usize,
    /// Bytes of one answer or frame, after decompression.
    pub max_receive_size: usize,
    /// Bytes that one request may carry; what is queued beyond it leaves in the next one.
    pub max_request_size: usize,
    /// Append `handshake`, `connect` or `disconnect` to the URL of a request with such a message (long-polling).
    pub url_suffix: bool,
    /// Go over to the hosts that the server names in `advice.hosts` when its session is lost there.
    pub follow_hosts: bool,
    /// How often in a row the server may refuse the credentials before the client stops.
    pub credential_attempts: u32,
    /// How long a hook of the application (authenticator, extension) may take.
    #[serde(with = "humantime_serde")]
    pub hook_timeout: Duration,
    /// Do not subscribe on the server to what a subscription of this client takes in already: some servers send one copy of
    /// a message for each matching subscription.
    pub cover_subscriptions: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_network_delay: Duration::from_secs(10),
            connect_hold: Duration::from_secs(60),
            open_timeout: Duration::from_secs(15),
            backoff: Backoff::default(),
            sticky_transport: true,
            ack: false,
            offline: Offline::Hold,
            resend: false,
            outbox_limit: 16_384,
            inbox_limit: 16_384,
            overflow: Overflow::DropNewest,
            overflow_wait: Duration::from_secs(5),
            max_send_size: 1 << 20,
            max_receive_size: 8 << 20,
            max_request_size: 4 << 20,
            url_suffix: false,
            follow_hosts: true,
            credential_attempts: 3,
            hook_timeout: Duration::from_secs(30),
            cover_subscriptions: true,
        }
    }
}

impl Options {
    /// Refuses values with which a session cannot work.
    pub fn validate(&self) -> Result<(), Error> {
        let zero = [
            ("max_network_delay", self.max_network_delay.is_zero()),
            ("open_timeout", self.open_timeout.is_zero()),
            ("hook_timeout", self.hook_timeout.is_zero()),
            ("outbox_limit", self.outbox_limit == 0),
            ("inbox_limit", self.inbox_limit == 0),
            ("max_send_size", self.max_send_size == 0),
            ("max_receive_size", self.max_receive_size == 0),
            ("max_request_size", self.max_request_size == 0),
            ("credential_attempts", self.credential_attempts == 0),
        ];
        match zero.iter().find(|(_, zero)| *zero) {
            Some((name, _)) => Err(Error::Config(format!("{name} must not be zero"))),
            None => Ok(()),
        }
    }
}

/// What becomes of a message that is published while the session is not connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Offline {
    /// It waits for the session.
    Hold,
    /// It fails at once with [`Error::NotConnected`].
    Fail,
}

/// What happens to deliveries when a subscription is full.
///
/// First the client only delays its next connect and stops reading its socket, for at most [`Options::overflow_wait`], so that
/// the server queues; answers that are on their way are still kept. After that the loop goes on, and what does not fit is
/// dropped. With acknowledged delivery nothing is ever dropped: what does not fit is not acknowledged, and the server sends it
/// again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overflow {
    /// The new message is dropped, counted, and reported by an event.
    DropNewest,
    /// The oldest waiting message is dropped, counted, and reported by an event.
    DropOldest,
}

/// How waits grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Growth {
    /// Always the first wait.
    Constant,
    /// The first wait longer each time.
    Linear,
    /// Twice as long each time.
    Exponential,
}

/// The waits between attempts: a first wait, its growth, an upper end, and the share of each wait that is left to chance, so
/// that a thousand clients do not come back in the same moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawBackoff", into = "RawBackoff")]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    growth: Growth,
    jitter: f64,
}

impl Backoff {
    /// A backoff that makes sense: `0 < first ≤ longest`, `0 ≤ jitter ≤ 1`.
    pub fn new(first: Duration, longest: Duration, growth: Growth, jitter: f64) -> Result<Self, Error> {
        if first.is_zero() || first > longest {
            return Err(Error::Config("backoff: the first wait must be above zero and not above the longest".into()));
        }
        if !(0.0..=1.0).contains(&jitter) {
            return Err(Error::Config("backoff: the jitter must be between 0 and 1".into()));
        }
        Ok(Self { first, longest, growth, jitter })
    }

    /// The wait before attempt `failures + 1`. `chance` is a random number in `0..1`; the jitter only ever shortens the wait.
    pub fn wait(&self, failures: u32, chance: f64) -> Duration {
        let Some(grown) = failures.checked_sub(1) else { return Duration::ZERO };
        let full = match self.growth {
            Growth::Constant => self.first,
            Growth::Linear => self.first.saturating_mul(grown.saturating_add(1)),
            Growth::Exponential => self.first.saturating_mul(1_u32.checked_shl(grown).unwrap_or(u32::MAX)),
        }
        .min(self.longest);
        full.mul_f64(1.0 - self.jitter * chance.clamp(0.0, 1.0))
    }
}

impl Default for Backoff {
    /// 500 ms, doubled up to 30 s, half of it left to chance.
    fn default() -> Self {
        Self {
            first: Duration::from_millis(500),
            longest: Duration::from_secs(30),
            growth: Growth::Exponential,
            jitter: 0.5,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawBackoff {
    #[serde(with = "humantime_serde")]
    first: Duration,
    #[serde(with = "humantime_serde")]
    longest: Duration,
    growth: Growth,
    jitter: f64,
}

impl Default for RawBackoff {
    fn default() -> Self {
        Backoff::default().into()
    }
}

impl From<Backoff> for RawBackoff {
    fn from(backoff: Backoff) -> Self {
        let Backoff { first, longest, growth, jitter } = backoff;
        Self { first, longest, growth, jitter }
    }
}

impl TryFrom<RawBackoff> for Backoff {
    type Error = Error;
    fn try_from(raw: RawBackoff) -> Result<Self, Error> {
        Self::new(raw.first, raw.longest, raw.growth, raw.jitter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// FB4
    #[test]
    fn backoff_is_constant_linear_or_exponential_and_has_an_end() {
        let waits = |growth| {
            let backoff = Backoff::new(SECOND, 5 * SECOND, growth, 0.0).unwrap();
            (0..5).map(|failures| backoff.wait(failures, 0.5).as_secs()).collect::<Vec<_>>()
        };
        assert_eq!(waits(Growth::Constant), [0, 1, 1, 1, 1]);
        assert_eq!(waits(Growth::Linear), [0, 1, 2, 3, 4]);
        assert_eq!(waits(Growth::Exponential), [0, 1, 2, 4, 5]);
        let backoff = Backoff::new(SECOND, 60 * SECOND, Growth::Exponential, 0.0).unwrap();
        assert_eq!(backoff.wait(u32::MAX, 0.0), 60 * SECOND);
    }

    /// FB5
    #[test]
    fn jitter_shortens_a_wait_by_at_most_its_share() {
        let backoff = Backoff::new(SECOND, SECOND, Growth::Constant, 0.5).unwrap();
        assert_eq!(backoff.wait(1, 0.0), SECOND);
        assert_eq!(backoff.wait(1, 1.0), SECOND / 2);
    }

    #[test]
    fn nonsense_is_refused_also_in_a_file() {
        assert!(Backoff::new(SECOND, SECOND / 2, Growth::Linear, 0.0).is_err());
        assert!(Backoff::new(Duration::ZERO, SECOND, Growth::Linear, 0.0).is_err());
        assert!(Backoff::new(SECOND, SECOND, Growth::Linear, 1.5).is_err());
        assert!(serde_json::from_str::<Options>(r#"{"backoff":{"jitter":2}}"#).is_err());
        assert!(serde_json::from_str::<Options>(r#"{"max_nettwork_delay":2}"#).is_err());
        let options: Options =
            serde_json::from_str(r#"{"max_network_delay":"2s","backoff":{"first":"100ms"}}"#).unwrap();
        assert_eq!(options.max_network_delay, 2 * SECOND);
        assert!(Options { inbox_limit: 0, ..Options::default() }.validate().is_err());
        let text = serde_json::to_string(&options).unwrap();
        assert_eq!(serde_json::from_str::<Options>(&text).unwrap(), options);
    }
}
