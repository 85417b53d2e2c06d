//! What each Bayeux message does, whichever transport brought it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::session::Session;
use crate::faults::{Kind, Place};
use crate::model::AgentName;
use crate::options::Acknowledgement;
use crate::server::state::State;

/// Who sent a message.
pub struct Caller {
    /// Signed in as, by password or cookie.
    pub agent: AgentName,
    /// The `BAYEUX_BROWSER` cookie. A handshake without one makes one, which the transport then sets.
    pub browser: Option<String>,
    /// On a WebSocket the connection stands for the browser.
    pub websocket: bool,
}

/// What came of a message.
pub enum Handled {
    /// The reply.
    Reply(Value),
    /// A `/meta/connect` to be waited on.
    Connect(Pending),
}

/// A `/meta/connect` that is not answered yet.
#[derive(Debug, Clone)]
pub struct Pending {
    pub client: String,
    pub agent: AgentName,
    pub generation: u64,
    /// Answered then at the latest.
    pub deadline: Instant,
    id: Option<Value>,
    /// A second session of one browser: may not be held.
    multiple: bool,
    /// Woken when there may be something to answer with.
    pub news: Arc<Notify>,
    ended: Arc<AtomicBool>,
}

/// What to do with a connect now.
pub enum Step {
    /// Answer: deliveries, then the reply.
    Reply(Vec<Arc<str>>, Value),
    /// A newer connect of the same session has come.
    Superseded,
    /// Wait for news or the deadline.
    Wait,
}

fn reply(message: &Value, channel: &str) -> Value {
    let mut reply = json!({ "channel": channel });
    if let Some(id) = message.get("id") {
        reply["id"] = id.clone();
    }
    reply
}

fn refuse(mut reply: Value, error: &str) -> Value {
    reply["successful"] = false.into();
    reply["error"] = error.into();
    reply
}

fn unknown(mut reply: Value, with_advice: bool) -> Value {
    reply["successful"] = false.into();
    reply["error"] = "402::session_unknown".into();
    if with_advice {
        reply["advice"] = json!({ "reconnect": "handshake", "interval": 0 });
    }
    reply
}

impl State {
    /// Does what a message asks for. A handshake may set the caller's browser.
    pub fn bayeux(&mut self, message: &Value, caller: &mut Caller) -> Handled {
        let channel = message.get("channel").and_then(Value::as_str).unwrap_or_default().to_owned();
        match channel.as_str() {
            "/meta/handshake" => Handled::Reply(self.handshake(message, caller)),
            "/meta/connect" => self.connect(message, caller),
            "/meta/subscribe" => Handled::Reply(self.subscribe(message, caller, true)),
            "/meta/unsubscribe" => Handled::Reply(self.subscribe(message, caller, false)),
            "/meta/disconnect" => {
                let reply = reply(message, &channel);
                let Some(client) = self.client_of(message, caller) else {
                    return Handled::Reply(unknown(reply, true));
                };
                if let Some(session) = self.cometd.get_mut(&client) {
                    session.ended.store(true, Ordering::Relaxed);
                }
                self.end_cometd(&client);
                let mut reply = reply;
                reply["successful"] = true.into();
                Handled::Reply(reply)
            }
            _ => {
                let reply = reply(message, &channel);
                if self.client_of(message, caller).is_none() {
                    return Handled::Reply(unknown(reply, false));
                }
                let error = if channel.starts_with('/') && channel.len() > 1 {
                    format!("403:{channel}:publish_denied")
                } else {
                    "400::channel_missing".to_owned()
                };
                Handled::Reply(refuse(reply, &error))
            }
        }
    }

    /// The session a message speaks of, if it lives and is the caller's.
    fn client_of(&mut self, message: &Value, caller: &Caller) -> Option<String> {
        let client = message.get("clientId")?.as_str()?;
        let session = self.cometd.get_mut(client)?;
        let same_browser = caller.websocket || (session.browser.is_some() && session.browser == caller.browser);
        (session.agent == caller.agent && same_browser).then(|| client.to_owned())
    }

    fn advice(&self) -> Value {
        let options = &self.options.notifications;
        json!({
            "reconnect": "retry",
            "interval": u64::try_from(options.interval.as_millis()).unwrap_or(u64::MAX),
            "timeout": u64::try_from(options.hold.as_millis()).unwrap_or(u64::MAX),
        })
    }

    fn handshake(&mut self, message: &Value, caller: &mut Caller) -> Value {
        let options = Arc::clone(&self.options);
        let options = &options.notifications;
        let mut reply = reply(message, "/meta/handshake");
        if message.get("version").and_then(Value::as_str).is_none() {
            reply = refuse(reply, "403::handshake_denied");
            reply["advice"] = json!({ "reconnect": "none" });
            return reply;
        }
        if caller.browser.is_none() {
            caller.browser = Some(self.token());
        }
        let asked = message.pointer("/ext/ack").is_some_and(|ack| ack != &Value::Bool(false) && !ack.is_null());
        let acknowledges = asked && options.acknowledgement != Acknowledgement::Off;
        let client = self.token();
        let expires = Instant::now() + options.interval + options.max_interval;
        self.cometd
            .insert(client.clone(), Session::new(caller.agent.clone(), caller.browser.clone(), acknowledges, expires));
        let mut types = Vec::new();
        if options.websocket {
            types.push("websocket");
        }
        if options.long_polling {
            types.push("long-polling");
        }
        reply["successful"] = true.into();
        reply["version"] = "1.0".into();
        reply["minimumVersion"] = "1.0".into();
        reply["supportedConnectionTypes"] = json!(types);
        reply["clientId"] = client.into();
        reply["advice"] = self.advice();
        match (acknowledges, options.acknowledgement) {
            (true, Acknowledgement::Plain) => reply["ext"] = json!({ "ack": true }),
            (true, Acknowledgement::Detailed) => reply["ext"] = json!({ "ack": { "enabled": true, "batch": 0 } }),
            _ => {}
        }
        self.arm(expires);
        reply
    }

