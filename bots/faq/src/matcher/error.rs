//! What can go wrong while a matcher is trained, saved or loaded.

use std::path::PathBuf;

/// A matcher could not be trained, saved or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No example has a word in it: there is nothing to match against.
    #[error("the knowledge base has no question with a word in it")]
    NothingToLearn,
    /// More than the matcher is made for.
    #[error("{found} {what} are more than the {limit} a matcher takes")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// How many were given.
        found: usize,
        /// How many are taken at most.
        limit: usize,
    },
    /// An option is outside of its range.
    #[error("option {option} is {value}, expected {expected}")]
    Option {
        /// The name of the option.
        option: &'static str,
        /// What was given.
        value: f64,
        /// What would be right.
        expected: &'static str,
    },
    /// The bytes are not a model at all.
    #[error("not a model file of the matcher")]
    NotAModel,
    /// The model was written by another version.
    #[error("model file of format {found}, this version reads format {expected}: train it again")]
    OtherVersion {
        /// The format found in the file.
        found: u32,
        /// The format this version reads and writes.
        expected: u32,
    },
    /// The model is of the right format, but was trained by a version that read messages in another way.
    #[error("model file of a version that reads messages in another way: train it again")]
    OtherReading,
    /// The model is cut off or its content contradicts itself.
    #[error("damaged model file: {0}")]
    Damaged(&'static str),
    /// The file could not be read or written.
    #[error("model file {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Error {
    /// Whether training again from the knowledge base would give a model that works.
    pub fn wants_training(&self) -> bool {
        matches!(
            self,
            Self::NotAModel | Self::OtherVersion { .. } | Self::OtherReading | Self::Damaged(_) | Self::File { .. }
        )
    }
}
