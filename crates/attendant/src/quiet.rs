//! A platform without a voice: what a shadow has in its hands. Sending is not forbidden here, it does not exist.

use std::sync::Arc;

use crate::{
    Entry, Interaction, InteractionId, Operation, Platform, PlatformError, PlatformErrorKind, PlatformEvents,
    PlatformLimits, Presence, Receipt, Target,
};

/// What can be done without a word to anybody: come in, go out, pass a chat on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum QuietOperation {
    Accept { nickname: String },
    Reject,
    Transfer(Target),
    LeaveConference,
    Complete,
}

impl TryFrom<Operation> for QuietOperation {
    type Error = PlatformError;

    fn try_from(operation: Operation) -> Result<Self, PlatformError> {
        Ok(match operation {
            Operation::Accept { nickname } => Self::Accept { nickname },
            Operation::Reject => Self::Reject,
            Operation::Transfer(target) => Self::Transfer(target),
            Operation::LeaveConference => Self::LeaveConference,
            Operation::Complete => Self::Complete,
            _ => return Err(PlatformError::new(PlatformErrorKind::Unsupported, "a shadow does not do this")),
        })
    }
}

impl From<QuietOperation> for Operation {
    fn from(operation: QuietOperation) -> Self {
        match operation {
            QuietOperation::Accept { nickname } => Self::Accept { nickname },
            QuietOperation::Reject => Self::Reject,
            QuietOperation::Transfer(target) => Self::Transfer(target),
            QuietOperation::LeaveConference => Self::LeaveConference,
            QuietOperation::Complete => Self::Complete,
        }
    }
}

/// A platform of which only the quiet operations can be reached.
#[derive(Clone)]
pub(crate) struct QuietPlatform(Arc<dyn Platform>);

impl QuietPlatform {
    async fn perform(&self, id: &InteractionId, operation: QuietOperation) -> Result<Receipt, PlatformError> {
        self.0.perform(id, operation.into()).await
    }
}

/// The platform as the runtime of a login has it.
#[derive(Clone)]
pub(crate) enum Hands {
    Free(Arc<dyn Platform>),
    Quiet(QuietPlatform),
}

impl Hands {
    pub fn free(platform: Arc<dyn Platform>) -> Self {
        Self::Free(platform)
    }

    /// From here on nothing can be sent: nobody gets the platform out again.
    pub fn quiet(platform: Arc<dyn Platform>) -> Self {
        Self::Quiet(QuietPlatform(platform))
    }

    fn any(&self) -> &dyn Platform {
        match self {
            Self::Free(platform) | Self::Quiet(QuietPlatform(platform)) => platform.as_ref(),
        }
    }

    pub fn limits(&self) -> PlatformLimits {
        self.any().limits()
    }

    pub async fn sign_in(&self) -> Result<PlatformEvents, PlatformError> {
        self.any().sign_in().await
    }

    pub async fn set_presence(&self, presence: Presence) -> Result<(), PlatformError> {
        self.any().set_presence(presence).await
    }

    pub async fn perform(&self, id: &InteractionId, operation: Operation) -> Result<Receipt, PlatformError> {
        match self {
            Self::Free(platform) => platform.perform(id, operation).await,
            Self::Quiet(platform) => platform.perform(id, operation.try_into()?).await,
        }
    }

    pub async fn interactions(&self) -> Result<Vec<Interaction>, PlatformError> {
        self.any().interactions().await
    }

    pub async fn transcript(&self, interaction: &InteractionId) -> Result<Vec<Entry>, PlatformError> {
        self.any().transcript(interaction).await
    }

    pub async fn sign_out(&self) -> Result<(), PlatformError> {
        self.any().sign_out().await
    }
}
