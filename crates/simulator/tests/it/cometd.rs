//! CometD by long-polling, as the Java server behaves on the wire.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::client::{Agent, Customer, options, start};

#[tokio::test]
async fn the_handshake_offers_transports_advice_and_the_browser_cookie() {
    let handle = start(options()).await;
    let bot = Agent::bot(&handle);
    let message = json!([{ "id": "7", "channel": "/meta/handshake", "version": "1.0",
        "supportedConnectionTypes": ["carrier-pigeon"] }]);
    let response = bot.post_request("/api/v2/notifications/handshake", &message).send().await.unwrap();
    let cookies: Vec<String> =
        response.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned()).collect();
    assert!(cookies.iter().any(|cookie| cookie.starts_with("BAYEUX_BROWSER=")), "{cookies:?}");
    let answer: Value = response.json().await.unwrap();
    let reply = &answer[0];
    assert_eq!((&reply["id"], &reply["successful"]), (&json!("7"), &json!(true)), "unknown types do not fail it");
    assert_eq!(reply["supportedConnectionTypes"], json!(["websocket", "long-polling"]));
    assert_eq!(reply["advice"], json!({ "reconnect": "retry", "interval": 0, "timeout": 400 }));
    assert!(reply.get("ext").is_none(), "nobody asked for acknowledgement");
}

#[tokio::test]
async fn without_a_version_the_handshake_is_denied_for_good() {
    let handle = start(options()).await;
    let (_, answer) = Agent::bot(&handle).bayeux_raw(&json!([{ "channel": "/meta/handshake" }])).await;
    assert_eq!(answer[0]["error"], "403::handshake_denied");
    assert_eq!(answer[0]["advice"]["reconnect"], "none");
}

#[tokio::test]
async fn the_first_connect_is_answered_at_once_and_later_ones_are_held() {
    let handle = start(options()).await;
    let mut bot = Agent::bot(&handle);
    bot.handshake(Value::Null).await;
    let begun = Instant::now();
    let first = bot.connect().await;
    assert_eq!(first["successful"], true);
    assert!(first.get("clientId").is_none());
    assert!(begun.elapsed() < Duration::from_millis(300));
    let begun = Instant::now();
    assert_eq!(bot.connect().await["successful"], true);
    assert!(begun.elapsed() >= Duration::from_millis(390), "held for the time-out of the advice");
    let begun = Instant::now();
    let mut probe = bot.connect_message();
    probe[0]["advice"] = json!({ "timeout": 0 });
    bot.bayeux_raw(&probe).await;
    assert!(begun.elapsed() < Duration::from_millis(300), "a connect with timeout 0 is answered at once");
}

#[tokio::test]
async fn a_session_is_nothing_without_its_browser_cookie() {
    let handle = start(options()).await;
    let mut bot = Agent::bot(&handle);
    bot.handshake(Value::Null).await;
    let stranger = Agent::bot(&handle);
    let (_, answer) = stranger.bayeux_raw(&bot.connect_message()).await;
    assert_eq!(answer[0]["error"], "402::session_unknown");
    assert_eq!(answer[0]["advice"], json!({ "reconnect": "handshake", "interval": 0 }));
}

#[tokio::test]
async fn nobody_s_session_is_402_and_a_publish_gets_no_advice() {
    let handle = start(options()).await;
    let bot = Agent::bot(&handle);
    let of = |channel: &str| {
        json!([{ "id": "1", "channel": channel, "clientId": "nobody", "connectionType": "long-polling",
        "subscription": "/v2/me/chats", "data": {} }])
    };
    for channel in ["/meta/connect", "/meta/subscribe", "/meta/disconnect"] {
        let (_, answer) = bot.bayeux_raw(&of(channel)).await;
        assert_eq!(answer[0]["error"], "402::session_unknown");
        assert_eq!(answer[0]["advice"]["reconnect"], "handshake");
    }
    let (_, answer) = bot.bayeux_raw(&of("/service/anything")).await;
    assert_eq!(answer[0]["error"], "402::session_unknown");
    assert!(answer[0].get("advice").is_none());
}

