//! What only this machine may see and switch: `/simulator/log`, `/simulator/faults`, `/simulator/people`,
//! `/simulator/centre`. No wire protocol of anybody; loopback only.

use std::collections::HashMap;
use std::net::SocketAddr;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Query, Request, State as Shared};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::core::Core;
use crate::faults::Fault;
use crate::model::AgentName;

pub fn router() -> Router<Core> {
    Router::new()
        .route("/simulator/log", get(log))
        .route("/simulator/faults", get(faults).post(add_fault).delete(remove_fault))
        .route("/simulator/people", get(people).post(play))
        .route("/simulator/centre", get(centre))
        .layer(middleware::from_fn(loopback_only))
}

async fn loopback_only(request: Request, next: Next) -> Response {
    let local = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback());
    // A page of somebody else's in a browser of this machine is not this machine: browsers say where a request is from.
    let foreign = request.headers().get("origin").is_some_and(|origin| {
        let host = request.headers().get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
        origin.to_str().ok().and_then(|origin| origin.split_once("://")).is_none_or(|(_, from)| from != host)
    });
    if local && !foreign { next.run(request).await } else { StatusCode::FORBIDDEN.into_response() }
}

async fn log(Shared(core): Shared<Core>, Query(query): Query<HashMap<String, String>>) -> Response {
    let since = query.get("since").and_then(|value| value.parse().ok()).unwrap_or(0);
    let body = core.lock().log.to_json(query.get("chat").map(String::as_str), since);
    Json(body).into_response()
}

async fn faults(Shared(core): Shared<Core>) -> Response {
    let faults = core.lock().faults.clone();
    let list: Vec<Value> = faults
        .list()
        .into_iter()
        .map(|(id, fault, struck)| json!({ "id": id, "fault": fault, "struck": struck }))
        .collect();
    Json(json!({ "faults": list })).into_response()
}

async fn add_fault(Shared(core): Shared<Core>, body: Bytes) -> Response {
    match serde_json::from_slice::<Fault>(&body) {
        Ok(fault) => {
            let faults = core.lock().faults.clone();
            Json(json!({ "id": faults.add(fault) })).into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({ "error": error.to_string() }))).into_response(),
    }
}

async fn remove_fault(Shared(core): Shared<Core>, Query(query): Query<HashMap<String, String>>) -> Response {
    let faults = core.lock().faults.clone();
    match query.get("id") {
        None => faults.clear(),
        Some(id) => {
            if !id.parse().is_ok_and(|id| faults.remove(id)) {
                return (StatusCode::NOT_FOUND, Json(json!({ "error": "no such fault" }))).into_response();
            }
        }
    }
    Json(json!({})).into_response()
}

async fn people(Shared(core): Shared<Core>) -> Response {
    let state = core.lock();
    let model = state.world.model();
    let list: Vec<Value> = model
        .profiles()
        .map(|profile| {
            json!({
                "user": profile.user.as_str(), "name": format!("{} {}", profile.first_name, profile.last_name).trim(),
                "played": state.world.is_played(&profile.user), "chats": model.load(&profile.user),
                "presence": model.presence(&profile.user).map(|(presence, _)| presence),
            })
        })
        .collect();
    Json(json!({ "people": list, "waiting": model.waiting() })).into_response()
}

async fn play(Shared(core): Shared<Core>, body: Bytes) -> Response {
    let parsed: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (Some(user), Some(on)) = (parsed["user"].as_str(), parsed["played"].as_bool()) else {
        let error = "wanted: {\"user\": \"…\", \"played\": true or false}";
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
    };
    let name = AgentName::new(user);
    let mut state = core.lock();
    if state.world.is_played(&name).is_none() {
        return (StatusCode::NOT_FOUND, Json(json!({ "error": "nobody with a script has this name" }))).into_response();
    }
    state.play(&name, on);
    Json(json!({})).into_response()
}

/// What the pages need to know to be used without a manual: the centre's id, the queues.
async fn centre(Shared(core): Shared<Core>) -> Response {
    let centre = &core.options().centre;
    let queues: Vec<&str> = centre.queues.iter().map(|queue| queue.name.as_str()).collect();
    Json(json!({ "id": centre.id, "queues": queues, "skills": centre.skills() })).into_response()
}
