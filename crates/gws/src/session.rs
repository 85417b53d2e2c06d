//! One login: sign-in, contact-centre session, presence, operations, sign-out.

use std::fmt;
use std::sync::Arc;

use bayeux::CookieJar;
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::answer::Receipt;
use crate::exchange::Exchange;
use crate::request::{Request, segment};
use crate::wire::{FailedChannel, lenient};
use crate::{ChannelResult, Client, Error, Operation, Options, Repeat, User};

/// Who signs in, and where in the centre they sit.
#[derive(Clone)]
pub struct Credentials {
    user_name: String,
    password: SecretString,
    place: Option<String>,
    login_code: Option<String>,
    queue: Option<String>,
}

impl Credentials {
    /// A user name and a password.
    pub fn new(user_name: impl Into<String>, password: impl Into<SecretString>) -> Self {
        let (user_name, password) = (user_name.into(), password.into());
        Self { user_name, password, place: None, login_code: None, queue: None }
    }

    /// The place of the contact-centre session, for centres that want one.
    #[must_use]
    pub fn place(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// The login code of the contact-centre session, for centres that want one.
    #[must_use]
    pub fn login_code(mut self, code: impl Into<String>) -> Self {
        self.login_code = Some(code.into());
        self
    }

    /// The queue of the contact-centre session, for centres that want one.
    #[must_use]
    pub fn queue(mut self, queue: impl Into<String>) -> Self {
        self.queue = Some(queue.into());
        self
    }

    /// The user name.
    pub fn user_name(&self) -> &str {
        &self.user_name
    }

    /// The value of `Authorization`. The platform's own client writes ISO-8859-1; what does not fit goes as UTF-8.
    pub(crate) fn basic(&self) -> Option<HeaderValue> {
        let text = format!("{}:{}", self.user_name, self.password.expose_secret());
        let latin: Option<Vec<u8>> = text.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect();
        let mut value =
            HeaderValue::from_str(&format!("Basic {}", base64(&latin.unwrap_or(text.into_bytes())))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user_name", &self.user_name).finish_non_exhaustive()
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= three.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

/// Whether offers are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Offers are wanted.
    Ready,
    /// No new offers; running chats are untouched.
    NotReady,
    /// Nothing at all, please.
    DoNotDisturbOn,
    /// Take that back.
    DoNotDisturbOff,
}

impl Presence {
    fn name(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::NotReady => "NotReady",
            Self::DoNotDisturbOn => "DoNotDisturbOn",
            Self::DoNotDisturbOff => "DoNotDisturbOff",
        }
    }
}

/// What came of starting the contact-centre session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Started {
    /// Media that did not start. The one for chats is never among them: that is [`Error::PartialStart`].
    pub failed: Vec<ChannelResult>,
}

/// One login. A clone is a handle to the same one: one cookie jar, one CSRF token.
#[derive(Debug, Clone)]
pub struct Session {
    pub(crate) exchange: Arc<Exchange>,
}

impl Session {
    pub(crate) fn new(client: Client, credentials: Credentials) -> Self {
        Self { exchange: Arc::new(Exchange::new(client, credentials)) }
    }

    /// How the server is talked to.
    pub fn options(&self) -> &Options {
        &self.exchange.client.options
    }

    /// The server.
    pub fn client(&self) -> &Client {
        &self.exchange.client
    }

    /// The name used to sign in.
    pub fn user_name(&self) -> &str {
        self.exchange.credentials.user_name()
    }

    /// The cookies of this login, for whatever else speaks to the server for it (CometD).
    pub fn cookies(&self) -> CookieJar {
        self.exchange.jar.clone()
    }

    /// Credentials and CSRF token as headers, as they are now, for whatever else speaks to the server for this login.
    pub fn headers(&self) -> HeaderMap {
        self.exchange.headers()
    }

    /// Signs in: proves the credentials, begins the HTTP session, learns the CSRF token and who this is.
    pub async fn sign_in(&self) -> Result<User, Error> {
        self.exchange.forget();
        self.me().await
    }

    /// Renews the HTTP session and the CSRF token with the credentials. Calls do so by themselves when they are refused.
    pub async fn renew(&self) -> Result<(), Error> {
        self.exchange.renew().await
    }

