//! Long-polling: each exchange is a request of its own, so that commands never wait behind the held connect.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, StatusCode, header};
use url::Url;

use super::http::{Way, failure};
use super::{Arrival, Request, Transport};
use crate::error::{Failure, FailureKind};
use crate::machine::ExchangeId;
use crate::options::TransportKind;

/// Redirects that one request may take.
const REDIRECTS: usize = 5;

type Answer = Pin<Box<dyn Future<Output = Result<Bytes, Failure>> + Send>>;

pub(crate) struct LongPolling {
    way: Way,
    /// Whether to append the step to the URL.
    suffix: bool,
    requests: Vec<(ExchangeId, Answer)>,
    waker: Option<Waker>,
}

impl LongPolling {
    pub fn new(way: Way, suffix: bool) -> Self {
        let suffix = suffix && takes_suffix(&way.url);
        Self { way, suffix, requests: Vec::new(), waker: None }
    }
}

/// A URL with a query, a fragment or a file name at its end is taken as it is.
fn takes_suffix(url: &Url) -> bool {
    let file = url.path().rsplit('/').next().is_some_and(|last| last.contains('.'));
    url.query().is_none() && url.fragment().is_none() && !file
}

fn with_step(url: &Url, step: &str) -> Url {
    let mut url = url.clone();
    let path = format!("{}/{step}", url.path().trim_end_matches('/'));
    url.set_path(&path);
    url
}

impl Transport for LongPolling {
    fn kind(&self) -> TransportKind {
        TransportKind::LongPolling
    }

    fn send(&mut self, request: Request) {
        let url = match request.step {
            Some(step) if self.suffix => with_step(&self.way.url, step),
            _ => self.way.url.clone(),
        };
        let answer = Box::pin(exchange(self.way.clone(), url, request.body));
        self.requests.push((request.exchange, answer));
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn forget(&mut self, exchange: ExchangeId) {
        self.requests.retain(|(id, _)| *id != exchange);
    }

    fn shut(&mut self, _gracefully: bool) {
        self.requests.clear();
    }

    fn poll(&mut self, context: &mut Context<'_>, _read: bool) -> Poll<Arrival> {
        for position in 0..self.requests.len() {
            if let Poll::Ready(answer) = self.requests[position].1.as_mut().poll(context) {
                let exchange = Some(self.requests.remove(position).0);
                return Poll::Ready(match answer {
                    Ok(body) => Arrival::Body { exchange, body },
                    Err(failure) => Arrival::Failed { exchange, failure },
                });
            }
        }
        self.waker = Some(context.waker().clone());
        Poll::Pending
    }

    fn move_to(&mut self, host: &str) {
        self.way.move_to(host);
    }

    fn aim(&mut self, url: &Url) {
        self.way.url = url.clone();
    }
}

/// One POST and its answer. Redirects are followed with the method and the body kept, and only on the same origin: cookies
/// and credentials do not leave it.
async fn exchange(way: Way, mut url: Url, body: Bytes) -> Result<Bytes, Failure> {
    for _ in 0..=REDIRECTS {
        let mut headers = way.headers(&url);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json;charset=UTF-8"));
        let response =
            way.client.post(url.clone()).headers(headers).body(body.clone()).send().await.map_err(failure)?;
        way.jar.store(response.url(), response.headers());
        let status = response.status();
        if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
            let next = response
                .headers()
                .get(header::LOCATION)
                .and_then(|location| location.to_str().ok())
                .and_then(|location| url.join(location).ok());
            match next {
                Some(next) if next.origin() == url.origin() => url = next,
                Some(_) => return Err(Failure::sent(FailureKind::Redirect, "to another origin")),
                None => return Err(Failure::sent(FailureKind::Redirect, "to nowhere")),
            }
            continue;
        }
        if status != StatusCode::OK {
            return Err(Failure::sent(FailureKind::Status(status.as_u16()), ""));
        }
        return read(response, way.max_receive_size).await;
    }
    Err(Failure::sent(FailureKind::Redirect, "too many"))
}

/// Reads a body up to the limit. It counts what comes out of decompression, piece by piece.
async fn read(mut response: reqwest::Response, limit: usize) -> Result<Bytes, Failure> {
    let too_large = || Failure::sent(FailureKind::TooLarge, format!("the limit is {limit} bytes"));
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    let Some(first) = response.chunk().await.map_err(failure)? else { return Ok(Bytes::new()) };
    let mut rest = BytesMut::new();
    let mut size = first.len();
    while let Some(chunk) = response.chunk().await.map_err(failure)? {
        if rest.is_empty() {
            rest.reserve(first.len() + chunk.len());
            rest.extend_from_slice(&first);
        }
        size += chunk.len();
        if size > limit {
            return Err(too_large());
        }
        rest.extend_from_slice(&chunk);
    }
    if size > limit {
        return Err(too_large());
    }
    // Most answers come in one piece, which is then not copied.
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// LP3
    #[test]
    fn the_step_is_appended_to_plain_urls_only() {
        let url = |text: &str| Url::parse(text).unwrap();
        assert!(takes_suffix(&url("http://h/cometd")));
        assert!(takes_suffix(&url("http://h/cometd/")));
        assert!(!takes_suffix(&url("http://h/cometd?x=1")));
        assert!(!takes_suffix(&url("http://h/cometd#x")));
        assert!(!takes_suffix(&url("http://h/cometd.php")));
        assert_eq!(with_step(&url("http://h/cometd/"), "connect").as_str(), "http://h/cometd/connect");
        assert_eq!(with_step(&url("http://h/cometd"), "handshake").as_str(), "http://h/cometd/handshake");
    }
}
