//! Handing over: the words before, meanwhile and after; the call-back; and why it failed.

use std::time::Duration;

use super::bench::{Bench, Fate, name, options};
use crate::journal::{Closed, Record};
use crate::machine::{Input, State, StateKind, Timer};
use crate::options::{Afterwards, Options};
use crate::{
    CallBack, EntryKind, Event, Handoff, HandoffFailure, Mode, Next, Operation, PlatformErrorKind as Kind, Role,
    Visibility, Waiting,
};

/// A live chat in which the bot has just asked for this.
fn handing(options: Options, handoff: Handoff) -> Bench {
    let mut bench = Bench::live(options);
    bench.customer_says("a person please");
    bench.tell();
    bench.ring();
    bench.bot_says();
    bench.bot_ends(Next::HandOff(handoff));
    bench.settle();
    bench
}

fn said(bench: &Bench) -> Vec<&str> {
    let own =
        bench.room.entries.iter().filter(|entry| entry.from.role == Role::Me && entry.visibility == Visibility::All);
    own.filter_map(|entry| match &entry.kind {
        EntryKind::Text(text) if !text.starts_with("say ") => Some(text.as_str()),
        _ => None,
    })
    .collect()
}

/// Rings until this timer has run out.
fn ring_until(bench: &mut Bench, wanted: Timer) {
    for _ in 0..100 {
        let (_, timer) = bench.machine.next_timer().unwrap();
        bench.ring();
        bench.settle();
        if timer == wanted {
            return;
        }
    }
    panic!("{wanted:?} never runs out");
}

fn failures(bench: &Bench) -> Vec<HandoffFailure> {
    let failed = bench.journal.iter().filter_map(|line| match &line.record {
        Record::ChoiceFailed { why, .. } => Some(why.clone()),
        _ => None,
    });
    failed.collect()
}

fn closed(bench: &Bench) -> Option<Closed> {
    match bench.machine.state() {
        State::Closed(how) => Some(*how),
        _ => None,
    }
}

fn warm() -> Handoff {
    Handoff::to_agent("anna")
        .warm()
        .saying("One moment.")
        .meanwhile("Still looking.[ You are number {place}.]", Duration::from_secs(20))
        .after("{name} is here now, I leave you with her.")
}

#[test]
fn words_before_meanwhile_and_after_in_this_order() {
    let mut bench = handing(options(), warm());
    assert_eq!(said(&bench), ["One moment."]);
    ring_until(&mut bench, Timer::Meanwhile);
    bench.input(Input::Waiting(Waiting { place: Some(2), wait: None }));
    ring_until(&mut bench, Timer::Meanwhile);
    bench.room.join(Role::Agent, "anna", bench.now);
    bench.settle();
    let all = [
        "One moment.",
        "Still looking.",
        "Still looking. You are number 2.",
        "anna is here now, I leave you with her.",
    ];
    assert_eq!(said(&bench), all);
    assert_eq!(bench.machine.kind(), StateKind::HumanPresent, "not left before the person has spoken");
    bench.say_as(&Role::Agent, "hello, I am Anna");
    bench.settle();
    assert_eq!(closed(&bench), Some(Closed::HandedOver));
    assert_eq!(said(&bench), all);
}

#[test]
fn a_handoff_without_words_of_the_meantime_has_those_of_the_options() {
    let usual = |mode| {
        let mut options = options();
        options.mode = mode;
        options.handoff.meanwhile = "Still nobody.[ Number {place}.]".to_owned();
        options.handoff.meanwhile_every = Duration::from_secs(15);
        options
    };
    let mut bench = handing(usual(Mode::Auto), Handoff::to_agent("anna").warm());
    ring_until(&mut bench, Timer::Meanwhile);
    assert_eq!(said(&bench), ["Still nobody."]);
    // Its own come first.
    let mut bench = handing(usual(Mode::Auto), warm());
    ring_until(&mut bench, Timer::Meanwhile);
    assert_eq!(said(&bench), ["One moment.", "Still looking."]);
    // Beside a person nothing is said to the customer, whoever is looked for.
    let mut bench = Bench::live(usual(Mode::Draft));
    ring_until(&mut bench, Timer::Person);
    assert!(matches!(bench.machine.kind(), StateKind::Transferring), "{:?}", bench.machine.kind());
    assert_eq!(bench.machine.timer(Timer::Meanwhile), None);
}

#[test]
fn a_person_who_speaks_first_needs_no_introduction() {
    let mut bench = handing(options(), warm());
    bench.room.join(Role::Agent, "anna", bench.now);
    bench.say_as(&Role::Agent, "hello, I am Anna");
    bench.settle();
    assert_eq!(said(&bench), ["One moment."]);
    assert_eq!(closed(&bench), Some(Closed::HandedOver));
}

