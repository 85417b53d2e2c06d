//! A look into a session.

use crate::advice::Advice;
use crate::event::State;
use crate::machine::{Counters, Machine};
use crate::options::TransportKind;

/// How a session stands, at one moment.
#[derive(Debug, Clone)]
pub struct Status {
    /// Its state.
    pub state: State,
    /// The transport in use.
    pub transport: TransportKind,
    /// The first characters of the session's name. The whole of it is a secret.
    pub client_id: Option<String>,
    /// The advice in force.
    pub advice: Advice,
    /// Whether deliveries are acknowledged.
    pub acknowledged: bool,
    /// Failures in a row, which the backoff goes by.
    pub failures: u32,
    /// Messages that wait to be sent or answered.
    pub outbox: usize,
    /// Counts since the client was built.
    pub counters: Counters,
}

impl Status {
    pub(crate) fn of(machine: &Machine) -> Self {
        Self {
            state: machine.state(),
            transport: machine.transport(),
            client_id: machine.client_id_hint(),
            advice: machine.advice().clone(),
            acknowledged: machine.is_acknowledged(),
            failures: machine.failures(),
            outbox: machine.outbox_len(),
            counters: machine.counters(),
        }
    }
}
