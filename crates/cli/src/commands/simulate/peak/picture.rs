//! A day as a picture: who came, who waited, who was busy, a column of panels for each policy. SVG by hand; it follows the
//! reader's light or dark setting.

use std::fmt::Write as _;

use super::play::{Played, SAMPLE, Sample};
use super::report::Row;

const WIDTH: f64 = 1080.0;
const LEFT: f64 = 64.0;
const GAP: f64 = 26.0;
const TOP: f64 = 96.0;
const PANEL: f64 = 150.0;
const BETWEEN: f64 = 44.0;
const HOURS: f64 = 24.0;

const STYLE: &str = "\
svg{--page:#fcfcfb;--ink:#1c1c1a;--soft:#5f5e58;--grid:#e3e2dc;--came:#9a9890;--queue:#c2410c;--busy:#1d4ed8;--there:#c7d2fe;\
--bots:#0f766e;font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;background:var(--page)}\
@media(prefers-color-scheme:dark){svg{--page:#191918;--ink:#f1f0ea;--soft:#a8a69c;--grid:#33322e;--came:#7d7b73;--queue:#fb923c;\
--busy:#93b4fd;--there:#2c3a63;--bots:#5eead4}}\
.page{fill:var(--page)}text{fill:var(--ink);font-size:13px}.soft{fill:var(--soft);font-size:12px}.title{font-size:19px;font-weight:600}\
.name{font-size:15px;font-weight:600}.grid{stroke:var(--grid);stroke-width:1}.axis{stroke:var(--soft);stroke-width:1}\
.came{fill:var(--came);opacity:.55}.queue{fill:var(--queue);opacity:.85}.there{fill:var(--there)}\
.busy{fill:none;stroke:var(--busy);stroke-width:2;stroke-linejoin:round}.bots{fill:none;stroke:var(--bots);stroke-width:2;stroke-linejoin:round}\
.dot-busy{fill:var(--busy)}.dot-bots{fill:var(--bots)}.end{text-anchor:end}.middle{text-anchor:middle}";

/// What one panel shows.
struct Panel {
    title: &'static str,
    most: f64,
    draw: fn(&[Sample], &Scale) -> String,
}

struct Scale {
    left: f64,
    width: f64,
    top: f64,
    most: f64,
}

impl Scale {
    fn x(&self, place: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a few hundred samples")]
        let hour = place as f64 * SAMPLE.as_secs_f64() / 3600.0;
        self.left + self.width * (hour / HOURS).min(1.0)
    }

    fn y(&self, value: f64) -> f64 {
        self.top + PANEL * (1.0 - (value / self.most).min(1.0))
    }

    /// A line through the samples.
    fn line(&self, samples: &[Sample], of: impl Fn(&Sample) -> f64) -> String {
        let points = samples.iter().enumerate().map(|(place, sample)| {
            let verb = if place == 0 { 'M' } else { 'L' };
            format!("{verb}{:.1} {:.1}", self.x(place + 1), self.y(of(sample)))
        });
        points.collect()
    }

    /// Steps down to the ground.
    fn area(&self, samples: &[Sample], of: impl Fn(&Sample) -> f64) -> String {
        let mut path = format!("M{:.1} {:.1}", self.x(0), self.y(0.0));
        for (place, sample) in samples.iter().enumerate() {
            let y = self.y(of(sample));
            let _ = write!(path, "L{:.1} {y:.1}L{:.1} {y:.1}", self.x(place), self.x(place + 1));
        }
        let _ = write!(path, "L{:.1} {:.1}Z", self.x(samples.len()), self.y(0.0));
        path
    }
}

fn came(samples: &[Sample], scale: &Scale) -> String {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let area = scale.area(samples, |sample| sample.arrivals as f64);
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let bots = scale.line(samples, |sample| sample.bots as f64);
    format!("<path class=\"came\" d=\"{area}\"/><path class=\"bots\" d=\"{bots}\"/>")
}

fn waiting(samples: &[Sample], scale: &Scale) -> String {
    format!("<path class=\"queue\" d=\"{}\"/>", scale.area(samples, |sample| f64::from(sample.queue)))
}

fn people(samples: &[Sample], scale: &Scale) -> String {
    let there = scale.area(samples, |sample| f64::from(sample.ready));
    let busy = scale.line(samples, |sample| f64::from(sample.busy));
    format!("<path class=\"there\" d=\"{there}\"/><path class=\"busy\" d=\"{busy}\"/>")
}

