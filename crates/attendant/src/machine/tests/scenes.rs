//! Single scenes, each the shortest story of one rule.

use super::bench::{Bench, Fate, options};
use crate::guard::Guard;
use crate::journal::{Closed, Record};
use crate::machine::{Input, Outcome, Picture, State};
use crate::{EntryKind, Interaction, InteractionState, Operation, Visibility};

/// Words of the bot that are the same every time.
fn bot_says_ok(bench: &mut Bench) {
    let turn = bench.turn.unwrap();
    bench.input(Input::Said { turn, words: "ok".into(), token: 1 });
    bench.bot_ends(crate::Next::Listen);
}

/// The bot has answered, and the journal knows.
fn about_to_say_ok() -> Bench {
    let mut bench = Bench::live(options());
    bench.customer_says("really?");
    bench.tell();
    bench.ring();
    bot_says_ok(&mut bench);
    bench.write();
    bench
}

fn oks(bench: &Bench) -> usize {
    bench.room.entries.iter().filter(|entry| entry.kind == EntryKind::Text("ok".into())).count()
}

#[test]
fn an_earlier_line_with_the_same_words_is_not_taken_for_the_echo_of_a_lost_one() {
    let mut bench = Bench::live(options());
    for _ in 0..2 {
        bench.customer_says("really?");
        bench.tell();
        bench.ring();
        bot_says_ok(&mut bench);
        bench.write(); // the intent is durable
        if oks(&bench) == 0 {
            bench.settle();
        }
    }
    // The second "ok" was never sent. The first one is in the transcript.
    assert!(bench.crash(options()));
    bench.settle();
    assert_eq!(oks(&bench), 2);
}

#[test]
fn a_line_that_was_sent_but_not_confirmed_is_found_after_a_crash() {
    let mut bench = about_to_say_ok();
    while oks(&bench) == 0 {
        if bench.operations.is_empty() {
            bench.ring();
        } else {
            bench.answer(Fate::Taken);
        }
    }
    assert!(bench.crash(options()));
    bench.settle();
    assert_eq!(oks(&bench), 1);
}

#[test]
fn lines_out_of_order_and_with_gaps_are_one_turn_in_order() {
    let mut bench = Bench::live(options());
    let told = bench.room.entries.len();
    for words in ["one", "two", "three"] {
        bench.customer_says(words);
    }
    for entry in &mut bench.room.entries[told..] {
        entry.index *= 10; // gaps are normal
    }
    let mut fresh = bench.room.entries[told..].to_vec();
    fresh.reverse();
    for entry in fresh.clone() {
        bench.input(Input::Heard(vec![entry.clone(), entry]));
    }
    bench.input(Input::Heard(fresh));
    bench.look(true); // nothing is missing
    bench.ring();
    let turns: Vec<_> = bench
        .journal
        .iter()
        .filter_map(|line| match &line.record {
            crate::journal::Record::TurnStarted { event: crate::Event::Said(said), .. } => Some(said.text()),
            _ => None,
        })
        .collect();
    assert_eq!(turns, ["one\ntwo\nthree"]);
}

#[test]
fn a_line_that_is_on_its_way_is_answered_with_the_one_that_overtook_it() {
    let mut bench = Bench::live(options());
    let told = bench.room.entries.len();
    bench.customer_says("one");
    bench.customer_says("two");
    let late = bench.room.entries[told + 1].clone();
    bench.input(Input::Heard(vec![late]));
    bench.ring();
    assert_eq!(bench.turn, None, "the hole before the line is looked into first");
    bench.look(true);
    bench.settle();
    let lines: Vec<usize> = bench
        .journal
        .iter()
        .filter_map(|line| match &line.record {
            crate::journal::Record::TurnStarted { lines, .. } => Some(lines.len()),
            _ => None,
        })
        .collect();
    assert_eq!(lines.last(), Some(&2), "{lines:?}");
}

#[test]
fn a_line_that_only_agents_see_is_not_answered() {
    let mut bench = Bench::live(options());
    let customer = bench.room.somebody(&crate::Role::Customer).unwrap();
    bench.room.act(&customer, Visibility::Agents, EntryKind::Text("psst".into()), bench.now);
    bench.tell();
    assert!(bench.machine.is_listening());
}

#[test]
fn what_a_stopped_run_of_a_turn_still_reports_is_stale() {
    let mut retrying = options();
    retrying.failover.retries = 1;
    let mut bench = Bench::live(retrying);
    bench.customer_says("hello");
    bench.tell();
    bench.ring();
    let first = bench.turn.unwrap();
    bench.ring(); // the deadline of the answer: it is run again
    assert_ne!(bench.turn, Some(first));
    let late = bench.input(Input::Said { turn: first, words: "say 98".into(), token: 5 });
    assert_eq!(late, Outcome::Stale);
    bench.settle();
    assert!(!bench.performed.is_empty());
}

#[test]
fn a_timer_that_was_stopped_in_the_mailbox_does_nothing_unless_the_guard_is_out() {
    let stale = |mut bench: Bench| {
        bench.input(Input::Timer(crate::machine::Timer::Rejoin)); // the customer never left
        matches!(bench.machine.state(), State::Active)
    };
    assert!(stale(Bench::live(options())));
    assert!(!stale(Bench::live(options()).without(Guard::Mailbox)));
}

#[test]
fn circles_are_cut() {
    let mut bench = Bench::live(options());
    for _ in 0..=options().loop_guard.same_words {
        bench.customer_says("I did not understand you");
        bench.settle();
    }
    assert!(matches!(bench.machine.state(), State::Transferring(_)), "{:?}", bench.machine);
    assert_eq!(bench.performed.iter().filter(|name| **name == "transfer").count(), 1);
}

