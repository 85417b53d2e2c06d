//! Connections: accepts them, serves HTTP/1.1 on each, and cuts one where a fault says that its answer is lost.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::trouble::Cut;

/// A connection on which no request begins for this time is closed.
const IDLE: std::time::Duration = std::time::Duration::from_secs(75);

#[derive(Debug, thiserror::Error)]
#[error("the answer is lost on purpose")]
struct Lost;

/// Accepts until it is cancelled.
pub async fn accept(listener: TcpListener, router: Router, tasks: TaskTracker, cancel: CancellationToken) {
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    tasks.spawn(serve(stream, peer, router.clone(), cancel.clone()));
                }
                Err(error) => {
                    // Out of file descriptors, usually: nothing to do but to let others go first.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            },
            () = cancel.cancelled() => return,
        }
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, router: Router, cancel: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            let Ok(response) = tower_service::Service::call(&mut { router }, request).await;
            if response.extensions().get::<Cut>().is_some() { Err(Lost) } else { Ok(response) }
        }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::select! {
        result = connection => {
            if let Err(error) = result {
                tracing::debug!(%error, "a connection ended");
            }
        }
        () = cancel.cancelled() => {}
    }
}
