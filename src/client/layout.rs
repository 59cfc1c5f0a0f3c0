//! The layout of the outer terminal: the area of the panes and the bars around it. It draws
//! nothing.

use crate::base::geom::{Point, Rect, Size};
use crate::base::id::PaneId;
use crate::settings::{Bars, Edge};
use crate::wire::frame::{Chrome, PaneItem};

/// The areas of the parts of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScreenLayout {
    /// The panes' area. It can be larger than what the terminal shows, just after a resize.
    pub area: Rect,
    /// The row of the tab bar, where it has one of its own.
    pub tabs: Option<u16>,
    /// The row of the status line.
    pub status: Option<u16>,
}

/// Places the bars in the rows that the area leaves: two bars, or one, or none.
#[must_use]
pub fn layout(terminal: Size, area: Size, bars: &Bars) -> ScreenLayout {
    let mut room = terminal.rows.saturating_sub(area.rows);
    let (mut top, mut bottom) = (0, terminal.rows);
    let mut takes = |edge: Edge| {
        let has_room = 0 < room && edge != Edge::Off;
        room -= u16::from(has_room);
        has_room
    };
    // If there is room for one bar only, it is the status line, which shows the tabs then.
    let (has_status, has_tabs) = (takes(bars.position), takes(bars.tabs));
    let mut place = |edge: Edge| {
        if edge == Edge::Top {
            top += 1;
            return top - 1;
        }
        bottom -= 1;
        bottom
    };
    // Of two at one edge the status line is the lower one.
    let (tabs, status) = if bars.position == Edge::Top {
        let tabs = has_tabs.then(|| place(bars.tabs));
        (tabs, has_status.then(|| place(bars.position)))
    } else {
        let status = has_status.then(|| place(bars.position));
        (has_tabs.then(|| place(bars.tabs)), status)
    };
    ScreenLayout { area: Rect::new(0, top, area), tabs, status }
}

/// The thing at a cell of the area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot<'a> {
    /// A pane's screen.
    Pane(&'a PaneItem),
    /// A border.
    Border,
}

/// The thing at `at`, relative to the area; the highest floating pane first.
#[must_use]
pub fn spot(chrome: &Chrome, at: Point) -> Spot<'_> {
    chrome.panes.iter().rev().find(|pane| pane.rect.contains(at)).map_or(Spot::Border, Spot::Pane)
}

/// A border between two panes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Border {
    /// The pane left of it or above it.
    pub before: PaneId,
    /// The pane right of it or below it.
    pub after: PaneId,
    /// True if it moves left and right; else up and down.
    pub is_upright: bool,
}

/// The border at `at`, relative to the area, if it can be moved.
#[must_use]
pub fn border_at(chrome: &Chrome, at: Point) -> Option<Border> {
    let beside = |pane: &PaneItem| pane.rect.y <= at.y && at.y < pane.rect.bottom();
    let over = |pane: &PaneItem| pane.rect.x <= at.x && at.x < pane.rect.right();
    let find = |is_it: &dyn Fn(&PaneItem) -> bool| {
        chrome.panes.iter().find(|pane| is_it(pane)).map(|pane| pane.id)
    };
    let left = find(&|pane| beside(pane) && pane.rect.right() == at.x);
    let right = find(&|pane| beside(pane) && pane.rect.x == at.x.saturating_add(1));
    if let (Some(before), Some(after)) = (left, right) {
        return Some(Border { before, after, is_upright: true });
    }
    let above = find(&|pane| over(pane) && pane.rect.bottom() == at.y);
    let below = find(&|pane| over(pane) && pane.rect.y == at.y.saturating_add(1));
    Some(Border { before: above?, after: below?, is_upright: false })
}

/// The frame of a floating pane that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldFrame {
    /// The pane.
    pub pane: PaneId,
    /// The rectangle it had when it was taken.
    pub rect: Rect,
    /// The cell of the area it was taken at.
    pub from: Point,
}

