//! Torture: the real runtime against the in-process centre, on virtual time, from one seed. Bots, people, customers, faults,
//! a slow journal, processes that die or are stopped at any boundary; judged by the centre's own log.
//!
//! A [`Story`] is data: who comes when and says what, what goes wrong, where a process is cut off. [`run`] plays it, the same
//! story always in the same way, and [`judge`] says what was wrong. [`shrink`] makes a failing one short enough to read, and
//! [`certificate`] cuts short stories off at every boundary there is, and at every pair of two.

mod bot;
pub mod campaign;
pub mod certificate;
mod draw;
#[cfg(feature = "test-util")]
pub mod guards;
mod journal;
mod judge;
mod process;
mod run;
mod shorts;
mod shrink;
mod story;
mod tell;

pub use bot::{Flaw, answer_to};
pub use draw::Shape;
pub use judge::{Rule, Wrong, judge};
pub use run::{Cut, Ran, run};
pub use shrink::{Shrunk, shrink};
pub use story::{How, Outage, SlowJournal, Stop, Story};
pub use tell::{tell, tell_chat};
