//! A tab: panes that share an area, and how they share it.

use crate::base::code::Refusal;
use crate::base::geom::{Rect, Size};
use crate::base::id::{ClientId, PaneId, SessionId, TabId};
use crate::base::time::Tick;
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
    /// How its panes share the area; every pane of the tab is in it once.
    pub layout: Tree<PaneId>,
    /// The preset that `layout next` applied last.
    pub preset: Option<Preset>,
    /// The pane a view gets that has not seen the tab: the one focused last.
    pub focus: PaneId,
    /// The area its panes' sizes come from: that of the driving view.
    pub area: Size,
    /// The view that gave it that area, if it is still there.
    pub driver: Option<ClientId>,
    /// When panes may be given another area, so that two views in turn do not resize programs at every key.
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
        Self { id, session, name: None, layout, preset: None, focus: pane, area, driver: None, settled: Tick::default() }
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
        self.todo.arrange.insert(id);
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

    /// Changes how the panes of a tab share its area, all of them staying; every view shows all of them again.
    pub(super) fn change_layout(&mut self, id: TabId, change: impl FnOnce(&mut Tree<PaneId>)) {
        let tab = self.tab_mut(id);
        change(&mut tab.layout);
        let session = tab.session;
        for at in self.everywhere() {
            at.unzoom(id);
        }
        self.todo.arrange.insert(id);
        self.changed(session);
    }

    /// Gives all parts of every split of a tab the same share.
    pub fn equalise(&mut self, id: TabId) {
        self.change_layout(id, Tree::equalise);
    }

    /// Moves every pane of a tab to the place of the one after it, or before it.
    pub fn rotate(&mut self, id: TabId, forward: bool) {
        self.change_layout(id, |tree| tree.rotate(forward));
    }

    /// The pane next to another of the same tab in a direction, `recent` where several are; none if there is none.
    #[must_use]
    pub fn neighbour(&self, pane: PaneId, direction: Direction, recent: Option<PaneId>) -> Option<PaneId> {
        let tab = self.tab(self.pane(pane).tab?);
        let rects = solve(&tab.layout, Rect::new(0, 0, tab.area));
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

    /// Takes a tab without panes away: out of its session, which ends with its last one, and out of every view.
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
        self.session(self.tab(id).session).tabs.iter().position(|tab| *tab == id).map_or(0, |at| at + 1)
    }

    /// What the tab bar calls a tab: its name, or what runs in the pane focused last.
    #[must_use]
    pub fn tab_label(&self, id: TabId) -> String {
        let tab = self.tab(id);
        tab.name.clone().unwrap_or_else(|| self.program_label(tab.focus))
    }
}
