//! Looks at the process table: who came of whom, and what processes say of themselves in their
//! environment; and a look for somebody who looks again and again. Who is meant is not known here.
//!
//! A look is not certainty that nobody is there: between its beginning and its end a process may
//! start another and go. But whoever goes is a zombie until it is reaped. So where nobody was
//! reaped during a look, and no zombie or unknown process is in it, nobody has hidden.

use std::cell::RefCell;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use rustix::fs::{Dir, Mode, OFlags, open};

use super::process::{self, Process};
use crate::platform::sys::cpu_time;

/// The prefix of the variables that matter.
const PREFIX: &[u8] = b"ABIDE_";

/// The process table at one moment, more or less.
#[derive(Debug, Default)]
pub struct ProcessSnapshot {
    processes: BTreeMap<i32, Process>,
    children: BTreeMap<i32, Vec<i32>>,
}

impl ProcessSnapshot {
    /// Looks at all processes that can be seen.
    #[must_use]
    pub fn take() -> Self {
        Self::of(process::all())
    }

    /// A snapshot of these processes.
    pub(super) fn of(all: Vec<Process>) -> Self {
        let mut snapshot = Self::default();
        for process in all {
            snapshot.children.entry(process.parent).or_default().push(process.pid);
            snapshot.processes.insert(process.pid, process);
        }
        snapshot
    }

    /// All processes, by their ids.
    pub fn processes(&self) -> impl Iterator<Item = &Process> {
        self.processes.values()
    }

    /// The process with this id.
    #[must_use]
    pub fn process(&self, pid: i32) -> Option<&Process> {
        self.processes.get(&pid)
    }

    /// True if this very process is in it.
    #[must_use]
    pub fn has(&self, pid: i32, start_time: u64) -> bool {
        self.process(pid).is_some_and(|process| process.start_time == start_time)
    }

    /// These processes and all their descendants.
    #[must_use]
    pub fn family(&self, tops: impl IntoIterator<Item = i32>) -> BTreeSet<i32> {
        let mut found = BTreeSet::new();
        let mut rest: Vec<i32> = tops.into_iter().collect();
        while let Some(pid) = rest.pop() {
            if found.insert(pid) {
                rest.extend(self.children.get(&pid).into_iter().flatten());
            }
        }
        found
    }

    /// Those of a program's processes that were detached on purpose, with all that they started:
    /// they have no terminal, and another session than the program's. Whoever is known to be
    /// `attached`, by process id and start time, had a terminal of its own that is gone, as what
    /// runs in a nested one when that goes.
    #[must_use]
    pub fn detached(
        &self,
        members: &[Process],
        session: i32,
        attached: &BTreeMap<i32, u64>,
    ) -> BTreeSet<i32> {
        let is_detached = |member: &&Process| {
            member.tty == 0
                && member.session != session
                && attached.get(&member.pid) != Some(&member.start_time)
        };
        self.family(members.iter().filter(is_detached).map(|member| member.pid))
    }

    /// The members of a family that have not ended, and whether some have: one that ends during a
    /// look may have started another after the ids were listed.
    #[must_use]
    pub fn living_family(&self, tops: impl IntoIterator<Item = i32>) -> (Vec<Process>, bool) {
        let family = self.family(tops);
        let living = self.living(&family);
        let has_ended = living.len() < family.len();
        (living, has_ended)
    }

    /// The given processes that have not ended.
    #[must_use]
    pub fn living(&self, pids: &BTreeSet<i32>) -> Vec<Process> {
        pids.iter()
            .filter_map(|pid| self.process(*pid))
            .filter(|process| !process.is_over())
            .cloned()
            .collect()
    }
}

/// The markers of processes, read from their environment once each. A program that another one
/// takes the place of keeps what was known of it.
#[derive(Debug, Default)]
pub struct EnvMarkers {
    known: BTreeMap<(i32, u64), Vec<Vec<u8>>>,
}

