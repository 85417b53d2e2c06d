//! Bare clients for these tests: raw JSON over HTTP, no retries, no cleverness.

use std::time::Duration;

use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use simulator::{AgentProfile, Centre, Handle, Options, QueueProfile, Server};

/// A bot, a person with a skill, and a queue each.
pub fn centre() -> Centre {
    Centre::default()
        .with_agent(AgentProfile::new("bot-01", "s3cret").named("Robo", "One").skilled("bot").capacity(3))
        .with_agent(AgentProfile::new("grace", "h0pper").named("Grace", "H").skilled("service").capacity(2))
        .with_queue(QueueProfile::new("chat_in").needing("bot"))
        .with_queue(QueueProfile::new("people").needing("service"))
}

pub fn options() -> Options {
    let mut options = Options::default().with_centre(centre()).with_seed(7);
    options.notifications.hold = Duration::from_millis(400);
    options.notifications.max_interval = Duration::from_secs(5);
    options
}

pub async fn start(options: Options) -> Handle {
    Server::start(options).await.expect("starts")
}

/// A client. No TLS is spoken here, but one provider has to be named.
fn plain() -> reqwest::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
}

/// An agent with a cookie jar of its own.
pub struct Agent {
    pub http: reqwest::Client,
    pub base: String,
    pub user: String,
    pub password: String,
    pub client_id: String,
    pub connect_ack: Option<u64>,
    /// Events not yet looked at.
    pub events: Vec<Value>,
    made: u64,
}

impl Agent {
    pub fn new(handle: &Handle, user: &str, password: &str) -> Self {
        Self {
            http: plain().cookie_store(true).no_proxy().build().expect("a client"),
            base: handle.base_url(),
            user: user.into(),
            password: password.into(),
            client_id: String::new(),
            connect_ack: None,
            events: Vec::new(),
            made: 0,
        }
    }

    pub fn bot(handle: &Handle) -> Self {
        Self::new(handle, "bot-01", "s3cret")
    }

    pub fn grace(handle: &Handle) -> Self {
        Self::new(handle, "grace", "h0pper")
    }

    fn with_auth(&self, request: RequestBuilder) -> RequestBuilder {
        request.basic_auth(&self.user, Some(&self.password))
    }

    pub async fn get(&self, path: &str) -> Response {
        self.with_auth(self.http.get(format!("{}{path}", self.base))).send().await.expect("an answer")
    }

    pub async fn get_json(&self, path: &str) -> Value {
        self.get(path).await.json().await.expect("JSON")
    }

    pub fn post_request(&self, path: &str, body: &Value) -> RequestBuilder {
        let request = self.http.post(format!("{}{path}", self.base)).header("content-type", "application/json");
        self.with_auth(request).body(body.to_string())
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.post_request(path, &body).send().await.expect("an answer").json().await.expect("JSON")
    }

    pub async fn me(&self, operation: &str) -> Value {
        self.post("/api/v2/me", json!({ "operationName": operation, "channels": ["chat"] })).await
    }

