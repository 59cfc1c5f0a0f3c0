//! The files of snapshots: written whole or not at all, read with their checksums, listed, removed.
//! All of it blocks, so it is done beside the loop.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::action::snapshot::SnapshotItem;
use crate::base::error::{Code, Refusal};
use crate::base::text::nearest;
use crate::platform::plain_file;
use crate::server::persist::{Retention, discard};
use crate::store::snapshot::SnapshotFile;

/// The end of the names of snapshots' files.
const END: &str = ".snapshot";
/// The longest file that is read, in bytes.
pub(super) const FILE_BYTES_MAX: u64 = 4 << 30;
/// The file that is being written.
const UNFINISHED: &str = "unfinished";
/// The start of the names that snapshots are given.
const GIVEN: &str = "quick-";

/// The folder of snapshots. One thing at a time happens in it.
#[derive(Debug, Clone)]
pub(in crate::server) struct Folder {
    path: PathBuf,
    turn: Arc<Mutex<()>>,
}

impl Folder {
    pub(in crate::server) fn new(path: PathBuf) -> Self {
        Self { path, turn: Arc::default() }
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        // The lock guards no memory, so a panic under it leaves nothing half done.
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}{END}"))
    }

    /// Writes a snapshot. Without a name it is given one, and the oldest such go beyond
    /// `retention`.
    ///
    /// # Errors
    /// `already_exists` for a name that is taken, `disk_failed`.
    pub(in crate::server) fn save(
        &self,
        saved: &SnapshotFile,
        name: Option<String>,
        replace: bool,
        retention: Retention,
    ) -> Result<SnapshotItem, Refusal> {
        let _turn = self.turn();
        let name = name.map_or_else(|| self.free_name(), Ok)?;
        let path = self.file(&name);
        if !replace && path.exists() {
            return Err(Refusal::new(
                Code::AlreadyExists,
                format!("there is a snapshot {name:?} already"),
            )
            .hint("--replace takes its place"));
        }
        self.write(&path, &saved.encode()).map_err(|error| failed("written", &path, &error))?;
        if !saved.is_named {
            self.make_room(retention, &name);
        }
        Ok(item(&name, &path))
    }

    /// Written beside its place, forced to disk, and only then put there.
    pub(super) fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.path)?;
        let unfinished = self.path.join(UNFINISHED);
        // A server that was killed may have left it.
        discard(&unfinished);
        let mut file = plain_file::create(&unfinished)?;
        let written = file
            .write_all(bytes)
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&unfinished, path));
        if written.is_err() {
            discard(&unfinished);
        }
        written?;
        File::open(&self.path)?.sync_all()
    }

    /// The name of the next snapshot that is given none.
    fn free_name(&self) -> Result<String, Refusal> {
        let number = |name: &String| name.strip_prefix(GIVEN)?.parse::<u64>().ok();
        let last = self.names()?.iter().filter_map(number).max().unwrap_or(0);
        Ok(format!("{GIVEN}{}", last.saturating_add(1)))
    }

    /// Removes the oldest snapshots without a name of their own, as far as `retention`
    /// says; `newest` stays in any case.
    fn make_room(&self, retention: Retention, newest: &str) {
        let Ok(items) = self.items() else { return };
        let given = items
            .into_iter()
            .filter(|item| !item.named && item.problem.is_none() && item.snapshot != newest);
        let goes = |(at, item): &(usize, SnapshotItem)| {
            retention.count <= at + 1 || is_old(&self.file(&item.snapshot), retention.days)
        };
        for (_, old) in given.enumerate().filter(goes) {
            if let Err(error) = fs::remove_file(self.file(&old.snapshot)) {
                tracing::warn!(snapshot = old.snapshot, %error, "it stays");
            }
        }
    }

    /// The names of all snapshots.
    pub(super) fn names(&self) -> Result<Vec<String>, Refusal> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("read", &self.path, &error)),
        };
        let name =
            |entry: fs::DirEntry| Some(entry.file_name().to_str()?.strip_suffix(END)?.to_owned());
        Ok(entries.filter_map(|entry| name(entry.ok()?)).collect())
    }

    fn items(&self) -> Result<Vec<SnapshotItem>, Refusal> {
        let mut items: Vec<SnapshotItem> =
            self.names()?.into_iter().map(|name| item(&name, &self.file(&name))).collect();
        items.sort_by(|a, b| {
            b.created_wall.cmp(&a.created_wall).then_with(|| b.snapshot.cmp(&a.snapshot))
        });
        Ok(items)
    }

    /// All snapshots, the latest first.
    ///
    /// # Errors
    /// `disk_failed`.
    pub(in crate::server) fn list(&self) -> Result<Vec<SnapshotItem>, Refusal> {
        let _turn = self.turn();
        self.items()
    }

    /// A snapshot.
    ///
    /// # Errors
    /// `not_found` with the nearest name, `damaged`, `disk_failed`.
    pub(in crate::server) fn load(&self, name: &str) -> Result<SnapshotFile, Refusal> {
        let _turn = self.turn();
        let path = self.file(name);
        let bytes = match plain_file::read(&path, FILE_BYTES_MAX) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(self.unknown(name)),
            read => read.map_err(|error| failed("read", &path, &error))?,
        };
        SnapshotFile::decode(&bytes).map_err(|error| damaged(name, &error.to_string()))
    }

    /// Removes a snapshot.
    ///
    /// # Errors
    /// `not_found` with the nearest name, `disk_failed`.
    pub(in crate::server) fn remove(&self, name: &str) -> Result<(), Refusal> {
        let _turn = self.turn();
        let path = self.file(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Err(self.unknown(name)),
            removed => removed.map_err(|error| failed("removed", &path, &error)),
        }
    }

    fn unknown(&self, name: &str) -> Refusal {
        let names = self.names().unwrap_or_default();
        let refusal = Refusal::new(Code::NotFound, format!("no snapshot {name:?}"));
        match nearest(name, names.iter().map(String::as_str)) {
            Some(near) => refusal.hint(format!("did you mean {near:?}? abide snapshots lists all")),
            None => refusal.hint("abide snapshots"),
        }
    }
}

