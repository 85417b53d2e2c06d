//! The `attendant` binary.
fn main() {}
