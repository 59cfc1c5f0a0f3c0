//! The database that outlives a reboot: the structure, and what panes last showed. A thread of its own writes; the loop only hands over.
//!
//! A database that cannot be written is given up until the next start, with one line in the log: live sessions go on from memory.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use rusqlite::Connection;

use crate::base::id::PaneId;
use crate::base::time::Span;
use crate::platform::now;

/// The most jobs that wait for the disk; what does not fit is tried again with the next change.
const JOBS_MAX: usize = 64;
/// Changes that come within this time are written together.
pub(super) const TOGETHER: Span = Span::millis(250);
/// The longest text kept of a pane, in bytes.
pub(super) const TEXT_MAX: usize = 256 << 10;
/// zstd's level: fast.
const LEVEL: i32 = 1;
/// The version of the tables.
const VERSION: i64 = 1;

/// Something to be written.
#[derive(Debug)]
enum Job {
    Structure(Vec<u8>),
    Text(PaneId, Vec<u8>),
    Forget(PaneId),
}

/// The loop's end.
#[derive(Debug)]
pub(super) struct Db {
    jobs: Option<SyncSender<Job>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// What was found at the start.
#[derive(Debug, Default)]
pub(super) struct Stored {
    /// The structure's bytes.
    pub(super) structure: Option<Vec<u8>>,
    /// What panes showed, as text with SGR.
    pub(super) texts: BTreeMap<PaneId, Vec<u8>>,
}

impl Db {
    /// Starts the thread; the file is opened with the first job.
    pub(super) fn start(path: PathBuf) -> Self {
        let (jobs, receiver) = sync_channel(JOBS_MAX);
        let thread = std::thread::Builder::new().name("disk".into()).spawn(move || work(&path, &receiver));
        match thread {
            Ok(thread) => Self { jobs: Some(jobs), thread: Some(thread) },
            Err(error) => {
                tracing::error!(%error, "nothing is written to disk");
                Self::off()
            }
        }
    }

    /// One that writes nothing.
    pub(super) fn off() -> Self {
        Self { jobs: None, thread: None }
    }

    /// Writes the structure soon. False if the disk is too slow at the moment.
    pub(super) fn structure(&self, bytes: Vec<u8>) -> bool {
        self.hand(Job::Structure(bytes))
    }

    /// Writes what a pane shows soon.
    pub(super) fn text(&self, pane: PaneId, text: Vec<u8>) -> bool {
        self.hand(Job::Text(pane, text))
    }

    /// Drops what is kept of a pane.
    pub(super) fn forget(&self, pane: PaneId) -> bool {
        self.hand(Job::Forget(pane))
    }

    fn hand(&self, job: Job) -> bool {
        match self.jobs.as_ref().map(|jobs| jobs.try_send(job)) {
            None | Some(Ok(()) | Err(TrySendError::Disconnected(_))) => true,
            Some(Err(TrySendError::Full(_))) => false,
        }
    }

    /// Writes the structure a last time and waits until everything handed over is written. Only for the end: it blocks.
    pub(super) fn finish(mut self, last: Vec<u8>) {
        if let Some(jobs) = self.jobs.take() {
            // A thread that has given up takes nothing more.
            drop(jobs.send(Job::Structure(last)));
        }
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has written what it could.
            drop(thread.join());
        }
    }
}

/// Takes the database away: there is nothing to restore.
pub(super) fn remove(path: &Path) {
    for end in ["-wal", "-shm", ""] {
        let mut file = path.as_os_str().to_owned();
        file.push(end);
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => tracing::warn!(?file, %error, "it stays"),
            _ => {}
        }
    }
}

/// Reads what was kept; empty if there is nothing or it cannot be read.
pub(super) fn load(path: &Path) -> Stored {
    if !path.exists() {
        return Stored::default();
    }
    read(path).unwrap_or_else(|error| {
        tracing::error!(%error, path = %path.display(), "the database cannot be read and is put aside");
        let aside = path.with_extension("damaged");
        if let Err(error) = std::fs::rename(path, aside) {
            tracing::error!(%error, "it cannot be put aside either");
        }
        Stored::default()
    })
}

fn read(path: &Path) -> rusqlite::Result<Stored> {
    let db = open(path)?;
    let mut stored = Stored::default();
    let mut rows = db.prepare("SELECT bytes FROM structure WHERE id = 1")?;
    stored.structure = rows.query_map([], |row| row.get(0))?.next().transpose()?;
    let mut rows = db.prepare("SELECT pane, bytes FROM text")?;
    for row in rows.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))? {
        let (pane, bytes) = row?;
        let text = zstd::bulk::decompress(&bytes, TEXT_MAX).unwrap_or_default();
        stored.texts.insert(PaneId(pane.unsigned_abs()), text);
    }
    Ok(stored)
}