    fn connect(&mut self, message: &Value, caller: &Caller) -> Handled {
        let options = Arc::clone(&self.options);
        let options = &options.notifications;
        let reply = reply(message, "/meta/connect");
        let Some(client) = self.client_of(message, caller) else { return Handled::Reply(unknown(reply, true)) };
        if message.get("connectionType").and_then(Value::as_str).is_none() {
            return Handled::Reply(refuse(reply, "400::connection_type_missing"));
        }
        let multiple = !caller.websocket
            && caller
                .browser
                .as_deref()
                .is_some_and(|browser| self.cometd.holding(browser, &client) >= options.max_sessions_per_browser);
        let Some(session) = self.cometd.get_mut(&client) else { return Handled::Reply(unknown(reply, true)) };
        session.generation += 1;
        session.acknowledge(message.pointer("/ext/ack").and_then(Value::as_u64));
        session.expires = None;
        session.holding = true;
        session.news.notify_waiters();
        let at_once = session.generation == 1
            || message.pointer("/advice/timeout").and_then(Value::as_u64) == Some(0)
            || multiple;
        let now = Instant::now();
        Handled::Connect(Pending {
            client,
            agent: caller.agent.clone(),
            generation: session.generation,
            deadline: if at_once { now } else { now + options.hold },
            id: message.get("id").cloned(),
            multiple,
            news: Arc::clone(&session.news),
            ended: Arc::clone(&session.ended),
        })
    }

    /// Whether a connect is answered now.
    pub fn step(&mut self, pending: &Pending) -> Step {
        let mut reply = json!({ "channel": "/meta/connect" });
        if let Some(id) = &pending.id {
            reply["id"] = id.clone();
        }
        let place = Place { login: Some(&pending.agent), interaction: None, operation: Some("/meta/connect") };
        if self.faults.strikes(&place, &Kind::DropSession) {
            self.cometd.remove(&pending.client);
        }
        let options = Arc::clone(&self.options);
        let options = &options.notifications;
        let advice = self.advice();
        let Some(session) = self.cometd.get_mut(&pending.client) else {
            if pending.ended.load(Ordering::Relaxed) {
                reply["successful"] = true.into();
                reply["advice"] = json!({ "reconnect": "none", "interval": 0 });
                return Step::Reply(Vec::new(), reply);
            }
            return Step::Reply(Vec::new(), unknown(reply, true));
        };
        if session.generation != pending.generation {
            return Step::Superseded;
        }
        if session.queue.is_empty() && Instant::now() < pending.deadline {
            return Step::Wait;
        }
        let (messages, batch) = session.drain();
        session.holding = false;
        reply["successful"] = true.into();
        let mut interval = options.interval;
        if pending.multiple {
            interval = options.multi_session_interval;
            let millis = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
            reply["advice"] = json!({ "reconnect": "retry", "interval": millis, "multiple-clients": true });
        } else {
            reply["advice"] = advice;
        }
        let expires = Instant::now() + interval + options.max_interval;
        session.expires = Some(expires);
        if let Some(batch) = batch {
            reply["ext"] = json!({ "ack": batch });
        }
        self.arm(expires);
        Step::Reply(messages, reply)
    }

    /// Whoever held this connect is gone without an answer.
    pub fn let_go(&mut self, pending: &Pending) {
        let wait = self.options.notifications.interval + self.options.notifications.max_interval;
        if let Some(session) = self.cometd.get_mut(&pending.client)
            && session.generation == pending.generation
            && session.holding
        {
            session.holding = false;
            let expires = Instant::now() + wait;
            session.expires = Some(expires);
            self.arm(expires);
        }
    }

    fn subscribe(&mut self, message: &Value, caller: &Caller, on: bool) -> Value {
        let mut reply = reply(message, if on { "/meta/subscribe" } else { "/meta/unsubscribe" });
        let Some(client) = self.client_of(message, caller) else { return unknown(reply, true) };
        let wanted = message.get("subscription").cloned().unwrap_or(Value::Null);
        let channels: Vec<String> = match &wanted {
            Value::String(one) => vec![one.clone()],
            Value::Array(many) => many.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
            _ => Vec::new(),
        };
        if channels.is_empty() {
            return refuse(reply, "403::subscription_missing");
        }
        reply["subscription"] = wanted;
        if let Some(bad) = channels.iter().find(|channel| !channel.starts_with('/') || channel.starts_with("/meta/")) {
            return refuse(reply, &format!("403:{bad}:subscription_invalid"));
        }
        if let Some(session) = self.cometd.get_mut(&client) {
            for channel in channels {
                if !on {
                    session.subscriptions.remove(&channel);
                } else if session.subscriptions.len() < 256 {
                    session.subscriptions.insert(channel);
                }
            }
        }
        reply["successful"] = true.into();
        reply
    }

    /// What waits for a session, for a reply that is not a connect's: only where nothing is acknowledged.
    pub fn deliver_in_reply(&mut self, client: &str) -> Vec<Arc<str>> {
        match self.cometd.get_mut(client) {
            Some(session) if session.batch.is_none() => session.drain().0,
            _ => Vec::new(),
        }
    }
}
