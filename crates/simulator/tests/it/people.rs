//! Scripted people, and real ones who take their place.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::faults::Kind;
use simulator::model::FactEvent;
use simulator::{AgentProfile, Centre, Fault, Handle, Options, QueueProfile, Script, Then};

use crate::client::{Agent, Customer, options, start};

fn quick(then: Then) -> Script {
    Script {
        accept_after: Duration::from_millis(20),
        answer_after: Duration::from_millis(20),
        wrap_up: Duration::from_millis(20),
        lines: vec!["Let me look.".into(), "Done.".into()],
        answers: 2,
        then,
        disposition: Some("solved".into()),
        ..Script::default()
    }
}

fn with_person(script: Script) -> Options {
    let centre = Centre::default()
        .with_agent(AgentProfile::new("bot-01", "s3cret").skilled("bot"))
        .with_agent(AgentProfile::new("grace", "h0pper").named("Grace", "H").skilled("service").scripted(script))
        .with_queue(QueueProfile::new("people").needing("service"))
        .with_queue(QueueProfile::new("chat_in").needing("bot"));
    let mut with = options().with_centre(centre);
    with.rules.offer_deadline = Duration::from_millis(300);
    with.rules.offer_again_after = Duration::from_millis(100);
    with
}

/// Waits until the log has a fact; five seconds at most.
async fn fact(handle: &Handle, what: &str, fits: impl Fn(&FactEvent) -> bool) {
    let wait = async {
        while !handle.log().facts().any(|fact| fits(&fact.event)) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(5), wait).await.is_ok(), "never: {what}");
}

async fn texts(customer: &Customer, wanted: usize) -> Vec<String> {
    let mut found = Vec::new();
    while found.len() < wanted {
        let news = customer.fetch().await;
        assert!(!news.is_empty(), "nothing more after {found:?}");
        let agents = news.iter().filter(|entry| entry["from"]["type"] == "Agent");
        found.extend(agents.filter_map(|entry| entry["text"].as_str().map(str::to_owned)));
    }
    found
}

#[tokio::test]
async fn a_person_accepts_greets_answers_and_completes() {
    let handle = start(with_person(quick(Then::Complete))).await;
    let customer = Customer::request(&handle, "people").await;
    assert_eq!(texts(&customer, 1).await, ["Hello, this is Grace. I have read the note: nothing"]);
    customer.say("My parcel?").await;
    assert_eq!(texts(&customer, 1).await, ["Let me look."]);
    customer.say("Well?").await;
    assert_eq!(texts(&customer, 1).await, ["Done."]);
    fact(&handle, "completed", |event| matches!(event, FactEvent::Completed { .. })).await;
    fact(&handle, "disposition", |event| matches!(event, FactEvent::Data { keys, .. } if keys == &["DispositionCode"]))
        .await;
    assert_eq!(handle.load(), simulator::Load { free_agents: 1, waiting_chats: 0 });
}

#[tokio::test]
async fn a_person_reads_the_note_and_can_give_the_chat_back() {
    let handle = start(with_person(quick(Then::ToQueue("chat_in".into())))).await;
    let mut bot = Agent::bot(&handle);
    bot.sign_in().await;
    let customer = Customer::request(&handle, "chat_in").await;
    let id = bot.chat_in("Invited").await["id"].as_str().unwrap().to_owned();
    bot.on_chat(&id, json!({ "operationName": "Accept" })).await;
    bot.on_chat(&id, json!({ "operationName": "AttachUserData", "userData": { "Note": "parcel 42" } })).await;
    let give = json!({ "operationName": "Transfer", "queueName": "people" });
    assert_eq!(bot.on_chat(&id, give).await["statusCode"], 0);
    assert_eq!(texts(&customer, 1).await, ["Hello, this is Grace. I have read the note: parcel 42"]);
    customer.say("a").await;
    texts(&customer, 1).await;
    customer.say("b").await;
    let again = bot.event("offered again", |event| {
        event["channel"] == "/v2/me/chats" && event["data"]["chat"]["state"] == "Invited"
    });
    assert_eq!(again.await["data"]["chat"]["id"], id);
}

