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
        let name = leader.and_then(process::label);
        if self.core.state.set_program(pane, name.as_deref()) {
            self.mark_stale();
        }
    }
}
