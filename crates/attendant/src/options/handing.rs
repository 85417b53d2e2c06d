//! What an operator can set about handing over to people, and about calling back where nobody could come.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::seconds;
use crate::Handoff;

/// Somewhere to hand over to: exactly one of agent, skill and queue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Place {
    /// One agent.
    pub agent: Option<String>,
    /// Anybody with this skill.
    pub skill: Option<String>,
    /// A queue.
    pub queue: Option<String>,
    /// Invite and stay until the person has spoken, instead of a transfer.
    pub warm: bool,
    /// Said to the customer first.
    pub words: Option<String>,
    /// Said while a person is looked for.
    pub meanwhile: Option<String>,
    /// So often; every 30 seconds if it does not say.
    #[serde(with = "humantime_serde::option")]
    pub meanwhile_every: Option<Duration>,
    /// Said when an invited person is in, before they speak; `{name}` is who it is.
    pub introduction: Option<String>,
    /// How long to wait there before the next choice; `choice_within` of the handing over if it does not say.
    #[serde(with = "humantime_serde::option", skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
    /// What to try if this does not work. Its own words are not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub or_else: Option<Box<Self>>,
    /// Offer a call-back when nobody comes.
    pub call_back: bool,
}

impl Place {
    /// Anybody with this skill.
    pub fn skill(skill: impl Into<String>) -> Self {
        Self { skill: Some(skill.into()), ..Self::default() }
    }

    /// One agent.
    pub fn agent(agent: impl Into<String>) -> Self {
        Self { agent: Some(agent.into()), ..Self::default() }
    }

    /// A queue.
    pub fn queue(queue: impl Into<String>) -> Self {
        Self { queue: Some(queue.into()), ..Self::default() }
    }

    /// Invite and stay until the person has spoken.
    #[must_use]
    pub fn warm(mut self) -> Self {
        self.warm = true;
        self
    }

    /// Whether exactly one of agent, skill and queue is given, here and in what follows.
    pub(super) fn is_valid(&self) -> bool {
        [&self.agent, &self.skill, &self.queue].into_iter().flatten().count() == 1
            && self.or_else.as_ref().is_none_or(|other| other.is_valid())
    }

    /// In a few words, for people: `agent anna, else skill service`.
    pub fn summary(&self) -> String {
        let (kind, name) = match (&self.agent, &self.skill, &self.queue) {
            (Some(agent), _, _) => ("agent", agent),
            (None, Some(skill), _) => ("skill", skill),
            (None, None, Some(queue)) => ("queue", queue),
            (None, None, None) => return "nowhere".to_owned(),
        };
        let rest = self.or_else.as_ref().map_or_else(String::new, |other| format!(", else {}", other.summary()));
        let last = if self.call_back { ", else a call-back" } else { "" };
        format!("{kind} {name}{rest}{last}")
    }

    /// As a handoff; `None` if the place is not valid.
    pub fn handoff(&self) -> Option<Handoff> {
        let mut handoff = match (&self.agent, &self.skill, &self.queue) {
            (Some(agent), None, None) => Handoff::to_agent(agent.as_str()),
            (None, Some(skill), None) => Handoff::to_skill(skill),
            (None, None, Some(queue)) => Handoff::to_queue(queue),
            _ => return None,
        };
        if self.warm {
            handoff = handoff.warm();
        }
        if let Some(within) = self.within {
            handoff = handoff.within(within);
        }
        if let Some(other) = &self.or_else {
            handoff = handoff.or_else(other.handoff()?);
        }
        if let Some(words) = &self.words {
            handoff = handoff.saying(words);
        }
        if let Some(words) = &self.meanwhile {
            handoff = handoff.meanwhile(words, self.meanwhile_every.unwrap_or(seconds(30)));
        }
        if let Some(words) = &self.introduction {
            handoff = handoff.after(words);
        }
        if self.call_back {
            handoff = handoff.or_call_back();
        }
        Some(handoff)
    }
}

