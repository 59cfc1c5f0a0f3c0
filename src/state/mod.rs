//! The nouns and their verbs: sessions, tabs, panes, views, and the invariants that hold between them. No I/O, no clock.

pub mod call;
pub mod effect;
pub mod pane;
pub mod session;
pub mod tab;
pub mod target;
pub mod view;

use std::collections::BTreeMap;

use crate::base::id::{CallId, ClientId, PaneId, SessionId, TabId};
use crate::state::call::Open;
use crate::state::pane::Pane;
use crate::state::session::Session;
use crate::state::tab::Tab;
use crate::state::view::{Parted, View};

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
    /// What clients that are gone looked at, the latest last.
    pub parted: Vec<Parted>,
    /// Calls that are answered later.
    pub calls: BTreeMap<CallId, Open>,
}

/// The next number of each kind of id. Numbers are never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextIds {
    /// Of sessions.
    pub session: u64,
    /// Of tabs.
    pub tab: u64,
    /// Of panes.
    pub pane: u64,
    /// Of clients.
    pub client: u64,
    /// Of calls.
    pub call: u64,
    /// Of uses: what orders sessions and views by their last use.
    pub used: u64,
}

impl Default for NextIds {
    fn default() -> Self {
        Self { session: 1, tab: 1, pane: 1, client: 1, call: 1, used: 1 }
    }
}
