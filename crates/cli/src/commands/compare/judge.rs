//! Whether two answers are the same, alike, or something else.

use attendant::{Comparison, Next};
use serde::Serialize;

/// What a comparison comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The same words.
    Same,
    /// Nearly the same words.
    Alike,
    /// Other words.
    Different,
    /// The bot would have handed over or ended the chat without a word.
    LeftIt,
    /// The bot had nothing to say.
    BotSilent,
    /// The bot failed.
    BotFailed,
    /// The person said nothing before the customer went on.
    PersonSilent,
}

impl Verdict {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Same => "the same words",
            Self::Alike => "alike",
            Self::Different => "different",
            Self::LeftIt => "the bot would have left it to others",
            Self::BotSilent => "the bot had no words",
            Self::BotFailed => "the bot failed",
            Self::PersonSilent => "the person said nothing",
        }
    }
}

/// The verdict, and how alike the words are where both said something.
pub fn judge(comparison: &Comparison, alike: f64) -> (Verdict, Option<f64>) {
    if comparison.failed.is_some() {
        return (Verdict::BotFailed, None);
    }
    let (bot, person) = (plain(&comparison.bot), plain(&comparison.person));
    if bot.is_empty() {
        let leaves = matches!(comparison.next, Next::HandOff(_) | Next::Finish { .. });
        return (if leaves { Verdict::LeftIt } else { Verdict::BotSilent }, None);
    }
    if person.is_empty() {
        return (Verdict::PersonSilent, None);
    }
    let likeness = strsim::sorensen_dice(&bot, &person);
    let verdict = if bot == person {
        Verdict::Same
    } else if likeness >= alike {
        Verdict::Alike
    } else {
        Verdict::Different
    };
    (verdict, Some(likeness))
}

/// Letters and digits in small, and one space between words. Words of nothing but signs (a smiley) stay as they are.
fn plain(lines: &[String]) -> String {
    let text = lines.join(" ").to_lowercase();
    let letters: String = text.chars().map(|char| if char.is_alphanumeric() { char } else { ' ' }).collect();
    let kept = if letters.trim().is_empty() { text } else { letters };
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use attendant::Handoff;

    use super::*;

    fn comparison(bot: &[&str], person: &[&str]) -> Comparison {
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        Comparison {
            interaction: "A1".into(),
            at: 0,
            asked: vec!["how much?".into()],
            bot: lines(bot),
            next: Next::Listen,
            failed: None,
            person: lines(person),
        }
    }

    fn verdict(bot: &[&str], person: &[&str]) -> Verdict {
        judge(&comparison(bot, person), 0.7).0
    }

    #[test]
    fn case_signs_and_lines_do_not_count_and_words_do() {
        assert_eq!(verdict(&["Five euros."], &["five  euros"]), Verdict::Same);
        assert_eq!(verdict(&["Five", "euros"], &["Five euros!"]), Verdict::Same);
        assert_eq!(verdict(&["It is five euros."], &["It's five euros, Ada."]), Verdict::Alike);
        assert_eq!(verdict(&["It is five euros."], &["We open at nine."]), Verdict::Different);
        assert_eq!(verdict(&["Fünf €"], &["fünf"]), Verdict::Same);
        assert_eq!(verdict(&[":-)"], &[":-)"]), Verdict::Same);
        assert_eq!(verdict(&["5"], &["6"]), Verdict::Different);
    }

    #[test]
    fn who_says_nothing_is_told_apart() {
        assert_eq!(verdict(&["Five."], &[]), Verdict::PersonSilent);
        assert_eq!(verdict(&[], &["Five."]), Verdict::BotSilent);
        let mut leaves = comparison(&[], &["I have it."]);
        leaves.next = Next::HandOff(Handoff::to_skill("service"));
        assert_eq!(judge(&leaves, 0.7), (Verdict::LeftIt, None));
        leaves.failed = Some("it panicked".into());
        assert_eq!(judge(&leaves, 0.7), (Verdict::BotFailed, None));
    }
}
