//! Starting, stopping, configuring.

use std::time::Duration;

use serde_json::json;
use simulator::{AgentProfile, Error, Options, QueueProfile, Server};

use crate::client::{Agent, options, start};

#[tokio::test]
async fn a_centre_that_makes_no_sense_does_not_start() {
    let mut none = options();
    none.centre.queues.clear();
    let mut twice = options();
    twice.centre.agents.push(AgentProfile::new("bot-01", ""));
    let mut queues = options();
    queues.centre.queues.push(QueueProfile::new("chat_in"));
    let mut mute = options();
    (mute.notifications.long_polling, mute.notifications.websocket) = (false, false);
    for bad in [none, twice, queues, mute] {
        assert!(matches!(Server::start(bad).await, Err(Error::Centre(_))));
    }
    let first = start(options()).await;
    let taken = Server::start(options().with_address(first.address())).await;
    assert!(matches!(taken, Err(Error::Listen { .. })));
}

#[test]
fn options_are_read_with_defaults_and_unknown_keys_are_refused() {
    assert_eq!(serde_json::from_value::<Options>(json!({})).unwrap(), Options::default());
    let read = json!({
        "centre": { "agents": [{ "user": "bot-01", "password": "x", "skills": ["bot"],
            "script": { "accept_after": 10, "then": { "to-queue": "chat_in" } } }] },
        "rules": { "offer_deadline": 1500 }, "notifications": { "hold": 20, "acknowledgement": "detailed" },
        "families": "chats",
    });
    let options: Options = serde_json::from_value(read).unwrap();
    assert_eq!(options.rules.offer_deadline, Duration::from_millis(1500));
    assert_eq!(options.centre.agents[0].capacity, 1);
    let again: Options = serde_json::from_value(serde_json::to_value(&options).unwrap()).unwrap();
    assert_eq!(again, options);
    assert!(serde_json::from_value::<Options>(json!({ "offer_deadlin": 1 })).is_err());
}

#[tokio::test]
async fn shutdown_and_dropping_the_last_handle_close_the_port_and_held_connects() {
    let handle = start(options()).await;
    let mut bot = Agent::bot(&handle);
    bot.handshake(serde_json::Value::Null).await;
    bot.connect().await;
    let message = bot.connect_message();
    let held = bot.post_request("/api/v2/notifications", &message).send();
    let stop = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        handle.shutdown().await;
        handle.shutdown().await;
    };
    let (answer, ()) = tokio::join!(held, stop);
    assert!(answer.is_err());
    assert!(tokio::net::TcpStream::connect(handle.address()).await.is_err());

    let handle = start(options()).await;
    let address = handle.address();
    let other = handle.clone();
    drop(handle);
    assert!(tokio::net::TcpStream::connect(address).await.is_ok(), "a clone keeps it running");
    drop(other);
    let closed = tokio::time::timeout(Duration::from_secs(5), async {
        while tokio::net::TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    });
    assert!(closed.await.is_ok());
}
