//! What holds whatever happens, in whatever order.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Request(bool),
    Say(usize),
    Leave(usize),
    Sign(usize, u8),
    Operate(usize, usize, u8, usize),
    Skip(usize),
    Withdraw(usize, usize),
    Wait(u16),
}

const AGENTS: [&str; 4] = ["bot-1", "bot-2", "grace", "linus"];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => any::<bool>().prop_map(Step::Request),
        2 => (0..4usize).prop_map(Step::Say),
        1 => (0..4usize).prop_map(Step::Leave),
        3 => (0..4usize, 0..5u8).prop_map(|(agent, what)| Step::Sign(agent, what)),
        20 => (0..4usize, 0..4usize, 0..18u8, 0..4usize).prop_map(|(agent, chat, what, other)| Step::Operate(agent, chat, what, other)),
        1 => (0..4usize).prop_map(Step::Skip),
        1 => (0..4usize, 0..4usize).prop_map(|(agent, chat)| Step::Withdraw(agent, chat)),
        3 => (0..40_000u16).prop_map(Step::Wait),
    ]
}

fn operation(what: u8, other: &str) -> Operation {
    match what {
        0..=3 => Operation::Accept { nickname: None },
        4 => Operation::Reject,
        5 => say("words"),
        6 => Operation::Invite(agent(other)),
        7 => Operation::Consult(agent(other)),
        8 => Operation::Transfer(agent(other)),
        9 => Operation::Transfer(Target::Skill("service".into())),
        10 => Operation::Transfer(Target::Queue("chat_in".into())),
        11 => Operation::LeaveConference { agent: other.into() },
        12 => Operation::Leave,
        13 => Operation::EndSession,
        14 => Operation::Complete { queue: None },
        15 => Operation::Complete { queue: Some("people".into()) },
        16 => Operation::AcceptInVain,
        _ => Operation::Remove(other.into()),
    }
}

/// Mostly somebody who has the chat: what others try is refused, and that is tried often enough.
fn involved(bench: &Bench, chat: &ChatId, who: usize) -> AgentName {
    let seats = bench.model.chats.get(chat).into_iter().flat_map(|chat| chat.seats.iter());
    let holders: Vec<&AgentName> = seats.filter(|(_, seat)| !seat.state.is_final()).map(|(name, _)| name).collect();
    if who == 3 || holders.is_empty() { AGENTS[who].into() } else { holders[who % holders.len()].clone() }
}

/// Who owned each chat before the step.
type Owners = BTreeMap<ChatId, Option<AgentName>>;

