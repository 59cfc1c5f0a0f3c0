//! The files of what was closed: each by number and id, the latest first, as many and as old as the
//! settings allow. One thread handles them, in the order of what happened.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use crate::base::error::Refusal;
use crate::platform::paths::Paths;
use crate::platform::plain_file;
use crate::server::persist::snapshot::files::{FILE_BYTES_MAX, Folder, failed, is_old};
use crate::server::persist::snapshot::{Loaded, open};
use crate::server::persist::{Retention, discard};
use crate::store::snapshot::SnapshotFile;

/// The end of the names of files that are being read for their last time.
const TAKEN: &str = ".taken";
/// So much that is to be done may wait.
pub(in crate::server) const WAITING_MAX: usize = 128;
/// The end of a server waits so long for the disk.
const FINISH_WITHIN: Duration = Duration::from_secs(2);

/// The newest closed item, with its file's name.
type Latest = Result<Option<(String, Box<Loaded>)>, Refusal>;

/// Something to be done with the files.
pub(in crate::server) enum Work {
    /// Write a closed item under its id, and remove others beyond the limits.
    Keep(Box<SnapshotFile>, String, Retention),
    /// The closed item of this id is back.
    Back(String),
    /// Take what was closed last, not older than so many days, and hand it over.
    Take(u32, Box<dyn FnOnce(Latest) + Send>),
    /// The item that was taken by this name is back, or could not be brought back and stays.
    Taken(String, bool),
}

/// The thread that handles the files, by what it is told, and what is never sent but closed at its
/// end; there is none until there is something to do.
#[derive(Debug, Default)]
pub(in crate::server) struct Closed(Option<(SyncSender<Work>, Receiver<()>)>);

impl Closed {
    /// Lets something be done. False if that cannot be: too much waits, or there is no place for
    /// files.
    pub(in crate::server) fn work(&mut self, work: Work) -> bool {
        if self.0.is_none() {
            self.0 = Paths::current().ok().and_then(|places| start(Folder::new(places.closed())));
        }
        self.0.as_ref().is_some_and(|(sender, _)| sender.try_send(work).is_ok())
    }

    /// Waits until all is done, but not for ever for a disk that hangs.
    pub(in crate::server) fn finish(&mut self) {
        let Some((sender, end)) = self.0.take() else { return };
        drop(sender);
        if end.recv_timeout(FINISH_WITHIN) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("not all of what was closed is kept: the disk takes too long");
        }
    }
}

fn start(folder: Folder) -> Option<(SyncSender<Work>, Receiver<()>)> {
    let ((sender, all), (end, is_over)) = (sync_channel(WAITING_MAX), sync_channel(1));
    let work = move || {
        do_all(&folder, &all);
        drop(end);
    };
    thread::Builder::new().name("closed".into()).spawn(work).ok()?;
    Some((sender, is_over))
}

fn do_all(folder: &Folder, all: &Receiver<Work>) {
    for work in all {
        match work {
            Work::Keep(saved, id, bounds) => folder.keep_closed(&saved, &id, bounds),
            Work::Back(id) => folder.forget(&id),
            Work::Take(days, reply) => reply(folder.take_latest(days, open)),
            Work::Taken(name, is_back) => folder.is_taken(&name, is_back),
        }
    }
}

impl Folder {
    /// Keeps what is left of something, under its id. Of the others as many stay as `retention`
    /// allows besides it.
    fn keep_closed(&self, saved: &SnapshotFile, id: &str, retention: Retention) {
        let names = self.numbered();
        let last = names.last().map_or(0, |(number, _)| *number);
        let path = self.file(&format!("{:08}-{id}", last.saturating_add(1)));
        if let Err(refusal) =
            self.write(&path, &saved.encode()).map_err(|error| failed("written", &path, &error))
        {
            tracing::warn!("it cannot be brought back later: {}", refusal.message);
            return;
        }
        let surplus = (names.len() + 1).saturating_sub(retention.count);
        for (at, (_, name)) in names.iter().enumerate() {
            let path = self.file(name);
            if at < surplus || is_old(&path, retention.days) {
                discard(&path);
            }
        }
    }

    /// The closed item of this id is back: its latest file is not needed any more.
    fn forget(&self, id: &str) {
        let is_it = |name: &String| name.split_once('-').is_some_and(|(_, of)| of == id);
        if let Some((_, name)) = self.numbered().into_iter().rev().find(|(_, name)| is_it(name)) {
            discard(&self.file(&name));
        }
    }

