//! CK, FB: what holds on real loopback sockets, whatever the transport.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bayeux::{Client, CookieJar, Error, Event, FailureKind, Options};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use url::Url;

use crate::server::{Answer, Seen, Server, answer, client, soon};
use crate::support::*;

/// CK1, CK5, WS13: cookies go back with every request and the upgrade, a changed one takes the place of the old one, and both
/// transports and the application share the jar.
#[tokio::test]
async fn cookies_go_back() {
    for kind in [LP, WS] {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        let server = Server::start(move |request| {
            let number = counted.fetch_add(1, Ordering::Relaxed);
            let cookie = format!("Set-Cookie: BAYEUX_BROWSER=b{number}; Path=/; HttpOnly");
            match answer(request) {
                Answer::Upgrade(_) => Answer::Upgrade(vec![cookie]),
                Answer::Raw(bytes) => {
                    let text = String::from_utf8(bytes).unwrap().replacen("\r\n", &format!("\r\n{cookie}\r\n"), 1);
                    Answer::Raw(text.into_bytes())
                }
                other => other,
            }
        })
        .await;
        let jar = CookieJar::new();
        let url = Url::parse(&server.url()).unwrap();
        jar.set(&url, "JSESSIONID=preset; Path=/").unwrap();
        let client = client(&server, kind, |builder| builder.cookies(jar.clone()));
        soon(client.connect()).await.unwrap();
        assert_eq!(server.seen()[0].header("cookie"), Some("JSESSIONID=preset"));
        if kind == LP {
            soon(client.publish("/a", &1)).await.unwrap();
            let seen = server.seen();
            let cookies: Vec<&str> = seen.iter().map(|request| request.header("cookie").unwrap()).collect();
            assert!(
                cookies[1].contains("BAYEUX_BROWSER=b0") && cookies[2].contains("BAYEUX_BROWSER=b1"),
                "{cookies:?}"
            );
        }
        assert!(jar.get(&url, "BAYEUX_BROWSER").is_some());
        assert_eq!(client.cookies().get(&url, "JSESSIONID").as_deref(), Some("preset"));
    }
}

/// CK4: two sessions that share one HTTP client do not share their cookies.
#[tokio::test]
async fn sessions_do_not_share_cookies() {
    let server = Server::start(|request| {
        let fresh = request.header("cookie").is_none();
        match answer(request) {
            Answer::Raw(bytes) if fresh => {
                let text = String::from_utf8(bytes).unwrap().replacen(
                    "\r\n",
                    "\r\nSet-Cookie: BAYEUX_BROWSER=x; Path=/\r\n",
                    1,
                );
                Answer::Raw(text.into_bytes())
            }
            other => other,
        }
    })
    .await;
    let http = bayeux::http_client().build().unwrap();
    for _ in 0..2 {
        let client = client(&server, LP, |builder| builder.http(http.clone()));
        soon(client.connect()).await.unwrap();
        soon(client.disconnect(SECOND)).await.unwrap();
    }
    let handshakes: Vec<Seen> =
        server.seen().into_iter().filter(|request| request.channel() == "/meta/handshake").collect();
    assert!(handshakes.iter().all(|request| request.header("cookie").is_none()));
}

/// CK7, WS13: headers of the caller are asked for anew for each request and each upgrade.
#[tokio::test]
async fn headers_of_the_caller() {
    for kind in [LP, WS] {
        let server = Server::start(answer).await;
        let count = AtomicUsize::new(1);
        let client = client(&server, kind, |builder| {
            builder.headers(move |headers| {
                let number = count.fetch_add(1, Ordering::Relaxed);
                headers.insert("authorization", format!("Bearer {number}").parse().unwrap());
                headers.insert("x-csrf-token", "t".parse().unwrap());
            })
        });
        soon(client.connect()).await.unwrap();
        let seen = server.seen();
        assert_eq!(seen[0].header("authorization"), Some("Bearer 1"));
        assert!(seen.iter().all(|request| request.header("x-csrf-token") == Some("t")));
        if kind == LP {
            assert_eq!(seen[1].header("authorization"), Some("Bearer 2"));
        }
    }
}

/// FB11: a host that does not resolve, a port where nobody listens, a server that says nothing, and one that speaks no TLS.
#[tokio::test]
async fn failures_of_the_way_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plain_address = plain.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        while let Ok((mut stream, _)) = plain.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 X\r\n\r\n").await;
        }
    });
    let refused = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let cases = [
        ("http://does-not-exist.invalid/".to_owned(), FailureKind::Dns, false),
        (format!("http://{refused}/"), FailureKind::Refused, false),
        (format!("http://{}/", listener.local_addr().unwrap()), FailureKind::Timeout, true),
        (format!("https://{plain_address}/"), FailureKind::Tls, false),
    ];
    for kind in [LP, WS] {
        for (url, failure, sent) in &cases {
            let options = Options { max_network_delay: SECOND / 4, open_timeout: SECOND / 4, ..Options::default() };
            let client = Client::builder(url.clone()).transports([kind]).options(options).build().unwrap();
            let mut events = client.events().await;
            let opening = opening(&client);
            let error =
                soon(event(
                    &mut events,
                    |event| if let Event::Retrying { error, .. } = event { Some(error) } else { None },
                ))
                .await;
            match error {
                Error::Transport(found) => {
                    assert_eq!(found.kind, *failure, "{url}: {found}");
                    assert_eq!(found.maybe_sent, *sent && kind == LP, "{url}");
                }
                other => panic!("{other:?}"),
            }
            opening.abort();
        }
    }
}
