//! Faults of the HTTP side: what happens to one request and its answer.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::core::Core;
use super::session::{self, Identity};
use crate::faults::{Kind, Place};
use crate::model::{AgentName, ChatId};

/// Marks a response that never leaves: the connection is cut instead.
#[derive(Clone)]
pub struct Cut;

/// The faults that strike one request.
#[derive(Default)]
pub struct Trouble {
    before: Option<Kind>,
    slow: Option<Duration>,
    after: Option<Kind>,
}

/// Looks which faults strike.
pub fn look(core: &Core, agent: &AgentName, interaction: Option<&ChatId>, operation: &str) -> Trouble {
    let state = core.lock();
    let place = Place { login: Some(agent), interaction, operation: Some(operation) };
    Trouble {
        slow: state.faults.strike(&place, |kind| match kind {
            Kind::Slow { millis } => Some(Duration::from_millis(*millis)),
            _ => None,
        }),
        before: state.faults.strike(&place, |kind| match kind {
            Kind::InternalError | Kind::Unavailable { .. } | Kind::RefuseCsrf | Kind::ExpireSession => {
                Some(kind.clone())
            }
            _ => None,
        }),
        after: state.faults.strike(&place, |kind| match kind {
            Kind::LoseAnswer | Kind::NotJson | Kind::NoStatus | Kind::StringStatus => Some(kind.clone()),
            _ => None,
        }),
    }
}

impl Trouble {
    /// The answer that comes instead of doing anything.
    pub async fn before(&self, core: &Core, identity: &Identity) -> Option<Response> {
        if let Some(wait) = self.slow {
            tokio::time::sleep(wait).await;
        }
        match self.before.as_ref()? {
            Kind::InternalError => {
                let body = json!({ "statusCode": 4, "statusMessage": "Interaction server connection is not opened" });
                Some((StatusCode::INTERNAL_SERVER_ERROR, axum::Json(body)).into_response())
            }
            Kind::Unavailable { retry_after } => {
                let mut response = (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable").into_response();
                if let Some(seconds) = retry_after {
                    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
                }
                Some(response)
            }
            Kind::RefuseCsrf => {
                let mut state = core.lock();
                let fresh = state.uuid();
                if let Some(session) = state.http.get_mut(&identity.session) {
                    session.csrf = fresh;
                }
                Some(session::csrf_refused())
            }
            Kind::ExpireSession => {
                let mut state = core.lock();
                state.http.retain(|_, session| session.agent != identity.agent);
                for client in state.cometd.sessions_of(&identity.agent) {
                    state.cometd.remove(&client);
                }
                Some(session::Denied.into_response())
            }
            _ => None,
        }
    }

    /// What becomes of a JSON answer.
    pub fn spoil(&self, body: &mut Value) {
        match self.after {
            Some(Kind::NoStatus) => {
                if let Some(fields) = body.as_object_mut() {
                    fields.remove("statusCode");
                    fields.remove("status");
                }
            }
            Some(Kind::StringStatus) => {
                if let Some(code) = body.get("statusCode").and_then(Value::as_i64) {
                    body["statusCode"] = code.to_string().into();
                }
            }
            _ => {}
        }
    }

    /// What becomes of an answer on its way.
    pub fn after(&self, mut response: Response) -> Response {
        match self.after {
            Some(Kind::LoseAnswer) => {
                response.extensions_mut().insert(Cut);
            }
            Some(Kind::NotJson) => {
                *response.body_mut() = Body::from("<html><body>Gateway error</body></html>");
                response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
                response.headers_mut().remove(header::CONTENT_LENGTH);
            }
            _ => {}
        }
        response
    }
}
