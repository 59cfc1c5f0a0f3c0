//! Carries effects out: on masters, on the keeper's socket, on connections. What it learns comes
//! back as inputs.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use tokio::io::Interest;

use crate::base::error::{Code, Refusal};
use crate::base::id::{PaneId, SessionId};
use crate::base::signal;
use crate::base::time::Span;
use crate::core::Input;
use crate::platform::{async_fd, now, tty};
use crate::server::commands::spared::spare_order;
use crate::server::edge::Server;
use crate::server::event::{self, Event, Origin, Return};
use crate::server::hooks;
use crate::server::inbox::Stepper as _;
use crate::server::persist::PersistCx;
use crate::server::persist::writer::DiskWriter;
use crate::server::startup::upgrade;
use crate::state::call::Caller;
use crate::state::effect::{Effect, Fact, ProgramSpec, Question, StartDir};
use crate::store::input::Full;
use crate::store::ring;
use crate::wire::frame::{Notice, ToClient};
use crate::wire::keeper::{RESTART_STATUS, Spawn, Target, ToKeeper, Wiring};
use crate::wire::rpc::Request;

impl Server {
    /// Carries out what a step wanted.
    pub(super) fn perform_effect(&mut self, effect: Effect, origin: Origin) {
        match effect {
            Effect::Spawn { pane, program } => self.spawn(pane, program),
            Effect::Write { pane, bytes } => self.write(pane, &bytes, origin),
            Effect::Resize { pane, size } => {
                if let Some(io) = self.panes.io.get(&pane) {
                    log_failure("resize", pane, io.set_size(size));
                }
                self.write_snapshot(pane);
            }
            Effect::Stop { pane, grace, heir } => self.stop(pane, grace, heir),
            Effect::Forget { pane, heir } => self.forget(pane, heir),
            Effect::Snapshot { pane } => self.write_snapshot(pane),
            Effect::Answer { call, outcome } => {
                let outcome = match self.stepped_call.1.take() {
                    Some(refusal) if self.stepped_call.0 == Some(call) => Err(refusal),
                    _ => outcome,
                };
                if let Some(to) = self.clients.calls.remove(&call) {
                    let outcome = outcome.map_err(|it| self.commands.with_cursor(call, it));
                    match self.commands.take_text(call).filter(|_| outcome.is_ok()) {
                        Some(text) => self.clients.answer_text(to, &text),
                        None => self.clients.answer(to, outcome),
                    }
                }
            }
            Effect::Ask { call, question: Question::LineMode(pane) } => {
                let fact = self.line_mode(pane);
                self.post(Input::Found { call, fact }, Origin::None);
            }
            Effect::Ask { call, question: Question::Successor(program) } => {
                upgrade::find_successor(call, program, &self.events);
            }
            Effect::Tell { client, message } => self.clients.tell(client, message),
            Effect::Command(effect) => {
                self.with_commands(|commands, cx| commands.perform(cx, effect));
            }
            Effect::Forward { client, call, name, params } => {
                let params = params.as_object().cloned().unwrap_or_default();
                let json = serde_json::to_string(&Request::new(call.0, name, params))
                    .expect("plain data has a JSON form");
                self.clients.send(client, &ToClient::Call { call, json });
            }
            Effect::Snapshots { call, request } => {
                self.with_disk(|disk, cx| disk.snapshot(cx, call, request));
            }
            Effect::Hook { text, pane, env } => {
                if let Some(request) = hooks::run(&text, env) {
                    let caller = Caller { client: None, pane };
                    self.call(&request, caller, Return::Nobody, Origin::Hook);
                }
            }
            Effect::Follow { folder, links, env } => self.hooks.follow(folder, links, env),
            Effect::Pipe { pane } => self.pipe(pane),
            Effect::Save => self.disk.hurry(now().tick),
            Effect::Closed(change) => self.with_disk(|disk, cx| disk.save_closed(cx, change)),
            Effect::Restored { call, panes } => {
                self.with_disk(|disk, cx| disk.show_former(cx, call, panes));
            }
            Effect::Exit => self.leave(0),
            Effect::Restart { program } => {
                if let Some(program) = program {
                    tracing::info!(%program, "upgrade");
                    self.link.say(&ToKeeper::Upgrade { program: program.into_bytes() }, Vec::new());
                }
                self.leave(RESTART_STATUS);
            }
        }
    }

    /// Lets what a pane prints go to the command its state names.
    pub(super) fn pipe(&mut self, pane: PaneId) {
        let inputs = self.panes.start_pipe(&self.core, pane, &self.events);
        self.post_all(inputs);
    }

