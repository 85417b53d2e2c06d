//! The figures that settings are chosen by: on validation questions only, never on test questions.

use std::fmt::Write as _;
use std::path::Path;

use crate::eval::measure::{Outcome, accuracy, auroc, percent, reject, threshold_losing};
use crate::matcher::recipe::Recipe;
use crate::matcher::{Example, Matcher, Scratch, TrainOptions, Zone};

use super::data::{Row, read};
use super::speed::timed;
use super::{Error, LOST, as_it_is, ask, noise};

/// One set to train on and to ask about.
struct Task {
    name: &'static str,
    train: Vec<Row>,
    outside_train: Vec<Row>,
    asked: Vec<Row>,
    outside: Vec<(&'static str, Vec<Row>)>,
    with_noise: bool,
}

/// The tasks, in the order of the table.
struct Validation(Vec<Task>);

impl Validation {
    /// Reads them. CLINC150 has validation questions; 151 more out of scope are in the training part of its largest variant,
    /// which nothing here is trained on. BANKING77 has none: a part of its training questions is held out, as in the few-shot split.
    fn read(folder: &Path) -> Result<Self, Error> {
        let clinc = |file: &str| read(&folder.join(format!("clinc150/{file}.tsv")));
        let banking = |file: &str| read(&folder.join(format!("banking77/{file}.tsv")));
        let oos = |file: &str| read(&folder.join(format!("banking77-oos/{file}.tsv")));
        let known = clinc("full.oos_train")?;
        let mut outside = clinc("full.oos_val")?;
        outside.extend(clinc("oos_plus.oos_train")?.into_iter().filter(|row| !known.contains(row)));
        let asked = clinc("full.val")?;
        let mut tasks = Vec::new();
        for (name, train, with_outside) in [
            ("full", "full.train", true),
            ("small", "small.train", true),
            ("imbalanced", "imbalanced.train", true),
            ("clinc 10", "fewshot.train_10", false),
            ("clinc 5", "fewshot.train_5", false),
        ] {
            tasks.push(Task {
                name,
                train: clinc(train)?,
                outside_train: if with_outside { known.clone() } else { Vec::new() },
                asked: asked.clone(),
                outside: vec![("", outside.clone())],
                with_noise: train == "full.train",
            });
        }
        let asked = banking("fewshot.valid")?;
        for (name, train) in
            [("banking", "fewshot.train"), ("banking 10", "fewshot.train_10"), ("banking 5", "fewshot.train_5")]
        {
            let (train, asked) = (banking(train)?, asked.clone());
            tasks.push(Task { name, train, outside_train: Vec::new(), asked, outside: Vec::new(), with_noise: false });
        }
        tasks.push(Task {
            name: "banking-oos",
            train: oos("train")?,
            outside_train: Vec::new(),
            asked: oos("valid")?,
            outside: vec![(" near", oos("id-oos.valid")?), (" far", oos("ood-oos.valid")?)],
            with_noise: false,
        });
        Ok(Self(tasks))
    }

    /// The figures of a recipe, in percent and seconds, over seeds.
    fn measure(&self, recipe: &Recipe, seeds: u64, only: &[&str]) -> Result<Vec<(String, Spread)>, Error> {
        let mut figures = Vec::new();
        for task in self.0.iter().filter(|task| only.is_empty() || only.contains(&task.name)) {
            let of_seeds = (1..=seeds).map(|seed| task.measure(recipe, seed)).collect::<Result<Vec<_>, _>>()?;
            for (place, (name, _)) in of_seeds[0].iter().enumerate() {
                let values: Vec<f64> = of_seeds.iter().map(|figures| figures[place].1).collect();
                figures.push((name.clone(), Spread::of(&values)));
            }
        }
        Ok(figures)
    }
}

/// What one figure is with several seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spread {
    mean: f64,
    /// The standard deviation of one seed.
    deviation: f64,
}

impl Spread {
    fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Self { mean, deviation: (squares / (count - 1.0).max(1.0)).sqrt() }
    }
}

