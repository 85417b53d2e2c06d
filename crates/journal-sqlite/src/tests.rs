//! The contract of every journal, and what only a file can do: be reopened, damaged, foreign, held, full.

use std::path::{Path, PathBuf};

use attendant::journal::Record;

use super::*;

mod contract {
    use super::*;

    struct Kept {
        journal: SqliteJournal,
        _folder: tempfile::TempDir,
    }

    #[async_trait]
    impl Journal for Kept {
        async fn take(&self, login: &LoginId) -> Result<Held, JournalError> {
            self.journal.take(login).await
        }
        async fn append(&self, login: &LoginId, fence: Fence, lines: Vec<Line>) -> Result<(), JournalError> {
            self.journal.append(login, fence, lines).await
        }
        async fn story(&self, login: &LoginId, key: &StoryKey) -> Result<Vec<Line>, JournalError> {
            self.journal.story(login, key).await
        }
        async fn latest(&self, login: &LoginId, interaction: &InteractionId) -> Result<Vec<Line>, JournalError> {
            self.journal.latest(login, interaction).await
        }
        async fn forget(&self, closed_before: UnixMillis) -> Result<u64, JournalError> {
            self.journal.forget(closed_before).await
        }
    }

    attendant::journal_contract!(async || {
        let folder = tempfile::tempdir().unwrap();
        let journal = open(&folder.path().join("journal")).unwrap();
        Kept { journal, _folder: folder }
    });
}

fn open(path: &Path) -> Result<SqliteJournal, Error> {
    SqliteJournal::open(&Options::new(path))
}

/// A new journal in a folder of its own, and the right to write for the login.
async fn opened() -> (tempfile::TempDir, PathBuf, SqliteJournal, Fence) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let journal = open(&path).unwrap();
    let fence = journal.take(&login()).await.unwrap().fence;
    (folder, path, journal, fence)
}

fn login() -> LoginId {
    LoginId::from("bot")
}

fn line(interaction: &str, number: u64, record: Record) -> Line {
    let key = StoryKey { interaction: interaction.into(), began: UnixMillis(1) };
    Line { key, number, at: UnixMillis(2), record }
}

#[tokio::test]
async fn what_was_appended_is_there_after_the_file_is_opened_again_and_the_old_fence_is_not_enough() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    for durability in [Durability::Always, Durability::Interval, Durability::Off] {
        let journal = SqliteJournal::open(&Options::new(&path).with_durability(durability)).unwrap();
        let held = journal.take(&login()).await.unwrap();
        let place = held.stories.first().map_or(0, Vec::len) as u64;
        journal.append(&login(), held.fence, vec![line("1", place + 1, Record::Live)]).await.unwrap();
    }
    let journal = open(&path).unwrap();
    let held = journal.take(&login()).await.unwrap();
    assert_eq!(held.stories.iter().map(Vec::len).collect::<Vec<_>>(), [3]);
    let late = journal.append(&login(), Fence(held.fence.0 - 1), vec![line("1", 4, Record::Live)]).await;
    assert_eq!(late.unwrap_err().kind(), ErrorKind::Fenced);
}

#[tokio::test]
async fn what_was_finished_long_ago_is_gone_when_the_file_is_opened_again_and_what_is_open_is_not() {
    let (_folder, path, journal, fence) = opened().await;
    let end = Record::Closed { how: attendant::journal::Closed::Completed };
    journal.append(&login(), fence, vec![line("closed", 1, end), line("open", 1, Record::Live)]).await.unwrap();
    drop(journal);
    let keeping = Options { retention: std::time::Duration::from_secs(u64::MAX / 1000), ..Options::new(&path) };
    for (options, kept) in [(keeping, 1), (Options::new(&path), 0)] {
        let journal = SqliteJournal::open(&options).unwrap();
        let key = line("closed", 1, Record::Live).key;
        assert_eq!(journal.story(&login(), &key).await.unwrap().len(), kept);
        assert_eq!(journal.take(&login()).await.unwrap().stories.len(), 1);
    }
}

