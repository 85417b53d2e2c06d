//! Whole-system scenarios, and what they share.