/// Draws a day: a column a policy, the same scales in all of them.
pub fn draw(day: &str, columns: &[(&str, &Played)]) -> String {
    let day_long = |played: &Played| played.samples.iter().take(288).copied().collect::<Vec<_>>();
    let all: Vec<Sample> = columns.iter().flat_map(|(_, played)| day_long(played)).collect();
    let most = |of: &dyn Fn(&Sample) -> f64| round_up(all.iter().map(of).fold(1.0, f64::max));
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let panels = [
        Panel {
            title: "came in five minutes, and chats of the bots",
            most: most(&|sample| sample.arrivals.max(sample.bots) as f64),
            draw: came,
        },
        Panel {
            title: "people: with a chat, and there",
            most: most(&|sample| f64::from(sample.busy.max(sample.ready))),
            draw: people,
        },
        Panel {
            title: "customers who wait for a person",
            most: most(&|sample| f64::from(sample.queue)),
            draw: waiting,
        },
    ];
    #[expect(clippy::cast_precision_loss, reason = "three of each")]
    let (count, rows) = (columns.len().max(1) as f64, panels.len() as f64);
    let column = (WIDTH - LEFT - 24.0 - GAP * (count - 1.0)) / count;
    let height = TOP + rows * (PANEL + BETWEEN) + 40.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"A day in a contact centre ({day}) under each policy\">\n<style>{STYLE}</style>\n\
         <rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\"/>\n<text class=\"title\" x=\"{LEFT}\" y=\"34\">The same day under each policy: {day}</text>\n"
    );
    svg.push_str(&legend(58.0));
    for (place, (name, played)) in columns.iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "three of each")]
        let left = LEFT + place as f64 * (column + GAP);
        let row = Row::new(name, played);
        let _ = writeln!(
            svg,
            "<text class=\"name\" x=\"{left:.1}\" y=\"{:.1}\">{name}</text><text class=\"soft end\" x=\"{:.1}\" y=\"{:.1}\">{:.1} % abandoned, {:.0} h of work</text>",
            TOP - 4.0,
            left + column,
            TOP - 4.0,
            row.abandoned * 100.0,
            row.minutes / 60.0
        );
        for (number, panel) in panels.iter().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "three of each")]
            let top = TOP + 26.0 + number as f64 * (PANEL + BETWEEN);
            let scale = Scale { left, width: column, top, most: panel.most };
            svg.push_str(&frame(&scale, place == 0, panel.title));
            svg.push_str(&(panel.draw)(&day_long(played), &scale));
            svg.push('\n');
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// Axes with their marks; the numbers stand at the first column only.
fn frame(scale: &Scale, first: bool, title: &str) -> String {
    let (right, ground) = (scale.left + scale.width, scale.y(0.0));
    let mut text = String::new();
    if first {
        let _ =
            write!(text, "<text class=\"soft\" x=\"{:.1}\" y=\"{:.1}\">{title}</text>", scale.left, scale.top - 8.0);
    }
    for share in [0.0, 0.5, 1.0] {
        let y = scale.y(scale.most * share);
        let class = if share == 0.0 { "axis" } else { "grid" };
        let _ = write!(text, "<path class=\"{class}\" d=\"M{:.1} {y:.1}H{right:.1}\"/>", scale.left);
        if first {
            let _ = write!(
                text,
                "<text class=\"soft end\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                scale.left - 8.0,
                y + 4.0,
                scale.most * share
            );
        }
    }
    for hour in [0, 6, 12, 18, 24] {
        let x = scale.left + scale.width * f64::from(hour) / HOURS;
        let _ = write!(
            text,
            "<path class=\"axis\" d=\"M{x:.1} {ground:.1}v4\"/><text class=\"soft middle\" x=\"{x:.1}\" y=\"{:.1}\">{hour}</text>",
            ground + 17.0
        );
    }
    text.push('\n');
    text
}

fn legend(y: f64) -> String {
    let mut text = String::new();
    let mut x = LEFT;
    for (class, words) in [
        ("came", "customers who came"),
        ("dot-bots", "chats of the bots"),
        ("there", "people there"),
        ("dot-busy", "people with a chat"),
        ("queue", "customers who wait"),
    ] {
        let _ = write!(
            text,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"14\" height=\"11\" rx=\"2\"/><text class=\"soft\" x=\"{:.1}\" y=\"{y:.1}\">{words}</text>",
            y - 10.0,
            x + 20.0
        );
        #[expect(clippy::cast_precision_loss, reason = "short words")]
        let wide = words.len() as f64 * 6.6;
        x += 44.0 + wide;
    }
    text.push('\n');
    text
}

/// The next even number of two digits that can be halved without a fraction.
fn round_up(most: f64) -> f64 {
    let step = if most > 200.0 {
        100.0
    } else if most > 50.0 {
        20.0
    } else if most > 20.0 {
        10.0
    } else {
        2.0
    };
    (most / step).ceil() * step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_has_room_and_a_middle() {
        for (most, scale) in [(1.0, 2.0), (7.0, 8.0), (21.0, 30.0), (33.0, 40.0), (51.0, 60.0), (201.0, 300.0)] {
            assert!((round_up(most) - scale).abs() < 1e-9, "{most}");
        }
    }
}
