//! Bots that pass a chat to and fro: each leaves its name in the attached data when it hands over, and whoever finds too many
//! names there, with no person who has spoken since, hands over to people only.

use std::collections::BTreeMap;

use super::Conversation;
use crate::mode::Mode;
use crate::{EntryKind, Participant, Role, Target, UnixMillis, Visibility};

/// Longer trails lose their beginning.
const LONGEST: usize = 16;

/// One handoff by a bot: its name, and the last line of the transcript that it knew.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hop {
    bot: String,
    index: u64,
}

impl Conversation {
    /// The handoffs of other bots that have led here, without a person in between.
    fn hops(&self) -> Vec<Hop> {
        let mut hops = read(self.data.get(&self.options.handoff.trail_key).unwrap_or_default());
        if self.left_trail {
            hops.pop(); // our own
        }
        let Some(last) = hops.last().map(|hop| hop.index) else { return hops };
        let known = |name: &str| name == self.options.nickname || hops.iter().any(|hop| hop.bot == spell(name));
        let person_spoke = self.transcript.iter().rev().take_while(|entry| entry.index > last).any(|entry| {
            matches!(entry.kind, EntryKind::Text(_))
                && entry.visibility == Visibility::All
                && matches!(entry.from.role, Role::Agent | Role::Supervisor)
                && !known(&entry.from.nickname)
                && !self.is_bot(&entry.from)
        });
        if person_spoke { Vec::new() } else { hops }
    }

    /// Whether bots have passed this chat on so often that this place must not have it now. People are where the runtime
    /// itself hands over to.
    pub(super) fn goes_to_and_fro(&self, target: &Target, must: bool) -> bool {
        if must || matches!(target, Target::CallBack(_)) || self.hops().len() < self.options.handoff.most_hops {
            return false;
        }
        !self.options.ways_out().any(|handoff| handoff.choices.iter().any(|choice| choice.target == *target))
    }

    /// Leaves our name for the next bot.
    pub(super) fn leave_a_trail(&mut self, now: UnixMillis) {
        let key = self.options.handoff.trail_key.clone();
        if key.is_empty() || self.options.mode == Mode::Shadow {
            return;
        }
        let mut hops = self.hops();
        let index = self.transcript.last().map_or(0, |entry| entry.index);
        hops.push(Hop { bot: spell(&self.options.nickname), index });
        let first = hops.len().saturating_sub(LONGEST);
        let pairs = BTreeMap::from([(key, write(&hops[first..]))]);
        self.left_trail = true;
        self.attach(pairs, now);
    }

    /// Whether this agent is a bot that the configuration names.
    pub(super) fn is_bot(&self, who: &Participant) -> bool {
        self.options.handoff.bots.contains(&who.nickname)
    }
}

/// A name that can stand in a trail.
fn spell(name: &str) -> String {
    name.replace([',', '@'], " ").trim().to_owned()
}

fn write(hops: &[Hop]) -> String {
    hops.iter().map(|hop| format!("{}@{}", hop.bot, hop.index)).collect::<Vec<_>>().join(",")
}

/// What is no trail is left out: anybody can write into the attached data.
fn read(trail: &str) -> Vec<Hop> {
    let hop = |text: &str| {
        let (bot, index) = text.rsplit_once('@')?;
        Some(Hop { bot: bot.to_owned(), index: index.parse().ok()? })
    };
    trail.split(',').filter_map(hop).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trail_is_read_as_it_was_written_and_rubbish_is_nothing() {
        let hops = vec![Hop { bot: spell("Robo, the 1st@home"), index: 7 }, Hop { bot: "Bo".into(), index: 9 }];
        assert_eq!(read(&write(&hops)), hops);
        for rubbish in ["", ",", "@", "a@b", "Robo", "@@,@"] {
            assert_eq!(read(rubbish), [], "{rubbish}");
        }
    }
}
