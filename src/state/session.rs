//! Sessions: made, named, imported from snapshots, adopted from a keeper, and the queue of commands
//! for the shell of each.

use std::collections::BTreeMap;

use crate::base::error::{Code, Refusal};
use crate::base::geom::Size;
use crate::base::id::{ClientId, CommandId, PaneId, SessionId, TabId};
use crate::base::path_trace;
use crate::base::signal::ExitStatus;
use crate::base::time::{Now, Tick};
use crate::layout::solve::Float;
use crate::settings::Settings;
use crate::state::call::{CommandWait, Pending};
use crate::state::command::{ExecRequest, StopReason, Waiting, quoted};
use crate::state::command_effect::{CommandEffect, ShellSpec};
use crate::state::effect::{Effect, Effects};
use crate::state::host::Host;
use crate::state::pane::{Marks, NewPane, NewPanePlace, Pane, ProgramState, RestoreState};
use crate::state::tab::{Tab, note_former};
use crate::state::target::{NAME_MAX, check_name};
use crate::state::{ClientWithoutSession, State, env, take};
use crate::term::Terminal;

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The session's id.
    pub id: SessionId,
    /// The session's name; no two sessions share one.
    pub name: String,
    /// The tabs in the order of the tab bar; never empty between steps. People count from 1.
    pub tabs: Vec<TabId>,
    /// The tab a view gets that has not seen the session: the one used last.
    pub current: TabId,
    /// The tabs that were current before, the latest last, each once.
    pub shown_before: Vec<TabId>,
    /// The place where its programs start unless told otherwise; empty for home.
    pub cwd: String,
    /// The environment its programs get, ours not yet added.
    pub env: Vec<(String, String)>,
    /// Variables whose values were not kept: the first client that shows it gives them.
    pub missing_env: Vec<String>,
    /// The time when it was made, in milliseconds since 1970.
    pub created_wall: u64,
    /// Grows over all sessions with each use: the highest was used last.
    pub used: u64,
    /// The size of its terminal while no view shows it, bars not yet taken off.
    pub size: Size,
    /// The size its panes share whatever clients show it, bars not counted; none for the policy of
    /// the settings.
    pub fixed: Option<Size>,
    /// Grows by one with each successful change.
    pub version: u64,
    /// The end of the program that ended last in it.
    pub last_status: Option<ExitStatus>,
}

impl Session {
    /// Makes a tab the current one and remembers the one before.
    pub(super) fn set_current(&mut self, tab: TabId) {
        note_former(&mut self.shown_before, self.current, tab);
        self.current = tab;
    }
}

/// The parts of which a session is made.
#[derive(Debug)]
pub struct NewSession {
    /// The name, checked and free.
    pub name: String,
    /// The place where its programs start; empty for home.
    pub cwd: String,
    /// The environment its programs get, ours not yet added.
    pub env: Vec<(String, String)>,
    /// The size of its terminal while no view shows it.
    pub size: Size,
    /// The first pane.
    pub pane: NewPane,
}

impl State {
    /// A session that is there.
    #[must_use]
    pub fn session(&self, id: SessionId) -> &Session {
        self.sessions.get(&id).expect("ids of sessions are looked up before they are used")
    }

    /// A session that is there, to be changed.
    pub fn session_mut(&mut self, id: SessionId) -> &mut Session {
        self.sessions.get_mut(&id).expect("ids of sessions are looked up before they are used")
    }

    /// The name of a pane's session, also of one that is closed and can be brought back; empty
    /// where that is gone and the pane is only being ended.
    #[must_use]
    pub fn session_name_of(&self, pane: &Pane) -> &str {
        let closed = || {
            let items = self.closed_items.iter().map(|item| &item.session);
            items.rev().find(|session| session.id == pane.session)
        };
        let session = self.sessions.get(&pane.session).or_else(closed);
        session.map_or("", |session| session.name.as_str())
    }

    /// The session of that name.
    #[must_use]
    pub fn session_named(&self, name: &str) -> Option<&Session> {
        self.sessions.values().find(|session| session.name == name)
    }

    /// The clients that show a session.
    #[must_use]
    pub fn clients_of(&self, id: SessionId) -> Vec<ClientId> {
        self.views
            .values()
            .filter(|view| view.at.session == Some(id))
            .map(|view| view.client)
            .collect()
    }

