//! A report as one page for a browser: no scripts, nothing loaded from elsewhere, light and dark.

use std::fmt::{self, Write as _};

use super::{InScope, Pair, Report};

const STYLE: &str = include_str!("page.css");
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
            figures.push((format!("{:.1} %", outside.recall), "of strange questions not answered"));
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
        plot.line(out, "right", self.curve.iter().map(|point| (point.threshold, point.right)))?;
        plot.line(out, "wrong", self.curve.iter().map(|point| (point.threshold, point.wrong)))?;
        let mut key = vec![("right", "right answer"), ("wrong", "wrong answer")];
        if self.out_of_scope.is_some() {
            key.push(("outside", "answered though no answer is for it"));
            let outside = self.curve.iter().filter_map(|point| Some((point.threshold, point.out_of_scope?)));
            plot.line(out, "outside", outside)?;
        }
        Plot::close(out, self.thresholds.answer)?;
        legend(out, &key)?;
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
            plot.column(out, "right", from, step * wide, 0.0, *right)?;
            plot.column(out, "wrong", from, step * wide, *right, *wrong)?;
            if self.out_of_scope.is_some() {
                plot.column(out, "outside", from + step * 0.52, step * 0.34, 0.0, scores.out_of_scope[index])?;
            }
        }
        Plot::close(out, self.thresholds.answer)?;
        let mut key = vec![("right", "best answer right"), ("wrong", "best answer wrong")];
        if self.out_of_scope.is_some() {
            key.push(("outside", "no answer is for it"));
        }
        legend(out, &key)?;
        out.push_str("</section>");
        Ok(())
    }

    fn confusions(&self, out: &mut String) -> fmt::Result {
        let rows = self.confusions.iter().map(|confusion| {
            let questions: Vec<String> = confusion.questions.iter().map(|text| format!("“{}”", Safe(text))).collect();
            format!(
                "<tr><td class=\"n\">{}</td><td><code>{}</code></td><td><code>{}</code></td><td>{}</td></tr>",
                confusion.count,
                Safe(&confusion.expected),
                Safe(&confusion.found),
                questions.join("<br>")
            )
        });
        let head = "<th class=\"n\">times</th><th>right answer</th><th>came first</th><th>for example</th>";
        let advice = "The most frequent first. Give the right answer questions like these, or ask whether customers see two answers here at all.";
        list(out, "Mixed up", advice, head, rows)
    }

    fn weak(&self, out: &mut String) -> fmt::Result {
        let weak = self.by_answer.iter().filter(|answer| answer.accuracy < 80.0);
        let rows = weak.map(|answer| {
            format!(
                "<tr><td><code>{}</code></td><td><span class=\"track\"><span class=\"bar\" style=\"width:{:.0}%\"></span></span></td>\
                 <td class=\"n\">{:.0} %</td><td class=\"n\">{}</td></tr>",
                Safe(&answer.answer),
                answer.accuracy,
                answer.accuracy,
                answer.questions
            )
        });
        let head = "<th>answer</th><th>found</th><th class=\"n\"></th><th class=\"n\">questions tested</th>";
        list(out, "Often missed", "Answers that were found for fewer than 80 of 100 of their questions.", head, rows)
    }

    fn thin(&self, out: &mut String) -> fmt::Result {
        let rows = self.thin.iter().map(|thin| {
            format!("<tr><td><code>{}</code></td><td class=\"n\">{}</td></tr>", Safe(&thin.answer), thin.questions)
        });
        let head = "<th>answer</th><th class=\"n\">questions</th>";
        let advice = "Five different ways to ask are the least for an answer to be recognised well; ten are better.";
        list(out, "Too few ways to ask", advice, head, rows)
    }
}

fn pairs(out: &mut String, title: &str, advice: &str, pairs: &[Pair]) -> fmt::Result {
    let rows = pairs.iter().map(|pair| {
        format!(
            "<tr><td>“{}”</td><td><code>{}</code></td><td>“{}”</td><td><code>{}</code></td></tr>",
            Safe(&pair.question),
            Safe(&pair.answer),
            Safe(&pair.other_question),
            Safe(&pair.other_answer)
        )
    });
    list(out, title, advice, "<th>question</th><th>answer</th><th>question</th><th>answer</th>", rows)
}

/// A table whose rest is folded away; a line that all is well where there is nothing to show.
fn list(out: &mut String, title: &str, advice: &str, head: &str, rows: impl Iterator<Item = String>) -> fmt::Result {
    let rows: Vec<String> = rows.collect();
    if rows.is_empty() {
        return write!(out, "<section><h2>{title}</h2><p class=\"small good\">Nothing to do here.</p></section>");
    }
    let (shown, rest) = rows.split_at(rows.len().min(SHOWN));
    write!(
        out,
        "<section><h2>{title} <span class=\"soft\">({})</span></h2><p class=\"soft small\">{advice}</p><table><tr>{head}</tr>{}</table>",
        rows.len(),
        shown.concat()
    )?;
    if !rest.is_empty() {
        write!(
            out,
            "<details><summary>{} more</summary><table><tr>{head}</tr>{}</table></details>",
            rest.len(),
            rest.concat()
        )?;
    }
    out.push_str("</section>");
    Ok(())
}

