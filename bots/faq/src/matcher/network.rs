//! A deep averaging network with a short cut: a question is the weighted sum of its features' rows, one hidden layer, one output an
//! answer; and beside that each feature speaks for or against each answer directly.
//!
//! Several networks that vote are one network with as many times the hidden units.

use super::direct::Direct;
use super::rows::Rows;
use super::vector::{add, padded};
use super::vocabulary::Weighted;

/// A trained network.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Network {
    pub answers: usize,
    /// From features to hidden units.
    pub rows: Rows,
    pub bias: Vec<f32>,
    /// A padded row for each hidden unit: most units are zero for most questions, and their rows are never touched.
    pub output: Vec<f32>,
    pub output_bias: Vec<f32>,
    /// From features to answers; none where there are very many of both.
    pub direct: Rows,
}

/// A network as it is trained, before its rows are made small.
pub(super) struct Trained {
    pub rows: Vec<f32>,
    pub bias: Vec<f32>,
    pub output: Vec<f32>,
    pub output_bias: Vec<f32>,
}

impl Network {
    /// One network that gives the mean of what several give, and what the direct weights say, multiplied, in addition.
    pub fn vote(answers: usize, members: &[Trained], direct: Option<&Direct>, weight: f32) -> Self {
        let share = 1.0 / members.len() as f32;
        let tables: Vec<_> = members.iter().map(|member| (&member.rows[..], member.bias.len())).collect();
        let mut output_bias = vec![0.0; padded(answers)];
        for member in members {
            add(share, &member.output_bias, &mut output_bias);
        }
        if let Some(direct) = direct {
            add(weight, &direct.bias, &mut output_bias);
        }
        Self {
            answers,
            rows: Rows::pack(&tables, 1.0),
            bias: members.iter().flat_map(|member| &member.bias).copied().collect(),
            output: members.iter().flat_map(|member| &member.output).map(|weight| weight * share).collect(),
            output_bias,
            direct: direct.map_or_else(Rows::none, |direct| Rows::pack(&[(&direct.rows, padded(answers))], weight)),
        }
    }

    /// Whether the parts fit together.
    pub fn is_sound(&self, features: usize, answers: usize) -> bool {
        let width = self.bias.len();
        let outputs = padded(answers);
        self.answers == answers
            && width > 0
            && self.rows.width == width
            && self.rows.is_sound(features)
            && self.output_bias.len() == outputs
            && width.checked_mul(outputs) == Some(self.output.len())
            && if self.direct.width == 0 {
                self.direct == Rows::none()
            } else {
                self.direct.width == outputs.next_multiple_of(Rows::WIDTH) && self.direct.is_sound(features)
            }
    }

    /// About how many bytes it takes.
    pub fn memory(&self) -> usize {
        self.rows.memory() + self.direct.memory() + self.output.len() * 4
    }

    /// How sure the network is of each answer.
    pub fn score(&self, question: &[Weighted], hidden: &mut Vec<f32>, scores: &mut Vec<f32>) {
        hidden.clear();
        hidden.extend_from_slice(&self.bias);
        for &(feature, weight) in question {
            self.rows.add(weight, feature as usize, hidden);
        }
        scores.clear();
        scores.extend_from_slice(&self.output_bias);
        if self.direct.width > 0 {
            scores.resize(self.direct.width, 0.0);
            for &(feature, weight) in question {
                self.direct.add(weight, feature as usize, scores);
            }
        }
        for (hidden, row) in hidden.iter().zip(self.output.chunks_exact(self.output_bias.len())) {
            if *hidden > 0.0 {
                add(*hidden, row, scores);
            }
        }
        scores.truncate(self.answers);
    }
}
