//! The database as a file: its tables and their versions, what is read from it and written to it,
//! and what becomes of a damaged one.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, Row, Transaction, ffi};
use serde::{Deserialize, Serialize};

use super::{Latest, SCREEN_MAX, Shown, Stored, TEXT_MAX};
use crate::base::error::ignore_failure;
use crate::base::id::PaneId;
use crate::platform::paths::{Paths, identity, make_private};
use crate::platform::plain_file::{self, is_taken};
use crate::server::persist::discard;
use crate::store::checksum::{add_checksum, verify_checksum};
use crate::store::session_state::SessionState;
use crate::term::pack_segment;

/// zstd's level: fast.
const LEVEL: i32 = 1;
/// The version of the tables.
const VERSION: i64 = 3;
/// The records of commands stand in the list of panes under this number, which no pane has.
const COMMANDS: PaneId = PaneId(0);
/// The end of the name of a damaged database.
const ASIDE: &str = ".damaged";
/// The ends of the names of a database's files.
const ENDS: [&str; 4] = ["", "-wal", "-shm", COUNT];
/// The end of the name of the file that says how far the database should go.
const COUNT: &str = ".count";
/// The longest such file, in bytes.
const COUNT_BYTES_MAX: u64 = 1 << 20;
/// The end of the name of a log that SQLite reads where it finds one, and that is never written.
const JOURNAL: &str = "-journal";

/// The reason why a database cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// As SQLite says.
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    /// Something else in its place cannot be opened.
    #[error("a folder or a FIFO is in the place of its file")]
    NoFile,
    #[error("its {0} not as written")]
    Changed(&'static str),
    /// Another version of abide wrote it.
    #[error("it is of version {0}, and this abide reads up to {VERSION}")]
    Newer(i64),
}

/// An open database, and which file it is: the name may come to stand for another, or for none.
#[derive(Debug)]
pub(super) struct OpenDatabase {
    db: Connection,
    path: PathBuf,
    file: Option<(u64, u64)>,
    /// The number of writes it holds, and the names of the sessions in the last of them.
    count: WriteCount,
}

/// The writes that went into a database. A flipped bit in SQLite's log ends it there without a
/// word: whoever reads it then finds fewer than a file beside it says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct WriteCount {
    writes: u64,
    sessions: Vec<String>,
}

