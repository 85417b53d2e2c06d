//! The real runtime against the in-process centre, on virtual time from one seed: bots, people, customers, faults, crashes.
//! Judged by the centre's own log. A failing seed is printed; the same seed gives the same run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use attendant::{Bot, BotError, Event, Guard, Handoff, MemoryJournal, Next, Service, Turn, UnixMillis, async_trait};
use libtest_mimic::{Failed, Trial};
use simulator::faults::Kind;
use simulator::in_process::{self, Handle};
use simulator::model::{Fact, FactEvent, Moment};
use simulator::{AgentProfile, Centre, Fault, Log, QueueProfile, Script, Then, Traffic, Visitor};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub fn trials() -> Vec<Trial> {
    let trial = |name: &str, run: fn() -> Result<()>| {
        Trial::test(format!("deterministic::{name}"), move || run().map_err(|error| Failed::from(format!("{error:#}"))))
    };
    vec![
        trial("one_seed_gives_one_run_byte_for_byte", one_seed_gives_one_run),
        trial("every_line_is_answered_once_and_in_order_on_a_good_day", on_a_good_day),
        trial("every_line_is_answered_once_and_in_order_whatever_fails", whatever_fails),
        trial("every_line_is_answered_once_and_in_order_whoever_crashes", whoever_crashes),
        trial("the_judge_sees_a_bot_that_is_wrong", the_judge_sees),
        trial("the_judge_sees_a_runtime_without_its_guards", the_judge_misses_the_guards),
    ]
}

/// What a bot does wrong, to show that it would be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    Forgets,
    Repeats,
    Swaps,
}

/// Says one thing about each line, so that each answer can be told apart; hands over who asks for a human.
struct Answerer(Flaw);

#[async_trait]
impl Bot for Answerer {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        match turn.event() {
            Event::Started => turn.say("Hello.").await?,
            Event::Said(said) => {
                let mut answers: Vec<String> = said.lines().iter().map(|line| answer_to(line)).collect();
                match self.0 {
                    Flaw::None => {}
                    Flaw::Forgets => answers = vec!["Well.".to_owned()],
                    Flaw::Repeats => answers.extend(answers.clone()),
                    Flaw::Swaps => answers.reverse(),
                }
                for answer in answers {
                    turn.say(answer).await?;
                }
                if said.contains("human") {
                    return Ok(Next::HandOff(Handoff::to_skill("service").note("wants a person")));
                }
            }
            Event::HandoffFailed(_) => turn.say("Nobody is free right now.").await?,
            Event::Silent(_) => return Ok(Next::finish("silent")),
            _ => {}
        }
        Ok(Next::Listen)
    }
}

fn answer_to(line: &str) -> String {
    format!("About: {line}")
}

const BOTS: [&str; 2] = ["bot-1", "bot-2"];
const START: Moment = Moment(1_700_000_000_000);

/// What one run is made of.
#[derive(Clone, Copy)]
struct Story {
    seed: u64,
    visitors: usize,
    faults: bool,
    /// How often each bot's process is killed.
    crashes: usize,
    flaw: Flaw,
    /// Taken out of the runtime, to show that it would be missed.
    without: Option<Guard>,
}

impl Story {
    fn new(seed: u64) -> Self {
        Self { seed, visitors: 60, faults: false, crashes: 0, flaw: Flaw::None, without: None }
    }
}

fn centre() -> Centre {
    let script = Script { then: Then::Complete, ..Script::default() };
    let mut centre = Centre::default()
        .with_queue(QueueProfile::new("chat_in").needing("bot"))
        .with_queue(QueueProfile::new("people").needing("service"));
    for bot in BOTS {
        centre = centre.with_agent(AgentProfile::new(bot, "").skilled("bot").capacity(30));
    }
    for person in ["grace", "linus", "ada"] {
        centre =
            centre.with_agent(AgentProfile::new(person, "").skilled("service").capacity(4).scripted(script.clone()));
    }
    centre
}

fn let_things_go_wrong(handle: &Handle) {
    let faults = handle.faults();
    for (kind, chance) in [
        (Kind::LoseAnswer, 0.02),
        (Kind::InternalError, 0.02),
        (Kind::Unavailable { retry_after: Some(1) }, 0.02),
        (Kind::Slow { millis: 3000 }, 0.02),
        (Kind::Duplicate, 0.05),
        (Kind::Reorder, 0.05),
        // Longer than a burst of lines is gathered: a line that was overtaken shows as a hole in the indexes.
        (Kind::Delay { millis: 900 }, 0.05),
        (Kind::DropSession, 0.002),
        (Kind::WithdrawOffer, 0.02),
        (Kind::FailJoin, 0.02),
        (Kind::CustomerLeaves, 0.005),
        (Kind::NeverJoin, 0.05),
        (Kind::SkipIndex { by: 3 }, 0.05),
    ] {
        faults.add(Fault::new(kind).chance(chance));
    }
}

