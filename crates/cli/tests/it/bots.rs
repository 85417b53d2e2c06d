//! The bots of a configuration: what their keys are checked for, and what they do in a fleet that runs.

use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use simulator::{AgentProfile, Centre, Handle, QueueProfile, Server};

use super::tool::{DEADLINE, Running, attendant, file, finish, run};

const SHOP: &str = "\
handoff: {skill: service}
phrases: {en: {greeting: Welcome.}}
answers:
  - id: hours
    title: Opening hours
    questions: [When are you open?, opening hours, what time do you close, are you open on monday, until when can I come]
    answer: From 9 to 17.
  - id: place
    title: Address
    questions: [Where are you?, your address, which street, how do I get there, the way to you]
    answer: In Linden Street.
  - id: refund
    title: Refunds
    questions: [I want my money back, refund please, how long does a refund take, return my payment, give back my money]
    answer: In five days.
  - id: pin
    title: A new PIN
    questions: [change my card pin, pin of my card, reset the card pin, new pin for my card, my card needs a pin]
    answer: At the machine.
  - id: limit
    title: A higher limit
    questions: [change my card limit, limit of my card, raise the card limit, new limit for my card, my card needs a limit]
    answer: On the phone.
";

fn config(server: &str, keys: &str) -> String {
    format!(
        "[server]\nbase_url = \"{server}/api/v2\"\n\n[conversation.pace]\non = false\n\n[bots.shop]\nkind = \"faq\"\nbase = \"shop.yaml\"\n{keys}\n\n\
         [[logins]]\nuser = \"bot-01\"\npassword = {{ env = \"BOT_PASSWORD\" }}\nbot = \"shop\"\n"
    )
}

#[test]
fn each_key_of_a_bot_is_checked_with_its_line_and_what_is_near() {
    let folder = tempfile::tempdir().unwrap();
    file(folder.path(), "shop.yaml", SHOP);
    std::fs::create_dir_all(folder.path().join("models")).unwrap();
    let check = |keys: &str| {
        let path = file(folder.path(), "a.toml", config("http://127.0.0.1:9", keys));
        finish(attendant().env("BOT_PASSWORD", "x").args(["check", "--config", &path]))
    };
    let good = check("learn = \"lessons.jsonl\"\nmodels = \"models\"\nreload = \"30s\"\nwhen_unsure = \"offer\"");
    assert_eq!(good.status, Some(0), "{good:?}");
    let cases: [(&str, &[&str]); 12] = [
        (
            "[bots.parrot]\nkind = \"echo\"\nlearn = \"l.jsonl\"",
            &["a.toml:12:1", "[bots.parrot]", "no use for `learn`"],
        ),
        ("lern = \"x\"", &["a.toml:10:1", "lern", "learn"]),
        ("reload = \"soon\"", &["a.toml:", "soon"]),
        ("reload = 2", &["a.toml:"]),
        ("when_unsure = \"hand-ovr\"", &["a.toml:", "hand-ovr", "hand-over"]),
        ("learn = \"nowhere/lessons.jsonl\"", &["a.toml:10:1", "nowhere/lessons.jsonl"]),
        ("learn = \"models\"", &["a.toml:10:1", "is a folder"]),
        ("models = \"modles\"", &["a.toml:10:1", "modles", "did you mean `models`?", "attendant faq train shop.yaml"]),
        ("# a comment\nmodels = \"shop.yaml\"", &["a.toml:11:1", "no folder shop.yaml"]),
        (
            "learn = \"l.jsonl\"\n[bots.other]\nkind = \"faq\"\nbase = \"shop.yaml\"\nlearn = \"l.jsonl\"",
            &["a.toml:10:1", "l.jsonl", "`other`"],
        ),
        (
            "[bots.other]\nkind = \"faq\"\nbase = \"shp.yaml\"",
            &["a.toml:12:1", "shp.yaml", "did you mean `shop.yaml`?"],
        ),
        ("encoder = \"words\"", &["a.toml:10:1", "encoder"]),
    ];
    for (keys, said) in cases {
        let ran = check(keys);
        assert_eq!(ran.status, Some(2), "{keys}: {ran:?}");
        for part in said {
            assert!(ran.err.contains(part), "{keys}: no {part:?} in {}", ran.err);
        }
    }
}

