//! Beside a person: what a draft writes, and what a shadow does not.

use super::bench::{Bench, options};
use crate::journal::{Closed, Record};
use crate::machine::{Command, Input, State, Timer};
use crate::options::Options;
use crate::{EntryKind, Handoff, InteractionState, Mode, Next, Role, Visibility};

fn with(mode: Mode) -> Options {
    Options { mode, ..options() }
}

/// A chat that a person holds, with the bot beside them.
fn beside(mode: Mode) -> Bench {
    let mut bench = Bench::new(with(mode));
    bench.room.join(Role::Agent, "anna", bench.now);
    bench.say_as(&Role::Agent, "hello, I am Anna");
    bench.settle();
    assert!(bench.machine.is_listening(), "{:?}", bench.machine);
    bench
}

fn asks(bench: &mut Bench, words: &str) {
    bench.customer_says(words);
    bench.tell();
    while bench.turn.is_none() {
        bench.write();
        bench.ring();
    }
}

fn said(bench: &Bench, to: Visibility) -> Vec<&str> {
    let own = bench.room.entries.iter().filter(|entry| entry.from.role == Role::Me && entry.visibility == to);
    own.filter_map(|entry| match &entry.kind {
        EntryKind::Text(text) => Some(text.as_str()),
        _ => None,
    })
    .collect()
}

#[test]
fn a_draft_is_seen_by_people_only_and_decides_nothing() {
    let mut bench = beside(Mode::Draft);
    asks(&mut bench, "what does it cost?");
    bench.bot_says();
    bench.bot_ends(Next::HandOff(Handoff::to_skill("billing").saying("One moment.")));
    bench.settle();
    let drafts = ["Draft: say 1", "Draft: (hand over to somebody with the skill billing)"];
    assert_eq!(said(&bench, Visibility::Agents), drafts);
    assert_eq!(said(&bench, Visibility::All), [""; 0]);
    assert!(bench.machine.is_listening());
    assert!(!bench.performed.iter().any(|name| ["say", "typing start", "transfer", "end"].contains(name)));
}

#[test]
fn a_draft_is_attached_where_agents_have_no_messages_of_their_own() {
    let mut bench = Bench::limited(with(Mode::Draft), false);
    bench.room.join(Role::Agent, "anna", bench.now);
    bench.settle();
    asks(&mut bench, "what does it cost?");
    bench.bot_says();
    bench.bot_says();
    bench.bot_ends(Next::finish("resolved"));
    bench.settle();
    assert_eq!(bench.room.interaction.data.get("BotDraft"), Some("say 1\nsay 2\n(end the chat as resolved)"));
    assert_eq!(said(&bench, Visibility::Agents), [""; 0]);
    assert_eq!(said(&bench, Visibility::All), [""; 0]);
}

#[test]
fn a_draft_that_a_person_has_overtaken_is_not_written() {
    let mut bench = beside(Mode::Draft);
    asks(&mut bench, "what does it cost?");
    bench.say_as(&Role::Agent, "five, and no more");
    bench.tell();
    assert_eq!(bench.turn, None, "the bot is stopped");
    bench.settle();
    assert_eq!(said(&bench, Visibility::Agents), [""; 0]);
}

#[test]
fn a_draft_survives_a_crash_and_is_written_once() {
    for steps in 0..20 {
        let mut bench = beside(Mode::Draft);
        asks(&mut bench, "what does it cost?");
        bench.bot_says();
        bench.bot_ends(Next::Listen);
        bench.write();
        for _ in 0..steps {
            bench.go_well();
        }
        assert!(bench.crash(with(Mode::Draft)));
        bench.settle();
        assert_eq!(said(&bench, Visibility::Agents), ["Draft: say 1"], "crash at step {steps}");
    }
}

