//! A pretended outside for the core: it starts and ends programs, counts answers, and looks at
//! every effect and invariant after each step.

use std::collections::{BTreeMap, BTreeSet};

use abide::action::Outcome;
use abide::action::table::{Call, from_words, parse};
use abide::base::error::{Code, Refusal};
use abide::base::geom::Size;
use abide::base::id::{CallId, ClientId, PaneId, SessionId};
use abide::base::key::KeyInput;
use abide::base::memory::HeapMemory;
use abide::base::signal::ExitStatus;
use abide::base::time::{Now, Span, Tick};
use abide::core::{CommandEvent, Core, Input, RestoreInput, ServerEvent, Viewer};
use abide::settings::Settings;
use abide::state::State;
use abide::state::call::Caller;
use abide::state::command_effect::{CommandEffect, SnapshotRequest};
use abide::state::effect::{ClientMessage, Effect, Effects, ProgramSpec, Question};
use abide::state::host::Host;
use abide::state::pane::{Pane, ProgramState, RestoreState};
use abide::state::undo::ClosedItem;
use abide::state::undo::UndoChange;
use abide::term::{Options, Terminal};
use serde_json::Value;

/// Bytes written to panes.
pub(crate) type Writes = Vec<(PaneId, Vec<u8>)>;

/// The core and what it did.
pub(crate) struct World {
    pub(crate) core: Core,
    pub(crate) now: Now,
    /// Whether programs can be started.
    pub(crate) starts: Result<(), &'static str>,
    /// Whether programs end as soon as they are told to.
    pub(crate) stops: bool,
    /// Programs that run, and those that have run.
    pub(crate) programs: BTreeMap<PaneId, ProgramSpec>,
    pub(crate) live: BTreeSet<PaneId>,
    pub(crate) stopped: Vec<(PaneId, Span)>,
    pub(crate) questions: Vec<(CallId, Question)>,
    pub(crate) forwarded: Vec<(ClientId, CallId, &'static str)>,
    /// What is asked of the outside about commands, and about snapshots.
    pub(crate) commands: Vec<CommandEffect>,
    pub(crate) snapshots: Vec<(CallId, SnapshotRequest)>,
    pub(crate) exits: usize,
    pub(crate) saves: usize,
    pub(crate) restarts: usize,
    /// Calls that were made and may be answered.
    pub(crate) open: BTreeSet<CallId>,
    /// Calls whose callers have gone.
    cancelled: BTreeSet<CallId>,
    answers: BTreeMap<CallId, Outcome>,
    messages: BTreeMap<ClientId, Vec<ClientMessage>>,
    forgotten: Vec<PaneId>,
    /// Those that were not started again.
    gone: BTreeSet<PaneId>,
    /// What was closed, with the sizes of its panes.
    closed: Vec<(ClosedItem, BTreeMap<PaneId, Size>)>,
    next_call: u64,
}

/// A client with a size.
pub(crate) fn viewer(token: u64, size: Size) -> Viewer {
    let env = [
        ("TMUX", "x"),
        ("TMUX_PANE", "x"),
        ("ZELLIJ_SESSION_NAME", "x"),
        ("ABIDE_OLD", "x"),
        ("TERM_PROGRAM", "x"),
        ("EDITOR", "vi"),
        ("SHELL", "/bin/zsh"),
        ("LANG", "C"),
    ];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Viewer { token, size, cell_pixels: (0, 0), cwd: "/home/me/src".into(), env, read_only: false }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let login = [("HOME", "/home/me"), ("LANG", "en_US.UTF-8")];
        let host = Host {
            upgraded: false,
            upgrade_failed: None,
            disk_faults: BTreeMap::new(),
            program: "/usr/bin/abide".into(),
            server_pid: 11,
            name: "box".into(),
            keeper_pid: 10,
            lineage: 7,
            version: "9.9.9".into(),
            lease: 3,
            started: Tick(1_000_000_000),
            socket: "/run/abide.sock".into(),
            shell_files: String::new(),
            shell: "/bin/bash".into(),
            login_env: login.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        };
        let core = Core::new(settings, host);
        let now = Now { tick: Tick(1_000_000_000), wall: 1_700_000_000_000 };
        let mut world = Self {
            core,
            now,
            starts: Ok(()),
            stops: true,
            programs: BTreeMap::new(),
            live: BTreeSet::new(),
            stopped: Vec::new(),
            questions: Vec::new(),
            forwarded: Vec::new(),
            commands: Vec::new(),
            snapshots: Vec::new(),
            exits: 0,
            saves: 0,
            restarts: 0,
            open: BTreeSet::new(),
            cancelled: BTreeSet::new(),
            answers: BTreeMap::new(),
            messages: BTreeMap::new(),
            forgotten: Vec::new(),
            gone: BTreeSet::new(),
            closed: Vec::new(),
            next_call: 1,
        };
        world.connections(1);
        world
    }

