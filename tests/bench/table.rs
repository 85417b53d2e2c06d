//! From runs to medians, ratios, and a table.

use std::fmt::Write;

use serde_json::{Value, json};

use super::measure::{Run, Scenario, Who};

/// One number about one client: the median of its runs.
#[derive(Debug, Clone)]
struct Figure {
    scenario: Scenario,
    transport: &'static str,
    ack: bool,
    who: Who,
    what: &'static str,
    unit: &'static str,
    value: f64,
    /// More is better.
    up: bool,
}

/// What can be read from a run.
struct Measure {
    scenario: Scenario,
    what: &'static str,
    unit: &'static str,
    up: bool,
    read: fn(&Run) -> Option<f64>,
}

const MEASURES: &[Measure] = &[
    Measure { scenario: Scenario::Burst, what: "throughput", unit: "msg/s", up: true, read: throughput },
    Measure { scenario: Scenario::Burst, what: "CPU", unit: "s", up: false, read: |run| Some(cpu(run)) },
    Measure { scenario: Scenario::Burst, what: "peak memory", unit: "MiB", up: false, read: |run| Some(peak(run)) },
    Measure { scenario: Scenario::Echo, what: "p50", unit: "ms", up: false, read: |run| millis(run, "p50Micros") },
    Measure { scenario: Scenario::Echo, what: "p99", unit: "ms", up: false, read: |run| millis(run, "p99Micros") },
    Measure { scenario: Scenario::Echo, what: "CPU", unit: "s", up: false, read: |run| Some(cpu(run)) },
    Measure {
        scenario: Scenario::Crowd,
        what: "set-up",
        unit: "s",
        up: false,
        read: |run| number(run, "setupSeconds"),
    },
    Measure { scenario: Scenario::Crowd, what: "p50", unit: "ms", up: false, read: |run| millis(run, "p50Micros") },
    Measure { scenario: Scenario::Crowd, what: "p99", unit: "ms", up: false, read: |run| millis(run, "p99Micros") },
    Measure { scenario: Scenario::Crowd, what: "CPU", unit: "s", up: false, read: |run| Some(cpu(run)) },
    Measure { scenario: Scenario::Crowd, what: "peak memory", unit: "MiB", up: false, read: |run| Some(peak(run)) },
    Measure {
        scenario: Scenario::Recovery,
        what: "first message",
        unit: "ms",
        up: false,
        read: |run| millis(run, "afterMicros"),
    },
];

fn number(run: &Run, key: &str) -> Option<f64> {
    run.result.get(key).and_then(Value::as_f64)
}

fn millis(run: &Run, key: &str) -> Option<f64> {
    number(run, key).map(|micros| micros / 1000.0)
}

fn cpu(run: &Run) -> f64 {
    run.cpu.as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "kibibytes are far below 2^52")]
fn peak(run: &Run) -> f64 {
    run.peak_kib as f64 / 1024.0
}

/// Of the bursts of one run the first third warms up; the median of the rest counts.
fn throughput(run: &Run) -> Option<f64> {
    let seconds: Vec<f64> = run.result.get("seconds")?.as_array()?.iter().filter_map(Value::as_f64).collect();
    let warm = seconds.get(seconds.len() / 3..)?.to_vec();
    median(warm).map(|seconds| 10_000.0 / seconds)
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn figures(runs: &[Run]) -> Vec<Figure> {
    let mut figures = Vec::new();
    for measure in MEASURES {
        for transport in ["long-polling", "websocket"] {
            for ack in [true, false] {
                for who in Who::ALL {
                    let same = runs.iter().filter(|run| {
                        run.scenario == measure.scenario
                            && run.transport == transport
                            && run.ack == ack
                            && run.who == who
                    });
                    if let Some(value) = median(same.filter_map(measure.read).collect()) {
                        let Measure { scenario, what, unit, up, .. } = *measure;
                        figures.push(Figure { scenario, transport, ack, who, what, unit, value, up });
                    }
                }
            }
        }
    }
    figures
}

/// Ours against the best of the others on the same transport, whatever their way of delivery: ours divided by theirs.
fn ratio(ours: &Figure, figures: &[Figure]) -> Option<(f64, Who)> {
    let others = figures.iter().filter(|other| {
        other.who != Who::Ours
            && other.scenario == ours.scenario
            && other.transport == ours.transport
            && other.what == ours.what
    });
    let best = others.reduce(|best, other| if (other.value > best.value) == ours.up { other } else { best })?;
    Some((ours.value / best.value, best.who))
}

/// The table, as Markdown.
pub fn text(runs: &[Run]) -> String {
    let figures = figures(runs);
    let mut text = String::new();
    let _ = writeln!(text, "| scenario | transport | ack | what | client | median | ours ÷ best other |");
    let _ = writeln!(text, "|---|---|---|---|---|---|---|");
    for figure in &figures {
        let Figure { scenario, transport, ack, who, what, unit, value, .. } = figure;
        let compared = (*who == Who::Ours).then(|| ratio(figure, &figures)).flatten();
        let compared = compared.map(|(ratio, best)| format!("**{ratio:.2}** ({})", best.name())).unwrap_or_default();
        let value = if *value >= 1000.0 { format!("{value:.0}") } else { format!("{value:.2}") };
        let ack = if *ack { "yes" } else { "no" };
        let _ = writeln!(
            text,
            "| {} | {transport} | {ack} | {what} | {} | {value} {unit} | {compared} |",
            scenario.name(),
            who.name()
        );
    }
    text
}

/// The same for programs, with every run.
pub fn json(runs: &[Run]) -> Value {
    let figures = figures(runs);
    let medians: Vec<Value> = figures
        .iter()
        .map(|figure| {
            let compared = (figure.who == Who::Ours).then(|| ratio(figure, &figures)).flatten();
            json!({
                "scenario": figure.scenario.name(), "transport": figure.transport, "ack": figure.ack,
                "client": figure.who.name(), "what": figure.what, "unit": figure.unit, "median": figure.value,
                "ratio": compared.map(|(ratio, _)| ratio), "best": compared.map(|(_, best)| best.name()),
            })
        })
        .collect();
    let runs: Vec<Value> = runs
        .iter()
        .map(|run| {
            json!({
                "scenario": run.scenario.name(), "transport": run.transport, "ack": run.ack, "client": run.who.name(),
                "cpuSeconds": run.cpu.as_secs_f64(), "peakKib": run.peak_kib, "result": run.result,
            })
        })
        .collect();
    json!({ "medians": medians, "runs": runs })
}
