//! The memory that ranking needs, kept between questions so that none is taken while a customer waits.

use super::frames;
use super::normalise::{Text, Word};
use super::spelling::Spelling;
use super::vocabulary::{Buffers, Vocabulary, Weighted};

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
        spelling.correct(&mut self.text, &mut self.corrected, |one, other| vocabulary.has_pair(one, other));
        self.keep();
    }

    /// Leaves frames out. Where they are is decided by what was meant.
    fn keep(&mut self) {
        self.kept.clear();
        self.meant.clear();
        self.sentences.clear();
        for index in 0..self.text.sentences.len() {
            let (start, end) = self.text.sentences[index];
            let (start, end) = (start as usize, end as usize);
            let (first, last) = frames::strip(&self.text.words[start..end], &self.corrected[start..end]);
            self.keep_range(start + first, start + last);
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
            // Nothing but frames: then they are what was meant.
            self.kept.extend_from_slice(&self.text.words);
            self.meant.extend_from_slice(&self.corrected);
            self.sentences.push((0, self.kept.len()));
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
