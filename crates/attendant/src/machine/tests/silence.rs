//! A customer who says nothing.

use std::time::Duration;

use super::bench::{Bench, options};
use crate::journal::Record;
use crate::machine::{Input, State, Timer, between};
use crate::options::Options;
use crate::turn::TurnId;
use crate::{EntryKind, Event, Next, Role, UnixMillis};

fn prompting() -> Options {
    let mut options = options();
    options.pace.on = false;
    options.silence.wake = false;
    options.silence.nudge_after = Duration::from_secs(60);
    options.silence.nudge = "Are you there?".to_owned();
    options.silence.warn_after = Duration::from_secs(300);
    options.silence.warning = "I close soon.".to_owned();
    options.silence.close_after = Duration::from_secs(400);
    options.silence.words = "Bye.".to_owned();
    options
}

/// What the runtime said and when, in seconds since the customer was heard last, until nothing is left to happen by then.
fn said_within(bench: &mut Bench, seconds: u64) -> Vec<(u64, String)> {
    let heard = bench.now;
    let mut all = Vec::new();
    let mut shown = bench.room.entries.len();
    while let Some((at, _)) = bench.machine.next_timer()
        && between(heard, at) <= Duration::from_secs(seconds)
        && !bench.closed
    {
        bench.ring();
        bench.settle();
        for entry in &bench.room.entries[shown..] {
            if let (Role::Me, EntryKind::Text(text)) = (&entry.from.role, &entry.kind) {
                all.push((between(heard, at).as_secs(), text.clone()));
            }
        }
        shown = bench.room.entries.len();
        while bench.turn.is_some() {
            bench.bot_ends(Next::Listen);
            bench.settle();
        }
    }
    all
}

/// A live chat in which the customer has just been answered.
fn listening(options: Options) -> Bench {
    let mut bench = Bench::live(options);
    bench.settle();
    bench.customer_says("hello");
    bench.tell();
    bench.ring();
    bench.bot_says();
    bench.bot_ends(Next::Listen);
    bench.settle();
    assert!(bench.machine.is_listening());
    bench
}

fn texts(said: &[(u64, String)]) -> Vec<&str> {
    said.iter().map(|(_, text)| text.as_str()).collect()
}

#[test]
fn a_silent_customer_is_nudged_then_warned_and_then_the_chat_is_closed() {
    let mut bench = listening(prompting());
    let said = said_within(&mut bench, 1000);
    assert_eq!(texts(&said), ["Are you there?", "I close soon.", "Bye."]);
    let at: Vec<u64> = said.iter().map(|(at, _)| *at).collect();
    assert!((58..=60).contains(&at[0]) && (298..=300).contains(&at[1]) && (398..=400).contains(&at[2]), "{at:?}");
    assert!(bench.closed);
    let ending = bench.journal.iter().any(|line| line.record == Record::Ending { disposition: "silent".into() });
    assert!(ending, "with its disposition");
}

#[test]
fn who_speaks_again_is_nudged_anew() {
    let mut bench = listening(prompting());
    assert_eq!(texts(&said_within(&mut bench, 200)), ["Are you there?"]);
    bench.customer_says("yes");
    bench.tell();
    bench.ring();
    bench.bot_says();
    bench.bot_ends(Next::Listen);
    bench.settle();
    assert_eq!(texts(&said_within(&mut bench, 200)), ["Are you there?"]);
}

#[test]
fn without_words_there_is_only_the_end_and_the_bot_is_woken_if_it_wants_to_be() {
    let mut options = prompting();
    options.silence.nudge.clear();
    options.silence.warning.clear();
    let mut bench = listening(options.clone());
    assert_eq!(texts(&said_within(&mut bench, 1000)), ["Bye."]);
    options.silence.wake = true;
    options.silence.wake_after = Duration::from_secs(150);
    let mut bench = listening(options);
    assert_eq!(texts(&said_within(&mut bench, 1000)), ["say 3", "say 4", "Bye."], "the bot's words on being woken");
    let woken =
        bench.journal.iter().filter(|line| matches!(&line.record, Record::TurnStarted { event: Event::Silent(_), .. }));
    assert_eq!(woken.count(), 2);
}

/// Who was told that the chat is closed sees it closed, although the process died in between.
#[test]
fn a_close_that_was_told_is_done_after_a_crash() {
    let mut bench = listening(prompting());
    said_within(&mut bench, 350);
    let (_, timer) = bench.machine.next_timer().unwrap();
    assert_eq!(timer, Timer::Silence);
    bench.ring();
    bench.write();
    assert!(bench.crash(prompting()));
    bench.settle();
    for _ in 0..20 {
        if bench.closed {
            break;
        }
        bench.ring();
        bench.settle();
    }
    let byes = bench.room.entries.iter().filter(|entry| entry.kind == EntryKind::Text("Bye.".into())).count();
    assert!(bench.closed && byes == 1, "{byes} {:?}", bench.machine);
}

/// The customer waited for long, and then the bot answered: they are not thrown out for a silence that was ours.
#[test]
fn a_silence_that_was_ours_does_not_count_at_once() {
    let mut bench = listening(prompting());
    bench.customer_says("well?");
    bench.tell();
    bench.ring();
    let turn: Option<TurnId> = bench.turn;
    assert!(turn.is_some());
    bench.now = UnixMillis(bench.now.0 + 500_000);
    bench.bot_says();
    bench.bot_ends(Next::Listen);
    bench.settle();
    assert_eq!(*bench.machine.state(), State::Active);
    let now = bench.now;
    let (at, _) = bench.machine.next_timer().unwrap();
    assert!(between(now, at) >= Duration::from_secs(50), "{:?}", between(now, at));
    bench.input(Input::Gap); // and a look at the platform does not change that
    bench.settle();
    assert!(!bench.closed);
}
