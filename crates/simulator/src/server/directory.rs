//! What agents look up: users, skills, contacts with availability, queues, services, disposition codes.

use std::collections::HashMap;

use axum::Router;
use axum::extract::{Path, Query, State as Shared};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};

use super::agents::{Outcome, reading};
use super::core::Core;
use super::operations::Dialect;
use super::state::State;
use super::wire;
use crate::model::Refusal;

type Parameters = Query<HashMap<String, String>>;

pub fn router() -> Router<Core> {
    Router::new()
        .route("/api/v2/users", get(users))
        .route("/api/v2/users/{id}", get(user))
        .route("/api/v2/skills", get(skills))
        .route("/api/v2/contacts", get(contacts))
        .route("/api/v2/contacts/{id}", get(contact))
        .route("/api/v2/services", get(services))
        .route("/api/v2/groups", get(groups))
}

/// A collection by the rule of the platform: names of resources, or the resources with `fields`.
#[expect(clippy::unnecessary_wraps, reason = "ends a handler, which can refuse")]
fn collection(key: &str, all: Vec<Value>, query: &HashMap<String, String>) -> Outcome {
    if query.contains_key("fields") {
        return Ok(json!({ "statusCode": 0, key: all }));
    }
    let uris: Vec<Value> = all.into_iter().map(|one| one["uri"].clone()).collect();
    Ok(json!({ "statusCode": 0, "uris": uris }))
}

fn with_channels(state: &State, profile: &crate::model::AgentProfile) -> Value {
    let mut user = wire::user(profile, &state.options.centre.id, &state.base);
    if let Some((presence, do_not_disturb)) = state.world.model().presence(&profile.user) {
        user["channels"] = json!([wire::channel(presence, do_not_disturb)]);
        user["doNotDisturb"] = if do_not_disturb { "On" } else { "Off" }.into();
    }
    user
}

async fn users(Shared(core): Shared<Core>, headers: HeaderMap, Query(query): Parameters) -> Response {
    reading(&core, headers, |state, _| {
        let all = state.world.model().profiles().map(|profile| with_channels(state, profile)).collect();
        collection("users", all, &query)
    })
    .await
}

async fn user(Shared(core): Shared<Core>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    reading(&core, headers, |state, _| {
        let profile = state.world.model().profile(&id).ok_or((Refusal::unknown("no such user"), Dialect::A))?;
        Ok(json!({ "statusCode": 0, "user": with_channels(state, profile) }))
    })
    .await
}

async fn skills(Shared(core): Shared<Core>, headers: HeaderMap, Query(query): Parameters) -> Response {
    reading(&core, headers, |state, _| {
        let all = state.options.centre.skills().iter().map(|name| wire::skill(name, &state.base)).collect();
        collection("skills", all, &query)
    })
    .await
}

fn all_contacts(state: &State) -> Vec<Value> {
    let model = state.world.model();
    let people = model.profiles().map(|profile| wire::user_contact(profile, model, &state.base));
    let queues = model.queues().iter().map(|queue| {
        let id = queue.id();
        json!({
            "id": id, "type": "Queue", "name": queue.name, "uri": format!("{}/api/v2/contacts/{id}", state.base),
            "path": format!("/contacts/{id}"),
            "availability": { "channels": [{ "channel": "chat", "available": true }] },
        })
    });
    people.chain(queues).collect()
}

async fn contacts(Shared(core): Shared<Core>, headers: HeaderMap, Query(query): Parameters) -> Response {
    reading(&core, headers, |state, _| {
        let wanted = |key: &str| query.get(key).map(|value| value.to_lowercase());
        let (kind, name) = (wanted("type"), wanted("name").or_else(|| wanted("filterParameters")));
        let channel = wanted("channel");
        let fits = |contact: &Value| {
            let field = |key: &str| contact[key].as_str().unwrap_or_default().to_lowercase();
            kind.as_ref().is_none_or(|kind| field("type") == *kind)
                && channel.as_ref().is_none_or(|channel| channel == "chat")
                && name.as_ref().is_none_or(|name| {
                    ["name", "firstName", "lastName", "userName"].iter().any(|key| field(key).contains(name))
                })
        };
        let found: Vec<Value> = all_contacts(state).into_iter().filter(fits).collect();
        let number = |key: &str| query.get(key).and_then(|value| value.parse::<usize>().ok());
        let total = found.len();
        let (skip, take) = (number("offset").unwrap_or(0), number("limit").unwrap_or(usize::MAX));
        let page: Vec<Value> = found.into_iter().skip(skip).take(take).collect();
        Ok(json!({ "statusCode": 0, "contacts": page, "totalCount": total }))
    })
    .await
}

async fn contact(Shared(core): Shared<Core>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    reading(&core, headers, |state, _| {
        let found = all_contacts(state).into_iter().find(|contact| contact["id"] == id.as_str());
        let found = found.ok_or((Refusal::unknown("no such contact"), Dialect::A))?;
        Ok(json!({ "statusCode": 0, "contact": found }))
    })
    .await
}

async fn services(Shared(core): Shared<Core>, headers: HeaderMap) -> Response {
    reading(&core, headers, |_, _| {
        let all: Vec<Value> = ["Voice", "Media", "Reporting", "Provisioning"]
            .iter()
            .map(|kind| json!({ "type": kind, "state": "Up", "available": true }))
            .collect();
        Ok(json!({ "statusCode": 0, "services": all }))
    })
    .await
}

async fn groups(Shared(core): Shared<Core>, headers: HeaderMap) -> Response {
    reading(&core, headers, |_, _| {
        let codes: Vec<Value> = ["resolved", "handed-over", "abandoned"]
            .iter()
            .map(|code| json!({ "name": code, "displayName": code }))
            .collect();
        Ok(json!({ "statusCode": 0, "groups": [{ "type": "dispositions", "name": "DispositionCode", "items": codes }] }))
    })
    .await
}
