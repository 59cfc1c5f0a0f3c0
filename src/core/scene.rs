//! The view of a client as plain data, and the sizes of panes in the view that drives their tab.
//! Cells are read from the screens of the panes.

use crate::base::geom::{Point, Rect, Size};
use crate::base::id::{ClientId, PaneId, SessionId, TabId};
use crate::base::key::MouseWant;
use crate::base::program_status::{ProgramStatus, WorkState};
use crate::base::text::sanitize;
use crate::base::time::{Now, Span};
use crate::core::Core;
use crate::settings::Sizing;
use crate::state::effect::{Effect, Effects};
use crate::state::pane::{Pane, ProgramState};
use crate::state::tab::Tab;
use crate::state::view::{AlertReason, PaneChoice, View};
use crate::term::{Progress, TermEvent};

/// The session, tabs and panes that a client shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    /// The session, if the view shows one.
    pub session: Option<SceneSession>,
    /// All sessions, in order of creation.
    pub sessions: Vec<SceneSession>,
    /// Tabs of the session, in order.
    pub tabs: Vec<SceneTab>,
    /// Panes of the tab that have room, in reading order.
    pub panes: Vec<ScenePane>,
    /// The pane in focus.
    pub focus: Option<PaneId>,
    /// True if the focus fills the tab.
    pub zoomed: bool,
    /// The area that panes share, relative to which all rectangles are given.
    pub area: Size,
    /// True if the view is read-only.
    pub read_only: bool,
    /// Number of clients on this session.
    pub clients: u16,
}

/// A session in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SceneSession {
    /// The session's id.
    pub id: SessionId,
    /// The session's name.
    pub name: String,
}

/// A tab in the tab bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SceneTab {
    /// The tab's id.
    pub id: TabId,
    /// The tab's number, from 1.
    pub index: u16,
    /// The tab's name: given, or that of its program.
    pub name: String,
    /// True if the view shows it.
    pub current: bool,
    /// True if it was current before.
    pub last: bool,
    /// A bell rang since it was last shown.
    pub bell: bool,
    /// Something was printed in it since it was last shown.
    pub activity: bool,
}

/// A pane in the view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenePane {
    /// The pane's id.
    pub id: PaneId,
    /// The pane's number in the tab, from 1.
    pub index: u16,
    /// The place where its screen is shown. Borders are the cells of the area that no pane has.
    pub rect: Rect,
    /// The size of its screen: larger or smaller than `rect` when another view drives it.
    pub size: Size,
    /// The cell of its screen in the top left corner of `rect`.
    pub origin: Point,
    /// The title in its border.
    pub title: String,
    /// The mouse events that its program wants.
    pub mouse: MouseWant,
    /// The status of its program as a shell shows it, if it ended.
    pub ended: Option<u8>,
    /// True if its program runs on the alternate screen.
    pub alternate: bool,
    /// True if pasted text is bracketed.
    pub bracketed_paste: bool,
}

impl Core {
    /// The scene that a client is to show; none if there is no such client.
    #[must_use]
    pub fn scene(&self, client: ClientId) -> Option<Scene> {
        let view = self.state.views.get(&client)?;
        let tab = view.tab().map(|tab| self.state.tab(tab));
        let choice = view.choice();
        let item = |id: SessionId| SceneSession { id, name: self.state.session(id).name.clone() };
        Some(Scene {
            session: view.at.session.map(item),
            sessions: self.state.sessions.keys().copied().map(item).collect(),
            tabs: self.scene_tabs(view),
            panes: tab
                .zip(choice)
                .map_or_else(Vec::new, |(tab, choice)| self.scene_panes(view, tab, choice)),
            focus: choice.map(|choice| choice.focus),
            zoomed: choice.is_some_and(|choice| choice.zoomed),
            area: view.area(),
            read_only: view.read_only,
            clients: view
                .at
                .session
                .map_or(0, |session| number(self.state.clients_of(session).len())),
        })
    }

    fn scene_tabs(&self, view: &View) -> Vec<SceneTab> {
        let Some(session) = view.at.session else { return Vec::new() };
        let choice = view.at.tabs.get(&session);
        let tabs = &self.state.session(session).tabs;
        tabs.iter()
            .enumerate()
            .map(|(at, id)| {
                let marks = |is: fn(&Pane) -> bool| {
                    self.state.tab(*id).panes().iter().any(|pane| is(self.state.pane(*pane)))
                };
                SceneTab {
                    id: *id,
                    index: number(at + 1),
                    name: self.state.tab_label(*id),
                    current: choice.is_some_and(|choice| choice.current == *id),
                    last: choice.is_some_and(|choice| choice.last == Some(*id)),
                    bell: marks(|pane| pane.marks.bell),
                    activity: marks(|pane| pane.marks.activity),
                }
            })
            .collect()
    }

    fn scene_panes(&self, view: &View, tab: &Tab, choice: PaneChoice) -> Vec<ScenePane> {
        let order = tab.panes();
        let mut places = rects(tab, view.area(), choice.focus, choice.zoomed);
        if !places.iter().any(|(pane, rect)| *pane == choice.focus && !rect.size().is_empty()) {
            // A terminal too small for the layout shows the focus alone.
            places = rects(tab, view.area(), choice.focus, true);
        }
        let index = |id: PaneId| number(order.iter().position(|pane| *pane == id).unwrap_or(0) + 1);
        places.into_iter().map(|(id, rect)| self.scene_pane(id, index(id), rect)).collect()
    }

