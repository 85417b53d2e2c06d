//! What every journal must do: the tests that each implementation runs, by [`journal_contract!`](crate::journal_contract).

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "these are tests, only they live where other crates can run them"
)]

use super::{Closed, ErrorKind, Fence, Journal, Line, Record, StoryKey};
use crate::{LoginId, UnixMillis};

/// Makes one test of every case. The argument gives a new, empty journal: `journal_contract!(async || MyJournal::new())`.
#[macro_export]
macro_rules! journal_contract {
    ($make:expr) => {
        $crate::journal_contract!(@cases $make,
            what_is_appended_is_given_back, an_append_is_whole_or_nothing, stories_have_no_gaps, the_first_line_is_number_one,
            who_takes_a_login_fences_the_others_off, a_login_that_nobody_took_cannot_be_written,
            closed_stories_are_not_given_back, nothing_comes_after_the_end, logins_do_not_see_each_other,
            stories_come_oldest_first, old_closed_stories_are_forgotten, an_interaction_can_come_back_as_another_story,
            many_writers_at_once_lose_nothing, an_empty_append_tells_who_holds_the_login,
            the_latest_story_of_an_interaction_is_found);
    };
    (@cases $make:expr, $($case:ident),*) => {
        $(#[tokio::test]
        async fn $case() {
            let make = $make;
            $crate::journal::contract::$case(&make().await).await;
        })*
    };
}

fn login(name: &str) -> LoginId {
    LoginId::from(name)
}

fn key(interaction: &str, began: i64) -> StoryKey {
    StoryKey { interaction: interaction.into(), began: UnixMillis(began) }
}

fn line(key: &StoryKey, number: u64, record: Record) -> Line {
    Line { key: key.clone(), number, at: UnixMillis(key.began.0 + i64::try_from(number).unwrap_or(0)), record }
}

fn confirmed(message: u64) -> Record {
    Record::Confirmed { message, index: message }
}

const END: Record = Record::Closed { how: Closed::Completed };

async fn refused(journal: &dyn Journal, fence: Fence, lines: Vec<Line>) -> ErrorKind {
    journal.append(&login("a"), fence, lines).await.expect_err("must be refused").kind()
}

/// What is appended, in one go or several, comes back in order and unchanged.
pub async fn what_is_appended_is_given_back(journal: &dyn Journal) {
    let fence = journal.take(&login("a")).await.unwrap().fence;
    let key = key("1", 10);
    let said =
        Record::Said {
            turn: 1, words: "Grüße\n\"quoted\" 👨‍👩‍👧".into(), first: 1, parts: vec!["a".into(), "b".into()]
        };
    let lines = vec![line(&key, 1, Record::Offered), line(&key, 2, said), line(&key, 3, confirmed(1))];
    journal.append(&login("a"), fence, lines[..2].to_vec()).await.unwrap();
    journal.append(&login("a"), fence, lines[2..].to_vec()).await.unwrap();
    assert_eq!(journal.take(&login("a")).await.unwrap().stories, std::slice::from_ref(&lines));
    assert_eq!(journal.story(&login("a"), &key).await.unwrap(), lines);
}

/// One bad line in an append, and none of it is there.
pub async fn an_append_is_whole_or_nothing(journal: &dyn Journal) {
    let fence = journal.take(&login("a")).await.unwrap().fence;
    let (one, two) = (key("1", 10), key("2", 10));
    let lines = vec![line(&one, 1, Record::Offered), line(&two, 7, Record::Offered)];
    assert_eq!(refused(journal, fence, lines).await, ErrorKind::OutOfStep);
    assert!(journal.take(&login("a")).await.unwrap().stories.is_empty());
}

