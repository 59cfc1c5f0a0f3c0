//! The nouns and their verbs: sessions, tabs, panes, views, and the invariants that hold between
//! them. No I/O, no clock.

pub mod adopt;
pub mod alerts;
pub mod buffer;
pub mod call;
mod check;
pub mod command;
pub mod command_effect;
pub mod effect;
pub mod env;
pub mod exec_queue;
pub mod export;
pub mod float;
pub mod host;
pub mod import;
pub mod name;
pub mod pane;
mod pane_placement;
pub mod plan;
pub mod reopen;
pub mod search;
pub mod session;
pub mod shape;
pub mod shell_history;
pub mod tab;
pub mod target;
pub mod undo;
pub mod view;

use std::collections::{BTreeMap, BTreeSet};

pub use crate::layout::change::Share;
pub use crate::layout::preset::Preset;
pub use crate::layout::tree::Direction;

use crate::base::exit::ExitStatus;
use crate::base::id::{CallId, ClientId, PaneId, SessionId, TabId};
use crate::base::time::Tick;
use crate::state::buffer::Buffers;
use crate::state::call::OpenCall;
use crate::state::command::Commands;
use crate::state::effect::StartDir;
use crate::state::pane::Pane;
use crate::state::session::Session;
use crate::state::shell_history::ShellHistory;
use crate::state::tab::Tab;
use crate::state::undo::{ClosedItem, UndoChange};
use crate::state::view::{DetachedView, View, ViewState};

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
    pub detached_views: Vec<DetachedView>,
    /// Commands, and the turns of session shells.
    pub commands: Commands,
    /// Commands typed at the prompts of panes' shells.
    pub shell_history: ShellHistory,
    /// What was closed and can be brought back for a while, the latest last.
    pub closed_items: Vec<ClosedItem>,
    /// Until when programs that were ended from outside may have been ended because the machine
    /// goes down.
    pub shutdown_suspected_until: Option<Tick>,
    /// Panes that show what they showed before a reboot, and go on from there when their program
    /// runs.
    pub restored_panes: BTreeSet<PaneId>,
    /// Paste buffers.
    pub buffers: Buffers,
    /// Calls that are answered later.
    pub calls: BTreeMap<CallId, OpenCall>,
    /// Whether the server is about to leave; calls are refused then.
    pub leaving: Option<Leaving>,
    /// What the step leaves to its end.
    pub pending_work: PendingWork,
}

/// How the server leaves, as soon as all programs that are being ended have ended and every call is
/// answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leaving {
    /// For good.
    Stop,
    /// To be replaced; programs and clients stay.
    Restart,
    /// The same, by another program: its path.
    Upgrade(String),
}

/// What a step leaves to its end, when everything is where it belongs. Empty between steps.
#[derive(Debug, Default)]
pub struct PendingWork {
    /// Tabs whose panes may have to have another size.
    pub resize: BTreeSet<TabId>,
    /// Panes whose program is to be started, with the places it may start in.
    pub start: Vec<(PaneId, Vec<StartDir>)>,
    /// Clients whose session ended and that have no other.
    pub clients_without_session: Vec<ClientWithoutSession>,
    /// Whether all that outlives a reboot is to go to disk now.
    pub save: bool,
    /// What was closed, and what of that is back. The edge takes it after each step.
    pub closed: Vec<UndoChange>,
}

/// A client whose session ended and that has no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientWithoutSession {
    /// The client.
    pub client: ClientId,
    /// The name of the session.
    pub session: String,
    /// How its last program ended; none if it was ended by a call.
    pub status: Option<ExitStatus>,
    /// Whether the session was closed and can be brought back.
    pub is_closed: bool,
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

impl State {
    /// What every view shows, those of clients that are gone included.
    fn everywhere(&mut self) -> impl Iterator<Item = &mut ViewState> {
        self.views
            .values_mut()
            .map(|view| &mut view.at)
            .chain(self.detached_views.iter_mut().map(|detached| &mut detached.at))
    }
}

/// The number in `next`, which then is the following one.
const fn take(next: &mut u64) -> u64 {
    let number = *next;
    *next += 1;
    number
}
