//! The `attendant` binary for trials that run it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;
use tokio::sync::OnceCell;

/// The binary that belongs to this test run. Built once, by whoever needs it first.
pub async fn build() -> Result<PathBuf> {
    static BUILT: OnceCell<PathBuf> = OnceCell::const_new();
    BUILT.get_or_try_init(build_now).await.cloned()
}

async fn build_now() -> Result<PathBuf> {
    let here = std::env::current_exe()?;
    let profile = here.parent().and_then(Path::parent).context("a target directory")?;
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package", "attendant-cli", "--bin", "attendant"]);
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    // What cargo tells this test about itself would make the build scripts of others run again.
    for (name, _) in std::env::vars_os() {
        let told = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_", "OUT_DIR"];
        if name.to_str().is_some_and(|name| told.iter().any(|prefix| name.starts_with(prefix))) {
            cargo.env_remove(name);
        }
    }
    ensure!(cargo.status().await?.success(), "the binary does not build");
    Ok(profile.join("attendant"))
}
