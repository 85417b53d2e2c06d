//! Calling a bot so that whatever it does stays its own trouble: an error or a panic is a value.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::sync::mpsc;

use crate::journal::{StoryKey, TurnFailure};
use crate::machine::Answer;
use crate::probe::{Deed, Side, Slot};
use crate::turn::{FromBot, Memory, Report, Scene, TurnId};
use crate::{Bot, Offer, Turn};

/// Asks about an offer, and reports the verdict.
pub(crate) async fn screen(
    bot: Arc<dyn Bot>,
    key: StoryKey,
    offer: Offer,
    reports: mpsc::Sender<FromBot>,
    probe: Slot,
) {
    probe.pass(Deed::Bot, Side::Before).await;
    let verdict = AssertUnwindSafe(bot.screen(&offer)).catch_unwind().await.map_err(|_| TurnFailure::Panicked);
    probe.pass(Deed::Bot, Side::After).await;
    let turn = TurnId { number: 0, run: 0 };
    // Nobody listens only when the answer is not wanted any more.
    let _ = reports.send(FromBot { key, turn, report: Report::Screened { verdict } }).await;
}

/// Lets it answer a turn, and reports how it went.
pub(crate) async fn respond(bot: Arc<dyn Bot>, scene: Box<Scene>, reports: mpsc::Sender<FromBot>, probe: Slot) {
    probe.pass(Deed::Bot, Side::Before).await;
    let mut memory = Memory::default();
    let outcome = {
        let mut turn = Turn::new(&scene, &mut memory, reports.clone());
        AssertUnwindSafe(async { bot.respond(&mut turn).await }).catch_unwind().await
    };
    let outcome = match outcome {
        Ok(Ok(next)) => Ok(Answer { next, memory: memory.changed }),
        Ok(Err(error)) => Err(TurnFailure::Error(error.to_string())),
        Err(_) => Err(TurnFailure::Panicked),
    };
    probe.pass(Deed::Bot, Side::After).await;
    let (key, turn) = (scene.key.clone(), scene.turn);
    let _ = reports.send(FromBot { key, turn, report: Report::Over { outcome } }).await;
}
