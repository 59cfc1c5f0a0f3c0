//! Parts of starting a program: three pipes, a session of its own, a birth in a cgroup. What is
//! started, and with what, is not known here.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process::Command;

use rustix::io::Errno;

use super::{sys, told_by_child_in};

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

/// Why nothing was started: the error number and the error in words.
pub type Failed = (i32, String);

/// Lets `start` start a process and gives its id. With a cgroup a child born there does it and
/// ends: what it has started is then ours, since orphans come to us, and lies in the cgroup from
/// its first instruction on. A cgroup that is gone, say removed by hand, is done without.
///
/// # Errors
/// What `start` gives.
pub fn born_in(
    cgroup: Option<&OwnedFd>,
    start: impl FnOnce() -> Result<i32, Failed>,
) -> Result<i32, Failed> {
    let mut start = Some(start);
    let mut run = || {
        start.take().map_or_else(
            || Err((Errno::IO.raw_os_error(), "started twice".into())),
            |start| start(),
        )
    };
    let in_child = || match run() {
        Ok(pid) => format!("{pid} 0 "),
        Err((errno, message)) => format!("0 {errno} {message}"),
    };
    let Some(Ok(text)) = cgroup.map(|cgroup| told_by_child_in(cgroup.as_fd(), in_child)) else {
        return run();
    };
    let mut words = text.splitn(3, ' ');
    let mut number = || words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    match (number(), number()) {
        // It has said nothing, or something else.
        (0, 0) => {
            Err((Errno::IO.raw_os_error(), "the process that was to start it was ended".into()))
        }
        (0, errno) => Err((errno, words.next().unwrap_or("").into())),
        (pid, _) => Ok(pid),
    }
}