#[tokio::test]
async fn publishing_is_refused() {
    let handle = start(options()).await;
    let mut bot = Agent::bot(&handle);
    bot.handshake(Value::Null).await;
    let publish =
        json!([{ "id": "p", "channel": "/v2/me/chats", "clientId": bot.client_id, "data": { "fake": true } }]);
    let (_, answer) = bot.bayeux_raw(&publish).await;
    assert_eq!((&answer[0]["successful"], &answer[0]["id"]), (&json!(false), &json!("p")));
    assert!(answer[0]["error"].as_str().unwrap().starts_with("403:"));
}

#[tokio::test]
async fn bad_json_is_http_500_and_a_bare_object_is_taken() {
    let handle = start(options()).await;
    let bot = Agent::bot(&handle);
    let bad = bot.post_request("/api/v2/notifications", &json!(null)).body("[{").send().await.unwrap();
    assert_eq!(bad.status().as_u16(), 500);
    let (status, answer) = bot.bayeux_raw(&json!({ "id": "1", "channel": "/meta/handshake", "version": "1.0" })).await;
    assert_eq!((status, &answer[0]["successful"]), (200, &json!(true)));
}

#[tokio::test]
async fn subscriptions_by_name_list_and_wildcard_bring_one_copy() {
    let handle = start(options()).await;
    let mut bot = Agent::bot(&handle);
    bot.handshake(Value::Null).await;
    let many = json!(["/v2/me/channels", "/v2/me/*", "/v2/**"]);
    let reply = bot.subscribe(&many).await;
    assert_eq!((&reply[0]["successful"], &reply[0]["subscription"]), (&json!(true), &many));
    assert_eq!(bot.subscribe(&json!("/meta/connect")).await[0]["successful"], false);
    assert_eq!(bot.subscribe(&json!("/service/x")).await[0]["successful"], true);
    assert_eq!(bot.subscribe(&Value::Null).await[0]["successful"], false);
    bot.connect().await;
    bot.me("StartContactCenterSession").await;
    bot.connect().await;
    assert_eq!(bot.events.len(), 1, "{:?}", bot.events);
    assert_eq!(bot.events[0]["data"]["channels"][0]["userState"]["state"], "NotReady");
    let unsubscribe =
        json!([{ "id": "u", "channel": "/meta/unsubscribe", "clientId": bot.client_id, "subscription": many }]);
    assert_eq!(bot.bayeux_raw(&unsubscribe).await.1[0]["successful"], true);
    bot.me("Ready").await;
    bot.connect().await;
    assert_eq!(bot.events.len(), 1, "nothing comes after unsubscribing");
}

#[tokio::test]
async fn deliveries_stand_before_the_reply_to_the_connect() {
    let handle = start(options()).await;
    let mut bot = Agent::bot(&handle);
    bot.handshake(Value::Null).await;
    bot.subscribe(&json!("/v2/me/channels")).await;
    bot.connect().await;
    bot.me("StartContactCenterSession").await;
    let message = bot.connect_message();
    let (_, answer) = bot.bayeux_raw(&message).await;
    let channels: Vec<&str> = answer.as_array().unwrap().iter().map(|one| one["channel"].as_str().unwrap()).collect();
    assert_eq!(channels, ["/v2/me/channels", "/meta/connect"]);
}

#[tokio::test]
async fn the_older_of_two_connects_gets_http_500() {
    let handle = start(options()).await;
    let mut bot = Agent::bot(&handle);
    bot.handshake(Value::Null).await;
    bot.connect().await;
    let (older, newer) = (bot.connect_message(), bot.connect_message());
    let both = async {
        let old = bot.bayeux_raw(&older);
        let new = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            bot.bayeux_raw(&newer).await
        };
        tokio::join!(old, new)
    };
    let (old, new) = both.await;
    assert_eq!(old.0, 500);
    assert_eq!((new.0, &new.1[0]["successful"]), (200, &json!(true)));
}

