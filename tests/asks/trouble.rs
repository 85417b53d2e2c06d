//! Promises about trouble: a bot that is broken, and everything that takes too long.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use attendant::options::{Place, Then as Failover};
use attendant::{Bot, BotError, Event, Handoff, Next, Turn, async_trait};
use simulator::model::{FactEvent, Target};
use simulator::{AgentProfile, Script, Then};

use super::Ask;
use super::judge::SOON;
use super::scene::{BOT, Job, PERSON, Scene, centre};

pub(super) fn asks() -> Vec<Ask> {
    vec![
        Ask {
            name: "ask_11_a_broken_bot_leads_to_a_person_and_not_in_circles",
            seeds: 8,
            broken: "an option: a place that gave the chat back is asked again at once",
            seen_as: "in circles",
            story: |scene| Box::pin(a_broken_bot(scene)),
        },
        Ask {
            name: "ask_24_timers_everywhere",
            seeds: 6,
            broken: "the options: every timer takes ten hours",
            seen_as: "is told",
            story: |scene| Box::pin(timers_everywhere(scene)),
        },
    ]
}

/// How a bot fails on whatever the customer says.
#[derive(Debug, Clone, Copy)]
enum Failure {
    Error,
    Panic,
    Hang,
    Nothing,
}

struct Broken(Failure);

#[async_trait]
impl Bot for Broken {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        if let Event::Said(_) = turn.event() {
            match self.0 {
                Failure::Error => return Err("the backend is down".into()),
                Failure::Panic => std::panic::resume_unwind(Box::new("on purpose")), // without a word on the screen
                Failure::Hang => std::future::pending().await,
                Failure::Nothing => {}
            }
        }
        Ok(Next::Listen)
    }
}

async fn a_broken_bot(scene: &mut Scene) -> Result<()> {
    // Grace says one thing, and gives the chat back to the bots.
    let script = Script { answers: 1, then: Then::ToQueue("chat_in".into()), ..Script::default() };
    let grace = AgentProfile::new("grace", "").skilled("service").skilled("repairs").skilled("express");
    let grace = grace.capacity(20).scripted(script);
    scene.open(centre().with_agent(grace));
    scene.bad_day(BOT);
    let failure = [Failure::Error, Failure::Panic, Failure::Hang, Failure::Nothing][usize::try_from(scene.seed)? % 4];
    let circles = scene.broken;
    scene.start(Job::new(Broken(failure)).options(|options| {
        options.fallback = Some(Place { skill: Some("service".into()), ..Place::default() });
        options.failover.then = Failover::HandOff;
        options.failover.to.bot_failed = Some(Place::skill("repairs"));
        options.failover.to.bot_too_slow = Some(Place::skill("express"));
        if circles {
            options.handoff.not_again_within = Duration::ZERO;
            options.handoff.most = 1_000;
            options.failover.most_in_a_row = 1_000;
        }
    }))?;
    let chat = scene.customer("Ada").await?;
    let over = || scene.first(&chat, |event| matches!(event, FactEvent::SessionEnded)).is_some();
    for round in 0..8 {
        if over() {
            break;
        }
        scene.says(&chat, &format!("help {round}"))?;
        scene.pass(Duration::from_secs(45)).await;
    }
    let told = scene.centre().told(&chat);
    ensure!(told.iter().any(|line| line.contains("went wrong")), "{chat}: {failure:?}: no apology: {told:?}");
    let named = if matches!(failure, Failure::Hang) { "express" } else { "repairs" };
    let log = scene.log();
    let given = log.of_chat(chat.as_str()).filter_map(|fact| match &fact.event {
        FactEvent::Transferred { from, to } if from.as_str() == BOT => Some(to),
        _ => None,
    });
    let given: Vec<&Target> = given.collect();
    let first = given.first().with_context(|| format!("{chat}: {failure:?}: no person was asked"))?;
    ensure!(**first == Target::Skill(named.to_owned()), "{chat}: {failure:?}: first to {first:?}");
    for to in &given {
        let times = given.iter().filter(|other| *other == to).count();
        ensure!(times <= 2, "{chat}: {failure:?}: {times} times to the same people: in circles");
    }
    // Whoever has it at the end: the last thing the customer heard was not silence.
    ensure!(over() || told.len() >= 3, "{chat}: {failure:?}: left alone: {told:?}");
    Ok(())
}

