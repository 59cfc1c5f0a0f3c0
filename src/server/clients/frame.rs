//! Frames: what a client has not seen yet of what its view shows. It changes nothing in the core.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::id::{ClientId, PaneId};
use crate::base::row::Run;
use crate::base::style::{Cursor, Style};
use crate::base::time::{Span as Time, Tick};
use crate::core::Core;
use crate::core::scene::{
    Scene, SceneAlert, SceneMarks, ScenePane, SceneSession, SceneStatus, SceneTab,
};
use crate::server::clients::images::SentImages;
use crate::term::{self, Terminal};
use crate::wire::frame::{
    Alert, Chrome, Frame, PaneItem, PaneRows, Progress, SessionItem, Status, TabItem, TabMarks,
    ToClient, Wants,
};
use crate::wire::span::StyledSpan;

/// While programs print without a pause, a client gets a frame at most this often.
pub(in crate::server) const FRAME_EVERY: Time = Time::millis(8);
/// For so long after a client's input, what it causes is drawn at once.
pub(in crate::server) const ECHO_WITHIN: Time = Time::millis(100);

/// A frame with so many bytes of rows takes no further one: the rest comes with the next, once this
/// one is shown.
const FRAME_BYTES: usize = 1 << 20;
/// The most bytes of addresses that go with one row; the links after those have none.
const ROW_LINK_BYTES: usize = 512 << 10;
/// The size of a span besides its text, and of a style, in bytes, about.
const SPAN_BYTES: usize = 16;

/// The view as a client has been sent it.
#[derive(Debug, Default)]
pub(in crate::server) struct Drawn {
    number: u64,
    /// The frame that is not on its screen yet.
    in_flight: bool,
    chrome: Chrome,
    beside: SceneStatus,
    cursor: Option<Cursor>,
    panes: BTreeMap<PaneId, PaneDrawn>,
    /// The pane at which the last frame had no room any more: the next one begins there.
    cut_at: Option<PaneId>,
    wants: Wants,
    /// Images, and what of them is still to be sent.
    pub(in crate::server) pictures: SentImages,
    /// The time when the last frame was sent that was more than an echo.
    at: Tick,
    /// The time when its last input came.
    pub(in crate::server) input_at: Tick,
    /// Something may have changed since the last frame.
    pub(in crate::server) stale: bool,
    /// The pane in its focus may have changed since the last frame.
    pub(in crate::server) focus_stale: bool,
}

/// A pane as a client has been sent it.
#[derive(Debug, Default)]
struct PaneDrawn {
    tick: u64,
    links: BTreeSet<u32>,
    /// Rows that changed and had no room in a frame yet.
    waiting: BTreeSet<u16>,
    /// The row after the last one that was sent: the next frame goes on there, so that a program
    /// that always changes all rows hides none.
    next: u16,
}

impl Drawn {
    /// The client has frame `number` on its screen.
    pub(in crate::server) fn shown(&mut self, number: u64) {
        if number == self.number {
            self.in_flight = false;
        }
    }

    /// The time when the next frame may be sent: none while one is in flight or nothing changed.
    /// `is_echo`: what changed follows from the client's own input.
    pub(in crate::server) fn due(&self, now: Tick, is_echo: bool) -> Option<Tick> {
        if self.in_flight || !self.stale {
            return None;
        }
        if is_echo && self.focus_stale && now - self.input_at <= ECHO_WITHIN {
            return Some(now);
        }
        Some(self.at + FRAME_EVERY)
    }

    /// The status besides frames, if any of it changed.
    fn beside(&mut self, core: &Core, client: ClientId) -> Option<Status> {
        let beside = core.status(client)?;
        if beside == self.beside {
            return None;
        }
        self.beside = beside.clone();
        Some(Status {
            tabs: beside.tabs.iter().map(marks).collect(),
            attention: beside.attention.into_iter().map(wanting).collect(),
            cwd: beside.cwd,
        })
    }