#[test]
fn an_introduction_whose_intent_is_written_is_dropped_when_the_person_speaks() {
    let mut bench = handing(options(), warm());
    bench.room.join(Role::Agent, "anna", bench.now);
    bench.tell(); // the intent is on its way to the journal
    bench.say_as(&Role::Agent, "hello, I am Anna");
    bench.tell();
    bench.settle();
    assert_eq!(said(&bench), ["One moment."]);
}

#[test]
fn the_bot_leaves_after_the_introduction_where_it_does_not_wait_for_words() {
    let mut quick = options();
    quick.handoff.wait_for_words = false;
    let mut bench = handing(quick.clone(), warm());
    bench.room.join(Role::Agent, "anna", bench.now);
    bench.settle();
    assert_eq!(said(&bench).last(), Some(&"anna is here now, I leave you with her."));
    assert_eq!(closed(&bench), Some(Closed::HandedOver));

    // Also when it cannot be said.
    let mut bench = handing(quick, warm());
    bench.room.join(Role::Agent, "anna", bench.now);
    while !matches!(bench.operations.front(), Some((_, Operation::Say { .. }))) {
        bench.tell();
        bench.write();
    }
    bench.answer(Fate::Refused(Kind::NotAllowed));
    bench.settle();
    assert_eq!(closed(&bench), Some(Closed::HandedOver));
}

#[test]
fn an_introduction_survives_a_crash_and_is_said_once() {
    let mut bench = handing(options(), warm());
    bench.room.join(Role::Agent, "anna", bench.now);
    bench.tell();
    bench.write();
    assert!(bench.crash(options()));
    bench.settle();
    assert_eq!(said(&bench), ["One moment.", "anna is here now, I leave you with her."]);
}

#[test]
fn nothing_of_the_meantime_is_said_when_the_wait_is_over() {
    let mut bench = handing(options(), warm());
    let (_, timer) = bench.machine.next_timer().unwrap();
    assert_eq!(timer, Timer::Meanwhile);
    bench.ring(); // the words are in the outbox
    bench.room.join(Role::Agent, "anna", bench.now);
    bench.tell();
    bench.settle();
    assert_eq!(said(&bench), ["One moment.", "anna is here now, I leave you with her."]);
}

#[test]
fn the_attached_data_tell_the_wait_where_routing_writes_it_there() {
    let mut told = options();
    told.handoff.place_key = "Position".into();
    told.handoff.wait_key = "Ewt".into();
    let mut bench = Bench::live(told);
    bench
        .room
        .perform(
            &Operation::Attach([("Position".into(), "4".into()), ("Ewt".into(), "130".into())].into()),
            "Robo",
            bench.now,
        )
        .unwrap();
    bench.customer_says("a person please");
    bench.settle();
    bench.customer_says("now");
    bench.tell();
    bench.ring();
    bench.bot_ends(Next::HandOff(Handoff::to_skill("people").saying("[Number {place}, ][{minutes} minutes]")));
    bench.settle();
    assert_eq!(said(&bench), ["Number 4, 3 minutes"]);
}

#[test]
fn an_invitation_that_fails_after_words_of_the_meantime_is_noticed() {
    let mut bench = handing(options(), warm());
    bench.ring();
    while bench.operations.is_empty() {
        bench.write();
        bench.ring();
    }
    let error = crate::PlatformError::new(Kind::Busy, "all are busy");
    bench.input(Input::OperationFailed { reference: None, error });
    assert_eq!(failures(&bench), [HandoffFailure::Busy]);
    bench.settle();
}

#[test]
fn each_reason_is_told_apart() {
    for (kind, why) in [
        (Kind::NoTarget, HandoffFailure::NobodyAvailable),
        (Kind::UnknownTarget, HandoffFailure::NoSuchTarget),
        (Kind::Busy, HandoffFailure::Busy),
        (Kind::NobodySignedIn, HandoffFailure::NobodySignedIn),
    ] {
        let mut bench = handing(options(), Handoff::to_agent("anna").warm());
        let error = crate::PlatformError::new(kind, "no");
        bench.input(Input::OperationFailed { reference: None, error });
        assert_eq!(failures(&bench), [why]);
    }
    let mut bench = handing(options(), Handoff::to_agent("anna").warm());
    let error = crate::PlatformError::new(Kind::NotAllowed, "no");
    bench.input(Input::OperationFailed { reference: None, error });
    assert!(matches!(failures(&bench)[..], [HandoffFailure::Refused(_)]), "{:?}", failures(&bench));

    let mut bench = handing(options(), Handoff::to_agent("anna").warm());
    ring_until(&mut bench, Timer::Choice);
    assert_eq!(failures(&bench), [HandoffFailure::TimedOut]);

    let mut bench = handing(options(), Handoff::to_agent("anna").warm());
    let customer = bench.room.somebody(&Role::Customer).unwrap();
    bench.room.leave(&customer, bench.now);
    bench.settle();
    ring_until(&mut bench, Timer::Rejoin);
    assert_eq!(failures(&bench), [HandoffFailure::CustomerLeft]);
    assert_eq!(closed(&bench), Some(Closed::Completed));
}

