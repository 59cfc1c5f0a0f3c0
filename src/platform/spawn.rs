//! Parts of starting a program: three pipes, a session of its own, a birth in a cgroup, its
//! limits. The keeper puts them together.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process::Command;
use std::sync::OnceLock;

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

/// The limits (setrlimit(2)) that programs get: those this process was started with. It has raised
/// its own on fds and on the length of files, because it holds many fds and long memory, and leaves
/// no core, because it holds what people typed.
#[derive(Debug, Clone, Copy)]
pub struct ProgramLimits {
    fds: Rlimit,
    length: Rlimit,
    core: Rlimit,
}

/// The limits that this process was started with, once it has changed them.
static STARTED_WITH: OnceLock<ProgramLimits> = OnceLock::new();

impl ProgramLimits {
    /// Changes those of this process.
    #[must_use]
    pub fn raise() -> Self {
        *STARTED_WITH.get_or_init(Self::raised)
    }

    fn raised() -> Self {
        let old = Self {
            fds: getrlimit(Resource::Nofile),
            length: getrlimit(Resource::Fsize),
            core: getrlimit(Resource::Core),
        };
        Self::set_own([(Resource::Nofile, highest(old.fds))]);
        old.raise_others();
        old
    }

    /// Changes those of this process that [`ProgramLimits::from_parts`] does not know of.
    pub fn raise_others(self) {
        // A core goes to a program that core(5) names whatever the limit is, but not where it is 1;
        // no file fits into it either.
        let none = self.core.current.map_or(1, |current| current.min(1));
        Self::set_own([
            (Resource::Fsize, highest(self.length)),
            (Resource::Core, Rlimit { current: Some(none), ..self.core }),
        ]);
    }

    /// Takes the changes back that [`ProgramLimits::from_parts`] does not know of: right before
    /// this process becomes another program.
    pub fn lower_others(self) {
        Self::set_own([(Resource::Fsize, self.length), (Resource::Core, self.core)]);
    }

    /// Changes those of a process that gives the old ones to shell commands only.
    pub fn change() {
        STARTED_WITH.get_or_init(Self::raised);
    }

    fn set_own<const N: usize>(limits: [(Resource, Rlimit); N]) {
        for (resource, limit) in limits {
            ignore_failure(setrlimit(resource, limit), "a limit that stays as it was is safe");
        }
    }

    /// The limit on fds in force and the highest; none is no limit.
    #[must_use]
    pub const fn parts(self) -> (Option<u64>, Option<u64>) {
        (self.fds.current, self.fds.maximum)
    }

    /// The limits whose [`ProgramLimits::parts`] are these, in a process whose limit on fds is
    /// raised already.
    #[must_use]
    pub fn from_parts(current: Option<u64>, maximum: Option<u64>) -> Self {
        Self { fds: Rlimit { current, maximum }, ..Self::raise() }
    }

    const fn all(self) -> [(Resource, Rlimit); 3] {
        [(Resource::Nofile, self.fds), (Resource::Fsize, self.length), (Resource::Core, self.core)]
    }

    /// Makes `command` start a program with the limits that this process was started with, if it
    /// has changed them.
    pub(super) fn give_to(command: &mut Command) {
        if let Some(limits) = STARTED_WITH.get() {
            sys::limit(command, limits.all());
        }
    }

    /// The same for a server, which needs as many fds as its keeper.
    pub fn give_to_server(command: &mut Command) {
        if let Some(limits) = STARTED_WITH.get() {
            let others = [(Resource::Fsize, limits.length), (Resource::Core, limits.core)];
            sys::limit(command, others);
        }
    }

    /// Runs `spawn` with the old limits, if what it needs, from the fd `next_fd` on, fits below
    /// them; else the program `pid` names is given the old limits right after its start.
    pub fn around<T>(
        self,
        next_fd: i32,
        spawn: impl FnOnce() -> T,
        pid: impl Fn(&T) -> Option<i32>,
    ) -> T {
        const NEEDED: u64 = 32;
        let own = self.all().map(|(resource, _)| (resource, getrlimit(resource)));
        let next_fd = u64::try_from(next_fd).unwrap_or(0);
        if self.fds.current.is_none_or(|limit| next_fd + NEEDED < limit) {
            Self::set_own(self.all());
            let spawned = spawn();
            Self::set_own(own);
            return spawned;
        }
        let spawned = spawn();
        if let Some(pid) = pid(&spawned).and_then(Pid::from_raw) {
            for (resource, limit) in self.all() {
                let lowered = prlimit(Some(pid), resource, limit);
                ignore_failure(lowered, "a program that is gone by now needs no limit");
            }
        }
        spawned
    }
}

const fn highest(limit: Rlimit) -> Rlimit {
    Rlimit { current: limit.maximum, maximum: limit.maximum }
}
