//! From bytes to text. Nothing is guessed: bytes that are not UTF-8 (or UTF-16 with its mark) are refused, with the line
//! and what to do, unless the caller names the encoding.

use std::sync::Arc;

use crate::problem::{Place, Problem, ProblemKind};

/// How bytes are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-16, little end first.
    Utf16Le,
    /// UTF-16, big end first.
    Utf16Be,
    /// Windows-1252, what Excel on Windows writes in western Europe; Latin-1 is the same for printable characters.
    Windows1252,
}

impl Encoding {
    /// All of them, by name.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("utf-8", Self::Utf8),
        ("utf-16le", Self::Utf16Le),
        ("utf-16be", Self::Utf16Be),
        ("windows-1252", Self::Windows1252),
    ];
}

/// The characters 0x80 to 0x9F of Windows-1252; five of them mean nothing.
const HIGH: [char; 32] = [
    '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž', '\u{fffd}', '\u{fffd}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}', 'ž', 'Ÿ',
];

/// The text of a file, without a byte order mark.
pub fn decode(file: &Arc<str>, bytes: &[u8], encoding: Option<Encoding>) -> Result<String, Problem> {
    let encoding = encoding.unwrap_or(match bytes {
        [0xff, 0xfe, ..] => Encoding::Utf16Le,
        [0xfe, 0xff, ..] => Encoding::Utf16Be,
        _ => Encoding::Utf8,
    });
    let text = match encoding {
        Encoding::Utf8 => utf8(file, bytes)?,
        Encoding::Utf16Le => utf16(file, bytes, u16::from_le_bytes)?,
        Encoding::Utf16Be => utf16(file, bytes, u16::from_be_bytes)?,
        Encoding::Windows1252 => bytes
            .iter()
            .map(|byte| match byte {
                0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
                other => char::from(*other),
            })
            .collect(),
    };
    if let Some(at) = text.find('\0') {
        let place = Place { file: Arc::clone(file), line: 1 + text[..at].matches('\n').count(), column: 0 };
        return Err(Problem::error(place, ProblemKind::Encoding, "there are zero bytes in the text")
            .hint("it may be UTF-16 without its mark: name the encoding, or save it as UTF-8"));
    }
    Ok(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
}

fn utf8(file: &Arc<str>, bytes: &[u8]) -> Result<String, Problem> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| {
        let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
        let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
        let place = Place { file: Arc::clone(file), line, column: 0 };
        Problem::error(place, ProblemKind::Encoding, format!("this is not UTF-8 (byte 0x{byte:02x})"))
            .hint("save the file as UTF-8, or name its encoding, such as windows-1252")
    })
}

fn utf16(file: &Arc<str>, bytes: &[u8], read: fn([u8; 2]) -> u16) -> Result<String, Problem> {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| read([pair[0], pair[1]])).collect();
    match String::from_utf16(&units) {
        Ok(text) if bytes.len().is_multiple_of(2) => Ok(text),
        _ => Err(Problem::error(Place::whole(file), ProblemKind::Encoding, "this is not UTF-16")
            .hint("the file may be cut off; save it as UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], encoding: Option<Encoding>) -> Result<String, Problem> {
        super::decode(&"x.csv".into(), bytes, encoding)
    }

    #[test]
    fn known_encodings() {
        let wide = |text: &str, mark: u16| -> Vec<u8> {
            std::iter::once(mark).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
        };
        assert_eq!(decode("\u{feff}größe".as_bytes(), None).unwrap(), "größe");
        assert_eq!(decode(&wide("größe", 0xfeff), None).unwrap(), "größe");
        assert_eq!(decode(b"gr\xf6\xdfe \x80", Some(Encoding::Windows1252)).unwrap(), "größe €");
    }

    #[test]
    fn others_are_refused_with_their_line() {
        let problem = decode(b"one\ntwo\ngr\xf6\xdfe", None).unwrap_err();
        assert_eq!((problem.kind, problem.place.line), (ProblemKind::Encoding, 3));
        assert_eq!(decode(b"a\0b\0", None).unwrap_err().kind, ProblemKind::Encoding);
        assert_eq!(decode(b"\xff\xfea", None).unwrap_err().kind, ProblemKind::Encoding);
    }
}
