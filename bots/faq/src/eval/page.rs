//! A report as one page for a browser: no scripts, nothing loaded from elsewhere, light and dark.

use std::fmt::{self, Write as _};

use super::plot::{self, Mark, Plot};
use super::{InScope, Pair, Report};

const STYLE: &str = include_str!("page.css");
/// A part of a bar below this share, in percent, has no room for a figure on a telephone.
const NARROW: f64 = 18.0;
/// Rows of a table before the rest is folded away.
const SHOWN: usize = 8;

/// Text with the characters that mean something in HTML written out.
struct Safe<'t>(&'t str);

impl fmt::Display for Safe<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => out.write_str("&amp;")?,
                '<' => out.write_str("&lt;")?,
                '>' => out.write_str("&gt;")?,
                '"' => out.write_str("&quot;")?,
                '\'' => out.write_str("&#39;")?,
                _ => out.write_char(character)?,
            }
        }
        Ok(())
    }
}

impl Report {
    /// The report as one HTML page, for people who look after a knowledge base.
    pub fn page(&self, title: &str) -> String {
        let mut page = String::with_capacity(64 * 1024);
        // Writing to a string does not fail.
        let _ = self.write_page(&mut page, title);
        page
    }

    fn write_page(&self, out: &mut String, title: &str) -> fmt::Result {
        let title = Safe(title);
        write!(
            out,
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
             <title>{title}</title>\n<style>{STYLE}</style></head><body><main>"
        )?;
        self.headline(out, &title)?;
        self.fate(out)?;
        out.push_str("<div class=\"pair\">");
        self.threshold(out)?;
        self.spread(out)?;
        out.push_str("</div>");
        self.confusions(out)?;
        self.weak(out)?;
        pairs(
            out,
            "The same question, two answers",
            "Nobody can answer these rightly every time. Take each question away from one of its answers, or make one answer of two.",
            &self.contradictions,
        )?;
        pairs(
            out,
            "Nearly the same question, two answers",
            "One different word has to tell these answers apart. Where customers do not use that word, merge the answers or let \
             a follow-up question decide.",
            &self.near_duplicates,
        )?;
        self.thin(out)?;
        writeln!(
            out,
            "<footer class=\"soft small\">{} answers, {} example questions. Tested by {}. Matching method: {}. \
             Answers are given from a score of {:.2}, choices are offered from {:.2}.</footer></main></body></html>",
            self.answers,
            self.examples,
            Safe(&self.source),
            self.method_name(),
            self.thresholds.answer,
            self.thresholds.suggest
        )
    }

    fn headline(&self, out: &mut String, title: &Safe<'_>) -> fmt::Result {
        let InScope { answered_right, answered_wrong, offered_right, .. } = self.in_scope;
        let of_hundred = |share: f64| format!("{share:.0}");
        write!(
            out,
            "<header><p class=\"soft small\">{title}</p><h1>Of 100 questions it should know, the bot answers {} rightly and {} wrongly. \
             For {} more it offers the right choice.</h1>",
            of_hundred(answered_right),
            of_hundred(answered_wrong),
            of_hundred(offered_right)
        )?;
        match &self.out_of_scope {
            Some(outside) => write!(
                out,
                "<p class=\"soft\">Of 100 questions it has no answer for, it keeps from answering {}.</p></header>",
                of_hundred(outside.recall)
            ),
            None => out.write_str(
                "<p class=\"soft\">There were no questions without an answer in the test, so it does not show how well the bot \
                 keeps silent.</p></header>",
            ),
        }
    }

