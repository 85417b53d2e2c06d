//! `attendant torture`: the runtime on virtual time, with everything going wrong, judged; or a crash certificate.

use std::fmt::Write as _;
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use tokio::time::Instant;
use torture::campaign::{Tally, on_every_core};
use torture::certificate::{self, Certificate, Plan};
use torture::{Shape, Shrunk, shrink, tell};
use tracing::subscriber::NoSubscriber;

use super::Context;
use crate::exit::{ExitStatus, Failure};
use crate::output::{self, BAD, GOOD, HEADING};

/// Torture the runtime on virtual time, and judge what it did.
#[derive(Debug, Args)]
#[command(after_help = "\
Bots, people and customers live through stories that follow from a seed: bursts, silences, customers who leave in the middle
of a turn, handoffs, chats that come back. The real runtime drives the bots, in a simulated contact centre, on a clock that
jumps to whatever happens next. With --faults the centre loses sessions and answers, is slow, tells things twice, late or out
of order; with --crashes processes are killed, or frozen and woken up after another one has taken over. The centre's own log
is judged: each line answered once, in order, handed over, or closed with words; silence beside a person; nothing left behind.

The same seed gives the same run, on any machine. When a promise is broken, the story is made as short as it can be, printed,
and the exit status is 1.

With --certificate, short stories are cut off at every boundary there is (before and after each append to the journal,
operation, call of a bot, timer), and at every pair of two.

Examples:
  attendant torture                                                a few thousand conversations
  attendant torture --seed 4711 --conversations 40 --crashes       one story again
  attendant torture --conversations 1000000 --faults --crashes     a million
  attendant torture --steps 50000000 --faults --json               as long as the runtime has come to so many boundaries
  attendant torture --certificate --seeds 3                        the crash certificate")]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub struct Arguments {
    /// The first seed. Each story has the next one.
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// How many conversations.
    #[arg(long, value_name = "COUNT", default_value = "10000")]
    conversations: NonZeroU64,

    /// End when processes have come to so many boundaries, whatever the conversations.
    #[arg(long, value_name = "COUNT")]
    steps: Option<NonZeroU64>,

    /// How many conversations a story has.
    #[arg(long, value_name = "COUNT", default_value = "40")]
    a_story: NonZeroUsize,

    /// Let things go wrong in the centre and in the journal.
    #[arg(long)]
    faults: bool,

    /// Kill and freeze processes.
    #[arg(long)]
    crashes: bool,

    /// Cut short stories off at every boundary, and at every pair of two.
    #[arg(long, conflicts_with_all = ["conversations", "steps", "a_story", "faults", "crashes", "seed"])]
    certificate: bool,

    /// With how many seeds the certificate is made.
    #[arg(long, value_name = "COUNT", default_value = "1", requires = "certificate")]
    seeds: NonZeroU64,

    /// Of the pairs of the certificate, take every so-manieth; 0 for none.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, requires = "certificate")]
    every_pair: u64,

    /// On how many threads. As many as there are cores, unless told otherwise.
    #[arg(long, value_name = "COUNT")]
    threads: Option<NonZeroUsize>,

    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

/// How often a story may be played while it is made shorter.
const SHRINKS: u32 = 3_000;

#[derive(Debug, Serialize)]
struct Report {
    #[serde(flatten)]
    tally: Tally,
    violations: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
    threads: usize,
    seconds: f64,
    conversations_a_second: f64,
    /// The first story with something wrong, made short.
    #[serde(skip_serializing_if = "Option::is_none")]
    shortest: Option<Short>,
}

#[derive(Debug, Serialize)]
struct Short {
    seed: u64,
    wrong: Vec<String>,
    story: String,
    chat: String,
}

/// Runs it.
pub async fn run(arguments: Arguments, context: Context) -> Result<ExitStatus, Failure> {
    // The work has threads of its own, each with a runtime of its own.
    let report =
        tokio::task::spawn_blocking(move || torture(&arguments, context).map(|report| (report, arguments.json)));
    let (report, json) = report.await.map_err(|error| Failure::new(ExitStatus::Failed, error))??;
    if json {
        output::json(&report)?;
    } else {
        output::line(report.table().trim_end())?;
    }
    Ok(if report.violations == 0 { ExitStatus::Done } else { ExitStatus::Failed })
}

