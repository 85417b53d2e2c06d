//! The figures beside their goals and beside what others published.

use std::fmt::{self, Write as _};

use serde::Serialize;

/// What a figure should be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Goal {
    /// At least this, or at most.
    pub must: Option<f64>,
    /// Better still.
    pub reach_for: Option<f64>,
    /// Smaller is better.
    pub below: bool,
}

impl Goal {
    pub(super) const NONE: Self = Self { must: None, reach_for: None, below: false };

    pub(super) const fn above(must: f64, reach_for: f64) -> Self {
        Self { must: Some(must), reach_for: Some(reach_for), below: false }
    }

    pub(super) const fn below(must: f64, reach_for: f64) -> Self {
        Self { must: Some(must), reach_for: Some(reach_for), below: true }
    }

    pub(super) const fn exactly(value: f64) -> Self {
        Self { must: Some(value), reach_for: Some(value), below: false }
    }

    fn is_met(self, value: f64, goal: Option<f64>) -> Option<bool> {
        // As it is shown, with two digits.
        let value = (value * 100.0).round() / 100.0;
        goal.map(|goal| if self.below { value <= goal } else { value >= goal })
    }
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// The data set, or what is measured.
    pub group: String,
    /// What the figure says.
    pub name: String,
    /// The figure.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// What it should be.
    pub goal: Goal,
    /// Whether it is what it must be; nothing without a goal.
    pub is_met: Option<bool>,
    /// Whether it is what was reached for.
    pub is_reached: Option<bool>,
}

/// What others published, on CLINC150 Full and BANKING77.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Published {
    /// The method.
    pub method: &'static str,
    /// Accuracy in scope, in percent.
    pub accuracy: f64,
    /// Out-of-scope recall, in percent.
    pub recall: Option<f64>,
    /// Where it was published.
    pub source: &'static str,
}

const LARSON: &str = "CLINC150 full, Larson et al. 2019, table 2";
const BY_THRESHOLD: &str = "CLINC150 full, Larson et al. 2019, by threshold";
const CASANUEVA: &str = "BANKING77, Casanueva et al. 2020";

const fn published(method: &'static str, accuracy: f64, recall: f64, source: &'static str) -> Published {
    Published { method, accuracy, recall: Some(recall), source }
}

/// What is compared with.
pub const PUBLISHED: [Published; 13] = [
    published("FastText", 89.0, 9.7, LARSON),
    published("SVM", 91.0, 14.5, LARSON),
    published("CNN", 91.2, 18.9, LARSON),
    published("DialogFlow", 91.7, 14.0, LARSON),
    published("Rasa", 91.5, 45.3, LARSON),
    published("MLP on USE", 93.5, 47.4, LARSON),
    published("BERT-large", 96.9, 40.3, LARSON),
    published("DialogFlow", 90.8, 26.7, BY_THRESHOLD),
    published("Rasa", 90.9, 31.2, BY_THRESHOLD),
    published("MLP on USE", 93.4, 49.1, BY_THRESHOLD),
    published("BERT-large", 96.2, 52.3, BY_THRESHOLD),
    Published { method: "BERT, full", accuracy: 93.66, recall: None, source: CASANUEVA },
    Published { method: "USE, 10 examples an answer", accuracy: 84.2, recall: None, source: CASANUEVA },
];

/// All figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Ours.
    pub figures: Vec<Figure>,
    /// Those of others.
    pub published: Vec<Published>,
}

impl Default for Report {
    fn default() -> Self {
        Self { figures: Vec::new(), published: PUBLISHED.to_vec() }
    }
}

impl Report {
    pub(super) fn add(&mut self, group: &str, name: &str, value: f64, unit: &'static str, goal: Goal) {
        let exact = goal.must == goal.reach_for && goal.must == Some(0.0);
        let is_met = if exact { Some(value.abs() < 0.005) } else { goal.is_met(value, goal.must) };
        let is_reached = if exact { is_met } else { goal.is_met(value, goal.reach_for) };
        self.figures.push(Figure {
            group: group.to_owned(),
            name: name.to_owned(),
            value,
            unit,
            goal,
            is_met,
            is_reached,
        });
    }

    /// Whether every figure is what it must be.
    pub fn all_met(&self) -> bool {
        self.figures.iter().all(|figure| figure.is_met != Some(false))
    }

    /// The figures as JSON.
    ///
    /// # Errors
    /// None that is known: a report has nothing that JSON cannot hold.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }

    /// The figures as text.
    pub fn table(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        let mut group = "";
        for figure in &self.figures {
            if figure.group != group {
                group = &figure.group;
                writeln!(out, "\n{group:<52}{:>10}{:>10}{:>12}", "ours", "must", "reach for")?;
            }
            let goal = |goal: Option<f64>| goal.map_or_else(|| "-".to_owned(), |goal| format!("{goal}"));
            let verdict = match (figure.is_met, figure.is_reached) {
                (Some(false), _) => "  MISSED",
                (_, Some(true)) => "  reached",
                (Some(true), _) => "  met",
                _ => "",
            };
            writeln!(
                out,
                "  {:<48}{:>10.2} {:<6}{:>5}{:>12}{verdict}",
                figure.name,
                figure.value,
                figure.unit,
                goal(figure.goal.must),
                goal(figure.goal.reach_for)
            )?;
        }
        writeln!(out, "\npublished                                   accuracy   out-of-scope recall   where")?;
        for row in &self.published {
            let recall = row.recall.map_or_else(|| "-".to_owned(), |recall| format!("{recall:.1}"));
            writeln!(out, "  {:<42}{:>8.2}{recall:>15}          {}", row.method, row.accuracy, row.source)?;
        }
        Ok(())
    }
}
