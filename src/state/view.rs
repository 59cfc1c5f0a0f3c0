//! Views: the session, tab and pane that each client looks at, and the panes that ask for
//! attention (alerts).

use std::collections::BTreeMap;

use crate::base::geom::{Rect, Size};
use crate::base::id::{ClientId, PaneId, SessionId, TabId};
use crate::base::time::{Now, Tick};
use crate::state::call::Caller;
use crate::state::pane::Pane;
use crate::state::{State, take};

/// The view of an attached client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The client.
    pub client: ClientId,
    /// A number that names the client over reconnects.
    pub token: u64,
    /// The session, tabs and panes that it shows.
    pub at: ViewState,
    /// The size of its terminal.
    pub size: Size,
    /// A cell in pixels, 0 where unknown.
    pub cell_pixels: (u16, u16),
    /// The rows of its terminal that no pane can have.
    pub bars: u16,
    /// True if it only watches.
    pub read_only: bool,
    /// True if its terminal has the focus.
    pub focused: bool,
    /// The time when it was connected, in milliseconds since 1970.
    pub connected_wall: u64,
    /// The time when it sent input last.
    pub last_input: Tick,
    /// Grows over all views with each input: the highest drives. Ticks can be equal, this cannot.
    pub used: u64,
    /// The working directory of the client.
    pub cwd: String,
    /// The environment of the client.
    pub env: Vec<(String, String)>,
}

/// The session, tabs and panes that a view shows: kept for a while when its client is gone, and
/// over a restart of the server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ViewState {
    /// The session it shows.
    pub session: Option<SessionId>,
    /// Sessions it showed before, the latest last, each once.
    pub history: Vec<SessionId>,
    /// The tab of each session that it shows.
    pub tabs: BTreeMap<SessionId, TabChoice>,
    /// The pane of each tab that it focuses.
    pub panes: BTreeMap<TabId, PaneChoice>,
}

/// The tab of a session that a view shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TabChoice {
    /// The tab.
    pub current: TabId,
    /// The one before.
    pub last: Option<TabId>,
}

/// The pane of a tab that a view focuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaneChoice {
    /// The pane.
    pub focus: PaneId,
    /// The one before.
    pub last: Option<PaneId>,
    /// True if the focus fills the tab.
    pub zoomed: bool,
}

/// The view of a client that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetachedView {
    /// The number that names the client.
    pub token: u64,
    /// The session, tabs and panes that it showed.
    pub at: ViewState,
}

/// The rows that the tab bar and the status line take unless a client says otherwise.
const BARS: u16 = 2;
/// The most rows that bars can take.
const BARS_MAX: u16 = 8;
/// The least rows that are left to panes beside bars.
const ROWS_BESIDE_BARS: u16 = 2;

/// The number of clients remembered after they are gone.
pub const DETACHED_MAX: usize = 32;
/// The most views that a server which takes over waits for: those of as many clients as there can
/// be, and the detached ones.
pub const RESUMABLE_MAX: usize = 1000 + DETACHED_MAX;

/// A client with a terminal, as it introduces itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// A number that names the client over reconnects.
    pub token: u64,
    /// The size of its terminal.
    pub size: Size,
    /// A cell in pixels, 0 where unknown.
    pub cell_pixels: (u16, u16),
    /// The working directory; empty where unknown.
    pub cwd: String,
    /// The client's environment.
    pub env: Vec<(String, String)>,
    /// True if it only watches.
    pub read_only: bool,
}

impl ViewState {
    /// Forgets a session that ended.
    pub(super) fn forget_session(&mut self, id: SessionId) {
        self.session = self.session.filter(|session| *session != id);
        self.history.retain(|session| *session != id);
        self.tabs.remove(&id);
    }

