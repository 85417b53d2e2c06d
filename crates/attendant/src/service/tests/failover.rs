//! A bot that cannot go on: who gets the chat for which reason, and where that is told.

use std::sync::Arc;

use super::{Desk, quick};
use crate::options::{Options, Place, Then};
use crate::scripted::ScriptedPlatform;
use crate::{MemoryJournal, Operation, PlatformLimits, Target};

/// People for each reason, and a fallback that none of them is.
fn options() -> Options {
    let mut options = quick();
    options.fallback = Some(Place::skill("fallback"));
    options.failover.to.bot_failed = Some(Place::skill("mechanics"));
    options.failover.to.bot_too_slow = Some(Place::queue("express"));
    options.failover.to.bot_down = Some(Place::agent("anna"));
    options.failover.most_in_a_row = 2;
    options
}

async fn told(desk: &Desk, to: &Target, rule: &str) {
    let given = |operation: &Operation| matches!(operation, Operation::Transfer(target) if target == to);
    desk.platform.until("transfer", |platform| platform.performed_in("1").iter().any(given)).await;
    let mut status = desk.handle.watch();
    status.wait_for(|status| status.handoffs.by(rule) == 1).await.unwrap();
    let attached = desk.platform.interaction("1").and_then(|chat| chat.data.get("BotNote").map(str::to_owned));
    let note = desk.platform.notes("1").into_iter().next().or(attached).unwrap();
    assert!(note.starts_with(&format!("Handed over by the rule {rule}.")), "{note}");
}

#[tokio::test(start_paused = true)]
async fn each_reason_has_people_of_its_own_and_names_itself() {
    for agent_only_messages in [true, false] {
        for (words, to, rule) in [
            ("panic", Target::Skill("mechanics".into()), "bot-failed"),
            ("hang", Target::Queue("express".into()), "bot-too-slow"),
        ] {
            let limits = PlatformLimits { message_bytes: 4096, agent_only_messages, disposition: true };
            let platform = ScriptedPlatform::new("bot-1").with_limits(limits);
            let desk = Desk::open_on(platform, Arc::new(MemoryJournal::new()), options()).await;
            desk.chat("1").await;
            desk.platform.customer_says("1", words);
            told(&desk, &to, rule).await;
            desk.kill().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_bot_that_is_down_goes_to_who_is_named_for_that_and_not_before() {
    let mut options = options();
    options.failover.to.bot_failed = None;
    let desk = Desk::open(options).await;
    desk.chat("1").await;
    desk.platform.customer_says("1", "panic");
    desk.said("1", 2).await;
    assert_eq!(desk.handle.status().handoffs.by("bot-failed"), 0, "once is not down");
    desk.platform.customer_says("1", "panic");
    told(&desk, &Target::Agent("anna".into()), "bot-down").await;
}

#[tokio::test(start_paused = true)]
async fn where_nobody_is_named_the_fallback_gets_it() {
    let mut options = options();
    options.failover.to = crate::options::FailoverTo::default();
    options.failover.then = Then::HandOff;
    let desk = Desk::open(options).await;
    desk.chat("1").await;
    desk.platform.customer_says("1", "hang");
    told(&desk, &Target::Skill("fallback".into()), "bot-too-slow").await;
}

#[test]
fn a_place_that_cannot_be_is_named_by_its_key() {
    let mut options = options();
    options.failover.to.bot_down = Some(Place::default());
    let found: Vec<_> = options.validate().into_iter().map(|wrong| wrong.key).collect();
    assert_eq!(found, ["failover.to.bot-down"]);
}
