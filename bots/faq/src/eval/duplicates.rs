//! Questions of different answers that are the same, or nearly: the matcher cannot tell these answers apart, nor could a person.

use std::collections::{BTreeSet, HashMap};

use crate::matcher::{Example, Scratch, plain};

use super::Pair;

/// Questions that share this much of their words are near.
const NEAR: f64 = 0.75;
/// A word that more questions have does not bring two of them together.
const COMMON: usize = 200;
/// Words by which a question looks for its like: its rarest.
const RAREST: usize = 3;

/// Pairs of questions of different answers: those that read the same, and those that nearly do, nearest first.
pub(super) fn find(examples: &[Example<'_>]) -> (Vec<Pair>, Vec<Pair>) {
    let mut scratch = Scratch::default();
    let words: Vec<BTreeSet<String>> =
        examples.iter().map(|example| words(&plain(example.text, &mut scratch))).collect();
    let mut with: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, words) in words.iter().enumerate() {
        for word in words {
            with.entry(word).or_default().push(index);
        }
    }
    let (mut same, mut near) = (Vec::new(), Vec::new());
    for (index, own) in words.iter().enumerate() {
        let mut rarest: Vec<&Vec<usize>> = own.iter().filter_map(|word| with.get(word.as_str())).collect();
        rarest.sort_by_key(|list| list.len());
        let others =
            rarest.iter().take(RAREST).filter(|list| list.len() <= COMMON).flat_map(|list| list.iter().copied());
        let others: BTreeSet<usize> = others.filter(|other| *other > index).collect();
        for other in others.into_iter().filter(|other| examples[*other].answer != examples[index].answer) {
            let shared = own.intersection(&words[other]).count();
            let likeness = shared as f64 / (own.len() + words[other].len() - shared) as f64;
            if likeness >= NEAR {
                let pair = Pair {
                    question: examples[index].text.to_owned(),
                    answer: examples[index].answer.to_owned(),
                    other_question: examples[other].text.to_owned(),
                    other_answer: examples[other].answer.to_owned(),
                    likeness,
                };
                if likeness >= 1.0 { same.push(pair) } else { near.push(pair) }
            }
        }
    }
    near.sort_by(|one, other| other.likeness.total_cmp(&one.likeness));
    (same, near)
}

/// Words, or characters of scripts that are written without spaces.
fn words(plain: &str) -> BTreeSet<String> {
    let is_unspaced = |character: char| u32::from(character) >= 0x2E80 && !('가'..='힣').contains(&character);
    let mut words = BTreeSet::new();
    for word in plain.split(' ').filter(|word| !word.is_empty()) {
        if word.chars().any(is_unspaced) {
            words.extend(word.chars().map(String::from));
        } else {
            words.insert(word.to_owned());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_and_the_nearly_same_are_told_apart() {
        let examples = [
            Example::new("Where is my parcel?", "track"),
            Example::new("hello, where is my parcel", "lost"),
            Example::new("how can i change my address now", "address"),
            Example::new("how can i change my address", "move"),
            Example::new("信用卡丢了怎么办", "card"),
            Example::new("信用卡丢了怎么办呢", "lost"),
            Example::new("something else", "track"),
            Example::new("where is my parcel", "track"),
        ];
        let (same, near) = find(&examples);
        assert_eq!(same.iter().map(|pair| pair.other_answer.as_str()).collect::<Vec<_>>(), ["lost", "track"]);
        assert_eq!(near.len(), 2);
        assert!(near.iter().all(|pair| pair.likeness < 1.0 && pair.answer != pair.other_answer));
    }
}
