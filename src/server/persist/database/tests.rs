//! Written data is read again, and any damage is reported.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use std::sync::mpsc::{Receiver, sync_channel};

use super::file::OpenDatabase;
use super::{Db, Latest, News, Shown, Stored, load};
use crate::base::geom::Size;
use crate::base::id::{PaneId, SessionId, TabId};
use crate::store::session_state::{SessionState, StoredSession};

/// A place for a database, and one that is started there with what it says.
struct Desk {
    dir: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a directory") }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("abide.db")
    }

    fn start(&self) -> (Db, Receiver<News>) {
        let (tell, news) = sync_channel(8);
        (Db::start(self.path(), std::sync::Arc::new(move |news| tell.try_send(news).is_ok())), news)
    }

    /// Writes a structure and a text, and ends.
    fn written(&self, structure: &[u8]) {
        let (db, _news) = self.start();
        assert!(db.show(PaneId(4), hello()) && db.commands(b"make".to_vec()));
        db.finish(Some(structure.to_vec()), std::iter::empty());
    }
}

/// A screen with two segments of scrollback.
fn hello() -> Shown {
    let segments = [(7, b"seven".to_vec()), (8, b"eight".to_vec())].into();
    Shown { screen: b"hello".to_vec(), segments, whole: 7..9, oldest: 7 }
}

fn texts(stored: &Stored) -> Vec<(PaneId, &[u8])> {
    stored.texts.iter().map(|(pane, text)| (*pane, text.as_slice())).collect()
}

/// The next news; fails after a while.
fn next(news: &Receiver<News>) -> News {
    news.recv_timeout(Duration::from_secs(20)).expect("there is news")
}

#[test]
fn what_was_written_is_read_after_the_end() {
    let desk = Desk::new();
    let (db, _news) = desk.start();
    assert!(db.structure(b"one".to_vec()));
    assert!(db.show(PaneId(4), hello()) && db.show(PaneId(5), hello()) && db.forget(PaneId(5)));
    db.finish(Some(b"two".to_vec()), std::iter::once((PaneId(6), hello())));
    let stored = load(&desk.path());
    assert_eq!(stored.structure.as_deref(), Some(&b"two"[..]));
    assert_eq!(stored.shown, BTreeMap::from([(PaneId(4), hello()), (PaneId(6), hello())]));
    assert_eq!(stored.problem, None);
}

#[test]
fn segments_are_added_replaced_and_dropped_with_the_screen_they_belong_to() {
    let desk = Desk::new();
    let next =
        |screen: &[u8], segments: &[(u64, &[u8])], whole: std::ops::Range<u64>, oldest| Shown {
            screen: screen.to_vec(),
            segments: segments
                .iter()
                .map(|(sequence, bytes)| (*sequence, bytes.to_vec()))
                .collect(),
            whole,
            oldest,
        };
    // Together in one transaction, and in one of its own.
    for apart in [false, true] {
        let (db, _news) = desk.start();
        assert!(db.structure(b"one".to_vec()) && db.show(PaneId(4), hello()));
        let db = if apart {
            db.finish(Some(b"one".to_vec()), std::iter::empty());
            desk.start().0
        } else {
            db
        };
        assert!(db.show(PaneId(4), next(b"two", &[(8, b"changed"), (9, b"nine")], 8..10, 8)));
        db.finish(Some(b"two".to_vec()), std::iter::empty());
        assert_eq!(
            load(&desk.path()).shown[&PaneId(4)],
            next(b"two", &[(8, b"changed"), (9, b"nine")], 8..10, 8)
        );
        let db = desk.start().0;
        assert!(db.forget_all());
        db.finish(Some(b"three".to_vec()), std::iter::empty());
        let stored = load(&desk.path());
        assert_eq!((stored.shown.len(), stored.problem), (0, None));
        super::remove(&desk.path());
    }
}

#[test]
fn a_missing_segment_is_told_and_what_follows_it_is_there() {
    let desk = Desk::new();
    desk.written(b"one");
    rusqlite::Connection::open(desk.path())
        .expect("opened")
        .execute("DELETE FROM segment WHERE sequence = 7", [])
        .expect("deleted");
    let stored = load(&desk.path());
    assert_eq!(
        stored.problem.as_deref(),
        Some("scrollback of p4 is damaged on disk, what came after it is there")
    );
    assert_eq!(stored.shown[&PaneId(4)].segments.keys().copied().collect::<Vec<_>>(), [8]);
}

