//! The output of commands to whoever asks for it: once, or as it comes. A reader that is slow is
//! told what it missed; one that waits in `exec` slows its command.

use crate::action::process::run::{LogEvent, Logged};
use crate::action::table::value;
use crate::base::base64;
use crate::base::error::{Code, Refusal};
use crate::base::id::{CallId, CommandId};
use crate::platform::now;
use crate::server::commands::Follower;
use crate::server::commands::io::{CommandIo, OutputSource};
use crate::server::edge::Server;
use crate::server::event::Return;
use crate::store::log::Log;

/// The most that waits on a connection before its reader is given no more.
const UNSENT_MAX: usize = 256 << 10;
/// How far a command in the shell may be ahead of the one that waits for it.
const AHEAD_MAX: u64 = 256 << 10;
/// The method of the notifications.
const METHOD: &str = "process.event";

/// The cursor of a position: opaque to callers.
fn cursor(id: CommandId, position: u64) -> String {
    format!("{id}-{position:x}")
}

/// The position a cursor means in the log of a command; behind what is kept, or in it.
fn position<M: crate::base::memory::Memory>(
    id: CommandId,
    log: &Log<M>,
    text: &str,
) -> Result<u64, Refusal> {
    let invalid = || {
        Refusal::new(Code::InvalidCursor, format!("{text:?} is no cursor of command {id}"))
            .hint(format!("abide logs {id} --json"))
    };
    let (of, position) = text.split_once('-').ok_or_else(invalid)?;
    let position = u64::from_str_radix(position, 16).map_err(|_| invalid())?;
    let is_own = of == id.to_string() && cursor(id, position) == text;
    let is_known = position < log.tail() || log.is_boundary(position);
    if is_own && is_known { Ok(position) } else { Err(invalid()) }
}

impl Server {
    /// Gives the output of a command, or begins to.
    pub(super) fn show_logs(
        &mut self,
        call: CallId,
        id: CommandId,
        (since, follow): (Option<&str>, bool),
    ) {
        self.pull(id);
        let Some(io) = self.commands.outputs.get(&id) else {
            return self.served(
                call,
                Err(Refusal::new(
                    Code::NotFound,
                    format!("the output of command {id} is not kept any more"),
                )),
            );
        };
        let from = match since.map_or(Ok(0), |since| position(id, &io.log, since)) {
            Ok(from) => from,
            Err(refusal) => return self.served(call, Err(refusal)),
        };
        let has_begun = since.is_some();
        if follow {
            self.commands.followers.push(Follower {
                call,
                command: id,
                position: from,
                is_exec: false,
                has_begun,
            });
            return;
        }
        let mut follower =
            Follower { call, command: id, position: from, is_exec: false, has_begun };
        let mut events = Vec::new();
        while let Some(event) = self.next_event(&mut follower) {
            events.push(event);
        }
        let end = self.exit_event(&follower);
        let ended = end.is_some();
        events.extend(end);
        let logged = Logged { events, cursor: cursor(id, follower.position), ended };
        self.served(call, Ok(value(&logged)));
    }

    /// Whoever runs a command in the shell gets its output as it comes.
    pub(super) fn follow_exec(&mut self, call: CallId, command: CommandId) {
        self.commands.followers.push(Follower {
            call,
            command,
            position: 0,
            is_exec: true,
            has_begun: false,
        });
    }

    /// Whether somebody waits for a command in the shell and gets its output as it comes. If so,
    /// all of it is on its way after this.
    pub(super) fn follows_exec(&mut self, id: CommandId) -> bool {
        let Some(at) = self
            .commands
            .followers
            .iter()
            .position(|follower| follower.is_exec && follower.command == id)
        else {
            return false;
        };
        let mut follower = self.commands.followers.remove(at);
        while let Some(event) = self.next_event(&mut follower) {
            self.tell_follower(follower.call, &event);
        }
        true
    }

    /// Whether the one that waits for a command in the shell is too far behind.
    pub(super) fn is_paced(&self, id: CommandId) -> bool {
        let Some(io) = self.commands.outputs.get(&id) else { return false };
        let mut followers = self.commands.followers.iter();
        followers.any(|follower| {
            follower.is_exec
                && follower.command == id
                && AHEAD_MAX < io.log.head() - follower.position.min(io.log.head())
        })
    }

    /// Whether a follower can be given something now.
    pub(super) fn has_follower_work(&self) -> bool {
        self.commands.followers.iter().any(|follower| {
            let has_more = self
                .commands
                .outputs
                .get(&follower.command)
                .is_some_and(|io| follower.position < io.log.head());
            has_more && self.has_room(follower.call)
        })
    }

