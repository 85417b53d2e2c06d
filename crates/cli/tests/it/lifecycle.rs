//! `run` from sign-in to the signals that stop it, against the simulator.

use std::time::Duration;

use simulator::{AgentProfile, Centre, Handle, QueueProfile, Server};

use super::tool::{DEADLINE, Running, attendant, file};

async fn open_centre() -> Handle {
    let parrot = AgentProfile::new("bot-01", "right").skilled("self-service").capacity(5);
    let centre = Centre::default().with_queue(QueueProfile::new("chat_in").needing("self-service")).with_agent(parrot);
    Server::start(simulator::Options::default().with_centre(centre)).await.unwrap()
}

fn config(folder: &tempfile::TempDir, server: &Handle) -> String {
    let text = format!(
        "[server]\nbase_url = \"{}/api/v2\"\n\n[bots.parrot]\nkind = \"echo\"\n\n[[logins]]\nuser = \"bot-01\"\n\
         password = {{ env = \"BOT_PASSWORD\" }}\nbot = \"parrot\"\n",
        server.base_url()
    );
    file(folder.path(), "a.toml", text)
}

async fn free_agents(server: &Handle, wanted: usize) {
    let change = tokio::time::timeout(DEADLINE, async {
        while server.load().free_agents != wanted {
            tokio::time::sleep(Duration::from_millis(20)).await; // looks again, never decides by itself
        }
    });
    change.await.expect("the login changes its presence within the deadline");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_drains_and_signs_out() {
    let server = open_centre().await;
    let folder = tempfile::tempdir().unwrap();
    let config = config(&folder, &server);
    let running = Running::start(attendant().env("BOT_PASSWORD", "right").args(["run", "-v", "--config", &config]));
    free_agents(&server, 1).await;
    running.signal("-TERM");
    running.logged("draining");
    assert_eq!(running.status(), Some(0));
    free_agents(&server, 0).await;
}

/// With and without a layer that weighs handoffs: a process that stops says how things stood.
#[tokio::test(flavor = "multi_thread")]
async fn how_things_stand_is_in_the_log() {
    let server = open_centre().await;
    let folder = tempfile::tempdir().unwrap();
    let path = config(&folder, &server);
    let peak = "\n[peak]\npolicy = \"adaptive\"\nto = { skill = \"service\" }\n\n[people]\nfrom = \"table\"\n\n[people.table.service]\nsigned_in = 1\n";
    let with_peak = std::fs::read_to_string(&path).unwrap() + peak;
    let path = file(folder.path(), "b.toml", with_peak);
    let running = Running::start(attendant().env("BOT_PASSWORD", "right").args(["run", "-v", "--config", &path]));
    free_agents(&server, 1).await;
    running.signal("-TERM");
    let stands = running.logged("how it stands");
    assert!(stands.contains("chats=0") && stands.contains("handed_over=0"), "{stands}");
    let busy = running.logged("how busy it is");
    assert!(busy.contains("people not looked at yet; 0 in line; 0 chats"), "{busy}");
    assert_eq!(running.status(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_stops_at_once() {
    let server = open_centre().await;
    let folder = tempfile::tempdir().unwrap();
    let config = config(&folder, &server);
    let running = Running::start(attendant().env("BOT_PASSWORD", "right").args(["run", "--config", &config]));
    free_agents(&server, 1).await;
    open_chat(&server).await;
    running.signal("-TERM");
    running.logged("draining");
    running.signal("-TERM");
    assert_eq!(running.status(), Some(130));
}

/// A customer who is in a chat with the bot, so that a drain has something to wait for.
async fn open_chat(server: &Handle) {
    let http = bayeux::http_client().build().unwrap();
    let body =
        serde_json::json!({ "operationName": "RequestChat", "nickname": "Ada", "endpoint": "Environment:chat_in" });
    let asked = http
        .post(format!("{}/api/v2/chats", server.base_url()))
        .header("ContactCenterId", server.contact_center_id())
        .json(&body)
        .send()
        .await
        .unwrap();
    assert!(asked.status().is_success());
    let accepted = tokio::time::timeout(DEADLINE, async {
        let is_accepted =
            |fact: &simulator::model::Fact| matches!(fact.event, simulator::model::FactEvent::Accepted { .. });
        while !server.log().facts().any(is_accepted) {
            tokio::time::sleep(Duration::from_millis(20)).await; // looks again, never decides by itself
        }
    });
    accepted.await.expect("the bot accepts within the deadline");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_ends_the_run_with_status_3_and_says_which_login() {
    let server = open_centre().await;
    let folder = tempfile::tempdir().unwrap();
    let config = config(&folder, &server);
    let running = Running::start(attendant().env("BOT_PASSWORD", "not-it").args(["run", "--config", &config]));
    let line = running.logged("bot-01");
    assert!(!line.contains("not-it"));
    assert_eq!(running.status(), Some(3));
}
