//! What a view shows: everything but cells, which are read from the screens of its panes.

use crate::base::geom::{Point, Rect, Size};
use crate::base::id::{ClientId, PaneId, SessionId, TabId};
use crate::base::key::MouseWant;
use crate::base::style::Cursor;
use crate::base::text::harmless;
use crate::core::Core;
use crate::core::arrange::{origin, pane_area};
use crate::state::pane::{Life, Pane};
use crate::state::tab::Tab;

/// The longest title that is shown, in bytes.
const TITLE_MAX: usize = 256;

/// What a view shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    /// The session, if it shows one.
    pub session: Option<(SessionId, String)>,
    /// All sessions.
    pub sessions: Vec<(SessionId, String)>,
    /// The tabs of the session.
    pub tabs: Vec<SceneTab>,
    /// The panes of the tab.
    pub panes: Vec<ScenePane>,
    /// The pane in focus.
    pub focus: Option<PaneId>,
    /// Whether the focus fills the tab.
    pub zoomed: bool,
    /// The area that panes share.
    pub area: Size,
    /// Whether the view is read-only.
    pub read_only: bool,
    /// How many clients show the session.
    pub clients: usize,
    /// The cursor of the pane in focus, relative to the area; none if it is hidden or out of sight.
    pub cursor: Option<Cursor>,
}

/// A tab in the tab bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SceneTab {
    /// Its id.
    pub id: TabId,
    /// Its number.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// Whether it is shown.
    pub current: bool,
    /// Whether it was shown before.
    pub last: bool,
    /// Whether a bell rang in it.
    pub bell: bool,
    /// Whether it printed.
    pub activity: bool,
}

/// A pane in the view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenePane {
    /// Its id.
    pub id: PaneId,
    /// Its number.
    pub index: usize,
    /// Where it is shown.
    pub rect: Rect,
    /// The size of its screen.
    pub size: Size,
    /// The cell of its screen in the corner of `rect`.
    pub origin: Point,
    /// Its title.
    pub title: String,
    /// Which mouse events its program wants.
    pub mouse: MouseWant,
    /// How its program ended.
    pub ended: Option<u8>,
    /// Whether it is on the alternate screen.
    pub alternate: bool,
    /// Whether pasted text is bracketed.
    pub bracketed_paste: bool,
}

impl Core {
    /// What a client's view shows; none if there is no such client.
    #[must_use]
    pub fn scene(&self, client: ClientId) -> Option<Scene> {
        let view = self.state.views.get(&client)?;
        let area = pane_area(view.size);
        let session = view.at.session.and_then(|id| self.state.sessions.get(&id));
        let tab = self.state.current_tab(client);
        let last = session.and_then(|session| view.at.tabs.get(&session.id)).and_then(|choice| choice.last);
        let focus = self.state.focus(client);
        let panes: Vec<ScenePane> = tab.map_or_else(Vec::new, |tab| self.scene_panes(tab, area, client));
        let tabs = session.map_or(&[][..], |session| &session.tabs);
        Some(Scene {
            session: session.map(|session| (session.id, session.name.clone())),
            sessions: self.state.sessions.values().map(|session| (session.id, session.name.clone())).collect(),
            tabs: tabs.iter().enumerate().map(|(at, id)| self.scene_tab(at, *id, tab, last)).collect(),
            cursor: focus.and_then(|focus| self.scene_cursor(panes.iter().find(|pane| pane.id == focus)?)),
            panes,
            focus,
            zoomed: tab.is_some_and(|tab| self.state.zoomed(client, tab).is_some()),
            area,
            read_only: view.read_only,
            clients: session.map_or(0, |session| self.state.clients_of(session.id).len()),
        })
    }

    fn scene_tab(&self, at: usize, id: TabId, current: Option<TabId>, last: Option<TabId>) -> SceneTab {
        let tab: &Tab = self.state.tab(id);
        let any = |mark: fn(&Pane) -> bool| tab.layout.panes().into_iter().any(|pane| mark(self.state.pane(pane)));
        SceneTab {
            id,
            index: at + 1,
            name: harmless(&self.state.tab_label(id), TITLE_MAX),
            current: current == Some(id),
            last: last == Some(id),
            bell: any(|pane| pane.marks.bell),
            activity: any(|pane| pane.marks.activity),
        }
    }

    fn scene_panes(&self, tab: TabId, area: Size, client: ClientId) -> Vec<ScenePane> {
        let order = self.state.tab(tab).layout.panes();
        let index = |id| order.iter().position(|pane| *pane == id).map_or(0, |at| at + 1);
        self.rects(tab, area, Some(client)).into_iter().map(|(id, rect)| self.scene_pane(id, index(id), rect)).collect()
    }

    fn scene_pane(&self, id: PaneId, index: usize, rect: Rect) -> ScenePane {
        let pane = self.state.pane(id);
        let (modes, cursor) = (pane.screen.modes(), pane.screen.cursor());
        let title = pane.name.clone().unwrap_or_else(|| {
            let title = pane.screen.title();
            if title.is_empty() { self.state.program_label(id) } else { title.to_owned() }
        });
        ScenePane {
            id,
            index,
            rect,
            size: pane.size,
            origin: origin(pane.size, rect.size(), Point::new(cursor.x, cursor.y)),
            title: harmless(&title, TITLE_MAX),
            mouse: modes.mouse,
            ended: match pane.life {
                Life::Ended { status } => Some(status.shell()),
                _ => None,
            },
            alternate: modes.alternate_screen,
            bracketed_paste: modes.bracketed_paste,
        }
    }

    fn scene_cursor(&self, shown: &ScenePane) -> Option<Cursor> {
        let cursor = self.state.pane(shown.id).screen.cursor();
        let (x, y) = (cursor.x.checked_sub(shown.origin.x)?, cursor.y.checked_sub(shown.origin.y)?);
        let is_seen = cursor.visible && x < shown.rect.cols && y < shown.rect.rows && shown.ended.is_none();
        is_seen.then_some(Cursor { x: shown.rect.x + x, y: shown.rect.y + y, ..cursor })
    }
}
