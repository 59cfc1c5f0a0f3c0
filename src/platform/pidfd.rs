//! Processes by fd: an identity that a recycled process id cannot take over (`pidfd_open(2)`).

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::process;
use crate::platform::sys;

/// The end of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this status.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

impl Ended {
    /// From the status word of wait(2).
    #[must_use]
    pub const fn from_wait_status(status: i32) -> Self {
        match status & 0x7f {
            0 => Self::Code((status >> 8) & 0xff),
            signal => Self::Signal(signal),
        }
    }
}

/// The process that has this id now.
///
/// # Errors
/// `ESRCH` if there is none.
pub fn open(pid: i32) -> io::Result<OwnedFd> {
    let pid = Pid::from_raw(pid).ok_or(io::ErrorKind::InvalidInput)?;
    Ok(pidfd_open(pid, PidfdFlags::empty())?)
}

/// Sends a signal to the process, which cannot be another one.
///
/// # Errors
/// `ESRCH` if it ended; `EPERM` if it is not ours to signal; `InvalidInput` if there is no such
/// signal.
pub fn signal(pidfd: impl AsFd, signal: i32) -> io::Result<()> {
    Ok(pidfd_send_signal(pidfd, to_signal(signal)?)?)
}

/// Sends a signal to the process with this id, if it is still the one that started then; 0 sends
/// none and only looks.
///
/// # Errors
/// As [`signal`].
pub fn signal_process(pid: i32, start_time: u64, number: i32) -> io::Result<()> {
    let pidfd = open(pid)?;
    if process::read(pid).is_none_or(|process| process.start_time != start_time) {
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    if number == 0 {
        // Nothing more was asked than that the process is there.
        return Ok(());
    }
    signal(pidfd, number)
}

/// The end of the process with this fd and this id, be it reaped (if the kernel still says, from
/// 6.15 on) or not; none while it runs.
#[must_use]
pub fn ended(pidfd: impl AsFd, pid: i32) -> Option<Ended> {
    // In this order: if it is not reaped after its status was read, that was its status.
    let zombie = process::zombie_status(pid);
    sys::pidfd_wait_status(pidfd.as_fd()).or(zombie).map(Ended::from_wait_status)
}

fn to_signal(number: i32) -> io::Result<Signal> {
    Signal::from_named_raw(number).ok_or_else(|| io::ErrorKind::InvalidInput.into())
}
