//! One agent login of an in-process centre: the `Platform` port.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use attendant::{
    Entry, Interaction, InteractionId, LoginId, Operation, Platform, PlatformError, PlatformErrorKind, PlatformEvents,
    PlatformLimits, Presence, Receipt, Target, Visibility,
};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::shared::{Inner, Request, Shared};
use super::{Stop, translate};
use crate::faults::{Kind, Place};
use crate::model::{self, AgentName, ChatId, Command};

/// How many events wait for a runtime that does not read; then they wait here, none is dropped.
const EVENTS: usize = 64;

/// One agent login of an in-process centre.
pub struct Login {
    shared: Arc<Shared>,
    agent: AgentName,
    id: LoginId,
    tasks: TaskTracker,
    cancel: CancellationToken,
    /// Keeps the centre open.
    _stop: Arc<Stop>,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("login", &self.id).finish_non_exhaustive()
    }
}

/// What faults do to a request that is made.
struct Trip {
    there: Duration,
    back: Duration,
    /// It never arrives.
    before: Option<PlatformError>,
    /// It is done, and nobody hears of it.
    lost: bool,
}

impl Login {
    pub(super) fn new(
        shared: Arc<Shared>,
        agent: AgentName,
        tasks: TaskTracker,
        cancel: CancellationToken,
        stop: Arc<Stop>,
    ) -> Self {
        Self { shared, id: translate::login(&agent), agent, tasks, cancel, _stop: stop }
    }

    /// Sends a request there, does it, and brings the answer back: chance decides how long, faults decide what becomes of it.
    async fn ask<T>(
        &self,
        operation: &str,
        interaction: Option<&ChatId>,
        act: impl FnOnce(&mut Inner) -> Result<T, PlatformError>,
    ) -> Result<T, PlatformError> {
        let trip = plan(&mut self.shared.lock(), &self.agent, operation, interaction);
        sleep(trip.there).await;
        if let Some(error) = trip.before {
            sleep(trip.back).await;
            return Err(error);
        }
        let answer = act(&mut self.shared.lock());
        sleep(trip.back).await;
        if trip.lost {
            return Err(PlatformError::new(PlatformErrorKind::Unknown, "the answer was lost"));
        }
        answer
    }
}

fn plan(inner: &mut Inner, agent: &AgentName, operation: &str, interaction: Option<&ChatId>) -> Trip {
    let place = Place { login: Some(agent), interaction, operation: Some(operation) };
    let (there, back) = (inner.way(interaction), inner.way(interaction));
    let slow = inner.faults.strike(&place, |kind| match kind {
        Kind::Slow { millis } => Some(Duration::from_millis(*millis)),
        _ => None,
    });
    let before = inner.faults.strike(&place, |kind| match kind {
        Kind::Unavailable { retry_after } => {
            let error = PlatformError::new(PlatformErrorKind::Unavailable, "the server is busy");
            Some(match retry_after {
                Some(seconds) => error.with_retry_after(Duration::from_secs(*seconds)),
                None => error,
            })
        }
        // Nothing was done, but a client cannot know that.
        Kind::InternalError => Some(PlatformError::new(PlatformErrorKind::Unknown, "the server failed")),
        _ => None,
    });
    let lost = inner.faults.strike(&place, |kind| match kind {
        Kind::LoseAnswer | Kind::NotJson | Kind::NoStatus => Some(()),
        _ => None,
    });
    // The adapter signs in again by itself; what it lost meanwhile is what counts.
    if inner.faults.strikes(&place, &Kind::ExpireSession) {
        inner.lose(agent, "the session has expired");
    }
    Trip { there, back: back + slow.unwrap_or_default(), before, lost: lost.is_some() }
}

#[async_trait]
impl Platform for Login {
    fn login(&self) -> &LoginId {
        &self.id
    }

    fn limits(&self) -> PlatformLimits {
        let inner = self.shared.lock();
        PlatformLimits {
            message_bytes: inner.options.rules.message_bytes,
            agent_only_messages: inner.options.agent_only_messages,
            disposition: inner.options.disposition,
        }
    }