impl OpenDatabase {
    /// Opens the database or makes a new one, and its folder; says whether it is new. 0600: what
    /// SQLite puts beside it has the same mode (SQLite's `findCreateFileMode` in `os_unix.c`).
    pub(super) fn new(path: &Path) -> Result<(Self, bool), ReadError> {
        if let Some(folder) = path.parent() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            log_failure("make the folder of", path, made);
        }
        // SQLite would wait for a FIFO.
        let in_the_way = |end| Some(named(path, end)).filter(|path| is_taken(path));
        let ends = ENDS.into_iter().chain([JOURNAL]);
        if ends.filter_map(in_the_way).any(|taken| !taken.is_symlink()) {
            return Err(ReadError::NoFile);
        }
        log_failure("make", path, plain_file::append(path).map(drop));
        let is_new = path.metadata().is_ok_and(|metadata| metadata.len() == 0);
        let mut db = Connection::open(path)?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        // Each commit is on the disk before the next: what a power cut takes is what was not
        // committed.
        db.pragma_update(None, "synchronous", "FULL")?;
        // Deleted content is overwritten in the file, in pages that are free by then too.
        db.pragma_update(None, "secure_delete", "ON")?;
        db.pragma_update(None, "cache_size", -256)?;
        migrate(&mut db)?;
        let count = WriteCount { writes: writes(&db)?, sessions: Vec::new() };
        Ok((Self { db, path: path.to_owned(), file: identity(path), count }, is_new))
    }

    /// True if its name still stands for it.
    pub(super) fn is_in_place(&self) -> bool {
        self.file.is_some() && self.file == identity(&self.path)
    }

    /// Everything it holds.
    pub(super) fn read(&self) -> Result<Stored, ReadError> {
        let mut stored = Stored::default();
        let mut rows = self.db.prepare("SELECT bytes FROM structure WHERE id = 1")?;
        let structure: Option<Vec<u8>> =
            rows.query_map([], |row| row.get(0))?.next().transpose()?;
        stored.structure = structure
            .map(|sealed| {
                verify_checksum(&sealed)
                    .map(<[u8]>::to_vec)
                    .ok_or(ReadError::Changed("structure is"))
            })
            .transpose()?;
        let mut rows = self.db.prepare("SELECT bytes FROM structure WHERE id = 2")?;
        let commands: Option<Vec<u8>> = rows.query_map([], |row| row.get(0))?.next().transpose()?;
        stored.commands = commands.as_deref().and_then(verify_checksum).map(<[u8]>::to_vec);
        let mut rows = self.db.prepare("SELECT pane, bytes FROM text")?;
        for row in rows.query_map([], pane_and_bytes)? {
            let (pane, sealed) = row?;
            match verify_checksum(&sealed)
                .and_then(|bytes| zstd::bulk::decompress(bytes, TEXT_MAX).ok())
            {
                Some(text) => stored.texts.extend([(pane, text)]),
                None => stored.damaged.extend([pane]),
            }
        }
        let mut rows = self.db.prepare("SELECT pane, bytes FROM screen")?;
        for row in rows.query_map([], pane_and_bytes)? {
            let (pane, sealed) = row?;
            match verify_checksum(&sealed).and_then(opened) {
                Some(shown) => stored.shown.extend([(pane, shown)]),
                None => stored.damaged.extend([pane]),
            }
        }
        self.read_segments(&mut stored)?;
        stored.shortfall = self.shortfall(stored.structure.as_deref());
        let mut written = self.tally()?;
        stored.has_bad_commands = written.remove(&COMMANDS) && stored.commands.is_none();
        stored.damaged.extend(
            written.iter().filter(|pane| {
                !stored.texts.contains_key(pane) && !stored.shown.contains_key(pane)
            }),
        );
        stored.texts.retain(|pane, _| written.contains(pane));
        stored.shown.retain(|pane, _| written.contains(pane));
        Ok(stored)
    }

    /// The segments of the screens that were read. What is damaged is as if it were not there.
    fn read_segments(&self, stored: &mut Stored) -> Result<(), ReadError> {
        let mut rows = self.db.prepare("SELECT pane, sequence, bytes FROM segment")?;
        for row in rows.query_map([], |row| {
            Ok((pane_id(row, 0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?))
        })? {
            let (pane, sequence, sealed) = row?;
            let Some(shown) = stored.shown.get_mut(&pane) else { continue };
            let own = verify_checksum(&sealed)
                .and_then(|bytes| bytes.strip_prefix(&segment_name(pane, sequence)[..]));
            if let Some(bytes) = own {
                shown.segments.insert(sequence.cast_unsigned(), bytes.to_vec());
            }
        }
        let is_torn = |shown: &Shown| {
            shown.whole.clone().any(|sequence| !shown.segments.contains_key(&sequence))
        };
        stored.torn = stored
            .shown
            .iter()
            .filter(|(_, shown)| is_torn(shown))
            .map(|(pane, _)| *pane)
            .collect();
        Ok(())
    }

    /// The panes of which something is there.
    fn tally(&self) -> Result<BTreeSet<PaneId>, ReadError> {
        let mut rows = self.db.prepare("SELECT bytes FROM tally WHERE id = 1")?;
        let tally: Option<Vec<u8>> = rows.query_map([], |row| row.get(0))?.next().transpose()?;
        let tally = tally
            .as_deref()
            .and_then(verify_checksum)
            .ok_or(ReadError::Changed("list of panes is"))?;
        let (ids, _) = tally.as_chunks();
        Ok(ids.iter().map(|id| PaneId(u64::from_le_bytes(*id))).collect())
    }

    /// The part that should be there and is not, for a person; none if all is.
    fn shortfall(&self, structure: Option<&[u8]>) -> Option<String> {
        let noted = match plain_file::read(&named(&self.path, COUNT), COUNT_BYTES_MAX) {
            Ok(noted) => noted,
            // Former versions have none.
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(_) => Vec::new(),
        };
        let noted = verify_checksum(&noted)
            .and_then(|bytes| postcard::from_bytes::<WriteCount>(bytes).ok());
        let Some(noted) = noted else {
            return Some("the count of what was saved is damaged on disk".to_owned());
        };
        let lost = noted.writes.checked_sub(self.count.writes).filter(|lost| 0 < *lost)?;
        let there = session_names(structure.unwrap_or_default());
        let missing: Vec<String> = noted
            .sessions
            .iter()
            .filter(|name| !there.contains(name))
            .map(|name| format!("{name:?}"))
            .collect();
        let missing = match missing.as_slice() {
            [] => String::new(),
            names => format!("; of the sessions {} are missing", names.join(", ")),
        };
        Some(format!("the last {lost} writes are damaged on disk and lost{missing}"))
    }

    /// Moves SQLite's log into the file, and empties it.
    pub(super) fn checkpoint(&self) {
        let done = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        if let Err(error) = done {
            tracing::debug!(%error, "the log stays beside the database");
        }
    }

    /// Writes what is new, all or nothing, and notes that it was.
    pub(super) fn write(&mut self, latest: &Latest) -> Result<(), ReadError> {
        if let Some(bytes) = &latest.structure {
            self.count.sessions = session_names(bytes);
        }
        self.write_all(latest)?;
        self.count.writes += 1;
        // Without room for it the former count stays, which asks for less.
        let noted = postcard::to_stdvec(&self.count).map_err(io::Error::other).and_then(|bytes| {
            plain_file::replace(&named(&self.path, COUNT), &add_checksum(&bytes))
        });
        log_failure("count the writes of", &self.path, noted);
        Ok(())
    }

    fn write_all(&mut self, latest: &Latest) -> Result<(), ReadError> {
        let all = self.db.transaction()?;
        all.execute(
            "INSERT OR REPLACE INTO tally (id, bytes) VALUES (2, ?1)",
            [add_checksum(&(self.count.writes + 1).to_le_bytes())],
        )?;
        if let Some(bytes) = &latest.structure {
            all.execute(
                "INSERT OR REPLACE INTO structure (id, bytes) VALUES (1, ?1)",
                [add_checksum(bytes)],
            )?;
        }
        if latest.forgets_all {
            all.execute_batch(
                "DELETE FROM text; DELETE FROM screen; DELETE FROM segment; DELETE \
                FROM structure WHERE id = 2;",
            )?;
        }
        if let Some(bytes) = &latest.commands {
            all.execute(
                "INSERT OR REPLACE INTO structure (id, bytes) VALUES (2, ?1)",
                [add_checksum(bytes)],
            )?;
        }
        for (pane, shown) in &latest.shown {
            show(&all, *pane, shown.as_ref())?;
        }
        if latest.forgets_all || latest.commands.is_some() || !latest.shown.is_empty() {
            count(&all)?;
        }
        Ok(all.commit()?)
    }
}

