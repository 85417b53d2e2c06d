//! The names under which the runtime itself hands over, beside the rules of a configuration.

use crate::journal::TurnFailure;

/// The bot's own wish, with no rule to name.
pub const BOT: &str = "bot";
/// A turn of the bot failed: an error, a panic, or nothing said.
pub const BOT_FAILED: &str = "bot-failed";
/// The bot's deadline passed.
pub const BOT_TOO_SLOW: &str = "bot-too-slow";
/// So many turns failed in a row that the bot counts as down.
pub const BOT_DOWN: &str = "bot-down";
/// What the bot said could not be sent.
pub const UNDELIVERABLE: &str = "undeliverable";
/// The chat turned in circles.
pub const LOOP: &str = "loop";
/// The service stops.
pub const DRAIN: &str = "drain";
/// A draft or a shadow had no person beside it.
pub const ALONE: &str = "alone";
/// An operator wanted it.
pub const OPERATOR: &str = "operator";

/// All of them: no rule of a configuration may have such a name.
pub const ALL: [&str; 9] = [BOT, BOT_FAILED, BOT_TOO_SLOW, BOT_DOWN, UNDELIVERABLE, LOOP, DRAIN, ALONE, OPERATOR];

/// The name for a failed turn; `down` when it was one too many in a row.
pub(crate) fn of_failure(why: &TurnFailure, down: bool) -> &'static str {
    match why {
        TurnFailure::Circles => LOOP,
        TurnFailure::Undeliverable => UNDELIVERABLE,
        _ if down => BOT_DOWN,
        TurnFailure::TooLate => BOT_TOO_SLOW,
        TurnFailure::Error(_) | TurnFailure::Panicked | TurnFailure::SaidNothing => BOT_FAILED,
    }
}
