//! The server over real sockets, against what the protocol notes say a server does.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "tests fail by panicking, and read better so"
)]

mod client;
mod cometd;
mod conversation;
mod faults;
mod life;
mod people;
mod rest;
mod websocket;
