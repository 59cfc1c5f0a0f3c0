//! Panes, sessions and closed items that come back without their programs, the environment those
//! programs get, and the environment that running sessions take from clients (update-environment).

use std::collections::{BTreeMap, BTreeSet};

use crate::action::session::close::Back;
use crate::action::snapshot::RestoredSession;
use crate::action::table::value;
use crate::action::{Access, completion};
use crate::base::error::{Code, Refusal};
use crate::base::geom::Size;
use crate::base::id::{CallId, ClientId, PaneId, SessionId};
use crate::base::key::{KeyCode, KeyInput, KeyKind};
use crate::base::memory::HeapMemory;
use crate::base::signal::ExitStatus;
use crate::base::text::sanitize;
use crate::base::time::{Now, Span};
use crate::core::pane_events::NOTICE_MAX;
use crate::core::{Core, Input, PaneEvent, RestoreInput};
use crate::state::effect::{ClientMessage, Effect, Effects, StartDir};
use crate::state::pane::{Pane, PaneEnd, ProgramState};
use crate::state::view::View;
use crate::state::{State, env};
use crate::term::{Options, OuterColours, Terminal};

/// So long programs wait that are run again for a client that brings its environment.
const SLEEP: Span = Span::seconds(1);
/// A program that is run again and fails within this time could not be started properly: its pane
/// stays.
const START_WITHIN: Span = Span::seconds(10);
/// The status that a shell shows for an interrupt (POSIX.1-2024 XCU 2.8.2): a person ended it.
const INTERRUPTED: u8 = 130;

/// A state of former times that comes back, and the environment its programs get.
struct FormerState {
    state: State,
    env: Vec<(String, String)>,
}

/// The wish of a person for a pane whose program does not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// The program is run again.
    Again,
    /// A shell is started.
    Shell,
}

impl Core {
    /// Something comes back from a former time.
    pub(super) fn restore(&mut self, now: Now, input: RestoreInput, fx: &mut Effects) {
        match input {
            RestoreInput::Programs { awaits_env: true } => {
                self.sleeping = Some(now.tick + SLEEP);
            }
            RestoreInput::Programs { awaits_env: false } => self.start_all(),
            RestoreInput::Prompts(panes) => {
                for pane in panes {
                    self.restore_prompt(pane);
                }
            }
            RestoreInput::Screen { pane: id, screen, stays } => {
                let Some(pane) = self.state.panes.get_mut(&id) else { return };
                pane.screen = *screen;
                if stays {
                    self.state.restored_panes.insert(id);
                }
                self.restore_prompt(id);
            }
            RestoreInput::Snapshot { call, former, env } => {
                self.import(now, call, FormerState { state: *former, env }, fx);
            }
            RestoreInput::Closed { call, former, env } => {
                self.reopen(now, call, FormerState { state: *former, env }, fx);
            }
        }
    }

    /// Starts the programs that wait for an environment if it has come, or if there is no more time
    /// to wait for it.
    pub(super) fn start_restored(&mut self, now: Now, input: &Input<'_>, fx: &mut Effects) {
        let Some(until) = self.sleeping else { return };
        let env = match input {
            Input::Connected { viewer, .. } if !viewer.read_only => Some(&viewer.env),
            Input::Call { action, .. } if action.access() == Access::Read && now.tick < until => {
                return;
            }
            Input::Call { .. } => None,
            _ if now.tick < until => return,
            _ => None,
        };
        self.sleeping = None;
        for session in self.state.sessions.keys().copied().collect::<Vec<SessionId>>() {
            if let Some(env) = env {
                self.take_environment(session, env, fx);
            }
        }
        self.start_all();
        for (pane, cwd) in std::mem::take(&mut self.state.pending_work.start) {
            self.start(pane, cwd, fx);
        }
    }

    /// Every pane without a program gets one, at the end of the next step; it starts where the
    /// former one was.
    fn start_all(&mut self) {
        let starting = self.state.panes.values().filter(|pane| pane.life == ProgramState::Starting);
        self.state.pending_work.start = starting.map(|pane| (pane.id, places(pane))).collect();
    }

    /// Makes sessions of what a snapshot holds; a client that asked for it sees the first. Programs
    /// start with what they lack from this environment.
    fn import(&mut self, now: Now, call: CallId, former: FormerState, fx: &mut Effects) {
        let imported = self.state.import(former.state, now.wall);
        for session in &imported.sessions {
            self.fill_environment(*session, &former.env);
        }
        self.start_those(imported.panes.values().copied());
        let client = self.state.calls.get(&call).and_then(|open| open.caller.client);
        let client = client.filter(|client| self.state.views.contains_key(client));
        if let Some((client, session)) = client.zip(imported.sessions.first()) {
            self.state.show_session(client, *session);
        }
        fx.push(Effect::Restored { call, panes: imported.panes });
        let sessions: Vec<RestoredSession> =
            imported.sessions.iter().map(|session| self.restored_session(*session)).collect();
        self.answer(call, Ok(value(&sessions)), fx);
    }

