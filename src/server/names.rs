//! What runs in the foreground of a pane, so that it is called by that.

use std::os::fd::AsFd;

use crate::base::id::PaneId;
use crate::base::time::Tick;
use crate::platform::{process, tty};
use crate::server::edge::Server;

impl Server {
    /// Looks what runs in the foreground of a pane, where that is due or the pane has fallen quiet.
    pub(super) fn name_program(&mut self, pane: PaneId, now: Tick) {
        let Some(io) = self.panes.get_mut(&pane) else { return };
        let is_due = |at: Option<Tick>| at.is_some_and(|at| at <= now);
        if !is_due(io.named_at) && !is_due(io.quiet_at) {
            return;
        }
        io.named_at = None;
        let first = io.pid();
        let leader = tty::foreground_group(io.master.as_fd()).filter(|leader| *leader != first);
        let name = leader.and_then(|leader| process::label(leader).or_else(|| process::label(last_of_group(first, leader)?)));
        if self.core.state.set_program(pane, name.as_deref()) {
            self.mark_stale();
        }
    }
}

/// The end of a pipeline whose first program is over: of `seq 1000 | less` that is what one looks at.
fn last_of_group(shell: i32, group: i32) -> Option<i32> {
    let children = process::children(shell).into_iter().filter_map(process::read);
    children.filter(|child| child.group == group && !child.is_over()).map(|child| child.pid).next_back()
}
