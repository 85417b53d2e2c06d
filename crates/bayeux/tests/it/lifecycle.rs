//! DC, EX, RB: the end of a session, extensions, and many callers at once.

use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bayeux::test::Ended;
use bayeux::{
    BoxError, Error, Event, Extension, Failure, FailureKind, PublishError, State, TimeStamps, TimeSync, Verdict,
};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::support::*;

/// DC1: the good-bye is said, and its answer and the one to the held connect are waited for.
#[tokio::test(start_paused = true)]
async fn a_session_ends_with_good_manners() {
    for kind in [LP, WS] {
        let (client, mut script, held) = connected(kind, |builder| builder).await;
        let closing = start(&client, |client| async move { client.disconnect(5 * SECOND).await });
        let call = script.expect("/meta/disconnect").await;
        assert_eq!(*client.state().borrow(), State::Disconnecting);
        call.reply(json!({}));
        silent(&mut script, SECOND / 10).await;
        assert!(!closing.is_finished());
        held.reply(json!({"advice": {"reconnect": "none"}}));
        closing.await.unwrap().unwrap();
        assert!(script.ended().contains(&Ended::Shut(kind)));
        silent(&mut script, 3600 * SECOND).await;
    }
}

/// DC1, DC2: a server that does not answer, or cannot be reached, does not hold the end up.
#[tokio::test(start_paused = true)]
async fn the_end_has_a_deadline() {
    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    let start_time = Instant::now();
    client.disconnect(3 * SECOND).await.unwrap();
    assert_eq!(start_time.elapsed(), 3 * SECOND);
    assert_eq!(*client.state().borrow(), State::Disconnected);
    script.expect("/meta/disconnect").await;

    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    let closing = start(&client, |client| async move { client.disconnect(3 * SECOND).await });
    script.expect("/meta/disconnect").await.fail(Failure::unsent(FailureKind::Refused, ""));
    closing.await.unwrap().unwrap();
    assert_eq!(*client.state().borrow(), State::Disconnected);
}

/// DC1, DC3: what waits is sent before the good-bye; what cannot be sent fails with the reason.
#[tokio::test(start_paused = true)]
async fn what_waits_is_sent_before_the_end() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    let (task, call) = publishing(&client, &mut script, "/a").await;
    let waiting = client.publish("/b", &1).send().await.unwrap();
    let closing = start(&client, |client| async move { client.disconnect(5 * SECOND).await });
    call.reply(json!({}));
    task.await.unwrap().unwrap();
    script.expect("/b").await.reply(json!({}));
    waiting.await.unwrap();
    held.reply(json!({}));
    script.expect("/meta/disconnect").await.reply(json!({}));
    closing.await.unwrap().unwrap();

    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    let (flying, _call) = publishing(&client, &mut script, "/a").await;
    let waiting = client.publish("/b", &1).send().await.unwrap();
    let closing = start(&client, |client| async move { client.disconnect(SECOND).await });
    tokio::time::sleep(SECOND / 2).await;
    assert!(matches!(client.publish("/c", &1).await, Err(PublishError::NotDelivered(Error::Closed))));
    assert!(matches!(flying.await.unwrap(), Err(PublishError::Unknown(Error::Closed))));
    assert!(matches!(waiting.await, Err(PublishError::NotDelivered(Error::Closed))));
    closing.await.unwrap().unwrap();
}

/// DC4, EX6: a server may end a session by a disconnect without an id, and by advice on the connect reply, or both.
#[tokio::test(start_paused = true)]
async fn the_server_may_end_a_session() {
    let farewell = json!({"channel": "/meta/disconnect", "successful": true});
    for (before, fields) in [
        (json!([farewell]), json!({"advice": {"reconnect": "none"}})),
        (json!([farewell]), json!({})),
        (json!([]), json!({"advice": {"reconnect": "none"}})),
    ] {
        let (client, mut script, held) = connected(LP, |builder| builder).await;
        let mut stream = subscribed(&client, &mut script, "/a").await;
        let mut events = client.events().await;
        held.reply_with(fields, before);
        event(&mut events, |event| matches!(event, Event::Closed { reason: Error::ClosedByServer }).then_some(()))
            .await;
        assert!(stream.next().await.is_none());
        assert!(matches!(stream.end(), Some(Error::ClosedByServer)));
        silent(&mut script, 3600 * SECOND).await;
    }
    let (client, script, _held) = connected(WS, |builder| builder).await;
    script.push(WS, json!([farewell]));
    reach(&client, State::Disconnected).await;
}

