//! The figures by which matchers are judged, from how sure they were and whether they were right.

/// What a matcher said about a question with a known answer, or about one that is out of scope.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// How sure it was: scores or confidences, as long as all are of one kind.
    pub sure: f32,
    /// Whether its best answer was the right one; for a question out of scope nothing is right.
    pub right: bool,
}

/// A share of a whole in percent; 0 of nothing.
pub fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

/// The share of right answers, if every question is answered.
pub fn accuracy(in_scope: &[Outcome]) -> f64 {
    percent(in_scope.iter().filter(|one| one.right).count(), in_scope.len())
}

/// What a threshold does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rejection {
    /// The share of questions in scope that are answered, and rightly.
    pub accuracy: f64,
    /// The share of questions out of scope that are not answered.
    pub recall: f64,
    /// The share of those out of scope among all that are not answered.
    pub precision: f64,
}

/// What a threshold does: questions below it are not answered.
pub fn reject(in_scope: &[Outcome], out_of_scope: &[Outcome], threshold: f32) -> Rejection {
    let kept = in_scope.iter().filter(|one| one.right && one.sure >= threshold).count();
    let silent = out_of_scope.iter().filter(|one| one.sure < threshold).count();
    let lost = in_scope.iter().filter(|one| one.sure < threshold).count();
    Rejection {
        accuracy: percent(kept, in_scope.len()),
        recall: percent(silent, out_of_scope.len()),
        precision: percent(silent, silent + lost),
    }
}

/// The likelihood, in percent, that a question in scope finds the matcher surer than one out of scope; 50 without either.
pub fn auroc(in_scope: &[Outcome], out_of_scope: &[Outcome]) -> f64 {
    let (inside, outside) = (in_scope.len() as f64, out_of_scope.len() as f64);
    if in_scope.is_empty() || out_of_scope.is_empty() {
        return 50.0;
    }
    let all = in_scope.iter().map(|one| (one.sure, true)).chain(out_of_scope.iter().map(|one| (one.sure, false)));
    let mut all: Vec<(f32, bool)> = all.collect();
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut below, mut ranks) = (0.0, 0.0);
    for same in all.chunk_by(|one, other| one.0.total_cmp(&other.0).is_eq()) {
        // Equals share the mean of their ranks.
        let rank = below + f64::midpoint(same.len() as f64, 1.0);
        ranks += rank * same.iter().filter(|one| one.1).count() as f64;
        below += same.len() as f64;
    }
    100.0 * (ranks - inside * (inside + 1.0) / 2.0) / (inside * outside)
}

/// The threshold that rejects this share of questions in scope.
pub fn threshold_losing(in_scope: &[Outcome], share: f64) -> f32 {
    let mut sure: Vec<f32> = in_scope.iter().map(|one| one.sure).collect();
    sure.sort_by(f32::total_cmp);
    let place = (sure.len() as f64 * share) as usize;
    sure.get(place).copied().unwrap_or(f32::NEG_INFINITY)
}

/// The threshold at which most questions are treated rightly: those in scope answered rightly, those out of scope not at all.
pub fn best_threshold(in_scope: &[Outcome], out_of_scope: &[Outcome]) -> f32 {
    let all = in_scope.iter().map(|one| (one.sure, isize::from(one.right)));
    let mut all: Vec<(f32, isize)> = all.chain(out_of_scope.iter().map(|one| (one.sure, -1))).collect();
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    // Going up, each question that falls below the threshold changes the count: a right answer lost, or a wrong one spared.
    let (mut best, mut best_change, mut change) = (f32::NEG_INFINITY, 0, 0);
    for same in all.chunk_by(|one, other| one.0.total_cmp(&other.0).is_eq()) {
        if change > best_change {
            (best, best_change) = (same[0].0, change);
        }
        change -= same.iter().map(|one| one.1).sum::<isize>();
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes(list: &[(f32, bool)]) -> Vec<Outcome> {
        list.iter().map(|&(sure, right)| Outcome { sure, right }).collect()
    }

    #[test]
    fn figures_are_as_counted_by_hand() {
        let inside = outcomes(&[(0.9, true), (0.8, true), (0.7, false), (0.3, true)]);
        let outside = outcomes(&[(0.8, false), (0.2, false), (0.1, false)]);
        assert!((accuracy(&inside) - 75.0).abs() < 1e-9);
        // Of twelve pairs nine are in order, one is even: 0.8 and 0.8.
        let pairs = 0.5 + 1.0 + 2.0 + 2.0 + 2.0 + 2.0;
        assert!((auroc(&inside, &outside) - 100.0 * (pairs + 0.0) / 12.0).abs() < 1e-9);
        let rejection = reject(&inside, &outside, 0.5);
        let counted = Rejection { accuracy: 50.0, recall: 200.0 / 3.0, precision: 200.0 / 3.0 };
        assert!(
            (rejection.recall - counted.recall).abs() < 1e-9 && (rejection.precision - counted.precision).abs() < 1e-9
        );
        assert!((rejection.accuracy - counted.accuracy).abs() < 1e-9);
        assert!((best_threshold(&inside, &outside) - 0.3).abs() < 1e-6);
        assert!((threshold_losing(&inside, 0.25) - 0.7).abs() < 1e-6);
    }

    #[test]
    fn nothing_has_figures_too() {
        assert!((auroc(&[], &[]) - 50.0).abs() < 1e-9);
        assert!(accuracy(&[]).abs() < 1e-9);
        assert!(threshold_losing(&[], 0.1) < f32::MIN);
        assert!(best_threshold(&[], &[]) < f32::MIN);
    }
}