#[test]
fn records_of_commands_that_are_gone_or_damaged_are_told_and_the_rest_is_there() {
    for change in
        ["DELETE FROM structure WHERE id = 2", "UPDATE structure SET bytes = x'00' WHERE id = 2"]
    {
        let desk = Desk::new();
        desk.written(b"one");
        assert_eq!(load(&desk.path()).problem, None);
        rusqlite::Connection::open(desk.path())
            .expect("opened")
            .execute(change, [])
            .expect("changed");
        let stored = load(&desk.path());
        assert_eq!(
            stored.problem.as_deref(),
            Some("what is known of former commands is damaged on disk and cannot be restored")
        );
        assert!(stored.commands.is_none() && stored.structure.is_some() && stored.shown.len() == 1);
    }
}

#[test]
fn a_damaged_database_is_put_aside_and_a_start_is_never_refused() {
    let desk = Desk::new();
    fs::write(desk.path(), vec![0x5a; 9000]).expect("written");
    let stored = load(&desk.path());
    assert_eq!(stored.structure, None);
    let problem = stored.problem.expect("it is told");
    assert!(
        problem.contains("cannot be restored (file is not a database")
            && problem.contains("abide.db.damaged"),
        "{problem}"
    );
    assert_eq!(
        fs::read(desk.dir.path().join("abide.db.damaged")).expect("it is there"),
        vec![0x5a; 9000]
    );
    desk.written(b"new");
    assert_eq!(load(&desk.path()).structure.as_deref(), Some(&b"new"[..]));
}

/// A start with a damaged file gives the written data, or reports a loss. Never a panic, never
/// other data.
fn is_right_or_told(desk: &Desk, bytes: &[u8], what: &str) {
    fs::write(desk.path(), bytes).expect("written");
    let stored = load(&desk.path());
    let is_whole = stored.structure.as_deref() == Some(&b"the sessions"[..])
        && stored.commands.as_deref() == Some(&b"make"[..])
        && stored.shown == BTreeMap::from([(PaneId(4), hello())]);
    assert!(is_whole || stored.problem.is_some(), "{what}: {stored:?}");
    assert!(
        stored.structure.as_ref().is_none_or(|structure| structure == b"the sessions"),
        "{what}"
    );
    assert!(stored.commands.as_ref().is_none_or(|commands| commands == b"make"), "{what}");
    let is_right = |shown: &Shown| {
        shown.screen == b"hello"
            && shown.segments.iter().all(|(key, bytes)| hello().segments.get(key) == Some(bytes))
    };
    assert!(stored.texts.is_empty() && stored.shown.values().all(is_right), "{what}: {stored:?}");
    for entry in fs::read_dir(desk.dir.path()).expect("read") {
        fs::remove_file(entry.expect("an entry").path()).expect("removed");
    }
}

/// A structure of that many sessions, each with a name of its own.
fn sessions(count: u64) -> Vec<u8> {
    let session = |id| StoredSession {
        id: SessionId(id),
        name: format!("session-{id}"),
        tabs: Vec::new(),
        current: TabId(1),
        cwd: "/home/me".repeat(20),
        env: Vec::new(),
        created_wall: id,
        used: id,
        size: Size { cols: 80, rows: 24 },
        fixed: None,
        version: 1,
        last_status: None,
    };
    SessionState { sessions: (1..=count).map(session).collect(), ..SessionState::default() }
        .encode()
}

/// The files of a database, by their ends, after one write for each of six sessions; with all of it
/// in the log, or nothing.
fn written_by_six(is_in_log: bool) -> Vec<(&'static str, Vec<u8>)> {
    let desk = Desk::new();
    let (mut open, _) = OpenDatabase::new(&desk.path()).expect("made");
    for count in 1..=6 {
        let shown = [(PaneId(count), Some(hello()))].into();
        let latest = Latest { structure: Some(sessions(count)), shown, ..Latest::default() };
        open.write(&latest).expect("there is room");
    }
    if !is_in_log {
        open.checkpoint();
    }
    let read = |end: &str| fs::read(desk.dir.path().join(format!("abide.db{end}"))).expect("there");
    ["", "-wal", ".count"].into_iter().map(|end| (end, read(end))).collect()
}

/// 200 places of `len` bytes, spread without order.
fn places(len: usize) -> impl Iterator<Item = (usize, u8)> {
    let mut number = 0x9e37_79b9_7f4a_7c15_u64;
    (0..200).map(move |_| {
        number = number.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        let at = usize::try_from(number >> 33).expect("31 bits") % len;
        (at, 1 << (number >> 30 & 7))
    })
}

