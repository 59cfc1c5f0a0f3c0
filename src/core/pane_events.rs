//! Events of panes: programs start, print, ask their terminal for something, and end. Alerts, hooks
//! and the memory limit of scrollback follow from them.

use std::collections::BTreeMap;

use crate::action::completion;
use crate::base::error::Refusal;
use crate::base::id::{ClientId, PaneId, SessionId, TabId};
use crate::base::memory::Memory;
use crate::base::program_status::{StatusReport, WorkState};
use crate::base::signal::ExitStatus;
use crate::base::text::sanitize;
use crate::base::time::{Now, Span, Tick};
use crate::core::Core;
use crate::core::host_policy::Requester;
use crate::core::restore::{ANSWERED, offers_shell};
use crate::settings::{Hooks, NotifyPolicy, Remain};
use crate::state::NextIds;
use crate::state::effect::{ClientMessage, Effect, Effects};
use crate::state::pane::ProgramState;
use crate::term::{
    HistoryBytes, HostName, MarkKind, Notice, Options, Progress, PromptMark, TermEvent, Terminal,
};

/// So long after a program was ended from outside it may turn out that the machine goes down: what
/// was there before is not overwritten on disk.
const SHUTDOWN_SUSPECTED: Span = Span::seconds(10);

/// The end of the program of a pane.
pub(super) struct ProgramEnd<'a> {
    pub(super) status: ExitStatus,
    /// Processes that could not be ended, by pid.
    pub(super) left: &'a [u32],
}

impl Core {
    /// Gives the pane of a program that was started the memory for its scrollback.
    pub(super) fn give_memory(&mut self, id: PaneId, memory: Box<dyn Memory>) {
        let options = self.terminal_options();
        let Some(pane) = self.state.panes.get_mut(&id) else { return };
        // A pane that was restored goes on showing its former screen, and has its memory.
        if self.state.restored_panes.remove(&id) {
            pane.screen.feed(ANSWERED, &mut Vec::new());
        } else {
            let mut screen = Terminal::new(pane.size, options, memory);
            screen.succeed(&pane.screen);
            pane.screen = screen;
        }
        pane.screen.identify(self.host.lineage, id.0);
    }

    pub(super) fn started(&mut self, now: Now, id: PaneId, pid: u32, fx: &mut Effects) {
        let Some(pane) = self.state.panes.get_mut(&id) else { return };
        if pane.life == ProgramState::Starting {
            pane.life = ProgramState::Running { pid };
        }
        pane.marks.started = Some(now.tick);
        self.state.version += 1;
        self.apply_palette(id, fx);
        self.complete(completion::on_started(&self.state, id), fx);
    }

    /// A program could not be started: its pane goes, and whoever sees it hears why. One that was
    /// started before stays, says why, and can be tried again.
    pub(super) fn failed(&mut self, now: Now, id: PaneId, refusal: &Refusal, fx: &mut Effects) {
        if !self.state.panes.contains_key(&id) {
            return;
        }
        let asked = completion::on_failed(&self.state, id, refusal);
        let pane = self.state.pane(id);
        if pane.life == ProgramState::Starting && pane.restore.retried {
            self.complete(asked, fx);
            return self.hold_failed(id, refusal, fx);
        }
        if asked.is_empty() {
            let message = ClientMessage::Notice {
                text: sanitize(&refusal.message, NOTICE_MAX),
                warning: true,
            };
            self.tell(id, &message, fx);
        }
        self.complete(asked, fx);
        // The shell's status for a command that cannot be run (POSIX.1-2024 XCU 2.8.2).
        let end = &ProgramEnd { status: ExitStatus::Code(126), left: &[] };
        self.ended(now, id, end, fx);
    }

    /// The options of terminals whose programs start now.
    #[must_use]
    pub fn terminal_options(&self) -> Options {
        let kept = &self.settings.scrollback;
        let pixels = self
            .state
            .views
            .values()
            .max_by_key(|view| view.used)
            .map(|view| view.cell_pixels)
            .filter(|(x, y)| *x > 0 && *y > 0);
        let options = Options::default();
        Options {
            scrollback_lines_max: usize::try_from(kept.lines).unwrap_or(usize::MAX),
            scrollback_bytes_max: usize::try_from(kept.bytes).unwrap_or(usize::MAX),
            cell_pixels: pixels.unwrap_or(options.cell_pixels),
            checksum_reports: self.settings.pane.reports,
            title_reports: self.settings.pane.reports,
            host: HostName::new(&self.host.name),
            ..options
        }
    }

