//! A person speaks, or holds the chat, at every moment at which a bot could be about to say something: it says nothing more.

use super::bench::{Bench, Fate, options};
use crate::machine::{Input, Outcome, StateKind, Timer};
use crate::options::Options;
use crate::{CallBack, EntryKind, Handoff, Next, Operation, PlatformError, PlatformErrorKind, Role, Visibility};

/// Said in two messages: longer than one may be.
fn long() -> String {
    "A sentence of some length it is. ".repeat(160)
}

/// With typing and its pace, or said at once.
fn paced(on: bool) -> Options {
    let mut options = options();
    options.pace.on = on;
    options
}

/// The bot thinks about a question.
fn asked(options: Options) -> Bench {
    let mut bench = Bench::live(options);
    bench.customer_says("what is it?");
    bench.tell();
    while bench.turn.is_none() {
        bench.write();
        bench.ring();
    }
    bench.performed.clear();
    bench
}

fn says(bench: &mut Bench, words: &str) -> Outcome {
    let turn = bench.turn.unwrap();
    bench.input(Input::Said { turn, words: words.into(), token: 1 })
}

/// What the customer has seen of the bot, but for its words of welcome.
fn seen(bench: &Bench) -> Vec<String> {
    let own = bench.room.entries.iter().filter(|one| one.from.role == Role::Me && one.visibility == Visibility::All);
    own.filter_map(|one| match &one.kind {
        EntryKind::Text(text) if !text.starts_with("say ") => Some(text.clone()),
        _ => None,
    })
    .collect()
}

/// How often the platform was asked to show words to the customer.
fn sayings(bench: &Bench) -> usize {
    bench.performed.iter().filter(|name| **name == "say").count()
}

/// Goes on until the platform is asked for this.
fn until(bench: &mut Bench, wanted: impl Fn(&Operation) -> bool) {
    for _ in 0..200 {
        bench.tell();
        bench.write();
        match bench.operations.front() {
            Some((_, operation)) if wanted(operation) => return,
            Some(_) => bench.answer(Fate::Taken),
            None if !bench.reads.is_empty() => bench.look(true),
            None => bench.ring(),
        }
    }
    panic!("it is never asked for: {:?}", bench.performed);
}

/// Somebody with this role comes in and speaks, and the machine hears of it.
fn comes_in_and_speaks(bench: &mut Bench, role: &Role) {
    bench.room.join(role.clone(), "anna", bench.now);
    bench.say_as(role, "Anna here, I take it from here.");
    bench.tell();
}

/// From here on nothing is said, whatever the customer asks and however long it takes.
fn stays_silent(bench: &mut Bench) {
    let (seen_before, asked_before) = (seen(bench), sayings(bench));
    assert_eq!(bench.turn, None, "the bot goes on thinking");
    bench.settle();
    for words in ["and who are you?", "hello?"] {
        bench.customer_says(words);
        bench.tell();
        bench.settle();
        for _ in 0..5 {
            if bench.closed {
                break;
            }
            bench.ring();
            bench.settle();
        }
    }
    assert_eq!(sayings(bench), asked_before, "the bot speaks beside a person");
    assert_eq!(seen(bench), seen_before);
}

fn both(mut story: impl FnMut(Role)) {
    story(Role::Agent);
    story(Role::Supervisor);
}

#[test]
fn half_typed() {
    both(|role| {
        let mut bench = asked(paced(true));
        says(&mut bench, "the answer");
        until(&mut bench, |operation| *operation == Operation::TypingStart);
        bench.answer(Fate::Taken);
        comes_in_and_speaks(&mut bench, &role);
        stays_silent(&mut bench);
        assert!(bench.performed.contains(&"typing stop"), "typing shows for ever");
        assert_eq!(seen(&bench), [""; 0]);
    });
}

#[test]
fn during_the_pace_wait() {
    both(|role| {
        let mut bench = asked(paced(true));
        says(&mut bench, "the answer");
        bench.bot_ends(Next::Listen);
        bench.write(); // the intent is durable, and the time of typing has not passed
        assert!(bench.machine.next_timer().is_some_and(|(at, _)| at > bench.now));
        comes_in_and_speaks(&mut bench, &role);
        stays_silent(&mut bench);
        assert_eq!(seen(&bench), [""; 0]);
    });
}

#[test]
fn between_two_parts_of_an_answer() {
    both(|role| {
        let mut bench = asked(paced(false));
        says(&mut bench, &long());
        bench.bot_ends(Next::Listen);
        until(&mut bench, |operation| matches!(operation, Operation::Say { .. }));
        bench.answer(Fate::Taken);
        assert_eq!(seen(&bench).len(), 1);
        comes_in_and_speaks(&mut bench, &role);
        bench.operations.clear(); // what was on its way with the news, the server has not taken
        let left = seen(&bench);
        bench.settle();
        assert_eq!(seen(&bench), left, "the second part");
        stays_silent(&mut bench);
    });
}

