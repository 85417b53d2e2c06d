//! Training of one network: one example at a time, with dropout, label smoothing, and Adagrad with one number a row.

use super::features::Sources;
use super::network::Trained;
use super::random::Random;
use super::recipe::Recipe;
use super::vector::{LANES, add, add_all, dot, exp, padded};
use super::vocabulary::Weighted;

/// What is learnt from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lesson<'q> {
    /// The features of a question.
    pub weighted: &'q [Weighted],
    /// The words that each feature comes from; empty if no words are hidden.
    pub sources: &'q [Sources],
    /// Its answer, unless it is out of scope.
    pub answer: Option<u32>,
}

/// A question is not looked at with less than this share of itself.
const LEAST_LEFT: f32 = 0.2;

/// The network and what training needs beside it.
struct Learner<'r> {
    recipe: &'r Recipe,
    random: Random,
    answers: usize,
    network: Trained,
    /// Adagrad's sums of squares: one a feature, one for the bias, one an answer for its output and its bias.
    row_squares: Vec<f32>,
    bias_squares: f32,
    output_squares: Vec<f32>,
    output_bias_squares: Vec<f32>,
    /// The features that are looked at, and their weights; then how far each row moves.
    active: Vec<u32>,
    weights: Vec<f32>,
    hidden: Vec<f32>,
    /// The hidden units that are not zero, and what they are.
    lit: Vec<u32>,
    lights: Vec<f32>,
    /// Logits, then likelihoods, then errors.
    errors: Vec<f32>,
    change: Vec<f32>,
    back: Vec<f32>,
}

