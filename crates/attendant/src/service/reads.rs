//! Looks at the platform: one list of interactions for all conversations that ask at the same time, then their
//! transcripts, a few at once.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tokio::time::Instant;

use super::run::{Happened, Running};
use crate::machine::{Conversation, Input, Picture, Ticket};
use crate::{Entry, Interaction, InteractionId, InteractionState, PlatformError};

/// Transcripts that are read at the same time.
const AT_ONCE: usize = 16;

/// What is wanted, and what is on its way.
#[derive(Debug, Default)]
pub struct Reads {
    wanted: BTreeMap<InteractionId, Ticket>,
    listing: Option<BTreeMap<InteractionId, Ticket>>,
    /// Interactions that nobody here knows are to be taken up when the list comes.
    adopt: bool,
    /// Conversations that ended while the list was on its way: what it says of them may be from before.
    ended: BTreeSet<InteractionId>,
    queue: VecDeque<(Interaction, Ticket)>,
    running: usize,
    /// Whoever had the login before may be at work still.
    not_before: Option<Instant>,
}

impl Reads {
    pub fn want(&mut self, interaction: InteractionId, ticket: Ticket) {
        self.wanted.insert(interaction, ticket);
    }

    /// After a gap or a start: whatever the platform has for this login is ours.
    pub fn adopt(&mut self) {
        self.adopt = true;
    }

    /// A conversation has ended.
    pub fn ended(&mut self, interaction: &InteractionId) {
        if self.listing.is_some() {
            self.ended.insert(interaction.clone());
        }
    }

    /// The first look waits until then.
    pub fn not_before(&mut self, moment: Instant) {
        self.not_before = Some(moment);
    }

    /// The list could not be read; not again before it is time.
    pub fn wait(&mut self) {
        self.adopt = false;
    }
}

impl Running {
    /// Starts the looks that are wanted.
    pub(super) fn look(&mut self) {
        if self.reads.listing.is_none() && (self.reads.adopt || !self.reads.wanted.is_empty()) {
            self.reads.listing = Some(std::mem::take(&mut self.reads.wanted));
            self.reads.ended.clear();
            let (platform, not_before) = (self.platform.clone(), self.reads.not_before);
            self.work.push(Box::pin(async move {
                if let Some(moment) = not_before {
                    tokio::time::sleep_until(moment).await;
                }
                Happened::Listed(platform.interactions().await)
            }));
        }
        while self.reads.running < AT_ONCE
            && let Some((interaction, ticket)) = self.reads.queue.pop_front()
        {
            self.reads.running += 1;
            let platform = self.platform.clone();
            self.work.push(Box::pin(async move {
                let transcript = platform.transcript(&interaction.id).await;
                Happened::Transcript { interaction, ticket, transcript }
            }));
        }
    }

    pub(super) fn listed(&mut self, list: Result<Vec<Interaction>, PlatformError>) {
        let asked = self.reads.listing.take().unwrap_or_default();
        match list {
            Err(error) => {
                for (interaction, ticket) in asked {
                    self.deliver(&interaction, Input::Read { ticket, picture: Picture::Failed(error.clone()) });
                }
                if self.reads.adopt {
                    self.list_again_later(&error);
                }
            }
            Ok(list) => {
                let mut owned: BTreeMap<InteractionId, Interaction> =
                    list.into_iter().map(|interaction| (interaction.id.clone(), interaction)).collect();
                for (id, ticket) in asked {
                    match owned.remove(&id) {
                        None => self.deliver(&id, Input::Read { ticket, picture: Picture::Gone }),
                        Some(interaction) => self.reads.queue.push_back((interaction, ticket)),
                    }
                }
                if std::mem::take(&mut self.reads.adopt) {
                    let ended = std::mem::take(&mut self.reads.ended);
                    for interaction in owned.into_values() {
                        if ended.contains(&interaction.id) {
                            self.reads.adopt = true; // a list that begins now tells whether it is here again
                        } else {
                            self.adopt(interaction);
                        }
                    }
                    self.synchronised();
                }
            }
        }
    }

    pub(super) fn transcript_read(
        &mut self,
        interaction: Interaction,
        ticket: Ticket,
        transcript: Result<Vec<Entry>, PlatformError>,
    ) {
        self.reads.running -= 1;
        let id = interaction.id.clone();
        let picture = match transcript {
            Ok(transcript) => Picture::Found { interaction, transcript },
            // Before and after the chat there need not be a transcript to read.
            Err(_) if interaction.state != InteractionState::Chatting => {
                Picture::Found { interaction, transcript: Vec::new() }
            }
            Err(error) => Picture::Failed(error),
        };
        self.deliver(&id, Input::Read { ticket, picture });
    }

    /// An interaction of this login that nobody here knows: a new offer, or one whose journal is lost.
    fn adopt(&mut self, interaction: Interaction) {
        if self.conversations.contains_key(&interaction.id) || interaction.state.is_final() {
            return; // offered while the list was on its way
        }
        if interaction.state == InteractionState::Invited {
            self.offered(interaction);
            return;
        }
        tracing::info!(agent.login = %self.login, chat.id = %interaction.id, "taking up a chat that is in no journal");
        let limits = self.platform.limits();
        let (conversation, effects) =
            Conversation::adopted(&interaction, self.options.clone(), limits, self.clock.now());
        self.counters.resumed += 1;
        self.admit(conversation, effects);
    }
}
