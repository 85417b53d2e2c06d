//! What must work with every server.

use std::collections::BTreeMap;

use anyhow::ensure;
use attendant::{
    AgentId, EntryKind, InteractionState as State, Link, Operation, Platform, PlatformErrorKind, PlatformEvent,
    Presence, Role, Target, Visibility,
};
use gws::Family;

use super::room::{Room, Transport};

super::scenes! {
    a_whole_conversation,
    history_is_read_with_live_entries_around_it,
    transfer_to_an_agent,
    transfer_to_a_skill_reaches_a_free_person,
    transfer_to_a_queue,
    a_person_is_invited_and_the_bot_leaves,
    a_customer_who_leaves_is_told,
    a_rejected_offer_is_gone,
    attached_data_and_disposition_arrive,
    nobody_with_a_skill_is_no_target,
    signing_out_twice_and_in_again,
}

async fn a_whole_conversation(mut room: Room) -> anyhow::Result<()> {
    room.ready().await?;
    let customer = room.customer("Ada").await?;
    let offer = room.state(State::Invited).await?;
    ensure!(offer.data.get("FirstName") == Some("Ada"), "{offer:?}");
    ensure!(offer.data.get("Big") == Some("12345678"), "numbers keep their spelling: {offer:?}");
    let id = offer.id;
    room.perform(&id, Operation::Accept { nickname: "Robo".into() }).await?;
    let live = room.state(State::Chatting).await?;
    ensure!(live.data.get("FirstName") == Some("Ada"), "attached data stays: {live:?}");

    customer.says("hello?").await?;
    let asked = room.words("hello?").await?;
    ensure!(asked.from.role == Role::Customer && asked.visibility == Visibility::All, "{asked:?}");
    room.perform(&id, Operation::TypingStart).await?;
    let typing = room.entry("my typing", |entry| entry.kind == EntryKind::TypingStarted).await?;
    ensure!(typing.from.role == Role::Me, "{typing:?}");
    room.perform(&id, Operation::TypingStop).await?;
    room.say(&id, "hello, Ada ✓").await?;
    let echo = room.words("hello, Ada ✓").await?;
    ensure!(echo.from.role == Role::Me && echo.index > asked.index && echo.at.is_some(), "{echo:?}");
    ensure!(customer.sees().await?.contains(&"hello, Ada ✓".to_owned()));

    let whisper = Operation::Say { text: "psst".into(), visibility: Visibility::Agents };
    if room.family == Family::Chats {
        room.perform(&id, whisper).await?;
        ensure!(room.words("psst").await?.visibility == Visibility::Agents);
        ensure!(!customer.sees().await?.contains(&"psst".to_owned()));
    } else {
        let refused = room.login.perform(&id, whisper).await;
        ensure!(matches!(&refused, Err(error) if error.kind() == PlatformErrorKind::Unsupported), "{refused:?}");
    }

    room.perform(&id, Operation::EndSession).await?;
    room.state(State::LeftChat).await?;
    room.perform(&id, Operation::Complete).await?;
    room.state(State::Completed).await?;
    ensure!(room.login.interactions().await?.iter().all(|one| one.state.is_final()));
    let too_late = room.login.perform(&id, Operation::Say { text: "?".into(), visibility: Visibility::All }).await;
    let kind = too_late.err().map(|error| error.kind());
    ensure!(matches!(kind, Some(PlatformErrorKind::WrongState | PlatformErrorKind::NotFound)), "{kind:?}");
    room.login.sign_out().await?;
    room.link("the end", |link| matches!(link, Link::Closed { .. })).await?;
    Ok(())
}

