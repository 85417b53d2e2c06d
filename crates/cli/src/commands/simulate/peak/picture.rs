//! A day as a picture: who came, who waited, who was busy, a column of panels for each policy. SVG by hand; it follows the
//! reader's light or dark setting.

use std::fmt::Write as _;

use super::play::{Played, SAMPLE, Sample};
use super::report::Row;

const WIDTH: f64 = 1080.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 24.0;
const GAP: f64 = 28.0;
const TOP: f64 = 96.0;
const PANEL: f64 = 112.0;
const BETWEEN: f64 = 52.0;
const HOURS: f64 = 24.0;
/// So many samples are shown as one step: a quarter of an hour.
const STEP: usize = 3;

const STYLE: &str = "\
svg{--page:#fcfcfb;--ink:#1c1c1a;--soft:#5f5e58;--grid:#e3e2dc;--came:#b9b7ae;--queue:#c2410c;--busy:#1d4ed8;--there:#cdd8fb;\
--bots:#0f766e;font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;background:var(--page)}\
@media(prefers-color-scheme:dark){svg{--page:#191918;--ink:#f1f0ea;--soft:#a8a69c;--grid:#33322e;--came:#6b6962;--queue:#fb923c;\
--busy:#93b4fd;--there:#2c3a63;--bots:#5eead4}}\
.page{fill:var(--page)}text{fill:var(--ink);font-size:13px}.soft{fill:var(--soft);font-size:12px}.title{font-size:20px;font-weight:600}\
.name{font-size:16px;font-weight:600}.grid{stroke:var(--grid);stroke-width:1}.axis{stroke:var(--soft);stroke-width:1}\
.came{fill:var(--came)}.queue{fill:var(--queue)}.there{fill:var(--there)}.bots{fill:var(--bots)}.busy{fill:var(--busy)}\
.line{fill:none;stroke:var(--busy);stroke-width:2;stroke-linejoin:round}.end{text-anchor:end}.middle{text-anchor:middle}";

/// How things stood in one step.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Stand {
    came: f64,
    bots: f64,
    there: f64,
    busy: f64,
    queue: f64,
}

/// The day in steps: customers are counted, and of the rest it is the mean.
fn stands(played: &Played) -> Vec<Stand> {
    let samples = played.samples.iter().take(288).copied().collect::<Vec<Sample>>();
    let step = |samples: &[Sample]| {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let mean = |of: fn(&Sample) -> f64| samples.iter().map(of).sum::<f64>() / samples.len() as f64;
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        Stand {
            came: samples.iter().map(|sample| sample.arrivals).sum::<usize>() as f64,
            bots: mean(|sample| sample.bots as f64),
            there: mean(|sample| f64::from(sample.ready)),
            busy: mean(|sample| f64::from(sample.busy)),
            queue: mean(|sample| f64::from(sample.queue)),
        }
    };
    samples.chunks(STEP).map(step).collect()
}

/// What one panel shows.
struct Panel {
    /// What the colours are.
    title: &'static [(&'static str, &'static str)],
    most: f64,
    draw: fn(&[Stand], &Scale) -> String,
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
        let hour = (place * STEP) as f64 * SAMPLE.as_secs_f64() / 3600.0;
        self.left + self.width * (hour / HOURS).min(1.0)
    }

    fn y(&self, value: f64) -> f64 {
        self.top + PANEL * (1.0 - (value / self.most).min(1.0))
    }

    /// A line through the middles of the steps.
    fn line(&self, stands: &[Stand], of: impl Fn(&Stand) -> f64) -> String {
        let points = stands.iter().enumerate().map(|(place, stand)| {
            let verb = if place == 0 { 'M' } else { 'L' };
            format!("{verb}{:.1} {:.1}", f64::midpoint(self.x(place), self.x(place + 1)), self.y(of(stand)))
        });
        points.collect()
    }

    /// Steps down to the ground.
    fn area(&self, class: &str, stands: &[Stand], of: impl Fn(&Stand) -> f64) -> String {
        let mut path = format!("<path class=\"{class}\" d=\"M{:.1} {:.1}", self.x(0), self.y(0.0));
        for (place, stand) in stands.iter().enumerate() {
            let y = self.y(of(stand));
            let _ = write!(path, "L{:.1} {y:.1}L{:.1} {y:.1}", self.x(place), self.x(place + 1));
        }
        let _ = write!(path, "L{:.1} {:.1}Z\"/>", self.x(stands.len()), self.y(0.0));
        path
    }
}

fn came(stands: &[Stand], scale: &Scale) -> String {
    scale.area("came", stands, |stand| stand.came)
}

fn bots(stands: &[Stand], scale: &Scale) -> String {
    scale.area("bots", stands, |stand| stand.bots)
}

fn people(stands: &[Stand], scale: &Scale) -> String {
    let busy = scale.line(stands, |stand| stand.busy);
    format!("{}<path class=\"line\" d=\"{busy}\"/>", scale.area("there", stands, |stand| stand.there))
}

