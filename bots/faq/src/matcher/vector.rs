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