/// Trains a network: shows all lessons once a round, in an order drawn anew, with shorter steps each time.
pub(super) fn learn(
    features: usize,
    answers: usize,
    lessons: &[Lesson<'_>],
    rounds: usize,
    seed: u64,
    recipe: &Recipe,
) -> Trained {
    let mut learner = Learner::new(features, answers, seed, recipe);
    let known = lessons.iter().filter(|lesson| lesson.answer.is_some()).count();
    let mut order: Vec<u32> = Vec::new();
    for (index, lesson) in lessons.iter().enumerate() {
        let repeats = if lesson.answer.is_some() { 1 } else { recipe.out_of_scope_repeats };
        order.extend(std::iter::repeat_n(index as u32, repeats));
    }
    let fastest = recipe.rate(known);
    let steps = (rounds * order.len()) as f32;
    let mut step = 0.0;
    for _ in 0..rounds {
        learner.random.shuffle(&mut order);
        for &index in &order {
            learner.look(lessons[index as usize], fastest * (1.0 - step / steps));
            step += 1.0;
        }
    }
    learner.network
}

impl<'r> Learner<'r> {
    /// A network that knows nothing yet.
    fn new(features: usize, answers: usize, seed: u64, recipe: &'r Recipe) -> Self {
        let width = recipe.width;
        let outputs = padded(answers);
        let mut random = Random::new(seed, 2);
        let mut uniform = |count: usize, spread: f32| -> Vec<f32> {
            (0..count).map(|_| (random.unit() - 0.5) * 2.0 * spread).collect()
        };
        let network = Trained {
            rows: uniform(features * width, recipe.row_spread),
            bias: vec![0.0; width],
            output: uniform(outputs * width, recipe.output_spread),
            output_bias: vec![0.0; outputs],
        };
        Self {
            recipe,
            random,
            answers,
            network,
            row_squares: vec![recipe.patience; features],
            bias_squares: recipe.patience,
            output_squares: vec![recipe.patience; outputs],
            output_bias_squares: vec![recipe.patience; outputs],
            active: Vec::new(),
            weights: Vec::new(),
            lit: Vec::new(),
            lights: Vec::new(),
            hidden: vec![0.0; width],
            errors: vec![0.0; outputs],
            change: vec![0.0; outputs],
            back: vec![0.0; width],
        }
    }

    /// Shows one question, and moves the network a step towards its answer.
    fn look(&mut self, lesson: Lesson<'_>, rate: f32) {
        let answer = lesson.answer;
        self.forward(lesson);
        self.err(answer);
        if answer.is_some_and(|answer| self.errors[answer as usize].abs() < self.recipe.near_enough) {
            return;
        }
        self.step_output(rate);
        self.step_rows(rate);
    }

    /// Draws the words to hide, and how much heavier the rest is for it.
    fn hide_words(&mut self, lesson: Lesson<'_>) -> (Sources, f32) {
        let words = Sources::BITS - lesson.sources.iter().fold(0, |all, own| all | own).leading_zeros();
        let mut hidden = 0;
        for word in 0..words {
            hidden |= Sources::from(self.random.unit() < self.recipe.word_dropout) << word;
        }
        if hidden == 0 {
            return (0, 1.0);
        }
        let (mut all, mut left) = (0.0, 0.0);
        for ((_, weight), own) in lesson.weighted.iter().zip(lesson.sources) {
            all += weight * weight;
            left += if own & hidden == 0 { weight * weight } else { 0.0 };
        }
        if left < LEAST_LEFT * all { (0, 1.0) } else { (hidden, (all / left).sqrt()) }
    }

    fn forward(&mut self, lesson: Lesson<'_>) {
        let question = lesson.weighted;
        let (hidden, heavier) = self.hide_words(lesson);
        let keep = 1.0 - self.recipe.feature_dropout;
        let heavier = heavier / keep;
        let width = self.recipe.width;
        self.active.clear();
        self.active.resize(question.len(), 0);
        self.weights.clear();
        self.weights.resize(question.len(), 0.0);
        let mut taken = 0;
        for (place, &(feature, weight)) in question.iter().enumerate() {
            let is_hidden = lesson.sources.get(place).is_some_and(|own| own & hidden != 0);
            // Without a branch: it would be mispredicted every other time.
            self.active[taken] = feature;
            self.weights[taken] = weight * heavier;
            taken += usize::from(self.random.unit() < keep) * usize::from(!is_hidden);
        }
        self.active.truncate(taken);
        self.weights.truncate(taken);
        self.hidden.copy_from_slice(&self.network.bias);
        let (rows, active) = (&self.network.rows, &self.active);
        add_all(&self.weights, |index| &rows[active[index] as usize * width..][..width], &mut self.hidden);
        let kept = 256.0 / (256 - self.recipe.hidden_dropout) as f32;
        for hidden in self.hidden.as_chunks_mut::<8>().0 {
            let bits = self.random.next();
            for (place, hidden) in hidden.iter_mut().enumerate() {
                let factor = if (bits >> (8 * place)) & 255 < self.recipe.hidden_dropout { 0.0 } else { kept };
                *hidden = hidden.max(0.0) * factor;
            }
        }
        self.lit.clear();
        self.lights.clear();
        for (unit, hidden) in self.hidden.iter().enumerate() {
            if *hidden > 0.0 {
                self.lit.push(unit as u32);
                self.lights.push(*hidden);
            }
        }
        self.errors.copy_from_slice(&self.network.output_bias);
        let (output, lit, outputs) = (&self.network.output, &self.lit, self.errors.len());
        add_all(&self.lights, |index| &output[lit[index] as usize * outputs..][..outputs], &mut self.errors);
    }

    /// Likelihoods less what was wanted.
    fn err(&mut self, answer: Option<u32>) {
        let answers = self.answers as f32;
        let most = self.errors[..self.answers].iter().fold(f32::NEG_INFINITY, |most, logit| most.max(*logit));
        self.errors[self.answers..].fill(f32::NEG_INFINITY);
        let mut sums = [0.0_f32; LANES];
        for errors in self.errors.as_chunks_mut::<LANES>().0 {
            for lane in 0..LANES {
                errors[lane] = exp(errors[lane] - most);
                sums[lane] += errors[lane];
            }
        }
        let scale = 1.0 / sums.iter().sum::<f32>();
        let (hit, miss) = match answer {
            Some(_) => (1.0 - self.recipe.smoothing, self.recipe.smoothing / answers),
            None => (0.0, 1.0 / answers),
        };
        for error in &mut self.errors {
            *error = *error * scale - miss;
        }
        if let Some(answer) = answer {
            self.errors[answer as usize] -= hit;
        }
        self.errors[self.answers..].fill(0.0);
    }

    fn step_output(&mut self, rate: f32) {
        let width = self.recipe.width as f32;
        let outputs = self.errors.len();
        let square = dot(&self.hidden, &self.hidden) / width;
        let squares = self.output_squares.iter_mut().zip(&mut self.output_bias_squares);
        let parts = self.change.iter_mut().zip(&mut self.network.output_bias);
        for ((error, (squares, bias_squares)), (change, bias)) in self.errors.iter().zip(squares).zip(parts) {
            *squares += error * error * square;
            *bias_squares += error * error;
            *change = -rate * error / squares.sqrt();
            *bias -= rate * error / bias_squares.sqrt();
        }
        let kept = 256.0 / (256 - self.recipe.hidden_dropout) as f32;
        self.back.fill(0.0);
        for (&unit, &light) in self.lit.iter().zip(&self.lights) {
            let row = &mut self.network.output[unit as usize * outputs..][..outputs];
            self.back[unit as usize] = dot(&self.errors, row) * kept;
            add(light, &self.change, row);
        }
    }

    fn step_rows(&mut self, rate: f32) {
        let width = self.recipe.width;
        let square = dot(&self.back, &self.back) / width as f32;
        for (feature, weight) in self.active.iter().zip(&mut self.weights) {
            let squares = &mut self.row_squares[*feature as usize];
            *squares += *weight * *weight * square;
            *weight *= -rate / squares.sqrt();
        }
        for (feature, step) in self.active.iter().zip(&self.weights) {
            add(*step, &self.back, &mut self.network.rows[*feature as usize * width..][..width]);
        }
        self.bias_squares += square;
        add(-rate / self.bias_squares.sqrt(), &self.back, &mut self.network.bias);
    }
}
