//! Signals a client cares about, as values. What they mean is decided in `run`.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use crate::base::signal::{CONT, HUP, INT, QUIT, TERM, TSTP, WINCH};
use crate::platform::signals;

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

/// The source of the signals.
#[derive(Debug)]
pub(super) struct Signals(signals::Signals);

impl Signals {
    /// From now on the process handles them.
    ///
    /// # Errors
    /// If there is no fd left.
    pub(super) fn new() -> io::Result<Self> {
        signals::Signals::new(&[HUP, TERM, INT, QUIT, WINCH, TSTP, CONT]).map(Self)
    }

    /// The signals that came.
    pub(super) fn take(&mut self) -> Vec<Signal> {
        let named = |signal| match signal {
            HUP => Signal::Hangup,
            WINCH => Signal::Resized,
            TSTP => Signal::Stop,
            CONT => Signal::Continued,
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
