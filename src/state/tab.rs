//! A tab: panes that share an area, and how they share it.

use crate::base::error::Refusal;
use crate::base::geom::{Rect, Size};
use crate::base::id::{ClientId, PaneId, SessionId, TabId};
use crate::base::time::Tick;
use crate::layout::float::{Float, fitted};
use crate::layout::near::near;
use crate::layout::preset::Preset;
use crate::layout::solve::solve;
use crate::layout::tree::{Direction, Tree};
use crate::state::name::check_label;
use crate::state::pane::NewPane;
use crate::state::{State, take};

/// A tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// Its id.
    pub id: TabId,
    /// The session it is of.
    pub session: SessionId,
    /// The name it was given; without one it is called by the title or the program of its focus.
    pub name: Option<String>,
    /// How its panes share the area; every pane of the tab that does not float is in it once.
    pub layout: Tree<PaneId>,
    /// Panes that float over the others, from the lowest to the highest.
    pub floats: Vec<Float<PaneId>>,
    /// Whether those are out of sight.
    pub hides_floats: bool,
    /// The floating pane that alone has the focus as long as it is there.
    pub modal: Option<PaneId>,
    /// The preset that `layout next` applied last.
    pub preset: Option<Preset>,
    /// The pane a view gets that has not seen the tab: the one focused last.
    pub focus: PaneId,
    /// The area its panes' sizes come from: that of the driving view.
    pub area: Size,
    /// The view that gave it that area, if it is still there.
    pub driver: Option<ClientId>,
    /// When panes may be given another area, so that two views in turn do not resize programs at
    /// every key.
    pub settled: Tick,
}

/// What a tab is made of.
#[derive(Debug)]
pub struct NewTab {
    /// Its name; none to be called by its program.
    pub name: Option<String>,
    /// Its place in the tab bar, from 0; beyond the end is the end.
    pub at: usize,
    /// Its first pane.
    pub pane: NewPane,
}

impl Tab {
    pub(super) fn new(id: TabId, session: SessionId, pane: PaneId, area: Size) -> Self {
        let layout = Tree::new(pane);
        let (floats, hides_floats) = (Vec::new(), false);
        Self {
            id,
            session,
            name: None,
            layout,
            floats,
            hides_floats,
            modal: None,
            preset: None,
            focus: pane,
            area,
            driver: None,
            settled: Tick::default(),
        }
    }

    /// Its panes in the order of their numbers: those of the layout in reading order, then those
    /// that float.
    #[must_use]
    pub fn panes(&self) -> Vec<PaneId> {
        let mut panes = self.layout.panes();
        panes.extend(self.floats.iter().map(|float| float.pane));
        panes
    }

    /// Whether a pane is in it.
    #[must_use]
    pub fn contains(&self, pane: PaneId) -> bool {
        self.layout.contains(pane) || self.is_float(pane)
    }

    /// Where its panes are in an area, those that float last: for a view that focuses `focus`,
    /// which is the open one of its stack.
    #[must_use]
    pub fn rects(&self, area: Size, focus: PaneId) -> Vec<(PaneId, Rect)> {
        let mut rects = solve(&self.layout, Rect::new(0, 0, area), Some(focus));
        rects.extend(
            self.floats
                .iter()
                .filter(|_| !self.hides_floats)
                .map(|float| (float.pane, fitted(float.rect, area))),
        );
        rects
    }

    /// Takes a pane out; gives the one that inherits its focus, or none, with nothing changed, if
    /// it is the only one.
    pub(super) fn take(&mut self, pane: PaneId) -> Option<PaneId> {
        self.modal = self.modal.filter(|modal| *modal != pane);
        let panes = self.panes();
        let at = panes.iter().position(|other| *other == pane)?;
        let heir = *panes.get(if at > 0 { at - 1 } else { 1 })?;
        if self.is_float(pane) {
            self.floats.retain(|float| float.pane != pane);
        } else if !self.layout.remove(pane, self.area) {
            // The last one of the layout: the lowest of those that float takes its place.
            let lowest = self.floats.remove(0).pane;
            self.layout = Tree::new(lowest);
        }
        let hidden = self.hides_floats && self.is_float(heir);
        let heir = if hidden { self.layout.panes()[0] } else { heir };
        if self.focus == pane {
            self.focus = heir;
        }
        self.preset = None;
        Some(heir)
    }
}

impl State {
    /// Makes a tab with one pane. No view shows it yet.
    pub fn new_tab(&mut self, session: SessionId, new: NewTab, wall: u64) -> (TabId, PaneId) {
        let id = TabId(take(&mut self.next_ids.tab));
        let area = self.tab(self.session(session).current).area;
        let pane = self.make_pane((session, id), area, new.pane, wall);
        self.tabs.insert(id, Tab { name: new.name, ..Tab::new(id, session, pane, area) });
        let tabs = &mut self.session_mut(session).tabs;
        tabs.insert(new.at.min(tabs.len()), id);
        self.changed(session);
        self.pending_work.resize.insert(id);
        (id, pane)
    }

