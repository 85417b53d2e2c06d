//! Presence: what the platform is told about this login, and what the world is shown of it.

use std::time::Duration;

use rand::Rng;

use super::drain::Drain;
use super::run::{Happened, Running};
use super::status::{Phase, Status};
use crate::Presence;

/// A presence that the platform does not take is asked for again after this long, and some jitter.
pub(super) const PRESENCE_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// The presence that the platform was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// Nothing yet, or it did not work, or the platform changed its mind.
    No,
    /// This; the answer is on its way, or the next try is.
    OnTheWay(Presence),
    /// This, and the platform took it.
    Taken(Presence),
}

impl Running {
    /// Ready means that the bot will answer: the platform hears what is true.
    pub(super) fn mind_the_presence(&mut self) {
        let ready = self.in_step && self.connected && self.wants_offers();
        let wanted = if ready { Presence::Ready } else { Presence::NotReady };
        let settled = match self.presence {
            Asked::No => wanted == Presence::NotReady && self.drain == Drain::No && !self.in_step,
            Asked::OnTheWay(_) => true,
            Asked::Taken(taken) => taken == wanted,
        };
        if settled || !self.connected {
            return;
        }
        self.presence = Asked::OnTheWay(wanted);
        let platform = self.platform.clone();
        self.work.push(Box::pin(async move { Happened::PresenceSet(wanted, platform.set_presence(wanted).await) }));
    }

    pub(super) fn ask_for_presence_later(&mut self) {
        self.presence = Asked::OnTheWay(Presence::NotReady);
        let wait = PRESENCE_AGAIN_AFTER.mul_f64(self.dice.random_range(0.5..1.5));
        self.work.push(Box::pin(async move {
            tokio::time::sleep(wait).await;
            Happened::PresenceAgain
        }));
    }

    pub(super) fn phase(&self) -> Phase {
        match (self.drain, self.presence) {
            (Drain::No, Asked::Taken(Presence::Ready)) => Phase::Ready,
            (Drain::No, _) if self.in_step => Phase::NotReady,
            (Drain::No, _) => Phase::Starting,
            _ => Phase::Draining,
        }
    }

    pub(super) fn publish(&self, phase: Phase) {
        let status = Status {
            phase,
            chats: self.conversations.len(),
            reconciling: self.reconciling,
            thinking: self.bots.len(),
            connected: self.connected,
            journaling: self.writer.is_healthy(),
            counters: self.counters,
            handoffs: self.handoffs.clone(),
        };
        self.status.send_if_modified(|shown| {
            let changed = *shown != status;
            *shown = status;
            changed
        });
    }
}