    fn has_room(&self, call: CallId) -> bool {
        let Some(Return::Rpc { conn, .. }) = self.calls.get(&call) else { return true };
        self.conns.get(conn).is_none_or(|conn| conn.unsent_len() < UNSENT_MAX)
    }

    /// Gives followers what there is, as far as they take it.
    pub(super) fn feed_followers(&mut self) {
        let mut followers = std::mem::take(&mut self.commands.followers);
        followers.retain(|follower| self.core.state.calls.contains_key(&follower.call));
        let mut done = Vec::new();
        for (at, follower) in followers.iter_mut().enumerate() {
            while self.has_room(follower.call) {
                let Some(event) = self.next_event(follower) else { break };
                self.tell_follower(follower.call, &event);
            }
            if !follower.is_exec
                && let Some(event) = self.exit_event(follower)
            {
                self.tell_follower(follower.call, &event);
                done.push((
                    at,
                    follower.call,
                    Logged { events: Vec::new(), cursor: event.cursor, ended: true },
                ));
            }
        }
        for (at, ..) in done.iter().rev() {
            followers.remove(*at);
        }
        let execs: Vec<CommandId> = followers
            .iter()
            .filter(|follower| follower.is_exec)
            .map(|follower| follower.command)
            .collect();
        followers.append(&mut self.commands.followers);
        self.commands.followers = followers;
        for (_, call, logged) in done {
            self.served(call, Ok(value(&logged)));
        }
        for command in execs {
            let is_waiting = |io: &CommandIo| match &io.source {
                OutputSource::Shell { fifos, .. } => {
                    fifos.iter().flatten().any(|fifo| fifo.waiter.is_none())
                }
                _ => false,
            };
            if self.commands.outputs.get(&command).is_some_and(is_waiting) {
                self.pull(command);
            }
        }
    }

    /// The next thing a follower has not been told; none if there is nothing for now.
    fn next_event(&self, follower: &mut Follower) -> Option<LogEvent> {
        let id = follower.command;
        let record = self.core.state.commands.records.get(&id)?;
        let event = |kind| LogEvent { kind, command: id.to_string(), ..LogEvent::default() };
        if !follower.has_begun {
            record.pid?;
            follower.has_begun = true;
            return Some(LogEvent {
                cursor: cursor(id, 0),
                timestamp: record.started_wall,
                pid: record.pid,
                ..event("start")
            });
        }
        let log = &self.commands.outputs.get(&id)?.log;
        if follower.position < log.tail() {
            let from = Some(cursor(id, follower.position));
            follower.position = log.tail();
            return Some(LogEvent {
                cursor: cursor(id, log.tail()),
                timestamp: now().wall,
                from,
                ..event("truncated")
            });
        }
        let frame = log.frame(follower.position)?;
        follower.position = frame.next;
        let bytes = Some(base64::encode(&frame.bytes));
        let text = String::from_utf8(frame.bytes).ok();
        let text = text.filter(|_| !follower.is_exec);
        Some(LogEvent {
            cursor: cursor(id, frame.next),
            timestamp: frame.wall,
            bytes,
            text,
            ..event(frame.stream.name())
        })
    }

    /// The last thing of all, if everything before it was told.
    fn exit_event(&self, follower: &Follower) -> Option<LogEvent> {
        let id = follower.command;
        let record = self.core.state.commands.records.get(&id)?;
        let end = record.end?;
        let head = self.commands.outputs.get(&id).map_or(0, |io| io.log.head());
        (head <= follower.position).then(|| LogEvent {
            kind: "exit",
            command: id.to_string(),
            cursor: cursor(id, head),
            timestamp: end.wall,
            code: record.exit_code(),
            state: Some(record.state()),
            timed_out: Some(record.stop == Some(crate::state::command::StopReason::Time)),
            ..LogEvent::default()
        })
    }

    fn tell_follower(&mut self, call: CallId, event: &LogEvent) {
        let Some(Return::Rpc { conn, id }) = self.calls.get(&call) else { return };
        let params = serde_json::json!({ "call": id, "event": value(event) });
        let line = serde_json::json!({ "jsonrpc": "2.0", "method": METHOD, "params": params });
        if let Some(conn) = self.conns.get_mut(conn) {
            conn.put(|out| {
                serde_json::to_writer(&mut *out, &line).expect("plain data into memory");
                out.push(b'\n');
            });
        }
    }
}