#[tokio::test]
async fn who_opens_the_file_is_alone_with_a_login_until_it_is_taken_a_second_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    for _ in 0..2 {
        let journal = open(&path).unwrap();
        assert!(journal.take(&login()).await.unwrap().alone);
        assert!(!journal.take(&login()).await.unwrap().alone);
        assert!(journal.take(&LoginId::from("other")).await.unwrap().alone);
    }
}

/// The files as a process leaves them that is killed now.
fn as_if_killed(path: &Path, to: &Path) {
    for end in ["", "-wal"] {
        let name = |path: &Path| format!("{}{end}", path.display());
        std::fs::copy(name(path), name(to)).unwrap();
    }
}

#[tokio::test]
async fn after_a_kill_every_story_is_whole_however_long_ago_its_last_line_was_noted() {
    let (folder, path, journal, fence) = opened().await;
    // Some stories rest after a few rounds, while others go on for thousands of lines.
    let lines_at = |story: u64, round: u64| if story.is_multiple_of(10) { round.min(5) } else { 3 * round };
    let story = |story: u64, lines: std::ops::RangeInclusive<u64>| -> Vec<Line> {
        lines.map(|at| line(&story.to_string(), at, Record::Confirmed { message: at, index: at })).collect()
    };
    let mut round = 0;
    for (kill, rounds) in [60, 30, 15, 1].into_iter().enumerate() {
        for _ in 0..rounds {
            let lines = (0..100).flat_map(|id| story(id, lines_at(id, round) + 1..=lines_at(id, round + 1)));
            journal.append(&login(), fence, lines.collect()).await.unwrap();
            round += 1;
        }
        let copy = folder.path().join(format!("killed-{kill}"));
        as_if_killed(&path, &copy);
        let later = open(&copy).unwrap();
        let held = later.take(&login()).await.unwrap();
        assert_eq!(held.stories.len(), 100);
        for (id, lines) in (0..).zip(&held.stories) {
            assert_eq!(*lines, story(id, 1..=lines_at(id, round)), "story {id}, kill {kill}");
        }
        let next = line("7", lines_at(7, round) + 1, Record::Live);
        later.append(&login(), held.fence, vec![next.clone()]).await.unwrap();
        assert_eq!(later.story(&login(), &next.key).await.unwrap().last(), Some(&next));
    }
}

#[tokio::test]
async fn a_commit_that_fails_while_tails_are_noted_leaves_no_trace() {
    let (folder, path, journal, fence) = opened().await;
    let lines = |story: &str, numbers: std::ops::Range<u64>| -> Vec<Line> {
        numbers.map(|number| line(story, number, Record::Live)).collect()
    };
    journal.append(&login(), fence, lines("1", 1..11_000)).await.unwrap();
    journal.limit_pages(Some(50)).await;
    let large = Record::Uttered { first: 1, parts: vec!["x".repeat(1 << 20)], agents_only: false };
    let full = journal.append(&login(), fence, vec![line("1", 11_000, large)]).await.unwrap_err();
    assert!(full.is_retryable());
    journal.limit_pages(None).await;
    let key = line("1", 1, Record::Live).key;
    // This one notes the tails, and the next one is not noted.
    journal.append(&login(), fence, lines("2", 1..3)).await.unwrap();
    assert_eq!(journal.story(&login(), &key).await.unwrap().len(), 10_999);
    journal.append(&login(), fence, lines("1", 11_000..11_005)).await.unwrap();
    let copy = folder.path().join("killed");
    as_if_killed(&path, &copy);
    let stories = open(&copy).unwrap().take(&login()).await.unwrap().stories;
    assert_eq!(stories.iter().map(Vec::len).collect::<Vec<_>>(), [11_004, 2]);
}

