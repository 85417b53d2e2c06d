//! What the server tells by itself: one CometD session of one login, as one stream.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bayeux::{AuthError, Authenticator, Event, Occasion};

use crate::line::{Line, Missing};
use crate::{Error, Notification, Session};

/// What comes in.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are notifications, and they are moved once")]
#[non_exhaustive]
pub enum Told {
    /// A notification.
    Notification(Notification),
    /// Something on a subscribed topic that is no notification.
    Nonsense {
        /// The topic.
        topic: String,
    },
    /// The connection is broken, and is being made again.
    Lost {
        /// For people and logs.
        reason: String,
    },
    /// It works again. With a gap, notifications were or may have been lost: read the state again.
    Restored {
        /// Whether something may have been lost.
        gap: bool,
        /// The CometD session is a new one: the server had dropped the old one, perhaps with the contact-centre session.
        new_session: bool,
    },
    /// It is over and will not be made again.
    Closed(Error),
}

/// The notifications of one login. Dropping it ends the CometD session at once; [`Notifications::close`] does it with good
/// manners.
#[derive(Debug)]
pub struct Notifications {
    client: bayeux::Client,
    subscription: bayeux::Subscription,
    events: bayeux::Events,
    line: Line,
}

impl Session {
    /// Opens the CometD session and subscribes to everything in [`Options::subscriptions`](crate::Options::subscriptions).
    /// Returns when the server has agreed to all of it. Sign in before: cookies and token are shared.
    ///
    /// Cancel safe: a dropped call leaves nothing open.
    pub async fn notifications(&self) -> Result<Notifications, Error> {
        let limit = self.options().timeouts.sign_in;
        let opening = self.open();
        tokio::time::timeout(limit, opening).await.unwrap_or(Err(Error::Unreachable("no notifications in time".into())))
    }

    async fn open(&self) -> Result<Notifications, Error> {
        let options = self.options();
        let exchange = self.exchange.clone();
        let settings = bayeux::Options { ack: options.acknowledge, ..options.bayeux.clone() };
        let client = bayeux::Client::builder(options.notification_url().as_str())
            .http(self.client().http().clone())
            .cookies(self.cookies())
            .options(settings)
            .transports(options.transports.iter().copied())
            .headers(move |headers| headers.extend(exchange.headers()))
            .authenticator(Renewal { session: self.clone(), begun: AtomicBool::new(false) })
            .build()
            .map_err(Error::Notifications)?;
        // Listen first, so that nothing between the connect and the first read is missed.
        let events = client.events().await;
        client.connect().await.map_err(Error::Notifications)?;
        let subscription = client.subscribe(options.subscriptions()).await.map_err(Error::Notifications)?;
        Ok(Notifications { client, subscription, events, line: Line::Up })
    }
}

impl Notifications {
    /// The next thing told; `None` after [`Told::Closed`]. Cancel safe.
    pub async fn next(&mut self) -> Option<Told> {
        while !matches!(self.line, Line::Over) {
            let told = tokio::select! {
                // What came before the connection broke is told before the break.
                biased;
                delivery = self.subscription.next() => match delivery {
                    Some(delivery) => Some(read(&delivery)),
                    None => Some(self.ended()),
                },
                event = self.events.next() => match event {
                    Some(event) => self.event(event),
                    None => Some(self.ended()),
                },
            };
            if told.is_some() {
                return told;
            }
        }
        None
    }

    /// Says good-bye, for at most this long.
    pub async fn close(self, within: Duration) {
        if let Err(error) = self.client.disconnect(within).await {
            tracing::debug!(%error, "the CometD session did not end in order");
        }
    }

    fn ended(&mut self) -> Told {
        self.line = Line::Over;
        let reason = self.subscription.end().cloned().unwrap_or(bayeux::Error::Gone);
        Told::Closed(Error::Notifications(reason))
    }

    /// The line is down. Told once; what more is known about the break is added up.
    fn lose(&mut self, gap: bool, lacks: Missing, reason: impl FnOnce() -> String) -> Option<Told> {
        self.line.lose(gap, lacks).then(|| Told::Lost { reason: reason() })
    }

    fn find(&mut self, found: Missing, gap: bool) -> Option<Told> {
        self.line.find(found, gap).map(|(gap, new_session)| Told::Restored { gap, new_session })
    }

    fn event(&mut self, event: Event) -> Option<Told> {
        match (event, self.line) {
            (Event::Broken { failure }, _) => self.lose(false, Missing::Connection, || failure.to_string()),
            (Event::SessionLost { refusal }, _) => {
                self.lose(true, Missing::Both, || format!("the session was lost: {refusal}"))
            }
            (Event::Established { first: false, gap, .. }, _) => {
                self.lose(gap, Missing::Both, || "the session was replaced".into())
            }
            (Event::Connected { gap, .. }, _) => self.find(Missing::Connection, gap),
            (Event::Resubscribed, _) => self.find(Missing::Subscriptions, false),
            // Not a broken connection, but notifications are missing all the same.
            (Event::Dropped { .. } | Event::Missed { .. }, Line::Up) => {
                Some(Told::Restored { gap: true, new_session: false })
            }
            (Event::Dropped { .. } | Event::Missed { .. }, _) => {
                self.line.miss();
                None
            }
            (Event::ResubscribeRefused { channel, refusal }, _) => {
                tracing::warn!(%channel, %refusal, "a topic is not subscribed to any more");
                None
            }
            (Event::Closed { reason }, _) => {
                self.line = Line::Over;
                Some(Told::Closed(Error::Notifications(reason)))
            }
            (other, _) => {
                tracing::debug!(event = ?other, "CometD");
                None
            }
        }
    }
}

fn read(delivery: &bayeux::Delivery) -> Told {
    match Notification::decode(delivery.data().text()) {
        Some(notification) => Told::Notification(notification),
        None => Told::Nonsense { topic: delivery.channel().to_string() },
    }
}

/// Renews the HTTP session when the CometD side of the server refuses it, and before a new CometD session is begun: a server
/// that has lost the one may have lost the other, and would begin a second HTTP session for a handshake with a cookie that it
/// does not know, beside the one that a call is just getting.
struct Renewal {
    session: Session,
    /// The first handshake goes with what the sign-in has brought.
    begun: AtomicBool,
}

#[async_trait::async_trait]
impl Authenticator for Renewal {
    async fn authenticate(&self, occasion: Occasion) -> Result<(), AuthError> {
        let first = matches!(occasion, Occasion::Handshake { .. }) && !self.begun.swap(true, Ordering::Relaxed);
        if first {
            return Ok(());
        }
        match self.session.renew().await {
            Ok(()) => Ok(()),
            Err(error @ (Error::Unauthenticated { .. } | Error::CsrfRefused)) => Err(AuthError::Final(error.into())),
            Err(error) => Err(AuthError::Temporary(error.into())),
        }
    }
}
