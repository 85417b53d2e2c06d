//! A conversation with a bot in memory: no network, no waiting. For tests, and for talking to a bot in a terminal.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;

use crate::turn::{Memory, Report, Scene};
use crate::{
    AttachedData, Bot, Entry, EntryKind, Event, Handoff, HandoffFailure, InteractionId, Next, Offer, Participant, Role,
    Said, Turn, UnixMillis, Verdict, Visibility,
};

/// A chat with a bot, played in memory.
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
pub struct Rehearsal<B> {
    bot: B,
    customer: String,
    data: AttachedData,
    locale: Option<String>,
    now: UnixMillis,
    transcript: Arc<Vec<Entry>>,
    memory: BTreeMap<String, Value>,
    verdict: Option<Verdict>,
    greeting: Vec<String>,
    handoff: Option<Handoff>,
    finished: Option<String>,
    failures: Vec<String>,
    steps: Vec<(String, Value)>,
    turns: u64,
    seed: u64,
}

impl<B: Bot> Rehearsal<B> {
    /// A chat that has not begun, with a customer called Ada, on 2 January 2026 at 10:00 UTC (a Friday).
    pub fn new(bot: B) -> Self {
        Self {
            bot,
            customer: "Ada".to_owned(),
            data: AttachedData::default(),
            locale: None,
            now: UnixMillis(1_767_348_000_000),
            transcript: Arc::default(),
            memory: BTreeMap::new(),
            verdict: None,
            greeting: Vec::new(),
            handoff: None,
            finished: None,
            failures: Vec::new(),
            steps: Vec::new(),
            turns: 0,
            seed: 1,
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
        self.locale = Some(tag.into());
        self
    }

    /// Sets the clock.
    #[must_use]
    pub fn at(mut self, now: UnixMillis) -> Self {
        self.now = now;
        self
    }

    /// Seeds the dice of the bot.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Offers the chat to the bot and, if it accepts, begins it.
    pub async fn start(mut self) -> Self {
        let offer = Offer { interaction: Self::id(), data: self.data.clone(), at: self.now };
        let verdict = self.bot.screen(&offer).await;
        let accepted = verdict == Verdict::Accept;
        self.verdict = Some(verdict);
        if accepted {
            self.enter("customer", Role::Customer, EntryKind::Joined);
            self.enter("me", Role::Me, EntryKind::Joined);
            self.greeting = self.play(Event::Started).await;
        }
        self
    }

    /// What the bot decided on the offer.
    pub fn verdict(&self) -> Option<&Verdict> {
        self.verdict.as_ref()
    }

    /// What the bot said before the customer said anything.
    pub fn greeting(&self) -> &[String] {
        &self.greeting
    }

    /// The customer says something; returns what the bot answers, one string a message.
    pub async fn say(&mut self, words: impl Into<String>) -> Vec<String> {
        self.burst([words.into()]).await
    }

    /// The customer says several lines in one go, which the bot gets as one event.
    pub async fn burst(&mut self, lines: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
        let lines: Vec<String> = lines.into_iter().map(Into::into).collect();
        for line in &lines {
            self.enter("customer", Role::Customer, EntryKind::Text(line.clone()));
        }
        self.play(Event::Said(Said::new(lines))).await
    }

    /// The customer stays silent this long.
    pub async fn silence(&mut self, how_long: Duration) -> Vec<String> {
        self.now = UnixMillis(self.now.0 + i64::try_from(how_long.as_millis()).unwrap_or(i64::MAX));
        self.play(Event::Silent(how_long)).await
    }

    /// The handoff that the bot asked for fails on its last choice.
    pub async fn fail_handoff(&mut self, why: HandoffFailure) -> Vec<String> {
        self.handoff = None;
        self.play(Event::HandoffFailed(why)).await
    }

    /// The handoff that the bot has asked for, while it goes on.
    pub fn handoff(&self) -> Option<&Handoff> {
        self.handoff.as_ref()
    }

    /// The disposition with which the bot ended the chat.
    pub fn finished(&self) -> Option<&str> {
        self.finished.as_deref()
    }

    /// Whether the bot still holds the conversation.
    pub fn is_open(&self) -> bool {
        self.verdict == Some(Verdict::Accept) && self.handoff.is_none() && self.finished.is_none()
    }

    /// How the turns failed that did, in words for people.
    pub fn failures(&self) -> &[String] {
        &self.failures
    }

    /// What the bot did as a [step](Turn::step), by name, with what it gave.
    pub fn steps(&self) -> &[(String, Value)] {
        &self.steps
    }

    /// Everything said so far.
    pub fn transcript(&self) -> &[Entry] {
        &self.transcript
    }

    /// A value of the attached data, as the bot has left it.
    pub fn attached(&self, key: &str) -> Option<&str> {
        self.data.get(key)
    }

    fn id() -> InteractionId {
        InteractionId::new("rehearsal")
    }

    fn enter(&mut self, id: &str, role: Role, kind: EntryKind) {
        let nickname = if role == Role::Customer { self.customer.clone() } else { "Bot".to_owned() };
        let from = Participant { id: id.into(), role, nickname, agent: None };
        let transcript = Arc::make_mut(&mut self.transcript);
        let index = transcript.len() as u64 + 1;
        transcript.push(Entry { index, from, visibility: Visibility::All, at: Some(self.now), kind });
    }

    async fn play(&mut self, event: Event) -> Vec<String> {
        if !self.is_open() {
            return Vec::new();
        }
        self.turns += 1;
        let scene = Scene {
            interaction: Self::id(),
            number: self.turns,
            event,
            transcript: self.transcript.clone(),
            data: Arc::new(self.data.clone()),
            memory: self.memory.clone(),
            locale: self.locale.clone(),
            now: self.now,
            seed: self.seed ^ self.turns.rotate_left(32),
            said: Vec::new(),
            steps: BTreeMap::new(),
        };
        let mut memory = Memory::default();
        let (sender, mut reports) = mpsc::channel(1);
        let mut replies = Vec::new();
        let mut attached = BTreeMap::new();
        let (mut steps, mut diverged) = (Vec::new(), Vec::new());
        let outcome = {
            let mut turn = Turn::new(&scene, &mut memory, sender);
            let mut answer = self.bot.respond(&mut turn);
            loop {
                tokio::select! {
                    biased;
                    Some(report) = reports.recv() => {
                        let done = match report {
                            Report::Say { words, done } => { replies.push(words); done }
                            Report::Attach { pairs, done } => { attached.extend(pairs); done }
                            Report::Step { step: (name, _), value, done } => { steps.push((name, value)); done }
                            Report::Diverged { expected } => { diverged.push(expected); continue }
                        };
                        let _ = done.send(()); // the bot may have stopped waiting
                    }
                    outcome = &mut answer => break outcome,
                }
            }
        };
        self.data.0.extend(attached);
        self.steps.extend(steps);
        self.failures.extend(diverged);
        for words in &replies {
            self.enter("me", Role::Me, EntryKind::Text(words.clone()));
        }
        match outcome {
            Ok(next) => {
                for (key, value) in memory.changed {
                    match value {
                        Some(value) => drop(self.memory.insert(key, value)),
                        None => drop(self.memory.remove(&key)),
                    }
                }
                match next {
                    Next::Listen => {}
                    Next::HandOff(handoff) => {
                        if let Some(words) = &handoff.words {
                            self.enter("me", Role::Me, EntryKind::Text(words.clone()));
                            replies.push(words.clone());
                        }
                        self.handoff = Some(handoff);
                    }
                    Next::Finish { disposition } => self.finished = Some(disposition),
                }
            }
            Err(error) => self.failures.push(error.to_string()),
        }
        replies
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BotError;

    /// Counts in its memory, rolls dice, looks things up, fails on demand.
    struct Clerk;

    #[async_trait::async_trait]
    impl Bot for Clerk {
        async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
            let Event::Said(words) = turn.event() else { return Ok(Next::Listen) };
            let count = turn.recall::<u32>("count")?.unwrap_or(0) + 1;
            turn.remember("count", count)?;
            if words.contains("fail") {
                return Err("out of order".into());
            }
            let price: u32 = turn.step("price", || async { Ok::<_, BotError>(42) }).await?;
            turn.attach("price", price.to_string()).await?;
            turn.say(format!("{count}: {price}")).await?;
            if words.contains("human") {
                return Ok(Next::HandOff(Handoff::to_skill("service").saying("One moment.")));
            }
            Ok(Next::Listen)
        }
    }

    #[tokio::test]
    async fn a_turn_has_memory_steps_and_attached_data() {
        let mut chat = Rehearsal::new(Clerk).start().await;
        assert_eq!(chat.say("price?").await, ["1: 42"]);
        assert_eq!(chat.burst(["and", "now?"]).await, ["2: 42"]);
        assert_eq!(chat.attached("price"), Some("42"));
    }

    #[tokio::test]
    async fn a_failed_turn_changes_no_memory() {
        let mut chat = Rehearsal::new(Clerk).start().await;
        assert!(chat.say("fail").await.is_empty());
        assert_eq!(chat.failures().len(), 1);
        assert_eq!(chat.say("again").await, ["1: 42"]);
    }

    #[tokio::test]
    async fn a_handoff_and_its_failure_can_be_played() {
        let mut chat = Rehearsal::new(Clerk).start().await;
        assert_eq!(chat.say("a human please").await, ["1: 42", "One moment."]);
        assert_eq!(chat.handoff().map(|handoff| handoff.choices.len()), Some(1));
        chat.fail_handoff(HandoffFailure::TimedOut).await;
        assert!(chat.is_open());
    }
}