/// DC5: a session that was swept while idle is found out by the next message.
#[tokio::test(start_paused = true)]
async fn a_swept_session_is_found_out() {
    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    let (task, call) = publishing(&client, &mut script, "/a").await;
    call.reply(json!({"successful": false, "error": "402::session_unknown"}));
    assert!(task.await.unwrap().is_err());
    script.expect("/meta/handshake").await;
}

/// DC6: after the end the same object opens a new session.
#[tokio::test(start_paused = true)]
async fn a_client_can_be_used_again() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    held.reply(json!({"advice": {"reconnect": "none"}}));
    reach(&client, State::Disconnected).await;
    let held = open(&client, &mut script, "second").await;
    let mut stream = subscribed(&client, &mut script, "/a").await;
    held.reply_with(json!({}), json!([delivery("/a", 1)]));
    stream.next().await.unwrap();
}

/// DC7: a session can be ended while it is being opened, and from a handler.
#[tokio::test(start_paused = true)]
async fn an_opening_session_can_be_ended() {
    let (client, mut script) = scripted(&[LP], |builder| builder);
    let opening_ended = opening(&client);
    let call = script.expect("/meta/handshake").await;
    client.disconnect(SECOND).await.unwrap();
    assert!(matches!(opening_ended.await.unwrap(), Err(Error::Closed)));
    call.reply(json!({"clientId": "late"}));
    silent(&mut script, 3600 * SECOND).await;
    client.disconnect(SECOND).await.unwrap();

    let (client, mut script, held) = connected(LP, |builder| builder).await;
    let mut stream = subscribed(&client, &mut script, "/a").await;
    let handler = start(&client, |client| async move {
        while let Some(delivery) = stream.next().await {
            assert_eq!(delivery.data().text(), "1");
            client.disconnect(SECOND).await.unwrap();
        }
    });
    held.reply_with(json!({}), json!([delivery("/a", 1)]));
    script.expect("/meta/connect").await;
    script.expect("/meta/disconnect").await.reply(json!({}));
    handler.await.unwrap();
}

/// DC8: dropping the last handle ends everything.
#[tokio::test(start_paused = true)]
async fn dropping_the_handle_ends_everything() {
    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    let mut stream = subscribed(&client, &mut script, "/a").await;
    let mut state = client.state();
    drop(client.clone());
    silent(&mut script, SECOND).await;
    drop(client);
    assert!(state.wait_for(|_| false).await.is_err(), "nobody is left to change it");
    assert!(tokio::time::timeout(SECOND, stream.next()).await.is_ok_and(|end| end.is_none()));
    assert!(matches!(stream.end(), None | Some(Error::Gone)));
}

/// What an extension has seen, and a rule by which it acts.
struct Probe {
    name: &'static str,
    seen: Arc<Mutex<Vec<(&'static str, String)>>>,
    rule: fn(&mut Map<String, Value>) -> Result<Verdict, BoxError>,
}

#[async_trait]
impl Extension for Probe {
    fn name(&self) -> &'static str {
        self.name
    }
    async fn outgoing(&self, message: &mut Map<String, Value>) -> Result<Verdict, BoxError> {
        self.seen.lock().unwrap().push((self.name, format!("> {}", message["channel"].as_str().unwrap())));
        tokio::time::sleep(SECOND / 1000).await;
        (self.rule)(message)
    }
    async fn incoming(&self, message: &mut Map<String, Value>) -> Result<Verdict, BoxError> {
        self.seen.lock().unwrap().push((self.name, format!("< {}", message["channel"].as_str().unwrap())));
        (self.rule)(message)
    }
}

