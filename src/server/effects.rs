//! Carries effects out: on masters, on the keeper's socket, on connections. What it learns comes
//! back as inputs.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use tokio::io::Interest;

use crate::base::error::Refusal;
use crate::base::id::{ClientId, PaneId};
use crate::base::signal;
use crate::base::text::sanitize;
use crate::base::time::Span;
use crate::core::Input;
use crate::platform::{async_fd, now, process, tty};
use crate::server::clients::connection::Conn;
use crate::server::edge::Server;
use crate::server::event::{self, Event, Origin, Return};
use crate::server::hooks;
use crate::server::inbox::Stepper as _;
use crate::state::effect::{ClientMessage, Effect, Fact, ProgramSpec, Question, StartDir};
use crate::store::ring;
use crate::wire::frame::{self, Bye, HostCommand, Notice, ToClient};
use crate::wire::keeper::{RESTART_STATUS, Spawn, Target, ToKeeper, Wiring};
use crate::wire::rpc::{Request, Response};

impl Server {
    /// Carries out what a step wanted.
    pub(super) fn perform_effect(&mut self, effect: Effect, origin: Origin) {
        match effect {
            Effect::Spawn { pane, program } => self.spawn(pane, program),
            Effect::Write { pane, bytes } => self.write(pane, &bytes, origin),
            Effect::Resize { pane, size } => {
                if let Some(io) = self.panes.get(&pane) {
                    log_failure("resize", pane, io.set_size(size));
                }
                self.write_snapshot(pane);
            }
            Effect::Stop { pane, grace } => self.stop(pane, grace),
            Effect::Forget { pane } => self.forget(pane),
            Effect::Snapshot { pane } => self.write_snapshot(pane),
            Effect::Answer { call, outcome } => {
                if let Some(to) = self.calls.remove(&call) {
                    match self.commands.take_text(call).filter(|_| outcome.is_ok()) {
                        Some(text) => self.answer_text(to, &text),
                        None => self.answer(to, outcome),
                    }
                }
            }
            Effect::Ask { call, question: Question::LineMode(pane) } => {
                let fact = self.line_mode(pane);
                self.post(Input::Found { call, fact }, Origin::None);
            }
            Effect::Ask { call, question: Question::Successor(program) } => {
                self.look_at_successor(call, program)
            }
            Effect::Tell { client, message } => self.tell(client, message),
            Effect::Command(effect) => {
                self.with_commands(|commands, cx| commands.perform(cx, effect))
            }
            Effect::Forward { client, call, name, params } => {
                let params = params.as_object().cloned().unwrap_or_default();
                let json =
                    serde_json::to_string(&Request::new(call.0, name, params)).expect("plain data");
                self.send(client, &ToClient::Call { call, json });
            }
            Effect::Snapshots { call, request } => self.snapshot(call, request),
            Effect::Hook { text, pane, env } => self.hook(&text, pane, env),
            Effect::Follow { folder, links, env } => hooks::follow(&folder, &links, &env),
            Effect::Pipe { pane } => self.pipe(pane),
            Effect::Save => self.disk.hurry(now().tick),
            Effect::Closed(change) => self.save_closed(change),
            Effect::Restored { call, panes } => self.show_former(call, panes),
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
            ring_bytes: u32::try_from(ring::CAPACITY_DEFAULT).expect("small"),
        };
        tracing::info!(%pane, cwd = %String::from_utf8_lossy(&spawn.cwd), "spawn");
        self.link.say(&ToKeeper::Spawn(spawn.clone()), Vec::new());
        self.spawning.insert(pane, spawn);
    }

    /// The directory a place stands for, if it exists.
    fn directory(&self, place: &StartDir) -> Option<String> {
        let path = match place {
            StartDir::Directory(path) => path.clone(),
            StartDir::Home => self.home.clone(),
            StartDir::Pane(pane) => {
                let io = self.panes.get(pane)?;
                let leader = tty::foreground_group(io.master.as_fd()).unwrap_or(io.pid());
                let found = process::working_directory(leader)
                    .or_else(|| process::working_directory(io.pid()))?;
                found.to_str()?.to_owned()
            }
        };
        Path::new(&path).is_dir().then_some(path)
    }

