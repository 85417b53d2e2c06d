//! How long matching and training take, and how large a model is.

#![expect(clippy::disallowed_methods, reason = "a stopwatch for computations: there is no clock to be made virtual")]

use std::path::Path;
use std::time::{Duration, Instant};

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::data::{Row, Set, read};
use super::{Error, Goal, Report, train};
use crate::matcher::{Matcher, Scratch};

/// Questions are asked so often, one after the other, and then again from the first.
const ROUNDS: usize = 5;

pub(super) fn measure(folder: &Path, report: &mut Report, progress: &mut impl FnMut(&str)) -> Result<(), Error> {
    progress("speed");
    let set = Set::clinc(folder, "full")?;
    let (took, matcher) = timed(|| train(&set.train, &set.outside_train))?;
    training(report, "150 answers × 100 examples", took, Goal::below(5.0, 2.0));
    let few = read(&folder.join("clinc150/fewshot.train_5.tsv"))?;
    let (took, _) = timed(|| train(&few, &[]))?;
    training(report, "150 answers × 5 examples", took, Goal::below(1.5, 0.3));
    latency(report, "latency, CLINC150 full", &matcher, &set.test, Goal::below(30.0, 12.0), Goal::below(150.0, 40.0));
    let bytes = matcher.to_bytes();
    report.add("model, CLINC150 full", "file", bytes.len() as f64 / 1e6, "MB", Goal::below(10.0, 5.0));
    report.add(
        "model, CLINC150 full",
        "memory while serving",
        matcher.memory() as f64 / 1e6,
        "MB",
        Goal::below(60.0, 30.0),
    );
    let (took, _) = timed(|| Ok(Matcher::from_bytes(&bytes)?))?;
    report.add("model, CLINC150 full", "loading", took.work() * 1e3, "ms", Goal::NONE);
    progress("10,000 answers");
    let large = made_up(10_000, 5);
    let (took, matcher) = timed(|| train(&large, &[]))?;
    training(report, "10,000 answers × 5 examples", took, Goal::below(60.0, 60.0));
    let asked: Vec<Row> = large.iter().step_by(17).cloned().collect();
    latency(report, "10,000 answers × 5 examples", &matcher, &asked, Goal::NONE, Goal::below(1_000.0, 1_000.0));
    Ok(())
}

/// How long something took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Took {
    /// By the clock, in seconds.
    pub clock: f64,
    /// Of a core, in seconds: what else the machine had to do does not count. Only Linux tells it.
    pub core: Option<f64>,
}

impl Took {
    /// What is judged: time of a core where it is told, else time by the clock.
    pub fn work(self) -> f64 {
        self.core.unwrap_or(self.clock)
    }
}

/// Time of a core is judged, for training has one thread; time by the clock stands beside it.
fn training(report: &mut Report, name: &str, took: Took, goal: Goal) {
    report.add("training, seconds of one core", name, took.work(), "s", goal);
    report.add("training, seconds of one core", &format!("{name}, by the clock"), took.clock, "s", Goal::NONE);
}

pub(super) fn timed<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<(Took, T), Error> {
    let (begin, core) = (Instant::now(), core_time());
    let outcome = work()?;
    let core = core_time().zip(core).map(|(after, before)| after.saturating_sub(before).as_secs_f64());
    Ok((Took { clock: begin.elapsed().as_secs_f64(), core }, outcome))
}

/// How long this thread has had a core.
fn core_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

fn latency(report: &mut Report, name: &str, matcher: &Matcher, rows: &[Row], middle: Goal, slow: Goal) {
    let mut scratch = Scratch::default();
    let mut rounds: Vec<[Duration; ROUNDS]> = vec![[Duration::ZERO; ROUNDS]; rows.len()];
    for round in 0..ROUNDS {
        for (row, times) in rows.iter().zip(&mut rounds) {
            let begin = Instant::now();
            std::hint::black_box(matcher.rank(&row.text, &mut scratch));
            times[round] = begin.elapsed();
        }
    }
    // The middle of each question's times: what a question costs, not what else the machine had to do meanwhile.
    let mut times: Vec<Duration> = rounds.iter_mut().map(|times| *times.select_nth_unstable(ROUNDS / 2).1).collect();
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
    report.add(name, "p50", at(0.5), "µs", middle);
    report.add(name, "p99", at(0.99), "µs", slow);
}

/// A large base of made-up words: each answer has a few words of its own among common ones.
pub(super) fn made_up(answers: usize, variants: usize) -> Vec<Row> {
    let mut random = SmallRng::seed_from_u64(7);
    let syllables =
        ["ka", "lo", "mi", "ter", "san", "vo", "ru", "pel", "nin", "dor", "fa", "gu", "sti", "bra", "con", "tes"];
    let mut word = |length: usize| -> String { (0..length).map(|_| syllables[random.random_range(0..16)]).collect() };
    let common: Vec<String> = (0..300).map(|index| word(1 + index % 3)).collect();
    let own: Vec<String> = (0..answers).map(|_| word(4)).collect();
    let mut rows = Vec::with_capacity(answers * variants);
    for (answer, own) in own.iter().enumerate() {
        for _ in 0..variants {
            let mut words: Vec<&str> =
                (0..random.random_range(4..9)).map(|_| common[random.random_range(0..common.len())].as_str()).collect();
            words.insert(random.random_range(0..words.len()), own);
            rows.push(Row { text: words.join(" "), label: format!("answer {answer}") });
        }
    }
    rows
}
