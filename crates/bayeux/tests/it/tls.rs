//! CK9, CK10, LP11, LP12: TLS, HTTP/2 and proxies, for both transports through the one HTTP client.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bayeux::{Client, Error, Event, FailureKind, TransportKind};
use http::Version;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::server::{Server, answer, standard, text};
use crate::support::*;

/// A certificate authority, and what it has signed.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    fn sign(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn root(&self) -> reqwest::Certificate {
        reqwest::Certificate::from_pem(self.issuer.pem().as_bytes()).unwrap()
    }

    /// A server that is called by this name, and may want certificates of its clients.
    async fn server(&self, name: &str, wants_clients: bool) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let frames = |message| vec![text(&standard(&message))];
        let acceptor = TlsAcceptor::from(Arc::new(self.config(name, wants_clients)));
        Server::on(listener, Arc::new(answer), Arc::new(frames), Some(acceptor))
    }

    fn config(&self, name: &str, wants_clients: bool) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let builder = if wants_clients {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone()];
        builder.with_single_cert(chain, PrivateKeyDer::try_from(key.serialize_der()).unwrap()).unwrap()
    }
}

async fn connect(url: String, kind: TransportKind, http: reqwest::Client) -> Result<Client, FailureKind> {
    let client = Client::builder(url).transports([kind]).http(http).build().unwrap();
    let mut events = client.events().await;
    let opening = opening(&client);
    let first = event(&mut events, |event| match event {
        Event::Connected { .. } => Some(Ok(())),
        Event::Retrying { error: Error::Transport(failure), .. }
        | Event::Closed { reason: Error::Transport(failure) } => Some(Err(failure.kind)),
        _ => None,
    });
    let first = tokio::time::timeout(10 * SECOND, first).await.expect("in time");
    opening.abort();
    first.map(|()| client)
}

/// CK9: an authority of one's own is trusted when it is given, for the names it signed, and not otherwise; on both transports.
#[tokio::test]
async fn custom_roots() {
    let authority = Authority::new();
    let server = authority.server("localhost", false).await;
    let named = format!("https://localhost:{}/cometd", server.address.port());
    let unnamed = format!("https://127.0.0.1:{}/cometd", server.address.port());
    let trusting = bayeux::http_client().tls_certs_only([authority.root()]).build().unwrap();
    let extra = bayeux::http_client().tls_certs_merge([authority.root()]).build().unwrap();
    let system = bayeux::http_client().build().unwrap();
    for kind in [LP, WS] {
        for http in [&trusting, &extra] {
            let client = connect(named.clone(), kind, http.clone()).await.unwrap();
            client.publish("/a", &1).await.unwrap();
        }
        assert_eq!(connect(named.clone(), kind, system.clone()).await.unwrap_err(), FailureKind::Tls);
        assert_eq!(
            connect(unnamed.clone(), kind, trusting.clone()).await.unwrap_err(),
            FailureKind::Tls,
            "another name"
        );
    }
}

/// CK9: a server that wants a certificate gets it, on both transports.
#[tokio::test]
async fn client_certificates() {
    let authority = Authority::new();
    let server = authority.server("localhost", true).await;
    let url = format!("https://localhost:{}/cometd", server.address.port());
    let (certificate, key) = authority.sign("client");
    let identity = reqwest::Identity::from_pem(format!("{key}{certificate}").as_bytes()).unwrap();
    let known = bayeux::http_client().tls_certs_only([authority.root()]).identity(identity).build().unwrap();
    let unknown = bayeux::http_client().tls_certs_only([authority.root()]).build().unwrap();
    for kind in [LP, WS] {
        connect(url.clone(), kind, known.clone()).await.unwrap();
        assert!(connect(url.clone(), kind, unknown.clone()).await.is_err());
    }
}

