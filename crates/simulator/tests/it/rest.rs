//! Sign-in, cookies, CSRF, the directory, the pages.

use serde_json::json;

use crate::client::{Agent, Customer, options, start};

#[tokio::test]
async fn a_wrong_password_is_http_403_with_code_20() {
    let handle = start(options()).await;
    let nobody = Agent::new(&handle, "bot-01", "wrong");
    let answer = nobody.get("/api/v2/me").await;
    assert_eq!(answer.status().as_u16(), 403);
    assert_eq!(answer.json::<serde_json::Value>().await.unwrap()["statusCode"], 20);
    let (status, _) = nobody.bayeux_raw(&json!([{ "channel": "/meta/handshake", "version": "1.0" }])).await;
    assert_eq!(status, 403);
}

#[tokio::test]
async fn the_session_cookie_alone_signs_in_until_the_session_is_ended() {
    let handle = start(options()).await;
    let bot = Agent::bot(&handle);
    let first = bot.get("/api/v2/me").await;
    assert!(first.headers()["set-cookie"].to_str().unwrap().starts_with("JSESSIONID="));
    let with_cookie = || bot.http.get(format!("{}/api/v2/me", bot.base)).send();
    assert_eq!(with_cookie().await.unwrap().status().as_u16(), 200);
    bot.me("StartContactCenterSession").await;
    bot.me("EndContactCenterSession").await;
    assert_eq!(with_cookie().await.unwrap().status().as_u16(), 403);
}

#[tokio::test]
async fn csrf_refuses_changes_without_the_token_that_get_gave() {
    let handle = start(options().with_csrf(true)).await;
    let bot = Agent::bot(&handle);
    let body = json!({ "operationName": "StartContactCenterSession", "channels": ["chat"] });
    let refused = bot.post_request("/api/v2/me", &body).send().await.unwrap();
    assert_eq!(refused.status().as_u16(), 403);
    let me = bot.get("/api/v2/me").await;
    let name = me.headers()["x-csrf-header"].to_str().unwrap().to_owned();
    let token = me.headers()["x-csrf-token"].to_str().unwrap().to_owned();
    let wrong = bot.post_request("/api/v2/me", &body).header(&name, "no").send().await.unwrap();
    assert_eq!(wrong.status().as_u16(), 403);
    let right = bot.post_request("/api/v2/me", &body).header(&name, token).send().await.unwrap();
    assert_eq!(right.status().as_u16(), 200);
}

#[tokio::test]
async fn the_directory_tells_who_is_available() {
    let handle = start(options()).await;
    let mut grace = Agent::grace(&handle);
    let available = |answer: &serde_json::Value| {
        answer["contacts"][0]["availability"]["channels"][0]["available"].as_bool().unwrap()
    };
    let path = "/api/v2/contacts?type=User&name=grace";
    assert!(!available(&grace.get_json(path).await));
    grace.sign_in().await;
    let found = grace.get_json(path).await;
    assert!(available(&found));
    assert_eq!(found["totalCount"], 1);
    let id = found["contacts"][0]["id"].as_str().unwrap();
    assert_eq!(grace.get_json(&format!("/api/v2/users/{id}")).await["user"]["userName"], "grace");
    assert_eq!(grace.get_json("/api/v2/skills").await["uris"].as_array().unwrap().len(), 2);
    assert_eq!(grace.get_json("/api/v2/skills?fields=*").await["skills"].as_array().unwrap().len(), 2);
    assert_eq!(grace.get_json("/api/v2/services?fields=*").await["statusCode"], 0);
    assert_eq!(grace.get_json("/api/v2/diagnostics/version").await["statusCode"], 0);
    let nothing = grace.get("/api/v2/nothing").await;
    assert_eq!(nothing.status().as_u16(), 404);
}

#[tokio::test]
async fn customers_need_the_centre_and_a_chat_that_exists() {
    let handle = start(options()).await;
    let customer = Customer::request(&handle, "chat_in").await;
    let http = Agent::bot(&handle).http;
    let without = http.get(format!("{}/api/v2/chats/{}", handle.base_url(), customer.id)).send().await.unwrap();
    assert_eq!(without.status().as_u16(), 400);
    assert_eq!(customer.get("/api/v2/chats/no-such-chat").await["statusCode"], 6);
    let nowhere = json!({ "operationName": "RequestChat", "nickname": "Ada", "endpoint": "Environment:nowhere" });
    assert_eq!(customer.post("/api/v2/chats", nowhere).await["statusCode"], 6);
    assert_eq!(customer.post("/api/v2/chats", json!({ "operationName": "RequestChat" })).await["statusCode"], 1);
    let chat = customer.get(&format!("/api/v2/chats/{}", customer.id)).await;
    assert_eq!(chat["chat"]["state"], "WaitingForAgent");
}

#[tokio::test]
async fn the_pages_come_with_their_types_and_a_strict_policy() {
    let handle = start(options()).await;
    let browser = Agent::bot(&handle).http;
    for (path, mime) in [
        ("/", "text/html"),
        ("/customer", "text/html"),
        ("/desk", "text/html"),
        ("/pages/icon.svg", "image/svg+xml"),
        ("/pages/script/desk/page.js", "text/javascript"),
        ("/pages/style/base.css", "text/css"),
    ] {
        let page = browser.get(format!("{}{path}", handle.base_url())).send().await.unwrap();
        assert_eq!(page.status().as_u16(), 200, "{path}");
        assert!(page.headers()["content-type"].to_str().unwrap().starts_with(mime), "{path}");
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
    }
}

#[test]
fn every_file_of_the_pages_is_served() {
    fn walk(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("pages");
    let mut found = Vec::new();
    walk(&root, &mut found);
    let table = include_str!("../../src/server/pages.rs");
    for path in found {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        assert!(table.contains(&format!("../../pages/{name}")), "{name} is not in the table of src/server/pages.rs");
    }
}