/// True if a file is older than so many days; 0 is any age.
pub(super) fn is_old(path: &Path, days: u32) -> bool {
    let age = fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .ok()
        .and_then(|changed| changed.elapsed().ok());
    0 < days && age.is_some_and(|age| Duration::from_hours(24 * u64::from(days)) < age)
}

/// The refusal of a snapshot that cannot be restored.
pub(in crate::server) fn damaged(name: &str, why: &str) -> Refusal {
    Refusal::new(Code::Damaged, format!("snapshot {name:?} cannot be restored: {why}"))
        .hint(format!("abide snapshot remove {name}"))
}

pub(super) fn failed(what: &str, path: &Path, error: &io::Error) -> Refusal {
    let refusal =
        Refusal::new(Code::DiskFailed, format!("{} cannot be {what}: {error}", path.display()));
    refusal.hint(
        "nothing was changed; see whether there is room on that disk, and whether you \
        may write there",
    )
}

/// A snapshot as it is listed, whatever its file is.
fn item(name: &str, path: &Path) -> SnapshotItem {
    let metadata = fs::metadata(path);
    let changed =
        metadata.as_ref().map_or(0, |metadata| u64::try_from(metadata.mtime()).unwrap_or(0) * 1000);
    let bytes = metadata.map_or(0, |metadata| metadata.len());
    let read = plain_file::read(path, FILE_BYTES_MAX).map_err(|error| error.to_string());
    let (snapshot, empty) = (
        name.to_owned(),
        SnapshotFile { wall: changed, is_named: true, ..SnapshotFile::default() },
    );
    let (saved, problem) = match read
        .and_then(|bytes| SnapshotFile::decode(&bytes).map_err(|error| error.to_string()))
    {
        Ok(saved) => (saved, None),
        Err(problem) => (empty, Some(problem)),
    };
    let SnapshotFile { wall: created_wall, is_named: named, sessions, panes, .. } = saved;
    SnapshotItem { snapshot, created_wall, sessions, panes, bytes, named, problem }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::Folder;
    use crate::base::error::Code;
    use crate::server::persist::Retention;
    use crate::store::snapshot::SnapshotFile;

    fn saved(wall: u64, is_named: bool) -> SnapshotFile {
        SnapshotFile {
            wall,
            is_named,
            sessions: vec!["work".into()],
            panes: 2,
            ..SnapshotFile::default()
        }
    }

    fn names(folder: &Folder) -> Vec<String> {
        folder.list().unwrap().into_iter().map(|item| item.snapshot).collect()
    }

    #[test]
    fn a_snapshot_is_written_whole_for_its_owner_alone_and_not_over_another() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::new(home.path().join("snapshots"));
        assert_eq!(names(&folder), Vec::<String>::new());
        let item = folder
            .save(&saved(5, true), Some("one".into()), false, Retention { count: 9, days: 0 })
            .unwrap();
        assert_eq!(
            (item.snapshot.as_str(), item.created_wall, item.panes, item.named, item.problem),
            ("one", 5, 2, true, None)
        );
        let mode =
            |path: &str| fs::metadata(home.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("snapshots"), mode("snapshots/one.snapshot")), (0o700, 0o600));
        assert_eq!(
            folder
                .save(&saved(6, true), Some("one".into()), false, Retention { count: 9, days: 0 })
                .unwrap_err()
                .code,
            Code::AlreadyExists
        );
        assert_eq!(folder.load("one").unwrap().wall, 5);
        folder
            .save(&saved(7, true), Some("one".into()), true, Retention { count: 9, days: 0 })
            .unwrap();
        assert_eq!(folder.load("one").unwrap().wall, 7);
        assert_eq!(
            fs::read_dir(home.path().join("snapshots")).unwrap().count(),
            1,
            "nothing else is left behind"
        );
        folder.remove("one").unwrap();
        assert_eq!(folder.remove("one").unwrap_err().code, Code::NotFound);
    }

    #[test]
    fn the_oldest_without_a_name_of_their_own_make_room() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::new(home.path().to_owned());
        folder
            .save(&saved(1, true), Some("mine".into()), false, Retention { count: 2, days: 0 })
            .unwrap();
        for wall in 2..7 {
            folder.save(&saved(wall, false), None, false, Retention { count: 2, days: 0 }).unwrap();
        }
        assert_eq!(names(&folder), ["quick-5", "quick-4", "mine"]);
        let old = std::time::SystemTime::now() - std::time::Duration::from_hours(49);
        for name in ["quick-5", "mine"] {
            fs::File::options()
                .write(true)
                .open(folder.file(name))
                .and_then(|file| file.set_modified(old))
                .unwrap();
        }
        folder.save(&saved(7, false), None, false, Retention { count: 9, days: 2 }).unwrap();
        assert_eq!(
            names(&folder),
            ["quick-6", "quick-4", "mine"],
            "what a person named is of no age"
        );
    }

    #[test]
    fn damage_is_listed_and_refused_by_name_and_an_unknown_name_with_the_nearest() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::new(home.path().to_owned());
        folder
            .save(&saved(5, true), Some("work".into()), false, Retention { count: 9, days: 0 })
            .unwrap();
        fs::write(home.path().join("bad.snapshot"), b"abidesn\n\x01\0\0\0????????").unwrap();
        fs::write(home.path().join("other.txt"), b"").unwrap();
        let items = folder.list().unwrap();
        let bad = items.iter().find(|item| item.snapshot == "bad").unwrap();
        assert_eq!((items.len(), bad.problem.as_deref()), (2, Some("it is damaged")));
        let refusal = folder.load("bad").unwrap_err();
        assert_eq!(
            (refusal.code, refusal.message.as_str()),
            (Code::Damaged, "snapshot \"bad\" cannot be restored: it is damaged")
        );
        let refusal = folder.load("wrk").unwrap_err();
        assert_eq!(
            (refusal.code, refusal.hint.as_str()),
            (Code::NotFound, "did you mean \"work\"? abide snapshots lists all")
        );
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_told() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("file"), b"").unwrap();
        let refusal = Folder::new(home.path().join("file"))
            .save(&saved(5, true), Some("one".into()), false, Retention { count: 9, days: 0 })
            .unwrap_err();
        assert_eq!(refusal.code, Code::DiskFailed);
        assert!(
            refusal.message.contains("one.snapshot cannot be written: "),
            "{}",
            refusal.message
        );
    }
}
