//! The foreground program of a pane, whose name the pane is called by.

use std::os::fd::AsFd;

use crate::base::time::Tick;
use crate::core::PaneEvent;
use crate::platform::{process, tty};
use crate::server::panes::pane::PaneIo;

/// The most words of a command that are remembered.
const WORDS_MAX: usize = 64;
/// The most bytes of them.
const BYTES_MAX: usize = 4096;

impl PaneIo {
    /// The event that tells what runs in the foreground; none if it is not time to look.
    /// `is_shell` says whether its own program is a shell, whose foreground can be typed again.
    pub(in crate::server) fn foreground(&mut self, is_shell: bool, now: Tick) -> Option<PaneEvent> {
        let is_due = |at: Option<Tick>| at.is_some_and(|at| at <= now);
        if !is_due(self.named_at) && !is_due(self.quiet_at) {
            return None;
        }
        self.named_at = None;
        let first = self.pid();
        let leader = tty::foreground_group(self.master.as_fd()).filter(|leader| *leader != first);
        let name = leader.and_then(|leader| {
            process::label(leader).or_else(|| process::label(last_of_group(first, leader)?))
        });
        let argv = leader.filter(|_| is_shell).map(arguments).unwrap_or_default();
        Some(PaneEvent::Foreground { name, argv })
    }
}

/// The arguments of a process; none if they are too many to be told, or no text.
fn arguments(pid: i32) -> Vec<String> {
    let words = process::arguments(pid);
    if WORDS_MAX < words.len() || BYTES_MAX < words.iter().map(Vec::len).sum::<usize>() {
        return Vec::new();
    }
    words.into_iter().map(String::from_utf8).collect::<Result<_, _>>().unwrap_or_default()
}

/// The end of a pipeline whose first program is over: of `seq 1000 | less` that is what one looks
/// at.
fn last_of_group(shell: i32, group: i32) -> Option<i32> {
    let children = process::children(shell).into_iter().filter_map(process::read);
    children
        .filter(|child| child.group == group && !child.is_over())
        .map(|child| child.pid)
        .next_back()
}
