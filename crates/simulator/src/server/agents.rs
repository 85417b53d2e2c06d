//! The REST side for agents: `/api/v2/me…`, and what they look up: users, skills, contacts, services.

use std::collections::HashMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State as Shared};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::core::Core;
use super::operations::{self, Dialect};
use super::session::{self, Identity};
use super::state::State;
use super::wire::{self, Family};
use super::{directory, trouble};
use crate::faults::{Kind, Place};
use crate::model::{ChatId, Command, Operation, Presence, Refusal};

/// What a request comes to: the body of the answer, or why not and in which dialect.
pub type Outcome = Result<Value, (Refusal, Dialect)>;

/// One request of an agent.
struct Request<'a> {
    core: &'a Core,
    method: Method,
    headers: HeaderMap,
    /// What it is called in the scope of faults.
    operation: &'a str,
    interaction: Option<ChatId>,
}

pub fn router() -> Router<Core> {
    let mut router = Router::new()
        .route("/api/v2/diagnostics/version", get(version))
        .route("/api/v2/me", get(me).post(about_me))
        .route("/api/v2/me/", get(me).post(about_me))
        .route("/api/v2/me/channels/{channel}", post(channel));
    for (family, own, one) in [
        (Family::Interactions, "/api/v2/me/interactions", "/api/v2/interactions/{id}"),
        (Family::Chats, "/api/v2/me/chats", ""),
    ] {
        router = router
            .route(own, get(move |core, headers, query| list(core, headers, query, family)))
            .route(
                &format!("{own}/{{id}}"),
                get(move |core, headers, path| read(core, headers, path, family))
                    .post(move |core, headers, path, body| operate(core, headers, path, body, family))
                    .put(move |core, headers, path, body| update(core, headers, path, body, family)),
            )
            .route(
                &format!("{own}/{{id}}/messages"),
                get(move |core, headers, path, query| messages(core, headers, path, query, family)),
            );
        if !one.is_empty() {
            router = router.route(
                one,
                get(move |core, headers, path| read(core, headers, path, family))
                    .put(move |core, headers, path, body| update(core, headers, path, body, family)),
            );
        }
    }
    router.merge(directory::router())
}

impl Request<'_> {
    /// Lets the agent in, lets faults strike, does it, answers.
    async fn answer(self, act: impl FnOnce(&mut State, &Identity) -> Outcome) -> Response {
        let identity = match session::identify(self.core, &self.headers) {
            Ok(identity) => identity,
            Err(denied) => return denied.into_response(),
        };
        let trouble = trouble::look(self.core, &identity.agent, self.interaction.as_ref(), self.operation);
        if let Some(response) = trouble.before(self.core, &identity).await {
            return response;
        }
        let changes = self.method != Method::GET;
        let csrf = self.core.options().csrf;
        if csrf && changes && !session::csrf_holds(&self.headers, &identity) {
            return session::csrf_refused();
        }
        let outcome = act(&mut self.core.lock(), &identity);
        let (status, mut body) = match outcome {
            Ok(body) => (StatusCode::OK, body),
            Err((refusal, dialect)) => (http_status(&refusal, changes), spell(&refusal, dialect)),
        };
        trouble.spoil(&mut body);
        let mut response = (status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json;charset=UTF-8"));
        session::set_cookies(headers, &identity);
        if csrf && !changes {
            session::set_csrf(headers, &identity);
        }
        trouble.after(response)
    }
}

fn spell(refusal: &Refusal, dialect: Dialect) -> Value {
    match dialect {
        Dialect::A => wire::refusal(refusal),
        Dialect::B => wire::refusal_b(refusal),
    }
}

/// Refused operations are HTTP 200 with a status code in the body; a resource that is not there is 404.
fn http_status(refusal: &Refusal, changes: bool) -> StatusCode {
    match refusal.code {
        4 => StatusCode::INTERNAL_SERVER_ERROR,
        20 => StatusCode::FORBIDDEN,
        Refusal::UNKNOWN if !changes => StatusCode::NOT_FOUND,
        _ => StatusCode::OK,
    }
}

