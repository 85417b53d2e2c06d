//! Chats as customers and people see them.

use std::time::Duration;

use super::{Desk, quick};
use crate::scripted::Mishap;
use crate::{
    EntryKind, InteractionState, Operation, Options, PlatformErrorKind, PlatformLimits, Presence, Target, Visibility,
};

fn names(operations: &[Operation]) -> Vec<&'static str> {
    operations
        .iter()
        .map(|operation| match operation {
            Operation::Accept { .. } => "accept",
            Operation::Reject => "reject",
            Operation::Say { .. } => "say",
            Operation::TypingStart => "typing",
            Operation::TypingStop => "stop",
            Operation::EndSession => "end",
            Operation::SetDisposition(_) => "disposition",
            Operation::Complete => "complete",
            Operation::Transfer(_) => "transfer",
            Operation::Invite(_) => "invite",
            Operation::LeaveConference => "leave",
            Operation::Attach(_) => "attach",
            Operation::RequestTranscript => "transcript",
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_chat_from_offer_to_completion() {
    let desk = Desk::open(Options::default()).await;
    desk.chat("1").await;
    desk.platform.customer_says("1", "one");
    assert_eq!(desk.said("1", 2).await, ["hello", "re: one (1)"]);
    desk.platform.customer_says("1", "bye");
    desk.gone("1").await;
    assert_eq!(
        names(&desk.platform.performed_in("1")),
        ["accept", "typing", "say", "stop", "typing", "say", "stop", "end", "disposition", "complete"]
    );
    assert_eq!(desk.platform.disposition("1").as_deref(), Some("resolved"));
    let counters = desk.handle.status().counters;
    assert_eq!((counters.messages, counters.confirmed, counters.completed, counters.unexpected), (2, 2, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn pace_can_be_turned_off() {
    let desk = Desk::open(quick()).await;
    desk.chat("1").await;
    assert_eq!(names(&desk.platform.performed_in("1")), ["accept", "say"]);
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_lines_is_one_turn() {
    let desk = Desk::open(quick()).await;
    desk.chat("1").await;
    for line in ["a", "b"] {
        desk.platform.customer_says("1", line);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    desk.platform.customer_does("1", EntryKind::TypingStarted);
    tokio::time::sleep(Duration::from_secs(3)).await;
    desk.platform.customer_says("1", "c");
    assert_eq!(desk.said("1", 2).await[1], "re: a\nb\nc (1)");
}

#[tokio::test(start_paused = true)]
async fn an_endless_burst_is_answered_all_the_same() {
    let desk = Desk::open(quick()).await;
    desk.chat("1").await;
    for _ in 0..30 {
        desk.platform.customer_says("1", "and");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(desk.platform.said("1").len() >= 2, "the cap of the window");
}

#[tokio::test(start_paused = true)]
async fn offers_are_decided_in_time_whatever_the_bot_does() {
    let desk = Desk::open(quick()).await;
    for how in ["reject", "hang", "panic"] {
        desk.platform.offer_with(how, "Ada", [("Screen", how)].into_iter().collect());
        desk.gone(how).await;
        assert_eq!(names(&desk.platform.performed_in(how)), ["reject"], "{how}");
    }
    desk.chat("1").await;
}

#[tokio::test(start_paused = true)]
async fn too_many_offers_are_rejected_at_once() {
    let mut options = quick();
    options.offers.most = 1;
    let desk = Desk::open(options).await;
    desk.chat("1").await;
    desk.platform.offer("2", "Bob");
    desk.gone("2").await;
    assert_eq!(names(&desk.platform.performed_in("2")), ["reject"]);
}

#[tokio::test(start_paused = true)]
async fn a_bot_that_panics_or_hangs_hurts_one_turn_of_one_chat() {
    let desk = Desk::open(quick()).await;
    desk.chat("1").await;
    desk.chat("2").await;
    for (place, words) in ["panic", "hang"].iter().enumerate() {
        desk.platform.customer_says("1", words);
        desk.platform.customer_says("2", "fine");
        assert_eq!(desk.said("2", 2 + place).await[1 + place], format!("re: fine ({})", 1 + place));
        desk.said("1", 2 + place).await; // the apology
    }
    desk.platform.customer_says("1", "again");
    assert_eq!(desk.said("1", 4).await[3], "re: again (1)");
}

#[tokio::test(start_paused = true)]
async fn a_person_who_speaks_silences_the_bot_in_the_middle_of_its_answer() {
    // At every moment of the answer: thinking, typing, sending.
    for moment in (0..16_000).step_by(500) {
        let desk = Desk::open(Options::default()).await;
        desk.chat("1").await;
        desk.platform.customer_says("1", "think");
        tokio::time::sleep(Duration::from_millis(moment)).await;
        desk.platform.person_joins("1", "Bo");
        desk.platform.person_says("1", "I take this");
        let before = desk.platform.said("1").len();
        desk.gone("1").await;
        let operations = desk.platform.performed_in("1");
        assert_eq!(desk.platform.said("1").len(), before, "at {moment} ms");
        assert_eq!(operations.last(), Some(&Operation::LeaveConference), "at {moment} ms");
        assert_eq!(
            operations.iter().filter(|operation| **operation == Operation::TypingStart).count(),
            operations.iter().filter(|operation| **operation == Operation::TypingStop).count(),
            "at {moment} ms: {operations:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_bot_wakes_up_when_the_person_leaves() {
    let desk = Desk::open(quick()).await;
    desk.chat("1").await;
    desk.platform.person_joins("1", "Bo");
    desk.platform.customer_says("1", "anybody?");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(desk.platform.said("1").len(), 1);
    desk.platform.person_leaves("1");
    assert_eq!(desk.said("1", 3).await[1..], ["I am back", "re: anybody? (1)"]);
}

#[tokio::test(start_paused = true)]
async fn a_transfer_takes_the_note_along_and_leaves_no_ghost() {
    let desk = Desk::open(quick()).await;
    desk.chat("1").await;
    desk.platform.customer_says("1", "transfer");
    desk.platform
        .until("transferred", |platform| {
            platform.performed_in("1").contains(&Operation::Transfer(Target::Skill("people".into())))
        })
        .await;
    assert_eq!(desk.platform.notes("1"), ["asked"]);
    desk.platform.set_state("1", InteractionState::Completed);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(desk.handle.status().chats, 0);
    assert_eq!(desk.handle.status().counters.handed_over, 1);
}

#[tokio::test(start_paused = true)]
async fn a_note_is_attached_where_agents_have_no_messages_of_their_own() {
    let limits = PlatformLimits { message_bytes: 4096, agent_only_messages: false, disposition: false };
    let platform = crate::scripted::ScriptedPlatform::new("bot-1").with_limits(limits);
    let desk = Desk::open_on(platform, std::sync::Arc::new(crate::MemoryJournal::new()), quick()).await;
    desk.chat("1").await;
    desk.platform.customer_says("1", "transfer");
    desk.platform.until("transfer", |platform| names(&platform.performed_in("1")).contains(&"transfer")).await;
    let data = desk.platform.interaction("1").unwrap().data;
    assert_eq!(data.get("BotNote"), Some("asked"));
    desk.platform.mishap(|operation| matches!(operation, Operation::Transfer(_)), Mishap::Lost);
    desk.said("1", 2).await; // it timed out
    desk.platform.customer_says("1", "bye");
    desk.gone("1").await;
    assert_eq!(desk.platform.interaction("1").unwrap().data.get("DispositionCode"), Some("resolved"));
}

/// The note of the chat, wherever it is.
fn note(desk: &Desk) -> Option<String> {
    let told = desk.platform.performed_in("1").into_iter().find_map(|operation| match operation {
        Operation::Say { text, visibility: Visibility::Agents } => Some(text),
        _ => None,
    });
    told.or_else(|| desk.platform.interaction("1")?.data.get("BotNote").map(str::to_owned))
}

#[tokio::test(start_paused = true)]
async fn every_handoff_names_its_rule_in_the_counters_and_in_the_note() {
    for agent_only_messages in [true, false] {
        for (words, rule, tells) in [
            (&["transfer"][..], "bot", "asked"),
            (&["panic"][..], "bot-failed", "“panic” → no answer"),
            (&["hang"][..], "bot-too-slow", "took too long"),
            (&["hello"][..], "operator", "“hello” → “re: hello (1)”"),
        ] {
            let limits = PlatformLimits { message_bytes: 4096, agent_only_messages, disposition: true };
            let platform = crate::scripted::ScriptedPlatform::new("bot-1").with_limits(limits);
            let mut options = quick();
            options.fallback = Some(crate::options::Place::skill("people"));
            options.failover.then = crate::options::Then::HandOff;
            options.failover.apology = String::new();
            let desk = Desk::open_on(platform, std::sync::Arc::new(crate::MemoryJournal::new()), options).await;
            desk.chat("1").await;
            for words in words {
                desk.platform.customer_says("1", words);
            }
            if rule == "operator" {
                desk.said("1", 2).await;
                desk.handle.hand_over("1".into(), crate::Handoff::to_skill("people")).await;
            }
            desk.platform.until("transfer", |platform| names(&platform.performed_in("1")).contains(&"transfer")).await;
            let mut status = desk.handle.watch();
            status.wait_for(|status| status.handoffs.by(rule) == 1).await.unwrap();
            let note = note(&desk).unwrap();
            assert!(note.contains(tells), "{rule}: {note}");
            assert_eq!(note.contains(&format!("by the rule {rule}.")), rule != "bot", "{rule}: {note}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_invitation_stays_until_the_person_has_spoken() {
    let desk = Desk::open(quick()).await;
    desk.chat("1").await;
    desk.platform.customer_says("1", "invite");
    desk.platform.until("invited", |platform| names(&platform.performed_in("1")).contains(&"invite")).await;
    assert_eq!(desk.platform.said("1"), ["hello", "one moment"]);
    desk.platform.person_joins("1", "anna");
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert!(!names(&desk.platform.performed_in("1")).contains(&"leave"), "not before she has spoken");
    desk.platform.person_says("1", "hello, this is Anna");
    desk.gone("1").await;
    assert_eq!(desk.handle.status().counters.handed_over, 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_choice_goes_on_to_the_next_and_then_back_to_the_bot() {
    for mishap in [
        Mishap::Refused(PlatformErrorKind::NoTarget),
        Mishap::FailsLater(PlatformErrorKind::NoTarget),
        Mishap::Refused(PlatformErrorKind::Unsupported),
        Mishap::Lost,
    ] {
        let desk = Desk::open(quick()).await;
        desk.chat("1").await;
        desk.platform.mishap(|operation| matches!(operation, Operation::Invite(_)), mishap);
        desk.platform.mishap(|operation| matches!(operation, Operation::Transfer(_)), mishap);
        desk.platform.customer_says("1", "invite");
        desk.said("1", 3).await; // hello, one moment, sorry
        let tried = names(&desk.platform.performed_in("1"));
        assert!(tried.contains(&"invite") && tried.contains(&"transfer"), "{mishap:?}: {tried:?}");
        desk.platform.customer_says("1", "so?");
        assert_eq!(desk.said("1", 4).await[3], "re: so? (1)", "{mishap:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_person_who_joins_and_says_nothing_is_not_the_end() {
    let desk = Desk::open(quick()).await;
    desk.chat("1").await;
    desk.platform.customer_says("1", "invite");
    desk.platform.until("invited", |platform| names(&platform.performed_in("1")).contains(&"invite")).await;
    desk.platform.person_joins("1", "anna");
    desk.platform.customer_says("1", "is anybody there?");
    // She is silent: the next choice, and when that fails too the bot answers.
    assert_eq!(desk.said("1", 4).await[3], "re: is anybody there? (1)");
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_settled_by_the_transcript_never_by_a_blind_retry() {
    for (mishap, tries) in [(Mishap::AnswerLost, 1), (Mishap::Lost, 2), (Mishap::EventsLost, 1)] {
        let desk = Desk::open(quick()).await;
        desk.chat("1").await;
        desk.platform.mishap(|operation| matches!(operation, Operation::Say { .. }), mishap);
        desk.platform.customer_says("1", "one");
        desk.said("1", 2).await;
        tokio::time::sleep(Duration::from_secs(15)).await;
        desk.platform.customer_says("1", "two");
        assert_eq!(desk.said("1", 3).await, ["hello", "re: one (1)", "re: two (2)"], "{mishap:?}");
        let says = desk.platform.performed_in("1").into_iter().filter(|operation| {
            matches!(operation, Operation::Say { text, visibility: Visibility::All } if text == "re: one (1)")
        });
        assert_eq!(says.count(), tries, "{mishap:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn accept_and_the_end_survive_lost_answers() {
    for mishap in
        [Mishap::AnswerLost, Mishap::Lost, Mishap::Refused(PlatformErrorKind::Unavailable), Mishap::EventsLost]
    {
        let desk = Desk::open(quick()).await;
        desk.platform.mishap(|operation| matches!(operation, Operation::Accept { .. }), mishap);
        desk.chat("1").await;
        for operation in [Operation::EndSession, Operation::Complete] {
            desk.platform.mishap(move |performed| *performed == operation, mishap);
        }
        desk.platform.customer_says("1", "bye");
        desk.gone("1").await;
        tokio::time::sleep(Duration::from_secs(120)).await;
        assert_eq!(desk.handle.status().chats, 0, "{mishap:?}");
        assert_eq!(desk.handle.status().counters.completed, 1, "{mishap:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_offer_withdrawn_while_it_is_accepted_is_let_go() {
    let desk = Desk::open(quick()).await;
    desk.platform.mishap(
        |operation| matches!(operation, Operation::Accept { .. }),
        Mishap::Refused(PlatformErrorKind::WrongState),
    );
    desk.platform.silently(|platform| platform.offer("1", "Ada"));
    desk.platform.set_state("1", InteractionState::Invited);
    desk.platform.until("accepting", |platform| !platform.performed_in("1").is_empty()).await;
    desk.platform.set_state("1", InteractionState::Revoked);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(desk.handle.status().chats, 0);
    desk.chat("2").await;
}

#[tokio::test(start_paused = true)]
async fn a_chat_that_cannot_be_joined_is_completed_quickly() {
    let desk = Desk::open(quick()).await;
    desk.platform.mishap(|operation| matches!(operation, Operation::Accept { .. }), Mishap::JoinFails);
    desk.platform.offer("1", "Ada");
    desk.gone("1").await;
    assert_eq!(names(&desk.platform.performed_in("1")), ["accept", "complete"]);
}

#[tokio::test(start_paused = true)]
async fn a_long_answer_is_split_and_stays_in_order() {
    let limits = PlatformLimits { message_bytes: 40, agent_only_messages: true, disposition: true };
    let platform = crate::scripted::ScriptedPlatform::new("bot-1").with_limits(limits);
    let desk = Desk::open_on(platform, std::sync::Arc::new(crate::MemoryJournal::new()), quick()).await;
    desk.chat("1").await;
    let long = "First things come first. Second things come second. Third things come third.";
    desk.platform.customer_says("1", long);
    let said = desk.said("1", 4).await;
    assert_eq!(said[1..].join(" "), format!("re: {long} (1)"));
    assert!(said.iter().all(|part| part.len() <= 40));
}

#[tokio::test(start_paused = true)]
async fn the_customer_who_leaves_or_falls_silent_does_not_hold_the_slot() {
    let desk = Desk::open(quick()).await;
    desk.chat("1").await;
    desk.chat("2").await;
    desk.platform.customer_leaves("1");
    desk.gone("1").await;
    assert_eq!(desk.platform.disposition("1").as_deref(), Some("customer-left"));
    tokio::time::sleep(Duration::from_secs(1200)).await;
    assert_eq!(desk.platform.disposition("2").as_deref(), Some("silent"));
    assert_eq!(desk.handle.status().chats, 0);
}

#[tokio::test(start_paused = true)]
async fn two_bots_do_not_talk_without_end() {
    let mut options = quick();
    options.fallback = Some(crate::options::Place { skill: Some("people".into()), ..Default::default() });
    let desk = Desk::open(options).await;
    desk.chat("1").await;
    for round in 1..200 {
        desk.platform.customer_says("1", &format!("you said {round}"));
        tokio::time::sleep(Duration::from_secs(1)).await;
        if names(&desk.platform.performed_in("1")).contains(&"transfer") {
            assert!(round <= 40, "after {round} rounds");
            return;
        }
    }
    panic!("they talk and talk");
}

#[tokio::test(start_paused = true)]
async fn the_platform_that_says_not_ready_is_asked_again() {
    let desk = Desk::open(quick()).await;
    desk.platform.send(crate::PlatformEvent::Presence(Presence::NotReady));
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(desk.platform.presence(), Some(Presence::Ready));
    desk.chat("1").await;
}

#[tokio::test(start_paused = true)]
async fn a_chat_that_comes_back_is_known_and_does_not_go_round_in_circles() {
    let desk = Desk::open(quick()).await;
    desk.chat("1").await;
    desk.platform.customer_says("1", "one");
    desk.said("1", 2).await;
    desk.platform.customer_says("1", "transfer");
    desk.platform.until("transfer", |platform| names(&platform.performed_in("1")).contains(&"transfer")).await;
    desk.platform.set_state("1", InteractionState::Completed);
    tokio::time::sleep(Duration::from_secs(5)).await;
    desk.platform.offer("1", "Ada"); // the person gives it back
    assert_eq!(desk.said("1", 1).await, ["welcome back"]);
    desk.platform.customer_says("1", "two");
    assert_eq!(desk.said("1", 2).await[1], "re: two (2)", "its memory came along");
    desk.platform.customer_says("1", "transfer");
    desk.said("1", 3).await; // an apology instead
    let transfers = names(&desk.platform.performed_in("1")).into_iter().filter(|name| *name == "transfer");
    assert_eq!(transfers.count(), 1, "not to the place that has just given it back");
}

#[tokio::test(start_paused = true)]
async fn what_happens_when_turns_fail_is_configured() {
    use crate::options::{Place, Then};
    for (then, most_in_a_row, failures, last) in [
        (Then::Listen, 5, 3, "say"),
        (Then::Listen, 3, 3, "transfer"), // too often
        (Then::HandOff, 5, 1, "transfer"),
        (Then::Finish, 5, 1, "complete"),
    ] {
        let mut options = quick();
        options.failover.then = then;
        options.failover.most_in_a_row = most_in_a_row;
        options.fallback = Some(Place { skill: Some("people".into()), ..Place::default() });
        let desk = Desk::open(options).await;
        desk.chat("1").await;
        for _ in 0..failures {
            desk.platform.customer_says("1", "panic");
            tokio::time::sleep(Duration::from_secs(20)).await;
        }
        assert_eq!(names(&desk.platform.performed_in("1")).last(), Some(&last), "{then:?}, {failures} failures");
        assert_eq!(desk.platform.said("1").len(), 1 + failures, "{then:?}: an apology each");
        desk.kill().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_fails_can_be_run_again_first() {
    let mut options = quick();
    options.failover.retries = 2;
    let desk = Desk::open(options).await;
    desk.chat("1").await;
    desk.platform.customer_says("1", "panic");
    desk.said("1", 2).await;
    let counters = desk.handle.status().counters;
    assert_eq!((counters.turns, counters.turns_failed), (2, 1), "one turn, run three times, failed once");
}

#[tokio::test(start_paused = true)]
async fn the_bot_hears_of_people_where_their_words_and_not_their_coming_silence_it() {
    let mut options = quick();
    options.handoff.silent_on_join = false;
    let desk = Desk::open(options).await;
    desk.chat("1").await;
    desk.platform.person_joins("1", "Bo");
    desk.platform.customer_says("1", "one");
    assert_eq!(desk.said("1", 2).await[1], "re: one (1)");
    desk.platform.person_says("1", "mine");
    desk.platform.customer_says("1", "two");
    desk.gone("1").await;
    assert_eq!(desk.platform.said("1").len(), 2);
    assert_eq!(desk.handle.status().counters.turns, 3, "started, joined, said");
}

#[tokio::test(start_paused = true)]
async fn a_slow_bot_is_excused() {
    let mut options = quick();
    options.bot.patience_words = "One moment.".to_owned();
    let desk = Desk::open(options).await;
    desk.chat("1").await;
    desk.platform.customer_says("1", "think");
    assert_eq!(desk.said("1", 3).await[1..], ["One moment.", "re: think (1)"]);
}
