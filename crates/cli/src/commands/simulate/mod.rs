//! `attendant simulate`: simulated customers ask real questions through real sockets, and the answers are counted; or, with
//! `--peak`, whole days of a contact centre under each policy for busy hours.

mod crowd;
mod customer;
mod judge;
mod peak;
mod questions;
mod report;
mod setting;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use attendant::{Bot, Journal, MemoryJournal, Options, Rehearsal};
use clap::Args;
use faq_bot::bot::WhenUnsure;
use faq_bot::{FaqBot, KnowledgeBase};
use simulator::model::FactEvent;
use simulator::{AgentProfile, Centre, QueueProfile, Script, Server};
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::crowd::Behaviour;
use self::customer::Door;
use self::judge::{Faults, Speaker, Spoken};
use self::questions::Question;
use self::report::Report;
use self::setting::Setting;
use super::Context;
use crate::exit::{ExitStatus, Failure};
use crate::fleet::Fleet;
use crate::wiring::Seats;
use crate::{output, wiring};

/// The name that the bots show in chats.
const BOT: &str = "Robo";
const PASSWORD: &str = "simulated";
/// Questions, each with what the bot says to it when asked alone.
type Expected = HashMap<String, Vec<String>>;

/// How long the bots may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Let simulated customers ask real questions through real sockets, and count the answers.
#[derive(Debug, Args)]
#[command(after_help = "\
Trains the FAQ bot on one file, starts the simulator and some bot logins on loopback, and lets
simulated customers ask every question of the other file over the customer chat API. The bots
hear of them by CometD and answer by REST, as on a real server. Each line of a file is a
question, a tab, and the label of its answer. Whether every line was answered, once, in order,
is judged by the simulator's own log. The exit status is 1 if that is not so.

With --config, the rules of one of its bots stand around the bot, handoffs are weighed as its
[peak] says, and chats are held as its [conversation] says, but for human pace. There are people
for every skill, queue and agent that it hands over to.

Examples:
  attendant simulate --train train.tsv --ask test.tsv
  attendant simulate --train train.tsv --ask test.tsv --family chats --transport websocket --json
  attendant simulate --peak --day bank --svg bank.svg
  attendant simulate --peak --compare --seeds 5
  attendant simulate --peak --config attendant.toml --bot shop")]
pub struct Arguments {
    /// What the FAQ bot learns from.
    #[arg(long, value_name = "FILE", required_unless_present = "peak")]
    train: Option<PathBuf>,

    /// What the customers ask.
    #[arg(long, value_name = "FILE", required_unless_present = "peak")]
    ask: Option<PathBuf>,

    #[command(flatten)]
    days: peak::Arguments,

    /// Take the rules, the policy for busy hours and the conversation's settings of this configuration. No login is used.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Whose rules, where the configuration has several bots.
    #[arg(long, value_name = "NAME", requires = "config")]
    bot: Option<String>,

    /// Which endpoint family the bots use.
    #[arg(long, value_enum, default_value_t = super::Family::Interactions)]
    family: super::Family,

    /// How the bots are notified.
    #[arg(long, value_enum, default_value_t = Transport::LongPolling)]
    transport: Transport,

    /// How many bot logins.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    logins: u16,

    /// How many customers at once.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    customers: u16,

    /// How many questions a chat has.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    questions_a_chat: u16,

    /// Ask only this many questions, from the top.
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,

    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

impl Arguments {
    /// Whether days are played.
    pub fn is_played(&self) -> bool {
        self.days.peak
    }
}

/// How bots are notified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Transport {
    /// A held HTTP request.
    LongPolling,
    /// One socket.
    Websocket,
}

/// Runs it.
pub async fn run(arguments: Arguments, context: Context) -> Result<ExitStatus, Failure> {
    let setting = match &arguments.config {
        Some(file) => Setting::load(file, arguments.bot.as_deref())?,
        None => Setting::default(),
    };
    if arguments.days.peak {
        return peak::run(arguments.days, setting, arguments.json, context).await;
    }
    let setting = setting.plain(None);
    let file = |file: &Option<PathBuf>| file.clone().unwrap_or_default();
    let train = questions::read(&file(&arguments.train))?;
    let mut ask = questions::read(&file(&arguments.ask))?;
    ask.truncate(arguments.limit.unwrap_or(usize::MAX));

    let working = output::progress(1, "training", context.quiet);
    let begun = Instant::now();
    let base =
        KnowledgeBase::from_pairs(train.iter().map(|pair| (&*pair.text, &*pair.label))).map_err(Failure::usage)?;
    let behaviour = faq_bot::bot::Options { when_unsure: WhenUnsure::HandOver, ..Default::default() };
    let bot = Arc::new(FaqBot::with_options(base, behaviour.clone()).map_err(Failure::usage)?);
    let training = begun.elapsed();
    working.finish_and_clear();

    let customers = usize::from(arguments.customers);
    let logins = usize::from(arguments.logins);
    let centre = centre(logins, customers, &setting);
    let server = Server::start(simulator::Options::default().with_centre(centre))
        .await
        .map_err(|error| Failure::new(ExitStatus::Failed, error))?;
    let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
    let ruled: Arc<dyn Bot> = Arc::new(setting.rules.clone().around(Arc::clone(&bot)));
    let seats = seats(&server, &arguments, &setting, &ruled)?;
    let mut fleet = Fleet::start(seats.all, &journal, Duration::ZERO)?;
    // Ends with this function.
    let mut companions = JoinSet::new();
    if let Some(photographer) = seats.photographer {
        companions.spawn(photographer.run());
    }
    fleet.ready(READY_WITHIN).await?;

    let door = Door {
        http: super::http_client()?,
        base: server.base_url(),
        contact_centre: server.contact_center_id(),
        endpoint: "Environment:chat_in".to_owned(),
    };
    let crowd = Behaviour {
        customers,
        questions_a_chat: usize::from(arguments.questions_a_chat),
        patience: Duration::from_secs(30),
        bot: BOT.to_owned(),
    };
    let expected = Arc::new(expected(&bot, &behaviour, &setting, &ask).await);
    let alone = Arc::clone(&expected);
    let answers = move |text: &str| alone.get(text).map_or(1, |lines| lines.len().max(1));
    let labels: Arc<HashSet<String>> = Arc::new(train.iter().map(|pair| pair.label.clone()).collect());
    let is_answer = move |text: &str| labels.contains(text);
    let progress = output::progress(ask.len() as u64, "asking", context.quiet);
    let begun = Instant::now();
    let seen = crowd::ask_all(&door, ask, &crowd, is_answer, answers, &progress).await?;
    let took = begun.elapsed();
    progress.finish_and_clear();

    fleet.drain();
    let ended = fleet.wait().await;
    if let Some((login, error)) = ended.failed.into_iter().next() {
        return Err(crate::fleet::refused(&login, error));
    }
    let faults = judge_all(&server, &expected);
    server.shutdown().await;

    let report = Report::new(&seen, faults, training, took);
    if arguments.json {
        output::json(&report)?;
    } else {
        output::line(report.table())?;
    }
    Ok(if report.is_clean() { ExitStatus::Done } else { ExitStatus::Failed })
}

