//! Faults, each seen from outside.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::faults::Kind;
use simulator::{Fault, Handle};
use tokio::time::Instant;

use crate::client::{Agent, Customer, options, start};

async fn bot_with_offer(handle: &Handle) -> (Agent, Customer, String) {
    let mut bot = Agent::bot(handle);
    bot.sign_in().await;
    let customer = Customer::request(handle, "chat_in").await;
    let id = bot.chat_in("Invited").await["id"].as_str().expect("an id").to_owned();
    (bot, customer, id)
}

async fn bot_in_chat(handle: &Handle) -> (Agent, Customer, String) {
    let (mut bot, customer, id) = bot_with_offer(handle).await;
    bot.on_chat(&id, json!({ "operationName": "Accept", "nickname": "Robo" })).await;
    bot.chat_in("Chatting").await;
    (bot, customer, id)
}

fn say(text: &str) -> Value {
    json!({ "operationName": "SendMessage", "text": text })
}

/// What the customer was told by agents, by the log.
fn lines(handle: &Handle) -> Vec<String> {
    let log = handle.log();
    let texts = log.facts().filter_map(|fact| match &fact.event {
        simulator::model::FactEvent::AgentLine { text, .. } => Some(text.clone()),
        _ => None,
    });
    texts.collect()
}

#[tokio::test]
async fn a_dropped_session_answers_a_held_connect_with_402() {
    let handle = start(options()).await;
    let mut bot = Agent::bot(&handle);
    bot.handshake(Value::Null).await;
    bot.connect().await;
    let held = bot.connect_message();
    let begun = Instant::now();
    let strike = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        handle.faults().add(Fault::new(Kind::DropSession).login("bot-01").times(1))
    };
    let ((_, answer), id) = tokio::join!(bot.bayeux_raw(&held), strike);
    assert_eq!(answer[0]["error"], "402::session_unknown");
    assert!(begun.elapsed() < Duration::from_millis(350), "at once, not when the hold is over");
    assert_eq!(handle.faults().struck(id), 1);
    bot.handshake(Value::Null).await;
    assert_eq!(bot.connect().await["successful"], true, "once is once");
}

#[tokio::test]
async fn a_lost_answer_was_performed() {
    let handle = start(options()).await;
    let (bot, _customer, id) = bot_in_chat(&handle).await;
    let _guard = handle.faults().scoped(Fault::new(Kind::LoseAnswer).operation("SendMessage"));
    let lost = bot.post_request(&format!("/api/v2/me/chats/{id}"), &say("did it arrive?")).send().await;
    assert!(lost.is_err(), "the connection is cut");
    assert_eq!(lines(&handle), ["did it arrive?"]);
}

#[tokio::test]
async fn errors_of_the_server_come_in_bursts_and_perform_nothing() {
    let handle = start(options()).await;
    let (bot, _customer, id) = bot_in_chat(&handle).await;
    let path = format!("/api/v2/me/chats/{id}");
    handle.faults().add(Fault::new(Kind::InternalError).interaction(id.clone()).times(2));
    for _ in 0..2 {
        let answer = bot.post_request(&path, &say("no")).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 500);
        assert_eq!(answer.json::<Value>().await.unwrap()["statusCode"], 4);
    }
    handle.faults().add(Fault::new(Kind::Unavailable { retry_after: Some(3) }).times(1));
    let answer = bot.post_request(&path, &say("no")).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (503, "3"));
    assert_eq!(bot.on_chat(&id, say("yes")).await["statusCode"], 0);
    assert_eq!(lines(&handle), ["yes"]);
}

#[tokio::test]
async fn answers_can_be_slow_no_json_without_status_or_with_a_string() {
    let handle = start(options()).await;
    let (bot, _customer, id) = bot_in_chat(&handle).await;
    let path = format!("/api/v2/me/chats/{id}");
    let begun = Instant::now();
    handle.faults().add(Fault::new(Kind::Slow { millis: 120 }).times(1));
    bot.on_chat(&id, say("slow")).await;
    assert!(begun.elapsed() >= Duration::from_millis(120));
    handle.faults().add(Fault::new(Kind::NotJson).times(1));
    let answer = bot.post_request(&path, &say("html")).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert!(answer.json::<Value>().await.is_err());
    handle.faults().add(Fault::new(Kind::NoStatus).times(1));
    let answer = bot.on_chat(&id, say("nothing")).await;
    assert!(answer.get("statusCode").is_none() && answer.get("status").is_none());
    handle.faults().add(Fault::new(Kind::StringStatus).times(1));
    assert_eq!(bot.on_chat(&id, say("string")).await["statusCode"], "0");
    assert_eq!(lines(&handle), ["slow", "html", "nothing", "string"], "all of them were performed");
}

