//! Reads tensors from a safetensors file: a length, a JSON header, and the numbers. Every offset is checked before it is used.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Error;

/// A header is never this long.
const LONGEST_HEADER: u64 = 16 * 1024 * 1024;

#[derive(Debug, Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [usize; 2],
}

/// A tensor, whatever it was stored as.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tensor {
    pub shape: Vec<usize>,
    pub numbers: Vec<f32>,
}

/// Reads the tensors with these names; the others are not looked at.
pub(super) fn read(bytes: &[u8], names: &[&str]) -> Result<BTreeMap<String, Tensor>, Error> {
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or(Error::Damaged("the file is too short"))?;
    let length = u64::from_le_bytes(*length);
    if length > LONGEST_HEADER {
        return Err(Error::Damaged("the header is too long"));
    }
    let (header, data) =
        rest.split_at_checked(length as usize).ok_or(Error::Damaged("the header is longer than the file"))?;
    let header: BTreeMap<String, serde_json::Value> = serde_json::from_slice(header).map_err(Error::Json)?;
    let mut tensors = BTreeMap::new();
    for (name, value) in header {
        if !names.contains(&name.as_str()) {
            continue;
        }
        let entry: Entry = serde_json::from_value(value).map_err(Error::Json)?;
        let [begin, end] = entry.data_offsets;
        let bytes = data.get(begin..end).ok_or(Error::Damaged("a tensor lies outside of the file"))?;
        let numbers = numbers(&entry.dtype, bytes)?;
        let count = entry.shape.iter().try_fold(1_usize, |count, size| count.checked_mul(*size));
        if count != Some(numbers.len()) {
            return Err(Error::Damaged("a tensor has more or fewer numbers than its shape"));
        }
        if numbers.iter().any(|number| !number.is_finite()) {
            return Err(Error::Damaged("a number is not finite"));
        }
        tensors.insert(name, Tensor { shape: entry.shape, numbers });
    }
    Ok(tensors)
}

fn numbers(dtype: &str, bytes: &[u8]) -> Result<Vec<f32>, Error> {
    let whole = |size: usize| {
        if bytes.len().is_multiple_of(size) { Ok(()) } else { Err(Error::Damaged("a tensor ends within a number")) }
    };
    match dtype {
        "F64" => {
            whole(8)?;
            Ok(bytes.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes) as f32).collect())
        }
        "F32" => {
            whole(4)?;
            Ok(bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
        }
        "F16" => {
            whole(2)?;
            Ok(bytes.as_chunks::<2>().0.iter().map(|bytes| half(u16::from_le_bytes(*bytes))).collect())
        }
        "BF16" => {
            whole(2)?;
            let wide = |bytes: &[u8; 2]| f32::from_bits(u32::from(u16::from_le_bytes(*bytes)) << 16);
            Ok(bytes.as_chunks::<2>().0.iter().map(wide).collect())
        }
        "I64" => {
            whole(8)?;
            Ok(bytes.as_chunks::<8>().0.iter().map(|bytes| i64::from_le_bytes(*bytes) as f32).collect())
        }
        "I8" => Ok(bytes.iter().map(|byte| f32::from(byte.cast_signed())).collect()),
        _ => Err(Error::Unsupported(format!("numbers of type {dtype}"))),
    }
}

/// A number of half precision.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from((bits >> 10) & 0x1F);
    let fraction = f32::from(bits & 0x3FF) / 1024.0;
    match exponent {
        0 => sign * fraction * 2.0_f32.powi(-14),
        31 => f32::NAN,
        _ => sign * (1.0 + fraction) * 2.0_f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_read() {
        for (bits, number) in
            [(0x3C00, 1.0), (0xC000, -2.0), (0x3555, 0.333_251_95), (0x0001, 5.960_464_5e-8), (0, 0.0)]
        {
            assert!((half(bits) - number).abs() <= number.abs() * 1e-6, "{bits:x}");
        }
        assert!(half(0x7C00).is_nan());
    }
}
