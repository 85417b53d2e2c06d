//! The fault proxy does what its faults say, shown with a plain echo behind it.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, ensure};
use attendant_tests::proxy::{Fault, FaultProxy};
use libtest_mimic::Trial;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::scene::soon;
use super::trial;

/// A time in which bytes would have passed.
const A_WHILE: Duration = Duration::from_millis(200);

pub fn trials() -> Vec<Trial> {
    vec![
        trial("proxy::passes_bytes_and_the_end", &[], passes_bytes_and_the_end),
        trial("proxy::hold_keeps_bytes", &[], hold_keeps_bytes),
        trial("proxy::black_hole_loses_both_ways", &[], black_hole_loses_both_ways),
        trial("proxy::swallowed_answers_were_asked_for", &[], swallowed_answers_were_asked_for),
        trial("proxy::slow_is_slow", &[], slow_is_slow),
        trial("proxy::resets_are_resets", &[], resets_are_resets),
    ]
}

/// An upper-casing echo, and what it has read so far.
async fn echo(tasks: &mut JoinSet<()>) -> anyhow::Result<(SocketAddr, tokio::sync::mpsc::UnboundedReceiver<Vec<u8>>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let (tell, read) = tokio::sync::mpsc::unbounded_channel();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let tell = tell.clone();
            connections.spawn(async move {
                let mut buffer = [0; 1024];
                while let Ok(count) = stream.read(&mut buffer).await {
                    if count == 0 || stream.write_all(&buffer[..count].to_ascii_uppercase()).await.is_err() {
                        return;
                    }
                    let _ = tell.send(buffer[..count].to_vec());
                }
            });
        }
    });
    Ok((address, read))
}

async fn hear(stream: &mut TcpStream, text: &str) -> anyhow::Result<()> {
    let mut buffer = vec![0; text.len()];
    soon("an echo", stream.read_exact(&mut buffer)).await??;
    ensure!(buffer == text.as_bytes(), "heard {:?}", String::from_utf8_lossy(&buffer));
    Ok(())
}

async fn silent(stream: &mut TcpStream) -> anyhow::Result<()> {
    let mut buffer = [0; 1];
    let heard = tokio::time::timeout(A_WHILE, stream.read(&mut buffer)).await;
    ensure!(heard.is_err(), "heard {heard:?} where nothing should pass");
    Ok(())
}

async fn passes_bytes_and_the_end() -> anyhow::Result<()> {
    let mut tasks = JoinSet::new();
    let (address, _read) = echo(&mut tasks).await?;
    let proxy = FaultProxy::start(address).await?;
    let mut stream = TcpStream::connect(proxy.address()).await?;
    stream.write_all(b"hello").await?;
    hear(&mut stream, "HELLO").await?;
    stream.shutdown().await?;
    let mut rest = Vec::new();
    soon("the end", stream.read_to_end(&mut rest)).await??;
    ensure!(rest.is_empty() && proxy.accepted() == 1 && proxy.lost_bytes() == 0, "{proxy:?}");
    Ok(())
}

async fn hold_keeps_bytes() -> anyhow::Result<()> {
    let mut tasks = JoinSet::new();
    let (address, _read) = echo(&mut tasks).await?;
    let proxy = FaultProxy::start(address).await?;
    let mut stream = TcpStream::connect(proxy.address()).await?;
    proxy.set(Fault::Hold);
    stream.write_all(b"late").await?;
    silent(&mut stream).await?;
    proxy.set(Fault::None);
    hear(&mut stream, "LATE").await?;
    ensure!(proxy.lost_bytes() == 0, "held bytes were lost");
    Ok(())
}

async fn black_hole_loses_both_ways() -> anyhow::Result<()> {
    let mut tasks = JoinSet::new();
    let (address, mut read) = echo(&mut tasks).await?;
    let proxy = FaultProxy::start(address).await?;
    let mut stream = TcpStream::connect(proxy.address()).await?;
    stream.write_all(b"before").await?;
    hear(&mut stream, "BEFORE").await?;
    ensure!(read.recv().await.as_deref() == Some(b"before"), "the upstream read something else");
    proxy.set(Fault::BlackHole);
    stream.write_all(b"gone").await?;
    silent(&mut stream).await?;
    proxy.set(Fault::None);
    stream.write_all(b"after").await?;
    silent(&mut stream).await?;
    ensure!(read.try_recv().is_err(), "bytes came out of the black hole");
    ensure!(proxy.lost_bytes() == 9, "{} bytes were lost", proxy.lost_bytes());
    let mut fresh = TcpStream::connect(proxy.address()).await?;
    fresh.write_all(b"new").await?;
    hear(&mut fresh, "NEW").await
}

async fn swallowed_answers_were_asked_for() -> anyhow::Result<()> {
    let mut tasks = JoinSet::new();
    let (address, mut read) = echo(&mut tasks).await?;
    let proxy = FaultProxy::start(address).await?;
    let mut stream = TcpStream::connect(proxy.address()).await?;
    proxy.set(Fault::SwallowAnswers);
    stream.write_all(b"asked").await?;
    let arrived = soon("the question", read.recv()).await?;
    ensure!(arrived.as_deref() == Some(b"asked"), "the question did not arrive");
    silent(&mut stream).await?;
    proxy.set(Fault::None);
    stream.write_all(b"again").await?;
    silent(&mut stream).await
}

async fn slow_is_slow() -> anyhow::Result<()> {
    let mut tasks = JoinSet::new();
    let (address, _read) = echo(&mut tasks).await?;
    let proxy = FaultProxy::start(address).await?;
    let mut stream = TcpStream::connect(proxy.address()).await?;
    proxy.set(Fault::Slow { piece: 1, pause: Duration::from_millis(10) });
    let begun = tokio::time::Instant::now();
    stream.write_all(b"0123456789").await?;
    hear(&mut stream, "0123456789").await?;
    ensure!(begun.elapsed() >= Duration::from_millis(90), "took {:?}", begun.elapsed());
    Ok(())
}

async fn resets_are_resets() -> anyhow::Result<()> {
    let mut tasks = JoinSet::new();
    let (address, _read) = echo(&mut tasks).await?;
    let proxy = FaultProxy::start(address).await?;
    let mut stream = TcpStream::connect(proxy.address()).await?;
    stream.write_all(b"hello").await?;
    hear(&mut stream, "HELLO").await?;
    proxy.reset_all();
    let end = soon("the reset", stream.read(&mut [0; 1])).await?;
    let kind = end.err().context("ended in good order")?.kind();
    ensure!(kind == ErrorKind::ConnectionReset, "{kind:?}");

    proxy.set(Fault::Refuse);
    // The reset may come before connecting has ended.
    if let Ok(mut refused) = TcpStream::connect(proxy.address()).await {
        let end = soon("the refusal", refused.read(&mut [0; 1])).await?;
        ensure!(end.is_err(), "a refused connection could be read");
    }
    proxy.set(Fault::None);
    let mut fresh = TcpStream::connect(proxy.address()).await?;
    fresh.write_all(b"back").await?;
    hear(&mut fresh, "BACK").await
}
