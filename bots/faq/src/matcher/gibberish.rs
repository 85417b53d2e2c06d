//! Whether a message is keys hit at random. Words that the knowledge base knows are never gibberish, and only letters from a to z
//! are judged, for other scripts have other habits.

use super::normalise::{Text, Word};
use super::spelling::Spelling;

/// Rows of keyboards, as fingers run over them, there or back.
const ROWS: [&[u8]; 5] = [b"qwertyuiop", b"asdfghjkl", b"zxcvbnm", b"qwertzuiop", b"yxcvbnm"];
/// So many keys in a row, one beside the other, are in no word.
const RUN_OF_KEYS: usize = 4;
/// Nor are so many consonants, but for the seams of compounds.
const RUN_OF_CONSONANTS: usize = 6;
const COMPOUND: usize = 12;

/// Whether most letters belong to words that nobody would write.
pub(super) fn is_gibberish(text: &Text, words: &[Word], spelling: &Spelling) -> bool {
    let (mut all, mut bad) = (0, 0);
    for word in words {
        let letters = text.characters_of(*word);
        all += letters.len();
        if !spelling.knows(*word) && is_implausible(letters) {
            bad += letters.len();
        }
    }
    bad >= 4 && bad * 10 >= all * 6
}

fn is_implausible(word: &[char]) -> bool {
    if word.len() < 4 || !word.iter().all(char::is_ascii_lowercase) {
        return false;
    }
    let mut seen = 0_u32;
    let (mut consonants, mut longest, mut vowels, mut keys, mut longest_keys) = (0, 0, 0, [1; 2], 1);
    for (index, &letter) in word.iter().enumerate() {
        seen |= 1 << (letter as u32 - 'a' as u32);
        let vowel = matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
        vowels += usize::from(vowel);
        consonants = if vowel { 0 } else { consonants + 1 };
        longest = longest.max(consonants);
        for (back, keys) in keys.iter_mut().enumerate() {
            let beside = index > 0 && are_neighbours(word[index - 1], letter, back == 1);
            *keys = if beside { *keys + 1 } else { 1 };
            longest_keys = longest_keys.max(*keys);
        }
    }
    // "qwert" is five keys, "poi" is three; "were" and "pool" are no run at all.
    let run = longest_keys > RUN_OF_KEYS || longest_keys == RUN_OF_KEYS && word.len() <= 6;
    let few = seen.count_ones() <= 2 && word.len() >= 5;
    run || few
        || longest >= RUN_OF_CONSONANTS + 2 * usize::from(word.len() >= COMPOUND)
        || vowels == 0 && word.len() >= 6
}

fn are_neighbours(one: char, other: char, back: bool) -> bool {
    let (one, other) = if back { (other, one) } else { (one, other) };
    ROWS.iter().any(|row| row.windows(2).any(|pair| char::from(pair[0]) == one && char::from(pair[1]) == other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_hit_at_random_are_told_from_words() {
        let mut known = Text::default();
        known.read("is there a rhythm in nhs qwerty keyboards");
        let spelling = Spelling::learn(std::iter::once(&known));
        let judge = |message: &str| {
            let mut text = Text::default();
            text.read(message);
            is_gibberish(&text, &text.words, &spelling)
        };
        for message in [
            "asdfgh",
            "asdf",
            "qwertz uiop",
            "aaaaaaaa",
            "hahahahaha hjkl",
            "xkcdqwrtzpl",
            "ggggggg lllll",
            "dfgjkhdfgkjh",
        ] {
            assert!(judge(message), "{message}");
        }
        for message in [
            "",
            "where is my parcel",
            "qwerty",
            "rhythm",
            "were",
            "power",
            "property",
            "Rechtsschutzversicherung kündigen",
            "brbr",
            "asdf is what i typed by accident but where is my parcel",
            "信用卡",
            "карта",
            "strengths",
            "error",
            "przepraszam",
            "xbox",
            "html",
            "wtf is this",
        ] {
            assert!(!judge(message), "{message}");
        }
    }
}
