//! PB, BO: publishing, remote calls, batches, order.

use bayeux::{Binary, Error, Failure, FailureKind, Offline, Options, PublishError};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::*;

fn lost() -> Failure {
    Failure::sent(FailureKind::Broken, "")
}

/// PB1, PB3: the server's answer reaches the caller, who need not be subscribed.
#[tokio::test(start_paused = true)]
async fn the_answer_to_a_publish_reaches_the_caller() {
    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    let (task, call) = publishing(&client, &mut script, "/a").await;
    assert_eq!(call.messages[0]["data"], "x");
    call.reply(json!({"ext": {"seen": 1}, "timestamp": "now"}));
    let reply = task.await.unwrap().unwrap();
    assert_eq!(reply.ext().unwrap()["seen"], 1);
    assert_eq!(reply.timestamp(), Some("now"));
}

/// PB2, LP4: refused, never sent, and sent with an unknown end are three things.
#[tokio::test(start_paused = true)]
async fn outcomes_are_told_apart() {
    let (client, mut script, _held) =
        connected(LP, |builder| builder.options(Options { offline: Offline::Fail, ..Options::default() })).await;
    let (task, call) = publishing(&client, &mut script, "/a").await;
    call.reply(json!({"successful": false, "error": "403::denied"}));
    assert!(matches!(task.await.unwrap(), Err(PublishError::NotDelivered(Error::Refused(_)))));
    for kind in [
        FailureKind::Broken,
        FailureKind::Timeout,
        FailureKind::Status(500),
        FailureKind::Status(408),
        FailureKind::BadBody,
    ] {
        let (task, call) = publishing(&client, &mut script, "/a").await;
        call.fail(Failure::sent(kind, ""));
        assert!(
            matches!(task.await.unwrap(), Err(PublishError::Unknown(Error::Transport(failure))) if failure.kind == kind)
        );
    }
    for failure in [Failure::unsent(FailureKind::Refused, ""), Failure::sent(FailureKind::Status(413), "")] {
        let (task, call) = publishing(&client, &mut script, "/a").await;
        call.fail(failure.clone());
        assert!(
            matches!(task.await.unwrap(), Err(PublishError::NotDelivered(Error::Transport(other))) if other == failure)
        );
    }
    let (task, call) = publishing(&client, &mut script, "/a").await;
    call.body("[]");
    assert!(
        matches!(task.await.unwrap(), Err(PublishError::Unknown(Error::Transport(failure))) if failure.kind == FailureKind::NoReply)
    );
}

/// PB4: the answer of a service may come in the answer to the publish or with a connect.
#[tokio::test(start_paused = true)]
async fn a_service_answers_either_way() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    let mut stream = subscribed(&client, &mut script, "/service/echo").await;
    let (task, call) = publishing(&client, &mut script, "/service/echo").await;
    call.reply_with(json!({}), json!([delivery("/service/echo", 1)]));
    task.await.unwrap().unwrap();
    held.reply_with(json!({}), json!([delivery("/service/echo", 2)]));
    assert_eq!(stream.next().await.unwrap().data().text(), "1");
    assert_eq!(stream.next().await.unwrap().data().text(), "2");
}

/// PB5: a remote call gets the answer with its id, whichever way it comes, or a time-out.
#[tokio::test(start_paused = true)]
async fn a_remote_call_gets_its_answer() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    let call_it = |client: bayeux::Client| async move { client.call_remote("sum", &[1, 2], 5 * SECOND).await };
    let calling = start(&client, call_it);
    let call = script.expect("/service/sum").await;
    let answer = json!({"channel": "/service/sum", "id": call.messages[0]["id"], "data": 3});
    call.reply_with(json!({}), json!([answer]));
    assert_eq!(calling.await.unwrap().unwrap().parse::<i32>().unwrap(), 3);

    let calling = start(&client, call_it);
    let call = script.expect("/service/sum").await;
    call.reply(json!({}));
    held.reply_with(json!({}), json!([{"channel": "/service/sum", "id": call.messages[0]["id"], "data": 4}]));
    assert_eq!(calling.await.unwrap().unwrap().text(), "4");
    let _held = script.expect("/meta/connect").await;

    let start_time = Instant::now();
    let calling = start(&client, call_it);
    script.expect("/service/sum").await.reply(json!({}));
    let error = calling.await.unwrap().unwrap_err();
    assert!(error.may_have_arrived());
    assert_eq!(error.reason().code(), Some(406));
    assert_eq!(start_time.elapsed(), 5 * SECOND);

    let calling = start(&client, call_it);
    script.expect("/service/sum").await.reply(json!({"successful": false, "error": "404::no_such_procedure"}));
    assert_eq!(calling.await.unwrap().unwrap_err().reason().code(), Some(404));
}

