//! Durable appends a second: many conversations at once, against one that waits for each commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use attendant::journal::{Fence, Journal, Line, Record, StoryKey};
use attendant::{LoginId, UnixMillis};
use journal_sqlite::{Options, SqliteJournal};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::{Plan, median, tell};

const MANY: usize = 1000;

pub async fn measure(plan: &Plan) -> Result<()> {
    let (mut alone, mut grouped) = (Vec::new(), Vec::new());
    for _ in 0..plan.runs {
        alone.push(run(1, plan.time).await?);
        grouped.push(run(MANY, plan.time).await?);
    }
    let (alone, grouped) = (median(alone), median(grouped));
    tell(format_args!("durable appends a second, one commit each:        {alone:9.0}"));
    tell(format_args!("durable appends a second, {MANY} conversations:     {grouped:9.0}"));
    tell(format_args!("group commit against one commit each:             {:9.1} times", grouped / alone));
    Ok(())
}

/// Each writer appends a line, waits until it is durable, and appends the next one.
async fn run(writers: usize, time: Duration) -> Result<f64> {
    let folder = crate::folder()?;
    let journal = Arc::new(SqliteJournal::open(&Options::new(folder.path().join("journal")))?);
    let login = LoginId::from("bot");
    let fence = journal.take(&login).await?.fence;
    let count = Arc::new(AtomicU64::new(0));
    let (begun, end) = (Instant::now(), Instant::now() + time);
    let mut tasks = JoinSet::new();
    for number in 0..writers {
        let (journal, login, count) = (journal.clone(), login.clone(), count.clone());
        tasks.spawn(async move { write(&*journal, &login, fence, number, end, &count).await });
    }
    while let Some(written) = tasks.join_next().await {
        written??;
    }
    Ok(crate::rate(count.load(Ordering::Relaxed), begun.elapsed()))
}

async fn write(
    journal: &dyn Journal,
    login: &LoginId,
    fence: Fence,
    number: usize,
    end: Instant,
    count: &AtomicU64,
) -> Result<()> {
    let key = StoryKey { interaction: format!("chat-{number}").into(), began: UnixMillis(1) };
    let words = "Our shops are open from Monday to Saturday, from 9 in the morning to 6 in the evening.";
    for place in 1.. {
        if Instant::now() >= end {
            break;
        }
        let record = Record::Uttered { first: place, parts: vec![words.to_owned()], agents_only: false };
        let line = Line { key: key.clone(), number: place, at: UnixMillis(2), record };
        journal.append(login, fence, vec![line]).await?;
        count.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
