//! What both transports share: one HTTP client, one jar, the caller's headers, and the reading of HTTP failures.

use std::error::Error as StdError;
use std::io::ErrorKind;
use std::sync::Arc;

use http::HeaderMap;
use url::Url;

use crate::cookies::CookieJar;
use crate::error::{Error, Failure, FailureKind};
use crate::options::TransportKind;

/// Adds headers to a request.
pub(crate) type HeaderHook = Arc<dyn Fn(&mut HeaderMap) + Send + Sync>;

/// The way to one server for one session.
#[derive(Clone)]
pub(crate) struct Way {
    pub client: reqwest::Client,
    pub jar: CookieJar,
    pub headers: Option<HeaderHook>,
    pub url: Url,
    pub max_receive_size: usize,
}

impl Way {
    /// The headers of a request: the caller's, and the cookies for this URL, both as they are now.
    pub fn headers(&self, url: &Url) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(hook) = &self.headers {
            hook(&mut headers);
        }
        if let Some(cookies) = self.jar.header_for(url) {
            headers.insert(http::header::COOKIE, cookies);
        }
        headers
    }

    /// The same path on another host.
    pub fn move_to(&mut self, host: &str) {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !name.is_empty() && port.parse::<u16>().is_ok() => (name, port.parse().ok()),
            _ => (host, None),
        };
        if self.url.set_host(Some(name)).is_ok() {
            let _ = self.url.set_port(port);
        }
    }
}

/// Builds the HTTP client that both transports like: rustls with `ring` and the system's roots, no redirects by itself, no
/// delay of small packets. Change what you want and pass the result to
/// [`ClientBuilder::http`](crate::ClientBuilder::http); share one client between as many sessions as you have.
///
/// Custom roots (`tls_certs_merge`, `tls_certs_only`), client certificates (`identity`) and proxies (`proxy`) are set here,
/// for both transports at once.
pub fn http_client() -> reqwest::ClientBuilder {
    // The process may have chosen a provider already; then that one is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .tcp_nodelay(true)
        .pool_max_idle_per_host(usize::MAX)
}

pub(crate) fn default_client(kind: TransportKind) -> Result<reqwest::Client, Error> {
    let builder = http_client();
    let builder = if kind == TransportKind::WebSocket { builder.http1_only() } else { builder };
    builder.build().map_err(|error| Error::Config(format!("the HTTP client cannot be built: {}", chain(&error))))
}

/// Reads what went wrong from an HTTP client's error.
#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
pub(crate) fn failure(error: reqwest::Error) -> Failure {
    let detail = chain(&error);
    let io = find::<std::io::Error>(&error).map(std::io::Error::kind);
    if find::<rustls::Error>(&error).is_some() {
        return Failure { kind: FailureKind::Tls, maybe_sent: !error.is_connect(), detail };
    }
    if error.is_dns() {
        return Failure::unsent(FailureKind::Dns, detail);
    }
    if error.is_connect() {
        let kind = if error.is_timeout() { FailureKind::Timeout } else { FailureKind::Refused };
        return Failure::unsent(kind, detail);
    }
    if error.is_builder() {
        return Failure::unsent(FailureKind::Unusable, detail);
    }
    let kind = match io {
        _ if error.is_timeout() => FailureKind::Timeout,
        // Decompression says so; everything else that ends a body early is the connection.
        Some(ErrorKind::InvalidData | ErrorKind::InvalidInput) => FailureKind::BadBody,
        _ if error.is_redirect() => FailureKind::Redirect,
        _ => FailureKind::Broken,
    };
    Failure::sent(kind, detail)
}

/// The causes in words, without the URL, which may carry secrets.
fn chain(error: &reqwest::Error) -> String {
    let mut words = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push(error.to_string());
        cause = error.source();
    }
    words.dedup();
    words.join(": ")
}

fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        // An io::Error hides what it wraps from source().
        if let Some(inner) = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref)
            && let Some(found) = find::<E>(inner)
        {
            return Some(found);
        }
        cause = error.source();
    }
    None
}
