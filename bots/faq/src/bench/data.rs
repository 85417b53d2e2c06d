//! Reads the data sets: lines of a text, a tab and a label.

use std::path::Path;

use super::Error;

/// A question and its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub text: String,
    pub label: String,
}

/// A data set with questions out of scope.
pub(super) struct Set {
    pub train: Vec<Row>,
    pub outside_train: Vec<Row>,
    pub validation: Vec<Row>,
    pub outside_validation: Vec<Row>,
    pub test: Vec<Row>,
    pub outside_test: Vec<Row>,
}

impl Set {
    /// One of the variants of CLINC150; all share the validation and test questions.
    pub fn clinc(folder: &Path, kind: &str) -> Result<Self, Error> {
        let read = |file: &str| read(&folder.join(format!("clinc150/{file}.tsv")));
        Ok(Self {
            train: read(&format!("{kind}.train"))?,
            outside_train: read(&format!("{kind}.oos_train"))?,
            validation: read("full.val")?,
            outside_validation: read("full.oos_val")?,
            test: read("full.test")?,
            outside_test: read("full.oos_test")?,
        })
    }
}

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<Vec<Row>, Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
    let row = |(index, line): (usize, &str)| {
        let (text, label) =
            line.rsplit_once('\t').ok_or_else(|| Error::Line { path: path.to_owned(), line: index + 1 })?;
        Ok(Row { text: text.to_owned(), label: label.to_owned() })
    };
    text.lines().enumerate().filter(|(_, line)| !line.is_empty()).map(row).collect()
}
