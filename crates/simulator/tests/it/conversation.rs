//! Whole conversations in both families.

use serde_json::json;

use crate::client::{Agent, Customer, options, start};

#[tokio::test]
async fn a_chat_from_request_to_complete_in_the_chats_family() {
    let handle = start(options()).await;
    let mut bot = Agent::bot(&handle);
    bot.sign_in().await;
    let customer = Customer::request(&handle, "chat_in").await;
    customer.say("Where is my parcel?").await;

    let invited = bot.chat_in("Invited").await;
    assert_eq!(invited["capabilities"], json!(["Accept", "Reject"]));
    assert_eq!(invited["userData"]["Subject"], "Invoice");
    assert_eq!(invited["id"].as_str().unwrap().len(), 16);
    let id = invited["id"].as_str().unwrap().to_owned();

    let answer = bot.on_chat(&id, json!({ "operationName": "Accept", "nickname": "Robo" })).await;
    assert_eq!(answer["statusCode"], 0);
    let reference = answer["referenceId"].as_i64().expect("a reference");
    let chatting = bot.event("Chatting", |event| event["data"]["chat"]["state"] == "Chatting").await;
    assert_eq!(chatting["data"]["referenceId"], reference);
    assert_eq!(chatting["data"]["notificationType"], "StatusChange");
    assert_eq!(chatting["data"]["chat"]["participants"], json!([]));
    let participants = bot
        .event("who is in", |event| {
            event["channel"] == "/v2/me/chats" && event["data"]["notificationType"] == "ParticipantsUpdated"
        })
        .await;
    assert_eq!(participants["data"]["chat"]["participants"].as_array().unwrap().len(), 2);
    let history = bot
        .event("history", |event| {
            event["channel"] == "/v2/me/chats" && event["data"]["messageType"] == "MessageLogUpdated"
        })
        .await;
    let messages = history["data"]["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 3, "joined, asked, bot joined");
    assert_eq!(messages[1]["text"], "Where is my parcel?");

    bot.on_chat(&id, json!({ "operationName": "SendMessage", "text": "On its way." })).await;
    let echo = bot.event("echo", |event| {
        event["channel"] == "/v2/me/chats" && event["data"]["messages"][0]["text"] == "On its way."
    });
    assert_eq!(echo.await["data"]["messages"][0]["from"]["type"], "Agent");
    let mut seen = Vec::new();
    while !seen.iter().any(|text| text == "On its way.") {
        for message in customer.fetch().await {
            seen.extend(message["text"].as_str().map(str::to_owned));
        }
    }

    assert_eq!(bot.on_chat(&id, json!({ "operationName": "Leave" })).await["statusCode"], 0);
    bot.chat_in("LeftChat").await;
    assert_eq!(customer.get(&format!("/api/v2/chats/{}", customer.id)).await["chat"]["state"], "Completed");
    assert_eq!(bot.on_chat(&id, json!({ "operationName": "Complete" })).await["statusCode"], 0);
    bot.chat_in("Completed").await;
    handle.shutdown().await;
}

#[tokio::test]
async fn the_interactions_family_answers_in_the_dialect_of_each_operation() {
    let handle = start(options()).await;
    let mut bot = Agent::bot(&handle);
    bot.sign_in().await;
    let customer = Customer::request(&handle, "chat_in").await;
    let event = bot
        .event("invited", |event| {
            event["channel"] == "/v2/me/interactions" && event["data"]["interaction"]["state"] == "Invited"
        })
        .await;
    assert_eq!(event["data"]["messageTypeName"], "InteractionStateMessage");
    let id = event["data"]["interaction"]["id"].as_str().unwrap().to_owned();

    let early = bot.on_interaction(&id, json!({ "operationName": "SendMessage", "text": "too early" })).await;
    assert_eq!(early["statusCode"], 2);
    let early = bot.on_interaction(&id, json!({ "operationName": "EndChatSession" })).await;
    assert_eq!(early["status"], "error");
    assert!(early["errorDescription"].is_string());
    assert!(early.get("statusCode").is_none());
    assert_eq!(bot.on_interaction(&id, json!({ "operationName": "Accept" })).await["statusCode"], 1);
    let accepted = bot.on_interaction(&id, json!({ "operationName": "Accept", "nickname": "Robo" })).await;
    assert_eq!(accepted, json!({ "statusCode": 0 }));
    let history = bot.on_interaction(&id, json!({ "operationName": "RequestChatHistory", "eventId": 2 })).await;
    assert_eq!(history, json!({ "statusCode": 0 }));
    assert_eq!(bot.on_interaction(&id, json!({ "operationName": "EndChatSession" })).await, json!({ "status": "ok" }));
    assert_eq!(bot.on_interaction(&id, json!({ "operationName": "Complete" })).await["statusCode"], 0);
    assert_eq!(customer.say("anybody?").await["statusCode"], 2);
    assert_eq!(bot.on_interaction("0000XbNOSUCHCHAT", json!({ "operationName": "Reject" })).await["statusCode"], 6);
    handle.shutdown().await;
}
