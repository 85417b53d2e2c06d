//! Whole-system scenarios, and what they share.

pub mod interop;
pub mod proxy;
