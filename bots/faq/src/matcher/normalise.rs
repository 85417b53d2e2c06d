//! Reads a message into plain lower-case words and sentences, so that case, accents, punctuation and emoji make no difference.
//!
//! Scripts that are written without spaces need no segmenter: each of their characters is a word of its own, glued to the one
//! before it, and pieces of words are taken over the whole glued run.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{decompose_canonical, is_combining_mark};

use super::hash::Hash;

/// A message is read up to this many characters: more is not a question.
pub(super) const MAX_CHARACTERS: usize = 2_000;
/// White space, emoji and the like count too, at a lower price: reading stops for good here.
const MAX_RAW_CHARACTERS: usize = 8 * MAX_CHARACTERS;
/// A longer word is cut: nobody writes it, and it would only cost time.
const MAX_WORD: usize = 64;

/// A word of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Word {
    /// Where it begins and ends in [`Text::characters`].
    pub start: u32,
    pub end: u32,
    /// Follows the word before it without a space between them.
    pub glued: bool,
    pub hash: Hash,
}

/// A message as words and sentences. The buffers are kept when it is read into again.
#[derive(Debug, Default)]
pub(super) struct Text {
    pub characters: Vec<char>,
    pub words: Vec<Word>,
    /// Ranges of `words`, none of them empty.
    pub sentences: Vec<(u32, u32)>,
    /// The message went on, but was not read any further.
    pub cut: bool,
}

impl Text {
    /// The characters of a word.
    pub fn characters_of(&self, word: Word) -> &[char] {
        &self.characters[word.start as usize..word.end as usize]
    }

    /// Reads a message, in place of the one before.
    pub fn read(&mut self, message: &str) {
        self.characters.clear();
        self.words.clear();
        self.sentences.clear();
        let mut reader = Reader {
            text: self,
            word_start: 0,
            letters_since_dot: 0,
            unspaced: false,
            glued: false,
            sentence_start: 0,
        };
        reader.text.cut = if message.is_ascii() {
            reader.read(message.chars().map(|character| character.to_ascii_lowercase()))
        } else {
            // Limited before it is normalised: a normaliser holds back marks until it has seen all of them.
            reader.read(message.chars().take(MAX_RAW_CHARACTERS + 1).nfkc().flat_map(char::to_lowercase))
        };
    }

    /// The words as text, with spaces between them where there were some.
    pub fn plain(&self, words: &[Word]) -> String {
        let mut plain = String::new();
        for word in words {
            if !word.glued && !plain.is_empty() {
                plain.push(' ');
            }
            plain.extend(self.characters_of(*word));
        }
        plain
    }
}

struct Reader<'t> {
    text: &'t mut Text,
    /// Where the unfinished word begins.
    word_start: usize,
    /// How many letters stand between the beginning of the unfinished word, or the last dot in it, and here: `u.s.` is a word.
    letters_since_dot: usize,
    /// The unfinished word is of a script without spaces.
    unspaced: bool,
    /// The unfinished word continues a run without spaces.
    glued: bool,
    sentence_start: usize,
}

