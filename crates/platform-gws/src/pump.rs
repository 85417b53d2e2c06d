//! The one task of a login: notifications in, events for the runtime out, in order.

use std::sync::Arc;
use std::time::Duration;

use attendant::{InteractionId, Link, LoginId, PlatformError, PlatformEvent, Presence};
use gws::{Notification, Notifications, Session, Told};
use rand::Rng;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::book::Source;
use crate::convert::{self, Doing};
use crate::login::{Options, Shared, spelt};

/// Longest wait between two attempts to get the contact-centre session back.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A session that is ended again within this time after it was started again was not lost by accident.
const QUARREL: Duration = Duration::from_secs(60);

pub struct Pump {
    pub login: LoginId,
    pub session: Session,
    pub shared: Arc<Shared>,
    pub options: Options,
    pub events: mpsc::Sender<PlatformEvent>,
    pub notifications: Notifications,
    pub stopped: oneshot::Receiver<()>,
}

/// Why the pump stops.
enum Stop {
    /// Signed out, or nobody listens any more.
    Asked,
    /// The connection is over.
    Closed(String),
}

impl Pump {
    /// Until it is told to stop, the runtime is gone, or the connection is over.
    pub async fn run(mut self) {
        let mut restarted = None;
        let stop = loop {
            let told = tokio::select! {
                biased;
                _ = &mut self.stopped => break Stop::Asked,
                told = self.notifications.next() => told,
            };
            let Some(told) = told else { break Stop::Closed("the notifications have ended".into()) };
            if let Err(stop) = self.told(told, &mut restarted).await {
                break stop;
            }
        };
        let reason = match stop {
            Stop::Asked => "signed out".to_owned(),
            Stop::Closed(reason) => reason,
        };
        tracing::info!(agent.login = %self.login, reason, "the connection is closed");
        // If the queue is full, the end of the stream says the same.
        let _ = self.events.try_send(PlatformEvent::Link(Link::Closed { reason }));
        self.notifications.close(self.options.farewell).await;
    }

    async fn told(&mut self, told: Told, restarted: &mut Option<Instant>) -> Result<(), Stop> {
        match told {
            Told::Notification(Notification::Channels(channels)) => self.channels(&channels, restarted).await,
            Told::Notification(notification) => self.notification(notification).await,
            Told::Lost { reason } => self.send(PlatformEvent::Link(Link::Lost { reason })).await,
            Told::Restored { gap, new_session } => {
                if new_session {
                    self.restart().await?;
                }
                self.send(PlatformEvent::Link(Link::Restored { gap })).await
            }
            Told::Closed(error) => Err(Stop::Closed(error.to_string())),
            Told::Nonsense { topic } => {
                tracing::warn!(agent.login = %self.login, topic, "a notification that makes no sense is left out");
                Ok(())
            }
            other => {
                tracing::debug!(agent.login = %self.login, ?other, "unknown word from the client");
                Ok(())
            }
        }
    }

    /// Waits for room in the queue; the runtime slows the server down so. Gives up when told to stop.
    async fn send(&mut self, event: PlatformEvent) -> Result<(), Stop> {
        tokio::select! {
            biased;
            _ = &mut self.stopped => Err(Stop::Asked),
            sent = self.events.send(event) => sent.map_err(|_| Stop::Asked),
        }
    }

    async fn notification(&mut self, notification: Notification) -> Result<(), Stop> {
        match notification {
            Notification::Interaction { interaction, .. } => {
                let medium = &self.session.options().medium;
                if interaction.channel.as_ref().is_some_and(|channel| channel != medium) {
                    return Ok(());
                }
                let whole = self.shared.book().merge(interaction, Source::Notification);
                self.send(PlatformEvent::Interaction(whole)).await
            }
            Notification::Messages { interaction, reference, messages } => {
                let people = messages.iter().filter_map(|message| message.from.as_ref());
                let strangers = self.shared.book().has_strangers(&interaction, people);
                if strangers {
                    self.look(&interaction).await?;
                }
                let entries = self.shared.book().entries(&interaction, &messages);
                self.shared.histories().came(&interaction, reference, &entries);
                if entries.is_empty() {
                    return Ok(());
                }
                let interaction = InteractionId::new(interaction);
                self.send(PlatformEvent::Entries { interaction, entries }).await
            }
            Notification::Failed { interaction, reference, refusal } => {
                let id = interaction.as_ref().map(|one| InteractionId::new(one.id.as_str()));
                if let Some(part) = interaction.filter(|part| part.state.is_some()) {
                    let whole = self.shared.book().merge(part, Source::Notification);
                    self.send(PlatformEvent::Interaction(whole)).await?;
                }
                let kind = convert::refused(refusal.code, refusal.http, Doing::Operation);
                let error = PlatformError::new(kind, refusal.to_string());
                self.send(PlatformEvent::OperationFailed { interaction: id, reference, error }).await
            }
            other => {
                tracing::debug!(agent.login = %self.login, ?other, "a notification that is not needed");
                Ok(())
            }
        }
    }

