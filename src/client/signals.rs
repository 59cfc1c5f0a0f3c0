//! Signals a client cares about, as values. What they mean is decided in `run`.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use crate::platform::signals::{self, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};

/// A signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// SIGWINCH: the terminal has another size.
    Resized,
    /// SIGTSTP: stop like a job.
    Stop,
    /// SIGCONT: it goes on.
    Continued,
    /// SIGHUP: the terminal is gone.
    Hangup,
    /// SIGTERM, SIGINT or SIGQUIT, by its number.
    End(u8),
}

/// Where they come from.
#[derive(Debug)]
pub(super) struct Signals(signals::Signals);

impl Signals {
    /// From now on the process handles them.
    ///
    /// # Errors
    /// If there is no fd left.
    pub(super) fn new() -> io::Result<Self> {
        signals::Signals::new(&[SIGHUP, SIGTERM, SIGINT, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT]).map(Self)
    }

    /// Those that came.
    pub(super) fn take(&mut self) -> Vec<Signal> {
        let named = |signal| match signal {
            SIGHUP => Signal::Hangup,
            SIGWINCH => Signal::Resized,
            SIGTSTP => Signal::Stop,
            SIGCONT => Signal::Continued,
            other => Signal::End(u8::try_from(other).unwrap_or(0)),
        };
        self.0.take().into_iter().map(named).collect()
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
