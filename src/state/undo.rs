//! Undo of a close: closed items are hidden while their programs run on, and come back to their old
//! place; those whose programs are gone are made anew.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::geom::Rect;
use crate::base::id::{PaneId, SessionId, TabId};
use crate::base::signal::ExitStatus;
use crate::base::text::sanitize;
use crate::base::time::Tick;
use crate::layout::change::Insert;
use crate::layout::solve::{Float, solve};
use crate::layout::tree::{Direction, Tree};
use crate::state::pane::{Pane, ProgramState};
use crate::state::session::Session;
use crate::state::tab::Tab;
use crate::state::target::NAME_MAX;
use crate::state::{Share, State, take};

/// The number of closings that can be brought back at most; the oldest ends when there are more.
pub const CLOSED_MAX: usize = 100;

/// Something that was closed and can be brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedItem {
    /// The time when its programs are ended.
    pub until: Tick,
    /// The session it was of, as that was then.
    pub session: Session,
    /// The pane, tab or session that it was.
    pub what: ClosedContent,
}

/// A pane, tab or session that was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClosedContent {
    /// A pane of a tab that went on.
    Pane(ClosedPane),
    /// A tab of a session that went on, and its place in the tab bar from 0.
    Tab(Tab, usize),
    /// A session with its tabs.
    Session(Vec<Tab>),
}

/// A pane that was closed, and what its tab was like before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedPane {
    /// The pane.
    pub pane: PaneId,
    /// The pane's tab.
    pub tab: TabId,
    /// The layout with it.
    pub before: Tree<PaneId>,
    /// The layout without it.
    pub after: Tree<PaneId>,
    /// The place where it floated, if it did.
    pub float: Option<Rect>,
}

impl ClosedItem {
    /// The id of what was closed.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.what {
            ClosedContent::Pane(closed) => closed.pane.to_string(),
            ClosedContent::Tab(tab, _) => tab.id.to_string(),
            ClosedContent::Session(_) => self.session.id.to_string(),
        }
    }

    /// The panes it holds.
    #[must_use]
    pub fn panes(&self) -> Vec<PaneId> {
        match &self.what {
            ClosedContent::Pane(closed) => vec![closed.pane],
            ClosedContent::Tab(..) | ClosedContent::Session(_) => {
                self.tabs().flat_map(Tab::panes).collect()
            }
        }
    }

    /// The tabs it holds.
    pub fn tabs(&self) -> impl Iterator<Item = &Tab> {
        let tabs = match &self.what {
            ClosedContent::Pane(_) => &[][..],
            ClosedContent::Tab(tab, _) => std::slice::from_ref(tab),
            ClosedContent::Session(tabs) => tabs,
        };
        tabs.iter()
    }

    /// Takes out a pane whose program has ended. Gives whether it still holds something.
    fn lose(&mut self, pane: PaneId) -> bool {
        let keeps = |tab: &mut Tab| !tab.contains(pane) || tab.take(pane).is_some();
        match &mut self.what {
            ClosedContent::Pane(closed) => closed.pane != pane,
            ClosedContent::Tab(tab, _) => keeps(tab),
            ClosedContent::Session(tabs) => {
                tabs.retain_mut(keeps);
                !tabs.is_empty()
            }
        }
    }
}

/// Something that was closed.
#[derive(Debug, PartialEq)]
pub struct ClosedRecord {
    /// The thing that was closed, and its place.
    pub item: ClosedItem,
    /// The panes of it, as far as they are not among those of the state any more.
    pub panes: Vec<Pane>,
}

/// Work for the edge about things that were closed.
#[derive(Debug, PartialEq)]
pub enum UndoChange {
    /// Keep what is left of it.
    Keep(Box<ClosedRecord>),
    /// Drop what was kept, because the thing is back. The name that [`ClosedItem::name`] gave.
    Back(String),
}

/// A pane, tab or session that was brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reopened {
    /// `pane`, `tab` or `session`.
    pub noun: &'static str,
    /// The session.
    pub session: SessionId,
    /// The tab; of a session the one that was shown last.
    pub tab: TabId,
    /// The pane; of a tab the one that had the focus.
    pub pane: PaneId,
}

impl State {
    /// Hides a pane, or its tab or session if it is the last one there. Nothing happens to one that
    /// is hidden or being ended.
    pub fn hide_pane_for_undo(&mut self, pane: PaneId, until: Tick) {
        let Some(tab) = self.pane(pane).tab else { return };
        let entry = self.tab(tab);
        if entry.panes().len() == 1 {
            return self.hide_tab_for_undo(tab, until);
        }
        let (before, float) = (entry.layout.clone(), entry.float(pane));
        let session = self.session(entry.session).clone();
        self.take_out(pane);
        let after = self.tab(tab).layout.clone();
        self.remember_closed(ClosedItem {
            until,
            session,
            what: ClosedContent::Pane(ClosedPane { pane, tab, before, after, float }),
        });
    }

