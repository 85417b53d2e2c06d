//! The two pages in a real browser: Debian's Chromium, driven through chromedriver.

use std::future::Future;
use std::time::Duration;

use anyhow::Context;
use libtest_mimic::{Failed, Trial};

mod demo;
mod driver;
mod handoff;
mod look;
mod scene;
mod story;
mod trouble;

/// No trial takes longer than this.
const DEADLINE: Duration = Duration::from_secs(150);
/// The trial of the demo builds the binary first, which a build of everything has done already.
const BUILD: Duration = Duration::from_secs(600);

/// The trials. Without Chromium and chromedriver they are ignored, unless everything is to be run.
pub fn trials(run_all: bool) -> Vec<Trial> {
    let installed = || driver::installed("chromedriver") && driver::installed("chromium");
    let missing = !run_all && !installed();
    let ignored =
        |trial: Trial| if missing { trial.with_ignored_flag(true).with_kind("needs chromium") } else { trial };
    [
        trial_within(BUILD + DEADLINE, "demo", demo::demo),
        trial_within(BUILD + DEADLINE, "warm_handoff_and_back", handoff::warm_and_back),
        trial_within(BUILD + DEADLINE, "waiting_in_line", handoff::waiting_in_line),
        trial("customer_bot_person", story::customer_bot_person),
        trial("keyboard_alone", story::keyboard_alone),
        trial("side_by_side", story::side_by_side),
        trial("transfer_and_invite", story::transfer_and_invite),
        trial("words_are_only_words", trouble::words_are_only_words),
        trial("network_break", trouble::network_break),
        trial("bad_platform", trouble::bad_platform),
        trial("offers_that_go_wrong", trouble::offers_that_go_wrong),
        trial("server_restart", trouble::server_restart),
        trial("signing_in", trouble::signing_in),
        trial("customer_page_for_everybody", look::customer_page),
        trial("desk_for_everybody", look::desk),
    ]
    .into_iter()
    .map(ignored)
    .collect()
}

fn trial<F, T>(name: &str, scene: F) -> Trial
where
    F: Fn() -> T + Send + 'static,
    T: Future<Output = anyhow::Result<()>>,
{
    trial_within(DEADLINE, name, scene)
}

fn trial_within<F, T>(deadline: Duration, name: &str, scene: F) -> Trial
where
    F: Fn() -> T + Send + 'static,
    T: Future<Output = anyhow::Result<()>>,
{
    Trial::test(format!("browser::{name}"), move || {
        let _ = rustls::crypto::ring::default_provider().install_default(); // the first trial installs it, the others find it there
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let outcome = runtime.block_on(async { tokio::time::timeout(deadline, scene()).await.context("out of time")? });
        outcome.map_err(|error| Failed::from(format!("{error:#}")))
    })
}