    fn write(&mut self, pane: PaneId, bytes: &[u8], origin: Origin) {
        let Some(io) = self.panes.get_mut(&pane) else {
            if self.spawning.contains_key(&pane) {
                let early = self.early.entry(pane).or_default();
                if early.len() + bytes.len() <= EARLY_MAX {
                    early.extend_from_slice(bytes);
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
            Err(full) => {
                tracing::warn!(%pane, bytes = bytes.len(), %full, "input refused");
                if let Origin::Client { client, .. } = origin {
                    let text = format!(
                        "pane {pane} does not read its input: {} bytes were not typed",
                        bytes.len()
                    );
                    self.send(client, &ToClient::Notice(Notice { text, warning: true }));
                }
            }
        }
    }

    /// Hands waiting input of a pane to its program, and waits for it where it does not read.
    pub(super) fn write_input(&mut self, pane: PaneId) {
        let Some(io) = self.panes.get_mut(&pane) else { return };
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

    fn stop(&mut self, pane: PaneId, grace: Span) {
        let Some(io) = self.panes.get_mut(&pane) else {
            self.unborn.insert(pane, grace);
            return;
        };
        if io.stop.begin(now().tick, grace) {
            tracing::info!(%pane, pid = io.pid(), "stop asked");
            self.link.say(
                &ToKeeper::Signal { tag: pane.0, target: Target::Tree, signal: signal::HUP },
                Vec::new(),
            );
        }
    }

    fn forget(&mut self, pane: PaneId) {
        self.panes.remove(&pane);
        self.early.remove(&pane);
        self.disk.forget(pane);
        for part in crate::server::panes::pane::StashedPart::ALL {
            self.link.say(&ToKeeper::Unstash { name: part.name(pane) }, Vec::new());
        }
        self.link.say(&ToKeeper::Forget { tag: pane.0 }, Vec::new());
    }

    fn line_mode(&self, pane: PaneId) -> Fact {
        let mode = self.panes.get(&pane).and_then(|io| tty::line_mode(io.master.as_fd()).ok());
        Fact::LineMode { canonical: mode.is_some_and(|mode| mode.is_canonical) }
    }

    /// Answers a call where it came from.
    pub(super) fn answer(&mut self, to: Return, outcome: Result<serde_json::Value, Refusal>) {
        let json = |id| serde_json::to_string(&Response::new(id, outcome)).expect("plain data");
        self.answer_with(to, json);
    }

    /// The same with a result that is JSON already.
    fn answer_text(&mut self, to: Return, result: &str) {
        self.answer_with(to, |id| {
            format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}")
        });
    }

    fn answer_with(&mut self, to: Return, json: impl FnOnce(serde_json::Value) -> String) {
        match to {
            Return::Rpc { conn, id } => {
                let json = json(id);
                if let Some(conn) = self.conns.get_mut(&conn) {
                    conn.put(|out| {
                        out.extend_from_slice(json.as_bytes());
                        out.push(b'\n');
                    });
                }
            }
            Return::Client { client, id } => {
                let json = json(id);
                self.send(client, &ToClient::Answer(json));
            }
            Return::Nobody => {}
        }
    }

    pub(super) fn tell(&mut self, client: ClientId, message: ClientMessage) {
        let message = match message {
            ClientMessage::Bell => ToClient::Outer(HostCommand::Bell),
            ClientMessage::Clipboard(text) => ToClient::Outer(HostCommand::Clipboard(text)),
            ClientMessage::Notify { title, body } => {
                ToClient::Outer(HostCommand::Notify { title, body })
            }
            ClientMessage::Notice { text, warning } => ToClient::Notice(Notice { text, warning }),
            ClientMessage::Closed { what, undo_ms } => {
                ToClient::Closed { what: sanitize(&what, CLOSED_MAX), undo_ms }
            }
            ClientMessage::Shut(session) => ToClient::Bye(Bye::Closed { session }),
            ClientMessage::Detached(session) => ToClient::Bye(Bye::Detached { session }),
            ClientMessage::Ended { session, status } => {
                ToClient::Bye(Bye::Ended { session, status })
            }
            ClientMessage::Stopped => ToClient::Bye(Bye::Stopped),
        };
        let is_last = matches!(message, ToClient::Bye(_));
        self.send(client, &message);
        if is_last && let Some(conn) = self.conn_of(client) {
            conn.closing = true;
        }
    }

    /// The connection of a client.
    pub(super) fn conn_of(&mut self, client: ClientId) -> Option<&mut Conn> {
        self.conns.get_mut(self.clients.get(&client)?)
    }

    /// Sends a message to a client.
    pub(super) fn send(&mut self, client: ClientId, message: &ToClient) {
        if let Some(conn) = self.conn_of(client) {
            conn.put(|out| frame::put(out, message));
        }
    }
}

/// The longest name of what was closed, in bytes.
const CLOSED_MAX: usize = 256;

/// The most input that is kept for a program that is being started.
pub(super) const EARLY_MAX: usize = 64 << 10;

fn log_failure(what: &str, pane: PaneId, result: io::Result<()>) {
    if let Err(error) = result {
        tracing::warn!(%pane, %error, "{what} failed");
    }
}
