//! Operations of the runtime as operations of either endpoint family.

use std::collections::BTreeMap;

use attendant::{
    InteractionId, Operation, PlatformError, PlatformErrorKind, PlatformEvent, Receipt, Target, Visibility,
};
use gws::{Contact, DispositionBy, Family, Operation as Wire, Outcome, Target as WireTarget};

use crate::convert::{self, Doing};
use crate::login::Login;
use crate::targets;

/// People who are asked in turn for one handoff: a free person can be taken by somebody else meanwhile.
const CANDIDATES: usize = 3;

impl Login {
    pub(crate) async fn operate(&self, id: &InteractionId, operation: Operation) -> Result<Receipt, PlatformError> {
        let family = self.session().options().family;
        let wire = match operation {
            Operation::Accept { nickname } => Wire::Accept { nickname },
            Operation::Reject => Wire::Reject,
            Operation::Say { text, visibility: Visibility::All } => {
                Wire::SendMessage { text, to: gws::Visibility::All }
            }
            Operation::Say { text, visibility: Visibility::Agents } => {
                Wire::SendMessage { text, to: gws::Visibility::Agents }
            }
            Operation::TypingStart => Wire::StartTyping(gws::Visibility::All),
            Operation::TypingStop => Wire::StopTyping(gws::Visibility::All),
            Operation::RequestTranscript if family == Family::Interactions => Wire::RequestHistory { event_id: None },
            Operation::RequestTranscript => return self.tell_transcript(id).await,
            Operation::Invite(target) => return self.hand(id, &target, Wire::Invite).await,
            Operation::Transfer(target) => return self.hand(id, &target, Wire::Transfer).await,
            Operation::LeaveConference => Wire::LeaveConference { agent: self.book().own_agent() },
            Operation::EndSession => Wire::EndChat,
            Operation::SetDisposition(code) => {
                if family == Family::Interactions
                    && self.session().options().disposition_by == DispositionBy::CompleteParameter
                {
                    self.book().set_disposition(id.as_str(), code);
                    return Ok(Receipt::default());
                }
                Wire::SetDisposition(code)
            }
            Operation::Attach(data) => return self.attach(id, data).await,
            Operation::Complete => Wire::Complete { queue: None, disposition: self.book().disposition(id.as_str()) },
            other => {
                let words = format!("this platform does not know {other:?}").chars().take(60).collect::<String>();
                return Err(PlatformError::new(PlatformErrorKind::Unsupported, words));
            }
        };
        self.send(id, &wire, Doing::Operation).await
    }

    async fn send(&self, id: &InteractionId, wire: &Wire, doing: Doing) -> Result<Receipt, PlatformError> {
        self.try_send(id, wire).await.map_err(|error| convert::error(&error, doing))
    }

    async fn try_send(&self, id: &InteractionId, wire: &Wire) -> Result<Receipt, gws::Error> {
        let receipt = self.session().perform(id.as_str(), wire).await?;
        Ok(Receipt { reference: receipt.reference })
    }

    /// With `chats` the transcript is read, and told as the notification of the other family would.
    async fn tell_transcript(&self, id: &InteractionId) -> Result<Receipt, PlatformError> {
        let entries = self.read_transcript(id).await?;
        self.tell(PlatformEvent::Entries { interaction: id.clone(), entries }).await;
        Ok(Receipt::default())
    }

    /// New keys are attached, known ones updated: `chats` has an operation for each.
    async fn attach(&self, id: &InteractionId, data: BTreeMap<String, String>) -> Result<Receipt, PlatformError> {
        let has = |key: &str| self.book().has_data(id.as_str(), key);
        let (known, new): (BTreeMap<_, _>, BTreeMap<_, _>) = data.into_iter().partition(|(key, _)| has(key));
        let mut receipt = Receipt::default();
        if !known.is_empty() {
            receipt = self.send(id, &Wire::UpdateUserData(known), Doing::Operation).await?;
        }
        if !new.is_empty() {
            receipt = self.send(id, &Wire::AttachUserData(new), Doing::Operation).await?;
        }
        Ok(receipt)
    }