/// A line that leaves a gap, or comes twice, is refused.
pub async fn stories_have_no_gaps(journal: &dyn Journal) {
    let fence = journal.take(&login("a")).await.unwrap().fence;
    let key = key("1", 10);
    journal.append(&login("a"), fence, vec![line(&key, 1, Record::Offered)]).await.unwrap();
    assert_eq!(refused(journal, fence, vec![line(&key, 3, Record::Live)]).await, ErrorKind::OutOfStep);
    assert_eq!(refused(journal, fence, vec![line(&key, 1, Record::Live)]).await, ErrorKind::OutOfStep);
    journal.append(&login("a"), fence, vec![line(&key, 2, Record::Live)]).await.unwrap();
}

/// Stories begin at 1.
pub async fn the_first_line_is_number_one(journal: &dyn Journal) {
    let fence = journal.take(&login("a")).await.unwrap().fence;
    for number in [0, 2] {
        let lines = vec![line(&key("1", 10), number, Record::Offered)];
        assert_eq!(refused(journal, fence, lines).await, ErrorKind::OutOfStep);
    }
}

/// After another take, the earlier holder can write nothing, and the later one can.
pub async fn who_takes_a_login_fences_the_others_off(journal: &dyn Journal) {
    let early = journal.take(&login("a")).await.unwrap().fence;
    let held = journal.take(&login("a")).await.unwrap();
    let late = held.fence;
    assert!(late > early && !held.alone);
    let lines = vec![line(&key("1", 10), 1, Record::Offered)];
    assert_eq!(refused(journal, early, lines.clone()).await, ErrorKind::Fenced);
    journal.append(&login("a"), late, lines).await.unwrap();
}

/// Without a take there is no right to write.
pub async fn a_login_that_nobody_took_cannot_be_written(journal: &dyn Journal) {
    let lines = vec![line(&key("1", 10), 1, Record::Offered)];
    assert_eq!(refused(journal, Fence(1), lines).await, ErrorKind::Fenced);
}

/// A closed story is history: it is not taken up again, but it can be read.
pub async fn closed_stories_are_not_given_back(journal: &dyn Journal) {
    let fence = journal.take(&login("a")).await.unwrap().fence;
    let key = key("1", 10);
    let lines = vec![line(&key, 1, Record::Offered), line(&key, 2, END)];
    journal.append(&login("a"), fence, lines.clone()).await.unwrap();
    assert!(journal.take(&login("a")).await.unwrap().stories.is_empty());
    assert_eq!(journal.story(&login("a"), &key).await.unwrap(), lines);
}

/// A closed story takes no line.
pub async fn nothing_comes_after_the_end(journal: &dyn Journal) {
    let fence = journal.take(&login("a")).await.unwrap().fence;
    let key = key("1", 10);
    journal.append(&login("a"), fence, vec![line(&key, 1, END)]).await.unwrap();
    assert_eq!(refused(journal, fence, vec![line(&key, 2, Record::Live)]).await, ErrorKind::OutOfStep);
}

/// Each login has its own stories and its own fence.
pub async fn logins_do_not_see_each_other(journal: &dyn Journal) {
    let fence = journal.take(&login("a")).await.unwrap().fence;
    journal.append(&login("a"), fence, vec![line(&key("1", 10), 1, Record::Offered)]).await.unwrap();
    assert!(journal.take(&login("b")).await.unwrap().stories.is_empty());
    journal.append(&login("a"), fence, vec![line(&key("1", 10), 2, Record::Live)]).await.unwrap();
    assert!(journal.story(&login("b"), &key("1", 10)).await.unwrap().is_empty());
}

/// By the time of the offer, whatever the interaction is called.
pub async fn stories_come_oldest_first(journal: &dyn Journal) {
    let fence = journal.take(&login("a")).await.unwrap().fence;
    for (interaction, began) in [("c", 20), ("a", 30), ("b", 10)] {
        journal.append(&login("a"), fence, vec![line(&key(interaction, began), 1, Record::Offered)]).await.unwrap();
    }
    let held = journal.take(&login("a")).await.unwrap();
    let began: Vec<_> = held.stories.iter().map(|story| story[0].key.began.0).collect();
    assert_eq!(began, [10, 20, 30]);
}

