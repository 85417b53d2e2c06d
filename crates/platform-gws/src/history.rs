//! Waiting for a history that comes as a notification (family `interactions`).

use std::collections::BTreeMap;

use attendant::Entry;
use tokio::sync::oneshot;

/// Everybody who waits for a history.
#[derive(Debug, Default)]
pub struct Histories {
    waiting: Vec<Waiting>,
    next: u64,
}

#[derive(Debug)]
struct Waiting {
    ticket: u64,
    interaction: String,
    /// The first index that was seen before the history was asked for. Live entries come after it.
    lowest: Option<u64>,
    reference: Option<i64>,
    got: BTreeMap<u64, Entry>,
    done: Option<oneshot::Sender<()>>,
}

impl Histories {
    /// Begins to wait, before the history is asked for: it can come before the answer.
    pub fn wait(&mut self, interaction: &str, lowest: Option<u64>) -> (u64, oneshot::Receiver<()>) {
        self.next += 1;
        let (done, waiter) = oneshot::channel();
        let (interaction, got) = (interaction.to_owned(), BTreeMap::new());
        self.waiting.push(Waiting { ticket: self.next, interaction, lowest, reference: None, got, done: Some(done) });
        (self.next, waiter)
    }

    /// The number that the history will carry.
    pub fn expect(&mut self, ticket: u64, reference: Option<i64>) {
        if let Some(waiting) = self.waiting.iter_mut().find(|one| one.ticket == ticket) {
            waiting.reference = reference;
        }
    }

    /// Entries came. It is the history if it says so by its number, or if it begins where the transcript begins.
    pub fn came(&mut self, interaction: &str, reference: Option<i64>, entries: &[Entry]) {
        let first = entries.iter().map(|entry| entry.index).min();
        for waiting in self.waiting.iter_mut().filter(|one| one.interaction == interaction) {
            waiting.got.extend(entries.iter().map(|entry| (entry.index, entry.clone())));
            let numbered = reference.is_some() && reference == waiting.reference;
            let from_the_start = first.is_some_and(|first| first <= waiting.lowest.unwrap_or(1));
            if (numbered || from_the_start)
                && let Some(done) = waiting.done.take()
            {
                let _ = done.send(());
            }
        }
    }

    /// Stops waiting and gives what came, by index.
    pub fn take(&mut self, ticket: u64) -> Vec<Entry> {
        let Some(at) = self.waiting.iter().position(|one| one.ticket == ticket) else { return Vec::new() };
        self.waiting.swap_remove(at).got.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use attendant::{EntryKind, Participant, ParticipantId, Role, Visibility};

    use super::*;

    fn entry(index: u64) -> Entry {
        let from =
            Participant { id: ParticipantId::new("1"), role: Role::Customer, nickname: "Ada".into(), agent: None };
        Entry { index, from, visibility: Visibility::All, at: None, kind: EntryKind::Joined }
    }

    #[test]
    fn a_live_entry_is_not_the_history() {
        let mut histories = Histories::default();
        let (ticket, mut waiter) = histories.wait("A1", Some(2));
        histories.came("A1", None, &[entry(7)]);
        histories.came("A2", None, &[entry(1)]);
        assert!(waiter.try_recv().is_err());
        histories.came("A1", None, &[entry(2), entry(5)]);
        assert!(waiter.try_recv().is_ok());
        let indexes: Vec<u64> = histories.take(ticket).iter().map(|entry| entry.index).collect();
        assert_eq!(indexes, [2, 5, 7]);
        assert_eq!(histories.take(ticket), []);
    }

    #[test]
    fn the_number_tells_where_there_is_one() {
        let mut histories = Histories::default();
        let (ticket, mut waiter) = histories.wait("A1", None);
        histories.expect(ticket, Some(41));
        histories.came("A1", Some(40), &[entry(9)]);
        assert!(waiter.try_recv().is_err());
        histories.came("A1", Some(41), &[entry(3)]);
        assert!(waiter.try_recv().is_ok());
    }
}