fn torture(arguments: &Arguments, context: Context) -> Result<Report, Failure> {
    let cores = std::thread::available_parallelism().map_err(Failure::from)?;
    let threads = arguments.threads.unwrap_or(cores).get();
    let begun = Instant::now();
    let (tally, certificate) = if arguments.certificate {
        let certificate = certify(arguments, threads, context);
        (certificate.tally.clone(), Some(certificate.to_string()))
    } else {
        (tell_stories(arguments, threads, context), None)
    };
    let seconds = begun.elapsed().as_secs_f64();
    let shortest = tally.broken.first().and_then(|broken| quietly(|| shrink(&broken.story, SHRINKS)));
    let played = u32::try_from(tally.conversations).unwrap_or(u32::MAX);
    Ok(Report {
        violations: tally.violations(),
        certificate,
        threads,
        seconds,
        conversations_a_second: f64::from(played) / seconds.max(1e-9),
        shortest: shortest.map(|shrunk| Short::new(&shrunk)),
        tally,
    })
}

/// What the runtime logs of faults and crashes is no news here.
fn quietly<T>(work: impl FnOnce() -> T) -> T {
    tracing::subscriber::with_default(NoSubscriber::default(), work)
}

fn tell_stories(arguments: &Arguments, threads: usize, context: Context) -> Tally {
    let shape = Shape { visitors: arguments.a_story.get(), faults: arguments.faults, crashes: arguments.crashes };
    let stories = match arguments.steps {
        Some(_) => u64::MAX,
        None => arguments.conversations.get().div_ceil(arguments.a_story.get() as u64),
    };
    let length = arguments.steps.unwrap_or(arguments.conversations).get();
    let progress = output::progress(length, "torturing", context.quiet);
    let steps = AtomicU64::new(0);
    let play = |number| {
        let mut tally = Tally::default();
        tally.play(&shape.draw(arguments.seed.wrapping_add(number)));
        tally
    };
    let done = |seen: &Tally| {
        let so_far = steps.fetch_add(seen.boundaries, Ordering::Relaxed) + seen.boundaries;
        progress.inc(if arguments.steps.is_some() { seen.boundaries } else { seen.conversations });
        arguments.steps.is_none_or(|most| so_far < most.get())
    };
    let tally = quietly(|| on_every_core(stories, threads, play, done));
    progress.finish_and_clear();
    tally
}

fn certify(arguments: &Arguments, threads: usize, context: Context) -> Certificate {
    let (seeds, every_pair) = (arguments.seeds.get(), arguments.every_pair);
    let progress = output::progress(quietly(|| certificate::count(seeds)), "cutting off", context.quiet);
    let certificate = quietly(|| {
        certificate::certify(Plan { seeds, every_pair, threads }, |_| {
            progress.inc(1);
            true
        })
    });
    progress.finish_and_clear();
    certificate
}

impl Short {
    fn new(shrunk: &Shrunk) -> Self {
        Self {
            seed: shrunk.story.seed,
            wrong: shrunk.wrong.iter().map(ToString::to_string).collect(),
            story: tell(&shrunk.story),
            chat: shrunk.chat.clone(),
        }
    }
}

impl Report {
    fn table(&self) -> String {
        let tally = &self.tally;
        let row = |name: &str, value: String, remark: String| (name.to_owned(), value, remark);
        let rate = format!("{:.0} a second on {} threads", self.conversations_a_second, self.threads);
        let rows = [
            row("conversations", tally.conversations.to_string(), rate),
            row("stories", tally.stories.to_string(), String::new()),
            row("boundaries", tally.boundaries.to_string(), "appends, operations, calls of bots, timers".into()),
            row("crashes", tally.crashes.to_string(), "processes killed or frozen".into()),
            row("facts", tally.facts.to_string(), "judged".into()),
            row("violations", self.violations.to_string(), String::new()),
            row("time", format!("{:.1} s", Duration::from_secs_f64(self.seconds).as_secs_f64()), String::new()),
        ];
        let mut text = output::table(&rows);
        if let Some(certificate) = &self.certificate {
            let _ = writeln!(text, "\n{HEADING}{certificate}{HEADING:#}");
        }
        match &self.shortest {
            None if self.violations == 0 => {
                let _ = writeln!(text, "\n{GOOD}Every promise was kept.{GOOD:#}");
            }
            None => {}
            Some(short) => {
                for broken in &tally.broken {
                    let first = broken.wrong.first().map(ToString::to_string).unwrap_or_default();
                    let _ = writeln!(text, "\n{BAD}Broken with seed {}{BAD:#}: {first}", broken.story.seed);
                }
                let _ = writeln!(text, "\nThe first one, made shorter:\n");
                for wrong in &short.wrong {
                    let _ = writeln!(text, "{BAD}{wrong}{BAD:#}");
                }
                let _ = write!(text, "\n{}\n{}", short.story, short.chat);
            }
        }
        text
    }
}
