//! Small things about text.

/// The first bytes of a text, cut between characters.
pub fn head(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let mut end = bytes;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The words of a text in lower case: letters and digits, apostrophes taken out (`don't` → `dont`).
pub fn words(text: &str) -> Vec<String> {
    let text = text.replace(['\'', '’'], "").to_lowercase();
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// One line of bounded length for people: control characters are spaces, the rest of a long text is dots.
pub fn line(text: &str, characters: usize) -> String {
    let mut line = String::new();
    let mut space = false;
    for (count, c) in text.trim().chars().enumerate() {
        if count == characters {
            line.push('…');
            break;
        }
        let blank = c.is_control() || c.is_whitespace();
        if !(blank && space) {
            line.push(if blank { ' ' } else { c });
        }
        space = blank;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_between_characters() {
        assert_eq!(head("aé", 2), "a");
        assert_eq!(head("aé", 3), "aé");
        assert_eq!(line(" a\n\n\tb😀c ", 5), "a b…");
        assert_eq!(line("a\u{7}b😀", 9), "a b😀");
    }

    #[test]
    fn words_have_no_apostrophes() {
        assert_eq!(words("I don’t know -- WHY?"), ["i", "dont", "know", "why"]);
    }
}