#[test]
fn the_demo_port_of_the_environment_counts_with_and_without_the_command() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for arguments in [&["demo"][..], &[]] {
        // A port that is taken shows which one was tried, and ends the demo at once.
        let demo = Running::start(attendant().env("ATTENDANT_DEMO_PORT", &port).args(arguments));
        demo.logged(&port);
        assert_eq!(demo.status(), Some(1), "{arguments:?}");
        let wrong = finish(attendant().env("ATTENDANT_DEMO_PORT", "a-port").args(arguments));
        assert_eq!(wrong.status, Some(2), "{wrong:?}");
        assert!(wrong.err.contains("a-port"), "{wrong:?}");
    }
}

/// A customer in a chat: RequestChat, SendMessage and GetMessages of the customer chat API.
struct Customer {
    http: reqwest::Client,
    server: String,
    centre: String,
    chat: String,
    /// What was said and not yet heard: GetMessages gives each message once.
    unheard: VecDeque<String>,
}

impl Customer {
    async fn arrive(server: &Handle) -> Self {
        let mut customer = Self {
            http: bayeux::http_client().build().unwrap(),
            server: format!("{}/api/v2/chats", server.base_url()),
            centre: server.contact_center_id().clone(),
            chat: String::new(),
            unheard: VecDeque::new(),
        };
        let body = json!({ "operationName": "RequestChat", "nickname": "Ada", "endpoint": "Environment:chat_in" });
        let answer = customer.call(customer.http.post(&customer.server).json(&body)).await;
        customer.chat = format!("{}/{}", customer.server, answer["id"].as_str().unwrap());
        customer
    }

    async fn call(&self, request: reqwest::RequestBuilder) -> Value {
        let response = request.header("ContactCenterId", &self.centre).send().await.unwrap();
        let status = response.status();
        let body: Value = response.json().await.unwrap();
        assert!(status.is_success(), "{status}: {body}");
        body
    }

    /// The next words of the bot.
    async fn hears(&mut self) -> String {
        let next = tokio::time::timeout(DEADLINE, async {
            loop {
                if let Some(words) = self.unheard.pop_front() {
                    return words;
                }
                let answer = self.call(self.http.get(format!("{}/messages", self.chat))).await;
                let lines = answer["messages"].as_array().cloned().unwrap_or_default();
                let texts = lines.iter().filter(|line| line["type"] == "Text" && line["from"]["type"] == "Agent");
                self.unheard.extend(texts.filter_map(|line| line["text"].as_str()).map(str::to_owned));
                tokio::time::sleep(Duration::from_millis(20)).await; // looks again, never decides by itself
            }
        });
        next.await.expect("the bot says something within the deadline")
    }

    async fn asks(&mut self, words: &str) -> String {
        let body = json!({ "operationName": "SendMessage", "text": words });
        self.call(self.http.post(&self.chat).json(&body)).await;
        self.hears().await
    }
}

async fn centre() -> Handle {
    let bot = AgentProfile::new("bot-01", "right").skilled("self-service").capacity(5);
    let centre = Centre::default().with_queue(QueueProfile::new("chat_in").needing("self-service")).with_agent(bot);
    Server::start(simulator::Options::default().with_centre(centre)).await.unwrap()
}

fn start(folder: &Path, server: &Handle, keys: &str) -> Running {
    let path = file(folder, "a.toml", config(&server.base_url(), keys));
    Running::start(attendant().env("BOT_PASSWORD", "right").args(["run", "-v", "--config", &path]))
}

