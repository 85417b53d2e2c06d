//! The note for the person who takes over: why, what was asked, what was answered, and how sure the bot was.

use std::fmt::Write as _;

use super::memory::{Memory, Outcome};
use crate::text;

/// Longest note, in bytes: a platform's message has room for it.
const NOTE: usize = 3_000;
/// How many of the last questions are told.
const TOLD: usize = 10;

/// Writes the note. `why` completes "Handed over because …".
pub fn write(why: &str, memory: &Memory) -> String {
    let mut note = format!("Handed over because {why}.");
    if let Some(language) = &memory.language {
        let _ = write!(note, " Language: {language}.");
    }
    if memory.asked.is_empty() {
        note.push_str("\nNothing was asked before.");
    }
    let left_out = memory.asked.len().saturating_sub(TOLD);
    if left_out > 0 {
        let _ = write!(note, "\n({left_out} earlier questions are left out.)");
    }
    for (number, asked) in memory.asked.iter().enumerate().skip(left_out) {
        let _ = write!(note, "\n{}. \"{}\" → ", number + 1, asked.question);
        let sure = (asked.score * 100.0).round();
        let _ = match (asked.outcome, &asked.answer) {
            (Outcome::Answered, Some(answer)) => write!(note, "answered with {answer} ({sure} % sure)"),
            (Outcome::Picked, Some(answer)) => write!(note, "the customer picked {answer}"),
            (Outcome::Offered, Some(answer)) => {
                write!(note, "offered choices, the nearest was {answer} ({sure} % sure)")
            }
            (Outcome::NotHandled, _) => write!(note, "told that the bot does not handle this"),
            (Outcome::LeftToPerson, Some(answer)) => write!(note, "left to a person ({answer})"),
            (Outcome::NotUnderstood, Some(answer)) => {
                write!(note, "not understood, the nearest was {answer} ({sure} % sure)")
            }
            (Outcome::Unreadable, _) => write!(note, "could not be read"),
            (_, _) => write!(note, "not understood"),
        };
    }
    text::head(&note, NOTE).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_was_asked_and_how_sure_and_stays_short() {
        let mut memory = Memory::default();
        memory.keep("where is\nit?", Outcome::Answered, Some("track"), 0.934);
        memory.keep("hmm", Outcome::NotUnderstood, None, 0.0);
        let note = write("the customer asked for a person", &memory);
        assert!(note.contains("1. \"where is it?\" → answered with track (93 % sure)"), "{note}");
        assert!(note.contains("2. \"hmm\" → not understood"), "{note}");
        for _ in 0..100 {
            memory.keep(&"ä".repeat(5_000), Outcome::Answered, Some("x"), 0.5);
        }
        assert!(write("of x", &memory).len() <= NOTE);
    }
}