/// EX1, EX2, EX8: extensions see all messages in their order, may change them, and see again what is sent again.
#[tokio::test(start_paused = true)]
async fn extensions_see_and_change_messages() {
    let seen: Arc<Mutex<Vec<_>>> = Arc::default();
    let probe = |name| Probe {
        name,
        seen: seen.clone(),
        rule: |message| {
            if let Some(data) = message.get_mut("data") {
                *data = json!({"wrapped": data.clone()});
            }
            Ok(Verdict::Pass)
        },
    };
    let (client, mut script, held) =
        connected(LP, |builder| builder.extension(probe("one")).extension(probe("two"))).await;
    let mut stream = subscribed(&client, &mut script, "/a").await;
    seen.lock().unwrap().clear();
    let task = start(&client, |client| async move { client.publish("/a", &1).resend(true).await });
    let call = script.expect("/a").await;
    assert_eq!(call.messages[0]["data"], json!({"wrapped": {"wrapped": 1}}));
    call.fail(Failure::sent(FailureKind::Broken, ""));
    let call = script.expect("/a").await;
    call.reply(json!({}));
    task.await.unwrap().unwrap();
    held.reply_with(json!({}), json!([delivery("/a", 2)]));
    assert_eq!(stream.next().await.unwrap().parse::<Value>().unwrap(), json!({"wrapped": {"wrapped": 2}}));
    let publishes: Vec<_> =
        seen.lock().unwrap().iter().filter(|(_, what)| what == "> /a").map(|(name, _)| *name).collect();
    assert_eq!(publishes, ["two", "one", "two", "one"]);
    let deliveries: Vec<_> =
        seen.lock().unwrap().iter().rev().filter(|(_, what)| what == "< /a").map(|(name, _)| *name).take(2).collect();
    assert_eq!(deliveries, ["two", "one"], "backwards");
}

/// EX1, BO9: what an extension takes out fails here, the rest goes out; what it takes out on the way in is not delivered.
#[tokio::test(start_paused = true)]
async fn extensions_may_take_messages_out() {
    let probe = Probe {
        name: "censor",
        seen: Arc::default(),
        rule: |message| Ok(if message.get("data") == Some(&json!("secret")) { Verdict::Drop } else { Verdict::Pass }),
    };
    let (client, mut script, held) = connected(LP, |builder| builder.extension(probe)).await;
    let mut stream = subscribed(&client, &mut script, "/a").await;
    let receipts =
        client.batch(|batch| ["one", "secret", "three"].map(|data| batch.publish("/a", data).unwrap())).await.unwrap();
    let call = script.next().await;
    assert_eq!(call.messages.len(), 2);
    call.reply(json!({}));
    let mut outcomes = Vec::new();
    for receipt in receipts {
        outcomes.push(receipt.await.map_err(|error| error.reason().code()));
    }
    assert!(outcomes[0].is_ok() && outcomes[2].is_ok());
    assert_eq!(outcomes[1].as_ref().unwrap_err(), &Some(404));
    let alone = client.publish("/a", "secret").await;
    assert!(matches!(alone, Err(PublishError::NotDelivered(Error::Dropped))));
    held.reply_with(json!({}), json!([delivery("/a", "secret"), delivery("/a", "open")]));
    assert_eq!(stream.next().await.unwrap().parse::<String>().unwrap(), "open");
}

/// EX3: an extension, a hook or a handler that fails, panics or hangs is told of, and the loop goes on.
#[tokio::test(start_paused = true)]
async fn failing_hooks_do_not_break_the_loop() {
    struct Hangs;
    #[async_trait]
    impl Extension for Hangs {
        fn name(&self) -> &'static str {
            "hangs"
        }
        async fn outgoing(&self, message: &mut Map<String, Value>) -> Result<Verdict, BoxError> {
            if message["channel"] == "/a" {
                std::future::pending::<()>().await;
            }
            Ok(Verdict::Pass)
        }
    }
    let fails = Probe {
        name: "fails",
        seen: Arc::default(),
        rule: |message| {
            message.clear();
            Err("no".into())
        },
    };
    let panics = Probe { name: "panics", seen: Arc::default(), rule: |_| panic!("on purpose") };
    let (client, mut script) = scripted(&[LP], |builder| builder.extension(fails).extension(panics).extension(Hangs));
    let mut events = client.events().await;
    let held = open(&client, &mut script, "c").await;
    let mut hooks = Vec::new();
    event(&mut events, |event| {
        if let Event::HookFailed { hook, .. } = event {
            hooks.push(hook);
        }
        (hooks.len() == 4).then_some(())
    })
    .await;
    assert_eq!(hooks, ["panics", "fails", "fails", "panics"]);
    let task = start(&client, |client| async move { client.publish("/a", &1).await });
    let call = script.expect("/a").await;
    call.reply(json!({}));
    task.await.unwrap().unwrap();
    held.reply(json!({}));
    script.expect("/meta/connect").await;
}

