//! One turn of a conversation, as the bot sees it.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use crate::journal::{StoryKey, TurnFailure};
use crate::machine::Answer;
use crate::{AttachedData, BotError, Entry, EntryKind, Event, InteractionId, Participant, Role, UnixMillis, Verdict};

/// Everything a turn may look at, taken when it began. Owned by the task that runs the bot.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub key: StoryKey,
    pub turn: TurnId,
    pub event: Event,
    pub transcript: Arc<Vec<Entry>>,
    pub data: Arc<AttachedData>,
    pub memory: BTreeMap<String, Value>,
    pub locale: Option<String>,
    pub now: UnixMillis,
    /// The indexes of the customer's lines in the event.
    pub lines: Vec<u64>,
    pub seed: u64,
    /// What an earlier run of this same turn has already said, in order.
    pub said: Vec<String>,
    /// What the steps of an earlier run of this same turn gave, by name and occurrence.
    pub steps: BTreeMap<(String, u32), Value>,
}

/// Names one run of one turn: a turn that is run again is another run, and what the earlier one still reports is stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TurnId {
    /// The turn in its conversation, from 1.
    pub number: u64,
    /// How often it was run before, in this process.
    pub run: u32,
}

/// What a running turn tells its conversation. The answer comes when it is durable; a dropped answer means that the
/// conversation no longer wants this turn.
#[derive(Debug)]
pub(crate) enum Report {
    Say { words: String, done: oneshot::Sender<()> },
    Step { step: (String, u32), value: Value, done: oneshot::Sender<()> },
    Attach { pairs: BTreeMap<String, String>, done: oneshot::Sender<()> },
    Diverged { expected: String },
    Over { outcome: Result<Answer, TurnFailure> },
    Screened { verdict: Result<Verdict, TurnFailure> },
}

/// A report, with the turn it comes from.
#[derive(Debug)]
pub(crate) struct FromBot {
    pub key: StoryKey,
    pub turn: TurnId,
    pub report: Report,
}

/// One call of a bot: the event that woke it, the conversation so far, and a way to speak.
///
/// A turn can be run again after a crash. What it said, what its [steps](Self::step) gave, the [clock](Self::now) and the
/// [dice](Self::random) are the same then, so a bot that gets everything from its turn does nothing twice.
pub struct Turn<'a> {
    scene: &'a Scene,
    memory: &'a mut Memory,
    reports: mpsc::Sender<FromBot>,
    dice: SmallRng,
    said: usize,
    steps: BTreeMap<String, u32>,
    confidence: Option<f32>,
    /// Less sure than this, the bot falls silent, for a rule is about to speak.
    hush_below: Option<f32>,
    hushed: bool,
    /// What it said meanwhile.
    held: Vec<String>,
}

/// What a bot keeps about one conversation, and what this turn has changed of it.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// `None` is forgotten.
    pub changed: BTreeMap<String, Option<Value>>,
}

/// The words were not taken: the conversation no longer belongs to the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the conversation no longer belongs to the bot")]
pub struct Silenced;

impl<'a> Turn<'a> {
    pub(crate) fn new(scene: &'a Scene, memory: &'a mut Memory, reports: mpsc::Sender<FromBot>) -> Self {
        Self {
            scene,
            memory,
            reports,
            dice: SmallRng::seed_from_u64(scene.seed),
            said: 0,
            steps: BTreeMap::new(),
            confidence: None,
            hush_below: None,
            hushed: false,
            held: Vec::new(),
        }
    }

