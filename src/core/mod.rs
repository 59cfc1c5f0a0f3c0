//! The pure centre: a step takes the present and one input, changes the state and says what is to
//! happen outside. It cannot fail and cannot wait.
//!
//! `input` is all that can happen, `guard` keeps a panic to its step, `calls` answers each call
//! exactly once, `pane_events` follows programs, `restore` brings panes back,
//! `host_policy` says what reaches a person's terminal, `scene` is what a
//! client sees.
//!
//! `server` alone uses it: the event loop steps it, the others read it. Tests: beside the code, and
//! `tests/it/core_model`, where a reference model is compared after each step.

mod calls;
mod guard;
mod host_policy;
pub mod input;
mod pane_events;
mod restore;
pub mod scene;
mod shell_integration;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::action::completion;
use crate::base::error::{Code, Refusal};
use crate::base::id::{CallId, ClientId, PaneId, TabId};
use crate::base::key::MouseKind;
use crate::base::signal::ExitStatus;
use crate::base::time::{Now, Span, Tick};
use crate::core::calls::IncomingCall;
use crate::core::guard::{GuardedStep, InputKind, StepFaults};
use crate::core::host_policy::HostPolicy;
use crate::core::pane_events::{Hooked, ProgramEnd};
use crate::core::restore::Followed;
use crate::settings::Settings;
use crate::state::call::Pending;
use crate::state::effect::{ClientMessage, Effect, Effects, ProgramSpec, StartDir};
use crate::state::host::Host;
use crate::state::pane::PaneEnd;
use crate::state::view::View;
use crate::state::{ClientWithoutSession, Leaving, State, env};
use crate::term::{OuterColours, Terminal};

pub use crate::core::calls::CommandEvent;
pub use crate::core::guard::StepFault;
pub use crate::core::input::{ClientEvent, Input, PaneEvent, RestoreInput, ServerEvent};
pub use crate::state::view::Viewer;

/// The pure centre.
pub struct Core {
    /// The nouns.
    state: State,
    /// The options in force.
    settings: Settings,
    /// The server and its surroundings.
    host: Host,
    /// Connections of whatever kind.
    connections: usize,
    /// The time when to leave because there is nothing to do.
    leave_at: Option<Tick>,
    /// Tabs that get the area of their new driver then.
    late: BTreeMap<TabId, Tick>,
    /// True if the last effect was given out.
    has_left: bool,
    /// Panes whose programs were told that they have the focus.
    told_focus: BTreeSet<PaneId>,
    /// The sessions and clients that hooks were told of.
    hooked: Hooked,
    /// The sessions whose variables follow a client.
    followed: Followed,
    /// Colours of the outer terminals that told them.
    colours: BTreeMap<ClientId, OuterColours>,
    /// Until when programs of panes that came back wait for a client that brings an environment.
    sleeping: Option<Tick>,
    /// The requests of programs for the terminals of persons.
    host_policy: HostPolicy,
    /// Steps that panicked.
    faults: StepFaults,
}

/// The time that a server without sessions, clients and connections stays.
const EMPTY_STAY: Span = Span::seconds(5);

impl Core {
    /// A core without sessions.
    #[must_use]
    pub fn new(settings: Settings, host: Host) -> Self {
        Self::resume(settings, host, State::default())
    }

    /// A core that goes on with the state of a former server.
    #[must_use]
    pub fn resume(settings: Settings, host: Host, state: State) -> Self {
        let leave_at = Some(host.started + EMPTY_STAY);
        let (hooked, followed) = (Hooked::default(), Followed::default());
        Self {
            state,
            settings,
            host,
            hooked,
            followed,
            connections: 0,
            leave_at,
            late: BTreeMap::new(),
            has_left: false,
            told_focus: BTreeSet::new(),
            colours: BTreeMap::new(),
            sleeping: None,
            host_policy: HostPolicy::default(),
            faults: StepFaults::default(),
        }
    }

