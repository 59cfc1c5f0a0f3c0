//! Where panes are: how they come into layouts, move between them, and leave them when their
//! programs end.

use crate::base::error::{Code, Refusal};
use crate::base::exit::ExitStatus;
use crate::base::geom::Rect;
use crate::base::id::{PaneId, TabId};
use crate::base::time::Span;
use crate::layout::change::Insert;
use crate::layout::tree::Direction;
use crate::state::effect::{Effect, Effects, StartDir};
use crate::state::pane::{Beside, NewPane, Pane, ProgramState, no_place};
use crate::state::tab::Tab;
use crate::state::undo::{ClosedRecord, UndoChange};
use crate::state::{State, take};

impl State {
    /// Makes a pane beside another.
    ///
    /// # Errors
    /// `too_small` if the other one has no room, `not_running` if it is being ended.
    pub fn split_pane(
        &mut self,
        beside: Beside,
        new: NewPane,
        wall: u64,
    ) -> Result<PaneId, Refusal> {
        let id = PaneId(self.next_ids.pane);
        let tab = self.insert_pane(id, beside)?;
        let made =
            self.make_pane((self.tab(tab).session, tab), self.pane(beside.pane).size, new, wall);
        assert_eq!(made, id, "ids are given out in order");
        self.changed(self.tab(tab).session);
        Ok(id)
    }

    /// Puts a pane, new or from elsewhere, into the layout beside another.
    fn insert_pane(&mut self, id: PaneId, beside: Beside) -> Result<TabId, Refusal> {
        let Some(tab) = self.pane(beside.pane).tab else {
            return Err(no_place(self, beside.pane));
        };
        let index = self.pane_index(beside.pane);
        let entry = self.tab_mut(tab);
        if entry.is_float(beside.pane) {
            let refusal = Refusal::new(
                Code::InvalidParams,
                format!("pane {index} floats, so nothing can be put beside it"),
            );
            return Err(refusal.hint("abide pane float --off puts it into the layout"));
        }
        let insert =
            Insert { new: id, beside: beside.pane, side: beside.side, share: beside.share };
        if let Err(error) = entry.layout.insert(insert, entry.area) {
            let refusal = Refusal::new(Code::TooSmall, format!("pane {index} is {error}"));
            return Err(refusal.hint("abide pane resize, or abide tab new"));
        }
        entry.preset = None;
        self.pending_work.resize.insert(tab);
        for at in self.everywhere() {
            at.unzoom(tab);
        }
        Ok(tab)
    }

    /// Takes a pane out of its layout and ends everything its program started.
    pub fn close_pane(&mut self, id: PaneId, grace: Span, fx: &mut Effects) {
        self.drop_closed(id);
        match self.pane(id).life {
            ProgramState::Ending => {
                self.pane_mut(id).again = false;
                self.take_out(id);
            }
            ProgramState::Ended { .. } | ProgramState::Held => {
                self.take_out(id);
                self.forget_pane(id, fx);
            }
            ProgramState::Starting | ProgramState::Running { .. } => {
                self.take_out(id);
                let pane = self.pane_mut(id);
                (pane.life, pane.tab) = (ProgramState::Ending, None);
                fx.push(Effect::Stop { pane: id, grace });
            }
        }
    }

    /// Starts a shell in a pane whose program does not run; a restart of the pane brings that back.
    pub fn start_shell_instead(&mut self, id: PaneId, fx: &mut Effects) {
        let pane = self.pane_mut(id);
        pane.restore.instead = !pane.argv.is_empty();
        let session = pane.session;
        self.start_again(id, fx);
        self.changed(session);
    }

    /// Starts the program of a pane again, in the same place: at once if it has ended, else when it
    /// has been ended.
    pub fn restart_pane(&mut self, id: PaneId, grace: Span, fx: &mut Effects) {
        let session = self.pane(id).session;
        self.pane_mut(id).restore.instead = false;
        match self.pane(id).life {
            ProgramState::Ending => {}
            ProgramState::Ended { .. } | ProgramState::Held => self.start_again(id, fx),
            ProgramState::Starting | ProgramState::Running { .. } => {
                let pane = self.pane_mut(id);
                (pane.life, pane.again) = (ProgramState::Ending, true);
                fx.push(Effect::Stop { pane: id, grace });
            }
        }
        self.changed(session);
    }

    /// What is held of the program that has ended is dropped, and a new one starts at the end of
    /// the step.
    fn start_again(&mut self, id: PaneId, fx: &mut Effects) {
        // Of one that came back and waited, nothing is held but what it showed, which it goes on
        // from.
        if self.pane(id).life != ProgramState::Held {
            fx.push(Effect::Forget { pane: id });
        }
        let pane = self.pane_mut(id);
        (pane.life, pane.again, pane.restore.retried) = (ProgramState::Starting, false, true);
        pane.marks.started = None;
        let said = pane.screen.cwd().map(str::to_owned);
        let started = Some(pane.cwd.clone()).filter(|cwd| !cwd.is_empty());
        let places = said.into_iter().chain(started).map(StartDir::Directory).collect();
        self.pending_work.start.push((id, places));
    }

