//! The bot in whole conversations, and the knowledge base as files.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on should say so loudly

mod bad_input;
mod bases;
mod conversations;
mod imports;
mod learning;
mod reload;

use std::sync::LazyLock;

use faq_bot::bot::{FaqBot, Options};
use faq_bot::live::Live;
use faq_bot::matcher::TrainOptions;
use faq_bot::{Knowledge, demo};

/// The demo base, trained once for all tests.
static DEMO: LazyLock<Live> =
    LazyLock::new(|| Live::fixed(Knowledge::train(demo().unwrap(), &TrainOptions::default()).unwrap()));

/// A bot on it.
fn demo_bot() -> FaqBot {
    FaqBot::on(DEMO.clone(), Options::default())
}
