//! What a line of a story says. The JSON form is what implementations store; a golden file guards it, so that a changed
//! name cannot make yesterday's journal unreadable unnoticed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Event, HandoffFailure, Next, Target};

/// A fact about a conversation. What the platform knows (its state, the transcript) is not here: it is read again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Record {
    /// The interaction was offered.
    Offered,
    /// It was here before, was handed over, and has come back.
    CameBack {
        /// What the bot remembered.
        memory: BTreeMap<String, Value>,
        /// How often it was handed over.
        handoffs: u32,
        /// The places that had it, with the time in milliseconds of Unix.
        gave_back: Vec<(Target, i64)>,
    },
    /// It is to be accepted.
    Accepting,
    /// It is to be rejected.
    Rejecting {
        /// Why.
        reason: String,
    },
    /// The chat is live and the bot owns it.
    Live,
    /// The bot is called.
    TurnStarted {
        /// The number of the turn, from 1.
        turn: u64,
        /// What woke it.
        event: Event,
        /// The indexes of the customer's lines that it answers.
        lines: Vec<u64>,
    },
    /// The bot said something: the intent of one message a part.
    Said {
        /// In which turn.
        turn: u64,
        /// As the bot said it.
        words: String,
        /// The number of the first message; the others follow it.
        first: u64,
        /// The messages.
        parts: Vec<String>,
    },
    /// A bot beside a person would have said something: a draft for people, or a shadow's secret.
    Drafted {
        /// In which turn.
        turn: u64,
        /// As the bot said it.
        words: String,
        /// The number of the first message; the others follow it. 0 if there is none.
        first: u64,
        /// The messages, which only the agents' side sees.
        parts: Vec<String>,
    },
    /// The runtime says something of its own (an apology, the words of a handoff, a note): the intent of the messages.
    Uttered {
        /// The number of the first message; the others follow it.
        first: u64,
        /// The messages.
        parts: Vec<String>,
        /// True for a note that only the agents' side sees.
        agents_only: bool,
    },
    /// A step of a turn gave this.
    Stepped {
        /// In which turn.
        turn: u64,
        /// The name of the step.
        step: String,
        /// Which one of that name, from 1.
        occurrence: u32,
        /// What it gave.
        value: Value,
    },
    /// Data is to be attached.
    Attaching {
        /// What.
        pairs: BTreeMap<String, String>,
    },
    /// The oldest data that was to be attached is, or cannot be.
    Attached,
    /// The bot has decided.
    TurnEnded {
        /// Which turn.
        turn: u64,
        /// What.
        next: Next,
        /// What has changed in its memory; `None` is forgotten.
        memory: BTreeMap<String, Option<Value>>,
    },
    /// The turn failed for good.
    TurnFailed {
        /// Which turn.
        turn: u64,
        /// How.
        why: TurnFailure,
    },
    /// What was decided is off: the customer spoke before the chat was ended, or it went round in circles.
    Reconsidered,
    /// A message is in the transcript.
    Confirmed {
        /// Its number.
        message: u64,
        /// Its index in the transcript.
        index: u64,
    },
    /// Messages that will never be sent.
    Withdrawn {
        /// Their numbers.
        messages: Vec<u64>,
        /// Why, for people.
        why: String,
    },
    /// A choice of the handoff is to be tried.
    Trying {
        /// Its place among the choices, from 0.
        choice: usize,
    },
    /// It did not work.
    ChoiceFailed {
        /// Its place among the choices, from 0.
        choice: usize,
        /// Why.
        why: HandoffFailure,
        /// Whether it was the last one.
        last: bool,
    },
    /// A call-back: how far the asking for a number is.
    CallBack {
        /// How often the customer was asked.
        asked: u32,
        /// The indexes of the customer's lines that were read.
        lines: Vec<u64>,
        /// The number, once there is one.
        number: Option<String>,
    },
    /// The call-back is agreed, and the bot goes on.
    CallBackAgreed,
    /// A person holds the conversation.
    PersonHolds {
        /// Their name in the chat.
        nickname: String,
    },
    /// The person is gone or gave it back.
    PersonGone {
        /// Their name in the chat.
        nickname: String,
    },
    /// The conference is to be left to the person.
    Leaving,
    /// The chat is to be ended.
    Ending {
        /// With this disposition.
        disposition: String,
    },
    /// The chat is over; disposition and completion are owed.
    Ended {
        /// The disposition.
        disposition: String,
    },
    /// The story is over. Nothing comes after this.
    Closed {
        /// How it ended.
        how: Closed,
    },
}

/// How a story ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Closed {
    /// The bot ended the chat and completed the interaction, or the customer left and it was completed.
    Completed,
    /// A person has it.
    HandedOver,
    /// The offer was rejected.
    Rejected,
    /// The platform took it back.
    Revoked,
    /// The chat could not be opened, and the interaction was completed.
    JoinFailed,
    /// The platform gave it to somebody else, or completed it, without being asked.
    Taken,
    /// It was gone when the platform was read again.
    Gone,
    /// Given up: the platform did not do what it was asked, for too long.
    GivenUp,
}