    /// Notes that a pane's program has ended. The pane goes unless it `stays`, or is to run again.
    pub fn pane_ended(&mut self, id: PaneId, status: ExitStatus, stays: bool, fx: &mut Effects) {
        let pane = self.pane_mut(id);
        let (session, was_closed, is_there) =
            (pane.session, pane.life == ProgramState::Ending, pane.tab.is_some());
        if was_closed && pane.again && is_there {
            self.start_again(id, fx);
            return self.changed(session);
        }
        if stays && !was_closed {
            pane.life = ProgramState::Ended { status };
            return self.changed(session);
        }
        if let (false, true, Some(session)) =
            (was_closed, is_there, self.sessions.get_mut(&session))
        {
            session.last_status = Some(status);
        }
        let record = if was_closed { None } else { self.closed_by_end(id, status) };
        self.drop_closed(id);
        self.take_out(id);
        let pane = self.forget_pane(id, fx);
        let keep = record.zip(pane).map(|(item, pane)| {
            UndoChange::Keep(Box::new(ClosedRecord { item, panes: vec![pane] }))
        });
        self.pending_work.closed.extend(keep);
    }

    fn forget_pane(&mut self, id: PaneId, fx: &mut Effects) -> Option<Pane> {
        let pane = self.panes.remove(&id);
        self.pending_work.start.retain(|(pane, _)| *pane != id);
        self.version += 1;
        fx.push(Effect::Forget { pane: id });
        pane
    }

    /// Takes a pane out of its tab, which goes with its last pane.
    pub(super) fn take_out(&mut self, id: PaneId) {
        let Some(tab_id) = self.pane_mut(id).tab.take() else { return };
        let tab = self.tab_mut(tab_id);
        let Some(heir) = tab.take(id) else { return self.remove_tab(tab_id) };
        let session = tab.session;
        for at in self.everywhere() {
            at.forget_pane(tab_id, id, heir);
        }
        self.pending_work.resize.insert(tab_id);
        self.changed(session);
    }

    /// Moves a pane into a tab of its own, at a place in the tab bar from 0.
    ///
    /// # Errors
    /// `too_small` if it is the only one in its tab, `not_running` if it is being ended.
    pub fn break_pane(&mut self, id: PaneId, at: usize) -> Result<TabId, Refusal> {
        let Some(former) = self.pane(id).tab else {
            return Err(no_place(self, id));
        };
        if self.tab(former).panes() == [id] {
            return Err(Refusal::new(
                Code::AlreadyExists,
                format!("pane {id} has a tab of its own"),
            )
            .hint("abide tab move moves it"));
        }
        let (session, area) = (self.tab(former).session, self.tab(former).area);
        self.take_out(id);
        let tab = TabId(take(&mut self.next_ids.tab));
        self.tabs.insert(tab, Tab::new(tab, session, id, area));
        let tabs = &mut self.session_mut(session).tabs;
        tabs.insert(at.min(tabs.len()), tab);
        self.pane_mut(id).tab = Some(tab);
        self.pending_work.resize.insert(tab);
        self.changed(session);
        Ok(tab)
    }

    /// Moves a pane beside another, in whatever tab that is.
    ///
    /// # Errors
    /// `invalid_params` for itself, `too_small` if there is no room, `not_running` if one of them
    /// is being ended; nothing has changed.
    pub fn join_pane(&mut self, id: PaneId, beside: Beside) -> Result<(), Refusal> {
        if id == beside.pane {
            return Err(Refusal::new(
                Code::InvalidParams,
                format!("pane {id} cannot be moved beside itself"),
            ));
        }
        let (Some(former), Some(goal)) = (self.pane(id).tab, self.pane(beside.pane).tab) else {
            return Err(no_place(self, if self.pane(id).tab.is_none() { id } else { beside.pane }));
        };
        if former == goal {
            let before = (self.tab(former).layout.clone(), self.tab(former).floats.clone());
            let tab = self.tab_mut(former);
            if tab.is_float(id) {
                tab.floats.retain(|float| float.pane != id);
            } else {
                tab.layout.remove(id, tab.area);
            }
            if let Err(refusal) = self.insert_pane(id, beside) {
                let tab = self.tab_mut(former);
                (tab.layout, tab.floats) = before;
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

    /// Moves a border of a pane by up to so many cells; of one that floats its right or its lower
    /// edge.
    ///
    /// # Errors
    /// `not_running` if it is being ended, `too_small` if there is no border or no room on that
    /// side.
    pub fn resize_pane(
        &mut self,
        id: PaneId,
        direction: Direction,
        cells: u16,
    ) -> Result<(), Refusal> {
        let Some(tab) = self.pane(id).tab else {
            return Err(no_place(self, id));
        };
        if let Some(rect) = self.tab(tab).float(id) {
            let (cols, rows) = match direction {
                Direction::Left => (rect.cols.saturating_sub(cells), rect.rows),
                Direction::Right => (rect.cols.saturating_add(cells), rect.rows),
                Direction::Up => (rect.cols, rect.rows.saturating_sub(cells)),
                Direction::Down => (rect.cols, rect.rows.saturating_add(cells)),
            };
            return self.place_float(id, Rect { cols, rows, ..rect });
        }
        let mut layout = self.tab(tab).layout.clone();
        if layout.resize(id, direction, cells, self.tab(tab).area) == 0 {
            return Err(Refusal::new(
                Code::TooSmall,
                format!("pane {id} has no border that can move that way"),
            ));
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
            return Err(no_place(self, if self.pane(a).tab.is_none() { a } else { b }));
        };
        if tab_a == tab_b {
            self.tab_mut(tab_a).swap(a, b);
        } else {
            self.exchange((a, tab_a), (b, tab_b));
        }
        self.pending_work.resize.extend([tab_a, tab_b]);
        self.changed(self.tab(tab_a).session);
        Ok(())
    }

    fn exchange(&mut self, (a, tab_a): (PaneId, TabId), (b, tab_b): (PaneId, TabId)) {
        for (tab, old, new) in [(tab_a, a, b), (tab_b, b, a)] {
            let entry = self.tab_mut(tab);
            entry.replace(old, new);
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
