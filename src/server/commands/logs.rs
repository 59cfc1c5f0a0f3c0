//! The output of commands for their readers, once or as it comes. A slow reader is told what it
//! missed; a reader that waits in `exec` slows its command.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::action::exec::Ran;
use crate::action::process::run::{LogEvent, Logged};
use crate::action::table::value;
use crate::base::error::{Code, Refusal};
use crate::base::id::{CallId, CommandId};
use crate::base::memory::SharedBytes;
use crate::base::text::encode_base64;
use crate::base::time::{Span, Tick};
use crate::platform::now;
use crate::server::commands::io::{
    CommandIo, Fifo, OutputSource, Pulled, remove_files, stash_name,
};
use crate::server::commands::job::command_tag;
use crate::server::commands::{CommandTaskEvent, Commands, Cx};
use crate::state::command::{Captured, StopReason};
use crate::store::log::{Log, LogStream};
use crate::wire::keeper::ToKeeper;

/// The most that waits on a connection; beyond that its reader is given no more.
const UNSENT_MAX: usize = 256 << 10;
/// The most that a command in the shell may be ahead of the caller that waits for it.
const AHEAD_MAX: u64 = 256 << 10;
/// The most bytes of one stream in an answer.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// The time in which the caller of a command that ran under a former server comes again.
const HOLD_FOR: Span = Span::seconds(2);
/// The method of the notifications.
const METHOD: &str = "process.event";

/// A call for the output of a command.
#[derive(Debug)]
pub(super) struct LogRequest {
    pub(super) id: CommandId,
    /// Only the output after this cursor is meant.
    pub(super) since: Option<String>,
    /// True if the call goes on until the command ends.
    pub(super) follow: bool,
}

/// A reader that gets output as it comes.
#[derive(Debug)]
pub(super) struct Follower {
    pub(super) call: CallId,
    pub(super) command: CommandId,
    position: u64,
    kind: FollowerKind,
    has_begun: bool,
}

/// The things a follower is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FollowerKind {
    /// Everything up to the end, which answers the call.
    Log,
    /// The output of an `exec` for the call itself: the core answers that, and nothing may be
    /// missed.
    Exec,
    /// The beginning of an `exec` alone, for the call itself.
    Begin,
}

/// The cursor of a position: opaque to callers.
fn cursor(id: CommandId, position: u64) -> String {
    format!("{id}-{position:x}")
}