    /// Forgets a tab that ended; where it was shown it is the one before, else `heir`.
    pub(super) fn forget_tab(&mut self, session: SessionId, id: TabId, heir: TabId) {
        self.panes.remove(&id);
        let Some(choice) = self.tabs.get_mut(&session) else { return };
        choice.last = choice.last.filter(|tab| *tab != id);
        if choice.current == id {
            choice.current = choice.last.take().unwrap_or(heir);
        }
    }

    /// Forgets a pane that left a tab; where it had the focus it is the one before, else `heir`.
    pub(super) fn forget_pane(&mut self, tab: TabId, id: PaneId, heir: PaneId) {
        let Some(choice) = self.panes.get_mut(&tab) else { return };
        choice.last = choice.last.filter(|pane| *pane != id);
        if choice.focus == id {
            choice.focus = choice.last.take().unwrap_or(heir);
            choice.zoomed = false;
        }
    }

    /// Puts a pane in the place of another.
    pub(super) fn replace_pane(&mut self, tab: TabId, old: PaneId, new: PaneId) {
        let Some(choice) = self.panes.get_mut(&tab) else { return };
        if choice.focus == old {
            choice.focus = new;
        }
        if choice.last == Some(old) {
            choice.last = Some(new);
        }
    }

    /// Shows all panes of a tab.
    pub(super) fn unzoom(&mut self, tab: TabId) {
        if let Some(choice) = self.panes.get_mut(&tab) {
            choice.zoomed = false;
        }
    }
}

impl View {
    /// The area that panes share: what the tab bar above and the status line below leave, or
    /// everything where there is no room for them.
    #[must_use]
    pub const fn area(&self) -> Size {
        let left = self.size.rows.saturating_sub(self.bars);
        Size::new(self.size.cols, if left < ROWS_BESIDE_BARS { self.size.rows } else { left })
    }

    /// The tab it shows.
    #[must_use]
    pub fn tab(&self) -> Option<TabId> {
        self.at.tabs.get(&self.at.session?).map(|choice| choice.current)
    }

    /// The pane in focus of its tab, and whether it fills the tab.
    #[must_use]
    pub fn choice(&self) -> Option<PaneChoice> {
        self.at.panes.get(&self.tab()?).copied()
    }

    /// The pane it focuses.
    #[must_use]
    pub fn focus(&self) -> Option<PaneId> {
        self.choice().map(|choice| choice.focus)
    }
}

impl State {
    /// A view that is there.
    #[must_use]
    pub fn view(&self, id: ClientId) -> &View {
        self.views.get(&id).expect("ids of clients are looked up before they are used")
    }

    fn view_mut(&mut self, id: ClientId) -> &mut View {
        self.views.get_mut(&id).expect("ids of clients are looked up before they are used")
    }

    /// Makes the view of a client. One that was here before shows what it showed then; any other
    /// shows nothing yet.
    pub fn connect(&mut self, client: ClientId, viewer: Viewer, now: Now) {
        // A connection that broke may not have been noticed yet: then its view is still here.
        let stale =
            self.views.values().find(|view| view.token == viewer.token).map(|view| view.at.clone());
        let former = self
            .detached_views
            .iter()
            .position(|detached| detached.token == viewer.token)
            .map(|at| self.detached_views.remove(at).at);
        let at = stale.or(former).unwrap_or_default();
        let view = View {
            client,
            token: viewer.token,
            at,
            size: viewer.size.clamped(),
            cell_pixels: viewer.cell_pixels,
            bars: BARS,
            read_only: viewer.read_only,
            focused: true,
            connected_wall: now.wall,
            last_input: now.tick,
            used: take(&mut self.next_ids.used),
            cwd: viewer.cwd,
            env: viewer.env,
        };
        self.next_ids.client = self.next_ids.client.max(client.0 + 1);
        self.views.insert(client, view);
        self.version += 1;
        self.see(client);
    }