#[test]
fn a_transfer_that_was_lost_is_done_again_after_a_look_and_not_for_ever() {
    let mut bench = handing_until_operation(Handoff::to_skill("people"));
    bench.answer(Fate::Lost);
    bench.settle();
    assert_eq!(bench.performed.iter().filter(|name| **name == "transfer").count(), 2);
    assert!(failures(&bench).is_empty());

    let mut bench = handing_until_operation(Handoff::to_skill("people"));
    for _ in 0..200 {
        bench.write();
        match bench.operations.front().map(|(_, operation)| name(operation)) {
            Some("transfer") => bench.answer(Fate::Lost),
            Some(_) => bench.answer(Fate::Taken),
            None if !bench.reads.is_empty() => bench.look(true),
            None if !failures(&bench).is_empty() => break,
            None => bench.ring(),
        }
        bench.tell();
    }
    assert_eq!(failures(&bench), [HandoffFailure::TimedOut]);
    let often = bench.performed.iter().filter(|name| **name == "transfer").count();
    assert_eq!(often, options().sending.tries as usize);
}

/// The same, until the platform is asked to do it.
fn handing_until_operation(handoff: Handoff) -> Bench {
    let mut bench = Bench::live(options());
    bench.customer_says("a person please");
    bench.tell();
    bench.ring();
    bench.bot_says();
    bench.bot_ends(Next::HandOff(handoff));
    loop {
        bench.tell();
        bench.write();
        match bench.operations.front() {
            Some((_, Operation::Transfer(_) | Operation::Invite(_))) => return bench,
            Some(_) => bench.answer(Fate::Taken),
            None => bench.ring(),
        }
    }
}

#[test]
fn a_bot_that_has_nothing_to_say_to_a_failed_handoff_leaves_no_void() {
    let mut bench = handing(options(), Handoff::to_agent("anna").warm());
    let error = crate::PlatformError::new(Kind::Busy, "no");
    bench.input(Input::OperationFailed { reference: None, error });
    while bench.turn.is_none() {
        bench.write();
        bench.ring();
    }
    bench.bot_ends(Next::Listen);
    bench.settle();
    assert_eq!(said(&bench), [HandoffFailure::Busy.apology()]);
}

fn call_back() -> Handoff {
    Handoff::to_agent("anna").warm().or_call_back()
}

fn calling_back(options: Options) -> Bench {
    let mut bench = handing(options, call_back());
    let error = crate::PlatformError::new(Kind::NobodySignedIn, "nobody");
    bench.input(Input::OperationFailed { reference: None, error });
    bench.settle();
    assert_eq!(bench.machine.kind(), StateKind::CallingBack);
    bench
}

#[test]
fn a_call_back_asks_for_a_number_keeps_it_thanks_and_ends_the_chat() {
    let mut bench = calling_back(options());
    bench.customer_says("on 555-0134,");
    bench.customer_says("after five");
    bench.settle();
    let options = options().call_back;
    assert_eq!(said(&bench), [options.ask.as_str(), "Thank you. We will call you back on 555-0134."]);
    assert_eq!(bench.room.interaction.data.get("CallBackNumber"), Some("555-0134"));
    assert_eq!(bench.room.interaction.data.get("CallBackWords"), Some("on 555-0134,\nafter five"));
    assert_eq!(bench.room.disposition.as_deref(), Some("call-back"));
    assert_eq!(closed(&bench), Some(Closed::Completed));
    let order = bench.performed.iter().filter(|name| ["attach", "end", "disposition", "complete"].contains(name));
    // The first one is the trail for other bots.
    assert_eq!(order.copied().collect::<Vec<_>>(), ["attach", "attach", "end", "disposition", "complete"]);
}

#[test]
fn a_number_that_is_known_is_not_asked_for() {
    let known = Handoff::to_call_back(CallBack::new().on("555-0199").thanking("Later, on {number}."));
    let bench = handing(options(), known);
    assert_eq!(said(&bench), ["Later, on 555-0199."]);
    assert_eq!(bench.room.interaction.data.get("CallBackNumber"), Some("555-0199"));
    assert_eq!(closed(&bench), Some(Closed::Completed));
}

