//! SU: subscriptions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bayeux::test::{Call, Script};
use bayeux::{Client, Error, Event, Events, Failure, FailureKind, Options, Subscription};
use serde_json::json;

use crate::support::*;

/// SU1: the server's yes or no reaches the caller.
#[tokio::test(start_paused = true)]
async fn a_subscription_is_confirmed_or_refused() {
    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    let subscribing = start(&client, |client| async move { client.subscribe("/a").await });
    let call = script.expect("/meta/subscribe").await;
    assert_eq!(call.messages[0]["subscription"], "/a");
    tokio::task::yield_now().await;
    assert!(!subscribing.is_finished());
    call.reply(json!({}));
    subscribing.await.unwrap().unwrap();
}

/// SU8, HS9: a refused subscription is gone and reported; one that was started without waiting ends with the reason.
#[tokio::test(start_paused = true)]
async fn a_refused_subscription_is_gone() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    let no = json!({"successful": false, "error": "403::subscribe_failed"});
    let subscribing = start(&client, |client| async move { client.subscribe("/a").await.map(|_| ()) });
    script.expect("/meta/subscribe").await.reply(no.clone());
    assert_eq!(subscribing.await.unwrap().unwrap_err().code(), Some(403));
    let mut stream = client.subscribe("/b").start().await.unwrap();
    script.expect("/meta/subscribe").await.reply(no);
    assert!(stream.next().await.is_none());
    assert_eq!(stream.end().unwrap().code(), Some(403));
    // Nothing of it is restored later.
    held.reply(json!({"advice": {"reconnect": "handshake"}}));
    script.expect("/meta/handshake").await.reply(json!({"clientId": "new"}));
    script.expect("/meta/connect").await;
    silent(&mut script, SECOND).await;
}

/// SU2: several channels go in one message; the reply names them as text or array; a partial failure fails all of them.
#[tokio::test(start_paused = true)]
async fn several_channels_go_in_one_message() {
    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    let subscribing = start(&client, |client| async move { client.subscribe(["/b", "/a", "/b"]).await });
    let call = script.expect("/meta/subscribe").await;
    assert_eq!(call.messages[0]["subscription"], json!(["/b", "/a"]));
    call.reply(json!({"subscription": ["/b", "/a"]}));
    let _stream = subscribing.await.unwrap().unwrap();
    let subscribing = start(&client, |client| async move { client.subscribe(["/c", "/d"]).await.map(|_| ()) });
    let call = script.expect("/meta/subscribe").await;
    call.reply(json!({"successful": false, "error": "403:/d:denied", "subscription": "/c"}));
    assert!(matches!(subscribing.await.unwrap(), Err(Error::Refused(_))));
}

/// SU4: one copy from the server runs each matching subscription once.
#[tokio::test(start_paused = true)]
async fn each_matching_subscription_gets_one_copy() {
    for cover in [true, false] {
        let (client, mut script, held) =
            connected(LP, |builder| builder.options(Options { cover_subscriptions: cover, ..Options::default() }))
                .await;
        let patterns = ["/foo/bar", "/foo/*", "/foo/**", "/**", "/other/*"];
        let mut streams = Vec::new();
        for pattern in patterns {
            streams.push(client.subscribe(pattern).start().await.unwrap());
        }
        while let Ok(call) = tokio::time::timeout(SECOND, script.next()).await {
            call.reply(json!({}));
        }
        held.reply_with(json!({}), json!([delivery("/foo/bar", 1), delivery("/foo/x/y", 2)]));
        script.expect("/meta/connect").await;
        let counts: Vec<usize> = streams.iter().map(bayeux::Subscription::waiting).collect();
        assert_eq!(counts, [1, 1, 2, 2, 0]);
    }
}

/// SU5: where one subscription takes in another, the server knows of the wider one only, so that it sends one copy.
#[tokio::test(start_paused = true)]
async fn the_server_is_not_asked_twice_for_the_same_messages() {
    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    let narrow = subscribed(&client, &mut script, "/a/b").await;
    let wide = start(&client, |client| async move { client.subscribe("/a/**").await });
    let call = script.expect("/meta/subscribe").await;
    assert_eq!(call.messages[0]["subscription"], "/a/**");
    call.reply(json!({}));
    let wide = wide.await.unwrap().unwrap();
    let call = script.expect("/meta/unsubscribe").await;
    assert_eq!(call.messages[0]["subscription"], "/a/b");
    call.reply(json!({}));
    // Covered: there at once, without a word to the server.
    let middle = client.subscribe(["/a/*", "/a/c"]).await.unwrap();
    silent(&mut script, SECOND).await;
    drop(middle);
    silent(&mut script, SECOND).await;
    // The wide one goes: the narrow one comes back, in the same request, before the wide one is given up.
    drop(wide);
    let call = script.next().await;
    let said: Vec<(&str, &str)> = call
        .messages
        .iter()
        .map(|message| (message["channel"].as_str().unwrap(), message["subscription"].as_str().unwrap()))
        .collect();
    assert_eq!(said, [("/meta/subscribe", "/a/b"), ("/meta/unsubscribe", "/a/**")]);
    call.reply(json!({}));
    drop(narrow);
}