#[tokio::test]
async fn very_many_finished_stories_go_in_slices_between_appends() {
    let (_folder, path, journal, fence) = opened().await;
    let end = || Record::Closed { how: attendant::journal::Closed::Completed };
    let lines = (0..1234).map(|story| line(&story.to_string(), 1, end())).collect();
    journal.append(&login(), fence, lines).await.unwrap();
    drop(journal);
    let journal = open(&path).unwrap();
    let fence = journal.take(&login()).await.unwrap().fence;
    for number in 1..=3 {
        journal.append(&login(), fence, vec![line("open", number, Record::Live)]).await.unwrap();
    }
    drop(journal);
    let raw = rusqlite::Connection::open(&path).unwrap();
    let left: i64 = raw.query_row("SELECT count(*) FROM lines", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 3, "only the open story is there");
}

#[tokio::test]
async fn a_story_of_which_a_line_is_missing_is_corrupt_not_short() {
    for wound in [
        "DELETE FROM lines WHERE number = 1",
        "DELETE FROM lines WHERE number = 2",
        "UPDATE lines SET story = 9",
        "UPDATE stories SET tail = NULL",
    ] {
        let (_folder, path, journal, fence) = opened().await;
        let lines = (1..=3).map(|number| line("1", number, Record::Live)).collect();
        journal.append(&login(), fence, lines).await.unwrap();
        drop(journal);
        let raw = rusqlite::Connection::open(&path).unwrap();
        // As it is when the tail has been noted.
        raw.execute_batch("UPDATE stories SET tail = 3; UPDATE tails SET noted = 3").unwrap();
        raw.execute(wound, []).unwrap();
        drop(raw);
        let journal = open(&path).unwrap();
        let error = journal.take(&login()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{wound}: {error}");
    }
}

#[tokio::test]
async fn of_very_many_finished_stories_all_are_forgotten_and_nothing_else() {
    let (_folder, path, journal, fence) = opened().await;
    let end = || Record::Closed { how: attendant::journal::Closed::Completed };
    let stories = (0..1234).map(|story| story.to_string());
    let lines = stories
        .flat_map(|story| [line(&story, 1, Record::Live), line("open", 0, Record::Live), line(&story, 2, end())]);
    let lines = lines.zip(1..).map(|(line, place)| match line.number {
        0 => Line { number: (place + 1) / 3, ..line },
        _ => line,
    });
    journal.append(&login(), fence, lines.collect()).await.unwrap();
    assert_eq!(journal.forget(UnixMillis(1)).await.unwrap(), 0);
    assert_eq!(journal.forget(UnixMillis(3)).await.unwrap(), 1234);
    assert_eq!(journal.story(&login(), &line("open", 1, Record::Live).key).await.unwrap().len(), 1234);
    drop(journal);
    let raw = rusqlite::Connection::open(&path).unwrap();
    let left: i64 = raw.query_row("SELECT count(*) FROM lines", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 1234, "no line of a forgotten story is left behind");
}

#[tokio::test]
async fn appends_at_the_same_time_share_commits() {
    let (_folder, _, journal, fence) = opened().await;
    let appends = (0..500).map(|number| {
        let journal = &journal;
        async move { journal.append(&login(), fence, vec![line(&number.to_string(), 1, Record::Live)]).await }
    });
    futures_util::future::try_join_all(appends).await.unwrap();
    let counters = journal.counters().await.unwrap();
    assert_eq!((counters.appends, counters.lines), (500, 500));
    assert!(counters.commits <= 250, "{counters:?}");
}

#[test]
fn another_process_is_told_that_the_file_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let _first = open(&path).unwrap();
    assert!(matches!(open(&path), Err(Error::InUse { .. })));
}

#[test]
fn a_file_that_is_not_ours_is_refused_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "Dear diary").unwrap();
    assert!(matches!(open(&text), Err(Error::Foreign { .. })));
    assert_eq!(std::fs::read(&text).unwrap(), b"Dear diary");

    let other = folder.path().join("other.sqlite");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1)").unwrap();
    assert!(matches!(open(&other), Err(Error::Foreign { .. })));
}

