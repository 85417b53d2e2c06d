//! The loop of a service: everything that happens comes here, one thing at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use indexmap::IndexMap;
use rand::Rng;
use rand::rngs::SmallRng;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::conversations::Seat;
use super::drain::Drain;
use super::hold::{Hold, settles_within};
use super::presence::{Asked, PRESENCE_AGAIN_AFTER};
use super::reads::Reads;
use super::status::{Counters, Handoffs, Phase, Status};
use super::writer::Writer;
use super::{Error, Request, Service, Stopped};
use crate::clock::Clock;
use crate::guard::Guards;
use crate::journal::{self, Journal, Line, StoryKey};
use crate::machine::{Conversation, Input, Past, Ticket, Timer};
use crate::mode::{Comparisons, Mode};
use crate::probe::Slot;
use crate::quiet::Hands;
use crate::turn::FromBot;
use crate::{
    Bot, Entry, Interaction, InteractionId, InteractionState, Link, LoginId, Options, PlatformError, PlatformErrorKind,
    PlatformEvent, PlatformEvents, Presence, Receipt, UnixMillis,
};

/// Reports of bots that may wait for the loop; a bot that reports more waits with them.
const REPORTS: usize = 256;
/// How long an orderly end may take: the last lines of the journal, the sign-out.
const END_WITHIN: Duration = Duration::from_secs(10);
/// A login whose customers are waiting is signed in again no later than this after a failure.
const CUSTOMERS_WAIT: Duration = Duration::from_secs(10);
/// While something is on its way, the loop comes round at least so often.
const HEARTBEAT: Duration = Duration::from_millis(500);

/// A service that runs.
pub(super) struct Running {
    pub login: LoginId,
    pub platform: Hands,
    pub bot: Arc<dyn Bot>,
    pub journal: Arc<dyn Journal>,
    pub options: Arc<Options>,
    pub clock: Clock,
    pub guards: Guards,
    pub comparisons: Option<Arc<dyn Comparisons>>,
    pub probe: Slot,
    pub hold: Hold,
    pub(super) dice: SmallRng,

    pub conversations: BTreeMap<InteractionId, Seat>,
    /// How many of them are reading their place on the platform.
    pub reconciling: usize,
    pub timers: BTreeSet<(UnixMillis, InteractionId)>,
    /// Timers that go off although they were stopped, in tests that take their guard out.
    pub strays: BTreeSet<(UnixMillis, InteractionId, Timer)>,
    pub tokens: u64,
    /// What is left of chats that were handed over, oldest first.
    pub pasts: IndexMap<InteractionId, Past>,
    /// Offers that wait for the journal to tell what was before.
    pub offers: BTreeMap<InteractionId, Interaction>,
    pub reads: Reads,
    pub writer: Writer,
    pub counters: Counters,
    pub handoffs: Handoffs,

    /// What is on its way to the platform and the journal.
    pub work: FuturesUnordered<BoxFuture<'static, Happened>>,
    /// The bots that think.
    pub bots: JoinSet<()>,
    pub reports: mpsc::Sender<FromBot>,
    inbox: mpsc::Receiver<FromBot>,
    requests: mpsc::Receiver<Request>,

    pub(super) connected: bool,
    /// The platform has been read since the last gap.
    pub(super) in_step: bool,
    pub(super) presence: Asked,
    pub drain: Drain,
    pub(super) status: watch::Sender<Status>,
}

/// Something that was on its way has arrived.
pub(super) enum Happened {
    Performed { key: StoryKey, ticket: Ticket, result: Result<Receipt, PlatformError> },
    Appended { lines: Vec<Line>, asked: Instant, result: Result<(), journal::Error> },
    LoginLost(journal::Error),
    Remembered { interaction: InteractionId, past: Option<Past> },
    Listed(Result<Vec<Interaction>, PlatformError>),
    ListAgain,
    Transcript { interaction: Interaction, ticket: Ticket, transcript: Result<Vec<Entry>, PlatformError> },
    PresenceSet(Presence, Result<(), PlatformError>),
    PresenceAgain,
    Nothing,
}

/// What the loop was woken by.
enum Woken {
    Drain,
    Happened(Happened),
    Reported(FromBot),
    Told(Option<PlatformEvent>),
    Requested(Request),
    Nothing,
}

