//! The processes of one bot login, one after the other: each runs until it is cut off, and the next takes up what it left.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use attendant::probe::{Deed, Probe, Side};
use attendant::service::{Error, Stopped};
use attendant::{MemoryJournal, Options, Service, UnixMillis};
use simulator::in_process::Handle;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::bot::Answerer;
use crate::journal::Slow;
use crate::run::Cut;
use crate::story::{How, Stop, Story};

/// A process that has just been started is given this long to finish what is owed before the story ends.
const SETTLES: Duration = Duration::from_secs(150);
/// A process that has lost its login is given this long to notice.
const NOTICES: Duration = Duration::from_secs(120);

/// What became of the processes of one login.
#[derive(Debug, Default)]
pub(crate) struct Lives {
    /// How many boundaries each process came to.
    pub boundaries: Vec<u64>,
    /// Where they were cut off.
    pub cuts: Vec<Cut>,
    /// Their journal.
    pub journal: Option<MemoryJournal>,
    /// What no process should do.
    pub wrong: Vec<String>,
}

/// Counts boundaries, and stops the process at one of them.
struct Cutter {
    /// The boundary, and from when on it is counted.
    stop: Option<(u64, Instant)>,
    counts: Mutex<Counts>,
    reached: Notify,
    thaw: CancellationToken,
}

#[derive(Debug)]
struct Counts {
    all: u64,
    /// Those that count for the stop.
    towards: u64,
    /// Those of this very moment.
    now: (Instant, u64),
    is_stopped: bool,
}

impl Cutter {
    fn new(stop: Option<(u64, Instant)>) -> Arc<Self> {
        let counts = Counts { all: 0, towards: 0, now: (Instant::now(), 0), is_stopped: false };
        Arc::new(Self { stop, counts: Mutex::new(counts), reached: Notify::new(), thaw: CancellationToken::new() })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn thaw(&self) {
        self.counts().is_stopped = false;
        self.thaw.cancel();
    }
}

impl Probe for Cutter {
    fn reach(&self, _: Deed, _: Side) -> Option<std::pin::Pin<Box<dyn Future<Output = ()> + Send>>> {
        let mut counts = self.counts();
        if !counts.is_stopped {
            let now = Instant::now();
            counts.all += 1;
            counts.now = if counts.now.0 == now { (now, counts.now.1 + 1) } else { (now, 1) };
            let (at, _) = self.stop.filter(|(_, from)| *from <= now)?;
            counts.towards += 1;
            if at != counts.towards || self.thaw.is_cancelled() {
                return None;
            }
            counts.is_stopped = true;
            self.reached.notify_one();
        }
        Some(Box::pin(self.thaw.clone().cancelled_owned()))
    }
}

/// Keeps a login served until the story is over and everything owed is done.
pub(crate) async fn keep(handle: Handle, story: Arc<Story>, number: usize, over: CancellationToken) -> Lives {
    let user = story.logins().nth(number).unwrap_or_default();
    let journal = Arc::new(Slow::new(story.journal, story.seed ^ 0x6a6f_7572 ^ ((number as u64) << 40)));
    let stops: Vec<Stop> = story.stops.iter().filter(|stop| stop.bot == number).copied().collect();
    let mut stops = stops.into_iter();
    let mut lives = Lives::default();
    let began = Instant::now();
    let mut thawing: JoinSet<Result<(), String>> = JoinSet::new();
    for life in 0.. {
        let Some(login) = handle.login(&user) else { break };
        let mut options = Options { nickname: user.clone(), ..Options::default() };
        options.pace.on = story.pace;
        let made = Service::new(Arc::new(login), Arc::new(Answerer(story.flaw)), journal.clone(), options);
        let Ok((service, watch)) = made else { break };
        let stop = stops.next();
        let cutter = Cutter::new(stop.map(|stop| (stop.at, began + stop.from)));
        let now = UnixMillis(i64::try_from(handle.now().0).unwrap_or(i64::MAX));
        let service = service.reproducible(now, story.seed ^ ((number as u64) << 32) ^ life);
        #[cfg(feature = "test-util")]
        let service = match story.without {
            Some(guard) => service.without(guard),
            None => service,
        };
        let (drain, abort) = (CancellationToken::new(), CancellationToken::new());
        let mut running =
            Box::pin(service.probed(Arc::clone(&cutter) as Arc<dyn Probe>).run(drain.clone(), abort.clone()));
        let started = Instant::now();
        let leave = async {
            over.cancelled().await;
            sleep_until(started + SETTLES).await;
            drain.cancel();
            std::future::pending::<()>().await;
        };
        let ended = tokio::select! {
            biased;
            ended = &mut running => Some(ended),
            () = cutter.reached.notified() => None,
            () = leave => None,
        };
        lives.boundaries.push(cutter.counts().all);
        let unexpected = watch.status().counters.unexpected;
        if unexpected > 0 {
            lives.wrong.push(format!("{user}: {unexpected} inputs came where they cannot come"));
        }
        if let Some(ended) = ended {
            lives.wrong.extend(how_it_ended(&user, ended));
            break;
        }
        let (when, at) = cutter.counts().now;
        lives.cuts.push(Cut { bot: number, when: when - began, at });
        match stop.map(|stop| stop.how) {
            Some(How::Frozen { down, thaws }) => {
                journal.a_process_sleeps();
                let user = user.clone();
                // Told to leave before it was frozen, it ends in order: it has asked whose the login is before it would sign
                // out, and what it has not finished is its successor's.
                let leaves = over.is_cancelled();
                thawing.spawn(async move {
                    sleep(thaws).await;
                    cutter.thaw();
                    match timeout(NOTICES, running).await {
                        Ok(Err(Error::Journal(_))) => Ok(()),
                        Ok(Ok(Stopped::Clean | Stopped::Left(_))) if leaves => Ok(()),
                        Ok(other) => Err(format!("{user}: a process that has lost its login ended with {other:?}")),
                        Err(_) => Err(format!("{user}: a process that has lost its login goes on")),
                    }
                });
                sleep(down).await;
            }
            Some(How::Killed { down }) => {
                drop(running);
                sleep(down).await;
            }
            None => break,
        }
    }
    while let Some(thawed) = thawing.join_next().await {
        if let Ok(Err(wrong)) = thawed {
            lives.wrong.push(wrong);
        }
    }
    lives.journal = Some(journal.inner());
    lives
}

fn how_it_ended(user: &str, ended: Result<Stopped, Error>) -> Option<String> {
    match ended {
        Ok(Stopped::Clean) => None,
        Ok(Stopped::Left(count)) => Some(format!("{user}: {count} conversations are left over")),
        Err(error) => Some(format!("{user}: the process ended: {error:?}")),
    }
}
