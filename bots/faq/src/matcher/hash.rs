//! The hash of words and pieces of words. Part of the model's format: it never changes without a new version of it.

/// A running hash of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Hash(pub u64);

const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

impl Hash {
    /// The hash of nothing, for one kind of thing.
    pub const fn new(kind: u64) -> Self {
        Self((kind + 1).wrapping_mul(0xD6E8_FEB8_6659_FD93))
    }

    pub fn of(characters: &[char]) -> Self {
        characters.iter().fold(Self::new(0), |hash, &character| hash.then(u64::from(u32::from(character))))
    }

    #[inline]
    pub fn then(self, value: u64) -> Self {
        Self((self.0.rotate_left(23) ^ value).wrapping_mul(MULTIPLIER))
    }

    /// A well mixed number: every bit depends on every bit.
    #[inline]
    pub fn mixed(self) -> u64 {
        let mut hash = self.0;
        hash ^= hash >> 32;
        hash = hash.wrapping_mul(0xD6E8_FEB8_6659_FD93);
        hash ^ (hash >> 32)
    }
}

/// A checksum of bytes, eight at a time.
pub(super) fn checksum(bytes: &[u8]) -> u64 {
    let mut hash = Hash::new(u64::MAX - 1).then(bytes.len() as u64);
    let (chunks, rest) = bytes.as_chunks::<8>();
    for chunk in chunks {
        hash = hash.then(u64::from_le_bytes(*chunk));
    }
    for &byte in rest {
        hash = hash.then(u64::from(byte));
    }
    hash.mixed()
}
