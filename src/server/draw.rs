//! Frames: what a client has not seen yet of what its view shows. It changes nothing in the core.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::id::{ClientId, PaneId};
use crate::base::row::Run;
use crate::base::style::{Cursor, Style};
use crate::base::time::{Span as Time, Tick};
use crate::core::Core;
use crate::core::beside::{SceneBeside, SceneMarks, SceneWanting};
use crate::core::scene::{Scene, ScenePane, SceneSession, SceneTab};
use crate::server::pictures::Pictures;
use crate::term::{self, Terminal};
use crate::wire::frame::{Beside, Chrome, Frame, PaneItem, PaneRows, Progress, SessionItem, TabItem, TabMarks, ToClient, Wanting, Wants};
use crate::wire::span::Span;

/// While programs print without a pause, a client gets a frame at most this often.
pub(super) const FRAME_EVERY: Time = Time::millis(8);
/// For so long after a client's input, what it causes is drawn at once.
pub(super) const ECHO_WITHIN: Time = Time::millis(100);

/// What a client has been sent.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    number: u64,
    /// The frame that is not on its screen yet.
    in_flight: bool,
    chrome: Chrome,
    beside: SceneBeside,
    cursor: Option<Cursor>,
    panes: BTreeMap<PaneId, PaneDrawn>,
    wants: Wants,
    /// Images, and what of them is still to be sent.
    pub(super) pictures: Pictures,
    /// When the last frame was sent.
    at: Tick,
    /// When its last input came.
    pub(super) input_at: Tick,
    /// Something may have changed since the last frame.
    pub(super) stale: bool,
    /// The pane in its focus may have changed since the last frame.
    pub(super) focus_stale: bool,
}

/// What a client has been sent of a pane.
#[derive(Debug, Default)]
struct PaneDrawn {
    tick: u64,
    links: BTreeSet<u32>,
}

impl Drawn {
    /// The client has frame `number` on its screen.
    pub(super) fn shown(&mut self, number: u64) {
        if number == self.number {
            self.in_flight = false;
        }
    }

    /// When the next frame may be sent: none while one is in flight or nothing changed. `is_echo`: what changed follows from the client's own input.
    pub(super) fn due(&self, now: Tick, is_echo: bool) -> Option<Tick> {
        if self.in_flight || !self.stale {
            return None;
        }
        if is_echo && self.focus_stale && now - self.input_at <= ECHO_WITHIN {
            return Some(now);
        }
        Some(self.at + FRAME_EVERY)
    }

    /// What is shown besides frames, if any of it changed.
    fn beside(&mut self, core: &Core, client: ClientId) -> Option<Beside> {
        let beside = core.beside(client)?;
        if beside == self.beside {
            return None;
        }
        self.beside = beside.clone();
        Some(Beside {
            tabs: beside.tabs.iter().map(marks).collect(),
            attention: beside.attention.into_iter().map(wanting).collect(),
            cwd: beside.cwd,
        })
    }

    /// What brings the client up to date, a frame last; nothing if nothing changed. Panes in `held` are in the middle of a synchronized update.
    pub(super) fn messages(&mut self, now: Tick, core: &Core, client: ClientId, held: &BTreeSet<PaneId>) -> Vec<ToClient> {
        (self.stale, self.focus_stale) = (false, false);
        let Some(scene) = core.scene(client) else { return Vec::new() };
        let wants = wants(core, &scene);
        let mut messages = Vec::new();
        if self.wants != wants {
            self.wants = wants;
            messages.push(ToClient::Wants(wants));
        }
        if let Some(beside) = self.beside(core, client) {
            self.at = now;
            messages.push(ToClient::Beside(Box::new(beside)));
        }
        let before = messages.len();
        let screens =
            scene.panes.iter().filter_map(|item| Some((item.id, &core.state.panes.get(&item.id)?.screen, held.contains(&item.id))));
        self.pictures.update(screens, &mut messages);
        // What waits for room goes with the frame after this one.
        self.stale |= self.pictures.are_waiting();
        if let Some(frame) = self.frame(now, core, (client, scene), (held, before < messages.len())) {
            messages.push(ToClient::Frame(Box::new(frame)));
        }
        messages
    }

    /// The frame, if anything changed or `needed`.
    fn frame(
        &mut self,
        now: Tick,
        core: &Core,
        (client, scene): (ClientId, Scene),
        (held, needed): (&BTreeSet<PaneId>, bool),
    ) -> Option<Frame> {
        let mut frame = Frame::default();
        let mut styles = Styles::default();
        self.panes.retain(|pane, _| scene.panes.iter().any(|item| item.id == *pane));
        for item in scene.panes.iter().filter(|item| !held.contains(&item.id)) {
            let Some(pane) = core.state.panes.get(&item.id) else { continue };
            let drawn = self.panes.entry(item.id).or_default();
            let rows = drawn.rows(item.id, &pane.screen, &mut styles);
            frame.panes.extend(rows);
        }
        frame.styles = styles.list;
        frame.cursor = if scene.focus.is_some_and(|focus| held.contains(&focus)) { self.cursor } else { cursor(core, &scene) };
        let chrome = chrome(scene, client);
        if chrome != self.chrome {
            self.chrome = chrome.clone();
            frame.chrome = Some(chrome);
        }
        if !needed && frame.chrome.is_none() && frame.panes.is_empty() && frame.cursor == self.cursor {
            return None;
        }
        self.cursor = frame.cursor;
        self.number += 1;
        self.in_flight = true;
        self.at = now;
        frame.number = self.number;
        Some(frame)
    }
}