fn legend(out: &mut String, key: &[(&str, &str)]) -> fmt::Result {
    out.push_str("<ul class=\"key\">");
    for (colour, what) in key {
        write!(out, "<li><i style=\"background:var(--{colour})\"></i>{what}</li>")?;
    }
    out.push_str("</ul>");
    Ok(())
}

/// One bar of parts that make a hundred, with its key.
fn bar(out: &mut String, parts: &[(&str, &str, f64)]) -> fmt::Result {
    const WIDTH: f64 = 1000.0;
    let spoken: Vec<String> = parts.iter().map(|(_, what, share)| format!("{what} {share:.1} %")).collect();
    write!(out, "<svg viewBox=\"0 0 1000 44\" role=\"img\" aria-label=\"{}\">", spoken.join(", "))?;
    let mut from = 0.0;
    for (colour, _, share) in parts {
        let width = share / 100.0 * WIDTH;
        if width > 0.0 {
            write!(
                out,
                "<rect class=\"{colour}\" x=\"{from:.1}\" width=\"{:.1}\" height=\"44\" rx=\"4\"/>",
                (width - 2.0).max(1.5)
            )?;
        }
        if width > 60.0 {
            write!(
                out,
                "<text class=\"on\" x=\"{:.1}\" y=\"27\" text-anchor=\"middle\">{share:.1} %</text>",
                from + width / 2.0
            )?;
        }
        from += width;
    }
    out.push_str("</svg><ul class=\"key\">");
    for (colour, what, share) in parts {
        write!(out, "<li><i style=\"background:var(--{colour})\"></i>{what}: {share:.1} %</li>")?;
    }
    out.push_str("</ul>");
    Ok(())
}

/// A picture with an axis from 0 to 1 and one from 0 to some percent.
struct Plot {
    most: f64,
}

const LEFT: f64 = 42.0;
const TOP: f64 = 12.0;
const WIDE: f64 = 450.0;
const HIGH: f64 = 210.0;

impl Plot {
    fn open(out: &mut String, most: f64, vertical: &str, horizontal: &str) -> Result<Self, fmt::Error> {
        write!(out, "<svg viewBox=\"0 0 510 268\" role=\"img\" aria-label=\"{vertical} by {horizontal}\">")?;
        let plot = Self { most };
        for step in 0..=5 {
            let share = most * f64::from(step) / 5.0;
            let y = plot.y(share);
            write!(
                out,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.0}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{share:.0} %</text>",
                LEFT + WIDE,
                LEFT - 6.0,
                y + 4.0
            )?;
        }
        for step in 0..=5 {
            let at = f64::from(step) / 5.0;
            write!(
                out,
                "<text x=\"{:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{at:.1}</text>",
                LEFT + at * WIDE,
                TOP + HIGH + 18.0
            )?;
        }
        write!(
            out,
            "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{horizontal}</text>",
            LEFT + WIDE / 2.0,
            TOP + HIGH + 38.0
        )?;
        Ok(plot)
    }

    fn x(at: f32) -> f64 {
        LEFT + f64::from(at) * WIDE
    }

    fn y(&self, share: f64) -> f64 {
        TOP + HIGH * (1.0 - share / self.most)
    }

    fn line(&self, out: &mut String, class: &str, points: impl Iterator<Item = (f32, f64)>) -> fmt::Result {
        write!(out, "<polyline class=\"line {class}\" points=\"")?;
        for (at, share) in points {
            write!(out, "{:.1},{:.1} ", Self::x(at), self.y(share))?;
        }
        out.push_str("\"/>");
        Ok(())
    }

    fn column(&self, out: &mut String, class: &str, from: f32, wide: f32, base: f64, share: f64) -> fmt::Result {
        if share <= 0.0 {
            return Ok(());
        }
        let (top, bottom) = (self.y(base + share), self.y(base));
        let (x, width, height) = (Self::x(from), f64::from(wide) * WIDE, bottom - top);
        write!(out, "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>")
    }

    fn close(out: &mut String, now: f32) -> fmt::Result {
        let x = Self::x(now);
        let (anchor, beside) = if now > 0.7 { ("end", -6.0) } else { ("start", 6.0) };
        write!(
            out,
            "<line class=\"now\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{:.0}\"/>\
             <text class=\"ink\" x=\"{:.1}\" y=\"{:.0}\" text-anchor=\"{anchor}\">now {now:.2}</text></svg>",
            TOP + HIGH,
            x + beside,
            TOP + 4.0
        )
    }
}
