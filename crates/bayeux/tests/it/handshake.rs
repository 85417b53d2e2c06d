//! HS, NG: opening a session and agreeing on a transport.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bayeux::Occasion::{Handshake, Refused};
use bayeux::test::Ended;
use bayeux::{Error, Event, Failure, FailureKind, PublishError, State};
use serde_json::{Map, Value, json};

use crate::support::*;

fn refused() -> Failure {
    Failure::unsent(FailureKind::Refused, "")
}

/// HS1, HS2: what a handshake carries, alone in its request.
#[tokio::test(start_paused = true)]
async fn a_handshake_is_complete_and_alone() {
    let (client, mut script) = scripted(&[WS, LP], |builder| builder.ack(true));
    let _publishing = start(&client, |client| async move { client.publish("/a", &1).await });
    let _opening = opening(&client);
    let call = script.expect("/meta/handshake").await;
    assert_eq!(call.messages.len(), 1);
    let message = &call.messages[0];
    assert_eq!(message["version"], "1.0");
    assert_eq!(message["minimumVersion"], "1.0");
    assert_eq!(message["supportedConnectionTypes"], json!(["websocket", "long-polling"]));
    assert_eq!(message["ext"]["ack"], true);
    silent(&mut script, SECOND).await;
}

/// HS3, HS4: fields of the caller go with every handshake, are produced afresh, and cannot replace the protocol's own.
#[tokio::test(start_paused = true)]
async fn handshake_fields_are_merged_and_fresh() {
    let count = Arc::new(AtomicU32::new(0));
    let (client, mut script) = scripted(&[LP], |builder| {
        builder.ack(true).handshake_fields(move |_| {
            let token = count.fetch_add(1, Ordering::Relaxed);
            let fields = json!({"ext": {"token": token}, "advice": {"timeout": 60000}, "version": "9", "id": "x", "clientId": "x", "channel": "/x"});
            fields.as_object().unwrap().clone()
        })
    });
    let held = open(&client, &mut script, "one").await;
    held.reply(json!({"successful": false, "error": "402::unknown", "advice": {"reconnect": "handshake"}}));
    let call = script.expect("/meta/handshake").await;
    let message = &call.messages[0];
    assert_eq!(message["ext"], json!({"token": 1, "ack": true}));
    assert_eq!(message["advice"]["timeout"], 60000);
    assert_eq!(message["version"], "1.0");
    assert!(message.get("clientId").is_none());
}

/// HS5, HS14, HS17: what the reply says is kept; listeners hear of the session before they hear of the connection.
#[tokio::test(start_paused = true)]
async fn a_good_reply_makes_a_session() {
    let (client, mut script) = scripted(&[WS, LP], |builder| builder);
    let mut events = client.events().await;
    let opening = opening(&client);
    script.expect("/meta/handshake").await.reply(
        json!({"clientId": "abcdefgh", "supportedConnectionTypes": ["long-polling"], "advice": {"reconnect": "retry", "interval": 7, "timeout": 9000}}),
    );
    let connect = script.expect("/meta/connect").await;
    assert_eq!(connect.transport, LP);
    connect.reply(json!({}));
    opening.await.unwrap().unwrap();
    let mut order = Vec::new();
    event(&mut events, |event| match event {
        Event::Established { first, gap, transport } => {
            assert!(first && !gap && transport == LP);
            order.push("established");
            None
        }
        Event::Connected { again, gap } => {
            assert!(!again && !gap);
            order.push("connected");
            Some(())
        }
        _ => None,
    })
    .await;
    assert_eq!(order, ["established", "connected"]);
    let status = client.status().await.unwrap();
    assert_eq!(status.advice.timeout, Some(9 * SECOND));
    assert_eq!(status.transport, LP);
    assert!(!status.client_id.unwrap().contains("abcdefgh"));
}

/// HS6: a yes without a client id is a no.
#[tokio::test(start_paused = true)]
async fn a_reply_without_a_client_id_is_a_failure() {
    let (client, mut script) = scripted(&[LP], |builder| builder);
    let opening = opening(&client);
    for reply in [json!({}), json!({"clientId": ""}), json!({"clientId": 5})] {
        script.expect("/meta/handshake").await.reply(reply);
    }
    script.accept_session("good").await;
    opening.await.unwrap().unwrap();
}

