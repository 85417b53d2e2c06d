//! The `attendant` program as its users have it: arguments in, text and exit status out.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "the helpers of tests may fail the test")]

mod bots;
mod chat;
mod compare;
mod configuration;
mod faq;
mod journal;
mod lifecycle;
mod simulation;
mod tool;
mod torture;
