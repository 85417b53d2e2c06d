//! Signing in, draining, and what a service tells about itself.

use std::sync::Arc;
use std::time::Duration;

use super::{Desk, quick};
use crate::options::Place;
use crate::scripted::ScriptedPlatform;
use crate::service::{Error, Phase, Stopped};
use crate::{MemoryJournal, Operation, PlatformErrorKind, Presence};

#[tokio::test(start_paused = true)]
async fn signing_in_is_tried_again_with_longer_waits() {
    let platform = ScriptedPlatform::new("bot-1");
    platform.refuse_sign_in([PlatformErrorKind::Unavailable; 6]);
    let desk = Desk::open_on(platform, Arc::new(MemoryJournal::new()), quick()).await;
    assert_eq!(desk.platform.sessions(), (1, 0));
    assert_eq!(desk.handle.status().phase, Phase::Ready);
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_not_tried_again() {
    let platform = ScriptedPlatform::new("bot-1");
    platform.refuse_sign_in([PlatformErrorKind::NotAllowed]);
    let desk = Desk::start_on(platform, Arc::new(MemoryJournal::new()), quick());
    assert!(matches!(desk.task.await.unwrap(), Err(Error::SignIn(_))));
}

#[tokio::test(start_paused = true)]
async fn a_stop_without_chats_signs_out_at_once() {
    let desk = Desk::open(quick()).await;
    let platform = desk.platform.clone();
    let began = tokio::time::Instant::now();
    assert_eq!(desk.stop().await.unwrap(), Stopped::Clean);
    assert!(began.elapsed() < Duration::from_secs(1));
    assert_eq!(platform.sessions(), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_stop_rejects_offers_and_lets_chats_finish() {
    let desk = Desk::open(quick()).await;
    desk.chat("1").await;
    desk.drain.cancel();
    desk.platform.until("not ready", |platform| platform.presence() == Some(Presence::NotReady)).await;
    desk.platform.offer("2", "Bob");
    desk.gone("2").await;
    desk.platform.customer_says("1", "one");
    assert_eq!(desk.said("1", 2).await.len(), 2);
    desk.platform.customer_says("1", "bye");
    assert_eq!(desk.task.await.unwrap().unwrap(), Stopped::Clean);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_with_words_what_does_not_end_by_itself() {
    let desk = Desk::open(quick()).await;
    desk.chat("1").await;
    let platform = desk.platform.clone();
    assert_eq!(desk.stop().await.unwrap(), Stopped::Clean);
    assert_eq!(platform.said("1").len(), 2);
    assert_eq!(platform.disposition("1").as_deref(), Some("stopped"));
}

#[tokio::test(start_paused = true)]
async fn a_stop_hands_over_to_the_fallback_first() {
    let mut options = quick();
    options.fallback = Some(Place { queue: Some("night".into()), ..Place::default() });
    let desk = Desk::open(options).await;
    desk.chat("1").await;
    desk.drain.cancel();
    let transfer = |operation: &Operation| matches!(operation, Operation::Transfer(_));
    desk.platform.until("transfer", |platform| platform.performed_in("1").iter().any(transfer)).await;
    desk.platform.set_state("1", crate::InteractionState::Completed);
    assert_eq!(desk.task.await.unwrap().unwrap(), Stopped::Clean);
}

#[tokio::test(start_paused = true)]
async fn an_abort_leaves_everything_as_it_is() {
    let desk = Desk::open(quick()).await;
    desk.chat("1").await;
    let before = desk.platform.performed().len();
    desk.abort.cancel();
    assert_eq!(desk.task.await.unwrap().unwrap(), Stopped::Left(1));
    assert_eq!(desk.platform.performed().len(), before);
}

#[tokio::test(start_paused = true)]
async fn an_operator_can_hand_over_and_end() {
    let desk = Desk::open(quick()).await;
    desk.chat("1").await;
    let summaries = desk.handle.conversations().await;
    assert_eq!(summaries.len(), 1);
    assert_eq!(summaries[0].state, "Active");
    desk.handle.end("1".into(), "closing time", "closed").await;
    desk.gone("1").await;
    assert_eq!(desk.platform.said("1").last().map(String::as_str), Some("closing time"));
    assert_eq!(desk.platform.disposition("1").as_deref(), Some("closed"));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_chats_are_one_loop() {
    let mut options = quick();
    options.offers.most = 2000;
    let desk = Desk::open(options).await;
    for chat in 0..1000 {
        desk.platform.offer(&chat.to_string(), "Ada");
        if chat % 100 == 99 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    let status = desk.handle.status();
    assert_eq!((status.chats, status.thinking, status.counters.confirmed), (1000, 0, 1000));
}