#[tokio::test]
async fn a_second_session_of_one_browser_is_told_so_and_not_held() {
    let handle = start(options()).await;
    let mut first = Agent::bot(&handle);
    first.handshake(Value::Null).await;
    first.connect().await;
    let mut second = Agent::bot(&handle);
    second.http = first.http.clone();
    second.handshake(Value::Null).await;
    let held = first.connect_message();
    let probe = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        second.connect().await
    };
    let (_, reply) = tokio::join!(first.bayeux_raw(&held), probe);
    assert_eq!(reply["advice"]["multiple-clients"], true);
    assert_eq!(reply["advice"]["interval"], 2000);
    assert!(reply["advice"].get("timeout").is_none());
}

#[tokio::test]
async fn a_session_that_does_not_connect_is_gone_after_max_interval() {
    let mut options = options();
    options.notifications.max_interval = Duration::from_millis(600);
    let handle = start(options).await;
    let mut bot = Agent::bot(&handle);
    bot.handshake(Value::Null).await;
    bot.connect().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(bot.connect().await["successful"], true, "half the time is no harm");
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert_eq!(bot.connect().await["error"], "402::session_unknown");
}

#[tokio::test]
async fn a_disconnect_ends_the_held_connect_without_402() {
    let handle = start(options()).await;
    let mut bot = Agent::bot(&handle);
    bot.handshake(Value::Null).await;
    bot.connect().await;
    let held = bot.connect_message();
    let goodbye = json!([{ "id": "d", "channel": "/meta/disconnect", "clientId": bot.client_id }]);
    let leave = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        bot.bayeux_raw(&goodbye).await
    };
    let ((_, connect), (_, disconnect)) = tokio::join!(bot.bayeux_raw(&held), leave);
    assert_eq!(disconnect[0]["successful"], true);
    assert_eq!((&connect[0]["successful"], &connect[0]["advice"]["reconnect"]), (&json!(true), &json!("none")));
}

#[tokio::test]
async fn what_was_not_acknowledged_comes_again_and_nothing_comes_twice_after_it_was() {
    for (form, expected) in [
        (simulator::Acknowledgement::Plain, json!(true)),
        (simulator::Acknowledgement::Detailed, json!({ "enabled": true, "batch": 0 })),
    ] {
        let mut options = options();
        options.notifications.acknowledgement = form;
        let handle = start(options).await;
        let mut bot = Agent::bot(&handle);
        let reply = bot.handshake(json!({ "ack": true })).await;
        assert_eq!(reply["ext"]["ack"], expected);
        bot.subscribe(&json!("/v2/me/channels")).await;
        bot.connect().await;
        bot.me("StartContactCenterSession").await;
        let before = bot.connect_ack;
        bot.connect().await;
        assert_eq!(bot.events.len(), 1);
        bot.connect_ack = before; // as if the answer had been lost
        bot.connect().await;
        assert_eq!(bot.events.len(), 2, "delivered again");
        bot.connect().await;
        assert_eq!(bot.events.len(), 2, "acknowledged now");
        handle.shutdown().await;
    }
}

#[tokio::test]
async fn a_client_that_does_not_ask_is_not_made_to_acknowledge() {
    let mut options = options();
    options.notifications.acknowledgement = simulator::Acknowledgement::Off;
    let handle = start(options).await;
    let reply = Agent::bot(&handle).handshake(json!({ "ack": true })).await;
    assert!(reply.get("ext").is_none());
}

#[tokio::test]
async fn a_queue_that_nobody_fetches_ends_the_session() {
    let mut options = options();
    options.notifications.max_queue = 3;
    options.notifications.max_interval = Duration::from_secs(10);
    let handle = start(options).await;
    let mut bot = Agent::bot(&handle);
    bot.handshake(Value::Null).await;
    bot.subscribe(&json!("/v2/me/*")).await;
    bot.connect().await;
    bot.me("StartContactCenterSession").await;
    bot.me("Ready").await;
    let _ada = Customer::request(&handle, "chat_in").await;
    let _bob = Customer::request(&handle, "chat_in").await;
    assert_eq!(bot.connect().await["error"], "402::session_unknown");
}

#[tokio::test]
async fn long_polling_can_be_switched_off() {
    let mut options = options();
    options.notifications.long_polling = false;
    let handle = start(options).await;
    let (status, _) = Agent::bot(&handle).bayeux_raw(&json!([])).await;
    assert_eq!(status, 400);
}
