//! How the operations of both families are spelt: from a request body to what the model does, and which of the two
//! answer dialects the page has for it.

use serde_json::Value;

use super::wire::Family;
use crate::model::{Model, Operation, QueueProfile, Refusal, Target, UserData, Visibility};

/// The two ways to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `statusCode`, `statusMessage`.
    A,
    /// `status`, `errorDescription`.
    B,
}

/// Which dialect answers an operation of a family.
pub fn dialect(family: Family, name: &str) -> Dialect {
    match (family, name) {
        (Family::Interactions, "InviteUser" | "EndChatSession" | "LeaveConference") => Dialect::B,
        _ => Dialect::A,
    }
}

fn text(body: &Value, key: &str) -> Option<String> {
    match body.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn required(body: &Value, key: &str) -> Result<String, Refusal> {
    text(body, key).filter(|value| !value.is_empty()).ok_or_else(|| Refusal::missing(key))
}

/// What a user or contact URI means: its last segment is a user's id or a queue's.
fn target_uri(uri: &str, model: &Model) -> Result<Target, Refusal> {
    let id = uri.rsplit('/').next().unwrap_or_default();
    if let Some(profile) = model.profile(id) {
        return Ok(Target::Agent(profile.user.as_str().to_owned()));
    }
    let queue = model.queues().iter().find(|queue: &&QueueProfile| queue.id() == id);
    queue
        .map(|queue| Target::Queue(queue.name.clone()))
        .ok_or_else(|| Refusal::unknown(format!("no such user or contact '{uri}'")))
}

fn any_target(body: &Value, model: &Model) -> Result<Target, Refusal> {
    if let Some(uri) = text(body, "targetUri") {
        return target_uri(&uri, model);
    }
    if let Some(agent) = text(body, "agentId") {
        return Ok(Target::Agent(agent));
    }
    if let Some(skill) = text(body, "skill").or_else(|| text(body, "skillName")) {
        return Ok(Target::Skill(skill));
    }
    if let Some(queue) = text(body, "queueName").or_else(|| text(body, "queue")) {
        return Ok(Target::Queue(queue));
    }
    Err(Refusal::missing("agentId, skill or queueName"))
}

fn pairs(body: &Value) -> Result<UserData, Refusal> {
    let fields = body.get("userData").and_then(Value::as_object).ok_or_else(|| Refusal::missing("userData"))?;
    Ok(fields.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// Keys to delete, in any of the spellings that clients use: a list, a map, or one string.
fn keys(body: &Value) -> Result<Vec<String>, Refusal> {
    match body.get("keys").or_else(|| body.get("userData")) {
        Some(Value::Array(list)) => Ok(list.iter().filter_map(|key| key.as_str().map(str::to_owned)).collect()),
        Some(Value::Object(map)) => Ok(map.keys().cloned().collect()),
        Some(Value::String(one)) => Ok(vec![one.clone()]),
        _ => Err(Refusal::missing("keys")),
    }
}

fn say(body: &Value, visibility: Visibility) -> Result<Operation, Refusal> {
    let text_sent = body.get("text").and_then(Value::as_str).ok_or_else(|| Refusal::missing("text"))?;
    Ok(Operation::Say { text: text_sent.to_owned(), visibility, label: text(body, "messageType") })
}

/// The farewell of Leave, Complete and Transfer, said before the operation.
pub fn farewell(family: Family, name: &str, body: &Value) -> Option<Operation> {
    let takes_words = family == Family::Chats && matches!(name, "Leave" | "Complete" | "Transfer");
    let words = text(body, "text").filter(|words| takes_words && !words.is_empty())?;
    Some(Operation::Say { text: words, visibility: Visibility::All, label: text(body, "messageType") })
}

/// The operation that a request asks for.
pub fn parse(family: Family, name: &str, body: &Value, model: &Model) -> Result<Operation, Refusal> {
    let (all, agents) = (Visibility::All, Visibility::Agents);
    let typing = |on, visibility| Ok(Operation::Type { on, visibility });
    match name {
        "Accept" => {
            let nickname = required(body, "nickname");
            // The page of this generation has the nickname as the one parameter; later pages let it out.
            if family == Family::Interactions {
                return nickname.map(|nickname| Operation::Accept { nickname: Some(nickname) });
            }
            Ok(Operation::Accept { nickname: nickname.ok() })
        }
        "Reject" => Ok(Operation::Reject),
        "SendMessage" => say(body, all),
        "SendStartTypingNotification" => typing(true, all),
        "SendStopTypingNotification" => typing(false, all),
        "Complete" => Ok(Operation::Complete { queue: text(body, "queueName") }),
        _ => match family {
            Family::Interactions => match name {
                "InviteUser" => Ok(Operation::Invite(Target::Agent(required(body, "agentId")?))),
                "EndChatSession" => Ok(Operation::EndSession),
                "SingleStepTransfer" | "Transfer" => any_target(body, model).map(Operation::Transfer),
                "PlaceInQueue" => Ok(Operation::Transfer(Target::Queue(required(body, "queueName")?))),
                "RequestChatHistory" => {
                    Ok(Operation::RequestHistory { from: body.get("eventId").and_then(Value::as_u64) })
                }
                "LeaveConference" => Ok(Operation::LeaveConference { agent: required(body, "agentId")? }),
                _ => Err(unknown(name)),
            },
            Family::Chats => match name {
                "SendToAgents" => say(body, agents),
                "SendUrl" => Ok(Operation::PushUrl(required(body, "url")?)),
                "SendStartTypingToAgentsNotification" | "SendStartTypingToAgentNotification" => typing(true, agents),
                "SendStopTypingToAgentsNotification" | "SendStopTypingToAgentNotification" => typing(false, agents),
                "SendCustomNotice" => Ok(Operation::Notify(required(body, "noticeText")?, all)),
                "SendCustomNoticeToAgents" => Ok(Operation::Notify(required(body, "noticeText")?, agents)),
                "SendNicknameUpdatedNotice" => Ok(Operation::Rename(required(body, "noticeText")?)),
                "Leave" => Ok(Operation::Leave),
                "LeaveAndComplete" => Ok(Operation::Complete { queue: None }),
                "Transfer" => match (text(body, "targetUri"), text(body, "queueName")) {
                    (Some(uri), _) => target_uri(&uri, model).map(Operation::Transfer),
                    (None, Some(queue)) => Ok(Operation::Transfer(Target::Queue(queue))),
                    (None, None) => Err(Refusal::missing("targetUri or queueName")),
                },
                "Invite" => target_uri(&required(body, "targetUri")?, model).map(Operation::Invite),
                "Consult" => target_uri(&required(body, "targetUri")?, model).map(Operation::Consult),
                "RemoveParticipantFromConference" => {
                    let who = text(body, "targetUri").or_else(|| text(body, "targetPath"));
                    let who = who.ok_or_else(|| Refusal::missing("targetUri"))?;
                    Ok(Operation::Remove(who.rsplit('/').next().unwrap_or_default().to_owned()))
                }
                "SetDisposition" => {
                    let value = body.get("disposition").cloned().ok_or_else(|| Refusal::missing("disposition"))?;
                    Ok(Operation::SetDisposition { key: text(body, "dispositionKey"), value })
                }
                "AttachUserData" => pairs(body).map(Operation::Attach),
                "UpdateUserData" => pairs(body).map(Operation::Update),
                "DeleteUserData" => keys(body).map(Operation::Delete),
                "SetInFocus" | "InFocus" => Ok(Operation::Focus),
                _ => Err(unknown(name)),
            },
        },
    }
}

fn unknown(name: &str) -> Refusal {
    Refusal::new(3, format!("operation '{name}' is not known here"))
}