/// Runs a story to its end; the centre's log.
fn run(story: Story) -> Result<Log> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(async {
        let options = in_process::Options { start: START, ..in_process::Options::default() };
        let handle = in_process::open(options.with_centre(centre()).with_seed(story.seed));
        if story.faults {
            let_things_go_wrong(&handle);
        }
        let traffic = Traffic { visitors: story.visitors, every: Duration::from_secs(1), ..Traffic::default() };
        // Everybody stays long enough after the last answer for a missing one to be seen.
        handle.invite(
            traffic.draw(story.seed).into_iter().map(|(after, visitor)| (after, Visitor { linger: STAY, ..visitor })),
        );
        let over = CancellationToken::new();
        let mut bots = JoinSet::new();
        for (number, user) in BOTS.into_iter().enumerate() {
            bots.spawn(keep_running(handle.clone(), user, story, number as u64, over.clone()));
        }
        let gone = async {
            while handle.visitors() > 0 {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(24 * 3600), gone).await.context("the customers never leave")?;
        over.cancel();
        while let Some(bot) = bots.join_next().await {
            bot.context("a bot's task failed")??;
        }
        Ok(handle.log())
    })
}

/// A process that is killed now and then, and started again with what its journal has.
async fn keep_running(handle: Handle, user: &str, story: Story, number: u64, over: CancellationToken) -> Result<()> {
    let journal = Arc::new(MemoryJournal::new());
    for life in 0..=story.crashes {
        let login = handle.login(user).with_context(|| format!("no login {user}"))?;
        let options = attendant::Options::default();
        let (service, _watch) = Service::new(Arc::new(login), Arc::new(Answerer(story.flaw)), journal.clone(), options)
            .map_err(|wrong| anyhow::anyhow!("{wrong:?}"))?;
        let now = UnixMillis(i64::try_from(handle.now().0)?);
        let mut service = service.reproducible(now, story.seed ^ (number << 32) ^ life as u64);
        if let Some(guard) = story.without {
            service = service.without(guard);
        }
        let running = service.run(over.clone(), CancellationToken::new());
        if life == story.crashes {
            running.await?;
            return Ok(());
        }
        // Killed in the middle of whatever it was doing: the future is dropped. The moments differ from bot to bot.
        let spread = (story.seed.wrapping_mul(7919) + number * 613 + life as u64 * 131) % 20_000;
        let lifetime = Duration::from_millis(5_000 + spread);
        tokio::select! {
            biased;
            ended = running => { ended?; return Ok(()); }
            () = tokio::time::sleep(lifetime) => {}
        }
    }
    Ok(())
}

/// How long customers stay after the last answer: longer than an answer may take.
const STAY: Duration = Duration::from_secs(120);
/// How long a customer may wait for the answer to a line before it counts as unanswered.
const SOON: Duration = Duration::from_secs(90);

/// What is wrong with a run, by the log alone.
fn judge(log: &Log) -> Vec<String> {
    let mut chats: BTreeMap<&str, Vec<&Fact>> = BTreeMap::new();
    for fact in log.facts() {
        chats.entry(fact.chat.as_str()).or_default().push(fact);
    }
    chats
        .iter()
        .flat_map(|(chat, facts)| judge_chat(facts).into_iter().map(move |wrong| format!("{chat}: {wrong}")))
        .collect()
}

fn is_bot(agent: &simulator::model::AgentName) -> bool {
    BOTS.contains(&agent.as_str())
}

