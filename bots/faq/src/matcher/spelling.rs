//! Finds the word of the knowledge base that a misspelt word was meant to be, by symmetric deletes.
//!
//! Two words within a distance of two have a common rest after up to two deletes from each. The rests of all known words are
//! indexed by their hash, so that only words that share a rest are compared letter by letter.

use std::collections::HashMap;
use std::ops::Range;

use super::hash::Hash;
use super::normalise::{Text, Word};

/// Rests are made from the beginning of a word only: the index stays small, and hardly a word is missed.
const PREFIX: usize = 8;
/// Longer words are not corrected.
const LONGEST: usize = 32;
/// A word with so many letters may have two mistakes.
const TWO_MISTAKES: usize = 5;
const SHORTEST: usize = 3;
/// Longer words are not looked at for letters that slipped over a space.
const MOST_LETTERS: u32 = 20;
/// More words than this are not indexed; the rarest are left out.
const MOST_WORDS: usize = 60_000;

/// The words of a knowledge base.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spelling {
    characters: Vec<char>,
    /// Where each word ends in `characters`.
    ends: Vec<u32>,
    /// How many questions have the word.
    counts: Vec<u32>,
    /// The hashes of all words, sorted.
    known: Vec<u64>,
    /// Hashes of rests and the words they are left of, sorted.
    rests: Vec<(u32, u32)>,
    /// Where the rests begin whose hash has these first bits.
    buckets: Vec<u32>,
}

const BUCKET_BITS: u32 = 16;

