//! Plays one day under one policy: the real runtime, the real layer and the real machine on virtual time, in the
//! simulator's centre.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use attendant::availability::Availability as _;
use attendant::peak::{self, Peak};
use attendant::{Bot, MemoryJournal, Service, Target, UnixMillis};
use simulator::guests::{self, mark};
use simulator::in_process;
use simulator::model::{Fact, FactEvent, Moment, Presence};
use simulator::{AgentProfile, Centre, QueueProfile, Script, Then, Visit};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::bot::{Modelled, SKILL};
use super::day::{Day, Manners};
use super::roster::AFTER_CALL;
use crate::commands::simulate::setting::Setting;

/// Midnight of a day.
const START: Moment = Moment(1_700_006_400_000);
/// The bot logins, and how many chats each may have.
const BOTS: [&str; 2] = ["bot-1", "bot-2"];
const CAPACITY: usize = 300;
/// How often a picture is taken.
pub const SAMPLE: Duration = Duration::from_secs(300);

/// What a day gave.
#[derive(Debug, Clone)]
pub struct Played {
    /// One a customer.
    pub visits: Vec<Visit>,
    /// How long people worked, call-backs included.
    pub work: Duration,
    /// Transfers and invitations that failed.
    pub failed: usize,
    /// One every [`SAMPLE`].
    pub samples: Vec<Sample>,
}

/// How things stood at a moment.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub struct Sample {
    /// Customers who came since the last one.
    pub arrivals: usize,
    /// Chats that wait for a person.
    pub queue: u32,
    /// People with a chat.
    pub busy: u32,
    /// People who are ready.
    pub ready: u32,
    /// Chats of the bots.
    pub bots: usize,
}

/// Plays a day.
pub fn play(
    day: &Day,
    options: &peak::Options,
    manners: &Manners,
    setting: &Setting,
    seed: u64,
) -> anyhow::Result<Played> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(run(day, options, manners, setting, seed))
}

fn centre(day: &Day, setting: &Setting) -> Centre {
    let mut centre = Centre::default()
        .with_queue(QueueProfile::new("chat_in").needing("bot"))
        .with_queue(QueueProfile::new("people").needing(SKILL));
    for bot in BOTS {
        centre = centre.with_agent(AgentProfile::new(bot, "").skilled("bot").capacity(CAPACITY));
    }
    let script = Script {
        greeting: format!("{{name}} here. {}", mark::PERSON),
        then: Then::Complete,
        talk_key: Some(guests::TALK_KEY.to_owned()),
        wrap_up: AFTER_CALL,
        ..Script::default()
    };
    for user in &day.people {
        let mut person = AgentProfile::new(user, "").skilled(SKILL).scripted(script.clone());
        for skill in setting.skills() {
            person = person.skilled(skill);
        }
        centre = centre.with_agent(person);
    }
    setting.staffed(centre, SKILL, &script)
}

/// The words that guests understand.
fn marked(options: &peak::Options) -> peak::Options {
    let words = |words: &str| words.to_owned();
    let words = peak::Words {
        put_off: words("All are busy. Tell me more."),
        offer_call_back: words(mark::NUMBER),
        nobody: words("Nobody is here now."),
        early: words(mark::QUEUED),
        wait: String::new(),
        line: words(mark::QUEUED),
        line_news: words(mark::ASIDE),
        call_back_noted: words(mark::NOTED),
        ..peak::Words::default()
    };
    peak::Options { words, ..options.clone() }
}

async fn run(
    day: &Day,
    options: &peak::Options,
    manners: &Manners,
    setting: &Setting,
    seed: u64,
) -> anyhow::Result<Played> {
    let open = in_process::Options { start: START, ..in_process::Options::default() };
    let handle = in_process::open(open.with_centre(centre(day, setting)).with_seed(seed));
    for user in &day.people {
        handle.plan(Duration::ZERO, user, Presence::LoggedOut);
    }
    for (at, user, presence) in &day.roster {
        handle.plan(at.max(&Duration::from_secs(1)).to_owned(), user, *presence);
    }
    handle.expect(day.guests.iter().cloned());
    let people = handle.people(Some(manners.talk));
    let layer =
        Peak::around(Arc::new(setting.rules.clone().around(Modelled)), marked(options), Arc::new(people.clone()))
            .map_err(|wrong| anyhow::anyhow!("{wrong:?}"))?;
    let layer = Arc::new(layer);
    let bot: Arc<dyn Bot> = layer.clone();
    let stop = CancellationToken::new();
    let (mut services, mut handles) = (JoinSet::new(), Vec::new());
    for (number, user) in (0u64..).zip(BOTS) {
        let login = handle.login(user).context("a bot has no login")?;
        let mut conversation = setting.conversation.clone();
        conversation.pace.on = false;
        conversation.offers.most = CAPACITY;
        let journal = Arc::new(MemoryJournal::new());
        let (service, watch) = Service::new(Arc::new(login), bot.clone(), journal, conversation)
            .map_err(|wrong| anyhow::anyhow!("{wrong:?}"))?;
        layer.count_in(watch.watch());
        let service = service.reproducible(UnixMillis(i64::try_from(START.0)?), seed ^ (number << 32));
        services.spawn(service.run(stop.clone(), CancellationToken::new()));
        handles.push(watch);
    }
    let target = Target::Skill(SKILL.to_owned());
    let (mut samples, mut came) = (Vec::new(), 0);
    while handle.visitors() > 0 || samples.len() < 288 {
        anyhow::ensure!(samples.len() < 3 * 288, "the customers never leave");
        tokio::time::sleep(SAMPLE).await;
        let until = SAMPLE * u32::try_from(samples.len() + 1)?;
        let so_far = day.guests.partition_point(|(at, _)| *at <= until);
        let there = people.people(&target).unwrap_or_default();
        samples.push(Sample {
            arrivals: so_far - came,
            queue: there.queue.unwrap_or(0),
            busy: there.busy,
            ready: there.ready,
            bots: handles.iter().map(|watch| watch.status().chats).sum(),
        });
        came = so_far;
    }
    stop.cancel();
    while let Some(ended) = services.join_next().await {
        ended??;
    }
    let (visits, log) = (handle.visits(), handle.log());
    let called: Duration =
        visits.iter().filter(|visit| visit.end == guests::End::CallBack).map(|visit| visit.talk).sum();
    Ok(Played {
        work: work(log.facts()) + called,
        failed: log.facts().filter(|fact| matches!(&fact.event, FactEvent::Failed { .. })).count(),
        visits,
        samples,
    })
}

/// From each taken offer of a person to its completion.
fn work<'a>(facts: impl Iterator<Item = &'a Fact>) -> Duration {
    let mut since: BTreeMap<(String, String), Moment> = BTreeMap::new();
    let mut sum = Duration::ZERO;
    for fact in facts {
        let key = |agent: &simulator::model::AgentName| (fact.chat.as_str().to_owned(), agent.as_str().to_owned());
        match &fact.event {
            FactEvent::Accepted { agent } if !BOTS.contains(&agent.as_str()) => drop(since.insert(key(agent), fact.at)),
            FactEvent::Completed { agent } | FactEvent::Revoked { agent } => {
                if let Some(at) = since.remove(&key(agent)) {
                    sum += fact.at.since(at);
                }
            }
            _ => {}
        }
    }
    sum
}
