//! Lessons in a local file, one JSON object a line. The file has a largest size; the oldest lessons go first.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::{Learner, Lesson};

/// Lessons that wait to be written. When there are more, new ones are dropped and counted: a chat never waits for the disk.
const WAITING: usize = 1_024;
/// Largest file, in bytes, unless the caller says otherwise.
pub const LARGEST: u64 = 4 * 1024 * 1024;
/// How much of a file is read back.
const READ: u64 = 256 * 1024 * 1024;

/// Writes lessons to a file, on a thread of its own.
#[derive(Debug)]
pub struct FileLearner {
    sender: Mutex<Option<SyncSender<Lesson>>>,
    thread: Option<JoinHandle<()>>,
    dropped: Arc<AtomicU64>,
}

impl FileLearner {
    /// Appends to this file, which is made if it is not there and never grows beyond `largest` bytes.
    pub fn open(path: impl Into<PathBuf>, largest: u64) -> io::Result<Self> {
        let path = path.into();
        append_to(&path)?; // refuse now what would fail later
        let (sender, receiver) = mpsc::sync_channel(WAITING);
        let dropped = Arc::new(AtomicU64::new(0));
        let lost = Arc::clone(&dropped);
        let thread = std::thread::Builder::new()
            .name("faq-learn".to_owned())
            .spawn(move || write_all(&path, largest, &receiver, &lost))?;
        Ok(Self { sender: Mutex::new(Some(sender)), thread: Some(thread), dropped })
    }

    /// How many lessons were lost because the disk was slow or full.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl Learner for FileLearner {
    fn learn(&self, lesson: Lesson) {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        if sender.as_ref().is_none_or(|sender| sender.try_send(lesson).is_err()) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for FileLearner {
    /// Writes what waits.
    fn drop(&mut self) {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = self.thread.take() {
            // A writer that has panicked has nothing left to write.
            let _ = thread.join();
        }
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600); // what customers wrote, even if masked
    options.open(path)
}

fn write_all(path: &Path, largest: u64, lessons: &Receiver<Lesson>, dropped: &AtomicU64) {
    while let Ok(first) = lessons.recv() {
        let batch: Vec<Lesson> = std::iter::once(first).chain(lessons.try_iter().take(WAITING)).collect();
        if let Err(error) = write(path, largest, &batch) {
            dropped.fetch_add(batch.len() as u64, Ordering::Relaxed);
            tracing::warn!(learn.path = %path.display(), %error, "lessons could not be kept");
        }
    }
}

fn write(path: &Path, largest: u64, batch: &[Lesson]) -> io::Result<()> {
    let mut lines = Vec::new();
    for lesson in batch {
        serde_json::to_writer(&mut lines, lesson)?;
        lines.push(b'\n');
    }
    let size = fs::metadata(path).map_or(0, |metadata| metadata.len());
    if size + lines.len() as u64 > largest {
        let kept =
            newest(&fs::read(path).unwrap_or_default(), usize::try_from(largest / 2).unwrap_or(usize::MAX)).to_vec();
        let beside = path.with_extension("jsonl.new");
        fs::write(&beside, kept)?;
        fs::rename(&beside, path)?;
        let room = usize::try_from(largest / 2).unwrap_or(usize::MAX);
        lines = newest(&lines, room).to_vec();
    }
    append_to(path)?.write_all(&lines)
}

/// The last whole lines that have room.
fn newest(bytes: &[u8], room: usize) -> &[u8] {
    if bytes.len() <= room {
        return bytes;
    }
    let tail = &bytes[bytes.len() - room..];
    match tail.iter().position(|byte| *byte == b'\n') {
        Some(end) => &tail[end + 1..],
        None => &[],
    }
}

/// The lessons of a file, oldest first, and how many lines could not be read.
pub fn read(path: &Path) -> io::Result<(Vec<Lesson>, usize)> {
    let size = fs::metadata(path)?.len();
    if size > READ {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("{size} bytes are more than {READ}")));
    }
    let bytes = fs::read(path)?;
    let mut lessons = Vec::new();
    let mut broken = 0;
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        match serde_json::from_slice(line) {
            Ok(lesson) => lessons.push(lesson),
            Err(_) => broken += 1,
        }
    }
    Ok((lessons, broken))
}

#[cfg(test)]
mod tests {
    use super::super::LessonKind;
    use super::*;
    use crate::Language;

    fn lesson(question: &str) -> Lesson {
        let kind = LessonKind::Unanswered { nearest: Some("x".to_owned()), score: 0.2 };
        Lesson::new(kind, question, &Language::new("en"))
    }

    #[test]
    fn lessons_come_back_masked_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lessons.jsonl");
        let learner = FileLearner::open(&path, LARGEST).unwrap();
        learner.learn(lesson("where is it? write to ada@example.org"));
        learner.learn(lesson("second"));
        drop(learner);
        fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{broken\n").unwrap();
        let (lessons, broken) = read(&path).unwrap();
        assert_eq!(broken, 1);
        assert_eq!(lessons.len(), 2);
        assert_eq!(lessons[0].question, "where is it? write to [email]");
    }

    #[test]
    fn the_file_stays_small_and_keeps_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lessons.jsonl");
        for number in 0..200 {
            let learner = FileLearner::open(&path, 4_000).unwrap();
            learner.learn(lesson(&format!("question {number}")));
        }
        assert!(fs::metadata(&path).unwrap().len() <= 4_000);
        let (lessons, broken) = read(&path).unwrap();
        assert_eq!(broken, 0);
        assert_eq!(lessons.last().map(|lesson| lesson.question.as_str()), Some("question 199"));
        assert!(lessons.len() > 5);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_refused_at_once() {
        assert!(FileLearner::open("/nowhere/at/all.jsonl", LARGEST).is_err());
    }
}
