//! The nouns and their verbs: sessions, tabs, panes, views, and the invariants that hold between
//! them. No I/O, no clock.
//!
//! Each file is a noun with all that can be done to it. Whatever is to happen outside is an
//! `effect` or a `command_effect`; a call that is answered later is in `call`. An empty target is
//! refused: it is most often an unset variable of a script.
//!
//! `action` applies the verbs and `core` alone owns the [`State`]; `server` reads it. Tests: beside
//! the code, `tests/it/core_model`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use crate::base::id::{CallId, ClientId, PaneId, SessionId, TabId};
use crate::base::signal::ExitStatus;
use crate::base::time::Tick;
pub use crate::layout::change::Share;
pub use crate::layout::preset::Preset;
pub use crate::layout::tree::Direction;
use crate::state::buffer::Buffers;
use crate::state::call::{OpenCall, Pending};
use crate::state::command::Commands;
use crate::state::effect::StartDir;
use crate::state::pane::{Pane, ProgramState};
use crate::state::session::Session;
use crate::state::shell_history::ShellHistory;
use crate::state::tab::Tab;
use crate::state::target::check_name;
use crate::state::undo::{ClosedItem, UndoChange};
use crate::state::view::{DetachedView, RESUMABLE_MAX, View, ViewState};

pub mod buffer;
pub mod call;
pub mod command;
pub mod command_effect;
pub mod effect;
pub mod env;
pub mod export;
pub mod host;
pub mod pane;
pub mod search;
pub mod session;
pub mod shell_history;
pub mod tab;
pub mod target;
pub mod undo;
pub mod view;

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
    /// The view of each attached client.
    pub views: BTreeMap<ClientId, View>,
    /// The views of clients that are gone, the latest last.
    pub detached_views: Vec<DetachedView>,
    /// Commands, and the turns of session shells.
    pub commands: Commands,
    /// Commands typed at the prompts of panes' shells.
    pub shell_history: ShellHistory,
    /// Things that were closed and can be brought back for a while, the latest last.
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
    /// True if the server is about to leave; calls are refused then.
    pub leaving: Option<Leaving>,
    /// The work that the step leaves to its end.
    pub pending_work: PendingWork,
}

/// The way the server leaves, as soon as all programs that are being ended have ended and every
/// call is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leaving {
    /// For good.
    Stop,
    /// To be replaced; programs and clients stay.
    Restart,
    /// The same, by another program: its path.
    Upgrade(String),
}

/// The work that a step leaves to its end, when everything is where it belongs. Empty between
/// steps.
#[derive(Debug, Default)]
pub struct PendingWork {
    /// Tabs whose panes may have to have another size.
    pub resize: BTreeSet<TabId>,
    /// Panes whose program is to be started, with the places it may start in.
    pub start: Vec<(PaneId, Vec<StartDir>)>,
    /// Clients whose session ended and that have no other.
    pub clients_without_session: Vec<ClientWithoutSession>,
    /// True if all that outlives a reboot is to go to disk now.
    pub save: bool,
    /// Things that were closed, or are back. The edge takes them after each step.
    pub closed: Vec<UndoChange>,
}

/// A client whose session ended and that has no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientWithoutSession {
    /// The client.
    pub client: ClientId,
    /// The name of the session.
    pub session: String,
    /// The end of its last program; none if it was ended by a call.
    pub status: Option<ExitStatus>,
    /// True if the session was closed and can be brought back.
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
    /// The state of every view, those of clients that are gone included.
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

impl State {
    /// Looks whether all invariants hold.
    ///
    /// # Errors
    /// The first one that does not, in words.
    pub fn check(&self) -> Result<(), String> {
        self.check_sessions()?;
        self.check_tabs()?;
        self.check_panes()?;
        for view in self.views.values() {
            self.check_view_state(&view.at)
                .map_err(|why| format!("view {}: {why}", view.client))?;
            that(view.at.session.is_none() || view.focus().is_some(), || {
                (view.client, "shows a session without a tab or a focus")
            })?;
        }
        for detached in &self.detached_views {
            self.check_view_state(&detached.at)
                .map_err(|why| format!("former view {}: {why}", detached.token))?;
        }
        that(self.detached_views.len() <= RESUMABLE_MAX, || "too many former views")?;
        self.check_calls()?;
        let pending_work = &self.pending_work;
        that(
            pending_work.resize.is_empty()
                && pending_work.start.is_empty()
                && pending_work.clients_without_session.is_empty(),
            || "something was left to do",
        )
    }

    fn check_sessions(&self) -> Result<(), String> {
        let mut names = BTreeSet::new();
        for (id, session) in &self.sessions {
            that(session.id == *id && id.0 < self.next_ids.session, || (id, "has the wrong id"))?;
            that(names.insert(&session.name), || (id, "shares its name"))?;
            check_name(&session.name).map_err(|refusal| refusal.message)?;
            that(session.tabs.contains(&session.current), || (id, "has no current tab"))?;
            let before = &session.shown_before;
            that(
                before.iter().all(|tab| session.tabs.contains(tab) && *tab != session.current),
                || (id, "showed a foreign tab"),
            )?;
            let distinct: BTreeSet<&TabId> = session.tabs.iter().collect();
            that(distinct.len() == session.tabs.len(), || (id, "has a tab twice"))?;
            that(
                session
                    .tabs
                    .iter()
                    .all(|tab| self.tabs.get(tab).is_some_and(|tab| tab.session == *id)),
                || (id, "has a foreign tab"),
            )?;
        }
        Ok(())
    }

