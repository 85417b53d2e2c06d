//! The bot in whole conversations, and the knowledge base as files.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on should say so loudly

mod bad_input;
mod bases;
mod conversations;
mod imports;
mod learning;
mod reload;
