//! What an operator can set about a login and its conversations, with defaults that are right for most.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Handoff, Mode};

/// The rules by which conversations are held. Every duration is written with its unit: `"300ms"`, `"20s"`, `"3m"`, `"2h"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// What the customer sees as the bot's name.
    pub nickname: String,
    /// The key of the attached data that holds the customer's language.
    pub locale_key: String,
    /// The customer's language where the attached data does not say.
    pub locale: Option<String>,
    /// Where failover, loop guard and drain hand over to.
    pub fallback: Option<Place>,
    /// Deciding on offers.
    pub offers: Offers,
    /// Listening to the customer.
    pub listening: Listening,
    /// Typing and pace.
    pub pace: Pace,
    /// Sending.
    pub sending: Sending,
    /// The bot's own time.
    pub bot: BotTime,
    /// What happens when a turn fails.
    pub failover: Failover,
    /// Handing over to people.
    pub handoff: Handing,
    /// Calling back where nobody could come.
    pub call_back: CallBacks,
    /// The note for the person who takes over.
    pub note: Notes,
    /// How much the bot does by itself.
    pub mode: Mode,
    /// Beside a person: as a draft or a shadow.
    pub draft: Drafting,
    /// A customer who says nothing.
    pub silence: Silence,
    /// Ending.
    pub closing: Closing,
    /// Chats that turn in circles.
    pub loop_guard: LoopGuard,
    /// Lines that waited while nobody was there.
    pub recovery: Recovery,
    /// Signing in and stopping.
    pub service: ServiceTime,
}

impl Options {
    /// Where failover, loop guard and drain hand over to.
    pub fn fallback(&self) -> Option<Handoff> {
        self.fallback.as_ref()?.handoff()
    }

    /// Every place that people are at whom the runtime itself may hand over to.
    pub(crate) fn ways_out(&self) -> impl Iterator<Item = Handoff> {
        let named = self.failover.to.places().map(|(_, place)| place);
        self.fallback.iter().chain(named).filter_map(Place::handoff)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            nickname: "Assistant".to_owned(),
            locale_key: "Language".to_owned(),
            locale: None,
            fallback: None,
            offers: Offers::default(),
            listening: Listening::default(),
            pace: Pace::default(),
            sending: Sending::default(),
            bot: BotTime::default(),
            failover: Failover::default(),
            handoff: Handing::default(),
            call_back: CallBacks::default(),
            note: Notes::default(),
            mode: Mode::default(),
            draft: Drafting::default(),
            silence: Silence::default(),
            closing: Closing::default(),
            loop_guard: LoopGuard::default(),
            recovery: Recovery::default(),
            service: ServiceTime::default(),
        }
    }
}

macro_rules! group {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $(@$with:literal)? $field:ident: $type:ty = $default:expr,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_doc])* $(#[serde(with = $with)])? pub $field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }
    };
}

mod failover;
mod handing;

pub use failover::{Failover, FailoverTo, Then};
pub use handing::{Afterwards, CallBacks, Drafting, Handing, Place};

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

const fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

group! {
    /// Deciding on offers.
    Offers {
        /// How long the bot may think about an offer; then the offer is rejected, so that routing finds someone else.
        @"humantime_serde" screen_within: Duration = seconds(3),
        /// How long the platform may take to open an accepted chat.
        @"humantime_serde" open_within: Duration = seconds(25),
        /// Most conversations at once on this login; more offers are rejected. The platform's capacity rule comes first.
        most: usize = 200,
    }
}

group! {
    /// Listening to the customer.
    Listening {
        /// A burst of lines is one turn: it ends when the customer has said nothing for this long.
        @"humantime_serde" quiet: Duration = millis(700),
        /// While the customer types on, wait this long since their last sign of typing.
        @"humantime_serde" typing: Duration = seconds(4),
        /// But never longer than this after the first line.
        @"humantime_serde" most: Duration = seconds(10),
        /// How long to wait for the history of an accepted chat before the bot begins without it.
        @"humantime_serde" history_within: Duration = seconds(2),
    }
}

group! {
    /// Typing and pace: an answer that comes at once reads like a machine's, and hides that the bot is at work.
    Pace {
        /// Off: no typing notifications, no waiting.
        on: bool = true,
        /// Characters a second.
        speed: u32 = 40,
        /// An answer is typed at least this long, the bot's own time included.
        @"humantime_serde" least: Duration = millis(400),
        /// And at most this long.
        @"humantime_serde" most: Duration = seconds(4),
        /// Send a typing stop after each answer too. Most platforms take the message itself as the end.
        stop_after_message: bool = true,
    }
}