    pub(super) fn output(&mut self, now: Now, id: PaneId, bytes: &[u8], fx: &mut Effects) {
        let Some(pane) = self.state.panes.get_mut(&id) else { return };
        let mut events = Vec::new();
        pane.screen.feed(bytes, &mut events);
        pane.marks.output = now.tick;
        let cols = pane.size.cols;
        self.note_output(id);
        for event in events {
            self.happened(now, id, event, fx);
        }
        if self.state.calls.values().any(|open| open.pending.pane() == Some(id)) {
            self.complete(completion::on_output(&self.state, id, rows_passed(bytes, cols)), fx);
        }
    }

    pub(super) fn happened(&mut self, now: Now, id: PaneId, event: TermEvent, fx: &mut Effects) {
        match event {
            TermEvent::Reply(bytes) => self.write(id, fx, |_, out| out.extend(bytes)),
            TermEvent::Bell => self.note_bell(now, id, fx),
            // Of xterm's selections only these are what people call the clipboard.
            TermEvent::Clipboard { selection: 'c' | 's', text } => {
                let from = Requester { pane: id, now: now.tick };
                self.host_policy.set_clipboard(&self.state, from, text, fx);
            }
            TermEvent::Notify(notice) => self.note_notification(now, id, &notice, fx),
            TermEvent::PromptMark(mark) => {
                self.note_mark(id, &mark, fx);
                self.prompt_mark(now, id, &mark, fx);
            }
            TermEvent::Cwd(path) => self.state.pane_mut(id).marks.shell.cwd = path,
            TermEvent::Progress(progress) => self.note_progress(id, progress),
            TermEvent::Status(report) => self.note_status(now, id, report, fx),
            TermEvent::Reset => self.state.pane_mut(id).marks.status.clear(),
            // Titles are read from the screen when they are needed; nothing follows from the others
            // yet.
            _ => (),
        }
    }

    /// Tells every client on the session of a pane.
    pub(super) fn tell(&self, pane: PaneId, message: &ClientMessage, fx: &mut Effects) {
        let clients: Vec<ClientId> = self.state.clients_of(self.state.pane(pane).session);
        fx.extend(
            clients.into_iter().map(|client| Effect::Tell { client, message: message.clone() }),
        );
    }

    pub(super) fn ended(&mut self, now: Now, id: PaneId, end: &ProgramEnd<'_>, fx: &mut Effects) {
        let ProgramEnd { status, left } = *end;
        // The end of one that stays is told again by each new server.
        if self
            .state
            .panes
            .get(&id)
            .is_none_or(|pane| matches!(pane.life, ProgramState::Ended { .. }))
        {
            return;
        }
        let is_meant = self.state.pane(id).life == ProgramState::Ending;
        if !is_meant && status.is_from_outside() {
            self.state.shutdown_suspected_until = Some(now.tick + SHUTDOWN_SUSPECTED);
            self.state.version += 1;
        }
        let done = completion::on_ended(&mut self.state, id, status, left);
        self.complete(done, fx);
        self.note_end(id, status.shell(), fx);
        self.state.pane_mut(id).marks.status.clear();
        let stays = match self.settings.pane.remain_on_exit {
            Remain::Off => false,
            Remain::On => true,
            Remain::Failed => status != ExitStatus::Code(0),
        };
        let stays = stays || self.has_failed_again(now, id, status);
        self.state.pane_ended(id, status, stays, fx);
        let Some(pane) = self
            .state
            .panes
            .get_mut(&id)
            .filter(|pane| matches!(pane.life, ProgramState::Ended { .. }))
        else {
            return;
        };
        let offers_shell = offers_shell(pane);
        pane.screen.feed(PROGRAM_MODES_OFF, &mut Vec::new());
        let last = i64::from(pane.screen.size().rows);
        let is_full = !pane.screen.text(last - 1..last).trim().is_empty();
        pane.screen.feed(exit_banner(status, offers_shell, is_full).as_bytes(), &mut Vec::new());
        fx.push(Effect::Snapshot { pane: id });
    }
}

