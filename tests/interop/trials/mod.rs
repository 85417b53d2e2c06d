//! Our client against servers that others wrote, also through a network that breaks, and our simulator under clients that
//! others wrote.

use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Context;
use attendant_tests::interop::Needs;
use libtest_mimic::{Failed, Trial};
use tokio::runtime::Runtime;

mod faults;
mod proxy;
mod scene;
mod servers;
mod visitors;

/// No trial takes longer than this.
const DEADLINE: Duration = Duration::from_secs(90);

/// All trials of this folder.
pub fn trials() -> Vec<Trial> {
    let mut trials = proxy::trials();
    trials.extend(servers::trials());
    trials.extend(faults::trials());
    trials.extend(visitors::trials());
    trials
}

/// One runtime for all trials, for they share servers.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    #[expect(clippy::expect_used, reason = "without a runtime there is no trial")]
    RUNTIME.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(2).enable_all().build().expect("a runtime")
    })
}

/// A trial that is ignored where `needs` are missing, unless everything has to run.
fn trial<F, T>(name: &str, needs: &[Needs], story: F) -> Trial
where
    F: FnOnce() -> T + Send + 'static,
    T: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let missing = needs.iter().find_map(|need| need.missing());
    let trial = Trial::test(format!("interop::{name}"), move || {
        let outcome = runtime().block_on(async {
            tokio::time::timeout(DEADLINE, story()).await.with_context(|| format!("not done within {DEADLINE:?}"))?
        });
        outcome.map_err(|error| Failed::from(format!("{error:#}")))
    });
    match missing {
        Some(name) if !Needs::all_must_run() => trial.with_ignored_flag(true).with_kind(format!("needs {name}")),
        _ => trial,
    }
}
