//! What the customer is told. Placeholders: `{wait}`, `{place}`, `{hours}`, `{number}`. What stands in square brackets is
//! left out when a placeholder in it is not known.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Words {
    /// A handoff is put off.
    pub put_off: String,
    /// A call-back is offered, after other words.
    pub offer_call_back: String,
    /// Nobody is signed in.
    pub nobody: String,
    /// An unsure bot hands over.
    pub early: String,
    /// A handoff happens, and there is a wait.
    pub wait: String,
    /// The bot waits along.
    pub line: String,
    /// It still does, and something has changed.
    pub line_news: String,
    /// A call-back is noted.
    pub call_back_noted: String,
    /// `{wait}` of up to one minute.
    pub minute: String,
    /// `{wait}` of more; `{n}` is the number.
    pub minutes: String,
}

impl Default for Words {
    fn default() -> Self {
        let words = |words: &str| words.to_owned();
        Self {
            put_off: words(
                "All my colleagues are busy right now[; the wait would be about {wait}]. Tell me a little more, and I try again.",
            ),
            offer_call_back: words("Or write your telephone number here, and a colleague calls you back."),
            nobody: words("No colleague is here at the moment[. You can reach them {hours}]. You can go on asking me."),
            early: words("I am not sure about this one, so I get a colleague for you."),
            wait: words("[It will take about {wait} until somebody is free.]"),
            line: words(
                "All my colleagues are busy right now. I stay here with you until somebody is free[; you are number {place} in the line][, and it takes about {wait}].",
            ),
            line_news: words("Still here with you[: you are number {place} now][, and it takes about {wait}]."),
            call_back_noted: words("Thank you. A colleague calls you back at {number}[, {hours}]."),
            minute: words("a minute"),
            minutes: words("{n} minutes"),
        }
    }
}

/// What can be filled in.
#[derive(Debug, Clone, Default)]
pub struct Facts<'a> {
    /// How long it takes.
    pub wait: Option<Duration>,
    /// The place in the line, from 1.
    pub place: Option<usize>,
    /// When people are there.
    pub hours: Option<&'a str>,
    /// The customer's number.
    pub number: Option<&'a str>,
}

impl Words {
    /// Fills one of the texts. A placeholder outside brackets that is not known becomes nothing.
    pub fn fill(&self, text: &str, facts: &Facts<'_>) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('[') {
            filled.push_str(&self.replace(before, facts).0);
            let (inside, after) = after.split_once(']').unwrap_or((after, ""));
            let (inside, whole) = self.replace(inside, facts);
            if whole {
                filled.push_str(&inside);
            }
            rest = after;
        }
        filled.push_str(&self.replace(rest, facts).0);
        filled.trim().to_owned()
    }

    /// The text, and whether all of it was known.
    fn replace(&self, text: &str, facts: &Facts<'_>) -> (String, bool) {
        let mut text = text.to_owned();
        let mut whole = true;
        for (name, value) in [
            ("{wait}", facts.wait.map(|wait| self.spell(wait))),
            ("{place}", facts.place.map(|place| place.to_string())),
            ("{hours}", facts.hours.map(str::to_owned)),
            ("{number}", facts.number.map(str::to_owned)),
        ] {
            if text.contains(name) {
                whole &= value.is_some();
                text = text.replace(name, &value.unwrap_or_default());
            }
        }
        (text, whole)
    }

    fn spell(&self, wait: Duration) -> String {
        match minutes(wait) {
            1 => self.minute.clone(),
            count => self.minutes.replace("{n}", &count.to_string()),
        }
    }
}

/// A wait as it is told: whole minutes, at least one; from ten on in steps of five, for nobody can know better.
pub fn minutes(wait: Duration) -> u64 {
    let minutes = wait.as_secs().div_ceil(60).max(1);
    if minutes <= 10 { minutes } else { minutes.div_ceil(5) * 5 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handoff::number_in;

    #[test]
    fn what_is_not_known_is_left_out() {
        let words = Words::default();
        let facts = Facts { wait: Some(Duration::from_secs(150)), ..Facts::default() };
        assert_eq!(words.fill("Busy[; about {wait}].", &facts), "Busy; about 3 minutes.");
        assert_eq!(words.fill("Busy[; about {wait}].", &Facts::default()), "Busy.");
        assert_eq!(words.fill("a[{place}][ {wait}] b", &facts), "a 3 minutes b");
        assert_eq!(words.fill("open [", &facts), "open");
        for text in [&words.put_off, &words.nobody, &words.line, &words.line_news] {
            let said = words.fill(text, &Facts::default());
            assert!(!said.contains(['{', '[', ']']) && said.ends_with('.'), "{said}");
        }
    }

    #[test]
    fn waits_are_told_in_round_minutes() {
        let told: Vec<_> = [0, 60, 61, 600, 601, 1000].map(|secs| minutes(Duration::from_secs(secs))).into();
        assert_eq!(told, [1, 1, 2, 10, 15, 20]);
    }

    #[test]
    fn numbers_are_found_among_words() {
        for (text, number) in [
            ("call me at +49 (30) 123-4567 please", Some("+49 (30) 123-4567")),
            ("030/1234567", Some("030/1234567")),
            ("my number is 5551234.", Some("5551234")),
            ("order 12345", None),
            ("in 2 days or 3", None),
            ("", None),
        ] {
            assert_eq!(number_in(text).as_deref(), number, "{text}");
        }
    }
}