#[test]
fn a_message_too_long_for_the_platform_is_said_in_halves() {
    let mut bench = Bench::live(options());
    bench.customer_says("tell me all");
    bench.tell();
    bench.ring();
    let words = "A sentence of some length it is. ".repeat(8);
    let turn = bench.turn.unwrap();
    bench.input(Input::Said { turn, words: words.clone(), token: 1 });
    bench.bot_ends(crate::Next::Listen);
    let said = bench.room.entries.len();
    for _ in 0..200 {
        bench.tell();
        bench.write();
        let too_long = bench
            .operations
            .front()
            .is_some_and(|(_, operation)| matches!(operation, Operation::Say { text, .. } if text.len() > 100));
        if too_long {
            bench.answer(Fate::Refused(crate::PlatformErrorKind::Invalid));
        } else if !bench.go_well() {
            break;
        }
    }
    let parts: Vec<_> = bench.room.entries[said..]
        .iter()
        .filter_map(|entry| match &entry.kind {
            EntryKind::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(parts.join(" "), words.trim());
    assert!(parts.iter().all(|part| part.len() <= 100));
}

/// A message is on its way while the platform is looked at: the picture is from before it arrived, its answer comes before the
/// picture does.
fn a_look_that_is_too_early(fate: Fate) -> Bench {
    a_look_that_shows(fate, &InteractionState::Chatting)
}

fn a_look_that_shows(fate: Fate, state: &InteractionState) -> Bench {
    let mut bench = about_to_say_ok();
    while !bench.operations.iter().any(|(_, operation)| matches!(operation, Operation::Say { .. })) {
        if bench.operations.is_empty() {
            bench.ring();
        } else {
            bench.answer(Fate::Taken);
        }
    }
    bench.input(Input::Gap);
    let ticket = bench.reads.pop_front().unwrap();
    let interaction = Interaction { state: state.clone(), ..bench.room.interaction.clone() };
    let picture = Picture::Found { interaction, transcript: bench.room.entries.clone() };
    bench.answer(fate);
    assert_eq!(bench.input(Input::Read { ticket, picture }), Outcome::Done);
    bench
}

#[test]
fn what_a_look_did_not_show_that_began_before_it_was_done_is_not_done_again() {
    for fate in [Fate::Taken, Fate::AnswerLost] {
        let mut bench = a_look_that_is_too_early(fate);
        assert!(bench.operations.is_empty(), "{fate:?}: {:?}", bench.operations);
        bench.settle();
        assert_eq!(oks(&bench), 1, "{fate:?}");
    }
}

#[test]
fn a_look_that_is_too_early_may_show_the_end() {
    let bench = a_look_that_shows(Fate::Taken, &InteractionState::Completed);
    assert!(bench.closed, "{:?}", bench.machine);
    let ends = bench.journal.iter().filter(|line| matches!(line.record, Record::Closed { .. })).count();
    assert_eq!(ends, 1);
}

#[test]
fn what_a_later_look_does_not_show_is_done_again() {
    let mut bench = a_look_that_is_too_early(Fate::Lost);
    assert!(bench.operations.is_empty(), "not yet: {:?}", bench.operations);
    bench.settle();
    assert_eq!(oks(&bench), 1);
}

/// A transfer was taken, and the bot hears that the chat is over; what a look shows then.
fn over_while_it_is_given_away(shows: InteractionState) -> Bench {
    let mut bench = Bench::live(options());
    bench.customer_says("a person, please");
    bench.tell();
    bench.ring();
    bench.bot_says();
    bench.bot_ends(crate::Next::HandOff(crate::Handoff::to_skill("service")));
    while bench.performed.last() != Some(&"transfer") {
        bench.tell();
        if bench.operations.is_empty() {
            bench.ring();
        } else {
            bench.answer(Fate::Taken);
        }
        bench.write();
    }
    bench.answer(Fate::Taken);
    bench.room.interaction.state = shows;
    bench.changed(Interaction { state: InteractionState::LeftChat, ..bench.room.interaction.clone() });
    assert_eq!(bench.performed.last(), Some(&"transfer"), "before it is known whose it is: {:?}", bench.performed);
    bench.settle();
    bench
}

#[test]
fn a_chat_that_was_given_away_before_it_was_over_is_not_ours_to_finish() {
    let bench = over_while_it_is_given_away(InteractionState::Completed);
    assert_eq!(bench.performed.last(), Some(&"transfer"), "{:?}", bench.performed);
    let last = bench.journal.last().map(|line| &line.record);
    assert!(matches!(last, Some(Record::Closed { how: Closed::HandedOver })), "{last:?}");
}

#[test]
fn a_chat_that_was_over_before_it_was_given_away_is_ours_to_finish() {
    let bench = over_while_it_is_given_away(InteractionState::LeftChat);
    assert_eq!(bench.performed.last(), Some(&"complete"), "{:?}", bench.performed);
}

#[test]
fn a_first_line_that_is_late_is_answered_before_the_others() {
    let mut bench = Bench::new(options());
    bench.customer_says("one");
    bench.customer_says("two");
    while bench.performed.is_empty() {
        bench.screen(crate::Verdict::Accept);
        bench.write();
    }
    bench.answer(Fate::Taken);
    let (changed, mut entries) = bench.room.news();
    let place = entries.iter().position(|entry| entry.kind == EntryKind::Text("one".into())).unwrap();
    drop(entries.drain(..=place)); // on its way still
    bench.changed(changed.unwrap());
    bench.hear(entries);
    bench.settle();
    let said = bench.journal.iter().find_map(|line| match &line.record {
        Record::TurnStarted { event: crate::Event::Said(said), .. } => Some(said.text()),
        _ => None,
    });
    assert_eq!(said.as_deref(), Some("one\ntwo"));
}