    /// The messages that bring the client up to date, a frame last; empty if nothing changed. Panes
    /// in `held` are in the middle of a synchronized update.
    pub(in crate::server) fn messages(
        &mut self,
        now: Tick,
        core: &Core,
        client: ClientId,
        held: &BTreeSet<PaneId>,
    ) -> Vec<ToClient> {
        (self.stale, self.focus_stale) = (false, false);
        let Some(scene) = core.scene(client) else { return Vec::new() };
        let wants = wants(core, &scene);
        let mut messages = Vec::new();
        if self.wants != wants {
            self.wants = wants;
            messages.push(ToClient::Wants(wants));
        }
        let beside = self.beside(core, client);
        let is_beside = beside.is_some();
        messages.extend(beside.map(|beside| ToClient::Status(Box::new(beside))));
        let before = messages.len();
        let screens = scene.panes.iter().filter_map(|item| {
            Some((item.id, &core.state().panes.get(&item.id)?.screen, held.contains(&item.id)))
        });
        self.pictures.update(screens, &mut messages);
        // Pictures that wait for room go with the frame after this one.
        self.stale |= self.pictures.are_waiting();
        let is_held = scene.focus.is_some_and(|focus| held.contains(&focus));
        let cursor = if is_held { self.cursor } else { cursor(core, &scene) };
        let chrome = chrome(scene, client);
        // A frame for an echo leaves other output until it would have come without a key.
        let is_only_echo = now < self.at + FRAME_EVERY && chrome == self.chrome;
        self.stale |= is_only_echo;
        let mut frame = self.changed_rows(core, &chrome, held, is_only_echo);
        frame.cursor = cursor;
        if chrome != self.chrome {
            self.chrome = chrome.clone();
            frame.chrome = Some(chrome);
        }
        let is_wanted = before < messages.len()
            || frame.chrome.is_some()
            || !frame.panes.is_empty()
            || cursor != self.cursor;
        if is_wanted {
            self.cursor = cursor;
            self.number += 1;
            self.in_flight = true;
            frame.number = self.number;
            messages.push(ToClient::Frame(Box::new(frame)));
        }
        let is_more_than_echo = if is_wanted { !is_only_echo } else { is_beside };
        if is_more_than_echo {
            self.at = now;
        }
        messages
    }

    /// A frame with the rows that changed in the panes that may be drawn.
    fn changed_rows(
        &mut self,
        core: &Core,
        chrome: &Chrome,
        held: &BTreeSet<PaneId>,
        is_only_echo: bool,
    ) -> Frame {
        let mut frame = Frame::default();
        let mut styles = Styles::default();
        let is_due =
            |pane: PaneId| !held.contains(&pane) && (!is_only_echo || Some(pane) == chrome.focus);
        self.panes.retain(|pane, _| chrome.panes.iter().any(|item| item.id == *pane));
        let mut room = FRAME_BYTES;
        let mut due: Vec<_> = chrome.panes.iter().filter(|item| is_due(item.id)).collect();
        let cut_at = self.cut_at.take();
        let first = due.iter().position(|item| Some(item.id) == cut_at);
        due.rotate_left(first.unwrap_or(0));
        for item in due {
            let Some(pane) = core.state().panes.get(&item.id) else { continue };
            let drawn = self.panes.entry(item.id).or_default();
            let rows = drawn.rows(item.id, &pane.screen, &mut styles, &mut room);
            frame.panes.extend(rows);
            // Rows without room go with the frame after this one.
            let is_left = !drawn.waiting.is_empty();
            self.stale |= is_left;
            self.focus_stale |= is_left && Some(item.id) == chrome.focus;
            if is_left {
                self.cut_at.get_or_insert(item.id);
            }
        }
        frame.styles = styles.list;
        frame
    }
}

impl PaneDrawn {
    fn next_waiting(&self) -> Option<u16> {
        self.waiting.range(self.next..).next().or_else(|| self.waiting.first()).copied()
    }

    /// The rows that changed since they were sent last, as far as there is room.
    fn rows(
        &mut self,
        id: PaneId,
        screen: &Terminal,
        styles: &mut Styles,
        room: &mut usize,
    ) -> Option<PaneRows> {
        let since = self.tick;
        self.tick = screen.tick() + 1;
        let rows = screen.size().rows;
        self.waiting.extend((0..rows).filter(|y| since <= screen.row_tick(*y)));
        let mut given = PaneRows { pane: id, rows: Vec::new(), links: Vec::new() };
        self.waiting.retain(|y| *y < rows);
        while let Some(y) = self.next_waiting().filter(|_| 0 < *room) {
            self.waiting.remove(&y);
            self.next = y + 1;
            let spans: Vec<StyledSpan> =
                screen.row(y).runs.into_iter().map(|run| styles.span(run)).collect();
            let before = given.links.len();
            let mut link_bytes = 0;
            for link in spans.iter().map(|span| span.link).filter(|link| *link != 0) {
                if link_bytes <= ROW_LINK_BYTES && self.links.insert(link) {
                    let target = screen.link(link).map(str::to_owned);
                    link_bytes += target.as_ref().map_or(0, String::len);
                    given.links.extend(target.map(|target| (link, target)));
                }
            }
            let text: usize = spans.iter().map(|span| span.text.len() + SPAN_BYTES).sum();
            let links = link_bytes + SPAN_BYTES * (given.links.len() - before);
            *room = room.saturating_sub(text + links);
            given.rows.push((y, spans));
        }
        (!given.rows.is_empty()).then_some(given)
    }
}

