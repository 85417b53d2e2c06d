//! Offers: a quick no, or a conversation that knows what was before.

use std::time::Duration;

use super::run::{Happened, Running};
use crate::machine::{Conversation, Past};
use crate::{Interaction, InteractionId, Operation};

/// Chats that were handed over and may come back, remembered at most; older ones are looked up in the journal.
const PASTS: usize = 1000;
/// How long the journal may take to tell whether the chat was here before; the platform waits for the answer to its offer.
const REMEMBERS_WITHIN: Duration = Duration::from_secs(2);

impl Running {
    /// A new offer: a conversation, or a quick no if this login has enough or is on its way out.
    pub(super) fn offered(&mut self, interaction: Interaction) {
        if self.offers.contains_key(&interaction.id) {
            return; // told twice
        }
        let full = self.conversations.len() + self.offers.len() >= self.options.offers.most;
        if full || !self.wants_offers() {
            self.reject_unseen(interaction.id, full);
        } else if let Some(past) = self.pasts.shift_remove(&interaction.id) {
            self.take_offer(&interaction, Some(&past));
        } else {
            self.look_for_the_past(interaction);
        }
    }

    fn reject_unseen(&mut self, interaction: InteractionId, full: bool) {
        self.counters.offered += 1;
        self.counters.rejected += 1;
        tracing::info!(agent.login = %self.login, chat.id = %interaction, full, "rejecting an offer unseen");
        // Refused or lost, the platform takes the offer back by itself.
        self.operate(interaction, Operation::Reject, |_| Happened::Nothing);
    }

    /// It may have been here before this process was started.
    fn look_for_the_past(&mut self, interaction: Interaction) {
        let (journal, login, id) = (self.journal.clone(), self.login.clone(), interaction.id.clone());
        let (options, limits) = (self.options.clone(), self.platform.limits());
        self.offers.insert(interaction.id.clone(), interaction);
        self.work.push(Box::pin(async move {
            let past = match tokio::time::timeout(REMEMBERS_WITHIN, journal.latest(&login, &id)).await {
                Ok(Ok(lines)) => Conversation::past_of(&lines, options, limits),
                Ok(Err(error)) => {
                    tracing::warn!(agent.login = %login, chat.id = %id, %error, "whether this chat was here before is not known");
                    None
                }
                Err(_) => None,
            };
            Happened::Remembered { interaction: id, past }
        }));
    }

    /// The journal has told what was before.
    pub(super) fn remembered(&mut self, interaction: &InteractionId, past: Option<&Past>) {
        let Some(interaction) = self.offers.remove(interaction) else { return }; // taken back meanwhile
        if self.wants_offers() {
            self.take_offer(&interaction, past);
        } else {
            self.reject_unseen(interaction.id, false);
        }
    }

    /// Something changed about an offer that waits for the journal. True: it is one.
    pub(super) fn changed_while_looking(&mut self, interaction: &Interaction) -> bool {
        let Some(waiting) = self.offers.get_mut(&interaction.id) else { return false };
        if interaction.state.is_final() {
            self.offers.remove(&interaction.id);
        } else {
            waiting.clone_from(interaction);
        }
        true
    }

    fn take_offer(&mut self, interaction: &Interaction, past: Option<&Past>) {
        let limits = self.platform.limits();
        let now = self.clock.now();
        let (mut conversation, mut effects) = Conversation::offered(interaction, self.options.clone(), limits, now);
        if let Some(past) = past {
            let (remembering, more) = conversation.remembering(past, now);
            conversation = remembering;
            effects.extend(more);
        }
        self.admit(conversation, effects);
    }

    /// What a chat leaves behind, should it come back.
    pub(super) fn keep_the_past(&mut self, interaction: &InteractionId, past: Past) {
        if self.pasts.len() >= PASTS {
            self.pasts.shift_remove_index(0); // the oldest
        }
        self.pasts.insert(interaction.clone(), past);
    }
}
