//! The features a knowledge base has, numbered, with how rare each is.

use super::features::{self, BLOCKS};
use super::normalise::{Text, Word};

/// A feature and its weight in a question.
pub(super) type Weighted = (u32, f32);

/// Features by their hash.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Vocabulary {
    /// The hashes, in the order of the numbers.
    keys: Vec<u32>,
    /// Inverse document frequency, by number.
    rarity: Vec<f32>,
    /// Open addressing: hash and number; an empty slot has hash 0.
    slots: Vec<(u32, u32)>,
}

/// What is needed to read a question, kept between questions.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    counts: [Vec<u32>; BLOCKS],
}

impl Vocabulary {
    /// The features of all questions. Each is numbered when it is met first, so that the order of questions is the only order.
    pub fn learn<'t>(questions: impl Iterator<Item = (&'t Text, &'t [Word])>) -> Self {
        let mut vocabulary = Self { keys: Vec::new(), rarity: Vec::new(), slots: vec![(0, 0); 1 << 10] };
        // How many questions have the feature, and which was the last.
        let mut seen: Vec<(u32, u32)> = Vec::new();
        let mut count = 0;
        for (text, words) in questions {
            count += 1;
            features::extract(text, words, |_, key| {
                let number = vocabulary.insert(key) as usize;
                if number == seen.len() {
                    seen.push((1, count));
                } else if seen[number].1 != count {
                    seen[number] = (seen[number].0 + 1, count);
                }
            });
        }
        let all = count as f32;
        vocabulary.rarity = seen.iter().map(|&(with, _)| ((1.0 + all) / (1.0 + with as f32)).ln() + 1.0).collect();
        vocabulary
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn keys(&self) -> &[u32] {
        &self.keys
    }

    pub fn rarity(&self) -> &[f32] {
        &self.rarity
    }

    /// From what was saved; nothing if the parts do not fit together.
    pub fn from_parts(keys: Vec<u32>, rarity: Vec<f32>) -> Option<Self> {
        let sound = keys.len() == rarity.len() && rarity.iter().all(|weight| weight.is_finite() && *weight > 0.0);
        if !sound {
            return None;
        }
        let mut vocabulary = Self { keys: Vec::with_capacity(keys.len()), rarity, slots: Vec::new() };
        vocabulary.slots = vec![(0, 0); (keys.len() * 2).next_power_of_two().max(1 << 10)];
        for (number, key) in keys.into_iter().enumerate() {
            if key == 0 || vocabulary.insert(key) as usize != number {
                return None;
            }
        }
        Some(vocabulary)
    }

    fn insert(&mut self, key: u32) -> u32 {
        if (self.keys.len() + 1) * 2 > self.slots.len() {
            self.slots = vec![(0, 0); self.slots.len() * 2];
            for number in 0..self.keys.len() {
                let slot = self.slot(self.keys[number]);
                self.slots[slot] = (self.keys[number], number as u32);
            }
        }
        let slot = self.slot(key);
        if self.slots[slot].0 == 0 {
            self.slots[slot] = (key, self.keys.len() as u32);
            self.keys.push(key);
        }
        self.slots[slot].1
    }

    /// The slot of a hash, or the empty one where it would be.
    #[inline]
    fn slot(&self, key: u32) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = key as usize & mask;
        while self.slots[slot].0 != key && self.slots[slot].0 != 0 {
            slot = (slot + 1) & mask;
        }
        slot
    }

    #[inline]
    pub fn find(&self, key: u32) -> Option<u32> {
        let (found, number) = self.slots[self.slot(key)];
        (found != 0).then_some(number)
    }

    /// The features of a question with their weights, each block scaled to length 1. Unknown features count in the length.
    pub fn weigh(&self, text: &Text, words: &[Word], buffers: &mut Buffers, weighted: &mut Vec<Weighted>) {
        weighted.clear();
        buffers.counts.iter_mut().for_each(Vec::clear);
        features::extract(text, words, |block, key| {
            if let Some(number) = self.find(key) {
                buffers.counts[block].push(number);
            }
        });
        for counts in &mut buffers.counts {
            counts.sort_unstable();
            let block = weighted.len();
            for same in counts.chunk_by(|one, other| one == other) {
                weighted.push((same[0], (1.0 + (same.len() as f32).ln()) * self.rarity[same[0] as usize]));
            }
            let length = weighted[block..].iter().map(|&(_, weight)| weight * weight).sum::<f32>().sqrt();
            weighted[block..].iter_mut().for_each(|(_, weight)| *weight /= length);
        }
    }
}
