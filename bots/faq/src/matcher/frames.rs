//! Greetings and polite frames around a question, which say nothing about the answer.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::hash::Hash;
use super::normalise::{Text, Word};

/// The phrases: the file says how they are written.
pub(super) const PHRASES: &str = include_str!("frames.txt");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Greeting,
    /// What follows it is what is asked.
    Request,
    Closing,
    /// Follows a question and asks for an answer once more.
    Nudge,
    /// A name follows it, and then what is asked.
    Introduction,
    Please,
    /// Stands between two frames.
    Link,
    /// Ends a request, but for its first word only if an asking word follows.
    Open,
    Asking,
}

/// A phrase: choices in a row, each of which may be several words or nothing.
struct Phrase {
    kind: Kind,
    choices: Vec<Vec<Vec<Hash>>>,
}

impl Phrase {
    fn read(kind: Kind, phrase: &str, text: &mut Text) -> Self {
        let mut words = |part: &str| -> Vec<Hash> {
            text.read(part);
            text.words.iter().map(|word| word.hash).collect()
        };
        let parts = phrase.split(['[', ']']);
        let choices = parts.map(|part| part.split('|').map(&mut words).collect::<Vec<_>>());
        Self { kind, choices: choices.filter(|choice| choice.iter().any(|words| !words.is_empty())).collect() }
    }

    /// The same, to be read from its end.
    fn reversed(&self) -> Self {
        let reversed =
            |choice: &Vec<Vec<Hash>>| choice.iter().map(|words| words.iter().rev().copied().collect()).collect();
        Self { kind: self.kind, choices: self.choices.iter().rev().map(reversed).collect() }
    }

    /// The words it can begin with.
    fn first_words(&self) -> Vec<Hash> {
        let mut first = Vec::new();
        for choice in &self.choices {
            first.extend(choice.iter().filter_map(|words| words.first().copied()));
            if choice.iter().all(|words| !words.is_empty()) {
                break;
            }
        }
        first.sort_unstable();
        first.dedup();
        first
    }
}

/// The length of the longest way to say these choices at the beginning of the words; nothing if there is none.
fn longest(choices: &[Vec<Vec<Hash>>], words: &Words<'_>, from: usize) -> Option<usize> {
    let Some((choice, rest)) = choices.split_first() else { return Some(from) };
    let fits = |said: &&Vec<Hash>| said.iter().enumerate().all(|(place, hash)| words.are(from + place, *hash));
    choice.iter().filter(fits).filter_map(|said| longest(rest, words, from + said.len())).max()
}

/// The words of a sentence as they were written and as they were meant, from either end.
struct Words<'w> {
    written: &'w [Word],
    meant: &'w [Word],
    from_end: bool,
}

impl Words<'_> {
    fn are(&self, place: usize, hash: Hash) -> bool {
        let count = self.written.len();
        place < count && {
            let place = if self.from_end { count - 1 - place } else { place };
            // A word of another language than that of the knowledge base may have been taken for a misspelt one.
            self.written[place].hash == hash || self.meant[place].hash == hash
        }
    }
}

/// Phrases by the words they can begin with.
struct Phrases(HashMap<Hash, Vec<usize>>, Vec<Phrase>);

impl Phrases {
    fn new(phrases: Vec<Phrase>) -> Self {
        let mut by_word: HashMap<Hash, Vec<usize>> = HashMap::new();
        for (number, phrase) in phrases.iter().enumerate() {
            for word in phrase.first_words() {
                by_word.entry(word).or_default().push(number);
            }
        }
        Self(by_word, phrases)
    }

    /// The longest phrase of certain kinds at the beginning of the words, and where it ends; of equals the first in the file.
    fn longest(&self, words: &Words<'_>, from: usize, kinds: &[Kind]) -> Option<(usize, Kind)> {
        let place = if words.from_end { words.written.len().checked_sub(from + 1)? } else { from };
        let (written, meant) = (words.written.get(place)?, words.meant.get(place)?);
        let mut best: Option<(usize, Kind)> = None;
        let alike = written.hash == meant.hash;
        let beginning = [Some(written.hash), Some(meant.hash).filter(|_| !alike)];
        for number in beginning.iter().flatten().filter_map(|hash| self.0.get(hash)).flatten() {
            let phrase = &self.1[*number];
            if kinds.contains(&phrase.kind) {
                let end = longest(&phrase.choices, words, from).filter(|end| *end > from);
                if let Some(end) = end.filter(|end| best.is_none_or(|best| *end > best.0)) {
                    best = Some((end, phrase.kind));
                }
            }
        }
        best
    }
}

impl Phrases {
    /// How many words phrases of certain kinds take, one after the other.
    fn skip(&self, words: &Words<'_>, kinds: &[Kind]) -> usize {
        let mut taken = 0;
        loop {
            let linked = || {
                let (link, _) = self.longest(words, taken, &[Kind::Link]).filter(|_| taken > 0)?;
                self.longest(words, link, kinds)
            };
            match self.longest(words, taken, kinds).or_else(linked) {
                // As in "may I ask you said it was free": the question is "you said it was free".
                Some((end, Kind::Request)) if self.is_open(words, end) => return end - 1,
                Some((end, _)) => taken = end,
                None => return taken,
            }
        }
    }
}