/// Why a session is over.
enum SessionEnd {
    /// The connection is gone for good; the login has to sign in anew.
    Lost,
    /// The service is to stop.
    Stop(Stopped),
}

impl Running {
    pub fn new(service: Service, clock: Clock) -> Self {
        let (reports, inbox) = mpsc::channel(REPORTS);
        Self {
            login: service.login,
            platform: match service.options.mode {
                Mode::Shadow => Hands::quiet(service.platform),
                Mode::Auto | Mode::Draft => Hands::free(service.platform),
            },
            comparisons: service.comparisons,
            bot: service.bot,
            journal: service.journal,
            options: service.options,
            clock,
            guards: service.guards,
            probe: service.probe,
            hold: Hold::default(),
            dice: service.dice,
            conversations: BTreeMap::new(),
            reconciling: 0,
            timers: BTreeSet::new(),
            strays: BTreeSet::new(),
            tokens: 0,
            pasts: IndexMap::new(),
            offers: BTreeMap::new(),
            reads: Reads::default(),
            writer: Writer::default(),
            counters: Counters::default(),
            handoffs: Handoffs::default(),
            work: FuturesUnordered::new(),
            bots: JoinSet::new(),
            reports,
            inbox,
            requests: service.requests,
            connected: false,
            in_step: false,
            presence: Asked::No,
            drain: Drain::No,
            status: service.status,
        }
    }

    pub async fn run(mut self, drain: CancellationToken, abort: CancellationToken) -> Result<Stopped, Error> {
        let result = self.run_sessions(&drain, &abort).await;
        self.bots.abort_all();
        self.connected = false;
        self.publish(Phase::Stopped);
        result
    }

    async fn run_sessions(&mut self, drain: &CancellationToken, abort: &CancellationToken) -> Result<Stopped, Error> {
        let stories = tokio::select! {
            biased;
            () = abort.cancelled() => return Ok(Stopped::Left(0)),
            () = drain.cancelled() => return Ok(Stopped::Clean),
            held = self.take_the_login() => held?,
        };
        let limits = self.platform.limits();
        for story in stories {
            if let Some((conversation, effects)) =
                Conversation::recovered(&story, self.options.clone(), limits, self.clock.now())
            {
                self.counters.resumed += 1;
                self.admit(conversation, effects);
            }
        }
        loop {
            self.publish(Phase::Starting);
            let events = tokio::select! {
                biased;
                () = abort.cancelled() => return Ok(Stopped::Left(self.conversations.len())),
                // Not signed in, so nothing can be finished or handed over: the next start takes it up.
                () = drain.cancelled() => return Ok(self.stopped()),
                events = self.sign_in() => events?,
            };
            self.connected = true;
            self.presence = Asked::No;
            self.reads.adopt();
            match self.session(events, drain, abort).await? {
                SessionEnd::Stop(stopped) => return Ok(stopped),
                SessionEnd::Lost => {
                    self.connected = false;
                    self.in_step = false;
                    self.everything_may_have_changed();
                }
            }
        }
    }

    pub(super) fn stopped(&self) -> Stopped {
        match self.conversations.len() {
            0 => Stopped::Clean,
            left => Stopped::Left(left),
        }
    }

    async fn take_the_login(&mut self) -> Result<Vec<Vec<Line>>, Error> {
        let mut tries = 0;
        loop {
            let asked = Instant::now();
            match self.journal.take(&self.login).await {
                Ok(held) => {
                    self.hold = Hold::taken(held.fence, asked);
                    if !held.stories.is_empty() {
                        self.reads.not_before(Instant::now() + settles_within(held.alone));
                    }
                    return Ok(held.stories);
                }
                Err(error) if error.is_retryable() => {
                    tracing::warn!(agent.login = %self.login, %error, "the journal cannot be read");
                    self.rest(&mut tries, None).await;
                }
                Err(error) => return Err(Error::Journal(error)),
            }
        }
    }

    async fn sign_in(&mut self) -> Result<PlatformEvents, Error> {
        let mut tries = 0;
        loop {
            // Another process may have the login by now: it is not to be thrown out.
            match self.holding().await {
                Ok(()) => {}
                Err(error) if error.is_retryable() => {
                    self.rest(&mut tries, None).await;
                    continue;
                }
                Err(error) => return Err(Error::Journal(error)),
            }
            match self.platform.sign_in().await {
                Ok(events) => return Ok(events),
                Err(error) if error.kind() == PlatformErrorKind::NotAllowed => return Err(Error::SignIn(error)),
                Err(error) => {
                    tracing::warn!(agent.login = %self.login, %error, "signing in failed");
                    self.rest(&mut tries, error.retry_after()).await;
                }
            }
        }
    }

