//! How a conversation begins: with an offer, with what is left of an earlier story, or with what the platform shows.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use super::sending::Lips;
use super::timers::Timers;
use super::{Conversation, Effect, State, Step, Timer, after};
use crate::guard::Guards;
use crate::journal::{Closed, Record, StoryKey};
use crate::options::Options;
use crate::{Interaction, InteractionState, Offer, PlatformLimits, Target, UnixMillis, Waiting};

/// What is left of a story that was handed over, in case the chat comes back.
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    pub(super) memory: BTreeMap<String, Value>,
    pub(super) handoffs: u32,
    /// The places it went to, with the time; should it come back, they gave it back.
    pub(super) gave_back: Vec<(Target, UnixMillis)>,
}

impl Conversation {
    /// A new offer. The first effects append it and ask the bot.
    pub fn offered(
        interaction: &Interaction,
        options: Arc<Options>,
        limits: PlatformLimits,
        now: UnixMillis,
    ) -> (Self, Vec<Effect>) {
        let key = StoryKey { interaction: interaction.id.clone(), began: now };
        let mut new = Self::blank(key, options, limits);
        new.data = Arc::new(interaction.data.clone());
        new.append(Record::Offered, now);
        new.timers.set(Timer::Screen, after(now, new.options.offers.screen_within));
        let offer = Offer { interaction: interaction.id.clone(), data: interaction.data.clone(), at: now };
        new.effects.push(Effect::Screen(offer));
        if interaction.state != InteractionState::Invited {
            new.changed(interaction, now); // offered and opened before we heard of it
        }
        let effects = std::mem::take(&mut new.effects);
        (new, effects)
    }

    /// The chat was here before: its memory, and who had it meanwhile, are taken over.
    pub fn remembering(mut self, past: &Past, now: UnixMillis) -> (Self, Vec<Effect>) {
        let record = Record::CameBack {
            memory: past.memory.clone(),
            handoffs: past.handoffs,
            gave_back: past.gave_back.iter().map(|(target, at)| (target.clone(), at.0)).collect(),
        };
        self.append(record, now);
        self.take_over(past);
        let effects = std::mem::take(&mut self.effects);
        (self, effects)
    }

    pub(super) fn take_over(&mut self, past: &Past) {
        self.memory.clone_from(&past.memory);
        self.handoffs = past.handoffs;
        self.gave_back.clone_from(&past.gave_back);
        self.came_back = true;
    }

    /// What a later story of the same interaction should know. `None` unless it was handed over.
    pub fn past(&self, now: UnixMillis) -> Option<Past> {
        if self.state != State::Closed(Closed::HandedOver) {
            return None;
        }
        let mut gave_back = self.gave_back.clone();
        gave_back.extend(self.last_target.clone().map(|target| (target, now)));
        Some(Past { memory: self.memory.clone(), handoffs: self.handoffs, gave_back })
    }

    /// An interaction of this login that is in no journal: whatever the platform shows is taken up.
    pub fn adopted(
        interaction: &Interaction,
        options: Arc<Options>,
        limits: PlatformLimits,
        now: UnixMillis,
    ) -> (Self, Vec<Effect>) {
        let key = StoryKey { interaction: interaction.id.clone(), began: now };
        let mut new = Self::blank(key, options, limits);
        new.data = Arc::new(interaction.data.clone());
        new.append(Record::Offered, now);
        new.append(Record::Accepting, now);
        new.state = State::Accepting(Step::Waiting);
        new.timers.set(Timer::Open, after(now, new.options.offers.open_within));
        new.start_reading(now, true);
        let effects = std::mem::take(&mut new.effects);
        (new, effects)
    }

    pub(super) fn blank(key: StoryKey, options: Arc<Options>, limits: PlatformLimits) -> Self {
        let began = key.began;
        Self {
            key,
            options,
            limits,
            guards: Guards::default(),
            state: State::Offered,
            reading: None,
            whole_to: 0,
            data: Arc::default(),
            transcript: Arc::default(),
            people: BTreeMap::new(),
            gone: BTreeMap::new(),
            unanswered: BTreeMap::new(),
            taken: BTreeSet::new(),
            burst_began: None,
            events: VecDeque::new(),
            last_heard: began,
            prompted: 0,
            turn: None,
            turns: 0,
            memory: BTreeMap::new(),
            failures: 0,
            decided: None,
            wake_after: None,
            firm: false,
            handoffs: 0,
            waiting: Waiting::default(),
            gave_back: Vec::new(),
            last_target: None,
            pending: None,
            in_company: None,
            joined_at: 0,
            left_trail: false,
            came_back: false,
            recent_turns: VecDeque::new(),
            same_words: (String::new(), 0),
            outbox: VecDeque::new(),
            messages: 0,
            last_own: 0,
            lips: Lips::Closed,
            pace_from: began,
            errands: VecDeque::new(),
            doing: None,
            shows_from: began,
            tickets: 0,
            step_reference: None,
            say_reference: None,
            early_failure: None,
            tries: 0,
            appended: 0,
            durable: 0,
            waiting_tokens: VecDeque::new(),
            timers: Timers::default(),
            effects: Vec::new(),
        }
    }
}