impl Phrases {
    /// Whether the last word of a request begins a sentence that follows.
    fn is_open(&self, words: &Words<'_>, end: usize) -> bool {
        let ends_open = || end >= 2 && self.longest(words, end - 2, &[Kind::Open]).is_some();
        end < words.written.len() && ends_open() && self.longest(words, end, &[Kind::Asking]).is_none()
    }
}

static FROM_BEGINNING: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(phrases()));
static FROM_END: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(phrases().iter().map(Phrase::reversed).collect()));

fn phrases() -> Vec<Phrase> {
    let mut text = Text::default();
    let mut phrases = Vec::new();
    for line in PHRASES.lines().filter(|line| !line.starts_with('#')) {
        let (kind, list) = line.split_once(':').unwrap_or_default();
        let kind = match kind {
            "greeting" => Kind::Greeting,
            "request" => Kind::Request,
            "closing" => Kind::Closing,
            "nudge" => Kind::Nudge,
            "introduction" => Kind::Introduction,
            "link" => Kind::Link,
            "open" => Kind::Open,
            "asking" => Kind::Asking,
            _ => Kind::Please,
        };
        phrases.extend(list.split(',').map(|phrase| Phrase::read(kind, phrase, &mut text)));
    }
    phrases
}

/// What is left of a sentence without its frames, as a range; possibly nothing.
pub(super) fn strip(written: &[Word], meant: &[Word]) -> (usize, usize) {
    const BEFORE: &[Kind] = &[Kind::Greeting, Kind::Request, Kind::Please];
    const AFTER: &[Kind] = &[Kind::Closing, Kind::Nudge, Kind::Please];
    let all = Words { written, meant, from_end: false };
    let start = FROM_BEGINNING.skip(&all, BEFORE);
    if start == written.len() {
        return (start, start);
    }
    // The end first: what looks like a closing at the beginning is part of one more often than not.
    let end = written.len() - FROM_END.skip(&Words { written, meant, from_end: true }, AFTER);
    if end <= start {
        // A phrase of the beginning goes on into one of the end: there is no question between them.
        return (start, start);
    }
    let rest = Words { written: &written[..end], meant: &meant[..end], from_end: false };
    (FROM_BEGINNING.skip(&rest, BEFORE), end)
}

/// Most words that a name has.
const NAME: usize = 2;

/// Where a sentence stands in its message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub first: bool,
    pub last: bool,
    /// The sentence before it is nothing but a closing.
    pub closed: bool,
}

/// Whether a sentence says who writes: a closing and a name, where a question may stand before it, or an introduction, where
/// one may follow.
pub(super) fn is_signature(written: &[Word], meant: &[Word], place: Place) -> bool {
    let named = |kinds: &[Kind]| {
        let taken = FROM_BEGINNING.skip(&Words { written, meant, from_end: false }, kinds);
        taken > 0 && taken < written.len() && written.len() - taken <= NAME
    };
    !place.first && named(&[Kind::Closing])
        || !place.last && named(&[Kind::Introduction])
        || place.last && place.closed && written.len() <= NAME
}

/// Whether a sentence is nothing but a closing.
pub(super) fn is_closing(written: &[Word], meant: &[Word]) -> bool {
    FROM_BEGINNING.skip(&Words { written, meant, from_end: false }, &[Kind::Closing]) == written.len()
}

/// Whether a sentence is nothing but a greeting.
pub(super) fn is_greeting(written: &[Word], meant: &[Word]) -> bool {
    FROM_BEGINNING.skip(&Words { written, meant, from_end: false }, &[Kind::Greeting]) == written.len()
}

/// What a message says that asks nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Courtesy {
    /// A greeting, or that a question will come.
    Greeting,
    /// Thanks, or good wishes.
    Thanks,
}

/// Whether a message is nothing but a courtesy: greetings, thanks, "I have a question", in the languages of the frames.
pub fn courtesy(message: &str) -> Option<Courtesy> {
    let mut text = Text::default();
    text.read(message);
    let words = Words { written: &text.words, meant: &text.words, from_end: false };
    let is_all = |kinds: &[Kind]| FROM_BEGINNING.skip(&words, kinds) == text.words.len();
    if text.words.is_empty() || !is_all(&[Kind::Greeting, Kind::Request, Kind::Please, Kind::Closing]) {
        return None;
    }
    let thanks = is_all(&[Kind::Greeting, Kind::Please, Kind::Closing]) && !is_all(&[Kind::Greeting, Kind::Please]);
    Some(if thanks { Courtesy::Thanks } else { Courtesy::Greeting })
}

