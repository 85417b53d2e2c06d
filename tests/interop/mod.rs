//! Software that others wrote, run as child processes: three kinds of CometD servers, three kinds of clients.
//!
//! Each is wrapped by a small program in `java/` or `node/`. A program announces itself on its standard output and ends
//! when its standard input is closed, so that nothing is left running behind a test.

mod control;
mod needs;
mod program;
mod server;

pub use control::get;
pub use needs::Needs;
pub use program::{Program, java, node};
pub use server::{Kind, Server, Settings, url_at};
