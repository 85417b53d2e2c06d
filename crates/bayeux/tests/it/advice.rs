//! AD: what the server advises, and what follows from it.

use bayeux::{Event, State};
use serde_json::json;
use tokio::time::Instant;

use crate::support::*;

/// AD1, AD2: newer advice replaces older advice whole, wherever it comes from.
#[tokio::test(start_paused = true)]
async fn advice_is_replaced_whole() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    let mut stream = subscribed(&client, &mut script, "/a").await;
    held.reply_with(json!({}), json!([{"channel": "/a", "data": 1, "advice": {"interval": 500}}]));
    stream.next().await.unwrap();
    let advice = client.status().await.unwrap().advice;
    assert_eq!((advice.interval, advice.timeout, advice.reconnect), (Some(SECOND / 2), None, None));
    let (task, call) = publishing(&client, &mut script, "/b").await;
    call.reply(json!({"advice": {"timeout": 20000}}));
    task.await.unwrap().unwrap();
    let advice = client.status().await.unwrap().advice;
    assert_eq!((advice.interval, advice.timeout), (None, Some(20 * SECOND)));
}

/// AD3: retry goes on, handshake opens a new session, none stops.
#[tokio::test(start_paused = true)]
async fn reconnect_says_what_is_next() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    held.reply(json!({"advice": {"reconnect": "retry"}}));
    script.expect("/meta/connect").await.reply(json!({"advice": {"reconnect": "handshake"}}));
    let held = open_again(&mut script).await;
    held.reply(json!({"advice": {"reconnect": "none"}}));
    reach(&client, State::Disconnected).await;
    silent(&mut script, 3600 * SECOND).await;
}

async fn open_again(script: &mut bayeux::test::Script) -> bayeux::test::Call {
    script.accept_session("again").await;
    script.expect("/meta/connect").await
}

/// AD4: a negative interval means: do not come back.
#[tokio::test(start_paused = true)]
async fn a_negative_interval_ends_the_session() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    held.reply(json!({"advice": {"reconnect": "retry", "interval": -1}}));
    reach(&client, State::Disconnected).await;
    silent(&mut script, 3600 * SECOND).await;
}

/// AD6: a break longer than timeout, interval and maxInterval leads to a handshake straight away.
#[tokio::test(start_paused = true)]
async fn a_long_break_leads_to_a_handshake() {
    let (_client, mut script, held) = connected(LP, |builder| builder.options(steady(10))).await;
    held.reply(json!({"advice": {"reconnect": "retry", "interval": 0, "timeout": 5000, "maxInterval": 20000}}));
    let mut start = None;
    loop {
        let call = script.next().await;
        let start = start.get_or_insert_with(Instant::now);
        if call.channel() == "/meta/handshake" {
            assert!((25 * SECOND..60 * SECOND).contains(&start.elapsed()), "{:?}", start.elapsed());
            break;
        }
        call.fail(broken());
    }
}

/// AD7, LP14: other sessions of the same browser slow this one down to the interval, also while later replies say nothing.
#[tokio::test(start_paused = true)]
async fn multiple_clients_slow_down() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    let mut events = client.events().await;
    held.reply(json!({"advice": {"reconnect": "retry", "interval": 2000, "multiple-clients": true}}));
    event(&mut events, |event| matches!(event, Event::Advised(advice) if advice.multiple_clients).then_some(())).await;
    for _ in 0..3 {
        let start = Instant::now();
        script.expect("/meta/connect").await.reply(json!({}));
        assert_eq!(start.elapsed(), 2 * SECOND);
    }
}

/// AD8: with "none" they stop it.
#[tokio::test(start_paused = true)]
async fn multiple_clients_may_stop_a_session() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    held.reply(json!({"successful": false, "advice": {"reconnect": "none", "interval": -1, "multiple-clients": true}}));
    reach(&client, State::Disconnected).await;
    silent(&mut script, 3600 * SECOND).await;
}

/// AD12: a failed connect without advice is tried again.
#[tokio::test(start_paused = true)]
async fn a_failed_connect_without_advice_is_repeated() {
    let (_client, mut script, held) = connected(LP, |builder| builder).await;
    held.reply(json!({"successful": false, "error": "500::busy", "advice": {}}));
    assert_eq!(script.expect("/meta/connect").await.messages[0]["clientId"], "client-1");
}
