//! The in-process platform on virtual time.

use std::sync::Arc;

use attendant::{
    Entry, EntryKind, Interaction, InteractionId, InteractionState, Link, Operation, Platform, PlatformErrorKind,
    PlatformEvent, PlatformEvents, Presence, Role, Target, Visibility,
};
use tokio::time::Instant;

use super::*;
use crate::faults::{Fault, Kind};
use crate::model::{AgentProfile, FactEvent, QueueProfile};
use crate::{Script, Then, Traffic};

fn centre() -> Centre {
    let script = Script { then: Then::Complete, ..Script::default() };
    Centre::default()
        .with_agent(AgentProfile::new("bot-1", "").skilled("bot").capacity(8))
        .with_agent(AgentProfile::new("bot-2", "").skilled("bot").capacity(8))
        .with_agent(AgentProfile::new("grace", "").skilled("service").capacity(3).scripted(script.clone()))
        .with_agent(AgentProfile::new("linus", "").skilled("service").capacity(3).scripted(script))
        .with_queue(QueueProfile::new("chat_in").needing("bot"))
        .with_queue(QueueProfile::new("people").needing("service"))
}

fn centre_with(seed: u64) -> Handle {
    open(Options::default().with_centre(centre()).with_seed(seed))
}

async fn next(events: &mut PlatformEvents) -> PlatformEvent {
    tokio::time::timeout(Duration::from_secs(300), events.recv()).await.expect("in time").expect("open")
}

/// The next event that `pick` takes; others are passed over.
async fn find<T>(events: &mut PlatformEvents, mut pick: impl FnMut(PlatformEvent) -> Option<T>) -> T {
    loop {
        if let Some(found) = pick(next(events).await) {
            return found;
        }
    }
}

async fn in_state(events: &mut PlatformEvents, state: InteractionState) -> Interaction {
    find(events, |event| match event {
        PlatformEvent::Interaction(interaction) if interaction.state == state => Some(interaction),
        _ => None,
    })
    .await
}

async fn line(events: &mut PlatformEvents, wanted: &str) -> Entry {
    find(events, |event| match event {
        PlatformEvent::Entries { entries, .. } => {
            entries.into_iter().find(|entry| entry.kind == EntryKind::Text(wanted.to_owned()))
        }
        _ => None,
    })
    .await
}

fn say(text: &str) -> Operation {
    Operation::Say { text: text.to_owned(), visibility: Visibility::All }
}

async fn ready(login: &Login) -> PlatformEvents {
    let events = login.sign_in().await.unwrap();
    login.set_presence(Presence::Ready).await.unwrap();
    events
}

/// A login that has accepted a chat.
async fn in_chat(handle: &Handle) -> (Login, PlatformEvents, InteractionId, ChatId) {
    let login = handle.login("bot-1").unwrap();
    let mut events = ready(&login).await;
    let chat = handle.request_chat("Ada", None, UserData::new()).unwrap();
    let offer = in_state(&mut events, InteractionState::Invited).await;
    login.perform(&offer.id, Operation::Accept { nickname: "Robo".into() }).await.unwrap();
    in_state(&mut events, InteractionState::Chatting).await;
    (login, events, offer.id, chat)
}

const _: fn(Login) -> Arc<dyn Platform> = |login| Arc::new(login);

