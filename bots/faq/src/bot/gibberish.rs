//! Whether a message is keys hit at random. Only the Latin script is judged; a message with one plausible half is words.

use crate::text;

/// A message with more words than this is looked at by its beginning only.
const WORDS: usize = 20;
/// A run of consonants of this length, clusters counted as one, is in hardly any word of any language in Latin script.
const RUN: usize = 4;
/// Words of this length may be compounds, whose seams pile up consonants.
const LONG: usize = 10;
/// Neighbours on a keyboard that are in no word.
const KEYS: &[&str] = &[
    "asdf", "sdfg", "dfgh", "fghj", "ghjk", "hjkl", "qwer", "zxcv", "xcvb", "cvbn", "vbnm", "yxcv", "lkjh", "fdsa",
    "rewq", "qwert", "tzuio", "tyuio", "uiop", "jkjk", "dsds", "sdsd", "fdfd", "dfdf",
];
/// Letters that sound as one; sorted by length.
const CLUSTERS: &[&str] = &[
    "schtsch", "ssch", "tsch", "sch", "tch", "chr", "str", "spr", "ch", "ck", "ng", "st", "th", "ph", "sh", "gh", "ts",
    "tz", "pf", "ss", "ll", "tt", "nn", "mm", "rr", "ff", "pp",
];

/// Whether a message is keys hit at random.
pub fn is_gibberish(message: &str) -> bool {
    let (mut all, mut bad) = (0, 0);
    for word in text::words(text::head(message, 1_000)).iter().take(WORDS) {
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        all += letters;
        // Who reaches for an accent is not hitting keys at random.
        if word.bytes().all(|byte| byte.is_ascii_alphabetic()) && is_implausible(word, letters) {
            bad += letters;
        }
    }
    bad >= 4 && bad * 10 >= all * 6
}

fn is_implausible(word: &str, letters: usize) -> bool {
    if letters < 4 {
        return false;
    }
    if KEYS.iter().any(|keys| word.contains(keys)) {
        return true;
    }
    let mut distinct: Vec<char> = word.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() <= 2 && letters >= 5 {
        return true;
    }
    let mut rest = word;
    let (mut run, mut longest, mut vowels) = (0, 0, 0);
    while let Some(first) = rest.chars().next() {
        let vowel = is_vowel(first);
        let step = CLUSTERS.iter().find(|cluster| rest.starts_with(**cluster)).map_or(first.len_utf8(), |c| c.len());
        rest = &rest[step..];
        run = if vowel { 0 } else { run + 1 };
        vowels += usize::from(vowel);
        longest = longest.max(run);
    }
    vowels == 0 && letters >= 5 || longest >= if letters < LONG { RUN } else { RUN + 1 }
}

fn is_vowel(c: char) -> bool {
    "aeiouy".contains(c)
}

#[cfg(test)]
mod tests {
    use super::is_gibberish;

    #[test]
    fn keys_hit_at_random() {
        for text in
            ["asdf", "sdfkjhsdf lkjwerlkj", "qwertzuiop", "aaaaaaaa", "jklfdsjkl fjdskl", "xzcvxzcv", "ghjghjghj?!"]
        {
            assert!(is_gibberish(text), "{text}");
        }
    }

    #[test]
    fn words_of_several_languages() {
        for text in [
            "hi",
            "where is it",
            "Zahlungsschwierigkeiten",
            "Angstschweiß",
            "wo ist meine Sendungsnummer",
            "property rights",
            "strengths and lengths",
            "Schtschukin",
            "pls hlp thx",
            "czy mogę odebrać przesyłkę",
            "čtvrtek",
            "посылка",
            "我的包裹在哪里",
            "DE123456789",
            "sms",
            "",
            "😀",
            "twelfth",
            "Rechtsschutzversicherung",
        ] {
            assert!(!is_gibberish(text), "{text}");
        }
    }
}
