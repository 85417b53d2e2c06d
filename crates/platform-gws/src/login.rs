//! One agent login: the `Platform` port.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use attendant::{
    Entry, Interaction, InteractionId, LoginId, Operation, Platform, PlatformError, PlatformErrorKind, PlatformEvent,
    PlatformEvents, PlatformLimits, Presence, Receipt,
};
use gws::{Credentials, Family, Session};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::book::{Book, Source};
use crate::convert::{self, Doing};
use crate::history::Histories;
use crate::pump::Pump;

/// How the adapter behaves above the client.
#[derive(Debug, Clone)]
pub struct Options {
    /// Events that may wait for the runtime; then the adapter waits, and with it the server.
    pub events: usize,
    /// How long saying good-bye may take.
    pub farewell: Duration,
    /// The first wait before the contact-centre session is started again after the server lost it. Doubles up to a minute.
    pub restart: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { events: 1024, farewell: Duration::from_secs(3), restart: Duration::from_millis(500) }
    }
}

/// One agent login of a Genesys Web Services server.
pub struct Login {
    id: LoginId,
    session: Session,
    options: Options,
    shared: Arc<Shared>,
    running: tokio::sync::Mutex<Option<Running>>,
}

/// What the calls of the runtime and the stream of notifications share.
#[derive(Debug)]
pub(crate) struct Shared {
    book: Mutex<Book>,
    histories: Mutex<Histories>,
    /// What the runtime wants; said again after the contact-centre session had to be started again.
    wanted: Mutex<Presence>,
    events: Mutex<Option<mpsc::Sender<PlatformEvent>>>,
}

/// A signed-in login: the task that reads notifications. Dropping it ends everything at once.
struct Running {
    pump: Option<(oneshot::Sender<()>, JoinSet<()>)>,
}

impl Running {
    /// Ends the CometD session with good manners, and at the latest after `within`.
    async fn close(&mut self, within: Duration) {
        if let Some((stop, mut tasks)) = self.pump.take() {
            let _ = stop.send(());
            // The task gives up by itself after the same time; this is for a task that hangs.
            let _ = tokio::time::timeout(within + Duration::from_secs(1), tasks.join_next()).await;
        }
    }
}

impl Shared {
    pub fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn histories(&self) -> MutexGuard<'_, Histories> {
        self.histories.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn wanted(&self) -> Presence {
        *self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Login {
    /// A login. Nothing is sent before `sign_in`.
    pub fn new(id: LoginId, client: &gws::Client, credentials: Credentials, options: Options) -> Self {
        let shared = Shared {
            book: Mutex::default(),
            histories: Mutex::default(),
            wanted: Mutex::new(Presence::NotReady),
            events: Mutex::default(),
        };
        let (session, running) = (client.session(credentials), tokio::sync::Mutex::default());
        Self { id, session, options, shared: Arc::new(shared), running }
    }

    /// The session underneath, for reads that the port does not have (contacts with availability, for example).
    pub fn session(&self) -> &Session {
        &self.session
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.shared.book()
    }

    /// Tells the runtime something that did not come as a notification.
    pub(crate) async fn tell(&self, event: PlatformEvent) {
        let events = self.shared.events.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(events) = events {
            // A runtime that is gone does not miss it.
            let _ = events.send(event).await;
        }
    }

    async fn begin(&self, running: &mut Option<Running>) -> Result<PlatformEvents, gws::Error> {
        let me = self.session.sign_in().await?;
        let options = self.session.options();
        let naming = (options.family == Family::Interactions).then_some(options.agent_naming);
        *self.shared.book() = Book::new(me, naming);
        *self.shared.histories() = Histories::default();
        self.want(Presence::NotReady);
        let notifications = self.session.notifications().await?;
        let (sender, events) = mpsc::channel(self.options.events.max(1));
        *self.shared.events.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender.clone());
        let (stop, stopped) = oneshot::channel();
        let pump = Pump {
            login: self.id.clone(),
            session: self.session.clone(),
            shared: self.shared.clone(),
            options: self.options.clone(),
            events: sender,
            notifications,
            stopped,
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(pump.run());
        // Kept before the next await: a call that is dropped from here on is taken down by the next one.
        *running = Some(Running { pump: Some((stop, tasks)) });
        let started = self.session.start().await?;
        for part in started.failed {
            tracing::warn!(agent.login = %self.id, %part, "a medium that is not needed did not start");
        }
        let not_ready = gws::Presence::NotReady;
        self.session.set_presence_on(&options.medium, not_ready).await?;
        Ok(events)
    }

    fn want(&self, presence: Presence) {
        *self.shared.wanted.lock().unwrap_or_else(PoisonError::into_inner) = presence;
    }

    /// Ends what a sign-in has begun. The session of the centre is ended last, for it takes the HTTP session with it.
    async fn take_down(&self, running: &mut Option<Running>) -> Result<(), gws::Error> {
        let Some(up) = running else { return Ok(()) };
        up.close(self.options.farewell).await;
        self.shared.events.lock().unwrap_or_else(PoisonError::into_inner).take();
        match self.session.end().await {
            // Over already.
            Ok(()) | Err(gws::Error::Unauthenticated { .. } | gws::Error::CsrfRefused) => {}
            Err(error) => return Err(error),
        }
        *running = None;
        Ok(())
    }

    /// The transcript, whole and by index, from whichever endpoint has it.
    pub(crate) async fn read_transcript(&self, id: &InteractionId) -> Result<Vec<Entry>, PlatformError> {
        let read = |error: gws::Error| convert::error(&error, Doing::Read);
        if self.session.options().family == Family::Interactions {
            return self.requested_history(id).await;
        }
        let messages = self.session.messages(id.as_str(), Some(1)).await.map_err(read)?;
        let people = messages.iter().filter_map(|message| message.from.as_ref());
        if self.book().has_strangers(id.as_str(), people) {
            self.interactions().await?;
        }
        let mut entries = self.book().entries(id.as_str(), &messages);
        entries.sort_by_key(|entry| entry.index);
        entries.dedup_by_key(|entry| entry.index);
        Ok(entries)
    }

    async fn requested_history(&self, id: &InteractionId) -> Result<Vec<Entry>, PlatformError> {
        let lowest = self.book().lowest(id.as_str());
        let (ticket, waiter) = self.shared.histories().wait(id.as_str(), lowest);
        let _forget = Forget { shared: &self.shared, ticket };
        let request = gws::Operation::RequestHistory { event_id: None };
        let receipt = self.session.perform(id.as_str(), &request).await;
        let receipt = receipt.map_err(|error| convert::error(&error, Doing::Read))?;
        self.shared.histories().expect(ticket, receipt.reference);
        let whole = tokio::time::timeout(self.session.options().timeouts.history, waiter).await;
        let entries = self.shared.histories().take(ticket);
        match whole {
            Ok(_) => Ok(entries),
            // Something came, but nothing that began at the beginning: all that there is to know.
            Err(_) if !entries.is_empty() => Ok(entries),
            Err(_) => Err(PlatformError::new(PlatformErrorKind::Unavailable, "the history did not come in time")),
        }
    }
}

/// Takes a waiter for a history back when its call is dropped.
struct Forget<'a> {
    shared: &'a Shared,
    ticket: u64,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.shared.histories().take(self.ticket);
    }
}