#[tokio::test(start_paused = true)]
async fn a_conversation_from_offer_to_complete() {
    let handle = centre_with(1);
    let (login, mut events, id, chat) = in_chat(&handle).await;
    assert_eq!(login.login().as_str(), "bot-1");
    handle.customer_says(&chat, "Hello?").unwrap();
    assert_eq!(line(&mut events, "Hello?").await.from.role, Role::Customer);
    login.perform(&id, say("Hello!")).await.unwrap();
    assert_eq!(line(&mut events, "Hello!").await.from.role, Role::Me, "the echo");
    assert_eq!(handle.told(&chat), ["Hello!"]);
    let transcript = login.transcript(&id).await.unwrap();
    assert!(transcript.is_sorted_by_key(|entry| entry.index) && transcript.len() == 4);
    assert_eq!(login.interactions().await.unwrap()[0].state, InteractionState::Chatting);
    login.perform(&id, Operation::SetDisposition("resolved".into())).await.unwrap();
    login.perform(&id, Operation::EndSession).await.unwrap();
    let after = in_state(&mut events, InteractionState::LeftChat).await;
    assert_eq!(after.data.get("DispositionCode"), Some("resolved"));
    let late = login.perform(&id, say("too late")).await.unwrap_err();
    assert_eq!(late.kind(), PlatformErrorKind::WrongState);
    login.perform(&id, Operation::Complete).await.unwrap();
    in_state(&mut events, InteractionState::Completed).await;
    assert!(login.interactions().await.unwrap().is_empty());
    login.sign_out().await.unwrap();
    login.sign_out().await.unwrap();
    while events.recv().await.is_some() {}
}

