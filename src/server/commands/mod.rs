//! Commands, session shells and processes as data: what the server holds of them. JobKind is done with
//! it is in `commands`.

pub(in crate::server) mod dispatch;
pub(in crate::server) mod event;
pub(in crate::server) mod exec;
pub(in crate::server) mod handoff;
pub(in crate::server) mod io;
pub(in crate::server) mod job;
pub(in crate::server) mod job_events;
pub(in crate::server) mod logs;
pub(in crate::server) mod ps;
pub(in crate::server) mod shell;
pub(in crate::server) mod stop;
pub(in crate::server) mod wait;

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

use regex::bytes::Regex;

use crate::base::id::{CallId, CommandId, PaneId, SessionId};
use crate::base::time::Tick;
use crate::platform::process_cache::ProcessCache;
use crate::platform::process_snapshot::EnvMarkers;
use crate::server::commands::io::{CommandIo, Task};
use crate::server::commands::job::Job;
use crate::server::commands::shell::{ShellKind, ShellMemory};
use crate::state::command::ExecRequest;
use crate::store::double_buffer::DoubleBuffer;
use crate::wire::keeper::Spawn;

/// All of it.
#[derive(Debug)]
pub(in crate::server) struct Commands {
    /// The keeper's lineage: the first half of every `ABIDE_JOB`.
    pub(in crate::server) epoch: u64,
    pub(in crate::server) dir: PathBuf,
    pub(in crate::server) kept: CommandSlots,
    pub(in crate::server) shells: BTreeMap<SessionId, SessionShell>,
    pub(in crate::server) jobs: BTreeMap<u64, Job>,
    /// JobKind the keeper was asked to start and did not report yet.
    pub(in crate::server) spawning: BTreeMap<u64, Spawn>,
    pub(in crate::server) outputs: BTreeMap<CommandId, CommandIo>,
    pub(in crate::server) followers: Vec<Follower>,
    pub(in crate::server) watched: Vec<Watched>,
    /// Calls that wait until a command's input is written.
    pub(in crate::server) writes: Vec<(CallId, CommandId, usize)>,
    pub(in crate::server) stops: Vec<StopOperation>,
    pub(in crate::server) scan: ProcessScan,
    /// Sessions that are gone and whose jobs are being ended.
    pub(in crate::server) ending: Vec<SessionId>,
    /// Commands beside the shell whose input stays open.
    pub(in crate::server) inputs: BTreeSet<CommandId>,
    pub(in crate::server) listed: Arc<ProcessSamples>,
    /// Answers that are JSON already: thousands of processes as a value would cost more than to
    /// look at them.
    pub(in crate::server) texts: BTreeMap<CallId, String>,
    pub(in crate::server) buffer: Vec<u8>,
}

/// The shell of a session.
#[derive(Debug)]
pub(in crate::server) struct SessionShell {
    pub(in crate::server) kind: ShellKind,
    pub(in crate::server) program: String,
    /// Its tag with the keeper; none if none runs.
    pub(in crate::server) tag: Option<u64>,
    /// JobKind is said to it as soon as it runs.
    pub(in crate::server) first: String,
    /// JobKind runs in it.
    pub(in crate::server) running: Option<Running>,
    pub(in crate::server) memory: Option<ShellMemory>,
    /// How often it was interrupted, and up to which of these it has read something since: an INT
    /// that it has not noticed yet would hit the next command.
    pub(in crate::server) interrupts: (u8, u8),
    /// It is killed because it did not come back: what it had is for the next one.
    pub(in crate::server) is_replaced: bool,
    /// Shells it took the place of, whose children may live on.
    pub(in crate::server) former: Vec<u64>,
}

/// A command in a shell.
#[derive(Debug)]
pub(in crate::server) struct Running {
    pub(in crate::server) command: CommandId,
    pub(in crate::server) order: ExecRequest,
    /// The status it reported.
    pub(in crate::server) status: Option<u8>,
    /// JobKind the shell is to be told once it runs.
    pub(in crate::server) unsent: String,
}

/// Somebody who gets output as it comes.
#[derive(Debug)]
pub(in crate::server) struct Follower {
    pub(in crate::server) call: CallId,
    pub(in crate::server) command: CommandId,
    pub(in crate::server) position: u64,
    /// Whether it is the `exec` itself: the answer to that is the core's, and nothing may be
    /// missed.
    pub(in crate::server) is_exec: bool,
    pub(in crate::server) has_begun: bool,
}

