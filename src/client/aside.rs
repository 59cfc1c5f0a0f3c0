//! What reaches a client from its own machine besides the terminal: the clock, the command of the status line, a configuration that is saved.

use std::time::Duration;

use jiff::Zoned;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::task::JoinHandle;

use crate::base::text::{fitting, harmless};
use crate::base::time::{Span, Tick};
use crate::platform::{self, Changes, command, config_file};
use crate::settings::{Bars, Segment};

/// How long the command of the status line may take.
const COMMAND_WITHIN: Duration = Duration::from_secs(10);
/// The widest line of it that is shown, in columns.
const COMMAND_COLS_MAX: usize = 120;

/// What happened.
pub(super) enum Happened {
    /// The command of the status line printed this.
    Printed(String),
    /// The configuration or a theme was written.
    Saved,
}

/// What reaches a client from its own machine.
pub(super) struct Aside {
    /// When the clock shows something else.
    clock_at: Option<Tick>,
    /// When the command of the status line runs again.
    command_at: Option<Tick>,
    running: Option<JoinHandle<String>>,
    changes: Option<AsyncFd<Changes>>,
    /// The text of the configuration in force.
    known: Option<String>,
}

impl Aside {
    pub(super) fn new(now: Tick, known: Option<String>) -> Self {
        // Where nothing can be watched, the configuration is read at the start only.
        let changes = Changes::of(&config_file::path()).and_then(|changes| platform::watch(changes, Interest::READABLE)).ok();
        Self { clock_at: Some(now), command_at: Some(now), running: None, changes, known }
    }

    /// The text of the configuration in force.
    pub(super) fn known(&mut self) -> &mut Option<String> {
        &mut self.known
    }

    /// Clock and command are looked at anew.
    pub(super) fn restart(&mut self, now: Tick) {
        (self.clock_at, self.command_at) = (Some(now), Some(now));
    }

    /// Waits for what happens next.
    pub(super) async fn next(&mut self) -> Happened {
        let Self { running, changes, .. } = self;
        let line = async {
            match running {
                Some(task) => task.await.unwrap_or_default(),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            line = line => {
                self.running = None;
                Happened::Printed(line)
            }
            () = platform::saved(changes.as_mut()) => Happened::Saved,
        }
    }

    pub(super) fn deadline(&self) -> Option<Tick> {
        [self.clock_at, self.command_at].into_iter().flatten().min()
    }

    /// The time to show, if that is another one than before. Without a clock on the screen, in a bar or `large`, nothing wakes this process.
    pub(super) fn clock(&mut self, now: Tick, bars: &Bars, is_large: bool) -> Option<String> {
        if self.clock_at.or(is_large.then_some(now)).is_none_or(|at| now < at) {
            return None;
        }
        let time = Zoned::now();
        let second = u64::try_from(time.second()).unwrap_or(0).min(59);
        let has_seconds = ["%S", "%T", "%c", "%r", "%s", "%X"].iter().any(|form| bars.clock.contains(form));
        let left = if has_seconds { Span::seconds(1) } else { Span::seconds(60 - second) };
        self.clock_at = (is_large || bars.has(Segment::Clock)).then(|| now + left);
        // A form that cannot be written is shown as it is.
        let text = jiff::fmt::strtime::format(&bars.clock, &time).unwrap_or_else(|_| bars.clock.clone());
        Some(harmless(&text, 64))
    }

    /// Runs the command of the status line if it is due.
    pub(super) fn run_command(&mut self, now: Tick, bars: &Bars) {
        if self.command_at.is_none_or(|at| now < at) || self.running.is_some() {
            if self.running.is_some() {
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
        self.running = Some(tokio::task::spawn_blocking(move || {
            let text = command::first_line(&command, COMMAND_WITHIN).unwrap_or_default();
            fitting(&harmless(&text, 4 * COMMAND_COLS_MAX), COMMAND_COLS_MAX).to_owned()
        }));
    }
}