impl Reader<'_> {
    /// Reads until the end or the limit, and says whether it was the limit.
    fn read(&mut self, characters: impl Iterator<Item = char>) -> bool {
        let mut characters = characters.peekable();
        let mut raw = 0;
        while let Some(character) = characters.next() {
            raw += 1;
            if raw > MAX_RAW_CHARACTERS || self.text.characters.len() >= MAX_CHARACTERS {
                self.end_sentence();
                return true;
            }
            match class(character) {
                Class::Letter => self.push(character),
                Class::Digit => self.push('0'),
                Class::Unspaced => {
                    let glued = self.unspaced;
                    self.end_word();
                    (self.unspaced, self.glued) = (true, glued);
                    self.text.characters.push(character);
                }
                Class::Mark => {
                    if self.text.characters.len() > self.word_start {
                        self.text.characters.push(character);
                    }
                }
                Class::Silent => {}
                Class::Apostrophe if characters.peek().is_some_and(|&next| class(next) == Class::Letter) => {}
                Class::Dot => match characters.peek().map(|&next| class(next)) {
                    Some(Class::Letter) if self.letters_since_dot == 1 => self.letters_since_dot = 0,
                    Some(Class::Digit) if self.in_number() => {}
                    Some(Class::Letter | Class::Digit) => self.end_word(),
                    _ if self.letters_since_dot == 1 && self.text.characters.len() - self.word_start > 1 => {
                        self.end_word();
                    }
                    _ => self.end_sentence(),
                },
                Class::Comma
                    if self.in_number() && characters.peek().is_some_and(|&next| class(next) == Class::Digit) => {}
                Class::Apostrophe | Class::Comma | Class::Other => self.end_word(),
                Class::Stop => self.end_sentence(),
            }
        }
        self.end_sentence();
        false
    }

    fn push(&mut self, character: char) {
        if self.unspaced {
            self.end_word();
        }
        if self.text.characters.len() - self.word_start >= MAX_WORD {
            return;
        }
        let code = u32::from(character);
        // Accents are left out by many who write in a hurry.
        let character = match code {
            0xDF => {
                self.text.characters.push('s');
                's'
            }
            0xC0..=0x24F | 0x370..=0x3FF | 0x620..=0x6D3 | 0x1E00..=0x1FFF => {
                let mut base = None;
                decompose_canonical(character, |part| {
                    base.get_or_insert(part);
                });
                base.unwrap_or(character)
            }
            _ => character,
        };
        self.letters_since_dot += 1;
        self.text.characters.push(if character == 'ς' { 'σ' } else { character });
    }

    fn in_number(&self) -> bool {
        self.text.characters.len() > self.word_start && self.text.characters.last() == Some(&'0')
    }

    fn end_word(&mut self) {
        let (start, end) = (self.word_start, self.text.characters.len());
        let word = &self.text.characters[start..end];
        // Spelt with an apostrophe or without: do not, can not.
        let root = match word {
            ['c', 'a', 'n', 't'] | ['c', 'a', 'n', 'n', 'o', 't'] => Some(3),
            ['w', 'o', 'n', 't'] => {
                self.text.characters.truncate(start);
                self.text.characters.extend(['w', 'i', 'l', 'l']);
                Some(4)
            }
            [root @ .., 'n', 't'] if is_negatable(root) => Some(end - start - 2),
            _ => None,
        };
        if let Some(root) = root {
            self.text.characters.truncate(start + root);
            self.finish();
            self.text.characters.extend(['n', 'o', 't']);
        }
        self.finish();
    }

    fn finish(&mut self) {
        let (start, end) = (self.word_start, self.text.characters.len());
        if end > start {
            let hash = Hash::of(&self.text.characters[start..end]);
            self.text.words.push(Word { start: index(start), end: index(end), glued: self.glued, hash });
            self.word_start = end;
        }
        self.letters_since_dot = 0;
        (self.unspaced, self.glued) = (false, false);
    }

    fn end_sentence(&mut self) {
        self.end_word();
        let end = self.text.words.len();
        if end > self.sentence_start {
            self.text.sentences.push((index(self.sentence_start), index(end)));
            self.sentence_start = end;
        }
    }
}

fn index(index: usize) -> u32 {
    index as u32
}

fn is_negatable(root: &[char]) -> bool {
    const ROOTS: [&str; 15] = [
        "do", "does", "did", "is", "are", "was", "were", "could", "would", "should", "have", "has", "had", "must",
        "need",
    ];
    ROOTS.iter().any(|known| known.len() == root.len() && known.chars().eq(root.iter().copied()))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Letter,
    Digit,
    /// A letter of a script that is written without spaces.
    Unspaced,
    /// Belongs to the letter before it and makes a difference.
    Mark,
    /// As if it were not there.
    Silent,
    Apostrophe,
    Dot,
    Comma,
    /// Ends a sentence.
    Stop,
    Other,
}

