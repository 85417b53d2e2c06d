//! Many logins in one process: started one after the other, watched together, drained together.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use attendant::journal::ErrorKind;
use attendant::peak::{self, Peak};
use attendant::service::{self, Counters, Handle, Handoffs, Phase, Service, Stopped};
use attendant::{Bot, Comparisons, Journal, LoginId, Options, Platform};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::exit::{ExitStatus, Failure};

/// One login that is to work.
pub struct Seat {
    /// Its way to the contact centre.
    pub platform: Arc<dyn Platform>,
    /// Who works there.
    pub bot: Arc<dyn Bot>,
    /// How conversations are held.
    pub options: Options,
    /// Where drafts and shadows are compared with people.
    pub comparisons: Option<Arc<dyn Comparisons>>,
    /// The layer of the bot that weighs handoffs; it counts the chats of this login.
    pub peak: Option<Arc<Peak>>,
}

/// Logins at work.
pub struct Fleet {
    handles: BTreeMap<LoginId, Handle>,
    services: JoinSet<(LoginId, Result<Stopped, service::Error>)>,
    /// The layers that weigh handoffs, each once.
    peaks: Vec<Arc<Peak>>,
    drain: CancellationToken,
    abort: CancellationToken,
}

/// How a fleet ended.
#[derive(Debug, Default)]
pub struct Ended {
    /// Conversations left for the next start.
    pub left: usize,
    /// Logins that ended before they were told to, and why.
    pub failed: Vec<(LoginId, service::Error)>,
}

impl Fleet {
    /// Starts every seat, one sign-in after the other with this time between, so that a restart makes no storm.
    pub fn start(seats: Vec<Seat>, journal: &Arc<dyn Journal>, between: Duration) -> Result<Self, Failure> {
        let (drain, abort) = (CancellationToken::new(), CancellationToken::new());
        let mut fleet = Self { handles: BTreeMap::new(), services: JoinSet::new(), peaks: Vec::new(), drain, abort };
        for (number, seat) in (0u32..).zip(seats) {
            let login = seat.platform.login().clone();
            let (mut service, handle) = Service::new(seat.platform, seat.bot, Arc::clone(journal), seat.options)
                .map_err(|wrong| {
                    Failure::usage(anyhow::anyhow!(
                        "login {login}: {}",
                        wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
                    ))
                })?;
            if let Some(comparisons) = seat.comparisons {
                service = service.comparing(comparisons);
            }
            if let Some(peak) = &seat.peak {
                peak.count_in(handle.watch());
                if !fleet.peaks.iter().any(|known| Arc::ptr_eq(known, peak)) {
                    fleet.peaks.push(Arc::clone(peak));
                }
            }
            fleet.handles.insert(login.clone(), handle);
            let (drain, abort) = (fleet.drain.clone(), fleet.abort.clone());
            fleet.services.spawn(async move {
                tokio::select! {
                    () = sleep(between * number) => {}
                    () = drain.cancelled() => return (login, Ok(Stopped::Clean)),
                }
                let outcome = service.run(drain, abort).await;
                (login, outcome)
            });
        }
        Ok(fleet)
    }

    /// Waits until every login is ready at the same time. Fails when one has ended, and when the deadline has passed.
    pub async fn ready(&mut self, within: Duration) -> Result<(), Failure> {
        let deadline = Instant::now() + within;
        loop {
            let late: Vec<&Handle> =
                self.handles.values().filter(|handle| handle.status().phase != Phase::Ready).collect();
            let Some(first) = late.first() else { return Ok(()) };
            let mut status = first.watch();
            tokio::select! {
                _ = status.wait_for(|status| status.phase == Phase::Ready) => {}
                Some(ended) = self.services.join_next() => {
                    let (login, outcome) = ended.map_err(|error| Failure::new(ExitStatus::Failed, error))?;
                    return Err(match outcome {
                        Err(error) => refused(&login, error),
                        Ok(_) => Failure::new(ExitStatus::Failed, anyhow::anyhow!("login {login} has stopped")),
                    });
                }
                () = sleep_until(deadline) => {
                    let late: Vec<String> = late.iter().map(|handle| handle.login().to_string()).collect();
                    let error = anyhow::anyhow!("not ready after {within:?}: {}", late.join(", "));
                    return Err(Failure::new(ExitStatus::Refused, error));
                }
            }
        }
    }

