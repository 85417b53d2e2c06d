//! What the tests share: clients on scripted transports, and a raw server on loopback.

use std::time::Duration;

use bayeux::test::{Call, Script};
use bayeux::{
    Backoff, Client, ClientBuilder, Error, Event, Events, Failure, FailureKind, Growth, Options, PublishError, Reply,
    State, Subscription, TransportKind,
};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

pub const LP: TransportKind = TransportKind::LongPolling;
pub const WS: TransportKind = TransportKind::WebSocket;
pub const SECOND: Duration = Duration::from_secs(1);

/// A client on scripted transports, set up by the closure.
pub fn scripted(kinds: &[TransportKind], set_up: impl FnOnce(ClientBuilder) -> ClientBuilder) -> (Client, Script) {
    let mut script = Script::new();
    let builder = Client::builder("http://scripted.test/cometd").transports(kinds.iter().copied()).seed(1);
    let client = set_up(builder).scripted(&mut script).build().unwrap();
    (client, script)
}

/// A connected client on one scripted transport, and the held connect.
pub async fn connected(
    kind: TransportKind,
    set_up: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> (Client, Script, Call) {
    let (client, mut script) = scripted(&[kind], set_up);
    let held = open(&client, &mut script, "client-1").await;
    (client, script, held)
}

/// The same with a server that acknowledges.
pub async fn acknowledged(
    kind: TransportKind,
    set_up: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> (Client, Script, Call) {
    let (client, mut script) = scripted(&[kind], set_up);
    let opening = opening(&client);
    script.expect("/meta/handshake").await.reply(json!({"clientId": "client-1", "ext": {"ack": true},
        "advice": {"reconnect": "retry", "interval": 0, "timeout": 30000}}));
    script.expect("/meta/connect").await.reply(json!({"ext": {"ack": 1}}));
    opening.await.unwrap().unwrap();
    let held = script.expect("/meta/connect").await;
    (client, script, held)
}

/// Opens a session and gives the held connect.
pub async fn open(client: &Client, script: &mut Script, client_id: &str) -> Call {
    let (opened, ()) = tokio::join!(client.connect(), async {
        script.accept_session(client_id).await;
    });
    opened.unwrap();
    script.expect("/meta/connect").await
}

/// The next event for which the closure gives something; others are passed over.
pub async fn event<T>(events: &mut Events, mut pick: impl FnMut(Event) -> Option<T>) -> T {
    let search = async {
        loop {
            if let Some(found) = pick(events.next().await.unwrap()) {
                return found;
            }
        }
    };
    tokio::time::timeout(3600 * SECOND, search).await.expect("no such event")
}

/// Waits until the session is in this state.
pub async fn reach(client: &Client, state: State) {
    let mut watch = client.state();
    tokio::time::timeout(3600 * SECOND, watch.wait_for(|now| *now == state))
        .await
        .expect("never in this state")
        .unwrap();
}

/// Nothing is sent for this long.
pub async fn silent(script: &mut Script, time: Duration) {
    if let Ok(call) = tokio::time::timeout(time, script.next()).await {
        panic!("unexpected: {:?}", call.messages);
    }
}

/// A delivery.
pub fn delivery(channel: &str, data: impl Into<Value>) -> Value {
    json!({"channel": channel, "data": data.into()})
}

/// Runs a call of the client beside the test.
pub fn start<F, T>(client: &Client, call: impl FnOnce(Client) -> F) -> JoinHandle<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    tokio::spawn(call(client.clone()))
}

/// Opens the session beside the test.
pub fn opening(client: &Client) -> JoinHandle<Result<(), Error>> {
    start(client, |client| async move { client.connect().await })
}

/// A confirmed subscription.
pub async fn subscribed(client: &Client, script: &mut Script, channel: &str) -> Subscription {
    let (subscription, ()) = tokio::join!(async { client.subscribe(channel).await }, async {
        script.expect("/meta/subscribe").await.reply(json!({}));
    });
    subscription.unwrap()
}

/// A publish beside the test, and its request.
pub async fn publishing(
    client: &Client,
    script: &mut Script,
    channel: &'static str,
) -> (JoinHandle<Result<Reply, PublishError>>, Call) {
    let task = start(client, move |client| async move { client.publish(channel, &"x").await });
    let call = script.expect(channel).await;
    (task, call)
}

/// A connection that broke after the request was sent.
pub fn broken() -> Failure {
    Failure::sent(FailureKind::Broken, "")
}

/// A backoff without chance: so many seconds, and as many more each time.
pub fn steady(first: u32) -> Options {
    let backoff = Backoff::new(first * SECOND, 60 * first * SECOND, Growth::Linear, 0.0).unwrap();
    Options { backoff, ..Options::default() }
}
