//! One turn of a conversation, as the bot sees it.

use std::marker::PhantomData;

use crate::{AttachedData, BotError, Entry, Event};

/// One call of a bot: the event that woke it, the conversation so far, and a way to speak.
pub struct Turn<'a> {
    event: Event,
    transcript: Vec<Entry>,
    data: AttachedData,
    said: Vec<String>,
    host: PhantomData<&'a ()>,
}

impl Turn<'_> {
    /// What woke the bot.
    pub fn event(&self) -> Event {
        self.event.clone()
    }

    /// Everything said so far, by index.
    pub fn transcript(&self) -> &[Entry] {
        &self.transcript
    }

    /// A value of the attached data.
    pub fn data(&self, key: &str) -> Option<&str> {
        self.data.get(key)
    }

    /// Says something to the customer. Returns when the words are taken over; the runtime types, paces, splits and sends.
    #[expect(clippy::unused_async, reason = "the words are handed to the conversation's mailbox")]
    pub async fn say(&mut self, words: impl Into<String>) -> Result<(), BotError> {
        self.said.push(words.into());
        Ok(())
    }
}
