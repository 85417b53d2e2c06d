//! The CometD side: sessions, subscriptions, messages waiting, acknowledgement. Behaves as the Java server does (version
//! 5): the answers below are those that were seen on its wire.

pub mod http;
mod messages;
mod session;
pub mod websocket;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tokio::time::Instant;

pub use messages::{Caller, Handled, Pending, Step};
pub use session::Session;

use crate::model::AgentName;
use crate::options::Notifications;

/// How long a notification that is to be overtaken waits for the one that overtakes it.
pub const OVERTAKE_WITHIN: std::time::Duration = std::time::Duration::from_millis(250);

/// All CometD sessions.
#[derive(Default)]
pub struct Registry {
    sessions: HashMap<String, Session>,
    by_agent: BTreeMap<AgentName, BTreeSet<String>>,
    by_browser: HashMap<String, BTreeSet<String>>,
}

impl Registry {
    /// The sessions of an agent.
    pub fn sessions_of(&self, agent: &AgentName) -> Vec<String> {
        self.by_agent.get(agent).map(|clients| clients.iter().cloned().collect()).unwrap_or_default()
    }

    /// Whether a session has subscribed to a channel, by name or by wildcard.
    pub fn wants(&self, client: &str, channel: &str) -> bool {
        self.sessions.get(client).is_some_and(|session| session.wants(channel))
    }

    /// Puts a message into a session's queue, if it wants it. One copy, however many subscriptions match. A queue that is
    /// full ends the session.
    pub fn push(&mut self, client: &str, channel: &str, message: &Arc<str>, overtaken: bool, options: &Notifications) {
        let Some(session) = self.sessions.get_mut(client) else { return };
        if !session.wants(channel) {
            return;
        }
        if overtaken && session.held_back.is_none() {
            session.held_back = Some((Instant::now() + OVERTAKE_WITHIN, Arc::clone(message)));
            return;
        }
        session.queue.push_back(Arc::clone(message));
        session.release_held_back();
        if session.queue.len() + session.unacked.len() > options.max_queue {
            tracing::warn!(agent.login = %session.agent, "a client does not fetch its notifications: session removed");
            self.remove(client);
        } else {
            session.news.notify_waiters();
        }
    }

    /// A new session.
    pub fn insert(&mut self, client: String, session: Session) {
        self.by_agent.entry(session.agent.clone()).or_default().insert(client.clone());
        if let Some(browser) = &session.browser {
            self.by_browser.entry(browser.clone()).or_default().insert(client.clone());
        }
        self.sessions.insert(client, session);
    }

    pub fn get_mut(&mut self, client: &str) -> Option<&mut Session> {
        self.sessions.get_mut(client)
    }

    /// Ends a session. Whoever holds a connect of it is woken.
    pub fn remove(&mut self, client: &str) -> Option<AgentName> {
        let session = self.sessions.remove(client)?;
        session.news.notify_waiters();
        if let Some(clients) = self.by_agent.get_mut(&session.agent) {
            clients.remove(client);
            if clients.is_empty() {
                self.by_agent.remove(&session.agent);
            }
        }
        if let Some(browser) = &session.browser
            && let Some(clients) = self.by_browser.get_mut(browser)
        {
            clients.remove(client);
            if clients.is_empty() {
                self.by_browser.remove(browser);
            }
        }
        Some(session.agent)
    }

    /// How many other sessions of a browser hold a connect now.
    pub fn holding(&self, browser: &str, except: &str) -> usize {
        let clients = self.by_browser.get(browser).into_iter().flatten().filter(|client| *client != except);
        clients.filter(|client| self.sessions.get(*client).is_some_and(|session| session.holding)).count()
    }

    /// Removes sessions that have not connected for too long, and lets go what waits to be overtaken. Whose they were.
    pub fn sweep(&mut self, now: Instant) -> Vec<AgentName> {
        let mut gone = Vec::new();
        for (client, session) in &mut self.sessions {
            if session.held_back.as_ref().is_some_and(|(until, _)| *until <= now) {
                session.release_held_back();
                session.news.notify_waiters();
            }
            if session.expires.is_some_and(|at| at <= now) {
                gone.push(client.clone());
            }
        }
        gone.iter().filter_map(|client| self.remove(client)).collect()
    }

    /// When `sweep` is wanted next.
    pub fn next_expiry(&self) -> Option<Instant> {
        let times = self.sessions.values().flat_map(|session| {
            [session.expires, session.held_back.as_ref().map(|(until, _)| *until)].into_iter().flatten()
        });
        times.min()
    }

    /// Wakes everybody who waits, because something that decides about waiting has changed.
    pub fn wake_all(&self) {
        for session in self.sessions.values() {
            session.news.notify_waiters();
        }
    }
}