/// Bots that take every customer, and people with room for all who want one.
fn centre(logins: usize, customers: usize, setting: &Setting) -> Centre {
    let mut centre = Centre::default()
        .with_queue(QueueProfile::new("chat_in").needing("self-service"))
        .with_queue(QueueProfile::new("service").needing("service"));
    for number in 0..logins {
        let profile = AgentProfile::new(user(number), PASSWORD).skilled("self-service").capacity(customers);
        centre = centre.with_agent(profile);
    }
    let script = Script {
        accept_after: Duration::ZERO,
        answer_after: Duration::ZERO,
        wrap_up: Duration::ZERO,
        greeting: "Hello, this is {name}.".into(),
        ..Script::default()
    };
    let mut person = AgentProfile::new("nora", PASSWORD).named("Nora", "Linden").skilled("service");
    for skill in setting.skills() {
        person = person.skilled(skill);
    }
    let centre = centre.with_agent(person.capacity(customers * 2).scripted(script.clone()));
    setting.staffed(centre, "service", &script)
}

fn user(number: usize) -> String {
    format!("bot-{number:02}")
}

fn seats(
    server: &simulator::Handle,
    arguments: &Arguments,
    setting: &Setting,
    bot: &Arc<dyn Bot>,
) -> Result<Seats, Failure> {
    let mut options = super::gws_options(server, arguments.family)?;
    options.transports = vec![match arguments.transport {
        Transport::LongPolling => bayeux::TransportKind::LongPolling,
        Transport::Websocket => bayeux::TransportKind::WebSocket,
    }];
    let client = gws::Client::new(options).map_err(Failure::usage)?;
    let mut conversation = Options { nickname: BOT.to_owned(), ..setting.conversation.clone() };
    // Measured is the machinery, not human pace: a customer's line is answered at once.
    conversation.pace.on = false;
    conversation.listening.quiet = Duration::ZERO;
    let logins = (0..usize::from(arguments.logins))
        .map(|number| wiring::gws_login(&client, gws::Credentials::new(user(number), PASSWORD)))
        .map(|platform| wiring::Manned { platform, name: BOT, bot: Arc::clone(bot), options: conversation.clone() });
    wiring::seated(logins.collect(), setting.peak.as_ref(), &setting.people, None)
}

/// What the bot says to each question when asked alone: the ground on which a second answer, or one at another's place, is
/// found. A line with two questions in it gets two answers.
async fn expected(bot: &FaqBot, behaviour: &faq_bot::bot::Options, setting: &Setting, ask: &[Question]) -> Expected {
    let mut expected = HashMap::new();
    for question in ask {
        let alone = FaqBot::on(bot.live().clone(), behaviour.clone());
        let replies = Rehearsal::new(alone).rules(setting.rules.clone()).start().await.say(&question.text).await;
        expected.insert(question.text.clone(), replies);
    }
    expected
}

fn judge_all(server: &simulator::Handle, expected: &Expected) -> Faults {
    let mut chats: BTreeMap<String, Vec<(u64, Spoken)>> = BTreeMap::new();
    let log = server.log();
    for fact in log.facts() {
        let (index, who, text) = match &fact.event {
            FactEvent::CustomerLine { index, text } => (*index, Speaker::Customer, text),
            FactEvent::AgentLine { index, text, agent, visibility }
                if *visibility == simulator::model::Visibility::All =>
            {
                let who = if agent.as_str().starts_with("bot-") { Speaker::Bot } else { Speaker::Person };
                (*index, who, text)
            }
            _ => continue,
        };
        chats.entry(fact.chat.as_str().to_owned()).or_default().push((index, Spoken { who, text: text.clone() }));
    }
    let mut all = Faults::default();
    for mut lines in chats.into_values() {
        lines.sort_by_key(|(index, _)| *index);
        let lines: Vec<Spoken> = lines.into_iter().map(|(_, line)| line).collect();
        all.add(judge::judge(&lines, |text| expected.get(text).map(Vec::as_slice)));
    }
    all
}