    pub(crate) fn by(client: ClientId) -> Caller {
        Caller { client: Some(client), pane: None }
    }

    /// A step and all that follows from it.
    pub(crate) fn step(&mut self, input: Input<'_>) -> Effects {
        let all = self.step_once(|core, now, fx| core.step(now, input, fx));
        self.react(&all);
        all
    }

    fn step_once(&mut self, step: impl FnOnce(&mut Core, Now, &mut Effects)) -> Effects {
        let mut fx = Effects::new();
        step(&mut self.core, self.now, &mut fx);
        assert_eq!(self.core.state().check(), Ok(()));
        for effect in &fx {
            self.note(effect);
        }
        let open: BTreeSet<CallId> = self.core.state().calls.keys().copied().collect();
        assert!(open.is_subset(&self.open), "a call is open that was answered or never made");
        fx
    }

    /// Keeps what was closed, as the edge does on disk.
    fn save_closed(&mut self, change: &UndoChange) {
        match change {
            UndoChange::Keep(record) => {
                let there = record.panes.iter().chain(self.core.state().panes.values());
                let all: BTreeMap<PaneId, Size> = there.map(|pane| (pane.id, pane.size)).collect();
                let own = record.item.panes().into_iter().map(|pane| (pane, all[&pane])).collect();
                self.closed.push((record.item.clone(), own));
            }
            UndoChange::Back(name) => {
                let at = self.closed.iter().rposition(|(item, _)| item.name() == *name);
                self.closed.remove(at.expect("it was closed"));
            }
        }
    }

    /// What was closed last is made anew, as the edge does.
    fn reopen(&mut self, call: CallId) {
        let Some((item, panes)) = self.closed.pop() else {
            let outcome = Err(Refusal::new(Code::NotFound, "nothing was closed"));
            return drop(self.step(Input::Answered { call, outcome }));
        };
        let mut former = State { closed_items: vec![item], ..State::default() };
        for (id, size) in panes {
            let mut alone = State::default();
            alone.adopt(
                id,
                1,
                Terminal::new(size, Options::default(), Box::new(HeapMemory::default())),
                0,
            );
            let pane = alone.panes.remove(&id).expect("it was adopted");
            let restore = RestoreState { retried: true, ..pane.restore };
            former
                .panes
                .insert(id, Pane { life: ProgramState::Starting, tab: None, restore, ..pane });
        }
        let former = Box::new(former);
        self.step(Input::Restore(RestoreInput::Closed { call, former, env: Vec::new() }));
    }

