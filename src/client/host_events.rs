//! Events of a client's own machine besides the terminal: signals, the clock, the command of the
//! status line, a configuration that is saved. What they mean is decided in `run`.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;
use std::{io, thread};

use jiff::Zoned;

use crate::base::error::ignore_failure;
use crate::base::signal::{CONT, HUP, INT, QUIT, TERM, TSTP, WINCH};
use crate::base::text::{fitting, sanitize};
use crate::base::time::{Span, Tick};
use crate::platform::{EventFd, FileChanges, command, config_file, signals};
use crate::settings::{Bars, Segment};

/// The time for which the command of the status line may take.
const COMMAND_WITHIN: Duration = Duration::from_secs(10);
/// A client that leaves waits so long for the end of a command that runs.
const LEAVES_WITHIN: Duration = Duration::from_secs(1);
/// The command runs once at a time, so one line waits.
const LINES_MAX: usize = 1;
/// The widest line of it that is shown, in columns.
const COMMAND_COLS_MAX: usize = 120;

/// Events of a client's own machine.
pub(super) struct HostEvents {
    /// The time at which the clock shows something else.
    clock_at: Option<Tick>,
    /// The time at which the command of the status line runs again.
    command_at: Option<Tick>,
    /// True if the command is running on its thread.
    is_running: bool,
    /// Lines that the command printed.
    lines: (SyncSender<String>, Receiver<String>),
    has_line: Arc<EventFd>,
    /// Readable once the client leaves: the command is ended.
    is_over: Arc<EventFd>,
    changes: Option<FileChanges>,
    /// The text of the configuration in force.
    known: Option<String>,
}

impl HostEvents {
    /// Everything is due at once; `known` is the text of the configuration in force.
    ///
    /// # Errors
    /// If there is no fd left.
    pub(super) fn new(now: Tick, known: Option<String>) -> io::Result<Self> {
        // If nothing can be watched, the configuration is read at the start only.
        let changes = FileChanges::of(&config_file::path()).ok();
        let has_line = Arc::new(EventFd::new()?);
        Ok(Self {
            clock_at: Some(now),
            command_at: Some(now),
            is_running: false,
            lines: sync_channel(LINES_MAX),
            has_line,
            is_over: Arc::new(EventFd::new()?),
            changes,
            known,
        })
    }

    /// Readable when the command of the status line has printed something.
    pub(super) fn has_line(&self) -> BorrowedFd<'_> {
        self.has_line.as_fd()
    }

    /// Readable when something was written where the configuration is; nothing if that is not
    /// watched.
    pub(super) fn changes(&self) -> Option<BorrowedFd<'_>> {
        self.changes.as_ref().map(FileChanges::as_fd)
    }

    /// The line that the command of the status line printed, if it has.
    pub(super) fn line(&mut self) -> Option<String> {
        self.has_line.drain();
        let line = self.lines.1.try_recv().ok();
        self.is_running &= line.is_none();
        line
    }

    /// True if the configuration or a theme was written since this was asked last.
    pub(super) fn is_saved(&mut self) -> bool {
        self.changes.as_mut().is_some_and(FileChanges::drain)
    }

    /// The text of the configuration in force.
    pub(super) fn known(&mut self) -> &mut Option<String> {
        &mut self.known
    }

    /// Clock and command are looked at anew.
    pub(super) fn restart(&mut self, now: Tick) {
        (self.clock_at, self.command_at) = (Some(now), Some(now));
    }

    pub(super) fn deadline(&self) -> Option<Tick> {
        [self.clock_at, self.command_at].into_iter().flatten().min()
    }

    /// The time to show, if that is another one than before. Without a clock on the screen, in a
    /// bar or `large`, nothing wakes this process.
    pub(super) fn clock(&mut self, now: Tick, bars: &Bars, is_large: bool) -> Option<String> {
        if self.clock_at.or(is_large.then_some(now)).is_none_or(|at| now < at) {
            return None;
        }
        let time = Zoned::now();
        let second = u64::try_from(time.second()).unwrap_or(0).min(59);
        let has_seconds =
            ["%S", "%T", "%c", "%r", "%s", "%X"].iter().any(|form| bars.clock.contains(form));
        let left = if has_seconds { Span::seconds(1) } else { Span::seconds(60 - second) };
        self.clock_at = (is_large || bars.has(Segment::Clock)).then(|| now + left);
        // A form that cannot be written is shown as it is.
        let text =
            jiff::fmt::strtime::format(&bars.clock, &time).unwrap_or_else(|_| bars.clock.clone());
        Some(sanitize(&text, 64))
    }

    /// Runs the command of the status line if it is due.
    pub(super) fn run_command(&mut self, now: Tick, bars: &Bars) {
        if self.command_at.is_none_or(|at| now < at) || self.is_running {
            if self.is_running {
                self.command_at = self.command_at.map(|at| at.max(now + Span::seconds(1)));
            }
            return;
        }
        if bars.command.is_empty() || !bars.has(Segment::Command) {
            self.command_at = None;
            return;
        }
        self.command_at = Some(now + Span::seconds(u64::from(bars.command_s)));
        let command = bars.command.clone();
        let (lines, has_line) = (self.lines.0.clone(), Arc::clone(&self.has_line));
        let is_over = Arc::clone(&self.is_over);
        let run = move || {
            let text = command::first_line(&command, COMMAND_WITHIN, &is_over).unwrap_or_default();
            let text = sanitize(&text, 4 * COMMAND_COLS_MAX);
            let line = fitting(&text, COMMAND_COLS_MAX).to_owned();
            ignore_failure(lines.send(line), "a client that is gone needs no line");
            has_line.notify();
        };
        // Without a thread for it there is no line, until it is due again.
        self.is_running = thread::Builder::new().name("status".into()).spawn(run).is_ok();
    }
}

impl Drop for HostEvents {
    /// A command that runs ends with the client.
    fn drop(&mut self) {
        if self.is_running {
            self.is_over.notify();
            let ended = self.lines.1.recv_timeout(LEAVES_WITHIN);
            ignore_failure(ended, "a command that cannot be ended keeps nobody");
        }
    }
}

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