    /// Hides a tab, or its session if it is the last one there.
    pub fn hide_tab_for_undo(&mut self, id: TabId, until: Tick) {
        let tab = self.tab(id).clone();
        let session = self.session(tab.session).clone();
        if session.tabs.len() == 1 {
            return self.hide_session_for_undo(session.id, until);
        }
        let at = session.tabs.iter().position(|other| *other == id).unwrap_or(0);
        self.hide_panes(&tab);
        self.remove_tab(id);
        self.remember_closed(ClosedItem { until, session, what: ClosedContent::Tab(tab, at) });
    }

    /// Hides a session.
    pub fn hide_session_for_undo(&mut self, id: SessionId, until: Tick) {
        let session = self.session(id).clone();
        let mut tabs = Vec::new();
        for tab in &session.tabs {
            let Some(tab) = self.tabs.remove(tab) else { continue };
            self.hide_panes(&tab);
            for at in self.everywhere() {
                at.panes.remove(&tab.id);
            }
            tabs.push(Tab { driver: None, ..tab });
        }
        let left = self.pending_work.clients_without_session.len();
        self.remove_session(id);
        for client in &mut self.pending_work.clients_without_session[left..] {
            client.is_closed = true;
        }
        self.remember_closed(ClosedItem {
            until,
            session: Session { last_status: None, ..session },
            what: ClosedContent::Session(tabs),
        });
    }

    fn remember_closed(&mut self, mut item: ClosedItem) {
        if let ClosedContent::Tab(tab, _) = &mut item.what {
            tab.driver = None;
        }
        for pane in item.panes() {
            let marks = &mut self.pane_mut(pane).marks;
            (marks.bell, marks.activity, marks.chosen) = (false, false, false);
        }
        self.pending_work.closed.push(UndoChange::Keep(Box::new(ClosedRecord {
            item: item.clone(),
            panes: Vec::new(),
        })));
        self.closed_items.push(item);
        self.version += 1;
    }

    fn hide_panes(&mut self, tab: &Tab) {
        for pane in tab.panes() {
            self.pane_mut(pane).tab = None;
        }
    }

    /// True if a pane is hidden and can be brought back.
    #[must_use]
    pub fn is_closed(&self, pane: PaneId) -> bool {
        self.closed_items.iter().any(|item| item.panes().contains(&pane))
    }

    /// A pane whose program has ended, or is to be ended for good, cannot be brought back.
    pub(super) fn drop_closed(&mut self, pane: PaneId) {
        self.closed_items.retain_mut(|item| item.lose(pane));
    }

    /// The panes whose time is over, and the sessions among what was closed.
    #[must_use]
    pub fn overdue_closed(&self, now: Tick) -> (Vec<PaneId>, BTreeSet<SessionId>) {
        let surplus = self.closed_items.len().saturating_sub(CLOSED_MAX);
        let is_over = |(at, item): &(usize, &ClosedItem)| *at < surplus || item.until <= now;
        let over = || self.closed_items.iter().enumerate().filter(is_over).map(|(_, item)| item);
        let is_session = |item: &&ClosedItem| matches!(item.what, ClosedContent::Session(_));
        let sessions = over().filter(is_session).map(|item| item.session.id).collect();
        (over().flat_map(ClosedItem::panes).collect(), sessions)
    }

    /// Brings back what was closed last, to where it was as far as that is still there; none if
    /// nothing is left.
    pub fn undo_close(&mut self) -> Option<Reopened> {
        let item = self.closed_items.pop()?;
        self.pending_work.closed.push(UndoChange::Back(item.name()));
        Some(self.restore_closed(item))
    }

    /// Something that was closed is shown again.
    pub(super) fn restore_closed(
        &mut self,
        ClosedItem { session, what, .. }: ClosedItem,
    ) -> Reopened {
        self.version += 1;
        match what {
            ClosedContent::Pane(closed) => {
                let (pane, tab) = (closed.pane, self.bring_pane(closed, session));
                Reopened { noun: "pane", session: self.tab(tab).session, tab, pane }
            }
            ClosedContent::Tab(tab, at) => {
                let (id, pane) = (tab.id, tab.focus);
                let session = self.bring_tab(tab, at, session);
                Reopened { noun: "tab", session, tab: id, pane }
            }
            ClosedContent::Session(tabs) => {
                let current = tabs.iter().find(|tab| tab.id == session.current).unwrap_or(&tabs[0]);
                let (tab, pane) = (current.id, current.focus);
                let session = self.bring_session(tabs, session);
                Reopened { noun: "session", session, tab, pane }
            }
        }
    }