/// SU6: the second subscriber sends nothing, and only the last one to go unsubscribes.
#[tokio::test(start_paused = true)]
async fn subscribers_of_one_channel_share_it() {
    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    let first = subscribed(&client, &mut script, "/a").await;
    let second = client.subscribe("/a").await.unwrap();
    drop(first);
    silent(&mut script, SECOND).await;
    drop(second);
    let call = script.expect("/meta/unsubscribe").await;
    assert_eq!(call.messages[0]["subscription"], "/a");
}

/// SU6: two subscribers who come at the same time ask once, and both hear the answer.
#[tokio::test(start_paused = true)]
async fn simultaneous_subscribers_ask_once() {
    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    let subscribing: Vec<_> =
        (0..2).map(|_| start(&client, |client| async move { client.subscribe("/a").await })).collect();
    let call = script.expect("/meta/subscribe").await;
    silent(&mut script, SECOND).await;
    call.reply(json!({}));
    let mut streams = Vec::new();
    for task in subscribing {
        streams.push(task.await.unwrap().unwrap());
    }
    silent(&mut script, SECOND).await;
}

/// SU7: a delivery in the very answer to the subscribe is not lost.
#[tokio::test(start_paused = true)]
async fn the_first_delivery_is_not_lost() {
    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    let subscribing = start(&client, |client| async move { client.subscribe("/a").await });
    script.expect("/meta/subscribe").await.reply_with(json!({}), json!([delivery("/a", 1)]));
    let mut stream = subscribing.await.unwrap().unwrap();
    assert_eq!(stream.next().await.unwrap().data().text(), "1");
}

/// SU9, SU10, SU11: after a new session all subscriptions come back in one request, refusals are told one by one, nobody hears
/// a message twice, and a refusal does not hurt the session.
#[tokio::test(start_paused = true)]
async fn subscriptions_come_back() {
    let (client, mut script, mut held) = connected(LP, |builder| builder).await;
    let mut streams = Vec::new();
    for channel in ["/a", "/b", "/c"] {
        streams.push(subscribed(&client, &mut script, channel).await);
    }
    let mut events = client.events().await;
    for round in 0..3 {
        held.reply(json!({"advice": {"reconnect": "handshake"}}));
        script.expect("/meta/handshake").await.reply(json!({"clientId": round.to_string()}));
        let mut calls = [script.next().await, script.next().await];
        calls.sort_by_key(|call| call.channel() == "/meta/connect");
        let [restoring, connect] = calls;
        assert_eq!(restoring.channels(), ["/meta/subscribe"; 3]);
        let mut replies = restoring.replies(&json!({}));
        replies[1]["successful"] = json!(false);
        replies[1]["error"] = json!("403::no");
        restoring.body(&json!(replies).to_string());
        let refused = event(&mut events, |event| {
            if let Event::ResubscribeRefused { channel, refusal } = event {
                Some((channel, refusal.code))
            } else {
                None
            }
        })
        .await;
        assert_eq!((refused.0.as_str(), refused.1), ("/b", Some(403)));
        connect.reply_with(json!({}), json!([delivery("/a", round)]));
        assert_eq!(streams[0].next().await.unwrap().parse::<i32>().unwrap(), round);
        assert_eq!(streams[0].waiting(), 0);
        held = script.expect("/meta/connect").await;
        silent(&mut script, SECOND).await;
    }
    assert!(streams[1].end().is_none());
}

/// SU12, EX7: meta channels cannot be subscribed to; listening to them, by pattern too, is local.
#[tokio::test(start_paused = true)]
async fn meta_channels_are_listened_to_locally() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    assert!(matches!(client.subscribe("/meta/connect").await, Err(Error::Channel { .. })));
    assert!(matches!(client.subscribe(["/a", "/meta/*"]).await, Err(Error::Channel { .. })));
    let mut all = client.listen_meta("/meta/*").await.unwrap();
    let mut connects = client.listen_meta("/meta/connect").await.unwrap();
    silent(&mut script, SECOND).await;
    held.reply(json!({}));
    assert_eq!(all.next().await.unwrap().channel.as_str(), "/meta/connect");
    assert_eq!(connects.next().await.unwrap().successful(), Some(true));
}

/// SU13: a service channel may be subscribed to, and a server that refuses it (Faye) ends that subscription only.
#[tokio::test(start_paused = true)]
async fn a_service_channel_may_be_refused() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    let mut stream = subscribed(&client, &mut script, "/service/x").await;
    held.reply_with(json!({}), json!([delivery("/service/x", 1)]));
    stream.next().await.unwrap();
    let held = script.expect("/meta/connect").await;
    let subscribing = start(&client, |client| async move { client.subscribe("/service/y").await.map(|_| ()) });
    script
        .expect("/meta/subscribe")
        .await
        .reply(json!({"successful": false, "error": "403:/service/y:Forbidden channel"}));
    assert!(subscribing.await.unwrap().is_err());
    held.reply(json!({}));
    script.expect("/meta/connect").await;
}