/// Slow, or waiting for a person, as the customer asks.
struct Patient;

#[async_trait]
impl Bot for Patient {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        match turn.event() {
            Event::Said(said) if said.contains("slow") => {
                tokio::time::sleep(Duration::from_secs(15)).await;
                turn.say("Here it is.").await?;
            }
            Event::Said(said) if said.contains("hang") => std::future::pending().await,
            Event::Said(said) if said.contains("human") => {
                let handoff = Handoff::to_agent(PERSON).warm().saying("I fetch Linus.");
                return Ok(Next::HandOff(handoff));
            }
            Event::Said(said) => turn.say(super::judge::answer_to(&said.text())).await?,
            Event::HandoffFailed(_) => turn.say("Linus does not answer, I am still here.").await?,
            Event::Silent(_) => turn.say("Are you still there?").await?,
            _ => {}
        }
        Ok(Next::Listen)
    }
}

async fn timers_everywhere(scene: &mut Scene) -> Result<()> {
    const NEVER: Duration = Duration::from_secs(36_000);
    scene.open(centre());
    scene.bad_day(BOT);
    let stopped = scene.broken;
    scene.start(Job::new(Patient).options(|options| {
        options.bot.patience_words = "One moment, please.".into();
        options.silence.nudge = "Hello?".into();
        options.silence.warning = "I will close this chat soon.".into();
        if stopped {
            options.bot.patience = NEVER;
            options.bot.answer_within = NEVER;
            options.silence.nudge_after = NEVER / 4;
            options.silence.warn_after = NEVER / 2;
            options.silence.wake_after = NEVER;
            options.silence.close_after = NEVER;
            options.handoff.choice_within = NEVER;
            options.handoff.speak_within = NEVER;
        }
    }))?;
    let person = scene.person(PERSON).await?;
    let chat = scene.customer("Ada").await?;

    // A slow bot, and one that never answers.
    scene.says(&chat, "slow")?;
    scene.is_told(&chat, "One moment, please.", SOON).await?;
    scene.is_told(&chat, "Here it is.", SOON).await?;
    scene.says(&chat, "hang")?;
    scene.is_told(&chat, "something went wrong", SOON).await?;

    // A person who does not come, and one who is in and says nothing.
    scene.says(&chat, "a human, please")?;
    scene.is_told(&chat, "Linus does not answer", 2 * SOON).await?;
    scene.says(&chat, "hello?")?;
    scene.is_told(&chat, "About: hello?", SOON).await?;
    scene.says(&chat, "a human, now")?;
    if person.is_offered(&chat, SOON).await.is_err() {
        scene.says(&chat, "a human, I said")?; // the invitation was lost, and the bot has said so
    }
    person.takes(&chat).await?;
    let told = || scene.centre().told(&chat).iter().filter(|line| line.starts_with("Linus does not")).count();
    let before = told();
    scene.until(&format!("{chat} is told that the person is silent"), 3 * SOON, || told() > before).await?;

    // A customer who says nothing: asked by the runtime and by the bot, warned, and at last seen off.
    scene.is_told(&chat, "Hello?", 2 * SOON).await?;
    scene.is_told(&chat, "Are you still there?", 3 * SOON).await?;
    scene.is_told(&chat, "I will close this chat soon.", Duration::from_secs(900)).await?;
    scene.is_told(&chat, "I close this chat", Duration::from_secs(1_200)).await?;
    let done = || scene.first(&chat, |event| matches!(event, FactEvent::Completed { agent } if agent.as_str() == BOT));
    scene.until(&format!("{chat} is completed"), SOON, || done().is_some()).await
}
