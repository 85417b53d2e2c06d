//! Plays a story on a runtime of its own, on virtual time. The same story gives the same run, byte for byte.

use std::sync::Arc;
use std::time::Duration;

use simulator::in_process::{self, Handle};
use simulator::model::ChatId;
use simulator::{Fault, Log};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::process::{self, Lives};
use crate::story::{START, Story};

/// Nobody stays longer.
const AT_MOST: Duration = Duration::from_secs(48 * 3600);
/// The facts of one story that are kept: far more than any has.
const FACTS: usize = 200_000;

/// What happened.
#[derive(Debug)]
pub struct Ran {
    /// The centre's log.
    pub log: Log,
    /// How many boundaries each process of each login came to.
    pub boundaries: Vec<Vec<u64>>,
    /// How many processes were cut off.
    pub cut: u64,
    /// Chats that a bot still has at the end.
    pub held: Vec<(String, ChatId)>,
    /// What processes did that no process should do.
    pub wrong: Vec<String>,
}

/// Plays a story to its end.
pub fn run(story: &Story) -> Ran {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    match runtime {
        Ok(runtime) => runtime.block_on(play(story)),
        Err(error) => {
            let wrong = vec![format!("no runtime: {error}")];
            Ran { log: Log::default(), boundaries: Vec::new(), cut: 0, held: Vec::new(), wrong }
        }
    }
}

async fn play(story: &Story) -> Ran {
    let options = in_process::Options { start: START, log_facts: FACTS, ..in_process::Options::default() };
    let handle = in_process::open(options.with_centre(story.centre()).with_seed(story.seed));
    for fault in &story.faults {
        let _ = handle.faults().add(Fault::clone(fault));
    }
    handle.invite(story.visits.iter().cloned());
    let over = CancellationToken::new();
    let shared = Arc::new(story.clone());
    let mut logins = JoinSet::new();
    for number in 0..story.bots {
        let keep = process::keep(handle.clone(), Arc::clone(&shared), number, over.clone());
        logins.spawn(async move { (number, keep.await) });
    }
    let mut wrong = Vec::new();
    if tokio::time::timeout(AT_MOST, everybody_is_gone(&handle)).await.is_err() {
        wrong.push("the customers never leave".to_owned());
    }
    over.cancel();
    let mut all: Vec<Lives> = (0..story.bots).map(|_| Lives::default()).collect();
    while let Some(ended) = logins.join_next().await {
        match ended {
            Ok((number, lives)) => all[number] = lives,
            Err(error) => wrong.push(format!("a process panicked: {error}")),
        }
    }
    let held = story.logins().flat_map(|login| {
        let chats = handle.held(&login);
        chats.into_iter().map(move |chat| (login.clone(), chat))
    });
    let held = held.collect();
    wrong.extend(all.iter_mut().flat_map(|lives| std::mem::take(&mut lives.wrong)));
    let cut = all.iter().map(|lives| lives.cut).sum();
    Ran {
        log: handle.take_log(),
        boundaries: all.into_iter().map(|lives| lives.boundaries).collect(),
        cut,
        held,
        wrong,
    }
}

async fn everybody_is_gone(handle: &Handle) {
    while handle.visitors() > 0 {
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}
