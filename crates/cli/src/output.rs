//! What the commands print: results on standard output, progress and failures on standard error. Colours go away by
//! themselves when the output is piped or `NO_COLOR` is set.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use textwrap::core::display_width;

use crate::exit::Failure;

/// Bold, for headings.
pub const HEADING: Style = Style::new().bold();
/// Green, for what is well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Red, for what is not.
pub const BAD: Style = AnsiColor::Red.on_default();
/// Cyan, for addresses and names.
pub const NAME: Style = AnsiColor::Cyan.on_default();
/// Dim, for what can be skipped.
pub const QUIET: Style = Style::new().dimmed();

/// Writes a line to standard output. A closed pipe is an error that the caller passes on.
pub fn line(text: impl AsRef<str>) -> io::Result<()> {
    writeln!(anstream::stdout().lock(), "{}", text.as_ref())
}

/// Writes a remark to standard error. Nothing is left to do where that is closed.
pub fn remark(text: impl AsRef<str>) {
    let _ = writeln!(anstream::stderr().lock(), "{}", text.as_ref());
}

/// Writes a value to standard output as JSON.
pub fn json(value: &impl serde::Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
    line(text)
}

/// A table: a name, a value, and perhaps a remark, aligned.
pub fn table(rows: &[(String, String, String)]) -> String {
    let name = rows.iter().map(|row| display_width(&row.0)).max().unwrap_or(0);
    let value = rows.iter().map(|row| display_width(&row.1)).max().unwrap_or(0);
    let mut text = String::new();
    for (left, middle, right) in rows {
        let gap = " ".repeat(name - display_width(left));
        let pad = " ".repeat(value - display_width(middle));
        let _ = writeln!(text, "  {left}{gap}  {pad}{middle}  {QUIET}{right}{QUIET:#}");
    }
    text
}

/// A progress bar on standard error; invisible when standard error is not a terminal or `quiet` is set.
pub fn progress(length: u64, what: &str, quiet: bool) -> ProgressBar {
    let target =
        if quiet || !io::stderr().is_terminal() { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(length), target);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}") {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Tells of a failure on standard error: what happened, why, and what to do.
pub fn failure(failure: &Failure) {
    let mut text = String::new();
    let mut causes = failure.error.chain();
    if let Some(first) = causes.next() {
        let _ = writeln!(text, "{BAD}error{BAD:#}: {first}");
    }
    for cause in causes {
        let _ = writeln!(text, "  because: {cause}");
    }
    if let Some(hint) = &failure.hint {
        let _ = writeln!(text, "{GOOD}hint{GOOD:#}: {hint}");
    }
    // Nothing is left to tell it to when standard error is closed.
    let _ = anstream::stderr().write_all(text.as_bytes());
}
