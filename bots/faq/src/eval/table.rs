//! A report as text for a terminal, and as JSON.

use std::fmt::{self, Write as _};

use super::Report;

/// Lists in the terminal are shorter than on the page.
const SHOWN: usize = 10;

impl Report {
    /// The report as JSON, with every figure and list.
    ///
    /// # Errors
    /// None that is known: a report has nothing that JSON cannot hold.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }

    /// The report as text.
    pub fn table(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        let inside = &self.in_scope;
        writeln!(out, "{} answers, {} example questions, method {}", self.answers, self.examples, self.method_name())?;
        writeln!(out, "tested by {}: {} questions in scope", self.source, inside.questions)?;
        writeln!(
            out,
            "thresholds: answer from {:.2}, choices from {:.2}\n",
            self.thresholds.answer, self.thresholds.suggest
        )?;
        for (label, value) in [
            ("best answer is right", inside.accuracy),
            ("right answer is among the best three", inside.accuracy_of_three),
            ("answered, rightly", inside.answered_right),
            ("answered, wrongly", inside.answered_wrong),
            ("choices offered, the right one among them", inside.offered_right),
            ("choices offered, all wrong", inside.offered_wrong),
            ("left to a person", inside.left),
        ] {
            writeln!(out, "  {label:<44}{value:>6.1} %")?;
        }
        if let Some(outside) = &self.out_of_scope {
            writeln!(out, "\n{} questions out of scope", outside.questions)?;
            for (label, value) in [
                ("not answered, as it should be (recall)", outside.recall),
                ("of all not answered, out of scope (precision)", outside.precision),
                ("told apart from those in scope (AUROC)", outside.auroc),
            ] {
                writeln!(out, "  {label:<46}{value:>4.1} %")?;
            }
        }
        writeln!(out, "\nthreshold   right   wrong   out of scope answered")?;
        for point in self.curve.iter().step_by(10) {
            let outside = point.out_of_scope.map_or_else(|| "-".to_owned(), |share| format!("{share:.1} %"));
            writeln!(out, "     {:.2}  {:>5.1} %  {:>5.1} %  {outside:>8}", point.threshold, point.right, point.wrong)?;
        }
        section(out, "Answers given in the place of others", &self.confusions, |confusion| {
            let questions = confusion.questions.join("” “");
            format!("{:>3} × {} instead of {}: “{questions}”", confusion.count, confusion.found, confusion.expected)
        })?;
        let weak: Vec<_> = self.by_answer.iter().filter(|answer| answer.accuracy < 80.0).collect();
        section(out, "Answers that are often missed", &weak, |answer| {
            format!("{:>5.1} % of {:>3}  {}", answer.accuracy, answer.questions, answer.answer)
        })?;
        let pair = |pair: &super::Pair| {
            format!("{}: “{}”  {}: “{}”", pair.answer, pair.question, pair.other_answer, pair.other_question)
        };
        section(out, "The same question for different answers", &self.contradictions, pair)?;
        section(out, "Nearly the same question for different answers", &self.near_duplicates, pair)?;
        section(out, "Answers with too few questions", &self.thin, |thin| {
            format!("{:>3}  {}", thin.questions, thin.answer)
        })
    }

    pub(super) fn method_name(&self) -> &'static str {
        match self.method {
            crate::matcher::Method::Network => "network",
            _ => "centroid",
        }
    }
}

fn section<T>(out: &mut String, title: &str, items: &[T], line: impl Fn(&T) -> String) -> fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title} ({})", items.len())?;
    for item in items.iter().take(SHOWN) {
        writeln!(out, "  {}", line(item))?;
    }
    if items.len() > SHOWN { writeln!(out, "  … and {} more", items.len() - SHOWN) } else { Ok(()) }
}
