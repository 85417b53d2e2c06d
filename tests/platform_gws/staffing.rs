//! Who is there: the pictures of the adapter against the contract of every availability.

use std::time::Duration;

use anyhow::{Context, ensure};
use attendant::availability::contract::{CASES, Person, SKILL, crew};
use attendant::{Availability, InteractionState, Operation, Platform, PlatformEvent, PlatformEvents, Presence, Target};
use gws::Family;
use libtest_mimic::Trial;
use platform_gws::{AvailabilityOptions, Login, Photographer};
use simulator::{AgentProfile, Centre, QueueProfile};

use super::room::{PATIENCE, Room, Transport, login, options};
use super::trial;

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (name, case) in CASES {
        for family in [Family::Interactions, Family::Chats] {
            trials.push(trial(&format!("availability_{name} ({family})"), move || async move {
                let room = Room::open_in(centre(&crew(name)), family, Transport::LongPolling, |_| {}).await?;
                let at_work = staff(&room, crew(name)).await?;
                let (photographer, board) = {
                    let every = Duration::from_millis(200);
                    let session = room.login.session().clone();
                    Photographer::new(vec![session], AvailabilityOptions { every, ..AvailabilityOptions::default() })
                };
                room.login.sign_in().await?;
                let mut pictures = tokio::task::JoinSet::new(); // ends with the trial
                pictures.spawn(photographer.run());
                let seen = tokio::time::timeout(PATIENCE, async {
                    while board.people(&Target::Skill(SKILL.into())).is_none() {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                });
                seen.await.context("there is no picture of them")?;
                // A case fails by a panic, which the harness of the trials takes for a failure.
                case(&*board);
                ensure!(pictures.try_join_next().is_none(), "nobody takes pictures any more");
                drop(at_work);
                room.centre.shutdown().await;
                Ok(())
            }));
        }
    }
    trials
}

fn name(number: usize) -> String {
    format!("agent-{number}")
}

fn centre(crew: &[Person]) -> Centre {
    let centre = Centre::default()
        .with_agent(AgentProfile::new("bot-01", "s3cret").skilled("bot"))
        .with_queue(QueueProfile::new("people").needing(SKILL));
    crew.iter().enumerate().fold(centre, |centre, (number, one)| {
        centre.with_agent(AgentProfile::new(name(number), "pw").skilled(SKILL).capacity(one.capacity))
    })
}

/// Signs people in and gives them their chats. Those with chats come first, and of them who has no room left, so that
/// routing has no choice.
async fn staff(room: &Room, crew: Vec<Person>) -> anyhow::Result<Vec<(Login, PlatformEvents)>> {
    let mut order: Vec<(usize, Person)> = crew.into_iter().enumerate().filter(|(_, one)| one.signed_in).collect();
    order.sort_by_key(|(_, one)| (one.chats == 0, one.capacity - one.chats));
    let mut at_work = Vec::new();
    for (number, one) in order {
        let options = options(&room.centre.base_url(), room.family, Transport::LongPolling)?;
        let login = login(options, &name(number), "pw")?;
        let mut events = login.sign_in().await?;
        login.set_presence(if one.ready { Presence::Ready } else { Presence::NotReady }).await?;
        for _ in 0..one.chats {
            let _customer = room.customer("Ada").await?;
            let id = loop {
                let event = tokio::time::timeout(PATIENCE, events.recv()).await.context("no offer")?;
                match event.context("the events have ended")? {
                    PlatformEvent::Interaction(it) if it.state == InteractionState::Invited => break it.id,
                    _ => {}
                }
            };
            login.perform(&id, Operation::Accept { nickname: name(number) }).await?;
        }
        at_work.push((login, events));
    }
    Ok(at_work)
}
