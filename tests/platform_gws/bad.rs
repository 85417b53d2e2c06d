//! What servers do wrong, and that only the conversation that is hit notices.

use std::time::Duration;

use anyhow::{Context, ensure};
use attendant::{
    EntryKind, InteractionState as State, Link, Operation, Platform, PlatformErrorKind as Kind, PlatformEvent,
    Visibility,
};
use gws::Family;
use simulator::Fault;
use simulator::faults::Kind as Wrong;

use super::room::{Room, Transport, login, options};

super::scenes! {
    a_wrong_password_is_not_allowed,
    a_refused_csrf_token_is_renewed,
    an_expired_http_session_is_renewed_and_the_state_is_read_again,
    a_lost_cometd_session_is_restored_with_a_gap,
    an_answer_that_is_not_json_leaves_the_outcome_unknown,
    an_answer_without_a_status_leaves_the_outcome_unknown,
    a_lost_answer_leaves_the_outcome_unknown_and_the_echo_tells,
    an_internal_error_did_nothing_and_may_pass,
    a_burst_of_503_is_waited_out,
    a_busy_server_did_not_take_the_message,
    a_partial_sign_in_fails_and_leaves_nothing_behind,
    an_offer_withdrawn_while_it_is_accepted_is_revoked,
    a_chat_that_cannot_be_joined_can_be_completed,
    doubled_and_overtaken_notifications_change_nothing,
    indexes_with_gaps_are_kept,
    status_codes_as_strings_are_understood,
    a_session_that_the_server_ends_is_told_and_started_again,
    a_server_that_goes_away_is_told_and_signing_out_ends,
}

fn kind<T>(result: Result<T, attendant::PlatformError>) -> Option<Kind> {
    result.err().map(|error| error.kind())
}

fn say(words: &str) -> Operation {
    Operation::Say { text: words.into(), visibility: Visibility::All }
}

pub async fn unreachable() -> anyhow::Result<()> {
    let mut options = options("http://127.0.0.1:1", Family::Chats, Transport::LongPolling)?;
    options.retry.deadline = Duration::from_millis(100);
    let refused = login(options, "bot-01", "s3cret")?.sign_in().await;
    let error = refused.err().context("signed in to nothing")?;
    ensure!(error.kind() == Kind::Unavailable && error.is_retryable(), "{error}");
    Ok(())
}

async fn a_wrong_password_is_not_allowed(room: Room) -> anyhow::Result<()> {
    let base = room.centre.base_url();
    let wrong = login(options(&base, room.family, Transport::LongPolling)?, "bot-01", "wr0ng-secret")?;
    let error = wrong.sign_in().await.err().context("signed in")?;
    ensure!(error.kind() == Kind::NotAllowed && !error.is_retryable(), "{error}");
    ensure!(!format!("{error} {error:?}").contains("wr0ng-secret"));
    Ok(())
}

async fn a_refused_csrf_token_is_renewed(mut room: Room) -> anyhow::Result<()> {
    room.ready().await?;
    let (customer, id) = room.chat("Ada").await?;
    let guard = room.centre.faults().scoped(Fault::new(Wrong::RefuseCsrf).operation("SendMessage").times(1));
    room.say(&id, "hello").await?;
    ensure!(guard.struck() == 1);
    room.words("hello").await?;
    ensure!(customer.sees().await?.iter().filter(|line| *line == "hello").count() == 1);
    Ok(())
}

async fn an_expired_http_session_is_renewed_and_the_state_is_read_again(mut room: Room) -> anyhow::Result<()> {
    /// Calls and CometD renew the same session at the same time: once in a while they must meet.
    const TIMES: usize = 40;

    room.ready().await?;
    let (customer, id) = room.chat("Ada").await?;
    for _ in 0..TIMES {
        let guard = room.centre.faults().scoped(Fault::new(Wrong::ExpireSession).operation("SendMessage").times(1));
        room.say(&id, "hello").await?;
        ensure!(guard.struck() == 1);
        room.link("lost", |link| matches!(link, Link::Lost { .. })).await?;
        room.link("restored", |link| *link == Link::Restored { gap: true }).await?;
    }
    let owned = room.login.interactions().await?;
    ensure!(owned.iter().any(|one| one.id == id && one.state == State::Chatting), "{owned:?}");
    customer.says("and now?").await?;
    room.words("and now?").await?;
    ensure!(customer.sees().await?.iter().filter(|line| *line == "hello").count() == TIMES);
    Ok(())
}