    fn check_tabs(&self) -> Result<(), String> {
        for (id, tab) in &self.tabs {
            that(tab.id == *id && id.0 < self.next_ids.tab, || (id, "has the wrong id"))?;
            that(
                self.sessions.get(&tab.session).is_some_and(|session| session.tabs.contains(id)),
                || (id, "is in no session"),
            )?;
            let panes = tab.panes();
            let distinct: BTreeSet<_> = panes.iter().collect();
            that(distinct.len() == panes.len(), || (id, "has a pane twice"))?;
            that(tab.layout.is_normal(), || (id, "has a layout that is not normal"))?;
            that(panes.contains(&tab.focus), || (id, "focuses a foreign pane"))?;
            that(tab.modal.is_none_or(|pane| panes.contains(&pane)), || {
                (id, "has a foreign popup")
            })?;
            that(
                tab.focused_before.iter().all(|pane| panes.contains(pane) && *pane != tab.focus),
                || (id, "focused a foreign pane"),
            )?;
            that(
                panes
                    .iter()
                    .all(|pane| self.panes.get(pane).is_some_and(|pane| pane.tab == Some(*id))),
                || (id, "has a foreign pane"),
            )?;
            that(tab.driver.is_none_or(|driver| self.views.contains_key(&driver)), || {
                (id, "is driven by a view that is gone")
            })?;
        }
        Ok(())
    }

    fn check_panes(&self) -> Result<(), String> {
        let closed = self.check_graves()?;
        for (id, pane) in &self.panes {
            that(pane.id == *id && id.0 < self.next_ids.pane, || (id, "has the wrong id"))?;
            that(
                pane.tab.is_some() || pane.life == ProgramState::Ending || closed.contains(id),
                || (id, "is nowhere"),
            )?;
            that(pane.tab.is_none() || pane.life != ProgramState::Ending || pane.again, || {
                (id, "is there and ends")
            })?;
            that(pane.size == pane.size.clamped() && pane.screen.size() == pane.size, || {
                (id, "has two sizes")
            })?;
            let Some(tab) = pane.tab else { continue };
            let there = self
                .tabs
                .get(&tab)
                .is_some_and(|tab| tab.contains(*id) && tab.session == pane.session);
            that(there, || (id, "is not in the layout of its tab"))?;
        }
        Ok(())
    }

    /// Checks that buried things are nowhere else. Gives their panes.
    fn check_graves(&self) -> Result<BTreeSet<PaneId>, String> {
        let mut closed = BTreeSet::new();
        for item in &self.closed_items {
            let panes = item.panes();
            that(!panes.is_empty(), || "a grave is empty")?;
            for pane in panes {
                that(closed.insert(pane), || (pane, "is buried twice"))?;
                that(self.panes.get(&pane).is_some_and(|pane| pane.tab.is_none()), || {
                    (pane, "is buried and not, or gone")
                })?;
            }
            that(
                item.tabs().all(|tab| !self.tabs.contains_key(&tab.id)),
                || "a tab is buried and not",
            )?;
        }
        Ok(closed)
    }

    fn check_view_state(&self, at: &ViewState) -> Result<(), String> {
        let distinct: BTreeSet<&SessionId> = at.history.iter().chain(&at.session).collect();
        that(
            distinct.len() == at.history.len() + usize::from(at.session.is_some()),
            || "a session twice",
        )?;
        that(
            distinct.iter().all(|session| self.sessions.contains_key(session)),
            || "a session that is gone",
        )?;
        for (session, choice) in &at.tabs {
            let there = self.sessions.get(session).map(|session| &session.tabs);
            that(there.is_some_and(|tabs| tabs.contains(&choice.current)), || {
                (session, "shows a foreign tab")
            })?;
            let last_there = choice.last.is_none_or(|last| {
                there.is_some_and(|tabs| tabs.contains(&last)) && last != choice.current
            });
            that(last_there, || (session, "showed a foreign tab"))?;
        }
        for (tab, choice) in &at.panes {
            let there = self.tabs.get(tab);
            that(there.is_some_and(|tab| tab.contains(choice.focus)), || {
                (tab, "focuses a foreign pane")
            })?;
            let last_there = choice.last.is_none_or(|last| {
                there.is_some_and(|tab| tab.contains(last)) && last != choice.focus
            });
            that(last_there, || (tab, "focused a foreign pane"))?;
        }
        that(
            at.session.is_none_or(|session| at.tabs.contains_key(&session)),
            || "a session is shown without a tab",
        )
    }

    fn check_calls(&self) -> Result<(), String> {
        for (id, open) in &self.calls {
            let there = match &open.pending {
                Pending::Text { pane, .. }
                | Pending::Idle { pane, .. }
                | Pending::Prompt { pane }
                | Pending::Status { pane, .. }
                | Pending::Exit { pane } => self.panes.contains_key(pane),
                Pending::Start { pane, .. } | Pending::Send { pane, .. } => {
                    self.panes.contains_key(pane)
                }
                Pending::InPane(wait) => self.panes.contains_key(&wait.pane),
                Pending::Stop { panes, .. } => {
                    !panes.is_empty() && panes.iter().all(|pane| self.panes.contains_key(pane))
                }
                Pending::Forwarded { client } => self.views.contains_key(client),
                Pending::Command(_) | Pending::Search(_) | Pending::Upgrade => true,
            };
            that(there, || (id, "waits for something that is gone"))?;
        }
        Ok(())
    }
}

fn that<W: Debug>(holds: bool, why: impl FnOnce() -> W) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("{:?}", why())) }
}