/// Writes what is new of a pane, and drops what is no longer to be there.
fn show(all: &Transaction<'_>, pane: PaneId, shown: Option<&Shown>) -> rusqlite::Result<()> {
    let key = pane.0.cast_signed();
    all.prepare_cached("DELETE FROM text WHERE pane = ?1")?.execute([key])?;
    let Some((shown, bytes)) = shown.and_then(|shown| Some((shown, closed(shown)?))) else {
        all.prepare_cached("DELETE FROM screen WHERE pane = ?1")?.execute([key])?;
        all.prepare_cached("DELETE FROM segment WHERE pane = ?1")?.execute([key])?;
        return Ok(());
    };
    all.prepare_cached("INSERT OR REPLACE INTO screen (pane, bytes) VALUES (?1, ?2)")?
        .execute((key, add_checksum(&bytes)))?;
    let kept = (key, shown.oldest.cast_signed(), shown.whole.end.cast_signed());
    all.prepare_cached(
        "DELETE FROM segment WHERE pane = ?1 AND (sequence < ?2 OR ?3 <= sequence)",
    )?
    .execute(kept)?;
    let mut insert = all.prepare_cached(
        "INSERT OR REPLACE INTO segment (pane, sequence, bytes) VALUES (?1, ?2, ?3)",
    )?;
    for (sequence, bytes) in &shown.segments {
        let named = [&segment_name(pane, sequence.cast_signed())[..], &pack_segment(bytes.clone())]
            .concat();
        insert.execute((key, sequence.cast_signed(), add_checksum(&named)))?;
    }
    Ok(())
}