/// In a sentence of nothing but frames, the one that was asked about, as in "could you tell me hello".
pub(super) fn asked(written: &[Word], meant: &[Word]) -> Option<(usize, usize)> {
    let words = Words { written, meant, from_end: false };
    let all = [Kind::Greeting, Kind::Request, Kind::Please, Kind::Closing, Kind::Nudge];
    let (mut start, mut requested, mut found) = (0, false, None);
    while let Some((end, kind)) = FROM_BEGINNING.longest(&words, start, &all) {
        match kind {
            Kind::Request => (requested, found) = (true, None),
            Kind::Greeting | Kind::Closing | Kind::Nudge if requested && found.is_none() => found = Some((start, end)),
            _ => {}
        }
        start = end;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn courtesies_ask_nothing() {
        for (message, what) in [
            ("hello", Some(Courtesy::Greeting)),
            ("Hi there! Good morning", Some(Courtesy::Greeting)),
            ("Hello, I have a question.", Some(Courtesy::Greeting)),
            ("could you help me please, thanks", Some(Courtesy::Greeting)),
            ("Guten Tag", Some(Courtesy::Greeting)),
            ("ok", Some(Courtesy::Greeting)),
            ("Thank you so much for your help!", Some(Courtesy::Thanks)),
            ("ok thanks, have a nice day", Some(Courtesy::Thanks)),
            ("vielen Dank und viele Grüße", Some(Courtesy::Thanks)),
            ("merci", Some(Courtesy::Thanks)),
            ("hello where is my card", None),
            ("thanks for nothing", None),
            ("where", None),
            ("?!", None),
            ("", None),
        ] {
            assert_eq!(courtesy(message), what, "{message:?}");
        }
    }

    #[test]
    fn a_frame_can_be_asked_about() {
        for (sentence, rest) in [
            ("hi there, could you please tell me hello", "hello"),
            ("good day, i have a question: have a nice day kind regards", "have a nice day"),
            ("hello", ""),
            ("hello, could you please help me", ""),
        ] {
            let mut text = Text::default();
            text.read(sentence);
            let (start, end) = asked(&text.words, &text.words).unwrap_or_default();
            assert_eq!(text.plain(&text.words[start..end]), rest, "{sentence:?}");
        }
    }

    #[test]
    fn no_phrase_is_empty_and_every_kind_is_known() {
        for line in PHRASES.lines().filter(|line| !line.starts_with('#')) {
            let (kind, list) = line.split_once(": ").unwrap();
            assert!(
                ["greeting", "request", "closing", "nudge", "introduction", "please", "link", "open", "asking"]
                    .contains(&kind),
                "{line}"
            );
            for phrase in list.split(',') {
                let mut text = Text::default();
                assert!(!Phrase::read(Kind::Please, phrase, &mut text).choices.is_empty(), "{phrase:?} in {line}");
                assert_eq!(phrase.matches('[').count(), phrase.matches(']').count(), "{phrase:?}");
                assert_eq!(
                    longest(&Phrase::read(Kind::Please, phrase, &mut text).choices, &NOTHING, 0),
                    None,
                    "{phrase:?}"
                );
            }
        }
    }

    const NOTHING: Words<'static> = Words { written: &[], meant: &[], from_end: false };

    #[test]
    fn frames_are_stripped_again_and_again() {
        for (sentence, rest) in [
            ("where is my card", "where is my card"),
            ("hi there, could you please tell me where my card is, thank you very much", "where my card is"),
            ("Hello good morning can you tell me where my card is please thanks", "where my card is"),
            ("guten tag, eine frage: wo ist meine karte bitte", "wo ist meine karte"),
            ("您好，请问信用卡丢了怎么办，谢谢", "信用卡丢了怎么办"),
            ("i was just wondering if you could please tell me where my card is", "where my card is"),
            ("Ich hätte da mal eine kurze Frage: wo ist meine Karte? ", "wo ist meine karte"),
            ("bonjour, pourriez-vous me dire où est ma carte, merci d'avance pour votre aide", "ou est ma carte"),
            ("¿Me podría decir por favor dónde está mi tarjeta? ", "donde esta mi tarjeta"),
            ("wo ist meine Karte, besten Dank und viele Grüße", "wo ist meine karte"),
            ("could you tell me maybe it does", "maybe it does"),
            ("may i ask you need to set a timer", "you need to set a timer"),
            ("may i ask you where my card is", "where my card is"),
            ("may i ask something is wrong with my card", "something is wrong with my card"),
            ("i would like to know please help me find my card", "find my card"),
            ("would you mind telling me where i get help please", "where i get help"),
            ("could you tell me i question the rate", "i question the rate"),
            ("id be grateful if you could let me know thanks for helping me", ""),
            ("tell my bank that i like to travel", "tell my bank that i like to travel"),
            ("where is my card, any ideas", "where is my card"),
            ("also where is my card please reply asap", "where is my card"),
            ("salut, tu peux me dire où est ma carte stp", "ou est ma carte"),
            ("thank you", ""),
            ("hello", ""),
        ] {
            let mut text = Text::default();
            text.read(sentence);
            let (start, end) = strip(&text.words, &text.words);
            assert_eq!(text.plain(&text.words[start..end]), rest, "{sentence:?}");
        }
    }
}