    /// A pane comes back into its tab, or into a new one where that is gone.
    fn bring_pane(&mut self, closed: ClosedPane, session: Session) -> TabId {
        let pane = closed.pane;
        if let Some(tab) = self.tabs.get_mut(&closed.tab)
            && put_back(tab, closed)
        {
            let (id, session) = (tab.id, tab.session);
            let entry = self.pane_mut(pane);
            (entry.tab, entry.session) = (Some(id), session);
            self.rearranged(id);
            return id;
        }
        let id = TabId(take(&mut self.next_ids.tab));
        let tab = Tab::new(id, session.id, pane, session.size);
        self.bring_tab(tab, usize::MAX, session);
        id
    }

    /// A tab comes back into its session, or with it where that is gone.
    fn bring_tab(&mut self, mut tab: Tab, at: usize, session: Session) -> SessionId {
        let Some(home) = self.sessions.get_mut(&session.id) else {
            return self.bring_session(vec![tab], session);
        };
        let (id, session) = (tab.id, home.id);
        home.tabs.insert(at.min(home.tabs.len()), id);
        tab.session = session;
        self.show_panes(&tab);
        self.tabs.insert(id, tab);
        self.pending_work.resize.insert(id);
        self.changed(session);
        session
    }

    /// A session comes back under its name, or one with a number after it where that is taken.
    fn bring_session(&mut self, tabs: Vec<Tab>, mut session: Session) -> SessionId {
        let id = session.id;
        let free = |name: &String| self.session_named(name).is_none();
        let stem = sanitize(&session.name, NAME_MAX - 8);
        let mut names = std::iter::once(session.name.clone())
            .chain((2..).map(|number| format!("{stem}-{number}")));
        session.name = names.find(free).expect("there are more numbers than sessions");
        session.tabs = tabs.iter().map(|tab| tab.id).collect();
        session.shown_before.clear();
        if !session.tabs.contains(&session.current) {
            session.current = session.tabs[0];
        }
        session.used = take(&mut self.next_ids.used);
        self.sessions.insert(id, session);
        for tab in tabs {
            self.show_panes(&tab);
            self.pending_work.resize.insert(tab.id);
            self.tabs.insert(tab.id, tab);
        }
        self.changed(id);
        id
    }

    fn show_panes(&mut self, tab: &Tab) {
        for pane in tab.panes() {
            let entry = self.pane_mut(pane);
            (entry.tab, entry.session) = (Some(tab.id), tab.session);
        }
    }
}

/// Puts a pane where it was in its tab: exactly there if nothing changed since, else beside one
/// that was beside it. Gives whether there was room.
fn put_back(tab: &mut Tab, closed: ClosedPane) -> bool {
    let ClosedPane { pane, before, after, float, .. } = closed;
    tab.preset = None;
    if let Some(rect) = float {
        tab.floats.push(Float { pane, rect });
        tab.hides_floats = false;
        return true;
    }
    let rest = || before.panes().into_iter().filter(|other| *other != pane);
    if tab.layout == after && rest().eq(after.panes()) {
        tab.layout = before;
        return true;
    }
    let rects = solve(&before, Rect::new(0, 0, tab.area), Some(pane));
    let own =
        rects.iter().find(|(other, _)| *other == pane).map_or(Rect::default(), |(_, rect)| *rect);
    let panes = before.panes();
    let at = panes.iter().position(|other| *other == pane).unwrap_or(0);
    // From the one before it outwards.
    let nearest =
        panes[..at].iter().rev().chain(&panes[at + 1..]).find(|other| tab.layout.contains(**other));
    let beside = nearest.copied().unwrap_or(tab.layout.panes()[0]);
    let other =
        rects.iter().find(|(other, _)| *other == beside).map_or(Rect::default(), |(_, rect)| *rect);
    let (side, len) = match (other.y == own.y, other.x < own.x, other.y < own.y) {
        (true, true, _) => (Direction::Right, own.cols),
        (true, false, _) => (Direction::Left, own.cols),
        (false, _, true) => (Direction::Down, own.rows),
        (false, _, false) => (Direction::Up, own.rows),
    };
    let insert = Insert { new: pane, beside, side, share: Share::Cells(len.max(1)) };
    let crossways = Insert {
        side: if own.cols == len { Direction::Down } else { Direction::Right },
        share: Share::Half,
        ..insert
    };
    tab.layout.insert(insert, tab.area).or_else(|_| tab.layout.insert(crossways, tab.area)).is_ok()
}