/// HS7, NG6: no transport in common, found out by the client or told by the server, is final.
#[tokio::test(start_paused = true)]
async fn no_transport_in_common_is_final() {
    for reply in [
        json!({"clientId": "c", "supportedConnectionTypes": ["callback-polling"]}),
        json!({"successful": false, "error": "301:websocket:Connection types not supported", "supportedConnectionTypes": ["callback-polling"], "advice": {"reconnect": "handshake"}}),
    ] {
        let (client, mut script) = scripted(&[WS], |builder| builder);
        let opening = opening(&client);
        script.expect("/meta/handshake").await.reply(reply);
        let error = opening.await.unwrap().unwrap_err();
        assert!(matches!(&error, Error::NoTransport { offered } if offered == &["callback-polling"]));
        assert_eq!(error.code(), Some(405));
        silent(&mut script, 3600 * SECOND).await;
    }
}

/// HS8, HS13: a final no ends the session, and what was waiting fails with the reason.
#[tokio::test(start_paused = true)]
async fn a_denied_handshake_is_final() {
    let (client, mut script) = scripted(&[LP], |builder| builder);
    let publishing = start(&client, |client| async move { client.publish("/a", &1).await });
    let subscribing = start(&client, |client| async move { client.subscribe("/a").await.map(|_| ()) });
    let opening = opening(&client);
    script
        .expect("/meta/handshake")
        .await
        .reply(json!({"successful": false, "error": "403::handshake_denied", "advice": {"reconnect": "none"}}));
    assert_eq!(opening.await.unwrap().unwrap_err().code(), Some(403));
    let error = publishing.await.unwrap().unwrap_err();
    assert!(matches!(&error, PublishError::NotDelivered(Error::Refused(refusal)) if refusal.code == Some(403)));
    assert!(matches!(subscribing.await.unwrap(), Err(Error::Refused(_))));
    assert_eq!(*client.state().borrow(), State::Disconnected);
    silent(&mut script, 3600 * SECOND).await;
}

/// HS9, FB2, AD12: other refusals are tried again, at once for the first time, then with growing waits.
#[tokio::test(start_paused = true)]
async fn a_refused_handshake_is_repeated_with_backoff() {
    let (client, mut script) = scripted(&[LP], |builder| builder);
    let mut events = client.events().await;
    let opening = opening(&client);
    for advice in [
        json!({"reconnect": "handshake"}),
        json!({"reconnect": "retry"}),
        json!({}),
        json!(null),
        json!({"interval": 0}),
    ] {
        script
            .expect("/meta/handshake")
            .await
            .reply(json!({"successful": false, "error": "401::challenge", "advice": advice}));
    }
    let mut waits = Vec::new();
    event(&mut events, |event| {
        if let Event::Retrying { wait, .. } = event {
            waits.push(wait);
        }
        (waits.len() == 5).then_some(())
    })
    .await;
    assert!(waits[0].is_zero());
    assert!(waits[1] >= SECOND / 4 && waits[4] > waits[1] && waits[4] <= 4 * SECOND, "{waits:?}");
    script.accept_session("c").await;
    opening.await.unwrap().unwrap();
}

/// HS10, NG1, FB10: a transport that has never worked is left for the next one, and nothing is given up.
#[tokio::test(start_paused = true)]
async fn handshakes_go_on_over_the_next_transport() {
    let (client, mut script) = scripted(&[WS, LP], |builder| builder);
    let opening = opening(&client);
    let mut used = Vec::new();
    for _ in 0..6 {
        let call = script.expect("/meta/handshake").await;
        used.push(call.transport);
        call.fail(refused());
    }
    assert_eq!(used, [WS, LP, WS, LP, WS, LP]);
    tokio::time::advance(60 * SECOND).await;
    script.accept_session("c").await;
    opening.await.unwrap().unwrap();
}

/// HS11: there is one session at a time.
#[tokio::test(start_paused = true)]
async fn a_second_opening_is_an_error() {
    let (client, mut script) = scripted(&[LP], |builder| builder);
    let opening = opening(&client);
    let call = script.expect("/meta/handshake").await;
    assert!(matches!(client.connect().await, Err(Error::AlreadyOpen)));
    call.reply(json!({"clientId": "c"}));
    script.expect("/meta/connect").await.reply(json!({}));
    opening.await.unwrap().unwrap();
    assert!(matches!(client.connect().await, Err(Error::AlreadyOpen)));
}