    /// Gives a tab a name, or takes it away.
    ///
    /// # Errors
    /// `invalid_params` for an empty or too long one, or one that does not show.
    pub fn rename_tab(&mut self, id: TabId, name: Option<String>) -> Result<(), Refusal> {
        name.as_deref().map_or(Ok(()), check_label)?;
        self.tab_mut(id).name = name;
        let session = self.tab(id).session;
        self.changed(session);
        Ok(())
    }

    /// Gives a tab another place in the tab bar, from 0; beyond the end is the end.
    pub fn move_tab(&mut self, id: TabId, to: usize) {
        let session = self.tab(id).session;
        let tabs = &mut self.session_mut(session).tabs;
        tabs.retain(|tab| *tab != id);
        tabs.insert(to.min(tabs.len()), id);
        self.changed(session);
    }

    /// Makes a tab the one that views get which have not seen its session.
    pub fn prefer_tab(&mut self, id: TabId) {
        let session = self.tab(id).session;
        self.session_mut(session).current = id;
        self.version += 1;
    }

    /// Changes how the panes of a tab share its area, all of them staying; every view shows all of
    /// them again.
    pub(super) fn change_layout(&mut self, id: TabId, change: impl FnOnce(&mut Tree<PaneId>)) {
        change(&mut self.tab_mut(id).layout);
        self.rearranged(id);
    }

    /// Gives all parts of every split of a tab the same share.
    pub fn equalise(&mut self, id: TabId) {
        self.change_layout(id, Tree::equalise);
    }

    /// Moves every pane of a tab to the place of the one after it, or before it.
    pub fn rotate(&mut self, id: TabId, forward: bool) {
        self.change_layout(id, |tree| tree.rotate(forward));
    }

    /// Moves a pane of a tab onto the stack that another of it is in.
    pub fn stack(&mut self, id: TabId, pane: PaneId, onto: PaneId) {
        let area = self.tab(id).area;
        self.change_layout(id, |tree| tree.stack(pane, onto, area));
        self.tab_mut(id).preset = None;
    }

    /// Makes a stack of all panes of a tab that do not float.
    pub fn stack_all(&mut self, id: TabId, open: PaneId) {
        self.change_layout(id, |tree| tree.stack_all(open));
        self.tab_mut(id).preset = Some(Preset::Stacked);
    }

    /// Puts the panes of a stack one below the other again.
    pub fn unstack(&mut self, id: TabId, pane: PaneId) {
        let area = self.tab(id).area;
        self.change_layout(id, |tree| tree.unstack(pane, area));
        self.tab_mut(id).preset = None;
    }

    /// The pane next to another of the same tab in a direction, `recent` where several are; none if
    /// there is none.
    #[must_use]
    pub fn neighbour(
        &self,
        pane: PaneId,
        direction: Direction,
        recent: Option<PaneId>,
    ) -> Option<PaneId> {
        let tab = self.tab(self.pane(pane).tab?);
        let mut rects = tab.rects(tab.area, pane);
        // Floating panes lie over the others: one goes about among them, or among the others.
        rects.retain(|(other, _)| tab.is_float(*other) == tab.is_float(pane));
        near(&rects, pane, direction, recent.as_slice())
    }

    /// Arranges the panes of a tab by a preset.
    pub fn apply_preset(&mut self, id: TabId, preset: Preset) {
        self.tab_mut(id).preset = Some(preset);
        self.change_layout(id, |tree| {
            if let Some(arranged) = preset.tree(&tree.panes()) {
                *tree = arranged;
            }
        });
    }

    /// Takes a tab without panes away: out of its session, which ends with its last one, and out of
    /// every view.
    pub(super) fn remove_tab(&mut self, id: TabId) {
        let Some(tab) = self.tabs.remove(&id) else { return };
        let session = self.session_mut(tab.session);
        let at = session.tabs.iter().position(|other| *other == id).unwrap_or(0);
        session.tabs.retain(|other| *other != id);
        let Some(heir) = session.tabs.get(at).or(session.tabs.last()).copied() else {
            for at in self.everywhere() {
                at.panes.remove(&id);
            }
            return self.remove_session(tab.session);
        };
        if session.current == id {
            session.current = heir;
        }
        for at in self.everywhere() {
            at.forget_tab(tab.session, id, heir);
        }
        self.changed(tab.session);
        self.show_current_tabs(tab.session);
    }

    pub(super) fn tab_mut(&mut self, id: TabId) -> &mut Tab {
        self.tabs.get_mut(&id).expect("ids of tabs are looked up before they are used")
    }

    /// A tab that is there.
    #[must_use]
    pub fn tab(&self, id: TabId) -> &Tab {
        self.tabs.get(&id).expect("ids of tabs are looked up before they are used")
    }

    /// The number of a tab as people see and type it.
    #[must_use]
    pub fn tab_index(&self, id: TabId) -> usize {
        self.session(self.tab(id).session)
            .tabs
            .iter()
            .position(|tab| *tab == id)
            .map_or(0, |at| at + 1)
    }

    /// What the tab bar calls a tab: its name, or what runs in the pane focused last.
    #[must_use]
    pub fn tab_label(&self, id: TabId) -> String {
        let tab = self.tab(id);
        tab.name.clone().unwrap_or_else(|| self.program_label(tab.focus))
    }
}
