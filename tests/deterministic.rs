//! The proof by simulation (`crates/torture`): the real runtime against the in-process centre, on virtual time from one seed.
//! A failing seed is printed; the same seed gives the same run.

use anyhow::{Result, ensure};
use attendant::Guard;
use libtest_mimic::{Failed, Trial};
use torture::{Flaw, Rule, Shape, Story, judge, run, tell_chat};

pub fn trials() -> Vec<Trial> {
    let trial = |name: &str, run: fn() -> Result<()>| {
        Trial::test(format!("deterministic::{name}"), move || run().map_err(|error| Failed::from(format!("{error:#}"))))
    };
    vec![
        trial("one_seed_gives_one_run_byte_for_byte", one_seed_gives_one_run),
        trial("every_promise_is_kept_on_a_good_day", on_a_good_day),
        trial("every_promise_is_kept_whatever_fails", whatever_fails),
        trial("every_promise_is_kept_whoever_crashes", whoever_crashes),
        trial("the_judge_sees_a_bot_that_is_wrong", the_judge_sees),
        trial("the_judge_sees_a_runtime_without_its_guards", the_judge_misses_the_guards),
    ]
}

const GOOD_DAY: Shape = Shape { visitors: 40, faults: false, crashes: false };
const FAULTS: Shape = Shape { faults: true, ..GOOD_DAY };
const CRASHES: Shape = Shape { crashes: true, ..FAULTS };

fn must_be_right(story: &Story) -> Result<()> {
    let ran = run(story);
    let answers = ran.log.facts().filter(|fact| {
        matches!(&fact.event, simulator::model::FactEvent::AgentLine { text, .. } if text.starts_with("About: "))
    });
    ensure!(answers.count() >= story.visits.len() / 2, "seed {}: hardly anybody was answered", story.seed);
    let wrong = judge(story, &ran);
    if let Some(first) = wrong.first() {
        let chat = first.chat.as_deref().map(|chat| tell_chat(&ran.log, chat)).unwrap_or_default();
        anyhow::bail!("seed {}: {} wrong, the first: {first}\n{chat}", story.seed, wrong.len());
    }
    Ok(())
}

fn on_a_good_day() -> Result<()> {
    (1..=10).try_for_each(|seed| must_be_right(&GOOD_DAY.draw(seed)))
}

fn whatever_fails() -> Result<()> {
    (1..=40).try_for_each(|seed| must_be_right(&FAULTS.draw(seed)))
}

fn whoever_crashes() -> Result<()> {
    (1..=40).try_for_each(|seed| must_be_right(&CRASHES.draw(seed)))
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
            anyhow::bail!("the runs part at fact {place}:\n{one}\n{other}");
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

fn the_judge_misses_the_guards() -> Result<()> {
    for guard in [Guard::Matching, Guard::Dedupe] {
        let seen = (1..=40).any(|seed| must_be_right(&CRASHES.draw(seed).without(guard)).is_err());
        ensure!(seen, "nobody notices that {guard:?} is gone");
    }
    Ok(())
}
