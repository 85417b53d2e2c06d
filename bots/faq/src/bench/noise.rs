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

/// More greetings and frames, in several languages; the question stands where the braces are.
pub(super) const FRAMES: [&str; 14] = [
    "Dear Sir or Madam, I would like to know {}. I look forward to your reply. Best regards",
    "Hi team! I was wondering if you could tell me {}. Thanks in advance for your help!",
    "Excuse me, would you mind telling me {} please?",
    "Hey! Hope you're having a great week. Would you happen to know {}? Appreciate it!",
    "Good day to you. I'd be grateful if you could let me know {}. Warm regards",
    "Sorry for bothering you, may I ask {}? Thanks for your time!",
    "Guten Tag, könnten Sie mir bitte sagen: {} Vielen Dank im Voraus!",
    "Guten Abend, ich wollte mal kurz nachfragen: {} Besten Dank und viele Grüße",
    "Bonjour, pourriez-vous me dire s'il vous plaît {} Merci beaucoup pour votre aide !",
    "Hola, buenas tardes, ¿me podría decir por favor {}? ¡Muchas gracias!",
    "Buenas, una duda rápida: {} Un saludo",
    "Buongiorno, vorrei sapere {} Grazie mille!",
    "Goedemiddag, zou u mij kunnen vertellen {} Alvast bedankt!",
    "Olá, bom dia! Poderia me dizer {}? Muito obrigado!",
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
