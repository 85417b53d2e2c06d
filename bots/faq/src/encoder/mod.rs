//! Sentence embeddings from a local folder, beside the matcher: they know words that the knowledge base does not have.
//!
//! A folder holds `model.safetensors` with a matrix `embeddings` (model2vec) or a static embedding layer, and
//! `tokenizer.json`. Nothing is ever fetched. An embedding is the mean of the vectors of a text's pieces.

#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are limited far below the limits"
)]

mod safetensors;
mod tokenizer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::matcher::{Example, Matcher, Ranking, Scratch};
use tokenizer::Tokenizer;

/// Names under which the matrix of vectors is found.
const MATRICES: [&str; 3] = ["embeddings", "embedding.weight", "embeddings.word_embeddings.weight"];
/// Larger files are refused before they are read.
const LARGEST_FILE: u64 = 4 * 1024 * 1024 * 1024;
/// How much the likeness of embeddings counts, in log odds between an answer that is not alike and one that is the same.
const STRENGTH: f32 = 8.0;

/// An encoder could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file is missing or cannot be read.
    #[error("encoder file {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is larger than any encoder that would be of use here.
    #[error("encoder file {path} is too large")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// JSON that is not as it should be.
    #[error("the encoder's JSON is not as expected")]
    Json(#[source] serde_json::Error),
    /// A file contradicts itself or another.
    #[error("damaged encoder: {0}")]
    Damaged(&'static str),
    /// Of a kind that cannot be read.
    #[error("{0} cannot be read")]
    Unsupported(String),
}

/// Turns texts into vectors of length 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoder {
    tokenizer: Tokenizer,
    width: usize,
    vectors: Vec<f32>,
    /// What each piece counts; all the same if empty.
    weights: Vec<f32>,
    /// The row of each piece, where pieces share rows; its own if empty.
    rows: Vec<f32>,
}

impl Encoder {
    /// Opens a folder with `model.safetensors` and `tokenizer.json`.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let read = |name: &str| {
            let path = folder.join(name);
            let failed = |source| Error::File { path: path.clone(), source };
            if std::fs::metadata(&path).map_err(failed)?.len() > LARGEST_FILE {
                return Err(Error::TooLarge { path });
            }
            std::fs::read(&path).map_err(failed)
        };
        Self::from_bytes(&read("model.safetensors")?, &read("tokenizer.json")?)
    }

    /// From the content of the two files. Whatever they hold, the outcome is an error and never a panic.
    pub fn from_bytes(model: &[u8], tokenizer: &[u8]) -> Result<Self, Error> {
        let tokenizer = Tokenizer::read(tokenizer)?;
        let names: Vec<&str> = MATRICES.into_iter().chain(["weights", "mapping"]).collect();
        let mut tensors = safetensors::read(model, &names)?;
        let matrix = MATRICES.iter().find_map(|name| tensors.remove(*name));
        let matrix = matrix.ok_or(Error::Damaged("it has no matrix of embeddings"))?;
        let [rows, width] = matrix.shape[..] else { return Err(Error::Damaged("the embeddings are not a matrix")) };
        let pieces = tokenizer.last() as usize + 1;
        let mut side = |name: &str| tensors.remove(name).map(|tensor| tensor.numbers).unwrap_or_default();
        let (weights, mapping) = (side("weights"), side("mapping"));
        let is_row = |row: &f32| *row >= 0.0 && (*row as usize) < rows;
        if width == 0 || rows == 0 {
            return Err(Error::Damaged("the embeddings are empty"));
        }
        let rows_fit =
            if mapping.is_empty() { pieces <= rows } else { pieces <= mapping.len() && mapping.iter().all(is_row) };
        if !rows_fit || !weights.is_empty() && pieces > weights.len() {
            return Err(Error::Damaged("the vocabulary is larger than the embeddings"));
        }
        Ok(Self { tokenizer, width, vectors: matrix.numbers, weights, rows: mapping })
    }

    /// How many numbers a vector has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The vector of a text; nothing if none of its pieces is known.
    pub fn encode(&self, text: &str) -> Option<Vec<f32>> {
        let mut sum = vec![0.0; self.width];
        self.tokenizer.cut(text, |piece| {
            let piece = piece as usize;
            let weight = self.weights.get(piece).copied().unwrap_or(1.0);
            let row = self.rows.get(piece).map_or(piece, |row| *row as usize);
            let vector = &self.vectors[row * self.width..][..self.width];
            for (sum, number) in sum.iter_mut().zip(vector) {
                *sum += weight * number;
            }
        });
        normalised(sum)
    }
}

fn normalised(mut vector: Vec<f32>) -> Option<Vec<f32>> {
    let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
    if !(length > 0.0 && length.is_finite()) {
        return None;
    }
    for number in &mut vector {
        *number /= length;
    }
    Some(vector)
}

/// What the answers of a matcher mean: the mean vector of each one's questions.
#[derive(Debug, Clone, PartialEq)]
pub struct Meanings {
    encoder: Arc<Encoder>,
    /// One vector of length 1 an answer, or zeros where none of its questions has a known piece.
    means: Vec<f32>,
}

impl Meanings {
    /// Gives each answer of a matcher the mean vector of its questions.
    pub fn learn(encoder: &Arc<Encoder>, matcher: &Matcher, examples: &[Example<'_>]) -> Self {
        let width = encoder.width;
        let mut means = vec![0.0; matcher.answers() * width];
        for example in examples {
            if let (Some(answer), Some(vector)) = (matcher.index_of(example.answer), encoder.encode(example.text)) {
                for (sum, number) in means[answer * width..][..width].iter_mut().zip(vector) {
                    *sum += number;
                }
            }
        }
        for mean in means.chunks_exact_mut(width) {
            if let Some(vector) = normalised(mean.to_vec()) {
                mean.copy_from_slice(&vector);
            }
        }
        Self { encoder: Arc::clone(encoder), means }
    }

    /// The best answers by words and by meaning. The rule: the words give each answer its score, the likeness of the
    /// vectors is added, and the thresholds are those of the words. Where the encoder knows none of the pieces, and for what
    /// is no question at all (keys hit at random, emoji, words that the base has never seen a part of), the words alone decide.
    ///
    /// Takes memory for the vectors, unlike the matcher alone.
    pub fn rank_among(
        &self,
        matcher: &Matcher,
        question: &str,
        scratch: &mut Scratch,
        allowed: impl Fn(usize) -> bool,
    ) -> Ranking {
        let Some(vector) = self.encoder.encode(question) else {
            return matcher.rank_among(question, scratch, allowed);
        };
        let likeness = |mean: &[f32]| mean.iter().zip(&vector).map(|(one, other)| one * other).sum::<f32>();
        let mut leads: Vec<f32> = self.means.chunks_exact(self.encoder.width).map(likeness).collect();
        // Only differences between answers count, so that scores stay on the scale of the matcher.
        let mean = leads.iter().sum::<f32>() / leads.len() as f32;
        for lead in &mut leads {
            *lead = (*lead - mean) * STRENGTH;
        }
        matcher.rank_with_leads(question, scratch, allowed, &leads)
    }
}

#[cfg(test)]
mod tests;
