//! The promise of a handoff that works, end to end, tried on the example that people copy.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use simulator::model::{ChatId, FactEvent};
use simulator::{AgentProfile, Centre, QueueProfile};

use self::example::Workshop;
use super::Ask;
use super::judge::{self, SOON};
use super::scene::{BOT, Job, PERSON, Scene};

#[path = "../../examples/handoff.rs"]
#[allow(dead_code, unused_imports, unreachable_pub, reason = "a program of its own")]
mod example;

pub(super) fn asks() -> Vec<Ask> {
    vec![Ask {
        name: "ask_06_a_handoff_that_works_as_in_the_example",
        seeds: 8,
        broken: "an option: the bot stays beside the person",
        seen_as: "a ghost",
        story: |scene| Box::pin(the_example_works(scene)),
    }]
}

/// Mira, who is asked first, and somebody else who can help.
fn workshop() -> Centre {
    Centre::default()
        .with_queue(QueueProfile::new("chat_in").needing("bot"))
        .with_queue(QueueProfile::new("workshop").needing("workshop"))
        .with_agent(AgentProfile::new(BOT, "").skilled("bot").capacity(30))
        .with_agent(AgentProfile::new("mira", "").skilled("bicycles").capacity(30))
        .with_agent(AgentProfile::new(PERSON, "").skilled("workshop").capacity(30))
}

const FETCHING: &str = "I fetch a colleague, and stay with you until they are here.";

async fn the_example_works(scene: &mut Scene) -> Result<()> {
    scene.open(workshop());
    scene.bad_day(BOT);
    let (journal, leaves) = (Arc::default(), !scene.broken);
    let job = || -> Result<Job> {
        Ok(Job::new(Workshop::new()?).journal(&journal).options(|options| options.handoff.leave = leaves))
    };
    let process = scene.start(job()?)?;

    // It is night and nobody is there: a call-back.
    let ada = asks_for_a_person(scene, "Ada").await?;
    scene.is_told(&ada, "On which number", 2 * SOON).await?;
    scene.says(&ada, "0171 2345678, after five")?;
    scene.is_told(&ada, "0171 2345678", SOON).await?;
    let finished = || scene.first(&ada, |event| matches!(event, FactEvent::SessionEnded)).is_some();
    scene.until(&format!("{ada} is finished"), SOON, finished).await?;

    // No number either: the bot is still there.
    let bo = asks_for_a_person(scene, "Bo").await?;
    scene.is_told(&bo, "On which number", 2 * SOON).await?;
    scene.says(&bo, "I would rather not say")?;
    scene.is_told(&bo, "Which number may we call", SOON).await?;
    scene.says(&bo, "No number!")?;
    scene.is_told(&bo, "just write to us again", SOON).await?;
    scene.says(&bo, "What is a brake?")?;
    scene.is_told(&bo, "A new brake is 40 euros", SOON).await?;
    scene.centre().customer_leaves(&bo)?;

    // Mira is there, and the process is killed while she is fetched.
    let mira = scene.person("mira").await?;
    let cy = asks_for_a_person(scene, "Cy").await?;
    scene.pass_millis(scene.spread(1, 2_500)).await;
    process.kill();
    scene.start(job()?)?;
    mira.takes(&cy).await?;
    scene.is_told(&cy, "mira is here now", SOON).await?;
    mira.says(&cy, "Hello, Mira here.").await?;
    scene.says(&cy, "What is a brake?")?;
    scene.pass(SOON).await;
    let told = scene.centre().told(&cy);
    ensure!(told.iter().filter(|line| *line == FETCHING).count() == 1, "{cy}: told so: {told:?}");
    ensure!(told.last().is_some_and(|last| last == "Hello, Mira here."), "{cy}: the bot spoke after her: {told:?}");
    let (data, entries) = mira.reads(&cy).await?;
    let note = data.get("BotNote").map(str::to_owned).or_else(|| whispered(&entries)).context("no note")?;
    ensure!(note.contains("What is a chain?"), "{cy}: the note is {note:?}");

    // Mira does not look: somebody else comes.
    let other = scene.person(PERSON).await?;
    let di = asks_for_a_person(scene, "Di").await?;
    mira.is_offered(&di, SOON).await?;
    other.takes(&di).await?;
    other.says(&di, "Hello, Linus here.").await?;
    scene.pass(SOON).await;
    let ghosts = judge::ghosts(&scene.log());
    ensure!(ghosts.is_empty(), "{ghosts:?}");
    Ok(())
}

async fn asks_for_a_person(scene: &Scene, name: &str) -> Result<ChatId> {
    let chat = scene.customer(name).await?;
    scene.says(&chat, "What is a chain?")?;
    scene.is_told(&chat, "A new chain is 35 euros", SOON).await?;
    scene.says(&chat, "I want to talk to a person")?;
    scene.is_told(&chat, FETCHING, SOON).await?;
    scene.pass(Duration::from_millis(100)).await;
    Ok(chat)
}

fn whispered(entries: &[attendant::Entry]) -> Option<String> {
    entries.iter().find_map(|entry| match &entry.kind {
        attendant::EntryKind::Text(text) if entry.visibility == attendant::Visibility::Agents => Some(text.clone()),
        _ => None,
    })
}
