//! `attendant run` as a process of its own, started, killed and started again on the same folder.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::process::{Child, Command};
use tokio::time::timeout;

pub const PASSWORD: &str = "secret";

pub fn user(number: usize) -> String {
    format!("bot-{:02}", number + 1)
}

/// How the program is configured.
pub struct Settings {
    pub binary: PathBuf,
    pub proxy: SocketAddr,
    pub family: &'static str,
    pub transport: &'static str,
    pub logins: usize,
}

impl Settings {
    /// No human pace, short waits; a burst of lines is one turn. The rest is as it comes.
    fn text(&self) -> String {
        format!(
            "[server]\nbase_url = \"{base}\"\nfamily = \"{family}\"\ntransports = [\"{transport}\"]\n\
             timeouts = {{ request = \"3s\", history = \"3s\" }}\n\
             bayeux = {{ max_network_delay = \"3s\" }}\n\
             [conversation]\nnickname = \"Robo\"\npace = {{ on = false }}\nlistening = {{ quiet = \"30ms\" }}\n\
             loop_guard = {{ turns_a_minute = 100000 }}\nservice = {{ sign_in_again_after = \"200ms\", sign_in_again_most = \"2s\" }}\n\
             [journal]\nkind = \"sqlite\"\npath = \"journal\"\n\
             [bots.parrot]\nkind = \"echo\"\n\
             [[logins]]\nuser = \"bot-{{01..{logins:02}}}\"\npassword = {{ env = \"BOT_PASSWORD\" }}\nbot = \"parrot\"\n",
            base = super::base_url(self.proxy),
            family = self.family,
            transport = self.transport,
            logins = self.logins,
        )
    }
}

/// A running program.
pub struct Program {
    child: Child,
}

impl Program {
    pub fn start(settings: &Settings, folder: &Path) -> Result<Self> {
        let config = folder.join("attendant.toml");
        // Written by the first life only: the disk may be full later.
        if !config.exists() {
            std::fs::write(&config, settings.text())?;
        }
        let log = OpenOptions::new().create(true).append(true).open(log_path(folder))?;
        // A write beyond the limit on the size of files is to fail, not to end the process.
        let child = Command::new("sh")
            .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
            .arg(&settings.binary)
            .args(["run", "-v", "--config"])
            .arg(&config)
            .env("BOT_PASSWORD", PASSWORD)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("starting the program")?;
        Ok(Self { child })
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// SIGKILL. It must have lived until now.
    pub async fn kill(&mut self) -> Result<()> {
        let ended = self.child.try_wait()?;
        ensure!(ended.is_none(), "the program has ended by itself: {ended:?}");
        self.child.kill().await.context("killing the program")
    }

    /// The next life.
    pub fn start_again(self, settings: &Settings, folder: &Path) -> Result<Self> {
        drop(self);
        Self::start(settings, folder)
    }

    /// SIGTERM, and an orderly end with status 0.
    pub async fn stop(mut self, within: Duration) -> Result<()> {
        let sent = Command::new("kill").args(["-TERM", &self.id().to_string()]).status().await?;
        ensure!(sent.success(), "the program cannot be told to stop");
        let status = timeout(within, self.child.wait()).await.context("the program does not stop")??;
        ensure!(status.success(), "the program ended with {status}");
        Ok(())
    }
}

/// Beside the folder and not in it: a full disk must not take the log.
fn log_path(folder: &Path) -> PathBuf {
    folder.with_extension("log")
}

/// What all lives have logged.
pub fn log(folder: &Path) -> String {
    std::fs::read_to_string(log_path(folder)).unwrap_or_default()
}

/// The end of it.
pub fn tail(folder: &Path) -> String {
    let log = log(folder);
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(80)..].join("\n")
}
