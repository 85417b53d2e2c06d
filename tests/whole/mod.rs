//! The whole system on real sockets: simulator, CometD, Genesys client, runtime, bot; and customers who speak raw HTTP.

mod bad_input;
mod customer;
mod modes;
mod scene;

use std::future::Future;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};

/// No trial takes longer.
const DEADLINE: Duration = Duration::from_secs(180);

pub fn trials() -> Vec<Trial> {
    bad_input::trials().into_iter().chain(modes::trials()).collect()
}

/// A trial with a runtime and a deadline of its own.
fn trial<F: Future<Output = anyhow::Result<()>>>(
    name: impl Into<String>,
    run: impl FnOnce() -> F + Send + 'static,
) -> Trial {
    Trial::test(name, move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(async {
            tokio::time::timeout(DEADLINE, run())
                .await
                .map_err(|_| Failed::from(format!("not done within {DEADLINE:?}")))?
                .map_err(Failed::from)
        })
    })
}
