//! Whatever happens in whatever order: the bench checks the rules at every effect; here is the chaos, and the end of it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use super::bench::{Bench, Fate, options};
use crate::guard::Guard;
use crate::machine::{Command, Input};
use crate::{EntryKind, Handoff, InteractionState, Next, PlatformError, PlatformErrorKind as Kind, Role, Verdict};

const REFUSALS: [Kind; 8] = [
    Kind::Unavailable,
    Kind::WrongState,
    Kind::NotFound,
    Kind::NoTarget,
    Kind::Invalid,
    Kind::NotAllowed,
    Kind::Unsupported,
    Kind::Protocol,
];

/// Does one thing; the second number says how.
fn act(bench: &mut Bench, what: u8, how: u8, crashes: bool) {
    if bench.closed {
        return;
    }
    match what % 32 {
        0 if how.is_multiple_of(4) => bench.customer_says("call 555-0134"),
        0 | 1 => bench.customer_says(&format!("line {how}")),
        2..=4 => bench.tell(),
        5..=7 => bench.write(),
        8..=10 => match how % 8 {
            0..=4 => bench.answer(Fate::Taken),
            5 => bench.answer(Fate::AnswerLost),
            6 => bench.answer(Fate::Lost),
            _ => bench.answer(Fate::Refused(REFUSALS[usize::from(how / 8) % REFUSALS.len()])),
        },
        11 | 12 => bench.look(!how.is_multiple_of(4)),
        13 => drop(bench.bot_says()),
        14 => drop(match how % 8 {
            0..=3 => bench.bot_ends(Next::Listen),
            4 => bench.bot_ends(Next::HandOff(Handoff::to_skill("people").saying("wait").note("note"))),
            5 => bench.bot_ends(Next::HandOff(
                Handoff::to_agent("anna")
                    .warm()
                    .or_else(Handoff::to_queue("night"))
                    .or_call_back()
                    .meanwhile("still looking[, number {place}]", std::time::Duration::from_secs(25))
                    .after("here is {name}"),
            )),
            6 => bench.bot_ends(Next::finish("resolved")),
            _ => match bench.turn.take() {
                Some(turn) => {
                    bench.input(Input::TurnOver { turn, outcome: Err(crate::journal::TurnFailure::Panicked) })
                }
                None => return,
            },
        }),
        15 | 16 => bench.ring(),
        17 => bench.screen(if how.is_multiple_of(5) { Verdict::reject("no") } else { Verdict::Accept }),
        18 => match how % 4 {
            0 => drop(bench.room.join(Role::Agent, "anna", bench.now)),
            1 => bench.say_as(&Role::Agent, "I am a person"),
            2 => {
                if let Some(id) = bench.room.somebody(&Role::Agent) {
                    bench.room.leave(&id, bench.now);
                }
            }
            _ => {
                if let Some(id) = bench.room.somebody(&Role::Customer) {
                    bench.room.act(&id, crate::Visibility::All, EntryKind::TypingStarted, bench.now);
                }
            }
        },
        19 => match how % 8 {
            0 => {
                if let Some(id) = bench.room.somebody(&Role::Customer) {
                    bench.room.leave(&id, bench.now);
                }
            }
            1 => drop(bench.room.join(Role::Customer, "Ada", bench.now)),
            2 => bench.room.set_state(InteractionState::Completed),
            3 => bench.room.set_state(InteractionState::LeftChat),
            4 => bench.room.set_state(InteractionState::Revoked),
            5 => bench.room.set_state(InteractionState::JoinFailed),
            _ => {}
        },
        20 => {
            // Old entries again, in the wrong order.
            if bench.room.interaction.state != InteractionState::Invited {
                let told = bench.told.clone();
                let mut again: Vec<_> =
                    bench.room.entries.iter().filter(|entry| told.contains(&entry.index)).cloned().collect();
                again.reverse();
                bench.hear(again);
            }
        }
        21 => _ = bench.input(Input::Gap),
        22 => match how % 4 {
            0 => {
                let error = PlatformError::new(REFUSALS[usize::from(how / 4) % REFUSALS.len()], "after all");
                if bench.machine.kind() == crate::machine::StateKind::Inviting {
                    let _ = bench.input(Input::OperationFailed { reference: None, error });
                }
            }
            1 => drop(bench.input(Input::Command(Command::HandOver(Handoff::to_queue("night"))))),
            2 => drop(bench.input(Input::Command(Command::End { words: "bye".into(), disposition: "stopped".into() }))),
            _ => drop(bench.input(Input::Waiting(crate::Waiting { place: Some(how.into()), wait: None }))),
        },
        23 => {
            if crashes {
                bench.crash(options());
            }
        }
        _ => {
            for _ in 0..how % 16 {
                bench.go_well();
            }
        }
    }
}

/// After the chaos everything goes well, and nobody is left alone.
fn end_well(bench: &mut Bench) {
    for _ in 0..40 {
        bench.settle();
        if bench.closed || bench.machine.is_listening() {
            break;
        }
        bench.ring(); // somebody did not come; the deadline has its other way
    }
    if bench.machine.is_listening() {
        assert_eq!(bench.unanswered(), [0_u64; 0], "the customer is left without an answer: {:?}", bench.machine);
    } else {
        assert!(bench.closed, "neither listening nor over: {:?}", bench.machine.state());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, max_shrink_iters: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_rules_hold_whatever_happens(acts in prop::collection::vec((any::<u8>(), any::<u8>()), 0..150)) {
        let mut bench = Bench::new(options());
        for (what, how) in acts {
            act(&mut bench, what, how, false);
        }
        end_well(&mut bench);
    }

    #[test]
    fn the_rules_hold_in_a_live_chat(acts in prop::collection::vec((any::<u8>(), any::<u8>()), 0..150)) {
        let mut bench = Bench::live(options());
        for (what, how) in acts {
            act(&mut bench, what, how, false);
        }
        end_well(&mut bench);
    }

    #[test]
    fn the_rules_hold_across_crashes(acts in prop::collection::vec((any::<u8>(), any::<u8>()), 0..150)) {
        let mut bench = Bench::live(options());
        for (what, how) in acts {
            act(&mut bench, what, how, true);
        }
        end_well(&mut bench);
    }
}

/// Taking a guard out is noticed. (Fencing, age and mailbox have tests of their own, with the switch.)
#[test]
fn the_guards_are_load_bearing() {
    for guard in [Guard::Intent, Guard::Ownership, Guard::Matching, Guard::Dedupe] {
        let noticed = (0..5000).position(|seed| {
            let mut dice = SmallRng::seed_from_u64(seed);
            let run = AssertUnwindSafe(|| {
                let mut bench = Bench::live(options()).without(guard);
                for _ in 0..60 {
                    act(&mut bench, dice.random(), dice.random(), true);
                }
                end_well(&mut bench);
            });
            catch_unwind(run).is_err()
        });
        assert!(noticed.is_some(), "nobody misses {guard:?}");
    }
}
