//! Cookies: one jar a login, shared by everything that speaks to the server for it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cookie_store::{CookieStore, RawCookie};
use http::{HeaderMap, HeaderValue, header};
use url::Url;

use crate::Error;

/// A cookie jar; clones are handles to the same jar.
///
/// Use one jar for each session: servers take two sessions with one jar for two tabs of one browser, and slow them down.
#[derive(Clone, Default)]
pub struct CookieJar(Arc<Mutex<CookieStore>>);

impl CookieJar {
    /// An empty jar.
    pub fn new() -> Self {
        Self::default()
    }

    /// The `Cookie` header for a request, if there are cookies for it.
    pub fn header_for(&self, url: &Url) -> Option<HeaderValue> {
        let url = as_http(url);
        let store = self.store_lock();
        let mut line = String::new();
        for (name, value) in store.get_request_values(&url) {
            if !line.is_empty() {
                line.push_str("; ");
            }
            line.push_str(name);
            line.push('=');
            line.push_str(value);
        }
        drop(store);
        if line.is_empty() {
            return None;
        }
        let mut value = HeaderValue::from_str(&line).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Takes the `Set-Cookie` headers of a response over. Cookies that make no sense are left out.
    pub fn store(&self, url: &Url, headers: &HeaderMap) {
        let mut lines = headers.get_all(header::SET_COOKIE).iter().peekable();
        if lines.peek().is_none() {
            return;
        }
        let url = as_http(url);
        let cookies = lines
            .filter_map(|line| std::str::from_utf8(line.as_bytes()).ok())
            .filter_map(|line| RawCookie::parse(line.to_owned()).ok())
            .collect::<Vec<_>>();
        self.store_lock().store_response_cookies(cookies.into_iter(), &url);
    }

    /// Puts a cookie in, as a `Set-Cookie` line of this URL.
    pub fn set(&self, url: &Url, line: &str) -> Result<(), Error> {
        let wrong = |error: &dyn fmt::Display| Error::Config(format!("not a cookie for this URL: {error}"));
        let cookie = RawCookie::parse(line.to_owned()).map_err(|error| wrong(&error))?;
        self.store_lock().insert_raw(&cookie, &as_http(url)).map_err(|error| wrong(&error))?;
        Ok(())
    }

    /// The value of a cookie that would be sent to this URL.
    pub fn get(&self, url: &Url, name: &str) -> Option<String> {
        let url = as_http(url);
        let store = self.store_lock();
        store.get_request_values(&url).find(|(other, _)| *other == name).map(|(_, value)| value.to_owned())
    }

    /// Throws all cookies away.
    pub fn clear(&self) {
        self.store_lock().clear();
    }

    pub(crate) fn save(&self) -> String {
        let mut bytes = Vec::new();
        // Session cookies too: they are what holds a session.
        let saved = cookie_store::serde::json::save_incl_expired_and_nonpersistent(&self.store_lock(), &mut bytes);
        saved.ok().and_then(|()| String::from_utf8(bytes).ok()).unwrap_or_default()
    }

    pub(crate) fn load(&self, text: &str) -> Result<(), Error> {
        let store = cookie_store::serde::json::load_all(text.as_bytes())
            .map_err(|_| Error::Config("the cookies of the snapshot cannot be read".into()))?;
        *self.store_lock() = store;
        Ok(())
    }

    fn store_lock(&self) -> MutexGuard<'_, CookieStore> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Cookies do not tell `ws` from `http`.
fn as_http(url: &Url) -> Url {
    let mut url = url.clone();
    let scheme = match url.scheme() {
        "ws" => "http",
        "wss" => "https",
        _ => return url,
    };
    // Between special schemes this cannot fail.
    let _ = url.set_scheme(scheme);
    url
}

impl fmt::Debug for CookieJar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CookieJar(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn answered(jar: &CookieJar, from: &str, lines: &[&str]) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::SET_COOKIE, HeaderValue::from_str(line).unwrap());
        }
        jar.store(&url(from), &headers);
    }

    fn sent(jar: &CookieJar, to: &str) -> Vec<String> {
        let mut cookies: Vec<String> = jar
            .header_for(&url(to))
            .map(|value| value.to_str().unwrap().split("; ").map(str::to_owned).collect())
            .unwrap_or_default();
        cookies.sort();
        cookies
    }

    /// CK2
    #[test]
    fn cookies_have_paths_ends_and_flags() {
        let jar = CookieJar::new();
        answered(
            &jar,
            "https://h.test/a/b",
            &["one=1; Path=/", "two=2; Path=/a; HttpOnly", "three=3; Path=/x", "four=4; Secure; Path=/"],
        );
        assert_eq!(sent(&jar, "https://h.test/a/c"), ["four=4", "one=1", "two=2"]);
        assert_eq!(sent(&jar, "http://h.test/a/c"), ["one=1", "two=2"]);
        assert_eq!(sent(&jar, "wss://h.test/a/c"), ["four=4", "one=1", "two=2"]);
        assert!(sent(&jar, "https://other.test/a").is_empty());
        answered(
            &jar,
            "https://h.test/",
            &["one=; Max-Age=0; Path=/", "two=x; Path=/a; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
        );
        assert_eq!(sent(&jar, "https://h.test/a/c"), ["four=4"]);
    }

    /// CK3
    #[test]
    fn an_address_is_a_host_too() {
        let jar = CookieJar::new();
        answered(&jar, "http://127.0.0.1:8080/cometd", &["BAYEUX_BROWSER=b; Path=/; HttpOnly"]);
        assert_eq!(sent(&jar, "http://127.0.0.1:8080/cometd/connect"), ["BAYEUX_BROWSER=b"]);
        answered(&jar, "http://[::1]:8080/cometd", &["x=1; Path=/"]);
        assert_eq!(sent(&jar, "http://[::1]:8080/"), ["x=1"]);
    }

    /// CK6
    #[test]
    fn cookies_can_be_read_and_preset() {
        let jar = CookieJar::new();
        jar.set(&url("http://h.test/"), "sticky=node1; Path=/").unwrap();
        assert_eq!(jar.get(&url("http://h.test/cometd"), "sticky").as_deref(), Some("node1"));
        assert!(jar.set(&url("http://h.test/"), "sticky=1; Domain=elsewhere.test").is_err());
        let copy = CookieJar::new();
        copy.load(&jar.save()).unwrap();
        assert_eq!(sent(&copy, "http://h.test/cometd"), ["sticky=node1"]);
        jar.clear();
        assert!(sent(&jar, "http://h.test/cometd").is_empty());
    }
}
