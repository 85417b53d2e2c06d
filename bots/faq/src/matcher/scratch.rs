//! The memory that ranking needs, kept between questions so that none is taken while a customer waits.

use super::frames;
use super::normalise::{Text, Word};
use super::vocabulary::{Buffers, Weighted};

/// Working memory for [`Matcher::rank`](super::Matcher::rank): make one a thread and use it again and again.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(super) text: Text,
    /// The words of the whole message without its frames.
    pub(super) kept: Vec<Word>,
    /// The sentences, as ranges of `kept`.
    pub(super) sentences: Vec<(usize, usize)>,
    pub(super) buffers: Buffers,
    pub(super) weighted: Vec<Weighted>,
    pub(super) hidden: Vec<f32>,
    pub(super) scores: Vec<f32>,
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
        self.kept.clear();
        self.sentences.clear();
        for &(start, end) in &self.text.sentences {
            let rest = frames::strip(&self.text.words[start as usize..end as usize]);
            if !rest.is_empty() {
                let start = self.kept.len();
                self.kept.extend_from_slice(rest);
                self.sentences.push((start, self.kept.len()));
            }
        }
        if self.kept.is_empty() {
            // Nothing but frames: then they are what was meant.
            self.kept.extend_from_slice(&self.text.words);
            self.sentences.push((0, self.kept.len()));
        }
    }
}
