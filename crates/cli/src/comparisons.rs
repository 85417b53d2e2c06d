//! What drafts and shadows would have done, beside what people did: a file of JSON lines, one comparison a line. It holds the
//! words of customers, so only its owner can read it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use attendant::{Comparison, Comparisons};

/// A file of comparisons. Lines are appended; the file is made for the first one.
pub struct Lines {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

impl Lines {
    /// Whether it can be opened, or made where there is none, is found out now. Nothing is left behind.
    pub fn open(path: &Path) -> io::Result<Self> {
        let is_new = !path.exists();
        drop(append_to(path)?);
        if is_new {
            std::fs::remove_file(path)?;
        }
        Ok(Self { path: path.to_owned(), file: Mutex::new(None) })
    }

    fn write(&self, comparison: &Comparison) -> io::Result<()> {
        let line = serde_json::to_string(comparison)?;
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match &mut *file {
            Some(file) => file,
            none => none.insert(append_to(&self.path)?),
        };
        file.write_all(format!("{line}\n").as_bytes())
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

impl Comparisons for Lines {
    /// One short write to a local file; a line that cannot be written is reported, and no chat suffers from it.
    fn keep(&self, comparison: Comparison) {
        if let Err(error) = self.write(&comparison) {
            tracing::warn!(chat.id = %comparison.interaction, %error, "a comparison could not be written");
        }
    }
}

#[cfg(test)]
mod tests {
    use attendant::Next;

    use super::*;

    #[test]
    fn a_comparison_is_one_line_and_the_next_one_comes_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("comparisons.jsonl");
        let comparison = Comparison {
            interaction: "A1".into(),
            at: 17,
            asked: vec!["how\nmuch?".into()],
            bot: vec!["five".into()],
            next: Next::Listen,
            failed: None,
            person: vec!["six".into()],
        };
        for _ in 0..2 {
            let lines = Lines::open(&path).unwrap();
            lines.keep(comparison.clone());
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let read: Vec<Comparison> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(read, [comparison.clone(), comparison]);
    }

    #[test]
    fn a_file_that_cannot_be_made_is_told_at_once_and_one_that_can_is_not_made_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Lines::open(&folder.path().join("none/comparisons.jsonl")).is_err());
        let path = folder.path().join("comparisons.jsonl");
        Lines::open(&path).unwrap();
        assert!(!path.exists());
    }
}