async fn stop(running: Running) {
    running.signal("-TERM");
    running.logged("draining");
    // A chat is still open: the drain waits for it, and the second signal does not.
    running.signal("-TERM");
    let status = tokio::task::spawn_blocking(|| running.status()).await.unwrap();
    assert_eq!(status, Some(130));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_that_changes_is_taken_over_without_dropping_a_chat_and_a_broken_one_is_not() {
    let server = centre().await;
    let folder = tempfile::tempdir().unwrap();
    file(folder.path(), "shop.yaml", SHOP);
    let running = start(folder.path(), &server, "reload = \"50ms\"");
    let mut ada = Customer::arrive(&server).await;
    assert_eq!(ada.hears().await, "Welcome.");
    assert_eq!(ada.asks("When are you open?").await, "From 9 to 17.");

    file(folder.path(), "shop.yaml", SHOP.replace("9 to 17", "10 to 20"));
    running.logged("knowledge base replaced");
    assert_eq!(ada.asks("opening hours").await, "From 10 to 20.");

    file(folder.path(), "shop.yaml", SHOP.replace("    title: Address", "    titel: Address"));
    let line = running.logged("the old one stays in force");
    assert!(line.contains("shop.yaml:9") && line.contains("title"), "{line}");
    assert_eq!(ada.asks("what time do you close").await, "From 10 to 20.");

    std::fs::remove_file(folder.path().join("shop.yaml")).unwrap();
    running.logged("the old one stays in force");
    assert_eq!(ada.asks("your address").await, "In Linden Street.");

    file(folder.path(), "shop.yaml", SHOP.replace("Linden", "Harbour"));
    running.logged("knowledge base replaced");
    assert_eq!(ada.asks("your address").await, "In Harbour Street.");
    stop(running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_answered_is_learnt_with_a_persons_word_and_answered_then() {
    let server = centre().await;
    let folder = tempfile::tempdir().unwrap();
    let base = file(folder.path(), "shop.yaml", SHOP);
    let lessons = folder.path().join("lessons.jsonl");
    let running = start(folder.path(), &server, "reload = \"50ms\"\nlearn = \"lessons.jsonl\"");
    let mut ada = Customer::arrive(&server).await;
    ada.hears().await;

    // 1. Nobody knows, and what is private does not reach the file.
    let unknown = "могу ли я вернуть деньги ada@example.org";
    let sorry = ada.asks(unknown).await;
    assert!(!sorry.contains("five days"), "{sorry}");
    // 2. Choices are offered, and the customer picks one.
    let vague = "change my card";
    let offered = ada.asks(vague).await;
    let choice = offered.lines().find_map(|line| line.strip_suffix(". A higher limit")).expect(&offered);
    assert_eq!(ada.asks(choice).await, "On the phone.");

    let learnt = tokio::time::timeout(DEADLINE, async {
        loop {
            let text = std::fs::read_to_string(&lessons).unwrap_or_default();
            if text.lines().count() >= 2 {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(20)).await; // looks again, never decides by itself
        }
    });
    let learnt = learnt.await.expect("the lessons are kept within the deadline");
    assert!(learnt.contains("могу ли я вернуть деньги [email]") && !learnt.contains("example.org"), "{learnt}");
    assert!(learnt.contains("\"picked\"") && learnt.contains(vague), "{learnt}");

    // 3. A person looks at the suggestions, and accepts.
    let log = lessons.to_str().unwrap();
    let suggested = run(&["faq", "suggest", &base, "--log", log, "--json"]).json();
    let suggestions = suggested["suggestions"].as_array().unwrap().clone();
    assert_eq!(suggestions.len(), 2, "{suggested}");
    let picked = suggestions.iter().position(|one| one["advice"] == "add-picked").expect("a pick counts");
    assert_eq!(
        (&suggestions[picked]["answer"], &suggestions[picked]["questions"][0]["text"]),
        (&json!("limit"), &json!(vague))
    );
    let open = 1 - picked;
    assert_eq!(suggestions[open]["advice"], "new-answer", "{suggested}");
    let accept = |number: usize, more: &[&str]| {
        finish(
            attendant().args(["faq", "suggest", &base, "--log", log, "--accept", &(number + 1).to_string()]).args(more),
        )
    };
    let refused = accept(open, &[]);
    assert_eq!(refused.status, Some(2), "nothing is guessed: {refused:?}");
    assert!(refused.err.contains("--to"), "{refused:?}");
    let taken = accept(picked, &[]);
    assert_eq!(taken.status, Some(0), "{taken:?}");
    running.logged("knowledge base replaced");
    let taken = accept(0, &["--to", "refund"]);
    assert_eq!(taken.status, Some(0), "{taken:?}");
    running.logged("knowledge base replaced");

    // 4. The chat that asked in vain is answered now; nothing is left to suggest.
    assert_eq!(ada.asks("могу ли я вернуть деньги").await, "In five days.");
    assert_eq!(ada.asks(vague).await, "On the phone.");
    assert_eq!(run(&["faq", "suggest", &base, "--log", log, "--json"]).json()["suggestions"], json!([]));
    stop(running).await;
}
