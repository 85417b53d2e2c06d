//! How the model is spelt on the wire: resources and notifications of both endpoint families. Raw JSON on purpose: a
//! server that shared its types with a client would share its mistakes.

use serde_json::{Map, Value, json};

use crate::model::{
    AgentProfile, ChatView, Entry, EntryKind, Model, Moment, Notice, Participant, Presence, Refusal, Side, Visibility,
    stable_id,
};

/// Well-known ids of the two agent states.
const READY_ID: &str = "9430250E-0A1B-421F-B372-F29E69366DED";
const NOT_READY_ID: &str = "900D55CC-2BB0-431F-8BF9-D3525B383BE6";

/// An endpoint family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// 8.5.1: `/me/interactions`.
    Interactions,
    /// 8.5.2 and later: `/me/chats`.
    Chats,
}

impl Family {
    /// The topic that chats are told on.
    pub fn topic(self) -> &'static str {
        match self {
            Self::Interactions => "/v2/me/interactions",
            Self::Chats => "/v2/me/chats",
        }
    }
}

/// Where presence is told.
pub const CHANNELS: &str = "/v2/me/channels";

/// `yyyy-MM-dd HH:mm:ss.SSSZ`, in UTC.
pub fn timestamp(at: Moment) -> String {
    let (days, rest) = (at.0 / 86_400_000, at.0 % 86_400_000);
    // Civil date from days since 1970-01-01 (Howard Hinnant's algorithm), for days that are not negative.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (seconds, millis) = (rest / 1000, rest % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{millis:03}+0000")
}

fn visibility(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::All => "All",
        Visibility::Agents => "Agents",
    }
}

/// A participant of a chat, with the user resource of agents.
pub fn participant(who: &Participant, base: &str) -> Value {
    match &who.side {
        Side::Customer => json!({
            "type": "Customer", "nickname": &*who.nickname, "participantId": &*who.id, "visibility": "All",
        }),
        Side::Agent(name) => {
            let id = stable_id(name.as_str());
            json!({
                "type": "Agent", "nickname": &*who.nickname, "participantId": &*who.id,
                "visibility": visibility(who.visibility),
                "uri": format!("{base}/api/v2/users/{id}"), "path": format!("/users/{id}"), "id": id,
            })
        }
    }
}

/// One transcript entry as agents get it.
pub fn message(entry: &Entry, family: Family) -> Value {
    let kind = match &entry.from.side {
        Side::Customer => "Customer",
        Side::Agent(_) => "Agent",
    };
    let mut out = Map::new();
    out.insert("index".into(), entry.index.into());
    if family == Family::Interactions {
        out.insert("eventId".into(), entry.index.into());
    }
    let mut from = json!({ "nickname": &*entry.from.nickname, "type": kind, "participantId": &*entry.from.id });
    if let Side::Agent(name) = &entry.from.side {
        from["id"] = stable_id(name.as_str()).into();
    }
    out.insert("from".into(), from);
    out.insert("visibility".into(), visibility(entry.visibility).into());
    out.insert("timestamp".into(), timestamp(entry.at).into());
    // Milliseconds, in spite of the name.
    out.insert("timestampSeconds".into(), entry.at.0.into());
    kind_fields(&entry.kind, &mut out);
    Value::Object(out)
}

/// One transcript entry as customers get it: a small participant number, no time.
pub fn customer_message(entry: &Entry, number: usize) -> Value {
    let kind = match &entry.from.side {
        Side::Customer => "Customer",
        Side::Agent(_) => "Agent",
    };
    let mut out = Map::new();
    out.insert("index".into(), entry.index.into());
    out.insert(
        "from".into(),
        json!({ "nickname": &*entry.from.nickname, "participantId": number.to_string(), "type": kind }),
    );
    kind_fields(&entry.kind, &mut out);
    Value::Object(out)
}

fn kind_fields(kind: &EntryKind, out: &mut Map<String, Value>) {
    let mut put = |name: &str, field: Option<(&str, &str)>| {
        out.insert("type".into(), name.into());
        if let Some((key, value)) = field {
            out.insert(key.into(), value.into());
        }
    };
    match kind {
        EntryKind::Text(text, label) => {
            put("Text", Some(("text", text)));
            if let Some(label) = label {
                out.insert("messageType".into(), label.as_str().into());
            }
        }
        EntryKind::Joined => put("ParticipantJoined", None),
        EntryKind::Left => put("ParticipantLeft", None),
        EntryKind::TypingStarted => put("TypingStarted", None),
        EntryKind::TypingStopped => put("TypingStopped", None),
        EntryKind::Url(url) => put("PushUrl", Some(("url", url))),
        EntryKind::Notice(text) => put("Notice", Some(("text", text))),
        EntryKind::CustomNotice(text) => put("CustomNotice", Some(("noticeText", text))),
        EntryKind::Nickname(text) => put("NicknameUpdated", Some(("noticeText", text))),
    }
}

/// A chat or interaction resource.
pub fn chat(view: &ChatView, family: Family, base: &str) -> Value {
    let participants: Vec<Value> = view.participants.iter().map(|who| participant(who, base)).collect();
    let id = view.id.as_str();
    match family {
        Family::Chats => json!({
            "id": id, "state": view.state.as_str(), "chatType": "Inbound", "receivedDate": timestamp(view.received),
            "uri": format!("{base}/api/v2/chats/{id}"), "path": format!("/chats/{id}"),
            "capabilities": view.capabilities, "participants": participants, "userData": &*view.data,
            "suggestedQueueUris": [format!("{base}/api/v2/queues/{}", stable_id(&format!("queue {}", view.queue)))],
            "revelantResponseTemplateGroups": [],
        }),
        Family::Interactions => json!({
            "id": id, "channel": "chat", "state": view.state.as_str(), "interactionType": "Chat",
            "interactionSubType": "InboundNew", "currentQueue": &*view.queue, "receivedDate": timestamp(view.received),
            "uri": format!("{base}/api/v2/interactions/{id}"), "path": format!("/interactions/{id}"),
            "capabilities": view.capabilities, "participants": participants, "userData": &*view.data,
        }),
    }
}

