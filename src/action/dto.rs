//! Sessions, tabs, panes and clients as actions list them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::geom::{Rect, Size};
use crate::base::id::{ClientId, PaneId, SessionId, TabId};
use crate::base::program_status::ProgramStatus;
use crate::base::signal::ExitStatus;
use crate::state::State;
use crate::state::pane::ProgramState;
use crate::state::view::View;

/// A session in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SessionItem {
    /// The session's id, stable for life.
    pub id: SessionId,
    /// The session's name.
    pub name: String,
    /// The number of its tabs.
    pub tabs: usize,
    /// The number of its panes.
    pub panes: usize,
    /// The clients that show it.
    pub clients: Vec<ClientId>,
    /// The tab that the name of the session means: the one its client sees, or used last.
    pub tab: TabId,
    /// The pane that it means, in that tab.
    pub focus: PaneId,
    /// The program in the foreground of that pane.
    pub program: String,
    /// The directory of that program as it is now; empty where unknown.
    pub cwd: String,
    /// The directory where its programs start; empty for home.
    pub start_cwd: String,
    /// The time when it was made, in milliseconds since 1970.
    pub created_wall: u64,
    /// Grows by one with each change of it.
    pub version: u64,
}

impl SessionItem {
    /// The session as it is now.
    #[must_use]
    pub fn of(state: &State, id: SessionId) -> Self {
        let session = state.session(id);
        let focus = state.tab(session.current).focus;
        Self {
            id,
            name: session.name.clone(),
            tabs: session.tabs.len(),
            panes: session.tabs.iter().map(|tab| state.tab(*tab).panes().len()).sum(),
            clients: state.clients_of(id),
            tab: session.current,
            focus,
            program: state.program_label(focus),
            cwd: state.live_cwd(focus).to_owned(),
            start_cwd: session.cwd.clone(),
            created_wall: session.created_wall,
            version: session.version,
        }
    }
}

/// A tab in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TabItem {
    /// The tab's id, stable for life.
    pub id: TabId,
    /// The tab's number in the session, from 1.
    pub index: usize,
    /// The label in the tab bar.
    pub name: String,
    /// The tab's session.
    pub session: SessionId,
    /// The panes in order of their numbers.
    pub panes: Vec<PaneId>,
    /// The pane that was focused last.
    pub focus: PaneId,
    /// True if the name of its session means it.
    pub current: bool,
    /// True if a pane fills it, in the view used last that shows it.
    pub zoomed: bool,
    /// The program in the foreground of the pane in focus.
    pub program: String,
    /// The directory of that program as it is now; empty where unknown.
    pub cwd: String,
    /// A bell rang since a view showed it.
    pub bell: bool,
    /// A pane of it printed since a view showed it.
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
            current: state.session(tab.session).current == id,
            zoomed: panes.iter().any(|pane| state.is_zoomed(*pane)),
            program: state.program_label(tab.focus),
            cwd: state.live_cwd(tab.focus).to_owned(),
            bell: panes.iter().any(|pane| state.pane(*pane).marks.bell),
            activity: panes.iter().any(|pane| state.pane(*pane).marks.activity),
            panes,
        }
    }
}

/// A pane in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PaneItem {
    /// The pane's id, stable for life.
    pub id: PaneId,
    /// The pane's number in its tab, from 1; 0 while it is closed or being ended.
    pub index: usize,
    /// The label in its border.
    pub title: String,
    /// The pane's session.
    pub session: SessionId,
    /// The pane's tab; none while it is closed or being ended.
    pub tab: Option<TabId>,
    /// The program and its arguments; empty for the shell.
    pub command: Vec<String>,
    /// The command that ran in it or is its own, and does not run now: `pane rerun` runs it, or
    /// `pane respawn` where a shell runs in its place; empty for nothing.
    pub offered: Vec<String>,
    /// The program in the foreground, without its directory.
    pub program: String,
    /// The title that its program set (OSC 0 and 2); empty for none.
    pub terminal_title: String,
    /// The directory of that program as it is now; empty where unknown.
    pub cwd: String,
    /// The size of its terminal.
    pub size: Size,
    /// The place in the tab, without bars: column and row from 0, and its size there. Of a
    /// collapsed one of a stack it is the row of its title. None while it is out of sight.
    pub place: Option<Rect>,
    /// True if it has the focus of its tab.
    pub focus: bool,
    /// True if it fills its tab, in the view used last that shows it.
    pub zoomed: bool,
    /// True if it floats over the others.
    pub floating: bool,
    /// True if its shell waits for a command, as its marks say (OSC 133).
    pub at_prompt: bool,
    /// The first process of its program, while that runs.
    pub pid: Option<u32>,
    /// `starting`, `running`, `ending` or `ended`; `held` if it came back and waits to be told
    /// whether its command is to run; `closed` while `undo` can bring it back.
    pub state: &'static str,
    /// The end of its program.
    pub status: Option<ExitStatus>,
    /// The work of its program as that reports it (OSC 7501), of several parts the most urgent.
    pub reported: Option<ProgramStatus>,
    /// The command line that reads what it prints.
    pub pipe: Option<String>,
    /// The time when it was made, in milliseconds since 1970.
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
        let tab = pane.tab.map(|tab| state.tab(tab));
        Self {
            id,
            index: state.pane_index(id),
            title: state.pane_label(id),
            session: pane.session,
            tab: pane.tab,
            command: pane.program().to_vec(),
            offered: pane.offered().to_vec(),
            program: state.program_label(id),
            terminal_title: pane.screen.title().to_owned(),
            cwd: state.live_cwd(id).to_owned(),
            size: pane.size,
            place: state.place_in_tab(id),
            focus: tab.is_some_and(|tab| tab.focus == id),
            zoomed: state.is_zoomed(id),
            floating: tab.is_some_and(|tab| tab.is_float(id)),
            at_prompt: pane.life.is_live() && pane.screen.is_at_prompt(),
            pid,
            reported: pane.marks.status.first(),
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
    /// The client's id.
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
    /// True if it only watches.
    pub read_only: bool,
    /// The time when it was connected, in milliseconds since 1970.
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
    /// The server's process.
    pub server_pid: u32,
    /// The keeper's process.
    pub keeper_pid: u32,
    /// The server's version.
    pub version: String,
    /// The number of the server process: grows with each restart.
    pub lease: u64,
    /// The time it has been running, in milliseconds.
    pub uptime_ms: u64,
    /// The socket it listens on.
    pub socket: String,
    /// Why the last upgrade was rolled back, if it was and this is the server that goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upgrade_failed: Option<String>,
    /// Files that cannot be written at the moment, and why: `sessions`, `log`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub disk_faults: BTreeMap<String, String>,
    /// The number of sessions.
    pub sessions: usize,
    /// The number of tabs.
    pub tabs: usize,
    /// The number of panes.
    pub panes: usize,
    /// The number of clients.
    pub clients: usize,
}
