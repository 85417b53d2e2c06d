//! Crashes, lost sessions, a journal that is down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Desk, quick};
use crate::journal::{Closed, Error as JournalError, ErrorKind, Fence, Held, Journal, Line, Record, StoryKey};
use crate::scripted::{Mishap, ScriptedPlatform};
use crate::service::{Error, Phase, Service, Stopped};
use crate::{
    InteractionId, InteractionState, LoginId, MemoryJournal, Operation, Options, PlatformLimits, Presence, UnixMillis,
};

#[tokio::test(start_paused = true)]
async fn after_a_gap_what_was_missed_is_answered_in_order() {
    let desk = Desk::open(quick()).await;
    desk.chat("1").await;
    desk.platform.silently(|platform| {
        platform.customer_says("1", "one");
        platform.customer_says("1", "two");
        platform.offer("2", "Bob");
    });
    desk.platform.reconnect(true);
    assert_eq!(desk.said("1", 2).await, ["hello", "re: one\ntwo (1)"]);
    assert_eq!(desk.said("2", 1).await, ["hello"]);
    assert_eq!(desk.handle.status().phase, Phase::Ready);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_over_is_signed_in_anew() {
    let desk = Desk::open(quick()).await;
    desk.chat("1").await;
    desk.platform.silently(|platform| platform.customer_says("1", "one"));
    desk.platform.close_session();
    assert_eq!(desk.said("1", 2).await, ["hello", "re: one (1)"]);
    assert_eq!(desk.platform.sessions().0, 2);
}

#[tokio::test(start_paused = true)]
async fn a_chat_that_is_gone_after_a_gap_is_closed() {
    let desk = Desk::open(quick()).await;
    desk.chat("1").await;
    desk.platform.silently(|platform| platform.set_state("1", crate::InteractionState::Completed));
    desk.platform.reconnect(true);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(desk.handle.status().chats, 0);
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_moment_loses_nothing_and_doubles_nothing() {
    for moment in (0..24_000).step_by(90) {
        let journal = Arc::new(MemoryJournal::new());
        let options = crate::Options::default(); // with pace: more moments
        let desk = Desk::open_on(ScriptedPlatform::new("bot-1"), journal.clone(), options.clone()).await;
        desk.platform.set_latency(Duration::from_millis(400));
        desk.platform.offer("1", "Ada");
        desk.said("1", 1).await;
        desk.platform.customer_says("1", "think");
        tokio::time::sleep(Duration::from_millis(moment)).await;
        let platform = desk.kill().await;
        platform.silently(|platform| platform.customer_says("1", "later"));
        let desk = Desk::start_on(platform, journal, options);
        let platform = desk.platform.clone();
        platform
            .until("both are answered", |platform| {
                let said = platform.said("1").join("|");
                said.contains("think") && said.contains("later")
            })
            .await;
        tokio::time::sleep(Duration::from_secs(30)).await;
        let said = desk.platform.said("1");
        let expected: &[&[&str]] = &[&["hello", "re: think (1)", "re: later (2)"], &["hello", "re: think\nlater (1)"]];
        assert!(
            expected.contains(&said.iter().map(String::as_str).collect::<Vec<_>>().as_slice()),
            "at {moment} ms: {said:?}"
        );
        desk.kill().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_owed_end_and_an_owed_handoff_are_carried_on() {
    for (words, operation) in [
        ("bye", "EndSession"),
        ("bye", "SetDisposition"),
        ("bye", "Complete"),
        ("transfer", "Transfer"),
        ("invite", "Invite"),
    ] {
        let journal = Arc::new(MemoryJournal::new());
        let desk = Desk::open_on(ScriptedPlatform::new("bot-1"), journal.clone(), quick()).await;
        desk.chat("1").await;
        let is_it = move |performed: &Operation| format!("{performed:?}").starts_with(operation);
        desk.platform.mishap(is_it, Mishap::Lost);
        desk.platform.customer_says("1", words);
        desk.platform.until("tried", |platform| platform.performed_in("1").iter().any(is_it)).await;
        let platform = desk.kill().await;
        let desk = Desk::start_on(platform, journal, quick());
        desk.platform
            .until("tried again", |platform| platform.performed_in("1").iter().filter(|done| is_it(done)).count() == 2)
            .await;
        desk.kill().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_owed_answer_to_an_offer_is_carried_on() {
    let journal = Arc::new(MemoryJournal::new());
    let desk = Desk::open_on(ScriptedPlatform::new("bot-1"), journal.clone(), quick()).await;
    let is_it = |performed: &Operation| matches!(performed, Operation::Accept { .. });
    desk.platform.mishap(is_it, Mishap::Lost);
    desk.platform.offer("1", "Ada");
    desk.platform.until("tried", |platform| platform.performed_in("1").iter().any(is_it)).await;
    let desk = Desk::start_on(desk.kill().await, journal, quick());
    assert_eq!(desk.said("1", 1).await, ["hello"]);
}

#[tokio::test(start_paused = true)]
async fn a_chat_that_is_gone_after_a_crash_is_closed_in_the_journal_with_the_reason() {
    let journal = Arc::new(MemoryJournal::keeping());
    let desk = Desk::open_on(ScriptedPlatform::new("bot-1"), journal.clone(), quick()).await;
    desk.chat("1").await;
    let summary = desk.handle.conversations().await.remove(0);
    let key = StoryKey { interaction: summary.interaction, began: summary.began };
    let platform = desk.kill().await;
    platform.silently(|platform| platform.set_state("1", crate::InteractionState::Revoked));
    let desk = Desk::open_on(platform, journal.clone(), quick()).await;
    let mut status = desk.handle.watch();
    status.wait_for(|status| status.counters.resumed == 1 && status.chats == 0).await.unwrap();
    desk.stop().await.unwrap();
    let story = journal.story(&LoginId::from("bot-1"), &key).await.unwrap();
    assert_eq!(story.last().unwrap().record, Record::Closed { how: Closed::Gone });
}

#[tokio::test(start_paused = true)]
async fn of_an_answer_in_parts_only_the_missing_ones_are_sent_after_a_crash() {
    let long = "First things come first. Second things come second. Third things come third.";
    let limits = PlatformLimits { message_bytes: 40, agent_only_messages: true, disposition: true };
    for sent in 2..=3 {
        let journal = Arc::new(MemoryJournal::new());
        let platform = ScriptedPlatform::new("bot-1").with_limits(limits);
        let desk = Desk::open_on(platform, journal.clone(), quick()).await;
        desk.chat("1").await;
        desk.platform.set_latency(Duration::from_millis(400));
        desk.platform.customer_says("1", long);
        desk.said("1", sent).await;
        let desk = Desk::open_on(desk.kill().await, journal, quick()).await;
        desk.said("1", 4).await;
        tokio::time::sleep(Duration::from_secs(30)).await;
        let said = desk.platform.said("1");
        assert_eq!(said[1..].join(" "), format!("re: {long} (1)"), "{sent} were sent");
        desk.kill().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_tells_how_many_chats_are_still_to_be_looked_at() {
    let journal = Arc::new(MemoryJournal::new());
    let desk = Desk::open_on(ScriptedPlatform::new("bot-1"), journal.clone(), quick()).await;
    desk.chat("1").await;
    desk.chat("2").await;
    let platform = desk.kill().await;
    platform.set_latency(Duration::from_secs(1));
    let desk = Desk::start_on(platform, journal, quick());
    let mut status = desk.handle.watch();
    status.wait_for(|status| status.reconciling == 2).await.unwrap();
    status.wait_for(|status| status.reconciling == 0 && status.chats == 2).await.unwrap();
    desk.kill().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_there_counts_when_the_last_holder_can_do_nothing_any_more() {
    for (alone, waits) in [(true, 500), (false, 1500)] {
        let journal = Arc::new(Reluctant { alone, ..Reluctant::default() });
        let desk = Desk::open_on(ScriptedPlatform::new("bot-1"), journal.clone(), quick()).await;
        desk.chat("1").await;
        let platform = desk.kill().await;
        let started = tokio::time::Instant::now();
        let desk = Desk::start_on(platform, journal, quick());
        let mut status = desk.handle.watch();
        status.wait_for(|status| status.phase == Phase::Ready && status.reconciling == 0).await.unwrap();
        let waited = started.elapsed();
        let waits = Duration::from_millis(waits);
        assert!(waited >= waits && waited < waits + Duration::from_millis(200), "alone: {alone}, {waited:?}");
        desk.kill().await;
    }
}

#[tokio::test(start_paused = true)]
async fn memory_is_durable() {
    let journal = Arc::new(MemoryJournal::new());
    let desk = Desk::open_on(ScriptedPlatform::new("bot-1"), journal.clone(), quick()).await;
    desk.chat("1").await;
    desk.platform.customer_says("1", "one");
    desk.said("1", 2).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let desk = Desk::open_on(desk.kill().await, journal, quick()).await;
    desk.platform.customer_says("1", "two");
    assert_eq!(desk.said("1", 3).await[2], "re: two (2)");
}

#[tokio::test(start_paused = true)]
async fn lines_older_than_the_age_policy_are_not_answered_as_new() {
    let journal = Arc::new(MemoryJournal::new());
    let platform = ScriptedPlatform::new("bot-1");
    let desk = Desk::open_on(platform, journal.clone(), quick()).await;
    desk.chat("1").await;
    let platform = desk.kill().await;
    platform.silently(|platform| platform.customer_says("1", "anybody?"));
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let (service, _handle) =
        crate::Service::new(Arc::new(platform.clone()), Arc::new(super::Clerk), journal, quick()).unwrap();
    let token = tokio_util::sync::CancellationToken::new();
    let running = service.reproducible(UnixMillis(3_600_000), 7).run(token.clone(), token.clone());
    #[expect(clippy::disallowed_methods, reason = "ended below")]
    let task = tokio::spawn(running);
    platform.until("an apology", |platform| platform.said("1").len() == 2).await;
    assert!(!platform.said("1")[1].contains("anybody"), "{:?}", platform.said("1"));
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn a_chat_in_no_journal_is_taken_up_from_the_platform() {
    let desk = Desk::open(quick()).await;
    desk.chat("1").await;
    let platform = desk.kill().await;
    platform.silently(|platform| platform.customer_says("1", "still there?"));
    let desk = Desk::open_on(platform, Arc::new(MemoryJournal::new()), quick()).await;
    desk.platform
        .until("answered", |platform| platform.said("1").iter().any(|said| said.starts_with("re: still there?")))
        .await;
}

#[tokio::test(start_paused = true)]
async fn who_loses_the_login_stops_and_writes_nothing() {
    let journal = Arc::new(MemoryJournal::new());
    let desk = Desk::open_on(ScriptedPlatform::new("bot-1"), journal.clone(), quick()).await;
    desk.chat("1").await;
    journal.take(&LoginId::from("bot-1")).await.unwrap(); // another process
    desk.platform.customer_says("1", "one");
    let ended = desk.task.await.unwrap();
    assert!(matches!(ended, Err(Error::Journal(error)) if error.kind() == ErrorKind::Fenced));
    assert_eq!(desk.platform.said("1"), ["hello"], "what cannot be journaled is not sent");
}

/// A journal whose disk is full when the test says so, and that takes its time to say what is written.
#[derive(Default)]
struct Reluctant {
    inner: MemoryJournal,
    is_full: AtomicBool,
    takes: Duration,
    /// Says that nobody else can have the login.
    alone: bool,
}

#[async_trait::async_trait]
impl Journal for Reluctant {
    async fn take(&self, login: &LoginId) -> Result<Held, JournalError> {
        let held = self.inner.take(login).await?;
        Ok(Held { alone: self.alone, ..held })
    }

    async fn append(&self, login: &LoginId, fence: Fence, lines: Vec<Line>) -> Result<(), JournalError> {
        if self.is_full.load(Ordering::Relaxed) {
            return Err(JournalError::new(ErrorKind::Unavailable, "disk full"));
        }
        let written = self.inner.append(login, fence, lines).await;
        if !self.takes.is_zero() {
            tokio::time::sleep(self.takes).await;
        }
        written
    }

    async fn story(&self, login: &LoginId, key: &StoryKey) -> Result<Vec<Line>, JournalError> {
        self.inner.story(login, key).await
    }

    async fn latest(&self, login: &LoginId, interaction: &InteractionId) -> Result<Vec<Line>, JournalError> {
        self.inner.latest(login, interaction).await
    }

    async fn forget(&self, before: UnixMillis) -> Result<u64, JournalError> {
        self.inner.forget(before).await
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_journal_is_down_nothing_is_sent_and_no_offers_are_wanted() {
    let journal = Arc::new(Reluctant::default());
    let desk = Desk::open_on(ScriptedPlatform::new("bot-1"), journal.clone(), quick()).await;
    desk.chat("1").await;
    journal.is_full.store(true, Ordering::Relaxed);
    desk.platform.customer_says("1", "one");
    desk.platform.until("not ready", |platform| platform.presence() == Some(Presence::NotReady)).await;
    assert_eq!(desk.platform.said("1"), ["hello"]);
    journal.is_full.store(false, Ordering::Relaxed);
    assert_eq!(desk.said("1", 2).await, ["hello", "re: one (1)"]);
    desk.platform.until("ready", |platform| platform.presence() == Some(Presence::Ready)).await;
    assert_eq!(desk.platform.sessions(), (1, 0));
    desk.platform.customer_says("1", "bye");
    desk.gone("1").await;
    assert_eq!(desk.stop().await.unwrap(), Stopped::Clean);
}

#[tokio::test(start_paused = true)]
async fn a_chat_that_comes_back_after_a_restart_is_known() {
    let journal = Arc::new(MemoryJournal::keeping());
    let desk = Desk::open_on(ScriptedPlatform::new("bot-1"), journal.clone(), quick()).await;
    desk.chat("1").await;
    desk.platform.customer_says("1", "one");
    desk.said("1", 2).await;
    desk.platform.customer_says("1", "transfer");
    let transferred = |platform: &ScriptedPlatform| {
        platform.performed_in("1").iter().any(|one| matches!(one, Operation::Transfer(_)))
    };
    desk.platform.until("transferred", transferred).await;
    desk.platform.set_state("1", crate::InteractionState::Completed);
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    let platform = desk.kill().await;
    let desk = Desk::start_at(UnixMillis(60_000), platform, journal, quick());
    desk.platform.offer("1", "Ada");
    desk.platform.customer_says("1", "two");
    let came_back = |platform: &ScriptedPlatform| platform.said("1").iter().any(|said| said == "re: two (2)");
    desk.platform.until("remembered", came_back).await;
    assert_eq!(desk.platform.said("1").iter().filter(|said| *said == "hello").count(), 0, "it is greeted as known");
}

#[tokio::test(start_paused = true)]
async fn a_chat_in_no_journal_is_not_greeted_again() {
    let desk = Desk::open(quick()).await;
    desk.chat("1").await;
    desk.platform.customer_says("1", "one");
    desk.said("1", 2).await;
    let platform = desk.kill().await;
    let desk = Desk::open_on(platform, Arc::new(MemoryJournal::new()), quick()).await;
    desk.platform.customer_says("1", "two");
    desk.platform.until("answered", |platform| platform.said("1").iter().any(|said| said.starts_with("re: two"))).await;
    assert_eq!(desk.platform.said("1"), ["hello", "re: one (1)", "welcome back", "re: two (1)"]);
}

#[tokio::test(start_paused = true)]
async fn who_has_lost_the_login_does_not_do_what_was_journaled_before() {
    let journal = Arc::new(MemoryJournal::new());
    let desk = Desk::open_on(ScriptedPlatform::new("bot-1"), journal.clone(), Options::default()).await;
    desk.chat("1").await;
    desk.platform.customer_says("1", "a question that is answered at length, so that the answer is typed for a while");
    let typing = |platform: &ScriptedPlatform| {
        let starts = platform.performed_in("1").iter().filter(|one| **one == Operation::TypingStart).count();
        starts == 2
    };
    desk.platform.until("typing", typing).await; // its intent is durable
    journal.take(&LoginId::from("bot-1")).await.unwrap(); // another process
    let ended = desk.task.await.unwrap();
    assert!(matches!(ended, Err(Error::Journal(error)) if error.kind() == ErrorKind::Fenced));
    assert_eq!(desk.platform.said("1"), ["hello"], "the other process says it");
}

#[tokio::test(start_paused = true)]
async fn who_has_lost_the_login_neither_signs_in_again_nor_out() {
    for (drained, sessions) in [(false, (1, 0)), (true, (1, 0))] {
        let journal = Arc::new(MemoryJournal::new());
        let desk = Desk::open_on(ScriptedPlatform::new("bot-1"), journal.clone(), quick()).await;
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        journal.take(&LoginId::from("bot-1")).await.unwrap(); // another process
        if drained {
            desk.drain.cancel();
        } else {
            desk.platform.close_session();
        }
        let _ = desk.task.await.unwrap();
        assert_eq!(desk.platform.sessions(), sessions, "the session is the other's");
    }
}

#[tokio::test(start_paused = true)]
async fn what_waited_for_too_long_is_not_said_as_new() {
    // Cut off while the bot thinks, and while its answer is being typed.
    for words in ["think", "a question that is answered at length"] {
        let journal = Arc::new(MemoryJournal::new());
        let desk = Desk::open_on(ScriptedPlatform::new("bot-1"), journal.clone(), Options::default()).await;
        desk.chat("1").await;
        desk.platform.customer_says("1", words);
        tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
        let platform = desk.kill().await;
        assert_eq!(platform.said("1"), ["hello"]);
        let desk = Desk::start_at(UnixMillis(3_600_000), platform, journal, Options::default());
        desk.said("1", 2).await;
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        assert_eq!(desk.platform.said("1"), ["hello", "I am sorry for the wait. Are you still there?"], "{words}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_answered_before_a_chat_came_back_is_not_answered_again_after_a_crash() {
    let journal = Arc::new(MemoryJournal::keeping());
    let desk = Desk::open_on(ScriptedPlatform::new("bot-1"), journal.clone(), quick()).await;
    desk.chat("1").await;
    desk.platform.customer_says("1", "one");
    desk.said("1", 2).await;
    let platform = desk.kill().await;
    // No journal knows it, and the process dies again after its next answer.
    let journal = Arc::new(MemoryJournal::new());
    let desk = Desk::start_at(UnixMillis(60_000), platform, journal.clone(), quick());
    desk.platform.customer_says("1", "two");
    desk.platform.until("answered", |platform| platform.said("1").len() == 4).await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let platform = desk.kill().await;
    let desk = Desk::start_at(UnixMillis(120_000), platform, journal, quick());
    desk.platform.customer_says("1", "three");
    desk.platform.until("answered", |platform| platform.said("1").iter().any(|said| said.contains("three"))).await;
    let said = desk.platform.said("1");
    assert_eq!(said, ["hello", "re: one (1)", "welcome back", "re: two (1)", "re: three (2)"]);
}

/// Whatever was on its way when the process was paused: what it hears when it wakes up comes first.
#[tokio::test(start_paused = true)]
async fn a_process_that_was_paused_hears_of_a_person_before_it_says_what_it_had_in_hand() {
    let mut paused = 0;
    for moment in (0..2_000).step_by(20).map(Duration::from_millis) {
        let platform = ScriptedPlatform::new("bot-1");
        let journal = Arc::new(Reluctant { takes: Duration::from_millis(100), ..Reluctant::default() });
        let (service, _handle) =
            Service::new(Arc::new(platform.clone()), Arc::new(super::Clerk), journal, quick()).unwrap();
        let service = service.reproducible(UnixMillis(0), 7);
        let mut running = Box::pin(service.run(CancellationToken::new(), CancellationToken::new()));
        let begins = async {
            platform.until("ready", |platform| platform.presence() == Some(Presence::Ready)).await;
            platform.offer("1", "Ada");
            platform.until("greeted", |platform| platform.said("1").len() == 1).await;
            platform.customer_says("1", "hi");
            tokio::time::sleep(moment).await;
        };
        tokio::select! { biased; _ = &mut running => panic!("it ended"), () = begins => {} }
        if platform.said("1").len() > 1 {
            break; // it has answered by now
        }
        platform.person_joins("1", "Anna");
        platform.person_says("1", "I take over");
        tokio::time::sleep(Duration::from_secs(20)).await; // nobody asks the process to go on
        let goes_on = tokio::time::sleep(Duration::from_secs(30));
        tokio::select! { biased; _ = &mut running => panic!("it ended"), () = goes_on => {} }
        assert_eq!(platform.said("1"), ["hello"], "paused {moment:?} after the question");
        paused += 1;
    }
    assert!(paused > 10, "it answers at once");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_was_on_its_way_does_not_offer_again_what_has_ended_meanwhile() {
    let desk = Desk::open(quick()).await;
    desk.platform.set_latency(Duration::from_secs(4));
    desk.platform.reconnect(true); // a list is asked for
    tokio::time::sleep(Duration::from_secs(1)).await;
    desk.platform.offer("1", "Ada");
    tokio::time::sleep(Duration::from_millis(1_500)).await; // the list has been made, and is on its way back
    desk.platform.set_state("1", InteractionState::Revoked);
    tokio::time::sleep(Duration::from_secs(60)).await;
    let accepts = desk.platform.performed_in("1").len();
    assert_eq!(accepts, 1, "{:?}", desk.platform.performed_in("1"));
    assert_eq!(desk.handle.status().chats, 0);
}
