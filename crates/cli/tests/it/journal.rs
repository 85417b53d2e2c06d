//! Journals that cannot be used: what `check` and `run` say, that nothing is touched, and that nothing committed is lost.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use attendant::journal::{Line, Record, StoryKey};
use attendant::{Journal, LoginId, UnixMillis};
use journal_sqlite::SqliteJournal;

use super::tool::{Ran, attendant, file, finish};

/// A server that is not there: nobody gets that far.
fn config(folder: &Path, journal: &str) -> String {
    let text = format!(
        "[server]\nbase_url = \"http://127.0.0.1:9/api/v2\"\n[journal]\nkind = \"sqlite\"\npath = \"{journal}\"\n\
         [bots.parrot]\nkind = \"echo\"\n[[logins]]\nuser = \"bot-01\"\npassword = {{ env = \"BOT_PASSWORD\" }}\n\
         bot = \"parrot\"\n"
    );
    file(folder, "a.toml", &text)
}

/// Both commands end with status 1 and name the file and what to do; the file stays as it is.
fn both_refuse(folder: &Path, journal: &str, said: &[&str]) {
    let config = config(folder, journal);
    let path = folder.join(journal);
    let before = std::fs::read(&path).ok();
    for command in ["check", "run"] {
        refuses(&finish(attendant().env("BOT_PASSWORD", "x").args([command, "--config", &config])), &path, said);
    }
    assert_eq!(std::fs::read(&path).ok(), before, "{journal} was touched");
}

fn refuses(ran: &Ran, path: &Path, said: &[&str]) {
    assert_eq!(ran.status, Some(1), "{ran:?}");
    assert!(ran.err.contains(path.to_str().unwrap()), "{ran:?}");
    for part in said {
        assert!(ran.err.contains(part), "no {part:?} in {}", ran.err);
    }
}

fn open(path: &Path) -> SqliteJournal {
    SqliteJournal::open(&journal_sqlite::Options::new(path)).unwrap()
}

#[test]
fn a_foreign_file_is_named_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    file(folder.path(), "diary.txt", "Dear diary");
    both_refuse(folder.path(), "diary.txt", &["not a journal", "name another file"]);
}

#[test]
fn a_damaged_file_is_named_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    drop(open(&path));
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[4096..].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    both_refuse(folder.path(), "journal", &["damaged", "move it away and keep it"]);
}

#[test]
fn a_conversation_that_cannot_be_read_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let login = LoginId::from("bot-01");
    let key = StoryKey { interaction: "chat-17".into(), began: UnixMillis(1) };
    let line = Line { key, number: 1, at: UnixMillis(1), record: Record::Live };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let journal = open(&path);
        let fence = journal.take(&login).await.unwrap().fence;
        journal.append(&login, fence, vec![line]).await.unwrap();
    });
    let mut bytes = std::fs::read(&path).unwrap();
    let good = br#"{"kind":"live"}"#;
    let place = bytes.windows(good.len()).position(|window| window == good).unwrap();
    bytes[place..][..good.len()].copy_from_slice(br#"{"kind":"l?ve"}"#);
    std::fs::write(&path, bytes).unwrap();
    let config = config(folder.path(), "journal");
    let ran = finish(attendant().env("BOT_PASSWORD", "x").args(["run", "--config", &config]));
    assert_eq!(ran.status, Some(3), "{ran:?}");
    for part in ["login bot-01", "chat-17", "line 1", "move the journal away and keep it"] {
        assert!(ran.err.contains(part), "no {part:?} in {}", ran.err);
    }
}

#[test]
fn a_file_of_a_newer_version_is_named_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    drop(open(&path));
    // The format is a big-endian number at byte 60 of an SQLite file.
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    std::fs::write(&path, bytes).unwrap();
    both_refuse(folder.path(), "journal", &["newer version", "format 99", "use that version"]);
}

#[test]
fn a_folder_that_is_not_there_or_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    both_refuse(folder.path(), "nowhere/journal", &["folder"]);
    let locked = folder.path().join("locked");
    std::fs::create_dir(&locked).unwrap();
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o555)).unwrap();
    let config = config(folder.path(), "locked/journal");
    for command in ["check", "run"] {
        // Root may write everywhere, unless it gives its privileges away.
        let is_root = String::from_utf8(Command::new("id").arg("-u").output().unwrap().stdout).unwrap().trim() == "0";
        let mut program = if is_root {
            let mut program = Command::new("setpriv");
            program.args(["--bounding-set=-all", "--inh-caps=-all"]).arg(attendant().get_program());
            program
        } else {
            attendant()
        };
        let ran = finish(program.env("BOT_PASSWORD", "x").args([command, "--config", &config]));
        refuses(&ran, &locked.join("journal"), &["folder"]);
    }
    assert_eq!(std::fs::read_dir(&locked).unwrap().count(), 0);
}

#[test]
fn a_full_disk_is_told_and_afterwards_everything_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    drop(open(&path));
    let before = std::fs::read(&path).unwrap();
    let config = config(folder.path(), "journal");
    // No file may grow: for the program that is as good as a full disk.
    let mut program = Command::new("sh");
    program.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\""]).arg(attendant().get_program());
    let ran = finish(program.env("BOT_PASSWORD", "x").args(["run", "--config", &config]));
    refuses(&ran, &path, &["the disk has room"]);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    drop(open(&path));
}

#[test]
fn a_file_in_use_is_told_and_checking_beside_running_bots_is_no_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let _other = open(&path);
    let config = config(folder.path(), "journal");
    let command = |command: &str| finish(attendant().env("BOT_PASSWORD", "x").args([command, "--config", &config]));
    refuses(&command("run"), &path, &["in use by another process", "stop that one"]);
    let checked = command("check");
    assert_eq!(checked.status, Some(0), "{checked:?}");
    assert!(checked.out.contains("in use"), "{checked:?}");
}

#[test]
fn a_check_leaves_no_file_behind() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), "journal");
    let ran = finish(attendant().env("BOT_PASSWORD", "x").args(["check", "--config", &config]));
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "only the configuration is there");
}
