//! Promises about answers: one for each line, once, in order, none lost, none late.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use attendant::{Bot, BotError, Event, Guard, MemoryJournal, Next, Turn, async_trait};
use simulator::model::{ChatId, EntryKind, FactEvent, Moment, Side};
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
        Ask {
            name: "ask_03_no_storm_after_a_restart",
            seeds: 8,
            broken: "a runtime that does not look at the age of a line",
            seen_as: "answered as if it were new",
            story: |scene| Box::pin(no_storm_after_a_restart(scene)),
        },
        Ask {
            name: "ask_13_a_burst_is_one_turn",
            seeds: 8,
            broken: "an option: nobody waits for the end of a burst",
            seen_as: "answers to one burst",
            story: |scene| Box::pin(a_burst_is_one_turn(scene)),
        },
        Ask {
            name: "ask_14_order_holds_timers_included",
            seeds: 10,
            broken: "a bot that answers the last line first",
            seen_as: "out of order",
            story: |scene| Box::pin(order_holds(scene)),
        },
        Ask {
            name: "ask_15_more_replicas_never_mean_more_answers",
            seeds: 10,
            broken: "a runtime that goes on after somebody else has taken the login",
            seen_as: "said twice",
            story: |scene| Box::pin(replicas(scene)),
        },
        Ask {
            name: "ask_18_nobody_keeps_a_list_of_chats",
            seeds: 8,
            broken: "an adapter that does not tell what the login has already",
            seen_as: "is told",
            story: |scene| Box::pin(nobody_keeps_a_list(scene)),
        },
        Ask {
            name: "ask_23_human_pace_with_a_switch",
            seeds: 6,
            broken: "the switch: it is the wrong way round",
            seen_as: "too fast|too slow",
            story: |scene| Box::pin(human_pace(scene)),
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

fn nothing(wrong: &[String]) -> Result<()> {
    ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    Ok(())
}

async fn one_answer_once(scene: &mut Scene) -> Result<()> {
    a_day(scene, 20, |broken| Job::new(Answerer::default()).without(broken.then_some(Guard::Matching)), 3).await?;
    let log = scene.log();
    let answers = scene.log().facts().filter(|fact| format!("{:?}", fact.event).contains("About: ")).count();
    ensure!(answers >= 15, "hardly anybody was answered: {answers}");
    nothing(&judge::doubled(&log))
}

async fn no_message_lost(scene: &mut Scene) -> Result<()> {
    let job = |broken| {
        if broken {
            Job::new(Answerer::default()).through(adapter::without_gaps)
        } else {
            Job::new(Answerer::default())
        }
    };
    a_day(scene, 20, job, 1).await?;
    nothing(&judge::unanswered(&scene.log()))
}

async fn no_storm_after_a_restart(scene: &mut Scene) -> Result<()> {
    scene.open(centre());
    scene.bad_day(BOT);
    let journal = Arc::default();
    let guard = scene.broken.then_some(Guard::Age);
    let job = || {
        // Nobody is to be woken or sent home meanwhile.
        let patient = |options: &mut attendant::Options| {
            options.silence.wake_after = Duration::from_secs(7200);
            options.silence.close_after = Duration::from_secs(7200);
        };
        Job::new(Answerer::default()).journal(&journal).without(guard).options(patient)
    };
    let process = scene.start(job())?;
    let mut chats = Vec::new();
    for name in ["Ada", "Bo", "Cy"] {
        let chat = scene.customer(name).await?;
        scene.says(&chat, "in time")?;
        scene.is_told(&chat, "About: in time", judge::SOON).await?;
        chats.push(chat);
    }
    process.kill();
    let (fresh, old) = chats.split_last().context("three")?;
    for chat in old {
        for number in 1..=3 {
            scene.says(chat, &format!("old {number}"))?;
        }
    }
    scene.pass(Duration::from_secs(1200)).await;
    scene.says(fresh, "fresh")?;
    scene.pass_millis(scene.spread(1, 30_000)).await;
    let restarted = scene.centre().now();
    scene.start(job())?;
    scene.is_told(fresh, "About: fresh", judge::SOON).await?;
    scene.pass(judge::SOON).await;
    for chat in old {
        let said = scene.said_by(BOT, chat);
        let since: Vec<&str> = said.iter().filter(|(at, _)| *at > restarted).map(|(_, text)| text.as_str()).collect();
        ensure!(!since.iter().any(|text| text.contains("old")), "{chat}: answered as if it were new: {since:?}");
        ensure!(since.len() == 1, "{chat}: a word of excuse, and no more: {since:?}");
        scene.says(chat, "new")?;
        scene.is_told(chat, "About: new", judge::SOON).await?;
    }
    Ok(())
}

/// Says how many lines came in one turn, and which.
struct Counter;

#[async_trait]
impl Bot for Counter {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        if let Event::Said(said) = turn.event() {
            turn.say(format!("{} lines: {}", said.lines().len(), said.lines().join(" | "))).await?;
        }
        Ok(Next::Listen)
    }
}