/// A read by an agent, for other parts of the server.
pub async fn reading(core: &Core, headers: HeaderMap, act: impl FnOnce(&mut State, &Identity) -> Outcome) -> Response {
    Request { core, method: Method::GET, headers, operation: "GET", interaction: None }.answer(act).await
}

fn parse(body: &Bytes) -> Result<Value, Refusal> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_slice(body).ok().filter(Value::is_object).ok_or(Refusal::new(10, "the body is not a JSON object"))
}

fn name_of(body: &Result<Value, Refusal>) -> String {
    body.as_ref().ok().and_then(|body| body.get("operationName")?.as_str()).unwrap_or_default().to_owned()
}

async fn version() -> Response {
    axum::Json(json!({ "statusCode": 0, "version": "8.5.202.00" })).into_response()
}

async fn me(Shared(core): Shared<Core>, headers: HeaderMap, Query(query): Query<HashMap<String, String>>) -> Response {
    let wanted = query.get("subresources").cloned().unwrap_or_default();
    reading(&core, headers, |state, identity| {
        let wants = |name: &str| wanted == "*" || wanted.split(',').any(|one| one.trim() == name);
        let profile = state.world.model().profile(identity.agent.as_str()).cloned();
        let profile = profile.ok_or((Refusal::unknown("no such user"), Dialect::A))?;
        let mut user = wire::user(&profile, &state.options.centre.id, &state.base);
        let (presence, dnd) = state.world.model().presence(&identity.agent).unwrap_or((Presence::LoggedOut, false));
        if wants("channels") {
            user["channels"] = json!([wire::channel(presence, dnd)]);
            user["channelStates"] = user["channels"].clone();
        }
        if wants("features") {
            let features = ["api-multimedia", "api-multimedia-chat"];
            user["features"] = features.iter().map(|name| json!({ "name": name, "id": name })).collect();
        }
        for (name, family, served) in [
            ("interactions", Family::Interactions, state.options.families.interactions()),
            ("chats", Family::Chats, state.options.families.chats()),
        ] {
            if served && wants(name) {
                let views = state.world.model().views(&identity.agent);
                user[name] = views.iter().map(|view| wire::chat(view, family, &state.base)).collect();
            }
        }
        for name in ["devices", "calls", "settings"] {
            if wants(name) {
                user[name] = json!([]);
            }
        }
        Ok(json!({ "statusCode": 0, "user": user }))
    })
    .await
}

async fn about_me(Shared(core): Shared<Core>, headers: HeaderMap, body: Bytes) -> Response {
    let body = parse(&body);
    let name = name_of(&body);
    let request = Request { core: &core, method: Method::POST, headers, operation: &name, interaction: None };
    request.answer(|state, identity| about(state, identity, body, &name).map_err(|refusal| (refusal, Dialect::A))).await
}

fn about(state: &mut State, identity: &Identity, body: Result<Value, Refusal>, name: &str) -> Result<Value, Refusal> {
    let body = body?;
    let agent = identity.agent.clone();
    match name {
        "" => return Err(Refusal::missing("operationName")),
        "StartContactCenterSession" => return start_session(state, identity, &body),
        "EndContactCenterSession" => {
            state.apply(Command::SignOut(agent.clone()))?;
            state.http.remove(&identity.session);
            if state.world.is_played(&agent) == Some(false) {
                state.play(&agent, true);
            }
        }
        "Ready" => drop(state.apply(Command::SetPresence(agent, Presence::Ready))?),
        "NotReady" => drop(state.apply(Command::SetPresence(agent, Presence::NotReady))?),
        "DoNotDisturbOn" => drop(state.apply(Command::SetDoNotDisturb(agent, true))?),
        "DoNotDisturbOff" => drop(state.apply(Command::SetDoNotDisturb(agent, false))?),
        _ => return Err(Refusal::new(3, format!("operation '{name}' is not known here"))),
    }
    Ok(json!({ "statusCode": 0 }))
}

