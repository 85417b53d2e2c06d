//! CL, FB: the connect loop, broken connections and the way back.

use bayeux::test::Ended;
use bayeux::{Error, Event, Failure, FailureKind, State};
use serde_json::json;
use tokio::time::Instant;

use crate::support::*;

/// CL1, CL2: one connect at a time, with client id, id and transport.
#[tokio::test(start_paused = true)]
async fn there_is_one_connect_at_a_time() {
    for kind in [LP, WS] {
        let (client, mut script, mut held) = connected(kind, |builder| builder).await;
        for _ in 0..20 {
            let message = &held.messages[0];
            assert_eq!(message["clientId"], "client-1");
            assert_eq!(message["connectionType"], kind.name());
            assert!(message["id"].is_string());
            let (_, call) = publishing(&client, &mut script, "/a").await;
            call.reply(json!({}));
            silent(&mut script, SECOND).await;
            held.reply(json!({}));
            held = script.expect("/meta/connect").await;
        }
    }
}

/// CL3: the first connect asks for an answer at once, and so does the first one after a failure; the others are held.
#[tokio::test(start_paused = true)]
async fn the_first_connect_asks_for_an_answer_at_once() {
    let (client, mut script) = scripted(&[LP], |builder| builder);
    let opening = opening(&client);
    script.expect("/meta/handshake").await.reply(json!({"clientId": "c"}));
    let first = script.expect("/meta/connect").await;
    assert_eq!(first.messages[0]["advice"], json!({"timeout": 0}));
    first.reply(json!({}));
    opening.await.unwrap().unwrap();
    let held = script.expect("/meta/connect").await;
    assert!(held.messages[0].get("advice").is_none());
    held.fail(broken());
    let again = script.expect("/meta/connect").await;
    assert_eq!(again.messages[0]["advice"], json!({"timeout": 0}));
    again.reply(json!({}));
    assert!(script.expect("/meta/connect").await.messages[0].get("advice").is_none());
}

/// CL4, AD4: the next connect leaves after the interval of the advice, not earlier.
#[tokio::test(start_paused = true)]
async fn the_interval_is_kept() {
    let (_client, mut script, held) = connected(LP, |builder| builder).await;
    held.reply(json!({"advice": {"reconnect": "retry", "interval": 1500}}));
    let answered = Instant::now();
    silent(&mut script, SECOND).await;
    script.expect("/meta/connect").await;
    assert_eq!(answered.elapsed(), SECOND * 3 / 2);
}

/// CL5, AD2: an answer to a connect that was given up is left alone, deliveries and advice included.
#[tokio::test(start_paused = true)]
async fn a_late_answer_is_left_alone() {
    for kind in [LP, WS] {
        let (client, mut script, held) = acknowledged(kind, |builder| builder.ack(true)).await;
        let mut stream = subscribed(&client, &mut script, "/a").await;
        let again = script.expect("/meta/connect").await;
        held.reply_with(json!({"advice": {"reconnect": "none"}}), json!([delivery("/a", 1)]));
        again.reply_with(json!({}), json!([delivery("/a", 2)]));
        assert_eq!(stream.next().await.unwrap().data().text(), "2");
        assert_eq!(*client.state().borrow(), State::Connected);
    }
}

/// CL6: HTTP 500 or 408 for a connect that another one replaced does not end the session.
#[tokio::test(start_paused = true)]
async fn a_superseded_connect_does_not_end_the_session() {
    for status in [500, 408] {
        let (_client, mut script, held) = connected(LP, |builder| builder).await;
        held.fail(Failure::sent(FailureKind::Status(status), ""));
        let again = script.expect("/meta/connect").await;
        assert_eq!(again.messages[0]["clientId"], "client-1");
    }
}

/// CL7, CL8, AD5: a connect without an answer is given up after hold and network delay; its transport is told to forget it.
#[tokio::test(start_paused = true)]
async fn an_unanswered_connect_is_given_up() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    let mut events = client.events().await;
    let sent = Instant::now();
    let failure =
        event(&mut events, |event| if let Event::Broken { failure } = event { Some(failure) } else { None }).await;
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert_eq!(sent.elapsed(), 40 * SECOND, "30 s of the advice and 10 s of network delay");
    assert!(script.ended().contains(&Ended::Forgotten(LP, held.exchange)));
    script.expect("/meta/connect").await;
}

