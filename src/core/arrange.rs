//! Which view drives a tab, and what size its panes have in consequence.

use crate::base::geom::{Point, Rect, Size};
use crate::base::id::{ClientId, PaneId, TabId};
use crate::base::time::{Now, Span};
use crate::core::Core;
use crate::layout::solve::solve;
use crate::settings::Sizing;
use crate::state::effect::{Effect, Effects};
use crate::state::pane::Life;
use crate::state::view::View;

/// When two views take turns in driving a tab, its panes get another size at most this often.
const SETTLE: Span = Span::millis(100);
/// Rows that the tab bar and the status line take together.
const BAR_ROWS: u16 = 2;
/// Below this many rows there are no bars.
const ROWS_WITH_BARS: u16 = 4;

/// The area that panes share in a terminal of `size`: all but the bars, where there is room for bars.
#[must_use]
pub(super) fn pane_area(size: Size) -> Size {
    let rows = if ROWS_WITH_BARS <= size.rows { size.rows - BAR_ROWS } else { size.rows };
    Size { cols: size.cols, rows }.clamped()
}

impl Core {
    /// Gives every pane of a tab that was touched its size.
    pub(super) fn arrange(&mut self, now: Now, fx: &mut Effects) {
        self.touch_shown_tabs();
        let todo = std::mem::take(&mut self.state.todo.arrange);
        for tab in todo {
            if self.state.tabs.contains_key(&tab) && !self.arrange_tab(now, tab, fx) {
                self.state.todo.arrange.insert(tab);
            }
        }
        self.clear_marks();
    }

    /// Tabs whose driving view or its area changed.
    fn touch_shown_tabs(&mut self) {
        let tabs: Vec<TabId> = self.state.views.values().filter_map(|view| self.state.current_tab(view.client)).collect();
        for id in tabs {
            let tab = self.state.tab(id);
            if let Some((driver, area)) = self.driver(id).filter(|(driver, area)| (Some(*driver), *area) != (tab.driver, tab.area)) {
                let tab = self.state.tabs.get_mut(&id).expect("it is shown");
                if tab.area == area {
                    tab.driver = Some(driver);
                } else {
                    self.state.todo.arrange.insert(id);
                }
            }
        }
    }

    /// The view that gives a tab its area, and that area.
    fn driver(&self, tab: TabId) -> Option<(ClientId, Size)> {
        let views = self.state.views.values().filter(|view| !view.read_only && self.state.current_tab(view.client) == Some(tab));
        let area = |view: &View| pane_area(view.size);
        let driver = match self.settings.session.sizing {
            Sizing::Latest => views.max_by_key(|view| view.used),
            Sizing::Smallest => views.min_by_key(|view| area(view).area()),
            Sizing::Largest => views.max_by_key(|view| area(view).area()),
        }?;
        Some((driver.client, area(driver)))
    }

    /// Gives the panes of a tab their sizes. False if it is too early for that.
    fn arrange_tab(&mut self, now: Now, id: TabId, fx: &mut Effects) -> bool {
        let tab = self.state.tab(id);
        let (mut area, mut driver) = (tab.area, tab.driver);
        if let Some((client, wanted)) = self.driver(id) {
            let takes_over = driver.is_some_and(|former| former != client && self.state.views.contains_key(&former));
            if takes_over && wanted != area && now.tick < tab.settled {
                return false;
            }
            (area, driver) = (wanted, Some(client));
        }
        let rects = self.rects(id, area, driver);
        let tab = self.state.tabs.get_mut(&id).expect("it is there");
        if tab.area != area {
            tab.area = area;
            tab.settled = now.tick + SETTLE;
            self.state.version += 1;
        }
        tab.driver = driver;
        for (pane, rect) in rects {
            self.resize_pane(pane, rect.size(), fx);
        }
        true
    }

    /// Where the panes of a tab are in an area, for a view that shows it: one that is zoomed shows its focus alone.
    pub(super) fn rects(&self, tab: TabId, area: Size, client: Option<ClientId>) -> Vec<(PaneId, Rect)> {
        let whole = Rect::new(0, 0, area);
        if let Some(focus) = client.and_then(|client| self.state.zoomed(client, tab)) {
            return vec![(focus, whole)];
        }
        solve(&self.state.tab(tab).layout, whole)
    }

    fn resize_pane(&mut self, id: PaneId, size: Size, fx: &mut Effects) {
        let size = size.clamped();
        let pane = self.state.pane_mut(id);
        if pane.size == size {
            return;
        }
        pane.size = size;
        self.events.clear();
        pane.screen.resize(size, &mut self.events);
        if matches!(pane.life, Life::Running { .. }) {
            fx.push(Effect::Resize { pane: id, size });
        }
        self.state.version += 1;
        self.tell_events(id, fx);
    }

    /// What is shown needs no mark.
    fn clear_marks(&mut self) {
        let shown: Vec<PaneId> = self
            .state
            .views
            .values()
            .filter_map(|view| self.state.current_tab(view.client))
            .flat_map(|tab| self.state.tab(tab).layout.panes())
            .collect();
        for pane in shown {
            let marks = &mut self.state.pane_mut(pane).marks;
            (marks.bell, marks.activity) = (false, false);
        }
    }
}

/// The part of a screen that is shown in a smaller rectangle: the one with the cursor.
pub(super) fn origin(screen: Size, shown: Size, cursor: Point) -> Point {
    let start = |screen: u16, shown: u16, at: u16| {
        if at < shown { 0 } else { (at + 1 - shown).min(screen.saturating_sub(shown)) }
    };
    Point::new(start(screen.cols, shown.cols, cursor.x), start(screen.rows, shown.rows, cursor.y))
}

#[cfg(test)]
mod tests {
    use super::{origin, pane_area};
    use crate::base::geom::{Point, Size};

    #[test]
    fn bars_take_two_rows_where_there_is_room() {
        assert_eq!(pane_area(Size::new(80, 24)), Size::new(80, 22));
        assert_eq!(pane_area(Size::new(1, 1)), Size::new(1, 1));
        assert_eq!(pane_area(Size::new(0, 3)), Size::new(1, 3));
    }

    #[test]
    fn a_smaller_view_shows_the_part_with_the_cursor() {
        let at = |x, y| origin(Size::new(80, 24), Size::new(40, 10), Point::new(x, y));
        assert_eq!(at(0, 0), Point::new(0, 0));
        assert_eq!(at(39, 9), Point::new(0, 0));
        assert_eq!(at(79, 23), Point::new(40, 14));
        assert_eq!(at(50, 12), Point::new(11, 3));
    }
}