    /// Starts the contact-centre session for chats. Subscribe to notifications before, so that the first offer is not missed.
    pub async fn start(&self) -> Result<Started, Error> {
        #[derive(Deserialize)]
        struct Parts {
            #[serde(default, deserialize_with = "lenient::list")]
            failed: Vec<FailedChannel>,
            #[serde(default, deserialize_with = "lenient::list")]
            succeeded: Vec<FailedChannel>,
        }
        let answer = self.exchange.call_with(&self.start_request(), true).await?;
        let parts: Parts = answer.read()?;
        let medium = &self.options().medium;
        let ours = |channel: &str| channel.eq_ignore_ascii_case(medium) || channel.eq_ignore_ascii_case("multimedia");
        let started = parts.succeeded.iter().any(|one| ours(&one.channel));
        let refused = parts.failed.iter().any(|one| ours(&one.channel));
        let failed: Vec<ChannelResult> = parts.failed.into_iter().map(Into::into).collect();
        // Code 7 without a word about the medium for chats: trust it only if nothing at all failed.
        if refused || (!failed.is_empty() && !started) {
            return Err(Error::PartialStart(failed));
        }
        Ok(Started { failed })
    }

    /// The request of [`Session::start`].
    pub fn start_request(&self) -> Request {
        let Credentials { place, login_code, queue, .. } = &self.exchange.credentials;
        let mut body = Map::new();
        body.insert("operationName".into(), "StartContactCenterSession".into());
        body.insert("channels".into(), json!([self.options().medium]));
        for (key, value) in [("place", place), ("loginCode", login_code), ("queue", queue)] {
            if let Some(value) = value {
                body.insert(key.into(), value.as_str().into());
            }
        }
        Request::post("/me", Value::Object(body), Repeat::Undone)
    }

    /// Says on all media whether work is wanted.
    pub async fn set_presence(&self, presence: Presence) -> Result<(), Error> {
        self.exchange.call(&Self::presence_request(presence, None)).await.map(drop)
    }

    /// Says on one medium whether work is wanted.
    pub async fn set_presence_on(&self, medium: &str, presence: Presence) -> Result<(), Error> {
        self.exchange.call(&Self::presence_request(presence, Some(medium))).await.map(drop)
    }

    /// The request of [`Session::set_presence`], or of [`Session::set_presence_on`] with a medium.
    pub fn presence_request(presence: Presence, medium: Option<&str>) -> Request {
        let path = medium.map_or_else(|| "/me".to_owned(), |medium| format!("/me/channels/{}", segment(medium)));
        Request::post(path, json!({ "operationName": presence.name() }), Repeat::Safe)
    }

    /// Performs an operation on a chat. `Ok` means taken, not done: the outcome comes as a notification.
    ///
    /// Not cancel safe: a dropped call may or may not have been performed.
    pub async fn perform(&self, interaction: &str, operation: &Operation) -> Result<Receipt, Error> {
        let request = operation.request(self.options(), interaction)?;
        self.exchange.call(&request).await?.check(false)
    }

    /// Ends the contact-centre session and with it the HTTP session. The last call: a later one begins a new HTTP session.
    pub async fn end(&self) -> Result<(), Error> {
        let ended = self.exchange.call(&Self::end_request()).await.map(drop);
        self.exchange.forget();
        ended
    }

    /// The request of [`Session::end`].
    pub fn end_request() -> Request {
        Request::post("/me", json!({ "operationName": "EndContactCenterSession" }), Repeat::Safe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_base64_of_latin_1_where_it_fits() {
        let basic = |user: &str, password: &str| Credentials::new(user, password).basic().unwrap();
        assert_eq!(basic("bot-01", "s3cret"), "Basic Ym90LTAxOnMzY3JldA==");
        assert_eq!(basic("b", "ü"), "Basic Yjr8");
        assert_eq!(basic("b", "€"), "Basic Yjrigqw=");
        assert!(basic("bot-01", "s3cret").is_sensitive());
    }

    #[test]
    fn nothing_that_can_be_printed_shows_the_password() {
        let options = Options::new("http://gws.test/api/v2".parse().unwrap());
        let session = Client::new(options).unwrap().session(Credentials::new("bot-01", "s3cret"));
        let shown = format!("{session:?} {:?}", session.headers());
        assert!(shown.contains("bot-01") && !shown.contains("s3cret") && !shown.contains("Ym90LTAx"), "{shown}");
    }
}