/// WS4, WS18, CL7: on a WebSocket a missing answer closes the socket, and everything on it fails.
#[tokio::test(start_paused = true)]
async fn a_missing_answer_closes_the_socket() {
    let (client, mut script, _held) = connected(WS, |builder| builder).await;
    let (task, _call) = publishing(&client, &mut script, "/a").await;
    let error = task.await.unwrap().unwrap_err();
    assert!(error.may_have_arrived());
    assert!(script.ended().contains(&Ended::Shut(WS)));
    assert_eq!(script.expect("/meta/connect").await.messages[0]["clientId"], "client-1");
}

/// CL9, LP1, LP2: commands do not wait for the held connect, and the held connect is not given up for them.
#[tokio::test(start_paused = true)]
async fn commands_and_the_connect_do_not_wait_for_each_other() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    let (task, call) = publishing(&client, &mut script, "/a").await;
    assert_ne!(call.lane, held.lane);
    // While the command hangs the loop goes round.
    held.reply(json!({}));
    let held = script.expect("/meta/connect").await;
    call.reply(json!({}));
    task.await.unwrap().unwrap();
    assert!(
        !script
            .ended()
            .iter()
            .any(|ended| matches!(ended, Ended::Forgotten(_, exchange) if *exchange == held.exchange))
    );
}

/// CL12, FB1, FB3, FB7, HS17: broken once, connected again once, same session, nothing subscribed again; the backoff starts anew.
#[tokio::test(start_paused = true)]
async fn a_short_break_is_told_once_and_heals() {
    let (client, mut script, held) = connected(LP, |builder| builder.options(steady(1))).await;
    let _stream = subscribed(&client, &mut script, "/a").await;
    let mut events = client.events().await;
    let mut held = held;
    for _ in 0..2 {
        let start = Instant::now();
        held.fail(broken());
        for _ in 0..2 {
            script.expect("/meta/connect").await.fail(broken());
        }
        let again = script.expect("/meta/connect").await;
        assert_eq!(start.elapsed(), (1 + 2 + 3) * SECOND);
        assert_eq!(again.messages[0]["clientId"], "client-1");
        again.reply(json!({}));
        let mut seen = Vec::new();
        event(&mut events, |event| match event {
            Event::Broken { .. } => {
                seen.push("broken");
                None
            }
            Event::Connected { again, gap } => {
                assert!(again && gap, "without acknowledgement something may be lost");
                Some(())
            }
            Event::Established { .. } => panic!("the session is the same"),
            _ => None,
        })
        .await;
        assert_eq!(seen, ["broken"]);
        held = script.expect("/meta/connect").await;
    }
    assert_eq!(client.status().await.unwrap().counters.reconnects, 2);
}

/// FB6, AK12, HS17: an unknown session is replaced at once, with its subscriptions, and the application hears of the gap.
#[tokio::test(start_paused = true)]
async fn an_unknown_session_is_replaced_at_once() {
    for reply in [
        json!({"successful": false, "error": "402::session_unknown", "advice": {"reconnect": "handshake", "interval": 0}}),
        json!({"successful": false, "error": "401:client-1:Unknown client", "advice": {"reconnect": "handshake"}}),
        json!({"successful": false, "error": "402::Unknown client"}),
    ] {
        let (client, mut script, held) = connected(LP, |builder| builder.ack(true)).await;
        let _stream = subscribed(&client, &mut script, "/a").await;
        let mut events = client.events().await;
        let lost = Instant::now();
        held.reply(reply);
        script.expect("/meta/handshake").await.reply(json!({"clientId": "new"}));
        assert!(lost.elapsed() < SECOND / 100);
        let restored = script.expect("/meta/subscribe").await;
        assert_eq!(restored.messages[0]["clientId"], "new");
        event(&mut events, |event| matches!(event, Event::SessionLost { .. }).then_some(())).await;
        event(&mut events, |event| matches!(event, Event::Established { first: false, gap: true, .. }).then_some(()))
            .await;
    }
}

/// FB8, FB10: a server that is away for long is waited for; then there is a new session.
#[tokio::test(start_paused = true)]
async fn a_restarted_server_is_found_again() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    held.fail(broken());
    for _ in 0..20 {
        script.expect("/meta/connect").await.fail(Failure::unsent(FailureKind::Refused, ""));
    }
    script
        .expect("/meta/connect")
        .await
        .reply(json!({"successful": false, "error": "402::x", "advice": {"reconnect": "handshake"}}));
    script.accept_session("new").await;
    reach(&client, State::Connected).await;
}

