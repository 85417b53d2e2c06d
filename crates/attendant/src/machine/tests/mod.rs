//! The machine on the bench: every state with every input, and whatever happens in whatever order.

mod anything;
mod bench;
mod beside;
mod every_pair;
mod falling_silent;
mod handing;
mod people;
mod scenes;
mod silence;
