//! Training of the direct weights from features to answers: for each answer a linear support vector machine with squared hinge loss
//! that tells its questions from all others, by dual coordinate descent. It is good where the network is not: telling answers
//! apart that differ in a word.

use super::learning::Lesson;
use super::random::Random;
use super::recipe::Recipe;
use super::vector::{add, add_all, padded};

/// With more answers to correct than this, whole rows are added: quicker than going from answer to answer.
const MANY: usize = 16;
/// A hold that would move by less stays where it is: it costs a step and changes nothing.
const NEGLIGIBLE: f32 = 0.001;

/// Weights from features to answers.
pub(super) struct Direct {
    /// A padded row for each feature.
    pub rows: Vec<f32>,
    /// A padded row.
    pub bias: Vec<f32>,
}

struct Learner {
    direct: Direct,
    answers: usize,
    /// Working memory: where a question stands, how far its holds move, which of them move at all, the weights of its features.
    margins: Vec<f32>,
    changes: Vec<f32>,
    changed: Vec<u32>,
    weights: Vec<f32>,
}

/// Learns the weights: goes over all lessons once a round, in an order drawn anew.
pub(super) fn learn(
    features: usize,
    answers: usize,
    lessons: &[Lesson<'_>],
    rounds: usize,
    seed: u64,
    recipe: &Recipe,
) -> Direct {
    let outputs = padded(answers);
    let mut random = Random::new(seed, 3);
    let mut order: Vec<u32> = (0..lessons.len() as u32).collect();
    // The dual variables: how much each question holds up the border around each answer.
    let mut holds = vec![0.0_f32; lessons.len() * outputs];
    let mut learner = Learner {
        direct: Direct { rows: vec![0.0; features * outputs], bias: vec![0.0; outputs] },
        answers,
        margins: vec![0.0; outputs],
        changes: vec![0.0; outputs],
        changed: Vec::new(),
        weights: Vec::new(),
    };
    for _ in 0..rounds {
        random.shuffle(&mut order);
        for &index in &order {
            let lesson = lessons[index as usize];
            let repeats = if lesson.answer.is_some() { 1.0 } else { recipe.out_of_scope_repeats as f32 };
            learner.look(lesson, recipe.softness / repeats, &mut holds[index as usize * outputs..][..outputs]);
        }
    }
    learner.direct
}

impl Learner {
    /// Shows one question to all answers: it is an example for its own, and one against every other.
    fn look(&mut self, lesson: Lesson<'_>, softness: f32, holds: &mut [f32]) {
        let Self { direct, margins, changes, weights, .. } = self;
        let outputs = holds.len();
        weights.clear();
        weights.extend(lesson.weighted.iter().map(|&(_, weight)| weight));
        margins.copy_from_slice(&direct.bias);
        let row = |place: usize| &direct.rows[lesson.weighted[place].0 as usize * outputs..][..outputs];
        add_all(weights, row, margins);
        // The bias is the weight of a feature that every question has once.
        let square = weights.iter().map(|weight| weight * weight).sum::<f32>() + 1.0 + softness;
        let moved = |hold: f32, margin: f32| {
            let after = (hold - (margin - 1.0 + softness * hold) / square).max(0.0);
            if (after - hold).abs() > NEGLIGIBLE { after } else { hold }
        };
        let own = lesson.answer.map(|answer| (answer as usize, holds[answer as usize]));
        for ((margin, hold), change) in margins.iter().zip(holds.iter_mut()).zip(changes.iter_mut()) {
            let after = moved(*hold, -margin);
            (*change, *hold) = (*hold - after, after);
        }
        if let Some((answer, hold)) = own {
            let after = moved(hold, margins[answer]);
            (changes[answer], holds[answer]) = (after - hold, after);
        }
        self.step(lesson);
    }

    /// Moves the weights as far as the holds have moved.
    fn step(&mut self, lesson: Lesson<'_>) {
        let Self { direct, changes, changed, .. } = self;
        let outputs = changes.len();
        changed.clear();
        changed.extend((0..self.answers as u32).filter(|answer| changes[*answer as usize] != 0.0));
        if changed.len() > MANY {
            for &(feature, weight) in lesson.weighted {
                add(weight, changes, &mut direct.rows[feature as usize * outputs..][..outputs]);
            }
            add(1.0, changes, &mut direct.bias);
            return;
        }
        if changed.is_empty() {
            return;
        }
        for &(feature, weight) in lesson.weighted {
            let row = &mut direct.rows[feature as usize * outputs..][..outputs];
            for answer in &*changed {
                row[*answer as usize] += weight * changes[*answer as usize];
            }
        }
        for answer in &*changed {
            direct.bias[*answer as usize] += changes[*answer as usize];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_end_up_on_their_own_side_of_every_border() {
        // Feature 0 is in all questions, and each answer has one of its own; the last question is out of scope.
        let questions: Vec<_> = (0..20_u32).map(|answer| [(0, 0.6_f32), (1 + answer, 0.8)]).collect();
        let lesson =
            |(answer, weighted)| Lesson { weighted, sources: &[], answer: Some(answer).filter(|answer| *answer < 19) };
        let lessons: Vec<Lesson<'_>> = (0..).zip(questions.iter().map(|question| &question[..])).map(lesson).collect();
        let learnt = learn(21, 19, &lessons, 30, 1, &Recipe { softness: 0.01, ..Recipe::default() });
        for (own, question) in questions.iter().enumerate() {
            for answer in 0..19 {
                let weights =
                    question.iter().map(|&(feature, weight)| weight * learnt.rows[feature as usize * 32 + answer]);
                let margin = learnt.bias[answer] + weights.sum::<f32>();
                assert_eq!(margin > 0.5, own == answer, "{own} {answer} {margin}");
                assert!(margin.abs() > 0.8, "{own} {answer} {margin}");
            }
        }
    }
}
