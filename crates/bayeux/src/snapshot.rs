//! What a restarted process needs to go on with a session.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::options::TransportKind;

/// A living session, to be kept by the caller and given to
/// [`ClientBuilder::resume`](crate::ClientBuilder::resume) of another process, while the server still knows the session (its
/// `maxInterval`, usually 10 s). It is as good as a password: keep it as one.
#[derive(Clone, Serialize, Deserialize)]
pub struct Snapshot {
    pub(crate) client_id: String,
    pub(crate) batch: Option<u64>,
    pub(crate) transport: TransportKind,
    pub(crate) offered: Vec<String>,
    pub(crate) channels: Vec<String>,
    pub(crate) hold_millis: Option<u64>,
    pub(crate) cookies: String,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Snapshot")
            .field("transport", &self.transport)
            .field("batch", &self.batch)
            .finish_non_exhaustive()
    }
}

/// The machine's part of a snapshot.
#[derive(Debug, Clone)]
pub struct Resume {
    /// The session.
    pub client_id: String,
    /// The last acknowledged batch, if deliveries are acknowledged.
    pub batch: Option<u64>,
    /// The transport.
    pub transport: TransportKind,
    /// The transports that the server offers.
    pub offered: Vec<String>,
    /// The channels that the server has confirmed.
    pub channels: Vec<Channel>,
    /// How long the server holds a connect.
    pub hold: Option<Duration>,
}

impl Resume {
    pub(crate) fn into_snapshot(self, cookies: String) -> Snapshot {
        Snapshot {
            client_id: self.client_id,
            batch: self.batch,
            transport: self.transport,
            offered: self.offered,
            channels: self.channels.iter().map(ToString::to_string).collect(),
            hold_millis: self.hold.and_then(|hold| u64::try_from(hold.as_millis()).ok()),
            cookies,
        }
    }
}

impl From<Snapshot> for Resume {
    fn from(snapshot: Snapshot) -> Self {
        Self {
            client_id: snapshot.client_id,
            batch: snapshot.batch,
            transport: snapshot.transport,
            offered: snapshot.offered,
            channels: snapshot.channels.iter().map(|channel| Channel::received(channel)).collect(),
            hold: snapshot.hold_millis.map(Duration::from_millis),
        }
    }
}