/// A wait.
#[derive(Debug)]
pub(in crate::server) struct Watched {
    pub(in crate::server) call: CallId,
    pub(in crate::server) command: CommandId,
    pub(in crate::server) pattern: Option<Regex>,
    /// The last line of each stream, as far as it came.
    pub(in crate::server) partial: [Vec<u8>; 2],
    pub(in crate::server) is_for_exit: bool,
    /// Tries a port or an address.
    pub(in crate::server) task: Option<Task>,
}

/// Whose processes are ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum StopTarget {
    /// All that came of a command in a session's shell.
    Command { id: CommandId, session: SessionId, is_running: bool },
    /// A process, and what it started if the tree is meant.
    Process { pid: i32, start_time: u64, tree: bool },
}

impl StopTarget {
    /// The command that is stopped.
    pub(in crate::server) const fn command(self) -> Option<CommandId> {
        match self {
            Self::Command { id, .. } => Some(id),
            Self::Process { .. } => None,
        }
    }
}

/// A stop under way.
#[derive(Debug)]
pub(in crate::server) struct StopOperation {
    pub(in crate::server) target: StopTarget,
    pub(in crate::server) calls: Vec<CallId>,
    /// While it is looked for: whether the shell had come back when that began.
    pub(in crate::server) was_unwound: Option<bool>,
    /// Who was found by the last look that found anybody.
    pub(in crate::server) last: Vec<u32>,
    pub(in crate::server) began: Tick,
    /// When KILL follows.
    pub(in crate::server) deadline: Tick,
    pub(in crate::server) asked_at: Tick,
    pub(in crate::server) ask_count: u32,
    /// When what is stopped began, in clock ticks since boot.
    pub(in crate::server) since: u64,
    pub(in crate::server) is_killing: bool,
    /// The shell did not come back and is replaced.
    pub(in crate::server) is_shell_lost: bool,
    /// How sure it is that nobody is left.
    pub(in crate::server) certainty: u8,
    pub(in crate::server) signal: i32,
    pub(in crate::server) signalled: BTreeSet<(i32, u64)>,
    pub(in crate::server) killed: BTreeSet<(i32, u64)>,
}

/// The looks that all stops share.
#[derive(Debug, Default)]
pub(in crate::server) struct ProcessScan {
    /// JobKind is known of processes; away while one looks.
    pub(in crate::server) marks: EnvMarkers,
    pub(in crate::server) is_scanning: bool,
    /// When the next look is due.
    pub(in crate::server) next: Tick,
}

/// JobKind was seen when processes were last listed.
#[derive(Debug, Default)]
pub(in crate::server) struct ProcessSamples {
    pub(in crate::server) table: ProcessCache,
    pub(in crate::server) samples: BTreeMap<(i32, u64), Sample>,
}

/// JobKind was seen of a process before.
#[derive(Debug, Clone)]
pub(in crate::server) struct Sample {
    pub(in crate::server) at: Tick,
    pub(in crate::server) cpu_ticks: u64,
    /// Its short name: a program that took its place has another.
    pub(in crate::server) name: Vec<u8>,
    pub(in crate::server) command_line: String,
    /// JobKind the environment said it is part of, looked for once.
    pub(in crate::server) owner: Owner,
}

/// To whom a process belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::server) struct Owner {
    pub(in crate::server) session: Option<SessionId>,
    pub(in crate::server) pane: Option<PaneId>,
    pub(in crate::server) command: Option<CommandId>,
}

/// The slots of commands and shells.
#[derive(Debug)]
pub(in crate::server) struct CommandSlots {
    pub(in crate::server) slots: DoubleBuffer,
    pub(in crate::server) fd: Arc<OwnedFd>,
    /// Grows by one with every change of the shells.
    pub(in crate::server) version: u64,
    pub(in crate::server) written: (u64, u64),
}

impl CommandSlots {
    /// The memfd, for another keeper's stash.
    pub(in crate::server) fn fd(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.fd)
    }
}

impl SessionShell {
    /// Whether it has noticed all interrupts.
    pub(in crate::server) const fn is_settled(&self) -> bool {
        self.interrupts.0 == self.interrupts.1
    }

    /// Keeps what the shell is to be told once it runs.
    pub(in crate::server) fn keep_unsent(&mut self, text: String) {
        if let Some(running) = &mut self.running {
            running.unsent = text;
        }
    }
}
