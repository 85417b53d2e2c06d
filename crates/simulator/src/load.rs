//! How busy a centre is.

use crate::model::Model;

/// How busy a centre is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Agents who could take one more chat now.
    pub free_agents: usize,
    /// Chats that nobody has and nobody is offered.
    pub waiting_chats: usize,
}

impl Load {
    pub(crate) fn of(model: &Model) -> Self {
        let free_agents = model.profiles().filter(|profile| model.is_free(&profile.user)).count();
        Self { free_agents, waiting_chats: model.waiting() }
    }
}
