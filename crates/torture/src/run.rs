//! Plays a story on a runtime of its own, on virtual time. The same story gives the same run, byte for byte.

use std::sync::Arc;
use std::time::Duration;

use attendant::MemoryJournal;
use simulator::faults::Kind;
use simulator::in_process::{self, Handle};
use simulator::model::ChatId;
use simulator::{Fault, Log};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::process::{self, Lives};
use crate::story::{Outage, START, Story};

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
    /// Where each was cut off, in the order of the story's stops of one login.
    pub cuts: Vec<Cut>,
    /// The journals of the bots, closed stories and all.
    pub journals: Vec<MemoryJournal>,
    /// Chats that a bot still has at the end.
    pub held: Vec<(String, ChatId)>,
    /// What processes did that no process should do.
    pub wrong: Vec<String>,
}

/// Where a process was cut off: by the clock, so that it can be found again in a story that has become shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Which bot login, from 0.
    pub bot: usize,
    /// When, since the story began.
    pub when: Duration,
    /// At which boundary of those that its process came to at that very moment, from 1.
    pub at: u64,
}

/// Plays a story to its end.
pub fn run(story: &Story) -> Ran {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    match runtime {
        Ok(runtime) => runtime.block_on(play(story)),
        Err(error) => {
            let wrong = vec![format!("no runtime: {error}")];
            Ran {
                log: Log::default(),
                boundaries: Vec::new(),
                cut: 0,
                cuts: Vec::new(),
                journals: Vec::new(),
                held: Vec::new(),
                wrong,
            }
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
    let mut outages = JoinSet::new();
    for outage in &story.outages {
        outages.spawn(fail_for_a_while(handle.clone(), *outage));
    }
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
    let cuts: Vec<Cut> = all.iter_mut().flat_map(|lives| std::mem::take(&mut lives.cuts)).collect();
    let journals = all.iter_mut().filter_map(|lives| lives.journal.take()).collect();
    let cut = cuts.len() as u64;
    Ran {
        log: handle.take_log(),
        boundaries: all.into_iter().map(|lives| lives.boundaries).collect(),
        cut,
        cuts,
        journals,
        held,
        wrong,
    }
}

/// Every request is refused, and whoever is to be told something loses the session.
async fn fail_for_a_while(handle: Handle, outage: Outage) {
    tokio::time::sleep(outage.from).await;
    let faults = handle.faults();
    let _refused = faults.scoped(Fault::new(Kind::Unavailable { retry_after: None }));
    let _cut_off = faults.scoped(Fault::new(Kind::DropSession));
    tokio::time::sleep(outage.lasts).await;
}

async fn everybody_is_gone(handle: &Handle) {
    while handle.visitors() > 0 {
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}
