//! The database as a file: its tables and their versions, what is read from it and written to it, and what becomes of a damaged one.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, Transaction, ffi};

use super::{Latest, Stored, TEXT_MAX};
use crate::base::id::PaneId;
use crate::platform::places::identity;
use crate::store::sealed::{seal, unseal};

/// zstd's level: fast.
const LEVEL: i32 = 1;
/// The version of the tables.
const VERSION: i64 = 2;
/// How the name of a damaged one ends.
const ASIDE: &str = ".damaged";
/// How the names of the files end that make up a database.
const ENDS: [&str; 3] = ["", "-wal", "-shm"];

/// What cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// As SQLite says.
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    /// It is not what was written.
    #[error("its {0} not as written")]
    Changed(&'static str),
    /// Another version of abide wrote it.
    #[error("it is of version {0}, and this abide reads up to {VERSION}")]
    Newer(i64),
}

/// An open database, and which file it is: the name may come to stand for another, or for none.
#[derive(Debug)]
pub(super) struct Open {
    db: Connection,
    path: PathBuf,
    file: Option<(u64, u64)>,
}

impl Open {
    /// Opens the database or makes a new one, and its folder; says whether it is new. 0600: what SQLite puts beside it has the same mode (SQLite's
    /// `findCreateFileMode` in `os_unix.c`).
    pub(super) fn new(path: &Path) -> Result<(Self, bool), ReadError> {
        if let Some(folder) = path.parent() {
            // What is wrong with the path, SQLite says too.
            DirBuilder::new().recursive(true).mode(0o700).create(folder).ok();
        }
        drop(OpenOptions::new().append(true).create(true).mode(0o600).open(path));
        let is_new = path.metadata().is_ok_and(|metadata| metadata.len() == 0);
        let mut db = Connection::open(path)?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "NORMAL")?;
        db.pragma_update(None, "cache_size", -256)?;
        migrate(&mut db)?;
        Ok((Self { db, path: path.to_owned(), file: identity(path) }, is_new))
    }

    /// Whether its name still stands for it.
    pub(super) fn is_in_place(&self) -> bool {
        self.file.is_some() && self.file == identity(&self.path)
    }

    /// Everything it holds.
    pub(super) fn read(&self) -> Result<Stored, ReadError> {
        let mut stored = Stored::default();
        let mut rows = self.db.prepare("SELECT bytes FROM structure WHERE id = 1")?;
        let structure: Option<Vec<u8>> = rows.query_map([], |row| row.get(0))?.next().transpose()?;
        stored.structure =
            structure.map(|sealed| unseal(&sealed).map(<[u8]>::to_vec).ok_or(ReadError::Changed("structure is"))).transpose()?;
        let mut rows = self.db.prepare("SELECT pane, bytes FROM text")?;
        for row in rows.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))? {
            let (pane, sealed) = row?;
            let pane = PaneId(pane.unsigned_abs());
            match unseal(&sealed).and_then(|bytes| zstd::bulk::decompress(bytes, TEXT_MAX).ok()) {
                Some(text) => drop(stored.texts.insert(pane, text)),
                None => drop(stored.damaged.insert(pane)),
            }
        }
        let mut rows = self.db.prepare("SELECT bytes FROM tally WHERE id = 1")?;
        let tally: Option<Vec<u8>> = rows.query_map([], |row| row.get(0))?.next().transpose()?;
        let tally = tally.as_deref().and_then(unseal).ok_or(ReadError::Changed("list of panes is"))?;
        let (ids, _) = tally.as_chunks();
        let written: BTreeSet<PaneId> = ids.iter().map(|id| PaneId(u64::from_le_bytes(*id))).collect();
        stored.damaged.extend(written.iter().filter(|pane| !stored.texts.contains_key(pane)));
        stored.texts.retain(|pane, _| written.contains(pane));
        Ok(stored)
    }

    /// Writes what is new, all or nothing.
    pub(super) fn write(&mut self, latest: &Latest) -> Result<(), ReadError> {
        let all = self.db.transaction()?;
        if let Some(bytes) = &latest.structure {
            all.execute("INSERT OR REPLACE INTO structure (id, bytes) VALUES (1, ?1)", [seal(bytes)])?;
        }
        for (pane, text) in &latest.texts {
            let key = pane.0.cast_signed();
            match text.as_ref().map(|text| zstd::bulk::compress(text, LEVEL)) {
                Some(Ok(bytes)) => all.execute("INSERT OR REPLACE INTO text (pane, bytes) VALUES (?1, ?2)", (key, seal(&bytes)))?,
                Some(Err(_)) | None => all.execute("DELETE FROM text WHERE pane = ?1", [key])?,
            };
        }
        if !latest.texts.is_empty() {
            count(&all)?;
        }
        Ok(all.commit()?)
    }
}