#[tokio::test(start_paused = true)]
async fn a_handover_to_a_person_who_is_played() {
    let handle = centre_with(2);
    let (login, mut events, id, chat) = in_chat(&handle).await;
    login.perform(&id, Operation::Attach([("Note".to_owned(), "parcel 42".to_owned())].into())).await.unwrap();
    login.perform(&id, Operation::Invite(Target::Agent("grace".into()))).await.unwrap();
    let person = line(&mut events, "Hello, this is grace. I have read the note: parcel 42").await;
    assert_eq!(person.from.role, Role::Agent);
    login.perform(&id, Operation::LeaveConference).await.unwrap();
    in_state(&mut events, InteractionState::Completed).await;
    handle.customer_says(&chat, "Thank you.").unwrap();
    let refused = login.perform(&id, Operation::Transfer(Target::Skill("service".into()))).await.unwrap_err();
    assert_eq!(refused.kind(), PlatformErrorKind::WrongState);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_done_is_told_by_kind() {
    let handle = centre_with(3);
    assert!(handle.login("nobody").is_none());
    let (login, mut events, id, _chat) = in_chat(&handle).await;
    for (operation, kind) in [
        (Operation::Transfer(Target::Agent("nobody".into())), PlatformErrorKind::UnknownTarget),
        (Operation::Transfer(Target::Queue("nowhere".into())), PlatformErrorKind::UnknownTarget),
        (Operation::Accept { nickname: "again".into() }, PlatformErrorKind::WrongState),
        (say(&"x".repeat(5000)), PlatformErrorKind::Invalid),
    ] {
        assert_eq!(login.perform(&id, operation.clone()).await.unwrap_err().kind(), kind, "{operation:?}");
    }
    let nowhere = login.perform(&"0000XbNOBODY0000".into(), Operation::Reject).await.unwrap_err();
    assert_eq!(nowhere.kind(), PlatformErrorKind::NotFound);
    let taken = login.perform(&id, Operation::Invite(Target::Agent("bot-2".into()))).await.unwrap();
    let failed = find(&mut events, |event| match event {
        PlatformEvent::OperationFailed { reference, error, .. } => Some((reference, error.kind())),
        _ => None,
    });
    assert_eq!(failed.await, (taken.reference, PlatformErrorKind::NobodySignedIn));
}

#[tokio::test(start_paused = true)]
async fn faults_of_a_request_are_known_by_what_was_done() {
    let handle = centre_with(4);
    let (login, _events, id, chat) = in_chat(&handle).await;
    let faults = handle.faults();
    for (kind, expected, done) in [
        (Kind::LoseAnswer, PlatformErrorKind::Unknown, true),
        (Kind::InternalError, PlatformErrorKind::Unknown, false),
        (Kind::Unavailable { retry_after: Some(2) }, PlatformErrorKind::Unavailable, false),
    ] {
        faults.add(Fault::new(kind.clone()).operation("SendMessage").times(1));
        let before = handle.told(&chat).len();
        let error = login.perform(&id, say("words")).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{kind:?}");
        assert_eq!(handle.told(&chat).len() > before, done, "{kind:?}");
        let hint = (expected == PlatformErrorKind::Unavailable).then_some(Duration::from_secs(2));
        assert_eq!(error.retry_after(), hint);
    }
    faults.add(Fault::new(Kind::Slow { millis: 60_000 }).times(1));
    let begun = Instant::now();
    login.perform(&id, say("slow")).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn a_lost_link_comes_back_with_a_gap() {
    let handle = centre_with(5);
    let (login, mut events, id, chat) = in_chat(&handle).await;
    login.perform(&id, say("settled")).await.unwrap();
    line(&mut events, "settled").await;
    handle.faults().add(Fault::new(Kind::DropSession).login("bot-1").times(1));
    handle.customer_says(&chat, "nobody hears this").unwrap();
    assert!(matches!(next(&mut events).await, PlatformEvent::Link(Link::Lost { .. })));
    assert!(matches!(next(&mut events).await, PlatformEvent::Link(Link::Restored { gap: true })));
    let transcript = login.transcript(&id).await.unwrap();
    assert!(transcript.iter().any(|entry| entry.kind == EntryKind::Text("nobody hears this".into())));
    handle.customer_says(&chat, "but this").unwrap();
    line(&mut events, "but this").await;
}

#[tokio::test(start_paused = true)]
async fn a_login_that_is_had_again_takes_the_connection_over() {
    let handle = centre_with(6);
    let (_login, mut older, id, chat) = in_chat(&handle).await;
    let again = handle.login("bot-1").unwrap();
    let mut newer = again.sign_in().await.unwrap();
    while older.recv().await.is_some() {}
    assert_eq!(again.interactions().await.unwrap()[0].id, id, "the chats are still there");
    handle.customer_says(&chat, "anybody?").unwrap();
    line(&mut newer, "anybody?").await;
}

#[tokio::test(start_paused = true)]
async fn notifications_cometwice_late_and_overtaken_but_come() {
    let handle = centre_with(7);
    let (_login, mut events, _id, chat) = in_chat(&handle).await;
    let faults = handle.faults();
    let twice = faults.scoped(Fault::new(Kind::Duplicate));
    handle.customer_says(&chat, "twice").unwrap();
    line(&mut events, "twice").await;
    line(&mut events, "twice").await;
    drop(twice);
    faults.add(Fault::new(Kind::Reorder).times(1));
    handle.customer_says(&chat, "one").unwrap();
    handle.customer_says(&chat, "two").unwrap();
    line(&mut events, "two").await;
    line(&mut events, "one").await;
    let begun = Instant::now();
    faults.add(Fault::new(Kind::Delay { millis: 5000 }).times(1));
    handle.customer_says(&chat, "late").unwrap();
    line(&mut events, "late").await;
    assert!(begun.elapsed() >= Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_is_partial_can_be_tried_again() {
    let handle = centre_with(8);
    handle.faults().add(Fault::new(Kind::PartialSignIn).times(1));
    let login = handle.login("bot-1").unwrap();
    assert_eq!(login.sign_in().await.unwrap_err().kind(), PlatformErrorKind::Unavailable);
    ready(&login).await;
    assert_eq!(handle.load().free_agents, 3);
}

#[tokio::test(start_paused = true)]
async fn offers_are_withdrawn_and_joins_fail() {
    let handle = centre_with(9);
    let login = handle.login("bot-1").unwrap();
    let mut events = ready(&login).await;
    handle.faults().add(Fault::new(Kind::WithdrawOffer).times(1));
    handle.request_chat("Ada", None, UserData::new()).unwrap();
    let offer = in_state(&mut events, InteractionState::Invited).await;
    let accept = || Operation::Accept { nickname: "Robo".into() };
    assert_eq!(login.perform(&offer.id, accept()).await.unwrap_err().kind(), PlatformErrorKind::WrongState);
    in_state(&mut events, InteractionState::Revoked).await;
    handle.faults().add(Fault::new(Kind::FailJoin).times(1));
    let offer = in_state(&mut events, InteractionState::Invited).await;
    login.perform(&offer.id, accept()).await.unwrap();
    in_state(&mut events, InteractionState::JoinFailed).await;
}

/// A bot of a few lines: accepts, answers each line once, hands over who asks for a human, completes.
async fn simple_bot(login: Login) {
    let mut events = login.sign_in().await.expect("signs in");
    login.set_presence(Presence::Ready).await.expect("ready");
    let mut answered: std::collections::BTreeSet<(InteractionId, u64)> = std::collections::BTreeSet::new();
    while let Some(event) = events.recv().await {
        match event {
            PlatformEvent::Interaction(interaction) => {
                let operation = match interaction.state {
                    InteractionState::Invited => Operation::Accept { nickname: "Robo".into() },
                    InteractionState::LeftChat | InteractionState::JoinFailed => Operation::Complete,
                    _ => continue,
                };
                let _ = login.perform(&interaction.id, operation).await;
            }
            PlatformEvent::Entries { interaction, entries } => {
                for entry in entries {
                    let EntryKind::Text(text) = entry.kind else { continue };
                    if entry.from.role != Role::Customer || !answered.insert((interaction.clone(), entry.index)) {
                        continue;
                    }
                    let operation = if text.contains("human") {
                        Operation::Transfer(Target::Skill("service".into()))
                    } else {
                        say(&format!("About: {text}"))
                    };
                    let _ = login.perform(&interaction, operation).await;
                }
            }
            _ => {}
        }
    }
}

/// A day with faults; the log of it.
async fn day(seed: u64) -> (String, Log) {
    let handle = centre_with(seed);
    let faults = handle.faults();
    for (kind, chance) in [
        (Kind::LoseAnswer, 0.02),
        (Kind::InternalError, 0.02),
        (Kind::Duplicate, 0.05),
        (Kind::Reorder, 0.05),
        (Kind::Delay { millis: 700 }, 0.05),
        (Kind::DropSession, 0.002),
        (Kind::WithdrawOffer, 0.02),
        (Kind::FailJoin, 0.02),
        (Kind::CustomerLeaves, 0.01),
        (Kind::NeverJoin, 0.05),
        (Kind::SkipIndex { by: 2 }, 0.05),
    ] {
        faults.add(Fault::new(kind).chance(chance));
    }
    handle.invite(Traffic { visitors: 150, ..Traffic::default() }.draw(seed));
    let mut bots = tokio::task::JoinSet::new();
    for user in ["bot-1", "bot-2"] {
        bots.spawn(simple_bot(handle.login(user).expect("a login")));
    }
    let everybody_gone = async {
        while handle.visitors() > 0 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(24 * 3600), everybody_gone).await.expect("the day ends");
    let log = handle.log();
    let bytes = log.facts().map(|fact| serde_json::to_string(fact).expect("JSON") + "\n").collect();
    (bytes, log)
}

#[test]
fn the_same_seed_gives_the_same_day_byte_for_byte_and_another_seed_another() {
    let run = |seed| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(day(seed))
    };
    let (first, log) = run(11);
    assert_eq!(first, run(11).0);
    assert_ne!(first, run(12).0);
    let count = |wanted: fn(&FactEvent) -> bool| log.facts().filter(|fact| wanted(&fact.event)).count();
    assert_eq!(log.chats().len(), 150);
    assert!(count(|event| matches!(event, FactEvent::Transferred { .. })) > 10, "people are asked for");
    assert!(count(|event| matches!(event, FactEvent::AgentLine { .. })) > 100);
    assert!(count(|event| matches!(event, FactEvent::JoinFailed { .. })) > 0, "the faults strike");
}
