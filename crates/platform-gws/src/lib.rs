//! The `Platform` port on Genesys Web Services: one [`Login`] is one agent login of one server.
//!
//! Partial notifications become whole interactions, `Role::Me` is told by user and participant id, both endpoint families
//! look alike from above, and after a break the runtime hears [`attendant::Link::Restored`] only when the contact-centre
//! session stands again.

mod availability;
mod book;
mod convert;
mod history;
mod login;
mod perform;
mod pump;
mod targets;

pub use availability::{AvailabilityOptions, Board, Photographer};
pub use login::{Login, Options};
