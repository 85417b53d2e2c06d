//! MF: the format of messages.

use bayeux::{Event, FailureKind, decode};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::support::*;

/// MF1, MF4, MF9: every request is an array, every message has an id of its own, and all but the handshake the client id.
#[tokio::test(start_paused = true)]
async fn requests_are_arrays_of_messages_with_ids() {
    let (client, mut script) = scripted(&[LP], |builder| builder);
    let opening = opening(&client);
    let handshake = script.expect("/meta/handshake").await;
    assert_eq!(handshake.messages.len(), 1);
    assert!(handshake.messages[0].get("clientId").is_none());
    handshake.reply(json!({"clientId": "c"}));
    let connect = script.expect("/meta/connect").await;
    connect.reply(json!({}));
    opening.await.unwrap().unwrap();
    let second = script.expect("/meta/connect").await;
    let ids: Vec<&str> =
        [&handshake, &connect, &second].iter().map(|call| call.messages[0]["id"].as_str().unwrap()).collect();
    assert!(ids.iter().all(|id| id.chars().all(char::is_alphanumeric)));
    assert_ne!(ids[0], ids[1]);
    assert_ne!(ids[1], ids[2]);
    assert_eq!(second.messages[0]["clientId"], "c");
}

/// MF2, LP14: a bare object is an answer too.
#[tokio::test(start_paused = true)]
async fn a_bare_object_is_an_answer() {
    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    let (published, ()) = tokio::join!(async { client.publish("/a", &1).await }, async {
        let call = script.expect("/a").await;
        let reply = call.replies(&json!({})).remove(0);
        call.body(&reply.to_string());
    });
    published.unwrap();
}

/// MF4: an answer with the right id and another channel is nobody's.
#[tokio::test(start_paused = true)]
async fn replies_are_matched_by_id_and_channel() {
    let (client, mut script, _held) = connected(WS, |builder| builder).await;
    let mut events = client.events().await;
    let publishing = start(&client, |client| async move { client.publish("/a", &1).await });
    let call = script.expect("/a").await;
    script.push(WS, json!([{"channel": "/b", "id": call.messages[0]["id"], "successful": true}]));
    event(&mut events, |event| matches!(event, Event::BadInput { .. }).then_some(())).await;
    assert!(!publishing.is_finished());
    call.reply(json!({}));
    publishing.await.unwrap().unwrap();
}

/// MF5, MF6: data makes a delivery, also with an id of ours; without data it is a reply.
#[tokio::test(start_paused = true)]
async fn a_message_with_data_is_a_delivery_even_with_our_id() {
    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    let mut own = subscribed(&client, &mut script, "/a").await;
    let publishing = start(&client, |client| async move { client.publish("/a", &"x").await });
    let call = script.expect("/a").await;
    let id = call.messages[0]["id"].clone();
    call.body(
        &json!([{"channel": "/a", "id": id, "data": "x"}, {"channel": "/a", "id": id, "successful": true}]).to_string(),
    );
    assert_eq!(own.next().await.unwrap().parse::<String>().unwrap(), "x");
    publishing.await.unwrap().unwrap();
}

/// MF7: falsy payloads are payloads.
#[tokio::test(start_paused = true)]
async fn falsy_payloads_are_delivered() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    let mut stream = subscribed(&client, &mut script, "/a").await;
    let falsy = [json!(""), json!(0), json!(false), json!(null), json!([]), json!({})];
    held.reply_with(json!({}), falsy.iter().map(|data| delivery("/a", data.clone())).collect());
    for data in falsy {
        assert_eq!(stream.next().await.unwrap().parse::<Value>().unwrap(), data);
    }
}

/// MF8: fields in any order, unknown fields, unknown meta channels.
#[tokio::test(start_paused = true)]
async fn unknown_things_do_not_stop_the_loop() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    let mut events = client.events().await;
    let id = held.messages[0]["id"].clone();
    held.body(&format!(
        r#"[{{"future":{{"a":[1]}},"channel":"/meta/future","successful":true}},{{"x":null,"successful":true,"id":{id},"channel":"/meta/connect"}}]"#
    ));
    event(&mut events, |event| matches!(event, Event::BadInput { .. }).then_some(())).await;
    script.expect("/meta/connect").await;
}

/// MF10: replies with a client id (Faye) are like those without (Java).
#[tokio::test(start_paused = true)]
async fn replies_may_carry_the_client_id() {
    let (_client, mut script, held) = connected(LP, |builder| builder).await;
    held.reply(json!({"clientId": "client-1"}));
    script.expect("/meta/connect").await.reply(json!({}));
    script.expect("/meta/connect").await;
}

/// MF11: deliveries stand before the connect reply (Java) or behind it (Faye); their order is kept.
#[tokio::test(start_paused = true)]
async fn deliveries_stand_on_either_side_of_the_reply() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    let mut stream = subscribed(&client, &mut script, "/a").await;
    let mut all = vec![delivery("/a", 1), delivery("/a", 2)];
    all.extend(held.replies(&json!({})));
    all.extend([delivery("/a", 3), delivery("/a", 4)]);
    held.body(&json!(all).to_string());
    for number in 1..=4 {
        assert_eq!(stream.next().await.unwrap().parse::<i32>().unwrap(), number);
    }
}

