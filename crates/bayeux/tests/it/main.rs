//! The client against scripted transports on virtual time, and against small raw servers on loopback sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "a test fails by panicking, and is its own documentation"
)]
#![allow(dead_code, reason = "a tool box: not every test needs every tool")]
mod server;
mod session;
mod sockets;
mod support;
