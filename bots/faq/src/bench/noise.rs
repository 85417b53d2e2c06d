//! Questions as people really write them: misspelt, in capitals, with greetings, with a story before them.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

/// A change that must not make a difference.
pub(super) type Change = (&'static str, fn(&str) -> String);

/// Changes that must not make a difference.
pub(super) const INVARIANCES: [Change; 6] = [
    ("capitals", |text| text.to_uppercase()),
    ("punctuation", |text| format!("{}?!", text.replace(' ', "  "))),
    ("no punctuation", |text| text.replace(['\'', ',', '?', '!', '"'], "")),
    ("emoji", |text| format!("🙂 {text} 🙏🏽👍")),
    ("a greeting", |text| format!("Hello, good morning! {text}")),
    ("a polite frame", |text| format!("Hi there, could you please tell me {text}? Thank you very much!")),
];

/// Sentences that have nothing to do with any set's topics.
const UNRELATED: [&str; 8] = [
    "i just came back from holiday",
    "my dog is barking again",
    "this is a long day",
    "i had a terrible night",
    "my sister visited me yesterday",
    "we moved last month",
    "i am sitting in my kitchen",
    "the kids are finally asleep",
];

/// The question with an unrelated sentence before it.
pub(super) fn unrelated_before(index: usize, text: &str) -> String {
    format!("{}. {text}", UNRELATED[index % UNRELATED.len()])
}

/// Puts a mistake in this share of letters: another letter, one too few, one too many, or two swapped.
pub(super) fn typos(text: &str, share: f64, seed: u64) -> String {
    let mut random = SmallRng::seed_from_u64(seed);
    let letters: Vec<char> = text.chars().collect();
    let mut noisy = String::with_capacity(text.len() + 4);
    let mut index = 0;
    while index < letters.len() {
        let letter = letters[index];
        index += 1;
        if !letter.is_alphabetic() || !random.random_bool(share) {
            noisy.push(letter);
            continue;
        }
        let other = char::from(random.random_range(b'a'..=b'z'));
        match random.random_range(0..4) {
            0 => noisy.push(other),
            1 => {}
            2 => noisy.extend([letter, other]),
            _ => {
                noisy.extend(letters.get(index));
                noisy.push(letter);
                index += 1;
            }
        }
    }
    noisy
}
