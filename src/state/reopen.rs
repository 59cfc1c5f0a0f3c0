//! What is left of what was closed, or whose program ended: enough to make it anew when its
//! programs are gone.

use std::collections::BTreeMap;

use crate::base::exit::ExitStatus;
use crate::base::id::{PaneId, SessionId, TabId};
use crate::base::time::Tick;
use crate::layout::float::Float;
use crate::state::pane::{Pane, ProgramState};
use crate::state::session::Session;
use crate::state::tab::Tab;
use crate::state::undo::{ClosedContent, ClosedItem, ClosedPane, Reopened};
use crate::state::{State, take};

impl State {
    /// What a pane whose program ended by itself is to come back as. Nothing of one that never ran
    /// or that popped up, or where it was ended from outside, as all are when a machine goes down.
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
                tabs.iter_mut().for_each(|tab| self.renew(tab, home, &pane, &mut current))
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
    }
}