#[test]
fn r09_a_flipped_bit_in_the_log_or_the_file_loses_nothing_silently() {
    for (is_in_log, flipped) in [(true, "-wal"), (false, "")] {
        let files = written_by_six(is_in_log);
        let len = files.iter().find(|(end, _)| *end == flipped).map_or(0, |(_, bytes)| bytes.len());
        let mut told = 0;
        for (at, bit) in places(len) {
            let desk = Desk::new();
            for (end, bytes) in &files {
                let mut bytes = bytes.clone();
                if *end == flipped {
                    bytes[at] ^= bit;
                }
                fs::write(desk.dir.path().join(format!("abide.db{end}")), bytes).expect("written");
            }
            let stored = load(&desk.path());
            let is_whole = stored.structure.as_ref() == Some(&sessions(6))
                && (1..=6).all(|pane| stored.shown.get(&PaneId(pane)) == Some(&hello()));
            assert!(is_whole || stored.problem.is_some(), "{flipped} {at}");
            told += u32::from(stored.problem.is_some());
            let right = stored.structure.is_none_or(|found| (1..=6).any(|n| found == sessions(n)));
            assert!(right, "{flipped} {at}");
            assert!(stored.shown.values().all(is_part_of_hello), "{flipped} {at}");
        }
        assert!(0 < told, "{flipped}");
    }
}

fn is_part_of_hello(shown: &Shown) -> bool {
    shown.screen == b"hello"
        && shown.segments.iter().all(|(key, bytes)| hello().segments.get(key) == Some(bytes))
}

#[test]
fn r09_a_log_that_ends_too_early_is_told_with_what_is_missing() {
    let desk = Desk::new();
    for (end, mut bytes) in written_by_six(true) {
        if end == "-wal" {
            // The rest has the first three or four writes.
            bytes.truncate(bytes.len() * 6 / 10);
        }
        fs::write(desk.dir.path().join(format!("abide.db{end}")), bytes).expect("written");
    }
    let stored = load(&desk.path());
    let problem = stored.problem.expect("it is told");
    assert!(problem.contains("writes are damaged on disk and lost"), "{problem}");
    assert!(problem.contains("\"session-6\""), "{problem}");
    assert!(stored.structure.is_some(), "what is whole comes back");
}

#[test]
fn r09_once_it_is_quiet_everything_is_in_the_file_and_nothing_in_the_log() {
    let desk = Desk::new();
    let (db, _news) = desk.start();
    assert!(db.structure(b"one".to_vec()));
    let end = Instant::now() + Duration::from_secs(20);
    let log = desk.dir.path().join("abide.db-wal");
    let is_empty = || fs::metadata(&log).is_ok_and(|metadata| metadata.len() == 0);
    let count = desk.dir.path().join("abide.db.count");
    while !(count.exists() && is_empty()) {
        assert!(Instant::now() < end, "the log stays");
        std::thread::yield_now();
    }
    let bytes = fs::read(desk.path()).expect("there");
    assert!(bytes.windows(3).any(|part| part == b"one"));
    drop(db);
}

#[test]
fn r14_what_is_replaced_or_dropped_is_gone_from_the_file_also_from_free_pages() {
    let desk = Desk::new();
    let (mut open, _) = OpenDatabase::new(&desk.path()).expect("made");
    let secret = b"a-secret-of-a-session-that-has-ended ".repeat(500);
    let write = |open: &mut OpenDatabase, commands: Vec<u8>| {
        let latest = Latest { commands: Some(commands), ..Latest::default() };
        open.write(&latest).expect("there is room");
        open.checkpoint();
    };
    let holds = |end: &str| {
        let bytes = fs::read(desk.dir.path().join(format!("abide.db{end}"))).unwrap_or_default();
        bytes.windows(8).any(|part| part == b"a-secret")
    };
    write(&mut open, secret);
    assert!(holds(""));
    write(&mut open, b"short".to_vec());
    assert!(["", "-wal", "-shm", ".count"].into_iter().all(|end| !holds(end)));
}

/// The bytes of a small database.
fn small() -> Vec<u8> {
    let desk = Desk::new();
    desk.written(b"the sessions");
    fs::read(desk.path()).expect("it is there")
}

#[test]
fn every_flipped_byte_is_healed_or_told() {
    let (desk, bytes) = (Desk::new(), small());
    for at in 0..bytes.len() {
        let mut other = bytes.clone();
        other[at] ^= 1 << (at % 8);
        is_right_or_told(&desk, &other, &format!("byte {at}"));
    }
}

#[test]
fn every_truncation_is_told() {
    let (desk, bytes) = (Desk::new(), small());
    for len in (0..bytes.len()).step_by(7) {
        is_right_or_told(&desk, &bytes[..len], &format!("{len} bytes"));
    }
}