#[test]
fn a_newer_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    drop(open(&path).unwrap());
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(open(&path), Err(Error::TooNew { found: 99, .. })));
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let (_folder, path, journal, fence) = opened().await;
    for number in 1..=300 {
        journal.append(&login(), fence, vec![line("1", number, Record::Live)]).await.unwrap();
    }
    drop(journal);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[4096..middle].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(open(&path), Err(Error::Damaged { .. })));
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let error = open(Path::new("/nowhere/at/all/journal")).unwrap_err();
    assert!(error.to_string().contains("/nowhere/at/all/journal"), "{error}");
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_corrupt_not_lost() {
    let (_folder, path, journal, fence) = opened().await;
    journal.append(&login(), fence, vec![line("1", 1, Record::Live)]).await.unwrap();
    drop(journal);
    rusqlite::Connection::open(&path).unwrap().execute("UPDATE lines SET record = '{\"kind\":\"no\"}'", []).unwrap();
    let journal = open(&path).unwrap();
    assert_eq!(journal.take(&login()).await.unwrap_err().kind(), ErrorKind::Corrupt);
}

#[tokio::test]
async fn when_the_disk_is_full_the_append_is_refused_and_comes_through_later() {
    let (_folder, _path, journal, fence) = opened().await;
    let large = || Record::Uttered { first: 1, parts: vec!["x".repeat(1 << 20)], agents_only: false };
    // SQLite's own limit on the number of pages fails as a full disk does.
    journal.limit_pages(Some(50)).await;
    let full = journal.append(&login(), fence, vec![line("1", 1, large())]).await.unwrap_err();
    assert!(full.is_retryable());
    journal.limit_pages(None).await;
    journal.append(&login(), fence, vec![line("1", 1, large())]).await.unwrap();
    assert_eq!(journal.counters().await.unwrap().failed_commits, 1);
    assert_eq!(journal.take(&login()).await.unwrap().stories[0].len(), 1);
}

/// As the first released version leaves it. Newer formats and records must go on reading it.
#[tokio::test]
async fn a_file_of_the_first_format_is_brought_up_to_date_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("format-1.sql")).unwrap();
    old.execute_batch(
        r#"INSERT INTO logins VALUES ('bot', 4);
        INSERT INTO stories VALUES (1, 'bot', 'A1', 1700000000000, NULL);
        INSERT INTO stories VALUES (2, 'bot', 'A0', 1600000000000, 1600000005000);
        INSERT INTO lines VALUES (1, 1, 1700000000000, 1, '{"kind":"offered"}');
        INSERT INTO lines VALUES (1, 2, 1700000000100, 1, '{"kind":"uttered","first":1,"parts":["hello"],"agents_only":false}');
        INSERT INTO lines VALUES (2, 1, 1600000005000, 1, '{"kind":"closed","how":"completed"}');
        PRAGMA application_id = 1098151012;
        PRAGMA user_version = 1;"#,
    )
    .unwrap();
    drop(old);
    let journal = open(&path).unwrap();
    let held = journal.take(&login()).await.unwrap();
    assert_eq!(held.fence, Fence(5));
    let records: Vec<&Record> = held.stories[0].iter().map(|line| &line.record).collect();
    let uttered = Record::Uttered { first: 1, parts: vec!["hello".to_owned()], agents_only: false };
    assert_eq!((held.stories.len(), records), (1, vec![&Record::Offered, &uttered]));
    let key = StoryKey { interaction: "A1".into(), began: UnixMillis(1_700_000_000_000) };
    let next = Line { key, number: 3, at: UnixMillis(1_700_000_000_200), record: Record::Live };
    journal.append(&login(), held.fence, vec![next]).await.unwrap();
}