/// PB6: without a connection a message waits or fails at once, by choice.
#[tokio::test(start_paused = true)]
async fn a_message_without_a_connection_waits_or_fails() {
    let fail = Options { offline: Offline::Fail, ..Options::default() };
    let (client, _script) = scripted(&[LP], |builder| builder.options(fail));
    assert!(matches!(client.publish("/a", &1).await, Err(PublishError::NotDelivered(Error::NotConnected))));

    let (client, mut script, held) = connected(LP, |builder| builder).await;
    held.fail(lost());
    reach(&client, bayeux::State::Broken).await;
    let waiting = client.publish("/a", &1).send().await.unwrap();
    script.expect("/meta/connect").await.reply(json!({}));
    let mut calls = [script.next().await, script.next().await];
    calls.sort_by_key(|call| call.channel() == "/meta/connect");
    assert_eq!(calls[0].channel(), "/a");
    calls[0].reply(json!({}));
    waiting.await.unwrap();
}

/// PB7: a publish of an unknown session opens a new one once, and is sent again by choice.
#[tokio::test(start_paused = true)]
async fn an_unknown_session_found_by_a_publish_is_replaced() {
    for resend in [false, true] {
        let (client, mut script, _held) = connected(LP, |builder| builder).await;
        let task = start(&client, move |client| async move { client.publish("/a", &1).resend(resend).await });
        script.expect("/a").await.reply(json!({"successful": false, "error": "402::session_unknown"}));
        script.expect("/meta/handshake").await.reply(json!({"clientId": "new"}));
        if resend {
            let again = script.expect("/a").await;
            assert_eq!(again.messages[0]["clientId"], "new");
            again.reply(json!({}));
            task.await.unwrap().unwrap();
        } else {
            assert_eq!(task.await.unwrap().unwrap_err().reason().code(), Some(402));
        }
        script.expect("/meta/connect").await;
    }
}

/// PB8: sending again is asked for, and marked so that a receiver can tell.
#[tokio::test(start_paused = true)]
async fn sending_again_is_opt_in_and_marked() {
    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    let (task, call) = publishing(&client, &mut script, "/a").await;
    assert!(call.messages[0].get("ext").is_none());
    call.fail(lost());
    assert!(task.await.unwrap().unwrap_err().may_have_arrived());
    silent(&mut script, 5 * SECOND).await;

    let task = start(&client, |client| async move { client.publish("/a", &1).resend(true).await });
    let first = script.expect("/a").await;
    first.fail(lost());
    let second = script.expect("/a").await;
    assert_eq!(first.messages[0]["ext"]["resend"]["id"], second.messages[0]["ext"]["resend"]["id"]);
    assert_eq!(second.messages[0]["ext"]["resend"]["attempt"], 2);
    second.reply(json!({}));
    task.await.unwrap().unwrap();
}

/// PB9, LP6: messages leave in the order of the calls, also when a request fails in the middle.
#[tokio::test(start_paused = true)]
async fn order_is_kept_across_failures() {
    for kind in [LP, WS] {
        let (client, mut script, _held) =
            connected(kind, |builder| builder.options(Options { resend: true, ..Options::default() })).await;
        let mut receipts = Vec::new();
        for number in 0..30 {
            receipts.push(client.publish("/a", &number).send().await.unwrap());
        }
        let mut arrived: Vec<i64> = Vec::new();
        let mut round = 0;
        while arrived.len() < 30 {
            let call = script.next().await;
            if call.channel() != "/a" {
                if call.messages[0]["advice"]["timeout"] == 0 {
                    call.reply(json!({}));
                }
                continue;
            }
            round += 1;
            if round % 3 == 1 {
                if kind == LP {
                    call.fail(lost());
                } else {
                    script.break_line(WS, lost());
                }
                continue;
            }
            arrived.extend(call.messages.iter().map(|message| message["data"].as_i64().unwrap()));
            call.reply(json!({}));
        }
        assert!(arrived.is_sorted(), "{arrived:?}");
        for receipt in receipts {
            receipt.await.unwrap();
        }
    }
}

