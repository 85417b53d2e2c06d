//! CometD by WebSocket.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use simulator::Handle;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::client::{Agent, options, start};

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// `Basic bot-01:s3cret`.
const BOT: &str = "Basic Ym90LTAxOnMzY3JldA==";

async fn open(handle: &Handle, authorization: &str) -> Result<Stream, Error> {
    let url = format!("ws://{}/api/v2/notifications", handle.address());
    let mut request = url.into_client_request()?;
    request.headers_mut().insert("Authorization", authorization.parse().expect("a header"));
    Ok(connect_async(request).await?.0)
}

async fn send(stream: &mut Stream, message: Value) {
    stream.send(Message::text(json!([message]).to_string())).await.expect("sent");
}

async fn receive(stream: &mut Stream) -> Vec<Value> {
    let frame = tokio::time::timeout(Duration::from_secs(30), stream.next()).await.expect("in time");
    let text = frame.expect("open").expect("a frame").into_text().expect("text");
    serde_json::from_str(text.as_str()).expect("an array")
}

async fn handshake(stream: &mut Stream, ext: Value) -> String {
    send(stream, json!({ "id": "1", "channel": "/meta/handshake", "version": "1.0", "ext": ext })).await;
    let reply = receive(stream).await;
    assert_eq!(reply[0]["successful"], true);
    let client = reply[0]["clientId"].as_str().expect("a client id").to_owned();
    let subscribe =
        json!({ "id": "2", "channel": "/meta/subscribe", "clientId": client, "subscription": "/v2/me/channels" });
    send(stream, subscribe).await;
    assert_eq!(receive(stream).await[0]["successful"], true);
    client
}

fn connect(client: &str, id: &str) -> Value {
    json!({ "id": id, "channel": "/meta/connect", "clientId": client, "connectionType": "websocket" })
}

#[tokio::test]
async fn a_delivery_is_a_frame_of_its_own_and_does_not_end_the_connect() {
    let handle = start(options()).await;
    let mut stream = open(&handle, BOT).await.expect("opens");
    let client = handshake(&mut stream, Value::Null).await;
    send(&mut stream, connect(&client, "3")).await;
    assert_eq!(receive(&mut stream).await[0]["id"], "3", "the first connect is answered at once");
    let begun = Instant::now();
    send(&mut stream, connect(&client, "4")).await;
    Agent::bot(&handle).me("StartContactCenterSession").await;
    let delivery = receive(&mut stream).await;
    assert_eq!((delivery.len(), &delivery[0]["channel"]), (1, &json!("/v2/me/channels")));
    let reply = receive(&mut stream).await;
    assert_eq!((&reply[0]["id"], &reply[0]["successful"]), (&json!("4"), &json!(true)));
    assert!(begun.elapsed() >= Duration::from_millis(390), "held all the time");
    handle.shutdown().await;
}

#[tokio::test]
async fn with_acknowledgement_deliveries_come_with_the_connect() {
    let handle = start(options()).await;
    let mut stream = open(&handle, BOT).await.expect("opens");
    let client = handshake(&mut stream, json!({ "ack": true })).await;
    send(&mut stream, connect(&client, "3")).await;
    receive(&mut stream).await;
    let mut held = connect(&client, "4");
    held["ext"] = json!({ "ack": 1 });
    send(&mut stream, held).await;
    Agent::bot(&handle).me("StartContactCenterSession").await;
    let both = receive(&mut stream).await;
    assert_eq!((&both[0]["channel"], &both[1]["id"]), (&json!("/v2/me/channels"), &json!("4")));
    assert_eq!(both[1]["ext"]["ack"], 2);
}

#[tokio::test]
async fn a_session_goes_on_over_a_new_socket() {
    let handle = start(options()).await;
    let mut stream = open(&handle, BOT).await.expect("opens");
    let client = handshake(&mut stream, Value::Null).await;
    drop(stream);
    Agent::bot(&handle).me("StartContactCenterSession").await;
    let mut stream = open(&handle, BOT).await.expect("opens");
    send(&mut stream, connect(&client, "3")).await;
    let got = receive(&mut stream).await;
    assert_eq!(got[0]["channel"], "/v2/me/channels", "what was told meanwhile waits: {got:?}");
}

#[tokio::test]
async fn an_upgrade_without_sign_in_is_403_and_can_be_switched_off() {
    let handle = start(options()).await;
    let refused = open(&handle, "Basic d3Jvbmc6d3Jvbmc=").await;
    assert!(matches!(refused, Err(Error::Http(response)) if response.status().as_u16() == 403));
    let mut without = options();
    without.notifications.websocket = false;
    let handle = start(without).await;
    let refused = open(&handle, BOT).await;
    assert!(matches!(refused, Err(Error::Http(response)) if response.status().as_u16() == 400));
}

#[tokio::test]
async fn a_frame_that_is_not_json_closes_the_socket() {
    let handle = start(options()).await;
    let mut stream = open(&handle, BOT).await.expect("opens");
    stream.send(Message::text("{")).await.expect("sent");
    let end = tokio::time::timeout(Duration::from_secs(30), stream.next()).await.expect("in time");
    assert!(!matches!(end, Some(Ok(Message::Text(_) | Message::Binary(_)))));
}

#[tokio::test]
async fn a_socket_on_which_nobody_speaks_is_closed() {
    let mut options = options();
    options.notifications.hold = Duration::from_millis(100);
    options.notifications.max_interval = Duration::from_millis(200);
    let handle = start(options).await;
    let mut stream = open(&handle, BOT).await.expect("opens");
    let end = tokio::time::timeout(Duration::from_secs(30), stream.next()).await.expect("in time");
    assert!(!matches!(end, Some(Ok(Message::Text(_) | Message::Binary(_)))));
}