fn start_session(state: &mut State, identity: &Identity, body: &Value) -> Result<Value, Refusal> {
    let channels: Vec<String> = match body.get("channels") {
        None => vec!["chat".into()],
        Some(Value::Array(list)) => list.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        Some(_) => return Err(Refusal::new(10, "channels is not a list")),
    };
    if channels.is_empty() {
        return Err(Refusal::missing("channels"));
    }
    let place = Place { login: Some(&identity.agent), interaction: None, operation: Some("StartContactCenterSession") };
    if state.faults.strikes(&place, &Kind::PartialSignIn) {
        return Ok(json!({
            "statusCode": 7,
            "succeeded": [{ "statusCode": 0, "channel": "voice" }],
            "failed": [{ "statusCode": 4, "statusMessage": "Interaction server connection is not opened", "channel": "multimedia" }],
        }));
    }
    if state.world.is_played(&identity.agent) == Some(true) {
        // Somebody real has come: from now on this person is not played.
        state.play(&identity.agent, false);
    }
    if channels.iter().any(|channel| channel == "chat" || channel == "multimedia") {
        state.apply(Command::SignIn(identity.agent.clone()))?;
    }
    Ok(json!({ "statusCode": 0 }))
}

async fn channel(Shared(core): Shared<Core>, Path(channel): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let body = parse(&body);
    let name = name_of(&body);
    let request = Request { core: &core, method: Method::POST, headers, operation: &name, interaction: None };
    request
        .answer(|state, identity| {
            let run = || {
                body?;
                if channel != "chat" {
                    return Err(Refusal::unknown(format!("no such channel '{channel}'")));
                }
                let agent = identity.agent.clone();
                let command = match name.as_str() {
                    "" => return Err(Refusal::missing("operationName")),
                    "Ready" => Command::SetPresence(agent, Presence::Ready),
                    "DoNotDisturbOn" => Command::SetDoNotDisturb(agent, true),
                    "DoNotDisturbOff" => Command::SetDoNotDisturb(agent, false),
                    // Centres have reasons of their own, which all mean not ready.
                    _ => Command::SetPresence(agent, Presence::NotReady),
                };
                state.apply(command)?;
                Ok(json!({ "statusCode": 0 }))
            };
            run().map_err(|refusal| (refusal, Dialect::A))
        })
        .await
}

fn not_served(family: Family, state: &State) -> Result<(), (Refusal, Dialect)> {
    let served = match family {
        Family::Interactions => state.options.families.interactions(),
        Family::Chats => state.options.families.chats(),
    };
    if served { Ok(()) } else { Err((Refusal::unknown("no such resource"), Dialect::A)) }
}

async fn list(
    Shared(core): Shared<Core>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
    family: Family,
) -> Response {
    reading(&core, headers, |state, identity| {
        not_served(family, state)?;
        let all = state.world.model().views(&identity.agent);
        let all: Vec<Value> = all.iter().map(|view| wire::chat(view, family, &state.base)).collect();
        if query.contains_key("fields") {
            let key = if family == Family::Chats { "chats" } else { "interactions" };
            return Ok(json!({ "statusCode": 0, key: all }));
        }
        let uris: Vec<&Value> = all.iter().map(|one| &one["uri"]).collect();
        Ok(json!({ "statusCode": 0, "uris": uris }))
    })
    .await
}

async fn read(Shared(core): Shared<Core>, headers: HeaderMap, Path(id): Path<String>, family: Family) -> Response {
    reading(&core, headers, |state, identity| {
        not_served(family, state)?;
        let view = state.world.model().view(&ChatId::new(id), &identity.agent);
        let view = view.ok_or((Refusal::unknown("no such interaction"), Dialect::A))?;
        let key = if family == Family::Chats { "chat" } else { "interaction" };
        Ok(json!({ "statusCode": 0, key: wire::chat(&view, family, &state.base) }))
    })
    .await
}

