//! The settings of training. The defaults were chosen on validation data, one setting for every knowledge base.

use serde::{Deserialize, Serialize};

use super::Error;

/// One question that an answer is known to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example<'a> {
    /// The question, as a customer would write it.
    pub text: &'a str,
    /// The id of its answer.
    pub answer: &'a str,
}

impl<'a> Example<'a> {
    /// A question and the id of its answer.
    pub fn new(text: &'a str, answer: &'a str) -> Self {
        Self { text, answer }
    }
}

/// How questions are compared with answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Whichever of the two is right more often in cross-validation.
    #[default]
    Auto,
    /// The answer whose questions are nearest on average: best with one to three variants an answer.
    Centroid,
    /// A small neural network over words and pieces of words: best with more.
    Network,
}

/// How a matcher is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct TrainOptions {
    /// The same seed, examples and options give the same model, byte for byte.
    pub seed: u64,
    /// How questions are compared with answers.
    pub method: Method,
    /// How many of the given answers should be right, between 0.5 and 1: the threshold is set for it by cross-validation.
    pub precision: f32,
    /// How many threads may be used. The model does not depend on it.
    pub threads: usize,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self { seed: 1, method: Method::Auto, precision: 0.95, threads: 1 }
    }
}

impl TrainOptions {
    /// Refuses values outside of their range.
    pub fn validate(&self) -> Result<(), Error> {
        if !(0.5..=1.0).contains(&self.precision) {
            let value = f64::from(self.precision);
            return Err(Error::Option { option: "precision", value, expected: "a number from 0.5 to 1" });
        }
        if !(1..=256).contains(&self.threads) {
            let value = self.threads as f64;
            return Err(Error::Option { option: "threads", value, expected: "a number from 1 to 256" });
        }
        Ok(())
    }
}
