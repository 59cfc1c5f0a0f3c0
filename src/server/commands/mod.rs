//! Commands outside of the core: what `exec`, `start`, `stop` and `ps` do with the shells of
//! sessions, programs on pipes and processes. The core decides about turns and answers.
//!
//! [`Commands`] owns everything here. Its methods read the state through [`Cx`], write to the
//! keeper, and leave inputs in a [`CommandResults`], which the event loop steps afterwards; nothing
//! here names the server. A call that a restart cut off joins its command again (`logs`).
//!
//! Tests: beside the code, `tests/it/exec_*.rs`, `procs_life.rs`, `hostile_trees.rs` and
//! `nameless_trees.rs` there.

mod exec;
pub(in crate::server) mod handoff;
pub(in crate::server) mod io;
pub(in crate::server) mod job;
mod logs;
mod ps;
mod scan;
mod shell;
pub(in crate::server) mod spared;
pub(in crate::server) mod stop;
#[cfg(test)]
mod tests;
mod wait;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::base::error::Refusal;
use crate::base::id::{CallId, CommandId, PaneId, SessionId};
use crate::base::signal::ExitStatus;
use crate::base::time::Tick;
use crate::core::{CommandEvent, Input};
use crate::platform::now;
use crate::server::commands::exec::{Preparing, SessionShell};
use crate::server::commands::handoff::CommandSlots;
use crate::server::commands::io::{CommandIo, TaskSender};
use crate::server::commands::job::{ClosingInput, Job};
use crate::server::commands::logs::{Follower, LogRequest};
use crate::server::commands::ps::{ProcessSamples, ProcessTables, TableRequest};
use crate::server::commands::scan::{ProcessScan, ScanResult};
use crate::server::commands::stop::{StopOperation, StopProgress, StopRequest};
use crate::server::commands::wait::{WaitAnswer, Waits};
use crate::server::edge::Wake;
use crate::server::keeper_link::KeeperLink;
use crate::settings::Settings;
use crate::state::State;
use crate::state::command::{Command, End};
use crate::state::command_effect::{CommandEffect, Request, Until};
use crate::state::host::Host;
use crate::store::log::LogStream;
use crate::wire::keeper::Spawn;

/// Commands, the shells of sessions, and the stops of both.
pub(in crate::server) struct Commands {
    /// The keeper's lineage: the first half of every `ABIDE_JOB`.
    pub(in crate::server) epoch: u64,
    /// The runtime directory, for scripts and FIFOs, and those that take its place where it has no
    /// room.
    dirs: Vec<PathBuf>,
    home: String,
    slots: CommandSlots,
    shells: BTreeMap<SessionId, SessionShell>,
    /// Programs on pipes that the keeper holds, by tag.
    jobs: BTreeMap<u64, Job>,
    /// Programs that the keeper was asked to start and did not report yet.
    spawning: BTreeMap<u64, Spawn>,
    /// Commands whose files are being made.
    preparing: BTreeMap<CommandId, Preparing>,
    outputs: BTreeMap<CommandId, CommandIo>,
    followers: Vec<Follower>,
    /// Commands of a former server whose output is left to the callers that are about to take their
    /// places again, and until when.
    held: BTreeMap<CommandId, Tick>,
    /// The time of the next look at what followed commands left behind.
    late_at: Tick,
    waits: Waits,
    /// Calls that wait until so many bytes of a command's input are written.
    writes: Vec<(CallId, CommandId, usize)>,
    stops: Vec<StopOperation>,
    scan: ProcessScan,
    /// Sessions that are gone and whose jobs are being ended.
    ending: Vec<SessionId>,
    /// The end of what outlived the panes of sessions that were killed.
    spared: BTreeMap<SessionId, StopProgress>,
    /// Commands beside the shell whose input stays open.
    open_inputs: BTreeSet<CommandId>,
    tables: ProcessTables,
    buffer: Vec<u8>,
    events: TaskSender,
    outbox: CommandResults,
}

/// The results of commands that the event loop takes.
#[derive(Default)]
struct CommandResults {
    /// Inputs for the core, in their order.
    inputs: Vec<Input<'static>>,
    /// The slots were written, so the disk is to follow.
    is_disk_stale: bool,
    /// Ends that the core was told of and may not have stepped yet.
    ends: BTreeMap<CommandId, CommandEnd>,
}