    /// The next login that ends by itself; `None` when none is left.
    pub async fn ended(&mut self) -> Option<(LoginId, Result<Stopped, service::Error>)> {
        loop {
            match self.services.join_next().await? {
                Ok(ended) => return Some(ended),
                // A service does not panic; if one does all the same, the others go on.
                Err(error) => tracing::error!(%error, "a service ended badly"),
            }
        }
    }

    /// No new chats; those that go on are finished or handed over.
    pub fn drain(&self) {
        self.drain.cancel();
    }

    /// Stop now. What is going on is left to the next start.
    pub fn abort(&self) {
        self.abort.cancel();
    }

    /// Waits until every service has ended.
    pub async fn wait(&mut self) -> Ended {
        let mut all = Ended::default();
        while let Some((login, outcome)) = self.ended().await {
            match outcome {
                Ok(Stopped::Clean) => {}
                Ok(Stopped::Left(chats)) => all.left += chats,
                Err(error) => all.failed.push((login, error)),
            }
        }
        all
    }

    /// How busy people and bots are, by each layer that weighs handoffs.
    pub fn busy(&self) -> Vec<peak::State> {
        self.peaks.iter().map(|peak| peak.watch().borrow().clone()).collect()
    }

    /// Writes into the log how things stand.
    pub fn log(&self) {
        let (sum, chats) = self.totals();
        let ready = self.handles.values().filter(|handle| handle.status().phase == Phase::Ready).count();
        tracing::info!(
            logins = self.handles.len(),
            ready,
            chats,
            offered = sum.offered,
            turns = sum.turns,
            messages = sum.messages,
            handed_over = sum.handed_over,
            put_off = sum.put_off,
            lined_up = sum.lined_up,
            call_backs = sum.call_backs,
            completed = sum.completed,
            lost = sum.lost,
            by_rule = %self.by_rule(),
            "how it stands",
        );
        for state in self.busy() {
            tracing::info!(%state, shedding = state.shedding, line = state.line, "how busy it is");
        }
    }

    /// How often each rule has handed over: `asked 3, bot 1`.
    fn by_rule(&self) -> String {
        let mut all = Handoffs::default();
        for handle in self.handles.values() {
            all.add(&handle.status().handoffs);
        }
        all.iter().map(|(rule, count)| format!("{rule} {count}")).collect::<Vec<_>>().join(", ")
    }

    /// The counters of all logins together, and the chats going on.
    pub fn totals(&self) -> (Counters, usize) {
        let mut sum = Counters::default();
        let mut chats = 0;
        for handle in self.handles.values() {
            let status = handle.status();
            chats += status.chats;
            let one = status.counters;
            sum.offered += one.offered;
            sum.accepted += one.accepted;
            sum.rejected += one.rejected;
            sum.resumed += one.resumed;
            sum.turns += one.turns;
            sum.turns_failed += one.turns_failed;
            sum.messages += one.messages;
            sum.confirmed += one.confirmed;
            sum.sent_again += one.sent_again;
            sum.put_off += one.put_off;
            sum.lined_up += one.lined_up;
            sum.call_backs += one.call_backs;
            sum.handed_over += one.handed_over;
            sum.completed += one.completed;
            sum.lost += one.lost;
            sum.unexpected += one.unexpected;
        }
        (sum, chats)
    }
}

/// A login that the platform refuses, told with what to do.
pub fn refused(login: &LoginId, error: service::Error) -> Failure {
    let hint = match &error {
        service::Error::SignIn(_) => {
            "check the user name and where its password comes from; `attendant check --sign-in` tries each login"
        }
        service::Error::Journal(error) if error.kind() == ErrorKind::Corrupt => {
            "move the journal away and keep it; with a new one, bots take up the chats that the server says they have"
        }
        _ => "the journal is held by one process at a time; see that no other one runs on it",
    };
    Failure::new(ExitStatus::Refused, anyhow::Error::new(error).context(format!("login {login}"))).hint(hint)
}
