//! The mark that a program is born with and that all that comes of it inherits. The kernel keeps
//! it, so a process that writes over its environment, leaves its session and outlives its parents
//! has it still: daemons do all three.
//!
//! The mark is the soft limit of resident memory (`RLIMIT_RSS`), which Linux does not enforce and
//! shows as a field of the line that is read of a process anyway. As a limit it is 4 EiB and
//! more, as good as none. Where somebody has set a real limit, nothing is marked.

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit, setrlimit};

use super::process;
use crate::base::error::ignore_failure;

/// The bit that all marks have; a mark is less than twice that, so it is positive as a signed
/// number too.
const MARK: u64 = 1 << 62;
/// The bits of the keeper's lineage, and how far up they stand.
const LINEAGE: (u64, u32) = ((1 << 24) - 1, 38);
/// The bits of a tag that tell programs apart, from both of its ends.
const TAG_KIND: (u64, u32) = (0b11, 61);
const TAG_ID: (u64, u32) = ((1 << 22) - 1, 0);
/// The number of parts that a program can have.
const PART: u64 = (1 << 14) - 1;

/// Tells a program, or a part of one, such as a command that its shell runs, from all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OriginMark(u64);

impl OriginMark {
    /// The mark of the program with a tag.
    #[must_use]
    pub const fn of(epoch: u64, tag: u64) -> Self {
        let kind = (tag >> TAG_KIND.1) & TAG_KIND.0;
        let program = kind << 22 | (tag >> TAG_ID.1) & TAG_ID.0;
        Self(MARK | (epoch & LINEAGE.0) << LINEAGE.1 | program << 14)
    }

    /// The mark of a part of this program. Numbers that are 16383 apart have the same.
    #[must_use]
    pub const fn part(self, number: u64) -> Self {
        Self(self.0 & !PART | (1 + number % PART))
    }

    /// The mark that a limit is, if it is one.
    #[must_use]
    pub const fn from_limit(limit: u64) -> Option<Self> {
        if limit & (MARK | MARK << 1) == MARK { Some(Self(limit)) } else { None }
    }

    /// True if all that has the other mark came of what this one stands for: the same part, or any
    /// part where this one stands for the whole program.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        self.0 == other.0 || self.is_whole() && self.0 == other.0 & !PART
    }

    /// True if it stands for a program, not for a part of one.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.0 & PART == 0
    }

    /// True if the keeper of this lineage may have given it.
    #[must_use]
    pub const fn is_of_lineage(self, epoch: u64) -> bool {
        (self.0 >> LINEAGE.1) & LINEAGE.0 == epoch & LINEAGE.0
    }

    /// Takes the mark off this process and off what it starts from now on, if it has one.
    pub fn shed() {
        let own = getrlimit(Resource::Rss);
        if own.current.and_then(Self::from_limit).is_some() {
            let unmarked = Rlimit { current: None, ..own };
            ignore_failure(
                setrlimit(Resource::Rss, unmarked),
                "up to the highest it may be raised",
            );
        }
    }

    /// Runs `spawn` so that the program it starts is born with the mark. For a process with one
    /// thread that starts nothing else.
    pub fn around<T>(self, spawn: impl FnOnce() -> T) -> T {
        let own = getrlimit(Resource::Rss);
        let is_marked = is_free(own.current, own.maximum)
            && setrlimit(Resource::Rss, self.with(own.maximum)).is_ok();
        let spawned = spawn();
        if is_marked {
            ignore_failure(setrlimit(Resource::Rss, own), "it was in force before");
        }
        spawned
    }

    /// Marks a process that runs: what it starts from now on inherits that. False if that process
    /// is gone, or is not to be marked.
    #[must_use]
    pub fn put_on(self, pid: i32, start_time: u64) -> bool {
        let find = || process::read(pid).filter(|process| process.start_time == start_time);
        let highest = getrlimit(Resource::Rss).maximum;
        let (Some(found), Some(id)) = (find(), Pid::from_raw(pid)) else { return false };
        let current = Some(found.rss_limit).filter(|limit| *limit != u64::MAX);
        if !is_free(current, highest) {
            return false;
        }
        let Ok(old) = prlimit(Some(id), Resource::Rss, self.with(highest)) else { return false };
        let is_same = find().is_some();
        if !is_same {
            let restored = prlimit(Some(id), Resource::Rss, old);
            ignore_failure(restored, "it is gone, and whoever has its number has no mark of ours");
        }
        is_same
    }

    /// The limit that it is.
    #[must_use]
    pub const fn limit(self) -> u64 {
        self.0
    }

    const fn with(self, maximum: Option<u64>) -> Rlimit {
        Rlimit { current: Some(self.0), maximum }
    }
}

/// True if nobody has set a real limit, so that a mark takes nothing away.
const fn is_free(current: Option<u64>, maximum: Option<u64>) -> bool {
    let is_unset = match current {
        None => true,
        Some(limit) => OriginMark::from_limit(limit).is_some(),
    };
    is_unset && maximum.is_none()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::OriginMark;
    use crate::platform::process;

    #[test]
    fn a_mark_covers_its_parts_and_nobody_elses() {
        let shell = OriginMark::of(0xabc, 1 << 62 | 7);
        let (first, second) = (shell.part(1), shell.part(2));
        assert!(shell.covers(shell) && shell.covers(first) && shell.covers(second));
        assert!(!first.covers(shell) && !first.covers(second) && first.covers(shell.part(1)));
        assert_eq!((shell.is_whole(), shell.part(0).is_whole()), (true, false));
        for other in [OriginMark::of(0xabd, 1 << 62 | 7), OriginMark::of(0xabc, 1 << 61 | 7)] {
            assert!(!shell.covers(other) && !shell.covers(other.part(1)), "{other:?}");
        }
        assert!(first.is_of_lineage(0xabc) && !first.is_of_lineage(0xabd));
        for limit in [0, 1 << 40, 1 << 63, u64::MAX] {
            assert_eq!(OriginMark::from_limit(limit), None, "{limit:x}");
        }
    }

    #[test]
    fn a_mark_is_inherited_without_environment_and_put_on_who_runs() {
        let mark = OriginMark::of(5, 6);
        let mut child = Command::new("sleep").arg("60").env_clear().spawn().unwrap();
        let pid = child.id().cast_signed();
        let start_time = process::read(pid).unwrap().start_time;
        assert!(!mark.put_on(pid, start_time + 1), "a process with that id, but another");
        assert!(mark.put_on(pid, start_time) && mark.part(3).put_on(pid, start_time));
        assert_eq!(process::read(pid).unwrap().mark(), Some(mark.part(3)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
