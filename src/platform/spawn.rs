//! Parts of starting a program: three pipes, a session of its own, a birth in a cgroup, its limit
//! on fds. The keeper puts them together.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process::Command;

use rustix::io::Errno;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit, setrlimit};

use super::{sys, told_by_child_in};
use crate::base::error::ignore_failure;

/// Our ends of the pipes of a program; they do not block.
#[derive(Debug)]
pub struct Piped {
    /// The write end of its standard input.
    pub input: OwnedFd,
    /// The read end of its standard output.
    pub output: OwnedFd,
    /// The read end of its standard error.
    pub error: OwnedFd,
}

/// Puts a program on three pipes, as the leader of a session of its own.
///
/// # Errors
/// If there are no fds left.
pub fn piped(command: &mut Command) -> io::Result<Piped> {
    let ((stdin, input), (output, stdout), (error, stderr)) =
        (io::pipe()?, io::pipe()?, io::pipe()?);
    let piped = Piped { input: input.into(), output: output.into(), error: error.into() };
    for end in [&piped.input, &piped.output, &piped.error] {
        rustix::io::ioctl_fionbio(end, true)?;
    }
    command.stdin(stdin).stdout(stdout).stderr(stderr);
    sys::lead_session(command);
    Ok(piped)
}

/// Why a program does not run.
#[derive(Debug)]
pub struct NotStarted {
    /// The error number.
    pub errno: i32,
    /// The error in words.
    pub message: String,
}

/// The error number when the process that was to start a program was ended.
pub const ENDED: Errno = Errno::IO;

/// Lets `start` start a process and gives its id. With a cgroup a child born there does it and
/// ends: what it has started is then ours, since orphans come to us, and lies in the cgroup from
/// its first instruction on. A cgroup that is gone, say removed by hand, is done without.
///
/// # Errors
/// What `start` gives.
pub fn born_in(
    cgroup: Option<&OwnedFd>,
    start: impl FnOnce() -> Result<i32, NotStarted>,
) -> Result<i32, NotStarted> {
    let failed = |errno, message: &str| Err(NotStarted { errno, message: message.to_owned() });
    let mut start = Some(start);
    let mut run = || {
        start.take().map_or_else(|| failed(ENDED.raw_os_error(), "started twice"), |start| start())
    };
    let in_child = || match run() {
        Ok(pid) => format!("{pid} 0 "),
        Err(NotStarted { errno, message }) => format!("0 {errno} {message}"),
    };
    let Some(Ok(text)) = cgroup.map(|cgroup| told_by_child_in(cgroup.as_fd(), in_child)) else {
        return run();
    };
    let mut words = text.splitn(3, ' ');
    let mut number = || words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    match (number(), number()) {
        // The child has said nothing, or something else.
        (0, 0) => failed(ENDED.raw_os_error(), "the process that was to start it was ended"),
        (0, errno) => failed(errno, words.next().unwrap_or("")),
        (pid, _) => Ok(pid),
    }
}

/// The limit on fds (`RLIMIT_NOFILE`) that programs get: the one this process was started with. It
/// has raised its own, because it holds many fds.
#[derive(Debug, Clone, Copy)]
pub struct FdLimit(Rlimit);

impl FdLimit {
    /// Raises this process's limit as far as it goes.
    #[must_use]
    pub fn raise() -> Self {
        let old = getrlimit(Resource::Nofile);
        let highest = Rlimit { current: old.maximum, maximum: old.maximum };
        let raised = setrlimit(Resource::Nofile, highest);
        ignore_failure(raised, "a limit that stays as it was is safe");
        Self(old)
    }

    /// The limit in force and the highest; none is no limit.
    #[must_use]
    pub const fn parts(self) -> (Option<u64>, Option<u64>) {
        (self.0.current, self.0.maximum)
    }

    /// The limit whose [`FdLimit::parts`] are these, in a process whose own is raised already.
    #[must_use]
    pub const fn from_parts(current: Option<u64>, maximum: Option<u64>) -> Self {
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
            let restored = setrlimit(Resource::Nofile, own);
            ignore_failure(restored, "the lower limit is safe");
            return spawned;
        }
        let spawned = spawn();
        if let Some(pid) = pid(&spawned).and_then(Pid::from_raw) {
            let lowered = prlimit(Some(pid), Resource::Nofile, self.0);
            ignore_failure(lowered, "a program that is gone by now needs no limit");
        }
        spawned
    }
}