/// A proxy that notes where it was asked to go, and goes there.
async fn proxy() -> (SocketAddr, Arc<Mutex<Vec<String>>>, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let (noted, mut tasks) = (asked.clone(), JoinSet::new());
    tasks.spawn(async move {
        let mut open = JoinSet::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let noted = noted.clone();
            open.spawn(async move {
                let mut head = Vec::new();
                while !head.windows(4).any(|window| window == b"\r\n\r\n") {
                    let mut chunk = [0; 1024];
                    let count = stream.read(&mut chunk).await.unwrap();
                    if count == 0 {
                        return;
                    }
                    head.extend_from_slice(&chunk[..count]);
                }
                let text = String::from_utf8_lossy(&head).into_owned();
                let line = text.lines().next().unwrap().to_owned();
                let target = line.split(' ').nth(1).unwrap().to_owned();
                noted.lock().unwrap().push(line.clone());
                if line.starts_with("CONNECT") {
                    let mut server = TcpStream::connect(target).await.unwrap();
                    stream.write_all(b"HTTP/1.1 200 X\r\n\r\n").await.unwrap();
                    let _ = copy_bidirectional(&mut stream, &mut server).await;
                } else {
                    let url = url::Url::parse(&target).unwrap();
                    let mut server = TcpStream::connect((url.host_str().unwrap(), url.port().unwrap())).await.unwrap();
                    server.write_all(text.replacen(&target, url.path(), 1).as_bytes()).await.unwrap();
                    let _ = copy_bidirectional(&mut stream, &mut server).await;
                }
            });
        }
    });
    (address, asked, tasks)
}

/// CK10, LP12: a proxy is used for both transports: as a tunnel with TLS, with the whole URL without.
#[tokio::test]
async fn proxies() {
    let (address, asked, _tasks) = proxy().await;
    let authority = Authority::new();
    let secure = authority.server("localhost", false).await;
    let plain = Server::start(answer).await;
    let http = bayeux::http_client()
        .tls_certs_only([authority.root()])
        .proxy(reqwest::Proxy::all(format!("http://{address}")).unwrap())
        .build()
        .unwrap();
    for kind in [LP, WS] {
        connect(format!("https://localhost:{}/cometd", secure.address.port()), kind, http.clone()).await.unwrap();
        let line = asked.lock().unwrap().pop().unwrap();
        assert_eq!(line, format!("CONNECT localhost:{} HTTP/1.1", secure.address.port()));
        connect(plain.url(), kind, http.clone()).await.unwrap();
        let line = asked.lock().unwrap().pop().unwrap();
        assert!(line.contains(&format!("{}/cometd", plain.address)), "{line}");
    }
}

/// Serves one connection over HTTP/2.
async fn serve_http2(stream: TlsStream<TcpStream>, seen: Arc<Mutex<Vec<Version>>>) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        seen.lock().unwrap().push(request.version());
        let mut incoming = request.into_body();
        let mut body = Vec::new();
        // The connection must be driven on while a body is awaited.
        loop {
            tokio::select! {
                chunk = incoming.data() => match chunk {
                    Some(Ok(chunk)) => body.extend_from_slice(&chunk),
                    _ => break,
                },
                _ = std::future::poll_fn(|context| connection.poll_closed(context)) => return,
            }
        }
        let messages: Vec<serde_json::Value> = serde_json::from_slice(&body).unwrap();
        let replies: Vec<_> =
            messages.iter().flat_map(|message| standard(message).as_array().unwrap().clone()).collect();
        if replies.is_empty() {
            std::mem::forget(respond);
            continue;
        }
        let mut sending = respond.send_response(http::Response::new(()), false).unwrap();
        sending.send_data(json!(replies).to_string().into(), true).unwrap();
    }
}

/// LP11: where both sides have it, long-polling runs over HTTP/2, the held connect and the commands on one connection.
#[tokio::test]
async fn http_2() {
    let authority = Authority::new();
    let mut config = authority.config("localhost", false);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/cometd", listener.local_addr().unwrap().port());
    let seen: Arc<Mutex<Vec<Version>>> = Arc::default();
    let connections = Arc::new(AtomicUsize::new(0));
    let (noted, counted, mut tasks) = (seen.clone(), connections.clone(), JoinSet::new());
    tasks.spawn(async move {
        let mut open = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            let (acceptor, noted) = (acceptor.clone(), noted.clone());
            open.spawn(async move { serve_http2(acceptor.accept(stream).await.unwrap(), noted).await });
        }
    });
    let http = bayeux::http_client().tls_certs_only([authority.root()]).build().unwrap();
    let client = connect(url, LP, http).await.unwrap();
    client.publish("/a", &1).await.unwrap();
    assert!(seen.lock().unwrap().iter().all(|version| *version == Version::HTTP_2));
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}
