//! The server face: one port that serves REST for agents and customers, CometD, the web pages, and the switches of the
//! simulator itself.

mod admin;
mod agents;
mod cometd;
mod connections;
mod core;
mod customers;
mod directory;
mod operations;
mod pages;
mod session;
mod state;
mod trouble;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{DefaultBodyLimit, State as Shared};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::core::Core;
use self::state::State;
use crate::faults::Faults;
use crate::load::Load;
use crate::log::Log;
use crate::model::Moment;
use crate::options::Options;

/// How long `shutdown` waits for connections to end.
const GRACE: Duration = Duration::from_secs(2);

/// Why a simulator does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The centre makes no sense.
    #[error("the centre is not usable: {0}")]
    Centre(String),
}

/// The server.
#[derive(Debug)]
pub struct Server;

impl Server {
    /// Starts a simulator and returns when it listens. It runs until `shutdown`, or until the last handle is dropped.
    pub async fn start(options: Options) -> Result<Handle, Error> {
        check(&options)?;
        let address = options.address;
        let listen = |source| Error::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let options = Arc::new(options);
        let alarm = Arc::new(Notify::new());
        let state = State::new(Arc::clone(&options), format!("http://{address}"), wall_clock(), Arc::clone(&alarm));
        state.faults.wake_on_change(Arc::clone(&alarm));
        let core = Core::new(state);
        core.lock().open();
        let cancel = CancellationToken::new();
        let tasks = TaskTracker::new();
        let router = router(&core, &cancel, &tasks);
        tasks.spawn(keep_time(core.clone(), alarm, cancel.clone()));
        tasks.spawn(connections::accept(listener, router, tasks.clone(), cancel.clone()));
        tasks.close();
        Ok(Handle { core, address, tasks, stop: Arc::new(Stop(cancel)) })
    }
}

fn check(options: &Options) -> Result<(), Error> {
    let centre = &options.centre;
    if centre.queues.is_empty() {
        return Err(Error::Centre("there is no queue".into()));
    }
    let mut users = std::collections::BTreeSet::new();
    if let Some(double) = centre.agents.iter().find(|agent| !users.insert(&agent.user)) {
        return Err(Error::Centre(format!("two agents are called '{}'", double.user)));
    }
    let mut queues = std::collections::BTreeSet::new();
    if let Some(double) = centre.queues.iter().find(|queue| !queues.insert(&queue.name)) {
        return Err(Error::Centre(format!("two queues are called '{}'", double.name)));
    }
    if !options.notifications.long_polling && !options.notifications.websocket {
        return Err(Error::Centre("neither long-polling nor websocket is offered".into()));
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the edge where wall-clock time comes in, once")]
fn wall_clock() -> Moment {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Moment(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Does what is due, when it is due.
async fn keep_time(core: Core, alarm: Arc<Notify>, cancel: CancellationToken) {
    loop {
        let next = {
            let mut state = core.lock();
            state.tick();
            state.next_deadline()
        };
        tokio::select! {
            () = alarm.notified() => {}
            () = async {
                match next {
                    // At least a millisecond, which is what the model's clock can tell apart.
                    Some(at) => sleep_until(at + Duration::from_millis(1)).await,
                    None => std::future::pending().await,
                }
            } => {}
            () = cancel.cancelled() => return,
        }
    }
}

fn router(core: &Core, cancel: &CancellationToken, tasks: &TaskTracker) -> Router {
    let (cancel, tasks) = (cancel.clone(), tasks.clone());
    let upgrade = move |core, headers, socket| websocket(core, headers, socket, cancel.clone(), tasks.clone());
    let notifications = get(upgrade).post(cometd_post);
    let limit = DefaultBodyLimit::max(core.options().notifications.max_message);
    Router::new()
        .merge(agents::router())
        .merge(customers::router())
        .route("/api/v2/notifications", notifications.clone())
        .route("/api/v2/notifications/", notifications.clone())
        .route("/api/v2/notifications/{*rest}", notifications)
        .merge(admin::router())
        .merge(pages::router())
        .fallback(not_found)
        .layer(limit)
        .with_state(core.clone())
}

async fn not_found() -> Response {
    let body = serde_json::json!({ "statusCode": 6, "statusMessage": "no such resource" });
    (StatusCode::NOT_FOUND, axum::Json(body)).into_response()
}

async fn cometd_post(Shared(core): Shared<Core>, headers: HeaderMap, body: Bytes) -> Response {
    cometd::http::post(&core, &headers, body).await
}

#[expect(clippy::unused_async, reason = "a handler")]
async fn websocket(
    Shared(core): Shared<Core>,
    headers: HeaderMap,
    socket: WebSocketUpgrade,
    cancel: CancellationToken,
    tasks: TaskTracker,
) -> Response {
    if !core.options().notifications.websocket {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let identity = match session::identify(&core, &headers) {
        Ok(identity) => identity,
        Err(denied) => return denied.into_response(),
    };
    let caller = cometd::Caller {
        agent: identity.agent.clone(),
        browser: session::cookie(&headers, "BAYEUX_BROWSER"),
        websocket: true,
    };
    let limit = core.options().notifications.max_message;
    let mut response = socket.max_message_size(limit).max_frame_size(limit).on_upgrade(move |socket| {
        let serve = cometd::websocket::serve(core, socket, caller, cancel);
        // Tracked, so that `shutdown` waits for it; the tracker outlives the token.
        async move { tasks.track_future(serve).await }
    });
    session::set_cookies(response.headers_mut(), &identity);
    response
}

struct Stop(CancellationToken);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// A running simulator. A clone means the same one.
#[derive(Clone)]
pub struct Handle {
    core: Core,
    address: SocketAddr,
    tasks: TaskTracker,
    stop: Arc<Stop>,
}

impl Handle {
    /// `http://host:port`, without a slash at the end.
    pub fn base_url(&self) -> String {
        self.core.base().to_owned()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What goes wrong.
    pub fn faults(&self) -> Faults {
        self.core.lock().faults.clone()
    }

    /// What really happened until now: a copy.
    pub fn log(&self) -> Log {
        self.core.lock().log.clone()
    }

    /// How many agents are signed in and wait for offers, and how many chats wait for an agent.
    pub fn load(&self) -> Load {
        Load::of(self.core.lock().world.model())
    }

    /// Plays a scripted person, or stops playing. False if nobody with a script has this user name.
    pub fn play(&self, user: &str, play: bool) -> bool {
        let mut state = self.core.lock();
        let name = crate::model::AgentName::new(user);
        let known = state.world.is_played(&name).is_some();
        if known {
            state.play(&name, play);
        }
        known
    }

    /// The contact centre's id, as customers send it.
    pub fn contact_center_id(&self) -> String {
        self.core.options().centre.id.clone()
    }

    /// Stops: connections are closed, and after a short grace left to themselves. Idempotent. Cancel safe.
    pub async fn shutdown(&self) {
        self.stop.0.cancel();
        let _ = tokio::time::timeout(GRACE, self.tasks.wait()).await;
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").field("address", &self.address).finish_non_exhaustive()
    }
}