async fn a_burst_is_one_turn(scene: &mut Scene) -> Result<()> {
    scene.open(centre());
    scene.troubled(BOT);
    let broken = scene.broken;
    scene.start(Job::new(Counter).options(|options| {
        if broken {
            options.listening.quiet = Duration::from_millis(1);
            options.listening.typing = Duration::from_millis(1);
        }
    }))?;
    let chat = scene.customer("Ada").await?;
    scene.pass_millis(3_000).await;
    scene.says(&chat, "a")?;
    scene.pass_millis(100 + scene.spread(1, 400)).await;
    scene.says(&chat, "b")?;
    // Longer than a pause between lines, but everybody sees that more is coming.
    scene.pass_millis(300).await;
    scene.centre().customer_types(&chat, true)?;
    scene.pass_millis(1_000 + scene.spread(2, 2_500)).await;
    scene.says(&chat, "c")?;
    scene.pass(judge::SOON).await;
    let said: Vec<String> = scene.said_by(BOT, &chat).into_iter().map(|(_, text)| text).collect();
    ensure!(said == ["3 lines: a | b | c"], "{chat}: answers to one burst: {said:?}");

    // Somebody who never stops is not kept waiting for ever.
    let began = scene.centre().now();
    for number in 0..15 {
        scene.says(&chat, &format!("and {number}"))?;
        scene.pass_millis(400).await;
        scene.centre().customer_types(&chat, true)?;
        scene.pass_millis(1_600).await;
    }
    let first = scene.said_by(BOT, &chat).into_iter().find(|(at, _)| *at > began);
    let (_, text) = first.with_context(|| format!("{chat}: no answer while they go on"))?;
    ensure!(!text.starts_with("1 lines"), "{chat}: cut too early: {text}");
    Ok(())
}

/// Takes so long, and says so.
struct Slow(Duration);

#[async_trait]
impl Bot for Slow {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        if let Event::Said(_) = turn.event() {
            tokio::time::sleep(self.0).await;
            turn.say("Here it is.").await?;
        }
        Ok(Next::Listen)
    }
}

async fn order_holds(scene: &mut Scene) -> Result<()> {
    a_day(scene, 20, |broken| Job::new(Answerer { backwards: broken, ..Answerer::default() }), 1).await?;
    nothing(&judge::out_of_order(&scene.log()))?;

    // A timer that runs out in the very moment of the answer does not speak after it.
    for early in 0..5 {
        scene.open(centre());
        scene.troubled(BOT);
        let wait = Duration::from_millis(8_000 + scene.spread(9, 3) - early);
        scene.start(Job::new(Slow(wait)).options(|options| {
            options.bot.patience = Duration::from_secs(8);
            options.bot.patience_words = "One moment, please.".into();
            options.pace.on = false;
        }))?;
        let chat = scene.customer("Ada").await?;
        scene.says(&chat, "what?")?;
        scene.is_told(&chat, "Here it is.", judge::SOON).await?;
        scene.pass(judge::SOON).await;
        let told = scene.centre().told(&chat);
        ensure!(told.last().is_some_and(|last| last == "Here it is."), "{chat}: out of order: {told:?}");
    }
    Ok(())
}