fn judge_chat(facts: &[&Fact]) -> Vec<String> {
    let mut wrong = Vec::new();
    let end = facts.last().map_or(START, |fact| fact.at);
    let mut last_place = 0;
    for (line_place, fact) in facts.iter().enumerate() {
        let FactEvent::CustomerLine { text, .. } = &fact.event else { continue };
        // From here on somebody else speaks, or is being looked for.
        let handed_over = facts.iter().enumerate().any(|(place, other)| match &other.event {
            FactEvent::Transferred { .. } => place < line_place || other.at.since(fact.at) < SOON,
            FactEvent::Accepted { agent } => !is_bot(agent),
            _ => false,
        });
        let wanted = answer_to(text);
        let answers = facts
            .iter()
            .enumerate()
            .filter(|(_, other)| matches!(&other.event, FactEvent::AgentLine { text, .. } if *text == wanted));
        let places: Vec<usize> = answers.map(|(place, _)| place).collect();
        match places[..] {
            [] if !handed_over && end.since(fact.at) > SOON => wrong.push(format!("unanswered: {text}")),
            [] => {}
            [place] if place < last_place => wrong.push(format!("out of order: {text}")),
            [place] => last_place = place,
            _ => wrong.push(format!("answered {} times: {text}", places.len())),
        }
    }
    for bot in BOTS {
        let held = facts.iter().fold(false, |held, fact| match &fact.event {
            FactEvent::Accepted { agent } | FactEvent::JoinFailed { agent } if agent.as_str() == bot => true,
            FactEvent::Completed { agent } | FactEvent::Revoked { agent } if agent.as_str() == bot => false,
            _ => held,
        });
        if held {
            wrong.push(format!("a ghost: {bot} never completed it"));
        }
    }
    wrong
}

/// The story of a chat, for whoever has to find out.
fn tell(log: &Log, chat: &str) -> String {
    let lines = log.of_chat(chat).map(|fact| {
        let seconds = fact.at.since(START).as_secs_f64();
        format!("  {seconds:8.3} {}\n", serde_json::to_string(&fact.event).unwrap_or_default())
    });
    lines.collect()
}

fn must_be_right(story: Story) -> Result<()> {
    let log = run(story).with_context(|| format!("seed {}", story.seed))?;
    let wrong = judge(&log);
    let answers = log
        .facts()
        .filter(|fact| matches!(&fact.event, FactEvent::AgentLine { text, .. } if text.starts_with("About")));
    ensure!(answers.count() >= story.visitors / 2, "seed {}: hardly anybody was answered", story.seed);
    if let Some(first) = wrong.first() {
        let chat = first.split(':').next().unwrap_or_default();
        anyhow::bail!("seed {}: {} wrong, the first: {first}\n{}", story.seed, wrong.len(), tell(&log, chat));
    }
    Ok(())
}

fn on_a_good_day() -> Result<()> {
    (1..=5).try_for_each(|seed| must_be_right(Story::new(seed)))
}

fn whatever_fails() -> Result<()> {
    (1..=25).try_for_each(|seed| must_be_right(Story { faults: true, ..Story::new(seed) }))
}

fn whoever_crashes() -> Result<()> {
    (1..=25).try_for_each(|seed| must_be_right(Story { faults: true, crashes: 4, ..Story::new(seed) }))
}

fn one_seed_gives_one_run() -> Result<()> {
    let bytes = |seed| -> Result<String> {
        let log = run(Story { faults: true, crashes: 2, ..Story::new(seed) })?;
        log.facts().map(|fact| Ok(serde_json::to_string(fact)? + "\n")).collect()
    };
    let first = bytes(42)?;
    let again = bytes(42)?;
    if let Some((place, (one, other))) =
        first.lines().zip(again.lines()).enumerate().find(|(_, (one, other))| one != other)
    {
        anyhow::bail!("the runs part at fact {place}:\n{one}\n{other}");
    }
    ensure!(first == again, "one run is longer than the other");
    ensure!(first != bytes(43)?, "the seed decides nothing");
    Ok(())
}

fn the_judge_sees() -> Result<()> {
    for (flaw, words) in
        [(Flaw::Forgets, "unanswered"), (Flaw::Repeats, "answered 2 times"), (Flaw::Swaps, "out of order")]
    {
        let log = run(Story { flaw, ..Story::new(5) })?;
        let wrong = judge(&log);
        ensure!(wrong.iter().any(|one| one.contains(words)), "a bot that {flaw:?} is not seen: {wrong:?}");
    }
    Ok(())
}

fn the_judge_misses_the_guards() -> Result<()> {
    // The others need a journal that is slow, or several processes with one login: the runtime's own tests have both.
    for guard in [Guard::Matching, Guard::Dedupe] {
        let story = |seed| Story { faults: true, crashes: 4, without: Some(guard), ..Story::new(seed) };
        let seen = (1..=20).any(|seed| must_be_right(story(seed)).is_err());
        ensure!(seen, "nobody notices that {guard:?} is gone");
    }
    Ok(())
}