    /// Makes a session with one tab and one pane. No view shows it yet.
    pub fn new_session(&mut self, new: NewSession, wall: u64) -> (SessionId, TabId, PaneId) {
        let id = SessionId(take(&mut self.next_ids.session));
        let tab = TabId(take(&mut self.next_ids.tab));
        let pane =
            self.make_pane(NewPanePlace { session: id, tab, size: new.size }, new.pane, wall);
        let session = Session {
            id,
            name: new.name,
            tabs: vec![tab],
            current: tab,
            shown_before: Vec::new(),
            cwd: new.cwd,
            env: new.env,
            missing_env: Vec::new(),
            created_wall: wall,
            used: take(&mut self.next_ids.used),
            size: new.size,
            fixed: None,
            version: 0,
            last_status: None,
        };
        self.sessions.insert(id, session);
        self.tabs.insert(tab, Tab::new(tab, id, pane, new.size));
        self.changed(id);
        self.pending_work.resize.insert(tab);
        (id, tab, pane)
    }

    /// Notes that a session was used: the one used last is attached to first.
    pub(super) fn use_session(&mut self, id: SessionId) {
        let used = take(&mut self.next_ids.used);
        if let Some(session) = self.sessions.get_mut(&id) {
            session.used = used;
        }
        self.version += 1;
    }

    /// Takes a session without tabs away. Views that show it go to the one they showed before;
    /// those that have none are stranded.
    pub(super) fn remove_session(&mut self, id: SessionId) {
        let Some(session) = self.sessions.remove(&id) else { return };
        self.version += 1;
        self.commands.session_gone(id);
        let viewers = self.clients_of(id);
        for at in self.everywhere() {
            at.forget_session(id);
        }
        for client in viewers {
            if let Some(former) = self.views[&client].at.history.last().copied() {
                self.show_session(client, former);
                continue;
            }
            let (session, status) = (session.name.clone(), session.last_status);
            self.pending_work.clients_without_session.push(ClientWithoutSession {
                client,
                session,
                status,
                is_closed: false,
            });
        }
    }

    /// A name for a session that is given none: `first` for the first one, then the smallest number
    /// that is free.
    #[must_use]
    pub fn free_name(&self, first: &str) -> String {
        if self.sessions.is_empty() {
            return first.into();
        }
        let numbers = 1..=self.sessions.len() + 1;
        numbers
            .map(|number| number.to_string())
            .find(|name| self.session_named(name).is_none())
            .expect("fewer are taken than were tried")
    }

    /// Gives a session another name.
    ///
    /// # Errors
    /// `invalid_params` for what cannot be a name, `already_exists` if another session has it.
    pub fn rename_session(&mut self, id: SessionId, name: &str) -> Result<(), Refusal> {
        check_name(name)?;
        match self.session_named(name) {
            Some(other) if other.id == id => return Ok(()),
            Some(other) => return Err(taken(other)),
            None => (),
        }
        self.session_mut(id).name = name.into();
        self.changed(id);
        Ok(())
    }

    /// Sets and takes away variables of a session; programs that run keep what they have.
    pub fn change_env(&mut self, id: SessionId, set: Vec<(String, String)>, unset: &[String]) {
        let session = self.session_mut(id);
        session.missing_env.retain(|name| {
            !unset.contains(name) && !set.iter().any(|(changed, _)| changed == name)
        });
        session.env.retain(|(name, _)| !unset.contains(name));
        for (name, value) in set {
            env::set(&mut session.env, &name, value);
        }
        self.changed(id);
    }

    /// Gives a session a size of its own, or takes it away: then its views decide.
    pub fn fix_size(&mut self, id: SessionId, size: Option<Size>) {
        let session = self.session_mut(id);
        session.fixed = size;
        let tabs = session.tabs.clone();
        self.pending_work.resize.extend(tabs);
        self.changed(id);
    }

    /// Notes that something of a session changed that is kept over a restart.
    pub(super) fn changed(&mut self, id: SessionId) {
        self.version += 1;
        if let Some(session) = self.sessions.get_mut(&id) {
            session.version += 1;
        }
    }
}

