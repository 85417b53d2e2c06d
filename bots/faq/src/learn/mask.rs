//! Takes what is private out of a text before it is kept: e-mail addresses, web addresses, card, account, phone and other
//! long numbers, and handles.

use std::sync::LazyLock;

use regex::Regex;

/// The text with what is private replaced by its kind, such as `[email]`.
pub fn mask(text: &str) -> String {
    let mut text = text.to_owned();
    for (rule, kind) in RULES.iter() {
        let masked = rule.replace_all(&text, *kind);
        if let std::borrow::Cow::Owned(masked) = masked {
            text = masked;
        }
    }
    text
}

/// A masked text without the marks, to become a question of a base: `[email]` is no word that anybody asks.
pub fn without_marks(text: &str) -> String {
    let kinds = ["[email]", "[link]", "[account]", "[card]", "[phone]", "[date]", "[number]", "[name]"];
    let bare = kinds.iter().fold(text.to_owned(), |text, kind| text.replace(kind, " "));
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}

static RULES: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    [
        (r"(?i)[\p{L}\p{N}._%+\-]+\s?(?:@|\(at\)|\[at\])\s?[\p{L}\p{N}\-]+(?:\.[\p{L}\p{N}\-]+)+", "[email]"),
        (r"(?i)[\p{L}\p{N}._%+\-]+@[\p{L}\p{N}\-]+", "[email]"),
        (r"(?i)\b(?:https?://|www\.)\S+", "[link]"),
        (r"(?i)\b[a-z]{2}\d{2}(?:[ \-]?[a-z0-9]{4}){2,7}(?:[ \-]?[a-z0-9]{1,4})?\b", "[account]"),
        (r"\b\d(?:[ \-]?\d){12,18}\b", "[card]"),
        (r"(?:\+|\b00)\d(?:[ \-/.()]{0,2}\d){5,14}\b", "[phone]"),
        (r"\b\d{1,4}[./\-]\d{1,2}[./\-]\d{1,4}\b", "[date]"),
        (r"(?i)\b[a-z]{1,4}[\-]?\d{5,}[a-z0-9]*\b", "[number]"),
        (r"\b\d(?:[ \-/.()]{0,2}\d){3,}\b", "[number]"),
        (r"@[\p{L}\p{N}_]{2,}", "[name]"),
    ]
    .into_iter()
    .map(|(rule, kind)| (compile(rule), kind))
    .collect()
});

#[expect(clippy::expect_used, reason = "the rules are constants, and a test builds them")]
fn compile(rule: &str) -> Regex {
    Regex::new(rule).expect("a rule is a regular expression")
}

#[cfg(test)]
mod tests {
    use super::{mask, without_marks};

    #[test]
    fn marks_are_no_part_of_a_question() {
        assert_eq!(without_marks(&mask("where is DE123456789, mail a@b.example please")), "where is , mail please");
        assert_eq!(without_marks("[email]"), "");
        assert_eq!(without_marks("what is [this]?"), "what is [this]?");
    }

    #[test]
    fn private_things_become_their_kind() {
        for (text, masked) in [
            ("write to ada.love+x@example.org now", "write to [email] now"),
            ("my card 4111 1111 1111 1111 is lost", "my card [card] is lost"),
            ("card 4111-1111-1111-1111", "card [card]"),
            ("IBAN DE89 3704 0044 0532 0130 00 please", "IBAN [account] please"),
            ("call +49 170 1234567", "call [phone]"),
            ("parcel DE123456789 is late", "parcel [number] is late"),
            ("order 20391 and 12-34-56", "order [number] and [date]"),
            ("born 1.2.1980", "born [date]"),
            ("see https://example.org/a?b=c ok", "see [link] ok"),
            ("I am @ada_l", "I am [name]"),
            ("I have 2 parcels of 10 kg", "I have 2 parcels of 10 kg"),
        ] {
            assert_eq!(mask(text), masked, "{text}");
        }
    }
}