#[async_trait]
impl Platform for Login {
    fn login(&self) -> &LoginId {
        &self.id
    }

    fn limits(&self) -> PlatformLimits {
        PlatformLimits {
            message_bytes: self.session.options().limits.message_bytes,
            agent_only_messages: self.session.options().family == Family::Chats,
            // Where the server has no operation for it, the adapter spells it as the options say.
            disposition: true,
        }
    }

    async fn sign_in(&self) -> Result<PlatformEvents, PlatformError> {
        let mut running = self.running.lock().await;
        if let Err(error) = self.take_down(&mut running).await {
            tracing::warn!(agent.login = %self.id, %error, "what was left of an earlier sign-in did not end in order");
        }
        *running = None;
        match self.begin(&mut running).await {
            Ok(events) => Ok(events),
            Err(error) => {
                if let Err(error) = self.take_down(&mut running).await {
                    tracing::debug!(agent.login = %self.id, %error, "a sign-in that failed did not end in order");
                }
                *running = None;
                Err(convert::error(&error, Doing::Read))
            }
        }
    }

    async fn set_presence(&self, presence: Presence) -> Result<(), PlatformError> {
        self.want(presence);
        let said = self.session.set_presence_on(&self.session.options().medium, spelt(presence)).await;
        said.map_err(|error| convert::error(&error, Doing::Operation))
    }

    async fn perform(&self, interaction: &InteractionId, operation: Operation) -> Result<Receipt, PlatformError> {
        self.operate(interaction, operation).await
    }

    async fn interactions(&self) -> Result<Vec<Interaction>, PlatformError> {
        let owned = self.session.interactions().await.map_err(|error| convert::error(&error, Doing::Read))?;
        let mut book = self.book();
        Ok(owned.into_iter().map(|one| book.merge(one, Source::Read)).collect())
    }

    async fn transcript(&self, interaction: &InteractionId) -> Result<Vec<Entry>, PlatformError> {
        self.read_transcript(interaction).await
    }

    async fn sign_out(&self) -> Result<(), PlatformError> {
        let mut running = self.running.lock().await;
        self.take_down(&mut running).await.map_err(|error| convert::error(&error, Doing::Operation))
    }
}

pub(crate) fn spelt(presence: Presence) -> gws::Presence {
    match presence {
        Presence::Ready => gws::Presence::Ready,
        Presence::NotReady => gws::Presence::NotReady,
    }
}
