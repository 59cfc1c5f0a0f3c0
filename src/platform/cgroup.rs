//! A cgroup per program, where one can be had: then ending a program ends all that came of it with
//! one write. Never required.

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Mode, OFlags, openat};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use crate::base::error::ignore_failure;
use crate::platform::sys;

/// The sub-tree of this keeper; its own process stays outside of it.
#[derive(Debug)]
pub struct Cgroups {
    /// Holds one directory per program.
    base: PathBuf,
    /// The base, open and locked (flock(2), shared): what is locked is no leftover.
    _held: OwnedFd,
}

impl Cgroups {
    /// Makes a sub-tree named for `epoch`, if it is usable: a probe child could be born in it and
    /// killed by `cgroup.kill` (Linux 5.14). `ABIDE_CGROUP=off` makes it unusable. For the
    /// single-threaded keeper alone, since it forks.
    #[must_use]
    pub fn probe(epoch: u64) -> Option<Self> {
        if std::env::var_os("ABIDE_CGROUP").is_some_and(|value| value == "off") {
            return None;
        }
        let home = own_directory(
            &fs::read_to_string("/proc/self/mountinfo").ok()?,
            &fs::read_to_string("/proc/self/cgroup").ok()?,
        )?;
        remove_leftovers(&home);
        let base = home.join(format!("abide-{epoch:016x}"));
        let cgroups = Self { _held: hold(&base)?, base };
        if cgroups.can_kill().is_ok() {
            return Some(cgroups);
        }
        cgroups.close();
        None
    }

    /// The cgroup of a program, which is made for it. What it holds already is ended.
    ///
    /// # Errors
    /// If it cannot be made, or the former one is not empty yet.
    pub fn open(&self, tag: u64) -> io::Result<OwnedFd> {
        let directory = self.directory(tag);
        if directory.is_dir() {
            // A process in it came of an attempt whose keeper died before it could tell of it. A
            // cgroup that was killed once kills whoever is born in it, so it is made anew.
            let _is_ended = self.kill(tag);
            fs::remove_dir(&directory)?;
        }
        fs::create_dir_all(&directory)?;
        open_directory(&directory)
    }

    /// Ends all processes in the cgroup of a program, whoever they belong to. False if it has none.
    #[must_use]
    pub fn kill(&self, tag: u64) -> bool {
        write(&self.directory(tag), "cgroup.kill", b"1").is_ok()
    }

    /// True if the cgroup of a program still holds a process; none if it has no cgroup.
    #[must_use]
    pub fn is_populated(&self, tag: u64) -> Option<bool> {
        let events = fs::read_to_string(self.directory(tag).join("cgroup.events")).ok()?;
        events.lines().find_map(|line| line.strip_prefix("populated ")).map(|value| value != "0")
    }

    /// The processes in the cgroup of a program, zombies not among them once they are reaped.
    #[must_use]
    pub fn members(&self, tag: u64) -> Vec<i32> {
        let list = fs::read_to_string(self.directory(tag).join("cgroup.procs")).unwrap_or_default();
        list.lines().filter_map(|line| line.parse().ok()).collect()
    }

    /// Removes the cgroup of a program, if nothing is left in it.
    pub fn remove(&self, tag: u64) {
        remove_directory(&self.directory(tag));
    }

    /// Ends whatever a start that came to nothing has left in the cgroup of a program, and removes
    /// it.
    pub fn abandon(&self, tag: u64) {
        // Nobody else knows of it; where it cannot be ended it stays for the next keeper.
        let _is_ended = self.kill(tag);
        self.remove(tag);
    }

    /// Removes the sub-tree, as far as nothing is left in it.
    pub fn close(&self) {
        remove_tree(&self.base);
    }

    fn directory(&self, tag: u64) -> PathBuf {
        self.base.join(tag.to_string())
    }

    fn can_kill(&self) -> io::Result<()> {
        let probe = self.base.join("probe");
        fs::create_dir(&probe)?;
        let child = sys::fork_into(open_directory(&probe)?.as_fd(), || sys::pause_for_ever())?;
        let child = Pid::from_raw(child).ok_or(io::ErrorKind::InvalidInput)?;
        let killed = write(&probe, "cgroup.kill", b"1");
        if killed.is_err() {
            kill_process(child, Signal::KILL)?;
        }
        waitpid(Some(child), WaitOptions::empty())?;
        fs::remove_dir(&probe)?;
        killed
    }
}