    /// The newest closed item, as `open` reads it, and its file's name, by which
    /// [`Folder::is_taken`] is to be told what became of it. A file that cannot be read is dropped.
    ///
    /// # Errors
    /// `disk_failed`.
    fn take_latest<T>(
        &self,
        days: u32,
        open: impl Fn(&str, SnapshotFile) -> Result<T, Refusal>,
    ) -> Result<Option<(String, T)>, Refusal> {
        self.names()?;
        for (_, name) in self.numbered().into_iter().rev() {
            let path = self.file(&name);
            let saved = plain_file::read(&path, FILE_BYTES_MAX);
            let opened = match saved.map(|saved| SnapshotFile::decode(&saved)) {
                // A FIFO or a folder is no closed item, and stays for whoever put it there.
                Err(error) if error.kind() == ErrorKind::InvalidInput => continue,
                Err(error) => return Err(failed("read", &path, &error)),
                _ if is_old(&path, days) => None,
                Ok(Ok(saved)) => open(&name, saved)
                    .map_err(|refusal| tracing::warn!(name, "{}", refusal.message))
                    .ok(),
                Ok(Err(error)) => {
                    tracing::warn!(name, %error, "what was closed cannot be brought back");
                    None
                }
            };
            let Some(opened) = opened else {
                discard(&path);
                continue;
            };
            fs::rename(&path, self.taken(&name)).map_err(|error| failed("taken", &path, &error))?;
            return Ok(Some((name, opened)));
        }
        Ok(None)
    }

    /// The item that was taken is back, or could not be brought back and stays.
    fn is_taken(&self, name: &str, is_back: bool) {
        let taken = self.taken(name);
        if is_back {
            discard(&taken);
        } else if let Err(error) = fs::rename(&taken, self.file(name)) {
            tracing::warn!(name, %error, "a closed item cannot be put back");
        }
    }

    fn taken(&self, name: &str) -> PathBuf {
        self.file(name).with_extension(&TAKEN[1..])
    }

    /// Numbers and names of all, the latest last.
    fn numbered(&self) -> Vec<(u64, String)> {
        let number = |name: &str| name.split_once('-')?.0.parse().ok();
        let names = self.names().unwrap_or_default();
        let mut names: Vec<(u64, String)> =
            names.into_iter().filter_map(|name| Some((number(&name)?, name))).collect();
        names.sort_unstable();
        names
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::{Duration, SystemTime};

    use super::Folder;
    use crate::server::persist::Retention;
    use crate::store::snapshot::SnapshotFile;

    fn saved(wall: u64) -> SnapshotFile {
        SnapshotFile { wall, ..SnapshotFile::default() }
    }

    fn latest(folder: &Folder) -> Option<(String, u64)> {
        folder.take_latest(30, |_, saved| Ok(saved.wall)).expect("a folder that can be read")
    }

    #[test]
    fn the_latest_comes_first_and_only_so_many_stay() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(home.path().join("closed"));
        assert_eq!(latest(&folder), None);
        for wall in 1..=5 {
            folder.keep_closed(&saved(wall), &format!("p{wall}"), Retention { count: 3, days: 30 });
        }
        let (name, wall) = latest(&folder).expect("one");
        assert_eq!((name.as_str(), wall), ("00000005-p5", 5));
        folder.is_taken(&name, false);
        assert_eq!(
            latest(&folder).map(|(_, wall)| wall),
            Some(5),
            "it could not be brought back and stayed"
        );
        folder.is_taken(&name, true);
        folder.forget("p4");
        assert_eq!(latest(&folder).map(|(_, wall)| wall), Some(3));
        assert_eq!(latest(&folder), None, "the first two made room");
    }

    #[test]
    fn what_is_old_or_damaged_is_passed_over_and_dropped() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(home.path().join("closed"));
        for wall in 1..=3 {
            folder.keep_closed(&saved(wall), "t1", Retention { count: 9, days: 30 });
        }
        fs::write(folder.file("00000003-t1"), "damage").expect("it is written");
        let old = SystemTime::now() - Duration::from_hours(24 * 31);
        File::options()
            .write(true)
            .open(folder.file("00000001-t1"))
            .and_then(|file| file.set_modified(old))
            .expect("it has another age");
        assert_eq!(latest(&folder).map(|(_, wall)| wall), Some(2));
        assert_eq!(latest(&folder), None);
        assert_eq!(folder.numbered(), []);
    }
}
