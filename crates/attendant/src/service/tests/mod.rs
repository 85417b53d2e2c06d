//! A service on virtual time, with a scripted platform.

mod chats;
mod durable;
mod failover;
mod lifecycle;
mod recovery;

use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Error, Handle, Service, Stopped};
use crate::journal::{Journal, MemoryJournal};
use crate::scripted::ScriptedPlatform;
use crate::{Bot, BotError, Event, Handoff, Next, Offer, Options, Presence, Turn, UnixMillis, Verdict};

/// Answers "re: …", and does as it is told.
struct Clerk;

#[async_trait::async_trait]
impl Bot for Clerk {
    async fn screen(&self, offer: &Offer) -> Verdict {
        match offer.data("Screen") {
            Some("reject") => Verdict::reject("as told"),
            Some("hang") => std::future::pending().await,
            Some("panic") => panic!("on purpose"),
            _ => Verdict::accept(),
        }
    }

    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        match turn.event() {
            Event::Started => turn.say("hello").await?,
            Event::Returned => turn.say("welcome back").await?,
            Event::Said(words) => {
                let text = words.text();
                match text.as_str() {
                    "panic" => panic!("on purpose"),
                    "hang" => std::future::pending().await,
                    "think" => tokio::time::sleep(std::time::Duration::from_secs(10)).await,
                    "transfer" => return Ok(Next::HandOff(Handoff::to_skill("people").note("asked"))),
                    "invite" => {
                        let handoff = Handoff::to_agent("anna").warm().or_else(Handoff::to_queue("night"));
                        return Ok(Next::HandOff(handoff.saying("one moment")));
                    }
                    "bye" => return Ok(Next::finish("resolved")),
                    _ => {}
                }
                let count = turn.recall::<u32>("count")?.unwrap_or(0) + 1;
                turn.remember("count", count)?;
                turn.say(format!("re: {text} ({count})")).await?;
            }
            Event::HandoffFailed(why) => turn.say(why.apology()).await?,
            Event::PersonLeft(_) => turn.say("I am back").await?,
            _ => {}
        }
        Ok(Next::Listen)
    }
}

/// A service that runs.
struct Desk {
    platform: ScriptedPlatform,
    handle: Handle,
    drain: CancellationToken,
    abort: CancellationToken,
    task: JoinHandle<Result<Stopped, Error>>,
}

fn quick() -> Options {
    let mut options = Options::default();
    options.pace.on = false;
    options
}

impl Desk {
    async fn open(options: Options) -> Self {
        Self::open_on(ScriptedPlatform::new("bot-1"), Arc::new(MemoryJournal::new()), options).await
    }

    async fn open_on(platform: ScriptedPlatform, journal: Arc<dyn Journal>, options: Options) -> Self {
        let desk = Self::start_on(platform, journal, options);
        desk.platform.until("ready", |platform| platform.presence() == Some(Presence::Ready)).await;
        desk
    }

    fn start_on(platform: ScriptedPlatform, journal: Arc<dyn Journal>, options: Options) -> Self {
        Self::start_at(UnixMillis(0), platform, journal, options)
    }

    fn start_at(now: UnixMillis, platform: ScriptedPlatform, journal: Arc<dyn Journal>, options: Options) -> Self {
        let (service, handle) = Service::new(Arc::new(platform.clone()), Arc::new(Clerk), journal, options).unwrap();
        let (drain, abort) = (CancellationToken::new(), CancellationToken::new());
        let running = service.reproducible(now, 7).run(drain.clone(), abort.clone());
        #[expect(clippy::disallowed_methods, reason = "the desk owns it, and every test ends it")]
        let task = tokio::spawn(running);
        Self { platform, handle, drain, abort, task }
    }

    /// Accepts a chat and lets the bot greet.
    async fn chat(&self, id: &str) {
        self.platform.offer(id, "Ada");
        self.said(id, 1).await;
    }

    /// Waits until so many messages are in the transcript, and gives them.
    async fn said(&self, id: &str, count: usize) -> Vec<String> {
        self.platform.until(&format!("{count} messages"), |platform| platform.said(id).len() >= count).await;
        self.platform.said(id)
    }

    async fn gone(&self, id: &str) {
        self.platform
            .until("gone", |platform| platform.interaction(id).is_some_and(|chat| chat.state.is_final()))
            .await;
    }

    /// The process dies: nothing of it goes on.
    async fn kill(self) -> ScriptedPlatform {
        self.task.abort();
        let _ = self.task.await;
        self.platform
    }

    async fn stop(self) -> Result<Stopped, Error> {
        self.drain.cancel();
        self.task.await.unwrap()
    }
}