    /// Waits before the next try: longer each time, with full jitter, so that many logins make no storm.
    async fn rest(&mut self, tries: &mut u32, hint: Option<Duration>) {
        let times = &self.options.service;
        let waited_for = !self.conversations.is_empty();
        let longest = times.sign_in_again_most.min(if waited_for { CUSTOMERS_WAIT } else { Duration::MAX });
        let most = times.sign_in_again_after.saturating_mul(1 << (*tries).min(16)).min(longest);
        *tries += 1;
        let jitter = most.mul_f64(self.dice.random_range(0.1..1.0));
        tokio::time::sleep(hint.unwrap_or_default().max(jitter)).await;
    }

    async fn session(
        &mut self,
        mut events: PlatformEvents,
        drain: &CancellationToken,
        abort: &CancellationToken,
    ) -> Result<SessionEnd, Error> {
        loop {
            self.ring().await;
            if self.drained() {
                return Ok(SessionEnd::Stop(self.end().await));
            }
            self.write();
            self.look();
            self.mind_the_presence();
            self.publish(self.phase());
            let wake = self.wake_at();
            let woken = tokio::select! {
                biased;
                () = abort.cancelled() => return Ok(SessionEnd::Stop(Stopped::Left(self.conversations.len()))),
                () = drain.cancelled(), if self.drain == Drain::No => Woken::Drain,
                Some(happened) = self.work.next(), if !self.work.is_empty() => Woken::Happened(happened),
                Some(report) = self.inbox.recv() => Woken::Reported(report),
                event = events.recv() => Woken::Told(event),
                Some(request) = self.requests.recv() => Woken::Requested(request),
                Some(_) = self.bots.join_next(), if !self.bots.is_empty() => Woken::Nothing, // it has reported before it ended
                () = tokio::time::sleep_until(wake) => Woken::Nothing,
            };
            self.mind_a_pause(wake);
            match woken {
                Woken::Drain => self.begin_to_drain(),
                Woken::Happened(happened) => self.happened(happened)?,
                Woken::Reported(report) => self.reported(report),
                Woken::Told(Some(event)) => {
                    if self.told(event) {
                        return Ok(SessionEnd::Lost);
                    }
                }
                Woken::Told(None) => return Ok(SessionEnd::Lost),
                Woken::Requested(request) => self.requested(request),
                Woken::Nothing => {}
            }
        }
    }

    /// The next timer, of a conversation or of the drain. While something is on its way, not much later than now: what
    /// arrives after a pause of this process must be known to have arrived after one.
    fn wake_at(&self) -> Instant {
        let timer = self.timers.first().map(|(at, _)| *at);
        let stray = self.strays.first().map(|(at, ..)| *at);
        let next = [timer, stray, self.drain.until()].into_iter().flatten().min().map(|at| self.clock.instant(at));
        let idle = self.work.is_empty() && self.bots.is_empty();
        let most = Instant::now() + if idle { Duration::from_secs(3600) } else { HEARTBEAT };
        next.map_or(most, |at| at.min(most))
    }

    fn happened(&mut self, happened: Happened) -> Result<(), Error> {
        match happened {
            Happened::Performed { key, ticket, result } => self.deliver_to(&key, Input::Performed { ticket, result }),
            Happened::Appended { lines, asked, result } => {
                self.appended(lines, asked, result).map_err(Error::Journal)?;
            }
            Happened::Remembered { interaction, past } => self.remembered(&interaction, past.as_ref()),
            Happened::LoginLost(error) => return Err(Error::Journal(error)),
            Happened::Listed(list) => self.listed(list),
            Happened::ListAgain => self.reads.adopt(),
            Happened::Transcript { interaction, ticket, transcript } => {
                self.transcript_read(interaction, ticket, transcript);
            }
            Happened::PresenceSet(presence, Ok(())) => self.presence = Asked::Taken(presence),
            Happened::PresenceSet(_, Err(error)) => {
                tracing::warn!(agent.login = %self.login, %error, "the presence was not taken");
                self.ask_for_presence_later();
            }
            Happened::PresenceAgain => self.presence = Asked::No,
            Happened::Nothing => {}
        }
        Ok(())
    }

