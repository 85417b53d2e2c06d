//! Short replies: yes, no, and the pick among the choices of "did you mean".

use crate::text;

/// Longest reply that is read as a yes or no, or as a pick by its words.
const WORDS: usize = 6;

const YES: &str = "yes y yeah yep yup sure ok okay please absolutely definitely course ja jo jep gern gerne klar natürlich \
    bitte oui ouais daccord volontiers sí si claro vale certo volentieri graag jawel zeker sim tak 👍";
const NO: &str = "no n nope nah not never nein ne nö nicht non pas nee neen niet não nao nie 👎";
const NONE: &str = "none neither nothing other else 0 keine keines keiner keins nichts andere anderes aucun aucune rien autre \
    ninguna ninguno nada otra otro nessuna nessuno niente altro geen niets anders nenhum nenhuma outro żadne inne";
/// Words that go with a yes, a no or a number and change nothing.
const FILLER: &str = "please thanks thank you the number no nr option choice answer question one ones i meant mean want take \
    would like id it is was that thats of these them do there my in fine all be great good with a an some someone person \
    colleague human die der das nummer bitte ich meine nehme danke davon sie einen eine le la numéro numero svp merci el por \
    favor gracias il grazie de het optie";
const ORDINALS: &[&str] = &[
    "1 one first 1st eins erste ersten erstes premier première un primera primero uno prima primo eerste een",
    "2 two second 2nd zwei zweite zweiten zweites deux deuxième dos segunda segundo due seconda secondo twee tweede",
    "3 three third 3rd drei dritte dritten drittes trois troisième tres tercera tercero tre terza terzo drie derde",
    "4 four fourth 4th vier vierte quatre cuatro quattro",
];
const LAST: &str = "last letzte letzten letztes dernier dernière última ultima ultimo laatste";
/// Numbers that are also articles: they count only where no other number is told.
const VAGUE: &str = "one un een";

fn is(word: &str, list: &str) -> bool {
    list.split(' ').any(|known| known == word)
}

/// Yes or no, if that is all that was said.
pub fn yes_or_no(message: &str) -> Option<bool> {
    let words = words(message);
    let (first, rest) = words.split_first()?;
    if words.len() > WORDS {
        return None;
    }
    let with = |list: &str| rest.iter().all(|word| is(word, FILLER) || is(word, list));
    if is(first, NO) || is(first, NONE) {
        return with(NO).then_some(false);
    }
    (is(first, YES) && with(YES)).then_some(true)
}

/// What was picked among some choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// The choice with this index.
    One(usize),
    /// None of them.
    None,
    /// No, and nothing else.
    No,
}

/// Reads a reply to numbered choices. The number after the last choice means none.
pub fn pick(message: &str, choices: &[&str]) -> Option<Pick> {
    let words = words(message);
    if words.is_empty() || choices.is_empty() {
        return None;
    }
    let plain = words.join(" ");
    if let Some(index) = choices.iter().position(|choice| text::words(choice).join(" ") == plain) {
        return Some(Pick::One(index));
    }
    if words.len() > WORDS {
        return None;
    }
    if let Some(pick) = by_number(&words, choices.len()) {
        return Some(pick);
    }
    let (none, no) = (words.iter().any(|word| is(word, NONE)), is(&words[0], NO));
    if (none || no) && words.iter().all(|word| is(word, NONE) || is(word, NO) || is(word, FILLER)) {
        return Some(if none { Pick::None } else { Pick::No });
    }
    if choices.len() == 1 && yes_or_no(message) == Some(true) {
        return Some(Pick::One(0));
    }
    by_word(&words, choices)
}

fn by_number(words: &[String], choices: usize) -> Option<Pick> {
    let mut numbers = Vec::new();
    for word in words {
        if let Some(place) = ORDINALS.iter().position(|names| is(word, names)) {
            numbers.push((place, is(word, VAGUE)));
        } else if is(word, LAST) {
            numbers.push((choices - 1, false));
        } else if !is(word, FILLER) {
            return None;
        }
    }
    if numbers.len() > 1 {
        numbers.retain(|(_, vague)| !vague);
    }
    match numbers.as_slice() {
        [(place, _)] if *place < choices => Some(Pick::One(*place)),
        [(place, _)] if *place == choices => Some(Pick::None),
        _ => None,
    }
}

/// The choice that has more of the words than every other, and at least half of them.
fn by_word(words: &[String], choices: &[&str]) -> Option<Pick> {
    let told: Vec<&String> = words.iter().filter(|word| word.chars().count() > 2 && !is(word, FILLER)).collect();
    let counts: Vec<usize> = choices
        .iter()
        .map(|choice| {
            let own = text::words(choice);
            told.iter().filter(|word| own.iter().any(|other| same(word, other))).count()
        })
        .collect();
    let best = counts.iter().max().copied().unwrap_or(0);
    if best == 0 || best * 2 < told.len() || counts.iter().filter(|count| **count == best).count() != 1 {
        return None;
    }
    counts.iter().position(|count| *count == best).map(Pick::One)
}

/// The same word, or nearly: one slip in a word of five letters or more, or another ending.
fn same(word: &str, other: &str) -> bool {
    word == other
        || word.chars().count() >= 5
            && (strsim::damerau_levenshtein(word, other) <= 1
                || other.starts_with(word)
                || other.chars().count() >= 5 && word.starts_with(other))
}

fn words(message: &str) -> Vec<String> {
    let head = text::head(message, 500);
    let words = text::words(head);
    if words.is_empty() {
        // Thumbs have no letters; what comes after the first sign is a colour.
        return head.split_whitespace().map(|word| word.chars().take(1).collect()).collect();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHOICES: &[&str] = &["Track a parcel", "Change the delivery address", "Return a parcel"];

    #[test]
    fn picks_by_number_word_and_none() {
        for (reply, wanted) in [
            ("1", Some(Pick::One(0))),
            ("2.", Some(Pick::One(1))),
            ("#3", Some(Pick::One(2))),
            ("number two please", Some(Pick::One(1))),
            ("the second one", Some(Pick::One(1))),
            ("the last", Some(Pick::One(2))),
            ("die erste", Some(Pick::One(0))),
            ("3️⃣", Some(Pick::One(2))),
            ("address", Some(Pick::One(1))),
            ("return", Some(Pick::One(2))),
            ("Return a parcel", Some(Pick::One(2))),
            ("retrun", Some(Pick::One(2))),
            ("parcel", None),
            ("4", Some(Pick::None)),
            ("none", Some(Pick::None)),
            ("none of these", Some(Pick::None)),
            ("no", Some(Pick::No)),
            ("no thanks", Some(Pick::No)),
            ("no, none of them", Some(Pick::None)),
            ("keines davon", Some(Pick::None)),
            ("7", None),
            ("where can I buy stamps", None),
            ("", None),
        ] {
            assert_eq!(pick(reply, CHOICES), wanted, "{reply}");
        }
        assert_eq!(pick("yes", &["One thing"]), Some(Pick::One(0)));
    }

    #[test]
    fn yes_and_no() {
        for yes in ["yes", "Yes please!", "ja gern", "sure", "ok", "oui", "sí", "👍", "yes, a person please"] {
            assert_eq!(yes_or_no(yes), Some(true), "{yes}");
        }
        for no in ["no", "No, thanks", "nein danke", "nope", "non merci"] {
            assert_eq!(yes_or_no(no), Some(false), "{no}");
        }
        for other in ["", "where is my parcel", "no parcel has arrived since monday", "yes but where is it now then"] {
            assert_eq!(yes_or_no(other), None, "{other}");
        }
    }
}