    /// Looks at an effect: it is about something that is there, and comes as often as it may.
    fn note(&mut self, effect: &Effect) {
        match effect {
            Effect::Spawn { pane, program } => {
                assert!(self.live.insert(*pane), "{pane} is started twice");
                self.programs.insert(*pane, program.clone());
                self.gone.remove(pane);
            }
            Effect::Write { pane, bytes } => {
                assert!(self.live.contains(pane) && !bytes.is_empty(), "{pane} is written to");
            }
            Effect::Resize { pane, size } => {
                assert!(self.live.contains(pane) && *size == size.clamped());
            }
            Effect::Stop { pane, grace, heir } => {
                let is_new = self.stopped.iter().all(|(other, _)| other != pane);
                // Once more only to spare nobody any more.
                assert!(
                    self.live.contains(pane) && (is_new || heir.is_none()),
                    "{pane} is stopped"
                );
                self.stopped.push((*pane, *grace));
            }
            Effect::Forget { pane, .. } => {
                assert!(
                    !self.live.contains(pane) && self.gone.insert(*pane),
                    "{pane} is forgotten"
                );
                self.forgotten.push(*pane);
                self.stopped.retain(|(other, _)| {
                    other != pane || !self.core.state().panes.contains_key(pane)
                });
            }
            Effect::Snapshot { pane } => {
                assert!(
                    self.core.state().panes.contains_key(pane) || self.forgotten.contains(pane)
                );
            }
            Effect::Answer { call, outcome } => {
                assert!(self.open.remove(call), "{call} is answered twice, or was never made");
                self.answers.insert(*call, outcome.clone());
            }
            Effect::Ask { call, question } => self.questions.push((*call, question.clone())),
            Effect::Tell { client, message } => {
                self.messages.entry(*client).or_default().push(message.clone());
            }
            Effect::Forward { client, call, name, .. } => {
                self.forwarded.push((*client, *call, name));
            }
            Effect::Hook { text, .. } => assert!(!text.is_empty(), "a hook without anything to do"),
            Effect::Follow { folder, .. } => assert!(folder.starts_with("/run/env/s"), "{folder}"),
            Effect::Command(effect) => self.commands.push(effect.clone()),
            Effect::Snapshots { call, request } => {
                let is_ours = matches!(request, SnapshotRequest::Reopen { .. });
                let asked = (!is_ours).then(|| (*call, request.clone()));
                self.snapshots.extend(asked);
            }
            Effect::Pipe { .. } => {}
            Effect::Closed(change) => self.save_closed(change),
            Effect::Restored { call, panes } => {
                let is_known = self.open.contains(call) || self.cancelled.contains(call);
                assert!(!panes.is_empty() && is_known, "{call} made nothing anew");
            }
            Effect::Save => self.saves += 1,
            Effect::Exit => self.exits += 1,
            Effect::Restart { .. } => self.restarts += 1,
        }
    }

    /// Programs start, and end where they are told to.
    fn react(&mut self, fx: &Effects) {
        for effect in fx {
            match effect {
                Effect::Spawn { pane, .. } => {
                    let outcome = self
                        .starts
                        .map(|()| 100)
                        .map_err(|why| Refusal::new(Code::SpawnFailed, why));
                    if outcome.is_err() {
                        self.live.remove(pane);
                    }
                    self.step(Input::Started {
                        pane: *pane,
                        outcome,
                        memory: Box::new(HeapMemory::default()),
                    });
                }
                Effect::Snapshots { call, request: SnapshotRequest::Reopen { .. } } => {
                    self.reopen(*call);
                }
                Effect::Stop { pane, .. } if self.stops => {
                    self.ended(*pane, ExitStatus::Signal(1), &[]);
                }
                // Nothing outlived its panes.
                Effect::Command(CommandEffect::EndSession { session, .. })
                    if !self.has_commands(*session) =>
                {
                    self.step(Input::Command(CommandEvent::SessionOver { session: *session }));
                }
                _ => (),
            }
        }
    }

    fn has_commands(&self, session: SessionId) -> bool {
        self.core.state().commands.records.values().any(|record| record.session == session)
    }

    pub(crate) fn ended(&mut self, pane: PaneId, status: ExitStatus, left: &[u32]) {
        self.live.remove(&pane);
        self.step(Input::Ended { pane, status, left: left.to_vec() });
    }

    /// A program ends by itself; gives what was forgotten since the last time.
    pub(crate) fn end(&mut self, pane: PaneId, status: ExitStatus) -> Vec<PaneId> {
        self.forgotten_since(|world| world.ended(pane, status, &[]))
    }

    fn forgotten_since(&mut self, act: impl FnOnce(&mut Self)) -> Vec<PaneId> {
        let before = self.forgotten.len();
        act(self);
        self.forgotten[before..].to_vec()
    }

    pub(crate) fn connect(&mut self, token: u64, size: Size) -> ClientId {
        self.connect_as(viewer(token, size), |_| ())
    }

    pub(crate) fn connect_as(
        &mut self,
        mut viewer: Viewer,
        change: impl FnOnce(&mut Viewer),
    ) -> ClientId {
        change(&mut viewer);
        let client = ClientId(self.core.state().next_ids.client);
        self.step(Input::Connected { client, viewer });
        client
    }

    pub(crate) fn gone(&mut self, client: ClientId) {
        let dropped: Vec<CallId> = self
            .core
            .state()
            .calls
            .iter()
            .filter(|(_, open)| open.caller.client == Some(client))
            .map(|(call, _)| *call)
            .collect();
        self.step(Input::Gone { client });
        for call in dropped {
            self.open.remove(&call);
            self.cancelled.insert(call);
        }
    }