fn waiting(stands: &[Stand], scale: &Scale) -> String {
    scale.area("queue", stands, |stand| stand.queue)
}

/// Draws a day: a column a policy, the same scales in all of them.
pub fn draw(day: &str, columns: &[(&str, &Played)]) -> String {
    let days: Vec<Vec<Stand>> = columns.iter().map(|(_, played)| stands(played)).collect();
    let most = |of: fn(&Stand) -> f64| round_up(days.iter().flatten().map(of).fold(1.0, f64::max));
    let panels = [
        Panel {
            title: &[("came", "customers who came, in a quarter of an hour")],
            most: most(|day| day.came),
            draw: came,
        },
        Panel { title: &[("bots", "chats of the bots")], most: most(|day| day.bots), draw: bots },
        Panel {
            title: &[("there", "people there"), ("busy", "people with a chat")],
            most: most(|day| day.there.max(day.busy)),
            draw: people,
        },
        Panel { title: &[("queue", "customers who wait for a person")], most: most(|day| day.queue), draw: waiting },
    ];
    #[expect(clippy::cast_precision_loss, reason = "three of each")]
    let (count, rows) = (columns.len().max(1) as f64, panels.len() as f64);
    let column = (WIDTH - LEFT - RIGHT - GAP * (count - 1.0)) / count;
    let height = TOP + rows * (PANEL + BETWEEN) + 14.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"A day in a contact centre ({day}) under each policy\">\n<style>{STYLE}</style>\n\
         <rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\"/>\n<text class=\"title\" x=\"{LEFT}\" y=\"36\">The same day under each policy: {day}</text>\n"
    );
    let customers = columns.first().map_or(0, |(_, played)| played.visits.len());
    let _ = writeln!(
        svg,
        "<text class=\"soft\" x=\"{LEFT}\" y=\"56\">{customers} customers, from midnight to midnight; every column has the same scales</text>"
    );
    for (place, ((name, played), day)) in columns.iter().zip(&days).enumerate() {
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
            svg.push_str(&frame(&scale, place == 0, panel));
            svg.push_str(&(panel.draw)(day, &scale));
            svg.push_str(&ground(&scale));
            svg.push('\n');
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// The grid; what the colours are and the numbers stand at the first column only.
fn frame(scale: &Scale, first: bool, panel: &Panel) -> String {
    let right = scale.left + scale.width;
    let mut text = String::new();
    if first {
        let mut x = scale.left;
        for (class, words) in panel.title {
            let y = scale.top - 9.0;
            let _ = write!(
                text,
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"12\" height=\"12\" rx=\"2\"/><text class=\"soft\" x=\"{:.1}\" y=\"{y:.1}\">{words}</text>",
                y - 10.5,
                x + 18.0
            );
            x += 118.0;
        }
    }
    for share in [0.0, 0.5, 1.0] {
        let y = scale.y(scale.most * share);
        if share > 0.0 {
            let _ = write!(text, "<path class=\"grid\" d=\"M{:.1} {y:.1}H{right:.1}\"/>", scale.left);
        }
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
    text.push('\n');
    text
}

/// The ground with the hours, over what stands on it.
fn ground(scale: &Scale) -> String {
    let y = scale.y(0.0);
    let mut text = format!("<path class=\"axis\" d=\"M{:.1} {y:.1}H{:.1}\"/>", scale.left, scale.left + scale.width);
    for hour in [0, 6, 12, 18, 24] {
        let x = scale.left + scale.width * f64::from(hour) / HOURS;
        let _ = write!(
            text,
            "<path class=\"axis\" d=\"M{x:.1} {y:.1}v4\"/><text class=\"soft middle\" x=\"{x:.1}\" y=\"{:.1}\">{hour}</text>",
            y + 17.0
        );
    }
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
    fn steps_count_who_came_and_take_the_mean_of_the_rest() {
        let sample = |arrivals, busy| Sample { arrivals, busy, ..Sample::default() };
        let samples = vec![sample(1, 0), sample(2, 3), sample(4, 3), sample(5, 1)];
        let played = Played { visits: Vec::new(), work: std::time::Duration::ZERO, failed: 0, samples };
        let stands = stands(&played);
        assert_eq!(stands.len(), 2);
        assert!((stands[0].came - 7.0).abs() < 1e-9 && (stands[0].busy - 2.0).abs() < 1e-9, "{stands:?}");
        assert!((stands[1].came - 5.0).abs() < 1e-9 && (stands[1].busy - 1.0).abs() < 1e-9, "{stands:?}");
    }

    #[test]
    fn the_scale_has_room_and_a_middle() {
        for (most, scale) in [(1.0, 2.0), (7.0, 8.0), (21.0, 30.0), (33.0, 40.0), (51.0, 60.0), (201.0, 300.0)] {
            assert!((round_up(most) - scale).abs() < 1e-9, "{most}");
        }
    }
}
