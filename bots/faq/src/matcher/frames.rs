//! Greetings and polite frames around a question, which say nothing about the answer.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::hash::Hash;
use super::normalise::{Text, Word};

/// Phrases separated by commas; lines with # are comments.
const BEFORE: &str = include_str!("frames_before.txt");
const AFTER: &str = include_str!("frames_after.txt");

/// The phrases by the word where they are met: the first of those before, the last of those after a question.
struct Phrases(HashMap<Hash, Vec<Vec<Hash>>>);

impl Phrases {
    fn new(list: &str, meet: fn(&[Hash]) -> Option<&Hash>) -> Self {
        let mut phrases: HashMap<Hash, Vec<Vec<Hash>>> = HashMap::new();
        let mut text = Text::default();
        let lines = list.lines().filter(|line| !line.starts_with('#'));
        for phrase in lines.flat_map(|line| line.split(',')) {
            text.read(phrase);
            let words: Vec<Hash> = text.words.iter().map(|word| word.hash).collect();
            if let Some(&met) = meet(&words) {
                phrases.entry(met).or_default().push(words);
            }
        }
        for list in phrases.values_mut() {
            list.sort_by_key(|phrase| std::cmp::Reverse(phrase.len()));
        }
        Self(phrases)
    }

    /// The length of the longest phrase that fits.
    fn longest(&self, met: &Word, fits: impl Fn(&[Hash]) -> bool) -> usize {
        let phrases = self.0.get(&met.hash).map_or(&[][..], Vec::as_slice);
        phrases.iter().find(|phrase| fits(phrase)).map_or(0, Vec::len)
    }
}

static BEFORE_QUESTION: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(BEFORE, <[Hash]>::first));
static AFTER_QUESTION: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(AFTER, <[Hash]>::last));

/// What is left of a sentence without its frames, as a range; possibly nothing.
pub(super) fn strip(sentence: &[Word]) -> (usize, usize) {
    let mut rest = sentence;
    let mut start = 0;
    while let Some(first) = rest.first() {
        let fits = |phrase: &[Hash]| phrase.len() <= rest.len() && same(phrase, &rest[..phrase.len()]);
        match BEFORE_QUESTION.longest(first, fits) {
            0 => break,
            length => {
                start += length;
                rest = &rest[length..];
            }
        }
    }
    while let Some(last) = rest.last() {
        let fits = |phrase: &[Hash]| phrase.len() <= rest.len() && same(phrase, &rest[rest.len() - phrase.len()..]);
        match AFTER_QUESTION.longest(last, fits) {
            0 => break,
            length => rest = &rest[..rest.len() - length],
        }
    }
    (start, start + rest.len())
}

fn same(phrase: &[Hash], words: &[Word]) -> bool {
    phrase.iter().zip(words).all(|(phrase, word)| *phrase == word.hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_stripped_again_and_again() {
        for (sentence, rest) in [
            ("where is my card", "where is my card"),
            ("hi there, could you please tell me where my card is, thank you very much", "where my card is"),
            ("Hello good morning can you tell me where my card is please thanks", "where my card is"),
            ("guten tag, eine frage: wo ist meine karte bitte", "wo ist meine karte"),
            ("您好，请问信用卡丢了怎么办，谢谢", "信用卡丢了怎么办"),
            ("thank you", ""),
            ("hello", ""),
        ] {
            let mut text = Text::default();
            text.read(sentence);
            let (start, end) = strip(&text.words);
            assert_eq!(text.plain(&text.words[start..end]), rest, "{sentence:?}");
        }
    }
}
