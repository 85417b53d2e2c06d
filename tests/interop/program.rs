//! A child process that announces itself: started, watched, its output kept, ended with us.

use std::collections::VecDeque;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, anyhow};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::needs;

/// How long a program may take until it says something that was asked for.
const PATIENCE: Duration = Duration::from_secs(60);
/// Lines of output kept for an error report.
const KEPT_LINES: usize = 60;

/// A running child process. Dropping it kills it.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    announcements: mpsc::UnboundedReceiver<String>,
    output: Arc<Mutex<VecDeque<String>>>,
    _readers: JoinSet<()>,
}

/// A program of `tests/interop/node`.
pub fn node(file: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(needs::folder().join("node").join(file));
    command
}

/// A program of a module of `tests/interop/java`.
pub fn java(module: &str, class: &str) -> Command {
    let jar = needs::jar(module);
    let libraries = jar.with_file_name("lib").join("*");
    let mut command = Command::new("java");
    command.arg("-cp").arg(format!("{}:{}", jar.display(), libraries.display())).arg(class);
    command
}

impl Program {
    /// Starts `command` with `key=value` words.
    pub fn start(mut command: Command, words: &[(&str, String)]) -> anyhow::Result<Self> {
        let words: Vec<String> = words.iter().map(|(key, value)| format!("{key}={value}")).collect();
        command.args(&words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let name = format!("{} {}", command.as_std().get_program().display(), words.join(" "));
        let mut child = command.spawn().with_context(|| format!("starting {name}"))?;
        let output = Arc::new(Mutex::new(VecDeque::new()));
        let (announced, announcements) = mpsc::unbounded_channel();
        let mut readers = JoinSet::new();
        if let Some(stdout) = child.stdout.take() {
            readers.spawn(read(stdout, Some(announced), Arc::clone(&output)));
        }
        if let Some(stderr) = child.stderr.take() {
            readers.spawn(read(stderr, None, Arc::clone(&output)));
        }
        let stdin = child.stdin.take();
        Ok(Self { name, child, stdin, announcements, output, _readers: readers })
    }

    /// The process id, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits for a line `WORD {json}` and returns its value (null if there is none). Other announcements are passed over.
    pub async fn announced(&mut self, word: &str) -> anyhow::Result<Value> {
        self.announced_within(word, PATIENCE).await
    }

    /// The same with another patience.
    pub async fn announced_within(&mut self, word: &str, patience: Duration) -> anyhow::Result<Value> {
        let found = tokio::time::timeout(patience, async {
            while let Some(line) = self.announcements.recv().await {
                let (first, rest) = line.split_once(' ').unwrap_or((line.as_str(), "null"));
                if first == word {
                    return serde_json::from_str(rest).with_context(|| format!("reading {line}"));
                }
            }
            Err(anyhow!("it ended"))
        });
        let found = found.await.unwrap_or_else(|_| Err(anyhow!("not within {patience:?}")));
        found.with_context(|| format!("waiting for {word} of {}, which said:\n{}", self.name, self.said()))
    }

    /// Writes a line to the program's standard input.
    pub async fn tell(&mut self, line: &str) -> anyhow::Result<()> {
        let stdin = self.stdin.as_mut().context("its standard input is closed")?;
        stdin.write_all(format!("{line}\n").as_bytes()).await?;
        stdin.flush().await.with_context(|| format!("telling {} {line}", self.name))
    }

    /// The last lines it wrote.
    pub fn said(&self) -> String {
        let output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        output.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    /// Kills it (SIGKILL: no good-bye to anybody) and waits until it is gone.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill().await.with_context(|| format!("killing {}", self.name))
    }
}

async fn read(
    from: impl AsyncRead + Unpin,
    announced: Option<mpsc::UnboundedSender<String>>,
    output: Arc<Mutex<VecDeque<String>>>,
) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        {
            let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
            if output.len() == KEPT_LINES {
                output.pop_front();
            }
            output.push_back(line.clone());
        }
        if let Some(announced) = &announced {
            let _ = announced.send(line);
        }
    }
}
