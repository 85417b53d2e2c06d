//! Where a secret comes from: the environment, a file, or a command. Never the configuration file itself.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;

/// How long a command may take to tell a secret.
const COMMAND_DEADLINE: Duration = Duration::from_secs(10);

/// One of `{ env = "NAME" }`, `{ file = "path" }`, `{ command = ["program", "argument"] }`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    env: Option<String>,
    file: Option<PathBuf>,
    command: Option<Vec<String>>,
}

/// Why a secret could not be had. Names the source, never the secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not exactly one source.
    #[error("say exactly one of env, file, command, as in {{ env = \"BOT_PASSWORD\" }}")]
    Ambiguous,
    /// The variable is not set.
    #[error("the environment variable {0} is not set")]
    Unset(String),
    /// The file cannot be read.
    #[error("the secret file {0} cannot be read")]
    File(PathBuf, #[source] std::io::Error),
    /// The command failed.
    #[error("the secret command {0} failed: {1}")]
    Command(String, String),
    /// There is nothing in it.
    #[error("the secret is empty")]
    Empty,
}

impl Source {
    /// A secret from the environment.
    #[cfg(test)]
    pub fn env(name: &str) -> Self {
        Self { env: Some(name.to_owned()), ..Self::default() }
    }

    /// Whether exactly one source is named.
    pub fn validate(&self) -> Result<(), Error> {
        let named = [self.env.is_some(), self.file.is_some(), self.command.is_some()];
        if named.iter().filter(|named| **named).count() == 1 { Ok(()) } else { Err(Error::Ambiguous) }
    }

    /// Reads the secret. Relative files are relative to the configuration file's folder. A trailing line end is dropped.
    pub async fn read(&self, folder: &Path) -> Result<SecretString, Error> {
        self.validate()?;
        let text = match (&self.env, &self.file, &self.command) {
            (Some(name), _, _) =>
            {
                #[expect(clippy::disallowed_methods, reason = "this is the configuration")]
                std::env::var(name).map_err(|_| Error::Unset(name.clone()))?
            }
            (_, Some(file), _) => {
                let file = folder.join(file);
                tokio::fs::read_to_string(&file).await.map_err(|error| Error::File(file, error))?
            }
            (_, _, Some(command)) => run(command).await?,
            _ => return Err(Error::Ambiguous),
        };
        let secret = text.trim_end_matches(['\r', '\n']);
        if secret.is_empty() { Err(Error::Empty) } else { Ok(SecretString::from(secret.to_owned())) }
    }
}

async fn run(command: &[String]) -> Result<String, Error> {
    let (program, arguments) = command.split_first().ok_or(Error::Ambiguous)?;
    let failed = |why: String| Error::Command(program.clone(), why);
    let child = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(COMMAND_DEADLINE, child)
        .await
        .map_err(|_| failed(format!("no answer within {COMMAND_DEADLINE:?}")))?
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(output.status.to_string()));
    }
    String::from_utf8(output.stdout).map_err(|_| failed("its output is not UTF-8".to_owned()))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[tokio::test]
    async fn a_file_and_a_command_give_the_secret_without_the_line_end() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("pw"), "s3cret\r\n").unwrap();
        let file = Source { file: Some("pw".into()), ..Source::default() };
        assert_eq!(file.read(folder.path()).await.unwrap().expose_secret(), "s3cret");
        let command = Source { command: Some(vec!["echo".into(), "hush".into()]), ..Source::default() };
        assert_eq!(command.read(folder.path()).await.unwrap().expose_secret(), "hush");
    }

    #[tokio::test]
    async fn what_is_missing_is_named() {
        let here = Path::new(".");
        assert!(
            matches!(Source::env("ATTENDANT_TEST_UNSET").read(here).await, Err(Error::Unset(name)) if name == "ATTENDANT_TEST_UNSET")
        );
        assert!(matches!(Source::default().read(here).await, Err(Error::Ambiguous)));
        let command = Source { command: Some(vec!["false".into()]), ..Source::default() };
        assert!(matches!(command.read(here).await, Err(Error::Command(..))));
    }
}
