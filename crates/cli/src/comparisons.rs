//! What drafts and shadows would have done, beside what people did: a file of JSON lines, one comparison a line. It holds the
//! words of customers, so only its owner can read it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use attendant::{Comparison, Comparisons};

/// A file of comparisons. Lines are appended.
pub struct Lines(Mutex<File>);

impl Lines {
    /// Opens it, or makes it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self(Mutex::new(options.open(path)?)))
    }
}

impl Comparisons for Lines {
    /// One short write to a local file; a line that cannot be written is reported, and no chat suffers from it.
    fn keep(&self, comparison: Comparison) {
        let written = serde_json::to_string(&comparison).map_err(io::Error::from).and_then(|line| {
            let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            file.write_all(format!("{line}\n").as_bytes())
        });
        if let Err(error) = written {
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
            Lines::open(&path).unwrap().keep(comparison.clone());
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let read: Vec<Comparison> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(read, [comparison.clone(), comparison]);
    }
}
