//! Sessions, tabs, panes and clients as actions list them.

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::exit::ExitStatus;
use crate::base::geom::Size;
use crate::base::id::{ClientId, PaneId, SessionId, TabId};
use crate::state::State;
use crate::state::pane::ProgramState;
use crate::state::view::View;

/// A session in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SessionItem {
    /// Its id, stable for life.
    pub id: SessionId,
    /// Its name.
    pub name: String,
    /// How many tabs it has.
    pub tabs: usize,
    /// How many panes it has.
    pub panes: usize,
    /// The clients that show it.
    pub clients: Vec<ClientId>,
    /// Where its programs start; empty for home.
    pub cwd: String,
    /// When it was made, in milliseconds since 1970.
    pub created_wall: u64,
    /// Grows by one with each change of it.
    pub version: u64,
}

impl SessionItem {
    /// The session as it is now.
    #[must_use]
    pub fn of(state: &State, id: SessionId) -> Self {
        let session = state.session(id);
        Self {
            id,
            name: session.name.clone(),
            tabs: session.tabs.len(),
            panes: session.tabs.iter().map(|tab| state.tab(*tab).panes().len()).sum(),
            clients: state.clients_of(id),
            cwd: session.cwd.clone(),
            created_wall: session.created_wall,
            version: session.version,
        }
    }
}

/// A tab in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TabItem {
    /// Its id, stable for life.
    pub id: TabId,
    /// Its number in the session, from 1.
    pub index: usize,
    /// What the tab bar calls it.
    pub name: String,
    /// Its session.
    pub session: SessionId,
    /// Its panes in order of their numbers.
    pub panes: Vec<PaneId>,
    /// The pane that was focused last.
    pub focus: PaneId,
    /// A bell rang since a view showed it.
    pub bell: bool,
    /// It printed since a view showed it.
    pub activity: bool,
}

impl TabItem {
    /// The tab as it is now.
    #[must_use]
    pub fn of(state: &State, id: TabId) -> Self {
        let tab = state.tab(id);
        let panes = tab.panes();
        Self {
            id,
            index: state.tab_index(id),
            name: state.tab_label(id),
            session: tab.session,
            focus: tab.focus,
            bell: panes.iter().any(|pane| state.pane(*pane).marks.bell),
            activity: panes.iter().any(|pane| state.pane(*pane).marks.activity),
            panes,
        }
    }
}

/// A pane in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PaneItem {
    /// Its id, stable for life.
    pub id: PaneId,
    /// Its number in its tab, from 1; 0 while it is closed or being ended.
    pub index: usize,
    /// What its border calls it.
    pub title: String,
    /// Its session.
    pub session: SessionId,
    /// Its tab; none while it is closed or being ended.
    pub tab: Option<TabId>,
    /// Its program and arguments; empty for the shell.
    pub command: Vec<String>,
    /// What ran in it or is its command, and does not run now: `pane rerun` runs it, or
    /// `pane respawn` where a shell runs in its place; empty for nothing.
    pub offered: Vec<String>,
    /// Where its program was started or said it is; empty where unknown.
    pub cwd: String,
    /// The size of its terminal.
    pub size: Size,
    /// Its first process, while that runs.
    pub pid: Option<u32>,
    /// `starting`, `running`, `ending` or `ended`; `held` if it came back and waits to be told
    /// whether its command is to run; `closed` while `undo` can bring it back.
    pub state: &'static str,
    /// How its program ended.
    pub status: Option<ExitStatus>,
    /// The command line that reads what it prints.
    pub pipe: Option<String>,
    /// When it was made, in milliseconds since 1970.
    pub created_wall: u64,
}

impl PaneItem {
    /// The pane as it is now.
    #[must_use]
    pub fn of(state: &State, id: PaneId) -> Self {
        let pane = state.pane(id);
        let (name, pid, status) = match pane.life {
            ProgramState::Starting => ("starting", None, None),
            ProgramState::Running { pid } => ("running", Some(pid), None),
            ProgramState::Ending => ("ending", None, None),
            ProgramState::Ended { status } => ("ended", None, Some(status)),
            ProgramState::Held => ("held", None, None),
        };
        let name = if state.is_closed(id) { "closed" } else { name };
        Self {
            id,
            index: state.pane_index(id),
            title: state.pane_label(id),
            session: pane.session,
            tab: pane.tab,
            command: pane.program().to_vec(),
            offered: pane.offered().to_vec(),
            cwd: pane.cwd.clone(),
            size: pane.size,
            pid,
            pipe: pane.pipe.clone(),
            state: name,
            status,
            created_wall: pane.created_wall,
        }
    }
}

/// A client in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ClientItem {
    /// Its id.
    pub id: ClientId,
    /// The session it shows.
    pub session: Option<SessionId>,
    /// The name of that session.
    pub name: Option<String>,
    /// The tab it shows.
    pub tab: Option<TabId>,
    /// The pane it focuses.
    pub focus: Option<PaneId>,
    /// The size of its terminal.
    pub size: Size,
    /// Whether it only watches.
    pub read_only: bool,
    /// When it was connected, in milliseconds since 1970.
    pub connected_wall: u64,
}

impl ClientItem {
    /// The client as it is now.
    #[must_use]
    pub fn of(state: &State, view: &View) -> Self {
        Self {
            id: view.client,
            session: view.at.session,
            name: view.at.session.map(|session| state.session(session).name.clone()),
            tab: view.tab(),
            focus: view.focus(),
            size: view.size,
            read_only: view.read_only,
            connected_wall: view.connected_wall,
        }
    }
}

/// The server.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ServerItem {
    /// Its process.
    pub server_pid: u32,
    /// The keeper's process.
    pub keeper_pid: u32,
    /// Its version.
    pub version: String,
    /// Which server process it is: grows with each restart.
    pub lease: u64,
    /// How long it has been running, in milliseconds.
    pub uptime_ms: u64,
    /// The socket it listens on.
    pub socket: String,
    /// Why the last upgrade was rolled back, if it was and this is the server that goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upgrade_failed: Option<String>,
    /// How many sessions there are.
    pub sessions: usize,
    /// How many tabs.
    pub tabs: usize,
    /// How many panes.
    pub panes: usize,
    /// How many clients.
    pub clients: usize,
}