/// Notes of which panes there is text, so that a missing one is seen.
fn count(all: &Transaction<'_>) -> rusqlite::Result<()> {
    let mut ids = Vec::new();
    let mut rows = all.prepare("SELECT pane FROM text ORDER BY pane")?;
    for pane in rows.query_map([], |row| row.get::<_, i64>(0))? {
        ids.extend(pane?.unsigned_abs().to_le_bytes());
    }
    all.execute("INSERT OR REPLACE INTO tally (id, bytes) VALUES (1, ?1)", [seal(&ids)]).map(drop)
}

/// Brings the tables to this version, in one transaction.
fn migrate(db: &mut Connection) -> Result<(), ReadError> {
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version == VERSION {
        return Ok(());
    }
    if VERSION < version {
        return Err(ReadError::Newer(version));
    }
    let all = db.transaction()?;
    if version < 1 {
        all.execute_batch(
            "CREATE TABLE structure (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
             CREATE TABLE text (pane INTEGER PRIMARY KEY, bytes BLOB NOT NULL);",
        )?;
    }
    // Version 2: what is kept has a checksum, and it is known of which panes there is text.
    all.execute_batch("CREATE TABLE tally (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);")?;
    for (table, key) in [("structure", "id"), ("text", "pane")] {
        let mut rows = all.prepare(&format!("SELECT {key}, bytes FROM {table}"))?;
        let kept: Vec<(i64, Vec<u8>)> = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        for (id, bytes) in kept {
            all.execute(&format!("UPDATE {table} SET bytes = ?2 WHERE {key} = ?1"), (id, seal(&bytes)))?;
        }
    }
    count(&all)?;
    all.pragma_update(None, "user_version", VERSION)?;
    Ok(all.commit()?)
}

/// Whether a database that fails like this is to be given up and written anew: it is damaged, or what the kernel says of it can no longer be believed (F6: after
/// an fsync error pages count as clean).
pub(super) fn is_lost(error: &ReadError) -> bool {
    match error {
        ReadError::Sqlite(rusqlite::Error::SqliteFailure(error, _)) => {
            matches!(error.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
                || [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_DIR_FSYNC].contains(&error.extended_code)
        }
        // Its tables are not what they should be.
        ReadError::Sqlite(_) | ReadError::Changed(_) | ReadError::Newer(_) => true,
    }
}

/// Renames what is there, so that it can be looked at, and a new one made. Gives its new name.
pub(super) fn put_aside(path: &Path) -> PathBuf {
    let aside = named(path, ASIDE);
    for end in ENDS {
        match fs::rename(named(path, end), named(&aside, end)) {
            Err(error) if error.kind() != ErrorKind::NotFound => tracing::error!(path = %path.display(), %error, "it cannot be put aside"),
            // The log of another would be taken for this one's.
            Err(_) => drop(fs::remove_file(named(&aside, end))),
            Ok(()) => {}
        }
    }
    aside
}

/// Takes the database away: there is nothing to restore.
pub(super) fn remove(path: &Path) {
    for end in ENDS {
        let file = named(path, end);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => tracing::warn!(?file, %error, "it stays"),
            _ => {}
        }
    }
}

fn named(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    name.into()
}