impl State {
    /// The item as which a pane whose program ended by itself is to come back. None for a pane that
    /// never ran or that popped up, or where it was ended from outside, as all are when a machine
    /// goes down.
    pub(super) fn closed_by_end(&self, id: PaneId, status: ExitStatus) -> Option<ClosedItem> {
        let pane = self.pane(id);
        let tab = self.tab(pane.tab?);
        if !matches!(pane.life, ProgramState::Running { .. })
            || status.is_from_outside()
            || tab.modal == Some(id)
        {
            return None;
        }
        let session = self.session(tab.session).clone();
        let (mut rest, closed) = (tab.clone(), Tab { driver: None, ..tab.clone() });
        let what = match (rest.take(id), session.tabs.len()) {
            (Some(_), _) => {
                let (before, after) = (closed.layout, rest.layout);
                ClosedContent::Pane(ClosedPane {
                    pane: id,
                    tab: rest.id,
                    before,
                    after,
                    float: tab.float(id),
                })
            }
            (None, 1) => ClosedContent::Session(vec![closed]),
            (None, _) => {
                let at = session.tabs.iter().position(|other| *other == closed.id).unwrap_or(0);
                ClosedContent::Tab(closed, at)
            }
        };
        Some(ClosedItem { until: Tick::default(), session, what })
    }

    /// Makes something anew that was closed: `former` holds its grave and panes. Gives where it is
    /// and what its panes are now; none if it contradicts itself.
    pub fn reopen(
        &mut self,
        mut former: Self,
        wall: u64,
    ) -> Option<(Reopened, BTreeMap<PaneId, PaneId>)> {
        let mut item = former.closed_items.pop()?;
        let mut closed = item.panes();
        closed.sort_unstable();
        if closed.is_empty() || !former.panes.keys().eq(&closed) {
            return None;
        }
        let panes: BTreeMap<PaneId, PaneId> =
            closed.into_iter().map(|id| (id, PaneId(take(&mut self.next_ids.pane)))).collect();
        let pane = |id: PaneId| panes.get(&id).copied().unwrap_or(id);
        self.find_home(&mut item);
        let (home, mut current) = (item.session.id, item.session.current);
        match &mut item.what {
            ClosedContent::Pane(closed) => {
                closed.pane = pane(closed.pane);
                closed.before = closed.before.map(&pane);
            }
            ClosedContent::Tab(tab, _) => self.renew(tab, home, &pane, &mut current),
            ClosedContent::Session(tabs) => {
                for tab in tabs {
                    self.renew(tab, home, &pane, &mut current);
                }
            }
        }
        item.session.current = current;
        for former in former.panes.into_values() {
            let id = panes[&former.id];
            self.panes.insert(
                id,
                Pane { id, session: item.session.id, tab: None, created_wall: wall, ..former },
            );
        }
        Some((self.restore_closed(item), panes))
    }

    /// The session that something is to come back to: the very same, else the one of its name. If
    /// there is none it gets an id that is free.
    fn find_home(&mut self, item: &mut ClosedItem) {
        let was = &item.session;
        let is_same = |other: &&Session| {
            other.created_wall == was.created_wall && (other.id == was.id || other.name == was.name)
        };
        let same = self.sessions.values().find(is_same).map(|session| session.id);
        let of_that_name = || self.session_named(&was.name).map(|session| session.id);
        let home = if matches!(item.what, ClosedContent::Session(_)) {
            None
        } else {
            same.or_else(of_that_name)
        };
        item.session.id = home.unwrap_or_else(|| SessionId(take(&mut self.next_ids.session)));
        if let ClosedContent::Pane(closed) = &mut item.what
            && self.tabs.get(&closed.tab).is_none_or(|tab| Some(tab.session) != same)
        {
            closed.tab = TabId(take(&mut self.next_ids.tab));
        }
    }

    /// A tab gets its session and panes as they are now, and another id if its own is taken.
    fn renew(
        &mut self,
        tab: &mut Tab,
        home: SessionId,
        pane: &impl Fn(PaneId) -> PaneId,
        current: &mut TabId,
    ) {
        let is_taken = self.tabs.contains_key(&tab.id)
            || self.closed_items.iter().flat_map(ClosedItem::tabs).any(|other| other.id == tab.id);
        if is_taken || self.next_ids.tab <= tab.id.0 {
            let id = TabId(take(&mut self.next_ids.tab));
            if *current == tab.id {
                *current = id;
            }
            tab.id = id;
        }
        (tab.session, tab.layout) = (home, tab.layout.map(pane));
        tab.floats = tab
            .floats
            .iter()
            .map(|float| Float { pane: pane(float.pane), rect: float.rect })
            .collect();
        (tab.modal, tab.focus, tab.driver) = (tab.modal.map(pane), pane(tab.focus), None);
        tab.focused_before.clear();
    }
}