/// The refusal of a name that another session has.
#[must_use]
pub fn taken(other: &Session) -> Refusal {
    Refusal::new(
        Code::AlreadyExists,
        format!("there is a session {:?} already, {}", other.name, other.id),
    )
    .hint(format!("abide attach {}", quoted(&other.name)))
}

/// The name of the session for adopted panes.
pub const RECOVERED: &str = "recovered";

impl State {
    /// Shows a program that runs as a pane of its own tab in the session [`RECOVERED`].
    pub fn adopt(&mut self, id: PaneId, pid: u32, screen: Terminal, wall: u64) {
        let ids = &mut self.next_ids;
        ids.pane = ids.pane.max(id.0 + 1);
        let tab = TabId(take(&mut ids.tab));
        let size = screen.size();
        let session = match self.session_named(RECOVERED).map(|session| session.id) {
            Some(session) => session,
            None => self.recovered(tab, size, wall),
        };
        self.session_mut(session).tabs.push(tab);
        self.tabs.insert(tab, Tab::new(tab, session, id, size));
        let pane = Pane {
            id,
            session,
            tab: Some(tab),
            name: None,
            argv: Vec::new(),
            env: Vec::new(),
            cwd: String::new(),
            created_wall: wall,
            size,
            life: ProgramState::Running { pid },
            screen,
            is_synced: false,
            again: false,
            pipe: None,
            restore: RestoreState::default(),
            marks: Marks::default(),
        };
        self.panes.insert(id, pane);
        self.changed(session);
    }

    fn recovered(&mut self, current: TabId, size: Size, wall: u64) -> SessionId {
        let id = SessionId(take(&mut self.next_ids.session));
        let session = Session {
            id,
            name: RECOVERED.into(),
            tabs: Vec::new(),
            current,
            shown_before: Vec::new(),
            cwd: String::new(),
            env: Vec::new(),
            missing_env: Vec::new(),
            created_wall: wall,
            used: take(&mut self.next_ids.used),
            size,
            fixed: None,
            version: 0,
            last_status: None,
        };
        self.sessions.insert(id, session);
        id
    }
}

/// The new places of sessions and panes that were taken in.
#[derive(Debug, Default)]
pub struct Imported {
    /// The new sessions, in the order of the former.
    pub sessions: Vec<SessionId>,
    /// Former panes and what they are now.
    pub panes: BTreeMap<PaneId, PaneId>,
}

impl State {
    /// Takes sessions in, with their tabs and panes. `former` holds nothing that contradicts
    /// itself, and no view shows anything of it.
    pub fn import(&mut self, former: Self, wall: u64) -> Imported {
        let mut imported = Imported::default();
        for id in former.panes.keys() {
            imported.panes.insert(*id, PaneId(take(&mut self.next_ids.pane)));
        }
        let mut homes: BTreeMap<TabId, (TabId, SessionId)> = BTreeMap::new();
        for session in former.sessions.into_values() {
            let id = SessionId(take(&mut self.next_ids.session));
            let tabs: Vec<TabId> =
                session.tabs.iter().map(|_| TabId(take(&mut self.next_ids.tab))).collect();
            let pairs = session.tabs.iter().copied().zip(tabs.iter().copied());
            homes.extend(pairs.clone().map(|(former, tab)| (former, (tab, id))));
            let current = pairs
                .clone()
                .find(|(former, _)| *former == session.current)
                .map_or(tabs[0], |(_, tab)| tab);
            let (name, used) = (self.free_name_like(&session.name), take(&mut self.next_ids.used));
            self.sessions.insert(
                id,
                Session {
                    id,
                    name,
                    tabs,
                    current,
                    shown_before: Vec::new(),
                    used,
                    created_wall: wall,
                    version: 0,
                    ..session
                },
            );
            imported.sessions.push(id);
        }
        let pane = |id: PaneId| imported.panes[&id];
        for tab in former.tabs.into_values() {
            let (id, session) = homes[&tab.id];
            let layout = tab.layout.map(&pane);
            let floats = tab
                .floats
                .iter()
                .map(|float| Float { pane: pane(float.pane), rect: float.rect })
                .collect();
            let (modal, focus) = (tab.modal.map(pane), pane(tab.focus));
            let focused_before = tab.focused_before.iter().map(|id| pane(*id)).collect();
            let tab = Tab { id, session, layout, floats, modal, focus, focused_before, ..tab };
            self.tabs.insert(id, Tab { driver: None, ..tab });
            self.pending_work.resize.insert(id);
        }
        for former in former.panes.into_values() {
            let Some((tab, session)) = former.tab.map(|tab| homes[&tab]) else { continue };
            let id = imported.panes[&former.id];
            self.panes
                .insert(id, Pane { id, session, tab: Some(tab), created_wall: wall, ..former });
        }
        self.version += 1;
        imported
    }

