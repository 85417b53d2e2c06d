//! A story: everything that one run is made of, as plain data, so that it can be told, kept and made shorter.

use std::time::Duration;

use serde::Serialize;
use simulator::model::Moment;
use simulator::{AgentProfile, Centre, Fault, QueueProfile, Script, Then, Visitor};

use crate::bot::Flaw;

/// When every story begins.
pub(crate) const START: Moment = Moment(1_700_000_000_000);
/// The people who work beside the bots.
#[cfg(test)]
const PEOPLE: [&str; 5] = ["grace", "linus", "ada", "mute", "tardy"];

/// What one run is made of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Story {
    /// Chance: how long each way takes, which faults strike.
    pub seed: u64,
    /// How many bot logins.
    pub bots: usize,
    /// Who comes when, counted from the beginning.
    pub visits: Vec<(Duration, Visitor)>,
    /// What goes wrong in the centre.
    pub faults: Vec<Fault>,
    /// When the centre does not work at all.
    pub outages: Vec<Outage>,
    /// Where processes are cut off.
    pub stops: Vec<Stop>,
    /// How slow the journals are.
    pub journal: SlowJournal,
    /// Whether the bots type at a human pace.
    pub pace: bool,
    /// What the bots do wrong, to show that it would be seen.
    pub flaw: Flaw,
    /// Taken out of the runtime, to show that it would be missed.
    #[cfg(feature = "test-util")]
    #[serde(skip)]
    pub without: Option<attendant::Guard>,
}

/// A process that is cut off. The stops of one login come one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Stop {
    /// Which bot login, from 0.
    pub bot: usize,
    /// At this boundary, counted from 1. One that does not come that far is not cut off.
    pub at: u64,
    /// Counted from this moment of the story on, or since the process was started if that is later.
    pub from: Duration,
    /// How.
    pub how: How,
}

/// How a process is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// It dies. Its successor is started so much later.
    Killed {
        /// Until then nobody is there.
        down: Duration,
    },
    /// It is frozen, and another process takes the login after `down`. It wakes up so long after it was frozen, and goes on as
    /// if nothing had happened.
    Frozen {
        /// Until another process takes over.
        down: Duration,
        /// Until it wakes up.
        thaws: Duration,
    },
}

impl Stop {
    /// At this boundary since the process was started.
    pub fn at(bot: usize, at: u64, how: How) -> Self {
        Self { bot, at, from: Duration::ZERO, how }
    }
}

/// The centre refuses everything, and sessions break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Outage {
    /// From this moment of the story on.
    pub from: Duration,
    /// For so long.
    pub lasts: Duration,
}

impl How {
    /// How long nobody is there.
    pub fn down(self) -> Duration {
        match self {
            Self::Killed { down } | Self::Frozen { down, .. } => down,
        }
    }
}

/// How slow a journal is.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct SlowJournal {
    /// The longest way to it, and back; nothing is instant.
    pub way_most: Duration,
    /// The chance that an append is refused for the moment.
    pub fails: f64,
}

impl Story {
    /// A story in which nobody comes and nothing goes wrong, with one bot.
    pub fn empty(seed: u64) -> Self {
        Self {
            seed,
            bots: 1,
            visits: Vec::new(),
            faults: Vec::new(),
            outages: Vec::new(),
            stops: Vec::new(),
            journal: SlowJournal::default(),
            pace: true,
            flaw: Flaw::None,
            #[cfg(feature = "test-util")]
            without: None,
        }
    }

    /// Without this guard of the runtime.
    #[cfg(feature = "test-util")]
    #[must_use]
    pub fn without(mut self, guard: attendant::Guard) -> Self {
        self.without = Some(guard);
        self
    }

    /// The user names of the bots.
    pub fn logins(&self) -> impl Iterator<Item = String> + use<> {
        (1..=self.bots).map(|number| format!("bot-{number}"))
    }

    /// How long nobody may be there, all stops and outages together.
    pub(crate) fn down(&self) -> Duration {
        let stops: Duration = self.stops.iter().map(|stop| stop.how.down()).sum();
        stops + self.outages.iter().map(|outage| outage.lasts).sum::<Duration>()
    }

    pub(crate) fn centre(&self) -> Centre {
        let mut centre = Centre::default()
            .with_queue(QueueProfile::new("chat_in").needing("bot"))
            .with_queue(QueueProfile::new("people").needing("service"));
        for bot in self.logins() {
            centre = centre.with_agent(AgentProfile::new(bot, "").skilled("bot").capacity(50));
        }
        for (person, then) in [
            ("grace", Then::Complete),
            ("linus", Then::ToQueue("chat_in".into())), // gives the chat back
            ("ada", Then::Leave),
        ] {
            let script = Script { then, ..Script::default() };
            let profile = AgentProfile::new(person, "").skilled("service").capacity(6).scripted(script);
            centre = centre.with_agent(profile);
        }
        let tardy = Script { accept_after: Duration::from_secs(20), then: Then::Leave, ..Script::default() };
        centre = centre.with_agent(AgentProfile::new("tardy", "").capacity(6).scripted(tardy));
        // Comes in when invited, and never says a word.
        let silent = Script {
            greeting: String::new(),
            lines: vec![String::new()],
            answer_after: Duration::from_secs(86_400),
            ..Script::default()
        };
        centre.with_agent(AgentProfile::new("mute", "").capacity(6).scripted(silent))
    }
}

pub(crate) fn is_bot(agent: &str) -> bool {
    agent.starts_with("bot-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_taken_for_a_bot() {
        assert!(Story { bots: 3, ..Story::empty(1) }.logins().all(|login| is_bot(&login)));
        assert!(!PEOPLE.iter().any(|person| is_bot(person)));
        let agents = Story::empty(1).centre().agents;
        assert!(PEOPLE.iter().all(|person| agents.iter().any(|agent| agent.user.as_str() == *person)));
    }
}