    /// Takes the view of a client away. What it showed is kept for a while.
    pub fn disconnect(&mut self, client: ClientId) {
        let Some(view) = self.views.remove(&client) else { return };
        self.pending_work.resize.extend(view.tab());
        for tab in self.tabs.values_mut().filter(|tab| tab.driver == Some(client)) {
            tab.driver = None;
        }
        self.detached_views.retain(|detached| detached.token != view.token);
        self.detached_views.push(DetachedView { token: view.token, at: view.at });
        if self.detached_views.len() > DETACHED_MAX {
            self.detached_views.remove(0);
        }
        self.version += 1;
    }

    /// Shows a session, with the tab it showed of it before.
    pub fn show_session(&mut self, client: ClientId, session: SessionId) {
        let entry = self.session(session);
        let first = TabChoice { current: entry.current, last: entry.shown_before.last().copied() };
        let view = self.view_mut(client);
        let left = view.tab();
        let former = view.at.session.replace(session).filter(|former| *former != session);
        view.at.history.retain(|other| *other != session && Some(*other) != former);
        view.at.history.extend(former);
        view.at.tabs.entry(session).or_insert(first);
        self.pending_work.resize.extend(left);
        self.use_session(session);
        self.see(client);
    }

    /// Shows no session.
    pub fn show_nothing(&mut self, client: ClientId) {
        let view = self.view_mut(client);
        let left = view.tab();
        let former = view.at.session.take();
        view.at.history.retain(|other| Some(*other) != former);
        view.at.history.extend(former);
        self.pending_work.resize.extend(left);
        self.version += 1;
    }

    /// Shows a tab, and its session if that is another one.
    pub fn show_tab(&mut self, client: ClientId, tab: TabId) {
        let session = self.tab(tab).session;
        if self.view(client).at.session != Some(session) {
            self.show_session(client, session);
        }
        let view = self.view_mut(client);
        let left = view.tab();
        let choice = view.at.tabs.entry(session).or_insert(TabChoice { current: tab, last: None });
        if choice.current != tab {
            *choice = TabChoice { current: tab, last: Some(choice.current) };
        }
        self.pending_work.resize.extend(left);
        self.version += 1;
        self.see(client);
    }

    /// Gives a pane the focus in a view, which shows its tab then; without a view, in those that
    /// will see the tab first.
    pub fn focus_pane(&mut self, client: Option<ClientId>, pane: PaneId) {
        let Some(tab) = self.pane(pane).tab else { return };
        let pane = self.tab(tab).modal.unwrap_or(pane);
        self.version += 1;
        let Some(client) = client else { return self.prefer_pane(pane) };
        self.show_tab(client, tab);
        let read_only = self.view(client).read_only;
        let choice =
            self.view_mut(client).at.panes.get_mut(&tab).expect("a shown tab has a choice");
        if choice.focus != pane {
            *choice = PaneChoice { focus: pane, last: Some(choice.focus), zoomed: false };
        }
        if !read_only {
            self.prefer_pane(pane);
        }
    }

    /// Makes a pane the one that is focused where no view says otherwise: the open one of its
    /// stack, the highest of those that float.
    fn prefer_pane(&mut self, pane: PaneId) {
        let Some(id) = self.pane(pane).tab else { return };
        let tab = self.tab_mut(id);
        tab.set_focus(pane);
        tab.raise(pane);
        let shows = tab.is_float(pane) && std::mem::take(&mut tab.hides_floats);
        if tab.layout.is_stacked(pane) || shows {
            tab.layout.open(pane);
            self.pending_work.resize.insert(id);
        }
    }

    /// Lets the focus of a view fill the tab, or shows all panes again.
    pub fn zoom(&mut self, client: ClientId, zoomed: bool) {
        let Some(tab) = self.view(client).tab() else { return };
        let only = self.tab(tab).panes().len() == 1;
        if let Some(choice) = self.view_mut(client).at.panes.get_mut(&tab) {
            choice.zoomed = zoomed && !only;
        }
        self.pending_work.resize.insert(tab);
        self.version += 1;
    }

