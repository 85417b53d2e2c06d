//! The answer whose questions are nearest on average: no training, and hard to beat with one to three variants an answer.

use super::vocabulary::Weighted;

/// Mean tf-idf vectors of the answers, stored by feature.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Centroid {
    /// Where the postings of each feature begin; one more at the end.
    pub starts: Vec<u32>,
    /// Answer and weight, grouped by feature.
    pub postings: Vec<(u32, f32)>,
}

impl Centroid {
    /// Learns from weighted questions and their answers.
    pub fn learn<'q>(
        features: usize,
        answers: usize,
        questions: impl Iterator<Item = (&'q [Weighted], usize)>,
    ) -> Self {
        let mut sums: Vec<Vec<Weighted>> = vec![Vec::new(); answers];
        for (question, answer) in questions {
            sums[answer].extend_from_slice(question);
        }
        let mut starts = vec![0_u32; features + 1];
        for sum in &mut sums {
            // The sort is stable, so that the order of addition is the order of the questions.
            sum.sort_by_key(|&(feature, _)| feature);
            let mut merged: Vec<Weighted> = Vec::with_capacity(sum.len());
            for same in sum.chunk_by(|one, other| one.0 == other.0) {
                merged.push((same[0].0, same.iter().map(|&(_, weight)| weight).sum()));
            }
            let length = merged.iter().map(|&(_, weight)| weight * weight).sum::<f32>().sqrt();
            for (feature, weight) in &mut merged {
                *weight /= length;
                starts[*feature as usize + 1] += 1;
            }
            *sum = merged;
        }
        for feature in 0..features {
            starts[feature + 1] += starts[feature];
        }
        let mut next = starts.clone();
        let mut postings = vec![(0, 0.0); starts[features] as usize];
        for (answer, sum) in sums.iter().enumerate() {
            for &(feature, weight) in sum {
                postings[next[feature as usize] as usize] = (answer as u32, weight);
                next[feature as usize] += 1;
            }
        }
        Self { starts, postings }
    }

    /// The likeness of a question to each answer, from 0 to 1.
    pub fn score(&self, question: &[Weighted], answers: usize, scores: &mut Vec<f32>) {
        scores.clear();
        scores.resize(answers, 0.0);
        for &(feature, weight) in question {
            // Words and pieces have length 1 each.
            let weight = weight * std::f32::consts::FRAC_1_SQRT_2;
            let range = self.starts[feature as usize] as usize..self.starts[feature as usize + 1] as usize;
            for &(answer, posting) in &self.postings[range] {
                scores[answer as usize] += weight * posting;
            }
        }
    }
}
