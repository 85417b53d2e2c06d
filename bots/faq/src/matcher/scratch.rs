//! The memory that ranking needs, kept between questions so that none is taken while a customer waits.

use super::frames::{self, Place};
use super::normalise::{Text, Word};
use super::spelling::Spelling;
use super::vocabulary::{Buffers, Vocabulary, Weighted};

/// With fewer words left, a message has no question beside its signature.
const LEAST: usize = 2;

/// Working memory for [`Matcher::rank`](super::Matcher::rank): make one a thread and use it again and again.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(super) text: Text,
    /// The words with known ones in the place of those that are misspelt.
    pub(super) corrected: Vec<Word>,
    /// The words of the whole message without its frames, as they were written and as they were meant.
    pub(super) kept: Vec<Word>,
    pub(super) meant: Vec<Word>,
    /// The sentences, as ranges of `kept`.
    pub(super) sentences: Vec<(usize, usize)>,
    pub(super) buffers: Buffers,
    pub(super) weighted: Vec<Weighted>,
    pub(super) hidden: Vec<f32>,
    pub(super) scores: Vec<f32>,
    pub(super) raw_scores: Vec<f32>,
}

/// A message as the matcher reads it: lower case, without accents, punctuation, emoji, greetings and polite frames.
pub fn plain(message: &str, scratch: &mut Scratch) -> String {
    scratch.read(message);
    scratch.text.plain(&scratch.kept)
}

impl Scratch {
    /// Reads a message: its words without greetings and polite frames, and its sentences.
    pub(super) fn read(&mut self, message: &str) {
        self.text.read(message);
        self.corrected.clear();
        self.corrected.extend_from_slice(&self.text.words);
        self.keep();
    }

    /// The same, with misspelt words corrected.
    pub(super) fn read_and_correct(&mut self, message: &str, spelling: &Spelling, vocabulary: &Vocabulary) {
        self.text.read(message);
        self.corrected.clear();
        for index in 0..self.text.sentences.len() {
            let (start, end) = self.text.sentences[index];
            let (start, end) = (start as usize, end as usize);
            // Frames stand by themselves: none of their letters slipped into the question, nor has it become one of their pairs.
            let (first, last) = frames::strip(&self.text.words[start..end], &self.text.words[start..end]);
            let ranges =
                [(start, start + first, false), (start + first, start + last, true), (start + last, end, false)];
            for (from, to, is_question) in ranges {
                if is_question {
                    let known = |one, other| vocabulary.has_pair(one, other);
                    spelling.correct(&mut self.text, from..to, &mut self.corrected, known);
                } else {
                    self.corrected.extend_from_slice(&self.text.words[from..to]);
                }
            }
        }
        self.keep();
    }

    /// Leaves frames out. Where they are is decided by what was meant.
    fn keep(&mut self) {
        self.keep_sentences(true);
        if self.kept.len() < LEAST {
            self.keep_sentences(false);
        }
        if self.kept.is_empty() {
            for index in 0..self.text.sentences.len() {
                let (start, end) = self.text.sentences[index];
                let (start, end) = (start as usize, end as usize);
                if let Some((first, last)) = frames::asked(&self.text.words[start..end], &self.corrected[start..end]) {
                    self.keep_range(start + first, start + last);
                }
            }
        }
        if self.kept.is_empty() && !self.text.words.is_empty() {
            // Nothing but frames: then they are what was meant, less a greeting in a sentence of its own before them.
            let mut first = 0;
            for &(start, end) in &self.text.sentences[..self.text.sentences.len().saturating_sub(1)] {
                let (start, end) = (start as usize, end as usize);
                if start != first || !frames::is_greeting(&self.text.words[start..end], &self.corrected[start..end]) {
                    break;
                }
                first = end;
            }
            self.keep_range(first, self.text.words.len());
        }
    }

    /// Leaves out what stands around a question in each sentence, and the sentences that say no more than who writes.
    fn keep_sentences(&mut self, without_signatures: bool) {
        self.kept.clear();
        self.meant.clear();
        self.sentences.clear();
        let count = self.text.sentences.len();
        let mut closed = false;
        for index in 0..count {
            let (start, end) = self.text.sentences[index];
            let (start, end) = (start as usize, end as usize);
            let (first, last) = frames::strip(&self.text.words[start..end], &self.corrected[start..end]);
            let (whole, meant) = (&self.text.words[start..end], &self.corrected[start..end]);
            let place = Place { first: index == 0, last: index + 1 == count, closed };
            closed = index > 0 && frames::is_closing(whole, meant);
            let left = first..last;
            if !(without_signatures && frames::is_signature(&whole[left.clone()], &meant[left], place)) {
                self.keep_range(start + first, start + last);
            }
        }
    }

    fn keep_range(&mut self, start: usize, end: usize) {
        if start < end {
            let begin = self.kept.len();
            self.kept.extend_from_slice(&self.text.words[start..end]);
            self.meant.extend_from_slice(&self.corrected[start..end]);
            self.sentences.push((begin, self.kept.len()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_writes_is_no_part_of_the_question() {
        for (message, kept) in [
            ("where is my card.\nThanks, Anna", "where is my card"),
            ("where is my card? Thank you, Peter Smith", "where is my card"),
            ("where is my card\nKind regards\nMaria Lopez", "where is my card"),
            ("Hello, my name is John. where is my card?", "where is my card"),
            ("Guten Tag, mein Name ist Müller. wo ist meine karte? Danke, Anna", "wo ist meine karte"),
            // Here they are what was said.
            ("thanks anna", "thanks anna"),
            ("my name is john", "my name is john"),
            ("how do i say thank you in chinese", "how do i say thank you in chinese"),
            ("my card is lost. can you help me cancel", "my card is lost cancel"),
            ("card? thanks, anna", "card thanks anna"),
            ("Hello, good morning! Thanks for your help", "thanks for your help"),
            ("Hello! Good morning!", "good morning"),
            ("thanks, i appreciate it", "thanks i appreciate it"),
        ] {
            assert_eq!(plain(message, &mut Scratch::default()), kept, "{message:?}");
        }
    }
}
