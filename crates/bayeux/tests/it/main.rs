//! The client against scripted transports on virtual time, and against small raw servers on loopback sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::too_many_lines,
    missing_docs,
    reason = "a test fails by panicking, owns what it spawns, tells a story, and is its own documentation"
)]

mod acknowledging;
mod advice;
mod behaviours;
mod conformance;
mod connecting;
mod format;
mod fuzzing;
mod handshake;
mod lifecycle;
mod long_polling;
mod publishing;
mod server;
mod session;
mod sockets;
mod subscribing;
mod support;
mod tls;
mod websockets;
