//! What users of such systems ask for, one trial for each promise: the real runtime, bots and journal against the in-process
//! centre, on virtual time, with faults, over several seeds and for both endpoint families. Each promise is tried a second
//! time with something taken out that keeps it: a trial that stays green then would prove nothing.

mod adapter;
mod answering;
mod availability;
mod handing;
mod handoff;
mod judge;
mod modes;
mod people;
mod scene;
mod trouble;

use std::future::Future;
use std::pin::Pin;

use anyhow::{Result, bail, ensure};
use libtest_mimic::{Failed, Trial};

use scene::{Family, Scene};

/// A promise, and how it is tried.
pub(crate) struct Ask {
    /// As it is listed.
    name: &'static str,
    /// How many seeds, for each family.
    seeds: u64,
    /// What is taken out in the second trial.
    broken: &'static str,
    /// What the judge says then; `|` between several.
    seen_as: &'static str,
    story: Story,
}

type Story = for<'a> fn(&'a mut Scene) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

pub fn trials() -> Vec<Trial> {
    let asks = [
        answering::asks(),
        availability::asks(),
        people::asks(),
        handing::asks(),
        handoff::asks(),
        modes::asks(),
        trouble::asks(),
    ]
    .into_iter()
    .flatten();
    let failed = |error: anyhow::Error| Failed::from(format!("{error:#}"));
    asks.flat_map(|Ask { name, seeds, broken, seen_as, story }| {
        let kept = move || is_kept(seeds, story).map_err(failed);
        let missed = move || is_missed(seeds, broken, seen_as, story).map_err(failed);
        [
            Trial::test(format!("asks::{name}"), kept),
            Trial::test(format!("asks::{name}_and_it_is_seen_when_it_is_broken"), missed),
        ]
    })
    .collect()
}

fn runs(seeds: u64) -> impl Iterator<Item = (Family, u64)> {
    (1..=seeds).flat_map(|seed| [(Family::Interactions, seed), (Family::Chats, seed)])
}

fn is_kept(seeds: u64, story: Story) -> Result<()> {
    runs(seeds).try_for_each(|(family, seed)| scene::play(Scene::new(family, seed, false), story))
}

fn is_missed(seeds: u64, broken: &str, seen_as: &str, story: Story) -> Result<()> {
    ensure!(!seen_as.is_empty(), "nothing would be seen");
    let mut others = Vec::new();
    for (family, seed) in runs(seeds) {
        if let Err(error) = scene::play(Scene::new(family, seed, true), story) {
            let words = format!("{error:#}");
            if seen_as.split('|').any(|one| words.contains(one)) {
                return Ok(());
            }
            others.push(words.lines().next().unwrap_or_default().to_owned());
        }
    }
    bail!("nobody sees {broken}; what was seen instead:\n{}", others.join("\n"))
}
