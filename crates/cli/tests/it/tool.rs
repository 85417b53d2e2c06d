//! Runs the program and keeps what it printed.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Longest wait for anything.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// What a run left behind.
#[derive(Debug)]
pub struct Ran {
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// What it printed, as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The program, with an environment of its own.
pub fn attendant() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_attendant"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ATTENDANT")) {
        command.env_remove(name);
    }
    command.env_remove("NO_COLOR").stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub fn run(arguments: &[&str]) -> Ran {
    finish(attendant().args(arguments))
}

/// Runs a prepared command to its end.
pub fn finish(command: &mut Command) -> Ran {
    ran(&command.output().unwrap())
}

/// Runs a prepared command to its end, with this on its standard input.
pub fn feed(command: &mut Command, input: impl AsRef<[u8]>) -> Ran {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that has seen enough closes its end first.
    let _ = child.stdin.take().unwrap().write_all(input.as_ref());
    ran(&child.wait_with_output().unwrap())
}

fn ran(output: &std::process::Output) -> Ran {
    Ran {
        status: output.status.code(),
        out: String::from_utf8(output.stdout.clone()).unwrap(),
        err: String::from_utf8(output.stderr.clone()).unwrap(),
    }
}

/// Writes a file and gives its path as text.
pub fn file(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A running program whose log lines can be waited for.
pub struct Running {
    child: Option<Child>,
    lines: mpsc::Receiver<String>,
}

impl Running {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let lines = read(child.stderr.take().unwrap());
        Self { child: Some(child), lines }
    }

    /// The same, where the lines are those of standard output.
    pub fn start_talking(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = read(child.stdout.take().unwrap());
        Self { child: Some(child), lines }
    }

    /// Waits for a line that holds this text.
    pub fn logged(&self, text: &str) -> String {
        let mut seen = Vec::new();
        loop {
            match self.lines.recv_timeout(DEADLINE) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => seen.push(line),
                Err(error) => panic!("{error}: no {text:?} in {seen:#?}"),
            }
        }
    }

    /// Writes a line to its standard input.
    pub fn tell(&mut self, line: &str) {
        writeln!(self.child.as_mut().unwrap().stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.as_ref().unwrap().id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end. Its standard input stays open until then.
    pub fn status(mut self) -> Option<i32> {
        let (sender, ended) = mpsc::channel();
        let mut child = self.child.take().unwrap();
        let id = child.id();
        std::thread::spawn(move || {
            let input = child.stdin.take();
            let status = child.wait();
            drop(input);
            sender.send(status)
        });
        match ended.recv_timeout(DEADLINE) {
            Ok(status) => status.unwrap().code(),
            Err(error) => panic!("{error}: process {id} does not end"),
        }
    }
}

impl Drop for Running {
    /// A test that has failed leaves no program behind.
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn read(stream: impl std::io::Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    lines
}
