//! People who are in the chat: who is known to be in, and who is known to be silent.

use std::time::Duration;

use super::bench::{Bench, options};
use crate::journal::Record;
use crate::machine::{Input, Picture, State, StateKind, Timer};
use crate::options::Options;
use crate::{EntryKind, Event, Role};

/// Rings until this person has been silent for too long.
fn wait_for_the_person(bench: &mut Bench) {
    for _ in 0..100 {
        let (_, timer) = bench.machine.next_timer().unwrap();
        bench.ring();
        if timer == Timer::Person {
            return bench.settle();
        }
    }
    panic!("nobody waits for the person");
}

fn holds(bench: &Bench) -> usize {
    bench.journal.iter().filter(|line| matches!(line.record, Record::PersonHolds { .. })).count()
}

#[test]
fn who_was_silent_before_a_crash_is_not_waited_for_again() {
    let mut bench = Bench::live(options());
    bench.room.join(Role::Agent, "Grace", bench.now);
    bench.settle();
    assert!(matches!(bench.machine.state(), State::HumanPresent(_)));
    wait_for_the_person(&mut bench);
    assert_eq!(*bench.machine.state(), State::Active);
    assert!(bench.crash(options()));
    bench.settle();
    assert_eq!((bench.machine.state(), holds(&bench)), (&State::Active, 1));
    // A word of theirs counts as ever.
    bench.say_as(&Role::Agent, "Here I am.");
    bench.settle();
    assert_eq!(holds(&bench), 2);
}

#[test]
fn who_comes_back_after_a_crash_is_waited_for_as_ever() {
    let mut bench = Bench::live(options());
    let first = bench.room.join(Role::Agent, "Grace", bench.now);
    bench.settle();
    wait_for_the_person(&mut bench);
    assert!(bench.crash(options()));
    bench.settle();
    bench.now.0 += 1_000;
    bench.room.leave(&first, bench.now);
    bench.room.join(Role::Agent, "Grace", bench.now);
    bench.settle();
    assert!(matches!(bench.machine.state(), State::HumanPresent(_)));
}

#[test]
fn a_look_that_is_older_than_what_was_heard_meanwhile_sends_nobody_away() {
    let mut bench = Bench::live(options());
    bench.input(Input::Gap);
    let ticket = bench.reads.pop_front().unwrap();
    let before = bench.room.interaction.clone();
    bench.now.0 += 2_000;
    bench.room.join(Role::Agent, "Grace", bench.now);
    bench.say_as(&Role::Agent, "Hello, this is Grace.");
    bench.tell();
    let transcript = bench.room.entries.clone();
    bench.input(Input::Read { ticket, picture: Picture::Found { interaction: before, transcript } });
    assert_ne!(bench.machine.kind(), StateKind::Active, "Grace is in, and has spoken");
}

#[test]
fn what_has_waited_for_a_silent_person_for_too_long_is_not_answered_as_new() {
    let options = || {
        let mut options: Options = options();
        options.handoff.speak_within = Duration::from_secs(700);
        options
    };
    let mut bench = Bench::live(options());
    bench.room.join(Role::Agent, "Grace", bench.now);
    bench.settle();
    bench.customer_says("Where is my parcel?");
    bench.settle();
    wait_for_the_person(&mut bench);
    let answered = bench.journal.iter().any(
        |line| matches!(&line.record, Record::TurnStarted { event: Event::Said(said), .. } if said.contains("parcel")),
    );
    assert!(!answered);
    let words = options().recovery.words;
    assert!(bench.room.entries.iter().any(|entry| entry.kind == EntryKind::Text(words.clone())));
}