/// PB10: a message has its own deadline and number of attempts.
#[tokio::test(start_paused = true)]
async fn a_message_has_an_end() {
    let (client, mut script) = scripted(&[LP], |builder| builder);
    let start_time = Instant::now();
    assert!(matches!(
        client.publish("/a", &1).within(3 * SECOND).await,
        Err(PublishError::NotDelivered(Error::Expired))
    ));
    assert_eq!(start_time.elapsed(), 3 * SECOND);
    let _held = open(&client, &mut script, "c").await;
    let task = start(&client, |client| async move { client.publish("/a", &1).within(3 * SECOND).await });
    let call = script.expect("/a").await;
    assert!(matches!(task.await.unwrap(), Err(PublishError::Unknown(Error::Expired))));
    call.reply(json!({}));
    let task = start(&client, |client| async move { client.publish("/b", &1).resend(true).attempts(2).await });
    script.expect("/b").await.fail(lost());
    script.expect("/b").await.fail(lost());
    assert!(task.await.unwrap().unwrap_err().may_have_arrived());
}

/// PB11: binary payloads go both ways.
#[tokio::test(start_paused = true)]
async fn binary_payloads() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    let mut stream = subscribed(&client, &mut script, "/a").await;
    let data = Binary { bytes: vec![1, 2, 3, 4, 5], last: false, meta: json!({"name": "f"}).as_object().cloned() };
    let sent = data.clone();
    let task = start(&client, |client| async move { client.publish_binary("/a", &sent).await });
    let call = script.expect("/a").await;
    assert!(call.messages[0]["ext"]["binary"].is_object());
    assert_eq!(call.messages[0]["data"]["last"], false);
    call.reply(json!({}));
    task.await.unwrap().unwrap();
    held.reply_with(
        json!({}),
        json!([{"channel": "/a", "ext": {"binary": {}}, "data": call.messages[0]["data"]}, delivery("/a", 1)]),
    );
    assert_eq!(stream.next().await.unwrap().binary().unwrap().unwrap(), data);
    assert!(stream.next().await.unwrap().binary().is_none());
}

/// BO1, BO2: a batch leaves in one request, in order, with the batches inside it, also when the closure fails.
#[tokio::test(start_paused = true)]
async fn a_batch_leaves_together() {
    for kind in [LP, WS] {
        let (client, mut script, _held) = connected(kind, |builder| builder).await;
        let task = start(&client, |client| async move {
            client
                .batch(|batch| -> Result<(), Error> {
                    let _first = batch.publish("/a", &1)?;
                    batch.batch(|inner| inner.publish("/b", &2).map(drop))?;
                    let _third = batch.publish("/c", &3)?;
                    batch.publish("/not/*/good", &4).map(drop)
                })
                .await
        });
        let call = script.next().await;
        assert_eq!(call.channels(), ["/a", "/b", "/c"]);
        assert!(task.await.unwrap().unwrap().is_err());
    }
}

/// BO3: what queues up behind a running request leaves together.
#[tokio::test(start_paused = true)]
async fn what_waits_leaves_together() {
    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    let (task, call) = publishing(&client, &mut script, "/first").await;
    let mut receipts = Vec::new();
    for _ in 0..5 {
        receipts.push(client.publish("/a", &1).send().await.unwrap());
    }
    silent(&mut script, SECOND).await;
    call.reply(json!({}));
    task.await.unwrap().unwrap();
    let call = script.next().await;
    assert_eq!(call.channels(), ["/a"; 5]);
}

/// BO5: the answers to a batch are matched one by one.
#[tokio::test(start_paused = true)]
async fn one_refusal_does_not_fail_the_rest() {
    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    let receipts =
        client.batch(|batch| ["/a", "/b", "/c"].map(|channel| batch.publish(channel, &1).unwrap())).await.unwrap();
    let call = script.next().await;
    let mut replies: Vec<Value> = call.replies(&json!({}));
    replies[1]["successful"] = json!(false);
    replies.reverse();
    call.body(&json!(replies).to_string());
    let mut outcomes = Vec::new();
    for receipt in receipts {
        outcomes.push(receipt.await.is_ok());
    }
    assert_eq!(outcomes, [true, false, true]);
}