    /// Invite or Transfer, to whatever kind of target.
    async fn hand(
        &self,
        id: &InteractionId,
        target: &Target,
        wire: fn(WireTarget) -> Wire,
    ) -> Result<Receipt, PlatformError> {
        let session = self.session();
        let read = |error: gws::Error| convert::error(&error, Doing::Read);
        match target {
            Target::Agent(agent) => {
                let operation = wire(WireTarget::Agent(agent.as_str().to_owned()));
                let refused = match self.try_send(id, &operation).await {
                    Ok(receipt) => return Ok(receipt),
                    Err(error) => error,
                };
                // With `chats` an agent is a user id; people write user names into rules.
                if session.options().family == Family::Chats && refused.code() == Some(gws::StatusCode::NotFound) {
                    let user = targets::user_named(session, agent.as_str()).await.map_err(read)?;
                    if let Some(user) = user.filter(|user| user.id != agent.as_str()) {
                        return self.send(id, &wire(WireTarget::Agent(user.id)), Doing::Target).await;
                    }
                }
                Err(convert::error(&refused, Doing::Target))
            }
            Target::Skill(skill) => {
                let operation = wire(WireTarget::Skill(skill.clone()));
                match operation.request(session.options(), id.as_str()) {
                    Ok(_) => self.send(id, &operation, Doing::Target).await,
                    Err(_) => self.hand_to_free(id, skill, wire).await,
                }
            }
            Target::Queue(queue) => {
                let operation = wire(WireTarget::Queue(queue.clone()));
                let operation = match operation.request(session.options(), id.as_str()) {
                    Ok(_) => operation,
                    Err(_) if session.options().family == Family::Chats => {
                        let uri = targets::queue(session, queue).await.map_err(read)?;
                        wire(WireTarget::Uri(uri.ok_or_else(no_such_queue)?))
                    }
                    Err(error) => return Err(convert::error(&error, Doing::Target)),
                };
                self.send(id, &operation, Doing::Target).await
            }
            _ => Err(PlatformError::new(PlatformErrorKind::Unsupported, "this platform has no such target")),
        }
    }

    /// To a free person with a skill; to the next one if the first cannot take it after all.
    async fn hand_to_free(
        &self,
        id: &InteractionId,
        skill: &str,
        wire: fn(WireTarget) -> Wire,
    ) -> Result<Receipt, PlatformError> {
        let own = self.book().me().cloned();
        let free = targets::free_with_skill(self.session(), skill, own.as_ref()).await;
        let free = free.map_err(|error| convert::error(&error, Doing::Read))??;
        let mut last = PlatformError::new(PlatformErrorKind::Busy, "nobody with this skill is free");
        for person in free.iter().take(CANDIDATES) {
            let Some(target) = self.name_of(person) else { continue };
            match self.try_send(id, &wire(target)).await {
                Ok(receipt) => return Ok(receipt),
                Err(error) => {
                    let converted = convert::error(&error, Doing::Target);
                    let may_be_taken =
                        matches!(converted.kind(), PlatformErrorKind::NoTarget | PlatformErrorKind::UnknownTarget);
                    if error.outcome() == Outcome::Unknown || !may_be_taken {
                        return Err(converted);
                    }
                    last = converted;
                }
            }
        }
        Err(last)
    }

    fn name_of(&self, person: &Contact) -> Option<WireTarget> {
        let options = self.session().options();
        match options.family {
            Family::Chats => person.uri.clone().map(WireTarget::Uri).or_else(|| named(&person.id)),
            Family::Interactions => named(person.agent_id(options.agent_naming)),
        }
    }
}

fn named(agent: &str) -> Option<WireTarget> {
    (!agent.is_empty()).then(|| WireTarget::Agent(agent.to_owned()))
}

fn no_such_queue() -> PlatformError {
    PlatformError::new(PlatformErrorKind::UnknownTarget, "there is no such queue")
}