async fn history_is_read_with_live_entries_around_it(mut room: Room) -> anyhow::Result<()> {
    room.ready().await?;
    let (customer, id) = room.chat("Ada").await?;
    customer.says("one").await?;
    room.words("one").await?;
    room.say(&id, "two").await?;
    room.words("two").await?;
    let more = customer.says("three");
    let (transcript, said) = tokio::join!(room.login.transcript(&id), more);
    said?;
    let transcript = transcript?;
    let indexes: Vec<u64> = transcript.iter().map(|entry| entry.index).collect();
    ensure!(indexes.is_sorted() && indexes.first() == Some(&1), "{indexes:?}");
    let lines: Vec<(&str, &Role)> = transcript
        .iter()
        .filter_map(|entry| match &entry.kind {
            EntryKind::Text(text) => Some((text.as_str(), &entry.from.role)),
            _ => None,
        })
        .collect();
    ensure!(lines.starts_with(&[("one", &Role::Customer), ("two", &Role::Me)]), "{lines:?}");
    // Asked for as events, for a runtime that has just come back.
    room.words("three").await?;
    room.told.clear();
    room.perform(&id, Operation::RequestTranscript).await?;
    room.words("one").await?;
    Ok(())
}

async fn transfer_to_an_agent(mut room: Room) -> anyhow::Result<()> {
    room.ready().await?;
    let (_customer, id) = room.chat("Ada").await?;
    room.perform(&id, Operation::Transfer(Target::Agent(AgentId::new("grace")))).await?;
    room.state(State::Completed).await?;
    room.login.sign_out().await?;
    Ok(())
}

async fn transfer_to_a_skill_reaches_a_free_person(mut room: Room) -> anyhow::Result<()> {
    room.ready().await?;
    let (customer, id) = room.chat("Ada").await?;
    room.perform(&id, Operation::Transfer(Target::Skill("service".into()))).await?;
    room.state(State::Completed).await?;
    greeted(&customer).await
}

