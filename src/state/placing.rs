//! Where panes are: how they come into layouts, move between them, and leave them when their programs end.

use crate::base::code::{Code, Refusal};
use crate::base::exit::ExitStatus;
use crate::base::id::{PaneId, TabId};
use crate::base::time::Span;
use crate::layout::change::Insert;
use crate::layout::tree::{Direction, Tree};
use crate::state::effect::{Effect, Effects};
use crate::state::pane::{Beside, Life, NewPane};
use crate::state::tab::Tab;
use crate::state::{State, take};

impl State {
    /// Makes a pane beside another.
    ///
    /// # Errors
    /// `too_small` if the other one has no room, `not_running` if it is being ended.
    pub fn split_pane(&mut self, beside: Beside, new: NewPane, wall: u64) -> Result<PaneId, Refusal> {
        let id = PaneId(self.next_ids.pane);
        let tab = self.insert_pane(id, beside)?;
        let made = self.make_pane((self.tab(tab).session, tab), self.pane(beside.pane).size, new, wall);
        assert_eq!(made, id, "ids are given out in order");
        self.changed(self.tab(tab).session);
        Ok(id)
    }

    /// Puts a pane, new or from elsewhere, into the layout beside another.
    fn insert_pane(&mut self, id: PaneId, beside: Beside) -> Result<TabId, Refusal> {
        let Some(tab) = self.pane(beside.pane).tab else {
            return Err(Refusal::new(Code::NotRunning, format!("pane {} is being ended", beside.pane)).hint("abide pane ls"));
        };
        let index = self.pane_index(beside.pane);
        let entry = self.tab_mut(tab);
        let insert = Insert { new: id, beside: beside.pane, side: beside.side, share: beside.share };
        if let Err(error) = entry.layout.insert(insert, entry.area) {
            let refusal = Refusal::new(Code::TooSmall, format!("pane {index} is {error}"));
            return Err(refusal.hint("abide pane resize, or abide tab new"));
        }
        entry.preset = None;
        self.todo.arrange.insert(tab);
        for at in self.everywhere() {
            at.unzoom(tab);
        }
        Ok(tab)
    }

    /// Takes a pane out of its layout and ends everything its program started.
    pub fn close_pane(&mut self, id: PaneId, grace: Span, fx: &mut Effects) {
        match self.pane(id).life {
            Life::Ending => (),
            Life::Ended { .. } => {
                self.take_out(id);
                self.forget_pane(id, fx);
            }
            Life::Starting | Life::Running { .. } => {
                self.take_out(id);
                let pane = self.pane_mut(id);
                (pane.life, pane.tab) = (Life::Ending, None);
                fx.push(Effect::Stop { pane: id, grace });
            }
        }
    }

    /// Notes that a pane's program has ended. The pane goes unless it `stays`.
    pub fn pane_ended(&mut self, id: PaneId, status: ExitStatus, stays: bool, fx: &mut Effects) {
        let pane = self.pane_mut(id);
        let (session, was_closed) = (pane.session, pane.life == Life::Ending);
        if stays && !was_closed {
            pane.life = Life::Ended { status };
            return self.changed(session);
        }
        if let (false, Some(session)) = (was_closed, self.sessions.get_mut(&session)) {
            session.last_status = Some(status);
        }
        self.take_out(id);
        self.forget_pane(id, fx);
    }

    fn forget_pane(&mut self, id: PaneId, fx: &mut Effects) {
        self.panes.remove(&id);
        self.todo.start.retain(|(pane, _)| *pane != id);
        self.version += 1;
        fx.push(Effect::Forget { pane: id });
    }

    /// Takes a pane out of its tab, which goes with its last pane.
    fn take_out(&mut self, id: PaneId) {
        let Some(tab_id) = self.pane_mut(id).tab.take() else { return };
        let tab = self.tab_mut(tab_id);
        let panes = tab.layout.panes();
        if !tab.layout.remove(id, tab.area) {
            return self.remove_tab(tab_id);
        }
        let at = panes.iter().position(|pane| *pane == id).unwrap_or(0);
        let heir = panes[if at > 0 { at - 1 } else { 1 }];
        if tab.focus == id {
            tab.focus = heir;
        }
        tab.preset = None;
        let session = tab.session;
        for at in self.everywhere() {
            at.forget_pane(tab_id, id, heir);
        }
        self.todo.arrange.insert(tab_id);
        self.changed(session);
    }

