//! A deep averaging network: a question is the weighted sum of its features' rows, one hidden layer, one output an answer.
//!
//! Rows are kept in four bits a number: that loses nothing that can be measured, and a model is half as large as with eight.
//! Several networks that vote are one network with as many times the hidden units.

use super::vector::{LANES, add, add_halves, halves, padded};
use super::vocabulary::Weighted;

/// A trained network.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Network {
    pub answers: usize,
    /// A row for each feature, of half as many bytes as there are hidden units: a byte has a number of the first half of the units
    /// below, and one of the second half above.
    pub rows: Vec<u8>,
    /// What a row is multiplied with.
    pub scales: Vec<f32>,
    pub bias: Vec<f32>,
    /// A padded row for each hidden unit: most units are zero for most questions, and their rows are never touched.
    pub output: Vec<f32>,
    pub output_bias: Vec<f32>,
}

/// A network as it is trained, before its rows are made small.
pub(super) struct Trained {
    pub rows: Vec<f32>,
    pub bias: Vec<f32>,
    pub output: Vec<f32>,
    pub output_bias: Vec<f32>,
}

/// Numbers of a row are whole multiples of its scale, from minus this to this.
const LEVELS: f32 = 7.0;

impl Network {
    /// One network that gives the mean of what several give.
    pub fn vote(answers: usize, members: &[Trained]) -> Self {
        let share = 1.0 / members.len() as f32;
        let width: usize = members.iter().map(|member| member.bias.len()).sum();
        let features = members.first().map_or(0, |member| member.rows.len() / member.bias.len());
        let mut rows = Vec::with_capacity(features * width / 2);
        let mut row: Vec<i8> = Vec::with_capacity(width);
        let mut scales = Vec::with_capacity(features);
        for feature in 0..features {
            let parts = members.iter().map(|member| {
                let width = member.bias.len();
                &member.rows[feature * width..][..width]
            });
            let most = parts.clone().flatten().fold(1e-6_f32, |most, number| most.max(number.abs()));
            scales.push(most / LEVELS);
            row.clear();
            row.extend(parts.flatten().map(|number| (number / most * LEVELS).round() as i8));
            let (first, second) = row.split_at(width / 2);
            rows.extend(first.iter().zip(second).map(|(lower, upper)| halves(*lower, *upper)));
        }
        let mut output_bias = vec![0.0; padded(answers)];
        for member in members {
            add(share, &member.output_bias, &mut output_bias);
        }
        Self {
            answers,
            rows,
            scales,
            bias: members.iter().flat_map(|member| &member.bias).copied().collect(),
            output: members.iter().flat_map(|member| &member.output).map(|weight| weight * share).collect(),
            output_bias,
        }
    }

    /// Whether the parts fit together.
    pub fn is_sound(&self, features: usize, answers: usize) -> bool {
        let width = self.bias.len();
        self.answers == answers
            && width > 0
            && width.is_multiple_of(2 * LANES)
            && self.scales.len() == features
            && self.rows.len() == features * width / 2
            && self.output_bias.len() == padded(answers)
            && self.output.len() == width * padded(answers)
    }

    /// How sure the network is of each answer.
    pub fn score(&self, question: &[Weighted], hidden: &mut Vec<f32>, scores: &mut Vec<f32>) {
        let width = self.bias.len();
        hidden.clear();
        hidden.extend_from_slice(&self.bias);
        for &(feature, weight) in question {
            let feature = feature as usize;
            add_halves(weight * self.scales[feature], &self.rows[feature * width / 2..][..width / 2], hidden);
        }
        scores.clear();
        scores.extend_from_slice(&self.output_bias);
        for (hidden, row) in hidden.iter().zip(self.output.chunks_exact(self.output_bias.len())) {
            if *hidden > 0.0 {
                add(*hidden, row, scores);
            }
        }
        scores.truncate(self.answers);
    }
}
