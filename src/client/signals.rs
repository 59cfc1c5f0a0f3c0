//! Signals a client cares about, as values. What they mean is decided in `run`.

use std::io;

use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

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

/// The streams they come from.
#[derive(Debug)]
pub(super) struct Signals {
    resized: Stream,
    stop: Stream,
    continued: Stream,
    hangup: Stream,
    term: Stream,
    int: Stream,
    quit: Stream,
}

impl Signals {
    /// From now on the process handles them.
    ///
    /// # Errors
    /// If the runtime has no signal driver.
    pub(super) fn new() -> io::Result<Self> {
        // tokio names no kind for SIGTSTP and SIGCONT; their numbers are those of the platform.
        let (stop, continued) = if cfg!(target_os = "macos") { (18, 19) } else { (20, 18) };
        Ok(Self {
            resized: signal(SignalKind::window_change())?,
            stop: signal(SignalKind::from_raw(stop))?,
            continued: signal(SignalKind::from_raw(continued))?,
            hangup: signal(SignalKind::hangup())?,
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
        })
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Signal {
        tokio::select! {
            biased;
            _ = self.hangup.recv() => Signal::Hangup,
            _ = self.term.recv() => Signal::End(15),
            _ = self.int.recv() => Signal::End(2),
            _ = self.quit.recv() => Signal::End(3),
            _ = self.resized.recv() => Signal::Resized,
            _ = self.stop.recv() => Signal::Stop,
            _ = self.continued.recv() => Signal::Continued,
        }
    }
}
