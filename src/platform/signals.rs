//! Signals as values, behind an fd that is waited for with others. What they mean is not known
//! here.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;

use rustix::fs::Mode;

use super::sys;
use crate::base::error::ignore_failure;
use crate::base::signal;

/// From now on a file that would grow beyond `RLIMIT_FSIZE` is an error of write(2) instead of the
/// end of this process (setrlimit(2)); what this process starts has the default again.
pub fn outlive_file_limit() {
    let handled = signal_hook::flag::register(signal::XFSZ, Arc::<AtomicBool>::default());
    ignore_failure(handled, "without a handler the default stays in force");
}

/// From now on what whoever started this process has handed down does no harm: the end of a child
/// can be waited for where CHLD is ignored, as the kernel reaps children itself then (wait(2)), no
/// signal is blocked (sigprocmask(2)), and files and folders of ours can be used by their owner
/// (umask(2)). For a process with one thread.
pub fn undo_launcher() {
    let handled = signal_hook::flag::register(signal::CHLD, Arc::<AtomicBool>::default());
    ignore_failure(handled, "without a handler the launcher's choice stays in force");
    sys::unblock_signals();
    let owner = Mode::RWXU;
    let mask = rustix::process::umask(owner);
    rustix::process::umask(mask - owner);
}

/// Signals that no longer do what they do by default (signal(7)); what this process starts has the
/// default again.
#[derive(Debug)]
pub struct Signals(SignalDelivery<UnixStream, SignalOnly>);

impl Signals {
    /// From now on this process handles these, by their numbers in [`crate::base::signal`].
    ///
    /// # Errors
    /// If there is no fd left, or one of them cannot be handled.
    pub fn new(signals: &[i32]) -> io::Result<Self> {
        let (read, write) = UnixStream::pair()?;
        Ok(Self(SignalDelivery::with_pipe(read, write, SignalOnly, signals)?))
    }

    /// The signals that came since the last call, in the order of their numbers, each once. It does
    /// not wait.
    pub fn take(&mut self) -> Vec<i32> {
        self.0.pending().collect()
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.get_read().as_fd()
    }
}