    /// Lets the disk work, then adds the inputs that it gives back.
    pub(super) fn with_disk<R>(
        &mut self,
        work: impl FnOnce(&mut DiskWriter, &mut PersistCx<'_>) -> R,
    ) -> R {
        let (core, panes, events) = (&self.core, &self.panes, &self.events);
        let mut cx = PersistCx { core, panes, events, inputs: Vec::new() };
        let result = work(&mut self.disk, &mut cx);
        let inputs = cx.inputs;
        self.post_all(inputs);
        result
    }

    /// Adds inputs that a folder gave back.
    pub(super) fn post_all(&mut self, inputs: Vec<Input<'static>>) {
        for input in inputs {
            self.post(input, Origin::None);
        }
    }

    fn spawn(&mut self, pane: PaneId, program: ProgramSpec) {
        let cwd = program
            .cwd
            .iter()
            .find_map(|place| self.directory(place))
            .unwrap_or_else(|| "/".into());
        let bytes = |text: String| text.into_bytes();
        let spawn = Spawn {
            tag: pane.0,
            wiring: Wiring::Pty(program.size),
            argv: program.argv.into_iter().map(bytes).collect(),
            env: program
                .env
                .into_iter()
                .map(|(name, value)| (name.into_bytes(), value.into_bytes()))
                .collect(),
            cwd: cwd.into_bytes(),
            ring_bytes: u32::try_from(ring::CAPACITY_DEFAULT)
                .expect("the default capacity of a ring fits"),
        };
        tracing::info!(%pane, "spawn");
        self.link.say(&ToKeeper::Spawn(spawn.clone()), Vec::new());
        self.panes.spawning.insert(pane, spawn);
    }

    /// The directory a place stands for, if it exists.
    fn directory(&self, place: &StartDir) -> Option<String> {
        let path = match place {
            StartDir::Directory(path) => path.clone(),
            StartDir::Home => self.home.clone(),
            StartDir::Pane(pane) => self.panes.io.get(pane)?.directory()?,
        };
        Path::new(&path).is_dir().then_some(path)
    }

    fn write(&mut self, pane: PaneId, bytes: &[u8], origin: Origin) {
        let Some(io) = self.panes.io.get_mut(&pane) else {
            if self.panes.spawning.contains_key(&pane) {
                let early = self.panes.early.entry(pane).or_default();
                if early.len() + bytes.len() <= EARLY_MAX {
                    early.extend_from_slice(bytes);
                } else {
                    let waiting = early.len();
                    self.refuse_input(pane, bytes.len(), waiting, origin);
                }
            }
            return;
        };
        let accepted = match origin {
            Origin::Output(position) if io.has_replied(position) => return,
            Origin::Output(position) => io.reply(bytes, position),
            Origin::Client { token, number, .. } => io.accept(bytes, Some((token, number))),
            Origin::None | Origin::Hook => io.accept(bytes, None),
        };
        match accepted {
            Ok(()) => self.write_input(pane),
            Err(Full(waiting)) => self.refuse_input(pane, bytes.len(), waiting, origin),
        }
    }

    /// Tells whoever typed that a program does not read: the client by a notice, a call by its
    /// answer.
    fn refuse_input(&mut self, pane: PaneId, len: usize, waiting: usize, origin: Origin) {
        tracing::warn!(%pane, bytes = len, waiting, "input refused");
        let text = format!(
            "pane {pane} does not read its input: {waiting} bytes wait already, {len} were not \
             typed"
        );
        if let Origin::Client { client, .. } = origin {
            let notice = Notice { text: text.clone(), warning: true };
            self.clients.send(client, &ToClient::Notice(notice));
        }
        let hint = "wait until the program reads, or stop it";
        self.stepped_call.1 = Some(Refusal::new(Code::InputFull, text).hint(hint));
    }

    /// Hands waiting input of a pane to its program, and waits for it where it does not read.
    pub(super) fn write_input(&mut self, pane: PaneId) {
        let Some(io) = self.panes.io.get_mut(&pane) else { return };
        if !io.write_input() || io.waits_writable {
            return;
        }
        let Ok(fd) = io.master.try_clone().and_then(|fd| async_fd(fd, Interest::WRITABLE)) else {
            return;
        };
        io.waits_writable = true;
        let events = self.events.clone();
        tokio::spawn(async move {
            // A master that is gone takes no input, and the loop is told the same: its next write
            // finds out.
            if let Err(error) = fd.writable().await {
                tracing::debug!(%pane, %error, "a master cannot be waited for");
            }
            event::send(&events, Event::Drained(pane)).await;
        });
    }

    fn stop(&mut self, pane: PaneId, grace: Span, heir: Option<SessionId>) {
        let Some(io) = self.panes.io.get_mut(&pane) else {
            self.panes.unborn.insert(pane, grace);
            return;
        };
        let is_new = io.stop.begin(now().tick, grace);
        if is_new && heir.is_some() || !is_new && heir.is_none() {
            self.link.say(&spare_order(pane.0, heir), Vec::new());
        }
        if is_new || heir.is_none() {
            tracing::info!(%pane, pid = io.pid(), "stop asked");
            self.link.say(
                &ToKeeper::Signal { tag: pane.0, target: Target::Tree, signal: signal::HUP },
                Vec::new(),
            );
        }
    }

    fn forget(&mut self, pane: PaneId, heir: Option<SessionId>) {
        self.panes.io.remove(&pane);
        self.panes.early.remove(&pane);
        self.disk.forget(pane);
        for part in crate::server::panes::pane::StashedPart::ALL {
            self.link.say(&ToKeeper::Unstash { name: part.name(pane) }, Vec::new());
        }
        if heir.is_some() {
            self.link.say(&spare_order(pane.0, heir), Vec::new());
        }
        self.link.say(&ToKeeper::Forget { tag: pane.0 }, Vec::new());
    }

    fn line_mode(&self, pane: PaneId) -> Fact {
        let mode = self.panes.io.get(&pane).and_then(|io| tty::line_mode(io.master.as_fd()).ok());
        Fact::LineMode { canonical: mode.is_some_and(|mode| mode.is_canonical) }
    }
}

/// The most input that is kept for a program that is being started.
pub(super) const EARLY_MAX: usize = 1 << 20;

fn log_failure(what: &str, pane: PaneId, result: io::Result<()>) {
    if let Err(error) = result {
        tracing::warn!(%pane, %error, "{what} failed");
    }
}