/// Opens the database, 0600; what SQLite puts beside it has the same mode (SQLite's `findCreateFileMode` in `os_unix.c`).
fn open(path: &Path) -> rusqlite::Result<Connection> {
    // What is wrong with the path, SQLite says too.
    drop(OpenOptions::new().append(true).create(true).mode(0o600).open(path));
    let db = Connection::open(path)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "NORMAL")?;
    db.pragma_update(None, "cache_size", -256)?;
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version != VERSION {
        db.execute_batch(
            "BEGIN;
             DROP TABLE IF EXISTS structure;
             DROP TABLE IF EXISTS text;
             CREATE TABLE structure (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
             CREATE TABLE text (pane INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
             COMMIT;",
        )?;
        db.pragma_update(None, "user_version", VERSION)?;
    }
    Ok(db)
}

/// The thread: collects jobs for a moment, writes them in one transaction, waits.
fn work(path: &Path, jobs: &Receiver<Job>) {
    let mut db = None;
    while let Ok(first) = jobs.recv() {
        let mut latest = Latest::default();
        latest.add(first);
        let end = now().tick + TOGETHER;
        let ended = loop {
            let left = Duration::from_nanos((end - now().tick).0);
            match jobs.recv_timeout(left) {
                // Under a constant stream there is always a next one, but the time is up.
                Ok(job) if left.is_zero() => {
                    latest.add(job);
                    break false;
                }
                Ok(job) => latest.add(job),
                Err(RecvTimeoutError::Timeout) => break false,
                Err(RecvTimeoutError::Disconnected) => break true,
            }
        };
        if let Err(error) = write(&mut db, path, &latest) {
            tracing::error!(%error, path = %path.display(), "nothing more is written to disk until the next start");
            return;
        }
        if ended {
            return;
        }
    }
}

/// The newest of each thing that is to be written; none for what is to be dropped.
#[derive(Debug, Default)]
struct Latest {
    structure: Option<Vec<u8>>,
    texts: BTreeMap<PaneId, Option<Vec<u8>>>,
}

impl Latest {
    fn add(&mut self, job: Job) {
        match job {
            Job::Structure(bytes) => self.structure = Some(bytes),
            Job::Text(pane, text) => drop(self.texts.insert(pane, Some(text))),
            Job::Forget(pane) => drop(self.texts.insert(pane, None)),
        }
    }
}

fn write(db: &mut Option<Connection>, path: &Path, latest: &Latest) -> rusqlite::Result<()> {
    if db.is_none() {
        *db = Some(open(path)?);
    }
    let Some(db) = db else { return Ok(()) };
    let all = db.transaction()?;
    if let Some(bytes) = &latest.structure {
        all.execute("INSERT OR REPLACE INTO structure (id, bytes) VALUES (1, ?1)", [bytes])?;
    }
    for (pane, text) in &latest.texts {
        let key = pane.0.cast_signed();
        match text.as_ref().map(|text| zstd::bulk::compress(text, LEVEL)) {
            Some(Ok(bytes)) => all.execute("INSERT OR REPLACE INTO text (pane, bytes) VALUES (?1, ?2)", (key, bytes))?,
            Some(Err(_)) | None => all.execute("DELETE FROM text WHERE pane = ?1", [key])?,
        };
    }
    all.commit()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::{Duration, Instant};

    use super::{Db, load};
    use crate::base::id::PaneId;

    #[test]
    fn what_was_written_is_read_after_the_end() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("abide.db");
        let db = Db::start(path.clone());
        assert!(db.structure(b"one".to_vec()));
        assert!(db.text(PaneId(4), b"hello".to_vec()) && db.text(PaneId(5), b"gone".to_vec()) && db.forget(PaneId(5)));
        db.finish(b"two".to_vec());
        let stored = load(&path);
        assert_eq!(stored.structure.as_deref(), Some(&b"two"[..]));
        assert_eq!(stored.texts.into_iter().collect::<Vec<_>>(), [(PaneId(4), b"hello".to_vec())]);
    }

    #[test]
    fn a_damaged_database_is_put_aside_and_a_start_is_never_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("abide.db");
        std::fs::write(&path, vec![0x5a; 9000]).expect("written");
        assert_eq!(load(&path).structure, None);
        assert!(path.with_extension("damaged").exists());
        Db::start(path.clone()).finish(b"new".to_vec());
        assert_eq!(load(&path).structure.as_deref(), Some(&b"new"[..]));
    }

    #[test]
    fn nobody_else_can_read_what_is_written() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("abide.db");
        // While it is open, the files beside it are there too.
        let db = super::open(&path).expect("opened");
        db.execute("INSERT INTO text VALUES (1, x'00')", []).expect("written");
        let files: Vec<_> = std::fs::read_dir(dir.path()).expect("read").map(|entry| entry.expect("an entry")).collect();
        assert_eq!(files.len(), 3, "{files:?}");
        for file in files {
            assert_eq!(file.metadata().expect("there").permissions().mode() & 0o777, 0o600, "{file:?}");
        }
    }

    #[test]
    fn a_constant_stream_is_written_all_the_same() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("abide.db");
        let db = Db::start(path.clone());
        let end = Instant::now() + Duration::from_secs(20);
        while load(&path).structure.is_none() {
            assert!(Instant::now() < end, "nothing is written while jobs arrive");
            // A full queue is part of the stream.
            db.structure(b"again".to_vec());
        }
        db.finish(b"last".to_vec());
        assert_eq!(load(&path).structure.as_deref(), Some(&b"last"[..]));
    }
}
