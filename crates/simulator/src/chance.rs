//! Chance: dice that follow from a seed. A chat that is known by a name has dice of its own, so that what happens to it does
//! not hang on who else comes: a story can be made shorter, and the rest of it stays as it was.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::rngs::SmallRng;

use crate::model::{ChatId, stable_hash};

/// Dice.
#[derive(Debug)]
pub(crate) struct Chance {
    seed: u64,
    of_all: SmallRng,
    /// The seeds of the chats that have a name.
    names: BTreeMap<ChatId, u64>,
    /// Their dice, by what they are thrown for.
    of_chats: BTreeMap<(ChatId, u64), SmallRng>,
}

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self { seed, of_all: SmallRng::seed_from_u64(seed), names: BTreeMap::new(), of_chats: BTreeMap::new() }
    }

    /// From now on this chat has dice that follow from the seed and this name alone.
    pub fn name(&mut self, chat: ChatId, name: &str) {
        self.names.insert(chat, self.seed ^ stable_hash(name));
    }

    /// The dice of a chat that has a name, for one thing among several; or those of everything else.
    pub fn of(&mut self, chat: Option<&ChatId>, thing: u64) -> &mut SmallRng {
        let named = chat.and_then(|chat| Some((chat, *self.names.get(chat)?)));
        let Some((chat, seed)) = named else { return &mut self.of_all };
        let own = || SmallRng::seed_from_u64(seed.wrapping_add(thing.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        self.of_chats.entry((chat.clone(), thing)).or_insert_with(own)
    }
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    #[test]
    fn a_chat_with_a_name_does_not_mind_the_others() {
        let (one, other) = (ChatId::new("1"), ChatId::new("2"));
        let fate = |crowd: usize| {
            let mut chance = Chance::new(7);
            chance.name(one.clone(), "Ada");
            let waste = |dice: &mut SmallRng| (0..crowd).map(|_| dice.random::<u64>()).fold(0, u64::wrapping_add);
            waste(chance.of(None, 0));
            waste(chance.of(Some(&other), 0));
            waste(chance.of(Some(&one), 1));
            [chance.of(Some(&one), 0).random::<u64>(), chance.of(Some(&one), 0).random::<u64>()]
        };
        assert_eq!(fate(0), fate(5));
        let of_all: u64 = Chance::new(7).of(None, 0).random();
        assert_ne!(fate(0)[0], of_all);
    }
}