async fn messages(
    Shared(core): Shared<Core>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    family: Family,
) -> Response {
    reading(&core, headers, |state, identity| {
        not_served(family, state)?;
        let number = |key: &str| query.get(key).and_then(|value| value.parse::<u64>().ok());
        let entries = state.world.model().transcript(&ChatId::new(id), &identity.agent);
        let entries = entries.map_err(|refusal| (refusal, Dialect::A))?;
        let from = number("startIndex").unwrap_or(0);
        let count = number("count").and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX);
        let wanted = entries.iter().filter(|entry| entry.index >= from).take(count);
        let messages: Vec<Value> = wanted.map(|entry| wire::message(entry, family)).collect();
        Ok(json!({ "statusCode": 0, "messages": messages }))
    })
    .await
}

async fn operate(
    Shared(core): Shared<Core>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
    family: Family,
) -> Response {
    let body = parse(&body);
    let name = name_of(&body);
    let chat = ChatId::new(id);
    let dialect = operations::dialect(family, &name);
    let request =
        Request { core: &core, method: Method::POST, headers, operation: &name, interaction: Some(chat.clone()) };
    request
        .answer(|state, identity| {
            not_served(family, state)?;
            perform(state, identity, &chat, family, &name, body).map_err(|refusal| (refusal, dialect))?;
            Ok(match (family, dialect) {
                (Family::Chats, _) => json!({ "statusCode": 0, "referenceId": state.last_reference() }),
                (Family::Interactions, Dialect::A) => json!({ "statusCode": 0 }),
                (Family::Interactions, Dialect::B) => json!({ "status": "ok" }),
            })
        })
        .await
}

fn perform(
    state: &mut State,
    identity: &Identity,
    chat: &ChatId,
    family: Family,
    name: &str,
    body: Result<Value, Refusal>,
) -> Result<(), Refusal> {
    let body = body?;
    if name.is_empty() {
        return Err(Refusal::missing("operationName"));
    }
    let agent = &identity.agent;
    if state.world.model().key_of(chat).is_none() {
        return Err(Refusal::unknown("no such interaction"));
    }
    let operation = operations::parse(family, name, &body, state.world.model())?;
    let meddled = state.faults.meddle(agent, chat, name, operation);
    for command in meddled.before {
        let _ = state.apply(command);
    }
    if let Some(words) = operations::farewell(family, name, &body) {
        let command = Command::Operate { agent: agent.clone(), chat: chat.clone(), operation: words, reference: None };
        state.apply(command)?;
    }
    let number = state.reference();
    let reference = (family == Family::Chats).then_some(number);
    state.apply(Command::Operate {
        agent: agent.clone(),
        chat: chat.clone(),
        operation: meddled.operation,
        reference,
    })?;
    Ok(())
}

/// PUT of attributes: attached data, in the generation that has no operation for it.
async fn update(
    Shared(core): Shared<Core>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
    family: Family,
) -> Response {
    let body = parse(&body);
    let chat = ChatId::new(id);
    let request =
        Request { core: &core, method: Method::PUT, headers, operation: "PUT", interaction: Some(chat.clone()) };
    request
        .answer(|state, identity| {
            not_served(family, state)?;
            let run = || {
                let body = body?;
                let data = body.get("userData").or_else(|| body.pointer("/interaction/userData"));
                let data = data.and_then(Value::as_object).ok_or_else(|| Refusal::missing("userData"))?;
                let data = data.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
                let operation = Operation::Update(data);
                state.apply(Command::Operate {
                    agent: identity.agent.clone(),
                    chat: chat.clone(),
                    operation,
                    reference: None,
                })?;
                Ok(json!({ "statusCode": 0 }))
            };
            run().map_err(|refusal| (refusal, Dialect::A))
        })
        .await
}