/// HS12, SU16, BO4: what was called before and while opening leaves after the handshake, in order, in one request.
#[tokio::test(start_paused = true)]
async fn calls_wait_for_the_session() {
    let (client, mut script) = scripted(&[LP], |builder| builder);
    let before = client.publish("/a", &1).send().await.unwrap();
    let stream = client.subscribe("/b").start().await.unwrap();
    let opening = opening(&client);
    let handshake = script.expect("/meta/handshake").await;
    let batch =
        client.batch(|batch| (batch.publish("/c", &2).unwrap(), batch.publish("/d", &3).unwrap())).await.unwrap();
    client.status().await.unwrap();
    handshake.reply(json!({"clientId": "c"}));
    let mut calls = [script.next().await, script.next().await];
    calls.sort_by_key(|call| call.channel() == "/meta/connect");
    assert_eq!(calls[0].channels(), ["/meta/subscribe", "/a", "/c", "/d"]);
    calls[0].reply(json!({}));
    calls[1].reply(json!({}));
    before.await.unwrap();
    batch.0.await.unwrap();
    batch.1.await.unwrap();
    opening.await.unwrap().unwrap();
    drop(stream);
}

/// HS15, AK9: deliveries in the handshake reply are there before the first connect, which acknowledges them.
#[tokio::test(start_paused = true)]
async fn deliveries_come_with_the_handshake() {
    for kind in [LP, WS] {
        let (client, mut script) = scripted(&[kind], |builder| builder.ack(true));
        let mut stream = client.subscribe("/a").start().await.unwrap();
        let opening = opening(&client);
        let handshake = script.expect("/meta/handshake").await;
        let replies = handshake
            .replies(&json!({"clientId": "c", "x-messages": 2, "ext": {"ack": {"enabled": true, "batch": 1}}}));
        if kind == LP {
            handshake.body(&json!([replies[0], delivery("/a", 1), delivery("/a", 2)]).to_string());
        } else {
            script.push(WS, json!(replies));
            script.push(WS, json!([delivery("/a", 1)]));
            tokio::time::sleep(SECOND / 10).await;
            while let Some(call) = script.try_next() {
                assert_ne!(call.channel(), "/meta/connect", "not before all of them are here");
            }
            script.push(WS, json!([delivery("/a", 2)]));
        }
        let connect = loop {
            let call = script.next().await;
            if call.channel() == "/meta/connect" {
                break call;
            }
            call.reply(json!({}));
        };
        assert_eq!(connect.messages[0]["ext"]["ack"], 1);
        assert_eq!(stream.waiting(), 2);
        assert_eq!(stream.next().await.unwrap().data().text(), "1");
        connect.reply(json!({"ext": {"ack": 2}}));
        opening.await.unwrap().unwrap();
    }
}

/// HS16: a yes that says "do not come back" or "once more" is no session.
#[tokio::test(start_paused = true)]
async fn a_yes_with_contrary_advice_is_no_session() {
    let (client, mut script) = scripted(&[LP], |builder| builder);
    let first = opening(&client);
    script.expect("/meta/handshake").await.reply(json!({"clientId": "c", "advice": {"reconnect": "handshake"}}));
    script.expect("/meta/handshake").await.reply(json!({"clientId": "c", "advice": {"reconnect": "none"}}));
    assert!(matches!(first.await.unwrap(), Err(Error::ClosedByServer)));
    silent(&mut script, 3600 * SECOND).await;
}

/// NG2, NG3: the choice is the first own transport that the server lists; the client id goes along to it.
#[tokio::test(start_paused = true)]
async fn the_session_moves_to_the_best_common_transport() {
    let (client, mut script) = scripted(&[WS, LP], |builder| builder.handshake_on(LP));
    let _opening = opening(&client);
    let handshake = script.expect("/meta/handshake").await;
    assert_eq!(handshake.transport, LP);
    handshake.reply(
        json!({"clientId": "kept", "supportedConnectionTypes": ["long-polling", "callback-polling", "websocket"]}),
    );
    let connect = script.expect("/meta/connect").await;
    assert_eq!(connect.transport, WS);
    assert_eq!(connect.messages[0]["clientId"], "kept");
    assert_eq!(connect.messages[0]["connectionType"], "websocket");
}

