//! A call-back: the choice that needs nobody now.

use serde::{Deserialize, Serialize};

/// A call-back instead of a person now. What is `None` is as the configuration has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallBack {
    /// The number, if it is known: then nobody asks for it.
    pub number: Option<String>,
    /// The question for the number.
    pub ask: Option<String>,
    /// Said when the number is kept, with `{number}` in it where it is wanted.
    pub thanks: Option<String>,
}

impl CallBack {
    /// As the configuration has it.
    pub fn new() -> Self {
        Self::default()
    }

    /// On this number.
    #[must_use]
    pub fn on(mut self, number: impl Into<String>) -> Self {
        self.number = Some(number.into());
        self
    }

    /// Asks with these words.
    #[must_use]
    pub fn asking(mut self, words: impl Into<String>) -> Self {
        self.ask = Some(words.into());
        self
    }

    /// Thanks with these words.
    #[must_use]
    pub fn thanking(mut self, words: impl Into<String>) -> Self {
        self.thanks = Some(words.into());
        self
    }
}

/// The telephone number in somebody's words: the part with the most digits, from 6 to 15 (ITU-T E.164), that is no date.
pub(crate) fn number_in(words: &str) -> Option<String> {
    let belongs = |char: char| char.is_ascii_digit() || " +-/().\u{a0}".contains(char);
    let parts = words.split(|char| !belongs(char));
    let trimmed = parts.map(|part| {
        part.trim_start_matches(|char: char| !char.is_ascii_digit() && char != '+' && char != '(')
            .trim_end_matches(|char: char| !char.is_ascii_digit())
    });
    trimmed
        .filter(|part| (6..=15).contains(&digits(part)) && !is_date(part))
        .max_by_key(|part| digits(part))
        .map(str::to_owned)
}

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

/// 24.12.2026, 2026-12-24, 24/12/26.
fn is_date(text: &str) -> bool {
    let groups: Vec<usize> = text.split(['.', '-', '/']).map(|group| digits(group.trim())).collect();
    matches!(groups[..], [1 | 2, 1 | 2, 2 | 4] | [4, 1 | 2, 1 | 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_in_the_words_around_them() {
        for (words, number) in [
            ("0171 2345678", "0171 2345678"),
            ("call +49 (0)30/123-456, please. After 5.", "+49 (0)30/123-456"),
            ("between 9 and 17:30 on 555-0134", "555-0134"),
            ("on 24.12.2026, (030) 99887766.", "(030) 99887766"),
        ] {
            assert_eq!(number_in(words).as_deref(), Some(number), "{words}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for words in ["", "no", "tomorrow at 17:30", "24.12.2026", "2026-12-24", "1234", "12345678901234567890"] {
            assert_eq!(number_in(words), None, "{words}");
        }
    }
}
