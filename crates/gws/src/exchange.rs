//! One request and its answer for one login: cookies, credentials, CSRF token, renewal of the session, repetition.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bayeux::CookieJar;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use tokio::time::Instant;
use url::Url;

use crate::answer::Answer;
use crate::error::Outcome;
use crate::request::{Repeat, Request};
use crate::session::Credentials;
use crate::{Client, Error};

/// Where servers put the name and the value of the CSRF header.
const CSRF_NAME: &str = "x-csrf-header";
const CSRF_VALUE: &str = "x-csrf-token";

/// What one login sends with every request.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub client: Client,
    pub credentials: Credentials,
    pub jar: CookieJar,
    csrf: Mutex<Option<(HeaderName, HeaderValue)>>,
    /// How often the session was renewed. Whoever was refused before the last renewal need not renew once more.
    renewals: tokio::sync::Mutex<u64>,
    renewed: std::sync::atomic::AtomicU64,
}

impl Exchange {
    pub fn new(client: Client, credentials: Credentials) -> Self {
        Self {
            client,
            credentials,
            jar: CookieJar::new(),
            csrf: Mutex::default(),
            renewals: tokio::sync::Mutex::default(),
            renewed: std::sync::atomic::AtomicU64::new(0),
        }
    }

    /// Makes the request, again where its kind and the failure allow it, with one renewal of the session in between.
    pub async fn call(&self, request: &Request) -> Result<Answer, Error> {
        self.call_with(request, false).await
    }

    /// As `call`; `partial` takes partial success for success.
    pub async fn call_with(&self, request: &Request, partial: bool) -> Result<Answer, Error> {
        let started = Instant::now();
        let mut failures = 0;
        loop {
            let error = match self.renewing(request, partial).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            failures += 1;
            let again = match request.repeat {
                Repeat::Never => false,
                Repeat::Undone => error.outcome() == Outcome::NotPerformed,
                Repeat::Safe => true,
            };
            let retry = self.client.options.retry;
            match retry.next(failures, started.elapsed(), error.retry_after()) {
                Some(wait) if again && error.is_retryable() => {
                    tracing::debug!(request = request.name(), failures, %error, ?wait, "trying again");
                    tokio::time::sleep(wait).await;
                }
                _ => return Err(error),
            }
        }
    }

    /// One attempt. If the session or the CSRF token is refused, the session is renewed, and the request goes once more:
    /// what was refused so was certainly not done. Each of the two refusals has a renewal of its own, for the CometD side
    /// shares the cookies: a request of its own that was on its way meanwhile can bring another session than the renewed
    /// one, and the token does not fit that.
    async fn renewing(&self, request: &Request, partial: bool) -> Result<Answer, Error> {
        let (mut expired, mut stale) = (false, false);
        loop {
            let seen = self.renewed.load(std::sync::atomic::Ordering::Acquire);
            let refused = match self.attempt(request, partial).await {
                Err(error @ Error::Unauthenticated { .. }) => (error, std::mem::replace(&mut expired, true)),
                Err(error @ Error::CsrfRefused) => (error, std::mem::replace(&mut stale, true)),
                other => return other,
            };
            match refused {
                (_, false) => self.renew_since(seen).await?,
                (error, true) => return Err(error),
            }
        }
    }

    /// Gets a new session and CSRF token with the credentials.
    pub async fn renew(&self) -> Result<(), Error> {
        self.renew_since(self.renewed.load(std::sync::atomic::Ordering::Acquire)).await
    }

    async fn renew_since(&self, seen: u64) -> Result<(), Error> {
        let mut renewals = self.renewals.lock().await;
        if *renewals != seen {
            return Ok(());
        }
        tracing::info!(agent.login = self.credentials.user_name(), "renewing the session");
        let me = Request::get("/me");
        if let Err(Error::Unauthenticated { .. } | Error::CsrfRefused) = self.attempt(&me, false).await {
            // A stale cookie can be what is refused. Without cookies only the credentials count.
            self.forget();
            self.attempt(&me, false).await?;
        }
        *renewals += 1;
        self.renewed.store(*renewals, std::sync::atomic::Ordering::Release);
        Ok(())
    }

    /// Drops cookies and token.
    pub fn forget(&self) {
        self.jar.clear();
        *self.csrf() = None;
    }

    fn csrf(&self) -> MutexGuard<'_, Option<(HeaderName, HeaderValue)>> {
        self.csrf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Credentials and CSRF token: what every request of this login carries, to REST and to CometD alike.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(basic) = self.credentials.basic() {
            headers.insert(header::AUTHORIZATION, basic);
        }
        if let Some((name, value)) = self.csrf().clone() {
            headers.insert(name, value);
        }
        headers
    }

    async fn attempt(&self, request: &Request, partial: bool) -> Result<Answer, Error> {
        let options = &self.client.options;
        let url = options.url(&request.path);
        let mut headers = self.headers();
        if let Some(cookies) = self.jar.header_for(&url) {
            headers.insert(header::COOKIE, cookies);
        }
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        let mut builder = self.client.http.request(request.method.clone(), url.clone());
        if let Some(body) = &request.body {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            builder = builder.body(body.to_string());
        }
        let response = builder.headers(headers).timeout(options.timeouts.request).send().await.map_err(transport)?;
        let answer = self.take(&request.method, &url, response).await?;
        answer.check(partial)?;
        Ok(answer)
    }

    /// Keeps the cookies, and the CSRF token where the server gives one, then reads the body up to the limit.
    async fn take(&self, method: &Method, url: &Url, mut response: reqwest::Response) -> Result<Answer, Error> {
        let (http, headers) = (response.status(), std::mem::take(response.headers_mut()));
        self.jar.store(url, &headers);
        if *method == Method::GET {
            self.discover(&headers);
        }
        let limit = self.client.options.limits.answer_bytes;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| Error::AnswerLost(reason(&error)))? {
            if body.len() + chunk.len() > limit {
                return Err(Error::AnswerTooLong { limit });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { http, headers, body })
    }

    fn discover(&self, headers: &HeaderMap) {
        let Some(value) = headers.get(CSRF_VALUE) else { return };
        let name = headers.get(CSRF_NAME).and_then(|name| HeaderName::from_bytes(name.as_bytes()).ok());
        let mut value = value.clone();
        value.set_sensitive(true);
        *self.csrf() = Some((name.unwrap_or(HeaderName::from_static(CSRF_VALUE)), value));
    }
}

#[expect(clippy::needless_pass_by_value, reason = "a conversion for map_err")]
fn transport(error: reqwest::Error) -> Error {
    if error.is_connect() { Error::Unreachable(reason(&error)) } else { Error::AnswerLost(reason(&error)) }
}

/// The innermost cause, without the URL.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "timed out".into();
    }
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    if std::ptr::eq(std::ptr::from_ref(inner).cast::<()>(), std::ptr::from_ref(error).cast::<()>()) {
        return "the connection failed".into();
    }
    inner.to_string()
}
