//! The table: every state with every input does what it says, and the docs show it.

use std::fmt::Write as _;

use super::bench::{Bench, Fate, options};
use crate::journal::TurnFailure;
use crate::machine::table::{Rule, rule};
use crate::machine::{Command, Input, InputKind, Outcome, Picture, State, StateKind};
use crate::turn::TurnId;
use crate::{
    CallBack, Handoff, InteractionState, Next, PlatformError, PlatformErrorKind, Receipt, Role, Verdict, Waiting,
};

/// A machine in this state, on its usual way there.
fn in_state(state: StateKind) -> Bench {
    let handoff = |bench: &mut Bench, handoff: Handoff| {
        bench.customer_says("a person please");
        bench.tell();
        bench.ring();
        bench.bot_ends(Next::HandOff(handoff));
        bench.settle();
    };
    let mut bench = match state {
        StateKind::Offered | StateKind::Accepting | StateKind::Rejecting => Bench::new(options()),
        _ => Bench::live(options()),
    };
    match state {
        StateKind::Offered | StateKind::Active => {}
        StateKind::Accepting => bench.screen(Verdict::Accept),
        StateKind::Rejecting => bench.screen(Verdict::reject("no")),
        StateKind::Transferring => handoff(&mut bench, Handoff::to_skill("people")),
        StateKind::Inviting => handoff(&mut bench, Handoff::to_agent("anna").warm()),
        StateKind::CallingBack => handoff(&mut bench, Handoff::to_call_back(CallBack::new())),
        StateKind::HumanPresent | StateKind::Leaving => {
            bench.room.join(Role::Agent, "anna", bench.now);
            if state == StateKind::Leaving {
                bench.say_as(&Role::Agent, "hello");
            }
            bench.tell();
        }
        StateKind::Ending | StateKind::Ended => {
            bench.customer_says("bye");
            bench.tell();
            bench.ring();
            bench.bot_ends(Next::finish("resolved"));
            bench.write();
            if state == StateKind::Ended {
                bench.answer(Fate::Taken);
                bench.tell();
            }
        }
        StateKind::JoinFailed => {
            bench.room.set_state(InteractionState::JoinFailed);
            bench.tell();
        }
        StateKind::Reconciling => drop(bench.input(Input::Gap)),
        StateKind::Closed => {
            bench.room.set_state(InteractionState::Completed);
            bench.tell();
        }
    }
    assert_eq!(bench.machine.kind(), state);
    bench
}

/// Inputs of this kind, of every sort that can be told apart.
fn inputs(kind: InputKind, bench: &Bench) -> Vec<Input> {
    let turn = bench.turn.unwrap_or(TurnId { number: 1, run: 0 });
    let error = PlatformError::new(PlatformErrorKind::Unavailable, "down");
    match kind {
        InputKind::Changed => {
            let with = |state: InteractionState| {
                let mut interaction = bench.room.interaction.clone();
                interaction.state = state;
                Input::Changed(interaction)
            };
            vec![
                with(InteractionState::Invited),
                with(InteractionState::Chatting),
                with(InteractionState::LeftChat),
                with(InteractionState::Completed),
                with(InteractionState::Revoked),
                with(InteractionState::JoinFailed),
                with(InteractionState::Other("Consulting".into())),
            ]
        }
        InputKind::Heard => vec![Input::Heard(bench.room.entries.clone()), Input::Heard(Vec::new())],
        InputKind::Screened => vec![
            Input::Screened(Ok(Verdict::Accept)),
            Input::Screened(Ok(Verdict::reject("no"))),
            Input::Screened(Err(TurnFailure::Panicked)),
        ],
        InputKind::Reported => vec![
            Input::Said { turn, words: "say 99".into(), token: 9 },
            Input::Stepped { turn, step: ("look-up".into(), 1), value: 1.into(), token: 9 },
            Input::Attached { turn, pairs: [("a".into(), "b".into())].into(), token: 9 },
            Input::Diverged { turn, expected: "say number 1".into() },
        ],
        InputKind::TurnOver => vec![
            Input::TurnOver { turn, outcome: Err(TurnFailure::Panicked) },
            Input::TurnOver { turn: TurnId { number: 77, run: 0 }, outcome: Err(TurnFailure::Panicked) },
        ],
        InputKind::Performed => {
            let ticket = bench.operations.front().map_or(1, |(ticket, _)| *ticket);
            vec![
                Input::Performed { ticket, result: Ok(Receipt::default()) },
                Input::Performed { ticket, result: Err(error) },
            ]
        }
        InputKind::OperationFailed => vec![
            Input::OperationFailed { reference: None, error: error.clone() },
            Input::OperationFailed { reference: Some(7), error },
        ],
        InputKind::Durable => {
            vec![Input::Durable { through: bench.journal.len() as u64 }, Input::Durable { through: 0 }]
        }
        InputKind::Timer => {
            let mut timers = vec![Input::Timer(crate::machine::Timer::Echo)];
            timers.extend(bench.machine.next_timer().map(|(_, timer)| Input::Timer(timer)));
            timers
        }
        InputKind::Read => {
            let ticket = bench.reads.front().copied().unwrap_or(1);
            let (interaction, transcript) = (bench.room.interaction.clone(), bench.room.entries.clone());
            vec![
                Input::Read { ticket, picture: Picture::Found { interaction, transcript } },
                Input::Read { ticket, picture: Picture::Gone },
                Input::Read { ticket, picture: Picture::Failed(error) },
                Input::Read { ticket: 999, picture: Picture::Gone },
            ]
        }
        InputKind::Waiting => vec![Input::Waiting(Waiting { place: Some(2), wait: None })],
        InputKind::Gap => vec![Input::Gap],
        InputKind::Command => vec![
            Input::Command(Command::HandOver(Handoff::to_queue("night"))),
            Input::Command(Command::End { words: "bye".into(), disposition: "stopped".into() }),
        ],
    }
}

