//! Panes that float over the others of their tab: where they are, which is the highest, and whether
//! they are in sight.

use crate::base::error::{Code, Refusal};
use crate::base::geom::{Rect, Size};
use crate::base::id::{PaneId, TabId};
use crate::layout::change::Insert;
use crate::layout::float::{FLOAT_MIN, Float, fitted, fresh};
use crate::layout::tree::Direction;
use crate::state::pane::{NewPane, no_place};
use crate::state::tab::Tab;
use crate::state::{Share, State};

impl Tab {
    /// Whether a pane floats.
    #[must_use]
    pub fn is_float(&self, pane: PaneId) -> bool {
        self.floats.iter().any(|float| float.pane == pane)
    }

    /// Where a floating pane is.
    #[must_use]
    pub fn float(&self, pane: PaneId) -> Option<Rect> {
        self.floats.iter().find(|float| float.pane == pane).map(|float| float.rect)
    }

    /// Exchanges the places of two of its panes.
    pub(super) fn swap(&mut self, a: PaneId, b: PaneId) {
        let other = |pane: PaneId| if pane == a { b } else { a };
        for float in self.floats.iter_mut().filter(|float| [a, b].contains(&float.pane)) {
            float.pane = other(float.pane);
        }
        self.layout.exchange(a, b);
    }

    /// Puts `new` where `old` is.
    pub(super) fn replace(&mut self, old: PaneId, new: PaneId) {
        for float in self.floats.iter_mut().filter(|float| float.pane == old) {
            float.pane = new;
        }
        self.layout.replace(old, new);
    }

    /// Makes a floating pane the highest one.
    pub(super) fn raise(&mut self, pane: PaneId) {
        if let Some(at) = self.floats.iter().position(|float| float.pane == pane) {
            let float = self.floats.remove(at);
            self.floats.push(float);
        }
    }
}

impl State {
    /// Makes a pane that floats over the others of a tab.
    pub fn new_float(&mut self, tab: TabId, new: NewPane, wall: u64) -> PaneId {
        let entry = self.tab(tab);
        let (session, rect) = (entry.session, fresh(entry.area, entry.floats.len()));
        let pane = self.make_pane((session, tab), rect.size(), new, wall);
        let entry = self.tab_mut(tab);
        entry.floats.push(Float { pane, rect });
        entry.hides_floats = false;
        self.rearranged(tab);
        pane
    }

    /// Makes a floating pane that alone has the focus of a tab as long as it is there: in the
    /// middle, of that size or four fifths of the tab's.
    pub fn new_popup(&mut self, tab: TabId, new: NewPane, size: Option<Size>, wall: u64) -> PaneId {
        let pane = self.new_float(tab, new, wall);
        let entry = self.tab_mut(tab);
        let area = entry.area;
        let size = size.unwrap_or(Size::new(area.cols * 4 / 5, area.rows * 4 / 5));
        let size = Size::new(size.cols.max(FLOAT_MIN.cols), size.rows.max(FLOAT_MIN.rows));
        let (x, y) =
            (area.cols.saturating_sub(size.cols) / 2, area.rows.saturating_sub(size.rows) / 2);
        if let Some(float) = entry.floats.iter_mut().find(|float| float.pane == pane) {
            float.rect = fitted(Rect::new(x, y, size), area);
        }
        entry.modal = Some(pane);
        pane
    }

    /// Lets a pane of the layout float, or puts a floating one into the layout, beside the one that
    /// is first there.
    ///
    /// # Errors
    /// `not_running` if it is being ended, `too_small` if the layout has no room for it or no other
    /// pane.
    pub fn set_floating(&mut self, pane: PaneId, floating: bool) -> Result<(), Refusal> {
        let id = self.pane(pane).tab.ok_or_else(|| no_place(self, pane))?;
        let tab = self.tab_mut(id);
        if tab.is_float(pane) == floating {
            return Ok(());
        }
        if floating {
            if !tab.layout.remove(pane, tab.area) {
                return Err(Refusal::new(
                    Code::TooSmall,
                    format!("pane {pane} is the only one of its tab that does not float"),
                )
                .hint("abide pane float new makes one"));
            }
            let rect = fresh(tab.area, tab.floats.len());
            tab.floats.push(Float { pane, rect });
            tab.hides_floats = false;
        } else {
            let beside = *tab.layout.panes().last().expect("a layout is never empty");
            let insert = Insert { new: pane, beside, side: Direction::Right, share: Share::Half };
            let below = Insert { side: Direction::Down, ..insert };
            let put =
                tab.layout.insert(insert, tab.area).or_else(|_| tab.layout.insert(below, tab.area));
            put.map_err(|error| {
                Refusal::new(Code::TooSmall, format!("pane {beside} is {error}"))
                    .hint("abide pane close, or a larger terminal")
            })?;
            tab.floats.retain(|float| float.pane != pane);
            tab.modal = tab.modal.filter(|modal| *modal != pane);
        }
        tab.preset = None;
        self.rearranged(id);
        Ok(())
    }

    /// Puts a floating pane elsewhere, within the area of its tab.
    ///
    /// # Errors
    /// `invalid_params` if it does not float.
    pub fn place_float(&mut self, pane: PaneId, rect: Rect) -> Result<(), Refusal> {
        let floats = || {
            Refusal::new(Code::InvalidParams, format!("pane {pane} does not float"))
                .hint("abide pane float")
        };
        let id = self.pane(pane).tab.ok_or_else(floats)?;
        let tab = self.tab_mut(id);
        let area = tab.area;
        let float = tab.floats.iter_mut().find(|float| float.pane == pane).ok_or_else(floats)?;
        let rect = Rect {
            cols: rect.cols.max(FLOAT_MIN.cols),
            rows: rect.rows.max(FLOAT_MIN.rows),
            ..rect
        };
        float.rect = fitted(rect, area);
        tab.raise(pane);
        self.rearranged(id);
        Ok(())
    }

    /// Puts the floating panes of a tab out of sight, or into it again. Views that focus one of
    /// them focus one of the layout then.
    pub fn hide_floats(&mut self, id: TabId, hide: bool) {
        let tab = self.tab_mut(id);
        if tab.modal.is_some() {
            return;
        }
        tab.hides_floats = hide;
        let (floats, first) = (tab.floats.clone(), tab.layout.panes()[0]);
        if hide {
            if floats.iter().any(|float| float.pane == tab.focus) {
                tab.focus = first;
            }
            for float in &floats {
                for at in self.everywhere() {
                    at.forget_pane(id, float.pane, first);
                }
            }
        }
        self.rearranged(id);
    }

    /// How the panes of a tab share its area has changed: every view shows all of them again.
    pub(super) fn rearranged(&mut self, id: TabId) {
        for at in self.everywhere() {
            at.unzoom(id);
        }
        self.pending_work.resize.insert(id);
        self.changed(self.tab(id).session);
    }
}
