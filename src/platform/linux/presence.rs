//! Notices when a file goes from its place, with its folder or without (inotify(7)): runtime
//! directories are cleaned at logout, temporary ones every week.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};

use rustix::fs::inotify::{CreateFlags, Reader, WatchFlags, add_watch, init};
use rustix::io::Errno;

use crate::platform::paths::identity;

/// Watches a file that is there.
#[derive(Debug)]
pub struct PathPresence {
    fd: OwnedFd,
    path: PathBuf,
    file: Option<(u64, u64)>,
}

impl PathPresence {
    /// Begins to watch.
    ///
    /// # Errors
    /// If the user watches too much already (`fs.inotify.max_user_instances`), or its folder is
    /// gone.
    pub fn of(path: &Path) -> io::Result<Self> {
        let fd = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        let flags = WatchFlags::DELETE
            | WatchFlags::MOVED_FROM
            | WatchFlags::MOVED_TO
            | WatchFlags::DELETE_SELF
            | WatchFlags::MOVE_SELF;
        add_watch(&fd, path.parent().unwrap_or(Path::new("/")), flags)?;
        // Looked at when it is watched already: what goes between is not missed.
        Ok(Self { fd, path: path.to_owned(), file: identity(path) })
    }

    /// Whether it is still there, and no other in its place. It does not wait.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.file.is_some() && self.file == identity(&self.path)
    }

    /// Takes what was noticed, so that the fd is readable with the next only.
    pub(in crate::platform) fn drain(&mut self) {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(&self.fd, &mut buffer);
        while !matches!(reader.next().map(drop), Err(error) if error != Errno::INTR) {}
    }
}

impl AsRawFd for PathPresence {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

impl From<PathPresence> for OwnedFd {
    fn from(presence: PathPresence) -> Self {
        presence.fd
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::PathPresence;

    #[test]
    fn a_file_that_goes_is_noticed_and_so_is_another_in_its_place() {
        let home = tempfile::tempdir().unwrap();
        let (folder, file) = (home.path().join("run"), home.path().join("run/socket"));
        fs::create_dir(&folder).unwrap();
        fs::write(&file, "").unwrap();
        let mut presence = PathPresence::of(&file).unwrap();
        fs::write(folder.join("other"), "").unwrap();
        presence.drain();
        assert!(presence.is_there());
        fs::rename(folder.join("other"), &file).unwrap();
        assert!(!presence.is_there());
        let mut presence = PathPresence::of(&file).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        presence.drain();
        assert!(!presence.is_there());
        assert!(PathPresence::of(&file).is_err());
    }
}