/// NG4, NG5: the application may change the transport when a connect fails; the loop is neither lost nor doubled.
#[tokio::test(start_paused = true)]
async fn the_application_may_change_the_transport() {
    let (client, mut script) = scripted(&[WS, LP], |builder| builder);
    let mut events = client.events().await;
    let held = open(&client, &mut script, "c").await;
    assert_eq!(held.transport, WS);
    script.break_line(WS, Failure::sent(FailureKind::Broken, ""));
    event(&mut events, |event| matches!(event, Event::Broken { .. }).then_some(())).await;
    client.prefer(LP).await.unwrap();
    client.aim("http://elsewhere.test/cometd").await.unwrap();
    let connect = script.expect("/meta/connect").await;
    assert_eq!((connect.transport, connect.messages[0]["clientId"].as_str()), (LP, Some("c")));
    assert_eq!(connect.messages[0]["connectionType"], "long-polling");
    assert!(script.ended().contains(&Ended::MovedTo("http://elsewhere.test/cometd".into())));
    silent(&mut script, SECOND).await;
    connect.reply(json!({}));
    assert_eq!(script.expect("/meta/connect").await.transport, LP);
    silent(&mut script, SECOND).await;
}

/// WS8: a refused upgrade makes the transport unusable, visibly, and the next one is taken; a single one is a final error.
#[tokio::test(start_paused = true)]
async fn a_refused_upgrade_leads_to_the_next_transport() {
    for status in [400, 403, 404] {
        let (client, mut script) = scripted(&[WS, LP], |builder| builder);
        let mut events = client.events().await;
        let opening_both = opening(&client);
        script.expect("/meta/handshake").await.fail(Failure::unsent(FailureKind::Upgrade(status), ""));
        event(&mut events, |event| matches!(event, Event::TransportRefused { transport: WS, .. }).then_some(())).await;
        let call = script.expect("/meta/handshake").await;
        assert_eq!(call.transport, LP);
        assert_eq!(call.messages[0]["supportedConnectionTypes"], json!(["long-polling"]));
        call.reply(json!({"clientId": "c", "supportedConnectionTypes": ["websocket", "long-polling"]}));
        let connect = script.expect("/meta/connect").await;
        assert_eq!(connect.transport, LP);
        connect.reply(json!({}));
        opening_both.await.unwrap().unwrap();
    }

    let (client, mut script) = scripted(&[WS], |builder| builder);
    let opening_one = opening(&client);
    script.expect("/meta/handshake").await.fail(Failure::unsent(FailureKind::Upgrade(400), ""));
    assert!(
        matches!(opening_one.await.unwrap(), Err(Error::Transport(failure)) if failure.kind == FailureKind::Upgrade(400))
    );
}

/// WS9: a WebSocket that has worked is kept, or left if the options say so.
#[tokio::test(start_paused = true)]
async fn a_transport_that_has_worked_is_sticky_by_choice() {
    for (sticky, expected) in [(true, WS), (false, LP)] {
        let (client, mut script) = scripted(&[WS, LP], |builder| {
            builder.options(bayeux::Options { sticky_transport: sticky, ..bayeux::Options::default() })
        });
        open(&client, &mut script, "c").await;
        script.break_line(WS, Failure::sent(FailureKind::Broken, ""));
        assert_eq!(script.expect("/meta/connect").await.transport, expected);
    }
}

/// AD9: named hosts are tried in order when the session is lost and the present host is not among them.
#[tokio::test(start_paused = true)]
async fn named_hosts_are_tried_in_order() {
    let (client, mut script) = scripted(&[LP], |builder| builder);
    let held = open(&client, &mut script, "c").await;
    held.reply(json!({"successful": false, "error": "402::x",
        "advice": {"reconnect": "handshake", "hosts": ["one.test", "two.test:8443"]}}));
    script.expect("/meta/handshake").await.fail(refused());
    let call = script.expect("/meta/handshake").await;
    let moves: Vec<String> = script
        .ended()
        .into_iter()
        .filter_map(|ended| if let Ended::MovedTo(host) = ended { Some(host) } else { None })
        .collect();
    assert_eq!(moves, ["one.test", "two.test:8443"]);
    call.reply(json!({"clientId": "d"}));
    let connect = script.expect("/meta/connect").await;
    // Among the named ones it stays.
    connect.reply(json!({"successful": false, "error": "402::x", "advice": {"reconnect": "handshake", "hosts": ["two.test:8443"]}}));
    script.expect("/meta/handshake").await;
    assert_eq!(script.ended().iter().filter(|ended| matches!(ended, Ended::MovedTo(_))).count(), 2);
}