/// The head of a segment's data: if its row says otherwise, the segment is damaged.
fn segment_name(pane: PaneId, sequence: i64) -> [u8; 16] {
    let mut name = [0; 16];
    name[..8].copy_from_slice(&pane.0.to_le_bytes());
    name[8..].copy_from_slice(&sequence.to_le_bytes());
    name
}

/// A screen as it lies in its table: which segments it needs, from and to, then itself as a zstd
/// frame. None if it cannot be packed.
fn closed(shown: &Shown) -> Option<Vec<u8>> {
    let frame = zstd::bulk::compress(&shown.screen, LEVEL).ok()?;
    Some([&shown.whole.start.to_le_bytes()[..], &shown.whole.end.to_le_bytes(), &frame].concat())
}

fn opened(bytes: &[u8]) -> Option<Shown> {
    let (start, rest) = bytes.split_first_chunk()?;
    let (end, frame) = rest.split_first_chunk()?;
    let whole = u64::from_le_bytes(*start)..u64::from_le_bytes(*end);
    Some(Shown {
        screen: zstd::bulk::decompress(frame, SCREEN_MAX).ok()?,
        oldest: whole.start,
        whole,
        ..Shown::default()
    })
}

fn pane_id(row: &Row<'_>, column: usize) -> rusqlite::Result<PaneId> {
    row.get::<_, i64>(column).map(|id| PaneId(id.cast_unsigned()))
}

fn pane_and_bytes(row: &Row<'_>) -> rusqlite::Result<(PaneId, Vec<u8>)> {
    Ok((pane_id(row, 0)?, row.get(1)?))
}

/// The number of writes that a database holds; 0 for one of a former version, and where the number
/// is damaged, so that it is told.
fn writes(db: &Connection) -> Result<u64, ReadError> {
    let mut rows = db.prepare("SELECT bytes FROM tally WHERE id = 2")?;
    let sealed: Option<Vec<u8>> = rows.query_map([], |row| row.get(0))?.next().transpose()?;
    let number =
        sealed.as_deref().and_then(verify_checksum).and_then(|bytes| bytes.try_into().ok());
    Ok(number.map_or(0, u64::from_le_bytes))
}

/// The names of the sessions in a structure.
fn session_names(structure: &[u8]) -> Vec<String> {
    let decoded = SessionState::decode(structure);
    decoded.map_or_else(
        |_| Vec::new(),
        |structure| structure.sessions.into_iter().map(|session| session.name).collect(),
    )
}