    /// The nouns as they are after the last step.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The options in force.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The server and its surroundings.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.host
    }

    /// Takes one step. `fx` gets what is to happen outside, in order.
    pub fn step(&mut self, now: Now, input: Input<'_>, fx: &mut Effects) {
        let first = fx.len();
        self.start_restored(now, &input, fx);
        self.take(now, input, fx);
        self.finish(now, fx);
        self.hooked.is_muted = false;
        self.note_lines_typed(&fx[first..]);
        self.save(first, fx);
    }

    /// Takes one step, as [`Core::step`] does. A panic in it is a fault that is given back: the
    /// caller is answered `internal`, the step is brought to an end, and the state is checked.
    pub fn guarded_step(
        &mut self,
        now: Now,
        input: Input<'_>,
        fx: &mut Effects,
    ) -> Option<StepFault> {
        let kind = InputKind::of(self, &input);
        if guard::is_refused(self, kind, fx) {
            return None;
        }
        let step = GuardedStep { now, kind, first: fx.len() };
        let payload = catch_unwind(AssertUnwindSafe(|| self.step(now, input, fx))).err()?;
        Some(guard::fault(self, step, payload.as_ref(), fx))
    }

    fn take(&mut self, now: Now, input: Input<'_>, fx: &mut Effects) {
        match input {
            Input::OfHook(input) => {
                self.hooked.is_muted = true;
                self.take(now, *input, fx);
            }
            Input::Connected { client, viewer } => self.state.connect(client, viewer, now),
            Input::Gone { client } => self.gone(client, fx),
            Input::Keys { client, keys } if self.chosen(client, keys).is_some() => {
                self.choose(client, keys, now, fx);
            }
            Input::Keys { client, keys } => self.type_keys(client, now, fx, |screen, bytes| {
                for key in keys {
                    screen.input().encode_key(key, bytes);
                }
            }),
            Input::Paste { client, text } => {
                self.type_keys(client, now, fx, |screen, bytes| {
                    screen.input().encode_paste(text, bytes);
                });
            }
            Input::Mouse { client, pane, mouse } if self.can_point(client, pane) => {
                if !matches!(mouse.kind, MouseKind::Move) {
                    self.state.used(client, now);
                }
                self.write(pane, fx, |screen, bytes| screen.input().encode_mouse(mouse, bytes));
            }
            Input::Mouse { .. } => {}
            Input::Resized { client, size, cell_pixels } => {
                self.state.resize_view(client, size, cell_pixels);
            }
            Input::Focused { client, focused } => self.state.set_focused(client, focused),
            Input::Call { call, caller, action } => {
                self.call(now, IncomingCall { call, caller, action }, fx);
            }
            Input::Cancelled { call } => self.cancelled(call, fx),
            Input::Answered { call, outcome } => self.answer(call, outcome, fx),
            Input::Found { call, fact } => self.found(call, fact, fx),
            Input::Started { pane, outcome: Ok(pid), memory } => {
                self.give_memory(pane, memory);
                self.started(now, pane, pid, fx);
            }
            Input::Started { pane, outcome: Err(refusal), .. } => {
                self.failed(now, pane, &refusal, fx);
            }
            Input::Output { pane, bytes } => self.output(now, pane, bytes, fx),
            Input::Ended { pane, status, left } => {
                self.ended(now, pane, &ProgramEnd { status, left: &left }, fx);
            }
            Input::Client { client, event } => self.client_event(client, &event, fx),
            Input::Pane { pane, event } => self.pane_event(pane, event, fx),
            Input::Command(event) => self.command(now, event, fx),
            Input::Restore(input) => self.restore(now, input, fx),
            Input::Server(event) => self.server_event(&event),
            Input::Configured(settings) => self.settings = *settings,
            Input::Wake => self.wake(now, fx),
        }
    }

    fn client_event(&mut self, client: ClientId, event: &ClientEvent, fx: &mut Effects) {
        match event {
            ClientEvent::Bars(rows) => self.state.set_bars(client, *rows),
            ClientEvent::Colours(colours) => self.set_colours(client, *colours, fx),
        }
    }

    fn server_event(&mut self, event: &ServerEvent) {
        match event {
            ServerEvent::Connections(count) => self.connections = *count,
            ServerEvent::Keeper(pid) => self.host.keeper_pid = *pid,
            ServerEvent::CapScrollback => self.cap_history(),
            ServerEvent::Disk(files, Some(why)) => {
                self.host.disk_faults.insert(files, why.clone());
            }
            ServerEvent::Disk(files, None) => {
                self.host.disk_faults.remove(files);
            }
        }
    }

    /// Saves the state before the other effects of the step, because these may remove what is to be
    /// saved.
    fn save(&mut self, first: usize, fx: &mut Effects) {
        let is_stopped = self.state.leaving == Some(Leaving::Stop) && !self.state.panes.is_empty();
        let is_saved = std::mem::take(&mut self.state.pending_work.save);
        if is_stopped || is_saved {
            // `stop` and `save` are explicit requests, so the suspicion that the machine is
            // shutting down is dropped.
            self.state.shutdown_suspected_until = None;
        }
        let closed = std::mem::take(&mut self.state.pending_work.closed);
        let saves = is_saved.then_some(Effect::Save);
        fx.splice(first..first, saves.into_iter().chain(closed.into_iter().map(Effect::Closed)));
    }

    /// The time when [`Input::Wake`] is due.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Tick> {
        let calls = self.state.calls.values().filter_map(|open| completion::due(&self.state, open));
        let closed_items = self.state.closed_items.iter().map(|item| item.until);
        let commands = self.state.commands.next_deadline();
        let calls = calls.chain(self.sleeping);
        calls
            .chain(self.late.values().copied())
            .chain(closed_items)
            .chain(self.leave_at)
            .chain(commands)
            .chain(self.silence_at())
            .chain(self.host_policy.next_deadline())
            .min()
            .map(|due| self.faults.defer(due))
    }

    fn gone(&mut self, client: ClientId, fx: &mut Effects) {
        self.state.calls.retain(|_, open| open.caller.client != Some(client));
        let orphaned: Vec<CallId> = completion::calls(
            &self.state,
            |pending| matches!(pending, Pending::Forwarded { client: of } if *of == client),
        );
        for call in orphaned {
            self.answer(
                call,
                Err(Refusal::new(
                    Code::Cancelled,
                    format!("client {client} left before it was done"),
                )),
                fx,
            );
        }
        self.colours.remove(&client);
        self.state.disconnect(client);
    }

    /// Sends what `encode` makes of some input to the program in focus of a view.
    fn type_keys(
        &mut self,
        client: ClientId,
        now: Now,
        fx: &mut Effects,
        encode: impl Fn(&Terminal, &mut Vec<u8>),
    ) {
        if self.state.views.get(&client).is_none_or(|view| view.read_only) {
            return;
        }
        self.state.used(client, now);
        let Some(focus) = self.state.view(client).focus() else { return };
        for pane in self.state.typed_together(focus) {
            self.write(pane, fx, &encode);
        }
    }

    /// True if the mouse of a client acts on a pane: the pane is in the tab that the client shows,
    /// and the client does more than watch.
    fn can_point(&self, client: ClientId, pane: PaneId) -> bool {
        let view = self.state.views.get(&client).filter(|view| !view.read_only);
        let pane = self.state.panes.get(&pane).filter(|pane| pane.tab.is_some());
        view.zip(pane).is_some_and(|(view, pane)| pane.tab == view.tab())
    }

    /// Types into a pane whose program lives.
    fn write(&self, pane: PaneId, fx: &mut Effects, encode: impl FnOnce(&Terminal, &mut Vec<u8>)) {
        let entry = self.state.pane(pane);
        if !entry.life.is_live() {
            return;
        }
        let mut bytes = Vec::new();
        encode(&entry.screen, &mut bytes);
        if !bytes.is_empty() {
            fx.push(Effect::Write { pane, bytes });
        }
    }

    /// True if a search is on its way: [`Input::Wake`] takes it a step further.
    #[must_use]
    pub fn is_searching(&self) -> bool {
        self.state.calls.values().any(|open| matches!(open.pending, Pending::Search(_)))
    }

    fn wake(&mut self, now: Now, fx: &mut Effects) {
        let done = completion::search(&mut self.state);
        self.complete(done, fx);
        self.host_policy.pass(&self.state, now.tick, fx);
        self.in_pane_overdue(now, fx);
        for (call, outcome) in completion::overdue(&self.state, now) {
            self.answer(call, outcome, fx);
        }
        self.note_silence(now, fx);
        self.stop_overdue(now, fx);
        let late = std::mem::take(&mut self.late);
        let (due, rest) = late.into_iter().partition(|(_, at)| *at <= now.tick);
        self.late = rest;
        let due: BTreeMap<TabId, Tick> = due;
        self.state.pending_work.resize.extend(due.into_keys());
    }

    /// Ends the panes that were closed and that nobody brought back in time.
    fn end_closed(&mut self, now: Now, fx: &mut Effects) {
        let (panes, sessions) = self.state.overdue_closed(now.tick);
        for pane in panes {
            let is_of_session = sessions.contains(&self.state.pane(pane).session);
            let spares = self.settings.pane.spare_detached && !is_of_session;
            let end = PaneEnd { grace: self.settings.pane.grace(), spares };
            self.state.close_pane(pane, end, fx);
        }
        self.state.commands.killed.extend(sessions);
    }

    /// The end of every step: sizes follow layouts and views, programs are started, clients without
    /// a session leave, and so does a server without work.
    fn finish(&mut self, now: Now, fx: &mut Effects) {
        self.end_closed(now, fx);
        let gone = completion::on_gone(&mut self.state);
        self.complete(gone, fx);
        self.state.follow_views();
        while let Some(tab) = self.state.pending_work.resize.pop_first() {
            self.resize_tab(tab, now, fx);
        }
        self.late.retain(|tab, _| self.state.tabs.contains_key(tab));
        self.sync_env(fx);
        for (pane, cwd) in std::mem::take(&mut self.state.pending_work.start) {
            self.start(pane, cwd, fx);
        }
        for without in std::mem::take(&mut self.state.pending_work.clients_without_session) {
            let ClientWithoutSession { client, session, status, is_closed } = without;
            let ended = ClientMessage::Ended {
                session: session.clone(),
                status: status.map_or(0, ExitStatus::shell),
            };
            fx.push(Effect::Tell {
                client,
                message: if is_closed { ClientMessage::Shut(session) } else { ended },
            });
        }
        self.end_gone_sessions(fx);
        self.tell_focus(fx);
        self.find_changes(fx);
        self.plan_leave(now);
        self.leave(now, fx);
    }

    fn start(&self, id: PaneId, mut cwd: Vec<StartDir>, fx: &mut Effects) {
        let pane = self.state.pane(id);
        let session = self.state.session(pane.session);
        let is_shell = pane.program().is_empty();
        let mut argv = if is_shell {
            env::shell(session, &self.settings, &self.host)
        } else {
            pane.argv.clone()
        };
        cwd.extend((!session.cwd.is_empty()).then(|| StartDir::Directory(session.cwd.clone())));
        cwd.push(StartDir::Home);
        let mut env = env::of_program(session, pane, &self.settings, &self.host);
        let marks = is_shell || env::is_marking_shell(&argv);
        if marks && self.settings.shell.integration {
            env::integrate(&mut argv, &mut env, &self.host);
        }
        env::set(&mut env, "ABIDE_ENV", format!("{}/env", self.followed_folder(pane.session)));
        fx.push(Effect::Spawn {
            pane: id,
            program: ProgramSpec { argv, env, cwd, size: pane.size },
        });
    }

    /// Programs that asked for it hear when their pane gets or loses the focus of a view whose
    /// terminal has it.
    fn tell_focus(&mut self, fx: &mut Effects) {
        let focused: BTreeSet<PaneId> =
            self.state.views.values().filter(|view| view.focused).filter_map(View::focus).collect();
        for pane in focused
            .symmetric_difference(&self.told_focus)
            .filter(|pane| self.state.panes.contains_key(pane))
        {
            self.write(*pane, fx, |screen, bytes| {
                screen.input().encode_focus(focused.contains(pane), bytes);
            });
        }
        self.told_focus = focused;
    }

    fn plan_leave(&mut self, now: Now) {
        let state = &self.state;
        let empty = state.sessions.is_empty()
            && state.panes.is_empty()
            && state.views.is_empty()
            && state.calls.is_empty()
            && state.commands.is_idle();
        let idle = empty && self.connections == 0;
        self.leave_at = if idle { self.leave_at.or(Some(now.tick + EMPTY_STAY)) } else { None };
    }

    /// Leaves, once: when there was nothing to do for a while, or when that was asked for and every
    /// program has ended and every call is answered.
    fn leave(&mut self, now: Now, fx: &mut Effects) {
        if self.leave_at.is_some_and(|at| at <= now.tick) {
            self.state.leaving = Some(Leaving::Stop);
        }
        let Some(leaving) = self.state.leaving.clone().filter(|_| !self.has_left) else { return };
        self.complete(completion::on_leaving(&self.state, &leaving), fx);
        if leaving == Leaving::Stop
            && !(self.state.calls.is_empty()
                && self.state.panes.is_empty()
                && self.state.commands.is_idle())
        {
            return;
        }
        self.has_left = true;
        match leaving {
            Leaving::Stop => {}
            Leaving::Restart => return fx.push(Effect::Restart { program: None }),
            Leaving::Upgrade(program) => {
                return fx.push(Effect::Restart { program: Some(program) });
            }
        }
        fx.extend(
            self.state
                .views
                .keys()
                .map(|client| Effect::Tell { client: *client, message: ClientMessage::Stopped }),
        );
        fx.push(Effect::Exit);
    }
}
