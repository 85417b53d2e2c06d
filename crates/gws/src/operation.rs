//! The operations on one chat: one model, two spellings.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::request::segment;
use crate::{DispositionBy, Error, Family, Options, Repeat, Request, Visibility};

/// To whom a chat goes or who is invited.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// One agent: what [`Options::agent_naming`] says with `interactions`, the id of the user with `chats`.
    Agent(String),
    /// The agents with a skill.
    Skill(String),
    /// A queue, by name.
    Queue(String),
    /// A user or contact, by URI (`chats` only).
    Uri(String),
}

/// What can be done to one chat.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Take an offer.
    Accept {
        /// What the customer sees.
        nickname: String,
    },
    /// Decline an offer.
    Reject,
    /// Say something. `Visibility::Agents` is SendToAgents, of `chats` alone.
    SendMessage {
        /// At most [`Limits::message_bytes`](crate::Limits::message_bytes).
        text: String,
        /// Who sees it.
        to: Visibility,
    },
    /// Push a link (`chats`).
    SendUrl(String),
    /// Tell the desktops something (`chats`).
    SendCustomNotice(String),
    /// Show that an answer is being written.
    StartTyping(Visibility),
    /// Take that back.
    StopTyping(Visibility),
    /// Ask for the history; it comes as a notification (`interactions`; with `chats` read the messages).
    RequestHistory {
        /// From this event on.
        event_id: Option<u64>,
    },
    /// Bring somebody in. With `interactions` one agent, with `chats` an agent or a URI.
    Invite(Target),
    /// Ask somebody without the customer noticing (`chats`).
    Consult(Target),
    /// Give the chat away.
    Transfer(Target),
    /// Leave to the others in the conference.
    LeaveConference {
        /// Who leaves: this login, named as [`Options::agent_naming`] says. Not sent with `chats`.
        agent: String,
    },
    /// Take somebody out (`chats`).
    Remove(Target),
    /// End the chat session and keep the interaction.
    EndChat,
    /// Finish. On a live session the session ends too.
    Complete {
        /// Put it into this queue instead (`chats`).
        queue: Option<String>,
        /// With `interactions` and [`DispositionBy::CompleteParameter`].
        disposition: Option<String>,
    },
    /// Set the disposition code.
    SetDisposition(String),
    /// Add attached data; with `interactions` the same as [`Operation::UpdateUserData`].
    AttachUserData(BTreeMap<String, String>),
    /// Change attached data.
    UpdateUserData(BTreeMap<String, String>),
    /// Take attached data away; with `interactions` the values become null.
    DeleteUserData(Vec<String>),
}

impl Operation {
    /// The request for this operation. Fails without sending where the family has no such operation or the message is too long.
    pub fn request(&self, options: &Options, interaction: &str) -> Result<Request, Error> {
        self.check(options)?;
        let id = segment(interaction);
        let path = format!("/me/{}/{id}", options.family);
        if let Some(data) = self.as_user_data(options) {
            let body = json!({ "userData": data });
            let path = format!("/interactions/{id}");
            return Ok(Request { method: http::Method::PUT, path, body: Some(body), repeat: Repeat::Safe });
        }
        let (name, parameters) = match options.family {
            Family::Interactions => self.for_interactions(options)?,
            Family::Chats => self.for_chats(options)?,
        };
        let mut body = Map::new();
        body.insert("operationName".into(), name.into());
        body.extend(parameters.into_iter().map(|(key, value)| (key.to_owned(), value)));
        Ok(Request::post(path, Value::Object(body), self.repeat()))
    }

    fn check(&self, options: &Options) -> Result<(), Error> {
        let limit = options.limits.message_bytes;
        match self {
            Self::SendMessage { text, .. } if text.len() > limit => {
                Err(Error::MessageTooLong { bytes: text.len(), limit })
            }
            _ => Ok(()),
        }
    }

    fn repeat(&self) -> Repeat {
        match self {
            Self::SendMessage { .. } | Self::SendUrl(_) | Self::SendCustomNotice(_) => Repeat::Never,
            Self::StartTyping(_)
            | Self::StopTyping(_)
            | Self::RequestHistory { .. }
            | Self::SetDisposition(_)
            | Self::UpdateUserData(_)
            | Self::DeleteUserData(_) => Repeat::Safe,
            _ => Repeat::Undone,
        }
    }

    /// With `interactions` there is no operation for attached data: the interaction itself is changed.
    fn as_user_data(&self, options: &Options) -> Option<Map<String, Value>> {
        if options.family == Family::Chats {
            return None;
        }
        match self {
            Self::AttachUserData(data) | Self::UpdateUserData(data) => Some(map(data)),
            Self::DeleteUserData(keys) => Some(keys.iter().map(|key| (key.clone(), Value::Null)).collect()),
            Self::SetDisposition(code) if options.disposition_by == DispositionBy::AttachedData => {
                Some(Map::from_iter([(options.disposition_key.clone(), code.as_str().into())]))
            }
            _ => None,
        }
    }

