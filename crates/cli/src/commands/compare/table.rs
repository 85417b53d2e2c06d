//! Comparisons for people: the bot's words on the left, the person's on the right.

use std::fmt::Write as _;

use attendant::Next;

use super::judge::Verdict;
use super::{Counts, Judged};
use crate::output::{self, BAD, GOOD, HEADING, NAME, QUIET};

/// As wide as most screens are, so that what is kept in a file looks the same.
pub const WIDTH: usize = 100;

/// One comparison.
pub fn side_by_side(one: &Judged<'_>, width: usize) -> String {
    let colour = match one.verdict {
        Verdict::Same | Verdict::Alike => GOOD,
        Verdict::Different | Verdict::BotFailed => BAD,
        _ => QUIET,
    };
    let alike = one.likeness.map(|likeness| format!(", {:.0} % alike", likeness * 100.0)).unwrap_or_default();
    let alike = if one.verdict == Verdict::Same { String::new() } else { alike };
    let comparison = one.comparison;
    let mut text = format!(
        "{NAME}{}{NAME:#} {QUIET}line {}{QUIET:#}  {colour}{}{alike}{colour:#}\n",
        comparison.interaction,
        one.line,
        one.verdict.words()
    );
    for line in wrap(&comparison.asked.join("\n"), width - 4) {
        let _ = writeln!(text, "  {QUIET}>{QUIET:#} {line}");
    }
    let column = (width - 7) / 2;
    let mut bot: Vec<String> = wrap(&comparison.bot.join("\n"), column);
    bot.extend(comparison.failed.iter().flat_map(|why| wrap(&format!("({why})"), column)));
    bot.extend(does(&comparison.next).iter().flat_map(|what| wrap(&format!("({what})"), column)));
    let person = wrap(&comparison.person.join("\n"), column);
    let rows = bot.len().max(person.len()).max(1);
    let _ = writeln!(text, "  {HEADING}{}{HEADING:#} │ {HEADING}person{HEADING:#}", pad("bot", column));
    for row in 0..rows {
        let (left, right) = (bot.get(row).map_or("", String::as_str), person.get(row).map_or("", String::as_str));
        let _ = writeln!(text, "  {} │ {right}", pad(left, column));
    }
    text
}

/// What was counted.
pub fn summary(counts: &Counts) -> String {
    if counts.comparisons == 0 {
        return "There is no comparison in it yet: no customer has spoken to a bot in draft or shadow mode.".to_owned();
    }
    let row = |name: &str, count: usize, of: usize| {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let share = if of == 0 { String::new() } else { format!("{:.1} %", 100.0 * count as f64 / of as f64) };
        (name.to_owned(), count.to_string(), share)
    };
    let both = counts.both;
    let mut rows = vec![
        row("comparisons", counts.comparisons, 0),
        row("both said something", both, counts.comparisons),
        row("  the same words", counts.same, both),
        row("  alike", counts.alike, both),
        row("  different", counts.different, both),
    ];
    for (verdict, count) in [
        (Verdict::LeftIt, counts.left_it),
        (Verdict::BotSilent, counts.bot_silent),
        (Verdict::BotFailed, counts.bot_failed),
        (Verdict::PersonSilent, counts.person_silent),
    ] {
        rows.push(row(verdict.words(), count, counts.comparisons));
    }
    output::table(&rows)
}

fn does(next: &Next) -> Option<String> {
    match next {
        Next::HandOff(handoff) => Some(match &handoff.rule {
            Some(rule) => format!("would hand over, rule {rule}"),
            None => "would hand over".to_owned(),
        }),
        Next::Finish { disposition } => Some(format!("would end the chat as {disposition}")),
        _ => None,
    }
}

fn pad(text: &str, width: usize) -> String {
    let gap = width.saturating_sub(textwrap::core::display_width(text));
    format!("{text}{}", " ".repeat(gap))
}

/// Breaks text into lines of at most so many columns. Signs that would move the cursor are left out: the words are a
/// customer's.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let options = textwrap::Options::new(width).word_splitter(textwrap::WordSplitter::NoHyphenation);
    text.lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .map(|line| line.chars().filter(|char| !char.is_control()).collect::<String>())
        .filter(|line| !line.is_empty())
        .flat_map(|line| textwrap::wrap(&line, &options).into_iter().map(String::from).collect::<Vec<_>>())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_look() {
        assert_eq!(pad("営業", 6), "営業  ");
        assert_eq!(pad("Öl", 4), "Öl  ");
    }

    #[test]
    fn lines_are_broken_at_words_and_long_words_where_they_must() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("incomprehensible", 6), ["incomp", "rehens", "ible"]);
        assert_eq!(wrap("a\n\nb", 6), ["a", "b"]);
        assert_eq!(wrap("  ", 6), Vec::<String>::new());
        assert_eq!(wrap("営業時間は九時", 6), ["営業時", "間は九", "時"], "each sign is two columns wide");
        assert_eq!(wrap("red \u{1b}[31malert", 40), ["red [31malert"]);
    }
}