/// EX3, HS9: a hook for handshake fields that panics makes the attempt fail, and there is another one.
#[tokio::test(start_paused = true)]
async fn a_panicking_handshake_hook_is_survived() {
    let (client, mut script) = scripted(&[LP], |builder| {
        builder.handshake_fields(|attempt| if attempt < 3 { panic!("on purpose") } else { Map::new() })
    });
    let opening = opening(&client);
    script.accept_session("c").await;
    opening.await.unwrap().unwrap();
}

/// EX4: timesync tells lag, offset and the server's time as a mean of ten samples.
#[tokio::test(start_paused = true)]
async fn timesync_knows_the_time_of_the_server() {
    let clock = Arc::new(AtomicI64::new(1_000_000));
    let reading = clock.clone();
    let sync = TimeSync::with_clock(move || reading.load(Ordering::Relaxed));
    let (client, mut script) = scripted(&[LP], |builder| builder.extension(sync.clone()));
    let _opening = opening(&client);
    let mut call = script.expect("/meta/handshake").await;
    for round in 0..30 {
        let sent = call.messages[0]["ext"]["timesync"]["tc"].as_i64().unwrap();
        assert_eq!(sent, clock.load(Ordering::Relaxed));
        // 20 ms there, 10 ms of work, 20 ms back; the server is 5,000 ms ahead.
        clock.fetch_add(50, Ordering::Relaxed);
        let reply =
            json!({"clientId": "c", "ext": {"timesync": {"tc": sent, "ts": sent + 20 + 5000, "p": 10, "a": 0}}});
        call.reply(reply);
        if call.channel() != "/meta/handshake" && round > 20 {
            tokio::time::sleep(SECOND / 100).await;
            assert_eq!((sync.lag().as_millis(), sync.offset_millis()), (20, 5000));
            assert_eq!(sync.server_millis(), clock.load(Ordering::Relaxed) + 5000);
        }
        call = script.expect("/meta/connect").await;
    }
    assert_eq!(call.messages[0]["ext"]["timesync"]["l"], 20);
    assert_eq!(call.messages[0]["ext"]["timesync"]["o"], 5000);
}

/// EX5: time stamps go out with every message and are readable on deliveries.
#[tokio::test(start_paused = true)]
async fn time_stamps() {
    let (client, mut script, held) = connected(LP, |builder| builder.extension(TimeStamps::with_clock(|| 0))).await;
    assert_eq!(held.messages[0]["timestamp"], "1970-01-01T00:00:00.000Z");
    let mut stream = subscribed(&client, &mut script, "/a").await;
    held.reply_with(json!({}), json!([{"channel": "/a", "data": 1, "timestamp": "Sun, 22 Nov 2026 20:00:00 GMT"}]));
    assert_eq!(stream.next().await.unwrap().timestamp(), Some("Sun, 22 Nov 2026 20:00:00 GMT"));
}