    fn for_interactions<'a>(&self, options: &'a Options) -> Result<Spelling<'a>, Error> {
        let fields = &options.transfer_fields;
        let no = |operation| Err(Error::Unsupported { operation, family: Family::Interactions });
        Ok(match self {
            Self::Invite(Target::Agent(agent)) => ("InviteUser", vec![("agentId", agent.as_str().into())]),
            Self::Transfer(target) => {
                let (field, value) = match target {
                    Target::Agent(agent) => (&fields.agent, agent),
                    Target::Skill(skill) => (&fields.skill, skill),
                    Target::Queue(queue) => (&fields.queue, queue),
                    Target::Uri(_) => return no("SingleStepTransfer to a URI"),
                };
                if field.is_empty() {
                    return no("SingleStepTransfer to such a target");
                }
                ("SingleStepTransfer", vec![(field.as_str(), value.as_str().into())])
            }
            Self::LeaveConference { agent } => ("LeaveConference", vec![("agentId", agent.as_str().into())]),
            Self::EndChat => ("EndChatSession", vec![]),
            Self::RequestHistory { event_id } => {
                ("RequestChatHistory", event_id.iter().map(|&event| ("eventId", event.into())).collect())
            }
            Self::Complete { queue: None, disposition } => {
                let parameter = disposition.iter().map(|code| (options.disposition_key.as_str(), code.as_str().into()));
                ("Complete", parameter.collect())
            }
            _ => self.for_both().or_else(no)?,
        })
    }

    fn for_chats<'a>(&self, options: &'a Options) -> Result<Spelling<'a>, Error> {
        let target_uri = |name, target: &Target| match uri(options, target) {
            Some(uri) => Ok((name, vec![("targetUri", uri.into())])),
            None => Err(Error::Unsupported { operation: name, family: Family::Chats }),
        };
        Ok(match self {
            Self::SendMessage { text, to: Visibility::Agents } => {
                ("SendToAgents", vec![("text", text.as_str().into())])
            }
            Self::StartTyping(Visibility::Agents) => ("SendStartTypingToAgentsNotification", vec![]),
            Self::StopTyping(Visibility::Agents) => ("SendStopTypingToAgentsNotification", vec![]),
            Self::SendUrl(url) => ("SendUrl", vec![("url", url.as_str().into())]),
            Self::SendCustomNotice(text) => ("SendCustomNotice", vec![("noticeText", text.as_str().into())]),
            Self::Invite(target) => target_uri("Invite", target)?,
            Self::Consult(target) => target_uri("Consult", target)?,
            Self::Remove(target) => target_uri("RemoveParticipantFromConference", target)?,
            Self::Transfer(Target::Queue(queue)) => ("Transfer", vec![("queueName", queue.as_str().into())]),
            Self::Transfer(target) => target_uri("Transfer", target)?,
            Self::LeaveConference { .. } | Self::EndChat => ("Leave", vec![]),
            Self::Complete { queue, disposition: None } => {
                ("Complete", queue.iter().map(|queue| ("queueName", queue.as_str().into())).collect())
            }
            Self::SetDisposition(code) => {
                let key = ("dispositionKey", options.disposition_key.as_str().into());
                ("SetDisposition", vec![("disposition", code.as_str().into()), key])
            }
            Self::AttachUserData(data) => ("AttachUserData", vec![("userData", map(data).into())]),
            Self::UpdateUserData(data) => ("UpdateUserData", vec![("userData", map(data).into())]),
            Self::DeleteUserData(keys) => {
                ("DeleteUserData", vec![(options.delete_field.as_str(), keys.clone().into())])
            }
            _ => self.for_both().map_err(|operation| Error::Unsupported { operation, family: Family::Chats })?,
        })
    }

    /// What is spelt alike; else the name of what this family does not have.
    fn for_both(&self) -> Result<Spelling<'static>, &'static str> {
        Ok(match self {
            Self::Accept { nickname } => ("Accept", vec![("nickname", nickname.as_str().into())]),
            Self::Reject => ("Reject", vec![]),
            Self::SendMessage { text, to: Visibility::All } => ("SendMessage", vec![("text", text.as_str().into())]),
            Self::StartTyping(Visibility::All) => ("SendStartTypingNotification", vec![]),
            Self::StopTyping(Visibility::All) => ("SendStopTypingNotification", vec![]),
            Self::SendMessage { .. } => return Err("SendToAgents"),
            Self::StartTyping(_) => return Err("SendStartTypingToAgentsNotification"),
            Self::StopTyping(_) => return Err("SendStopTypingToAgentsNotification"),
            Self::SendUrl(_) => return Err("SendUrl"),
            Self::SendCustomNotice(_) => return Err("SendCustomNotice"),
            Self::RequestHistory { .. } => return Err("RequestChatHistory"),
            Self::Invite(_) => return Err("InviteUser to such a target"),
            Self::Consult(_) => return Err("Consult"),
            Self::Transfer(_) => return Err("SingleStepTransfer"),
            Self::LeaveConference { .. } => return Err("LeaveConference"),
            Self::Remove(_) => return Err("RemoveParticipantFromConference"),
            Self::EndChat => return Err("EndChatSession"),
            Self::Complete { .. } => return Err("Complete with such parameters"),
            Self::SetDisposition(_) => return Err("SetDisposition"),
            Self::AttachUserData(_) => return Err("AttachUserData"),
            Self::UpdateUserData(_) => return Err("UpdateUserData"),
            Self::DeleteUserData(_) => return Err("DeleteUserData"),
        })
    }
}

type Spelling<'a> = (&'static str, Vec<(&'a str, Value)>);

fn map(data: &BTreeMap<String, String>) -> Map<String, Value> {
    data.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect()
}

fn uri(options: &Options, target: &Target) -> Option<String> {
    match target {
        Target::Agent(id) => Some(options.url(&format!("/users/{}", segment(id))).into()),
        Target::Uri(uri) => Some(uri.clone()),
        Target::Skill(_) | Target::Queue(_) => None,
    }
}