impl EnvMarkers {
    /// Notes the variables of a process that is not to be asked.
    #[cfg(test)]
    pub(super) fn know(&mut self, process: &Process, variables: &[&str]) {
        let variables = variables.iter().map(|variable| variable.as_bytes().to_vec()).collect();
        self.known.insert((process.pid, process.start_time), variables);
    }

    /// The variables that begin with `ABIDE_`, as `NAME=value`. None if nobody can say: it ended
    /// before it was asked, or is just becoming another program.
    pub fn of(&mut self, process: &Process) -> Option<&[Vec<u8>]> {
        let variables = match self.known.entry((process.pid, process.start_time)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let mut variables = if process.is_over() {
                    None
                } else {
                    process::settled_environment(process.pid)
                }?;
                variables.retain(|variable| variable.starts_with(PREFIX));
                unknown.insert(variables)
            }
        };
        Some(variables)
    }

    /// Forgets who is not in a picture.
    pub fn keep_only(&mut self, snapshot: &ProcessSnapshot) {
        self.known.retain(|(pid, start_time), _| snapshot.has(*pid, *start_time));
    }
}

/// The process table, looked at once per turn at most, and what is known of processes.
#[derive(Debug, Default)]
pub struct SnapshotCache {
    /// The last look of this turn.
    pub snapshot: Option<ProcessSnapshot>,
    /// Known of processes.
    pub markers: RefCell<EnvMarkers>,
}

impl SnapshotCache {
    /// Looks, unless it has.
    pub fn take(&mut self) {
        let snapshot = self.snapshot.get_or_insert_with(ProcessSnapshot::take);
        self.markers.get_mut().keep_only(snapshot);
    }

    /// The turn is over; what is known of processes is kept for the next look of a kill.
    pub fn forget(&mut self, is_killing: bool) {
        self.snapshot = None;
        if !is_killing {
            self.markers = RefCell::default();
        }
    }
}

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

    use super::{EnvMarkers, Process, ProcessCache, ProcessSnapshot};
    use crate::platform::process;

    #[test]
    fn a_family_is_all_below_and_ends_where_zombies_are() {
        let own = process::read(rustix::process::getpid().as_raw_pid()).unwrap();
        let own = Process { thread_count: 1, ..own };
        let member = |pid, parent, state| process::Process { pid, parent, state, ..own.clone() };
        let snapshot = ProcessSnapshot::of(vec![
            member(5, 2, b'S'),
            member(2, 1, b'Z'),
            member(3, 2, b'R'),
            member(4, 3, b'T'),
            member(9, 1, b'S'),
        ]);
        let family = snapshot.family([2]);
        assert_eq!(family.iter().copied().collect::<Vec<_>>(), [2, 3, 4, 5]);
        assert_eq!(
            snapshot.living(&family).iter().map(|process| process.pid).collect::<Vec<_>>(),
            [3, 4, 5]
        );
        assert_eq!((snapshot.living_family([2]).1, snapshot.living_family([3]).1), (true, false));
        assert!(snapshot.has(9, own.start_time) && !snapshot.has(9, own.start_time + 1));
    }

    #[test]
    fn what_a_process_says_is_remembered_and_a_zombie_says_nothing() {
        let own = process::read(rustix::process::getpid().as_raw_pid()).unwrap();
        let own = Process { thread_count: 1, ..own };
        let mut markers = EnvMarkers::default();
        assert!(markers.of(&own).is_some());
        let zombie =
            process::Process { start_time: own.start_time + 1, state: b'Z', ..own.clone() };
        assert_eq!(markers.of(&zombie), None);
        let later = process::Process { state: b'Z', ..own.clone() };
        assert!(markers.of(&later).is_some(), "it was asked while it lived");
        markers.keep_only(&ProcessSnapshot::default());
        assert_eq!(markers.of(&later), None);
    }

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