#[test]
fn every_state_does_with_every_input_what_the_table_says() {
    for state in StateKind::ALL {
        for kind in InputKind::ALL {
            let count = inputs(kind, &in_state(state)).len();
            for place in 0..count {
                let mut bench = in_state(state);
                let input = inputs(kind, &bench).swap_remove(place);
                let before = bench.machine.state().clone();
                let shown = format!("{input:?}");
                let outcome = bench.input(input);
                match rule(state, kind) {
                    Rule::Takes => assert_ne!(outcome, Outcome::Unexpected(state, kind), "{state:?}: {shown}"),
                    Rule::Drops => assert_eq!(outcome, Outcome::Stale, "{state:?}: {shown}"),
                    Rule::Unexpected => assert_eq!(outcome, Outcome::Unexpected(state, kind), "{state:?}: {shown}"),
                }
                if outcome != Outcome::Done {
                    assert_eq!(*bench.machine.state(), before, "{state:?}: {shown} changed the state");
                }
            }
        }
    }
}

#[test]
fn the_docs_show_the_table() {
    let mut table = String::from(
        "\n## Every state with every input\n\n`takes`: it may change the state. `–`: it can come, but no longer matters. \
         `!`: it cannot come; it is reported as unexpected and changes nothing.\n\n| state |",
    );
    for input in InputKind::ALL {
        let _ = write!(table, " {input:?} |");
    }
    table.push_str("\n|---|");
    table.push_str(&"---|".repeat(InputKind::ALL.len()));
    for state in StateKind::ALL {
        let _ = write!(table, "\n| {state:?} |");
        for input in InputKind::ALL {
            let cell = match rule(state, input) {
                Rule::Takes => "takes",
                Rule::Drops => "–",
                Rule::Unexpected => "!",
            };
            let _ = write!(table, " {cell} |");
        }
    }
    table.push('\n');
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/MACHINE.md");
    let page = std::fs::read_to_string(path).unwrap_or_default();
    let mark = "<!-- written by a test from here on -->\n";
    let kept = page.split_once(mark).map_or(page.as_str(), |(kept, _)| kept);
    let right = format!("{kept}{mark}{table}");
    if page != right {
        std::fs::write(path, right).unwrap();
        panic!("MACHINE.md was not what the machine does; its table has been written anew");
    }
}

#[test]
fn all_states_can_be_reached() {
    for state in StateKind::ALL {
        let bench = in_state(state);
        assert!(matches!((state, bench.machine.state()), (StateKind::Closed, State::Closed(_)) | (_, _)));
    }
}