    /// What becomes of a question: one bar, then the figures.
    fn fate(&self, out: &mut String) -> fmt::Result {
        let inside = &self.in_scope;
        let parts = [
            ("right", "right answer", inside.answered_right),
            ("offered", "right choice offered", inside.offered_right),
            ("person", "wrong choices or a person", inside.offered_wrong + inside.left),
            ("wrong", "wrong answer", inside.answered_wrong),
        ];
        out.push_str("<section><h2>What becomes of a question</h2><p class=\"soft small\">Questions that belong to an answer.</p>");
        bar(out, &parts)?;
        if let Some(outside) = &self.out_of_scope {
            let person = 100.0 - outside.offered - (100.0 - outside.recall);
            out.push_str("<p class=\"soft small\">Questions that no answer is for.</p>");
            let parts = [
                ("person", "left to a person", person),
                ("offered", "choices offered", outside.offered),
                ("wrong", "answered, wrongly", 100.0 - outside.recall),
            ];
            bar(out, &parts)?;
        }
        out.push_str("<div class=\"figures\">");
        let mut figures = vec![
            (format!("{:.1} %", inside.accuracy), "best answer is right"),
            (format!("{:.1} %", inside.accuracy_of_three), "right answer among the best three"),
        ];
        if let Some(outside) = &self.out_of_scope {
            figures.push((format!("{:.1} %", outside.recall), "of strange questions not answered (recall)"));
            figures
                .push((format!("{:.1} %", outside.precision), "of the questions not answered are strange (precision)"));
            figures.push((format!("{:.1} %", outside.auroc), "known and strange told apart (AUROC)"));
        }
        figures.push((inside.questions.to_string(), "questions tested"));
        for (figure, what) in figures {
            write!(out, "<div class=\"figure\"><b>{figure}</b><span>{what}</span></div>")?;
        }
        out.push_str("</div></section>");
        Ok(())
    }

    /// The effect of the threshold, as lines.
    fn threshold(&self, out: &mut String) -> fmt::Result {
        out.push_str(
            "<section><h2>If the bot were more careful</h2><p class=\"soft small\">The further to the right the threshold, \
             the surer the bot must be before it answers.</p>",
        );
        let plot = Plot::open(out, 100.0, "share of questions answered", "threshold")?;
        plot.line(out, Mark::Right, self.curve.iter().map(|point| (point.threshold, point.right)))?;
        plot.line(out, Mark::Wrong, self.curve.iter().map(|point| (point.threshold, point.wrong)))?;
        let mut key = vec![(Mark::Right, "right answer"), (Mark::Wrong, "wrong answer")];
        if self.out_of_scope.is_some() {
            key.push((Mark::Outside, "answered though no answer is for it"));
            let outside = self.curve.iter().filter_map(|point| Some((point.threshold, point.out_of_scope?)));
            plot.line(out, Mark::Outside, outside)?;
        }
        Plot::close(out, self.thresholds.answer)?;
        plot::key(out, &key, plot::line_sample)?;
        out.push_str("</section>");
        Ok(())
    }

    /// How the scores are spread, as columns.
    fn spread(&self, out: &mut String) -> fmt::Result {
        out.push_str(
            "<section><h2>How sure the bot is</h2><p class=\"soft small\">Right answers should be far to the right, all others \
             far to the left of the dashed line.</p>",
        );
        let scores = &self.scores;
        let stacked = scores.right.iter().zip(&scores.wrong).map(|(right, wrong)| right + wrong);
        let most = stacked.chain(scores.out_of_scope.iter().copied()).fold(10.0, f64::max);
        let plot = Plot::open(out, (most / 10.0).ceil() * 10.0, "share of questions", "score")?;
        let step = 1.0 / scores.right.len() as f32;
        let wide = if self.out_of_scope.is_some() { 0.5 } else { 0.86 };
        for (index, (right, wrong)) in scores.right.iter().zip(&scores.wrong).enumerate() {
            let from = step * (index as f32 + 0.07);
            plot.column(out, Mark::Right, from, step * wide, 0.0, *right)?;
            plot.column(out, Mark::Wrong, from, step * wide, *right, *wrong)?;
            if self.out_of_scope.is_some() {
                plot.column(out, Mark::Outside, from + step * 0.52, step * 0.34, 0.0, scores.out_of_scope[index])?;
            }
        }
        Plot::close(out, self.thresholds.answer)?;
        let mut key = vec![(Mark::Right, "best answer right"), (Mark::Wrong, "best answer wrong")];
        if self.out_of_scope.is_some() {
            key.push((Mark::Outside, "no answer is for it"));
        }
        plot::key(out, &key, plot::column_sample)?;
        out.push_str("</section>");
        Ok(())
    }

    fn confusions(&self, out: &mut String) -> fmt::Result {
        let rows = self.confusions.iter().map(|confusion| {
            let questions: Vec<String> = confusion.questions.iter().map(|text| format!("“{}”", Safe(text))).collect();
            [confusion.count.to_string(), code(&confusion.expected), code(&confusion.found), questions.join("<br>")]
        });
        let columns = [("times", Align::Number), ("right answer", Align::Text), ("came first", Align::Text), EXAMPLES];
        let advice = "The most frequent first. Give the right answer questions like these, or ask whether customers see two answers here at all.";
        list(out, "Mixed up", advice, columns, rows)
    }

