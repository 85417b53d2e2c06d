//! Binary payloads, as CometD's binary extension writes them: bytes in Z85 with four bytes to five characters.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::Error;

const ALPHABET: &[u8; 85] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/// A piece of binary data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Whether it is the last piece.
    pub last: bool,
    /// What goes with it.
    pub meta: Option<Map<String, Value>>,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    data: String,
    #[serde(default = "yes")]
    last: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    meta: Option<Map<String, Value>>,
}

fn yes() -> bool {
    true
}

impl Binary {
    /// All of it in one piece.
    pub fn whole(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), last: true, meta: None }
    }

    pub(crate) fn to_value(&self) -> Result<Value, Error> {
        let wire = Wire { data: encode(&self.bytes), last: self.last, meta: self.meta.clone() };
        serde_json::to_value(wire).map_err(|error| Error::Data(error.to_string()))
    }

    pub(crate) fn ext() -> Map<String, Value> {
        Map::from_iter([("binary".to_owned(), json!({}))])
    }

    pub(crate) fn read(data: &crate::Json) -> Result<Self, Error> {
        let wire: Wire = data.parse().map_err(|error| Error::Data(error.to_string()))?;
        let bytes = decode(&wire.data).ok_or_else(|| Error::Data("not Z85".into()))?;
        Ok(Self { bytes, last: wire.last, meta: wire.meta })
    }
}

/// Z85, where a last group of n bytes takes n + 1 characters.
fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(4) * 5);
    for group in bytes.chunks(4) {
        let mut padded = [0; 4];
        padded[..group.len()].copy_from_slice(group);
        let value = u32::from_be_bytes(padded);
        let digits = [85_u32.pow(4), 85_u32.pow(3), 85_u32.pow(2), 85, 1].map(|unit| (value / unit % 85) as usize);
        text.extend(digits.iter().take(group.len() + 1).map(|digit| char::from(ALPHABET[*digit])));
    }
    text
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len().div_ceil(5) * 4);
    for group in text.as_bytes().chunks(5) {
        if group.len() == 1 {
            return None;
        }
        let mut value = 0_u64;
        for position in 0..5 {
            // What is missing in the last group counts as the highest digit.
            let digit = match group.get(position) {
                Some(character) => ALPHABET.iter().position(|other| other == character)?,
                None => 84,
            };
            value = value * 85 + digit as u64;
        }
        let value = u32::try_from(value).ok()?;
        bytes.extend_from_slice(&value.to_be_bytes()[..group.len() - 1]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PB11
    #[test]
    fn z85_is_written_and_read() {
        assert_eq!(encode(&[0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B]), "HelloWorld");
        assert_eq!(decode("HelloWorld").unwrap(), [0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B]);
        for length in 0..40_u8 {
            let bytes: Vec<u8> = (0..length).map(|byte| byte.wrapping_mul(97)).collect();
            assert_eq!(decode(&encode(&bytes)).unwrap(), bytes);
        }
        assert_eq!(decode("#####"), None);
        assert_eq!(decode("Hello\u{e9}"), None);
        assert_eq!(decode("x"), None);
    }
}