    pub(crate) fn resize(&mut self, client: ClientId, size: Size) {
        self.step(Input::Resized { client, size, cell_pixels: (0, 0) });
    }

    /// Calls, and gives the id of the call.
    pub(crate) fn ask(&mut self, caller: Caller, words: &str) -> CallId {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        let action = from_words(&words).expect("the words are right");
        self.invoke(caller, action).0
    }

    /// Whoever called is gone.
    pub(crate) fn cancel(&mut self, call: CallId) {
        self.step(Input::Cancelled { call });
        if self.open.remove(&call) {
            self.cancelled.insert(call);
        }
    }

    pub(crate) fn invoke(&mut self, caller: Caller, action: Call) -> (CallId, Effects) {
        let call = CallId(self.next_call);
        self.next_call += 1;
        self.open.insert(call);
        let fx = self.step(Input::Call { call, caller, action });
        (call, fx)
    }

    /// The effects of a call, without those that follow from starting programs.
    pub(crate) fn effects(&mut self, caller: Caller, words: &str) -> Effects {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        self.invoke(caller, from_words(&words).expect("the words are right")).1
    }

    /// Calls something that is answered by now.
    pub(crate) fn outcome(&mut self, caller: Caller, words: &str) -> Outcome {
        let call = self.ask(caller, words);
        self.answer(call).expect(words)
    }

    /// Calls something that succeeds.
    pub(crate) fn did(&mut self, caller: Caller, words: &str) -> Value {
        self.outcome(caller, words).expect(words)
    }

    /// Calls by name, with what words cannot say.
    pub(crate) fn call(&mut self, caller: Caller, name: &str, params: &Value) -> Outcome {
        let action =
            parse(name, params.as_object().expect("an object")).expect("the arguments are right");
        let (call, _) = self.invoke(caller, action);
        self.answer(call).expect("it is answered")
    }

    pub(crate) fn answer(&self, call: CallId) -> Option<Outcome> {
        self.answers.get(&call).cloned()
    }

    /// What a step writes to programs.
    pub(crate) fn writes(&mut self, step: impl FnOnce(&mut Core, Now, &mut Effects)) -> Writes {
        let fx = self.step_once(step);
        self.react(&fx);
        written(fx)
    }

    pub(crate) fn writes_of(&mut self, caller: Caller, name: &str, params: &Value) -> Writes {
        let action =
            parse(name, params.as_object().expect("an object")).expect("the arguments are right");
        written(self.invoke(caller, action).1)
    }

    pub(crate) fn type_keys(&mut self, client: ClientId, keys: &str) -> Writes {
        let keys: Vec<KeyInput> = keys
            .split(' ')
            .map(|key| KeyInput::from(key.parse::<abide::base::key::Key>().expect("a key")))
            .collect();
        written(self.step(Input::Keys { client, keys: &keys }))
    }

    pub(crate) fn paste(&mut self, client: ClientId, text: &str) -> Writes {
        written(self.step(Input::Paste { client, text }))
    }

    pub(crate) fn print(&mut self, pane: PaneId, text: &str) {
        self.step(Input::Output { pane, bytes: text.as_bytes() });
    }

    /// What a client was told since it was asked last.
    pub(crate) fn told(&mut self, client: ClientId) -> Vec<ClientMessage> {
        self.messages.remove(&client).unwrap_or_default()
    }

    pub(crate) fn connections(&mut self, count: usize) {
        self.step(Input::Server(ServerEvent::Connections(count)));
    }

    /// Lets time pass; the core is woken whenever it asked for it.
    pub(crate) fn wait(&mut self, span: Span) {
        let end = self.now.tick + span;
        let mut wakes = 0;
        while let Some(due) = self.core.next_deadline().filter(|due| *due <= end && self.exits == 0)
        {
            self.now.tick = self.now.tick.max(due);
            self.step(Input::Wake);
            wakes += 1;
            assert!(wakes < 1000, "the core asks to be woken without end");
        }
        self.now.tick = end;
    }
}

fn written(fx: Effects) -> Writes {
    fx.into_iter()
        .filter_map(|effect| match effect {
            Effect::Write { pane, bytes } => Some((pane, bytes)),
            _ => None,
        })
        .collect()
}