/// The table of styles of one frame.
#[derive(Debug, Default)]
pub(in crate::server) struct Styles {
    pub(in crate::server) list: Vec<Style>,
    index: BTreeMap<Style, u16>,
    last: Option<(Style, u16)>,
}

impl Styles {
    pub(in crate::server) fn span(&mut self, run: Run) -> StyledSpan {
        StyledSpan { style: self.number(run.style), link: run.link, kind: run.kind, text: run.text }
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

/// The cursor of the pane in focus, relative to the area; none if it is hidden, out of sight or of
/// an ended program.
fn cursor(core: &Core, scene: &Scene) -> Option<Cursor> {
    let item =
        scene.panes.iter().find(|item| Some(item.id) == scene.focus && item.ended.is_none())?;
    let cursor = core.state().panes.get(&item.id)?.screen.cursor();
    let (x, y) = (cursor.x.checked_sub(item.origin.x)?, cursor.y.checked_sub(item.origin.y)?);
    let is_seen = cursor.visible && x < item.rect.cols && y < item.rect.rows;
    is_seen.then_some(Cursor { x: item.rect.x + x, y: item.rect.y + y, ..cursor })
}

/// The key events that the program in focus wants.
fn wants(core: &Core, scene: &Scene) -> Wants {
    let modes = scene
        .focus
        .and_then(|focus| core.state().panes.get(&focus))
        .map(|pane| pane.screen.modes());
    modes.map_or_else(Wants::default, |modes| Wants {
        kitty: modes.kitty_flags,
        other_keys: modes.modify_other_keys,
    })
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

fn wanting(scene: SceneAlert) -> Alert {
    let SceneAlert { pane, place, label, why } = scene;
    Alert { pane, place, label, why }
}

fn pane(scene: ScenePane) -> PaneItem {
    let ScenePane {
        id,
        index,
        rect,
        size,
        origin,
        title,
        mouse,
        ended,
        alternate,
        bracketed_paste,
    } = scene;
    PaneItem { id, index, rect, size, origin, title, mouse, ended, alternate, bracketed_paste }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{Drawn, FRAME_EVERY};
    use crate::action::table::from_words;
    use crate::base::geom::Size;
    use crate::base::id::{CallId, ClientId, PaneId};
    use crate::base::memory::HeapMemory;
    use crate::base::time::{Now, Span, Tick};
    use crate::core::{Core, Input, Viewer};
    use crate::settings::Settings;
    use crate::state::State;
    use crate::state::call::Caller;
    use crate::state::effect::Effects;
    use crate::state::host::Host;
    use crate::term::{Options, Terminal};
    use crate::wire::frame::ToClient;

    /// A client that shows panes 1 and 2 beside each other, the second in focus.
    fn two_panes() -> (Core, ClientId) {
        let mut state = State::default();
        for pane in [PaneId(1), PaneId(2)] {
            let screen = Terminal::new(
                Size::new(80, 24),
                Options::default(),
                Box::new(HeapMemory::default()),
            );
            state.adopt(pane, 7, screen, 0);
        }
        attached(state, Size::new(80, 24), &["attach recovered", "pane join p1 --target p2"])
    }

    /// A client of a size that has made these calls.
    fn attached(state: State, size: Size, calls: &[&str]) -> (Core, ClientId) {
        let mut core = Core::resume(Settings::default(), Host::default(), state);
        let client = ClientId(1);
        let viewer = Viewer {
            token: 1,
            size,
            cell_pixels: (0, 0),
            cwd: "/".into(),
            env: Vec::new(),
            read_only: false,
        };
        let mut inputs = vec![Input::Connected { client, viewer }];
        for (call, words) in (1..).zip(calls) {
            let action = from_words(&words.split(' ').map(str::to_owned).collect::<Vec<_>>())
                .expect("it is right");
            inputs.push(Input::Call {
                call: CallId(call),
                caller: Caller { client: Some(client), pane: None },
                action,
            });
        }
        for input in inputs {
            core.step(Now { tick: Tick(1), wall: 1 }, input, &mut Effects::new());
        }
        (core, client)
    }

    /// The panes of which a client gets rows, and what is due after that.
    fn drawn(drawn: &mut Drawn, now: Tick, core: &Core, client: ClientId) -> (Vec<u64>, bool) {
        let messages = drawn.messages(now, core, client, &BTreeSet::new());
        let frames = messages.into_iter().filter_map(|message| {
            if let ToClient::Frame(frame) = message { Some(frame) } else { None }
        });
        let panes = frames.flat_map(|frame| frame.panes).map(|rows| rows.pane.0).collect();
        drawn.shown(drawn.number);
        (panes, drawn.stale)
    }

    fn print(core: &mut Core, pane: u64) {
        let input = Input::Output { pane: PaneId(pane), bytes: b"x" };
        core.step(Now { tick: Tick(2), wall: 1 }, input, &mut Effects::new());
    }

    /// Lets a client catch up; gives the number of frames, the bytes of the longest, and the text
    /// of all rows.
    fn catch_up(core: &Core, client: ClientId) -> (usize, usize, BTreeMap<u16, String>) {
        let mut seen = Drawn::default();
        let (mut frames, mut longest, mut rows) = (0, 0, BTreeMap::new());
        let mut now = Tick(1_000_000_000);
        seen.stale = true;
        while seen.stale {
            now = now + FRAME_EVERY;
            for message in seen.messages(now, core, client, &BTreeSet::new()) {
                let mut bytes = Vec::new();
                crate::wire::frame::put(&mut bytes, &message).expect("it is bounded");
                longest = longest.max(bytes.len());
                if let ToClient::Frame(frame) = message {
                    frames += 1;
                    let sent = frame.panes.into_iter().flat_map(|pane| pane.rows);
                    rows.extend(sent.map(|(y, spans)| {
                        (y, spans.into_iter().map(|span| span.text).collect::<String>())
                    }));
                }
            }
            seen.shown(seen.number);
        }
        (frames, longest, rows)
    }

    #[test]
    fn a_screen_of_long_clusters_and_links_comes_whole_in_bounded_frames() {
        let size = Size::new(640, 180);
        let clusters = format!("a{}", "\u{1ab0}".repeat(15)).repeat(640);
        let link = |n: usize| format!("\x1b]8;;http://h/{n}/{}\x07x", "y".repeat(1900));
        let links: String = (0..640).map(link).collect();
        for (what, row) in [("clusters", clusters), ("links", links)] {
            let mut state = State::default();
            let memory = Box::new(HeapMemory::default());
            let mut screen = Terminal::new(size, Options::default(), memory);
            for y in 1..=180 {
                screen.feed(format!("\x1b[{y}H{row}").as_bytes(), &mut Vec::new());
            }
            let shown: BTreeMap<u16, String> = (0..180)
                .map(|y| (y, screen.row(y).runs.into_iter().map(|run| run.text).collect()))
                .collect();
            state.adopt(PaneId(1), 7, screen, 0);
            let (core, client) = attached(state, Size::new(640, 182), &["attach recovered"]);
            let (frames, longest, rows) = catch_up(&core, client);
            assert!(1 < frames && longest < 4 << 20, "{what}: {frames} frames, {longest} bytes");
            assert_eq!(rows, shown, "{what}");
        }
    }

    #[test]
    fn an_echo_does_not_wait_for_what_others_print_and_they_lose_nothing_by_it() {
        let (mut core, client) = two_panes();
        let mut seen = Drawn::default();
        let (begin, echo) = (Tick(1_000_000_000), Span::millis(3));
        assert_eq!(
            drawn(&mut seen, begin, &core, client),
            (vec![1, 2], false),
            "a first frame is whole"
        );
        let focus = core.state().views[&client].focus().expect("it shows two").0;
        let other = 3 - focus;
        print(&mut core, focus);
        print(&mut core, other);
        assert_eq!(drawn(&mut seen, begin + echo, &core, client), (vec![focus], true));
        assert_eq!(
            seen.due(begin + echo, false),
            Some(begin + FRAME_EVERY),
            "the others come when they would have come"
        );
        assert_eq!(drawn(&mut seen, begin + FRAME_EVERY, &core, client), (vec![other], false));
        print(&mut core, other);
        let zoom = from_words(&["pane".into(), "zoom".into()]).expect("it is right");
        let caller = Caller { client: Some(client), pane: None };
        core.step(
            Now { tick: Tick(3), wall: 1 },
            Input::Call { call: CallId(3), caller, action: zoom },
            &mut Effects::new(),
        );
        let (panes, stale) = drawn(&mut seen, begin + FRAME_EVERY + echo, &core, client);
        assert!(
            panes.contains(&focus) && !stale,
            "where the layout changed a frame is whole: {panes:?}"
        );
    }
}
