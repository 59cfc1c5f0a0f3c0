//! A tab: panes that share an area, and how they share it.

use crate::base::geom::Size;
use crate::base::id::{PaneId, SessionId, TabId};
use crate::base::time::Tick;
use crate::layout::preset::Preset;
use crate::layout::tree::Tree;
use crate::state::State;

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
    /// When panes may be given another area, so that two views in turn do not resize programs at every key.
    pub settled: Tick,
}

impl State {
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