async fn replicas(scene: &mut Scene) -> Result<()> {
    scene.open(centre());
    scene.bad_day(BOT);
    let journal = Arc::default();
    let guard = scene.broken.then_some(Guard::Fencing);
    let job = || {
        Job::new(Answerer { thinks: Duration::from_secs(1), ..Answerer::default() }).journal(&journal).without(guard)
    };
    scene.start(job())?;
    let mut chats = Vec::new();
    for name in ["Ada", "Bo", "Cy", "Di"] {
        chats.push(scene.customer(name).await?);
    }
    for round in 0..4 {
        for chat in &chats {
            scene.says(chat, &format!("question {round}"))?;
            scene.pass_millis(scene.spread(round, 600)).await;
        }
        scene.pass_millis(scene.spread(round + 10, 3_000)).await;
        scene.start(job())?; // one more, with the same login; nobody has told the others
        for chat in &chats {
            scene.is_told(chat, &format!("About: question {round}"), judge::SOON).await?;
        }
    }
    scene.pass(judge::SOON).await;
    nothing(&judge::doubled(&scene.log()))?;
    nothing(&judge::unanswered(&scene.log()))
}

async fn nobody_keeps_a_list(scene: &mut Scene) -> Result<()> {
    scene.open(centre());
    scene.bad_day(BOT);
    let process = scene.start(Job::new(Answerer::default()))?;
    let mut chats = Vec::new();
    for name in ["Ada", "Bo", "Cy"] {
        let chat = scene.customer(name).await?;
        scene.says(&chat, "first")?;
        scene.is_told(&chat, "About: first", judge::SOON).await?;
        chats.push(chat);
    }
    process.kill();
    scene.says(&chats[0], "while you were away")?;
    scene.pass_millis(5_000 + scene.spread(1, 60_000)).await;
    // Another machine, with nothing on its disk.
    let job = Job::new(Answerer::default());
    scene.start(if scene.broken { job.through(adapter::without_chats) } else { job })?;
    scene.is_told(&chats[0], "About: while you were away", judge::SOON).await?;
    for chat in &chats {
        scene.says(chat, "second")?;
        scene.is_told(chat, "About: second", judge::SOON).await?;
    }
    nothing(&judge::doubled(&scene.log()))?;
    for chat in &chats {
        scene.centre().customer_leaves(chat)?;
    }
    scene.pass(judge::SOON).await;
    nothing(&judge::ghosts(&scene.log()))
}

async fn human_pace(scene: &mut Scene) -> Result<()> {
    const LONG: &str = "a long question whose answer repeats it, so that it takes its time to be typed, as it would for \
                        anybody at a keyboard";
    for on in [true, false] {
        scene.open(centre());
        scene.troubled(BOT);
        let switch = on != scene.broken;
        scene.start(Job::new(Answerer::default()).options(|options| options.pace.on = switch))?;
        let chat = scene.customer("Ada").await?;
        scene.pass_millis(5_000).await;
        let (mut short, mut long) = (Vec::new(), Vec::new());
        for round in 0..4 {
            short.push(ask(scene, &chat, &format!("{round}?")).await?);
            long.push(ask(scene, &chat, &format!("{round}: {LONG}")).await?);
        }
        let (short, long) = (short.into_iter().min().unwrap_or_default(), long.into_iter().min().unwrap_or_default());
        let typed =
            scene.centre().seen(&chat).iter().any(|entry| {
                matches!(entry.kind, EntryKind::TypingStarted) && matches!(entry.from.side, Side::Agent(_))
            });
        if on {
            ensure!(short >= Duration::from_millis(400), "{chat}: too fast: {short:?}");
            ensure!(long >= Duration::from_secs(2), "{chat}: too fast for so many words: {long:?}");
            ensure!(typed, "{chat}: nobody was seen typing");
        } else {
            ensure!(long <= Duration::from_millis(1_500), "{chat}: too slow: {long:?}");
            ensure!(!typed, "{chat}: somebody was seen typing");
        }
    }
    Ok(())
}

/// Asks something, and says how long the answer took.
async fn ask(scene: &Scene, chat: &ChatId, words: &str) -> Result<Duration> {
    scene.says(chat, words)?;
    let answer = judge::answer_to(words);
    scene.is_told(chat, &answer, judge::SOON).await?;
    let line = |wanted: &str, from_bot: bool| -> Option<Moment> {
        scene.first(chat, |event| match event {
            FactEvent::CustomerLine { text, .. } => !from_bot && text == wanted,
            FactEvent::AgentLine { text, .. } => from_bot && text == wanted,
            _ => false,
        })
    };
    let (asked, answered) = (line(words, false).context("asked")?, line(&answer, true).context("answered")?);
    scene.pass_millis(2_000).await;
    Ok(answered.since(asked))
}