#[test]
fn the_intent_is_journaled_and_nothing_is_performed() {
    both(|role| {
        let mut bench = asked(paced(false));
        says(&mut bench, "the answer");
        bench.bot_ends(Next::Listen);
        assert_eq!(sayings(&bench), 0, "not before the intent is durable");
        comes_in_and_speaks(&mut bench, &role);
        bench.write();
        stays_silent(&mut bench);
        assert_eq!(sayings(&bench), 0);
    });
}

#[test]
fn an_operation_is_under_way() {
    for fate in [Fate::Taken, Fate::AnswerLost, Fate::Lost, Fate::Refused(PlatformErrorKind::Busy)] {
        both(|role| {
            let mut bench = asked(paced(false));
            says(&mut bench, &long());
            bench.bot_ends(Next::Listen);
            until(&mut bench, |operation| matches!(operation, Operation::Say { .. }));
            comes_in_and_speaks(&mut bench, &role);
            bench.answer(fate); // it had left before; nothing comes after it, and it is not sent again
            stays_silent(&mut bench);
            assert!(sayings(&bench) == 1 && seen(&bench).len() <= 1, "{fate:?}: {:?}", seen(&bench));
        });
    }
}

#[test]
fn while_the_bot_thinks() {
    both(|role| {
        let mut bench = asked(paced(false));
        let turn = bench.turn.unwrap();
        comes_in_and_speaks(&mut bench, &role);
        assert_eq!(bench.turn, None, "the bot is stopped");
        let late = bench.input(Input::Said { turn, words: "the answer".into(), token: 1 });
        assert_eq!(late, Outcome::Stale);
        stays_silent(&mut bench);
        assert_eq!(sayings(&bench), 0);
    });
}

/// A chat in which a person was asked in.
fn inviting() -> Bench {
    let mut bench = asked(paced(false));
    bench.bot_ends(Next::HandOff(Handoff::to_agent("anna").warm()));
    until(&mut bench, |operation| matches!(operation, Operation::Invite(_)));
    bench.answer(Fate::Taken);
    bench.settle();
    bench
}

#[test]
fn a_person_has_joined_and_not_spoken_yet() {
    let mut bench = inviting();
    bench.room.join(Role::Agent, "anna", bench.now);
    bench.tell();
    bench.settle();
    assert_eq!(bench.machine.kind(), StateKind::HumanPresent);
    let told = sayings(&bench);
    bench.customer_says("and who is this?");
    bench.tell();
    for _ in 0..3 {
        bench.write();
        if bench.machine.next_timer().is_some_and(|(_, timer)| timer != Timer::Person) {
            bench.ring();
        }
    }
    assert_eq!((bench.turn, sayings(&bench)), (None, told), "the bot answers in place of the person");
    bench.say_as(&Role::Agent, "I am Anna.");
    bench.tell();
    stays_silent(&mut bench);
}

#[test]
fn a_supervisor_barges_in() {
    let mut bench = Bench::live(paced(false));
    bench.performed.clear();
    comes_in_and_speaks(&mut bench, &Role::Supervisor);
    stays_silent(&mut bench);
    assert_eq!(sayings(&bench), 0);
}

#[test]
fn during_a_call_back_question() {
    both(|role| {
        let mut bench = asked(paced(false));
        bench.bot_ends(Next::HandOff(Handoff::to_agent("anna").warm().or_call_back()));
        until(&mut bench, |operation| matches!(operation, Operation::Invite(_)));
        bench.answer(Fate::Taken);
        let error = PlatformError::new(PlatformErrorKind::NobodySignedIn, "nobody");
        bench.input(Input::OperationFailed { reference: None, error });
        bench.settle();
        assert_eq!(bench.machine.kind(), StateKind::CallingBack);
        comes_in_and_speaks(&mut bench, &role);
        bench.customer_says("555-0134");
        bench.tell();
        stays_silent(&mut bench);
        assert_eq!(bench.room.interaction.data.get("CallBackNumber"), None, "it is the person's to note");
    });
}

#[test]
fn during_the_words_before_a_handoff() {
    for handoff in [
        Handoff::to_skill("people").saying("One moment."),
        Handoff::to_agent("bert").warm().saying("One moment."),
        Handoff::to_call_back(CallBack::new().on("555-0199").thanking("Later, on {number}.")),
    ] {
        both(|role| {
            let mut bench = asked(paced(true));
            bench.bot_ends(Next::HandOff(handoff.clone()));
            bench.write();
            comes_in_and_speaks(&mut bench, &role);
            stays_silent(&mut bench);
            assert_eq!(seen(&bench), [""; 0]);
            let gone = bench.performed.iter().any(|name| ["transfer", "invite", "end"].contains(name));
            assert!(!gone, "the chat is taken from the person: {:?}", bench.performed);
        });
    }
}