    /// An agent has spoken of whom it is not known who they are: entries can come before the participants do. Whether it is
    /// this login is decided before the runtime hears of it, once for each batch.
    async fn look(&mut self, interaction: &str) -> Result<(), Stop> {
        let read = tokio::select! {
            biased;
            _ = &mut self.stopped => return Err(Stop::Asked),
            read = self.session.interactions() => read,
        };
        match read {
            Ok(all) => {
                let mut book = self.shared.book();
                for one in all.into_iter().filter(|one| one.id == interaction) {
                    let _ = book.merge(one, Source::Notification);
                }
            }
            Err(error) => {
                tracing::warn!(agent.login = %self.login, chat.id = interaction, %error, "who is who is not known");
            }
        }
        Ok(())
    }

    async fn channels(&mut self, channels: &[gws::ChannelState], restarted: &mut Option<Instant>) -> Result<(), Stop> {
        let medium = self.session.options().medium.clone();
        let Some(channel) = channels.iter().find(|one| one.channel.eq_ignore_ascii_case(&medium)) else {
            return Ok(());
        };
        if channel.is_logged_out() && self.is_logged_out().await == Ok(true) {
            let reason = "the server has ended the contact-centre session".to_owned();
            if restarted.is_some_and(|at| at.elapsed() < QUARREL) {
                return Err(Stop::Closed(format!("{reason} again and again")));
            }
            self.send(PlatformEvent::Link(Link::Lost { reason })).await?;
            self.restart().await?;
            *restarted = Some(Instant::now());
            return self.send(PlatformEvent::Link(Link::Restored { gap: true })).await;
        }
        match channel.is_ready() {
            Some(true) => self.send(PlatformEvent::Presence(Presence::Ready)).await,
            Some(false) => self.send(PlatformEvent::Presence(Presence::NotReady)).await,
            None => Ok(()),
        }
    }

    /// What the server says now: a notification may be old.
    async fn is_logged_out(&self) -> Result<bool, ()> {
        let medium = &self.session.options().medium;
        let channels = self.session.channels().await.map_err(|error| {
            tracing::warn!(agent.login = %self.login, %error, "the state of the media cannot be read");
        })?;
        let ours = channels.iter().find(|one| one.channel.eq_ignore_ascii_case(medium));
        Ok(ours.is_none_or(gws::ChannelState::is_logged_out))
    }

    /// Sees that the contact-centre session stands and the presence is the wanted one, for as long as it takes.
    async fn restart(&mut self) -> Result<(), Stop> {
        let mut wait = self.options.restart;
        loop {
            let attempt = async {
                let medium = &self.session.options().medium;
                let channels = self.session.channels().await?;
                let ours = channels.iter().find(|one| one.channel.eq_ignore_ascii_case(medium));
                if ours.is_none_or(gws::ChannelState::is_logged_out) {
                    tracing::info!(agent.login = %self.login, "starting the contact-centre session again");
                    self.session.start().await?;
                }
                self.session.set_presence_on(medium, spelt(self.shared.wanted())).await
            };
            let error = tokio::select! {
                biased;
                _ = &mut self.stopped => return Err(Stop::Asked),
                attempt = attempt => match attempt {
                    Ok(()) => return Ok(()),
                    Err(error) => error,
                },
            };
            if matches!(error, gws::Error::Unauthenticated { .. }) {
                return Err(Stop::Closed(error.to_string()));
            }
            tracing::warn!(agent.login = %self.login, %error, ?wait, "the contact-centre session does not stand yet");
            let jittered = wait.mul_f64(rand::rng().random_range(0.5..=1.0));
            tokio::select! {
                biased;
                _ = &mut self.stopped => return Err(Stop::Asked),
                () = tokio::time::sleep(jittered) => {}
            }
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }
}