/// What holds after every step.
fn check(bench: &Bench, indexes: &mut BTreeMap<ChatId, u64>, owners: &mut Owners) -> Result<(), TestCaseError> {
    let model = &bench.model;
    for (name, agent) in &model.agents {
        prop_assert!(agent.holds.len() <= agent.profile.capacity, "{name} holds {:?}", agent.holds);
        prop_assert_eq!(model.free.contains(name), agent.is_free());
        for held in &agent.holds {
            let state = model.chats[held].seats[name].state;
            prop_assert!(!state.is_final(), "{name} holds {held}, which is {state:?}");
        }
    }
    for (id, chat) in &model.chats {
        for (name, seat) in &chat.seats {
            let held = model.agents[name].holds.contains(id);
            prop_assert_eq!(held, !seat.state.is_final(), "{} of {} is {:?}", name, id, seat.state);
            if seat.state == SeatState::Chatting {
                prop_assert!(chat.live, "{name} chats in {id}, which is over");
            }
        }
        // Never owned twice, and always by somebody who has it.
        if let Some(owner) = &chat.owner {
            let state = chat.seats[owner].state;
            prop_assert!(matches!(state, SeatState::Chatting | SeatState::LeftChat), "{owner} owns {id} in {state:?}");
        }
        if let Some(Some(before)) = owners.insert(id.clone(), chat.owner.clone())
            && chat.owner.as_ref() != Some(&before)
        {
            let state = chat.seats[&before].state;
            prop_assert!(state.is_final(), "{id} was taken from {before}, who is {state:?}");
        }
        let after_work = chat.seats.values().filter(|seat| seat.state == SeatState::LeftChat).count();
        prop_assert!(after_work <= 1, "{id} is in after-call work {after_work} times");
        // Nobody is alone: a live chat waits, is offered, is served, or is about to be completed by who could not join.
        if chat.live {
            let seen_to = chat.waiting.is_some() || chat.seats.values().any(|seat| !seat.state.is_final());
            prop_assert!(seen_to, "the customer of {id} is alone");
            let visible =
                chat.participants().any(|who| who.side != Side::Customer && who.visibility == Visibility::All);
            prop_assert_eq!(
                visible,
                chat.owner.is_some(),
                "{} has agents in it and no owner, or the other way round",
                id
            );
        } else if chat.owner.is_none() && !chat.after_work_owed {
            prop_assert!(chat.waiting.is_none(), "{id} is over and waits");
        }
        for (name, seat) in &chat.seats {
            let timers = model.timers.iter().filter(|(_, timer)| match timer {
                Timer::Offer(of, whose, _) | Timer::Handling(of, whose) => of == id && whose == name,
                Timer::Route => false,
            });
            let wanted = usize::from(!seat.state.is_final());
            prop_assert_eq!(timers.count(), wanted, "the timers of {} for {} in {:?}", id, name, seat.state);
        }
        prop_assert_eq!(chat.waiting.is_some(), model.waiting.iter().any(|(_, _, waiting)| waiting == id));
        // Indexes grow.
        let mut last = 0;
        for entry in &chat.entries {
            prop_assert!(entry.index > last);
            last = entry.index;
        }
        let known = indexes.entry(id.clone()).or_default();
        prop_assert!(last >= *known);
        *known = last;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_owned_twice_nobody_is_overloaded_nobody_is_alone(steps in prop::collection::vec(step(), 1..200)) {
        let mut bench = Bench::new();
        let mut twin = Bench::new();
        bench.ready(&AGENTS);
        twin.ready(&AGENTS);
        let mut chats: Vec<ChatId> = Vec::new();
        let mut indexes = BTreeMap::new();
        let mut owners = Owners::new();
        for step in steps {
            let chat = |place: usize| chats.get(place).cloned().unwrap_or_else(|| ChatId::new("none"));
            let command = match step {
                Step::Request(people) => {
                    let queue = if people { "people" } else { "chat_in" };
                    Command::RequestChat {
                        key: CustomerKey::new(format!("key-{}", chats.len())),
                        nickname: "Ada".into(),
                        subject: None,
                        queue: Some(queue.into()),
                        data: UserData::new(),
                    }
                }
                Step::Say(place) => Command::CustomerSays { chat: chat(place), text: "hello".into() },
                Step::Leave(place) => Command::CustomerLeaves { chat: chat(place) },
                Step::Sign(place, what) => {
                    let name = AgentName::from(AGENTS[place]);
                    match what {
                        0 => Command::SignOut(name),
                        1 => Command::SetPresence(name, Presence::NotReady),
                        2 => Command::SignIn(name),
                        _ => {
                            let _ = bench.apply(Command::SignIn(name.clone()));
                            let _ = twin.apply(Command::SignIn(name.clone()));
                            Command::SetPresence(name, Presence::Ready)
                        }
                    }
                }
                Step::Operate(who, place, what, other) => Command::Operate {
                    agent: involved(&bench, &chat(place), who),
                    chat: chat(place),
                    operation: operation(what, AGENTS[other]),
                    reference: None,
                },
                Step::Skip(place) => Command::SkipIndexes { chat: chat(place), by: 3 },
                Step::Withdraw(who, place) => Command::Withdraw { agent: AGENTS[who].into(), chat: chat(place) },
                Step::Wait(millis) => {
                    bench.now = bench.now.after(Duration::from_millis(millis.into()));
                    twin.now = bench.now;
                    Command::Tick
                }
            };
            if let Ok(Some(new)) = bench.apply(command.clone()) {
                chats.push(new);
            }
            let _ = twin.apply(command);
            prop_assert_eq!(&bench.last, &twin.last, "the same commands give the same notifications and facts");
            check(&bench, &mut indexes, &mut owners)?;
        }
    }
}