/// The modes that a program set are off (DECSTR, the alternate screen, the mouse).
const PROGRAM_MODES_OFF: &[u8] = b"\x1b[?1049l\x1b[!p\x1b[?1000;1002;1003;2004l";

/// The last row of a pane whose program has ended; only where text stands there does it make room.
fn exit_banner(status: ExitStatus, offers_shell: bool, is_full: bool) -> String {
    let or = if offers_shell { ", Esc starts a shell" } else { "" };
    let room = if is_full { "\r\n" } else { "" };
    format!("\x1b[999;1H{room}\x1b[7m {status}: Enter or R runs it again{or} \x1b[m\x1b[?25l")
}

/// The number of rows `bytes` can have pushed off the screen at most: each takes a line end, or
/// fills its columns.
fn rows_passed(bytes: &[u8], cols: u16) -> usize {
    bytes.split(|byte| *byte == b'\n').count() + bytes.len() / usize::from(cols.max(1))
}

/// The longest title or body of a notification, in bytes.
pub(super) const NOTICE_MAX: usize = 1024;

impl Core {
    /// True if some view shows the tab of a pane.
    fn is_seen(&self, id: PaneId) -> bool {
        self.state.pane(id).tab.is_some_and(|tab| self.state.is_shown(tab))
    }

    pub(super) fn note_output(&mut self, id: PaneId) {
        let is_seen = self.is_seen(id);
        let marks_activity = self.settings.monitor.activity;
        let marks = &mut self.state.pane_mut(id).marks;
        marks.activity |= !is_seen && marks_activity;
        marks.news.silence = false;
    }

    pub(super) fn note_bell(&mut self, now: Now, id: PaneId, fx: &mut Effects) {
        let is_news = self.settings.monitor.bell && !self.is_seen(id);
        self.state.pane_mut(id).marks.bell |= is_news;
        self.host_policy.bell(&self.state, id, now.tick, fx);
        self.hook_pane(HookKind::BELL, id, String::new(), fx);
    }