/// BO6, BO7, BO8: the order of the array, and of the answers, is the order of the stream, across all its channels.
#[tokio::test(start_paused = true)]
async fn deliveries_keep_their_order() {
    let (client, mut script, mut held) = connected(LP, |builder| builder).await;
    let mut stream = subscribed(&client, &mut script, "/a/**").await;
    for round in 0..5 {
        let all: Vec<Value> =
            (0..10).map(|number| delivery(&format!("/a/{}", number % 3), round * 10 + number)).collect();
        held.reply_with(json!({}), json!(all));
        held = script.expect("/meta/connect").await;
    }
    for number in 0..50 {
        assert_eq!(stream.next().await.unwrap().parse::<i32>().unwrap(), number);
    }
}

/// RB1: a message over the limit fails here, with the sizes.
#[tokio::test(start_paused = true)]
async fn a_message_over_the_limit_is_not_sent() {
    let (client, mut script, _held) =
        connected(LP, |builder| builder.options(Options { max_send_size: 1000, ..Options::default() })).await;
    let error = client.publish("/a", &"x".repeat(1000)).await.unwrap_err();
    assert!(matches!(error, PublishError::NotDelivered(Error::TooLarge { size, limit: 1000 }) if size > 1000));
    silent(&mut script, SECOND).await;
}

/// RB2: a server that finds a request too large fails that request only.
#[tokio::test(start_paused = true)]
async fn a_request_too_large_for_the_server_fails_alone() {
    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    let (task, call) = publishing(&client, &mut script, "/a").await;
    call.fail(Failure::sent(FailureKind::Status(413), ""));
    assert!(!task.await.unwrap().unwrap_err().may_have_arrived());
    assert_eq!(*client.state().borrow(), bayeux::State::Connected);
}

/// MF13: nothing is published on meta channels, patterns, or what is no channel.
#[tokio::test(start_paused = true)]
async fn only_channels_are_published_on() {
    let (client, mut script, _held) = connected(LP, |builder| builder).await;
    for channel in ["/meta/connect", "/a/*", "/**", "a", "", "/a b?"] {
        assert!(
            matches!(client.publish(channel, &1).await, Err(PublishError::NotDelivered(Error::Channel { .. }))),
            "{channel}"
        );
    }
    silent(&mut script, SECOND).await;
}

/// RB5: the outbox has a limit, and says so.
#[tokio::test(start_paused = true)]
async fn the_outbox_has_a_limit() {
    let (client, _script) =
        scripted(&[LP], |builder| builder.options(Options { outbox_limit: 3, ..Options::default() }));
    let mut receipts = Vec::new();
    for _ in 0..3 {
        receipts.push(client.publish("/a", &1).send().await.unwrap());
    }
    assert!(matches!(client.publish("/a", &1).await, Err(PublishError::NotDelivered(Error::OutboxFull { limit: 3 }))));
}

/// RB2: what is queued leaves in requests of a bounded size.
#[tokio::test(start_paused = true)]
async fn requests_have_a_size() {
    let options = Options { max_request_size: 1000, ..Options::default() };
    let (client, mut script, _held) = connected(LP, |builder| builder.options(options)).await;
    let (_task, call) = publishing(&client, &mut script, "/first").await;
    let mut receipts = Vec::new();
    for _ in 0..5 {
        receipts.push(client.publish("/a", &"x".repeat(300)).send().await.unwrap());
    }
    call.reply(json!({}));
    let mut sizes = Vec::new();
    while sizes.iter().sum::<usize>() < 5 {
        let call = script.next().await;
        sizes.push(call.messages.len());
        call.reply(json!({}));
    }
    assert_eq!(sizes, [2, 2, 1]);
}

/// PB6, RB5: nothing is dropped without a word: the end of the client fails what waits.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_client_fails_what_waits() {
    let (client, _script) = scripted(&[LP], |builder| builder);
    let receipt = client.publish("/a", &1).send().await.unwrap();
    drop(client);
    assert!(matches!(receipt.await, Err(PublishError::Unknown(Error::Gone))));
}
