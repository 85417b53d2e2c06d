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

/// Bot and person ready, a chat that the bot has accepted in the chats family; its id.
async fn bot_and_grace(handle: &simulator::Handle) -> (Agent, Agent, Customer, String) {
    let (mut bot, mut grace) = (Agent::bot(handle), Agent::grace(handle));
    bot.sign_in().await;
    grace.sign_in().await;
    let customer = Customer::request(handle, "chat_in").await;
    let id = bot.chat_in("Invited").await["id"].as_str().unwrap().to_owned();
    bot.on_chat(&id, json!({ "operationName": "Accept", "nickname": "Robo" })).await;
    bot.chat_in("Chatting").await;
    (bot, grace, customer, id)
}

#[tokio::test]
async fn a_conference_and_leaving_it_in_the_interactions_family() {
    let handle = start(options()).await;
    let (bot, mut grace, customer, id) = bot_and_grace(&handle).await;
    let nobody = bot.on_interaction(&id, json!({ "operationName": "InviteUser", "agentId": "nobody" })).await;
    assert_eq!(nobody["status"], "error");
    let missing = bot.on_interaction(&id, json!({ "operationName": "InviteUser" })).await;
    assert_eq!(missing["status"], "error");
    let invite = json!({ "operationName": "InviteUser", "agentId": "grace" });
    assert_eq!(bot.on_interaction(&id, invite).await, json!({ "status": "ok" }));
    assert_eq!(grace.chat_in("Invited").await["id"], id);
    grace.on_interaction(&id, json!({ "operationName": "Accept", "nickname": "Grace" })).await;
    let alone = bot.on_interaction(&id, json!({ "operationName": "LeaveConference", "agentId": "grace" })).await;
    assert_eq!(alone["status"], "error", "nobody takes somebody else out");
    let leave = json!({ "operationName": "LeaveConference", "agentId": "E-bot-01" });
    assert_eq!(bot.on_interaction(&id, leave).await, json!({ "status": "ok" }));
    grace.on_interaction(&id, json!({ "operationName": "SendMessage", "text": "Hello" })).await;
    let chat = customer.get(&format!("/api/v2/chats/{}", customer.id)).await;
    let nicknames: Vec<&str> =
        chat["chat"]["participants"].as_array().unwrap().iter().map(|who| who["nickname"].as_str().unwrap()).collect();
    assert_eq!(nicknames, ["Ada", "Grace"]);
}

#[tokio::test]
async fn single_step_transfer_by_agent_skill_and_queue() {
    for target in [json!({ "agentId": "grace" }), json!({ "skill": "service" }), json!({ "queueName": "people" })] {
        let handle = start(options()).await;
        let (mut bot, mut grace, _customer, id) = bot_and_grace(&handle).await;
        let mut body = target.clone();
        body["operationName"] = "SingleStepTransfer".into();
        assert_eq!(bot.on_interaction(&id, body).await, json!({ "statusCode": 0 }), "{target}");
        bot.chat_in("Completed").await;
        assert_eq!(grace.chat_in("Invited").await["id"], id);
        assert_eq!(bot.get_json("/api/v2/me/interactions?fields=*").await["interactions"], json!([]), "no ghost");
        handle.shutdown().await;
    }
}

