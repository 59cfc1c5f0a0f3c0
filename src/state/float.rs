//! Panes that float over the others of their tab: where they are, which is the highest, and whether they are in sight.

use crate::base::code::{Code, Refusal};
use crate::base::geom::{Rect, Size};
use crate::base::id::{PaneId, TabId};
use crate::layout::change::Insert;
use crate::layout::tree::Direction;
use crate::state::pane::{NewPane, no_place};
use crate::state::tab::Tab;
use crate::state::{Share, State};

/// A pane that floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float {
    /// The pane.
    pub pane: PaneId,
    /// Where its screen is, the frame around it not counted. It may reach out of an area: see [`fitted`].
    pub rect: Rect,
}

/// The least columns and rows of a floating pane.
const FLOAT_MIN: Size = Size::new(4, 2);

/// A floating rectangle as it is shown in an area: with its frame inside, moved and then made smaller where it has to be.
#[must_use]
pub fn fitted(rect: Rect, area: Size) -> Rect {
    if area.cols < 3 || area.rows < 3 {
        return Rect::new(0, 0, area);
    }
    let fit = |at: u16, len: u16, room: u16| {
        let len = len.clamp(1, room - 2);
        (at.clamp(1, room - 1 - len), len)
    };
    let ((x, cols), (y, rows)) = (fit(rect.x, rect.cols, area.cols), fit(rect.y, rect.rows, area.rows));
    Rect { x, y, cols, rows }
}

/// Where a new floating pane is: in the middle, a little off for each that is there.
fn fresh(area: Size, count: usize) -> Rect {
    let size = Size::new((area.cols * 3 / 5).max(FLOAT_MIN.cols), (area.rows * 3 / 5).max(FLOAT_MIN.rows));
    let off = u16::try_from(count % 6).unwrap_or(0);
    let middle = |room: u16, len: u16| room.saturating_sub(len) / 2;
    fitted(Rect::new(middle(area.cols, size.cols) + 2 * off, middle(area.rows, size.rows) + off, size), area)
}

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

    /// Lets a pane of the layout float, or puts a floating one into the layout, beside the one that is first there.
    ///
    /// # Errors
    /// `not_running` if it is being ended, `too_small` if the layout has no room for it or no other pane.
    pub fn set_floating(&mut self, pane: PaneId, floating: bool) -> Result<(), Refusal> {
        let id = self.pane(pane).tab.ok_or_else(|| no_place(self, pane))?;
        let tab = self.tab_mut(id);
        if tab.is_float(pane) == floating {
            return Ok(());
        }
        if floating {
            if !tab.layout.remove(pane, tab.area) {
                return Err(Refusal::new(Code::TooSmall, format!("pane {pane} is the only one of its tab that does not float"))
                    .hint("abide pane float --new makes one"));
            }
            let rect = fresh(tab.area, tab.floats.len());
            tab.floats.push(Float { pane, rect });
            tab.hides_floats = false;
        } else {
            let beside = *tab.layout.panes().last().expect("a layout is never empty");
            let insert = Insert { new: pane, beside, side: Direction::Right, share: Share::Half };
            let below = Insert { side: Direction::Down, ..insert };
            let put = tab.layout.insert(insert, tab.area).or_else(|_| tab.layout.insert(below, tab.area));
            put.map_err(|error| Refusal::new(Code::TooSmall, format!("pane {beside} is {error}")).hint("abide pane close, or a larger terminal"))?;
            tab.floats.retain(|float| float.pane != pane);
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
        let floats = || Refusal::new(Code::InvalidParams, format!("pane {pane} does not float")).hint("abide pane float");
        let id = self.pane(pane).tab.ok_or_else(floats)?;
        let tab = self.tab_mut(id);
        let area = tab.area;
        let float = tab.floats.iter_mut().find(|float| float.pane == pane).ok_or_else(floats)?;
        let rect = Rect { cols: rect.cols.max(FLOAT_MIN.cols), rows: rect.rows.max(FLOAT_MIN.rows), ..rect };
        float.rect = fitted(rect, area);
        tab.raise(pane);
        self.rearranged(id);
        Ok(())
    }

    /// Puts the floating panes of a tab out of sight, or into it again. Views that focus one of them focus one of the layout then.
    pub fn hide_floats(&mut self, id: TabId, hide: bool) {
        let tab = self.tab_mut(id);
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
        self.todo.arrange.insert(id);
        self.changed(self.tab(id).session);
    }
}

#[cfg(test)]
mod tests {
    use super::{fitted, fresh};
    use crate::base::geom::{Rect, Size};

    #[test]
    fn a_floating_pane_and_its_frame_are_always_inside() {
        let area = Size::new(20, 10);
        assert_eq!(fitted(Rect { x: 5, y: 3, cols: 6, rows: 4 }, area), Rect { x: 5, y: 3, cols: 6, rows: 4 });
        assert_eq!(fitted(Rect { x: 90, y: 90, cols: 6, rows: 4 }, area), Rect { x: 13, y: 5, cols: 6, rows: 4 });
        assert_eq!(fitted(Rect { x: 0, y: 0, cols: 99, rows: 99 }, area), Rect { x: 1, y: 1, cols: 18, rows: 8 });
        assert_eq!(fitted(Rect { x: 3, y: 3, cols: 3, rows: 3 }, Size::new(2, 9)), Rect::new(0, 0, Size::new(2, 9)));
        for count in 0..9 {
            let rect = fresh(area, count);
            assert_eq!(fitted(rect, area), rect);
        }
    }
}
