//! The transports on real loopback sockets.

use bayeux::{Client, TransportKind};
use serde_json::json;

use crate::server::{Server, answer};
use crate::support::*;

async fn opened(server: &Server, transports: &[TransportKind]) -> Client {
    let client = Client::builder(server.url()).transports(transports.iter().copied()).build().unwrap();
    tokio::time::timeout(10 * SECOND, client.connect()).await.expect("in time").unwrap();
    client
}

#[tokio::test]
async fn long_polling_works_on_real_sockets() {
    let server = Server::start(answer).await;
    let client = opened(&server, &[LP]).await;
    client.publish("/a", &json!({"x": "ünïcode"})).await.unwrap();
    client.disconnect(SECOND).await.unwrap();
    let channels: Vec<String> = server.seen().iter().map(crate::server::Seen::channel).collect();
    assert!(channels.contains(&"/a".to_owned()), "{channels:?}");
    assert_eq!(channels.last().map(String::as_str), Some("/meta/disconnect"));
}

/// WS1, WS14: one socket for everything, closed with 1000 after the good-bye.
#[tokio::test]
async fn websocket_works_on_real_sockets() {
    let server = Server::start(answer).await;
    let client = opened(&server, &[WS]).await;
    client.publish("/a", &json!({"x": "ünïcode"})).await.unwrap();
    client.disconnect(SECOND).await.unwrap();
    for _ in 0..100 {
        if !server.closed.lock().unwrap().is_empty() {
            break;
        }
        tokio::time::sleep(SECOND / 50).await;
    }
    assert_eq!(*server.closed.lock().unwrap(), [Some(1000)]);
    assert_eq!(server.seen().len(), 1);
}