    fn restored_session(&self, session: SessionId) -> RestoredSession {
        let panes = self.state.panes.values().filter(|pane| pane.session == session);
        let held = panes.clone().filter(|pane| pane.life == ProgramState::Held).count();
        let name = self.state.session(session).name.clone();
        RestoredSession { session, name, panes: panes.count(), held }
    }

    /// Makes something anew that was closed, of what is left of it. Programs start as those of a
    /// snapshot.
    fn reopen(&mut self, now: Now, call: CallId, former: FormerState, fx: &mut Effects) {
        let Some((back, panes)) = self.state.reopen(former.state, now.wall) else {
            let refusal = Refusal::new(
                Code::Damaged,
                "what was closed last cannot be brought back: what is left of it contradicts \
                 itself",
            )
            .hint("abide undo brings back what was closed before it");
            return self.answer(call, Err(refusal), fx);
        };
        self.fill_environment(back.session, &former.env);
        self.start_those(panes.values().copied());
        fx.push(Effect::Restored { call, panes });
        let caller = self.state.calls.get(&call).map(|open| open.caller).unwrap_or_default();
        let back = Back::seen(&mut self.state, caller, &back);
        self.answer(call, Ok(value(&back)), fx);
    }

    fn start_those(&mut self, panes: impl Iterator<Item = PaneId>) {
        let starting = panes
            .filter_map(|id| self.state.panes.get(&id))
            .filter(|pane| pane.life == ProgramState::Starting);
        self.state
            .pending_work
            .start
            .extend(starting.map(|pane| (pane.id, places(pane))).collect::<Vec<_>>());
    }

    /// An empty screen, for a pane whose program does not run yet.
    #[must_use]
    pub fn blank(&self, size: Size) -> Terminal {
        Terminal::new(size, self.terminal_options(), Box::new(HeapMemory::default()))
    }

    /// Says in a pane that waits for a person, below what it showed before, what can be done.
    fn restore_prompt(&mut self, id: PaneId) {
        let Some(pane) =
            self.state.panes.get_mut(&id).filter(|pane| pane.life == ProgramState::Held)
        else {
            return;
        };
        pane.screen.feed(question(pane).as_bytes(), &mut Vec::new());
    }

    /// A program could not be started again: its pane waits, and says why.
    pub(super) fn hold_failed(&mut self, id: PaneId, refusal: &Refusal, fx: &mut Effects) {
        let pane = self.state.pane_mut(id);
        pane.life = ProgramState::Held;
        // As long as nobody chose a shell that works, the command is what was asked for.
        pane.restore.instead = false;
        let why = sanitize(&refusal.message, NOTICE_MAX);
        pane.screen.feed(format!("\r\n\x1b[0;31m{why}\x1b[0m\r\n").as_bytes(), &mut Vec::new());
        pane.screen.feed(question(pane).as_bytes(), &mut Vec::new());
        self.state.version += 1;
        self.complete(completion::on_output(&self.state, id, 0), fx);
    }

    /// True if a command that was run again has just failed, and nobody ended it.
    pub(super) fn has_failed_again(&self, now: Now, id: PaneId, status: ExitStatus) -> bool {
        let pane = self.state.pane(id);
        let is_soon = pane.marks.started.is_none_or(|started| now.tick - started < START_WITHIN);
        offers_shell(pane) && is_soon && !matches!(status.shell(), 0 | INTERRUPTED)
    }

    /// The choice that a client's keys make for a pane in its focus whose program does not run.
    pub(super) fn chosen(&self, client: ClientId, keys: &[KeyInput]) -> Option<Choice> {
        let focus =
            self.state.views.get(&client).filter(|view| !view.read_only).and_then(View::focus)?;
        let pane = self.state.pane(focus);
        let takes_shell = match pane.life {
            ProgramState::Held => true,
            ProgramState::Ended { .. } => offers_shell(pane),
            _ => return None,
        };
        keys.iter().filter(|key| key.kind != KeyKind::Release).find_map(|key| match key.key.code {
            KeyCode::Enter | KeyCode::Char('r' | 'R') => Some(Choice::Again),
            KeyCode::Esc | KeyCode::Char('n' | 'N') if takes_shell => Some(Choice::Shell),
            _ => None,
        })
    }