#[test]
fn tables_of_the_first_version_are_taken_over_and_those_of_a_later_one_put_aside() {
    let desk = Desk::new();
    let make = |version: i64| {
        let db = rusqlite::Connection::open(desk.path()).expect("made");
        db.execute_batch(
            "CREATE TABLE structure (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
             CREATE TABLE text (pane INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
             INSERT INTO structure VALUES (1, x'6f6c64');",
        )
        .expect("written");
        db.execute(
            "INSERT INTO text VALUES (7, ?1)",
            [zstd::bulk::compress(b"shown", 1).expect("packed")],
        )
        .expect("written");
        db.pragma_update(None, "user_version", version).expect("written");
    };
    make(1);
    let stored = load(&desk.path());
    assert_eq!(stored.structure.as_deref(), Some(&b"old"[..]));
    assert_eq!((texts(&stored), &stored.problem), (vec![(PaneId(7), &b"shown"[..])], &None));
    assert_eq!(load(&desk.path()).structure, stored.structure, "once is enough");
    super::remove(&desk.path());
    make(99);
    let problem = load(&desk.path()).problem.expect("it is told");
    assert!(problem.contains("it is of version 99, and this abide reads up to 3"), "{problem}");
}

#[test]
fn what_cannot_be_written_is_tried_again_and_told_once() {
    let desk = Desk::new();
    fs::create_dir(desk.path()).expect("made");
    let (db, news) = desk.start();
    assert!(db.structure(b"kept in memory".to_vec()));
    assert!(matches!(next(&news), News::Failing(why) if why.contains("a folder or a FIFO")));
    fs::remove_dir(desk.path()).expect("empty");
    // The screens wait in the panes.
    assert_eq!((next(&news), next(&news)), (News::Fine, News::Anew));
    assert_eq!(load(&desk.path()).structure.as_deref(), Some(&b"kept in memory"[..]));

    // Somebody takes the folder away with all that is in it.
    fs::remove_dir_all(desk.dir.path()).expect("removed");
    assert!(db.structure(b"again".to_vec()));
    assert_eq!(next(&news), News::Anew);
    db.finish(Some(b"the last".to_vec()), std::iter::empty());
    assert_eq!(load(&desk.path()).structure.as_deref(), Some(&b"the last"[..]));
}

#[test]
fn a_database_that_breaks_meanwhile_is_put_aside_and_written_anew() {
    let desk = Desk::new();
    desk.written(b"before");
    let whole = fs::read(desk.path()).expect("it is there");
    fs::write(desk.path(), vec![0x11; whole.len()]).expect("written");
    let (db, news) = desk.start();
    assert!(db.structure(b"after".to_vec()));
    assert!(matches!(next(&news), News::Failing(_)));
    assert_eq!((next(&news), next(&news)), (News::Fine, News::Anew));
    db.finish(Some(b"the last".to_vec()), std::iter::empty());
    assert_eq!(load(&desk.path()).structure.as_deref(), Some(&b"the last"[..]));
    assert!(desk.dir.path().join("abide.db.damaged").exists());
}

fn modes(folder: &Path) -> BTreeMap<PathBuf, u32> {
    let entries = fs::read_dir(folder).expect("read").map(|entry| entry.expect("an entry"));
    entries
        .map(|entry| (entry.path(), entry.metadata().expect("there").permissions().mode() & 0o777))
        .collect()
}

#[test]
fn nobody_else_can_read_what_is_written() {
    let desk = Desk::new();
    // While it is open, the files beside it are there too.
    let (mut open, _) = super::OpenDatabase::new(&desk.path()).expect("opened");
    let latest = super::Latest { structure: Some(b"x".to_vec()), ..super::Latest::default() };
    open.write(&latest).expect("written");
    let modes = modes(desk.dir.path());
    assert_eq!(modes.len(), 4, "{modes:?}");
    assert!(modes.values().all(|mode| *mode == 0o600), "{modes:?}");
}

#[test]
fn a_constant_stream_is_written_all_the_same() {
    let desk = Desk::new();
    let (db, _news) = desk.start();
    let end = Instant::now() + Duration::from_secs(20);
    while !desk.path().exists() {
        assert!(Instant::now() < end, "nothing is written while jobs arrive");
        // A full queue is part of the stream.
        db.structure(b"again".to_vec());
    }
    db.finish(Some(b"last".to_vec()), std::iter::empty());
    assert_eq!(load(&desk.path()).structure.as_deref(), Some(&b"last"[..]));
}