async fn a_lost_cometd_session_is_restored_with_a_gap(mut room: Room) -> anyhow::Result<()> {
    room.ready().await?;
    let (customer, id) = room.chat("Ada").await?;
    let _guard = room.centre.faults().scoped(Fault::new(Wrong::DropSession).login("bot-01").times(1));
    room.link("lost", |link| matches!(link, Link::Lost { .. })).await?;
    room.link("restored", |link| *link == Link::Restored { gap: true }).await?;
    room.say(&id, "back").await?;
    room.words("back").await?;
    let transcript = room.login.transcript(&id).await?;
    ensure!(transcript.iter().any(|entry| entry.kind == EntryKind::Text("back".into())), "{transcript:?}");
    customer.says("good").await?;
    room.words("good").await?;
    Ok(())
}

/// The operation is done, and its answer tells nothing. The echo in the transcript does.
async fn riddle(mut room: Room, wrong: Wrong) -> anyhow::Result<()> {
    room.ready().await?;
    let (customer, id) = room.chat("Ada").await?;
    let guard = room.centre.faults().scoped(Fault::new(wrong).operation("SendMessage").times(1));
    let outcome = room.login.perform(&id, say("hello")).await;
    ensure!(guard.struck() == 1, "the fault did not strike");
    ensure!(kind(outcome) == Some(Kind::Unknown));
    room.words("hello").await?;
    ensure!(customer.sees().await?.iter().filter(|line| *line == "hello").count() == 1, "sent once");
    Ok(())
}

async fn an_answer_that_is_not_json_leaves_the_outcome_unknown(room: Room) -> anyhow::Result<()> {
    riddle(room, Wrong::NotJson).await
}

async fn an_answer_without_a_status_leaves_the_outcome_unknown(room: Room) -> anyhow::Result<()> {
    riddle(room, Wrong::NoStatus).await
}

async fn a_lost_answer_leaves_the_outcome_unknown_and_the_echo_tells(room: Room) -> anyhow::Result<()> {
    riddle(room, Wrong::LoseAnswer).await
}

async fn an_internal_error_did_nothing_and_may_pass(mut room: Room) -> anyhow::Result<()> {
    room.ready().await?;
    let (customer, id) = room.chat("Ada").await?;
    let guard = room.centre.faults().scoped(Fault::new(Wrong::InternalError).operation("SendMessage").times(1));
    ensure!(kind(room.login.perform(&id, say("hello")).await) == Some(Kind::Unavailable));
    ensure!(guard.struck() == 1 && !customer.sees().await?.contains(&"hello".to_owned()));
    room.say(&id, "hello").await?;
    room.words("hello").await?;
    Ok(())
}

async fn a_burst_of_503_is_waited_out(mut room: Room) -> anyhow::Result<()> {
    room.ready().await?;
    let _customer = room.customer("Ada").await?;
    let id = room.state(State::Invited).await?.id;
    let burst = Fault::new(Wrong::Unavailable { retry_after: Some(0) }).operation("Accept").times(3);
    let guard = room.centre.faults().scoped(burst);
    room.perform(&id, Operation::Accept { nickname: "Robo".into() }).await?;
    ensure!(guard.struck() == 3);
    room.state(State::Chatting).await?;
    Ok(())
}

async fn a_busy_server_did_not_take_the_message(mut room: Room) -> anyhow::Result<()> {
    room.ready().await?;
    let (_customer, id) = room.chat("Ada").await?;
    let busy = Fault::new(Wrong::Unavailable { retry_after: Some(2) }).operation("SendMessage").times(1);
    let _guard = room.centre.faults().scoped(busy);
    let error = room.login.perform(&id, say("hello")).await.err().context("it was taken")?;
    ensure!(error.kind() == Kind::Unavailable && error.retry_after() == Some(Duration::from_secs(2)), "{error}");
    Ok(())
}

async fn a_partial_sign_in_fails_and_leaves_nothing_behind(mut room: Room) -> anyhow::Result<()> {
    let fault = Fault::new(Wrong::PartialSignIn).times(1);
    let guard = room.centre.faults().scoped(fault);
    let error = room.login.sign_in().await.err().context("signed in")?;
    ensure!(guard.struck() == 1 && error.kind() == Kind::Unavailable, "{error}");
    room.ready().await?;
    room.chat("Ada").await?;
    Ok(())
}

async fn an_offer_withdrawn_while_it_is_accepted_is_revoked(mut room: Room) -> anyhow::Result<()> {
    room.ready().await?;
    let (_customer, other) = room.chat("Grete").await?;
    let _ada = room.customer("Ada").await?;
    let id = room.state(State::Invited).await?.id;
    let guard = room.centre.faults().scoped(Fault::new(Wrong::WithdrawOffer).interaction(id.as_str()).times(1));
    let outcome = room.login.perform(&id, Operation::Accept { nickname: "Robo".into() }).await;
    ensure!(guard.struck() == 1);
    let kind = kind(outcome);
    ensure!(matches!(kind, Some(Kind::WrongState | Kind::NotFound)), "{kind:?}");
    let revoked = room.state(State::Revoked).await?;
    ensure!(revoked.id == id);
    room.say(&other, "not touched").await?;
    room.words("not touched").await?;
    Ok(())
}