group! {
    /// Sending.
    Sending {
        /// How long an operation may take, in case the adapter's own deadline fails.
        @"humantime_serde" perform_within: Duration = seconds(40),
        /// How long the own line may take to appear in the transcript before the transcript is read.
        @"humantime_serde" echo_within: Duration = seconds(8),
        /// The same, when the answer to the operation was lost.
        @"humantime_serde" settle_within: Duration = seconds(2),
        /// How often one message is tried, each time only after the transcript has shown that it is not there.
        tries: u32 = 4,
        /// First wait before an operation is tried again; it doubles, up to 16 times this.
        @"humantime_serde" again_after: Duration = millis(500),
    }
}

group! {
    /// The bot's own time.
    BotTime {
        /// A turn that takes longer has failed.
        @"humantime_serde" answer_within: Duration = seconds(25),
        /// After this long the customer is told that it takes a moment.
        @"humantime_serde" patience: Duration = seconds(8),
        /// With these words; nothing is said if they are empty.
        patience_words: String = String::new(),
    }
}

group! {
    /// The note for the person who takes over.
    Notes {
        /// Off: only what the bot writes itself.
        on: bool = true,
        /// The last questions and answers that are told.
        pairs: usize = 5,
        /// The keys of the attached data that are told.
        data: Vec<String> = Vec::new(),
        /// The longest note, in bytes.
        longest: usize = 3000,
    }
}

group! {
    /// A customer who says nothing.
    Silence {
        /// Whether the bot is woken at all.
        wake: bool = true,
        /// The bot is woken after so long, and again and again.
        @"humantime_serde" wake_after: Duration = seconds(120),
        /// The customer is asked after so long whether they are still there.
        @"humantime_serde" nudge_after: Duration = seconds(60),
        /// With these words; not at all if they are empty.
        nudge: String = String::new(),
        /// The customer is told after so long that the chat will be closed.
        @"humantime_serde" warn_after: Duration = seconds(600),
        /// With these words; not at all if they are empty.
        warning: String = String::new(),
        /// The chat is ended after so long.
        @"humantime_serde" close_after: Duration = seconds(900),
        /// With these words.
        words: String = "I have not heard from you for a while, so I close this chat. You are welcome to come back.".to_owned(),
        /// And this disposition.
        disposition: String = "silent".to_owned(),
    }
}

group! {
    /// Ending.
    Closing {
        /// How long the platform may take for each step of it.
        @"humantime_serde" step_within: Duration = seconds(20),
        /// How long all after-call work may take; then what is left of it is left out, and the interaction is completed.
        @"humantime_serde" after_call_within: Duration = seconds(120),
        /// A customer who has left may come back for so long (a page that is loaded again).
        @"humantime_serde" rejoin_within: Duration = seconds(5),
        /// The disposition of a chat that the customer has left.
        left_disposition: String = "customer-left".to_owned(),
        /// The disposition of a chat that the runtime had to give up.
        failed_disposition: String = "failed".to_owned(),
        /// The key under which the disposition is attached where it is no operation of its own.
        disposition_key: String = "DispositionCode".to_owned(),
    }
}

group! {
    /// Chats that turn in circles, two bots that talk to each other for one.
    LoopGuard {
        /// Most turns in one minute.
        turns_a_minute: usize = 30,
        /// Most times in a row that the customer says the very same.
        same_words: usize = 6,
    }
}

group! {
    /// Lines that waited while nobody was there.
    Recovery {
        /// A customer's line older than this is not answered as if it were new.
        @"humantime_serde" oldest_line: Duration = seconds(600),
        /// Said instead, if nothing younger is there to answer.
        words: String = "I am sorry for the wait. Are you still there?".to_owned(),
        /// A platform that cannot be read for so long gives the conversation up.
        @"humantime_serde" give_up_after: Duration = seconds(900),
    }
}

group! {
    /// Signing in and stopping.
    ServiceTime {
        /// How long a stop waits for conversations to end by themselves.
        @"humantime_serde" finish_within: Duration = seconds(20),
        /// After that, conversations are handed to the fallback, or ended with the words below; this long at most.
        @"humantime_serde" hand_over_within: Duration = seconds(20),
        /// Said when a chat is ended by a stop.
        stop_words: String = "I have to go now. Please write to us again in a moment.".to_owned(),
        /// Leave open conversations as they are on a stop: the next start takes them up from the journal.
        keep_on_stop: bool = false,
        /// First wait before a failed sign-in is tried again; it doubles, with jitter.
        @"humantime_serde" sign_in_again_after: Duration = seconds(1),
        /// The longest such wait.
        @"humantime_serde" sign_in_again_most: Duration = seconds(60),
    }
}

/// A setting that cannot work: the key as it is written in the file, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {why}")]
pub struct InvalidOption {
    /// The key, with dots.
    pub key: &'static str,
    /// For people.
    pub why: String,
}

