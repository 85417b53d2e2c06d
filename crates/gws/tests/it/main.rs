//! The client against golden files and a scripted server.

#![allow(clippy::unwrap_used, reason = "these are tests; helpers of integration tests do not count as such")]

mod answers;
mod notifications;
mod requests;
mod server;
mod session;