    /// Lets a client only watch from now on.
    pub fn watch_only(&mut self, client: ClientId) {
        let view = self.view_mut(client);
        view.read_only = true;
        self.pending_work.resize.extend(self.view(client).tab());
    }

    /// Takes note of another size of a client's terminal.
    pub fn resize_view(&mut self, client: ClientId, size: Size, cell_pixels: (u16, u16)) {
        let Some(view) = self.views.get_mut(&client) else { return };
        (view.size, view.cell_pixels) = (size.clamped(), cell_pixels);
        self.pending_work.resize.extend(view.tab());
    }

    /// Takes note of how many rows a client's bars take.
    pub fn set_bars(&mut self, client: ClientId, rows: u16) {
        let Some(view) = self.views.get_mut(&client) else { return };
        view.bars = rows.min(BARS_MAX);
        self.pending_work.resize.extend(view.tab());
    }

    /// Takes note of whether a client's terminal has the focus.
    pub fn set_focused(&mut self, client: ClientId, focused: bool) {
        if let Some(view) = self.views.get_mut(&client) {
            view.focused = focused;
        }
    }

    /// Notes input of a view: it drives the tab it shows from now on.
    pub fn used(&mut self, client: ClientId, now: Now) {
        let used = take(&mut self.next_ids.used);
        let Some(view) = self.views.get_mut(&client) else { return };
        (view.last_input, view.used) = (now.tick, used);
        if let Some(tab) = view.tab().filter(|_| !view.read_only)
            && self.tab(tab).driver != Some(client)
        {
            self.pending_work.resize.insert(tab);
        }
    }

    /// The view that a caller moves: its own, else of those that show the session the one used
    /// last.
    #[must_use]
    pub fn acting_view(&self, caller: Caller, session: SessionId) -> Option<ClientId> {
        let own = caller.client.filter(|client| self.views.contains_key(client));
        let showing =
            self.views.values().filter(|view| view.at.session == Some(session) && !view.read_only);
        own.or_else(|| showing.max_by_key(|view| view.used).map(|view| view.client))
    }

    /// The view that follows when a caller makes something in a session: the acting one, if it
    /// shows that session.
    #[must_use]
    pub fn following_view(&self, caller: Caller, session: SessionId) -> Option<ClientId> {
        self.acting_view(caller, session)
            .filter(|client| self.view(*client).at.session == Some(session))
    }

    /// True if some view shows a tab.
    #[must_use]
    pub fn is_shown(&self, tab: TabId) -> bool {
        self.views.values().any(|view| view.tab() == Some(tab))
    }

    /// Makes the target of each session what the view shows that was used last among those that
    /// show it: a script that names the session means what is seen.
    pub(crate) fn follow_views(&mut self) {
        let mut latest: BTreeMap<SessionId, &View> = BTreeMap::new();
        for view in self.views.values().filter(|view| !view.read_only) {
            let Some(session) = view.at.session else { continue };
            let kept = latest.entry(session).or_insert(view);
            if kept.used < view.used {
                *kept = view;
            }
        }
        let seen: Vec<(SessionId, TabId, PaneId)> = latest
            .into_iter()
            .filter_map(|(session, view)| Some((session, view.tab()?, view.focus()?)))
            .collect();
        for (session, tab, focus) in seen {
            if self.session(session).current != tab {
                self.prefer_tab(tab);
            }
            if self.tab(tab).focus != focus {
                self.version += 1;
                self.prefer_pane(focus);
            }
        }
    }

    /// Completes what views of a session show after one of its tabs has gone.
    pub(super) fn show_current_tabs(&mut self, session: SessionId) {
        for client in self.clients_of(session) {
            self.see(client);
        }
    }

