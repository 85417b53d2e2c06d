//! What a simulation takes from a configuration: the rules around a bot, how busy hours are met, and how conversations are
//! held.

use std::path::Path;

use attendant::options::{FailoverTo, Place};
use attendant::peak;
use attendant::rules::{Rule, Rules, Then};
use attendant::{Mode, Options, Target};
use simulator::{AgentProfile, Centre, QueueProfile, Script};

use crate::commands::bots;
use crate::config::{Config, People};
use crate::exit::Failure;
use crate::wiring;

/// What a simulation takes from a configuration. Without one: no rules, no policy, and the usual options.
#[derive(Debug, Clone, Default)]
pub struct Setting {
    /// Around the bot, with the fallback of the conversations.
    pub rules: Rules,
    /// How handoffs are weighed, if they are.
    pub peak: Option<peak::Options>,
    /// Where it is known from who is there.
    pub people: People,
    /// How conversations are held.
    pub conversation: Options,
}

impl Setting {
    /// From a file: what it says of one of its bots.
    pub fn load(file: &Path, bot: Option<&str>) -> Result<Self, Failure> {
        let config = Config::load(file).map_err(wiring::config_failure)?;
        let name = bots::chosen(bot, &config)?;
        Ok(Self {
            rules: config.rules(&config.bots[name]),
            peak: config.peak.clone(),
            people: config.people.clone(),
            // The simulated bots hold chats themselves, whatever they do elsewhere.
            conversation: Options { mode: Mode::Auto, ..config.conversation.clone() },
        })
    }

    /// The same, where simulated customers tell words apart: what is said before a handoff is `words`, or what the file has;
    /// nothing is said meanwhile, afterwards, or because somebody is silent.
    #[must_use]
    pub fn plain(mut self, words: Option<&str>) -> Self {
        let place = |place: Place| plain(place, words);
        let rules = self.rules.iter().cloned().map(|rule| {
            let said = words.filter(|_| rule.then == Then::HandOver);
            let rule = Rule { to: rule.to.clone().map(place), ..rule };
            match said {
                Some(words) => rule.saying(words),
                None => rule,
            }
        });
        let conversation = &mut self.conversation;
        conversation.fallback = conversation.fallback.take().map(place);
        let to = std::mem::take(&mut conversation.failover.to);
        conversation.failover.to = FailoverTo {
            bot_failed: to.bot_failed.map(place),
            bot_too_slow: to.bot_too_slow.map(place),
            bot_down: to.bot_down.map(place),
        };
        conversation.handoff.meanwhile.clear();
        conversation.silence.nudge.clear();
        conversation.silence.warning.clear();
        conversation.bot.patience_words.clear();
        self.rules = Rules::new(rules).fallback(conversation.fallback.clone());
        if let Some(peak) = &mut self.peak {
            peak.to = peak.to.take().map(place);
        }
        self
    }

    /// Everywhere that it hands over to.
    fn targets(&self) -> Vec<Target> {
        let to = &self.conversation.failover.to;
        let named = [&self.conversation.fallback, &to.bot_failed, &to.bot_too_slow, &to.bot_down];
        let named = named.into_iter().flatten().chain(self.peak.iter().filter_map(|peak| peak.to.as_ref()));
        let places = named.chain(self.rules.iter().filter_map(|rule| rule.to.as_ref()));
        places.filter_map(Place::handoff).flat_map(|handoff| handoff.choices).map(|choice| choice.target).collect()
    }

    /// The skills that people need for it.
    pub fn skills(&self) -> impl Iterator<Item = String> {
        self.targets().into_iter().filter_map(|target| match target {
            Target::Skill(skill) => Some(skill),
            _ => None,
        })
    }

    /// A centre with the queues and the agents that are named, too. Whoever has `skill` serves the queues.
    pub fn staffed(&self, mut centre: Centre, skill: &str, script: &Script) -> Centre {
        for target in self.targets() {
            match target {
                Target::Queue(name) if centre.queues.iter().all(|queue| queue.name != name) => {
                    centre = centre.with_queue(QueueProfile::new(name).needing(skill));
                }
                Target::Agent(name) if centre.agents.iter().all(|agent| agent.user.as_str() != name.as_str()) => {
                    let named = AgentProfile::new(name.as_str(), super::PASSWORD).scripted(script.clone());
                    centre = centre.with_agent(named);
                }
                _ => {}
            }
        }
        centre
    }
}

fn plain(place: Place, words: Option<&str>) -> Place {
    let or_else = place.or_else.map(|other| Box::new(plain(*other, words)));
    let words = words.map(str::to_owned).or(place.words);
    Place { words, meanwhile: None, introduction: None, or_else, ..place }
}
