//! `attendant simulate --peak`: a day of a contact centre under each policy, in seconds.

mod bot;
mod day;
mod picture;
mod play;
mod report;
mod roster;
mod shape;

use std::path::PathBuf;
use std::sync::Arc;

use attendant::options::Place;
use attendant::peak::{self, Policy};
use clap::Args;
use tokio::task::JoinSet;

use self::day::{Day, Manners};
use self::play::Played;
use self::report::{Report, Row};
use self::shape::Shape;
use super::setting::Setting;
use crate::commands::Context;
use crate::exit::{ExitStatus, Failure};
use crate::output;

/// Fixed prices that are compared: people-first, bot-first, and what lies between.
const PRICES: [f64; 9] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0];

/// What `--peak` can be told.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "With --peak")]
#[group(id = "peak-arguments")]
pub struct Arguments {
    /// Play a day under each policy instead: people-first, bot-first, adaptive.
    #[arg(long)]
    pub peak: bool,

    /// Which day; the four published ones if nothing is said.
    #[arg(long, value_enum, requires = "peak")]
    day: Option<Shape>,

    /// How many customers come in a day, about.
    #[arg(long, default_value_t = 2000, requires = "peak", value_parser = clap::value_parser!(u32).range(10..=100_000))]
    chats: u32,

    /// The first seed.
    #[arg(long, default_value_t = 1, requires = "peak")]
    seed: u64,

    /// How many seeds; the table has the mean.
    #[arg(long, default_value_t = 1, requires = "peak", value_parser = clap::value_parser!(u16).range(1..=100))]
    seeds: u16,

    /// The share of customers who take a call-back when one is offered.
    #[arg(long, default_value_t = 0.0, requires = "peak", value_name = "SHARE")]
    call_backs: f64,

    /// The hours of people that are planned, as a share of the work that is expected for them.
    #[arg(long, default_value_t = 1.0, requires = "peak", value_name = "SHARE")]
    people: f64,

    /// Play fixed prices between people-first and bot-first too, and compare at equal minutes of people.
    #[arg(long, requires = "peak")]
    compare: bool,

    /// Draw the day under the adaptive policy, or the one that is named, into this file.
    #[arg(long, value_name = "FILE", requires = "peak")]
    svg: Option<PathBuf>,
}

/// One day to be played.
struct Job {
    shape: Shape,
    name: String,
    options: peak::Options,
    seed: u64,
}

/// Runs it.
pub async fn run(arguments: Arguments, setting: Setting, json: bool, context: Context) -> Result<ExitStatus, Failure> {
    if !(0.0..=1.0).contains(&arguments.call_backs) {
        return Err(Failure::usage(anyhow::anyhow!("--call-backs must be a share between 0 and 1")));
    }
    if !(0.1..=10.0).contains(&arguments.people) {
        return Err(Failure::usage(anyhow::anyhow!("--people must be a share between 0.1 and 10")));
    }
    let shapes = arguments.day.map_or(Shape::PUBLISHED.to_vec(), |shape| vec![shape]);
    let seeds: Vec<u64> = (0..u64::from(arguments.seeds)).map(|number| arguments.seed + number).collect();
    let manners = Manners { call_back: arguments.call_backs, people: arguments.people, ..Manners::default() };
    let setting = Arc::new(setting.plain(Some(simulator::guests::mark::QUEUED)));
    let mut policies = policies(setting.peak.as_ref());
    let named = policies.len();
    if arguments.compare {
        policies.extend(PRICES.map(|price| (format!("price {price}"), fixed(price, setting.peak.as_ref()))));
    }
    let mut jobs = Vec::new();
    for shape in &shapes {
        for (name, options) in &policies {
            for seed in &seeds {
                jobs.push(Job { shape: *shape, name: name.clone(), options: options.clone(), seed: *seed });
            }
        }
    }
    let played = play_all(jobs, arguments.chats as usize, manners, &setting, context.quiet).await?;
    let mut reports = Vec::new();
    for (shape, of_shape) in shapes.iter().zip(played.chunks(policies.len() * seeds.len())) {
        // A row for each policy, and in it one for each seed.
        let days: Vec<Vec<Row>> = of_shape
            .chunks(seeds.len())
            .zip(&policies)
            .map(|(days, (name, _))| days.iter().map(|day| Row::new(name, day)).collect())
            .collect();
        reports.push(Report::new(shape.name(), seeds.clone(), &days, named));
    }
    if let Some(file) = &arguments.svg {
        let panels: Vec<(&str, &Played)> = policies
            .iter()
            .take(named)
            .enumerate()
            .filter_map(|(place, (name, _))| Some((name.as_str(), played.get(place * seeds.len())?)))
            .collect();
        let svg = picture::draw(shapes.first().map_or("", |shape| shape.name()), &panels);
        std::fs::write(file, svg).map_err(|error| {
            Failure::new(ExitStatus::Failed, anyhow::Error::new(error).context(file.display().to_string()))
        })?;
    }
    if json {
        output::json(&reports)?;
    } else {
        for report in &reports {
            output::line(report.table())?;
        }
    }
    let alone = reports.iter().flat_map(|report| &report.rows).any(|row| row.left_alone > 0.0);
    Ok(if alone { ExitStatus::Failed } else { ExitStatus::Done })
}

/// The three policies, with what a configuration says of everything else; as they are when nobody sets anything, where
/// there is none.
fn policies(own: Option<&peak::Options>) -> Vec<(String, peak::Options)> {
    // The modelled bot is honest about its doubt all the way up.
    let usual = peak::Options { unsure_below: 0.9, ..peak::Options::default() };
    let own = own.cloned().unwrap_or(usual);
    let of = |policy| {
        let to = own.to.clone().unwrap_or_else(|| Place::skill(bot::SKILL));
        peak::Options { policy, fixed_price: None, to: Some(to), ..own.clone() }
    };
    [("people-first", Policy::PeopleFirst), ("bot-first", Policy::BotFirst), ("adaptive", Policy::Adaptive)]
        .map(|(name, policy)| (name.to_owned(), of(policy)))
        .to_vec()
}

fn fixed(price: f64, own: Option<&peak::Options>) -> peak::Options {
    let options = policies(own).swap_remove(0).1;
    peak::Options { fixed_price: Some(price), ..options }
}

/// Plays every day on threads of its own, two at a time; the results come in the order of the jobs.
async fn play_all(
    jobs: Vec<Job>,
    chats: usize,
    manners: Manners,
    setting: &Arc<Setting>,
    quiet: bool,
) -> Result<Vec<Played>, Failure> {
    let progress = output::progress(jobs.len() as u64, "playing days", quiet);
    let count = jobs.len();
    let mut waiting = jobs.into_iter().enumerate();
    let mut playing = JoinSet::new();
    let mut done: Vec<Option<Played>> = (0..count).map(|_| None).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    loop {
        while playing.len() < threads {
            let Some((place, job)) = waiting.next() else { break };
            let setting = Arc::clone(setting);
            playing.spawn_blocking(move || {
                let day = Day::draw(job.shape, chats, &manners, job.seed);
                let played = play::play(&day, &job.options, &manners, &setting, job.seed);
                (
                    place,
                    played.map_err(|error| {
                        error.context(format!("{}, {}, seed {}", job.shape.name(), job.name, job.seed))
                    }),
                )
            });
        }
        let Some(ended) = playing.join_next().await else { break };
        let (place, played) = ended.map_err(|error| Failure::new(ExitStatus::Failed, error))?;
        done[place] = Some(played.map_err(|error| Failure::new(ExitStatus::Failed, error))?);
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(done.into_iter().flatten().collect())
}
