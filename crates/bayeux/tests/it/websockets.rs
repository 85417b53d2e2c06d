//! WS: WebSockets on real loopback sockets.

use std::sync::atomic::{AtomicUsize, Ordering};

use bayeux::{Client, Error, Event, FailureKind, Options};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::server::{Answer, Server, answer, client, opened, soon, standard, text, until};
use crate::support::*;

/// WS1, WS14, WS17: one socket carries everything, its URL may be its own, and it is closed with 1000 after the good-bye.
#[tokio::test]
async fn one_socket_carries_everything() {
    let server = Server::start(answer).await;
    let url = server.url().replace("http:", "ws:").replace("/cometd", "/own");
    let client = Client::builder("http://127.0.0.1:1/unused").transports([WS]).url_for(WS, url).build().unwrap();
    soon(client.connect()).await.unwrap();
    soon(client.publish("/a", &json!({"x": "ünïcode"}))).await.unwrap();
    soon(client.disconnect(SECOND)).await.unwrap();
    until(|| !server.closed.lock().unwrap().is_empty()).await;
    assert_eq!(*server.closed.lock().unwrap(), [Some(1000)]);
    assert_eq!(server.seen().iter().map(|request| request.path.as_str()).collect::<Vec<_>>(), ["/own"]);
    let channels: Vec<String> =
        server.frames.lock().unwrap().iter().map(|frame| frame["channel"].as_str().unwrap().to_owned()).collect();
    assert_eq!(channels, ["/meta/handshake", "/meta/connect", "/meta/connect", "/a", "/meta/disconnect"]);
}

/// WS7: opening has its time.
#[tokio::test]
async fn opening_a_socket_has_its_time() {
    let server = Server::start(|_| Answer::Hold).await;
    let options = Options { open_timeout: SECOND / 5, ..Options::default() };
    let client = client(&server, WS, |builder| builder.options(options));
    let mut events = client.events().await;
    let opening = opening(&client);
    let error =
        soon(event(&mut events, |event| if let Event::Retrying { error, .. } = event { Some(error) } else { None }))
            .await;
    assert!(matches!(error, Error::Transport(failure) if failure.kind == FailureKind::Timeout && !failure.maybe_sent));
    opening.abort();
}

/// WS8, NG1: a server without WebSockets is found out, and served by long-polling.
#[tokio::test]
async fn a_server_without_websockets() {
    for status in [400, 403, 404, 200] {
        let server = Server::start(move |request| match answer(request) {
            Answer::Upgrade(_) => Answer::status(status, &[], ""),
            other => other,
        })
        .await;
        let client = Client::builder(server.url()).authenticator(Nothing).transports([WS, LP]).build().unwrap();
        if status == 403 {
            // It may mean either: credentials are renewed first.
            continue;
        }
        soon(client.connect()).await.unwrap();
        assert_eq!(client.status().await.unwrap().transport, LP);
    }
}

struct Nothing;

#[async_trait::async_trait]
impl bayeux::Authenticator for Nothing {
    async fn authenticate(&self, _: bayeux::Occasion) -> Result<(), bayeux::AuthError> {
        Ok(())
    }
}

/// WS10: a subprotocol is offered; a server that takes it or none is fine, one that takes another is not.
#[tokio::test]
async fn subprotocols() {
    for (answered, good) in [(vec![], true), (vec!["bayeux"], true), (vec!["other"], false)] {
        let server = Server::start(move |request| match answer(request) {
            Answer::Upgrade(_) => {
                assert_eq!(request.header("sec-websocket-protocol"), Some("bayeux"));
                Answer::Upgrade(answered.iter().map(|name| format!("Sec-WebSocket-Protocol: {name}")).collect())
            }
            other => other,
        })
        .await;
        let client = client(&server, WS, |builder| builder.websocket_protocol("bayeux"));
        assert_eq!(soon(client.connect()).await.is_ok(), good);
    }
}