/// CK7, CK8: credentials are renewed before each attempt and after each refusal, and a client without any gives up.
#[tokio::test(start_paused = true)]
async fn credentials_are_renewed() {
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (client, mut script) = scripted(&[LP], |builder| builder.authenticator(Recorder(asked.clone())));
    let opening_good = opening(&client);
    script.expect("/meta/handshake").await.fail(Failure::sent(FailureKind::Status(401), ""));
    script.expect("/meta/handshake").await.reply(json!({"clientId": "c"}));
    script.expect("/meta/connect").await.reply(json!({}));
    opening_good.await.unwrap().unwrap();
    let held = script.expect("/meta/connect").await;
    // A connect, and a publish, that are refused once.
    held.fail(Failure::sent(FailureKind::Status(403), ""));
    script.expect("/meta/connect").await.reply(json!({}));
    let _held = script.expect("/meta/connect").await;
    let (published, ()) = tokio::join!(async { client.publish("/a", &1).await }, async {
        script.expect("/a").await.fail(Failure::sent(FailureKind::Status(401), ""));
        script.expect("/a").await.reply(json!({}));
    });
    published.unwrap();
    assert_eq!(
        *asked.lock().unwrap(),
        [Handshake { attempt: 1 }, Refused { status: 401 }, Refused { status: 403 }, Refused { status: 401 }]
    );
    // A publish that is refused again is not delivered.
    let (published, ()) = tokio::join!(async { client.publish("/a", &1).await }, async {
        script.expect("/a").await.fail(Failure::sent(FailureKind::Status(403), ""));
        script.expect("/a").await.fail(Failure::sent(FailureKind::Status(403), ""));
    });
    assert!(matches!(published, Err(PublishError::NotDelivered(Error::Unauthorized(403)))));

    let (client, mut script) = scripted(&[LP], |builder| builder);
    let opening_bad = opening(&client);
    script.expect("/meta/handshake").await.fail(Failure::sent(FailureKind::Status(401), ""));
    assert!(matches!(opening_bad.await.unwrap(), Err(Error::Unauthorized(401))));
    silent(&mut script, 3600 * SECOND).await;
}

/// CK8: refused credentials do not go round for ever, and an authenticator can give up.
#[tokio::test(start_paused = true)]
async fn refused_credentials_have_an_end() {
    let asked = Arc::default();
    let (client, mut script) = scripted(&[LP], |builder| builder.authenticator(Recorder(asked)));
    let opening_refused = opening(&client);
    for _ in 0..3 {
        script.expect("/meta/handshake").await.fail(Failure::sent(FailureKind::Status(403), ""));
    }
    assert!(matches!(opening_refused.await.unwrap(), Err(Error::Unauthorized(403))));

    let (client, _script) = scripted(&[LP], |builder| builder.authenticator(GivesUp));
    assert!(matches!(client.connect().await, Err(Error::Credentials(_))));
}

struct Recorder(Arc<std::sync::Mutex<Vec<bayeux::Occasion>>>);

#[async_trait::async_trait]
impl bayeux::Authenticator for Recorder {
    async fn authenticate(&self, occasion: bayeux::Occasion) -> Result<(), bayeux::AuthError> {
        self.0.lock().unwrap().push(occasion);
        tokio::time::sleep(SECOND).await;
        Ok(())
    }
}

struct GivesUp;

#[async_trait::async_trait]
impl bayeux::Authenticator for GivesUp {
    async fn authenticate(&self, _: bayeux::Occasion) -> Result<(), bayeux::AuthError> {
        Err(bayeux::AuthError::Final("locked".into()))
    }
}

/// HS3: reserved fields of any type cannot break a handshake.
#[tokio::test(start_paused = true)]
async fn an_ext_that_is_no_object_is_left_alone() {
    let (client, mut script) = scripted(&[LP], |builder| {
        builder.ack(true).handshake_fields(|_| Map::from_iter([("ext".to_owned(), Value::from(1))]))
    });
    let _opening = opening(&client);
    assert_eq!(script.expect("/meta/handshake").await.messages[0]["ext"], 1);
}
