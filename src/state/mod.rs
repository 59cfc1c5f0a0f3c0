//! The nouns and their verbs: sessions, tabs, panes, views, and the invariants that hold between them. No I/O, no clock.

pub mod call;
pub mod effect;

use std::collections::BTreeMap;

use crate::base::geom::Size;
use crate::base::id::{CallId, ClientId, PaneId, SessionId, TabId};
use crate::base::time::{Now, Tick};
use crate::state::call::Open;

/// Everything the server knows, apart from handles.
#[derive(Debug, Default)]
pub struct State {
    /// Grows by one with every change of what is kept over a restart of the server.
    pub version: u64,
    /// The next number of each kind of id.
    pub next_ids: NextIds,
    /// Sessions by id; ids grow, so this is the order of creation.
    pub sessions: BTreeMap<SessionId, Session>,
    /// Tabs of all sessions.
    pub tabs: BTreeMap<TabId, Tab>,
    /// Panes of all tabs, and those that are being ended.
    pub panes: BTreeMap<PaneId, Pane>,
    /// What each attached client looks at.
    pub views: BTreeMap<ClientId, View>,
    /// Calls that are answered later.
    pub calls: BTreeMap<CallId, Open>,
}