#[tokio::test]
async fn csrf_and_the_session_can_run_out() {
    let handle = start(options().with_csrf(true)).await;
    let bot = Agent::bot(&handle);
    let token = |response: reqwest::Response| response.headers()["x-csrf-token"].to_str().unwrap().to_owned();
    let old = token(bot.get("/api/v2/me").await);
    handle.faults().add(Fault::new(Kind::RefuseCsrf).times(1));
    let body = json!({ "operationName": "StartContactCenterSession", "channels": ["chat"] });
    let post = |token: String| bot.post_request("/api/v2/me", &body).header("X-CSRF-TOKEN", token).send();
    assert_eq!(post(old.clone()).await.unwrap().status().as_u16(), 403);
    let new = token(bot.get("/api/v2/me").await);
    assert_ne!(old, new);
    assert_eq!(post(new.clone()).await.unwrap().status().as_u16(), 200);
    handle.faults().add(Fault::new(Kind::ExpireSession).times(1));
    let expired = post(new.clone()).await.unwrap();
    assert_eq!(expired.status().as_u16(), 403);
    assert_eq!(expired.json::<Value>().await.unwrap()["statusCode"], 20);
    assert_ne!(token(bot.get("/api/v2/me").await), new, "a new session has a new token");
}

#[tokio::test]
async fn a_partial_sign_in_is_code_7_and_brings_no_chats() {
    let handle = start(options()).await;
    let bot = Agent::bot(&handle);
    handle.faults().add(Fault::new(Kind::PartialSignIn).login("bot-01").times(1));
    let answer = bot.me("StartContactCenterSession").await;
    assert_eq!((&answer["statusCode"], &answer["failed"][0]["channel"]), (&json!(7), &json!("multimedia")));
    assert_eq!(bot.me("Ready").await["statusCode"], 2);
    assert_eq!(bot.me("StartContactCenterSession").await["statusCode"], 0);
}

#[tokio::test]
async fn an_offer_can_be_withdrawn_or_its_session_unjoinable_while_it_is_accepted() {
    let handle = start(options()).await;
    let (mut bot, _customer, id) = bot_with_offer(&handle).await;
    handle.faults().add(Fault::new(Kind::WithdrawOffer).times(1));
    let accept = || json!({ "operationName": "Accept", "nickname": "Robo" });
    assert_eq!(bot.on_chat(&id, accept()).await["statusCode"], 2);
    bot.chat_in("Revoked").await;
    let _other = Customer::request(&handle, "chat_in").await;
    let id = bot.chat_in("Invited").await["id"].as_str().unwrap().to_owned();
    handle.faults().add(Fault::new(Kind::FailJoin).times(1));
    assert_eq!(bot.on_chat(&id, accept()).await["statusCode"], 0);
    let failed = bot.chat_in("JoinFailed").await;
    assert!(!failed["capabilities"].as_array().unwrap().contains(&json!("SendMessage")));
}

/// The indexes of the bot's own lines on the topic of `/me/chats`, in the order they came.
async fn own_lines(bot: &mut Agent, wanted: usize) -> Vec<String> {
    let mut found = Vec::new();
    for _ in 0..wanted {
        let event = bot.event("a line", |event| {
            event["channel"] == "/v2/me/chats" && event.pointer("/data/messages/0/text").is_some()
        });
        found.push(event.await["data"]["messages"][0]["text"].as_str().unwrap().to_owned());
    }
    found
}

#[tokio::test]
async fn notifications_can_come_twice_late_and_overtaken() {
    let handle = start(options()).await;
    let (mut bot, _customer, id) = bot_in_chat(&handle).await;
    // Lets everything pass that came with the accept.
    bot.on_chat(&id, say("first")).await;
    own_lines(&mut bot, 1).await;
    let twice = handle.faults().scoped(Fault::new(Kind::Duplicate).login("bot-01"));
    bot.on_chat(&id, say("twice")).await;
    assert_eq!(own_lines(&mut bot, 2).await, ["twice", "twice"]);
    drop(twice);
    let late = handle.faults().scoped(Fault::new(Kind::Delay { millis: 150 }).login("bot-01"));
    let begun = Instant::now();
    bot.on_chat(&id, say("late")).await;
    assert_eq!(own_lines(&mut bot, 1).await, ["late"]);
    assert!(begun.elapsed() >= Duration::from_millis(150));
    drop(late);
    // Two topics are subscribed: one occasion each. The fault strikes the notification on both.
    let _reorder = handle.faults().scoped(Fault::new(Kind::Reorder).login("bot-01").times(1));
    bot.on_chat(&id, say("one")).await;
    bot.on_chat(&id, say("two")).await;
    let mut seen = own_lines(&mut bot, 2).await;
    seen.sort();
    assert_eq!(seen, ["one", "two"], "overtaken, not lost");
}

