//! A contact centre in a box: a pure model of customers, queues, routing and agents, a server over it that speaks Genesys
//! Web Services (both endpoint families) and CometD, scripted people, faults that can be switched on while it runs, and a
//! log of what really happened.
//!
//! Two faces on one model. The server, for everything that speaks the wire:
//!
//! ```
//! use simulator::{AgentProfile, Centre, Options, QueueProfile, Script, Server};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let centre = Centre::default()
//!     .with_agent(AgentProfile::new("bot-01", "secret").skilled("bot").capacity(20))
//!     .with_agent(AgentProfile::new("grace", "secret").skilled("service").scripted(Script::default()))
//!     .with_queue(QueueProfile::new("chat_in").needing("bot"))
//!     .with_queue(QueueProfile::new("people").needing("service"));
//! let running = Server::start(Options::default().with_centre(centre)).await?;
//! println!("customers at {0}/customer, people at {0}/desk", running.base_url());
//! running.shutdown().await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok(())
//! # }
//! ```
//!
//! And [`in_process`], for tests on virtual time: the runtime's `Platform` without a socket, one seed, one run.
//!
//! What the server serves: `/api/v2/me…` and its look-ups for agents (both families), `/api/v2/notifications` (CometD by
//! long-polling and WebSocket), `/api/v2/chats…` for customers, the pages `/`, `/customer` and `/desk`, and, for this
//! machine only, `/simulator/log`, `/simulator/faults`, `/simulator/people` and `/simulator/centre`.
//!
//! What it does not: voice, e-mail, statistics, supervisors, persistence. It never shares a type with a client.

mod chance;
mod crowd;
pub mod faults;
pub mod guests;
pub mod in_process;
mod load;
mod log;
pub mod model;
mod options;
mod people;
mod roster;
mod server;
mod world;

pub use crowd::{Line, Traffic, Visitor};
pub use faults::{Fault, FaultGuard, Faults};
pub use guests::{Guest, Visit};
pub use load::Load;
pub use log::Log;
pub use model::{AgentProfile, Centre, QueueProfile, Rules};
pub use options::{Acknowledgement, Families, Notifications, Options};
pub use people::{Script, Then};
pub use server::{Error, Handle, Server};
pub use world::World;
