//! Panes whose program the keeper holds and the structure does not know: they are shown in a
//! session of their own, so that nothing that runs is out of reach.

use crate::base::geom::Size;
use crate::base::id::{PaneId, SessionId, TabId};
use crate::state::pane::{Marks, Pane, ProgramState, RestoreState};
use crate::state::session::Session;
use crate::state::tab::Tab;
use crate::state::{State, take};
use crate::term::Terminal;

/// The name of the session for adopted panes.
pub const RECOVERED: &str = "recovered";

impl State {
    /// Shows a program that runs as a pane of its own tab in the session [`RECOVERED`].
    pub fn adopt(&mut self, id: PaneId, pid: u32, screen: Terminal, wall: u64) {
        let ids = &mut self.next_ids;
        ids.pane = ids.pane.max(id.0 + 1);
        let tab = TabId(take(&mut ids.tab));
        let size = screen.size();
        let session = match self.session_named(RECOVERED).map(|session| session.id) {
            Some(session) => session,
            None => self.recovered(tab, size, wall),
        };
        self.session_mut(session).tabs.push(tab);
        self.tabs.insert(tab, Tab::new(tab, session, id, size));
        let pane = Pane {
            id,
            session,
            tab: Some(tab),
            name: None,
            argv: Vec::new(),
            env: Vec::new(),
            cwd: String::new(),
            created_wall: wall,
            size,
            life: ProgramState::Running { pid },
            screen,
            is_synced: false,
            again: false,
            pipe: None,
            restore: RestoreState::default(),
            marks: Marks::default(),
        };
        self.panes.insert(id, pane);
        self.changed(session);
    }

    fn recovered(&mut self, current: TabId, size: Size, wall: u64) -> SessionId {
        let id = SessionId(take(&mut self.next_ids.session));
        let session = Session {
            id,
            name: RECOVERED.into(),
            tabs: Vec::new(),
            current,
            cwd: String::new(),
            env: Vec::new(),
            missing_env: Vec::new(),
            created_wall: wall,
            used: take(&mut self.next_ids.used),
            size,
            fixed: None,
            version: 0,
            last_status: None,
        };
        self.sessions.insert(id, session);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::RECOVERED;
    use crate::base::geom::Size;
    use crate::base::id::PaneId;
    use crate::base::memory::HeapMemory;
    use crate::state::State;
    use crate::term::{Options, Terminal};

    #[test]
    fn strangers_share_one_session_and_their_ids_are_not_given_out_again() {
        let mut state = State::default();
        for id in [7, 3] {
            let screen = Terminal::new(
                Size::new(40, 10),
                Options::default(),
                Box::new(HeapMemory::default()),
            );
            state.adopt(PaneId(id), 100, screen, 0);
            assert_eq!(state.check(), Ok(()));
        }
        assert_eq!(state.sessions.len(), 1);
        assert_eq!(state.session_named(RECOVERED).map(|session| session.tabs.len()), Some(2));
        assert_eq!(state.next_ids.pane, 8);
    }
}
