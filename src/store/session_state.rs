//! The structure as it is kept over a restart of the server: sessions, tabs, panes, views, ids, and
//! what input was taken. No screens.
//!
//! Version 3: with what reads a pane's output and what alone has the focus. Version 2: with what
//! was closed and can be brought back, floating panes and stacks. A reader of another version
//! refuses it: what it describes is then adopted pane by pane.

mod v3;

use serde::{Deserialize, Serialize};

use crate::base::geom::{Rect, Size};
use crate::base::id::{PaneId, SessionId, TabId};
use crate::base::signal::ExitStatus;
use crate::base::time::Tick;

/// The version this binary writes.
pub const VERSION: u32 = 4;

/// Everything but screens.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SessionState {
    /// The next numbers of sessions, tabs, panes, clients, calls and uses.
    pub next_ids: [u64; 6],
    /// Sessions by id.
    pub sessions: Vec<StoredSession>,
    /// Tabs by id.
    pub tabs: Vec<StoredTab>,
    /// Panes by id.
    pub panes: Vec<StoredPane>,
    /// The closed items that can be brought back, the latest last.
    pub graves: Vec<StoredClosedItem>,
    /// The views of clients, and of those that are gone, the latest last.
    pub views: Vec<StoredView>,
    /// Token and number of the last input of each client that is not in a pane's input.
    pub taken: Vec<(u64, u64)>,
    /// Variables of sessions whose values were not kept, by name.
    pub wanting: Vec<(SessionId, Vec<String>)>,
    /// Until when it is not certain that programs ended because a person wanted it.
    pub doubt: Option<Tick>,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSession {
    /// The session id.
    pub id: SessionId,
    /// The session's name.
    pub name: String,
    /// The tabs in order.
    pub tabs: Vec<TabId>,
    /// The tab used last.
    pub current: TabId,
    /// The place where its programs start.
    pub cwd: String,
    /// The environment of its programs.
    pub env: Vec<(String, String)>,
    /// The moment when it was made.
    pub created_wall: u64,
    /// The order of use.
    pub used: u64,
    /// The size without a view.
    pub size: Size,
    /// The size its panes share whatever views show it.
    pub fixed: Option<Size>,
    /// Number of its changes.
    pub version: u64,
    /// The end of its last program.
    pub last_status: Option<ExitStatus>,
}

/// A tab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredTab {
    /// The tab id.
    pub id: TabId,
    /// The session it belongs to.
    pub session: SessionId,
    /// The name it was given.
    pub name: Option<String>,
    /// The layout of its panes.
    pub layout: StoredLayout,
    /// Panes that float, from the lowest, and where.
    pub floats: Vec<(PaneId, Rect)>,
    /// True if the floating panes are out of sight.
    pub hides_floats: bool,
    /// The floating pane that alone has the focus.
    pub modal: Option<PaneId>,
    /// The preset applied last.
    pub preset: Option<String>,
    /// The pane focused last.
    pub focus: PaneId,
    /// The area its panes share.
    pub area: Size,
}

/// A node of a layout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoredLayout {
    /// A pane.
    Pane(PaneId),
    /// Parts with their weights.
    Split {
        /// True if the parts stand side by side.
        columns: bool,
        /// Weight and content of each.
        parts: Vec<(u16, StoredLayout)>,
    },
    /// A stack of panes, and which is open.
    Stack(Vec<PaneId>, u32),
}

/// Something that was closed and can be brought back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredClosedItem {
    /// The moment when its programs are ended.
    pub until: Tick,
    /// The session it was of, as that was then.
    pub session: StoredSession,
    /// The item and its kind.
    pub what: StoredClosedContent,
}

/// A closed pane, tab or session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoredClosedContent {
    /// A pane.
    Pane {
        /// The pane.
        pane: PaneId,
        /// The tab it was in.
        tab: TabId,
        /// The layout with it.
        before: StoredLayout,
        /// The layout without it.
        after: StoredLayout,
        /// The place where it floated.
        float: Option<Rect>,
    },
    /// A tab, and its place in the tab bar.
    Tab(StoredTab, u32),
    /// A session with its tabs.
    Session(Vec<StoredTab>),
}

