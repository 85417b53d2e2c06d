//! The customer chat API: no sign-in, a `ContactCenterId` header, polling. One thing is added to what the platform has:
//! `GET …/messages?wait=MILLISECONDS` is held until there is something new, so that a thousand customers need not poll.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, Query, State as Shared};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::core::Core;
use super::state::State;
use super::wire;
use crate::model::{ChatId, Command, CustomerKey, Entry, Refusal, Side, UserData};

/// The longest that a request for messages is held.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

pub fn router() -> Router<Core> {
    Router::new()
        .route("/api/v2/chats", post(request))
        .route("/api/v2/chats/{id}", get(read).post(operate))
        .route("/api/v2/chats/{id}/messages", get(messages))
}

fn refuse(refusal: &Refusal) -> Response {
    let status = match refusal.code {
        Refusal::MISSING | 10 => StatusCode::BAD_REQUEST,
        Refusal::UNKNOWN => StatusCode::NOT_FOUND,
        _ => StatusCode::OK,
    };
    (status, Json(wire::refusal(refusal))).into_response()
}

/// The header that says which centre.
fn centre(core: &Core, headers: &HeaderMap) -> Result<(), Refusal> {
    let id = headers.get("ContactCenterId").ok_or_else(|| Refusal::missing("ContactCenterId"))?;
    if id.as_bytes() == core.options().centre.id.as_bytes() {
        Ok(())
    } else {
        Err(Refusal::unknown("no such contact centre"))
    }
}

fn body_of(body: &Bytes) -> Result<(Value, String), Refusal> {
    let parsed: Value = serde_json::from_slice(body)
        .ok()
        .filter(Value::is_object)
        .ok_or(Refusal::new(10, "the body is not a JSON object"))?;
    let name = parsed.get("operationName").and_then(Value::as_str).ok_or_else(|| Refusal::missing("operationName"))?;
    let name = name.to_owned();
    Ok((parsed, name))
}

fn chat_of(state: &State, key: &str) -> Result<ChatId, Refusal> {
    state.world.model().chat_of(key).cloned().ok_or_else(|| Refusal::unknown("no such chat"))
}

