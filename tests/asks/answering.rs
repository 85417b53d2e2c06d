//! Promises about answers: one for each line, once, in order, none lost, none late.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use attendant::{Guard, MemoryJournal};
use simulator::{AgentProfile, Script, Then, Traffic, Visitor};

use super::Ask;
use super::adapter;
use super::judge::{self, Answerer};
use super::scene::{BOT, Job, OTHER_BOT, Scene, centre};

pub(super) fn asks() -> Vec<Ask> {
    vec![
        Ask {
            name: "ask_01_one_answer_once",
            seeds: 10,
            broken: "a runtime that does not match own lines with intents",
            seen_as: "said twice",
            story: |scene| Box::pin(one_answer_once(scene)),
        },
        Ask {
            name: "ask_02_no_message_lost",
            seeds: 10,
            broken: "an adapter that does not tell of gaps",
            seen_as: "unanswered",
            story: |scene| Box::pin(no_message_lost(scene)),
        },
    ]
}

/// A day of visitors, two bots on one journal each, and a person to hand over to.
async fn a_day(scene: &mut Scene, visitors: usize, job: fn(bool) -> Job, crashes: u64) -> Result<()> {
    let script = Script { then: Then::Complete, ..Script::default() };
    scene.open(centre().with_agent(AgentProfile::new("grace", "").skilled("service").capacity(20).scripted(script)));
    for bot in [BOT, OTHER_BOT] {
        scene.bad_day(bot);
    }
    let traffic = Traffic { visitors, every: Duration::from_secs(2), ..Traffic::default() };
    // Everybody stays long enough after the last answer for a missing one to be seen.
    let stay = judge::SOON + Duration::from_secs(30);
    let drawn = traffic.draw(scene.seed).into_iter();
    scene.centre().invite(drawn.map(|(after, visitor)| (after, Visitor { linger: stay, ..visitor })));
    let journals: [Arc<MemoryJournal>; 2] = Default::default();
    let mut processes = Vec::new();
    for life in 0..=crashes {
        for (number, user) in [BOT, OTHER_BOT].into_iter().enumerate() {
            processes.push(scene.start(job(scene.broken).user(user).journal(&journals[number]))?);
        }
        if life < crashes {
            // Killed in the middle of whatever they are doing: first one, then the other.
            for process in processes.drain(..) {
                scene.pass_millis(2_000 + scene.spread(life, 9_000)).await;
                process.kill();
            }
        }
    }
    let gone = || scene.centre().visitors() == 0;
    scene.until("the customers have left", Duration::from_secs(3600), gone).await
}

fn nothing(wrong: Vec<String>) -> Result<()> {
    ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    Ok(())
}

async fn one_answer_once(scene: &mut Scene) -> Result<()> {
    a_day(scene, 20, |broken| Job::new(Answerer).without(broken.then_some(Guard::Matching)), 3).await?;
    let log = scene.log();
    let answers = scene.log().facts().filter(|fact| format!("{:?}", fact.event).contains("About: ")).count();
    ensure!(answers >= 15, "hardly anybody was answered: {answers}");
    nothing(judge::doubled(&log))
}

async fn no_message_lost(scene: &mut Scene) -> Result<()> {
    let job = |broken| if broken { Job::new(Answerer).through(adapter::without_gaps) } else { Job::new(Answerer) };
    a_day(scene, 20, job, 1).await?;
    nothing(judge::unanswered(&scene.log()))
}
