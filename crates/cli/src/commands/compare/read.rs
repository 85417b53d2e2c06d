//! Reading a file of comparisons: JSON lines. A broken one names its line.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, anyhow};
use attendant::Comparison;

use crate::exit::Failure;

/// Every comparison of a file, with its line, from 1. Empty lines are none.
pub fn read(file: &Path) -> Result<Vec<(usize, Comparison)>, Failure> {
    let name = file.display();
    let opened = File::open(file)
        .with_context(|| format!("{name} cannot be read"))
        .map_err(|error| Failure::usage(error).hint("it is the file that `comparisons` of the configuration names"))?;
    let mut found = Vec::new();
    let lines: Vec<_> = BufReader::new(opened).split(b'\n').enumerate().collect();
    let last = lines.len();
    for (number, line) in lines {
        let number = number + 1;
        let line = line.with_context(|| format!("{name} cannot be read")).map_err(Failure::usage)?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let read = serde_json::from_slice(&line).map_err(|error| {
            let column = error.column();
            // Its own place is always in line 1 of the line.
            let why = error.to_string();
            let why = why.rsplit_once(" at line ").map_or(why.as_str(), |(why, _)| why);
            let failure = Failure::usage(anyhow!("{name}:{number}:{column}: not a comparison: {why}"));
            if number == last && error.is_eof() {
                failure.hint("the last line was cut off: a bot that was stopped while it wrote; delete the line")
            } else {
                failure
            }
        })?;
        found.push((number, read));
    }
    Ok(found)
}