async fn request(Shared(core): Shared<Core>, headers: HeaderMap, body: Bytes) -> Response {
    let run = || {
        centre(&core, &headers)?;
        let (body, name) = body_of(&body)?;
        if name != "RequestChat" {
            return Err(Refusal::new(3, format!("operation '{name}' is not known here")));
        }
        let field = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
        let nickname = field("nickname").ok_or_else(|| Refusal::missing("nickname"))?;
        // `Environment:chat_in`: the tenant, then the queue.
        let queue = field("endpoint").map(|endpoint| endpoint.rsplit(':').next().unwrap_or_default().to_owned());
        let data: UserData = body
            .get("userData")
            .and_then(Value::as_object)
            .map(|data| data.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
            .unwrap_or_default();
        let mut state = core.lock();
        let key = CustomerKey::new(state.uuid());
        let subject = field("subject");
        state.apply(Command::RequestChat { key: key.clone(), nickname, subject, queue, data })?;
        Ok(json!({ "statusCode": 0, "id": key.as_str(), "path": format!("/api/v2/chats/{key}") }))
    };
    run().map_or_else(|refusal: Refusal| refuse(&refusal), |body| Json(body).into_response())
}

async fn read(Shared(core): Shared<Core>, headers: HeaderMap, Path(key): Path<String>) -> Response {
    let run = || {
        centre(&core, &headers)?;
        let state = core.lock();
        let id = chat_of(&state, &key)?;
        let (name, participants, live) =
            state.world.model().customer_view(&id).ok_or_else(|| Refusal::unknown("no such chat"))?;
        let participants: Vec<Value> = participants
            .iter()
            .enumerate()
            .map(|(number, who)| {
                let kind = if who.side == Side::Customer { "Customer" } else { "Agent" };
                json!({ "nickname": &*who.nickname, "participantId": (number + 1).to_string(), "type": kind })
            })
            .collect();
        let capabilities: &[&str] = if live {
            &["SendMessage", "SendStartTypingNotification", "SendStopTypingNotification", "Complete"]
        } else {
            &[]
        };
        let mut chat = json!({ "id": key, "state": name, "participants": participants, "capabilities": capabilities });
        // The published API does not tell it; a page shows it where it is there.
        if let Some(place) = state.world.model().place_in_line(&id) {
            chat["positionInQueue"] = place.into();
        }
        Ok(json!({ "statusCode": 0, "chat": chat }))
    };
    run().map_or_else(|refusal: Refusal| refuse(&refusal), |body| Json(body).into_response())
}

async fn operate(Shared(core): Shared<Core>, headers: HeaderMap, Path(key): Path<String>, body: Bytes) -> Response {
    let run = || {
        centre(&core, &headers)?;
        let (body, name) = body_of(&body)?;
        let mut state = core.lock();
        let chat = chat_of(&state, &key)?;
        let command = match name.as_str() {
            "SendMessage" => {
                let text = body.get("text").and_then(Value::as_str).ok_or_else(|| Refusal::missing("text"))?;
                if let Some(hole) = state.faults.skip(None, &chat, "SendMessage") {
                    let _ = state.apply(hole);
                }
                Command::CustomerSays { chat, text: text.to_owned() }
            }
            "SendStartTypingNotification" => Command::CustomerTypes { chat, on: true },
            "SendStopTypingNotification" => Command::CustomerTypes { chat, on: false },
            "Complete" => Command::CustomerLeaves { chat },
            _ => return Err(Refusal::new(3, format!("operation '{name}' is not known here"))),
        };
        state.apply(command)?;
        Ok(json!({ "statusCode": 0 }))
    };
    run().map_or_else(|refusal: Refusal| refuse(&refusal), |body| Json(body).into_response())
}

/// What a customer has not fetched yet, or everything from an index on.
fn fetch(state: &mut State, id: &ChatId, from: Option<u64>) -> Vec<Value> {
    let next = state.customers.entry(id.clone()).or_default().next;
    let entries = state.world.model().customer_transcript(id, from.unwrap_or(next));
    if let Some(last) = entries.last()
        && let Some(cursor) = state.customers.get_mut(id)
    {
        cursor.next = cursor.next.max(last.index + 1);
    }
    if entries.is_empty() {
        return Vec::new();
    }
    let all = state.world.model().customer_transcript(id, 0);
    let mut numbers: Vec<&str> = Vec::new();
    for entry in &all {
        if !numbers.contains(&&*entry.from.id) {
            numbers.push(&entry.from.id);
        }
    }
    let number = |entry: &Entry| numbers.iter().position(|id| **id == *entry.from.id).unwrap_or_default() + 1;
    entries.iter().map(|entry| wire::customer_message(entry, number(entry))).collect()
}

async fn messages(
    Shared(core): Shared<Core>,
    headers: HeaderMap,
    Path(key): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let number = |key: &str| query.get(key).and_then(|value| value.parse::<u64>().ok());
    let (from, wait) = (number("index"), number("wait").map(Duration::from_millis).unwrap_or_default());
    let deadline = Instant::now() + wait.min(LONGEST_WAIT);
    let start = || {
        centre(&core, &headers)?;
        let mut state = core.lock();
        let id = chat_of(&state, &key)?;
        state.forget_customers();
        let news = Arc::clone(&state.customers.entry(id.clone()).or_default().news);
        Ok((id, news))
    };
    let (id, news) = match start() {
        Ok(found) => found,
        Err(refusal) => return refuse(&refusal),
    };
    loop {
        let notified = news.notified();
        tokio::pin!(notified);
        notified.as_mut().enable();
        {
            let mut state = core.lock();
            let messages = fetch(&mut state, &id, from);
            let live = state.world.model().customer_view(&id).is_some_and(|(_, _, live)| live);
            if !messages.is_empty() || !live || Instant::now() >= deadline {
                return Json(json!({ "statusCode": 0, "messages": messages })).into_response();
            }
        }
        tokio::select! {
            () = notified => {}
            () = sleep_until(deadline) => {}
        }
    }
}
