//! The bot in whole conversations, and the knowledge base as files.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on should say so loudly

mod bad_input;
mod bases;
mod conversations;
mod imports;
mod learning;
mod reload;
mod zones;

use std::sync::LazyLock;

use faq_bot::bot::{FaqBot, Options};
use faq_bot::live::Live;
use faq_bot::matcher::TrainOptions;
use faq_bot::{Knowledge, KnowledgeBase, demo};

/// The demo base, trained once for all tests.
static DEMO: LazyLock<Live> =
    LazyLock::new(|| Live::fixed(Knowledge::train(demo().unwrap(), &TrainOptions::default()).unwrap()));

/// A bot on it.
fn demo_bot() -> FaqBot {
    FaqBot::on(DEMO.clone(), Options::default())
}

/// A base made ready for several tests.
fn trained(yaml: &str) -> Live {
    let base = KnowledgeBase::parse("test.yaml", yaml).unwrap();
    Live::fixed(Knowledge::train(base, &TrainOptions::default()).unwrap())
}
