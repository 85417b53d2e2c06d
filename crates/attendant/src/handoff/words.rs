//! What the customer is told while somebody is looked for, with what the platform tells of the wait.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Words that are said again and again while a choice of a handoff is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meanwhile {
    /// With `{place}` and `{minutes}` where they are wanted, and square brackets round what only makes sense with them.
    pub words: String,
    /// How often.
    pub every: Duration,
}

/// What is known of the wait for a person. Whatever is not known is left out of the words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// The customer's place in the queue, from 1.
    pub place: Option<u32>,
    /// How long it will probably take.
    pub wait: Option<Duration>,
}

impl Waiting {
    /// Words with what is known put in.
    pub(crate) fn fill(&self, words: &str) -> String {
        let place = self.place.map(|place| place.to_string());
        let minutes = self.wait.map(|wait| wait.as_secs().div_ceil(60).max(1).to_string());
        fill(words, &[("place", place.as_deref()), ("minutes", minutes.as_deref())])
    }
}

/// Puts values in for `{key}`. A part in square brackets that has a key without a value is left out as a whole; brackets
/// without a key in them are the author's own.
pub(crate) fn fill(words: &str, values: &[(&str, Option<&str>)]) -> String {
    let mut filled = String::with_capacity(words.len());
    let mut rest = words;
    while let Some((before, after)) = rest.split_once('[') {
        let Some((part, later)) = after.split_once(']') else { break };
        filled.push_str(&replace(before, values));
        let used: Vec<_> = values.iter().filter(|(key, _)| part.contains(&format!("{{{key}}}"))).collect();
        if used.is_empty() {
            filled.push('[');
            filled.push_str(part);
            filled.push(']');
        } else if used.iter().all(|(_, value)| value.is_some()) {
            filled.push_str(&replace(part, values));
        }
        rest = later;
    }
    filled.push_str(&replace(rest, values));
    filled.trim().to_owned()
}

fn replace(words: &str, values: &[(&str, Option<&str>)]) -> String {
    // One pass, so that a value that looks like a key is not replaced in its turn.
    let mut replaced = String::with_capacity(words.len());
    let mut rest = words;
    while let Some(open) = rest.find('{') {
        let (before, from) = rest.split_at(open);
        replaced.push_str(before);
        let key = from[1..].split_once('}').map(|(key, _)| key);
        if let Some((name, value)) = key.and_then(|key| values.iter().find(|(name, _)| *name == key)) {
            replaced.push_str(value.unwrap_or_default());
            rest = &from[name.len() + 2..];
        } else {
            replaced.push('{');
            rest = &from[1..];
        }
    }
    replaced.push_str(rest);
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &str = "Still looking.[ You are number {place}.][ About {minutes} min.]";

    #[test]
    fn what_is_not_known_is_left_out() {
        let told = |place, seconds: Option<u64>| Waiting { place, wait: seconds.map(Duration::from_secs) }.fill(WORDS);
        assert_eq!(told(None, None), "Still looking.");
        assert_eq!(told(Some(3), None), "Still looking. You are number 3.");
        assert_eq!(told(Some(3), Some(61)), "Still looking. You are number 3. About 2 min.");
        assert_eq!(told(None, Some(0)), "Still looking. About 1 min.");
    }

    #[test]
    fn what_is_not_a_key_stays_as_it_is() {
        assert_eq!(fill("[sic] {what} {name} [a", &[("name", Some("{name}"))]), "[sic] {what} {name} [a");
        assert_eq!(fill("{name} is here", &[("name", None)]), "is here");
    }
}