#[tokio::test]
async fn one_family_sees_its_notification_overtaken_by_the_next() {
    let handle = start(options().with_families(simulator::Families::Chats)).await;
    let (mut bot, _customer, id) = bot_in_chat(&handle).await;
    bot.on_chat(&id, say("first")).await;
    own_lines(&mut bot, 1).await;
    handle.faults().add(Fault::new(Kind::Reorder).login("bot-01").times(1));
    bot.on_chat(&id, say("one")).await;
    bot.on_chat(&id, say("two")).await;
    assert_eq!(own_lines(&mut bot, 2).await, ["two", "one"]);
}

#[tokio::test]
async fn indexes_can_have_holes_and_deliveries_can_come_in_other_replies() {
    let handle = start(options()).await;
    let (mut bot, customer, id) = bot_in_chat(&handle).await;
    let _holes = handle.faults().scoped(Fault::new(Kind::SkipIndex { by: 5 }).interaction(id.clone()));
    customer.say("a").await;
    customer.say("b").await;
    let read = bot.get_json(&format!("/api/v2/me/chats/{id}/messages")).await;
    let indexes: Vec<u64> =
        read["messages"].as_array().unwrap().iter().map(|one| one["index"].as_u64().unwrap()).collect();
    assert_eq!(indexes, [1, 2, 8, 14]);
    let _replies = handle.faults().scoped(Fault::new(Kind::DeliverInReplies));
    let answer = bot.subscribe(&json!("/v2/me/devices")).await;
    bot.take(&answer);
    assert_eq!(answer[0]["channel"], "/meta/subscribe");
    assert!(answer.as_array().unwrap().len() > 1, "{answer}");
}

#[tokio::test]
async fn the_customer_can_go_in_the_middle_of_a_turn() {
    let handle = start(options()).await;
    let (mut bot, _customer, id) = bot_in_chat(&handle).await;
    handle.faults().add(Fault::new(Kind::CustomerLeaves).times(1));
    let answer = bot.on_chat(&id, json!({ "operationName": "SendStartTypingNotification" })).await;
    assert_eq!(answer["statusCode"], 2);
    bot.chat_in("LeftChat").await;
}

#[tokio::test]
async fn a_chance_with_a_seed_strikes_the_same_way_every_time() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let handle = start(options()).await;
        let bot = Agent::bot(&handle);
        handle.faults().add(Fault::new(Kind::InternalError).chance(0.5));
        let mut run = Vec::new();
        for _ in 0..12 {
            run.push(bot.get("/api/v2/me").await.status().as_u16());
        }
        assert!(run.contains(&200) && run.contains(&500), "{run:?}");
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn faults_of_one_login_or_operation_leave_the_others_alone() {
    let handle = start(options()).await;
    let (bot, grace) = (Agent::bot(&handle), Agent::grace(&handle));
    handle.faults().add(Fault::new(Kind::InternalError).login("grace").operation("Ready").after(1));
    for agent in [&bot, &grace] {
        assert_eq!(agent.me("StartContactCenterSession").await["statusCode"], 0);
        assert_eq!(agent.me("Ready").await["statusCode"], 0, "the first occasion passes");
    }
    assert_eq!(bot.me("Ready").await["statusCode"], 0);
    assert_eq!(grace.me("Ready").await["statusCode"], 4);
    assert_eq!(grace.me("NotReady").await["statusCode"], 0);
    handle.faults().clear();
    assert_eq!(grace.me("Ready").await["statusCode"], 0);
}

#[tokio::test]
async fn faults_are_switched_over_http_from_this_machine() {
    let handle = start(options()).await;
    let http = Agent::bot(&handle).http;
    let url = format!("{}/simulator/faults", handle.base_url());
    let fault = json!({ "kind": "slow", "millis": 5, "login": "bot-01", "count": 2 });
    let added: Value = http.post(&url).body(fault.to_string()).send().await.unwrap().json().await.unwrap();
    let listed: Value = http.get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!(listed["faults"][0]["fault"], fault);
    let gone = http.delete(format!("{url}?id={}", added["id"])).send().await.unwrap();
    assert_eq!(gone.status().as_u16(), 200);
    assert!(handle.faults().list().is_empty());
    let bad = http.post(&url).body("{\"kind\":\"gremlins\"}").send().await.unwrap();
    assert_eq!(bad.status().as_u16(), 400);
    let foreign = http.get(&url).header("origin", "http://elsewhere.test").send().await.unwrap();
    assert_eq!(foreign.status().as_u16(), 403, "not for pages of others");
}
