//! Every request, word for word, of both families. The golden files are written by hand from the reference.

use std::collections::BTreeMap;

use gws::{
    Client, ContactQuery, Credentials, Error, Family, Operation, Options, Presence, Request, Session, Target,
    Visibility,
};
use serde_json::{Value, json};

const CHAT: &str = "0000XbQ7PK2T00A1";

fn options(family: Family) -> Options {
    Options::new("http://gws.example.test/api/v2".parse().unwrap()).with_family(family)
}

fn operations() -> Vec<(&'static str, Operation)> {
    let text = || "Hello \"Ada\" ✓".to_owned();
    let agent = || Target::Agent("agent-007".into());
    let note = || BTreeMap::from([("Note".to_owned(), "asked for a person".to_owned())]);
    let contact = || Target::Uri("http://gws.example.test/api/v2/contacts/c2".into());
    let complete = |queue: Option<&str>, disposition: Option<&str>| Operation::Complete {
        queue: queue.map(Into::into),
        disposition: disposition.map(Into::into),
    };
    vec![
        ("accept", Operation::Accept { nickname: "Robo".into() }),
        ("reject", Operation::Reject),
        ("say", Operation::SendMessage { text: text(), to: Visibility::All }),
        ("say to agents", Operation::SendMessage { text: text(), to: Visibility::Agents }),
        ("start typing", Operation::StartTyping(Visibility::All)),
        ("stop typing", Operation::StopTyping(Visibility::All)),
        ("start typing to agents", Operation::StartTyping(Visibility::Agents)),
        ("history", Operation::RequestHistory { event_id: None }),
        ("history from 17", Operation::RequestHistory { event_id: Some(17) }),
        ("invite an agent", Operation::Invite(agent())),
        ("invite a skill", Operation::Invite(Target::Skill("service".into()))),
        ("consult", Operation::Consult(agent())),
        ("transfer to an agent", Operation::Transfer(agent())),
        ("transfer to a skill", Operation::Transfer(Target::Skill("service".into()))),
        ("transfer to a queue", Operation::Transfer(Target::Queue("chat_in".into()))),
        ("transfer to a contact", Operation::Transfer(contact())),
        ("leave the conference", Operation::LeaveConference { agent: "bot-01".into() }),
        ("remove", Operation::Remove(agent())),
        ("end", Operation::EndChat),
        ("complete", complete(None, None)),
        ("complete into a queue", complete(Some("chat_in"), None)),
        ("complete with a disposition", complete(None, Some("resolved"))),
        ("disposition", Operation::SetDisposition("resolved".into())),
        ("attach", Operation::AttachUserData(note())),
        ("update", Operation::UpdateUserData(note())),
        ("delete", Operation::DeleteUserData(vec!["Note".into()])),
        ("push a link", Operation::SendUrl("https://shop.example.test/".into())),
        ("notice", Operation::SendCustomNotice(text())),
    ]
}

fn shown(request: &Request) -> Value {
    json!({ "method": request.method.as_str(), "path": request.path, "body": request.body })
}

fn compare(golden: &str, requests: &BTreeMap<&str, Value>) {
    let golden: BTreeMap<&str, Value> = serde_json::from_str(golden).unwrap();
    for (name, expected) in &golden {
        assert_eq!(requests.get(name), Some(expected), "{name}");
    }
    assert_eq!(golden.len(), requests.len(), "requests without a golden line");
}

fn spelt(family: Family) -> BTreeMap<&'static str, Value> {
    let options = options(family);
    let line = |operation: Operation| match operation.request(&options, CHAT) {
        Ok(request) => shown(&request),
        Err(Error::Unsupported { operation, family: of }) if of == family => operation.into(),
        Err(error) => panic!("{error}"),
    };
    operations().into_iter().map(|(name, operation)| (name, line(operation))).collect()
}

#[test]
fn operations_of_the_family_interactions() {
    compare(include_str!("../golden/requests-interactions.json"), &spelt(Family::Interactions));
}

#[test]
fn operations_of_the_family_chats() {
    compare(include_str!("../golden/requests-chats.json"), &spelt(Family::Chats));
}

#[test]
fn session_and_reads() {
    let client = Client::new(options(Family::Chats)).unwrap();
    let session = |credentials| client.session(credentials);
    let at = Credentials::new("bot-01", "s3cret").place("Place_bot_01").login_code("4711").queue("q1");
    let contacts = ContactQuery { name: Some("Gr&ce".into()), kind: Some("User".into()), medium: Some("chat".into()) };
    let requests = [
        ("start", session(Credentials::new("bot-01", "s3cret")).start_request()),
        ("start at a place", session(at).start_request()),
        ("ready", Session::presence_request(Presence::Ready, None)),
        ("not ready on chat", Session::presence_request(Presence::NotReady, Some("chat"))),
        ("do not disturb", Session::presence_request(Presence::DoNotDisturbOn, None)),
        ("disturb", Session::presence_request(Presence::DoNotDisturbOff, None)),
        ("end", Session::end_request()),
        ("messages", Session::messages_request(CHAT, None)),
        ("messages from 5", Session::messages_request(CHAT, Some(5))),
        ("contacts", contacts.request(200)),
    ];
    let requests: BTreeMap<_, _> = requests.iter().map(|(name, request)| (*name, shown(request))).collect();
    compare(include_str!("../golden/requests-session.json"), &requests);
}

#[test]
fn the_fields_of_a_transfer_can_be_named_otherwise_or_switched_off() {
    let mut options = options(Family::Interactions);
    options.transfer_fields.skill = "skillName".into();
    options.transfer_fields.queue = String::new();
    let body = |target| Operation::Transfer(target).request(&options, CHAT).map(|request| request.body.unwrap());
    let skill = body(Target::Skill("service".into())).unwrap();
    assert_eq!(skill, json!({ "operationName": "SingleStepTransfer", "skillName": "service" }));
    assert!(matches!(body(Target::Queue("q".into())), Err(Error::Unsupported { .. })));
}

#[test]
fn a_message_is_measured_in_bytes_and_a_strange_id_stays_one_segment() {
    let options = options(Family::Chats);
    let say = |text: String| Operation::SendMessage { text, to: Visibility::All }.request(&options, "a/b ?c");
    assert_eq!(say("é".repeat(2048)).unwrap().path, "/me/chats/a%2Fb%20%3Fc");
    assert!(matches!(say("é".repeat(2049)), Err(Error::MessageTooLong { bytes: 4098, limit: 4096 })));
}
