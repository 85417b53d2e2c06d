//! Long texts in pieces that a platform can carry: at ends of sentences if possible, else between words, else between
//! graphemes; counted in bytes of UTF-8.

use unicode_segmentation::UnicodeSegmentation;

/// No limit below this makes sense: one character of UTF-8 has up to four bytes.
pub(crate) const LEAST_LIMIT: usize = 4;

/// The first bytes of a text, cut between characters.
pub(crate) fn head(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Pieces of at most `limit` bytes, trimmed, none empty. White space between two pieces is dropped, nothing else is.
pub(crate) fn split(text: &str, limit: usize) -> Vec<String> {
    let limit = limit.max(LEAST_LIMIT);
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    while rest.len() > limit {
        let end = cut(rest, limit);
        let piece = rest[..end].trim();
        if !piece.is_empty() {
            pieces.push(piece.to_owned());
        }
        rest = rest[end..].trim_start();
    }
    if !rest.is_empty() {
        pieces.push(rest.to_owned());
    }
    pieces
}

/// Where to cut a text that is longer than `limit`: never 0, never above `limit`, always between characters.
fn cut(text: &str, limit: usize) -> usize {
    let mut window = limit;
    while !text.is_char_boundary(window) {
        window -= 1;
    }
    // A little more than the window, so that a boundary exactly at its end is seen as one.
    let mut look = (limit + 64).min(text.len());
    while !text.is_char_boundary(look) {
        look += 1;
    }
    let seen = &text[..look];
    let last_of = |boundaries: &mut dyn Iterator<Item = usize>| {
        boundaries.take_while(|at| *at <= window).filter(|at| *at > 0).last()
    };
    // A sentence that fills less than a quarter of the piece would make many small messages: words then.
    last_of(&mut seen.split_sentence_bound_indices().map(|(at, _)| at))
        .filter(|at| *at * 4 >= window)
        .or_else(|| last_of(&mut seen.unicode_word_indices().map(|(at, _)| at).filter(|at| space_before(seen, *at))))
        .or_else(|| last_of(&mut seen.grapheme_indices(true).map(|(at, _)| at)))
        .unwrap_or(window)
}

fn space_before(text: &str, at: usize) -> bool {
    text[..at].chars().next_back().is_some_and(char::is_whitespace)
}

/// The same words, whatever a platform did to the white space: for finding an own line again.
pub(crate) fn same_words(one: &str, other: &str) -> bool {
    one == other || one.split_whitespace().eq(other.split_whitespace())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn short_texts_stay_whole() {
        assert_eq!(split("Hello there.", 100), ["Hello there."]);
        assert!(split("  \n ", 100).is_empty());
    }

    #[test]
    fn cuts_at_the_end_of_a_sentence() {
        assert_eq!(
            split("We are open. From nine to five. Every day.", 33),
            ["We are open. From nine to five.", "Every day."]
        );
    }

    #[test]
    fn cuts_between_words_if_a_sentence_is_too_long() {
        assert_eq!(split("one two three four", 9), ["one two", "three", "four"]);
    }

    #[test]
    fn never_tears_a_grapheme_that_fits() {
        let family = "👨‍👩‍👧"; // 18 bytes, one grapheme
        assert_eq!(split(&family.repeat(3), 20), [family, family, family]);
    }

    #[test]
    fn a_grapheme_above_the_limit_is_torn_between_characters() {
        assert!(split("👨‍👩‍👧", 5).iter().all(|piece| piece.len() <= 5));
    }

    #[test]
    fn a_megabyte_is_cut_in_reasonable_time() {
        assert!(split(&"a word and another. ".repeat(50_000), 4096).len() >= 244);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_piece_is_too_long(text in "(\\PC|\\s){0,200}", limit in 4usize..64) {
            let pieces = split(&text, limit);
            prop_assert!(pieces.iter().all(|piece| piece.len() <= limit && !piece.trim().is_empty()));
            let solid = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(solid(&pieces.concat()), solid(&text));
        }
    }
}
