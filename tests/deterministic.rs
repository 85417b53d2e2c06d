//! The proof by simulation (`crates/torture`): the real runtime against the in-process centre, on virtual time from one seed.
//! A failing story is made shorter and printed; the same story gives the same run.

use anyhow::{Result, bail, ensure};
use attendant::Guard;
use libtest_mimic::{Failed, Trial};
use torture::campaign::{Tally, on_every_core};
use torture::certificate::{self, Plan};
use torture::{Flaw, Rule, Shape, Story, guards, judge, run, shrink, tell};

pub fn trials() -> Vec<Trial> {
    let trial = |name: &str, run: fn() -> Result<()>| {
        Trial::test(format!("deterministic::{name}"), move || run().map_err(|error| Failed::from(format!("{error:#}"))))
    };
    let mut trials = vec![
        trial("one_seed_gives_one_run_byte_for_byte", one_seed_gives_one_run),
        trial("every_promise_is_kept_on_a_good_day", on_a_good_day),
        trial("every_promise_is_kept_whatever_fails", whatever_fails),
        trial("every_promise_is_kept_whoever_crashes", whoever_crashes),
        trial("every_promise_is_kept_wherever_a_process_is_cut_off", wherever_it_is_cut_off),
        trial("the_judge_sees_a_bot_that_is_wrong", the_judge_sees),
        trial("a_story_that_fails_is_made_short", a_story_is_made_short),
        trial("a_crowd_with_faults_and_crashes_is_made_short", a_crowd_is_made_short),
    ];
    trials.extend(Guard::ALL.map(|guard| {
        Trial::test(format!("deterministic::without_the_guard_{guard:?}_a_promise_is_broken"), move || {
            a_guard_is_missed(guard).map_err(|error| Failed::from(format!("{error:#}")))
        })
    }));
    trials
}

const GOOD_DAY: Shape = Shape { visitors: 20, faults: false, crashes: false };
const FAULTS: Shape = Shape { faults: true, ..GOOD_DAY };
const CRASHES: Shape = Shape { crashes: true, ..FAULTS };
/// Two threads: the suite has other things to do.
const THREADS: usize = 2;

/// Nothing is broken; else the first story that is, made shorter.
fn all_is_well(tally: &Tally) -> Result<()> {
    let Some(broken) = tally.broken.first() else { return Ok(()) };
    let first = &broken.wrong[0];
    match shrink(&broken.story, 400) {
        Some(short) => {
            bail!("seed {}: {first}\nmade shorter:\n{}\n{}", broken.story.seed, tell(&short.story), short.chat)
        }
        None => bail!("seed {}: {first}, and not when it is played again", broken.story.seed),
    }
}

fn must_be_right(shape: Shape, stories: u64) -> Result<()> {
    let play = |number| {
        let mut tally = Tally::default();
        let _ = tally.play(&shape.draw(number + 1));
        tally
    };
    let tally = on_every_core(stories, THREADS, play, |_| true);
    all_is_well(&tally)?;
    ensure!(tally.stories == stories && tally.facts > tally.conversations * 10, "hardly anything happened");
    ensure!(!shape.crashes || tally.crashes > stories, "hardly anything crashed");
    Ok(())
}

fn on_a_good_day() -> Result<()> {
    must_be_right(GOOD_DAY, 20)
}

fn whatever_fails() -> Result<()> {
    must_be_right(FAULTS, 80)
}

fn whoever_crashes() -> Result<()> {
    must_be_right(CRASHES, 120)
}

#[expect(clippy::print_stdout, reason = "the certificate is wanted in print")]
fn wherever_it_is_cut_off() -> Result<()> {
    let certificate = certificate::certify(Plan { seeds: 1, every_pair: 97, threads: THREADS }, |_| true);
    println!("{certificate}");
    all_is_well(&certificate.tally)?;
    ensure!(certificate.points > 500 && certificate.tally.crashes > 2 * certificate.points, "{certificate}");
    Ok(())
}

fn one_seed_gives_one_run() -> Result<()> {
    let bytes = |seed| -> Result<String> {
        let ran = run(&CRASHES.draw(seed));
        ran.log.facts().map(|fact| Ok(serde_json::to_string(fact)? + "\n")).collect()
    };
    for seed in [3, 42, 77] {
        let (first, again) = (bytes(seed)?, bytes(seed)?);
        let mut pairs = first.lines().zip(again.lines()).enumerate();
        if let Some((place, (one, other))) = pairs.find(|(_, (one, other))| one != other) {
            bail!("the runs part at fact {place}:\n{one}\n{other}");
        }
        ensure!(first == again, "one run is longer than the other");
        ensure!(first != bytes(seed + 1)?, "the seed decides nothing");
    }
    Ok(())
}

fn the_judge_sees() -> Result<()> {
    for (flaw, rule) in [(Flaw::Forgets, Rule::Answered), (Flaw::Repeats, Rule::Once), (Flaw::Swaps, Rule::InOrder)] {
        let story = Story { flaw, ..GOOD_DAY.draw(5) };
        let wrong = judge(&story, &run(&story));
        ensure!(wrong.iter().any(|one| one.rule == rule), "a bot that {flaw:?} is not seen: {wrong:?}");
    }
    Ok(())
}

fn a_story_is_made_short() -> Result<()> {
    let story = Story { flaw: Flaw::Swaps, ..CRASHES.draw(5) };
    let short = shrink(&story, 1_000).ok_or_else(|| anyhow::anyhow!("nothing was wrong"))?;
    let told = format!("{}\n{}", tell(&short.story), short.chat);
    ensure!(short.wrong.iter().any(|wrong| wrong.rule == Rule::InOrder), "something else is wrong now: {told}");
    ensure!(
        short.story.visits.len() == 1 && short.story.visits[0].1.lines.len() == 2,
        "not as short as can be: {told}"
    );
    ensure!(short.story.faults.is_empty() && short.story.stops.is_empty() && short.story.bots == 1, "{told}");
    ensure!(told.lines().count() <= 40, "too long to read: {told}");
    Ok(())
}

/// Forty customers, everything that can fail, and crashes: what is left can be read, whichever guard was taken out.
fn a_crowd_is_made_short() -> Result<()> {
    let crowd = Shape { visitors: 40, ..CRASHES };
    for guard in [Guard::Matching, Guard::Dedupe, Guard::Ownership] {
        let broken = |story: &Story| !judge(story, &run(story)).is_empty();
        let story = (1..200).map(|seed| crowd.draw(seed).without(guard)).find(broken);
        let story = story.ok_or_else(|| anyhow::anyhow!("nobody misses {guard:?}"))?;
        let short = shrink(&story, 1_000).ok_or_else(|| anyhow::anyhow!("nothing was wrong"))?;
        let told = format!("without {guard:?}:\n{}\n{}", tell(&short.story), short.chat);
        let lines: usize = short.story.visits.iter().map(|(_, visitor)| visitor.lines.len()).sum();
        ensure!(short.story.visits.len() <= 2 && lines <= 3 && short.story.stops.len() <= 1, "too much is left {told}");
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what misses each guard is wanted in print")]
fn a_guard_is_missed(guard: Guard) -> Result<()> {
    let Some(caught) = guards::caught(guard) else { bail!("nobody misses it") };
    println!("{guard:?}: story {} of those tried: {}", caught.tries, caught.wrong);
    Ok(())
}
