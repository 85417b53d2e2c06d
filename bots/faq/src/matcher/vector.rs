//! Loops over rows of numbers, written so that the compiler can use wide instructions and the result is the same without them.

/// Rows are multiples of this many numbers, so that loops over them have no rests.
pub(super) const LANES: usize = 16;

/// The next length that has no rest.
pub(super) fn padded(length: usize) -> usize {
    length.next_multiple_of(LANES)
}

/// All lanes at once: computed before any is stored, so that the compiler sees that they do not depend on each other.
#[inline]
fn lanes(compute: impl Fn(usize) -> f32) -> [f32; LANES] {
    std::array::from_fn(compute)
}

/// The sum of products.
#[inline]
pub(super) fn dot(one: &[f32], other: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    for (one, other) in one.as_chunks::<LANES>().0.iter().zip(other.as_chunks::<LANES>().0) {
        sums = lanes(|lane| sums[lane] + one[lane] * other[lane]);
    }
    total(sums)
}

/// The sum of all lanes, always in the same order.
#[inline]
fn total(mut sums: [f32; LANES]) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
        half /= 2;
    }
    sums[0]
}

/// Adds a multiple of a row to a sum.
#[inline]
pub(super) fn add(factor: f32, row: &[f32], sum: &mut [f32]) {
    for (row, sum) in row.as_chunks::<LANES>().0.iter().zip(sum.as_chunks_mut::<LANES>().0) {
        *sum = lanes(|lane| sum[lane] + factor * row[lane]);
    }
}

/// Adds multiples of rows to a sum: four at a time, so that the sum is fetched less often and the rows are waited for together.
#[inline]
pub(super) fn add_all<'r>(factors: &[f32], row: impl Fn(usize) -> &'r [f32], sum: &mut [f32]) {
    let (fours, rest) = factors.as_chunks::<4>();
    for (index, factors) in fours.iter().enumerate() {
        let at = index * 4;
        let (one, two, three, four) = (row(at), row(at + 1), row(at + 2), row(at + 3));
        let pairs = one.iter().zip(two).zip(three.iter().zip(four));
        for (sum, ((one, two), (three, four))) in sum.iter_mut().zip(pairs) {
            *sum += (factors[0] * one + factors[1] * two) + (factors[2] * three + factors[3] * four);
        }
    }
    for (index, factor) in rest.iter().enumerate() {
        add(*factor, row(fours.len() * 4 + index), sum);
    }
}

/// Adds a multiple of a row of numbers of four bits to a sum: the lower halves of the bytes come first, then the upper ones.
#[inline]
pub(super) fn add_halves(factor: f32, row: &[u8], sum: &mut [f32]) {
    let (lower, upper) = sum.split_at_mut(row.len());
    let sums = lower.as_chunks_mut::<LANES>().0.iter_mut().zip(upper.as_chunks_mut::<LANES>().0);
    for (row, (lower, upper)) in row.as_chunks::<LANES>().0.iter().zip(sums) {
        *lower = lanes(|lane| lower[lane] + factor * f32::from((row[lane] << 4).cast_signed() >> 4));
        *upper = lanes(|lane| upper[lane] + factor * f32::from(row[lane].cast_signed() >> 4));
    }
}

/// Two numbers of four bits, from -8 to 7, in a byte.
pub(super) fn halves(lower: i8, upper: i8) -> u8 {
    (lower.cast_unsigned() & 0xf) | (upper.cast_unsigned() << 4)
}

/// The exponential of a number that is not positive, to about five digits, the same on every machine.
#[inline]
pub(super) fn exp(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0;
    let x = x.max(-87.0);
    let powers = x * std::f32::consts::LOG2_E + ROUND;
    let whole = powers - ROUND;
    let rest = x - whole * 0.693_145_75 - whole * 1.428_606_8e-6;
    let series =
        1.0 + rest * (1.0 + rest * (0.5 + rest * (0.166_666_5 + rest * (0.041_665_795 + rest * 0.008_333_452))));
    let bits = powers.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23;
    series * f32::from_bits(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_four_bits_are_what_they_were() {
        let lower: Vec<i8> = (0..16).map(|number| number - 8).collect();
        let upper: Vec<i8> = (0..16).map(|number| 7 - number).collect();
        let row: Vec<u8> = lower.iter().zip(&upper).map(|(lower, upper)| halves(*lower, *upper)).collect();
        let mut sum = vec![1.0; 2 * LANES];
        add_halves(2.0, &row, &mut sum);
        let expected: Vec<f32> = lower.iter().chain(&upper).map(|number| 1.0 + 2.0 * f32::from(*number)).collect();
        assert_eq!(sum, expected);
    }

    #[test]
    fn the_exponential_is_close() {
        for step in 0..8_000 {
            let x = step as f32 * -0.01;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-5, "{x}");
        }
        assert!(exp(-1e9) < 1e-37);
    }
}
