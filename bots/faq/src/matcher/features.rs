//! Turns words into features: words, pairs of neighbouring words, and pieces of two to four characters.

use super::hash::Hash;
use super::normalise::{Text, Word};

/// What a feature is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word, or a pair of neighbours; the edges of a question count as neighbours.
    Word,
    /// A piece of a word.
    Piece,
    /// A piece of two neighbouring words, with the space between them.
    Across,
}

const SHORTEST: usize = 2;
const LONGEST: usize = 4;
/// Characters taken of each word for pieces across words.
const REACH: usize = 3;
/// No character has this number.
const EDGE: u64 = 0x0011_0000;

/// The words that a feature comes from, a bit each; none for what is beyond the 64th word.
pub(super) type Sources = u64;

/// Calls `found` with the kind and hash of every feature of the words, in order, repeated ones repeatedly.
pub(super) fn extract(text: &Text, words: &[Word], across: bool, mut found: impl FnMut(Kind, u32)) {
    extract_with_sources(text, words, across, |kind, key, _| found(kind, key));
}

/// The same, with the words that each feature comes from; pieces of several glued words come from none.
pub(super) fn extract_with_sources(
    text: &Text,
    words: &[Word],
    across: bool,
    mut found: impl FnMut(Kind, u32, Sources),
) {
    let bit = |place: usize| u32::try_from(place).ok().and_then(|place| 1_u64.checked_shl(place)).unwrap_or(0);
    let mut before = Hash::new(1).then(EDGE);
    for (place, word) in words.iter().enumerate() {
        let own = bit(place);
        let pair = if place == 0 { own } else { own | bit(place - 1) };
        found(Kind::Word, key(Hash::new(2).then(word.hash.0)), own);
        found(Kind::Word, key(before.then(word.hash.0)), pair);
        before = Hash::new(1).then(word.hash.0);
    }
    if !words.is_empty() {
        found(Kind::Word, key(before.then(EDGE)), bit(words.len() - 1));
    }
    if across {
        for (place, pair) in words.windows(2).enumerate().filter(|(_, pair)| !pair[1].glued) {
            let sources = bit(place) | bit(place + 1);
            let mut found = |key| found(Kind::Across, key, sources);
            pieces_across(text.characters_of(pair[0]), text.characters_of(pair[1]), &mut found);
        }
    }
    let mut rest = words;
    while let Some(first) = rest.first() {
        let glued = 1 + rest[1..].iter().take_while(|word| word.glued).count();
        let run = &rest[..glued];
        let sources = if glued == 1 { bit(words.len() - rest.len()) } else { 0 };
        let mut found = |key| found(Kind::Piece, key, sources);
        // Glued words follow each other in the text, unless frames were taken out between them: then each stands alone.
        if run.windows(2).all(|pair| pair[0].end == pair[1].start) {
            pieces(&text.characters[first.start as usize..run[glued - 1].end as usize], &mut found);
        } else {
            for word in run {
                pieces(text.characters_of(*word), &mut found);
            }
        }
        rest = &rest[glued..];
    }
}

/// The feature of two words side by side.
pub(super) fn pair(one: Hash, other: Hash) -> u32 {
    key(Hash::new(1).then(one.0).then(other.0))
}

/// The features of the longest pieces of a word, or of the whole word where it is no longer.
pub(super) fn longest_pieces(word: &[char]) -> impl Iterator<Item = u32> {
    let length = LONGEST.min(word.len());
    word.windows(length.max(1))
        .map(|piece| key(piece.iter().fold(Hash::new(3), |hash, character| hash.then(u64::from(*character)))))
}

fn pieces(word: &[char], found: &mut impl FnMut(u32)) {
    let length = word.len() + 2;
    let at = |index: usize| {
        let inside = index.checked_sub(1).and_then(|index| word.get(index));
        u64::from(*inside.unwrap_or(&' '))
    };
    for start in 0..length {
        let mut hash = Hash::new(3);
        for (count, index) in (start..length.min(start + LONGEST)).enumerate() {
            hash = hash.then(at(index));
            if count + 1 >= SHORTEST {
                found(key(hash));
            }
        }
    }
}

fn pieces_across(one: &[char], other: &[char], found: &mut impl FnMut(u32)) {
    for left in 1..=REACH.min(one.len()) {
        let mut hash =
            one[one.len() - left..].iter().fold(Hash::new(4), |hash, &character| hash.then(u64::from(character)));
        hash = hash.then(EDGE);
        for character in &other[..(LONGEST - 1 - left).min(REACH).min(other.len())] {
            hash = hash.then(u64::from(*character));
            found(key(hash));
        }
    }
}

/// 32 bits are enough to tell the features of a knowledge base from each other; zero marks an empty slot.
fn key(hash: Hash) -> u32 {
    ((hash.mixed() >> 32) as u32).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_has_its_sources_as_long_as_it_needs_them() {
        let mut text = Text::default();
        text.read("lost our card when my 信用卡");
        let words = text.words.clone();
        let all = |words: &[Word]| {
            let mut all = Vec::new();
            extract_with_sources(&text, words, true, |kind, key, sources| all.push((kind, key, sources)));
            all
        };
        for (kind, key, sources) in all(&words) {
            assert!(sources != 0 || kind == Kind::Piece);
            for place in (0..words.len()).filter(|place| sources >> place & 1 == 1) {
                let without = [&words[..place], &words[place + 1..]].concat();
                let before = all(&words).iter().filter(|other| other.1 == key).count();
                assert!(
                    all(&without).iter().filter(|other| other.1 == key).count() < before,
                    "{kind:?} of word {place}"
                );
            }
        }
    }
}
