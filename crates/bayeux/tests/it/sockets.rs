//! LP, WS, CK: the transports on real loopback sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bayeux::{
    Client, ClientBuilder, CookieJar, Error, Event, FailureKind, Options, PublishError, State, TransportKind,
};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use url::Url;

use crate::server::{Answer, Seen, Server, answer, standard, text};
use crate::support::*;

fn client(server: &Server, kind: TransportKind, set_up: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
    set_up(Client::builder(server.url()).transports([kind])).build().unwrap()
}

async fn soon<T>(what: impl IntoFuture<Output = T>) -> T {
    tokio::time::timeout(10 * SECOND, what.into_future()).await.expect("in time")
}

async fn opened(server: &Server, kind: TransportKind) -> Client {
    let client = client(server, kind, |builder| builder);
    soon(client.connect()).await.unwrap();
    client
}

/// Waits for what another task does; the deadline is the test's.
async fn until(mut condition: impl FnMut() -> bool) {
    soon(async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// LP1, LP2, MF3, MF12, RB11: POSTs of JSON in UTF-8 by bytes; two connections at most, the held connect on one of them.
#[tokio::test]
async fn long_polling_needs_two_connections() {
    let server = Server::start(answer).await;
    let client = opened(&server, LP).await;
    for _ in 0..10 {
        soon(client.publish("/a", &json!({"x": "ünï ☃ 😀"}))).await.unwrap();
    }
    soon(client.disconnect(SECOND)).await.unwrap();
    let seen = server.seen();
    assert!(seen.iter().all(|request| request.method == "POST" && request.path == "/cometd"));
    assert!(seen.iter().all(|request| request.header("content-type") == Some("application/json;charset=UTF-8")));
    let published: Vec<&Seen> = seen.iter().filter(|request| request.channel() == "/a").collect();
    assert_eq!(published[0].messages()[0]["data"]["x"], "ünï ☃ 😀");
    assert_eq!(*server.connections.lock().unwrap(), 2);
    let held = seen.iter().rfind(|request| request.channel() == "/meta/connect").unwrap();
    assert!(published.iter().all(|request| request.connection != held.connection));
    assert_eq!(seen.last().unwrap().channel(), "/meta/disconnect");
}

/// MF3: no content type, or another charset label, changes nothing.
#[tokio::test]
async fn content_types_do_not_matter() {
    for label in ["X-None: 1", "Content-Type: text/plain; charset=ISO-8859-1", "Content-Type: application/json"] {
        let server = Server::start(move |request| match request.messages().first() {
            Some(message) if message["channel"] == "/a" => {
                let mut replies = standard(message).as_array().unwrap().clone();
                replies.insert(0, delivery("/b", "ünï"));
                Answer::status(200, &[label], json!(replies).to_string())
            }
            _ => answer(request),
        })
        .await;
        let client = opened(&server, LP).await;
        let mut stream = soon(client.subscribe("/b")).await.unwrap();
        soon(client.publish("/a", &1)).await.unwrap();
        assert_eq!(soon(stream.next()).await.unwrap().parse::<String>().unwrap(), "ünï");
    }
}

/// LP3: the step is appended if the options say so.
#[tokio::test]
async fn steps_are_appended_by_choice() {
    let server = Server::start(answer).await;
    let client = client(&server, LP, |builder| builder.options(Options { url_suffix: true, ..Options::default() }));
    soon(client.connect()).await.unwrap();
    soon(client.publish("/a", &1)).await.unwrap();
    soon(client.disconnect(SECOND)).await.unwrap();
    let seen = server.seen();
    let path = |channel: &str| seen.iter().find(|request| request.channel() == channel).unwrap().path.clone();
    assert_eq!(path("/meta/handshake"), "/cometd/handshake");
    assert_eq!(path("/meta/connect"), "/cometd/connect");
    assert_eq!(path("/meta/disconnect"), "/cometd/disconnect");
    assert_eq!(path("/a"), "/cometd");
}

/// LP4, LP5, LP13, LP15, RB3: every bad answer has its own kind, fails its request and nothing else.
#[tokio::test]
async fn bad_answers_have_kinds() {
    let bomb = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        for _ in 0..64 {
            std::io::Write::write_all(&mut encoder, &vec![b' '; 1 << 20]).unwrap();
        }
        encoder.finish().unwrap()
    };
    assert!(bomb.len() < 100_000);
    let cases: Vec<(&str, Vec<u8>, FailureKind)> = vec![
        ("status", raw("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"), FailureKind::Status(500)),
        ("no content", raw("HTTP/1.1 204 X\r\n\r\n"), FailureKind::Status(204)),
        ("empty", raw("HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n"), FailureKind::BadBody),
        (
            "html",
            raw("HTTP/1.1 200 X\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>"),
            FailureKind::BadBody,
        ),
        (
            "elsewhere",
            raw("HTTP/1.1 302 X\r\nLocation: http://other.test/\r\nContent-Length: 0\r\n\r\n"),
            FailureKind::Redirect,
        ),
        ("nowhere", raw("HTTP/1.1 302 X\r\nContent-Length: 0\r\n\r\n"), FailureKind::Redirect),
        ("in a circle", raw("HTTP/1.1 307 X\r\nLocation: /cometd\r\nContent-Length: 0\r\n\r\n"), FailureKind::Redirect),
        ("cut short", raw("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[{\"ch\r\n"), FailureKind::Broken),
        (
            "too long",
            raw(&format!("HTTP/1.1 200 X\r\nContent-Length: 2000000\r\n\r\n{}", " ".repeat(2_000_000))),
            FailureKind::TooLarge,
        ),
        ("chunks without end", chunks(3000), FailureKind::TooLarge),
        ("a bomb", bombed(&bomb), FailureKind::TooLarge),
        (
            "bad gzip",
            raw("HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"),
            FailureKind::BadBody,
        ),
        ("no HTTP", raw("220 smtp ready\r\n\r\n"), FailureKind::Broken),
    ];
    for (name, bytes, kind) in cases {
        let server =
            Server::start(
                move |request| {
                    if request.channel() == "/a" { Answer::Last(bytes.clone()) } else { answer(request) }
                },
            )
            .await;
        let client = client(&server, LP, |builder| {
            builder.options(Options { max_receive_size: 1_000_000, ..Options::default() })
        });
        soon(client.connect()).await.unwrap();
        match soon(client.publish("/a", &1)).await {
            Err(PublishError::Unknown(Error::Transport(failure))) => {
                assert_eq!(failure.kind, kind, "{name}: {failure}");
            }
            other => panic!("{name}: {other:?}"),
        }
        soon(client.publish("/b", &1)).await.unwrap();
        assert_eq!(*client.state().borrow(), State::Connected, "{name}");
    }
}

fn raw(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn chunks(count: usize) -> Vec<u8> {
    let chunk = format!("400\r\n{}\r\n", " ".repeat(1024));
    raw(&format!("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n{}", chunk.repeat(count)))
}

fn bombed(bomb: &[u8]) -> Vec<u8> {
    let mut bytes = raw(&format!("HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", bomb.len()));
    bytes.extend_from_slice(bomb);
    bytes
}

/// LP5: on the same origin a redirect is followed with the method and the body kept.
#[tokio::test]
async fn a_redirect_on_the_same_origin_is_followed() {
    let server = Server::start(|request| {
        if request.path == "/cometd" {
            Answer::status(302, &["Location: /moved/cometd", "Set-Cookie: route=1; Path=/"], "")
        } else {
            answer(request)
        }
    })
    .await;
    let client = opened(&server, LP).await;
    soon(client.publish("/a", &1)).await.unwrap();
    let moved: Vec<Seen> = server.seen().into_iter().filter(|request| request.path == "/moved/cometd").collect();
    assert!(moved.iter().all(|request| request.method == "POST" && request.header("cookie") == Some("route=1")));
    assert!(moved.iter().any(|request| request.channel() == "/a"));
}

/// LP9: a connection that the server closed while it was idle does not fail the next request.
#[tokio::test]
async fn an_idle_connection_may_be_closed() {
    let server = Server::start(|request| match answer(request) {
        Answer::Raw(bytes) => Answer::Last(bytes),
        other => other,
    })
    .await;
    let client = opened(&server, LP).await;
    for _ in 0..20 {
        soon(client.publish("/a", &1)).await.unwrap();
    }
}

/// LP10: gzip and deflate are asked for and read.
#[tokio::test]
async fn compressed_answers_are_read() {
    for encoding in ["gzip", "deflate"] {
        let server = Server::start(move |request| {
            assert!(request.header("accept-encoding").unwrap().contains(encoding));
            let replies: Vec<_> =
                request.messages().iter().flat_map(|message| standard(message).as_array().unwrap().clone()).collect();
            if replies.is_empty() {
                return Answer::Hold;
            }
            let plain = json!(replies).to_string().into_bytes();
            let body = if encoding == "gzip" {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                std::io::Write::write_all(&mut encoder, &plain).unwrap();
                encoder.finish().unwrap()
            } else {
                let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
                std::io::Write::write_all(&mut encoder, &plain).unwrap();
                encoder.finish().unwrap()
            };
            Answer::status(200, &[&format!("Content-Encoding: {encoding}")], body)
        })
        .await;
        opened(&server, LP).await;
    }
}

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

/// WS1, WS14, WS17: one socket carries everything, its URL may be its own, and it is closed with 1000 after the good-bye.
#[tokio::test]
async fn one_socket_carries_everything() {
    let server = Server::start(answer).await;
    let url = server.url().replace("http:", "ws:").replace("/cometd", "/own");
    let client = Client::builder("http://127.0.0.1:1/unused").transports([WS]).url_for(WS, url).build().unwrap();
    soon(client.connect()).await.unwrap();
    soon(client.publish("/a", &json!({"x": "ünïcode"}))).await.unwrap();
    soon(client.disconnect(SECOND)).await.unwrap();
    until(|| !server.closed.lock().unwrap().is_empty()).await;
    assert_eq!(*server.closed.lock().unwrap(), [Some(1000)]);
    assert_eq!(server.seen().iter().map(|request| request.path.as_str()).collect::<Vec<_>>(), ["/own"]);
    let channels: Vec<String> =
        server.frames.lock().unwrap().iter().map(|frame| frame["channel"].as_str().unwrap().to_owned()).collect();
    assert_eq!(channels, ["/meta/handshake", "/meta/connect", "/meta/connect", "/a", "/meta/disconnect"]);
}

/// WS7: opening has its time.
#[tokio::test]
async fn opening_a_socket_has_its_time() {
    let server = Server::start(|_| Answer::Hold).await;
    let options = Options { open_timeout: SECOND / 5, ..Options::default() };
    let client = client(&server, WS, |builder| builder.options(options));
    let mut events = client.events().await;
    let opening = opening(&client);
    let error =
        soon(event(&mut events, |event| if let Event::Retrying { error, .. } = event { Some(error) } else { None }))
            .await;
    assert!(matches!(error, Error::Transport(failure) if failure.kind == FailureKind::Timeout && !failure.maybe_sent));
    opening.abort();
}

/// WS8, NG1: a server without WebSockets is found out, and served by long-polling.
#[tokio::test]
async fn a_server_without_websockets() {
    for status in [400, 403, 404, 200] {
        let server = Server::start(move |request| match answer(request) {
            Answer::Upgrade(_) => Answer::status(status, &[], ""),
            other => other,
        })
        .await;
        let client = Client::builder(server.url()).authenticator(Nothing).transports([WS, LP]).build().unwrap();
        if status == 403 {
            // It may mean either: credentials are renewed first.
            continue;
        }
        soon(client.connect()).await.unwrap();
        assert_eq!(client.status().await.unwrap().transport, LP);
    }
}

struct Nothing;

#[async_trait::async_trait]
impl bayeux::Authenticator for Nothing {
    async fn authenticate(&self, _: bayeux::Occasion) -> Result<(), bayeux::AuthError> {
        Ok(())
    }
}

/// WS10: a subprotocol is offered; a server that takes it or none is fine, one that takes another is not.
#[tokio::test]
async fn subprotocols() {
    for (answered, good) in [(vec![], true), (vec!["bayeux"], true), (vec!["other"], false)] {
        let server = Server::start(move |request| match answer(request) {
            Answer::Upgrade(_) => {
                assert_eq!(request.header("sec-websocket-protocol"), Some("bayeux"));
                Answer::Upgrade(answered.iter().map(|name| format!("Sec-WebSocket-Protocol: {name}")).collect())
            }
            other => other,
        })
        .await;
        let client = client(&server, WS, |builder| builder.websocket_protocol("bayeux"));
        assert_eq!(soon(client.connect()).await.is_ok(), good);
    }
}

/// WS11, WS12, WS3: pings are answered, big and fragmented messages are read, also several in one frame.
#[tokio::test]
async fn pings_and_big_messages() {
    let big = "x".repeat(3 << 20);
    let sent = big.clone();
    let server = Server::with_frames(answer, move |message| {
        let reply = text(&standard(&message));
        if message["channel"] == "/a" {
            let deliveries =
                json!([delivery("/b", sent.as_str()), delivery("/b", message["data"].as_str().unwrap().len())]);
            vec![Message::Ping(vec![1, 2].into()), text(&deliveries), reply]
        } else {
            vec![reply]
        }
    })
    .await;
    let options = Options { max_send_size: 8 << 20, ..Options::default() };
    let client = client(&server, WS, |builder| builder.options(options));
    soon(client.connect()).await.unwrap();
    let mut stream = soon(client.subscribe("/b")).await.unwrap();
    soon(client.publish("/a", big.as_str())).await.unwrap();
    assert_eq!(soon(stream.next()).await.unwrap().parse::<String>().unwrap(), big);
    assert_eq!(soon(stream.next()).await.unwrap().parse::<usize>().unwrap(), big.len());
}

/// WS19, RB3, RB4: a frame that is binary, no JSON, or over the limit fails the socket, and the session goes on on another one.
#[tokio::test]
async fn bad_frames_fail_the_socket_only() {
    for bad in [
        Message::Binary(vec![1, 2, 3].into()),
        Message::Text("<html>".into()),
        Message::Text("[{\"channel\":".into()),
        Message::Text("x".repeat(2_000_000).into()),
    ] {
        let sent = bad.clone();
        let server = Server::with_frames(answer, move |message| {
            if message["channel"] == "/bad" { vec![sent.clone()] } else { vec![text(&standard(&message))] }
        })
        .await;
        let options = Options { max_receive_size: 1_000_000, ..Options::default() };
        let client = client(&server, WS, |builder| builder.options(options));
        soon(client.connect()).await.unwrap();
        let mut events = client.events().await;
        assert!(soon(client.publish("/bad", &1)).await.unwrap_err().may_have_arrived());
        soon(event(&mut events, |event| matches!(event, Event::Connected { again: true, .. }).then_some(()))).await;
        soon(client.publish("/a", &1)).await.unwrap();
        assert_eq!(*server.connections.lock().unwrap(), 2);
    }
}

/// WS5, FB7, DC8: a socket that the server closes is replaced with the same session, and only one is left.
#[tokio::test]
async fn a_closed_socket_is_replaced() {
    let server = Server::with_frames(answer, |message| {
        if message["channel"] == "/close" { vec![Message::Close(None)] } else { vec![text(&standard(&message))] }
    })
    .await;
    let client = opened(&server, WS).await;
    let mut events = client.events().await;
    assert!(soon(client.publish("/close", &1)).await.is_err());
    soon(event(&mut events, |event| matches!(event, Event::Connected { again: true, .. }).then_some(()))).await;
    let sessions = server.frames.lock().unwrap().iter().filter(|frame| frame["channel"] == "/meta/handshake").count();
    assert_eq!(sessions, 1);
    drop((client, events));
    until(|| server.closed.lock().unwrap().len() == 1).await;
}

/// WS15: a new session takes over the socket; nothing is opened twice.
#[tokio::test]
async fn a_new_session_does_not_leak_a_socket() {
    let rounds = AtomicUsize::new(0);
    let server = Server::with_frames(answer, move |message| {
        let mut reply = standard(&message);
        if message["channel"] == "/meta/connect" && rounds.fetch_add(1, Ordering::Relaxed) < 9 {
            reply = json!([{"channel": "/meta/connect", "id": message["id"], "successful": true}]);
            if rounds.load(Ordering::Relaxed).is_multiple_of(3) {
                reply[0]["successful"] = json!(false);
                reply[0]["error"] = json!("402::x");
            }
        }
        vec![text(&reply)]
    })
    .await;
    let client = opened(&server, WS).await;
    until(|| server.frames.lock().unwrap().iter().filter(|frame| frame["channel"] == "/meta/handshake").count() >= 3)
        .await;
    soon(client.publish("/a", &1)).await.unwrap();
    assert_eq!(*server.connections.lock().unwrap(), 1);
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
