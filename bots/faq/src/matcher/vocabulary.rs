//! The features a knowledge base has, numbered, with how rare each is.

use super::features::{self, Kind, Sources};
use super::hash::Hash;
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
    /// The square of the weight of a feature that is not among them.
    unknown: f32,
    /// Pieces across words are features too.
    across: bool,
    /// Open addressing: hash and number; an empty slot has hash 0.
    slots: Vec<(u32, u32)>,
}

/// What is needed to read a question, kept between questions.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    words: Vec<u32>,
    pieces: Vec<u32>,
}

impl Vocabulary {
    /// The features that at least so many questions have. They are numbered as they are met first.
    pub fn learn<'t>(least: u32, across: bool, questions: impl Iterator<Item = (&'t Text, &'t [Word])>) -> Self {
        let mut all = Self::empty(across);
        // How many questions have the feature, which was the last, and how many there must be.
        let mut seen: Vec<(u32, u32, u32)> = Vec::new();
        let mut count = 0;
        for (text, words) in questions {
            count += 1;
            features::extract(text, words, across, |kind, key| {
                let number = all.insert(key) as usize;
                if number == seen.len() {
                    seen.push((1, count, least + u32::from(kind == Kind::Across)));
                } else if seen[number].1 != count {
                    (seen[number].0, seen[number].1) = (seen[number].0 + 1, count);
                }
            });
        }
        let mut vocabulary = Self { unknown: rarity(count, 0).powi(2), ..Self::empty(across) };
        for (key, (with, _, least)) in all.keys.into_iter().zip(seen) {
            if with >= least {
                vocabulary.insert(key);
                vocabulary.rarity.push(rarity(count, with));
            }
        }
        vocabulary
    }

    fn empty(across: bool) -> Self {
        Self { keys: Vec::new(), rarity: Vec::new(), unknown: 1.0, across, slots: vec![(0, 0); 1 << 10] }
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn memory(&self) -> usize {
        self.slots.len() * 8 + self.keys.len() * 8
    }

    pub fn keys(&self) -> &[u32] {
        &self.keys
    }

    pub fn rarity(&self) -> &[f32] {
        &self.rarity
    }

    pub fn unknown(&self) -> f32 {
        self.unknown
    }

    pub fn across(&self) -> bool {
        self.across
    }

    /// From what was saved; nothing if the parts do not fit together.
    pub fn from_parts(keys: Vec<u32>, rarity: Vec<f32>, unknown: f32, across: bool) -> Option<Self> {
        let sound = keys.len() == rarity.len() && rarity.iter().all(|weight| *weight > 0.0) && unknown > 0.0;
        if !sound {
            return None;
        }
        let slots = vec![(0, 0); (keys.len() * 2 + 2).next_power_of_two().max(1 << 10)];
        let mut vocabulary = Self { keys: Vec::with_capacity(keys.len()), rarity, unknown, across, slots };
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

    /// Whether questions have these words side by side.
    pub fn has_pair(&self, one: Hash, other: Hash) -> bool {
        self.find(features::pair(one, other)).is_some()
    }

    /// Whether one of the words has a long piece that questions have.
    pub fn has_long_piece(&self, text: &Text, words: &[Word]) -> bool {
        let pieces = words.iter().flat_map(|word| features::longest_pieces(text.characters_of(*word)));
        pieces.into_iter().any(|piece| self.find(piece).is_some())
    }

    /// The words that each weighted feature of a question comes from: leaving out any of them takes the feature away.
    ///
    /// `sources` has a number for each feature of the vocabulary, all bits set, and is left so.
    pub fn sources(
        &self,
        text: &Text,
        words: &[Word],
        weighted: &[Weighted],
        sources: &mut Vec<Sources>,
    ) -> Vec<Sources> {
        sources.resize(self.len(), Sources::MAX);
        features::extract_with_sources(text, words, self.across, |_, key, words| {
            if let Some(number) = self.find(key) {
                sources[number as usize] &= words;
            }
        });
        weighted.iter().map(|&(feature, _)| std::mem::replace(&mut sources[feature as usize], Sources::MAX)).collect()
    }

    /// The features of a question with their weights: words and pieces are scaled to length 1 each, so that neither drowns the
    /// other. Unknown features count in the length: the less of a question is known, the less weight it has.
    pub fn weigh(&self, text: &Text, words: &[Word], buffers: &mut Buffers, weighted: &mut Vec<Weighted>) {
        weighted.clear();
        buffers.words.clear();
        buffers.pieces.clear();
        let (mut unknown_words, mut unknown_pieces) = (0_u32, 0_u32);
        features::extract(text, words, self.across, |kind, key| {
            let (block, unknown) = match kind {
                Kind::Word => (&mut buffers.words, &mut unknown_words),
                Kind::Piece | Kind::Across => (&mut buffers.pieces, &mut unknown_pieces),
            };
            match self.find(key) {
                Some(number) => block.push(number),
                None => *unknown += 1,
            }
        });
        for (block, unknown) in [(&mut buffers.words, unknown_words), (&mut buffers.pieces, unknown_pieces)] {
            block.sort_unstable();
            let begin = weighted.len();
            let mut square = unknown as f32 * self.unknown;
            for same in block.chunk_by(|one, other| one == other) {
                // Most features are there once: the logarithm is not needed for them.
                let often = if same.len() == 1 { 1.0 } else { 1.0 + (same.len() as f32).ln() };
                let weight = often * self.rarity[same[0] as usize];
                square += weight * weight;
                weighted.push((same[0], weight));
            }
            let factor = 1.0 / square.sqrt().max(f32::MIN_POSITIVE);
            for (_, weight) in &mut weighted[begin..] {
                *weight *= factor;
            }
        }
    }
}

/// Inverse document frequency of a feature that so many of so many questions have.
fn rarity(all: u32, with: u32) -> f32 {
    ((1.0 + all as f32) / (1.0 + with as f32)).ln() + 1.0
}
