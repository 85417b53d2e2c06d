//! AK: acknowledged delivery, held until the application is done, and what a restarted process goes on with.

use bayeux::{CookieJar, Event, Failure, FailureKind, Options, State};
use serde_json::json;
use tokio::time::Instant;
use url::Url;

use crate::support::*;

fn lost() -> Failure {
    Failure::sent(FailureKind::Broken, "")
}

/// AK1, AK2, AK3: asked for in the handshake, both kinds of yes are understood, and every connect carries the last number.
#[tokio::test(start_paused = true)]
async fn both_kinds_of_yes_are_understood() {
    for (yes, first) in [(json!(true), 0), (json!({"enabled": true, "batch": 7}), 7)] {
        let (client, mut script) = scripted(&[LP], |builder| builder.ack(true));
        let _opening = opening(&client);
        let call = script.expect("/meta/handshake").await;
        assert_eq!(call.messages[0]["ext"]["ack"], true);
        call.reply(json!({"clientId": "c", "ext": {"ack": yes}}));
        let connect = script.expect("/meta/connect").await;
        assert_eq!(connect.messages[0]["ext"]["ack"], first);
        connect.reply(json!({"ext": {"ack": 8}}));
        let connect = script.expect("/meta/connect").await;
        assert_eq!(connect.messages[0]["ext"]["ack"], 8);
        // A reply without a number changes nothing.
        connect.reply(json!({}));
        assert_eq!(script.expect("/meta/connect").await.messages[0]["ext"]["ack"], 8);
    }
}

/// AK5: a server without acknowledgement hears nothing more of it, and so does one whose client did not ask.
#[tokio::test(start_paused = true)]
async fn a_server_without_it_is_left_alone() {
    for answer in [
        json!({}),
        json!({"ext": {"ack": false}}),
        json!({"ext": {"ack": {"enabled": false, "batch": 3}}}),
        json!({"ext": {"ack": "yes"}}),
    ] {
        let (client, mut script) = scripted(&[LP], |builder| builder.ack(true));
        let _opening = opening(&client);
        let call = script.expect("/meta/handshake").await;
        let mut fields = json!({"clientId": "c"});
        fields.as_object_mut().unwrap().extend(answer.as_object().unwrap().clone());
        call.reply(fields);
        let connect = script.expect("/meta/connect").await;
        assert!(connect.messages[0].get("ext").is_none());
        connect.reply(json!({"ext": {"ack": 4}}));
        assert!(script.expect("/meta/connect").await.messages[0].get("ext").is_none());
    }
}

/// AK4, AK6, AK8: the number comes from good replies only; a reply that got lost is asked for again, and what comes again is
/// delivered once.
#[tokio::test(start_paused = true)]
async fn a_lost_batch_comes_again() {
    let (client, mut script, held) = acknowledged(LP, |builder| builder.ack(true)).await;
    let mut stream = subscribed(&client, &mut script, "/a").await;
    let mut events = client.events().await;
    // The reply is lost: the next connect repeats the old number.
    held.fail(lost());
    let again = script.expect("/meta/connect").await;
    assert_eq!(again.messages[0]["ext"]["ack"], 1);
    // A refusal does not count, nor do the deliveries beside it.
    again.reply_with(json!({"successful": false, "error": "500::x", "ext": {"ack": 9}}), json!([delivery("/a", 1)]));
    let again = script.expect("/meta/connect").await;
    assert_eq!(again.messages[0]["ext"]["ack"], 1);
    again.reply_with(json!({"ext": {"ack": 2}}), json!([delivery("/a", 1), delivery("/a", 2)]));
    assert_eq!(script.expect("/meta/connect").await.messages[0]["ext"]["ack"], 2);
    assert_eq!(stream.next().await.unwrap().data().text(), "1");
    assert_eq!(stream.next().await.unwrap().data().text(), "2");
    assert_eq!(stream.waiting(), 0);
    let gap =
        event(&mut events, |event| if let Event::Connected { again: true, gap } = event { Some(gap) } else { None })
            .await;
    assert!(!gap, "nothing can be lost");
}

