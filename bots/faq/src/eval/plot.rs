//! The pictures of a report. What is told apart by its colour is told apart by dashes, marks or hatching too.

use std::fmt::{self, Write as _};

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Right,
    Wrong,
    Outside,
}

impl Mark {
    /// The class that the style sheet knows it by.
    fn look(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::Outside => "outside",
        }
    }

    /// Its sign on a line: a circle, a square, a triangle.
    fn write(self, out: &mut String, x: f64, y: f64) -> fmt::Result {
        let look = self.look();
        match self {
            Self::Right => write!(out, "<circle class=\"{look}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>"),
            Self::Wrong => {
                write!(
                    out,
                    "<rect class=\"{look}\" x=\"{:.1}\" y=\"{:.1}\" width=\"7\" height=\"7\"/>",
                    x - 3.5,
                    y - 3.5
                )
            }
            Self::Outside => write!(out, "<path class=\"{look}\" d=\"M{:.1} {:.1}h10l-5 -9z\"/>", x - 5.0, y + 4.5),
        }
    }
}

/// A key below a picture; `sample` draws what stands for a mark.
pub(super) fn key(
    out: &mut String,
    marks: &[(Mark, &str)],
    sample: fn(&mut String, Mark) -> fmt::Result,
) -> fmt::Result {
    out.push_str("<ul class=\"key\">");
    for (mark, what) in marks {
        out.push_str("<li><svg class=\"sample\" viewBox=\"0 0 34 16\" aria-hidden=\"true\">");
        sample(out, *mark)?;
        write!(out, "</svg>{what}</li>")?;
    }
    out.push_str("</ul>");
    Ok(())
}

pub(super) fn line_sample(out: &mut String, mark: Mark) -> fmt::Result {
    write!(out, "<line class=\"line {}\" x1=\"0\" x2=\"34\" y1=\"8\" y2=\"8\"/>", mark.look())?;
    mark.write(out, 17.0, 8.0)
}

pub(super) fn column_sample(out: &mut String, mark: Mark) -> fmt::Result {
    column(out, mark, 8.0, 1.0, 18.0, 14.0)
}

/// Right answers are filled, wrong ones hatched, and the outline is all there is of questions that no answer is for.
fn column(out: &mut String, mark: Mark, x: f64, y: f64, width: f64, height: f64) -> fmt::Result {
    let look = mark.look();
    write!(
        out,
        "<rect class=\"column {look}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
    )?;
    if mark != Mark::Wrong {
        return Ok(());
    }
    // Lines instead of a pattern: a pattern needs a name that is the only one on the page.
    out.push_str("<path class=\"hatch\" d=\"");
    let mut at = y + 4.0;
    while at < y + height {
        write!(out, "M{x:.1} {at:.1}h{width:.1}")?;
        at += 4.0;
    }
    out.push_str("\"/>");
    Ok(())
}

/// A picture with an axis from 0 to 1 and one from 0 to some percent.
pub(super) struct Plot {
    most: f64,
}

const LEFT: f64 = 48.0;
const TOP: f64 = 12.0;
const WIDE: f64 = 446.0;
const HIGH: f64 = 210.0;

impl Plot {
    pub(super) fn open(out: &mut String, most: f64, vertical: &str, horizontal: &str) -> Result<Self, fmt::Error> {
        write!(out, "<svg viewBox=\"0 0 510 278\" role=\"img\" aria-label=\"{vertical} by {horizontal}\">")?;
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
                TOP + HIGH + 22.0
            )?;
        }
        write!(
            out,
            "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{horizontal}</text>",
            LEFT + WIDE / 2.0,
            TOP + HIGH + 46.0
        )?;
        Ok(plot)
    }

    fn x(at: f32) -> f64 {
        LEFT + f64::from(at) * WIDE
    }

    fn y(&self, share: f64) -> f64 {
        TOP + HIGH * (1.0 - share / self.most)
    }

    /// A line with its marks, which stand at other places than those of the other lines.
    pub(super) fn line(&self, out: &mut String, mark: Mark, points: impl Iterator<Item = (f32, f64)>) -> fmt::Result {
        write!(out, "<polyline class=\"line {}\" points=\"", mark.look())?;
        let mut marks = String::new();
        for (place, (at, share)) in points.enumerate() {
            let (x, y) = (Self::x(at), self.y(share));
            write!(out, "{x:.1},{y:.1} ")?;
            if place % 12 == 2 + 4 * mark as usize {
                mark.write(&mut marks, x, y)?;
            }
        }
        write!(out, "\"/>{marks}")
    }

    pub(super) fn column(
        &self,
        out: &mut String,
        mark: Mark,
        from: f32,
        wide: f32,
        base: f64,
        share: f64,
    ) -> fmt::Result {
        if share <= 0.0 {
            return Ok(());
        }
        let (top, bottom) = (self.y(base + share), self.y(base));
        column(out, mark, Self::x(from), top, f64::from(wide) * WIDE, bottom - top)
    }

    pub(super) fn close(out: &mut String, now: f32) -> fmt::Result {
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
