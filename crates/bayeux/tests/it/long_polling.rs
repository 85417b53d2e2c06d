//! LP: long-polling on real loopback sockets.

use bayeux::{Error, FailureKind, Options, PublishError, State};
use serde_json::json;

use crate::server::{Answer, Seen, Server, answer, client, opened, soon, standard};
use crate::support::*;

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