/// FB9: sessions that die before their first connect are not opened in a circle without waiting.
#[tokio::test(start_paused = true)]
async fn stillborn_sessions_back_off() {
    let (_client, mut script, mut call) = connected(LP, |builder| builder.options(steady(1))).await;
    let start = Instant::now();
    for round in 0..6_u64 {
        call.reply(
            json!({"successful": false, "error": "402::x", "advice": {"reconnect": "handshake", "interval": 0}}),
        );
        script.expect("/meta/handshake").await.reply(json!({"clientId": round.to_string()}));
        call = script.expect("/meta/connect").await;
    }
    assert_eq!(start.elapsed(), (1 + 2 + 3 + 4 + 5) * SECOND);
}

/// FB11: the event tells how a connection failed.
#[tokio::test(start_paused = true)]
async fn kinds_of_failure_are_told_apart() {
    let (client, mut script, mut held) = connected(LP, |builder| builder).await;
    let mut events = client.events().await;
    for kind in
        [FailureKind::Dns, FailureKind::Refused, FailureKind::Tls, FailureKind::Broken, FailureKind::Status(502)]
    {
        held.fail(Failure::sent(kind, "words"));
        let failure =
            event(&mut events, |event| if let Event::Broken { failure } = event { Some(failure) } else { None }).await;
        assert_eq!(failure.kind, kind);
        script.expect("/meta/connect").await.reply(json!({}));
        held = script.expect("/meta/connect").await;
    }
}

/// FB12, DC7: whoever hears of a failure may end the session.
#[tokio::test(start_paused = true)]
async fn a_listener_may_end_the_session() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    let mut events = client.events().await;
    held.fail(broken());
    event(&mut events, |event| matches!(event, Event::Broken { .. }).then_some(())).await;
    client.abort().await;
    assert!(event(&mut events, |event| matches!(event, Event::Closed { reason: Error::Closed }).then_some(true)).await);
    silent(&mut script, 3600 * SECOND).await;
}

/// FB13, DC6: an aborted session fails what is pending, and a fresh one can be opened.
#[tokio::test(start_paused = true)]
async fn an_aborted_session_can_be_started_again() {
    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    let (task, _call) = publishing(&client, &mut script, "/a").await;
    client.abort().await;
    assert!(task.await.unwrap().unwrap_err().may_have_arrived());
    let held = open(&client, &mut script, "client-2").await;
    assert_eq!(held.messages[0]["clientId"], "client-2");
}

/// FB14: a connect and a publish that fail together, or both find the session unknown, recover once.
#[tokio::test(start_paused = true)]
async fn recovery_happens_once() {
    for kind in [LP, WS] {
        let (client, mut script, held) = connected(kind, |builder| builder).await;
        let (task, call) = publishing(&client, &mut script, "/a").await;
        let unknown = json!({"successful": false, "error": "402::x", "advice": {"reconnect": "handshake"}});
        held.reply(unknown.clone());
        call.reply(unknown);
        assert!(task.await.unwrap().is_err());
        script.accept_session("new").await;
        let held = script.expect("/meta/connect").await;
        silent(&mut script, SECOND).await;
        let (task, call) = publishing(&client, &mut script, "/a").await;
        call.fail(broken());
        held.fail(broken());
        assert!(task.await.unwrap().is_err());
        script.expect("/meta/connect").await;
        silent(&mut script, SECOND).await;
    }
}

/// FB15: a publish that fails on the way leaves the session alone.
#[tokio::test(start_paused = true)]
async fn a_failed_publish_leaves_the_session_alone() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    let (task, call) = publishing(&client, &mut script, "/a").await;
    call.fail(broken());
    assert!(task.await.unwrap().unwrap_err().may_have_arrived());
    assert_eq!(*client.state().borrow(), State::Connected);
    held.reply(json!({}));
    script.expect("/meta/connect").await;
}

/// FB5: two clients with different chances do not come back in the same moment, the same chance repeats itself.
#[tokio::test(start_paused = true)]
async fn clients_come_back_at_different_moments() {
    let mut waits = Vec::new();
    for seed in [1, 2, 1] {
        let (_client, mut script, held) = connected(LP, |builder| builder.seed(seed)).await;
        let start = Instant::now();
        held.fail(broken());
        script.expect("/meta/connect").await;
        waits.push(start.elapsed());
    }
    assert_ne!(waits[0], waits[1]);
    assert_eq!(waits[0], waits[2]);
}