impl PaneDrawn {
    /// The rows that changed since they were sent last.
    fn rows(&mut self, id: PaneId, screen: &Terminal, styles: &mut Styles) -> Option<PaneRows> {
        let since = self.tick;
        self.tick = screen.tick() + 1;
        let changed: Vec<u16> = (0..screen.size().rows).filter(|y| since <= screen.row_tick(*y)).collect();
        if changed.is_empty() {
            return None;
        }
        let mut rows = PaneRows { pane: id, rows: Vec::with_capacity(changed.len()), links: Vec::new() };
        for y in changed {
            let spans: Vec<Span> = screen.row(y).runs.into_iter().map(|run| styles.span(run)).collect();
            for link in spans.iter().map(|span| span.link).filter(|link| *link != 0) {
                if self.links.insert(link) {
                    rows.links.extend(screen.link(link).map(|target| (link, target.to_owned())));
                }
            }
            rows.rows.push((y, spans));
        }
        Some(rows)
    }
}

/// The table of styles of one frame.
#[derive(Debug, Default)]
pub(super) struct Styles {
    pub(super) list: Vec<Style>,
    index: BTreeMap<Style, u16>,
    last: Option<(Style, u16)>,
}

impl Styles {
    pub(super) fn span(&mut self, run: Run) -> Span {
        Span { style: self.number(run.style), link: run.link, kind: run.kind, text: run.text }
    }

    fn number(&mut self, style: Style) -> u16 {
        if let Some((_, number)) = self.last.filter(|(last, _)| *last == style) {
            return number;
        }
        let next = u16::try_from(self.list.len()).unwrap_or(u16::MAX);
        let number = *self.index.entry(style).or_insert(next);
        if number == next && next < u16::MAX {
            self.list.push(style);
        }
        self.last = Some((style, number));
        number
    }
}

/// The cursor of the pane in focus, relative to the area; none if it is hidden, out of sight or of an ended program.
fn cursor(core: &Core, scene: &Scene) -> Option<Cursor> {
    let item = scene.panes.iter().find(|item| Some(item.id) == scene.focus && item.ended.is_none())?;
    let cursor = core.state.panes.get(&item.id)?.screen.cursor();
    let (x, y) = (cursor.x.checked_sub(item.origin.x)?, cursor.y.checked_sub(item.origin.y)?);
    let is_seen = cursor.visible && x < item.rect.cols && y < item.rect.rows;
    is_seen.then_some(Cursor { x: item.rect.x + x, y: item.rect.y + y, ..cursor })
}

/// What the program in focus wants to know of keys.
fn wants(core: &Core, scene: &Scene) -> Wants {
    let modes = scene.focus.and_then(|focus| core.state.panes.get(&focus)).map(|pane| pane.screen.modes());
    modes.map_or_else(Wants::default, |modes| Wants { kitty: modes.kitty_flags, other_keys: modes.modify_other_keys })
}

/// The scene as it is sent.
fn chrome(scene: Scene, client: ClientId) -> Chrome {
    Chrome {
        session: scene.session.map(session),
        sessions: scene.sessions.into_iter().map(session).collect(),
        tabs: scene.tabs.into_iter().map(tab).collect(),
        panes: scene.panes.into_iter().map(pane).collect(),
        focus: scene.focus,
        zoomed: scene.zoomed,
        area: scene.area,
        read_only: scene.read_only,
        clients: scene.clients,
        client: Some(client),
    }
}

fn session(scene: SceneSession) -> SessionItem {
    SessionItem { id: scene.id, name: scene.name }
}

fn tab(scene: SceneTab) -> TabItem {
    let SceneTab { id, index, name, current, last, bell, activity } = scene;
    TabItem { id, index, name, current, last, bell, activity }
}

fn marks(scene: &SceneMarks) -> TabMarks {
    let SceneMarks { tab, silence, ended, notified, progress } = *scene;
    let progress = progress.and_then(|progress| match progress {
        term::Progress::None => None,
        term::Progress::Percent(percent) => Some(Progress::Percent(percent)),
        term::Progress::Failed(percent) => Some(Progress::Failed(percent)),
        term::Progress::Running => Some(Progress::Running),
        term::Progress::Paused(percent) => Some(Progress::Paused(percent)),
    });
    TabMarks { tab, silence, ended, notified, progress }
}

fn wanting(scene: SceneWanting) -> Wanting {
    let SceneWanting { pane, place, label, why } = scene;
    Wanting { pane, place, label, why }
}

fn pane(scene: ScenePane) -> PaneItem {
    let ScenePane { id, index, rect, size, origin, title, mouse, ended, alternate, bracketed_paste } = scene;
    PaneItem { id, index, rect, size, origin, title, mouse, ended, alternate, bracketed_paste }
}