/// How a turn failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", content = "words", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TurnFailure {
    /// The bot returned an error.
    #[error("the bot failed: {0}")]
    Error(String),
    /// The bot panicked.
    #[error("the bot panicked")]
    Panicked,
    /// The bot took too long.
    #[error("the bot took too long")]
    TooLate,
    /// The bot had no answer to the customer's words.
    #[error("the bot said nothing")]
    SaidNothing,
    /// A message of it could not be sent.
    #[error("its words could not be sent")]
    Undeliverable,
    /// The conversation turns in circles.
    #[error("the conversation turns in circles")]
    Circles,
}

impl Record {
    /// Whether nothing may come after this one.
    pub fn is_last(&self) -> bool {
        matches!(self, Self::Closed { .. })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{CallBack, Handoff, Said};

    #[test]
    fn the_stored_form_stays_the_same() {
        let handoff =
            Handoff::to_agent("anna").warm().within(Duration::from_secs(30)).or_else(Handoff::to_queue("night"));
        let records = vec![
            Record::Offered,
            Record::CameBack {
                memory: BTreeMap::from([("n".into(), 1.into())]),
                handoffs: 1,
                gave_back: vec![(Target::Skill("people".into()), 17)],
            },
            Record::Accepting,
            Record::Rejecting { reason: "busy".into() },
            Record::Live,
            Record::TurnStarted { turn: 1, event: Event::Started, lines: vec![] },
            Record::TurnStarted { turn: 2, event: Event::Said(Said::new(["a", "b"])), lines: vec![3, 5] },
            Record::TurnStarted {
                turn: 3,
                event: Event::HandoffFailed(HandoffFailure::Refused("no".into())),
                lines: vec![],
            },
            Record::TurnStarted { turn: 4, event: Event::Silent(Duration::from_secs(180)), lines: vec![] },
            Record::Said { turn: 2, words: "hello you".into(), first: 1, parts: vec!["hello".into(), "you".into()] },
            Record::Drafted { turn: 2, words: "hello".into(), first: 3, parts: vec!["Draft: hello".into()] },
            Record::Uttered { first: 3, parts: vec!["sorry".into()], agents_only: true },
            Record::Stepped { turn: 2, step: "price".into(), occurrence: 1, value: Value::from(42) },
            Record::Attaching { pairs: BTreeMap::from([("key".into(), "value".into())]) },
            Record::Attached,
            Record::TurnEnded {
                turn: 2,
                next: Next::Listen,
                memory: BTreeMap::from([("n".into(), Some(1.into())), ("m".into(), None)]),
            },
            Record::TurnEnded {
                turn: 3,
                next: Next::HandOff(handoff.saying("one moment").note("angry")),
                memory: BTreeMap::new(),
            },
            Record::TurnEnded {
                turn: 4,
                next: Next::HandOff(
                    Handoff::to_skill("billing")
                        .warm()
                        .meanwhile("Still looking.[ You are number {place}.]", Duration::from_secs(30))
                        .after("{name} is here now.")
                        .or_else(Handoff::to_call_back(CallBack::new().on("555-0134").asking("Which?").thanking("Ok.")))
                        .or_call_back(),
                ),
                memory: BTreeMap::new(),
            },
            Record::TurnEnded { turn: 4, next: Next::finish("resolved"), memory: BTreeMap::new() },
            Record::TurnFailed { turn: 5, why: TurnFailure::Error("no".into()) },
            Record::TurnFailed { turn: 6, why: TurnFailure::TooLate },
            Record::Reconsidered,
            Record::Confirmed { message: 1, index: 7 },
            Record::Withdrawn { messages: vec![2, 3], why: "a person spoke".into() },
            Record::Trying { choice: 0 },
            Record::ChoiceFailed { choice: 0, why: HandoffFailure::TimedOut, last: false },
            Record::ChoiceFailed { choice: 1, why: HandoffFailure::NobodySignedIn, last: false },
            Record::ChoiceFailed { choice: 2, why: HandoffFailure::CustomerLeft, last: true },
            Record::CallBack { asked: 1, lines: vec![], number: None },
            Record::CallBack { asked: 1, lines: vec![9], number: Some("555-0134".into()) },
            Record::CallBackAgreed,
            Record::PersonHolds { nickname: "Anna".into() },
            Record::PersonGone { nickname: "Anna".into() },
            Record::Leaving,
            Record::Ending { disposition: "resolved".into() },
            Record::Ended { disposition: "resolved".into() },
            Record::Closed { how: Closed::HandedOver },
        ];
        let stored: Vec<String> = records.iter().map(|record| serde_json::to_string(record).unwrap()).collect();
        insta::assert_snapshot!(stored.join("\n"));
        for (record, stored) in records.iter().zip(&stored) {
            assert_eq!(&serde_json::from_str::<Record>(stored).unwrap(), record);
        }
    }
}
