//! A conversation with a bot in memory: the real conversation machine, on virtual time, without a network and without
//! waiting. For tests, and for talking to a bot in a terminal.

mod play;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use crate::journal::Closed;
use crate::machine::{Conversation, Input, State, Timer, after};
use crate::room::Room;
use crate::turn::FromBot;
use crate::{
    AttachedData, Bot, Entry, EntryKind, Handoff, HandoffFailure, InteractionId, Options, PlatformError,
    PlatformErrorKind, PlatformLimits, Role, UnixMillis, Verdict, Visibility,
};

/// A chat with a bot, played in memory.
///
/// The bot runs in the real conversation machine: bursts, pace, deadlines, failover and handoffs are as in production, only
/// the time is made up. It jumps to the next thing that would happen, so nothing takes long.
///
/// ```
/// # use attendant::{Bot, BotError, Event, Next, Rehearsal, Turn, async_trait};
/// # struct Parrot;
/// # #[async_trait]
/// # impl Bot for Parrot {
/// #     async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
/// #         match turn.event() {
/// #             Event::Started => turn.say("Hello!").await?,
/// #             Event::Said(words) if words.contains("bye") => return Ok(Next::finish("resolved")),
/// #             Event::Said(words) => turn.say(words.text()).await?,
/// #             _ => {}
/// #         }
/// #         Ok(Next::Listen)
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut chat = Rehearsal::new(Parrot).start().await;
/// assert_eq!(chat.greeting(), ["Hello!"]);
/// assert_eq!(chat.say("nice weather").await, ["nice weather"]);
/// chat.say("bye").await;
/// assert_eq!(chat.finished(), Some("resolved"));
/// # }
/// ```
pub struct Rehearsal {
    bot: Arc<dyn Bot>,
    customer: String,
    data: AttachedData,
    options: Options,
    now: UnixMillis,
    stage: Option<Stage>,
    heard: Heard,
}

/// What the bot has shown so far.
#[derive(Default)]
struct Heard {
    verdict: Option<Verdict>,
    greeting: Vec<String>,
    handoff: Option<Handoff>,
    finished: Option<String>,
    failures: Vec<String>,
    steps: Vec<(String, Value)>,
    closed: Option<Closed>,
}

/// The chat while it is played.
struct Stage {
    room: Room,
    machine: Conversation,
    inbox: VecDeque<Input>,
    thinking: Option<BoxFuture<'static, ()>>,
    reports: mpsc::Sender<FromBot>,
    reported: mpsc::Receiver<FromBot>,
    tokens: Vec<(u64, oneshot::Sender<()>)>,
    next_token: u64,
    shown: usize,
}

impl Rehearsal {
    /// A chat that has not begun, with a customer called Ada, on 2 January 2026 at 10:00 UTC (a Friday).
    pub fn new(bot: impl Bot) -> Self {
        Self {
            bot: Arc::new(bot),
            customer: "Ada".to_owned(),
            data: AttachedData::default(),
            options: Options::default(),
            now: UnixMillis(1_767_348_000_000),
            stage: None,
            heard: Heard::default(),
        }
    }

    /// Gives the customer another nickname.
    #[must_use]
    pub fn customer(mut self, nickname: impl Into<String>) -> Self {
        self.customer = nickname.into();
        self
    }

    /// Attaches data to the interaction.
    #[must_use]
    pub fn data(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.data.0.insert(key.into(), value.into());
        self
    }

    /// Sets the customer's language (a BCP 47 tag).
    #[must_use]
    pub fn locale(mut self, tag: impl Into<String>) -> Self {
        self.options.locale = Some(tag.into());
        self
    }

    /// Sets the clock.
    #[must_use]
    pub fn at(mut self, now: UnixMillis) -> Self {
        self.now = now;
        self
    }

    /// Plays by these rules instead of the defaults.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Puts rules around the bot.
    #[must_use]
    pub fn rules(mut self, rules: crate::rules::Rules) -> Self {
        let rules = if self.options.fallback.is_some() { rules.fallback(self.options.fallback.clone()) } else { rules };
        self.bot = Arc::new(rules.around(self.bot));
        self
    }

    /// Offers the chat to the bot and, if it accepts, begins it.
    pub async fn start(mut self) -> Self {
        let room = Room::new(InteractionId::from("rehearsal"), &self.customer, self.data.clone(), self.now);
        let limits = PlatformLimits { message_bytes: 4096, agent_only_messages: true, disposition: true };
        let options = Arc::new(self.options.clone());
        let (machine, effects) = Conversation::offered(&room.interaction, options, limits, self.now);
        let (reports, reported) = mpsc::channel(16);
        self.stage = Some(Stage {
            room,
            machine,
            inbox: VecDeque::new(),
            thinking: None,
            reports,
            reported,
            tokens: Vec::new(),
            next_token: 0,
            shown: 0,
        });
        self.perform(effects);
        self.heard.greeting = self.settle().await;
        self
    }

    /// What the bot decided on the offer.
    pub fn verdict(&self) -> Option<&Verdict> {
        self.heard.verdict.as_ref()
    }

    /// What the bot said before the customer said anything.
    pub fn greeting(&self) -> &[String] {
        &self.heard.greeting
    }

    /// The customer says something; returns what the bot answers, one string a message.
    pub async fn say(&mut self, words: impl Into<String>) -> Vec<String> {
        self.burst([words.into()]).await
    }