    /// A name that is free: this one, else with the smallest number after it from 2.
    fn free_name_like(&self, name: &str) -> String {
        if self.session_named(name).is_none() {
            return name.to_owned();
        }
        let numbered = |number: usize| {
            let end = format!("-{number}");
            let mut stem = name;
            while NAME_MAX < stem.len() + end.len() {
                stem = &stem[..stem.char_indices().next_back().map_or(0, |(at, _)| at)];
            }
            format!("{stem}{end}")
        };
        let numbers = 2..=self.sessions.len() + 2;
        numbers
            .map(numbered)
            .find(|name| self.session_named(name).is_none())
            .expect("fewer are taken than were tried")
    }
}

/// The context on which a turn depends beside the state.
#[derive(Debug, Clone, Copy)]
pub struct ExecContext<'a> {
    /// The options in force.
    pub settings: &'a Settings,
    /// The server and its surroundings.
    pub host: &'a Host,
    /// The present.
    pub now: Now,
}

impl State {
    /// Runs a command in a session's shell, now or when it is its turn; gives what the call waits
    /// for, and until when.
    ///
    /// # Errors
    /// `queue_full`.
    pub fn enqueue_exec(
        &mut self,
        session: SessionId,
        waiting: Waiting,
        around: &ExecContext<'_>,
        fx: &mut Effects,
    ) -> Result<(CommandWait, Option<Tick>), Refusal> {
        let queue = self.commands.exec_queues.entry(session).or_default();
        if queue.running.is_none() {
            path_trace::note("exec");
            let command = self.begin(session, waiting, around, fx);
            return Ok((CommandWait::Exec { command }, None));
        }
        let (calls, most) = (&self.calls, around.settings.exec.waiting);
        queue.waiting.retain(|other| calls.contains_key(&other.call));
        if most <= queue.waiting.len() {
            let name = &self.session(session).name;
            let refusal = Refusal::new(
                Code::QueueFull,
                format!("{most} calls wait for the shell of session {name:?} already"),
            );
            return Err(
                refusal.hint("abide start runs beside the shell; abide ps shows what holds it")
            );
        }
        queue.waiting.push_back(waiting);
        let deadline =
            around.now.tick + crate::base::time::Span::millis(around.settings.exec.turn_ms);
        Ok((CommandWait::Turn { session }, Some(deadline)))
    }

    /// The shell of a session is free: whoever waits longest and still does is next.
    pub fn run_next(&mut self, session: SessionId, around: &ExecContext<'_>, fx: &mut Effects) {
        while let Some(queue) =
            self.commands.exec_queues.get_mut(&session).filter(|queue| queue.running.is_none())
        {
            let Some(waiting) = queue.waiting.pop_front() else { return };
            let call = waiting.call;
            if !self.calls.contains_key(&call) {
                continue;
            }
            let command = self.begin(session, waiting, around, fx);
            if let Some(open) = self.calls.get_mut(&call) {
                open.pending = Pending::Command(CommandWait::Exec { command });
                open.deadline = None;
            }
        }
    }

    fn begin(
        &mut self,
        session: SessionId,
        waiting: Waiting,
        around: &ExecContext<'_>,
        fx: &mut Effects,
    ) -> CommandId {
        let Waiting { call, order } = waiting;
        let command = self.commands.record(session, true, &order, around.now);
        self.commands.exec_queues.entry(session).or_default().running = Some(command);
        let shell = Box::new(self.shell(session, around));
        fx.push(Effect::Command(CommandEffect::Run {
            command,
            call,
            order: Box::new(order),
            shell,
        }));
        command
    }