/// One thing about the recipe that is otherwise.
type Variant = (&'static str, fn(&mut Recipe));

/// What the recipe was compared with.
const VARIANTS: &[Variant] = &[
    ("as it is", |_| {}),
    ("step 0.04", |recipe| recipe.fast = 0.04),
    ("step 0.06", |recipe| recipe.fast = 0.06),
    ("few: step 0.03", |recipe| recipe.slow = 0.03),
    ("few: step 0.07", |recipe| recipe.slow = 0.07),
    ("7 rounds", |recipe| (recipe.presentations, recipe.fewest_rounds) = (100_000.0, 7.0)),
    ("12-40 rounds", |recipe| {
        (recipe.presentations, recipe.fewest_rounds, recipe.most_rounds) = (180_000.0, 12.0, 40.0);
    }),
    ("rehearsal 0.5", |recipe| recipe.rehearsal = 0.5),
    ("every question", |recipe| recipe.near_enough = 0.0),
    ("near enough 0.1", |recipe| recipe.near_enough = 0.1),
    ("width 128", |recipe| recipe.width = 128),
    ("width 192", |recipe| recipe.width = 192),
    ("dropout 0.5", |recipe| recipe.feature_dropout = 0.5),
    ("dropout 0.7", |recipe| recipe.feature_dropout = 0.7),
    ("1 member", |recipe| recipe.members = 1),
    ("2 members of all", |recipe| recipe.rows = 100_000),
    ("held out 600", |recipe| recipe.held_out = 600),
    ("leads 0.5, 2", |recipe| (recipe.whole[0], recipe.last[0]) = (0.5, 2.0)),
    ("leads 2.5, 3", |recipe| (recipe.whole[0], recipe.last[0]) = (2.5, 3.0)),
    ("leads 1.5, 4", |recipe| (recipe.whole[0], recipe.last[0]) = (1.5, 4.0)),
];

/// The validation figures of the recipe and of what it was compared with, as a table.
///
/// `seeds` is how often each is trained; `only` names tasks, and variants by their place, or is empty for all.
pub fn compare(folder: &Path, seeds: u64, only: &[&str], mut progress: impl FnMut(&str)) -> Result<String, Error> {
    let validation = Validation::read(folder)?;
    let (places, tasks): (Vec<&str>, Vec<&str>) = only.iter().partition(|only| only.parse::<usize>().is_ok());
    let taken = |place: &usize| places.is_empty() || places.contains(&place.to_string().as_str());
    let mut columns = Vec::new();
    let mut table = String::new();
    for (place, (name, change)) in VARIANTS.iter().enumerate().filter(|(place, _)| taken(place)) {
        progress(name);
        let mut recipe = Recipe::default();
        change(&mut recipe);
        columns.push(validation.measure(&recipe, seeds.max(1), &tasks)?);
        // Writing to a string does not fail.
        let _ = writeln!(table, "[{place}] {name}");
    }
    let rows = columns.first().map_or(0, Vec::len);
    for row in 0..rows {
        let _ = write!(table, "{:<42}", columns[0][row].0);
        for column in &columns {
            let Spread { mean, deviation } = column[row].1;
            let _ = write!(table, "{mean:>8.2} ±{deviation:<4.2}");
        }
        table.push('\n');
    }
    Ok(table)
}

impl Task {
    fn measure(&self, recipe: &Recipe, seed: u64) -> Result<Vec<(String, f64)>, Error> {
        let examples: Vec<Example<'_>> = self.train.iter().map(|row| Example::new(&row.text, &row.label)).collect();
        let silent: Vec<&str> = self.outside_train.iter().map(|row| row.text.as_str()).collect();
        let options = TrainOptions { seed, ..TrainOptions::default() };
        let (took, matcher) = timed(|| Ok(Matcher::train_with(&examples, &silent, &options, recipe)?))?;
        let asked = ask(&matcher, &self.asked, as_it_is);
        let threshold = threshold_losing(&asked, LOST);
        let clean = accuracy(&asked);
        let mut figures: Vec<(String, f64)> = vec![(self.name.to_owned(), clean)];
        let mut add = |name: &str, value: f64| figures.push((format!("{} {name}", self.name), value));
        let (given, right) = given(&matcher, &self.asked);
        add("answered", given);
        add("of them right", right);
        for (name, outside) in &self.outside {
            let outside = ask(&matcher, outside, as_it_is);
            add(&format!("AUROC{name}"), auroc(&asked, &outside));
            add(&format!("recall at 3 %{name}"), reject(&asked, &outside, threshold).recall);
        }
        if self.with_noise {
            for (name, share) in [("typos 5 %", 0.05), ("typos 10 %", 0.1)] {
                let noisy: Vec<Outcome> =
                    ask(&matcher, &self.asked, |index, text| noise::typos(text, share, 1_000_000 + index as u64));
                add(name, accuracy(&noisy));
            }
            for (name, change) in noise::INVARIANCES {
                add(&format!("{name}: change"), accuracy(&ask(&matcher, &self.asked, |_, text| change(text))) - clean);
            }
            let changes = noise::FRAMES
                .map(|frame| accuracy(&ask(&matcher, &self.asked, |_, text| frame.replace("{}", text))) - clean);
            add("frames: most lost", changes.into_iter().fold(f64::INFINITY, f64::min));
            add("frames: most won", changes.into_iter().fold(f64::NEG_INFINITY, f64::max));
            let before = ask(&matcher, &self.asked, noise::unrelated_before);
            add("unrelated before, kept at 3 %", reject(&before, &[], threshold).accuracy);
        }
        add("seconds of a core", took.work());
        add("model, MB", matcher.to_bytes().len() as f64 / 1e6);
        Ok(figures)
    }
}

/// The share of questions that an answer is given to with the matcher's own threshold, and the share of right ones among them.
fn given(matcher: &Matcher, asked: &[Row]) -> (f64, f64) {
    let mut scratch = Scratch::default();
    let (mut given, mut right) = (0, 0);
    for row in asked {
        let ranking = matcher.rank(&row.text, &mut scratch);
        if ranking.zone == Zone::Answer {
            given += 1;
            right += usize::from(ranking.best().is_some_and(|best| matcher.answer(best.answer) == row.label));
        }
    }
    (percent(given, asked.len()), percent(right, given))
}