    /// The customer says several lines in one go, which the bot gets as one event.
    pub async fn burst(&mut self, lines: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
        for line in lines {
            self.act(&Role::Customer, EntryKind::Text(line.into()));
        }
        self.settle().await
    }

    /// Time passes and the customer says nothing; the bot is woken, and the chat may be closed, as the options have it.
    pub async fn silence(&mut self, how_long: Duration) -> Vec<String> {
        let until = after(self.now, how_long);
        let mut replies = Vec::new();
        while let Some(timer) = self.next_timer(until) {
            self.ring(timer);
            replies.extend(self.settle().await);
        }
        self.now = self.now.max(until);
        replies
    }

    /// The customer leaves the chat.
    pub async fn customer_leaves(&mut self) -> Vec<String> {
        if let Some(stage) = &mut self.stage
            && let Some(id) = stage.room.somebody(&Role::Customer)
        {
            stage.room.leave(&id, self.now);
        }
        let mut replies = self.settle().await;
        replies.extend(self.silence(self.options.closing.rejoin_within).await);
        replies
    }

    /// A person joins the chat: the one who was invited, or one who takes over.
    pub async fn person_joins(&mut self, nickname: &str) -> Vec<String> {
        if let Some(stage) = &mut self.stage {
            stage.room.join(Role::Agent, nickname, self.now);
        }
        self.settle().await
    }

    /// The person says something to the customer. The bot should have nothing to add.
    pub async fn person_says(&mut self, words: impl Into<String>) -> Vec<String> {
        self.act(&Role::Agent, EntryKind::Text(words.into()));
        self.settle().await
    }

    /// The person leaves the chat.
    pub async fn person_leaves(&mut self) -> Vec<String> {
        if let Some(stage) = &mut self.stage
            && let Some(id) = stage.room.somebody(&Role::Agent)
        {
            stage.room.leave(&id, self.now);
        }
        self.settle().await
    }

    /// The transfer that the bot asked for works: the chat is somebody else's.
    pub async fn accept_handoff(&mut self) -> Vec<String> {
        if let Some(stage) = &mut self.stage {
            stage.room.set_state(crate::InteractionState::Completed);
        }
        self.settle().await
    }

    /// Every choice of the handoff that the bot asked for fails like this.
    pub async fn fail_handoff(&mut self, why: HandoffFailure) -> Vec<String> {
        let mut replies = Vec::new();
        for _ in 0..self.heard.handoff.as_ref().map_or(0, |handoff| handoff.choices.len()) {
            let kind = match &why {
                HandoffFailure::NobodyAvailable => PlatformErrorKind::NoTarget,
                HandoffFailure::NoSuchTarget => PlatformErrorKind::UnknownTarget,
                HandoffFailure::Busy => PlatformErrorKind::Busy,
                HandoffFailure::NobodySignedIn => PlatformErrorKind::NobodySignedIn,
                HandoffFailure::Refused(_) => PlatformErrorKind::NotAllowed,
                HandoffFailure::TimedOut
                | HandoffFailure::Circles
                | HandoffFailure::NoNumber
                | HandoffFailure::CustomerLeft => {
                    let end = self.stage.as_ref().and_then(|stage| stage.machine.timer(Timer::Choice));
                    if let Some(end) = end {
                        self.now = self.now.max(end);
                        self.ring(Timer::Choice);
                    }
                    replies.extend(self.settle().await);
                    continue;
                }
            };
            let error = PlatformError::new(kind, "as rehearsed");
            self.input(Input::OperationFailed { reference: None, error });
            replies.extend(self.settle().await);
        }
        replies
    }

    /// The handoff that the bot has asked for, while it goes on and after it has worked.
    pub fn handoff(&self) -> Option<&Handoff> {
        self.heard.handoff.as_ref()
    }

    /// The disposition with which the bot ended the chat.
    pub fn finished(&self) -> Option<&str> {
        self.heard.finished.as_deref()
    }

    /// How the conversation ended, if it has.
    pub fn closed(&self) -> Option<Closed> {
        self.heard.closed
    }

    /// Whether the bot still holds the conversation.
    pub fn is_open(&self) -> bool {
        let own = |stage: &Stage| matches!(stage.machine.state(), State::Active | State::CallingBack(..));
        self.stage.as_ref().is_some_and(own)
    }

    /// How the turns failed that did, in words for people.
    pub fn failures(&self) -> &[String] {
        &self.heard.failures
    }

    /// What the bot did as a [step](crate::Turn::step), by name, with what it gave.
    pub fn steps(&self) -> &[(String, Value)] {
        &self.heard.steps
    }

    /// Everything said so far.
    pub fn transcript(&self) -> &[Entry] {
        self.stage.as_ref().map_or(&[], |stage| &stage.room.entries)
    }

    /// What only the agents' side was told: the notes of handoffs.
    pub fn notes(&self) -> Vec<&str> {
        let notes = self.transcript().iter().filter(|entry| entry.visibility == Visibility::Agents);
        notes
            .filter_map(|entry| match &entry.kind {
                EntryKind::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    /// A value of the attached data, as the bot has left it.
    pub fn attached(&self, key: &str) -> Option<&str> {
        match &self.stage {
            Some(stage) => stage.room.interaction.data.get(key),
            None => self.data.get(key),
        }
    }

    /// What the bot remembers under this key, as JSON.
    pub fn remembered(&self, key: &str) -> Option<&Value> {
        self.stage.as_ref()?.machine.memory().get(key)
    }
}