impl Options {
    /// Says everything that cannot work; empty if all is well.
    pub fn validate(&self) -> Vec<InvalidOption> {
        let mut found = Vec::new();
        let mut check = |good: bool, key: &'static str, why: &str| {
            if !good {
                found.push(InvalidOption { key, why: why.to_owned() });
            }
        };
        let least = millis(1);
        check(!self.nickname.trim().is_empty(), "nickname", "must not be empty");
        for (duration, key) in [
            (self.offers.screen_within, "offers.screen_within"),
            (self.offers.open_within, "offers.open_within"),
            (self.sending.perform_within, "sending.perform_within"),
            (self.sending.echo_within, "sending.echo_within"),
            (self.sending.again_after, "sending.again_after"),
            (self.bot.answer_within, "bot.answer_within"),
            (self.handoff.choice_within, "handoff.choice_within"),
            (self.handoff.speak_within, "handoff.speak_within"),
            (self.handoff.meanwhile_every, "handoff.meanwhile_every"),
            (self.silence.wake_after, "silence.wake_after"),
            (self.call_back.answer_within, "call_back.answer_within"),
            (self.closing.step_within, "closing.step_within"),
            (self.closing.after_call_within, "closing.after_call_within"),
            (self.service.sign_in_again_after, "service.sign_in_again_after"),
        ] {
            check(duration >= least, key, "must be longer than zero");
        }
        check(
            self.offers.screen_within < self.offers.open_within,
            "offers.screen_within",
            "must be shorter than offers.open_within: the platform takes an undecided offer back",
        );
        check(self.offers.most > 0, "offers.most", "must be at least 1");
        check(self.listening.quiet <= self.listening.most, "listening.quiet", "must not be longer than listening.most");
        check(!self.pace.on || self.pace.speed > 0, "pace.speed", "must be at least 1");
        check(self.pace.least <= self.pace.most, "pace.least", "must not be longer than pace.most");
        check(self.sending.tries > 0, "sending.tries", "must be at least 1");
        check(
            self.silence.wake_after <= self.silence.close_after,
            "silence.wake_after",
            "must not be longer than silence.close_after",
        );
        check(self.call_back.asks > 0, "call_back.asks", "must be at least 1");
        check(self.handoff.most_hops > 0, "handoff.most_hops", "must be at least 1");
        let silence = &self.silence;
        let prompts = [
            (!silence.nudge.is_empty(), silence.nudge_after, "silence.nudge_after"),
            (!silence.warning.is_empty(), silence.warn_after, "silence.warn_after"),
        ];
        for (said, wait, key) in prompts.into_iter().filter(|(said, ..)| *said) {
            check(said && wait >= least && wait < silence.close_after, key, "must be shorter than silence.close_after");
        }
        check(
            silence.nudge.is_empty() || silence.warning.is_empty() || silence.nudge_after < silence.warn_after,
            "silence.nudge_after",
            "must be shorter than silence.warn_after",
        );
        check(self.failover.most_in_a_row > 0, "failover.most_in_a_row", "must be at least 1");
        check(self.loop_guard.turns_a_minute > 0, "loop_guard.turns_a_minute", "must be at least 1");
        check(self.loop_guard.same_words > 1, "loop_guard.same_words", "must be at least 2");
        check(
            self.fallback.as_ref().is_none_or(Place::is_valid),
            "fallback",
            "needs exactly one of agent, skill and queue",
        );
        for (key, place) in self.failover.to.places() {
            check(place.is_valid(), key, "needs exactly one of agent, skill and queue");
        }
        check(
            self.mode == Mode::Auto || self.fallback.is_some(),
            "mode",
            "a bot that does not speak needs a fallback, for chats in which no person is",
        );
        check(self.draft.alone_within >= least, "draft.alone_within", "must be longer than zero");
        check(
            self.failover.then != Then::HandOff || self.fallback.is_some(),
            "failover.then",
            "hand-off needs a fallback to hand over to",
        );
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_survive_serde() {
        let options = Options::default();
        assert_eq!(options.validate(), []);
        let written = serde_json::to_string(&options).unwrap();
        assert_eq!(serde_json::from_str::<Options>(&written).unwrap(), options);
    }

    #[test]
    fn what_cannot_work_is_named() {
        let mut options = Options::default();
        options.failover.then = Then::HandOff;
        options.pace.speed = 0;
        options.offers.screen_within = Duration::ZERO;
        let keys: Vec<_> = options.validate().into_iter().map(|found| found.key).collect();
        assert_eq!(keys, ["offers.screen_within", "pace.speed", "failover.then"]);
        options.fallback = Some(Place { skill: Some("a".into()), queue: Some("b".into()), ..Place::default() });
        assert!(options.validate().iter().any(|found| found.key == "fallback"));
    }

    #[test]
    fn unknown_keys_are_refused() {
        assert!(serde_json::from_str::<Options>(r#"{"nickname":"Robo"}"#).is_ok());
        assert!(serde_json::from_str::<Options>(r#"{"nikname":"Robo"}"#).is_err());
        assert!(serde_json::from_str::<Options>(r#"{"pace":{"on":false,"sped":1}}"#).is_err());
    }
}