/// The news that tasks of commands send to the event loop.
#[derive(Debug)]
pub(in crate::server) enum CommandTaskEvent {
    /// A FIFO has output.
    Readable(CommandId, LogStream),
    /// The FIFO to a command takes input again.
    Writable(CommandId),
    /// The pipe to a program takes input again.
    JobWritable(u64),
    /// The files of a command were made, or could not be.
    Prepared(CommandId),
    /// A port listens, or an address answers: the wait of this call is over.
    Ready(CallId, &'static str),
    /// The process table was read for stops and signals.
    Scanned(Box<ScanResult>),
    /// The table of processes that a call asked for, as JSON, and the samples for the next one.
    Table(CallId, String, ProcessSamples),
}

/// The end of a command.
#[derive(Debug, Clone, Copy)]
struct CommandEnd {
    exit: ExitStatus,
    was_killed: bool,
}

/// The rest of the server, as commands read it, and the links they write to.
pub(in crate::server) struct Cx<'a> {
    pub(in crate::server) state: &'a State,
    pub(in crate::server) settings: &'a Settings,
    pub(in crate::server) host: &'a Host,
    pub(in crate::server) link: &'a mut KeeperLink,
    pub(in crate::server) wake: &'a Wake,
    pub(in crate::server) rest: &'a mut dyn Surroundings,
}

/// The panes and connections of the server, as far as commands need them.
pub(in crate::server) trait Surroundings {
    /// Each pane with the process it was started with.
    fn panes(&self) -> Vec<(PaneId, i32)>;
    /// Bytes that wait on the connection of a call.
    fn unsent_len(&self, call: CallId) -> usize;
    /// Sends a notification about a call to its connection.
    fn notify(&mut self, call: CallId, method: &str, event: serde_json::Value);
}

impl Commands {
    /// Carries out an effect of a step.
    pub(in crate::server) fn perform(&mut self, cx: &mut Cx<'_>, effect: CommandEffect) {
        match effect {
            CommandEffect::Run { command, call, order, shell } => {
                if order.stream || order.announce {
                    self.follow_exec(call, command, order.stream);
                }
                self.run_in_shell(cx, command, *order, *shell);
            }
            CommandEffect::Start { command, order, shell } => {
                self.start_beside(cx, command, &order, *shell);
            }
            CommandEffect::Stop { command, grace } => self.stop_command(cx, command, grace),
            CommandEffect::Drop { command } => self.drop_command(cx, command),
            CommandEffect::EndSession { session, grace, spares } => {
                if !spares {
                    self.end_spared(cx, session, grace);
                }
                self.end_session(cx, session, grace);
            }
            CommandEffect::Serve { call, request } => self.serve(cx, call, request),
        }
    }

    fn serve(&mut self, cx: &mut Cx<'_>, call: CallId, request: Request) {
        match request {
            Request::Logs { command, since, follow } => {
                self.show_logs(cx, call, LogRequest { id: command, since, follow });
            }
            Request::Rejoin { command, since, stream } => {
                self.rejoin(cx, call, LogRequest { id: command, since, follow: stream });
            }
            Request::Write { command, bytes, close } => {
                let input = ClosingInput { bytes, is_last: close };
                self.write_to_command(cx, call, command, &input);
            }
            Request::Await { command, until } => self.await_ready(cx, call, command, until),
            Request::Stop { target, signal, grace, if_running } => {
                let request = StopRequest { signal, grace, call: Some(call) };
                self.stop_target(cx, target, request, if_running);
            }
            Request::Signal { target, signal } => self.signal_target(cx, call, target, signal),
            Request::Table { session, all, line_max } => {
                ps::gather(self, cx, &TableRequest { call, session, all, line_max });
            }
        }
    }

    /// Answers a call that waits for the server.
    fn served(&mut self, call: CallId, outcome: Result<serde_json::Value, Refusal>) {
        self.outbox.inputs.push(Input::Answered { call, outcome });
    }

    /// Tells the core what happened to a command.
    fn command_event(&mut self, event: CommandEvent) {
        if let CommandEvent::Ended { command, exit, was_killed, .. } = &event {
            self.outbox.ends.insert(*command, CommandEnd { exit: *exit, was_killed: *was_killed });
        }
        self.outbox.inputs.push(Input::Command(event));
    }

