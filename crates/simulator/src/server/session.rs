//! Who is calling: Basic authentication, the session cookie, the CSRF token.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::core::Core;
use crate::model::AgentName;

const CSRF: HeaderName = HeaderName::from_static("x-csrf-token");
const CSRF_NAME: HeaderName = HeaderName::from_static("x-csrf-header");

/// Who is calling.
pub struct Identity {
    pub agent: AgentName,
    /// The value of `JSESSIONID`.
    pub session: String,
    /// The session is new: its cookie is to be set.
    fresh: bool,
    pub csrf: String,
}

/// Nobody who may call.
pub struct Denied;

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        let body = json!({ "statusCode": 20, "statusMessage": "Access denied" });
        (StatusCode::FORBIDDEN, axum::Json(body)).into_response()
    }
}

impl From<Denied> for Response {
    fn from(denied: Denied) -> Self {
        denied.into_response()
    }
}

/// A cookie of the request.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let pairs = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    pairs.flat_map(|value| value.split(';')).find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    })
}

/// User and password of Basic authentication: UTF-8, or ISO-8859-1 as older clients send it.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = STANDARD.decode(encoded.trim()).ok()?;
    let text =
        String::from_utf8(bytes).unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect());
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// Who is calling. A password beats the cookie; a wrong password is refused whatever the cookie says.
pub fn identify(core: &Core, headers: &HeaderMap) -> Result<Identity, Denied> {
    let mut state = core.lock();
    let session_id = cookie(headers, "JSESSIONID");
    let by_cookie = session_id.and_then(|id| {
        let session = state.http_session(&id)?;
        Some((id, session.agent.clone(), session.csrf.clone()))
    });
    let agent = if headers.contains_key(header::AUTHORIZATION) {
        let (user, password) = basic(headers).ok_or(Denied)?;
        let profile = state.options.centre.agents.iter().find(|profile| profile.user.as_str() == user);
        let profile = profile.filter(|profile| profile.password == password).ok_or(Denied)?;
        profile.user.clone()
    } else {
        by_cookie.as_ref().map(|(_, agent, _)| agent.clone()).ok_or(Denied)?
    };
    if let Some((session, owner, csrf)) = by_cookie
        && owner == agent
    {
        return Ok(Identity { agent, session, fresh: false, csrf });
    }
    let session = state.new_http_session(agent.clone());
    let csrf = state.http.get(&session).map(|session| session.csrf.clone()).unwrap_or_default();
    Ok(Identity { agent, session, fresh: true, csrf })
}

/// The cookie of a new session.
pub fn set_cookies(headers: &mut HeaderMap, identity: &Identity) {
    if identity.fresh
        && let Ok(value) = HeaderValue::from_str(&format!("JSESSIONID={}; Path=/; HttpOnly", identity.session))
    {
        headers.append(header::SET_COOKIE, value);
    }
}

/// What GET answers when CSRF protection is on: the header's name and value.
pub fn set_csrf(headers: &mut HeaderMap, identity: &Identity) {
    if let Ok(value) = HeaderValue::from_str(&identity.csrf) {
        headers.insert(CSRF_NAME, HeaderValue::from_static("X-CSRF-TOKEN"));
        headers.insert(CSRF, value);
    }
}

/// Whether a changing request carries the right token. A new session cannot.
pub fn csrf_holds(headers: &HeaderMap, identity: &Identity) -> bool {
    headers.get(CSRF).is_some_and(|value| value.as_bytes() == identity.csrf.as_bytes()) && !identity.fresh
}

/// The answer to a wrong token.
pub fn csrf_refused() -> Response {
    (StatusCode::FORBIDDEN, "Missing or invalid Csrf token").into_response()
}