    pub(super) fn choose(
        &mut self,
        client: ClientId,
        keys: &[KeyInput],
        now: Now,
        fx: &mut Effects,
    ) {
        let choice = self.chosen(client, keys);
        self.state.used(client, now);
        let Some((choice, focus)) = choice.zip(self.state.view(client).focus()) else { return };
        match choice {
            Choice::Again => {
                let end = PaneEnd { grace: self.settings.pane.grace(), spares: true };
                self.state.restart_pane(focus, end, fx);
            }
            Choice::Shell => self.state.start_shell_instead(focus, fx),
        }
    }
}

/// The place where a pane's program starts that comes back.
fn places(pane: &Pane) -> Vec<StartDir> {
    (!pane.cwd.is_empty()).then(|| StartDir::Directory(pane.cwd.clone())).into_iter().collect()
}

/// True if a pane whose program has ended offers a shell in its place: it was run again.
pub(super) fn offers_shell(pane: &Pane) -> bool {
    pane.restore.retried && !pane.program().is_empty()
}

/// The bytes that take back the row in which a pane was asked its question.
pub(super) const ANSWERED: &[u8] = b"\r\x1b[2K\x1b[?7h\x1b[?25h";

/// The question to a person about a pane that waits: in one row, which the answer takes back.
fn question(pane: &Pane) -> String {
    let what = if pane.argv.is_empty() {
        "Enter or R starts a shell"
    } else {
        "Enter or R runs it again, Esc or N starts a shell"
    };
    format!("\x1b[?7l\x1b[0;7m {what} \x1b[m\x1b[?25l")
}

/// The text of a screen that took the place of another.
const REPLACED: &str =
    "[abide could not draw this pane's output; the program runs on, and this is a new screen]\r\n";

impl Core {
    /// Something happened to a pane that is no output.
    pub(super) fn pane_event(&mut self, id: PaneId, event: PaneEvent, fx: &mut Effects) {
        if !self.state.panes.contains_key(&id) {
            return;
        }
        match event {
            PaneEvent::SyncTimeout => self.state.pane_mut(id).screen.end_synchronized(),
            PaneEvent::ScreenLost => self.replace_screen(id),
            PaneEvent::Foreground { name, argv } => {
                self.state.set_program(id, name.as_deref());
                self.state.set_foreground(id, argv);
            }
            PaneEvent::Cwd(path) => {
                self.state.pane_mut(id).marks.cwd = path;
            }
            PaneEvent::PipeEnded => self.state.set_pipe(id, None),
            PaneEvent::Warning(text) => {
                let text = sanitize(&text, NOTICE_MAX);
                self.tell(id, &ClientMessage::Notice { text, warning: true }, fx);
            }
            PaneEvent::Pack => {
                if !self.state.pane_mut(id).screen.pack_history() {
                    self.cap_history();
                }
            }
        }
    }

    /// The screen of a pane is of no use any more: an empty one takes its place, without scrollback
    /// of its own, and says so.
    fn replace_screen(&mut self, id: PaneId) {
        let Some(pane) = self.state.panes.get_mut(&id) else { return };
        let mut screen =
            Terminal::new(pane.size, Options::default(), Box::new(HeapMemory::default()));
        screen.identify(self.host.lineage, id.0);
        screen.succeed(&pane.screen);
        screen.feed(REPLACED.as_bytes(), &mut Vec::new());
        pane.screen = screen;
    }

    /// Programs that the client drives are told these colours when they ask for the terminal's.
    pub(super) fn set_colours(
        &mut self,
        client: ClientId,
        colours: OuterColours,
        fx: &mut Effects,
    ) {
        self.colours.insert(client, colours);
        for pane in self.state.panes.keys().copied().collect::<Vec<_>>() {
            self.apply_palette(pane, fx);
        }
    }
}

/// The sessions and clients that are followed already.
#[derive(Debug, Default)]
pub(super) struct Followed {
    /// Sessions whose paths lead where they did when they were made.
    sessions: BTreeSet<SessionId>,
    /// The clients with the session that each shows, the one that came to it last at the end.
    clients: Vec<(ClientId, SessionId)>,
}

impl Core {
    /// The folder of the paths of a session that stay the same; empty where the server has none.
    pub(super) fn followed_folder(&self, session: SessionId) -> String {
        let run = self.host.socket.rsplit_once('/').map_or("", |(run, _)| run);
        if run.is_empty() { String::new() } else { format!("{run}/env/{session}") }
    }

