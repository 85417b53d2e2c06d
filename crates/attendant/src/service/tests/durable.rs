//! Durable turns: a bot that is run again after a crash finds what it said and did.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::scripted::ScriptedPlatform;
use crate::{Bot, BotError, Event, Guard, Handle, MemoryJournal, Next, Options, Presence, Service, Turn, UnixMillis};

/// Says something, does something, takes its time, and says what came of it.
#[derive(Default)]
struct Diary {
    deeds: AtomicU32,
    runs: AtomicU32,
    /// Says something else in every run.
    fickle: bool,
}

#[async_trait::async_trait]
impl Bot for Diary {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        let Event::Said(_) = turn.event() else { return Ok(Next::Listen) };
        let run = self.runs.fetch_add(1, Ordering::Relaxed) + 1;
        let first = if self.fickle { format!("first of run {run}") } else { "first".to_owned() };
        turn.say(first).await?;
        let deed: u32 =
            turn.step("deed", || async { Ok::<_, BotError>(self.deeds.fetch_add(1, Ordering::Relaxed) + 1) }).await?;
        let dice = turn.random() % 1000;
        tokio::time::sleep(Duration::from_secs(10)).await;
        turn.say(format!("deed {deed}, dice {dice}, at {}", turn.now().0)).await?;
        Ok(Next::Listen)
    }
}

struct Life {
    platform: ScriptedPlatform,
    journal: Arc<MemoryJournal>,
    bot: Arc<Diary>,
}

impl Life {
    fn new(fickle: bool) -> Self {
        let bot = Arc::new(Diary { fickle, ..Diary::default() });
        Self { platform: ScriptedPlatform::new("bot-1"), journal: Arc::default(), bot }
    }

    fn start(&self, out: Option<Guard>) -> (tokio::task::JoinHandle<()>, Handle) {
        let mut options = Options::default();
        options.pace.on = false;
        let (platform, bot, journal) = (Arc::new(self.platform.clone()), self.bot.clone(), self.journal.clone());
        let (mut service, handle) = Service::new(platform, Arc::new(bot), journal, options).unwrap();
        if let Some(guard) = out {
            service = service.without(guard);
        }
        let running = service.reproducible(UnixMillis(0), 1).run(CancellationToken::new(), CancellationToken::new());
        #[expect(clippy::disallowed_methods, reason = "killed by the test")]
        let task = tokio::spawn(async move { drop(running.await) });
        (task, handle)
    }

    async fn until_asked(&self) {
        self.platform.until("ready", |platform| platform.presence() == Some(Presence::Ready)).await;
        self.platform.offer("1", "Ada");
        let in_chat = |platform: &ScriptedPlatform| {
            platform.interaction("1").is_some_and(|chat| chat.state == crate::InteractionState::Chatting)
        };
        self.platform.until("accepted", in_chat).await;
        self.platform.customer_says("1", "question");
    }
}

#[tokio::test(start_paused = true)]
async fn says_and_steps_of_an_interrupted_turn_are_not_done_twice() {
    for moment in [2, 5, 9] {
        let life = Life::new(false);
        let (task, _) = life.start(None);
        life.until_asked().await;
        tokio::time::sleep(Duration::from_secs(moment)).await;
        assert_eq!(life.platform.said("1"), ["first"], "at {moment} s");
        task.abort();
        let (task, handle) = life.start(None);
        life.platform.until("answered", |platform| platform.said("1").len() >= 2).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        let said = life.platform.said("1");
        assert_eq!(said.len(), 2, "at {moment} s: {said:?}");
        assert!(said[1].starts_with("deed 1, "), "at {moment} s: {said:?}");
        assert_eq!(life.bot.runs.load(Ordering::Relaxed), 2);
        assert_eq!(handle.status().counters.diverged, 0);
        task.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn clock_and_dice_of_a_turn_are_the_same_when_it_is_run_again() {
    let undisturbed = Life::new(false);
    let (task, _) = undisturbed.start(None);
    undisturbed.until_asked().await;
    undisturbed.platform.until("answered", |platform| platform.said("1").len() >= 2).await;
    task.abort();
    let life = Life::new(false);
    let (task, _) = life.start(None);
    life.until_asked().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    task.abort();
    let (task, _) = life.start(None);
    life.platform.until("answered", |platform| platform.said("1").len() >= 2).await;
    assert_eq!(life.platform.said("1"), undisturbed.platform.said("1"));
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn a_bot_that_diverges_is_reported_and_the_journal_stands() {
    let life = Life::new(true);
    let (task, _) = life.start(None);
    life.until_asked().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    task.abort();
    let (task, handle) = life.start(None);
    life.platform.until("answered", |platform| platform.said("1").len() >= 2).await;
    let said = life.platform.said("1");
    assert_eq!((said.len(), said[0].as_str()), (2, "first of run 1"));
    assert_eq!(handle.status().counters.diverged, 1);
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn without_fencing_two_processes_would_both_speak() {
    for (guard, speaks) in [(None, false), (Some(Guard::Fencing), true)] {
        let life = Life::new(false);
        let (task, _) = life.start(guard);
        life.until_asked().await;
        crate::Journal::take(&*life.journal, &"bot-1".into()).await.unwrap(); // another process
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert_eq!(!life.platform.said("1").is_empty(), speaks, "{guard:?}");
        task.abort();
    }
}