/// The scripted person has come and says who they are.
async fn greeted(customer: &super::room::Customer) -> anyhow::Result<()> {
    for _ in 0..200 {
        if customer.sees().await?.iter().any(|line| line.contains("this is Grace")) {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    anyhow::bail!("nobody came")
}

async fn transfer_to_a_queue(mut room: Room) -> anyhow::Result<()> {
    room.ready().await?;
    let (customer, id) = room.chat("Ada").await?;
    room.perform(&id, Operation::Transfer(Target::Queue("people".into()))).await?;
    room.state(State::Completed).await?;
    greeted(&customer).await
}

async fn a_person_is_invited_and_the_bot_leaves(mut room: Room) -> anyhow::Result<()> {
    room.ready().await?;
    let (customer, id) = room.chat("Ada").await?;
    // Neither family can invite a skill: a free person with it is picked.
    room.perform(&id, Operation::Invite(Target::Skill("service".into()))).await?;
    let joined = room.entry("the person", |one| one.kind == EntryKind::Joined && one.from.role == Role::Agent).await?;
    ensure!(joined.from.nickname.contains("Grace"), "{joined:?}");
    greeted(&customer).await?;
    room.perform(&id, Operation::LeaveConference).await?;
    room.state(State::Completed).await?;
    customer.says("are you still there?").await?;
    Ok(())
}

async fn a_customer_who_leaves_is_told(mut room: Room) -> anyhow::Result<()> {
    room.ready().await?;
    let (customer, id) = room.chat("Ada").await?;
    customer.leaves().await?;
    room.entry("the customer leaving", |one| one.kind == EntryKind::Left && one.from.role == Role::Customer).await?;
    room.perform(&id, Operation::Complete).await?;
    room.state(State::Completed).await?;
    Ok(())
}

async fn a_rejected_offer_is_gone(mut room: Room) -> anyhow::Result<()> {
    room.ready().await?;
    let _customer = room.customer("Ada").await?;
    let id = room.state(State::Invited).await?.id;
    room.perform(&id, Operation::Reject).await?;
    room.state(State::Completed).await?;
    Ok(())
}

async fn attached_data_and_disposition_arrive(mut room: Room) -> anyhow::Result<()> {
    room.ready().await?;
    let (_customer, id) = room.chat("Ada").await?;
    let pairs = [("Note", "asked for a person"), ("FirstName", "Ada L")];
    let data: BTreeMap<String, String> = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    room.perform(&id, Operation::Attach(data)).await?;
    room.perform(&id, Operation::SetDisposition("resolved".into())).await?;
    let whole = room
        .event("all of the data", |event| match event {
            PlatformEvent::Interaction(one) if one.data.get("DispositionCode") == Some("resolved") => Some(one.clone()),
            _ => None,
        })
        .await?;
    ensure!(whole.data.get("Note") == Some("asked for a person"), "{whole:?}");
    ensure!(whole.data.get("FirstName") == Some("Ada L"), "{whole:?}");
    ensure!(whole.data.get("Subject") == Some("Invoice"), "{whole:?}");
    room.perform(&id, Operation::Complete).await?;
    room.state(State::Completed).await?;
    Ok(())
}

async fn nobody_with_a_skill_is_no_target(mut room: Room) -> anyhow::Result<()> {
    room.ready().await?;
    let (_customer, id) = room.chat("Ada").await?;
    let refused = room.login.perform(&id, Operation::Invite(Target::Skill("juggling".into()))).await;
    ensure!(matches!(&refused, Err(error) if error.kind() == PlatformErrorKind::UnknownTarget), "{refused:?}");
    for operation in [
        Operation::Invite(Target::Agent(AgentId::new("nobody"))),
        Operation::Transfer(Target::Agent(AgentId::new("nobody"))),
    ] {
        let refused = room.login.perform(&id, operation).await;
        ensure!(matches!(&refused, Err(error) if is_no_target(error.kind())), "{refused:?}");
    }
    room.say(&id, "still here").await?;
    room.words("still here").await?;
    Ok(())
}

/// One of the families tells that there is no such agent, the other only that nobody came.
fn is_no_target(kind: PlatformErrorKind) -> bool {
    matches!(kind, PlatformErrorKind::NoTarget | PlatformErrorKind::UnknownTarget)
}

async fn signing_out_twice_and_in_again(mut room: Room) -> anyhow::Result<()> {
    room.ready().await?;
    let (_customer, id) = room.chat("Ada").await?;
    room.perform(&id, Operation::Complete).await?;
    room.login.set_presence(Presence::NotReady).await?;
    room.login.sign_out().await?;
    room.login.sign_out().await?;
    room.ready().await?;
    // Without a word of good-bye: the next sign-in takes the old one down.
    room.ready().await?;
    room.chat("Grete").await?;
    Ok(())
}

/// A server that wants the disposition as a parameter of Complete hears of it no earlier.
pub async fn disposition_with_complete() -> anyhow::Result<()> {
    let change = |options: &mut gws::Options| options.disposition_by = gws::DispositionBy::CompleteParameter;
    let mut room = Room::open_with(Family::Interactions, Transport::LongPolling, change).await?;
    room.ready().await?;
    let (_customer, id) = room.chat("Ada").await?;
    room.perform(&id, Operation::SetDisposition("resolved".into())).await?;
    let before = room.login.interactions().await?;
    ensure!(before.iter().all(|one| one.data.get("DispositionCode").is_none()), "{before:?}");
    room.perform(&id, Operation::Complete).await?;
    room.state(State::Completed).await?;
    Ok(())
}

/// Where `agentId` is an employee id, picking a person and leaving a conference use it.
pub async fn named_by_employee_id() -> anyhow::Result<()> {
    let change = |options: &mut gws::Options| options.agent_naming = gws::AgentNaming::EmployeeId;
    let mut room = Room::open_with(Family::Interactions, Transport::LongPolling, change).await?;
    room.ready().await?;
    let (customer, id) = room.chat("Ada").await?;
    room.perform(&id, Operation::Invite(Target::Skill("service".into()))).await?;
    greeted(&customer).await?;
    let me = room.login.interactions().await?.into_iter().flat_map(|one| one.participants);
    let me: Vec<_> = me.filter(|one| one.role == Role::Me).filter_map(|one| one.agent).collect();
    ensure!(me == [AgentId::new("E-bot-01")], "{me:?}");
    room.perform(&id, Operation::LeaveConference).await?;
    room.state(State::Completed).await?;
    Ok(())
}