    async fn sign_in(&self) -> Result<PlatformEvents, PlatformError> {
        let agent = &self.agent;
        let (generation, news) = self
            .ask("StartContactCenterSession", None, |inner| {
                let operation = Some("StartContactCenterSession");
                let place = Place { login: Some(agent), interaction: None, operation };
                if inner.faults.strikes(&place, &Kind::PartialSignIn) {
                    return Err(PlatformError::new(PlatformErrorKind::Unavailable, "the chat channel did not start"));
                }
                if inner.world.is_played(agent) == Some(true) {
                    inner.play(agent, false);
                }
                let connection = inner.connect(agent);
                inner.apply(Command::SignIn(agent.clone())).map_err(|refusal| translate::refused(&refusal, false))?;
                Ok(connection)
            })
            .await?;
        let (tx, rx) = mpsc::channel(EVENTS);
        let (shared, agent, cancel) = (Arc::clone(&self.shared), self.agent.clone(), self.cancel.clone());
        self.tasks.spawn(async move {
            loop {
                // Ends when a newer sign-in, or signing out, has taken the connection away.
                let Some((arrived, next)) = shared.lock().arrived(&agent, generation) else { return };
                for event in arrived {
                    if tx.send(event).await.is_err() {
                        return;
                    }
                }
                let due = async {
                    match next {
                        Some(at) => sleep_until(at).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    biased;
                    () = cancel.cancelled() => return,
                    () = news.notified() => {}
                    () = due => {}
                }
            }
        });
        Ok(rx)
    }

    async fn set_presence(&self, presence: Presence) -> Result<(), PlatformError> {
        let (name, presence) = match presence {
            Presence::Ready => ("Ready", model::Presence::Ready),
            Presence::NotReady => ("NotReady", model::Presence::NotReady),
        };
        self.ask(name, None, |inner| {
            let command = Command::SetPresence(self.agent.clone(), presence);
            inner.apply(command).map(drop).map_err(|refusal| translate::refused(&refusal, false))
        })
        .await
    }

    async fn perform(&self, interaction: &InteractionId, operation: Operation) -> Result<Receipt, PlatformError> {
        let chat = ChatId::new(interaction.as_str());
        let aimed = matches!(operation, Operation::Invite(_) | Operation::Transfer(_));
        let (name, operation) = spell(operation, &self.agent, self.limits())?;
        let (trip, arrival) = {
            let mut inner = self.shared.lock();
            let trip = plan(&mut inner, &self.agent, name, Some(&chat));
            let (tx, arrival) = oneshot::channel();
            if trip.before.is_none() {
                let request = Request { agent: self.agent.clone(), chat, name, operation, aimed, answer: tx };
                inner.request(trip.there, request);
            }
            (trip, arrival)
        };
        if let Some(error) = trip.before {
            sleep(trip.there + trip.back).await;
            return Err(error);
        }
        // It arrives whatever becomes of who has sent it.
        let answer = arrival.await.unwrap_or_else(|_| Err(PlatformError::new(PlatformErrorKind::Unknown, "closed")));
        sleep(trip.back).await;
        if trip.lost {
            return Err(PlatformError::new(PlatformErrorKind::Unknown, "the answer was lost"));
        }
        answer
    }

    async fn interactions(&self) -> Result<Vec<Interaction>, PlatformError> {
        self.ask("GET", None, |inner| {
            let views = inner.world.model().views(&self.agent);
            Ok(views.iter().map(|view| translate::interaction(view, &self.agent)).collect())
        })
        .await
    }

    async fn transcript(&self, interaction: &InteractionId) -> Result<Vec<Entry>, PlatformError> {
        let chat = ChatId::new(interaction.as_str());
        self.ask("GET", Some(&chat), |inner| {
            let entries = inner.world.model().transcript(&chat, &self.agent);
            let entries = entries.map_err(|refusal| translate::refused(&refusal, false))?;
            Ok(entries.iter().map(|line| translate::entry(line, &self.agent)).collect())
        })
        .await
    }

    async fn sign_out(&self) -> Result<(), PlatformError> {
        self.ask("EndContactCenterSession", None, |inner| {
            let _ = inner.apply(Command::SignOut(self.agent.clone()));
            inner.disconnect(&self.agent);
            if inner.world.is_played(&self.agent) == Some(false) {
                inner.play(&self.agent, true);
            }
            Ok(())
        })
        .await
    }
}

/// An operation in the model's words, and its name on the wire, which scopes faults.
fn spell(
    operation: Operation,
    me: &AgentName,
    limits: PlatformLimits,
) -> Result<(&'static str, model::Operation), PlatformError> {
    let unsupported = |what: &str| Err(PlatformError::new(PlatformErrorKind::Unsupported, what));
    let all = model::Visibility::All;
    let data = |pairs: BTreeMap<String, String>| {
        pairs.into_iter().map(|(key, value)| (key, Value::String(value))).collect::<model::UserData>()
    };
    Ok(match operation {
        Operation::Accept { nickname } => ("Accept", model::Operation::Accept { nickname: Some(nickname) }),
        Operation::Reject => ("Reject", model::Operation::Reject),
        Operation::Say { visibility: Visibility::Agents, .. } if !limits.agent_only_messages => {
            return unsupported("words for agents only");
        }
        Operation::Say { text, visibility } => {
            let (name, visibility) = match visibility {
                Visibility::All => ("SendMessage", all),
                Visibility::Agents => ("SendToAgents", model::Visibility::Agents),
            };
            (name, model::Operation::Say { text, visibility, label: None })
        }
        Operation::TypingStart => ("SendStartTypingNotification", model::Operation::Type { on: true, visibility: all }),
        Operation::TypingStop => ("SendStopTypingNotification", model::Operation::Type { on: false, visibility: all }),
        Operation::RequestTranscript => ("RequestChatHistory", model::Operation::RequestHistory { from: None }),
        Operation::Invite(target) => ("Invite", model::Operation::Invite(aim(target)?)),
        Operation::Transfer(target) => ("Transfer", model::Operation::Transfer(aim(target)?)),
        Operation::LeaveConference => {
            ("LeaveConference", model::Operation::LeaveConference { agent: me.as_str().to_owned() })
        }
        Operation::EndSession => ("EndChatSession", model::Operation::EndSession),
        Operation::SetDisposition(_) if !limits.disposition => return unsupported("a disposition"),
        Operation::SetDisposition(code) => {
            ("SetDisposition", model::Operation::SetDisposition { key: None, value: Value::String(code) })
        }
        Operation::Attach(pairs) => ("AttachUserData", model::Operation::Attach(data(pairs))),
        Operation::Complete => ("Complete", model::Operation::Complete { queue: None }),
        _ => return unsupported("an operation that is newer than this platform"),
    })
}

/// The centre invites agents only; an adapter finds a free one with the skill, and so does this face.
pub(super) fn name_the_invited(
    inner: &mut Inner,
    me: &AgentName,
    chat: &ChatId,
    operation: model::Operation,
) -> Result<model::Operation, PlatformError> {
    let model::Operation::Invite(model::Target::Skill(skill)) = &operation else { return Ok(operation) };
    let model = inner.world.model();
    let skilled = model.profiles().filter(|profile| profile.skills.contains(skill) && profile.user != *me);
    let free: Vec<String> =
        skilled.filter(|one| model.is_free(&one.user)).map(|one| one.user.as_str().to_owned()).collect();
    let found = inner.one_of(Some(chat), &free).cloned();
    let found =
        found.ok_or_else(|| PlatformError::new(PlatformErrorKind::NoTarget, "nobody with this skill is free"))?;
    Ok(model::Operation::Invite(model::Target::Agent(found)))
}

fn aim(target: Target) -> Result<model::Target, PlatformError> {
    Ok(match target {
        Target::Agent(agent) => model::Target::Agent(agent.as_str().to_owned()),
        Target::Skill(skill) => model::Target::Skill(skill),
        Target::Queue(queue) => model::Target::Queue(queue),
        _ => return Err(PlatformError::new(PlatformErrorKind::Unsupported, "such a target")),
    })
}
