//! The limit on fds (`RLIMIT_NOFILE`): a process that holds many has a high one, and what it starts
//! has the one the user set.

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit, setrlimit};

/// The limit on fds that programs get: the one this process was started with, which it has raised
/// for itself.
#[derive(Debug, Clone, Copy)]
pub struct FdLimit(Rlimit);

impl FdLimit {
    /// Raises this process's limit as far as it goes.
    #[must_use]
    pub fn raise() -> Self {
        let old = getrlimit(Resource::Nofile);
        // Refused: then it stays as it was, which is safe.
        setrlimit(Resource::Nofile, Rlimit { current: old.maximum, maximum: old.maximum }).ok();
        Self(old)
    }

    /// The limit in force and the highest; none is no limit.
    #[must_use]
    pub const fn parts(self) -> (Option<u64>, Option<u64>) {
        (self.0.current, self.0.maximum)
    }

    /// What [`FdLimit::parts`] gave, in a process whose own limit is raised already.
    #[must_use]
    pub const fn from_parts((current, maximum): (Option<u64>, Option<u64>)) -> Self {
        Self(Rlimit { current, maximum })
    }

    /// Runs `spawn` with the old limit, if what it needs, from the fd `next_fd` on, fits below it;
    /// else the program `pid` names is given the old limit right after its start.
    pub fn around<T>(
        self,
        next_fd: i32,
        spawn: impl FnOnce() -> T,
        pid: impl Fn(&T) -> Option<i32>,
    ) -> T {
        const NEEDED: u64 = 32;
        let own = getrlimit(Resource::Nofile);
        let fits =
            self.0.current.is_none_or(|limit| u64::try_from(next_fd).unwrap_or(0) + NEEDED < limit);
        if fits && setrlimit(Resource::Nofile, self.0).is_ok() {
            let spawned = spawn();
            setrlimit(Resource::Nofile, own).ok();
            return spawned;
        }
        let spawned = spawn();
        if let Some(pid) = pid(&spawned).and_then(Pid::from_raw) {
            prlimit(Some(pid), Resource::Nofile, self.0).ok();
        }
        spawned
    }
}