/// AK12, FB7: an answer that is lost may have carried deliveries: that is told, unless delivery is acknowledged; and a socket
/// that breaks between two connects is a break like any other.
#[tokio::test(start_paused = true)]
async fn every_possible_gap_is_told() {
    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    let mut events = client.events().await;
    let (task, call) = publishing(&client, &mut script, "/a").await;
    call.fail(broken());
    assert!(task.await.unwrap().is_err());
    event(&mut events, |event| matches!(event, Event::Gap).then_some(())).await;

    let (client, mut script, held) = connected(WS, |builder| builder).await;
    let mut events = client.events().await;
    held.reply(json!({"advice": {"reconnect": "retry", "interval": 20000}}));
    tokio::time::sleep(SECOND).await;
    script.break_line(WS, broken());
    event(&mut events, |event| matches!(event, Event::Broken { .. }).then_some(())).await;
    script.expect("/meta/connect").await.reply(json!({}));
    assert!(event(&mut events, |event| if let Event::Connected { gap, .. } = event { Some(gap) } else { None }).await);

    let (client, mut script, held) = acknowledged(LP, |builder| builder.ack(true)).await;
    let mut events = client.events().await;
    let (task, call) = publishing(&client, &mut script, "/a").await;
    call.fail(broken());
    assert!(task.await.unwrap().is_err());
    held.reply(json!({"successful": false, "error": "402::x", "advice": {"reconnect": "handshake"}}));
    event(&mut events, |event| match event {
        Event::Gap => panic!("nothing can be lost"),
        Event::SessionLost { .. } => Some(()),
        _ => None,
    })
    .await;
}

/// WS5: a broken socket fails everything on it at once and the session goes on on a new one.
#[tokio::test(start_paused = true)]
async fn a_broken_socket_is_replaced() {
    let (client, mut script, _held) = connected(WS, |builder| builder).await;
    let (task, _call) = publishing(&client, &mut script, "/a").await;
    let start = Instant::now();
    script.break_line(WS, broken());
    assert!(task.await.unwrap().unwrap_err().may_have_arrived());
    assert!(start.elapsed().is_zero());
    let again = script.expect("/meta/connect").await;
    assert_eq!(again.messages[0]["clientId"], "client-1");
}

/// WS6: a server that wants a handshake on each socket gets one, and the subscriptions come back.
#[tokio::test(start_paused = true)]
async fn a_handshake_for_each_socket() {
    let (client, mut script, _held) = connected(WS, |builder| builder).await;
    let _stream = subscribed(&client, &mut script, "/a").await;
    script.break_line(WS, broken());
    script
        .expect("/meta/connect")
        .await
        .reply(json!({"successful": false, "error": "402::x", "advice": {"reconnect": "handshake"}}));
    script.expect("/meta/handshake").await.reply(json!({"clientId": "new"}));
    assert_eq!(script.expect("/meta/subscribe").await.messages[0]["subscription"], "/a");
}

/// LP7, LP8: ordinary requests have their own time, and the application may wait on for a late answer.
#[tokio::test(start_paused = true)]
async fn a_late_answer_may_be_waited_for() {
    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    let (task, _call) = publishing(&client, &mut script, "/a").await;
    let start = Instant::now();
    assert!(task.await.unwrap().unwrap_err().may_have_arrived());
    assert_eq!(start.elapsed(), 10 * SECOND);

    let (client, mut script, _held) =
        connected(LP, |builder| builder.on_late(|late| (!late.connect && late.asked < 2).then_some(5 * SECOND))).await;
    let (task, call) = publishing(&client, &mut script, "/a").await;
    tokio::time::sleep(19 * SECOND).await;
    call.reply(json!({}));
    task.await.unwrap().unwrap();
    let (task, _call) = publishing(&client, &mut script, "/a").await;
    let start = Instant::now();
    assert!(task.await.unwrap().unwrap_err().may_have_arrived());
    assert_eq!(start.elapsed(), 20 * SECOND);
}

/// RB9: the state, the transport, the advice and the counts can be looked at.
#[tokio::test(start_paused = true)]
async fn a_session_can_be_looked_at() {
    let (client, mut script, held) = connected(LP, |builder| builder.ack(true)).await;
    let mut stream = subscribed(&client, &mut script, "/a").await;
    held.reply_with(json!({}), json!([delivery("/a", 1)]));
    stream.next().await.unwrap();
    let held = script.expect("/meta/connect").await;
    let status = client.status().await.unwrap();
    assert_eq!((status.state, status.transport, status.failures), (State::Connected, LP, 0));
    assert_eq!((status.counters.received, status.counters.sessions), (1, 1));
    assert!(!status.acknowledged, "asked for, and the server said nothing of it");
    held.fail(broken());
    script.expect("/meta/connect").await.fail(broken());
    reach(&client, State::Broken).await;
    script.expect("/meta/connect").await;
    assert_eq!(client.status().await.unwrap().failures, 2);
}