impl Spelling {
    /// Learns the words of questions.
    pub fn learn<'t>(questions: impl Iterator<Item = &'t Text>) -> Self {
        let mut counts: HashMap<Vec<char>, u32> = HashMap::new();
        for text in questions {
            for word in &text.words {
                *counts.entry(text.characters_of(*word).to_vec()).or_default() += 1;
            }
        }
        let mut words: Vec<(Vec<char>, u32)> = counts.into_iter().collect();
        // The most frequent first, and of equals the first in the alphabet.
        words.sort_unstable_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        words.truncate(MOST_WORDS);
        Self::index(words)
    }

    /// From what was saved.
    pub fn from_parts(words: &str, counts: Vec<u32>) -> Option<Self> {
        let words: Vec<Vec<char>> = words.lines().map(|word| word.chars().collect()).collect();
        let sound = words.len() == counts.len() && words.len() <= MOST_WORDS;
        sound.then(|| Self::index(words.into_iter().zip(counts).collect()))
    }

    fn index(words: Vec<(Vec<char>, u32)>) -> Self {
        let mut spelling = Self {
            characters: Vec::new(),
            ends: Vec::new(),
            counts: Vec::new(),
            known: words.iter().map(|(word, _)| Hash::of(word).0).collect(),
            rests: Vec::new(),
            buckets: Vec::new(),
        };
        spelling.known.sort_unstable();
        for (number, (word, count)) in (0..).zip(words) {
            if is_correctable(&word) {
                rests(&word, most_mistakes(word.len()), |rest| spelling.rests.push((rest, number)));
            }
            spelling.characters.extend(&word);
            spelling.ends.push(spelling.characters.len() as u32);
            spelling.counts.push(count);
        }
        spelling.rests.sort_unstable();
        spelling.rests.dedup();
        let mut at = 0;
        for bucket in 0..=1_u32 << BUCKET_BITS {
            while spelling.rests.get(at).is_some_and(|rest| rest.0 >> (32 - BUCKET_BITS) < bucket) {
                at += 1;
            }
            spelling.buckets.push(at as u32);
        }
        spelling
    }

    /// The words, one a line.
    pub fn words(&self) -> String {
        let mut words = String::with_capacity(self.characters.len() * 2);
        for number in 0..self.ends.len() {
            words.extend(self.word(number));
            words.push('\n');
        }
        words
    }

    pub fn memory(&self) -> usize {
        (self.characters.len() + self.ends.len() * 4 + self.rests.len() * 2 + self.buckets.len()) * 4
    }

    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    fn word(&self, number: usize) -> &[char] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.characters[start..self.ends[number] as usize]
    }

    pub fn knows(&self, word: Word) -> bool {
        self.known.binary_search(&word.hash.0).is_ok()
    }

    /// Puts known words in the place of those that seem to be misspelt. The words are written behind the text's own characters.
    /// `are_neighbours` says whether two words are known to stand side by side.
    ///
    /// Only words of a range are looked at, as if there were no others: their replacements are added to `corrected`.
    pub fn correct(
        &self,
        text: &mut Text,
        range: Range<usize>,
        corrected: &mut Vec<Word>,
        are_neighbours: impl Fn(Hash, Hash) -> bool,
    ) {
        let begin = corrected.len();
        let mut index = range.start;
        while index < range.end {
            let word = text.words[index];
            if self.knows(word) && !self.is_torn(text, index, range.end) {
                corrected.push(word);
                index += 1;
                continue;
            }
            if let Some(pair) = self.mended(text, index, range.end) {
                corrected.extend(pair);
                index += 2;
                continue;
            }
            if self.knows(word) {
                corrected.push(word);
                index += 1;
                continue;
            }
            let before = corrected[begin..].last().map(|before| before.hash);
            let after = text.words[..range.end].get(index + 1).map(|after| after.hash);
            let fits = |hash: Hash| {
                before.is_some_and(|before| are_neighbours(before, hash))
                    || after.is_some_and(|after| are_neighbours(hash, after))
            };
            match self.meant(text.characters_of(word), fits) {
                Some(meant) => {
                    let start = text.characters.len();
                    text.characters.extend(self.word(meant));
                    corrected.push(written(text, start));
                }
                None => corrected.push(word),
            }
            index += 1;
        }
    }

    /// Whether a letter may have slipped over the space behind this word.
    fn is_torn(&self, text: &Text, index: usize, end: usize) -> bool {
        text.words[..end].get(index + 1).is_some_and(|next| !self.knows(*next))
    }

    /// Two words of which one lost a letter to the other, as in "m ycard" and "myc ard".
    fn mended(&self, text: &mut Text, index: usize, end: usize) -> Option<[Word; 2]> {
        let (one, other) = (text.words[index], *text.words[..end].get(index + 1)?);
        if other.glued || one.end - one.start > MOST_LETTERS || other.end - other.start > MOST_LETTERS {
            return None;
        }
        for to_the_left in [true, false] {
            let (one, other) = (text.characters_of(one), text.characters_of(other));
            let ((left, right), moved) = if to_the_left {
                let (first, rest) = other.split_first()?;
                ((one, rest), *first)
            } else {
                let (last, rest) = one.split_last()?;
                ((rest, other), *last)
            };
            if left.is_empty() || right.is_empty() {
                continue;
            }
            let (left_moved, right_moved) = if to_the_left { (Some(moved), None) } else { (None, Some(moved)) };
            let letters = |letters: &[char], before: Option<char>, after: Option<char>| {
                before
                    .into_iter()
                    .chain(letters.iter().copied())
                    .chain(after)
                    .fold(Hash::of(&[]), |hash, letter| hash.then(u64::from(letter)))
            };
            let hashes = [letters(left, None, left_moved), letters(right, right_moved, None)];
            if hashes.iter().all(|hash| self.known.binary_search(&hash.0).is_ok()) {
                let (one, other) = (text.words[index], text.words[index + 1]);
                let start = text.characters.len();
                text.characters.extend_from_within(one.start as usize..one.end as usize);
                text.characters.extend_from_within(other.start as usize..other.end as usize);
                let seam =
                    start + (one.end - one.start) as usize + usize::from(to_the_left) - usize::from(!to_the_left);
                let end = text.characters.len();
                let word =
                    |start: usize, end: usize, hash| Word { start: start as u32, end: end as u32, glued: false, hash };
                return Some([word(start, seam, hashes[0]), word(seam, end, hashes[1])]);
            }
        }
        None
    }

    /// The nearest known word; of equally near ones one that fits beside its neighbours, then the most frequent.
    fn meant(&self, word: &[char], fits: impl Fn(Hash) -> bool) -> Option<usize> {
        if !is_correctable(word) {
            return None;
        }
        let most = most_mistakes(word.len());
        let mut best: Option<(usize, bool, u32)> = None;
        rests(word, most, |rest| {
            let bucket = (rest >> (32 - BUCKET_BITS)) as usize;
            let range = self.buckets[bucket] as usize..self.buckets[bucket + 1] as usize;
            let found = self.rests[range].iter().skip_while(|found| found.0 < rest).take_while(|found| found.0 == rest);
            for &(_, number) in found {
                if best.is_some_and(|best| best.2 == number) {
                    continue;
                }
                let known = self.word(number as usize);
                let limit = best.map_or(most, |best| best.0).min(most_mistakes(known.len()));
                let distance = distance(word, known, limit);
                if distance > limit {
                    continue;
                }
                // Words are numbered by frequency.
                let candidate = (distance, !fits(Hash::of(known)), number);
                if best.is_none_or(|best| candidate < best) {
                    best = Some(candidate);
                }
            }
        });
        best.map(|(_, _, number)| number as usize)
    }
}

