//! The runtime: the `Bot` trait, the conversation machine that drives it, and the ports through which it reaches a
//! contact centre.

pub mod availability;
mod bot;
mod bot_call;
mod clock;
mod guard;
mod handoff;
mod ids;
mod interaction;
pub mod journal;
mod machine;
mod mode;
mod note;
mod operation;
pub mod options;
pub mod peak;
mod platform;
pub mod probe;
mod quiet;
mod rehearsal;
mod room;
pub mod rules;
#[cfg(any(test, feature = "test-util"))]
pub mod scripted;
pub mod service;
mod text;
mod transcript;
mod turn;

pub use availability::{Availability, Staffing};
pub use bot::{Bot, BotError, Event, Next, Offer, Said, Verdict};
pub use guard::Guard;
pub use handoff::{CallBack, Choice, Handoff, HandoffFailure, Manner, Meanwhile, Target, Waiting};
pub use ids::{AgentId, InteractionId, LoginId, ParticipantId};
pub use interaction::{AttachedData, Interaction, InteractionState};
pub use journal::{Journal, MemoryJournal};
pub use mode::{Comparison, Comparisons, Mode};
pub use operation::{Operation, Receipt};
pub use options::Options;
pub use platform::{
    Error as PlatformError, ErrorKind as PlatformErrorKind, Link, Platform, PlatformEvent, PlatformEvents,
    PlatformLimits, Presence,
};
pub use rehearsal::Rehearsal;
pub use service::{Handle, Service};
pub use transcript::{Entry, EntryKind, Participant, Role, UnixMillis, Visibility};
pub use turn::{Silenced, Turn};

/// Makes `async fn` work in `impl Bot`; re-exported so that a bot needs no crate but this one.
pub use async_trait::async_trait;