async fn a_chat_that_cannot_be_joined_can_be_completed(mut room: Room) -> anyhow::Result<()> {
    room.ready().await?;
    let _guard = room.centre.faults().scoped(Fault::new(Wrong::FailJoin).times(1));
    let _customer = room.customer("Ada").await?;
    let id = room.state(State::Invited).await?.id;
    // Whether the operation itself is refused is up to the server; the state is what counts.
    let _ = room.login.perform(&id, Operation::Accept { nickname: "Robo".into() }).await;
    room.state(State::JoinFailed).await?;
    room.perform(&id, Operation::Complete).await?;
    room.state(State::Completed).await?;
    Ok(())
}

async fn doubled_and_overtaken_notifications_change_nothing(mut room: Room) -> anyhow::Result<()> {
    room.ready().await?;
    let doubled = room.centre.faults().scoped(Fault::new(Wrong::Duplicate));
    let overtaken = room.centre.faults().scoped(Fault::new(Wrong::Reorder).chance(0.5));
    let customer = room.customer("Ada").await?;
    let id = room.state(State::Invited).await?.id;
    room.perform(&id, Operation::Accept { nickname: "Robo".into() }).await?;
    room.state(State::Chatting).await?;
    for number in 0..10 {
        customer.says(&format!("line {number}")).await?;
        room.say(&id, &format!("answer {number}")).await?;
    }
    room.words("answer 9").await?;
    room.perform(&id, Operation::Complete).await?;
    room.state(State::Completed).await?;
    ensure!(doubled.struck() > 0 && overtaken.struck() > 0, "the faults did not strike");
    drop((doubled, overtaken));
    // States only went forward, and every own line was known as such.
    let mut rank = 0;
    for event in &room.told {
        match event {
            PlatformEvent::Interaction(one) => {
                let now = [State::Invited, State::Chatting, State::LeftChat, State::Completed]
                    .iter()
                    .position(|state| *state == one.state)
                    .context("a strange state")?;
                ensure!(now >= rank, "back to {:?}", one.state);
                rank = now;
            }
            PlatformEvent::Entries { entries, .. } => {
                for entry in entries {
                    let mine = matches!(&entry.kind, EntryKind::Text(text) if text.starts_with("answer"));
                    ensure!(!mine || entry.from.role == attendant::Role::Me, "{entry:?}");
                }
            }
            _ => {}
        }
    }
    Ok(())
}

async fn indexes_with_gaps_are_kept(mut room: Room) -> anyhow::Result<()> {
    room.ready().await?;
    let (customer, id) = room.chat("Ada").await?;
    let _guard = room.centre.faults().scoped(Fault::new(Wrong::SkipIndex { by: 3 }));
    customer.says("one").await?;
    let one = room.words("one").await?;
    customer.says("two").await?;
    let two = room.words("two").await?;
    ensure!(two.index > one.index + 1, "{} {}", one.index, two.index);
    let transcript = room.login.transcript(&id).await?;
    ensure!(transcript.iter().any(|entry| entry.index == two.index));
    Ok(())
}

async fn status_codes_as_strings_are_understood(mut room: Room) -> anyhow::Result<()> {
    let _guard = room.centre.faults().scoped(Fault::new(Wrong::StringStatus));
    room.ready().await?;
    let (_customer, id) = room.chat("Ada").await?;
    room.say(&id, "hello").await?;
    room.words("hello").await?;
    Ok(())
}

async fn a_session_that_the_server_ends_is_told_and_started_again(mut room: Room) -> anyhow::Result<()> {
    room.ready().await?;
    // Somebody else with the same user name ends the contact-centre session under the adapter.
    let other = room.login.session().client().session(gws::Credentials::new("bot-01", "s3cret"));
    other.sign_in().await?;
    other.end().await?;
    room.link("lost", |link| matches!(link, Link::Lost { .. })).await?;
    room.link("restored", |link| *link == Link::Restored { gap: true }).await?;
    // Ready again, as the runtime wanted it: offers come.
    room.chat("Ada").await?;
    Ok(())
}

async fn a_server_that_goes_away_is_told_and_signing_out_ends(mut room: Room) -> anyhow::Result<()> {
    room.ready().await?;
    room.centre.shutdown().await;
    room.link("lost", |link| matches!(link, Link::Lost { .. })).await?;
    ensure!(kind(room.login.interactions().await) == Some(Kind::Unavailable));
    ensure!(kind(room.login.sign_out().await) == Some(Kind::Unavailable), "a session may be left over there");
    room.link("the end", |link| matches!(link, Link::Closed { .. })).await?;
    Ok(())
}
