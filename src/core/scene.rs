//! What a client is to show, as plain data: everything but cells, which are read from the panes'
//! screens.

use crate::base::geom::{Point, Rect, Size};
use crate::base::id::{ClientId, PaneId, SessionId, TabId};
use crate::base::key::MouseWant;
use crate::core::Core;
use crate::core::resize::rects;
use crate::state::pane::{Pane, ProgramState};
use crate::state::tab::Tab;
use crate::state::view::{PaneChoice, View};

/// What a client shows.
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
    /// Whether the focus fills the tab.
    pub zoomed: bool,
    /// The area that panes share, relative to which all rectangles are given.
    pub area: Size,
    /// Whether the view is read-only.
    pub read_only: bool,
    /// Number of clients on this session.
    pub clients: u16,
}

/// A session in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SceneSession {
    /// Its id.
    pub id: SessionId,
    /// Its name.
    pub name: String,
}

/// A tab in the tab bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SceneTab {
    /// Its id.
    pub id: TabId,
    /// Its number, from 1.
    pub index: u16,
    /// Its name: given, or that of its program.
    pub name: String,
    /// Whether the view shows it.
    pub current: bool,
    /// Whether it was current before.
    pub last: bool,
    /// A bell rang since it was last shown.
    pub bell: bool,
    /// It printed something since it was last shown.
    pub activity: bool,
}

/// A pane in the view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenePane {
    /// Its id.
    pub id: PaneId,
    /// Its number in the tab, from 1.
    pub index: u16,
    /// Where its screen is shown. Borders are the cells of the area that no pane has.
    pub rect: Rect,
    /// The size of its screen: larger or smaller than `rect` when another view drives it.
    pub size: Size,
    /// The cell of its screen in the top left corner of `rect`.
    pub origin: Point,
    /// Its title.
    pub title: String,
    /// Which mouse events its program wants.
    pub mouse: MouseWant,
    /// How its program ended, if it did, as a shell shows it.
    pub ended: Option<u8>,
    /// Whether its program runs on the alternate screen.
    pub alternate: bool,
    /// Whether pasted text is bracketed.
    pub bracketed_paste: bool,
}

impl Core {
    /// What a client is to show; none if there is no such client.
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
        let mut places = rects(tab, view.area(), (choice.focus, choice.zoomed));
        if !places.iter().any(|(pane, rect)| *pane == choice.focus && !rect.size().is_empty()) {
            // A terminal too small for the layout shows the focus alone.
            places = rects(tab, view.area(), (choice.focus, true));
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
