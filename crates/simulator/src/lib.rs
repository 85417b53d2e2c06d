//! A contact centre in a box: a pure model of customers, queues, routing and agents, a server over it that speaks Genesys
//! Web Services (both endpoint families) and CometD, scripted people, faults that can be switched on while it runs, and a
//! log of what really happened.

mod crowd;
pub mod faults;
pub mod in_process;
mod load;
mod log;
pub mod model;
mod options;
mod people;
mod server;
mod world;

pub use crowd::{Line, Traffic, Visitor};
pub use faults::{Fault, FaultGuard, Faults};
pub use load::Load;
pub use log::Log;
pub use model::{AgentProfile, Centre, QueueProfile, Rules};
pub use options::{Acknowledgement, Families, Notifications, Options};
pub use people::{Script, Then};
pub use server::{Error, Handle, Server};
pub use world::World;