/// What an agent is told, on the topic of a family. The channel and the `data` of the event.
pub fn notification(notice: &Notice, reference: Option<i64>, family: Family, base: &str) -> Value {
    let mut data = match (notice, family) {
        (Notice::Status(view), _) => state_change("StatusChange", view, family, base),
        (Notice::Participants(view), _) => state_change("ParticipantsUpdated", view, family, base),
        (Notice::Properties(view), _) => state_change("PropertiesUpdated", view, family, base),
        (Notice::Failed(view, refusal), _) => {
            let mut data = state_change("Error", view, family, base);
            data["errorMessage"] = refusal.message.as_str().into();
            data["errorCode"] = refusal.code.into();
            data
        }
        (Notice::Entries(id, entries), Family::Chats) => json!({
            "messageType": "MessageLogUpdated", "notificationType": "NewMessages",
            "chatUri": format!("{base}/api/v2/chats/{id}"), "chatPath": format!("/chats/{id}"),
            "messages": entries.iter().map(|entry| message(entry, family)).collect::<Vec<_>>(),
        }),
        (Notice::Entries(id, entries), Family::Interactions) => json!({
            "messageType": "MessageLogUpdated", "notificationType": "NewMessages", "interactionId": id.as_str(),
            "messages": entries.iter().map(|entry| message(entry, family)).collect::<Vec<_>>(),
        }),
        (Notice::Presence { presence, do_not_disturb }, _) => json!({
            "messageType": "ChannelStateChangeMessageV2", "channels": [channel(*presence, *do_not_disturb)],
        }),
    };
    if let Some(reference) = reference {
        data["referenceId"] = reference.into();
    }
    data
}

fn state_change(kind: &str, view: &ChatView, family: Family, base: &str) -> Value {
    match family {
        Family::Chats => json!({
            "messageType": "ChatStateChangeMessage", "notificationType": kind, "chat": chat(view, family, base),
        }),
        Family::Interactions => json!({
            "messageType": "InteractionStateMessage", "messageTypeName": "InteractionStateMessage",
            "notificationType": kind, "interaction": chat(view, family, base),
        }),
    }
}

/// The chat channel of an agent.
pub fn channel(presence: Presence, do_not_disturb: bool) -> Value {
    let state = match presence {
        Presence::Ready => json!({ "id": READY_ID, "displayName": "Ready", "state": "Ready" }),
        Presence::NotReady => json!({ "id": NOT_READY_ID, "displayName": "Not Ready", "state": "NotReady" }),
        Presence::LoggedOut => json!({ "id": "", "displayName": "Offline", "state": "LoggedOut" }),
    };
    json!({ "channel": "chat", "dndState": if do_not_disturb { "On" } else { "Off" }, "userState": state })
}

/// A user resource.
pub fn user(profile: &AgentProfile, centre: &str, base: &str) -> Value {
    let id = profile.id();
    let skills: Vec<Value> = profile.skills.iter().map(|name| skill(name, base)).collect();
    json!({
        "id": id, "userName": profile.user.as_str(), "firstName": profile.first_name, "lastName": profile.last_name,
        "employeeId": profile.employee_id(), "emailAddress": format!("{}@example.test", profile.user),
        "roles": ["ROLE_AGENT"], "enabled": true, "skills": skills, "contactCenterId": centre,
        "uri": format!("{base}/api/v2/users/{id}"), "path": format!("/users/{id}"),
    })
}

/// A skill resource.
pub fn skill(name: &str, base: &str) -> Value {
    let id = stable_id(&format!("skill {name}"));
    json!({
        "id": id, "name": name, "level": 1, "uri": format!("{base}/api/v2/skills/{id}"), "path": format!("/skills/{id}"),
    })
}

/// A person as a contact, with availability.
pub fn user_contact(profile: &AgentProfile, model: &Model, base: &str) -> Value {
    let id = profile.id();
    let (presence, do_not_disturb) = model.presence(&profile.user).unwrap_or((Presence::LoggedOut, false));
    let mut channel = channel(presence, do_not_disturb);
    channel["available"] = model.is_free(&profile.user).into();
    channel["userActivity"] = if model.load(&profile.user) == 0 { "Idle" } else { "HandlingInteraction" }.into();
    json!({
        "id": id, "type": "User", "firstName": profile.first_name, "lastName": profile.last_name,
        "userName": profile.user.as_str(), "employeeId": profile.employee_id(),
        "skills": profile.skills.iter().map(|name| skill(name, base)).collect::<Vec<_>>(),
        "uri": format!("{base}/api/v2/contacts/{id}"), "path": format!("/contacts/{id}"),
        "availability": { "channels": [channel] },
    })
}

/// The body of a refusal: dialect A.
pub fn refusal(refusal: &Refusal) -> Value {
    json!({ "statusCode": refusal.code, "statusMessage": refusal.message })
}

/// The body of a refusal: dialect B.
pub fn refusal_b(refusal: &Refusal) -> Value {
    json!({ "status": "error", "errorDescription": refusal.message })
}
