//! Sizes: a pane has the size of its rectangle in the view that drives its tab. Nothing is drawn
//! here.

use crate::base::geom::{Rect, Size};
use crate::base::id::{ClientId, PaneId, TabId};
use crate::base::time::{Now, Span};
use crate::core::Core;
use crate::settings::Sizing;
use crate::state::effect::{Effect, Effects};
use crate::state::tab::Tab;
use crate::state::view::View;
use crate::term::TermEvent;

/// The least time between two changes of whose area a tab has: two people typing in turn would
/// resize programs at every key.
const DRIVER_STAYS: Span = Span::millis(100);

impl Core {
    /// Gives the panes of a tab the sizes they have in the view that drives it; without a view they
    /// keep theirs, apart from what the layout changed.
    pub(super) fn resize_tab(&mut self, id: TabId, now: Now, fx: &mut Effects) {
        let Some(tab) = self.state.tabs.get(&id) else { return };
        let former = tab.driver;
        let driver = match self.driver(id) {
            Some(driver)
                if former.is_some_and(|former| former != driver) && now.tick < tab.settled =>
            {
                self.late.insert(id, tab.settled);
                former
            }
            other => other,
        };
        let fixed = self.state.sessions.get(&tab.session).and_then(|session| session.fixed);
        let area = fixed.unwrap_or_else(|| driver.map_or(tab.area, |driver| self.area(id, driver)));
        let choice = driver.and_then(|driver| self.state.view(driver).at.panes.get(&id));
        let shown = choice.map_or((tab.focus, false), |choice| (choice.focus, choice.zoomed));
        let tab = self.state.tabs.get_mut(&id).expect("it was there just now");
        if driver != former {
            (tab.driver, tab.settled) = (driver, now.tick + DRIVER_STAYS);
        }
        if tab.area != area {
            tab.area = area;
            self.state.version += 1;
        }
        // A closed pane of a stack has no rows and keeps its size.
        for (pane, rect) in rects(&self.state.tabs[&id], area, shown)
            .into_iter()
            .filter(|(_, rect)| !rect.size().is_empty())
        {
            self.apply_palette(pane, fx);
            self.resize(now, pane, rect.size(), fx);
        }
    }

    /// Tells a pane's screen the colours and the cells of the outer terminal that drives it;
    /// without one, those of the client that was used last.
    pub(super) fn apply_palette(&mut self, id: PaneId, fx: &mut Effects) {
        let Some(pane) = self.state.panes.get(&id) else { return };
        let driver = pane.tab.and_then(|tab| self.state.tabs.get(&tab)?.driver);
        let driver = driver.and_then(|driver| self.state.views.get(&driver));
        let last = self
            .state
            .views
            .values()
            .filter(|view| self.colours.contains_key(&view.client))
            .max_by_key(|view| view.used);
        let colours = driver
            .and_then(|view| self.colours.get(&view.client))
            .or_else(|| self.colours.get(&last?.client))
            .copied();
        let pixels = driver.map(|view| view.cell_pixels);
        let mut events = Vec::new();
        let screen = &mut self.state.pane_mut(id).screen;
        if let Some(colours) = colours {
            screen.set_palette(colours, &mut events);
        }
        if let Some(pixels) = pixels {
            screen.set_cell_pixels(pixels);
        }
        fx.extend(events.into_iter().filter_map(|event| match event {
            TermEvent::Reply(bytes) => Some(Effect::Write { pane: id, bytes }),
            _ => None,
        }));
    }

    /// The view that drives a tab: of those that show it and may type, the one that sent input
    /// last.
    fn driver(&self, tab: TabId) -> Option<ClientId> {
        self.showing(tab).max_by_key(|view| view.used).map(|view| view.client)
    }

    fn showing(&self, tab: TabId) -> impl Iterator<Item = &View> {
        self.state.views.values().filter(move |view| !view.read_only && view.tab() == Some(tab))
    }

    fn area(&self, tab: TabId, driver: ClientId) -> Size {
        let largest = |a: Size, b: Size| Size::new(a.cols.max(b.cols), a.rows.max(b.rows));
        let areas = self.showing(tab).map(View::area);
        let area = match self.settings.session.sizing {
            Sizing::Manual => {
                Some(self.state.tab(tab)).filter(|tab| tab.driver.is_some()).map(|tab| tab.area)
            }
            Sizing::Latest => None,
            Sizing::Smallest => areas.reduce(Size::min_each),
            Sizing::Largest => areas.reduce(largest),
        };
        area.unwrap_or_else(|| self.state.view(driver).area())
    }

    fn resize(&mut self, now: Now, id: PaneId, size: Size, fx: &mut Effects) {
        let size = size.clamped();
        let is_new = self.state.pending_work.start.iter().any(|(pane, _)| *pane == id);
        let pane = self.state.pane_mut(id);
        if pane.size == size {
            return;
        }
        pane.size = size;
        let mut events = Vec::new();
        pane.screen.resize(size, &mut events);
        let is_live = pane.life.is_live();
        self.state.version += 1;
        if is_new {
            return;
        }
        if is_live {
            fx.push(Effect::Resize { pane: id, size });
        }
        fx.push(Effect::Snapshot { pane: id });
        for event in events {
            self.happened(now, id, event, fx);
        }
    }
}

/// Where the panes of a tab are in an area for a view: those of its layout and those that float, or
/// the focus alone where that is zoomed.
pub(super) fn rects(
    tab: &Tab,
    area: Size,
    (focus, is_zoomed): (PaneId, bool),
) -> Vec<(PaneId, Rect)> {
    if is_zoomed { vec![(focus, Rect::new(0, 0, area))] } else { tab.rects(area, focus) }
}