/// A pane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPane {
    /// The pane id.
    pub id: PaneId,
    /// The session it was made in.
    pub session: SessionId,
    /// The tab it is in; none while it is being ended.
    pub tab: Option<TabId>,
    /// The name it was given.
    pub name: Option<String>,
    /// The program and its arguments; empty for the shell.
    pub argv: Vec<String>,
    /// The variables set for it alone.
    pub env: Vec<(String, String)>,
    /// The place where it was started.
    pub cwd: String,
    /// The moment when it was made.
    pub created_wall: u64,
    /// The size of its terminal.
    pub size: Size,
    /// The stage of its program in its life.
    pub life: StoredLife,
    /// True if what is typed into other panes is typed here too.
    pub is_synced: bool,
    /// True if its program is to be started again once it has ended.
    pub again: bool,
    /// The line for the shell that reads what it prints.
    pub pipe: Option<String>,
    /// The way it comes back when its program is gone.
    pub revival: StoredRestore,
}

/// The way a pane comes back when its program is gone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StoredRestore {
    /// True if its program has been started again before.
    pub retried: bool,
    /// True if a shell runs in place of its program.
    pub instead: bool,
    /// The program in the foreground of its shell.
    pub runs: Vec<String>,
    /// The program that ran there before it came back.
    pub ran: Vec<String>,
}

/// The stage of a program in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoredLife {
    /// Asked for.
    Starting,
    /// Runs.
    Running(u32),
    /// Is being ended.
    Ending,
    /// Has ended, and the pane stays.
    Ended(ExitStatus),
    /// Is not run before a person says so.
    Held,
}

/// The view of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredView {
    /// The token of the client.
    pub token: u64,
    /// The session it shows.
    pub session: Option<SessionId>,
    /// Sessions it showed before.
    pub history: Vec<SessionId>,
    /// Session, current tab, tab before.
    pub tabs: Vec<(SessionId, TabId, Option<TabId>)>,
    /// Tab, focus, focus before, whether the focus is zoomed.
    pub panes: Vec<(TabId, PaneId, Option<PaneId>, bool)>,
}

/// A structure that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionStateError {
    /// The state was written by another version.
    #[error("the structure has version {0}, this binary reads 3 to {VERSION}")]
    Version(u32),
    /// The state is damaged.
    #[error("the structure is damaged: {0}")]
    Damaged(String),
}

impl SessionState {
    /// As bytes, the version first.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_extend(self, VERSION.to_le_bytes().to_vec()).expect("plain data into memory")
    }

    /// Reads what [`SessionState::encode`] wrote.
    ///
    /// # Errors
    /// [`SessionStateError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, SessionStateError> {
        let damaged = |why: String| SessionStateError::Damaged(why);
        let (version, body) =
            bytes.split_first_chunk().ok_or_else(|| damaged("too short".into()))?;
        match u32::from_le_bytes(*version) {
            VERSION => postcard::from_bytes(body).map_err(|error| damaged(error.to_string())),
            3 => v3::read(body).map_err(|error| damaged(error.to_string())),
            version => Err(SessionStateError::Version(version)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SessionState, SessionStateError};

    #[test]
    fn a_structure_reads_what_it_writes_and_names_what_it_cannot() {
        let structure = SessionState {
            next_ids: [1, 2, 3, 4, 5, 6],
            taken: vec![(7, 8)],
            ..SessionState::default()
        };
        let bytes = structure.encode();
        assert_eq!(SessionState::decode(&bytes), Ok(structure));
        assert!(matches!(
            SessionState::decode(&bytes[..bytes.len() - 1]),
            Err(SessionStateError::Damaged(_))
        ));
        assert_eq!(SessionState::decode(&[9, 0, 0, 0]), Err(SessionStateError::Version(9)));
        assert!(matches!(SessionState::decode(&[]), Err(SessionStateError::Damaged(_))));
    }
}
