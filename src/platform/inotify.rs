//! Changes of files, noticed by inotify(7): [`FileChanges`] tells that the configuration was
//! written, [`PathPresence`] that the socket is no longer in its place.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};

use rustix::fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init};
use rustix::io::Errno;

use super::paths::identity;
use crate::base::error::ignore_failure;

/// Watches a file that may not be there yet, and the folder `themes` beside it.
#[derive(Debug)]
pub struct FileChanges {
    fd: OwnedFd,
    path: PathBuf,
}

impl FileChanges {
    /// Begins to watch.
    ///
    /// # Errors
    /// If the user watches too much already (`fs.inotify.max_user_instances`).
    pub fn of(path: &Path) -> io::Result<Self> {
        let changes =
            Self { fd: init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?, path: path.to_owned() };
        changes.arm();
        Ok(changes)
    }

    /// True if something was written since the last time this was asked. It does not wait.
    pub fn drain(&mut self) -> bool {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(&self.fd, &mut buffer);
        let mut is_written = false;
        loop {
            match reader.next() {
                // A file that was only made is empty: what counts comes when it is closed. Links
                // and folders are whole at once.
                Ok(event) if event.events().contains(ReadFlags::CREATE) => {
                    is_written |= event.events().contains(ReadFlags::ISDIR);
                }
                Ok(_) => is_written = true,
                Err(Errno::INTR) => {}
                Err(_) => break,
            }
        }
        self.arm();
        is_written
    }

    /// Watches the folder of the file, that of what it links to, and `themes`; of a folder that is
    /// not there yet, the nearest above it. Watching one twice is once.
    fn arm(&self) {
        let flags = WatchFlags::CLOSE_WRITE | WatchFlags::MOVED_TO | WatchFlags::CREATE;
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        let nearest = folder.ancestors().find(|ancestor| ancestor.is_dir()).map(Path::to_path_buf);
        let linked =
            self.path.canonicalize().ok().and_then(|target| target.parent().map(Path::to_path_buf));
        for folder in [nearest, linked, Some(folder.join("themes"))].into_iter().flatten() {
            let watch = add_watch(&self.fd, &folder, flags);
            ignore_failure(watch, "a folder that is gone by now has nothing to tell");
        }
    }
}

impl AsFd for FileChanges {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl AsRawFd for FileChanges {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

impl From<FileChanges> for OwnedFd {
    fn from(changes: FileChanges) -> Self {
        changes.fd
    }
}

/// Watches a file that is there, with its folder: runtime directories are cleaned at logout,
/// temporary ones every week.
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

    /// True if it is still there, and no other in its place. It does not wait.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.file.is_some() && self.file == identity(&self.path)
    }

    /// Takes what was noticed, so that the fd is readable with the next only.
    pub(super) fn drain(&mut self) {
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

    use super::{FileChanges, PathPresence};

    #[test]
    fn writing_and_moving_are_noticed_and_making_an_empty_file_is_not() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("config/abide");
        let file = folder.join("config.toml");
        let mut changes = FileChanges::of(&file).unwrap();
        assert!(!changes.drain());
        fs::create_dir_all(&folder).unwrap();
        assert!(changes.drain(), "the folder that was missing");
        changes.drain();
        let open = fs::File::create(&file).unwrap();
        assert!(!changes.drain(), "nothing is in it yet");
        drop(open);
        assert!(changes.drain(), "closed after writing");
        fs::write(folder.join("new"), "x").unwrap();
        changes.drain();
        fs::rename(folder.join("new"), &file).unwrap();
        assert!(changes.drain(), "moved there, as editors do");
        assert!(!changes.drain());
    }

    #[test]
    fn what_a_link_leads_to_is_watched() {
        let home = tempfile::tempdir().unwrap();
        let (folder, real) = (home.path().join("abide"), home.path().join("dotfiles"));
        fs::create_dir_all(&folder).unwrap();
        fs::create_dir_all(&real).unwrap();
        fs::write(real.join("config.toml"), "").unwrap();
        std::os::unix::fs::symlink(real.join("config.toml"), folder.join("config.toml")).unwrap();
        let mut changes = FileChanges::of(&folder.join("config.toml")).unwrap();
        fs::write(real.join("config.toml"), "[keys]\n").unwrap();
        assert!(changes.drain());
    }

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
