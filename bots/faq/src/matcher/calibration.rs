//! Turns a confidence into a score from 0 to 1, and finds the thresholds, from questions that were held out of training.

use super::Thresholds;

/// A question that was held out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct HeldOut {
    pub confidence: f32,
    /// Whether the best answer was the right one; no question out of scope has a right one.
    pub right: bool,
}

/// The share of known questions that choices are offered for, however precise their answers are.
const LEAST_SURE: f32 = 0.03;
/// The share of right answers that may be missed for good.
const HARDLY_ANY: f32 = 0.005;

/// A logistic curve from confidence to the share of right answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Calibration {
    pub slope: f32,
    pub offset: f32,
}

impl Calibration {
    pub fn score(self, confidence: f32) -> f32 {
        1.0 / (1.0 + (-self.log_odds(confidence)).exp())
    }

    pub fn log_odds(self, confidence: f32) -> f32 {
        self.slope * confidence + self.offset
    }

    /// The most likely curve, found by Newton's method with a little weight against extremes.
    pub fn fit(held_out: &[HeldOut]) -> Self {
        let count = held_out.len().max(1) as f64;
        let mean = held_out.iter().map(|one| f64::from(one.confidence)).sum::<f64>() / count;
        let variance = held_out.iter().map(|one| (f64::from(one.confidence) - mean).powi(2)).sum::<f64>() / count;
        let spread = variance.sqrt().max(1e-6);
        // On a standardised scale: a confidence above average speaks for an answer, unless the questions say otherwise.
        let (mut slope, mut offset) = (1.0_f64, 0.0_f64);
        for _ in 0..50 {
            // Two made-up questions, one right and one wrong, stand against extremes: a slope of one, an even chance.
            let (mut gradient, mut hessian) = ([slope - 1.0, offset], [1.0, 0.0, 1.0]);
            for one in held_out {
                let x = (f64::from(one.confidence) - mean) / spread;
                let p = 1.0 / (1.0 + (-(slope * x + offset)).exp());
                let error = p - f64::from(u8::from(one.right));
                let weight = (p * (1.0 - p)).max(1e-9);
                gradient[0] += error * x;
                gradient[1] += error;
                hessian[0] += weight * x * x;
                hessian[1] += weight * x;
                hessian[2] += weight;
            }
            let determinant = hessian[0] * hessian[2] - hessian[1] * hessian[1];
            let step = [
                (hessian[2] * gradient[0] - hessian[1] * gradient[1]) / determinant,
                (hessian[0] * gradient[1] - hessian[1] * gradient[0]) / determinant,
            ];
            slope -= step[0].clamp(-2.0, 2.0);
            offset -= step[1].clamp(-2.0, 2.0);
            if step[0].abs() + step[1].abs() < 1e-9 {
                break;
            }
        }
        // More confidence never means a lower score.
        let slope = slope.max(0.05);
        Self { slope: (slope / spread) as f32, offset: (offset - slope * mean / spread) as f32 }
    }

    /// The lowest threshold above which the wanted share of answers is right, but not so low that the least sure of the known
    /// questions would be answered: questions of a kind that is not known at all look like them. Choices are offered down to
    /// where hardly a right answer is lost.
    pub fn thresholds(self, held_out: &[HeldOut], precision: f32) -> Thresholds {
        let mut sorted = held_out.to_vec();
        sorted.sort_by(|one, other| other.confidence.total_cmp(&one.confidence));
        let mut answer = None;
        let mut right = 0_usize;
        for (index, one) in sorted.iter().enumerate() {
            right += usize::from(one.right);
            let last_of_equals = sorted.get(index + 1).is_none_or(|next| next.confidence < one.confidence);
            if last_of_equals && right as f32 >= precision * (index + 1) as f32 {
                answer = Some(one.confidence);
            }
        }
        let rights: Vec<f32> = sorted.iter().rev().filter(|one| one.right).map(|one| one.confidence).collect();
        let losing = |share: f32| rights.get((rights.len() as f32 * share) as usize).copied();
        let answer = match (answer, losing(LEAST_SURE)) {
            (Some(answer), Some(least)) => self.score(answer.max(least)),
            _ => 0.9,
        };
        let suggest = losing(HARDLY_ANY).map_or(answer, |confidence| self.score(confidence));
        Thresholds { answer, suggest: suggest.min(answer) }
    }
}