/// RB6: any number of tasks may call at once, and a handler may publish and subscribe.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_at_once() {
    let (client, mut script) = scripted(&[WS], |builder| builder);
    let opened = opening(&client);
    script.accept_session("c").await;
    opened.await.unwrap().unwrap();
    let echo = tokio::spawn(async move {
        loop {
            let call = script.next().await;
            if call.channel() == "/meta/connect" {
                continue;
            }
            let deliveries = call.messages.iter().filter(|message| message.get("data").is_some());
            let deliveries: Vec<_> = deliveries
                .map(|message| delivery(message["channel"].as_str().unwrap(), message["data"].clone()))
                .collect();
            call.reply_with(json!({}), json!(deliveries));
        }
    });
    let heard = Arc::new(AtomicU32::new(0));
    let mut tasks = Vec::new();
    for task in 0..16 {
        let heard = heard.clone();
        tasks.push(start(&client, move |client| async move {
            for round in 0..20 {
                let channel = format!("/t/{task}/{}", round % 3);
                let mut stream = client.subscribe(&channel).await.unwrap();
                client.publish(&channel, &round).await.unwrap();
                let delivery = stream.next().await.unwrap();
                assert_eq!(delivery.parse::<i32>().unwrap(), round);
                // From within the handler.
                client.publish("/elsewhere", &round).await.unwrap();
                heard.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    for task in tasks {
        tokio::time::timeout(60 * SECOND, task).await.expect("no deadlock").unwrap();
    }
    assert_eq!(heard.load(Ordering::Relaxed), 320);
    echo.abort();
}

/// RB7, CL10: a burst of 10,000 messages in one body arrives complete and in order, though the stream's limit is lower.
#[tokio::test(start_paused = true)]
async fn a_burst_arrives_complete_and_in_order() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    let mut stream = subscribed(&client, &mut script, "/a").await;
    held.reply_with(json!({}), (0..10_000).map(|number| delivery("/a", number)).collect());
    for number in 0..10_000 {
        assert_eq!(stream.next().await.unwrap().parse::<i32>().unwrap(), number);
    }
    script.expect("/meta/connect").await;
}

/// RB10, RB11: an idle session wakes up for its one timer only: a day of held connects takes no time to test, and each connect is
/// the only thing that happens in its time.
#[tokio::test(start_paused = true)]
async fn an_idle_session_is_idle() {
    let (client, mut script, mut held) = connected(LP, |builder| builder).await;
    let start_time = Instant::now();
    let before = client.status().await.unwrap().counters.sent;
    for _ in 0..2880 {
        tokio::time::sleep(30 * SECOND).await;
        assert!(script.try_next().is_none());
        held.reply(json!({}));
        held = script.expect("/meta/connect").await;
    }
    assert_eq!(start_time.elapsed(), 86_400 * SECOND);
    assert_eq!(client.status().await.unwrap().counters.sent, before + 2880);
}

/// RB5: a listener who does not read loses the oldest events and is told how many.
#[tokio::test(start_paused = true)]
async fn slow_listeners_are_told() {
    let (client, mut script, mut held) = connected(LP, |builder| builder).await;
    let mut events = client.events().await;
    for round in 0..300 {
        held.reply(json!({"advice": {"reconnect": "retry", "timeout": 1000 + round}}));
        held = script.expect("/meta/connect").await;
    }
    assert!(matches!(events.next().await, Some(Event::Missed { count: 44 })));
    assert!(matches!(events.next().await, Some(Event::Advised(_))));
}

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// CK11: no log, event, error or look into a session shows its name, a cookie, or what a message says.
#[tokio::test(start_paused = true)]
async fn nothing_secret_is_logged() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let (client, mut script) = scripted(&[LP], |builder| builder.ack(true));
    client.cookies().set(&"http://scripted.test/".parse().unwrap(), "BAYEUX_BROWSER=secret-cookie; Path=/").unwrap();
    let mut events = client.events().await;
    let held = open(&client, &mut script, "secret-session").await;
    let mut stream = subscribed(&client, &mut script, "/a").await;
    held.reply_with(json!({}), json!([delivery("/a", "secret-words")]));
    let delivered = stream.next().await.unwrap();
    let held = script.expect("/meta/connect").await;
    let mut shown =
        format!("{delivered:?} {client:?} {stream:?} {:?} {:?}", client.status().await, client.snapshot().await);
    let (task, call) = publishing(&client, &mut script, "/a").await;
    call.reply(json!({"successful": false, "error": "401:secret-session:Unknown client"}));
    let error = task.await.unwrap().unwrap_err();
    write!(shown, "{error} {error:?}").unwrap();
    drop(held);
    client.abort().await;
    event(&mut events, |event| {
        write!(shown, "{event:?}").unwrap();
        matches!(event, Event::Closed { .. }).then_some(())
    })
    .await;
    shown.push_str(&String::from_utf8_lossy(&log.0.lock().unwrap()));
    assert!(shown.contains("bayeux session"), "something is logged");
    assert!(!shown.contains("secret-"), "{shown}");
}