#[test]
fn after_a_call_back_the_bot_goes_on_where_it_is_told_to() {
    let mut on = options();
    on.call_back.then = Afterwards::Listen;
    let mut bench = calling_back(on);
    bench.customer_says("555-0134");
    bench.settle();
    assert!(bench.machine.is_listening());
    let heard = bench
        .journal
        .iter()
        .any(|line| matches!(&line.record, Record::TurnStarted { event: Event::CallBackAgreed, .. }));
    assert!(heard, "the bot hears of it");
}

#[test]
fn what_has_no_number_in_it_is_asked_again_and_then_the_bot_hears_of_it() {
    let mut bench = calling_back(options());
    bench.customer_says("no idea");
    bench.settle();
    assert_eq!(said(&bench).last(), Some(&options().call_back.ask_again.as_str()));
    bench.customer_says("no!");
    bench.settle();
    assert_eq!(failures(&bench), [HandoffFailure::NobodySignedIn, HandoffFailure::NoNumber]);
    assert!(bench.machine.is_listening());
    assert_eq!(bench.unanswered(), [0_u64; 0]);
}

#[test]
fn a_customer_who_does_not_answer_is_not_waited_for_without_end() {
    let mut bench = calling_back(options());
    ring_until(&mut bench, Timer::Choice);
    assert_eq!(failures(&bench).last(), Some(&HandoffFailure::NoNumber));
    assert!(bench.machine.is_listening());
}

#[test]
fn a_call_back_survives_a_crash_at_every_step() {
    for steps in 0..60 {
        let mut bench = handing(options(), call_back());
        let error = crate::PlatformError::new(Kind::Busy, "no");
        bench.input(Input::OperationFailed { reference: None, error });
        bench.write();
        let mut answered = false;
        for step in 0..400 {
            if step == steps && !bench.crash(options()) {
                break;
            }
            let waits = bench.machine.kind() == StateKind::CallingBack && bench.machine.waits_for_others();
            if waits && !answered {
                bench.customer_says("555-0134");
                answered = true;
            }
            if !bench.go_well() && answered {
                break;
            }
        }
        bench.settle();
        let thanks = said(&bench).iter().filter(|words| words.starts_with("Thank you")).count();
        assert_eq!((thanks, closed(&bench)), (1, Some(Closed::Completed)), "crash at step {steps}: {:?}", said(&bench));
        assert_eq!(bench.room.disposition.as_deref(), Some("call-back"), "crash at step {steps}");
    }
}

#[test]
fn a_person_who_comes_after_all_takes_over_from_a_call_back() {
    let mut bench = calling_back(options());
    bench.room.join(Role::Agent, "bert", bench.now);
    bench.say_as(&Role::Agent, "here I am");
    bench.settle();
    assert_eq!(closed(&bench), Some(Closed::HandedOver));
}

#[test]
fn after_call_work_that_does_not_end_is_left_out_and_the_slot_is_free() {
    let mut bench = Bench::live(options());
    bench.customer_says("bye");
    bench.tell();
    bench.ring();
    bench.bot_says();
    bench.bot_ends(Next::finish("resolved"));
    for _ in 0..2000 {
        bench.tell();
        bench.write();
        match bench.operations.front().map(|(_, operation)| name(operation)) {
            Some("disposition") => bench.answer(Fate::Refused(Kind::Unavailable)),
            Some(_) => bench.answer(Fate::Taken),
            None if bench.closed => break,
            None if !bench.reads.is_empty() => bench.look(true),
            None => bench.ring(),
        }
    }
    assert_eq!(closed(&bench), Some(Closed::Completed));
    assert_eq!(bench.room.disposition, None);
}

#[test]
fn a_complete_that_is_never_confirmed_does_not_hold_the_slot() {
    let mut bench = Bench::live(options());
    bench.customer_says("bye");
    bench.tell();
    bench.ring();
    bench.bot_says();
    bench.bot_ends(Next::finish("resolved"));
    for _ in 0..2000 {
        bench.tell();
        bench.write();
        match bench.operations.front().map(|(_, operation)| name(operation)) {
            Some("complete") => bench.answer(Fate::Lost),
            Some(_) => bench.answer(Fate::Taken),
            None if bench.closed => break,
            None if !bench.reads.is_empty() => bench.look(true),
            None => bench.ring(),
        }
    }
    assert_eq!(closed(&bench), Some(Closed::GivenUp));
}