    fn weak(&self, out: &mut String) -> fmt::Result {
        let weak = self.by_answer.iter().filter(|answer| answer.accuracy < 80.0);
        let rows = weak.map(|answer| {
            let found = format!(
                "<span class=\"found\"><span>{:.0} %</span><span class=\"track\"><span style=\"width:{:.0}%\"></span></span></span>",
                answer.accuracy, answer.accuracy
            );
            [code(&answer.answer), found, answer.questions.to_string()]
        });
        let columns = [("answer", Align::Text), ("found", Align::Text), ("questions tested", Align::Number)];
        list(out, "Often missed", "Answers that were found for fewer than 80 of 100 of their questions.", columns, rows)
    }

    fn thin(&self, out: &mut String) -> fmt::Result {
        let rows = self.thin.iter().map(|thin| [code(&thin.answer), thin.questions.to_string()]);
        let advice = "Five different ways to ask are the least for an answer to be recognised well; ten are better.";
        list(out, "Too few ways to ask", advice, [("answer", Align::Text), ("questions", Align::Number)], rows)
    }
}

fn code(id: &str) -> String {
    format!("<code>{}</code>", Safe(id))
}

fn pairs(out: &mut String, title: &str, advice: &str, pairs: &[Pair]) -> fmt::Result {
    let rows = pairs.iter().map(|pair| {
        let said = |question| format!("“{}”", Safe(question));
        [said(&pair.question), code(&pair.answer), said(&pair.other_question), code(&pair.other_answer)]
    });
    let columns = ["question", "answer", "other question", "other answer"].map(|column| (column, Align::Text));
    list(out, title, advice, columns, rows)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Align {
    Text,
    Number,
}

const EXAMPLES: (&str, Align) = ("for example", Align::Text);

/// A table whose rest is folded away; a line that all is well where there is nothing to show.
fn list<const COLUMNS: usize>(
    out: &mut String,
    title: &str,
    advice: &str,
    columns: [(&str, Align); COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
) -> fmt::Result {
    let class = |align| if align == Align::Number { " class=\"n\"" } else { "" };
    let row = |cells: [String; COLUMNS]| {
        let cells = cells.iter().zip(columns);
        // On a narrow screen each cell stands on a line of its own, with its column's name before it.
        let cells = cells
            .map(|(cell, (name, align))| format!("<td{} data-column=\"{name}\"><div>{cell}</div></td>", class(align)));
        format!("<tr>{}</tr>", cells.collect::<String>())
    };
    let rows: Vec<String> = rows.map(row).collect();
    if rows.is_empty() {
        return write!(out, "<section><h2>{title}</h2><p class=\"small good\">Nothing to do here.</p></section>");
    }
    let head = columns.map(|(name, align)| format!("<th scope=\"col\"{}>{name}</th>", class(align))).concat();
    let table =
        |rows: &[String]| format!("<table><thead><tr>{head}</tr></thead><tbody>{}</tbody></table>", rows.concat());
    let (shown, rest) = rows.split_at(rows.len().min(SHOWN));
    write!(
        out,
        "<section><h2>{title} <span class=\"soft\">({})</span></h2><p class=\"soft small\">{advice}</p>{}",
        rows.len(),
        table(shown)
    )?;
    if !rest.is_empty() {
        write!(out, "<details><summary>{} more</summary>{}</details>", rest.len(), table(rest))?;
    }
    out.push_str("</section>");
    Ok(())
}

/// One bar of parts that make a hundred, with its key. A part too narrow for its figure has it in the key.
fn bar(out: &mut String, parts: &[(&str, &str, f64)]) -> fmt::Result {
    let spoken: Vec<String> = parts.iter().map(|(_, what, share)| format!("{what} {share:.1} %")).collect();
    write!(out, "<div class=\"whole\" role=\"img\" aria-label=\"{}\">", spoken.join(", "))?;
    for (look, _, share) in parts.iter().filter(|(_, _, share)| *share > 0.0) {
        write!(out, "<span class=\"part {look}\" style=\"flex-grow:{share:.2}\">")?;
        if *share >= NARROW {
            write!(out, "<b>{share:.1} %</b>")?;
        }
        out.push_str("</span>");
    }
    out.push_str("</div><ul class=\"key\">");
    for (look, what, share) in parts {
        write!(out, "<li><i class=\"part {look}\"></i>{what}: {share:.1} %</li>")?;
    }
    out.push_str("</ul>");
    Ok(())
}
