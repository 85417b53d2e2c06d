//! Turns words into numbered features: words, pairs of neighbouring words, and pieces of two to five characters.

use super::hash::Hash;
use super::normalise::{Text, Word};

/// The kinds of features. Each kind is scaled to the same length, so that none drowns the other.
pub(super) const BLOCKS: usize = 2;
const SHORTEST: usize = 2;
const LONGEST: usize = 5;

const EDGE: u64 = 0x0011_0000;

/// Calls `found` with the block and hash of every feature of the words, in order, repeated ones repeatedly.
pub(super) fn extract(text: &Text, words: &[Word], mut found: impl FnMut(usize, u32)) {
    let mut before = Hash::new(1).then(EDGE);
    for word in words {
        found(0, key(Hash::new(2).then(word.hash.0)));
        found(0, key(before.then(word.hash.0)));
        before = Hash::new(1).then(word.hash.0);
    }
    if !words.is_empty() {
        found(0, key(before.then(EDGE)));
    }
    let mut rest = words;
    while let Some(first) = rest.first() {
        let glued = 1 + rest[1..].iter().take_while(|word| word.glued).count();
        let last = rest[glued - 1];
        // Glued words follow each other in the text, unless one was put in the place of another: then each stands alone.
        let together = last.end >= first.start && rest[..glued].windows(2).all(|pair| pair[0].end == pair[1].start);
        if together {
            pieces(&text.characters[first.start as usize..last.end as usize], &mut found);
        } else {
            rest[..glued].iter().for_each(|word| pieces(text.characters_of(*word), &mut found));
        }
        rest = &rest[glued..];
    }
}

fn pieces(word: &[char], found: &mut impl FnMut(usize, u32)) {
    let length = word.len() + 2;
    let at = |index: usize| match index {
        0 => u64::from(' '),
        _ if index + 1 == length => u64::from(' '),
        _ => u64::from(word[index - 1]),
    };
    for start in 0..length {
        let mut hash = Hash::new(3);
        for (count, index) in (start..length.min(start + LONGEST)).enumerate() {
            hash = hash.then(at(index));
            if count + 1 >= SHORTEST {
                found(1, key(hash));
            }
        }
    }
}

/// 32 bits are enough to tell the features of a knowledge base from each other; zero marks an empty slot.
fn key(hash: Hash) -> u32 {
    ((hash.mixed() >> 32) as u32).max(1)
}
