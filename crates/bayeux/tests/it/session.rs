//! Sessions on scripted transports: the way through a whole life.

use bayeux::{Event, State};
use serde_json::json;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn a_session_opens_subscribes_publishes_and_closes() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    assert_eq!(*client.state().borrow(), State::Connected);
    let (subscription, ()) = tokio::join!(async { client.subscribe(["/a/*", "/b"]).await }, async {
        let call = script.expect("/meta/subscribe").await;
        assert_eq!(call.messages[0]["subscription"], json!(["/a/*", "/b"]));
        call.reply(json!({}));
    });
    let mut subscription = subscription.unwrap();
    held.reply_with(json!({}), json!([delivery("/a/x", 1), delivery("/b", 2)]));
    assert_eq!(subscription.next().await.unwrap().parse::<u32>().unwrap(), 1);
    assert_eq!(subscription.next().await.unwrap().channel().as_str(), "/b");
    let _held = script.expect("/meta/connect").await;
    let (published, ()) = tokio::join!(async { client.publish("/a/y", "text").await }, async {
        let call = script.expect("/a/y").await;
        assert_eq!(call.messages[0]["data"], "text");
        call.reply(json!({}));
    });
    published.unwrap();
    let (closed, ()) = tokio::join!(client.disconnect(5 * SECOND), async {
        script.expect("/meta/disconnect").await.reply(json!({}));
    });
    closed.unwrap();
    assert_eq!(*client.state().borrow(), State::Disconnected);
    assert!(subscription.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_lost_session_is_replaced_and_its_subscriptions_restored() {
    let (client, mut script, held) = connected(LP, |builder| builder).await;
    let (subscription, ()) = tokio::join!(async { client.subscribe(["/a", "/b"]).await }, async {
        script.expect("/meta/subscribe").await.reply(json!({}));
    });
    let mut subscription = subscription.unwrap();
    let mut events = client.events().await;
    held.reply(json!({"successful": false, "error": "402::session_unknown", "advice": {"reconnect": "handshake", "interval": 0}}));
    script
        .expect("/meta/handshake")
        .await
        .reply(json!({"clientId": "client-2", "supportedConnectionTypes": ["long-polling"]}));
    let restored = script.next().await;
    assert_eq!(restored.channels(), ["/meta/subscribe", "/meta/subscribe"]);
    restored.reply(json!({}));
    let gap = event(&mut events, |event| match event {
        Event::Established { gap, first: false, .. } => Some(gap),
        _ => None,
    })
    .await;
    assert!(gap);
    let connect = script.expect("/meta/connect").await;
    assert_eq!(connect.messages[0]["clientId"], "client-2");
    connect.reply_with(json!({}), json!([delivery("/b", "again")]));
    assert_eq!(subscription.next().await.unwrap().parse::<String>().unwrap(), "again");
}