/// MF14: codes of refusals reach the caller.
#[tokio::test(start_paused = true)]
async fn the_code_of_a_refusal_is_exposed() {
    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    for (text, code) in [("403:/a:denied", Some(403)), ("just no", None), ("405::x", Some(405))] {
        let (published, ()) = tokio::join!(async { client.publish("/a", &1).await }, async {
            script.expect("/a").await.reply(json!({"successful": false, "error": text}));
        });
        let error = published.unwrap_err();
        assert!(!error.may_have_arrived());
        assert_eq!(error.reason().code(), code);
    }
}

/// RB4: depth, doubles and halves of characters do not hurt the decoder.
#[test]
fn strange_json_is_read_or_refused_and_never_panics() {
    let deep = format!(r#"[{{"channel":"/a","data":{}1{}}}]"#, "[".repeat(100_000), "]".repeat(100_000));
    let decoded = decode(&Bytes::from(deep)).unwrap();
    assert!(
        decoded.messages[0].data.as_ref().unwrap().parse::<Value>().is_err(),
        "read by whoever wants it, with a limit"
    );

    let doubles = decode(&Bytes::from_static(br#"[{"channel":"/a","channel":"/b","data":1,"data":2}]"#)).unwrap();
    assert_eq!(doubles.messages[0].channel.as_str(), "/b");
    assert_eq!(doubles.messages[0].data.as_ref().unwrap().text(), "2");

    let halves =
        decode(&Bytes::from_static(br#"[{"channel":"/a","data":"a\ud83dz \ud83d\ude00 \\ud83d \udc00"}]"#)).unwrap();
    let text: String = halves.messages[0].data.as_ref().unwrap().parse().unwrap();
    assert_eq!(text, "a\u{fffd}z \u{1f600} \\ud83d \u{fffd}");
    assert!(decode(&Bytes::from_static(br#"[{"channel":"\ud83d"}]"#)).is_ok_and(|decoded| decoded.rejected == 1));

    for types in [
        "1",
        "true",
        "null",
        "\"x\"",
        "[[]]",
        "[1,null,\"a\",[{}]]",
        "{}",
        "[{}]",
        r#"[{"channel":null}]"#,
        r#"[{"channel":{}}]"#,
    ] {
        if let Ok(decoded) = decode(&Bytes::from(types)) {
            assert!(decoded.messages.is_empty(), "{types}");
        }
    }
    for broken in ["", "[", "[{", r#"[{"channel":"#, "<html>", "[]x", "\u{0}", r#"[{"channel":"/a"},]"#] {
        assert!(decode(&Bytes::from(broken)).is_err(), "{broken}");
    }
    assert!(decode(&Bytes::from_static(b"[{\"channel\":\"/a\xff\"}]")).is_err());
}

/// RB3, RB4: wrong types in every field of every kind of reply are an event, and the session goes on.
#[tokio::test(start_paused = true)]
async fn wrong_types_everywhere_do_not_stop_a_session() {
    let (client, mut script, mut held) = connected(LP, |builder| builder).await;
    let mut stream = subscribed(&client, &mut script, "/a").await;
    let wrong = [json!(1), json!("x"), json!([]), json!({}), json!(true), json!(null), json!(-1.5e300)];
    let fields = [
        "advice",
        "ext",
        "clientId",
        "subscription",
        "timestamp",
        "x-messages",
        "reestablish",
        "supportedConnectionTypes",
        "error",
        "data",
    ];
    for field in fields {
        for value in &wrong {
            held.reply_with(json!({ field: value }), json!([value, delivery("/a", 1)]));
            assert_eq!(stream.next().await.unwrap().data().text(), "1", "{field}: {value}");
            held = script.expect("/meta/connect").await;
        }
    }
}

/// RB3, CL11, FB11: what is no JSON array fails its request, tells, and is tried again.
#[tokio::test(start_paused = true)]
async fn a_body_that_is_no_json_fails_its_request_only() {
    let (client, mut script, mut held) = connected(LP, |builder| builder).await;
    let mut events = client.events().await;
    for body in ["", "[]", "<html>login</html>", "[{\"channel\":", "null", "[1]", "{}"] {
        held.body(body);
        let failure = event(&mut events, |event| match event {
            Event::Broken { failure } => Some(failure),
            _ => None,
        })
        .await;
        assert!(matches!(failure.kind, FailureKind::BadBody | FailureKind::NoReply), "{body}: {failure:?}");
        let again = script.expect("/meta/connect").await;
        assert_eq!(again.messages[0]["advice"]["timeout"], 0);
        again.reply(json!({}));
        held = script.expect("/meta/connect").await;
    }
}
