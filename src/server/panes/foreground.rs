//! What runs in the foreground of a pane, so that it is called by that.

use std::os::fd::AsFd;

use crate::base::id::PaneId;
use crate::base::time::Tick;
use crate::core::{Input, PaneEvent};
use crate::platform::{process, tty};
use crate::server::edge::Server;
use crate::server::event::Origin;
use crate::server::inbox::Stepper as _;

/// The most words of a command that are remembered.
const WORDS_MAX: usize = 64;
/// The most bytes of them.
const BYTES_MAX: usize = 4096;

impl Server {
    /// Looks what runs in the foreground of a pane, where that is due or the pane has fallen quiet.
    pub(in crate::server) fn name_program(&mut self, pane: PaneId, now: Tick) {
        let Some(io) = self.panes.get_mut(&pane) else { return };
        let is_due = |at: Option<Tick>| at.is_some_and(|at| at <= now);
        if !is_due(io.named_at) && !is_due(io.quiet_at) {
            return;
        }
        io.named_at = None;
        let first = io.pid();
        let leader = tty::foreground_group(io.master.as_fd()).filter(|leader| *leader != first);
        let name = leader.and_then(|leader| {
            process::label(leader).or_else(|| process::label(last_of_group(first, leader)?))
        });
        let Some(state) = self.core.state().panes.get(&pane) else { return };
        let is_shell = state.program().is_empty();
        let is_news = state.marks.program != name;
        let argv = leader.filter(|_| is_shell).map(arguments).unwrap_or_default();
        let event = PaneEvent::Foreground { name, argv };
        self.post(Input::Pane { pane, event }, Origin::None);
        if is_news {
            self.mark_stale();
        }
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