/// The position a cursor means in the log of a command; behind what is kept, or in it.
fn position<M: SharedBytes>(id: CommandId, log: &Log<M>, text: &str) -> Result<u64, Refusal> {
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

impl Commands {
    /// Waits for output on every FIFO of a command that is not waited for yet.
    pub(super) fn watch_fifos(&mut self, id: CommandId) {
        let Some(CommandIo { source: OutputSource::Shell { fifos, .. }, .. }) =
            self.outputs.get_mut(&id)
        else {
            return;
        };
        for (stream, fifo) in LogStream::ALL.into_iter().zip(fifos) {
            if let Some(fifo) = fifo {
                fifo.wait(CommandTaskEvent::Readable(id, stream), &self.events);
            }
        }
    }

    pub(super) fn fifo(&mut self, id: CommandId, stream: LogStream) -> Option<&mut Fifo> {
        let Some(CommandIo { source: OutputSource::Shell { fifos, .. }, .. }) =
            self.outputs.get_mut(&id)
        else {
            return None;
        };
        fifos[usize::from(stream == LogStream::Error)].as_mut()
    }

    /// Reads the output of a command in the shell, unless its reader cannot keep up. FIFOs that
    /// ended are let go.
    pub(super) fn pull(&mut self, cx: &mut Cx<'_>, id: CommandId) {
        if !self.is_paced(id) {
            self.pull_now(cx, id);
        }
    }

    pub(super) fn pull_now(&mut self, cx: &mut Cx<'_>, id: CommandId) {
        let is_running = self.runs(cx, id);
        let wall = now().wall;
        let Some(CommandIo { source: OutputSource::Shell { fifos, .. }, log, .. }) =
            self.outputs.get_mut(&id)
        else {
            return;
        };
        let before = log.head();
        let mut ended = Vec::new();
        for (stream, slot) in LogStream::ALL.into_iter().zip(fifos) {
            let Some(fifo) = slot else { continue };
            // Before the shell has opened it, a FIFO looks as if it had ended.
            if fifo.pull(stream, wall, log, &mut self.buffer) == Pulled::End
                && (fifo.was_open || !is_running)
            {
                *slot = None;
                ended.push(if stream == LogStream::Output { "out" } else { "err" });
            }
        }
        for part in ended {
            cx.link.say(&ToKeeper::Unstash { name: stash_name(id, part) }, Vec::new());
        }
        self.output_kept(cx, id, before);
        self.watch_fifos(id);
        let over =
            |io: &CommandIo| matches!(&io.source, OutputSource::Shell { fifos: [None, None], .. });
        if self.outputs.get(&id).is_some_and(over) {
            self.source_over(id);
        }
    }

    /// Keeps output of a command beside the shell.
    pub(super) fn keep_output(
        &mut self,
        cx: &mut Cx<'_>,
        id: CommandId,
        stream: LogStream,
        bytes: &[u8],
    ) {
        let Some(io) = self.outputs.get_mut(&id) else { return };
        let before = io.log.head();
        io.log.append(stream, now().wall, bytes);
        self.output_kept(cx, id, before);
    }

    fn output_kept(&mut self, cx: &mut Cx<'_>, id: CommandId, before: u64) {
        let Some(io) = self.outputs.get_mut(&id).filter(|io| before < io.log.head()) else {
            return;
        };
        if !std::mem::replace(&mut io.has_spoken, true) {
            tracing::info!(command = %id, "first output");
        }
        self.match_lines(cx, id, before);
    }

    /// Nothing comes from a command any more.
    pub(super) fn source_over(&mut self, id: CommandId) {
        remove_files(&self.dirs, id, &["rc"]);
        if let Some(io) = self.outputs.get_mut(&id) {
            io.source = OutputSource::Over;
        }
    }

    /// Gives the output of a command, or begins to.
    pub(super) fn show_logs(&mut self, cx: &mut Cx<'_>, call: CallId, request: LogRequest) {
        let LogRequest { id, since, follow } = request;
        self.pull(cx, id);
        self.look_for_end(cx, id);
        let Some(io) = self.outputs.get(&id) else {
            return self.served(
                call,
                Err(Refusal::new(
                    Code::NotFound,
                    format!("the output of command {id} is not kept any more"),
                )),
            );
        };
        let from = match since.as_deref().map_or(Ok(0), |since| position(id, &io.log, since)) {
            Ok(from) => from,
            Err(refusal) => return self.served(call, Err(refusal)),
        };
        let has_begun = since.is_some();
        if follow {
            self.followers.push(Follower {
                call,
                command: id,
                position: from,
                kind: FollowerKind::Log,
                has_begun,
            });
            return;
        }
        let mut follower =
            Follower { call, command: id, position: from, kind: FollowerKind::Log, has_begun };
        let mut events = Vec::new();
        while let Some(event) = self.next_event(cx, &mut follower) {
            events.push(event);
        }
        let end = self.exit_event(cx, &follower);
        let ended = end.is_some();
        events.extend(end);
        let logged = Logged { events, cursor: cursor(id, follower.position), ended };
        self.served(call, Ok(value(&logged)));
    }

    /// The caller of a command in the shell is told its beginning, and gets its output as it comes
    /// if it is streamed.
    pub(super) fn follow_exec(&mut self, call: CallId, command: CommandId, is_streamed: bool) {
        self.followers.push(Follower {
            call,
            command,
            position: 0,
            kind: if is_streamed { FollowerKind::Exec } else { FollowerKind::Begin },
            has_begun: false,
        });
    }

    /// Sends the rest of the output of a command in the shell to a caller that gets it as it comes;
    /// false if there is none.
    pub(super) fn follows_exec(&mut self, cx: &mut Cx<'_>, id: CommandId) -> bool {
        let Some(at) = self
            .followers
            .iter()
            .position(|follower| follower.kind != FollowerKind::Log && follower.command == id)
        else {
            return false;
        };
        let mut follower = self.followers.remove(at);
        while let Some(event) = self.next_event(cx, &mut follower) {
            Self::tell_follower(cx, follower.call, &event);
        }
        follower.kind == FollowerKind::Exec
    }

    /// Gives a caller that takes the place of an interrupted one the output of a command in the
    /// shell, and its end if that has come; else the core answers.
    pub(super) fn rejoin(&mut self, cx: &mut Cx<'_>, call: CallId, request: LogRequest) {
        let LogRequest { id, since, follow: is_streamed } = request;
        let known = self
            .outputs
            .get(&id)
            .map(|io| since.as_deref().map_or(Ok(0), |since| position(id, &io.log, since)));
        let from = match known {
            Some(Ok(from)) => from,
            Some(Err(refusal)) => return self.served(call, Err(refusal)),
            None => {
                let message = format!("the output of command {id} is not kept any more");
                return self.served(call, Err(Refusal::new(Code::NotFound, message)));
            }
        };
        let kind = if is_streamed { FollowerKind::Exec } else { FollowerKind::Begin };
        let has_begun = since.is_some();
        let mut follower = Follower { call, command: id, position: from, kind, has_begun };
        self.held.remove(&id);
        let record = self.record(cx, id).filter(|record| record.end.is_some());
        let Some(record) = record.map(Cow::into_owned) else {
            self.followers.push(follower);
            return self.pull(cx, id);
        };
        self.pull_now(cx, id);
        while let Some(event) = self.next_event(cx, &mut follower) {
            Self::tell_follower(cx, call, &event);
        }
        let output = if is_streamed { Captured::default() } else { self.captured(id) };
        self.served(call, Ok(value(&Ran::new(&record, output))));
    }

    /// The output of a command in the shell as an answer gives it.
    pub(super) fn captured(&self, id: CommandId) -> Captured {
        let Some(io) = self.outputs.get(&id) else { return Captured::default() };
        let (stdout, is_cut) = io.log.text(LogStream::Output, ANSWER_BYTES_MAX);
        let (stderr, is_error_cut) = io.log.text(LogStream::Error, ANSWER_BYTES_MAX);
        Captured { stdout, stderr, is_cut: is_cut || is_error_cut, ..Captured::default() }
    }

    /// A refusal about a command that goes on, with the cursor after what its call was told last.
    pub(in crate::server) fn with_cursor(&self, call: CallId, refusal: Refusal) -> Refusal {
        let is_told = |it: &&Follower| it.call == call && it.kind == FollowerKind::Exec;
        let follower =
            self.followers.iter().find(is_told).filter(|it| refusal.command == Some(it.command));
        let cursor = follower.map(|it| cursor(it.command, it.position)).or(refusal.cursor);
        Refusal { cursor, ..refusal }
    }

    /// Leaves the output of a command of a former server unread for a moment: its caller comes
    /// again, and what came meanwhile could be more than is kept.
    pub(super) fn hold(&mut self, id: CommandId) {
        self.held.insert(id, now().tick + HOLD_FOR);
    }

    /// Reads the output of commands whose callers did not come again.
    pub(super) fn release_held(&mut self, cx: &mut Cx<'_>, now: Tick) {
        let over: Vec<CommandId> =
            self.held.iter().filter(|(_, until)| **until <= now).map(|(id, _)| *id).collect();
        for id in over {
            self.held.remove(&id);
            self.pull(cx, id);
        }
    }

    /// True if the caller that waits for a command in the shell is too far behind.
    pub(super) fn is_paced(&self, id: CommandId) -> bool {
        if self.held.contains_key(&id) {
            return true;
        }
        let Some(io) = self.outputs.get(&id) else { return false };
        let mut followers = self.followers.iter();
        followers.any(|follower| {
            follower.kind == FollowerKind::Exec
                && follower.command == id
                && AHEAD_MAX < io.log.head() - follower.position.min(io.log.head())
        })
    }

    /// True if a follower can be given something now.
    pub(super) fn has_follower_work(&self, cx: &Cx<'_>) -> bool {
        self.followers.iter().filter(|it| it.kind != FollowerKind::Begin).any(|follower| {
            let has_more = self
                .outputs
                .get(&follower.command)
                .is_some_and(|io| follower.position < io.log.head());
            has_more && Self::has_room(cx, follower.call)
        })
    }

    fn has_room(cx: &Cx<'_>, call: CallId) -> bool {
        cx.rest.unsent_len(call) < UNSENT_MAX
    }

    /// Gives followers their output, as far as they take it.
    pub(super) fn feed_followers(&mut self, cx: &mut Cx<'_>) {
        let mut followers = std::mem::take(&mut self.followers);
        followers.retain(|follower| cx.state.calls.contains_key(&follower.call));
        let mut done = Vec::new();
        for (at, follower) in followers.iter_mut().enumerate() {
            while Self::has_room(cx, follower.call) {
                let Some(event) = self.next_event(cx, follower) else { break };
                Self::tell_follower(cx, follower.call, &event);
            }
            if follower.kind == FollowerKind::Log
                && let Some(event) = self.exit_event(cx, follower)
            {
                Self::tell_follower(cx, follower.call, &event);
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
            .filter(|follower| follower.kind == FollowerKind::Exec)
            .map(|follower| follower.command)
            .collect();
        followers.append(&mut self.followers);
        self.followers = followers;
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
            if self.outputs.get(&command).is_some_and(is_waiting) {
                self.pull(cx, command);
            }
        }
    }

    /// The next thing a follower has not been told; none if there is nothing for now.
    fn next_event(&self, cx: &Cx<'_>, follower: &mut Follower) -> Option<LogEvent> {
        let id = follower.command;
        let record = cx.state.commands.records.get(&id)?;
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
        if follower.kind == FollowerKind::Begin {
            return None;
        }
        let log = &self.outputs.get(&id)?.log;
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
        let bytes = Some(encode_base64(&frame.bytes));
        let text = String::from_utf8(frame.bytes).ok();
        let text = text.filter(|_| follower.kind == FollowerKind::Log);
        Some(LogEvent {
            cursor: cursor(id, frame.next),
            timestamp: frame.wall,
            bytes,
            text,
            ..event(frame.stream.name())
        })
    }

    /// The last thing of all, if everything before it was told.
    fn exit_event(&self, cx: &Cx<'_>, follower: &Follower) -> Option<LogEvent> {
        let id = follower.command;
        let record = self.record(cx, id)?;
        let end = record.end.filter(|_| self.is_output_over(id))?;
        let head = self.outputs.get(&id).map_or(0, |io| io.log.head());
        (head <= follower.position).then(|| LogEvent {
            kind: "exit",
            command: id.to_string(),
            cursor: cursor(id, head),
            timestamp: end.wall,
            code: record.exit_code(),
            state: Some(record.state()),
            timed_out: Some(record.stop == Some(StopReason::Time)),
            ..LogEvent::default()
        })
    }

    /// True if nobody can print for a command any more, also nobody that it left behind.
    fn is_output_over(&self, id: CommandId) -> bool {
        self.outputs.get(&id).is_none_or(|io| match &io.source {
            OutputSource::Shell { fifos, .. } => fifos.iter().all(Option::is_none),
            OutputSource::Job => !self.jobs.contains_key(&command_tag(id)),
            OutputSource::Over => true,
        })
    }

    /// Commands beside the shell that have ended, are followed, and may print on.
    pub(super) fn followed_late(&self) -> BTreeSet<CommandId> {
        let followers = self.followers.iter().filter(|it| it.kind == FollowerKind::Log);
        followers.map(|it| it.command).filter(|id| self.is_late(*id)).collect()
    }

    fn tell_follower(cx: &mut Cx<'_>, call: CallId, event: &LogEvent) {
        cx.rest.notify(call, METHOD, value(event));
    }
}