group! {
    /// Handing over to people.
    Handing {
        /// How long one choice of a handoff may take, unless it says so itself: transfer not confirmed, person not joined.
        @"humantime_serde" choice_within: Duration = seconds(60),
        /// How long an invited person may be in without a word before the next choice is tried.
        @"humantime_serde" speak_within: Duration = seconds(90),
        /// Said while a person is looked for, by any handoff that has no such words of its own; nothing if empty. `{place}` and
        /// `{minutes}` are put in where they are known.
        meanwhile: String = String::new(),
        /// So often.
        @"humantime_serde" meanwhile_every: Duration = seconds(30),
        /// Stay until the person has spoken, not only joined.
        wait_for_words: bool = true,
        /// Fall silent when another agent joins; else when they first speak to the customer. Either way silence is at once.
        silent_on_join: bool = true,
        /// Leave the conference once a person holds the conversation. Else stay, silent, and take up when they leave.
        leave: bool = true,
        /// Stay at most this long.
        @"humantime_serde" stay_at_most: Duration = seconds(3600),
        /// Most attempts to hand over in one chat.
        most: u32 = 6,
        /// A place that gave the chat back is not asked again within this time.
        @"humantime_serde" not_again_within: Duration = seconds(600),
        /// The key under which the note is attached where the platform has no messages for agents only.
        note_key: String = "BotNote".to_owned(),
        /// The key of the attached data in which routing tells the customer's place in the queue; none if empty.
        place_key: String = String::new(),
        /// The key of the attached data in which routing tells the probable wait, in seconds; none if empty.
        wait_key: String = String::new(),
        /// Names in the chat of other bots: such an agent is no person, so nobody falls silent for it unless it was invited.
        bots: Vec<String> = Vec::new(),
        /// After so many handoffs from bot to bot, without a person in between, only the fallback and a call-back are left.
        most_hops: usize = 4,
        /// The key of the attached data in which bots leave their names for each other.
        trail_key: String = "BotTrail".to_owned(),
    }
}

/// What comes after a call-back was agreed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Afterwards {
    /// The chat is ended, with the disposition.
    #[default]
    Finish,
    /// The bot hears of it and goes on.
    Listen,
}

group! {
    /// Calling back where nobody could come: the choice of a handoff that needs nobody.
    CallBacks {
        /// The question for a number, unless the bot has its own.
        ask: String = "Nobody is free right now. On which number may we call you back, and when?".to_owned(),
        /// The question once more, when the answer had no number in it.
        ask_again: String = "I could not find a telephone number in that. Which number may we call?".to_owned(),
        /// How often is asked before the choice has failed.
        asks: u32 = 2,
        /// How long the customer may take for each answer.
        @"humantime_serde" answer_within: Duration = seconds(180),
        /// Said when the number is kept; `{number}` is put in.
        thanks: String = "Thank you. We will call you back on {number}.".to_owned(),
        /// The key of the attached data in which the customer's number may be already: then nobody asks. None if empty.
        known_key: String = String::new(),
        /// The key under which the number is attached.
        number_key: String = "CallBackNumber".to_owned(),
        /// The key under which the customer's own words are attached: they may tell the time.
        words_key: String = "CallBackWords".to_owned(),
        /// The disposition of a chat that ends so.
        disposition: String = "call-back".to_owned(),
        /// And then?
        then: Afterwards = Afterwards::Finish,
    }
}

group! {
    /// A bot beside a person: as a draft or a shadow.
    Drafting {
        /// What a draft begins with.
        prefix: String = "Draft: ".to_owned(),
        /// The key under which the draft is attached where the platform has no messages for agents only.
        key: String = "BotDraft".to_owned(),
        /// A chat in which no person is goes to the fallback after this long.
        @"humantime_serde" alone_within: Duration = seconds(5),
    }
}
