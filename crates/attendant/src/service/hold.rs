//! Whether the login is still ours. A process that was paused (a stopped virtual machine, a closed lid) does not notice that
//! another one has taken over meanwhile, and what it had journaled before, it would still do. So nothing leaves for the
//! platform unless the journal has granted the login a moment ago; and who takes a login waits out that moment before it
//! looks at what the one before has done.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::run::{Happened, Running};
use crate::guard::Guard;
use crate::journal::{Error, ErrorKind, Fence, Journal};
use crate::probe::{Deed, Side};
use crate::{LoginId, Operation, PlatformError, PlatformErrorKind, Receipt};

/// A grant of the journal counts for so long, from when it was asked for.
const COUNTS_FOR: Duration = Duration::from_secs(1);
/// The last request of a process that is gone may be on its way for so long.
const ON_ITS_WAY: Duration = Duration::from_millis(500);
/// How often a journal that cannot say is asked before the operation is put off.
const TRIES: u32 = 5;

/// The right to act for the login.
#[derive(Debug, Clone, Default)]
pub(super) struct Hold {
    pub fence: Fence,
    /// When the last grant was asked for. Shared by all that is on its way.
    granted: Arc<Mutex<Option<Instant>>>,
}

impl Hold {
    /// A new hold: the login was taken by a call that began then.
    pub fn taken(fence: Fence, asked: Instant) -> Self {
        Self { fence, granted: Arc::new(Mutex::new(Some(asked))) }
    }

    /// The journal took an append that was begun then.
    pub fn granted(&self, asked: Instant) {
        let mut granted = self.granted.lock().unwrap_or_else(PoisonError::into_inner);
        *granted = (*granted).max(Some(asked));
    }

    fn is_fresh(&self) -> bool {
        let granted = self.granted.lock().unwrap_or_else(PoisonError::into_inner);
        granted.is_some_and(|asked| asked.elapsed() <= COUNTS_FOR)
    }

    /// Returns when the login is ours, or was a moment ago. Asks the journal unless it has just said so.
    pub async fn check(&self, journal: &dyn Journal, login: &LoginId) -> Result<(), Error> {
        let mut tries = 0;
        while !self.is_fresh() {
            let asked = Instant::now();
            match journal.append(login, self.fence, Vec::new()).await {
                Ok(()) => self.granted(asked),
                Err(error) if !error.is_retryable() || tries >= TRIES => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(100 << tries)).await,
            }
            tries += 1;
            if tries > TRIES {
                return Err(Error::new(ErrorKind::Unavailable, "the journal is too slow to say whose login it is"));
            }
        }
        Ok(())
    }
}

/// Who takes a login over waits for so long before what is there counts: until the grant of whoever had it before is over,
/// unless they are certainly gone, and for the way of their last request.
pub(super) fn settles_within(alone: bool) -> Duration {
    if alone { ON_ITS_WAY } else { COUNTS_FOR + ON_ITS_WAY }
}

impl Running {
    /// Whether the login is ours still. Fails only if it is not, or if the journal cannot be used.
    pub(super) fn holding(&self) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let (hold, journal, login) = (self.hold.clone(), self.journal.clone(), self.login.clone());
        let fencing = self.guards.stands(Guard::Fencing);
        async move { if fencing { hold.check(&*journal, &login).await } else { Ok(()) } }
    }

    /// Performs an operation if the login is ours, and says what became of it.
    pub(super) fn operate(
        &self,
        interaction: crate::InteractionId,
        operation: Operation,
        told: impl FnOnce(Result<Receipt, PlatformError>) -> Happened + Send + 'static,
    ) {
        let (platform, holding, probe) = (self.platform.clone(), self.holding(), self.probe.clone());
        let (decided, fencing) = (Instant::now(), self.guards.stands(Guard::Fencing));
        let deadline = decided + self.options.sending.perform_within;
        self.work.push(Box::pin(async move {
            probe.pass(Deed::Operation, Side::Before).await;
            let result = match holding.await {
                // This process was paused on the way: its conversation may have given it up, and much may have happened.
                Ok(()) if fencing && decided.elapsed() > COUNTS_FOR => {
                    Err(PlatformError::new(PlatformErrorKind::Unavailable, "decided too long ago, and not sent"))
                }
                // The deadline first: by then the conversation has given it up, and may have it done again. In a process that
                // wakes up from a pause, what has not left by then does not leave any more.
                Ok(()) => tokio::select! {
                    biased;
                    () = tokio::time::sleep_until(deadline), if fencing => {
                        Err(PlatformError::new(PlatformErrorKind::Unknown, "no answer in time"))
                    }
                    result = platform.perform(&interaction, operation) => result,
                },
                Err(error) if error.is_retryable() => Err(PlatformError::new(
                    PlatformErrorKind::Unavailable,
                    "the journal does not say whose login it is",
                )),
                Err(error) => return Happened::LoginLost(error),
            };
            probe.pass(Deed::Operation, Side::After).await;
            told(result)
        }));
    }
}
