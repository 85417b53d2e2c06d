//! Rows of numbers in four bits each, one row a feature: they lose nothing that can be measured, and take half of what bytes take.

use super::vector::{LANES, add_halves, halves};

/// Numbers of a row are whole multiples of its scale, from minus this to this.
const LEVELS: f32 = 7.0;

/// A row for each feature.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rows {
    /// Numbers in a row: a multiple of [`WIDTH`](Self::WIDTH), or zero where there are no rows.
    pub width: usize,
    /// Half as many bytes as numbers: a byte has a number of the first half of the row below, and one of the second half above.
    pub numbers: Vec<u8>,
    /// What a row is multiplied with.
    pub scales: Vec<f32>,
}

impl Rows {
    /// Rows are multiples of this wide.
    pub const WIDTH: usize = 2 * LANES;

    /// No rows at all.
    pub fn none() -> Self {
        Self { width: 0, numbers: Vec::new(), scales: Vec::new() }
    }

    /// From rows that several tables have a part of each, side by side, every number multiplied. The rest of a row is zero.
    pub fn pack(tables: &[(&[f32], usize)], factor: f32) -> Self {
        let width = tables.iter().map(|(_, width)| width).sum::<usize>().next_multiple_of(Self::WIDTH);
        let count = tables.first().map_or(0, |(table, width)| table.len() / width);
        let mut rows =
            Self { width, numbers: Vec::with_capacity(count * width / 2), scales: Vec::with_capacity(count) };
        let mut row: Vec<i8> = Vec::with_capacity(width);
        for index in 0..count {
            let parts = tables.iter().flat_map(|(table, width)| &table[index * width..][..*width]);
            let most = parts.clone().fold(1e-6_f32, |most, number| most.max(number.abs()));
            rows.scales.push(most / LEVELS * factor);
            row.clear();
            row.extend(parts.map(|number| (number / most * LEVELS).round() as i8));
            row.resize(width, 0);
            let (first, second) = row.split_at(width / 2);
            rows.numbers.extend(first.iter().zip(second).map(|(lower, upper)| halves(*lower, *upper)));
        }
        rows
    }

    /// Whether the parts fit together.
    pub fn is_sound(&self, features: usize) -> bool {
        self.width.is_multiple_of(Self::WIDTH)
            && self.scales.len() == features
            && features.checked_mul(self.width / 2) == Some(self.numbers.len())
    }

    /// Adds a multiple of a feature's row to a sum as wide as the rows.
    #[inline]
    pub fn add(&self, factor: f32, feature: usize, sum: &mut [f32]) {
        let bytes = self.width / 2;
        add_halves(factor * self.scales[feature], &self.numbers[feature * bytes..][..bytes], sum);
    }

    /// How many bytes they take.
    pub fn memory(&self) -> usize {
        self.numbers.len() + self.scales.len() * 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_side_by_side_and_nearly_what_they_were() {
        let one: Vec<f32> = (0..2 * 16).map(|place| place as f32 * 0.01).collect();
        let other: Vec<f32> = (0..2 * 32).map(|place| place as f32 * -0.01).collect();
        let rows = Rows::pack(&[(&one, 16), (&other, 32)], 2.0);
        assert_eq!(rows.width, 64);
        assert!(rows.is_sound(2) && !rows.is_sound(3));
        let mut sum = vec![0.0; 64];
        rows.add(3.0, 1, &mut sum);
        let expected = one[16..].iter().chain(&other[32..]).map(|number| number * 6.0).chain([0.0; 16]);
        for (sum, expected) in sum.iter().zip(expected) {
            // Half a level of the largest number, 0.63, six times.
            assert!((sum - expected).abs() <= 6.0 * 0.63 / 14.0 + 1e-4, "{sum} {expected}");
        }
    }
}