fn class(character: char) -> Class {
    match character {
        'a'..='z' | 'A'..='Z' => Class::Letter,
        '0'..='9' => Class::Digit,
        '\'' | '’' | '‘' | 'ʼ' | '`' | '´' | '′' => Class::Apostrophe,
        '.' => Class::Dot,
        ',' => Class::Comma,
        '!' | '?' | ';' | '\n' | '\r' | '…' | '。' | '؟' | '।' | '¿' | '¡' | '‽' => Class::Stop,
        '\0'..='\x7f' => Class::Other,
        // Soft hyphen, joiners, direction marks, variation selectors, accents left over, Arabic and Hebrew vowel points.
        '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{300}'..='\u{36f}'
        | '\u{640}'
        | '\u{64b}'..='\u{65f}'
        | '\u{591}'..='\u{5c7}' => Class::Silent,
        _ if is_unspaced(character) => {
            if is_combining_mark(character) {
                Class::Mark
            } else if character.is_alphanumeric() {
                Class::Unspaced
            } else {
                Class::Other
            }
        }
        _ if is_combining_mark(character) => Class::Mark,
        _ if character.is_numeric() => Class::Digit,
        _ if character.is_alphabetic() => Class::Letter,
        _ => Class::Other,
    }
}

fn is_unspaced(character: char) -> bool {
    matches!(u32::from(character),
        0xE00..=0xEFF | 0xF00..=0xFFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3005..=0x3007 | 0x3040..=0x30FF
        | 0x31F0..=0x31FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(message: &str) -> String {
        let mut text = Text::default();
        text.read(message);
        let sentences =
            text.sentences.iter().map(|&(start, end)| text.plain(&text.words[start as usize..end as usize]));
        sentences.collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn messages_are_read_as_plain_words() {
        for (message, plain) in [
            ("", ""),
            ("  \t\n ", ""),
            ("🙂👍🏽 !!! …", ""),
            ("Where is my CARD?", "where is my card"),
            ("I can't, won’t and don't!", "i can not will not and do not"),
            ("cant wont dont cannot", "can not will not do not can not"),
            ("Hello.  What's $1,000.50 in Euro?", "hello | whats 000000 in euro"),
            ("the U.S. and a.m. or p.m.", "the us and am or pm"),
            ("www.example.org", "www example org"),
            ("Où est l’Ångström? Straße", "ou est langstrom | strasse"),
            ("ＦＵＬＬ ｗｉｄｔｈ ﬁne", "full width fine"),
            ("İstanbul ΟΔΟΣ", "istanbul οδοσ"),
            ("信用卡丢了。怎么办？", "信用卡丢了 | 怎么办"),
            ("カードをloseしました", "カードを lose しました"),
            ("שָׁלוֹם \u{202e}עולם", "שלום עולם"),
            ("أَيْنَ بطاقتي؟", "اين بطاقتي"),
            ("a\u{0}b\u{7}c", "a b c"),
            ("e\u{301}te\u{301}", "ete"),
            ("soft\u{ad}hyphen zero\u{200b}width", "softhyphen zerowidth"),
        ] {
            assert_eq!(read(message), plain, "{message:?}");
        }
    }

    #[test]
    fn scripts_without_spaces_are_words_of_one_character_glued_together() {
        let mut text = Text::default();
        text.read("信用卡 card丢了");
        let words: Vec<_> = text.words.iter().map(|word| (text.plain(&[*word]), word.glued)).collect();
        let expected = [("信", false), ("用", true), ("卡", true), ("card", false), ("丢", false), ("了", true)];
        assert_eq!(words, expected.map(|(word, glued)| (word.to_owned(), glued)));
    }

    #[test]
    fn a_megabyte_is_cut() {
        let mut text = Text::default();
        for piece in ["word ", "x", "🙂", "\u{301}", "字", " "] {
            text.read(&piece.repeat(1_000_000 / piece.len()));
            assert!(text.cut, "{piece:?}");
            assert!(text.characters.len() <= MAX_CHARACTERS + 1);
        }
        text.read("short");
        assert!(!text.cut);
    }
}