    fn scene_pane(&self, id: PaneId, index: u16, rect: Rect) -> ScenePane {
        let pane = self.state.pane(id);
        let modes = pane.screen.modes();
        let cursor = pane.screen.cursor();
        let ended = match pane.life {
            ProgramState::Ended { status } => Some(status.shell()),
            _ => None,
        };
        ScenePane {
            id,
            index,
            rect,
            size: pane.size,
            origin: Point::new(
                origin(cursor.x, pane.size.cols, rect.cols),
                origin(cursor.y, pane.size.rows, rect.rows),
            ),
            title: self.marked_title(pane),
            mouse: modes.mouse,
            ended,
            alternate: modes.alternate_screen,
            bracketed_paste: modes.bracketed_paste,
        }
    }
}

impl Core {
    /// The title of a pane, with what a person should know of it.
    fn marked_title(&self, pane: &Pane) -> String {
        let mut title = self.state.pane_label(pane.id);
        for (is_on, mark) in [
            (pane.is_synced, " [synced]"),
            (pane.marks.chosen, " [marked]"),
            (pane.again, " [restarting]"),
        ] {
            if is_on {
                title.push_str(mark);
            }
        }
        title
    }
}

/// The first column or row to show of `len`, so that the cursor is among the `shown` ones.
fn origin(cursor: u16, len: u16, shown: u16) -> u16 {
    (cursor + 1).saturating_sub(shown).min(len.saturating_sub(shown))
}

fn number(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// Panes that want attention and are told of, at most.
const ALERTS_MAX: usize = 100;
/// The longest reason, in bytes.
const WHY_MAX: usize = 200;

/// The marks and alerts that a client shows besides panes and tabs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SceneStatus {
    /// Marks of the tabs that have any.
    pub tabs: Vec<SceneMarks>,
    /// Panes that want attention, the most urgent first; those that merely printed are not among
    /// them.
    pub attention: Vec<SceneAlert>,
    /// The directory of the pane in focus; empty where unknown.
    pub cwd: String,
}

/// Marks of a tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SceneMarks {
    /// The tab.
    pub tab: TabId,
    /// A pane of it fell silent.
    pub silence: bool,
    /// A program or long command of it ended, with this status; a failure wins.
    pub ended: Option<u8>,
    /// A program of it sent a notification.
    pub notified: bool,
    /// The progress of the work in it.
    pub progress: Option<Progress>,
}

/// A pane that wants attention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SceneAlert {
    /// The pane.
    pub pane: PaneId,
    /// The pane's place, as a target.
    pub place: String,
    /// The label in its border.
    pub label: String,
    /// Why, in some words.
    pub why: String,
}

impl Core {
    /// The marks and alerts that a client shows besides panes and tabs; none if there is no such
    /// client.
    #[must_use]
    pub fn status(&self, client: ClientId) -> Option<SceneStatus> {
        let view = self.state.views.get(&client)?;
        let tabs = view.at.session.map_or(&[][..], |session| &self.state.session(session).tabs);
        let wanting = self
            .state
            .alerts()
            .into_iter()
            .filter(|(_, why)| *why != AlertReason::Activity)
            .take(ALERTS_MAX);
        let cwd =
            view.focus().and_then(|pane| self.state.pane(pane).screen.cwd()).unwrap_or_default();
        Some(SceneStatus {
            tabs: tabs.iter().filter_map(|tab| self.marks_of(*tab)).collect(),
            attention: wanting.map(|(pane, why)| self.alert_of(pane, &why)).collect(),
            cwd: cwd.to_owned(),
        })
    }

    fn marks_of(&self, tab: TabId) -> Option<SceneMarks> {
        let mut marks =
            SceneMarks { tab, silence: false, ended: None, notified: false, progress: None };
        let empty = marks.clone();
        for pane in self.state.tab(tab).layout.panes() {
            let news = &self.state.pane(pane).marks.news;
            marks.silence |= news.silence;
            marks.notified |= news.notice.is_some();
            marks.ended = marks.ended.max(news.ended);
            let status = self.state.pane(pane).marks.status.first();
            marks.progress = marks.progress.or(news.progress).or_else(|| progress_of(&status?));
        }
        (marks != empty).then_some(marks)
    }

    fn alert_of(&self, pane: PaneId, why: &AlertReason) -> SceneAlert {
        SceneAlert {
            pane,
            place: self.state.place_of(pane),
            label: self.state.pane_label(pane),
            why: sanitize(&why.words(), WHY_MAX),
        }
    }
}

/// The progress that a program's status tells of; none while it rests.
fn progress_of(status: &ProgramStatus) -> Option<Progress> {
    match (status.state, status.progress) {
        (WorkState::Working, None) => Some(Progress::Running),
        (WorkState::Working, Some(percent)) => Some(Progress::Percent(percent)),
        (WorkState::Blocked, percent) => percent.map(Progress::Paused),
        (WorkState::Error, percent) => percent.map(Progress::Failed),
        (WorkState::Done | WorkState::Idle, _) => None,
    }
}

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
        let (focus, is_zoomed) =
            choice.map_or((tab.focus, false), |choice| (choice.focus, choice.zoomed));
        let tab = self.state.tabs.get_mut(&id).expect("it was there just now");
        if driver != former {
            (tab.driver, tab.settled) = (driver, now.tick + DRIVER_STAYS);
        }
        if tab.area != area {
            tab.area = area;
            self.state.version += 1;
        }
        // A closed pane of a stack has no rows and keeps its size.
        for (pane, rect) in rects(&self.state.tabs[&id], area, focus, is_zoomed)
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

/// The places of the panes of a tab in an area for a view: those of its layout and those that
/// float, or the focus alone where that is zoomed.
pub(super) fn rects(tab: &Tab, area: Size, focus: PaneId, is_zoomed: bool) -> Vec<(PaneId, Rect)> {
    if is_zoomed { vec![(focus, Rect::new(0, 0, area))] } else { tab.rects(area, focus) }
}