/// SU14: fields of a subscription are asked for anew when it is restored.
#[tokio::test(start_paused = true)]
async fn fields_of_a_subscription_are_computed_again() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    let replay = Arc::new(AtomicU32::new(10));
    let seen = replay.clone();
    let subscribing = start(&client, |client| async move {
        let hook =
            move || json!({"ext": {"replay": seen.load(Ordering::Relaxed)}, "id": "x"}).as_object().unwrap().clone();
        client.subscribe("/a").fields(hook).await
    });
    let call = script.expect("/meta/subscribe").await;
    assert_eq!(call.messages[0]["ext"]["replay"], 10);
    assert_ne!(call.messages[0]["id"], "x");
    call.reply(json!({}));
    let _stream = subscribing.await.unwrap().unwrap();
    replay.store(99, Ordering::Relaxed);
    held.reply(json!({"advice": {"reconnect": "handshake"}}));
    script.expect("/meta/handshake").await.reply(json!({"clientId": "new"}));
    assert_eq!(script.expect("/meta/subscribe").await.messages[0]["ext"]["replay"], 99);
}

/// SU15: a dropped subscription hears nothing more, whatever the server answers.
#[tokio::test(start_paused = true)]
async fn unsubscribing_is_local_first() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    let stream = subscribed(&client, &mut script, "/a").await;
    drop(stream);
    let call = script.expect("/meta/unsubscribe").await;
    held.reply_with(json!({}), json!([delivery("/a", 1)]));
    let held = script.expect("/meta/connect").await;
    call.reply(json!({"successful": false, "error": "403::no"}));
    held.reply(json!({}));
    script.expect("/meta/connect").await;
    silent(&mut script, SECOND).await;
}

/// SU8, RB6: a subscribe that is lost on the way is sent again, and reported when that does not help.
#[tokio::test(start_paused = true)]
async fn a_lost_subscribe_is_repeated_a_few_times() {
    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    let subscribing = start(&client, |client| async move { client.subscribe("/a").await });
    script.expect("/meta/subscribe").await.fail(Failure::sent(FailureKind::Broken, ""));
    script.expect("/meta/subscribe").await.reply(json!({}));
    let _stream = subscribing.await.unwrap().unwrap();
    let subscribing = start(&client, |client| async move { client.subscribe("/b").await.map(|_| ()) });
    let mut attempts = 0;
    while !subscribing.is_finished() {
        let Ok(call) = tokio::time::timeout(20 * SECOND, script.next()).await else { break };
        if call.channel() == "/meta/subscribe" {
            attempts += 1;
            call.fail(Failure::sent(FailureKind::Broken, ""));
        } else if call.messages[0]["advice"]["timeout"] == 0 {
            call.reply(json!({}));
        }
    }
    assert!(matches!(subscribing.await.unwrap(), Err(Error::Transport(_))));
    assert_eq!(attempts, 5);
}

/// A lost session, and a new one whose subscribe waits for its answer while its connect was answered.
async fn connected_but_not_subscribed() -> ((Client, Subscription), Script, Events, Call) {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    let stream = subscribed(&client, &mut script, "/a").await;
    let mut events = client.events().await;
    held.reply(json!({"advice": {"reconnect": "handshake"}}));
    let advice = json!({"reconnect": "retry", "interval": 0, "timeout": 3_600_000});
    script.expect("/meta/handshake").await.reply(json!({"clientId": "2", "advice": advice}));
    let mut calls = [script.next().await, script.next().await];
    calls.sort_by_key(|call| call.channel() == "/meta/connect");
    let [restoring, connect] = calls;
    assert_eq!(restoring.channel(), "/meta/subscribe");
    connect.reply(json!({}));
    event(&mut events, |event| matches!(event, Event::Connected { .. }).then_some(())).await;
    let _held = script.expect("/meta/connect").await;
    ((client, stream), script, events, restoring)
}

/// SU9: what was subscribed to is told to be so when the server has said it, not when it answers a connect.
#[tokio::test(start_paused = true)]
async fn a_new_session_tells_when_it_hears_everything_again() {
    let (_listening, _script, mut events, restoring) = connected_but_not_subscribed().await;
    let early = tokio::time::timeout(SECOND, events.next()).await;
    assert!(early.is_err(), "{early:?}");
    restoring.reply(json!({}));
    assert!(matches!(events.next().await, Some(Event::Resubscribed)));
}

/// SU9: a subscription that somebody listens to is asked for until the server has answered, however often that fails.
#[tokio::test(start_paused = true)]
async fn a_subscription_is_restored_however_often_that_fails() {
    let (_listening, mut script, mut events, mut restoring) = connected_but_not_subscribed().await;
    for _ in 0..12 {
        restoring.fail(Failure::sent(FailureKind::Broken, ""));
        restoring = script.expect("/meta/subscribe").await;
    }
    restoring.reply(json!({}));
    event(&mut events, |event| matches!(event, Event::Resubscribed).then_some(())).await;
}
