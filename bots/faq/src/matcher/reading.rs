//! A fingerprint of how messages are read: what a model learnt is worth nothing where words are read in another way.

use std::sync::LazyLock;

use super::Scratch;
use super::features;
use super::frames::PHRASES;
use super::hash::{Hash, checksum};

/// Messages that are read in every way there is: marks, negations, numbers, abbreviations, scripts, frames, signatures.
const SAMPLES: [&str; 16] = [
    "Where is my CARD? I can't find it, and I won't pay $1,000.50 again!",
    "www.example.org; the U.S. at 10 a.m. / 5:30 p.m. (cannot, dont, wouldn't)",
    "Où est l’Ångström? Straße, Ærø, İstanbul ΟΔΟΣ Ёлка",
    "ＦＵＬＬ ｗｉｄｔｈ ﬁne ½ ㎏ soft\u{ad}hyphen zero\u{200b}width e\u{301}te\u{301}",
    "信用卡丢了。怎么办？ カードをloseしました 카드를 잃어버렸어요",
    "שָׁלוֹם \u{202e}עולם أَيْنَ بطاقتي؟ कार्ड कहाँ है। ไม่เจอบัตร",
    "a\u{0}b\u{7}c 🙂👍🏽 snake_case semi;colon tab\tline\nnext… ¿qué? ¡ya!",
    "Pneumonoultramicroscopicsilicovolcanoconiosispneumonoultramicroscopicsilicovolcanoconiosis",
    "Hi there, could you please tell me where my card is? Thank you very much!",
    "Hello, my name is John. Where is my card?\nKind regards\nMaria Lopez",
    "Guten Tag, eine Frage: wo ist meine Karte? Besten Dank und viele Grüße",
    "bonjour, pourriez-vous me dire où est ma carte, merci d'avance",
    "hi there, could you please tell me hello",
    "thank you",
    "thanks anna",
    "",
];

/// The fingerprint of this version.
pub(super) fn fingerprint() -> u64 {
    static OWN: LazyLock<u64> = LazyLock::new(|| of(PHRASES, &SAMPLES));
    *OWN
}

/// Of the lists as they are written, and of what becomes of messages: words, sentences, features.
fn of(lists: &str, messages: &[&str]) -> u64 {
    let mut scratch = Scratch::default();
    let mut hash = Hash::new(6).then(checksum(lists.as_bytes()));
    for message in messages {
        scratch.read(message);
        hash = hash.then(scratch.kept.len() as u64);
        for (start, end) in &scratch.sentences {
            hash = hash.then(*start as u64).then(*end as u64);
        }
        features::extract(&scratch.text, &scratch.kept, true, |kind, key| {
            hash = hash.then(kind as u64).then(u64::from(key));
        });
    }
    hash.mixed()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Red whenever messages are read otherwise than before. That is no fault: write down the new number, and tell users that
    /// their models are trained anew.
    #[test]
    fn messages_are_read_as_they_were() {
        assert_eq!(fingerprint(), 8_353_767_398_942_828_905);
    }

    #[test]
    fn a_list_or_a_message_that_is_read_otherwise_makes_another_fingerprint() {
        let shorter = PHRASES.replacen("greeting: [hi|", "greeting: [", 1);
        assert_ne!(shorter, PHRASES);
        assert_ne!(of(&shorter, &SAMPLES), fingerprint());
        for place in 0..SAMPLES.len() - 1 {
            let mut changed = SAMPLES;
            changed[place] = "";
            assert_ne!(of(PHRASES, &changed), fingerprint(), "{}", SAMPLES[place]);
        }
        assert_eq!(of(PHRASES, &SAMPLES), fingerprint());
    }
}