    /// The platform tells something. True: this session is over.
    fn told(&mut self, event: PlatformEvent) -> bool {
        match event {
            PlatformEvent::Interaction(interaction) => {
                if self.conversations.contains_key(&interaction.id) {
                    let id = interaction.id.clone();
                    self.deliver(&id, Input::Changed(interaction));
                } else if !self.changed_while_looking(&interaction) && interaction.state == InteractionState::Invited {
                    self.offered(interaction);
                }
            }
            PlatformEvent::Entries { interaction, entries } => self.deliver(&interaction, Input::Heard(entries)),
            PlatformEvent::OperationFailed { interaction: Some(interaction), reference, error } => {
                self.deliver(&interaction, Input::OperationFailed { reference, error });
            }
            PlatformEvent::OperationFailed { interaction: None, error, .. } => {
                // Whose it was is not known; the deadline of its effect brings it up.
                tracing::warn!(agent.login = %self.login, %error, "an operation failed, the platform does not say which");
            }
            PlatformEvent::Presence(presence) => {
                if matches!(self.presence, Asked::Taken(asked) if asked != presence) {
                    self.ask_for_presence_later(); // an offer ran out, or a supervisor
                }
            }
            PlatformEvent::Link(Link::Lost { reason }) => {
                tracing::warn!(agent.login = %self.login, reason, "connection lost");
                self.connected = false;
            }
            PlatformEvent::Link(Link::Restored { gap }) => {
                tracing::info!(agent.login = %self.login, gap, "connection restored");
                self.connected = true;
                if gap {
                    self.in_step = false;
                    self.presence = Asked::No;
                    self.reads.adopt();
                    self.everything_may_have_changed();
                }
            }
            PlatformEvent::Link(Link::Closed { reason }) => {
                tracing::warn!(agent.login = %self.login, reason, "connection closed");
                return true;
            }
        }
        false
    }

    fn requested(&mut self, request: Request) {
        match request {
            Request::Command(id, command) => self.deliver(&id, Input::Command(command)),
            Request::Waiting(id, waiting) => self.deliver(&id, Input::Waiting(waiting)),
            Request::Summaries(answer) => {
                let _ = answer.send(self.summaries()); // who asked may have gone
            }
        }
    }

    pub(super) fn wants_offers(&self) -> bool {
        self.drain == Drain::No && self.writer.is_healthy()
    }

    /// The list of interactions has been read: offers may come.
    pub(super) fn synchronised(&mut self) {
        self.in_step = true;
    }

    pub(super) fn list_again_later(&mut self, error: &PlatformError) {
        self.reads.wait();
        let wait = error.retry_after().unwrap_or(PRESENCE_AGAIN_AFTER).mul_f64(self.dice.random_range(0.5..1.5));
        self.work.push(Box::pin(async move {
            tokio::time::sleep(wait).await;
            Happened::ListAgain
        }));
    }

    /// The orderly end: the last lines of the journal, then the sign-out.
    async fn end(&mut self) -> Stopped {
        let deadline = Instant::now() + END_WITHIN;
        while !self.writer.is_idle() {
            self.write();
            let happened = tokio::time::timeout_at(deadline, self.work.next()).await;
            match happened {
                Ok(Some(Happened::Appended { lines, asked, result })) => {
                    if let Err(error) = self.appended(lines, asked, result) {
                        tracing::error!(agent.login = %self.login, %error, "the last lines could not be written");
                        break;
                    }
                }
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => break,
            }
        }
        if !matches!(tokio::time::timeout_at(deadline, self.holding()).await, Ok(Ok(()))) {
            // Signing out now could end the session of whoever has the login.
            tracing::warn!(agent.login = %self.login, "not signing out: the login may be another's");
            return self.stopped();
        }
        match tokio::time::timeout_at(deadline.max(Instant::now() + Duration::from_secs(1)), self.platform.sign_out())
            .await
        {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(agent.login = %self.login, %error, "signing out failed"),
            Err(_) => tracing::warn!(agent.login = %self.login, "signing out took too long"),
        }
        self.stopped()
    }
}
