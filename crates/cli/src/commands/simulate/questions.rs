//! Questions with their right answers, from a TSV file: `text<TAB>label`, one a line.

use std::path::Path;

use anyhow::{Context, bail};

use crate::exit::Failure;

/// A question, and the label of its right answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What the customer asks.
    pub text: String,
    /// The answer that is right.
    pub label: String,
}

/// Reads a file. Empty lines are skipped; any other line that is not `text<TAB>label` is an error with its number.
pub fn read(file: &Path) -> Result<Vec<Question>, Failure> {
    let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display())).map_err(Failure::usage)?;
    parse(&bytes)
        .with_context(|| file.display().to_string())
        .map_err(|error| Failure::usage(error).hint("each line is a question, a tab, and the label of its answer"))
}

fn parse(bytes: &[u8]) -> anyhow::Result<Vec<Question>> {
    let mut questions = Vec::new();
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let number = number + 1;
        let line =
            std::str::from_utf8(line).with_context(|| format!("line {number} is not UTF-8"))?.trim_end_matches('\r');
        if line.trim().is_empty() {
            continue;
        }
        match line.split_once('\t') {
            Some((text, label)) if !text.trim().is_empty() && !label.trim().is_empty() && !label.contains('\t') => {
                questions.push(Question { text: text.to_owned(), label: label.to_owned() });
            }
            _ => bail!("line {number} is not `text<TAB>label`"),
        }
    }
    if questions.is_empty() {
        bail!("there is no question in it");
    }
    Ok(questions)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn lines_are_text_and_label() {
        let questions = parse("how?\tlabel\r\n\nwhy not?\tother".as_bytes()).unwrap();
        assert_eq!(questions.len(), 2);
        assert_eq!((questions[0].text.as_str(), questions[1].label.as_str()), ("how?", "other"));
    }

    #[test]
    fn a_wrong_line_is_named_by_its_number() {
        for wrong in ["a\tb\nno tab here", "a\tb\nx\ty\tz", "a\tb\n\tlabel"] {
            assert!(parse(wrong.as_bytes()).unwrap_err().to_string().contains("line 2"), "{wrong:?}");
        }
        assert!(parse(b"\n\n").is_err());
        assert!(parse(b"a\tb\n\xff\tc").unwrap_err().to_string().contains("line 2"));
    }
}
