//! The answer whose questions are nearest on average: no training, and hard to beat with one to three variants an answer.

use super::vocabulary::Weighted;

/// With fewer answers than this, every feature is quick.
const MANY_ANSWERS: usize = 500;
/// A feature is common if one answer in so many has it: then adding a whole row is quicker than going from answer to answer.
const COMMON: usize = 5;
/// A feature that is not common.
const NO_ROW: u32 = u32::MAX;

/// Mean tf-idf vectors of the answers, stored by feature.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Centroid {
    /// Where the postings of each feature begin; one more at the end.
    pub starts: Vec<u32>,
    /// Answer and weight, grouped by feature.
    pub postings: Vec<(u32, f32)>,
    /// The row of each common feature. Empty if there is none.
    places: Vec<u32>,
    /// Weights of all answers, for common features.
    rows: Vec<f32>,
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
        Self::new(starts, postings, answers)
    }

    /// From postings, grouped by feature.
    pub fn new(starts: Vec<u32>, postings: Vec<(u32, f32)>, answers: usize) -> Self {
        let mut places = Vec::new();
        let mut rows = Vec::new();
        for (feature, ends) in starts.windows(2).enumerate() {
            let own = &postings[ends[0] as usize..ends[1] as usize];
            if answers >= MANY_ANSWERS && own.len() * COMMON >= answers {
                places.resize(starts.len() - 1, NO_ROW);
                places[feature] = (rows.len() / answers) as u32;
                let begin = rows.len();
                rows.resize(begin + answers, 0.0);
                for &(answer, weight) in own {
                    rows[begin + answer as usize] = weight;
                }
            }
        }
        Self { starts, postings, places, rows }
    }

    /// About how many bytes it takes.
    pub fn memory(&self) -> usize {
        (self.starts.len() + self.postings.len() * 2 + self.places.len() + self.rows.len()) * 4
    }

    /// The likeness of a question to each answer, from 0 to 1.
    pub fn score(&self, question: &[Weighted], answers: usize, scores: &mut Vec<f32>) {
        scores.clear();
        scores.resize(answers, 0.0);
        for &(feature, weight) in question {
            // Words and pieces have length 1 each.
            let weight = weight * std::f32::consts::FRAC_1_SQRT_2;
            if let Some(&place) = self.places.get(feature as usize).filter(|place| **place != NO_ROW) {
                let row = &self.rows[place as usize * answers..][..answers];
                for (score, share) in scores.iter_mut().zip(row) {
                    *score += weight * share;
                }
                continue;
            }
            let range = self.starts[feature as usize] as usize..self.starts[feature as usize + 1] as usize;
            for &(answer, posting) in &self.postings[range] {
                scores[answer as usize] += weight * posting;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_features_make_no_difference_but_in_time() {
        // The feature 0 is in all questions, 1 in every other one, and each has one of its own.
        let own = |answer: usize| [(0, 0.5), (1, 0.25 * (answer % 2) as f32), (2 + answer as u32, 0.8)];
        let questions: Vec<_> = (0..MANY_ANSWERS).map(own).collect();
        let lessons = || questions.iter().enumerate().map(|(answer, question)| (&question[..], answer));
        let learnt = Centroid::learn(MANY_ANSWERS + 2, MANY_ANSWERS, lessons());
        assert!(!learnt.rows.is_empty());
        let plain = Centroid { places: Vec::new(), rows: Vec::new(), ..learnt.clone() };
        let (mut scores, mut expected) = (Vec::new(), Vec::new());
        for question in [own(7), own(MANY_ANSWERS - 1)] {
            learnt.score(&question, MANY_ANSWERS, &mut scores);
            plain.score(&question, MANY_ANSWERS, &mut expected);
            assert_eq!(scores, expected);
        }
    }
}
