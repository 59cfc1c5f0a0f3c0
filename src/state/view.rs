//! A view: what one client looks at. What survives the client's connection is kept apart as its [`Whereabouts`].

use std::collections::BTreeMap;

use crate::base::geom::Size;
use crate::base::id::{ClientId, PaneId, SessionId, TabId};
use crate::base::time::Tick;

/// What an attached client looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The client.
    pub client: ClientId,
    /// Who it is, over reconnects.
    pub token: u64,
    /// What of the world it shows.
    pub at: Whereabouts,
    /// The size of its terminal.
    pub size: Size,
    /// A cell in pixels, 0 where unknown.
    pub cell_pixels: (u16, u16),
    /// Whether it only watches.
    pub read_only: bool,
    /// Whether its terminal has the focus.
    pub focused: bool,
    /// When it was connected, in milliseconds since 1970.
    pub connected_wall: u64,
    /// When it sent input last.
    pub last_input: Tick,
    /// Grows over all views with each input: the highest drives. Ticks can be equal, this cannot.
    pub used: u64,
    /// The working directory of the client.
    pub cwd: String,
    /// The environment of the client.
    pub env: Vec<(String, String)>,
}

/// What of the world a view shows: kept for a while when its client is gone, and over a restart of the server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Whereabouts {
    /// The session it shows.
    pub session: Option<SessionId>,
    /// Sessions it showed before, the latest last, each once.
    pub history: Vec<SessionId>,
    /// Which tab of a session it shows.
    pub tabs: BTreeMap<SessionId, TabChoice>,
    /// Which pane of a tab it focuses.
    pub panes: BTreeMap<TabId, PaneChoice>,
}

/// Which tab of a session a view shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TabChoice {
    /// The tab.
    pub current: TabId,
    /// The one before.
    pub last: Option<TabId>,
}

/// Which pane of a tab a view focuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaneChoice {
    /// The pane.
    pub focus: PaneId,
    /// The one before.
    pub last: Option<PaneId>,
    /// Whether the focus fills the tab.
    pub zoomed: bool,
}

/// The place of a client that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parted {
    /// Who it was.
    pub token: u64,
    /// What it showed.
    pub at: Whereabouts,
}
