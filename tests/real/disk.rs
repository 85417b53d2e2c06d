//! A folder whose disk can be full: a small tmpfs where one can be mounted, else a limit on the size of the program's files.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

/// Room for a journal of some minutes.
const SIZE: &str = "size=64m";

pub struct Disk {
    folder: PathBuf,
    mounted: bool,
    _room: tempfile::TempDir,
}

impl Disk {
    pub async fn open(mount: bool) -> Result<Self> {
        let room = tempfile::tempdir()?;
        let folder = room.path().join("work");
        std::fs::create_dir(&folder)?;
        let mounted = mount
            && Command::new("mount")
                .args(["-t", "tmpfs", "-o", SIZE, "attendant-trial"])
                .arg(&folder)
                .output()
                .await
                .is_ok_and(|output| output.status.success());
        Ok(Self { folder, mounted, _room: room })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn name(&self) -> &'static str {
        if self.mounted { "a tmpfs" } else { "a limit on the size of files" }
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }

    /// From now on nothing can be written.
    pub async fn fill(&self, process: u32) -> Result<()> {
        if !self.mounted {
            return limit(process, "0:unlimited").await;
        }
        let mut file = std::fs::File::create(self.ballast())?;
        let block = [0; 4096];
        let full = loop {
            if let Err(error) = file.write_all(&block) {
                break error;
            }
        };
        ensure!(full.kind() == std::io::ErrorKind::StorageFull, "{full}");
        Ok(())
    }

    /// There is room again. Without a process: the next one begins without a limit.
    pub async fn relieve(&self, process: Option<u32>) -> Result<()> {
        if !self.mounted {
            return match process {
                Some(process) => limit(process, "unlimited:unlimited").await,
                None => Ok(()),
            };
        }
        match std::fs::remove_file(self.ballast()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

async fn limit(process: u32, limit: &str) -> Result<()> {
    let output = Command::new("prlimit")
        .args([format!("--pid={process}"), format!("--fsize={limit}")])
        .output()
        .await
        .context("prlimit, of util-linux")?;
    ensure!(output.status.success(), "prlimit: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.mounted {
            let _ = std::process::Command::new("umount").arg("--lazy").arg(&self.folder).status();
        }
    }
}