/// The word that the end of the characters is.
fn written(text: &Text, start: usize) -> Word {
    let hash = Hash::of(&text.characters[start..]);
    Word { start: start as u32, end: text.characters.len() as u32, glued: false, hash }
}

fn is_correctable(word: &[char]) -> bool {
    (SHORTEST..=LONGEST).contains(&word.len()) && word.iter().all(|character| *character != '0')
}

fn most_mistakes(length: usize) -> usize {
    if length < TWO_MISTAKES { 1 } else { 2 }
}

/// The hashes of what is left of the beginning of a word after up to so many deletes.
fn rests(word: &[char], deletes: usize, mut found: impl FnMut(u32)) {
    let prefix = &word[..word.len().min(PREFIX)];
    let without = |skipped: [usize; 2]| {
        let kept = prefix.iter().enumerate().filter(|(index, _)| !skipped.contains(index));
        let hash = kept.fold(Hash::new(5), |hash, (_, character)| hash.then(u64::from(*character)));
        (hash.mixed() >> 32) as u32
    };
    let none = usize::MAX;
    found(without([none, none]));
    for first in 0..prefix.len() {
        found(without([first, none]));
        if deletes > 1 {
            for second in first + 1..prefix.len() {
                found(without([first, second]));
            }
        }
    }
}

/// Edits from one word to another, with neighbours swapped as one edit; more than the limit if it is more.
fn distance(one: &[char], other: &[char], limit: usize) -> usize {
    if one.len().abs_diff(other.len()) > limit || one.len() > LONGEST || other.len() > LONGEST {
        return limit + 1;
    }
    let mut rows = [[0_usize; LONGEST + 1]; 3];
    for (column, cell) in rows[0].iter_mut().enumerate() {
        *cell = column;
    }
    for row in 1..=one.len() {
        let (now, before, earlier) = (row % 3, (row + 2) % 3, (row + 1) % 3);
        rows[now][0] = row;
        let mut least = row;
        for column in 1..=other.len() {
            let same = one[row - 1] == other[column - 1];
            let mut edits = rows[before][column - 1] + usize::from(!same);
            edits = edits.min(rows[before][column] + 1).min(rows[now][column - 1] + 1);
            let swapped =
                row > 1 && column > 1 && one[row - 1] == other[column - 2] && one[row - 2] == other[column - 1];
            if swapped {
                edits = edits.min(rows[earlier][column - 2] + 1);
            }
            rows[now][column] = edits;
            least = least.min(edits);
        }
        if least > limit {
            return limit + 1;
        }
    }
    rows[one.len() % 3][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corrected(question: &str) -> String {
        let mut texts = [Text::default(), Text::default(), Text::default()];
        let known = ["my password and my account", "where is the parcel", "cancel the parcel or the account"];
        for (text, known) in texts.iter_mut().zip(known) {
            text.read(known);
        }
        let spelling = Spelling::learn(texts.iter());
        let saved = Spelling::from_parts(&spelling.words(), spelling.counts().to_vec());
        assert_eq!(saved.as_ref(), Some(&spelling));
        let (mut text, mut words) = (Text::default(), Vec::new());
        text.read(question);
        let all = 0..text.words.len();
        spelling.correct(&mut text, all, &mut words, |_, _| false);
        text.plain(&words)
    }

    #[test]
    fn misspelt_words_become_the_nearest_known_ones() {
        for (question, expected) in [
            ("my pasword", "my password"),
            ("where is teh parcle", "where is the parcel"),
            ("acuont", "account"),
            ("cancle the acount", "cancel the account"),
            ("xylophone", "xylophone"),
            ("teh", "the"),
            ("m ypassword", "my password"),
            ("wheret he parcel", "where the parcel"),
            ("xyz abc", "xyz abc"),
            ("pass", "pass"),
            ("12345", "00000"),
        ] {
            assert_eq!(corrected(question), expected, "{question:?}");
        }
    }

    #[test]
    fn the_distance_counts_edits_and_swaps() {
        let count = |one: &str, other: &str| {
            let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
            distance(&one, &other, 2)
        };
        assert_eq!(count("parcel", "parcel"), 0);
        assert_eq!(count("parcle", "parcel"), 1);
        assert_eq!(count("prcel", "parcel"), 1);
        assert_eq!(count("paarcell", "parcel"), 2);
        assert_eq!(count("completely", "different"), 3);
    }
}