    /// Moves a pane into a tab of its own, at a place in the tab bar from 0.
    ///
    /// # Errors
    /// `too_small` if it is the only one in its tab, `not_running` if it is being ended.
    pub fn break_pane(&mut self, id: PaneId, at: usize) -> Result<TabId, Refusal> {
        let Some(former) = self.pane(id).tab else {
            return Err(Refusal::new(Code::NotRunning, format!("pane {id} is being ended")).hint("abide pane ls"));
        };
        if self.tab(former).layout == Tree::new(id) {
            return Err(Refusal::new(Code::AlreadyExists, format!("pane {id} has a tab of its own")).hint("abide tab move moves it"));
        }
        let (session, area) = (self.tab(former).session, self.tab(former).area);
        self.take_out(id);
        let tab = TabId(take(&mut self.next_ids.tab));
        self.tabs.insert(tab, Tab::new(tab, session, id, area));
        let tabs = &mut self.session_mut(session).tabs;
        tabs.insert(at.min(tabs.len()), tab);
        self.pane_mut(id).tab = Some(tab);
        self.todo.arrange.insert(tab);
        self.changed(session);
        Ok(tab)
    }

    /// Moves a pane beside another, in whatever tab that is.
    ///
    /// # Errors
    /// `invalid_params` for itself, `too_small` if there is no room, `not_running` if one of them is being ended; nothing has changed.
    pub fn join_pane(&mut self, id: PaneId, beside: Beside) -> Result<(), Refusal> {
        if id == beside.pane {
            return Err(Refusal::new(Code::InvalidParams, format!("pane {id} cannot be moved beside itself")));
        }
        let (Some(former), Some(goal)) = (self.pane(id).tab, self.pane(beside.pane).tab) else {
            return Err(Refusal::new(Code::NotRunning, format!("pane {id} or {} is being ended", beside.pane)).hint("abide pane ls"));
        };
        let before = self.tab(former).layout.clone();
        if former == goal {
            let tab = self.tab_mut(former);
            tab.layout.remove(id, tab.area);
            if let Err(refusal) = self.insert_pane(id, beside) {
                self.tab_mut(former).layout = before;
                return Err(refusal);
            }
        } else {
            self.insert_pane(id, beside)?;
            self.take_out(id);
        }
        let session = self.tab(goal).session;
        let pane = self.pane_mut(id);
        (pane.tab, pane.session) = (Some(goal), session);
        self.changed(session);
        Ok(())
    }

    /// Moves a border of a pane by up to so many cells.
    ///
    /// # Errors
    /// `not_running` if it is being ended, `too_small` if there is no border or no room on that side.
    pub fn resize_pane(&mut self, id: PaneId, direction: Direction, cells: u16) -> Result<(), Refusal> {
        let Some(tab) = self.pane(id).tab else {
            return Err(Refusal::new(Code::NotRunning, format!("pane {id} is being ended")).hint("abide pane ls"));
        };
        let mut layout = self.tab(tab).layout.clone();
        if layout.resize(id, direction, cells, self.tab(tab).area) == 0 {
            return Err(Refusal::new(Code::TooSmall, format!("pane {id} has no border that can move that way")));
        }
        self.change_layout(tab, |tree| *tree = layout);
        Ok(())
    }

    /// Exchanges the places of two panes, of one tab or of two.
    ///
    /// # Errors
    /// `not_running` if one of them is being ended.
    pub fn swap_panes(&mut self, a: PaneId, b: PaneId) -> Result<(), Refusal> {
        let (Some(tab_a), Some(tab_b)) = (self.pane(a).tab, self.pane(b).tab) else {
            return Err(Refusal::new(Code::NotRunning, format!("pane {a} or {b} is being ended")).hint("abide pane ls"));
        };
        if tab_a == tab_b {
            self.tab_mut(tab_a).layout.swap(a, b);
        } else {
            self.exchange((a, tab_a), (b, tab_b));
        }
        self.todo.arrange.extend([tab_a, tab_b]);
        self.changed(self.tab(tab_a).session);
        Ok(())
    }

    fn exchange(&mut self, (a, tab_a): (PaneId, TabId), (b, tab_b): (PaneId, TabId)) {
        for (tab, old, new) in [(tab_a, a, b), (tab_b, b, a)] {
            let entry = self.tab_mut(tab);
            entry.layout.replace(old, new);
            if entry.focus == old {
                entry.focus = new;
            }
            let session = entry.session;
            let pane = self.pane_mut(new);
            (pane.tab, pane.session) = (Some(tab), session);
            for at in self.everywhere() {
                at.replace_pane(tab, old, new);
            }
        }
        self.changed(self.tab(tab_b).session);
    }
}