#[tokio::test]
async fn transfer_and_invite_by_uri_and_what_fails_afterwards() {
    let handle = start(options()).await;
    let (mut bot, mut grace, _customer, id) = bot_and_grace(&handle).await;
    let contacts = bot.get_json("/api/v2/contacts").await;
    let uri_of = |name: &str| {
        let found = contacts["contacts"]
            .as_array()
            .unwrap()
            .iter()
            .find(|contact| contact["userName"] == name || contact["name"] == name);
        found.unwrap()["uri"].as_str().unwrap().to_owned()
    };
    grace.me("NotReady").await;
    let invite = json!({ "operationName": "Invite", "targetUri": uri_of("grace") });
    let taken = bot.on_chat(&id, invite.clone()).await;
    assert_eq!(taken["statusCode"], 0);
    let failed = bot
        .event("failed", |event| event["channel"] == "/v2/me/chats" && event["data"]["notificationType"] == "Error")
        .await;
    assert_eq!(failed["data"]["referenceId"], taken["referenceId"]);
    grace.me("Ready").await;
    assert_eq!(bot.on_chat(&id, invite).await["statusCode"], 0);
    grace.chat_in("Invited").await;
    grace.on_chat(&id, json!({ "operationName": "Reject" })).await;
    bot.event("declined", |event| event["channel"] == "/v2/me/chats" && event["data"]["notificationType"] == "Error")
        .await;
    let give = json!({ "operationName": "Transfer", "targetUri": uri_of("people"), "text": "A moment, please." });
    assert_eq!(bot.on_chat(&id, give).await["statusCode"], 0);
    bot.chat_in("Completed").await;
}

#[tokio::test]
async fn words_for_agents_attached_data_and_reads() {
    let handle = start(options()).await;
    let (mut bot, _grace, customer, id) = bot_and_grace(&handle).await;
    bot.on_chat(&id, json!({ "operationName": "SendToAgents", "text": "angry" })).await;
    bot.on_chat(&id, json!({ "operationName": "SendMessage", "text": "Hello" })).await;
    let seen = customer.fetch().await;
    assert!(seen.iter().all(|entry| entry["text"] != "angry"));
    let read = bot.get_json(&format!("/api/v2/me/chats/{id}/messages?startIndex=3&count=1")).await;
    assert_eq!(read["messages"].as_array().unwrap().len(), 1);
    assert_eq!((&read["messages"][0]["text"], &read["messages"][0]["visibility"]), (&json!("angry"), &json!("Agents")));
    let attach = json!({ "operationName": "AttachUserData", "userData": { "Note": "late parcel", "Tries": 2 } });
    let taken = bot.on_chat(&id, attach).await;
    let told = bot
        .event("properties", |event| {
            event["channel"] == "/v2/me/chats" && event["data"]["notificationType"] == "PropertiesUpdated"
        })
        .await;
    assert_eq!(told["data"]["referenceId"], taken["referenceId"]);
    assert_eq!(told["data"]["chat"]["userData"]["Tries"], 2);
    let put = bot
        .http
        .put(format!("{}/api/v2/interactions/{id}", bot.base))
        .basic_auth("bot-01", Some("s3cret"))
        .body(json!({ "userData": { "Note": "found" } }).to_string());
    assert_eq!(put.send().await.unwrap().json::<serde_json::Value>().await.unwrap()["statusCode"], 0);
    let own = bot.get_json("/api/v2/me/chats?fields=*").await;
    assert_eq!(own["chats"][0]["userData"]["Note"], "found");
    assert_eq!(bot.get_json("/api/v2/me/chats").await["uris"].as_array().unwrap().len(), 1);
    let me = bot.get_json("/api/v2/me?subresources=channels,chats,interactions").await;
    assert_eq!(me["user"]["channels"][0]["userState"]["state"], "Ready");
    assert_eq!(me["user"]["interactions"][0]["id"], id);
    assert_eq!(bot.get("/api/v2/me/chats/0000XbNOBODY0000/messages").await.status().as_u16(), 404);
}

#[tokio::test]
async fn only_the_families_that_are_served_answer() {
    let handle = start(options().with_families(simulator::Families::Interactions)).await;
    let mut bot = Agent::bot(&handle);
    bot.sign_in().await;
    assert_eq!(bot.get("/api/v2/me/chats").await.status().as_u16(), 404);
    assert_eq!(bot.get("/api/v2/me/interactions").await.status().as_u16(), 200);
    let _customer = Customer::request(&handle, "chat_in").await;
    bot.event("invited", |event| event["data"]["interaction"]["state"] == "Invited").await;
    assert!(bot.events.iter().all(|event| event["channel"] != "/v2/me/chats"));
}
