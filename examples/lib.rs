//! Small programs, each one file beside this one: `cargo run -p attendant-examples --example NAME`.