    /// A command as it will be once the inputs on their way are stepped.
    fn record<'a>(&self, cx: &Cx<'a>, id: CommandId) -> Option<Cow<'a, Command>> {
        let record = cx.state.commands.records.get(&id)?;
        let Some(end) = self.outbox.ends.get(&id).filter(|_| record.end.is_none()) else {
            return Some(Cow::Borrowed(record));
        };
        let now = now();
        let end = End {
            wall: now.wall,
            lasted: now.tick - record.started,
            order: cx.state.commands.next_end,
            exit: end.exit,
            was_killed: end.was_killed,
        };
        Some(Cow::Owned(Command { end: Some(end), ..record.clone() }))
    }

    /// True if a command is known and has not ended.
    fn runs(&self, cx: &Cx<'_>, id: CommandId) -> bool {
        cx.state.commands.records.get(&id).is_some_and(|command| command.end.is_none())
            && !self.outbox.ends.contains_key(&id)
    }

    /// Takes the inputs for the core out, and whether the disk is to follow.
    pub(in crate::server) fn take_results(&mut self) -> (Vec<Input<'static>>, bool) {
        let CommandResults { inputs, is_disk_stale, .. } = &mut self.outbox;
        (std::mem::take(inputs), std::mem::take(is_disk_stale))
    }

    /// Works on the news of a task.
    pub(in crate::server) fn task_event(&mut self, cx: &mut Cx<'_>, event: CommandTaskEvent) {
        match event {
            CommandTaskEvent::Readable(command, stream) => {
                if let Some(fifo) = self.fifo(command, stream) {
                    (fifo.waiter, fifo.was_open) = (None, true);
                }
                self.pull(cx, command);
            }
            CommandTaskEvent::Writable(command) => self.flush_command(cx, command),
            CommandTaskEvent::JobWritable(tag) => self.flush_job(cx, tag),
            CommandTaskEvent::Prepared(command) => self.prepared(cx, command),
            CommandTaskEvent::Ready(call, by) => self.is_ready(cx, call, by),
            CommandTaskEvent::Scanned(result) => scan::scanned(self, cx, *result),
            CommandTaskEvent::Table(call, items, samples) => {
                self.tables.samples = Arc::new(samples);
                self.answer_text(cx, call, items);
            }
        }
    }

    /// Answers a call with JSON text, unless its caller has gone.
    fn answer_text(&mut self, cx: &Cx<'_>, call: CallId, text: String) {
        let calls = &cx.state.calls;
        self.tables.texts.retain(|call, _| calls.contains_key(call));
        if calls.contains_key(&call) {
            self.tables.texts.insert(call, text);
            self.served(call, Ok(serde_json::Value::Null));
        }
    }

    /// The JSON text that stands for the answer to a call, if there is one.
    pub(in crate::server) fn take_text(&mut self, call: CallId) -> Option<String> {
        self.tables.texts.remove(&call)
    }

    /// True if a keeper's ring of a command or shell has something.
    pub(in crate::server) fn has_output(&mut self, cx: &mut Cx<'_>) -> bool {
        self.jobs.values_mut().any(Job::has_output) || self.has_follower_work(cx)
    }

    /// Takes what commands and shells have printed, and passes it on. True if there is more.
    pub(in crate::server) fn take_output(&mut self, cx: &mut Cx<'_>) -> bool {
        let records = &cx.state.commands.records;
        self.outbox
            .ends
            .retain(|id, _| records.get(id).is_some_and(|command| command.end.is_none()));
        let mut is_more = false;
        let tags: Vec<u64> = self.jobs.keys().copied().collect();
        for tag in tags {
            is_more |= self.job_output(cx, tag);
        }
        self.feed_followers(cx);
        is_more
    }

    /// The time at which something about commands is due.
    pub(in crate::server) fn deadline(&self) -> Option<Tick> {
        let jobs = self.jobs.values().filter_map(|job| job.stop.deadline());
        let late = (!self.followed_late().is_empty()).then_some(self.late_at);
        let spared = self.spared.values().filter_map(StopProgress::deadline);
        jobs.chain(spared)
            .chain(scan::deadline(self))
            .chain(self.held.values().copied())
            .chain(late)
            .min()
    }

    /// Does what is due.
    pub(in crate::server) fn pass_deadlines(&mut self, cx: &mut Cx<'_>, now: Tick) {
        let tags: Vec<u64> = self.jobs.keys().copied().collect();
        for tag in tags {
            self.pass_job_deadline(cx, tag, now);
        }
        self.pass_spared_deadlines(cx, now);
        self.release_held(cx, now);
        self.look_at_late(cx, now);
        scan::begin(self, cx, now);
    }

    /// Begins a wait, or answers it.
    fn await_ready(&mut self, cx: &mut Cx<'_>, call: CallId, id: CommandId, until: Until) {
        self.pull(cx, id);
        self.waits.begin(call, id, until, self.events.clone());
        self.match_lines(cx, id, 0);
        if self.record(cx, id).is_some_and(|command| command.end.is_some()) {
            self.end_waits(cx, id);
        }
    }

    /// Answers the waits for lines that are in the output of a command, from a position on.
    fn match_lines(&mut self, cx: &Cx<'_>, id: CommandId, from: u64) {
        self.waits.keep_only(|call| cx.state.calls.contains_key(&call));
        let record = self.record(cx, id);
        let answers = match (&record, self.outputs.get(&id)) {
            (Some(command), Some(io)) => self.waits.match_lines(command, &io.log, from),
            _ => Vec::new(),
        };
        self.answer_waits(answers);
    }

    /// A port listens, or an address answers.
    fn is_ready(&mut self, cx: &Cx<'_>, call: CallId, by: &'static str) {
        if let Some(id) = self.waits.finish(call) {
            let answer = wait::ready(by, self.record(cx, id).as_deref());
            self.served(call, Ok(answer));
        }
    }

    /// A command has ended: its waits are over.
    fn end_waits(&mut self, cx: &Cx<'_>, id: CommandId) {
        let record = self.record(cx, id);
        let answers = self.waits.end(id, record.as_deref());
        self.answer_waits(answers);
    }

    fn answer_waits(&mut self, answers: Vec<WaitAnswer>) {
        for (call, outcome) in answers {
            self.served(call, outcome);
        }
    }
}