/// AK6, AK8, WS2, WS3: on a WebSocket deliveries come in frames of their own, one or several in each; they count with the
/// connect reply, so a socket that breaks in between doubles nothing.
#[tokio::test(start_paused = true)]
async fn frames_count_with_the_connect_reply() {
    let (client, mut script, held) = acknowledged(WS, |builder| builder.ack(true)).await;
    let mut stream = subscribed(&client, &mut script, "/a").await;
    script.push(WS, json!([delivery("/a", 1)]));
    script.push(WS, json!([delivery("/a", 2), delivery("/a", 3)]));
    script.break_line(WS, lost());
    let again = script.expect("/meta/connect").await;
    assert_eq!(again.messages[0]["ext"]["ack"], 1);
    assert_eq!(stream.waiting(), 0);
    script.push(WS, json!([delivery("/a", 1), delivery("/a", 2)]));
    script.push(WS, json!([delivery("/a", 3)]));
    again.reply(json!({"ext": {"ack": 2}}));
    for number in 1..=3 {
        assert_eq!(stream.next().await.unwrap().parse::<i32>().unwrap(), number);
    }
    assert_eq!(stream.waiting(), 0);
    assert_eq!(script.expect("/meta/connect").await.messages[0]["ext"]["ack"], 2);
    drop(held);
}

/// WS2: without acknowledgement frames are delivered as they come, and do not end the held connect.
#[tokio::test(start_paused = true)]
async fn frames_are_delivered_as_they_come() {
    let (client, mut script, _held) = connected(WS, |builder| builder).await;
    let mut stream = subscribed(&client, &mut script, "/a").await;
    script.push(WS, json!([delivery("/a", 1), delivery("/a", 2)]));
    assert_eq!(stream.next().await.unwrap().data().text(), "1");
    assert_eq!(stream.next().await.unwrap().data().text(), "2");
    silent(&mut script, SECOND).await;
}

/// AK7, AK12: each session counts from the start.
#[tokio::test(start_paused = true)]
async fn a_new_session_counts_from_the_start() {
    let (_client, mut script, held) = acknowledged(LP, |builder| builder.ack(true)).await;
    held.reply(json!({"ext": {"ack": 41}}));
    script
        .expect("/meta/connect")
        .await
        .reply(json!({"successful": false, "error": "402::x", "advice": {"reconnect": "handshake"}}));
    script.expect("/meta/handshake").await.reply(json!({"clientId": "new", "ext": {"ack": true}}));
    assert_eq!(script.expect("/meta/connect").await.messages[0]["ext"]["ack"], 0);
}

/// AK11: what the client sends is not covered, and is not marked as if it were.
#[tokio::test(start_paused = true)]
async fn publishes_are_not_covered() {
    let (client, mut script, _held) = acknowledged(LP, |builder| builder.ack(true)).await;
    let (task, call) = publishing(&client, &mut script, "/a").await;
    assert!(call.messages[0].get("ext").is_none());
    call.fail(lost());
    assert!(task.await.unwrap().unwrap_err().may_have_arrived());
}

/// AK10: with acknowledgement when done, the next connect waits for the application, for a while.
#[tokio::test(start_paused = true)]
async fn the_acknowledgement_waits_for_the_application() {
    for kind in [LP, WS] {
        let (client, mut script, held) = acknowledged(kind, bayeux::ClientBuilder::ack_when_done).await;
        let mut stream = subscribed(&client, &mut script, "/a").await;
        if kind == LP {
            held.reply_with(json!({"ext": {"ack": 2}}), json!([delivery("/a", 1), delivery("/a", 2)]));
        } else {
            script.push(WS, json!([delivery("/a", 1), delivery("/a", 2)]));
            held.reply(json!({"ext": {"ack": 2}}));
        }
        let first = stream.next().await.unwrap();
        let second = stream.next().await.unwrap();
        first.done();
        silent(&mut script, SECOND).await;
        second.done();
        let connect = script.expect("/meta/connect").await;
        assert_eq!(connect.messages[0]["ext"]["ack"], 2);
    }
}

