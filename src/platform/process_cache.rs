//! The process table for somebody who looks again and again: what has not run since the last look
//! is not read a second time.

use std::collections::BTreeMap;

use rustix::fs::{Dir, Mode, OFlags, open};

use super::process::{self, Process};
use crate::platform::sys::cpu_time;

/// A look at all processes that can be seen, with what makes the next one cheap.
#[derive(Debug, Default)]
pub struct ProcessCache {
    entries: BTreeMap<i32, CacheEntry>,
}

#[derive(Debug, Clone)]
struct CacheEntry {
    /// The inode of its directory: no other process that has had this id has it too.
    inode: u64,
    /// The processor time it had taken just before it was read, in nanoseconds; none if the kernel
    /// does not say.
    clock: Option<u64>,
    process: Process,
}

impl ProcessCache {
    /// Looks, given the look before.
    ///
    /// What is known of a process (state, name, memory) changes only while it runs, and then its
    /// clock does. Its parent alone changes otherwise: when that ends.
    #[must_use]
    pub fn look(former: &Self) -> Self {
        let (mut bytes, mut same) = (Vec::with_capacity(process::STAT_LEN), Vec::new());
        let mut cache = Self::default();
        for (pid, inode) in listed() {
            let clock = cpu_time(pid);
            let is_same = |known: &&CacheEntry| {
                known.inode == inode && known.clock == clock && clock.is_some()
            };
            if let Some(known) = former.entries.get(&pid).filter(is_same) {
                same.push((pid, known.process.parent));
                cache.entries.insert(pid, known.clone());
            } else if let Some(process) = process::read_into(pid, &mut bytes) {
                cache.entries.insert(pid, CacheEntry { inode, clock, process });
            }
        }
        for (pid, parent) in same {
            if !cache.has_still(former, parent) {
                let read = process::read_into(pid, &mut bytes);
                match (read, cache.entries.get_mut(&pid)) {
                    (Some(process), Some(entry)) => entry.process = process,
                    _ => {
                        cache.entries.remove(&pid);
                    }
                }
            }
        }
        cache
    }

    /// True if this process lives as it did in the look before; 0 is the parent of those that have
    /// none.
    fn has_still(&self, former: &Self, pid: i32) -> bool {
        let inode = |entries: &Self| {
            entries
                .entries
                .get(&pid)
                .filter(|entry| !entry.process.is_over())
                .map(|entry| entry.inode)
        };
        pid == 0 || inode(self).is_some_and(|now| inode(former) == Some(now))
    }

    /// All processes, by their ids.
    pub fn processes(&self) -> impl Iterator<Item = &Process> {
        self.entries.values().map(|entry| &entry.process)
    }
}

/// The ids of all processes that can be seen, each with the inode of its directory.
fn listed() -> Vec<(i32, u64)> {
    let dir = open("/proc", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .and_then(Dir::new);
    let entries = dir.into_iter().flatten().flatten();
    entries
        .filter_map(|entry| Some((entry.file_name().to_str().ok()?.parse().ok()?, entry.ino())))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command, Stdio};

    use super::{Process, ProcessCache};

    fn sleeper() -> Child {
        Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().expect("sleep starts")
    }

    fn pid(child: &Child) -> i32 {
        child.id().cast_signed()
    }

    fn find(cache: &ProcessCache, pid: i32) -> Option<&Process> {
        cache.processes().find(|process| process.pid == pid)
    }

    /// Looks until the process is as it should be: it takes a moment until a signal has its effect.
    fn look_until(mut cache: ProcessCache, is_so: impl Fn(&ProcessCache) -> bool) -> ProcessCache {
        while !is_so(&cache) {
            std::thread::yield_now();
            cache = ProcessCache::look(&cache);
        }
        cache
    }

    #[test]
    fn a_second_look_sees_what_has_changed() {
        let mut child = sleeper();
        let id = pid(&child);
        let state = |cache: &ProcessCache| find(cache, id).map(|process| process.state);
        let cache = look_until(ProcessCache::default(), |cache| state(cache) == Some(b'S'));
        let signal = |signal| {
            rustix::process::kill_process(rustix::process::Pid::from_child(&child), signal)
                .expect("it is ours");
        };
        signal(rustix::process::Signal::STOP);
        let cache = look_until(cache, |cache| state(cache) == Some(b'T'));
        signal(rustix::process::Signal::KILL);
        let cache = look_until(cache, |cache| state(cache) == Some(b'Z'));
        child.wait().expect("it is ours");
        assert_eq!(state(&ProcessCache::look(&cache)), None, "reaped is gone");
    }

    /// An orphan does not run when its parent ends.
    #[test]
    fn an_orphan_has_another_parent() {
        let shell = Command::new("sh")
            .args(["-c", "sleep 60 & echo $!; read line"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut shell = shell.expect("sh starts");
        let mut line = String::new();
        let read = std::io::BufRead::read_line(
            &mut std::io::BufReader::new(shell.stdout.take().expect("a pipe")),
            &mut line,
        );
        read.expect("it says the id");
        let (parent, id) = (pid(&shell), line.trim().parse().expect("an id"));
        let is_asleep = |process: &Process| process.state == b'S' && process.name == b"sleep";
        let cache =
            look_until(ProcessCache::default(), |cache| find(cache, id).is_some_and(is_asleep));
        let cache = ProcessCache::look(&cache);
        assert_eq!(find(&cache, id).map(|process| process.parent), Some(parent));
        drop(shell.stdin.take());
        shell.wait().expect("it ends");
        let cache = ProcessCache::look(&cache);
        assert!(find(&cache, id).is_some_and(|process| process.parent != parent));
        let orphan = rustix::process::Pid::from_raw(id).expect("an id");
        rustix::process::kill_process(orphan, rustix::process::Signal::KILL).expect("it lives");
    }
}