    /// What woke the bot.
    pub fn event(&self) -> &'a Event {
        &self.scene.event
    }

    /// Which conversation this is.
    pub fn interaction(&self) -> &'a InteractionId {
        &self.scene.key.interaction
    }

    /// The number of this turn in its conversation, from 1.
    pub fn number(&self) -> u64 {
        self.scene.turn.number
    }

    /// Everything said when the turn began, by index.
    pub fn transcript(&self) -> &'a [Entry] {
        &self.scene.transcript
    }

    /// A value of the attached data.
    pub fn data(&self, key: &str) -> Option<&'a str> {
        self.scene.data.get(key)
    }

    /// The customer in the chat, if they have come in.
    pub fn customer(&self) -> Option<&'a Participant> {
        self.scene.transcript.iter().rev().map(|entry| &entry.from).find(|from| from.role == Role::Customer)
    }

    /// What to call the customer: the first name of the attached data, or the nickname in the chat.
    pub fn customer_name(&self) -> Option<&'a str> {
        self.data("FirstName").or_else(|| self.customer().map(|customer| customer.nickname.as_str()))
    }

    /// The customer's language as a BCP 47 tag, where the attached data or the configuration says so.
    pub fn locale(&self) -> Option<&'a str> {
        self.scene.locale.as_deref()
    }

    /// The customer's last line, whatever woke the bot.
    pub fn last_words(&self) -> Option<&'a str> {
        self.scene.transcript.iter().rev().find_map(|entry| match &entry.kind {
            EntryKind::Text(text) if entry.from.role == Role::Customer => Some(text.as_str()),
            _ => None,
        })
    }

    /// The time at which the turn began. It stands still within a turn, and is the same when the turn is run again.
    pub fn now(&self) -> UnixMillis {
        self.scene.now
    }

    /// A random number; the same ones in the same order when the turn is run again.
    pub fn random(&mut self) -> u64 {
        self.dice.random()
    }

    /// One of several, at random. `None` only of none.
    pub fn choose<'b, T>(&mut self, of: &'b [T]) -> Option<&'b T> {
        if of.is_empty() { None } else { of.get(self.dice.random_range(0..of.len())) }
    }

    /// Says something to the customer. Returns when the words are safe in the journal; the runtime types, paces, splits,
    /// sends, and sees that they arrive once. Fails with [`Silenced`] when the bot no longer owns the conversation.
    ///
    /// When a turn is run again, words that an earlier run said are not said twice. If they differ this time, the earlier
    /// ones stand, and the difference is reported to the operator.
    pub async fn say(&mut self, words: impl Into<String>) -> Result<(), BotError> {
        let words = words.into();
        if self.hushed {
            self.held.push(words);
            return Ok(());
        }
        let place = self.said;
        self.said += 1;
        if let Some(earlier) = self.scene.said.get(place) {
            if *earlier != words {
                self.diverged(format!("say number {}", place + 1)).await;
            }
            return Ok(());
        }
        self.report(|done| Report::Say { words, done }).await
    }

    /// Does something once, even if the turn is run again: the result is kept in the journal, and an earlier result is
    /// returned instead of doing it a second time. For look-ups that must not change their mind, and for deeds. A crash
    /// between the deed and the journal runs it again, so a deed should carry a key of its own where it can.
    pub async fn step<T, E, F, R>(&mut self, name: &str, deed: F) -> Result<T, BotError>
    where
        T: Serialize + DeserializeOwned + Send,
        E: Into<BotError>,
        F: FnOnce() -> R + Send,
        R: Future<Output = Result<T, E>> + Send,
    {
        let occurrence = {
            let count = self.steps.entry(name.to_owned()).or_default();
            *count += 1;
            *count
        };
        if let Some(value) = self.scene.steps.get(&(name.to_owned(), occurrence)) {
            match serde_json::from_value(value.clone()) {
                Ok(earlier) => return Ok(earlier),
                Err(_) => self.diverged(format!("step {name}")).await, // another shape now: a new version of the bot
            }
        }
        let result = deed().await.map_err(Into::into)?;
        let value = serde_json::to_value(&result)?;
        let name = name.to_owned();
        self.report(|done| Report::Step { step: (name, occurrence), value, done }).await?;
        Ok(result)
    }

    /// Adds to the attached data of the interaction, where people and reports see it.
    pub async fn attach(&mut self, key: impl Into<String>, value: impl Into<String>) -> Result<(), BotError> {
        let pairs = BTreeMap::from([(key.into(), value.into())]);
        self.report(|done| Report::Attach { pairs, done }).await
    }

    /// What an earlier turn of this conversation remembered under this key.
    pub fn recall<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, BotError> {
        let value = match self.memory.changed.get(key) {
            Some(changed) => changed.as_ref(),
            None => self.scene.memory.get(key),
        };
        Ok(value.map(|value| serde_json::from_value(value.clone())).transpose()?)
    }

    /// Keeps a value for later turns of this conversation. It is durable when the turn has succeeded, and undone when it
    /// fails.
    pub fn remember<T: Serialize>(&mut self, key: &str, value: T) -> Result<(), BotError> {
        self.memory.changed.insert(key.to_owned(), Some(serde_json::to_value(value)?));
        Ok(())
    }

    /// Drops what was remembered under this key.
    pub fn forget(&mut self, key: &str) {
        self.memory.changed.insert(key.to_owned(), None);
    }

    /// Says how sure the bot is of what it answers in this turn, from 0 to 1. What is around the bot (rules, the peak policy)
    /// reads it when the bot is through. Kept with the conversation, so that later turns can count. Say it before the
    /// answer: if a rule hands over because the bot was unsure once too often, the answer is then not sent.
    pub fn set_confidence(&mut self, confidence: f32) {
        let confidence = if confidence.is_nan() { 0.0 } else { confidence.clamp(0.0, 1.0) };
        let mut all = Self::remembered_confidences(self.scene);
        all.push(confidence);
        let old = all.len().saturating_sub(crate::rules::REMEMBERED);
        self.memory.changed.insert(crate::rules::CONFIDENCE.to_owned(), Some(all.split_off(old).into()));
        self.confidence = Some(confidence);
        self.hushed = self.hush_below.is_some_and(|least| confidence < least);
    }

    /// How sure the bot said it was in this turn; `None` if it did not say.
    pub fn confidence(&self) -> Option<f32> {
        self.confidence
    }

    /// How sure the bot was lately, oldest first; this turn, if it has said so, is the last.
    pub(crate) fn confidences(&self) -> Vec<f32> {
        match self.memory.changed.get(crate::rules::CONFIDENCE) {
            Some(changed) => changed.as_ref().map_or_else(Vec::new, crate::rules::confidences),
            None => Self::remembered_confidences(self.scene),
        }
    }

    fn remembered_confidences(scene: &Scene) -> Vec<f32> {
        scene.memory.get(crate::rules::CONFIDENCE).map_or_else(Vec::new, crate::rules::confidences)
    }

    /// From now on, if the bot is less sure than this, what it says is held back.
    pub(crate) fn hush_below(&mut self, least: f32) {
        self.hush_below = Some(least);
    }

    /// What is said from now on is sent. Gives what was held back.
    pub(crate) fn unhush(&mut self) -> Vec<String> {
        self.hush_below = None;
        self.hushed = false;
        std::mem::take(&mut self.held)
    }

    /// The indexes of the customer's lines that this turn answers.
    pub(crate) fn lines(&self) -> &'a [u64] {
        &self.scene.lines
    }

    /// When the chat was offered.
    pub(crate) fn began(&self) -> UnixMillis {
        self.scene.key.began
    }

    pub(crate) fn attached_data(&self) -> &'a AttachedData {
        &self.scene.data
    }

    /// What the first step of this name gave in an earlier run of this same turn.
    pub(crate) fn earlier_step(&self, name: &str) -> Option<&'a Value> {
        self.scene.steps.get(&(name.to_owned(), 1))
    }

    /// How many steps of this name this run has taken.
    pub(crate) fn count_of_steps(&self, name: &str) -> u32 {
        self.steps.get(name).copied().unwrap_or(0)
    }

    /// Whether an earlier run of this same turn has said or done anything.
    pub(crate) fn had_begun(&self) -> bool {
        !self.scene.said.is_empty() || !self.scene.steps.is_empty()
    }

    async fn report(&mut self, report: impl FnOnce(oneshot::Sender<()>) -> Report) -> Result<(), BotError> {
        let (done, durable) = oneshot::channel();
        self.tell(report(done)).await.map_err(|_| Silenced)?;
        Ok(durable.await.map_err(|_| Silenced)?)
    }

    async fn diverged(&self, expected: String) {
        // Nobody listens only if the turn is unwanted; the next `say` says so.
        let _ = self.tell(Report::Diverged { expected }).await;
    }

    async fn tell(&self, report: Report) -> Result<(), mpsc::error::SendError<FromBot>> {
        let (key, turn) = (self.scene.key.clone(), self.scene.turn);
        self.reports.send(FromBot { key, turn, report }).await
    }
}
