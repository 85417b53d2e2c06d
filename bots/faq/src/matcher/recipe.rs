//! The constants of training, chosen on validation data: one setting for every knowledge base.

/// How questions become features and how the network is trained.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Recipe {
    /// Hidden units of one network.
    pub width: usize,
    /// At most so many networks vote; fewer where there are many features.
    pub members: usize,
    /// The rows of all members together are about this many at most, but one member always fits.
    pub rows: usize,
    /// A network sees about this many examples, over however many rounds that takes within the limits.
    pub presentations: f32,
    pub fewest_rounds: f32,
    pub most_rounds: f32,
    /// Where only one fold of so many examples is tried, its network has this share of the rounds.
    pub rehearsal: f32,
    pub rehearsal_from: usize,
    /// So many held-out questions tell methods apart and set a threshold: no more folds are tried than it takes.
    pub held_out: usize,
    /// How far a step goes in the beginning, for few and for many presentations.
    pub slow: f32,
    pub fast: f32,
    /// The share of features hidden at each look, so that the network learns to do without any of them.
    pub feature_dropout: f32,
    /// The same for hidden units, in 256ths.
    pub hidden_dropout: u64,
    /// The share of words hidden at each look, with all that comes from them.
    pub word_dropout: f32,
    /// How easily the direct weights let a question stand on the wrong side of a border: 1 / 2C of a support vector machine.
    pub softness: f32,
    /// How much the direct weights count beside the network where there are many examples; where there are few, it knows better.
    pub direct_weight: f32,
    /// The direct weights are learnt in at most so many rounds: they are done long before the network is.
    pub direct_rounds: usize,
    /// Where questions × answers are more, there are no direct weights: they would take too much memory to learn.
    pub most_holds: usize,
    /// The share of certainty that is spread over all answers.
    pub smoothing: f32,
    /// A question whose own answer is so likely already that no more than this is missing teaches nothing, and costs no step.
    pub near_enough: f32,
    /// How often a message known to be out of scope is shown in a round.
    pub out_of_scope_repeats: usize,
    /// What Adagrad's sums of squares begin with: large enough that no feature leaps at its first sight.
    pub patience: f32,
    /// The spread of the rows and of the outputs before training.
    pub row_spread: f32,
    pub output_spread: f32,
    /// Features that fewer questions have are unknown to the network.
    pub least: u32,
    /// From this many examples an answer, pieces across words are features too.
    pub across_from: f32,
    /// How much the whole message and its last sentence are ahead of other sentences, in log odds; and where the examples
    /// themselves have several sentences.
    pub whole: [f32; 2],
    pub last: [f32; 2],
    /// A network is not tried where rounds × examples × answers are more.
    pub most_work: f32,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            width: 256,
            members: 2,
            rows: 24_000,
            presentations: 135_000.0,
            fewest_rounds: 9.0,
            most_rounds: 25.0,
            rehearsal: 0.4,
            rehearsal_from: 5_000,
            held_out: 300,
            slow: 0.05,
            fast: 0.05,
            feature_dropout: 0.5,
            word_dropout: 0.1,
            softness: 0.3,
            direct_weight: 1.0,
            direct_rounds: 4,
            most_holds: 10_000_000,
            hidden_dropout: 51,
            smoothing: 0.1,
            near_enough: 0.07,
            out_of_scope_repeats: 8,
            patience: 1e-2,
            row_spread: 0.1,
            output_spread: 0.01,
            least: 2,
            across_from: 30.0,
            whole: [1.5, 3.5],
            last: [3.0, 1.5],
            most_work: 6e8,
        }
    }
}

impl Recipe {
    pub fn rounds(&self, examples: usize) -> usize {
        (self.presentations / examples.max(1) as f32).clamp(self.fewest_rounds, self.most_rounds) as usize
    }

    /// Rounds of the direct weights, where the network has so many.
    pub fn direct_rounds(&self, rounds: usize) -> usize {
        rounds.min(self.direct_rounds)
    }

    /// The first step: slower where few examples are shown often.
    pub fn rate(&self, examples: usize) -> f32 {
        self.slow + (self.fast - self.slow) * many(examples)
    }

    /// How much the direct weights count.
    pub fn direct_weight(&self, examples: usize) -> f32 {
        self.direct_weight * many(examples)
    }
}

/// From 0 for a thousand examples or fewer to 1 for ten thousand or more.
fn many(examples: usize) -> f32 {
    (examples as f32 / 1_000.0).log10().clamp(0.0, 1.0)
}
