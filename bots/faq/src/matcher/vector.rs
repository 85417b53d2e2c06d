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

/// Adds a multiple of a row of bytes to a sum.
#[inline]
pub(super) fn add_bytes(factor: f32, row: &[i8], sum: &mut [f32]) {
    for (row, sum) in row.as_chunks::<LANES>().0.iter().zip(sum.as_chunks_mut::<LANES>().0) {
        *sum = lanes(|lane| sum[lane] + factor * f32::from(row[lane]));
    }
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
    fn the_exponential_is_close() {
        for step in 0..8_000 {
            let x = step as f32 * -0.01;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-5, "{x}");
        }
        assert!(exp(-1e9) < 1e-37);
    }
}