#[test]
fn a_shadow_says_and_attaches_nothing_and_keeps_both_answers() {
    let mut bench = beside(Mode::Shadow);
    asks(&mut bench, "what does it cost?");
    bench.say_as(&Role::Agent, "five"); // faster than the bot
    bench.tell();
    let turn = bench.turn.unwrap();
    bench.input(Input::Attached { turn, pairs: [("a".into(), "b".into())].into(), token: 77 });
    bench.bot_says();
    bench.bot_ends(Next::finish("resolved"));
    bench.settle();
    bench.say_as(&Role::Agent, "or six");
    asks(&mut bench, "thanks");
    bench.bot_ends(Next::Listen);
    bench.settle();
    assert!(bench.acknowledged.contains(&77), "the bot is not left waiting");
    let first = &bench.compared[0];
    assert_eq!((&first.asked[..], &first.bot[..]), (&["what does it cost?".to_owned()][..], &["say 1".to_owned()][..]));
    assert_eq!(
        (&first.person[..], &first.next),
        (&["five".to_owned(), "or six".to_owned()][..], &Next::finish("resolved"))
    );
    assert!(bench.machine.is_listening());
    assert_eq!(bench.performed, ["accept"], "nothing else was done");
    assert!(bench.journal.iter().any(|line| matches!(&line.record, Record::Drafted { words, .. } if words == "say 1")));
}

#[test]
fn the_last_comparison_is_told_when_the_chat_is_over() {
    let mut bench = beside(Mode::Shadow);
    asks(&mut bench, "bye");
    let turn = bench.turn.take().unwrap();
    bench.input(Input::TurnOver { turn, outcome: Err(crate::journal::TurnFailure::Panicked) });
    bench.say_as(&Role::Agent, "goodbye");
    bench.room.set_state(InteractionState::LeftChat);
    bench.settle();
    assert_eq!(*bench.machine.state(), State::Closed(Closed::Completed));
    assert_eq!(bench.compared.len(), 1);
    assert_eq!(bench.compared[0].person, ["goodbye"]);
    assert_eq!(bench.compared[0].failed.as_deref(), Some("the bot panicked"));
    assert_eq!(bench.room.disposition, None, "the person sets it");
}

#[test]
fn a_bot_without_a_voice_does_not_stay_alone_with_a_customer() {
    for mode in [Mode::Draft, Mode::Shadow] {
        let mut bench = Bench::new(with(mode));
        bench.settle();
        bench.customer_says("is anybody there?");
        for _ in 0..10 {
            if matches!(bench.machine.state(), State::Transferring(_)) {
                break;
            }
            bench.settle();
            bench.ring();
        }
        bench.settle();
        assert!(matches!(bench.machine.state(), State::Transferring(_)), "{mode:?}: {:?}", bench.machine);
        assert_eq!(said(&bench, Visibility::All), [""; 0]);
        let rules = bench.journal.iter().filter_map(|line| match &line.record {
            Record::TurnEnded { next: Next::HandOff(handoff), .. } => Some(handoff.rule.as_deref()),
            _ => None,
        });
        assert_eq!(rules.collect::<Vec<_>>(), [Some("alone")], "{mode:?}: the reason is named");
        // It does not work: again, for as long as it takes.
        let error = crate::PlatformError::new(crate::PlatformErrorKind::Busy, "all are busy");
        bench.input(Input::OperationFailed { reference: None, error });
        bench.settle();
        while !matches!(bench.machine.state(), State::Transferring(_)) {
            bench.ring();
            bench.settle();
        }
    }
}

#[test]
fn a_bot_beside_a_person_never_ends_the_chat_of_that_person() {
    for mode in [Mode::Draft, Mode::Shadow] {
        let mut bench = beside(mode);
        bench.input(Input::Command(Command::End { words: "bye".into(), disposition: "stopped".into() }));
        bench.settle();
        assert_eq!(*bench.machine.state(), State::Closed(Closed::HandedOver));
        assert_eq!(bench.performed.last(), Some(&"leave"));

        let mut bench = beside(mode);
        while bench.machine.next_timer().is_some_and(|(_, timer)| timer != Timer::Person) {
            bench.ring();
            bench.settle();
        }
        bench.ring(); // stayed long enough
        bench.settle();
        assert_eq!(bench.performed.last(), Some(&"leave"));
        assert_eq!(said(&bench, Visibility::All), [""; 0]);
    }
}
