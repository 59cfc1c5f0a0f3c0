//! What is left of what was closed, or whose program ended: enough to make it anew when its
//! programs are gone.

use std::collections::BTreeMap;

use crate::base::exit::ExitStatus;
use crate::base::id::{PaneId, SessionId, TabId};
use crate::base::time::Tick;
use crate::layout::float::Float;
use crate::state::grave::{Buried, BuriedPane, Grave, Reopened};
use crate::state::pane::{Life, Pane};
use crate::state::session::Session;
use crate::state::tab::Tab;
use crate::state::{State, take};

impl State {
    /// What a pane whose program ended by itself is to come back as. Nothing of one that never ran
    /// or that popped up, or where it was ended from outside, as all are when a machine goes down.
    pub(super) fn remains(&self, id: PaneId, status: ExitStatus) -> Option<Grave> {
        let pane = self.pane(id);
        let tab = self.tab(pane.tab?);
        if !matches!(pane.life, Life::Running { .. })
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
                Buried::Pane(BuriedPane {
                    pane: id,
                    tab: rest.id,
                    before,
                    after,
                    float: tab.float(id),
                })
            }
            (None, 1) => Buried::Session(vec![closed]),
            (None, _) => {
                let at = session.tabs.iter().position(|other| *other == closed.id).unwrap_or(0);
                Buried::Tab(closed, at)
            }
        };
        Some(Grave { until: Tick::default(), session, what })
    }

    /// Makes something anew that was closed: `former` holds its grave and panes. Gives where it is
    /// and what its panes are now; none if it contradicts itself.
    pub fn reopen(
        &mut self,
        mut former: Self,
        wall: u64,
    ) -> Option<(Reopened, BTreeMap<PaneId, PaneId>)> {
        let mut grave = former.graves.pop()?;
        let mut closed = grave.panes();
        closed.sort_unstable();
        if closed.is_empty() || !former.panes.keys().eq(&closed) {
            return None;
        }
        let panes: BTreeMap<PaneId, PaneId> =
            closed.into_iter().map(|id| (id, PaneId(take(&mut self.next_ids.pane)))).collect();
        let pane = |id: PaneId| panes.get(&id).copied().unwrap_or(id);
        self.find_home(&mut grave);
        let (home, mut current) = (grave.session.id, grave.session.current);
        match &mut grave.what {
            Buried::Pane(buried) => {
                buried.pane = pane(buried.pane);
                buried.before = buried.before.map(&pane);
            }
            Buried::Tab(tab, _) => self.renew(tab, home, &pane, &mut current),
            Buried::Session(tabs) => {
                tabs.iter_mut().for_each(|tab| self.renew(tab, home, &pane, &mut current))
            }
        }
        grave.session.current = current;
        for former in former.panes.into_values() {
            let id = panes[&former.id];
            self.panes.insert(
                id,
                Pane { id, session: grave.session.id, tab: None, created_wall: wall, ..former },
            );
        }
        Some((self.raise(grave), panes))
    }

    /// The session that something is to come back to: the very same, else the one of its name. If
    /// there is none it gets an id that is free.
    fn find_home(&mut self, grave: &mut Grave) {
        let was = &grave.session;
        let is_same = |other: &&Session| {
            other.created_wall == was.created_wall && (other.id == was.id || other.name == was.name)
        };
        let same = self.sessions.values().find(is_same).map(|session| session.id);
        let of_that_name = || self.session_named(&was.name).map(|session| session.id);
        let home = if matches!(grave.what, Buried::Session(_)) {
            None
        } else {
            same.or_else(of_that_name)
        };
        grave.session.id = home.unwrap_or_else(|| SessionId(take(&mut self.next_ids.session)));
        if let Buried::Pane(buried) = &mut grave.what
            && self.tabs.get(&buried.tab).is_none_or(|tab| Some(tab.session) != same)
        {
            buried.tab = TabId(take(&mut self.next_ids.tab));
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
            || self.graves.iter().flat_map(Grave::tabs).any(|other| other.id == tab.id);
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