/// Notes of which panes something is there, so that what is missing is seen.
fn count(all: &Transaction<'_>) -> rusqlite::Result<()> {
    let mut ids = Vec::new();
    let mut rows = all.prepare(
        "SELECT pane FROM screen UNION SELECT pane FROM text UNION SELECT 0 FROM \
            structure WHERE id = 2 ORDER BY 1",
    )?;
    for pane in rows.query_map([], |row| pane_id(row, 0))? {
        ids.extend(pane?.0.to_le_bytes());
    }
    all.execute("INSERT OR REPLACE INTO tally (id, bytes) VALUES (1, ?1)", [add_checksum(&ids)])
        .map(drop)
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
    if version < 2 {
        all.execute_batch("CREATE TABLE tally (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);")?;
        seal_all(&all, "structure", "id")?;
        seal_all(&all, "text", "pane")?;
    }
    // Version 3: screens with their scrollback instead of text, which stays until its pane shows
    // something.
    all.execute_batch(
        "CREATE TABLE screen (pane INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
         CREATE TABLE segment (pane INTEGER, sequence INTEGER, bytes BLOB NOT NULL, \
         PRIMARY KEY (pane, sequence));",
    )?;
    count(&all)?;
    all.pragma_update(None, "user_version", VERSION)?;
    Ok(all.commit()?)
}

/// Version 2: what is kept has a checksum.
fn seal_all(all: &Transaction<'_>, table: &str, key: &str) -> Result<(), ReadError> {
    let mut rows = all.prepare(&format!("SELECT {key}, bytes FROM {table}"))?;
    let kept: Vec<(i64, Vec<u8>)> =
        rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    for (id, bytes) in kept {
        all.execute(
            &format!("UPDATE {table} SET bytes = ?2 WHERE {key} = ?1"),
            (id, add_checksum(&bytes)),
        )?;
    }
    Ok(())
}

/// True if a database that fails like this is to be given up and written anew: it is damaged, or
/// what the kernel says of it can no longer be believed (F6: after an fsync error pages count as
/// clean).
pub(super) fn is_lost(error: &ReadError) -> bool {
    match error {
        ReadError::Sqlite(rusqlite::Error::SqliteFailure(error, _)) => {
            matches!(error.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
                || [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_DIR_FSYNC]
                    .contains(&error.extended_code)
        }
        // The tables themselves are damaged.
        ReadError::Sqlite(_) | ReadError::Changed(_) | ReadError::Newer(_) => true,
        ReadError::NoFile => false,
    }
}

/// Everything that a database holds which cannot be opened in its place, because its disk is full
/// or read-only: from a copy elsewhere.
pub(super) fn read_copy(path: &Path) -> Option<Stored> {
    let spares = Paths::current().ok()?.spare_directories();
    spares.iter().find_map(|spare| {
        make_private(spare).ok()?;
        let copy = spare.join("copy.db");
        let copied = ["", "-wal", COUNT].iter().all(|end| {
            let from = named(path, end);
            !from.exists() || fs::copy(&from, named(&copy, end)).is_ok()
        });
        let read = if copied {
            OpenDatabase::new(&copy).and_then(|(open, _)| open.read()).ok()
        } else {
            None
        };
        remove(&copy);
        ignore_failure(fs::remove_dir(spare), "files of commands may be in it");
        read
    })
}

/// Renames what is there, so that it can be looked at, and a new one made. Gives its new name.
pub(super) fn put_aside(path: &Path) -> PathBuf {
    let aside = named(path, ASIDE);
    for end in ENDS {
        match fs::rename(named(path, end), named(&aside, end)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                tracing::error!(path = %path.display(), %error, "it cannot be put aside");
            }
            // The log of another would be taken for this one's.
            Err(_) => discard(&named(&aside, end)),
            Ok(()) => {}
        }
    }
    aside
}

/// Logs that a step failed whose failure SQLite reports as an error when it opens the file.
fn log_failure(step: &str, path: &Path, result: io::Result<()>) {
    if let Err(error) = result {
        tracing::debug!(path = %path.display(), %error, "cannot {step} the database");
    }
}

/// Removes the database: there is nothing to restore.
pub(super) fn remove(path: &Path) {
    for end in ENDS {
        discard(&named(path, end));
    }
}

fn named(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    name.into()
}