    /// Starts a command beside the shell of a session.
    pub fn start_command(
        &mut self,
        session: SessionId,
        order: ExecRequest,
        around: &ExecContext<'_>,
        fx: &mut Effects,
    ) -> CommandId {
        let command = self.commands.record(session, false, &order, around.now);
        let shell = Box::new(self.shell(session, around));
        fx.push(Effect::Command(CommandEffect::Start { command, order: Box::new(order), shell }));
        command
    }

    /// Stops a command, if it runs and is not being stopped.
    pub fn stop_command(&mut self, command: CommandId, why: StopReason, fx: &mut Effects) {
        if self.commands.note_stop(command, why) {
            let grace = self.commands.records[&command].grace;
            fx.push(Effect::Command(CommandEffect::Stop { command, grace }));
        }
    }

    fn shell(&self, session: SessionId, around: &ExecContext<'_>) -> ShellSpec {
        let session = self.session(session);
        let program = env::shell(session, around.settings, around.host).swap_remove(0);
        ShellSpec {
            session: session.id,
            program,
            env: env::of_shell(session, around.host),
            cwd: session.cwd.clone(),
        }
    }
}

#[cfg(test)]
mod adopt_tests {
    use super::RECOVERED;
    use crate::base::geom::Size;
    use crate::base::id::PaneId;
    use crate::base::memory::HeapMemory;
    use crate::state::State;
    use crate::term::{Options, Terminal};

    #[test]
    fn strangers_share_one_session_and_their_ids_are_not_given_out_again() {
        let mut state = State::default();
        for id in [7, 3] {
            let screen = Terminal::new(
                Size::new(40, 10),
                Options::default(),
                Box::new(HeapMemory::default()),
            );
            state.adopt(PaneId(id), 100, screen, 0);
            assert_eq!(state.check(), Ok(()));
        }
        assert_eq!(state.sessions.len(), 1);
        assert_eq!(state.session_named(RECOVERED).map(|session| session.tabs.len()), Some(2));
        assert_eq!(state.next_ids.pane, 8);
    }
}

#[cfg(test)]
mod import_tests {
    use crate::base::geom::Size;
    use crate::state::State;
    use crate::state::pane::{Beside, NewPane};
    use crate::state::session::NewSession;
    use crate::state::tab::NewTab;
    use crate::state::{Direction, Share};

    /// A session of two tabs, the first of which is split.
    fn two_tabs(name: &str) -> State {
        let mut state = State::default();
        let new = NewSession {
            name: name.to_owned(),
            cwd: "/".into(),
            env: Vec::new(),
            size: Size::new(80, 24),
            pane: NewPane::default(),
        };
        let (session, _, pane) = state.new_session(new, 1);
        let beside = Beside { pane, side: Direction::Right, share: Share::default() };
        state.split_pane(beside, NewPane::default(), 1).expect("there is room");
        state.new_tab(
            session,
            NewTab { name: Some("second".into()), at: 9, pane: NewPane::default() },
            1,
        );
        state.pending_work = crate::state::PendingWork::default();
        state
    }

    #[test]
    fn what_is_taken_in_has_ids_and_a_name_of_its_own() {
        let mut state = two_tabs("work");
        for number in 2..5 {
            let imported = state.import(two_tabs("work"), 7);
            assert_eq!(imported.panes.len(), 3);
            let session = state.session(imported.sessions[0]);
            assert_eq!(
                (session.name.clone(), session.tabs.len(), session.created_wall),
                (format!("work-{number}"), 2, 7)
            );
            assert_eq!(state.tab(session.tabs[1]).name.as_deref(), Some("second"));
            assert_eq!(state.tab(session.tabs[0]).panes().len(), 2);
            state.pending_work = crate::state::PendingWork::default();
            assert_eq!(state.check(), Ok(()));
        }
        assert_eq!((state.sessions.len(), state.tabs.len(), state.panes.len()), (4, 8, 12));
    }

    #[test]
    fn a_long_name_is_cut_between_characters_to_make_room_for_its_number() {
        let name = "ä".repeat(32);
        let mut state = two_tabs(&name);
        let imported = state.import(two_tabs(&name), 7);
        assert_eq!(state.session(imported.sessions[0]).name, format!("{}-2", "ä".repeat(31)));
    }
}