    /// Takes note of new sessions and of clients that show another one.
    pub(super) fn sync_env(&mut self, fx: &mut Effects) {
        if self.host.socket.is_empty() {
            return;
        }
        let gone: Vec<SessionId> = self
            .followed
            .sessions
            .iter()
            .copied()
            .filter(|id| !self.state.sessions.contains_key(id))
            .collect();
        for session in gone {
            self.followed.sessions.remove(&session);
            fx.push(Effect::Follow {
                folder: self.followed_folder(session),
                links: Vec::new(),
                env: Vec::new(),
            });
        }
        let new: Vec<SessionId> = self
            .state
            .sessions
            .keys()
            .copied()
            .filter(|id| self.followed.sessions.insert(*id))
            .collect();
        for session in new {
            let env = self.state.session(session).env.clone();
            self.take_over(session, &env, fx);
        }
        let shown: Vec<(ClientId, SessionId)> = self
            .state
            .views
            .values()
            .filter(|view| !view.read_only)
            .filter_map(|view| Some((view.client, view.at.session?)))
            .collect();
        // A session follows the client that came last among those that are there.
        let last = |clients: &[(ClientId, SessionId)]| -> BTreeMap<SessionId, ClientId> {
            clients.iter().map(|(client, session)| (*session, *client)).collect()
        };
        let before = last(&self.followed.clients);
        self.followed.clients.retain(|known| shown.contains(known));
        let new: Vec<_> =
            shown.into_iter().filter(|view| !self.followed.clients.contains(view)).collect();
        self.followed.clients.extend(new);
        for (session, client) in last(&self.followed.clients) {
            if before.get(&session) != Some(&client) {
                let env = self.state.view(client).env.clone();
                self.take_environment(session, &env, fx);
            }
        }
    }

    /// A session takes those values from a client's environment that were not kept, and the
    /// variables that follow.
    pub(super) fn take_environment(
        &mut self,
        session: SessionId,
        from: &[(String, String)],
        fx: &mut Effects,
    ) {
        self.fill_environment(session, from);
        self.take_over(session, from, fx);
    }

    /// A session takes those values from an environment that were not kept.
    pub(super) fn fill_environment(&mut self, session: SessionId, from: &[(String, String)]) {
        let own = self.state.session_mut(session);
        let mut is_news = false;
        for (name, value) in from {
            let before = own.missing_env.len();
            own.missing_env.retain(|wanted| wanted != name);
            if own.missing_env.len() < before && !value.contains('\0') {
                env::set(&mut own.env, name, value.clone());
                is_news = true;
            }
        }
        self.state.version += u64::from(is_news);
    }

    /// A session takes the variables that follow from this environment; what it lacks stays as it
    /// was.
    fn take_over(&mut self, session: SessionId, from: &[(String, String)], fx: &mut Effects) {
        let folder = self.followed_folder(session);
        let (mut links, mut changed) = (Vec::new(), Vec::new());
        for name in &self.settings.environment.follow {
            let Some(value) = from.iter().find(|(known, _)| known == name).map(|(_, value)| value)
            else {
                continue;
            };
            let is_file_name =
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if !is_file_name || value.contains('\0') || value.starts_with(&format!("{folder}/")) {
                continue;
            }
            if value.starts_with('/') {
                links.push((name.clone(), value.clone()));
                changed.push((name.clone(), format!("{folder}/{name}")));
            } else {
                changed.push((name.clone(), value.clone()));
            }
        }
        if changed.is_empty() {
            return;
        }
        let own = &mut self.state.session_mut(session).env;
        let before = own.clone();
        for (name, value) in &changed {
            env::set(own, name, value.clone());
        }
        if *own != before {
            self.state.version += 1;
        }
        fx.push(Effect::Follow { folder, links, env: changed });
    }
}

#[cfg(test)]
mod takeover_tests {
    use crate::base::geom::Size;
    use crate::base::id::PaneId;
    use crate::base::memory::HeapMemory;
    use crate::core::Core;
    use crate::settings::Settings;
    use crate::state::host::Host;
    use crate::term::{Options, Terminal};

    #[test]
    fn a_replaced_screen_says_so_and_every_row_of_it_is_news() {
        let mut core = Core::new(Settings::default(), Host::default());
        let mut screen =
            Terminal::new(Size::new(100, 4), Options::default(), Box::new(HeapMemory::default()));
        screen.feed(b"one\r\ntwo", &mut Vec::new());
        let drawn = screen.tick();
        core.state.adopt(PaneId(1), 7, screen, 0);
        core.replace_screen(PaneId(1));
        let screen = &core.state.pane(PaneId(1)).screen;
        assert!(screen.text(0..4).starts_with("[abide could not draw"), "{}", screen.text(0..4));
        assert!((0..4).all(|y| drawn < screen.row_tick(y)));
    }
}