    pub(super) fn note_notification(
        &mut self,
        now: Now,
        id: PaneId,
        notice: &Notice,
        fx: &mut Effects,
    ) {
        let (title, body) =
            (sanitize(&notice.title, NOTICE_MAX), sanitize(&notice.body, NOTICE_MAX));
        let text = [title.as_str(), body.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(": ");
        if !self.is_seen(id) {
            self.state.pane_mut(id).marks.news.notice = Some(text.clone());
        }
        let from = Requester { pane: id, now: now.tick };
        self.host_policy.notify(&self.state, from, notice, fx);
        self.hook_pane(HookKind::NOTIFIED, id, text, fx);
    }

    pub(super) fn note_progress(&mut self, id: PaneId, progress: Progress) {
        self.state.pane_mut(id).marks.news.progress =
            Some(progress).filter(|progress| *progress != Progress::None);
    }

    /// The program reports what its work is at: a result and a question are news to who does not
    /// look.
    fn note_status(&mut self, now: Now, id: PaneId, report: StatusReport, fx: &mut Effects) {
        let marks = &mut self.state.pane_mut(id).marks;
        let before = marks.status.first();
        marks.status.note(report);
        let first = marks.status.first();
        self.complete(completion::on_status(&self.state, id), fx);
        let Some(status) = first.filter(|first| before.as_ref() != Some(first)) else { return };
        let is_news = WorkState::Working < status.state;
        if is_news && before.is_none_or(|before| before.state != status.state) {
            let urgent = status.state == WorkState::Blocked;
            let body = status.words();
            let title = if status.app.is_empty() { status.state.name().into() } else { status.app };
            let notice = Notice { title, body, urgent };
            self.note_notification(now, id, &notice, fx);
        }
    }

    /// A mark of shell integration came: a command that took long and ends unseen is news.
    pub(super) fn note_mark(&mut self, id: PaneId, mark: &PromptMark, fx: &mut Effects) {
        let is_seen = self.is_seen(id);
        let limit = self.settings.monitor.command_s;
        let marks = &mut self.state.pane_mut(id).marks;
        marks.prompt = mark.kind == MarkKind::Input;
        if mark.kind == MarkKind::Prompt {
            marks.status.at_prompt();
        }
        let now = marks.output;
        if mark.kind == MarkKind::Output {
            marks.news.command = Some(now);
        }
        if mark.kind != MarkKind::Done {
            return;
        }
        marks.news.progress = None;
        let Some(since) = marks.news.command.take() else { return };
        if limit == 0 || is_seen || now - since < Span::seconds(u64::from(limit)) {
            return;
        }
        let status = u8::try_from(mark.exit_code.unwrap_or(0).rem_euclid(256)).unwrap_or(0);
        marks.news.ended = Some(status);
        let text = format!("{}: the command ended, status {status}", self.state.place_of(id));
        self.tell(id, &ClientMessage::Notice { text, warning: status != 0 }, fx);
        self.hook_pane(HookKind::COMMAND_DONE, id, status.to_string(), fx);
    }

    /// A program is about to be taken note of as ended with this status, as a shell shows it.
    pub(super) fn note_end(&mut self, id: PaneId, status: u8, fx: &mut Effects) {
        self.hook_pane(HookKind::PANE_EXITED, id, status.to_string(), fx);
        let is_told = match self.settings.monitor.exit {
            NotifyPolicy::Off => false,
            NotifyPolicy::On => true,
            NotifyPolicy::Failed => status != 0,
        };
        let pane = self.state.pane(id);
        if !is_told || pane.tab.is_none() || self.is_seen(id) {
            return;
        }
        let text = format!(
            "{} {} ended, status {status}",
            self.state.place_of(id),
            self.state.pane_label(id)
        );
        self.state.pane_mut(id).marks.news.ended = Some(status);
        self.tell(id, &ClientMessage::Notice { text, warning: status != 0 }, fx);
    }

    /// The time when the next pane falls silent; none if none can, or if that is not monitored.
    pub(super) fn silence_at(&self) -> Option<Tick> {
        let limit = self.silence_limit()?;
        let can = self.state.panes.values().filter(|pane| self.can_fall_silent(pane.id));
        can.map(|pane| pane.marks.output + limit).min()
    }

    fn silence_limit(&self) -> Option<Span> {
        let seconds = self.settings.monitor.silence_s;
        (seconds != 0).then(|| Span::seconds(u64::from(seconds)))
    }

    fn can_fall_silent(&self, id: PaneId) -> bool {
        let pane = self.state.pane(id);
        let printed =
            pane.marks.output != Tick::default() && pane.life.is_live() && pane.tab.is_some();
        printed && !pane.marks.news.silence && !self.is_seen(id)
    }

    /// Panes that printed nothing for long enough fell silent.
    pub(super) fn note_silence(&mut self, now: Now, fx: &mut Effects) {
        let Some(limit) = self.silence_limit() else { return };
        let silent: Vec<PaneId> =
            self.state.panes.keys().copied().filter(|id| self.can_fall_silent(*id)).collect();
        for id in silent
            .into_iter()
            .filter(|id| self.state.pane(*id).marks.output + limit <= now.tick)
            .collect::<Vec<_>>()
        {
            self.state.pane_mut(id).marks.news.silence = true;
            self.hook_pane(HookKind::SILENCE, id, String::new(), fx);
        }
    }
}

/// The sessions and clients that hooks were told of.
#[derive(Debug, Default)]
pub(super) struct Hooked {
    /// The numbers after the last things that were known; none before the first step.
    known: Option<NextIds>,
    sessions: BTreeMap<SessionId, String>,
    /// The session that each client showed.
    clients: BTreeMap<ClientId, Option<SessionId>>,
    /// True if a hook is carried out: what that does calls none.
    pub(super) is_muted: bool,
}

/// A kind of hook.
#[derive(Clone, Copy)]
pub(super) struct HookKind {
    name: &'static str,
    /// The text of the configuration that says what the hook does.
    text: fn(&Hooks) -> &String,
}

impl HookKind {
    const SESSION_CREATED: Self =
        Self { name: "session_created", text: |hooks| &hooks.session_created };
    const SESSION_CLOSED: Self =
        Self { name: "session_closed", text: |hooks| &hooks.session_closed };
    const TAB_CREATED: Self = Self { name: "tab_created", text: |hooks| &hooks.tab_created };
    const PANE_CREATED: Self = Self { name: "pane_created", text: |hooks| &hooks.pane_created };
    const PANE_EXITED: Self = Self { name: "pane_exited", text: |hooks| &hooks.pane_exited };
    const CLIENT_ATTACHED: Self =
        Self { name: "client_attached", text: |hooks| &hooks.client_attached };
    const CLIENT_DETACHED: Self =
        Self { name: "client_detached", text: |hooks| &hooks.client_detached };
    const BELL: Self = Self { name: "bell", text: |hooks| &hooks.bell };
    const NOTIFIED: Self = Self { name: "notified", text: |hooks| &hooks.notified };
    const SILENCE: Self = Self { name: "silence", text: |hooks| &hooks.silence };
    const COMMAND_DONE: Self = Self { name: "command_done", text: |hooks| &hooks.command_done };
}

/// The things that a hook is about.
#[derive(Debug, Default)]
struct About {
    session: Option<String>,
    tab: Option<TabId>,
    pane: Option<PaneId>,
    client: Option<ClientId>,
    text: String,
}

impl Core {
    /// Something happened in a pane.
    pub(super) fn hook_pane(&self, kind: HookKind, id: PaneId, text: String, fx: &mut Effects) {
        let Some(pane) = self.state.panes.get(&id) else { return };
        let session = self.state.sessions.get(&pane.session).map(|session| session.name.clone());
        self.hook(
            kind,
            About { session, tab: pane.tab, pane: Some(id), text, ..About::default() },
            fx,
        );
    }