/// AK10, CL10: an application that takes longer does not cost the session: the connect leaves with the old number, and what the
/// server sends again meanwhile is not delivered twice.
#[tokio::test(start_paused = true)]
async fn a_slow_application_costs_neither_session_nor_doubles() {
    let (client, mut script, held) = acknowledged(LP, bayeux::ClientBuilder::ack_when_done).await;
    let mut stream = subscribed(&client, &mut script, "/a").await;
    let start_time = Instant::now();
    held.reply_with(json!({"ext": {"ack": 2}}), json!([delivery("/a", 1), delivery("/a", 2)]));
    let first = stream.next().await.unwrap();
    let second = stream.next().await.unwrap();
    // Not done in time: the session is kept alive, and the server repeats itself in vain.
    let connect = script.expect("/meta/connect").await;
    assert_eq!(start_time.elapsed(), 5 * SECOND);
    assert_eq!(connect.messages[0]["ext"]["ack"], 1);
    connect.reply_with(json!({"ext": {"ack": 3}}), json!([delivery("/a", 1), delivery("/a", 2), delivery("/a", 3)]));
    let connect = script.expect("/meta/connect").await;
    assert_eq!(connect.messages[0]["ext"]["ack"], 1);
    assert_eq!(stream.waiting(), 0);
    // Done while that connect is out: the repetition is known, the rest is new.
    first.done();
    second.done();
    tokio::time::sleep(SECOND).await;
    connect.reply_with(json!({"ext": {"ack": 4}}), json!([delivery("/a", 1), delivery("/a", 2), delivery("/a", 3)]));
    let third = stream.next().await.unwrap();
    assert_eq!(third.data().text(), "3");
    assert_eq!(stream.waiting(), 0);
    third.done();
    assert_eq!(script.expect("/meta/connect").await.messages[0]["ext"]["ack"], 4);
}

/// AK10: a delivery that is dropped without being done is delivered again, with its batch.
#[tokio::test(start_paused = true)]
async fn what_is_not_done_is_delivered_again() {
    let (client, mut script, held) = acknowledged(LP, bayeux::ClientBuilder::ack_when_done).await;
    let mut stream = subscribed(&client, &mut script, "/a").await;
    held.reply_with(json!({"ext": {"ack": 2}}), json!([delivery("/a", 1), delivery("/a", 2)]));
    stream.next().await.unwrap().done();
    drop(stream.next().await.unwrap());
    let connect = script.expect("/meta/connect").await;
    assert_eq!(connect.messages[0]["ext"]["ack"], 1);
    connect.reply_with(json!({"ext": {"ack": 3}}), json!([delivery("/a", 1), delivery("/a", 2)]));
    let mut typed = stream.typed::<i32>();
    assert_eq!(typed.next().await.unwrap().unwrap(), 1);
    assert_eq!(typed.next().await.unwrap().unwrap(), 2);
    assert_eq!(script.expect("/meta/connect").await.messages[0]["ext"]["ack"], 3);
}

/// DC9, AK10, CK6: a restarted process goes on with the session: client id, cookies, number, transport; nothing is subscribed again.
#[tokio::test(start_paused = true)]
async fn a_restarted_process_goes_on() {
    let url = Url::parse("http://scripted.test/cometd").unwrap();
    let (client, mut script, held) = acknowledged(LP, bayeux::ClientBuilder::ack_when_done).await;
    client.cookies().set(&url, "BAYEUX_BROWSER=b; Path=/").unwrap();
    let mut stream = subscribed(&client, &mut script, "/a").await;
    held.reply_with(json!({"ext": {"ack": 2}}), json!([delivery("/a", "unfinished")]));
    let unfinished = stream.next().await.unwrap();
    let saved = serde_json::to_string(&client.snapshot().await.unwrap().unwrap()).unwrap();
    drop((client, unfinished, stream));

    let jar = CookieJar::new();
    let snapshot = serde_json::from_str(&saved).unwrap();
    let (client, mut script) =
        scripted(&[WS, LP], |builder| builder.ack_when_done().cookies(jar.clone()).resume(snapshot));
    let mut stream = client.subscribe("/a").start().await.unwrap();
    let opening = opening(&client);
    let connect = script.expect("/meta/connect").await;
    assert_eq!(connect.transport, LP);
    assert_eq!(connect.messages[0]["clientId"], "client-1");
    assert_eq!(connect.messages[0]["ext"]["ack"], 1);
    assert_eq!(connect.messages[0]["advice"]["timeout"], 0);
    assert_eq!(jar.get(&url, "BAYEUX_BROWSER").as_deref(), Some("b"));
    connect.reply_with(json!({"ext": {"ack": 3}}), json!([delivery("/a", "unfinished")]));
    opening.await.unwrap().unwrap();
    let delivery = stream.next().await.unwrap();
    assert_eq!(delivery.parse::<String>().unwrap(), "unfinished");
    delivery.done();
    assert_eq!(script.expect("/meta/connect").await.messages[0]["ext"]["ack"], 3);
    // A channel that the old process did not have is subscribed to.
    let _more = subscribed(&client, &mut script, "/b").await;
}