    /// Makes sure that what a view shows is complete, and takes away the marks of what is seen.
    fn see(&mut self, client: ClientId) {
        let (Some(id), read_only) = (self.view(client).tab(), self.view(client).read_only) else {
            return;
        };
        let tab = self.tab(id);
        let (session, panes) = (tab.session, tab.panes());
        let (focus, last) = (tab.focus, tab.focused_before.last().copied());
        let first = PaneChoice { focus, last, zoomed: false };
        self.view_mut(client).at.panes.entry(id).or_insert(first);
        for pane in panes {
            let marks = &mut self.pane_mut(pane).marks;
            (marks.bell, marks.activity) = (false, false);
            (marks.news.silence, marks.news.ended, marks.news.notice) = (false, None, None);
            marks.status.seen();
        }
        if !read_only {
            self.session_mut(session).set_current(id);
        }
        self.pending_work.resize.insert(id);
    }
}

/// Why a pane wants attention, the most urgent first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlertReason {
    /// A bell rang.
    Bell,
    /// The program sent this notification.
    Notice(String),
    /// The program or a long command ended with this status.
    Ended(u8),
    /// The pane fell silent.
    Silence,
    /// The pane printed something.
    Activity,
}

impl AlertReason {
    /// In some words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Bell => "a bell rang".into(),
            Self::Notice(text) => text.clone(),
            Self::Ended(status) => format!("ended, status {status}"),
            Self::Silence => "fell silent".into(),
            Self::Activity => "new output".into(),
        }
    }
}

/// Why a pane wants attention; none if it does not.
fn why(pane: &Pane) -> Option<AlertReason> {
    let news = &pane.marks.news;
    pane.tab?;
    let bell = pane.marks.bell.then_some(AlertReason::Bell);
    let notice = || news.notice.clone().map(AlertReason::Notice);
    let ended = || news.ended.map(AlertReason::Ended);
    let silence = || news.silence.then_some(AlertReason::Silence);
    let activity = || pane.marks.activity.then_some(AlertReason::Activity);
    bell.or_else(notice).or_else(ended).or_else(silence).or_else(activity)
}

impl State {
    /// Every pane that wants attention, the most urgent first; of equals the oldest pane.
    #[must_use]
    pub fn alerts(&self) -> Vec<(PaneId, AlertReason)> {
        let mut all: Vec<(PaneId, AlertReason)> =
            self.panes.values().filter_map(|pane| Some((pane.id, why(pane)?))).collect();
        let rank = |why: &AlertReason| match why {
            AlertReason::Bell => 0,
            AlertReason::Notice(_) => 1,
            AlertReason::Ended(_) => 2,
            AlertReason::Silence => 3,
            AlertReason::Activity => 4,
        };
        all.sort_by_key(|(_, why)| rank(why));
        all
    }

    /// True if a pane fills its tab, in the view used last that shows that tab.
    #[must_use]
    pub fn is_zoomed(&self, pane: PaneId) -> bool {
        let Some(tab) = self.pane(pane).tab else { return false };
        let showing = self.views.values().filter(|view| view.tab() == Some(tab));
        let choice = showing.max_by_key(|view| view.used).and_then(View::choice);
        choice.is_some_and(|choice| choice.zoomed && choice.focus == pane)
    }

    /// The place of a pane in the area of its tab; none while it is out of sight.
    #[must_use]
    pub fn place_in_tab(&self, pane: PaneId) -> Option<Rect> {
        let tab = self.tab(self.pane(pane).tab?);
        tab.rects(tab.area, tab.focus).into_iter().find(|(id, _)| *id == pane).map(|(_, rect)| rect)
    }

    /// The place of a pane, as a target: `work:2.1`.
    #[must_use]
    pub fn place_of(&self, id: PaneId) -> String {
        let pane = self.pane(id);
        let session = self.session(pane.session);
        let tab = session.tabs.iter().position(|tab| Some(*tab) == pane.tab).map_or(0, |at| at + 1);
        format!("{}:{tab}.{}", session.name, self.pane_index(id))
    }
}