    fn hook(&self, kind: HookKind, about: About, fx: &mut Effects) {
        let text = (kind.text)(&self.settings.hooks).trim();
        if text.is_empty() || self.hooked.is_muted {
            return;
        }
        let shown = |id: Option<String>| id.unwrap_or_default();
        let env = [
            ("ABIDE_HOOK", kind.name.to_owned()),
            ("ABIDE", self.host.socket.clone()),
            ("ABIDE_SESSION", shown(about.session)),
            ("ABIDE_TAB", shown(about.tab.map(|id| id.to_string()))),
            ("ABIDE_PANE", shown(about.pane.map(|id| id.to_string()))),
            ("ABIDE_CLIENT", shown(about.client.map(|id| id.to_string()))),
            ("ABIDE_TEXT", about.text),
        ];
        let env = env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        fx.push(Effect::Hook { text: text.to_owned(), pane: about.pane, env });
    }

    /// Tells hooks what is there that was not, and what is not there any more.
    pub(super) fn find_changes(&mut self, fx: &mut Effects) {
        let next = self.state.next_ids;
        let known = self.hooked.known.replace(next);
        let sessions: BTreeMap<SessionId, String> =
            self.state.sessions.iter().map(|(id, session)| (*id, session.name.clone())).collect();
        let clients: BTreeMap<ClientId, Option<SessionId>> =
            self.state.views.values().map(|view| (view.client, view.at.session)).collect();
        let sessions_before = std::mem::replace(&mut self.hooked.sessions, sessions);
        let clients_before = std::mem::replace(&mut self.hooked.clients, clients);
        // A new server knows nothing yet, so the things it finds are not new.
        let Some(known) = known else { return };
        let named =
            |id: &SessionId| self.hooked.sessions.get(id).or(sessions_before.get(id)).cloned();
        for (id, name) in self
            .state
            .sessions
            .range(SessionId(known.session)..)
            .map(|(id, session)| (id, &session.name))
        {
            let tab = self.state.session(*id).tabs.first().copied();
            self.hook(
                HookKind::SESSION_CREATED,
                About { session: Some(name.clone()), tab, ..About::default() },
                fx,
            );
        }
        for (id, tab) in self.state.tabs.range(TabId(known.tab)..) {
            let about = About { session: named(&tab.session), tab: Some(*id), ..About::default() };
            self.hook(HookKind::TAB_CREATED, about, fx);
        }
        for id in self.state.panes.range(PaneId(known.pane)..).map(|(id, _)| *id) {
            self.hook_pane(HookKind::PANE_CREATED, id, String::new(), fx);
        }
        for (client, session) in self
            .hooked
            .clients
            .iter()
            .filter(|(client, session)| clients_before.get(client) != Some(session))
        {
            if let Some(session) = session {
                let about =
                    About { session: named(session), client: Some(*client), ..About::default() };
                self.hook(HookKind::CLIENT_ATTACHED, about, fx);
            }
        }
        for (client, session) in
            clients_before.iter().filter(|(client, _)| !self.hooked.clients.contains_key(client))
        {
            let about = About {
                session: session.as_ref().and_then(named),
                client: Some(*client),
                ..About::default()
            };
            self.hook(HookKind::CLIENT_DETACHED, about, fx);
        }
        for (_, name) in
            sessions_before.iter().filter(|(id, _)| !self.state.sessions.contains_key(id))
        {
            let about = About { session: Some(name.clone()), ..About::default() };
            self.hook(HookKind::SESSION_CLOSED, about, fx);
        }
    }
}

/// Memory of a pane's scrollback.
fn total(bytes: HistoryBytes) -> u64 {
    (bytes.raw + bytes.packed) as u64
}

impl Core {
    /// Keeps the scrollback of all panes within its limit: panes that take more than an equal share
    /// lose their oldest lines, the one that printed longest ago first.
    pub(super) fn cap_history(&mut self) {
        let max = self.settings.scrollback.server_bytes;
        let mut all: u64 =
            self.state.panes.values().map(|pane| total(pane.screen.history_bytes())).sum();
        if all <= max {
            return;
        }
        let share = max / (self.state.panes.len().max(1) as u64);
        let mut coldest: Vec<PaneId> = self.state.panes.keys().copied().collect();
        coldest.sort_by_key(|pane| self.state.pane(*pane).marks.output);
        for pane in coldest {
            let Some(pane) = self.state.panes.get_mut(&pane) else { continue };
            let mut own = total(pane.screen.history_bytes());
            while max < all && share < own && pane.screen.drop_oldest_history() {
                let left = total(pane.screen.history_bytes());
                all -= own - left;
                own = left;
            }
        }
    }
}

#[cfg(test)]
mod memory_tests {
    use super::total;
    use crate::base::geom::Size;
    use crate::base::id::PaneId;
    use crate::base::memory::HeapMemory;
    use crate::base::time::Tick;
    use crate::core::Core;
    use crate::settings::Settings;
    use crate::state::host::Host;
    use crate::term::{Options, Terminal};