/// DC9, FB6: a session that is gone by then is replaced, and the application hears of it.
#[tokio::test(start_paused = true)]
async fn a_session_that_is_gone_is_replaced() {
    let (client, _script, _held) = acknowledged(LP, |builder| builder.ack(true)).await;
    let snapshot = client.snapshot().await.unwrap().unwrap();
    assert!(!format!("{snapshot:?}").contains("client-1"), "as good as a password");
    drop(client);
    let (client, mut script) = scripted(&[LP], |builder| builder.ack(true).resume(snapshot));
    let mut events = client.events().await;
    let stream = client.subscribe("/a").start().await.unwrap();
    let opening = opening(&client);
    let mut calls = [script.next().await, script.next().await];
    calls.sort_by_key(|call| call.channel() == "/meta/subscribe");
    assert_eq!(calls[1].channel(), "/meta/subscribe");
    calls[0].reply(json!({"successful": false, "error": "402::session_unknown", "advice": {"reconnect": "handshake"}}));
    script.expect("/meta/handshake").await.reply(json!({"clientId": "new"}));
    script.expect("/meta/subscribe").await.reply(json!({}));
    script.expect("/meta/connect").await.reply(json!({}));
    opening.await.unwrap().unwrap();
    event(&mut events, |event| matches!(event, Event::SessionLost { .. }).then_some(())).await;
    assert!(
        event(&mut events, |event| if let Event::Established { gap, .. } = event { Some(gap) } else { None }).await
    );
    drop(stream);
}

/// RB5, CL10: a reader who does not read slows the session down to one connect in a while; with acknowledgement nothing is
/// dropped, and everything comes when there is room.
#[tokio::test(start_paused = true)]
async fn with_acknowledgement_a_full_stream_loses_nothing() {
    let options = Options { inbox_limit: 4, ack: true, ..Options::default() };
    let (client, mut script, mut held) = acknowledged(LP, |builder| builder.options(options)).await;
    let mut stream = subscribed(&client, &mut script, "/a").await;
    let batch = |from: i32| json!((from..from + 3).map(|number| delivery("/a", number)).collect::<Vec<_>>());
    held.reply_with(json!({"ext": {"ack": 2}}), batch(0));
    held = script.expect("/meta/connect").await;
    held.reply_with(json!({"ext": {"ack": 3}}), batch(3));
    let start_time = Instant::now();
    for _ in 0..3 {
        held = script.expect("/meta/connect").await;
        assert_eq!(held.messages[0]["ext"]["ack"], 3);
        held.reply_with(json!({"ext": {"ack": 4}}), batch(6));
    }
    assert!(start_time.elapsed() >= 5 * SECOND, "no hurry while nobody reads");
    for number in 0..6 {
        assert_eq!(stream.next().await.unwrap().parse::<i32>().unwrap(), number);
    }
    assert_eq!(stream.waiting(), 0);
    held = script.expect("/meta/connect").await;
    held.reply_with(json!({"ext": {"ack": 5}}), batch(6));
    assert_eq!(stream.next().await.unwrap().parse::<i32>().unwrap(), 6);
    assert_eq!(stream.dropped(), 0);
    assert_eq!(*client.state().borrow(), State::Connected);
}

/// RB5, CL10: without it the connect is delayed, then the loop goes on and the policy decides; it is told and counted.
#[tokio::test(start_paused = true)]
async fn without_acknowledgement_a_full_stream_drops_by_policy() {
    for (overflow, kept) in [(bayeux::Overflow::DropNewest, 0), (bayeux::Overflow::DropOldest, 2)] {
        let options = Options { inbox_limit: 2, overflow, ..Options::default() };
        let (client, mut script, held) = connected(LP, |builder| builder.options(options)).await;
        let mut stream = subscribed(&client, &mut script, "/a").await;
        let mut events = client.events().await;
        held.reply_with(json!({}), json!([delivery("/a", 0), delivery("/a", 1)]));
        event(&mut events, |event| matches!(event, Event::Full).then_some(())).await;
        let start_time = Instant::now();
        // What was on its way already is kept.
        script.expect("/meta/connect").await.reply_with(json!({}), json!([delivery("/a", 2), delivery("/a", 3)]));
        let held = script.expect("/meta/connect").await;
        assert_eq!(start_time.elapsed(), 5 * SECOND, "below the server's maxInterval");
        held.reply_with(json!({}), json!([delivery("/a", 4), delivery("/a", 5)]));
        let _held = script.expect("/meta/connect").await;
        for number in kept..kept + 4 {
            assert_eq!(stream.next().await.unwrap().parse::<i32>().unwrap(), number);
        }
        assert_eq!(stream.dropped(), 2);
        assert_eq!(
            event(&mut events, |event| if let Event::Dropped { count } = event { Some(count) } else { None }).await,
            2
        );
    }
}