/// Makes the base, unless it is there (a keeper that took over goes on in the sub-tree of the
/// former one), and locks it for as long as the fd lives. A keeper that starts at the same moment
/// may remove it in between: then once more.
fn hold(base: &Path) -> Option<OwnedFd> {
    for _ in 0..8 {
        ignore_failure(fs::create_dir(base), "it may be there; else it cannot be opened");
        let held = open_directory(base).ok()?;
        rustix::fs::flock(&held, FlockOperation::NonBlockingLockShared).ok()?;
        let is_there = rustix::fs::stat(base)
            .is_ok_and(|now| rustix::fs::fstat(&held).is_ok_and(|then| then.st_ino == now.st_ino));
        if is_there {
            return Some(held);
        }
    }
    None
}

fn open_directory(path: &Path) -> io::Result<OwnedFd> {
    Ok(openat(
        rustix::fs::CWD,
        path,
        OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )?)
}

/// The directory of our own v2 cgroup. On hybrid machines the v2 tree is not mounted at the root
/// (cgroups(7)).
fn own_directory(mountinfo: &str, own: &str) -> Option<PathBuf> {
    let place = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    let (root, mount) = mountinfo.lines().find_map(|line| {
        let (mount, filesystem) = line.split_once(" - ")?;
        let fields: Vec<&str> = mount.split(' ').collect();
        filesystem.starts_with("cgroup2 ").then_some((*fields.get(3)?, *fields.get(4)?))
    })?;
    let below = Path::new(place).strip_prefix(root).ok()?;
    Some(Path::new(mount).join(below))
}

/// Sub-trees of keepers that are gone: removed where they are empty. A living keeper's are locked.
fn remove_leftovers(home: &Path) {
    let Ok(entries) = fs::read_dir(home) else { return };
    for entry in
        entries.flatten().filter(|entry| entry.file_name().as_bytes().starts_with(b"abide-"))
    {
        let Ok(held) = open_directory(&entry.path()) else { continue };
        if rustix::fs::flock(&held, FlockOperation::NonBlockingLockExclusive).is_ok() {
            remove_tree(&entry.path());
        }
    }
}

fn remove_tree(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        remove_directory(&entry.path());
    }
    remove_directory(base);
}

/// Removes a cgroup. The files in it are the kernel's and do not count.
fn remove_directory(path: &Path) {
    ignore_failure(fs::remove_dir(path), "one that is not empty stays for the next keeper");
}

/// Writes without creating: a missing file must stay missing.
fn write(directory: &Path, file: &str, bytes: &[u8]) -> io::Result<()> {
    let fd = openat(
        rustix::fs::CWD,
        directory.join(file),
        OFlags::WRONLY | OFlags::CLOEXEC,
        Mode::empty(),
    )?;
    rustix::io::write(&fd, bytes)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{hold, own_directory, remove_leftovers};

    #[test]
    fn what_a_living_keeper_holds_is_no_leftover() {
        let home = tempfile::tempdir().unwrap();
        let held = hold(&home.path().join("abide-1")).unwrap();
        fs::create_dir(home.path().join("abide-1/7")).unwrap();
        fs::create_dir_all(home.path().join("abide-2/7")).unwrap();
        remove_leftovers(home.path());
        assert!(home.path().join("abide-1/7").is_dir(), "a program is about to be born there");
        assert!(!home.path().join("abide-2").exists(), "nobody holds that one");
        drop(held);
        remove_leftovers(home.path());
        assert!(!home.path().join("abide-1").exists());
    }

    #[test]
    fn the_v2_tree_is_found_wherever_it_is_mounted() {
        let hybrid = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n41 31 0:38 / \
            /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
        let found = own_directory(hybrid, "4:memory:/x\n0::/user/a\n").unwrap();
        assert_eq!(found.to_str(), Some("/sys/fs/cgroup/unified/user/a"));
        let in_container = "41 31 0:38 /box /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        assert_eq!(
            own_directory(in_container, "0::/box/b\n").unwrap().to_str(),
            Some("/sys/fs/cgroup/b")
        );
        assert_eq!(own_directory(in_container, "0::/elsewhere\n"), None);
        assert_eq!(own_directory(hybrid, "4:memory:/x\n"), None);
    }
}