#[tokio::test]
async fn a_real_person_takes_the_place_of_the_script_and_gives_it_back() {
    let handle = start(with_person(quick(Then::Stay))).await;
    let mut grace = Agent::grace(&handle);
    grace.sign_in().await;
    let customer = Customer::request(&handle, "people").await;
    let id = grace.chat_in("Invited").await["id"].as_str().unwrap().to_owned();
    grace.on_chat(&id, json!({ "operationName": "Accept", "nickname": "Grace" })).await;
    grace.on_chat(&id, json!({ "operationName": "SendMessage", "text": "It is really me." })).await;
    assert_eq!(texts(&customer, 1).await, ["It is really me."]);
    grace.on_chat(&id, json!({ "operationName": "Complete" })).await;
    grace.me("EndContactCenterSession").await;
    let customer = Customer::request(&handle, "people").await;
    assert!(texts(&customer, 1).await[0].starts_with("Hello, this is Grace."), "the script is back");
}

#[tokio::test]
async fn when_the_desk_is_closed_without_a_word_the_script_goes_on() {
    let mut options = with_person(quick(Then::Stay));
    options.notifications.max_interval = Duration::from_millis(300);
    let handle = start(options).await;
    let mut grace = Agent::grace(&handle);
    grace.sign_in().await;
    drop(grace);
    let customer = Customer::request(&handle, "people").await;
    assert!(texts(&customer, 1).await[0].starts_with("Hello, this is Grace."));
}

#[tokio::test]
async fn a_person_can_be_made_never_to_join() {
    let handle = start(with_person(quick(Then::Stay))).await;
    let _never = handle.faults().scoped(Fault::new(Kind::NeverJoin).login("grace").times(1));
    let customer = Customer::request(&handle, "people").await;
    fact(&handle, "revoked", |event| matches!(event, FactEvent::Revoked { .. })).await;
    assert!(texts(&customer, 1).await[0].starts_with("Hello"), "the second offer is taken");
}

#[tokio::test]
async fn people_are_listed_and_switched_over_http() {
    let handle = start(with_person(quick(Then::Stay))).await;
    let http = Agent::bot(&handle).http;
    let url = format!("{}/simulator/people", handle.base_url());
    let off = json!({ "user": "grace", "played": false }).to_string();
    assert_eq!(http.post(&url).body(off).send().await.unwrap().status().as_u16(), 200);
    let list: Value = http.get(&url).send().await.unwrap().json().await.unwrap();
    let grace = list["people"].as_array().unwrap().iter().find(|one| one["user"] == "grace").unwrap();
    assert_eq!(grace["played"], false);
    let nobody = json!({ "user": "bot-01", "played": true }).to_string();
    assert_eq!(http.post(&url).body(nobody).send().await.unwrap().status().as_u16(), 404);
    assert!(handle.play("grace", true) && !handle.play("bot-01", true));
}

#[tokio::test]
async fn the_log_tells_what_really_happened_in_order() {
    let handle = start(with_person(quick(Then::Complete))).await;
    let customer = Customer::request(&handle, "people").await;
    customer.say("hello").await;
    texts(&customer, 1).await;
    customer.operate(json!({ "operationName": "Complete" })).await;
    fact(&handle, "completed", |event| matches!(event, FactEvent::Completed { .. })).await;
    let http = Agent::bot(&handle).http;
    let url = format!("{}/simulator/log?chat={}", handle.base_url(), customer.id);
    let log: Value = http.get(&url).send().await.unwrap().json().await.unwrap();
    let events: Vec<&str> =
        log["facts"].as_array().unwrap().iter().map(|fact| fact["event"].as_str().unwrap()).collect();
    let wanted = [
        "requested",
        "queued",
        "offered",
        "accepted",
        "owned",
        "agent_line",
        "customer_left",
        "session_ended",
        "completed",
    ];
    let places: Vec<Option<usize>> =
        wanted.iter().map(|event| events.iter().position(|found| found == event)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{events:?}");
    assert!(events.contains(&"customer_line"));
    let next = log["next"].as_u64().unwrap();
    let rest: Value = http
        .get(format!("{}/simulator/log?since={next}", handle.base_url()))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(rest["facts"], json!([]));
}
