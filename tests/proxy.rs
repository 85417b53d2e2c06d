//! A TCP proxy that does to a connection what networks do: it resets, swallows, stalls, drops and dawdles, on command.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

/// What happens to bytes that pass now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: bytes pass as they come.
    None,
    /// Bytes are held back in both directions, and go on when the fault ends: a stalled link.
    Hold,
    /// Bytes of both directions vanish. A connection that lost bytes never passes any again.
    BlackHole,
    /// What the client sends arrives, what the server answers vanishes. A connection that lost bytes stays mute.
    SwallowAnswers,
    /// Bytes pass in pieces of `piece`, one every `pause`, in both directions.
    Slow {
        /// Bytes in one piece.
        piece: usize,
        /// Time between two pieces.
        pause: Duration,
    },
    /// New connections are reset at once; those that exist pass bytes.
    Refuse,
}

/// A running proxy. Dropping it closes everything.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    fault: watch::Sender<Fault>,
    resets: watch::Sender<u64>,
    counts: Arc<Counts>,
    _stop: DropGuard,
}

#[derive(Debug, Default)]
struct Counts {
    accepted: AtomicU64,
    lost_bytes: AtomicU64,
}

/// One connection as both of its pumps see it.
#[derive(Clone)]
struct Link {
    fault: watch::Receiver<Fault>,
    stop: CancellationToken,
    counts: Arc<Counts>,
    /// Bytes went missing: the connection is of no use any more in that direction.
    lost_up: Arc<AtomicBool>,
    lost_down: Arc<AtomicBool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

impl FaultProxy {
    /// Starts a proxy on a free loopback port in front of `upstream`.
    pub async fn start(upstream: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("binding the fault proxy")?;
        let address = listener.local_addr()?;
        let (fault, fault_seen) = watch::channel(Fault::None);
        let (resets, resets_seen) = watch::channel(0);
        let counts = Arc::new(Counts::default());
        let stop = CancellationToken::new();
        let accepting = accept(listener, upstream, fault_seen, resets_seen, Arc::clone(&counts), stop.clone());
        #[expect(clippy::disallowed_methods, reason = "ends with the token, which the proxy's drop cancels")]
        tokio::spawn(accepting);
        Ok(Self { address, fault, resets, counts, _stop: stop.drop_guard() })
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on `fault` happens, to connections that exist and to new ones.
    pub fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    /// Resets every connection of this moment (RST, nothing flushed). New ones are not touched.
    pub fn reset_all(&self) {
        self.resets.send_modify(|number| *number += 1);
    }

    /// Connections accepted since the start.
    pub fn accepted(&self) -> u64 {
        self.counts.accepted.load(Ordering::SeqCst)
    }

    /// Bytes that vanished since the start.
    pub fn lost_bytes(&self) -> u64 {
        self.counts.lost_bytes.load(Ordering::SeqCst)
    }
}

async fn accept(
    listener: TcpListener,
    upstream: SocketAddr,
    fault: watch::Receiver<Fault>,
    resets: watch::Receiver<u64>,
    counts: Arc<Counts>,
    stop: CancellationToken,
) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        let Ok((client, _)) = accepted else { continue };
        counts.accepted.fetch_add(1, Ordering::SeqCst);
        if *fault.borrow() == Fault::Refuse {
            reset(client);
            continue;
        }
        let link = Link {
            fault: fault.clone(),
            stop: stop.child_token(),
            counts: Arc::clone(&counts),
            lost_up: Arc::default(),
            lost_down: Arc::default(),
        };
        connections.spawn(carry(client, upstream, link, resets.clone()));
    }
}

fn reset(stream: TcpStream) {
    // An error here means that the peer was faster.
    let _ = stream.set_zero_linger();
    drop(stream);
}

/// Carries one connection until an end closes it or it is reset.
async fn carry(client: TcpStream, upstream: SocketAddr, link: Link, mut resets: watch::Receiver<u64>) {
    resets.mark_unchanged();
    let Ok(server) = TcpStream::connect(upstream).await else {
        reset(client);
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (client_read, client_write) = client.into_split();
    let (server_read, server_write) = server.into_split();
    let mut pumps = JoinSet::new();
    pumps.spawn(pump(client_read, server_write, link.clone(), Direction::Up));
    pumps.spawn(pump(server_read, client_write, link.clone(), Direction::Down));
    let abrupt = tokio::select! {
        // Both pumps end by themselves: an end of file went through in each direction.
        () = async { while pumps.join_next().await.is_some() {} } => false,
        _ = resets.changed() => true,
        () = link.stop.cancelled() => true,
    };
    if abrupt {
        link.stop.cancel();
        // The pumps see the token, set the linger time to zero, and drop their halves.
        while pumps.join_next().await.is_some() {}
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut link: Link, direction: Direction) {
    let mut buffer = vec![0; 64 * 1024];
    let stop = link.stop.clone();
    let ended = stop.run_until_cancelled(async {
        loop {
            match from.read(&mut buffer).await {
                Ok(0) => break,
                Ok(count) => {
                    if link.pass(&buffer[..count], &mut to, direction).await.is_err() {
                        stop.cancel();
                        break;
                    }
                }
                // A reset by one end is passed on as a reset.
                Err(_) => {
                    stop.cancel();
                    break;
                }
            }
        }
    });
    ended.await;
    if stop.is_cancelled() {
        let _ = to.as_ref().set_zero_linger();
        to.forget();
    } else if !link.lost(direction) {
        let _ = to.shutdown().await;
    } else {
        // The end of file would tell what the fault keeps quiet; wait until somebody resets or closes the rest.
        stop.cancelled().await;
        let _ = to.as_ref().set_zero_linger();
        to.forget();
    }
}

impl Link {
    fn lost(&self, direction: Direction) -> bool {
        match direction {
            Direction::Up => self.lost_up.load(Ordering::SeqCst),
            Direction::Down => self.lost_down.load(Ordering::SeqCst),
        }
    }

    async fn pass(&mut self, bytes: &[u8], to: &mut OwnedWriteHalf, direction: Direction) -> std::io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let fault = *self.fault.borrow_and_update();
            let vanishes = match fault {
                Fault::BlackHole => true,
                Fault::SwallowAnswers => direction == Direction::Down,
                _ => false,
            };
            if vanishes {
                self.lost_down.store(true, Ordering::SeqCst);
                if fault == Fault::BlackHole {
                    self.lost_up.store(true, Ordering::SeqCst);
                }
            }
            if vanishes || self.lost(direction) {
                self.counts.lost_bytes.fetch_add(rest.len() as u64, Ordering::SeqCst);
                return Ok(());
            }
            match fault {
                Fault::Hold => {
                    let _ = self.fault.changed().await;
                }
                Fault::Slow { piece, pause } => {
                    let (now, later) = rest.split_at(piece.min(rest.len()));
                    to.write_all(now).await?;
                    rest = later;
                    tokio::time::sleep(pause).await;
                }
                _ => {
                    to.write_all(rest).await?;
                    rest = &[];
                }
            }
        }
        Ok(())
    }
}
