//! What a trial needs on this machine, and whether it is there.

use std::path::{Path, PathBuf};

/// Software that a trial needs. What is missing is named; the trial is then ignored, unless everything has to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Node, and the packages of `tests/interop/node`.
    Node,
    /// Java, and the programs of `tests/interop/java`.
    Java,
}

impl Needs {
    /// The name of what is missing, or nothing.
    pub fn missing(self) -> Option<&'static str> {
        match self {
            Needs::Node if !on_path("node") => Some("node"),
            Needs::Node if !folder().join("node/node_modules/.package-lock.json").exists() => Some("npm packages"),
            Needs::Java if !on_path("java") => Some("java"),
            Needs::Java if !["server-current", "server-5", "client"].iter().all(|module| jar(module).exists()) => {
                Some("maven build")
            }
            Needs::Node | Needs::Java => None,
        }
    }

    /// Whether everything has to run, so that missing software is a failure.
    #[expect(clippy::disallowed_methods, reason = "the one switch of the test command")]
    pub fn all_must_run() -> bool {
        std::env::var("ATTENDANT_TEST_ALL").is_ok_and(|value| value == "1")
    }
}

/// Where the programs are.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("interop")
}

/// The built program of a Maven module.
pub fn jar(module: &str) -> PathBuf {
    folder().join("java").join(module).join("target").join(format!("{module}.jar"))
}

fn on_path(name: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else { return false };
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}