/// WS11, WS12, WS3: pings are answered, big and fragmented messages are read, also several in one frame.
#[tokio::test]
async fn pings_and_big_messages() {
    let big = "x".repeat(3 << 20);
    let sent = big.clone();
    let server = Server::with_frames(answer, move |message| {
        let reply = text(&standard(&message));
        if message["channel"] == "/a" {
            let deliveries =
                json!([delivery("/b", sent.as_str()), delivery("/b", message["data"].as_str().unwrap().len())]);
            vec![Message::Ping(vec![1, 2].into()), text(&deliveries), reply]
        } else {
            vec![reply]
        }
    })
    .await;
    let options = Options { max_send_size: 8 << 20, ..Options::default() };
    let client = client(&server, WS, |builder| builder.options(options));
    soon(client.connect()).await.unwrap();
    let mut stream = soon(client.subscribe("/b")).await.unwrap();
    soon(client.publish("/a", big.as_str())).await.unwrap();
    assert_eq!(soon(stream.next()).await.unwrap().parse::<String>().unwrap(), big);
    assert_eq!(soon(stream.next()).await.unwrap().parse::<usize>().unwrap(), big.len());
}

/// WS19, RB3, RB4: a frame that is binary, no JSON, or over the limit fails the socket, and the session goes on on another one.
#[tokio::test]
async fn bad_frames_fail_the_socket_only() {
    for bad in [
        Message::Binary(vec![1, 2, 3].into()),
        Message::Text("<html>".into()),
        Message::Text("[{\"channel\":".into()),
        Message::Text("x".repeat(2_000_000).into()),
    ] {
        let sent = bad.clone();
        let server = Server::with_frames(answer, move |message| {
            if message["channel"] == "/bad" { vec![sent.clone()] } else { vec![text(&standard(&message))] }
        })
        .await;
        let options = Options { max_receive_size: 1_000_000, ..Options::default() };
        let client = client(&server, WS, |builder| builder.options(options));
        soon(client.connect()).await.unwrap();
        let mut events = client.events().await;
        assert!(soon(client.publish("/bad", &1)).await.unwrap_err().may_have_arrived());
        soon(event(&mut events, |event| matches!(event, Event::Connected { again: true, .. }).then_some(()))).await;
        soon(client.publish("/a", &1)).await.unwrap();
        assert_eq!(*server.connections.lock().unwrap(), 2);
    }
}

/// WS5, FB7, DC8: a socket that the server closes is replaced with the same session, and only one is left.
#[tokio::test]
async fn a_closed_socket_is_replaced() {
    let server = Server::with_frames(answer, |message| {
        if message["channel"] == "/close" { vec![Message::Close(None)] } else { vec![text(&standard(&message))] }
    })
    .await;
    let client = opened(&server, WS).await;
    let mut events = client.events().await;
    assert!(soon(client.publish("/close", &1)).await.is_err());
    soon(event(&mut events, |event| matches!(event, Event::Connected { again: true, .. }).then_some(()))).await;
    let sessions = server.frames.lock().unwrap().iter().filter(|frame| frame["channel"] == "/meta/handshake").count();
    assert_eq!(sessions, 1);
    drop((client, events));
    until(|| server.closed.lock().unwrap().len() == 1).await;
}

/// WS15: a new session takes over the socket; nothing is opened twice.
#[tokio::test]
async fn a_new_session_does_not_leak_a_socket() {
    let rounds = AtomicUsize::new(0);
    let server = Server::with_frames(answer, move |message| {
        let mut reply = standard(&message);
        if message["channel"] == "/meta/connect" && rounds.fetch_add(1, Ordering::Relaxed) < 9 {
            reply = json!([{"channel": "/meta/connect", "id": message["id"], "successful": true}]);
            if rounds.load(Ordering::Relaxed).is_multiple_of(3) {
                reply[0]["successful"] = json!(false);
                reply[0]["error"] = json!("402::x");
            }
        }
        vec![text(&reply)]
    })
    .await;
    let client = opened(&server, WS).await;
    until(|| server.frames.lock().unwrap().iter().filter(|frame| frame["channel"] == "/meta/handshake").count() >= 3)
        .await;
    soon(client.publish("/a", &1)).await.unwrap();
    assert_eq!(*server.connections.lock().unwrap(), 1);
}