/// Closed and old is dropped; open or young is not.
pub async fn old_closed_stories_are_forgotten(journal: &dyn Journal) {
    let fence = journal.take(&login("a")).await.unwrap().fence;
    let (old, young, open) = (key("old", 10), key("young", 1000), key("open", 10));
    let lines = vec![line(&old, 1, END), line(&young, 1, END), line(&open, 1, Record::Offered)];
    journal.append(&login("a"), fence, lines).await.unwrap();
    assert_eq!(journal.forget(UnixMillis(500)).await.unwrap(), 1);
    assert!(journal.story(&login("a"), &old).await.unwrap().is_empty());
    assert_eq!(journal.story(&login("a"), &young).await.unwrap().len(), 1);
    assert_eq!(journal.take(&login("a")).await.unwrap().stories.len(), 1);
}

/// The same interaction, offered again, begins a story of its own.
pub async fn an_interaction_can_come_back_as_another_story(journal: &dyn Journal) {
    let fence = journal.take(&login("a")).await.unwrap().fence;
    let (first, again) = (key("1", 10), key("1", 20));
    journal.append(&login("a"), fence, vec![line(&first, 1, END)]).await.unwrap();
    journal.append(&login("a"), fence, vec![line(&again, 1, Record::Offered)]).await.unwrap();
    assert_eq!(journal.take(&login("a")).await.unwrap().stories.len(), 1);
}

/// Appends of several logins at once are all there.
pub async fn many_writers_at_once_lose_nothing(journal: &dyn Journal) {
    let writers = (0..8).map(|writer| async move {
        let login = login(&format!("login-{writer}"));
        let fence = journal.take(&login).await.unwrap().fence;
        let key = key("1", 10);
        for number in 1..=20 {
            journal.append(&login, fence, vec![line(&key, number, confirmed(number))]).await.unwrap();
        }
        journal.take(&login).await.unwrap().stories[0].len()
    });
    assert_eq!(futures_util::future::join_all(writers).await, [20; 8]);
}

/// Nothing to say is said, and tells whether the login is still held.
pub async fn an_empty_append_tells_who_holds_the_login(journal: &dyn Journal) {
    let fence = journal.take(&login("a")).await.unwrap().fence;
    journal.append(&login("a"), fence, Vec::new()).await.unwrap();
    journal.take(&login("a")).await.unwrap();
    assert_eq!(refused(journal, fence, Vec::new()).await, ErrorKind::Fenced);
}

/// By the time of the offer, closed or open, and only the asker's own.
pub async fn the_latest_story_of_an_interaction_is_found(journal: &dyn Journal) {
    let fence = journal.take(&login("a")).await.unwrap().fence;
    let _ = journal.take(&login("b")).await.unwrap();
    let (first, again, other) = (key("1", 10), key("1", 20), key("2", 30));
    let closed = vec![line(&again, 1, Record::Offered), line(&again, 2, END)];
    journal.append(&login("a"), fence, vec![line(&first, 1, END)]).await.unwrap();
    journal.append(&login("a"), fence, closed.clone()).await.unwrap();
    journal.append(&login("a"), fence, vec![line(&other, 1, Record::Offered)]).await.unwrap();
    assert_eq!(journal.latest(&login("a"), &"1".into()).await.unwrap(), closed);
    assert_eq!(journal.latest(&login("a"), &"2".into()).await.unwrap().len(), 1);
    assert!(journal.latest(&login("a"), &"3".into()).await.unwrap().is_empty());
    assert!(journal.latest(&login("b"), &"1".into()).await.unwrap().is_empty());
    journal.forget(UnixMillis(1_000)).await.unwrap();
    assert!(journal.latest(&login("a"), &"1".into()).await.unwrap().is_empty());
}
