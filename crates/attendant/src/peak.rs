//! Peak load: a layer around any bot that weighs its handoffs against how busy people are.
//!
//! One idea carries all of it: a person has a price, from 0 to 1, and a chat has a need. A handoff passes when the need is
//! higher than the price. `people-first` takes 0 for the price, `bot-first` takes 1, and `adaptive` lets it grow with the
//! wait. A handoff that must be passes always; a chat that was put off often enough gets its handoff; where nobody is signed
//! in, the customer is told so instead. It sits outside everything else that is around a bot.

mod desk;
mod layer;
mod level;
mod options;
#[cfg(test)]
mod tests;
mod weigh;
mod words;

pub use desk::State;
pub use layer::Peak;
pub use level::{Gauge, Level, expected_wait};
pub use options::{Bots, CallBack, Line, Options, Policy};
pub use weigh::{Case, Choice, Reason, Weighed, need, price, weigh};
pub use words::{Facts, Words, minutes};

/// The name of the step under which the journal has what was [`Weighed`].
pub const STEP: &str = "peak";
