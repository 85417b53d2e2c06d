//! Long-polling: POST of an array of messages, answered by an array of replies and deliveries.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::time::sleep_until;

use super::{Caller, Handled, Pending, Step};
use crate::faults::{Kind, Place};
use crate::server::core::Core;
use crate::server::session::{self, Identity};
use crate::server::trouble;

/// Tells the session when a held connect goes without an answer, for the client has closed the connection.
struct Held<'a> {
    core: &'a Core,
    pending: Pending,
    answered: bool,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.core.lock().let_go(&self.pending);
        }
    }
}

/// POST on `/api/v2/notifications`.
pub async fn post(core: &Core, headers: &HeaderMap, body: Bytes) -> Response {
    if !core.options().notifications.long_polling {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let identity = match session::identify(core, headers) {
        Ok(identity) => identity,
        Err(denied) => return denied.into_response(),
    };
    // The Java server answers so to what it cannot parse.
    let Ok(parsed) = serde_json::from_slice::<Value>(&body) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let messages = match parsed {
        Value::Array(messages) => messages,
        one @ Value::Object(_) => vec![one],
        _ => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    let operation =
        messages.first().and_then(|message| message.get("channel")?.as_str()).unwrap_or_default().to_owned();
    let trouble = trouble::look(core, &identity.agent, None, &operation);
    if let Some(answer) = trouble.before(core, &identity).await {
        return answer;
    }
    let mut caller =
        Caller { agent: identity.agent.clone(), browser: session::cookie(headers, "BAYEUX_BROWSER"), websocket: false };
    let known_browser = caller.browser.clone();
    let mut parts: Vec<Arc<str>> = Vec::new();
    let mut pending = None;
    {
        let mut state = core.lock();
        for message in &messages {
            match state.bayeux(message, &mut caller) {
                Handled::Reply(reply) => {
                    parts.push(reply.to_string().into());
                    let place = Place { login: Some(&caller.agent), interaction: None, operation: Some(&operation) };
                    if let Some(client) = message.get("clientId").and_then(Value::as_str)
                        && state.faults.strikes(&place, &Kind::DeliverInReplies)
                    {
                        parts.extend(state.deliver_in_reply(client));
                    }
                }
                Handled::Connect(connect) => pending = Some(connect),
            }
        }
    }
    if let Some(connect) = pending {
        match hold(core, connect).await {
            // The reply to the connect comes last, after the deliveries.
            Some((deliveries, reply)) => {
                parts.extend(deliveries);
                parts.push(reply.to_string().into());
            }
            // The older of two connects.
            None => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
    let new_browser = caller.browser.filter(|browser| known_browser.as_ref() != Some(browser));
    trouble.after(answer(&parts, &identity, new_browser))
}

async fn hold(core: &Core, pending: Pending) -> Option<(Vec<Arc<str>>, Value)> {
    let mut held = Held { core, pending, answered: false };
    let news = Arc::clone(&held.pending.news);
    loop {
        let notified = news.notified();
        tokio::pin!(notified);
        // Registered before the look, so that nothing falls between the two.
        notified.as_mut().enable();
        let step = core.lock().step(&held.pending);
        match step {
            Step::Reply(deliveries, reply) => {
                held.answered = true;
                return Some((deliveries, reply));
            }
            Step::Superseded => return None,
            Step::Wait => {}
        }
        tokio::select! {
            () = notified => {}
            () = sleep_until(held.pending.deadline) => {}
        }
    }
}

/// Joins messages that are JSON already.
pub fn array(parts: &[Arc<str>]) -> String {
    let mut out = String::with_capacity(parts.iter().map(|part| part.len() + 1).sum::<usize>() + 2);
    out.push('[');
    for (number, part) in parts.iter().enumerate() {
        if number > 0 {
            out.push(',');
        }
        out.push_str(part);
    }
    out.push(']');
    out
}

fn answer(parts: &[Arc<str>], identity: &Identity, new_browser: Option<String>) -> Response {
    let mut response = Response::new(Body::from(array(parts)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json;charset=UTF-8"));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-cache"));
    session::set_cookies(headers, identity);
    if let Some(browser) = new_browser
        && let Ok(value) = format!("BAYEUX_BROWSER={browser}; Path=/; HttpOnly").parse()
    {
        headers.append(header::SET_COOKIE, value);
    }
    response
}