impl HeldFrame {
    /// The rectangle of the pane when the mouse holds it at `to`: its title moves it, its other
    /// edges make it larger or smaller.
    #[must_use]
    pub fn dragged(&self, to: Point) -> Rect {
        let (from, rect) = (self.from, self.rect);
        let moved = |at: u16, by: (u16, u16)| at.saturating_add(by.1).saturating_sub(by.0);
        let (x, y) = ((from.x, to.x), (from.y, to.y));
        if from.y < rect.y {
            return Rect { x: moved(rect.x, x).max(1), y: moved(rect.y, y).max(1), ..rect };
        }
        let mut rect = rect;
        if from.x < rect.x {
            let left = to.x.saturating_add(1).clamp(1, rect.right().saturating_sub(1));
            rect.cols = rect.right() - left;
            rect.x = left;
        } else if self.rect.right() <= from.x {
            rect.cols = moved(rect.cols, x).max(1);
        }
        if self.rect.bottom() <= from.y {
            rect.rows = moved(rect.rows, y).max(1);
        }
        rect
    }
}

/// The floating pane whose frame is at `at`, relative to the area; the highest first, and none if a
/// higher one covers it.
#[must_use]
pub fn frame_at(chrome: &Chrome, at: Point) -> Option<HeldFrame> {
    for (_, pane) in
        chrome.panes.iter().enumerate().rev().filter(|(idx, _)| is_floating(chrome, *idx))
    {
        let rect = pane.rect;
        if rect.contains(at) {
            return None;
        }
        let outer = Rect {
            x: rect.x.saturating_sub(1),
            y: rect.y.saturating_sub(1),
            cols: rect.cols + 2,
            rows: rect.rows + 2,
        };
        if outer.contains(at) {
            return Some(HeldFrame { pane: pane.id, rect, from: at });
        }
    }
    None
}

/// The closed pane of a stack whose title is at `at`, relative to the area.
#[must_use]
pub fn closed_at(chrome: &Chrome, at: Point) -> Option<PaneId> {
    let is_it = |pane: &&PaneItem| {
        pane.rect.rows == 0
            && pane.rect.y == at.y + 1
            && pane.rect.x <= at.x
            && at.x < pane.rect.right()
    };
    chrome.panes.iter().find(is_it).map(|pane| pane.id)
}

/// True if a pane lies over others: it covers cells that an earlier one has.
#[must_use]
pub fn is_floating(chrome: &Chrome, idx: usize) -> bool {
    chrome.panes[..idx]
        .iter()
        .any(|lower| lower.rect.intersection(chrome.panes[idx].rect).is_some())
}

#[cfg(test)]
mod tests {
    use super::{ScreenLayout, layout};
    use crate::base::geom::{Rect, Size};
    use crate::settings::{Bars, Edge};

    #[test]
    fn bars_are_where_they_are_wanted() {
        let check = |position: Edge, tabs: Edge, y: u16, at: (Option<u16>, Option<u16>)| {
            let bars = Bars { position, tabs, ..Bars::default() };
            let area = Size::new(80, 24 - bars.rows());
            let found = layout(Size::new(80, 24), area, &bars);
            assert_eq!(
                (found.area.y, found.tabs, found.status),
                (y, at.0, at.1),
                "{position:?} {tabs:?}"
            );
        };
        check(Edge::Bottom, Edge::Top, 1, (Some(0), Some(23)));
        check(Edge::Top, Edge::Top, 2, (Some(0), Some(1)));
        check(Edge::Top, Edge::Bottom, 1, (Some(23), Some(0)));
        check(Edge::Bottom, Edge::Bottom, 0, (Some(22), Some(23)));
        check(Edge::Bottom, Edge::Off, 0, (None, Some(23)));
        check(Edge::Off, Edge::Top, 1, (Some(0), None));
        check(Edge::Off, Edge::Off, 0, (None, None));
    }

    #[test]
    fn bars_take_the_rows_that_are_left() {
        let check = |rows: u16, area: u16, y: u16, tabs, status| {
            let size = Size::new(80, area);
            let expected = ScreenLayout { area: Rect::new(0, y, size), tabs, status };
            assert_eq!(
                layout(Size::new(80, rows), size, &Bars::default()),
                expected,
                "{rows} {area}"
            );
        };
        check(24, 22, 1, Some(0), Some(23));
        check(24, 23, 0, None, Some(23));
        check(24, 24, 0, None, None);
        check(3, 24, 0, None, None);
        check(30, 22, 1, Some(0), Some(29));
        check(1, 0, 0, None, Some(0));
    }
}
