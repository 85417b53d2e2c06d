//! Cuts a text into the pieces a vocabulary has, from a tokenizer.json: WordPiece, or Unigram with its likelihoods.

use std::collections::HashMap;

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::Error;

/// Longer words are unknown.
const LONGEST_WORD: usize = 100;
/// Pieces of a message that count.
const MOST_PIECES: usize = 512;

#[derive(Deserialize)]
struct File {
    model: Model,
}

#[derive(Deserialize)]
struct Model {
    #[serde(rename = "type")]
    kind: Option<String>,
    vocab: serde_json::Value,
    continuing_subword_prefix: Option<String>,
    unk_token: Option<String>,
}

/// Cuts texts into pieces.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tokenizer {
    pieces: HashMap<String, (u32, f32)>,
    /// What pieces inside a word begin with; nothing for Unigram.
    inside: Option<String>,
    longest: usize,
}

impl Tokenizer {
    pub fn read(json: &[u8]) -> Result<Self, Error> {
        let File { model } = serde_json::from_slice(json).map_err(Error::Json)?;
        let (list, inside): (Vec<(String, u32, f32)>, _) = match (model.kind.as_deref(), model.vocab) {
            (Some("WordPiece") | None, serde_json::Value::Object(vocabulary)) => {
                let number = |number: &serde_json::Value| number.as_u64().and_then(|number| u32::try_from(number).ok());
                let piece = |(piece, value): (String, serde_json::Value)| {
                    Ok((piece, number(&value).ok_or(Error::Damaged("a piece has no number"))?, 0.0))
                };
                let inside = model.continuing_subword_prefix.unwrap_or_else(|| "##".to_owned());
                (vocabulary.into_iter().map(piece).collect::<Result<_, Error>>()?, Some(inside))
            }
            (Some("Unigram"), vocabulary) => {
                let vocabulary: Vec<(String, f32)> = serde_json::from_value(vocabulary).map_err(Error::Json)?;
                let list = vocabulary.into_iter().zip(0..).map(|((piece, weight), number)| (piece, number, weight));
                (list.collect(), None)
            }
            (kind, _) => return Err(Error::Unsupported(format!("a tokenizer of type {}", kind.unwrap_or("unknown")))),
        };
        let unknown = model.unk_token.unwrap_or_default();
        let list = list.into_iter().filter(|(piece, ..)| !piece.is_empty() && *piece != unknown);
        let pieces: HashMap<String, (u32, f32)> =
            list.map(|(piece, number, weight)| (piece, (number, weight))).collect();
        let longest =
            pieces.keys().map(|piece| piece.chars().count()).max().ok_or(Error::Damaged("it has no pieces"))?;
        Ok(Self { pieces, inside, longest })
    }

    /// The largest number a piece has.
    pub fn last(&self) -> u32 {
        self.pieces.values().map(|piece| piece.0).max().unwrap_or(0)
    }

    /// Calls `found` with the number of each piece; words that cannot be cut are left out.
    pub fn cut(&self, text: &str, mut found: impl FnMut(u32)) {
        let plain = text.chars().take(8 * MOST_PIECES).nfd().filter(|character| !is_combining_mark(*character));
        let plain: Vec<char> = plain.flat_map(char::to_lowercase).collect();
        let mut left = MOST_PIECES;
        let words = plain.chunk_by(|one, other| one.is_alphanumeric() && other.is_alphanumeric());
        for word in words.filter(|word| !word[0].is_whitespace() && word.len() <= LONGEST_WORD) {
            let cut = match &self.inside {
                Some(inside) => self.word_piece(word, inside),
                None => self.unigram(word),
            };
            for number in cut.into_iter().take(left) {
                left -= 1;
                found(number);
            }
        }
    }

    /// The longest piece that fits, again and again.
    fn word_piece(&self, word: &[char], inside: &str) -> Vec<u32> {
        let mut numbers = Vec::new();
        let mut start = 0;
        while start < word.len() {
            let longest = word.len().min(start + self.longest);
            let fits = (start + 1..=longest).rev().find_map(|end| {
                let mut piece = if start > 0 { inside.to_owned() } else { String::new() };
                piece.extend(&word[start..end]);
                self.pieces.get(&piece).map(|piece| (end, piece.0))
            });
            let Some((end, number)) = fits else { return Vec::new() };
            numbers.push(number);
            start = end;
        }
        numbers
    }

    /// The most likely pieces. The mark of a word's beginning is part of its first piece.
    fn unigram(&self, word: &[char]) -> Vec<u32> {
        let marked: Vec<char> = std::iter::once('▁').chain(word.iter().copied()).collect();
        // The best way to each place: its likelihood, where its last piece began, and that piece.
        let mut best: Vec<Option<(f32, usize, u32)>> = vec![None; marked.len() + 1];
        best[0] = Some((0.0, 0, 0));
        for start in 0..marked.len() {
            let Some((sum, ..)) = best[start] else { continue };
            for end in start + 1..=marked.len().min(start + self.longest) {
                let piece: String = marked[start..end].iter().collect();
                if let Some(&(number, weight)) = self.pieces.get(&piece)
                    && best[end].is_none_or(|other| sum + weight > other.0)
                {
                    best[end] = Some((sum + weight, start, number));
                }
            }
        }
        let mut numbers = Vec::new();
        let mut place = marked.len();
        while place > 0 {
            let Some((_, start, number)) = best[place] else { return Vec::new() };
            numbers.push(number);
            place = start;
        }
        numbers.reverse();
        numbers
    }
}
