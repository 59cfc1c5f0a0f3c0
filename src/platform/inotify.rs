//! Changes of files, noticed by inotify(7): [`FileChanges`] tells that the configuration was
//! written or went, [`PathPresence`] that the socket is no longer in its place.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::inotify::{
    CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init, remove_watch,
};
use rustix::io::Errno;

use super::paths::identity;
use crate::base::error::ignore_failure;

/// Watches a file that may not be there yet, and the folder `themes` beside it: every folder and
/// every link on the way to them, so that none of them can be replaced unseen.
#[derive(Debug)]
pub struct FileChanges {
    fd: OwnedFd,
    path: PathBuf,
    watched: BTreeMap<i32, WatchedFolder>,
}

/// A folder on the way to a file.
#[derive(Debug, Default)]
struct WatchedFolder {
    path: PathBuf,
    /// The names in it that matter; none for all.
    names: Option<BTreeSet<OsString>>,
}

impl WatchedFolder {
    /// True if something happened to a name that matters. A file that was only made is empty: what
    /// counts comes when it is closed. Folders and links are whole at once.
    fn concerns(&self, name: &OsStr, flags: ReadFlags) -> bool {
        if self.names.as_ref().is_some_and(|names| !names.contains(name)) {
            return false;
        }
        let is_whole = || {
            let made = std::fs::symlink_metadata(self.path.join(name));
            made.is_ok_and(|made| !made.is_file() || 0 < made.len())
        };
        !flags.contains(ReadFlags::CREATE) || is_whole()
    }
}

/// The most links that are followed on the way to a file (`MAXSYMLINKS` of Linux).
const LINKS_MAX: usize = 40;

/// The folders on the way to `path`, each with the name that leads on from it, links followed; up
/// to the first that is missing.
fn steps_to(path: &Path) -> Vec<(PathBuf, OsString)> {
    let names = |path: &Path| -> Vec<OsString> {
        path.components().rev().map(|part| part.as_os_str().to_owned()).collect()
    };
    let (mut steps, mut links) = (Vec::new(), 0);
    let (mut folder, mut rest) = (PathBuf::from("/"), names(path));
    while let Some(name) = rest.pop() {
        if name == "/" || name == "." {
            continue;
        }
        if name == ".." {
            folder.pop();
            continue;
        }
        let next = folder.join(&name);
        steps.push((folder.clone(), name));
        match std::fs::read_link(&next) {
            Ok(target) if links < LINKS_MAX => {
                links += 1;
                if target.is_absolute() {
                    folder = PathBuf::from("/");
                }
                rest.extend(names(&target));
            }
            Err(_) if next.exists() => folder = next,
            _ => break,
        }
    }
    steps
}

impl FileChanges {
    /// Begins to watch.
    ///
    /// # Errors
    /// If the user watches too much already (`fs.inotify.max_user_instances`).
    pub fn of(path: &Path) -> io::Result<Self> {
        let fd = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        let mut changes = Self { fd, path: path.to_owned(), watched: BTreeMap::new() };
        changes.arm();
        Ok(changes)
    }

    /// True if something was written, or came or went, since the last time this was asked. It does
    /// not wait.
    pub fn drain(&mut self) -> bool {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(&self.fd, &mut buffer);
        let mut is_changed = false;
        loop {
            match reader.next() {
                Ok(event) => {
                    let name = event.file_name().map_or(&[][..], |name| name.to_bytes());
                    let folder = self.watched.get(&event.wd());
                    is_changed |= event.events().contains(ReadFlags::QUEUE_OVERFLOW)
                        || folder.is_some_and(|folder| {
                            folder.concerns(OsStr::from_bytes(name), event.events())
                        });
                }
                Err(Errno::INTR) => {}
                Err(_) => break,
            }
        }
        self.arm();
        is_changed
    }

    /// Watches what is on the way now.
    fn arm(&mut self) {
        let flags = WatchFlags::CLOSE_WRITE
            | WatchFlags::MOVED_TO
            | WatchFlags::MOVED_FROM
            | WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::ONLYDIR;
        let themes = self.path.parent().unwrap_or(Path::new("/")).join("themes");
        let mut watched: BTreeMap<i32, WatchedFolder> = BTreeMap::new();
        for (folder, name) in steps_to(&self.path).into_iter().chain(steps_to(&themes)) {
            let Ok(watch) = add_watch(&self.fd, &folder, flags) else { continue };
            let entry = watched.entry(watch).or_default();
            entry.path = folder;
            entry.names.get_or_insert_default().insert(name);
        }
        if let Ok(watch) = add_watch(&self.fd, &themes, flags) {
            watched.insert(watch, WatchedFolder { path: themes, names: None });
        }
        for old in self.watched.keys().filter(|old| !watched.contains_key(*old)) {
            let removed = remove_watch(&self.fd, *old);
            ignore_failure(removed, "a folder that is gone is not watched any more");
        }
        self.watched = watched;
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
    fn a_file_that_is_removed_or_moved_away_is_noticed_and_others_beside_it_are_not() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("config.toml");
        let mut changes = FileChanges::of(&file).unwrap();
        for away in [true, false] {
            fs::write(&file, "x").unwrap();
            assert!(changes.drain());
            fs::write(home.path().join("other"), "x").unwrap();
            assert!(!changes.drain(), "another file");
            if away {
                fs::rename(&file, home.path().join("other")).unwrap();
            } else {
                fs::remove_file(&file).unwrap();
            }
            assert!(changes.drain(), "gone, {away}");
        }
        fs::write(home.path().join("other"), "x").unwrap();
        fs::hard_link(home.path().join("other"), &file).unwrap();
        assert!(changes.drain(), "a hard link is whole at once");
    }

    #[test]
    fn every_link_on_the_way_may_come_change_and_go() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        let link = |target: &str, name: &str| {
            std::os::unix::fs::symlink(target, at("new")).unwrap();
            fs::rename(at("new"), at(name)).unwrap();
        };
        for folder in ["abide", "one", "two"] {
            fs::create_dir(at(folder)).unwrap();
            fs::write(at(folder).join("config.toml"), folder).unwrap();
        }
        link("one", "dots");
        let mut changes = FileChanges::of(&at("abide/config.toml")).unwrap();
        link("../dots/config.toml", "abide/config.toml");
        assert!(changes.drain(), "the file became a link through a linked folder");
        fs::write(at("one/config.toml"), "more").unwrap();
        assert!(changes.drain(), "written there");
        link("two", "dots");
        assert!(changes.drain(), "the folder on the way is another");
        fs::write(at("two/config.toml"), "more").unwrap();
        assert!(changes.drain(), "written in the other");
        fs::write(at("one/config.toml"), "old").unwrap();
        assert!(!changes.drain(), "the former one is no more on the way");
        fs::rename(at("abide"), at("was")).unwrap();
        assert!(changes.drain(), "the folder went");
        link("one", "abide");
        assert!(changes.drain(), "a link came in its place");
        link("two", "abide");
        assert!(changes.drain(), "the link changed");
        fs::remove_file(at("abide")).unwrap();
        assert!(changes.drain(), "the link went");
        fs::rename(at("was"), at("abide")).unwrap();
        assert!(changes.drain(), "the folder is back");
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