    /// POST of Bayeux messages; the array that came back, and the HTTP status.
    pub async fn bayeux_raw(&self, messages: &Value) -> (u16, Value) {
        let response = self.post_request("/api/v2/notifications", messages).send().await.expect("an answer");
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    pub async fn handshake(&mut self, ext: Value) -> Value {
        let message = json!([{ "id": "1", "channel": "/meta/handshake", "version": "1.0", "minimumVersion": "1.0",
            "supportedConnectionTypes": ["long-polling"], "ext": ext }]);
        let (_, answer) = self.bayeux_raw(&message).await;
        self.client_id = answer[0]["clientId"].as_str().unwrap_or_default().into();
        self.connect_ack = answer[0].pointer("/ext/ack").map(|_| 0);
        answer[0].clone()
    }

    pub async fn subscribe(&self, channel: &Value) -> Value {
        let message = json!([{ "id": "s", "channel": "/meta/subscribe", "clientId": self.client_id,
            "subscription": channel }]);
        self.bayeux_raw(&message).await.1
    }

    pub fn connect_message(&mut self) -> Value {
        self.made += 1;
        let mut message = json!({ "id": format!("c{}", self.made), "channel": "/meta/connect",
            "clientId": self.client_id, "connectionType": "long-polling" });
        if let Some(ack) = self.connect_ack {
            message["ext"] = json!({ "ack": ack });
        }
        json!([message])
    }

    /// One connect; events are kept, the reply is given back.
    pub async fn connect(&mut self) -> Value {
        let message = self.connect_message();
        let (_, answer) = self.bayeux_raw(&message).await;
        self.take(&answer)
    }

    pub fn take(&mut self, answer: &Value) -> Value {
        let mut reply = Value::Null;
        for message in answer.as_array().cloned().unwrap_or_default() {
            if message.get("data").is_some() {
                self.events.push(message);
            } else {
                if let Some(batch) = message.pointer("/ext/ack").and_then(Value::as_u64) {
                    self.connect_ack = Some(batch);
                }
                reply = message;
            }
        }
        reply
    }

    /// Handshake, subscribe, start the session, ready.
    pub async fn sign_in(&mut self) {
        assert_eq!(self.handshake(Value::Null).await["successful"], true);
        self.subscribe(&json!(["/v2/me/chats", "/v2/me/interactions", "/v2/me/channels"])).await;
        self.connect().await;
        assert_eq!(self.me("StartContactCenterSession").await["statusCode"], 0);
        assert_eq!(self.me("Ready").await["statusCode"], 0);
    }

    /// Connects until an event fits, and takes it out; panics after five seconds.
    pub async fn event(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let found = tokio::time::timeout(Duration::from_secs(5), async {
            loop {
                if let Some(place) = self.events.iter().position(&fits) {
                    return self.events.remove(place);
                }
                self.connect().await;
            }
        });
        found.await.unwrap_or_else(|_| panic!("no event: {what}"))
    }

    /// The next notification of a state on the topic of `/me/chats`; the chat in it.
    pub async fn chat_in(&mut self, state: &str) -> Value {
        let event = self.event(state, |event| {
            event["channel"] == "/v2/me/chats" && event.pointer("/data/chat/state").is_some_and(|found| found == state)
        });
        event.await["data"]["chat"].clone()
    }

    pub async fn on_chat(&self, id: &str, body: Value) -> Value {
        self.post(&format!("/api/v2/me/chats/{id}"), body).await
    }

    pub async fn on_interaction(&self, id: &str, body: Value) -> Value {
        self.post(&format!("/api/v2/me/interactions/{id}"), body).await
    }
}

/// A customer.
pub struct Customer {
    http: reqwest::Client,
    base: String,
    centre: String,
    pub id: String,
}

impl Customer {
    pub async fn request(handle: &Handle, queue: &str) -> Self {
        let mut customer = Self {
            http: plain().no_proxy().build().expect("a client"),
            base: handle.base_url(),
            centre: handle.contact_center_id(),
            id: String::new(),
        };
        let answer = customer
            .post(
                "/api/v2/chats",
                json!({ "operationName": "RequestChat", "nickname": "Ada", "subject": "Invoice",
                    "endpoint": format!("Environment:{queue}"), "userData": { "FirstName": "Ada" } }),
            )
            .await;
        assert_eq!(answer["statusCode"], 0, "{answer}");
        customer.id = answer["id"].as_str().expect("an id").into();
        customer
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.base)).header("ContactCenterId", &self.centre);
        request.json(&body).send().await.expect("an answer").json().await.expect("JSON")
    }

    pub async fn get(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", self.base)).header("ContactCenterId", &self.centre);
        request.send().await.expect("an answer").json().await.expect("JSON")
    }

    pub async fn operate(&self, body: Value) -> Value {
        self.post(&format!("/api/v2/chats/{}", self.id), body).await
    }

    pub async fn say(&self, text: &str) -> Value {
        self.operate(json!({ "operationName": "SendMessage", "text": text })).await
    }

    /// What has come since the last time.
    pub async fn fetch(&self) -> Vec<Value> {
        let answer = self.get(&format!("/api/v2/chats/{}/messages?wait=3000", self.id)).await;
        answer["messages"].as_array().cloned().unwrap_or_default()
    }
}
