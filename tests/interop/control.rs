//! The control port of a server program: one GET a question.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The body of the answer to a GET.
pub async fn get(port: u16, path: &str) -> anyhow::Result<String> {
    let asked = tokio::time::timeout(PATIENCE, ask(port, path));
    asked.await.with_context(|| format!("no answer to {path} within {PATIENCE:?}"))?
}

async fn ask(port: u16, path: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    // HTTP/1.0: no chunks, and the server closes.
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: loopback\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").context("half an answer")?;
    ensure!(head.split(' ').nth(1) == Some("200"), "{path} was answered with {head}");
    Ok(body.to_owned())
}
