//! Adapters that keep something from the runtime.

use std::sync::Arc;

use attendant::{
    Entry, Interaction, InteractionId, Link, LoginId, Operation, Platform, PlatformError, PlatformEvent,
    PlatformEvents, PlatformLimits, Presence, Receipt, async_trait,
};
use simulator::in_process::Login;
use tokio::sync::mpsc;

/// What an adapter keeps to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Secret {
    /// That events were lost while the connection was down.
    Gaps,
    /// The interactions that the login has already.
    Chats,
    /// What was said before the login came in.
    Past,
}

struct Adapter(Login, Secret);

/// Says that nothing was lost whenever a connection is back.
pub(super) fn without_gaps(login: Login) -> Arc<dyn Platform> {
    Arc::new(Adapter(login, Secret::Gaps))
}

/// Never tells what the login has already.
pub(super) fn without_chats(login: Login) -> Arc<dyn Platform> {
    Arc::new(Adapter(login, Secret::Chats))
}

/// Tells what is said from now on, and nothing older.
pub(super) fn without_the_past(login: Login) -> Arc<dyn Platform> {
    Arc::new(Adapter(login, Secret::Past))
}

fn without_gap(event: PlatformEvent) -> PlatformEvent {
    match event {
        PlatformEvent::Link(Link::Restored { .. }) => PlatformEvent::Link(Link::Restored { gap: false }),
        other => other,
    }
}

#[async_trait]
impl Platform for Adapter {
    fn login(&self) -> &LoginId {
        self.0.login()
    }

    fn limits(&self) -> PlatformLimits {
        self.0.limits()
    }

    async fn sign_in(&self) -> Result<PlatformEvents, PlatformError> {
        let mut events = self.0.sign_in().await?;
        if self.1 != Secret::Gaps {
            return Ok(events);
        }
        let (tx, rx) = mpsc::channel(64);
        #[expect(clippy::disallowed_methods, reason = "ends with the runtime of its trial")]
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                if tx.send(without_gap(event)).await.is_err() {
                    return;
                }
            }
        });
        Ok(rx)
    }

    async fn set_presence(&self, presence: Presence) -> Result<(), PlatformError> {
        self.0.set_presence(presence).await
    }

    async fn perform(&self, interaction: &InteractionId, operation: Operation) -> Result<Receipt, PlatformError> {
        self.0.perform(interaction, operation).await
    }

    async fn interactions(&self) -> Result<Vec<Interaction>, PlatformError> {
        let found = self.0.interactions().await?;
        Ok(if self.1 == Secret::Chats { Vec::new() } else { found })
    }

    async fn transcript(&self, interaction: &InteractionId) -> Result<Vec<Entry>, PlatformError> {
        let entries = self.0.transcript(interaction).await?;
        Ok(if self.1 == Secret::Past { Vec::new() } else { entries })
    }

    async fn sign_out(&self) -> Result<(), PlatformError> {
        self.0.sign_out().await
    }
}
