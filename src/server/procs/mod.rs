//! Commands, session shells and processes: what `exec`, `start`, `stop` and `ps` hold outside of the core. Whose turn it is and what is answered, the core decides.

mod follow;
mod hunt;
mod io;
pub(super) mod job;
pub(super) mod kept;
mod ready;
mod run;
mod serve;
mod shell;
mod table;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

use regex::bytes::Regex;

use crate::base::id::{CallId, CommandId, SessionId};
use crate::base::time::Tick;
use crate::platform::memory::SharedMemory;
use crate::server::pane::Stop;
use crate::server::procs::io::{CommandIo, Task, Writer};
use crate::server::procs::shell::{Kind, Memory};
use crate::state::command::Order;
use crate::store::ring::Consumer;
use crate::store::slot::Slots;
use crate::wire::keeper::{Entry, ExitStatus, Spawn};

/// The shell of a session.
#[derive(Debug)]
struct SessionShell {
    kind: Kind,
    program: String,
    /// Its tag with the keeper; none if none runs.
    tag: Option<u64>,
    /// What is said to it as soon as it runs.
    first: String,
    /// What runs in it.
    running: Option<Running>,
    memory: Option<Memory>,
    /// Shells it took the place of, whose children may live on.
    former: Vec<u64>,
}

/// A command in a shell.
#[derive(Debug)]
struct Running {
    command: CommandId,
    order: Order,
    /// The status it reported.
    status: Option<u8>,
    /// What the shell is to be told once it runs.
    unsent: String,
}

/// All of it.
#[derive(Debug)]
pub(super) struct Procs {
    /// The keeper's lineage: the first half of every `ABIDE_JOB`.
    pub(super) epoch: u64,
    dir: PathBuf,
    kept: KeptCommands,
    shells: BTreeMap<SessionId, SessionShell>,
    jobs: BTreeMap<u64, Job>,
    /// What the keeper was asked to start and did not report yet.
    spawning: BTreeMap<u64, Spawn>,
    commands: BTreeMap<CommandId, CommandIo>,
    followers: Vec<Follower>,
    watched: Vec<Watched>,
    /// Calls that wait until a command's input is written.
    writes: Vec<(CallId, CommandId, usize)>,
    hunts: Vec<Hunt>,
    /// Sessions that are gone and whose jobs are being ended.
    ending: Vec<SessionId>,
    /// Commands beside the shell whose input stays open.
    inputs: BTreeSet<CommandId>,
    samples: BTreeMap<(i32, u64), Sample>,
    buffer: Vec<u8>,
}

/// What a program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Shell(SessionId),
    Command(SessionId, CommandId),
}

/// A program on pipes.
#[derive(Debug)]
struct Job {
    what: What,
    entry: Entry,
    fds: Vec<Arc<OwnedFd>>,
    rings: [Consumer<SharedMemory>; 2],
    writer: Option<Writer>,
    exit: Option<ExitStatus>,
    /// Whether its end was told.
    is_told: bool,
    stop: Stop,
    asked: VecDeque<Asked>,
    /// What a shell said and was not understood yet.
    said: Vec<u8>,
    /// Calls that wait for its stop.
    stoppers: Vec<CallId>,
    signalled: usize,
    killed: usize,
    left: Vec<u32>,
}

/// A question to the keeper whose answer is not here yet.
#[derive(Debug, Clone, Copy)]
enum Asked {
    /// The first signal of a stop.
    First,
    /// How much is left.
    Look,
    /// One signal for a call.
    Signal(CallId),
    /// Nobody wants to know.
    Nothing,
}

/// Somebody who gets output as it comes.
#[derive(Debug)]
struct Follower {
    call: CallId,
    command: CommandId,
    position: u64,
    /// Whether it is the `exec` itself: the answer to that is the core's, and nothing may be missed.
    is_exec: bool,
    has_begun: bool,
}

/// A wait.
#[derive(Debug)]
struct Watched {
    call: CallId,
    command: CommandId,
    pattern: Option<Regex>,
    /// The last line of each stream, as far as it came.
    partial: [Vec<u8>; 2],
    is_for_exit: bool,
    /// Tries a port or an address.
    task: Option<Task>,
}

/// Whose processes are ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quarry {
    /// All that came of a command in a session's shell.
    Command { id: CommandId, session: SessionId, is_running: bool },
    /// A process, and what it started if the tree is meant.
    Process { pid: i32, start_time: u64, tree: bool },
}

/// A stop under way.
#[derive(Debug)]
struct Hunt {
    quarry: Quarry,
    calls: Vec<CallId>,
    /// When the next look is due.
    next: Tick,
    began: Tick,
    /// When KILL follows.
    deadline: Tick,
    asked_at: Tick,
    is_killing: bool,
    /// The shell did not come back and is replaced.
    is_shell_lost: bool,
    empty_count: u8,
    signal: i32,
    signalled: BTreeSet<(i32, u64)>,
    killed: BTreeSet<(i32, u64)>,
}

/// The slots of commands and shells.
#[derive(Debug)]
struct KeptCommands {
    slots: Slots,
    fd: Arc<OwnedFd>,
    /// Grows by one with every change of the shells.
    version: u64,
    written: (u64, u64),
}

/// What was seen of a process before.
#[derive(Debug, Clone)]
struct Sample {
    at: Tick,
    cpu_ticks: u64,
    command_line: String,
    /// What the environment said it is part of, looked for once.
    command: Option<CommandId>,
}