    fn filled(lines: usize) -> Terminal {
        let mut screen =
            Terminal::new(Size::new(80, 24), Options::default(), Box::new(HeapMemory::default()));
        let line = [vec![b'x'; 79], b"\r\n".to_vec()].concat();
        (0..lines).for_each(|_| screen.feed(&line, &mut Vec::new()));
        screen
    }

    #[test]
    fn the_panes_that_printed_longest_ago_give_way_down_to_their_share() {
        let mut core = Core::new(Settings::default(), Host::default());
        core.settings.scrollback.server_bytes = 2 << 20;
        // The smallest stays below its share; of the others the one that printed longest ago gives
        // way.
        let panes: Vec<_> = [(100, 1), (13_000, 2), (13_000, 3)]
            .into_iter()
            .map(|(lines, output)| {
                let pane = PaneId(output);
                core.state.adopt(pane, 1, filled(lines), 0);
                core.state.panes.get_mut(&pane).expect("it is new").marks.output = Tick(output);
                pane
            })
            .collect();
        let bytes = |core: &Core| -> Vec<u64> {
            panes.iter().map(|pane| total(core.state.pane(*pane).screen.history_bytes())).collect()
        };
        let before = bytes(&core);
        core.cap_history();
        let after = bytes(&core);
        assert!(after.iter().sum::<u64>() <= 2 << 20, "{after:?}");
        assert!(
            before[0] == after[0] && after[1] < before[1] && after[2] == before[2],
            "{before:?} {after:?}"
        );
        assert!(0 < core.state.pane(panes[1]).screen.history_lines());
    }
}
