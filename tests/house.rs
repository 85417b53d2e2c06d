//! The house itself: which room may know which.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use libtest_mimic::{Failed, Trial};

/// Every package and the rooms it may depend on, directly or through others. Dev-dependencies count too.
const ALLOWED: &[(&str, &[&str])] = &[
    ("bayeux", &[]),
    ("gws", &["bayeux"]),
    ("attendant", &[]),
    ("platform-gws", &["attendant", "gws"]),
    ("simulator", &["attendant"]),
    ("journal-sqlite", &["attendant"]),
    ("torture", &["attendant", "simulator"]),
    ("echo-bot", &["attendant"]),
    ("faq-bot", &["attendant"]),
    (
        "attendant-cli",
        &[
            "attendant",
            "gws",
            "bayeux",
            "platform-gws",
            "journal-sqlite",
            "simulator",
            "torture",
            "echo-bot",
            "faq-bot",
        ],
    ),
    ("attendant-examples", &["attendant", "platform-gws", "simulator", "gws"]),
];

pub fn trials() -> Vec<Trial> {
    vec![Trial::test("house::arrows_point_downwards_only", || arrows_point_downwards_only().map_err(Failed::from))]
}

fn arrows_point_downwards_only() -> anyhow::Result<()> {
    let metadata = cargo_metadata::MetadataCommand::new().no_deps().exec().context("running cargo metadata")?;
    let members: BTreeSet<String> = metadata.packages.iter().map(|package| package.name.to_string()).collect();
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        ALLOWED.iter().map(|(name, rooms)| (*name, rooms.iter().copied().collect())).collect();
    for package in &metadata.packages {
        let name = package.name.as_str();
        if name == "attendant-tests" {
            continue; // sees everything
        }
        let rooms = allowed
            .get(name)
            .with_context(|| format!("{name} is a new room: say in tests/house.rs what it may know"))?;
        for dependency in &package.dependencies {
            let other = dependency.name.as_str();
            ensure!(
                // A room may know itself: that is how its own tests switch a feature on.
                other == name || !members.contains(other) || rooms.contains(other),
                "{name} must not depend on {other}: arrows point downwards only (ARCHITECTURE.md)"
            );
        }
    }
    Ok(())
}
